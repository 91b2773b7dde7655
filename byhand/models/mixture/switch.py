"""Switch Transformer (Fedus et al. 2021): each word goes to one expert, unless that one is full."""

from dataclasses import dataclass
from functools import partial

from byhand.core.graph import Node, page
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language import blocks
from byhand.language.decoder_only import decoder_only
from byhand.layers.experts import best_one, load_of, mixture, route
from byhand.models.mixture.mixtral import build_mixture

PAPER = "Fedus et al. 2021, section 2.1"


@dataclass(frozen=True)
class Options(blocks.Options):
    """What changed since GPT-2. capacity_factor: how many more words than its share an expert has room for."""

    activation: str = "relu"
    experts: int = 3
    capacity_factor: float = 1.25
    d_ff: int = 4

    def check(self) -> None:
        super().check()
        if not self.capacity_factor:
            raise ByhandError("capacity_factor is 0, so no expert has room for a word: choose 1 or more.")

    def feeds_apart(self, layer: int) -> bool:
        return True


def feed(x: Node, weight: Weights, o: Options, layer: int, also: list[Node]) -> Node:
    """p × FFN(x) of the best expert; nothing where it is full, so that the residual alone goes on. (T, d) -> (T, d)"""
    with page("", "Router"):
        gates, taken, balance = best_one(route(x, weight, o.experts, PAPER), o.capacity_factor)
        also += [load_of(taken), balance]
    return mixture(x, gates, lambda x: blocks.plain_feed(x, weight, o, layer), source=PAPER)


ARCHITECTURE = decoder_only(
    name="switch",
    title="Switch Transformer",
    source="Fedus et al. 2021",
    about="a router sends each word to one expert, which has room for a few",
    options=Options,
    family="experts and memory",
    seed=16418,
    build=partial(build_mixture, feed),
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 6},
        "large": {"vocab": 12, "d_model": 8, "layers": 2, "d_ff": 8, "experts": 4, "max_positions": 12},
    },
)
