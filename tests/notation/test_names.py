"""Names in print: what is a subscript, an accent or a prime in a table's name stands where print has it."""

from __future__ import annotations

import pytest

from byhand.notation.latex import Latex
from byhand.notation.tree import Maths, Name, Number, Over, Part, Power, Product, Transposed

AT = (Number("2"), Number("1"))
LATEX = Latex()


@pytest.mark.parametrize(
    ("letters", "table", "cell"),
    [
        ("Q", r"\mathbf{Q}", "Q_{21}"),
        ("W_Q", r"\mathbf{W}_{Q}", "W_{Q,21}"),
        ("b_1", r"\mathbf{b}_{1}", "b_{1,21}"),
        ("W_vocab", r"\mathbf{W}_{\mathrm{vocab}}", r"W_{\mathrm{vocab},21}"),
        ("γ", r"\boldsymbol{\gamma}", r"\gamma_{21}"),
        ("β₁", r"\boldsymbol{\beta}_{1}", r"\beta_{1,21}"),
        ("W_Q′", r"\mathbf{W}_{Q}^{\prime}", r"W_{Q,21}^{\prime}"),
        ("B\u0304_12", r"\bar{\mathbf{B}}_{12}", r"\bar{B}_{12,21}"),
        ("weighed_1", r"\mathrm{weighed}_{1}", r"\mathrm{weighed}_{1,21}"),
        ("weighed_1′", r"\mathrm{weighed}_{1}^{\prime}", r"\mathrm{weighed}_{1,21}^{\prime}"),
        ("scores", r"\mathrm{scores}", r"\mathrm{scores}_{21}"),
        ("layer1.output", r"\mathrm{layer1.output}", r"\mathrm{layer1.output}_{21}"),
        ("∂W_Q", r"\partial \mathbf{W}_{Q}", r"\partial W_{Q,21}"),
        ("−∞", r"-\infty", r"-\infty"),
    ],
)
def test_names_in_print(letters: str, table: str, cell: str) -> None:
    shown = [LATEX(name).replace(r"\thinspace ", "") for name in (Name(letters, bold=True), Name(letters, AT))]
    assert [text.replace(", ", ",").replace(" ,", ",") for text in shown] == [table, cell]


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        (Transposed(Name("W_Q′", bold=True)), r"(\mathbf{W}_{Q}^{\prime})^{\top}"),
        (Part(Name("wte′"), (Name("ids"),)), r"(\mathrm{wte}^{\prime})[\mathrm{ids}]"),
        (Product((Name("y"), Name("ln p")), "·"), r"y \cdot (\text{ln} p)"),
        (Product((Name("y"), Name("−∞")), "·"), r"y \cdot (-\infty)"),
        (Name("squares_OV_1", (Number("2"),)), r"\mathrm{squares}_{\mathrm{OV}, 1 , 2}"),
    ],
)
def test_brackets_where_a_name_has_parts(formula: Maths, latex: str) -> None:
    """A weight after a step is turned over as a whole: two exponents at one letter are an error in LaTeX."""
    assert LATEX(formula) == latex


def test_places_past_9_have_commas() -> None:
    name = Name("W_Q", (Number("12"), Number("3")))
    assert LATEX(name).replace(" ", "") == "W_{Q,12,3}"


def test_signs_of_several_words_keep_their_spaces() -> None:
    assert LATEX(Over("mean of", Power(Name("x"), Number("2")))) == r"\text{mean of } x^{2}"
