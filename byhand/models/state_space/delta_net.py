"""Gated DeltaNet (Yang et al. 2025), the layer of Qwen3-Next: a state that is corrected, not only added to."""

from dataclasses import dataclass
from functools import partial

from byhand.core.graph import Dim, Node, page, scope
from byhand.core.labels import Labels
from byhand.core.ops import beside, sqrt
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, one_vocabulary
from byhand.language.generation import predictions, read_and_write, word_logits
from byhand.language.options import option
from byhand.layers.activations import silu
from byhand.layers.delta_rule import PAPER, delta_rule, kept_share, strength, unit_rows
from byhand.layers.feed_forward import gated_feed_forward
from byhand.layers.linear import embed, linear, residual
from byhand.layers.norms import rms_norm
from byhand.layers.recurrence import causal_convolution


@dataclass(frozen=True)
class Options:
    """The options. heads: of values; key_heads: of queries and keys, which several heads of values may share."""

    vocab: int = 8
    d_model: int = 4
    heads: int = option(1, counts="heads")
    key_heads: int = option(1, counts="heads")
    d_k: int = 2
    d_v: int = 2
    d_conv: int = 2
    d_ff: int = 4
    layers: int = option(1, counts="layers")
    tied: bool = True
    temperature: float = 1.0
    eps: float = 1e-6

    @property
    def head_dim(self) -> int:
        return self.d_k

    def check(self) -> None:
        """Raise ByhandError for heads that do not divide."""
        if self.heads % self.key_heads:
            raise ByhandError(
                f"{self.heads} heads cannot share {self.key_heads} keys: choose key_heads that divide them."
            )


def mixed_in_time(x: Node, weight: Weights, letter: str, width: int, o: Options) -> Node:
    """Return SiLU of a weighted sum of the last few words' projections. (T, d) -> (T, width)"""
    with scope("", "mix in time", equation="SiLU(Σ w × x W of the last words)"):
        projected = linear(x, weight, letter, width, bias=False).named(letter)
        summed = causal_convolution(projected, weight(f"taps_{letter}", o.d_conv, width)).named(f"{letter}_summed")
        return silu(summed).named(f"{letter}_mixed", role="activation")


def mixer(x: Node, weight: Weights, o: Options) -> Node:
    """Return all heads of the gated delta rule, each normed and gated, joined. (T, d) -> (T, d)"""
    shared, heads = [], []
    for n in range(1, o.key_heads + 1):
        with page(f"keys{n}" if o.key_heads < o.heads else f"head{n}", f"Queries and keys {n}"):
            q, k = (unit_rows(mixed_in_time(x, weight, letter, o.d_k, o), letter) for letter in "QK")
            shared.append(((q / sqrt(o.d_k)).named("Q_scaled", role="scale"), k))
    for h in range(1, o.heads + 1):
        q, k = shared[(h - 1) * o.key_heads // o.heads]
        with page(f"head{h}", f"Values {h}"):
            v = mixed_in_time(x, weight, "V", o.d_v, o)
            alpha, beta = kept_share(x, weight), strength(x, weight)
        with page(f"head{h}", f"State {h}", source=f"{PAPER}, eq. 10"):
            y = delta_rule(q, k, v, alpha, beta).named("y", role="heads")
        with page(f"head{h}", f"Gate {h}", equation="norm(y) × SiLU(x W_Z)"):
            z = linear(x, weight, "Z", o.d_v, bias=False).named("Z")
            heads.append((rms_norm(y, weight, "norm", o.eps) * silu(z)).named("gated", role="gate"))
    with page("", "Join"), scope("", "join the heads", equation="[y₁, …] W_O"):
        return linear(beside(*heads), weight, "O", o.d_model, bias=False).named("mixed")


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Return the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    o.check()
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        x = embed(table, ids, "x")
    for layer in range(1, o.layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            with page("", "Norm"):
                y = rms_norm(x, weight, "norm1", o.eps, from_one=True)
            mixed = mixer(y, weight, o)
            with page("", "Feed-forward"):
                x = residual(x, mixed, "residual")
                y = rms_norm(x, weight, "norm2", o.eps, from_one=True)
                x = residual(x, gated_feed_forward(y, weight, o.d_ff, "silu"), "output")
    with page("", "Output"):
        x = rms_norm(x, weight, "final_norm", o.eps, from_one=True)
        return predictions(word_logits(x, table, weight, o), vocabulary, o.temperature)


ARCHITECTURE = Architecture(
    name="delta-net",
    title="Gated DeltaNet",
    family="state space",
    source=PAPER,
    about="keeps a state that fades and is corrected where it is wrong",
    options=Options(),
    build=partial(read_and_write, forward=forward, prompt=[0, 1, 4]),
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 2, "d_conv": 3, "d_ff": 8},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "key_heads": 2, "d_conv": 4, "d_ff": 16, "layers": 2},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=one_vocabulary,
    seed=654,
)
