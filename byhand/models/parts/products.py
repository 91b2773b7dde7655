"""Products of rows and columns, where a course begins."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import page
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import given_table, part


@dataclass(frozen=True)
class DotOptions:
    """columns: the number of columns with which the row x is multiplied."""

    width: int = 4
    columns: int = 1


def build_dot(o: DotOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Dot product", equation="x · y = Σ xᵢ yᵢ"):
        x, y = given_table("x", weight, 1, o.width), given_table("y", weight, o.width, o.columns)
        return Graph([(x @ y).named("product", role="result")])  # (1, n) @ (n, columns) -> (1, columns)


DOT_PRODUCT = part(
    "dot-product",
    "Dot product",
    "two rows of numbers to one number",
    DotOptions(),
    build_dot,
    "Grassmann 1844",
    sizes={"small": {}, "medium": {"width": 6}, "large": {"width": 8}},
)


@dataclass(frozen=True)
class ProductOptions:
    rows: int = 2
    inner: int = 3
    columns: int = 2


def build_product(o: ProductOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Matrix product", equation="cᵢⱼ = Σ aᵢₖ bₖⱼ"):
        a, b = given_table("A", weight, o.rows, o.inner), given_table("B", weight, o.inner, o.columns)
        return Graph([(a @ b).named("C", role="result")])


MATRIX_PRODUCT = part(
    "matrix-product",
    "Matrix product",
    "each row by each column",
    ProductOptions(),
    build_product,
    "Cayley 1858",
    sizes={"small": {}, "medium": {"rows": 3, "inner": 4}, "large": {"rows": 4, "inner": 5, "columns": 4}},
)
