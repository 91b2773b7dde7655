"""Qwen3-MoE (Yang et al. 2025): Qwen3, with each word sent to a few of many small feed-forward networks."""

from functools import partial

from byhand.core.graph import Node
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.decoder_only import decoder_only
from byhand.language.mixtures import build_mixture
from byhand.language.options import Options, variant
from byhand.models.decoder import qwen
from byhand.models.mixture import mixtral

QWEN3_MOE = variant(qwen.QWEN, experts=4, chosen=2, expert_d_ff=3, normed_gates=True, dense_layers=0)
"""The differences from Qwen3. normed_gates: the gates of the chosen experts add up to 1."""


def feed(x: Node, weight: Weights, o: Options, layer: int, also: list[Node]) -> Node:
    """Return Mixtral's mixture of smaller experts, or in a dense layer one feed-forward. (T, d) -> (T, d)"""
    if not o.feeds_apart(layer):
        return blocks.plain_feed(x, weight, o, layer)
    return mixtral.feed(x, weight, o, layer, also, o.expert_d_ff, o.normed_gates)


ARCHITECTURE = decoder_only(
    name="qwen3-moe",
    title="Qwen3-MoE",
    source="Yang et al. 2025",
    about="normed queries and keys, and a few of many small experts for each word",
    options=QWEN3_MOE,
    family="experts and memory",
    seed=34369,
    build=partial(build_mixture, feed),
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "dense_layers": 1, "d_ff": 8},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 2, "d_ff": 12, "experts": 6},
    },
)
