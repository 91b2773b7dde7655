"""The gpt-oss models (OpenAI 2025): a sink beside each head's scores, windows by turns, experts with clamped gates."""

from dataclasses import replace
from functools import partial

from byhand.core.graph import Node, page
from byhand.core.weights import Weights
from byhand.language.decoder_only import decoder_only
from byhand.language.mixtures import build_mixture
from byhand.language.options import Options, variant
from byhand.layers.experts import load_of, mixture, route, softmax_of_best
from byhand.layers.feed_forward import clamped_feed_forward
from byhand.models.decoder import llama

PAPER = "OpenAI 2025, section 2.3"

GPT_OSS = variant(
    replace(
        llama.LLAMA,
        layers=2,
        attention="alternating",
        attention_bias=True,
        join_bias=True,
        d_ff=3,
        theta=150_000.0,
    ),
    without="activation gated mlp_bias",
    global_every=2,
    sink=True,
    experts=3,
    chosen=2,
    gate_limit=2.0,
    gate_alpha=1.702,
)
"""The differences from Llama; the trained models send each word to 4 of 32 or 128 experts, and their limit is 7."""


def feed(x: Node, weight: Weights, o: Options, layer: int, also: list[Node]) -> Node:
    """Return Σ gate × expert(x) over the chosen experts; the gates are the softmax of their scores. (T, d) -> (T, d)"""
    with page("", "Router"):
        gates, chosen = softmax_of_best(route(x, weight, o.experts, PAPER, bias=True), o.chosen)
        also.append(load_of(chosen))

    def expert(x: Node) -> Node:
        return clamped_feed_forward(x, weight, o.d_ff, o.gate_limit, o.gate_alpha)

    return mixture(x, gates, expert, source=PAPER)


ARCHITECTURE = decoder_only(
    name="gpt-oss",
    title="gpt-oss",
    source="OpenAI 2025",
    about="a sink beside the scores, windows by turns, experts with clamped gates",
    options=GPT_OSS,
    family="experts and memory",
    seed=7904,
    build=partial(build_mixture, feed),
    sizes={
        "small": {},
        "medium": {"d_model": 8, "d_ff": 6},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "d_ff": 8, "experts": 6, "chosen": 4},
    },
)
