"""Mixtral (Jiang et al. 2024): Mistral, with each word sent to two of several feed-forward networks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from byhand.core.graph import Node, page
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.architecture import Graph, Inputs
from byhand.language.decoder_only import build, decoder_only
from byhand.language.readout import one_vocabulary
from byhand.language.vocabulary import Vocabularies
from byhand.layers.experts import best_probabilities, check_experts, load_of, mixture, route
from byhand.models.decoder import llama

PAPER = "Jiang et al. 2024, section 2.1"


@dataclass(frozen=True)
class Options(llama.Options):
    """What changed since Llama. chosen: of the experts, how many a word is sent to."""

    experts: int = 4
    chosen: int = 2
    d_ff: int = 4

    def check(self) -> None:
        super().check()
        check_experts(self.experts, self.chosen)

    def feeds_apart(self, layer: int) -> bool:
        return True


def feed(x: Node, weight: Weights, o: Options, layer: int, also: list[Node]) -> Node:
    """Σ gate × SwiGLU(x) over the chosen experts. (T, d) -> (T, d)"""
    with page("", "Router"):
        gates, chosen = best_probabilities(route(x, weight, o.experts, PAPER), o.chosen)
        also.append(load_of(chosen))
    return mixture(x, gates, lambda x: blocks.plain_feed(x, weight, o, layer), source=PAPER)


def build_mixture(
    feed: Callable[..., Node],
    o: Options,
    weight: Weights,
    inputs: Inputs,
    vocabularies: Vocabularies = one_vocabulary,
    attention: blocks.Attention = blocks.grouped_attention,
) -> Graph:
    """A language model whose feed-forward shows more than its result: what it appends to `also`."""
    also: list[Node] = []
    graph = build(o, weight, inputs, vocabularies, attention=attention, feed=partial(feed, also=also))
    return replace(graph, outputs=[*graph.outputs, *also])


ARCHITECTURE = decoder_only(
    name="mixtral",
    title="Mixtral",
    source="Jiang et al. 2024",
    about="a router sends each word to two of several feed-forward networks",
    options=Options,
    family="experts and memory",
    seed=7904,
    build=partial(build_mixture, feed),
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 6},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 2, "d_ff": 8, "experts": 6},
    },
)
