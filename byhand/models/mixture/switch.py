"""Switch Transformer (Fedus et al. 2021): each word goes to one expert, unless that one is full."""

from byhand.core.graph import Node, page
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language import blocks
from byhand.language.architecture import Graph, Inputs, Vocabularies, one_vocabulary
from byhand.language.decoder_only import decoder_only
from byhand.language.mixtures import build_mixture
from byhand.language.options import Options, variant
from byhand.layers.experts import best_one, load_of, mixture, route

PAPER = "Fedus et al. 2021, section 2.1"


SWITCH = variant(Options(activation="relu", d_ff=4), experts=3, capacity_factor=1.25)
"""The differences from GPT-2. capacity_factor: an expert's capacity over its equal share of words."""


def feed(x: Node, weight: Weights, o: Options, layer: int, also: list[Node]) -> Node:
    """Return p × FFN(x) of the best expert, 0 where it is full, so that only the residual remains. (T, d) -> (T, d)"""
    with page("", "Router"):
        gates, accepted, balance = best_one(route(x, weight, o.experts, PAPER), o.capacity_factor)
        also += [load_of(accepted), balance]
    return mixture(x, gates, lambda x: blocks.plain_feed(x, weight, o, layer), source=PAPER)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    if not o.capacity_factor:
        raise ByhandError("capacity_factor is 0, so no expert has room for a word: choose 1 or more.")
    return build_mixture(feed, o, weight, inputs, vocabularies)


ARCHITECTURE = decoder_only(
    name="switch",
    title="Switch Transformer",
    source="Fedus et al. 2021",
    about="a router sends each word to one expert, which has room for a few",
    options=SWITCH,
    family="experts and memory",
    seed=16418,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 6},
        "large": {"vocab": 12, "d_model": 8, "layers": 2, "d_ff": 8, "experts": 4, "max_positions": 12},
    },
)
