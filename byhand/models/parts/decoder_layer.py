"""One decoder layer: attention to the words so far, then to the encoder's memory (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, page, scope
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.blocks import Places
from byhand.language.vocabulary import words
from byhand.layers.masks import causal_mask
from byhand.models.encoder_decoder import transformer
from byhand.models.parts.first_steps import table


@dataclass(frozen=True)
class Options:
    tokens: int = 2
    source_tokens: int = 3
    d_model: int = 4
    heads: int = 1
    d_ff: int = 4
    activation: str = "relu"
    norm_place: str = "post"
    eps: float = 1e-5


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    layer = transformer.Options(
        d_model=o.d_model, heads=o.heads, d_ff=o.d_ff, activation=o.activation, norm_place=o.norm_place, eps=o.eps
    )
    there = Labels("source_words", tuple(f"{word}′" for word in words("", o.source_tokens).words))
    with page("", "Input"):
        x = table("X", weight, Dim(o.tokens, words("target_words", o.tokens)), o.d_model, 0, 3)
        memory = table("memory", weight, Dim(o.source_tokens, there), o.d_model, 0, 3)
    with scope("self", "Self"):
        x = transformer.attention(x, None, Places({"causal": causal_mask(x.shape[0])}), weight, layer, 1)
    with scope("cross", "Cross"):
        x = transformer.attention(x, memory, Places({"causal": None}), weight, layer, 2)
    return Graph([transformer.feed(x, weight, layer, 3).with_role("result")])


ARCHITECTURE = Architecture(
    name="decoder-layer",
    title="One decoder layer",
    family="part",
    source="Vaswani et al. 2017",
    about="looks back at the words so far, and at the other sentence",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 3, "heads": 2, "d_ff": 8},
        "large": {"tokens": 4, "source_tokens": 5, "d_model": 8, "heads": 2, "d_ff": 16},
    },
    seed=1435,
)
