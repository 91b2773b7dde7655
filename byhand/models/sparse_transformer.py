"""The sparse transformer (Child et al. 2019): some heads see what is near, the others only one word in every few."""

from dataclasses import asdict, dataclass, replace
from math import isqrt

import numpy as np

from byhand.graph import Array, Dim, Node, page
from byhand.labels import Labels
from byhand.layers import attend, attention_equations, linear
from byhand.masks import fixed_masks, strided_masks
from byhand.models import blocks, language_model
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import below, beside
from byhand.savings import causally, savings
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    """stride: how many words are near, and how far apart the others are. summaries: of a fixed block, its last few."""

    vocab: int = 8
    max_positions: int = 8
    d_model: int = 4
    heads: int = 2
    layers: int = 1
    d_ff: int = 8
    pattern: str = "strided"
    stride: int = 2
    summaries: int = 1
    activation: str = "gelu_tanh"
    tied: bool = True
    eps: float = 1e-5


def masks(tokens: Dim, o: Options, stride: int) -> tuple[Node, Node]:
    """Whom the odd heads see, and whom the even ones (section 4.2). (T, T), (T, T)"""
    return strided_masks(tokens, stride) if o.pattern == "strided" else fixed_masks(tokens, stride, o.summaries)


def sparse_heads(x: Node, weight: Weights, o: Options) -> Node:
    """Heads by turns near and far: two of them carry a word to every later one. (T, d) -> (T, d)"""
    near_and_far = masks(x.shape[0], o, o.stride)
    outputs = []
    for h in range(o.heads):
        about = attention_equations(True) | {"source": "Child et al. 2019, section 4.2"}
        with page(f"head{h + 1}", f"Head {h + 1}, {('near', 'far')[h % 2]}", **about):
            q, k, v = (linear(x, weight, name, o.d_model // o.heads).named(name) for name in "QKV")
            outputs.append(attend(q, k, v, near_and_far[h % 2]))
    return beside(*outputs)


def gathered(q: Node, k: Node, v: Node, seen: Array) -> Node:
    """The same head without a masked cell: each word's query meets only the keys that it sees. (T, d_k) ..."""
    rows = []
    for t, row in enumerate(seen):
        keys = [int(j) for j in np.flatnonzero(row)]
        few_k, few_v = (below(*(table.rows(j, j + 1) for j in keys)) for table in (k, v))
        rows.append(attend(q.rows(t, t + 1), few_k, few_v, None))
    return below(*rows)


def two_heads(q: Node, k: Node, v: Node) -> Node:
    return beside(causally(q, k, v), causally(q, k, v))


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    settings = asdict(o)
    for name in ("pattern", "stride", "summaries"):
        del settings[name]
    ids = inputs.ids or example([0, 1, 4, 6, 0, 7], o.vocab, o.max_positions - inputs.generate + 1)
    graph = language_model.build(
        blocks.Options(**settings),
        weight,
        replace(inputs, ids=ids),
        lambda _: vocabularies(o),
        attention=lambda x, weight, like, layer, places: sparse_heads(x, weight, o),
    )

    def cheaply(q: Node, k: Node, v: Node) -> Node:
        """For longer texts with a longer stride, √T."""
        both = masks(q.shape[0], o, max(o.stride, isqrt(int(q.shape[0]))))
        return beside(*(gathered(q, k, v, mask.data) for mask in both if mask.data is not None))

    saved = savings(two_heads, cheaply, len(ids), o.d_model // o.heads)
    return replace(graph, outputs=[*graph.outputs, saved])


ARCHITECTURE = Architecture(
    name="sparse-transformer",
    title="The sparse transformer",
    family="sparse and long",
    source="Child et al. 2019",
    about="heads that see what is near, or one word in every few",
    options=Options,
    build=build,
    sizes=language_model.SIZES,
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
    seed=1428,
)
