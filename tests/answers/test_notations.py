r"""Random numbers, expressions and tables, printed in every notation that is accepted and read back.

The values are computed by Python's fractions and floats. An expression is never read with another value; where a
notation can be meant in two ways (2e-1), it may be refused instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, currently_in_test_context, example, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from support.answer_files import verdict

from byhand.answers.equality import constant_value
from byhand.answers.grammar import Meaning
from byhand.answers.limits import Unreadable
from byhand.answers.reading import AskedShape, Reading, read
from byhand.answers.rules import Settings
from byhand.grading.submission import read_typed

wholes = st.integers(0, 10**9)
decimals = st.builds(lambda n, places: Decimal(n).scaleb(-places), wholes, st.integers(0, 9))


def reading(text: str, shape: Any = None, **settings: Any) -> Reading:
    return read(text, AskedShape(shape), Meaning(mixed=settings.get("mixed", True)), Settings(**settings))


def value(text: str, **settings: Any) -> Any:
    return constant_value(reading(text, **settings).entries[0])


def plain(number: Decimal) -> str:
    return format(number, "f")


def powers(number: Decimal, pattern: str) -> str:
    mantissa, _, exponent = f"{number:e}".partition("e")
    return pattern.format(mantissa, int(exponent))


SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
GROUPS = [",", " ", "\u00a0", "\u202f", "'", "’", "\\,", "{,}", "٬"]

NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "dollars": lambda d: f"${plain(d)}$",
    "LaTeX comma": lambda d: plain(d).replace(".", "{,}"),
    "boxed": lambda d: f"\\boxed{{{plain(d)}}}",
    "braces": lambda d: f"${{{plain(d)}}}$",
    "siunitx": lambda d: f"\\num{{{d:e}}}",
    "e": lambda d: powers(d, "{}e{}"),
    "E+": lambda d: powers(d, "{}E{:+03d}"),
    "x 10": lambda d: powers(d, "{} x 10^{}"),
    "x10": lambda d: powers(d, "{}x10^{}"),
    "×10": lambda d: (
        powers(d, "{}×10").replace("×10", "×10") + f"{d:e}".split("e")[1].lstrip("+").translate(SUPERSCRIPTS)
    ),
    "times": lambda d: powers(d, "{}\\times10^{{{}}}"),
    "cdot": lambda d: powers(d, "{}\\cdot 10^{{{}}}"),
    "**": lambda d: powers(d, "{}*10**{}"),
    "percent": lambda d: plain(d * 100) + "\\%",
    "per cent": lambda d: plain(d * 100) + " per cent",
    "frac": lambda d: "\\dfrac{{{}}}{{{}}}".format(*Fraction(d).as_integer_ratio()),
    "over": lambda d: "{{{} \\over {}}}".format(*Fraction(d).as_integer_ratio()),
    "÷": lambda d: "{}÷{}".format(*Fraction(d).as_integer_ratio()),
    "Arabic": lambda d: plain(d).translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")),
    "Devanagari": lambda d: plain(d).translate(str.maketrans("0123456789", "०१२३४५६७८९")),
    "full width": lambda d: plain(d).translate(str.maketrans("0123456789.", "０１２３４５６７８９．")),
    "formula": lambda d: f"={plain(d)}",
    "of a formula": lambda d: f"=SUM({plain(d)},0)",
    "its own fraction": lambda d: f"{'{}/{}'.format(*Fraction(d).as_integer_ratio())} = {plain(d)}",
    **{f"thousands {sign!r}": lambda d, sign=sign: f"{d:,f}".replace(",", sign) for sign in GROUPS},
}
AROUND = [
    "{}",
    " {} ",
    "about {}",
    "≈ {}",
    "x = {}",
    "{}.",
    "({})",
    "{} (rounded)",
    "{} (3 d.p.)",
    "'{}'",
    '"{}"',
    "“{}”",
    "{} points",
    "p ≈ {}",
]
UNSEEN = [
    "",
    "\u200b",
    "\ufeff",
    "\u202d{}\u202c",
    "\u2066{}\u2069",
    "\u2068{}\u2069",
    "\u200e",
    "\u00ad",
    "\u061c",
    "\u200d",
    "\u2060",
]


@pytest.mark.parametrize("form", NUMBERS)
@given(number=decimals, minus=st.booleans(), around=st.sampled_from(AROUND), unseen=st.sampled_from(UNSEEN))
@profile(max_examples=40, deadline=None)
def test_a_number_in_every_notation(form: str, number: Decimal, minus: bool, around: str, unseen: str) -> None:
    text, wanted = NUMBERS[form](number), Fraction(number)
    if form == "its own fraction":
        assume(wanted.denominator > 1)
    if "{,}" in text and form == "LaTeX comma":
        whole, places = text.split("{,}")
        assume(not (len(places) == 3 and 0 < int(whole) < 1000))  # `1{,}234` is also written for 1,234
    if form == "thousands '{,}'" and "." not in text and text.count("{,}") == 0:
        assume(around != "{}.")
    if minus and not text.startswith(("=", "$")) and form not in ("boxed", "its own fraction"):
        text, wanted = f"−{text}", -wanted
    around = "{}" if text.startswith("=") or form == "its own fraction" else around
    if "per" in form and around not in ("{}", "≈ {}", "x = {}"):
        around = "{}"  # percentage points are something else
    assume(not (form == "x10" and number < 1))  # 0x10 is a number in another base
    text = around.format(text)
    text = unseen.format(text) if "{}" in unseen else unseen + text + unseen
    assert value(text) == wanted
    assert read_typed(text).value == float(wanted)


@given(whole=st.integers(1, 99), over=st.integers(1, 99), under=st.integers(2, 99), minus=st.booleans())
def test_mixed_numbers_in_every_notation(whole: int, over: int, under: int, minus: bool) -> None:
    assume(over < under)
    wanted = whole + Fraction(over, under)
    sign = "-" if minus else ""
    for pattern in (
        "{} {}/{}",
        "{} {}⁄{}",
        "{}\\frac{{{}}}{{{}}}",
        "{} \\tfrac{{{}}}{{{}}}",
        "{}\\,\\dfrac{{{}}}{{{}}}",
        "{}{{{} \\over {}}}",
        "{} and {}/{}",
        "{}\u2064{}/{}",
    ):
        text = sign + pattern.format(whole, over, under)
        if "over" in pattern or "\u2064" in pattern:
            try:
                found = value(text)
            except Unreadable:
                continue
        else:
            found = value(text)
        assert found == (-wanted if minus else wanted), text
        with pytest.raises(Unreadable):
            value(text, mixed=False)


@dataclass(frozen=True)
class Part:
    """An expression in each notation. rank: how tightly it binds: 1 a sum, 2 a product, 3 a power, 4 a number."""

    value: float
    rank: int
    plain: str
    tight: str
    latex: str
    excel: str
    python: str

    def held(self, form: str, rank: int) -> str:
        text: str = getattr(self, form)
        if self.rank >= rank:
            return text
        return f"\\left({text}\\right)" if form == "latex" else f"({text})"


FORMS = ("plain", "tight", "latex", "excel", "python")
E_LETTER = Part(math.e, 4, "e", "e", "e", "EXP(1)", "math.e")
numbers = st.integers(1, 12).map(lambda n: Part(n, 4, *[str(n)] * 5))


def require(fact: bool) -> None:
    """Leave a case out unless this holds."""
    if currently_in_test_context():
        assume(fact)


def added(a: Part, b: Part, sign: str) -> Part:
    total = a.value + b.value if sign == "+" else a.value - b.value
    rank = 1 if sign == "+" else 2
    texts = {form: a.held(form, 1) + sign + b.held(form, rank) for form in FORMS}
    return Part(total, 1, **(texts | {"plain": f"{a.held('plain', 1)} {sign} {b.held('plain', rank)}"}))


def times_e(n: Part) -> Part:
    """A number before e, without a sign between them, as in 2e."""
    return Part(
        n.value * math.e, 2, f"{n.plain}*e", f"{n.plain}e", f"{n.plain}e", f"{n.excel}*EXP(1)", f"{n.python}*math.e"
    )


def divided(a: Part, b: Part) -> Part:
    require(abs(b.value) > 1e-9)
    texts = {form: f"{a.held(form, 2)}/{b.held(form, 3)}" for form in FORMS}
    return Part(a.value / b.value, 2, **(texts | {"latex": f"\\frac{{{a.latex}}}{{{b.latex}}}"}))


def multiplied(a: Part, b: Part) -> Part:
    texts = {form: f"{a.held(form, 2)}*{b.held(form, 3)}" for form in FORMS}
    texts |= {
        "plain": f"{a.held('plain', 2)}·{b.held('plain', 3)}",
        "latex": f"{a.held('latex', 2)}\\cdot {b.held('latex', 3)}",
    }
    return Part(a.value * b.value, 2, **texts)


def raised(a: Part, n: int) -> Part:
    require(abs(a.value) < 1e4)
    held = {form: a.held(form, 4) for form in FORMS}
    return Part(
        a.value**n,
        3,
        f"{held['plain']}^{n}",
        held["tight"] + str(n).translate(SUPERSCRIPTS),
        f"{{{held['latex']}}}^{{{n}}}",
        f"{held['excel']}^{n}",
        f"{held['python']}**{n}",
    )


def called(name: str, a: Part) -> Part:
    require(a.value < 20 if name == "exp" else a.value > 1e-9)
    function = {"ln": math.log, "exp": math.exp, "sqrt": math.sqrt}[name]
    latex = f"\\sqrt{{{a.latex}}}" if name == "sqrt" else f"\\{name}\\left({a.latex}\\right)"
    python = f"math.{'log' if name == 'ln' else name}({a.python})"
    return Part(
        function(a.value), 4, f"{name}({a.plain})", f"{name}({a.tight})", latex, f"{name.upper()}({a.excel})", python
    )


def larger(part: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.one_of(
        st.builds(added, part, part, st.sampled_from("+-")),
        st.builds(multiplied, part, part),
        st.builds(divided, part, part),
        st.builds(raised, part, st.integers(2, 3)),
        st.builds(called, st.sampled_from(["ln", "exp", "sqrt"]), part),
    )


parts = st.recursive(
    numbers | st.just(E_LETTER) | numbers.filter(lambda n: n.value > 1).map(times_e), larger, max_leaves=6
)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@given(part=parts)
@example(part=divided(E_LETTER, added(times_e(Part(2, 4, *["2"] * 5)), Part(1, 4, *["1"] * 5), "+")))
@example(part=called("ln", added(times_e(Part(3, 4, *["3"] * 5)), Part(2, 4, *["2"] * 5), "-")))
@profile(max_examples=150, deadline=None)
def test_an_expression_in_every_notation(form: str, part: Part) -> None:
    text: str = getattr(part, form)
    assume(abs(part.value) < 1e12)
    text = f"={text}" if form == "excel" else f"${text}$" if form == "latex" else text
    try:
        read_text = reading(text)
        found = float(constant_value(read_text.entries[0]))
    except Unreadable as refusal:
        if form not in ("tight", "latex") or not re.search(
            "may be|not finished" if form == "tight" else "not finished", str(refusal)
        ):
            raise
        return
    if read_text.twofold and abs(found - part.value) > 1e-9 * max(1.0, abs(part.value)):
        assert verdict(text, part.plain).outcome == "unreadable", text  # a right answer is not called wrong
        return
    assert found == pytest.approx(part.value, rel=1e-9, abs=1e-12), text


entries = st.builds(
    lambda n, places, minus: Decimal(-n if minus else n).scaleb(-places),
    st.integers(0, 999),
    st.sampled_from([0, 0, 1, 2]),
    st.booleans(),
)
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(entries, min_size=width, max_size=width), min_size=2, max_size=4)
)


def joined(rows: list[list[str]], cell: str, row: str, around: str = "{}") -> str:
    return around.replace("{}", row.join(cell.join(cells) for cells in rows))


TABLES: dict[str, Callable[[list[list[str]]], str]] = {
    "lists": lambda t: "[" + ", ".join(f"[{', '.join(r)}]" for r in t) + "]",
    "tuples": lambda t: "(" + ",".join(f"({','.join(r)})" for r in t) + ")",
    "braces": lambda t: "{" + ",".join(f"{{{','.join(r)}}}" for r in t) + "}",
    "numpy": lambda t: "[" + "\n ".join(f"[{' '.join(r)}]" for r in t) + "]",
    "np.array": lambda t: "np.array([" + ", ".join(f"[{', '.join(r)}]" for r in t) + "])",
    "tensor": lambda t: "tensor([" + ",\n        ".join(f"[{', '.join(r)}]" for r in t) + "])",
    "MATLAB": lambda t: joined(t, " ", "; ", "[{}]"),
    "commas": lambda t: joined(t, ", ", "; ", "[{}]"),
    "bare": lambda t: joined(t, " ", "; "),
    "tabs": lambda t: joined(t, "\t", "\n"),
    "tabs and blanks": lambda t: joined(t, " \t ", " \n"),
    "mixed": lambda t: "\n".join(" ".join(r[:2]) + "".join("\t" + c for c in r[2:]) for r in t),
    "two tabs": lambda t: joined(t, "\t\t", "\n"),
    "CRLF": lambda t: joined(t, "\t", "\r\n") + "\r\n",
    "CSV": lambda t: joined(t, ",", "\n"),
    "semicolons": lambda t: joined(t, ";", "\n"),
    "Markdown": lambda t: "\n".join(f"| {' | '.join(r)} |" for r in t),
    "Markdown with a rule": lambda t: "\n".join(f"|{'|'.join(r)}|" for r in [t[0], ["---"] * len(t[0]), *t[1:]]),
    "transposed": lambda t: "[" + ", ".join(f"[{', '.join(r)}]" for r in zip(*t, strict=True)) + "]^T",
    "array constant": lambda t: joined(t, ",", ";", "={{}}"),
    "Typst": lambda t: joined(t, ", ", "; ", "mat({})"),
    "bmatrix": lambda t: joined(t, "&", "\\\\", "\\begin{bmatrix}{}\\end{bmatrix}"),
    "pmatrix": lambda t: joined(t, " & ", " \\\\ ", "$\\begin{pmatrix} {} \\\\ \\end{pmatrix}$"),
    "smallmatrix": lambda t: joined(t, "&", "\\\\", "\\left[\\begin{smallmatrix}{}\\end{smallmatrix}\\right]"),
    "array": lambda t: joined(t, "&", "\\\\[4pt]", "\\left(\\begin{array}{c|cc}{}\\end{array}\\right)"),
    "hline": lambda t: joined(t, "&", "\\\\\\hline ", "\\begin{array}{|c|c|}\\hline {}\\\\\\hline\\end{array}"),
    "braced": lambda t: joined([[f"{{{c}}}" for c in r] for r in t], "&", "\\\\", "\\begin{bmatrix}{}\\end{bmatrix}"),
    "plain TeX": lambda t: joined(t, "&", "\\cr ", "\\pmatrix{{}}"),
    "body": lambda t: joined(t, " & ", " \\\\ "),
    "named": lambda t: "A = [" + ", ".join(f"[{', '.join(r)}]" for r in t) + "]",
}
WITH_COMMA = ("bare", "MATLAB", "tabs", "two tabs", "numpy", "bmatrix", "array", "braced", "body")


@pytest.mark.parametrize("form", TABLES)
@given(table=tables)
@profile(max_examples=40, deadline=None)
def test_a_table_in_every_notation(form: str, table: list[list[Decimal]]) -> None:
    text = TABLES[form]([[plain(cell) for cell in row] for row in table])
    shape = (len(table), len(table[0]))
    found = reading(text, shape)
    assert found.shape == shape
    assert [constant_value(entry) for entry in found.entries] == [Fraction(cell) for row in table for cell in row], text


@pytest.mark.slow
@pytest.mark.parametrize("form", WITH_COMMA)
@given(table=tables)
@profile(max_examples=40, deadline=None)
def test_a_table_with_decimal_commas(form: str, table: list[list[Decimal]]) -> None:
    assume(any("." in plain(cell) for row in table for cell in row))
    text = TABLES[form]([[plain(cell).replace(".", ",") for cell in row] for row in table])
    found = reading(text, (len(table), len(table[0])))
    assert [constant_value(entry) for entry in found.entries] == [Fraction(cell) for row in table for cell in row], text
