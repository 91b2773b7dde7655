"""The options of a model: their values, how they are read and shown, and which of them a model has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, ClassVar, Protocol, TypeVar

from byhand.errors import ByhandError, nearest, quoted
from byhand.layers.activations import ACTIVATIONS
from byhand.layers.masks import MASKS
from byhand.layers.positions import Scaling, check_buckets

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", "none")
LARGEST = 100_000
"""The largest value of a size, checked before anything is built from it."""
ROTARY, RELATIVE = ("positions", "rotary"), ("positions", "relative")


@dataclass(frozen=True)
class Option:
    """A description of one option, stored as the metadata of its dataclass field.

    choices: the words that are allowed. zero: the meaning of 0; a whole number with such a meaning may be 0.
    counts: "heads" or "layers", if the option is their number. in_full: the property that has the effective number,
    also if it is 0 for a default. matters: another option, and its values with which this one has an effect.
    without: the value that a model without the option behaves like, if not 0 or false. most: its largest value.
    common: whether every model of
    its kind has the option; a model has another option only if its page names it.
    """

    choices: tuple[str, ...] = ()
    zero: str = ""
    counts: str = ""
    in_full: str = ""
    matters: tuple[str, ...] = ()
    without: object = None
    common: bool = True
    most: float = LARGEST


def option(default: Any, *, choices: Iterable[str] = (), **about: Any) -> Any:
    """Return a dataclass field for an option with this default; the rest is as in Option."""
    return field(default=default, metadata={"option": Option(tuple(choices), **about)})


def own(default: Any, **about: Any) -> Any:
    """Return a field for an option that a model has only if its page names it; others do what the default says."""
    return option(default, common=False, **about)


def option_records(options: Any) -> dict[str, Option]:
    """Return the record of each option that a model with these options has, in the order of the list."""
    every = {f.name: f.metadata.get("option", Option()) for f in fields(options) if f.name != "names"}
    names = getattr(options, "names", None)
    if names is None:
        names = [name for name, about in every.items() if about.common]
    return {name: every[name] for name in names}


def option_values(options: Any) -> dict[str, Any]:
    """Return the value of each option that the model has."""
    return {name: getattr(options, name) for name in option_records(options)}


def effective_options(options: Any) -> dict[str, Any]:
    """Return the options that have an effect in the model; one whose 0 means a default, with that number."""
    values = option_values(options)
    return {
        name: getattr(options, about.in_full or name)
        for name, about in option_records(options).items()
        if _matters(about, values)
    }


def _matters(about: Option, values: dict[str, Any]) -> bool:
    """Return whether the option has an effect: the option on which it depends has a fitting value, or is absent."""
    other, *words = about.matters or ("",)
    return other not in values or not {values[other], *values.get("layer_kinds", ())}.isdisjoint(words)


def in_words(value: Any, about: Option = Option()) -> str:
    """Return a value as people read it; of an option, with what its 0 stands for."""
    if value is None or value in ("", ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == 0 and about.zero:
        return about.zero
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def parse_setting(name: str, value: Any, default: Any, about: Option) -> Any:
    """Return the value of one `--size` setting in the type of its default. Raises ByhandError if it is not allowed."""
    text = str(value).casefold()
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise ByhandError(f"{name} is true or false, not {quoted(value)}.")
        return text == "true"
    if isinstance(default, str):
        if text not in about.choices:
            raise ByhandError(f"{name} cannot be {quoted(value)}; {nearest(text, about.choices)}.")
        return text
    try:
        number = type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ByhandError(f"{name} is {kind}, not {quoted(value)}.") from None
    least = 0 if isinstance(default, float) or about.zero or about.counts == "layers" else 1
    if not least <= number <= about.most:
        raise ByhandError(f"{name} is {quoted(number)}, but must be from {least} to {about.most:,}.")
    return number


T = TypeVar("T", bound="HasNames")


class HasNames(Protocol):
    """A dataclass of options, of which a model may have only some."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def names(self) -> tuple[str, ...] | None:
        """The options that the model has; None for the common ones."""


def variant(options: T, without: str = "", **values: Any) -> T:
    """Return the options with other values; an option that is set here becomes one of the model's own.

    without: the names of options that the new model does not have; they get their defaults.
    """
    removed, records = without.split(), option_records(options)
    names = [name for name in records if name not in removed] + [name for name in values if name not in records]
    defaults = {f.name: f.default for f in fields(options) if f.name in removed}
    return replace(options, **defaults | values, names=tuple(names))


@dataclass(frozen=True)
class Options:
    """The options of a transformer; the defaults are GPT-2's, and a later model says what it changes.

    rotary_share: the share of a head's features that rotate. norm_from_one: the gain of an RMS norm is 1 + γ.
    buckets, farthest: of relative positions, the number of buckets, and the distance from which on all are in the last.
    window: of attention with a window, and the stride of strided attention; alternating attention has a window in every
    other layer, from the first on. score_scale: the number by which scores are divided. scaling: of rotary positions.
    layer_kinds: the attention of each layer, if a checkpoint lists it. names: the options that the model has; None for
    the common ones.
    """

    vocab: int = option(8)
    max_positions: int = option(8, matters=("positions", "learned"))
    d_model: int = option(4)
    heads: int = option(2, counts="heads")
    kv_heads: int = option(0, zero="as many as heads", in_full="groups")
    head_dim: int = option(0, zero="d_model / heads", in_full="d_k")
    layers: int = option(1, counts="layers")
    d_ff: int = option(8)
    positions: str = option("learned", choices=POSITIONS)
    theta: float = option(10000.0, matters=ROTARY, most=10**12)
    rotary_share: float = option(1.0, matters=ROTARY)
    interleaved: bool = option(False, matters=ROTARY)
    buckets: int = option(6, matters=RELATIVE)
    farthest: int = option(4, matters=RELATIVE)
    attention: str = option("causal", choices=(*MASKS, "alternating"))
    window: int = option(2, matters=("attention", "window", "strided", "alternating"))
    norm: str = option("layer", choices=("layer", "rms"))
    norm_place: str = option("pre", choices=("pre", "post", "both", "after"))
    norm_from_one: bool = option(False, matters=("norm", "rms"))
    embedding_norm: bool = option(False)
    head_norm: bool = option(False)
    eps: float = option(1e-5)
    activation: str = option("gelu_tanh", choices=ACTIVATIONS)
    gated: bool = option(False)
    parallel: bool = option(False)
    attention_bias: bool = option(True)
    join_bias: bool = option(True)
    mlp_bias: bool = option(True)
    scale_embedding: bool = option(False)
    score_scale: float = option(0.0, zero="√d_k")
    score_cap: float = option(0.0, zero="none")
    logit_cap: float = option(0.0, zero="none")
    temperature: float = option(1.0)
    tied: bool = option(True)
    scaling: Scaling | None = option(None, matters=ROTARY)  # noqa: RUF009 -- a field
    layer_kinds: tuple[str, ...] = option(())

    # The switches in GPT-2's config: scale_attn_weights (divide scores by √d_k), and by the layer's number too.
    scale_scores: bool = own(True, without=True)
    scale_by_layer: bool = own(False)

    # Later decoders. global_every: of so many layers with alternating attention, the last sees all words, or (with
    # global_first) the first. local_theta, local_scaling: of rotary positions in layers with a window.
    # no_positions_every, no_positions: the last of so many layers has no positions, or those that are listed.
    # norm_weights: those of each norm. norm_heads: how queries and keys are normed, if they are. shared_norm: a
    # parallel layer has one norm for both branches. residual_after_norm: a branch is added to what its norm made.
    # divide_bias: ALiBi's distances are divided by √d_k too. sink: a learned number beside each head's scores.
    # gate_limit, gate_alpha: of a clamped gate.
    global_every: int = own(2, matters=("attention", "alternating"))
    global_first: bool = own(False, matters=("attention", "alternating"))
    local_theta: float = own(0.0, zero="theta", matters=ROTARY, most=10**12)
    local_scaling: Scaling | None = own(None)  # noqa: RUF009 -- a field
    no_positions_every: int = own(0, zero="none", matters=ROTARY)
    no_positions: tuple[int, ...] = own(())
    norm_weights: str = own("both", choices=("both", "gain", "none"), without="both")
    norm_heads: str = own("alike", choices=("alike", "own", "together"), without="alike")
    shared_norm: bool = own(False)
    residual_after_norm: bool = own(False)
    divide_bias: bool = own(False, matters=("positions", "alibi"))
    logit_scale: float = own(1.0, without=1.0)
    logit_bias: bool = own(False)
    sink: bool = own(False)
    gate_limit: float = own(7.0, zero="none")
    gate_alpha: float = own(1.702)

    # Shared layers. d_embed: the width of the embeddings, which a linear layer makes as wide as the model.
    # layer_groups: so many groups of layers, each of which shares its weights.
    d_embed: int = own(0, zero="d_model")
    layer_groups: int = own(0, zero="each layer has its own")

    # BERT's positions by distance: a learned row for each, which queries (or keys too) are multiplied by.
    distance_rows: str = own("none", choices=("none", "queries", "both"), without="none")

    # What a model ends in, if a checkpoint has another head than that of words: see language.endings. pool_activation:
    # of a layer on the text's row, if there is one. several_classes: several may hold.
    ending: str = own("words", choices=("words", "table", "classes", "choice", "tags", "span"), without="words")
    pooling: tuple[str, ...] = own(())
    normalised: bool = own(False)
    pool_activation: str = own("", choices=("", "tanh", "relu"))
    class_bias: bool = own(True, without=True)
    several_classes: bool = own(False)

    # A layer by itself: the number of words.
    tokens: int = own(3)
    source_tokens: int = own(3)

    # BERT and its kin. pad: the id of padding, after whose position RoBERTa's positions begin.
    segments: int = own(0)
    pad: int = own(1)

    # ViT. labels: the names of the classes, if a checkpoint has them.
    image: int = own(4)
    patch: int = own(2)
    channels: int = own(1)
    classes: int = own(3)
    labels: tuple[str, ...] = own(())

    # An encoder and a decoder. scale_output: logits are of x / √d.
    target_vocab: int = own(8)
    encoder_heads: int = own(2, counts="heads")
    decoder_heads: int = own(2, counts="heads")
    encoder_layers: int = own(1, counts="layers")
    decoder_layers: int = own(1, counts="layers")
    encoder_d_ff: int = own(8)
    decoder_d_ff: int = own(8)
    final_norms: bool = own(False)
    shared_embeddings: bool = own(True)
    output_bias: bool = own(False)
    scale_output: bool = own(False)

    # Long texts. stride: how many words are near, and how far apart the others are. summaries: of a fixed block, its
    # last few. segment: how many words are read at a time, and as many before them are remembered.
    pattern: str = own("strided", choices=("strided", "fixed"))
    stride: int = own(2)
    summaries: int = own(1)
    segment: int = own(2)

    # Latent attention. head_dim: of the part of a query that does not turn; turning: of the part that does.
    turning: int = own(0)
    value_dim: int = own(2)
    query_latent: int = own(0, zero="none")
    latent: int = own(2)
    latent_eps: float = own(1e-6)

    # Experts: a word is sent to the chosen of them, within the best groups. capacity_factor: how many more words than
    # its share an expert has room for. gate_scale: what the gates add up to. dense_layers: so many layers, from the
    # first, have one feed-forward.
    experts: int = own(0)
    chosen: int = own(0)
    capacity_factor: float = own(1.25)
    shared: int = own(0, zero="none")
    expert_groups: int = own(1)
    groups_chosen: int = own(1)
    normed_gates: bool = own(True)
    gate_scale: float = own(2.5)
    expert_d_ff: int = own(4)
    dense_layers: int = own(0, zero="none", counts="layers")
    dense_list: tuple[int, ...] = own(())

    # Memory: neighbours are looked up in a stored text (kNN-LM; mix is their weight), or in a database of so many
    # entries by d_key numbers of each, chunk by chunk (RETRO).
    stored: int = own(7)
    chunk: int = own(2)
    neighbours: int = own(2)
    mix: float = own(0.5)
    database: int = own(4)
    d_key: int = own(2)

    names: tuple[str, ...] | None = None

    @property
    def groups(self) -> int:
        """The number of key-value heads."""
        return self.kv_heads or self.heads

    @property
    def d_k(self) -> int:
        return self.head_dim or self.d_model // self.heads

    @property
    def turned(self) -> int:
        """The number of a head's features that rotary positions rotate: whole pairs."""
        return self.turning_share + self.turning_share % 2

    @property
    def turning_share(self) -> int:
        """The share of a head that rotates, in features; half a pair counts as a pair."""
        return self.turning or int(self.d_k * self.rotary_share)

    @property
    def angle_width(self) -> int:
        """The number of features in the part of a query or key to which rotary positions apply."""
        return self.turning or self.d_k

    def feeds_apart(self, layer: int) -> bool:
        """Return whether the layer's feed-forward has several networks, each with its own page."""
        return self.experts > 0 and layer > self.dense_layers and layer not in self.dense_list

    def check(self) -> None:
        """Raise ByhandError for options that do not fit each other."""
        if self.heads % self.groups:
            raise ByhandError(
                f"{self.heads} heads cannot share {self.groups} keys and values: choose kv_heads that divide it."
            )
        if self.positions == "relative":
            check_buckets(self.buckets, self.farthest)
        if self.rotary_share > 1:
            raise ByhandError(f"rotary_share is a share, at most 1, not {self.rotary_share:g}.")
        if self.positions == "rotary" and self.turned > self.angle_width:
            raise ByhandError(
                f"Rotary positions turn pairs of features, but {self.turning_share} of a head's {self.angle_width} "
                "would turn: choose an even head_dim, or another rotary_share."
            )

    def divisor(self, layer: int) -> float | None:
        """Return the number by which a layer's scores are divided; None for √d_k."""
        if self.scale_scores and not self.scale_by_layer:
            return self.score_scale or None
        scale = (self.score_scale or self.d_k**0.5) if self.scale_scores else 1.0
        return scale * (layer if self.scale_by_layer else 1)

    def kind(self, layer: int) -> str:
        """Return the kind of attention of a layer, counted from 1."""
        if self.layer_kinds:
            return self.layer_kinds[layer - 1]
        if self.attention == "alternating":
            return "window" if (layer - self.global_first) % self.global_every else "causal"
        return self.attention

    def shares(self, layer: int) -> str:
        """Return the name of the weights that a layer shares with others; empty if it has its own."""
        return f"group{(layer - 1) * self.layer_groups // self.layers + 1}" if self.layer_groups else ""

    def rotation(self, layer: int) -> str:
        """Return which rotary positions a layer has, `global` or `local`; empty for none."""
        every = self.no_positions_every
        if self.positions != "rotary" or layer in self.no_positions or (every and layer % every == 0):
            return ""
        own_base = self.local_theta or self.local_scaling
        return "local" if own_base and self.kind(layer) == "window" else "global"
