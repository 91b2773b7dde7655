"""An architecture: its options, vocabularies and inputs, and the function that builds its graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from byhand.core.graph import Array, Node
from byhand.core.labels import Labels, Typed
from byhand.core.weights import Weights
from byhand.errors import ByhandError, nearest, quoted
from byhand.language.options import option_records, option_values, parse_setting

if TYPE_CHECKING:  # a model that is only computed needs no gradients
    from byhand.layers.training import Training

MOST_HEADS, MOST_UNROLLED = 1_000, 4_000
"""The most heads of a built-in model, and of any model in all steps of a story; each takes a millisecond to build."""
MOST_WEIGHTS = MOST_NUMBERS = 20_000_000
"""The most numbers in the largest weight of all layers, and in the largest computed table of all heads and steps."""


Vocabularies = Callable[[Any], tuple[Labels, ...]]
"""(options) -> the vocabulary of the ids and, if it is another, of the target ids."""

WORDS = """
the cat dog a sat ran on mat . and saw bird under tree red sun sky old new house by in with song river stone
night day green blue small tall one two sea wind
""".split()


def words(name: str, count: int, special: tuple[str, ...] = ()) -> Labels:
    """Return a vocabulary of `count` words: the special ones, then WORDS, then numbered ones."""
    names = [*special, *WORDS]
    return Labels(name, tuple(names[i] if i < len(names) else f"word{i}" for i in range(count)))


def numbered_words(name: str, count: int) -> Labels:
    """Return the words of a checkpoint without a vocabulary: t0, t1, ..."""
    return Labels(name, tuple(f"t{i}" for i in range(count)))


def one_vocabulary(o: Any) -> tuple[Labels, ...]:
    """Return the vocabulary of a model that reads one text."""
    return (words("vocabulary", o.vocab),)


@dataclass(frozen=True)
class Decoding:
    """How the next word is chosen; by default it is the most probable one.

    temperature, top_k, top_p: it is sampled, from all words or from some, by uniform numbers from the seed. beams: how
    many stories go on at once. cache: each step is shown again, computed from the cache of the step before.
    """

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    beams: int = 1
    cache: bool = False
    seed: int = 0

    @property
    def samples(self) -> bool:
        return (self.temperature, self.top_k, self.top_p) != (None, None, None)


@dataclass(frozen=True)
class Inputs:
    """The inputs of a model; None stands for the model's own example."""

    ids: list[int] | None = None
    target_ids: list[int] | None = None
    segment_ids: list[int] | None = None
    mask: list[int] | None = None
    generate: int = 1
    pixels: Array | None = None
    decoding: Decoding = Decoding()
    text: str | None = None
    word_counts: tuple[tuple[str, int], ...] | None = None


def example_ids(ids: list[int], vocab: int, room: int | None = None) -> list[int]:
    """Return a model's own prompt, fitted to the size of the vocabulary and the number of positions."""
    return [i % vocab for i in ids[: None if room is None else max(room, 1)]]


@dataclass(frozen=True)
class Graph:
    """A built model: its outputs, and the tables that the home page shows.

    probabilities: (T, V), of which the last row is the prediction; look_at: the position shown first, from 0.
    logits: (T, V), from which a loss is made. loss: (1, 1), of a model that has its own.
    training: the backward pass and updates, if there are some.
    prompt: the ids of the prompt, (T, 1), if the model continues it. written: the ids that it writes, in order.
    given: numbers that replace those of given tables, such as one student's.
    typed: words that a reader types, and the table with the number of times that each is there, if it has one.
    cut: the table and the row with the pieces of each word that is typed first.
    report: the result in words, by key, made of the numbers of tables by name.
    curves: tables that are drawn on their page too: a column over its row labels, or rows over their column labels.
    """

    outputs: list[Node]
    probabilities: Node | None = None
    look_at: int | None = None
    logits: Node | None = None
    loss: Node | None = None
    training: Training | None = None
    prompt: Node | None = None
    written: tuple[Node, ...] = ()
    given: Mapping[Node, Array] = field(default_factory=dict)
    typed: tuple[tuple[Typed, Node | None], ...] = ()
    cut: tuple[tuple[Node, int], ...] = ()
    report: Callable[[Mapping[str, Array]], dict[str, Any]] | None = None
    curves: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """A model that can be built.

    options: a dataclass of sizes and choices, with the small model's values.
    sizes: the changes to them by `--size NAME`. takes: the fields of Inputs that it reads.
    vocabularies: see Vocabularies. seed: gives random weights
    with which the small model's own example makes sense.
    """

    name: str
    title: str
    family: str
    source: str
    about: str
    options: Any
    build: Callable[[Any, Weights, Inputs], Graph]
    sizes: dict[str, dict[str, Any]] = field(default_factory=dict)
    takes: frozenset[str] = frozenset()
    vocabularies: Callable[[Any], tuple[Labels, ...]] = lambda options: ()
    seed: int = 0

    def with_words(self, words: tuple[Labels, ...]) -> Architecture:
        """Return the same architecture with this vocabulary."""
        build: Callable[..., Graph] = self.build
        return replace(
            self, vocabularies=lambda options: words, build=partial(build, vocabularies=lambda options: words)
        )

    def check(self, options: Any, inputs: Inputs) -> None:
        """Raise ByhandError unless the inputs fit each other and the model's sizes."""
        if inputs.ids is None and (inputs.mask is not None or inputs.segment_ids is not None):
            raise ByhandError("--mask and --segment-ids belong to a prompt: give --ids or --prompt too.")
        _check_extent(options, inputs)
        count = 1 if inputs.ids is None else len(inputs.ids)
        self._check_room(options, inputs)
        for name, given in (("--mask", inputs.mask), ("--segment-ids", inputs.segment_ids)):
            if given is not None and len(given) != count:
                raise ByhandError(
                    f"{name} has {len(given)} numbers, but the prompt has {count} words: give one a word."
                )
        if inputs.mask is not None and (set(inputs.mask) - {0, 1} or 1 not in inputs.mask):
            raise ByhandError("--mask takes 1 for a word that may be seen and 0 for padding, with at least one 1.")
        segments = getattr(options, "segments", 0)
        if any(not 0 <= s < segments for s in inputs.segment_ids or ()):
            raise ByhandError(f"--segment-ids are from 0 to {segments - 1}.")

    def _check_room(self, options: Any, inputs: Inputs) -> None:
        """Raise ByhandError unless there are positions for the prompt and for the words that are written."""
        room, written = position_count(options), inputs.generate - 1
        if "target_ids" in self.takes:
            texts = [("prompt", inputs.ids, 0), ("target prompt", inputs.target_ids, written)]
        else:
            texts = [("prompt", inputs.ids, written)]
        for text, ids, more in texts:
            longest = len(ids or [0]) + more
            if room is not None and longest > room:
                grows, mend = ("would grow to", "write fewer words, or shorten it") if more else ("has", "shorten it")
                raise ByhandError(
                    f"The {text} {grows} {longest} words, but there are positions for {room}: "
                    f"{mend} (a built-in model also takes --size max_positions={longest})."
                )


def position_count(options: Any) -> int | None:
    """Return how many positions there are; None if they are not learned."""
    return getattr(options, "max_positions", None) if getattr(options, "positions", "learned") == "learned" else None


def heads_of(options: Any) -> list[int]:
    """Return the numbers of heads by which d_model must be divisible."""
    if getattr(options, "head_dim", 0):
        return []
    return [getattr(options, name) for name, about in option_records(options).items() if about.counts == "heads"]


def settings_of(architecture: Architecture) -> dict[str, Any]:
    """Return the options that `--size` can set, with their defaults: numbers, words, true and false."""
    return {k: v for k, v in option_values(architecture.options).items() if isinstance(v, bool | int | float | str)}


def options_of(architecture: Architecture, settings: dict[str, Any]) -> Any:
    """Return the model's options with the settings of `--size`; the setting `name` is a named size, "small" by default.

    Raises ByhandError for an unknown name, a value that is not allowed, or sizes that do not fit each other.
    """
    settings = dict(settings)
    size = str(settings.pop("name", "small"))
    defaults, about = settings_of(architecture), option_records(architecture.options)
    if size in defaults:
        raise ByhandError(f"--size {size} needs a value, such as --size {size}={str(defaults[size]).casefold()}.")
    if size not in architecture.sizes:
        raise ByhandError(f"{architecture.name} has no size {quoted(size)}; {nearest(size, architecture.sizes)}.")
    for name in settings:
        if name not in defaults:
            raise ByhandError(f"{architecture.name} has no size {quoted(name)}; {nearest(name, defaults)}.")
    given = {name: parse_setting(name, value, defaults[name], about[name]) for name, value in settings.items()}
    chosen = architecture.sizes[size] | given
    options = replace(architecture.options, **chosen)
    width = getattr(options, "d_model", 1)
    for heads in heads_of(options):
        if width % heads:
            raise ByhandError(f"d_model {width} does not divide into {heads} heads: choose a multiple of {heads}.")
    check_sizes(options)
    return options


def check_sizes(options: Any) -> None:
    """Raise ByhandError for sizes that are each allowed, but together too large to build."""
    layers, sizes = _layers_and_sizes(options)
    heads = layers * sizes.get("heads", 1)
    if heads > MOST_HEADS:
        raise ByhandError(f"These sizes make {heads:,} heads in all layers, more than {MOST_HEADS:,}: choose fewer.")
    squared = [sizes["d_model"]] if "heads" in sizes else []
    rows, columns = sorted([1, *sizes.values(), *squared])[-2:]
    if layers * rows * columns > MOST_WEIGHTS:
        raise ByhandError(
            f"These sizes make {f'{layers:,} layers with ' if layers > 1 else ''}tables of {rows:,}×{columns:,}, "
            f"more than {MOST_WEIGHTS:,} numbers: choose smaller ones."
        )


def _check_extent(options: Any, inputs: Inputs) -> None:
    """Raise ByhandError for a prompt or a story so long that building it takes minutes, or all memory."""
    layers, sizes = _layers_and_sizes(options)
    attending = sizes.get("heads", "d_k" in sizes) * layers
    steps = inputs.generate
    if attending * steps > MOST_UNROLLED:
        raise ByhandError(
            f"{steps:,} steps through {attending:,} heads are more than byhand unrolls ({MOST_UNROLLED:,} heads): "
            "choose a smaller --generate."
        )
    words = max(len(inputs.ids or ()), len(inputs.target_ids or ()), sizes.pop("tokens", 1)) + steps - 1
    if steps > 1 and not attending and layers * steps * words // 2 > MOST_UNROLLED:
        raise ByhandError(
            f"{steps:,} times up to {words:,} words, one after the other, are more than byhand unrolls "
            f"({MOST_UNROLLED:,} in all): choose a smaller --generate."
        )
    if steps * words * max([attending * words, *sizes.values()]) > MOST_NUMBERS:
        raise ByhandError(
            f"{words:,} words{f' in {steps:,} steps' if steps > 1 else ''} make tables of more than "
            f"{MOST_NUMBERS:,} numbers: choose fewer words or smaller sizes."
        )


def _layers_and_sizes(options: Any) -> tuple[int, dict[str, int]]:
    """Return the number of layers, at least 1, and the other sizes."""
    numbers = {name: size for name, size in option_values(options).items() if type(size) is int}
    counts = {name: about.counts for name, about in option_records(options).items()}
    layers, heads = ([n for name, n in numbers.items() if counts[name] == what] for what in ("layers", "heads"))
    sizes = {name: n for name, n in numbers.items() if not counts[name]}
    return max(1, sum(layers)), sizes | ({"heads": max(heads)} if heads else {})
