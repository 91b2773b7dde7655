"""Mixtral (Jiang et al. 2024): Mistral, with each word sent to two of several feed-forward networks."""

from functools import partial

from byhand.core.graph import Node, page
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.decoder_only import decoder_only
from byhand.language.mixtures import build_mixture
from byhand.language.options import Options, variant
from byhand.layers.experts import best_probabilities, load_of, mixture, route
from byhand.models.decoder import llama

PAPER = "Jiang et al. 2024, section 2.1"


MIXTRAL = variant(llama.LLAMA, experts=4, chosen=2, d_ff=4)
"""The differences from Llama. chosen: the number of experts for each word."""


def feed(
    x: Node, weight: Weights, o: Options, layer: int, also: list[Node], d_ff: int = 0, normed: bool = True
) -> Node:
    """Return Σ gate × SwiGLU(x) over the chosen experts, d_ff wide. (T, d) -> (T, d)"""
    with page("", "Router"):
        gates, chosen = best_probabilities(route(x, weight, o.experts, PAPER), o.chosen, normed)
        also.append(load_of(chosen))
    return mixture(x, gates, lambda x: blocks.plain_feed(x, weight, o, layer, d_ff), source=PAPER)


ARCHITECTURE = decoder_only(
    name="mixtral",
    title="Mixtral",
    source="Jiang et al. 2024",
    about="a router sends each word to two of several feed-forward networks",
    options=MIXTRAL,
    family="experts and memory",
    seed=7904,
    build=partial(build_mixture, feed),
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 6},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 2, "d_ff": 8, "experts": 6},
    },
)
