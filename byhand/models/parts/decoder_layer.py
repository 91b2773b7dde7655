"""One decoder layer: attention to the words so far, then to the encoder's memory (Vaswani et al. 2017, section 3.1)."""

from __future__ import annotations

from byhand.core.graph import Dim, page, scope
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, words
from byhand.language.blocks import PositionInfo, attention_sublayer, feed_sublayer
from byhand.language.options import Options, variant
from byhand.language.parts import given_table, other_sentence
from byhand.layers.masks import causal_mask

DECODER_LAYER = variant(
    Options(names=(), attention_bias=False, join_bias=False),
    tokens=2,
    source_tokens=3,
    d_model=4,
    heads=1,
    d_ff=4,
    activation="relu",
    norm_place="post",
    eps=1e-5,
)


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    there = other_sentence(o.source_tokens)
    with page("", "Input"):
        x = given_table("X", weight, Dim(o.tokens, words("target_words", o.tokens)), o.d_model, 0, 3)
        memory = given_table("memory", weight, Dim(o.source_tokens, there), o.d_model, 0, 3)
    with scope("self", "Self"):
        x = attention_sublayer(x, None, PositionInfo({"causal": causal_mask(x.shape[0])}), weight, o, 1)
    with scope("cross", "Cross"):
        x = attention_sublayer(x, memory, PositionInfo({"causal": None}), weight, o, 2)
    return Graph([feed_sublayer(x, weight, o, 3).with_role("result")])


ARCHITECTURE = Architecture(
    name="decoder-layer",
    title="One decoder layer",
    family="part",
    source="Vaswani et al. 2017",
    about="looks back at the words so far, and at the other sentence",
    options=DECODER_LAYER,
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 3, "heads": 2, "d_ff": 8},
        "large": {"tokens": 4, "source_tokens": 5, "d_model": 8, "heads": 2, "d_ff": 16},
    },
    seed=16756,
)
