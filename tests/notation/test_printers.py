"""Formulas in LaTeX, MathML and Typst: every class is printed, and no bracket is missing or idle."""

from __future__ import annotations

import re
from fractions import Fraction
from importlib.util import find_spec
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.notation import tree
from byhand.notation.latex import Latex, escaped
from byhand.notation.mathml import MathML, element
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
from byhand.notation.typst import Typst

CLASSES = {c for c in vars(tree).values() if isinstance(c, type) and issubclass(c, Maths) and c is not Maths}
ZERO, ONE, TWO, THREE = map(Number, "0123")
A, B, ROW, J, N, X, E = map(Name, "abijnxe")
Q, K = Name("Q", bold=True), Name("K", bold=True)
XJ = Name("x", (J,))
TOTAL = Over("Σ", Power(E, XJ), J)

PRINTED: list[tuple[Maths, str, str]] = [
    (Number("2.5"), "2.5", "2.5"),
    (Number("-1"), "-1", "−1"),
    (Number("−1"), "-1", "−1"),
    (Number("1,000"), "1{,}000", '"1,000"'),
    (Name("d", (Name("model"),)), r"d_{\mathrm{model}}", 'd_("model")'),
    (Name("x", (ROW, J)), "x_{ij}", "x_(i j)"),
    (Name("x", (ROW, Sum((J, ONE)))), "x_{i, j + 1}", r"x_(i \, j + 1)"),
    (Name("σ"), r"\sigma", "σ"),
    (Name("γ", (ROW,)), r"\gamma_{i}", "γ_(i)"),
    (Name("x̂"), r"\hat{x}", "hat(x)"),
    (Name("x\u0304"), r"\bar{x}", "macron(x)"),
    (Name("softmax"), r"\mathrm{softmax}", '"softmax"'),
    (Name("∂x", (ROW,)), r"\partial x_{i}", "∂ x_(i)"),
    (Name("W_O", (ROW,), bold=True), r"\mathbf{W}_{Oi}", "bold(upright(W))_(O i)"),
    (Name("gelu_tanh"), r"\mathrm{gelu}_{\mathrm{tanh}}", '"gelu"_("tanh")'),
    (Name("Z_12"), "Z_{12}", "Z_(12)"),
    (Name("W", (Name("Q"),), bold=True), r"\mathbf{W}_{Q}", "bold(upright(W))_(Q)"),
    (Name("β", bold=True), r"\boldsymbol{\beta}", "bold(upright(β))"),
    (Words("for all, 5%"), r"\text{for all, 5\%}", '"for all, 5%"'),
    (Sum((A, Negative(B), ONE)), "a - b + 1", "a − b + 1"),
    (Sum((A, Negative(Sum((B, ONE))))), "a - (b + 1)", "a − lr(( b + 1 ))"),
    (Negative(Sum((A, B))), "-(a + b)", "−lr(( a + b ))"),
    (Product((Sum((A, B)), X)), "(a + b) x", "lr(( a + b )) x"),
    (Product((TWO, THREE, A)), r"2 \cdot 3 a", "2 dot.op 3 a"),
    (Product((Number("0.5"), Number("-2")), "×"), r"0.5 \times (-2)", "0.5 × lr(( −2 ))"),
    (Product((A, Transposed(K)), "·"), r"a \cdot \mathbf{K}^{\top}", "a dot.op bold(upright(K))^(⊤)"),
    (Product((Name("softmax"), X)), r"\mathrm{softmax} \thinspace x", '"softmax" x'),
    (Product((TOTAL, X)), r"\left( \sum_{j} e^{x_{j}} \right) x", "lr(( sum_(j) e^(x_(j)) )) x"),
    (Product((TWO, TOTAL)), r"2 \sum_{j} e^{x_{j}}", "2 sum_(j) e^(x_(j))"),
    (Quotient(Power(E, X), TOTAL), r"\frac{e^{x}}{\sum_{j} e^{x_{j}}}", "frac(e^(x), sum_(j) e^(x_(j)))"),
    (Power(Quotient(A, B), TWO), r"\left( \frac{a}{b} \right)^{2}", "lr(( frac(a, b) ))^(2)"),
    (Power(Negative(A), TWO), "(-a)^{2}", "lr(( −a ))^(2)"),
    (Power(Power(A, TWO), THREE), "(a^{2})^{3}", "lr(( a^(2) ))^(3)"),
    (Root(Sum((A, B))), r"\sqrt{a + b}", "sqrt(a + b)"),
    (Call("tanh", (Quotient(X, TWO),)), r"\tanh\left( \frac{x}{2} \right)", "tanh lr(( frac(x, 2) ))"),
    (Call("softmax", (A, B)), r"\operatorname{softmax}(a, b)", r'op("softmax", limits: #true) lr(( a \, b ))'),
    (Call("F", (X,)), "F(x)", "F lr(( x ))"),
    (Transposed(Product((A, B), "·")), r"(a \cdot b)^{\top}", "lr(( a dot.op b ))^(⊤)"),
    (Part(Q, (ONE, Words("cat"))), r"\mathbf{Q}[1, \text{cat}]", r'bold(upright(Q))[1 \, "cat"]'),
    (Over("Σ", XJ, Chain((J, ONE), ("=",)), N), r"\sum_{j = 1}^{n} x_{j}", "sum_(j = 1)^(n) x_(j)"),
    (Over("max", XJ, J), r"\max_{j} x_{j}", "max_(j) x_(j)"),
    (Over("argmax", XJ, J), r"\operatorname*{argmax}_{j} x_{j}", 'op("argmax", limits: #true)_(j) x_(j)'),
    (Over("Σ", Sum((A, B)), J), r"\sum_{j} (a + b)", "sum_(j) lr(( a + b ))"),
    (Grid(((ONE, A), (ZERO, B))), r"\begin{bmatrix} 1 & a \\ 0 & b \end{bmatrix}", 'mat(delim: "[", 1, a; 0, b)'),
    (
        Cases(((X, Chain((X, ZERO), (">",))), (ZERO, Words("otherwise")))),
        r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        'cases(x quad & "if" x > 0, 0 quad & "otherwise")',
    ),
    (Chain((A, B, ONE), ("≤", "→")), r"a \le b \to 1", "a ≤ b → 1"),
    (Chain((ROW, ONE, Name("…"), N), ("=", ",", ",")), r"i = 1 , \dots , n", r"i = 1 \, … \, n"),
]  # fmt: skip
FORMULAS = [formula for formula, _, _ in PRINTED]


def test_the_samples_hold_every_class() -> None:
    assert {type(formula) for formula in FORMULAS} == CLASSES


@pytest.mark.parametrize("printer", [Latex, MathML, Typst])
def test_what_is_no_formula_is_an_error(printer: type) -> None:
    with pytest.raises(TypeError):
        printer()(Maths())


@pytest.mark.parametrize(("formula", "latex", "typst"), PRINTED)
def test_latex_and_typst(formula: Maths, latex: str, typst: str) -> None:
    assert (Latex()(formula), Typst()(formula)) == (latex, typst)


def test_markdown_keeps_one_backslash_where_rows_end() -> None:
    assert Latex(row_end=r"\cr")(Grid(((ONE,), (TWO,)))) == r"\begin{bmatrix} 1 \cr 2 \end{bmatrix}"


# MathML

CORE = set("math mi mn mo mtext mspace mrow mfrac msqrt msub msup munder mover munderover mtable mtr mtd".split())
"""The elements of MathML Core that we need; browsers know no other."""
CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "munderover": 3, "msqrt": 1}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("kind", ["", "display", "large"])
def test_mathml_is_well_formed(formula: Maths, kind: str) -> None:
    tree = ElementTree.fromstring(element(formula, kind))
    assert {e.tag for e in tree.iter()} <= CORE
    for part in tree.iter():
        assert len(part) == CHILDREN.get(part.tag, len(part))
        assert bool(part.text) == (part.tag in ("mi", "mn", "mo", "mtext"))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Number("-1"), "−1"),
        (Name("W", (Name("Q"),), bold=True), "𝐖Q"),
        (Name("β", bold=True), "𝛃"),
        (Name("x̂"), "x^"),
        (Name("∂x", (ROW,)), "∂\N{INVISIBLE TIMES}xi"),
        (Words(" & so "), "\N{NO-BREAK SPACE}&\N{NO-BREAK SPACE}so\N{NO-BREAK SPACE}"),
        (Product((A, B)), "a\N{INVISIBLE TIMES}b"),
        (Sum((A, Negative(Sum((B, ONE))))), "a−(b+1)"),
        (Over("Σ", XJ, J, N), "∑jnxj"),
        (Call("softmax", (A, B)), "softmax(a,b)"),
        (Grid(((ONE, TWO),)), "[12]"),
        (Chain((A, B), ("<",)), "a<b"),
    ],
)
def test_the_signs_of_mathml(formula: Maths, text: str) -> None:
    assert "".join(ElementTree.fromstring(element(formula)).itertext()) == text


# What is printed means what the tree means

numbers = st.sampled_from("1 2 3 5 7 -2 -3 0.5".split()).map(Number)
arithmetic = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: Sum(tuple(terms))),
        st.tuples(st.lists(inner, min_size=2, max_size=3), st.sampled_from(["", "×", "·"])).map(
            lambda made: Product(tuple(made[0]), made[1])
        ),
        inner.map(Negative),
        st.builds(Quotient, inner, inner),
        st.builds(Power, inner, st.just(TWO)),
        st.builds(Power, inner, st.just(THREE)),
    ),
    max_leaves=8,
)


def value(formula: Maths) -> Fraction:
    match formula:
        case Number(digits):
            return Fraction(digits)
        case Sum(terms):
            return sum(map(value, terms), Fraction(0))
        case Product(factors):
            product = Fraction(1)
            for factor in factors:
                product *= value(factor)
            return product
        case Negative(of):
            return -value(of)
        case Quotient(top, bottom):
            return value(top) / value(bottom)
        case Power(base, exponent):
            return value(base) ** int(value(exponent))
    raise AssertionError(formula)


def python_of_mathml(tree: ElementTree.Element) -> str:
    """As a reader sees it: rows have no brackets but those that are printed."""
    if tree.tag in ("mrow", "math"):
        return "".join(map(python_of_mathml, tree))
    if tree.tag == "mfrac":
        return f"(({python_of_mathml(tree[0])})/({python_of_mathml(tree[1])}))"
    if tree.tag == "msup":
        return f"{python_of_mathml(tree[0])}**({python_of_mathml(tree[1])})"
    if tree.tag == "mn":
        return f"F('{tree.text}')"
    signs = {"\N{INVISIBLE TIMES}": "*", "×": "*", "·": "*", "−": "-", "+": "+", "(": "(", ")": ")"}
    assert tree.tag == "mo"
    return signs[tree.text or ""]


def python_of_latex(text: str) -> str:
    text = text.replace(r"\left", "").replace(r"\right", "").replace(r"\cdot", "*").replace(r"\times", "*")
    text = re.sub(r"\\frac\{", "F1*((", text)
    text = text.replace("}{", ")/(").replace("^{2}", "**2").replace("^{3}", "**3").replace("}", "))")
    text = re.sub(r"(\d+(?:\.\d+)?)(?![\d.])", r"F('\1')", text.replace("F1", "one")).replace("**F('2')", "**2")
    return re.sub(r"(?<=[)\d]) (?=[(\w])", "*", text.replace("**F('3')", "**3"))


def read(text: str) -> Fraction:
    return eval(text, {"F": Fraction, "one": Fraction(1)})


@given(arithmetic)
def test_brackets_are_where_a_reader_needs_them(formula: Maths) -> None:
    try:
        true = value(formula)
    except ZeroDivisionError:
        return
    assert read(python_of_mathml(ElementTree.fromstring(element(formula)))) == true
    assert read(python_of_latex(Latex()(formula))) == true


def test_the_reader_of_the_test_sees_a_missing_bracket() -> None:
    wrong = "<mrow><mn>2</mn><mo>×</mo><mrow><mn>1</mn><mo>+</mo><mn>3</mn></mrow></mrow>"
    assert read(python_of_mathml(ElementTree.fromstring(wrong))) == 5
    assert read(python_of_latex(r"2 \times 1 + 3")) == 5


@pytest.mark.skipif(find_spec("typst") is None, reason="typst, an optional extra, is not installed")
def test_typst_reads_every_formula() -> None:
    import typst

    lines = "\n".join(f"$ {Typst()(formula)} $" for formula in FORMULAS)
    assert typst.compile(lines.encode(), format="pdf").startswith(b"%PDF")


def test_text_outside_formulas_is_escaped_for_latex() -> None:
    assert escaped(r"50% of a_b & {x} #1 $ ^ ~ \ é") == (
        r"50\% of a\_b \& \{x\} \#1 \$ \textasciicircum{} \textasciitilde{} \textbackslash{} é"
    )
    assert escaped("σ² ≤ ∞ − “so” …") == r"$\sigma$\textsuperscript{2} $\le$ $\infty$ $-$ ``so'' \dots{}"
