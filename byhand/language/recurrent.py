"""A recurrent language model: each layer reads word by word and carries a state along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from byhand.core.graph import Dim, Node, page
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, one_vocabulary
from byhand.language.generation import linear_predictions, read_and_write
from byhand.language.options import option, own
from byhand.layers.linear import embed
from byhand.layers.recurrence import stack_rows


@dataclass(frozen=True)
class Options:
    vocab: int = option(8)
    d_embed: int = option(3)
    d_model: int = option(3)
    layers: int = option(1, counts="layers")
    temperature: float = option(1.0)
    two_biases: bool = own(False)
    names: tuple[str, ...] | None = None


Layer = Callable[[Node, Weights, Any], list[Node]]
"""(rows (T, e), weights, options) -> the state after each row, (1, d)."""


def forward(
    ids: Node, vocabulary: Labels, weight: Weights, o: Any, layer: Layer, source: str
) -> tuple[Node, Node, Node]:
    """Return the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        x = embed(weight("E", Dim(o.vocab, vocabulary), o.d_embed), ids, "x")
    for n in range(1, o.layers + 1):
        with page(f"layer{n}", f"Layer {n}", source=source):
            x = stack_rows(layer(x, weight, o), ids.shape[0]).named("H", role="state")  # T of (1, d) -> (T, d)
    return linear_predictions(x, vocabulary, weight, "H", o.temperature)


def recurrent(
    name: str, title: str, source: str, about: str, options: Options, layer: Layer, seed: int
) -> Architecture:
    """Return a model of this kind."""
    return Architecture(
        name=name,
        title=title,
        family="before",
        source=source,
        about=about,
        options=options,
        build=partial(read_and_write, forward=partial(forward, layer=layer, source=source), prompt=[0, 1, 4]),
        sizes={
            "small": {},
            "medium": {"vocab": 8, "d_embed": 4, "d_model": 4},
            "large": {"vocab": 12, "d_embed": 6, "d_model": 6, "layers": 2},
        },
        takes=frozenset({"ids", "generate"}),
        vocabularies=one_vocabulary,
        seed=seed,
    )
