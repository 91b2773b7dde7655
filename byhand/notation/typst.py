"""Formulas and texts as Typst markup, from which the PDF is set."""

from __future__ import annotations

import re
from collections.abc import Sequence

from byhand.notation.names import accent
from byhand.notation.printer import ACCENTS, GAP, Piece, Printer, comma, commas
from byhand.notation.tree import Maths, Name
from byhand.translations import _

LARGE = {"Σ": "sum", "Π": "product", "∫": "integral"}
FUNCTIONS = frozenset("cos cosh exp lim ln log max min sin sinh tan tanh".split())
SIGNS = {"": "", GAP: "quad", ",": r"\,", "·": "dot.op", ":": r"\:", ";": r"\;", "|": "divides"}
COMMA = r" \, "
UPRIGHT = "∂∞…⋯⋮⋱∇"


class Typst(Printer):
    """Typst markup; commas are escaped everywhere, so that none ends an argument."""

    def sign(self, sign: str) -> str:
        """Return a relation, or the sign between two parts."""
        return SIGNS.get(sign, sign)

    def number(self, digits: str) -> str:
        size = digits.removeprefix("-").removeprefix("−")
        text = size if re.fullmatch(r"\d+(\.\d+)?", size) else string(size)
        return text if size == digits else self.negative(text)

    def name(self, name: Name) -> str:
        between = COMMA if commas(name.below) else " "
        below = f"_({between.join(map(self, name.below))})" if name.below else ""
        return f"{_letters(name.letters, name.bold)}{below}"

    def words(self, words: str) -> str:
        return string(words)

    def bracketed(self, inside: str) -> str:
        return f"lr(( {inside} ))"

    def row(self, pieces: Sequence[Piece]) -> str:
        rest = (part for sign, piece in pieces[1:] for part in (self.sign(sign), piece) if part)
        return " ".join([pieces[0][1], *rest])

    def negative(self, of: str) -> str:
        return f"−{of}"

    def quotient(self, top: str, bottom: str) -> str:
        return f"frac({top}, {bottom})"

    def power(self, base: str, exponent: Maths) -> str:
        return f"{base}^({self(exponent)})"

    def root(self, of: str) -> str:
        return f"sqrt({of})"

    def call(self, name: str, arguments: list[str]) -> str:
        listed = self.bracketed(_between().join(arguments))
        return f"{_function(name)} {listed}"

    def transposed(self, of: str) -> str:
        return f"{of}^(⊤)"

    def part(self, of: str, places: list[str]) -> str:
        return f"{of}[{_between().join(places)}]"

    def over(self, sign: str, body: str, below: str, above: str) -> str:
        under, upon = f"_({below})" if below else "", f"^({above})" if above else ""
        return f"{LARGE.get(sign) or _function(sign)}{under}{upon} {body}"

    def grid(self, rows: list[list[str]]) -> str:
        return f'mat(delim: "[", {"; ".join(", ".join(row) for row in rows)})'

    def cases(self, cases: list[tuple[str, str]]) -> str:
        return f"cases({', '.join(f'{value} quad & {when}' for value, when in cases)})"

    def condition(self, condition: str) -> str:
        return f"{string(_('if'))} {condition}"

    def otherwise(self) -> str:
        return string(_("otherwise"))


def _between() -> str:
    return COMMA if comma().startswith(",") else r" \; "


def _function(name: str) -> str:
    """Return a function's name; limits stand below it, as below max."""
    if name in FUNCTIONS:
        return name
    return f"op({string(name)}, limits: #true)" if len(name) > 1 else _letters(name)


def _letters(letters: str, bold: bool = False) -> str:
    """Return a letter in italics, a word upright, a table in bold."""
    base, mark = accent(letters)
    plain = base in UPRIGHT or (len(base) == 1 and base.isalpha())
    text = base if plain else string(base)
    text = f"bold(upright({text}))" if bold else text
    return f"{ACCENTS[mark].typst}({text})" if mark else text


def string(text: str) -> str:
    """Return a text as a string of Typst, which is set upright in formulas."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped(text: str) -> str:
    """Return a text as Typst reads it outside formulas."""
    return re.sub(r"([\\#$*_`<>@~/\[\]\"'=+-])", r"\\\1", text)
