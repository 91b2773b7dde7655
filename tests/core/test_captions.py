"""Captions: a table's rule in letters means what the table holds, and reads as on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from support.examples import examples

from byhand.core import ops
from byhand.core.captions import letters, shapes, symbol, symbol_from
from byhand.core.graph import OPS, Node, fold, source, toposort
from byhand.layers.activations import gelu, gelu_tanh
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe


def table(name: str, rows: int, columns: int) -> Node:
    return source(name, np.ones((rows, columns)), "input")


X, W, B, H, M = table("x", 3, 4), table("W", 4, 2), table("b", 1, 2), table("h", 3, 2), table("M", 6, 2)
GELU = gelu_tanh(H)
(TANH,) = (n for n in toposort([GELU]) if n.name == "tanh")
KEEP, NEG_INF = table("causal_mask", 3, 2), table("neg_inf", 1, 1)

RULES: list[tuple[Node, str]] = [
    (H / ops.sqrt(2), "h / √2"),
    (ops.sqrt(H + 0.00001), "√(h + 0.00001)"),
    (H - H.max(1), "h − max h"),
    (ops.exp(H), "e^h"),
    (ops.exp(H - H.max(1)), "e^(h − max h)"),
    (ops.power(2, H), "2^h"),
    (ops.power(10000, H / 4), "10000^(h / 4)"),
    (ops.mean_square(H, axis=1), "mean of h²"),
    ((H * H).sum(1), "Σ (h × h)"),
    (H.sum(1) * H, "(Σ h) × h"),
    (H * H.sum(1), "h × Σ h"),
    (-(H + 1), "−(h + 1)"),
    (-H * H, "(−h) × h"),
    (H - -H, "h − (−h)"),
    (H + -1, "h + (−1)"),
    ((H + 1).T, "(h + 1)ᵀ"),
    (ops.where(KEEP, H, 0) + H, "(h where mask, else 0) + h"),
    (H * ops.greater(H, 0), "h × (1 where h > 0, else 0)"),
    (ops.one_hot(B.T, width=3), "1 where bᵀ = its column, else 0"),
    (H.columns(1, 2), "h[·, 2]"),
    (H / H.sum(1), "h / Σ h"),
    (H.mean(1), "mean h"),
    (ops.where(KEEP, H / 2, NEG_INF), "h / 2 where mask, else −∞"),
    (ops.maximum(H, 0), "max(h, 0)"),
    (gelu(H), "0.5 × h × (1 + erf(h / √2))"),
    (GELU, "0.5 × h × (1 + tanh)"),
    (TANH, "tanh(√(2 / π) × (h + 0.044715 × h³))"),
    (ops.lookup(X, B.T), "x[bᵀ]"),
    (ops.alternate(ops.sin(H), ops.cos(H), width=4), "sin(h), cos(h) by turns"),
    (H.rows(2, 3), "h[3]"),
    (H.rows(0, 2), "h[1…2]"),
]


@pytest.mark.parametrize(("node", "text"), RULES, ids=[text for _, text in RULES])
def test_rules_in_letters(node: Node, text: str) -> None:
    assert letters(node, symbol, turned=False) == letters(node, symbol, turned=True) == text


PRODUCTS = [
    (X @ W, "x · W", "W · x"),
    (X @ W + B, "x · W + b", "W · x + b"),
    ((X @ W + B) @ W.T, "(x · W + b) · Wᵀ", "Wᵀ · (W · x + b)"),
    (H @ W.T, "h · Wᵀ", "Wᵀ · h"),
    (ops.beside(X, H) @ M, "[x  h] · M", "M · [x; h]"),
    (ops.below(H, H), "[h; h]", "[h  h]"),
    (H * ((X @ W) * H), "h × (x · W × h)", "h × (W · x × h)"),
    (H * (X @ W / H), "h × (x · W / h)", "h × (W · x / h)"),
]
"""A node -> with tokens as rows, and as columns."""


@pytest.mark.parametrize(("node", "rows", "columns"), PRODUCTS, ids=[rows for _, rows, _ in PRODUCTS])
def test_turned_the_weight_comes_first(node: Node, rows: str, columns: str) -> None:
    assert letters(node, symbol, turned=False) == rows
    assert letters(node, symbol, turned=True) == columns


SQUARES = {name: table(name, 2, 2) for name in "abcd"}
PYTHON = str.maketrans({"·": "@", "×": "*", "−": "-"})
"""Letters as Python reads them, which has the same precedence, from left to right."""


def made(tree: Any) -> Node:
    return SQUARES[tree] if isinstance(tree, str) else OPS[tree[0]](*map(made, tree[1:]))


trees = st.recursive(
    st.sampled_from("abcd"),
    lambda part: (
        st.tuples(st.sampled_from(["add", "sub", "mul", "div", "matmul"]), part, part)
        | st.tuples(st.just("negate"), part)
    ),
    max_leaves=6,
)


@given(trees.filter(lambda tree: tree not in SQUARES), st.integers(0, 99), st.booleans())
@examples(300)
def test_letters_mean_what_the_table_holds(tree: Any, seed: int, turned: bool) -> None:
    """Read by the rules of arithmetic, over the tables as they are shown: transposed, when tokens are columns."""
    draw = np.random.default_rng(seed)
    numbers = {name: draw.uniform(1, 2, (2, 2)) for name in SQUARES}
    node = made(tree)
    text = letters(node, symbol, turned)
    note(text)
    shown = {name: array.T if turned else array for name, array in numbers.items()}
    with np.errstate(all="ignore"):
        expected = fold([node], {SQUARES[name]: array for name, array in numbers.items()})[node]
        got = eval(text.translate(PYTHON), shown)
    assume(np.isfinite(expected).all())
    np.testing.assert_allclose(got, expected.T if turned else expected, rtol=1e-6, atol=1e-6)


# Shapes


@pytest.mark.parametrize(
    ("node", "rows", "columns"),
    [
        (X @ W, "(3×4)·(4×2) → (3×2)", "(2×4)·(4×3) → (2×3)"),
        (X @ W + B, "(3×4)·(4×2) → (3×2)", "(2×4)·(4×3) → (2×3)"),
        (H @ H.T / 2, "(3×2)·(2×3) → (3×3)", "(3×2)·(2×3) → (3×3)"),
        (H + 1, "3×2", "2×3"),
        (X, "3×4", "4×3"),
    ],
)
def test_shapes(node: Node, rows: str, columns: str) -> None:
    assert shapes(node, turned=False) == rows
    assert shapes(node, turned=True) == columns


def test_the_shapes_of_a_named_factor_are_not_its_readers() -> None:
    hidden = (X @ W).named("hidden")
    assert shapes(ops.maximum(hidden, 0), turned=False) == "3×2"


# What tables are called


@pytest.mark.parametrize(
    ("name", "called"),
    [("layer1.head1.Q", "Q"), ("norm1.gamma", "γ"), ("decoder.causal_mask", "mask"), ("neg_inf", "−∞"), ("eps", "ε")],
)
def test_symbols(name: str, called: str) -> None:
    assert symbol(table(name, 1, 1)) == called


def call(model: str, node: str, reader: str) -> str:
    tables = build(Recipe(model)).tables
    return symbol_from(tables[node], tables[reader])


@pytest.mark.parametrize(
    ("model", "node", "reader", "called"),
    [
        ("multi-head", "head1.Q", "head1.scores", "Q"),
        ("multi-head", "head2.Z", "Y", "head2.Z"),
        ("multi-head", "X", "head2.K", "X"),
        ("gpt2", "x", "layer1.norm1.mean", "x"),
        ("gpt2", "layer1.norm1", "layer1.head1.Q", "norm1"),
        ("gpt2", "layer1.output", "final_norm", "layer1.output"),
        ("transformer", "encoder.layer1.output", "decoder.layer1.cross.head1.K", "encoder.layer1.output"),
        ("transformer", "encoder.E", "logits", "E"),
    ],
)
def test_a_table_elsewhere_is_called_by_as_much_of_its_path_as_it_takes(
    model: str, node: str, reader: str, called: str
) -> None:
    assert call(model, node, reader) == called
