"""Plain text: every kind of formula has one, with brackets where they must stand and nowhere else."""

from __future__ import annotations

import pytest

from byhand.notation import tree
from byhand.notation.text import text
from byhand.notation.tree import (
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Negative,
    Number,
    Over,
    Part,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Transposed,
    Words,
)

A, B, C = Name("a"), Name("b"), Name("c")
ONE, TWO = Number("1"), Number("2")
SUM, DIFFERENCE = Sum((A, B)), Sum((A, Negative(B)))
TIMES, DOT, OVER = Product((A, B), "×"), Product((A, B), "·"), Quotient(A, B)

TEXTS: list[tuple[Maths, str]] = [
    (Number("-1.5"), "−1.5"),
    (Name("Q", (TWO, ONE)), "Q₂₁"),
    (Name("Q", (Number("12"), ONE)), "Q_12,1"),
    (Name("x", (A, B)), "x_ab"),
    (Name("W", (Name("Q"),)), "W_Q"),
    (Name("W_Q", (TWO, ONE)), "W_Q₂₁"),
    (Name("W_V", (Number("10"), TWO)), "W_V[10, 2]"),
    (Name("W", (Chain((Name("O"), Number("21")), (",",)),)), "W_O,21"),
    (Name("x", (Name("d", (A,)), ONE)), "x[d_a, 1]"),
    (Name("E", (Sum((Name("ids", (ONE,)), ONE)), ONE)), "E[ids₁ + 1, 1]"),
    (Words("if"), "if"),
    (SUM, "a + b"),
    (Sum((SUM, SUM)), "a + b + a + b"),
    (Sum((Negative(A), Negative(SUM), Number("-1"))), "−a − (a + b) + (−1)"),
    (Sum((Number("-1"), TIMES, OVER)), "−1 + a × b + a / b"),
    (Negative(Number("-1")), "−(−1)"),
    (Product((SUM, C), "×"), "(a + b) × c"),
    (Product((TIMES, TIMES), "×"), "a × b × a × b"),
    (Product((C, DOT), "×"), "c × (a · b)"),
    (Product((DOT, C), "×"), "a · b × c"),
    (Product((TIMES, C), "·"), "(a × b) · c"),
    (Product((OVER, C), "·"), "(a / b) · c"),
    (Product((Over("Σ", A), B), "×"), "(Σ a) × b"),
    (Product((B, Over("Σ", A)), "×"), "b × Σ a"),
    (Product((TWO, A)), "2 a"),
    (Quotient(TIMES, TIMES), "a × b / (a × b)"),
    (Quotient(A, Over("Σ", B)), "a / Σ b"),
    (Quotient(Over("Σ", A), B), "(Σ a) / b"),
    (Power(A, TWO), "a²"),
    (Power(Number("-3"), TWO), "(−3)²"),
    (Power(Name("e"), Negative(A)), "e^(−a)"),
    (Power(Name("e"), Call("max", (A, B))), "e^max(a, b)"),
    (Root(Power(A, TWO)), "√(a²)"),
    (Root(TWO), "√2"),
    (Call("max", (SUM, Cases(((A, B), (C, Words("otherwise")))))), "max(a + b, (a where b, else c))"),
    (Transposed(SUM), "(a + b)ᵀ"),
    (Part(A, (Name("·"), Name("1…3"))), "a[·, 1…3]"),
    (Over("Σ", TIMES, below=Name("j"), above=Name("n")), "Σ_j^n (a × b)"),
    (Over("max", Over("Σ", A)), "max Σ a"),
    (Grid(((A, B), (B, A))), "[a  b; b  a]"),
    (Grid(((Chain((A, B), (">",)),),)), "[a > b]"),
    (Cases(((OVER, C), (B, Words("otherwise")))), "a / b where c, else b"),
    (Chain((A, SUM, TWO), ("=", "≈")), "a = a + b ≈ 2"),
    (Chain((A, B, Words("by turns")), (",", "")), "a, b by turns"),
]


@pytest.mark.parametrize(("tree", "line"), TEXTS, ids=[line for _, line in TEXTS])
def test_text(tree: Maths, line: str) -> None:
    assert text(tree) == line


def test_every_kind_of_formula_has_a_text() -> None:
    kinds = {kind for kind in vars(tree).values() if isinstance(kind, type) and issubclass(kind, Maths)} - {Maths}
    assert {type(tree) for tree, _ in TEXTS} == kinds


def test_what_is_no_formula_is_refused() -> None:
    with pytest.raises(TypeError, match="no text for 'x'"):
        text("x")
