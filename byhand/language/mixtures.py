"""The frame of every mixture of experts: a language model whose feed-forward is several networks behind a router."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from byhand.core.graph import Node
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.architecture import Graph, Inputs, Vocabularies, one_vocabulary
from byhand.language.decoder_only import build
from byhand.language.options import Options
from byhand.layers.experts import check_experts


def build_mixture(
    feed: Callable[..., Node],
    o: Options,
    weight: Weights,
    inputs: Inputs,
    vocabularies: Vocabularies = one_vocabulary,
    attention: blocks.Attention = blocks.grouped_attention,
) -> Graph:
    """Build a language model whose feed-forward has further outputs, which it appends to `also`."""
    o.check()
    if o.chosen:
        check_experts(o.experts, o.chosen, o.expert_groups, o.groups_chosen)
    also: list[Node] = []
    graph = build(o, weight, inputs, vocabularies, attention=attention, feed=partial(feed, also=also))
    return replace(graph, outputs=[*graph.outputs, *also])
