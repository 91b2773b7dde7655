"""Words and places as rows of numbers: an embedding (Bengio et al. 2003), and positions (Vaswani et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from byhand.core.graph import Dim, page
from byhand.core.labels import Labels, token_ids
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, example_ids, words
from byhand.language.parts import part
from byhand.layers.linear import embed
from byhand.layers.positions import position_column, sinusoidal


@dataclass(frozen=True)
class EmbeddingOptions:
    vocab: int = 8
    d_model: int = 4


def vocabularies_of_embedding(o: EmbeddingOptions) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build_embedding(
    o: EmbeddingOptions,
    weight: Weights,
    inputs: Inputs,
    vocabularies: Callable[[EmbeddingOptions], tuple[Labels, ...]] = vocabularies_of_embedding,
) -> Graph:
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example_ids([1, 2, 4], o.vocab), vocabulary)
    with page("", "Embedding"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        return Graph([embed(table, ids, "embedded").with_role("result")])


EMBEDDING = part(
    "embedding",
    "Word embedding",
    "words to rows of numbers",
    EmbeddingOptions(),
    build_embedding,
    "Bengio et al. 2003",
    sizes={"small": {}, "medium": {"vocab": 12, "d_model": 6}, "large": {"vocab": 20, "d_model": 8}},
    takes=frozenset({"ids"}),
    vocabularies=vocabularies_of_embedding,
    seed=4,
)


@dataclass(frozen=True)
class PositionOptions:
    tokens: int = 6
    d_model: int = 6


def build_positions(o: PositionOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Positions"):
        rows = Dim(o.tokens, Labels("places", tuple(f"place {n}" for n in range(o.tokens))))
        return Graph([sinusoidal(position_column(rows), o.d_model).with_role("result")])


POSITIONS = part(
    "positions",
    "Positional encoding",
    "waves that tell where a word stands",
    PositionOptions(),
    build_positions,
    "Vaswani et al. 2017",
    sizes={"small": {}, "medium": {"tokens": 8, "d_model": 8}, "large": {"tokens": 12, "d_model": 12}},
)
