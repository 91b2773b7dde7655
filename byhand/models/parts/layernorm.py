"""Layer norm (Ba et al. 2016): each row to mean 0 and variance 1."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import page
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import part, table_of_input
from byhand.layers.norms import layer_norm


@dataclass(frozen=True)
class NormOptions:
    rows: int = 3
    width: int = 4
    eps: float = 1e-5


def build_layernorm(o: NormOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Layer norm"):
        return Graph(
            [layer_norm(table_of_input(weight, o.rows, o.width), weight, "norm", o.eps).named("Y", role="result")]
        )


LAYERNORM = part(
    "layernorm",
    "Layer norm",
    "each row to mean 0 and variance 1",
    NormOptions(),
    build_layernorm,
    "Ba et al. 2016",
    sizes={"small": {}, "medium": {"rows": 4, "width": 6}, "large": {"rows": 6, "width": 8}},
)
