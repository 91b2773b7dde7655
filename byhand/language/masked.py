"""An encoder-only language model: its layers see both sides, and it predicts the masked words."""

from __future__ import annotations

from typing import Any

from byhand.core.graph import Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.blocks import block, grouped_attention, norm, plain_feed, position_info
from byhand.language.generation import probabilities, word_logits
from byhand.language.options import Options, variant
from byhand.layers.activations import ACTIVATIONS
from byhand.layers.linear import linear

ENCODER = variant(
    Options(attention="full", norm_place="post", activation="gelu", eps=1e-12),
    without="embedding_norm scale_embedding logit_cap",
)
"""The options of encoders, where they differ from GPT-2's."""
SIZES: dict[str, dict[str, Any]] = {
    "small": {},
    "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
    "large": {"vocab": 14, "d_model": 8, "layers": 2, "d_ff": 16, "max_positions": 12},
}


def padding_mask(tokens: Node, inputs: Inputs) -> Node:
    """Return 1 for words and 0 for padding, by default all 1; in the model's own example word 5 is padding. (1, T)"""
    count = int(tokens.shape[0])
    visible = inputs.mask or ([1, 1, 1, 1, 0][:count] if inputs.ids is None else [1] * count)
    return source("padding_mask", visible, role="mask", columns=tokens.shape[0].labels)


def masked_word_head(x: Node, weight: Weights, o: Options, activation: str) -> Node:
    """Return norm(act(x W + b)), the predicted word at each position as an embedding. (T, d) -> (T, d)"""
    x = _normed(x, weight, o)
    act, called = ACTIVATIONS[activation]
    with scope("head"):
        with scope("", "transform", equation=f"{called}(x W + b)", column_equation=f"{called}(W x + b)"):
            hidden = linear(x, weight, "T", o.d_embed or o.d_model).named("transform")
            active = act(hidden).named("active", role="activation")
        return norm(active, weight, "norm", o)


def _normed(x: Node, weight: Weights, o: Options) -> Node:
    """Return the last layer's output, normed if norms stand before each sublayer. (T, d) -> (T, d)"""
    return x if o.norm_place == "post" else norm(x, weight, "final_norm", o)


def fill_in(
    x: Node, table: Node, tokens: Node, mask: Node, weight: Weights, o: Options, activation: str, blank: str
) -> Graph:
    """Return the logits of the masked words, after all layers. (T, d), (V, d), (T, 1), (1, T) -> (T, V)"""
    info = position_info(x.shape[0], weight, o, mask)
    for n in range(1, o.layers + 1):
        with scope(f"layer{n}", f"Layer {n}", shares=o.shares(n)):
            x = block(x, weight, o, n, info, grouped_attention, plain_feed)
    if o.ending != "words":
        from byhand.language.endings import end

        return end(_normed(x, weight, o), weight, o, mask)
    with page("", "Masked-word head"):
        x = masked_word_head(x, weight, o, activation)
    with page("", "Output"):
        logits = word_logits(x, table, weight, o, bias=True)
        p = probabilities(logits, o.temperature)
    vocabulary = table.shape[0].labels
    assert isinstance(vocabulary, Labels)
    assert tokens.data is not None
    words = [vocabulary.words[int(i)] for i in tokens.data[:, 0]]
    return Graph([p], p, words.index(blank) if blank in words else None, logits)


def encoder_only(**about: Any) -> Architecture:
    """Return a model of this kind; `about` has its own fields of Architecture."""
    takes = frozenset({"ids", "segment_ids", "mask"})
    return Architecture(**{"family": "encoder only", "sizes": SIZES, "takes": takes} | about)
