"""Formulas as MathML Core, which browsers show without a script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import lookup
from unicodedata import name as unicode_name

from byhand.escaping import escaped
from byhand.notation.names import accent
from byhand.notation.printer import ACCENTS, GAP, Piece, Printer, comma, commas
from byhand.notation.tree import Maths, Name
from byhand.translations import _

LARGE = {"Σ": "∑", "Π": "∏", "∫": "∫"}
THIN = '<mspace width="0.17em"></mspace>'
WORD = re.compile(r"^(<mrow>)*<mi>\w{2,}</mi>|<mi>\w{2,}</mi>$")
UPRIGHT = "∂∞…⋯⋮⋱∇"


class MathML(Printer):
    """MathML; each method returns one element, so that rows wrap nothing twice."""

    def sign(self, sign: str) -> str:
        """Return a relation, or the sign between two parts."""
        if sign == GAP:
            return '<mspace width="1em"></mspace>'
        return _operator(sign) if sign else "<mo>\N{INVISIBLE TIMES}</mo>"

    def number(self, digits: str) -> str:
        size = digits.removeprefix("-").removeprefix("−")
        return f"<mn>{escaped(size)}</mn>" if size == digits else self.negative(f"<mn>{escaped(size)}</mn>")

    def name(self, name: Name) -> str:
        text = _letters(name.letters, name.bold)
        if name.below:
            between = _operator(",") if commas(name.below) else ""
            text = f"<msub>{text}{_row(between.join(map(self, name.below)))}</msub>"
        return text

    def words(self, words: str) -> str:
        return f"<mtext>{_hard(escaped(words))}</mtext>"

    def bracketed(self, inside: str) -> str:
        flat = not any(mark in inside for mark in ("<mfrac", "<munder", "<msqrt", "<mtable", "<mo>("))
        grows = ' stretchy="false"' if flat else ""
        return _row(_operator("(", grows) + inside + _operator(")", grows))

    def row(self, pieces: Sequence[Piece]) -> str:
        text = pieces[0][1]
        for sign, piece in pieces[1:]:
            apart = not sign and (WORD.search(text[-60:]) or WORD.match(piece))
            text += (THIN if apart else self.sign(sign)) + piece
        return _row(text)

    def negative(self, of: str) -> str:
        return _row(_operator("−", ' form="prefix"') + of)

    def quotient(self, top: str, bottom: str) -> str:
        return f"<mfrac>{top}{bottom}</mfrac>"

    def power(self, base: str, exponent: Maths) -> str:
        return f"<msup>{base}{self(exponent)}</msup>"

    def root(self, of: str) -> str:
        return f"<msqrt>{of}</msqrt>"

    def call(self, name: str, arguments: list[str]) -> str:
        return _row(_letters(name) + self.bracketed(_row(_operator(comma().strip()).join(arguments))))

    def transposed(self, of: str) -> str:
        return f'<msup>{of}<mi mathvariant="normal">⊤</mi></msup>'

    def part(self, of: str, places: list[str]) -> str:
        rigid = ' stretchy="false"'
        return _row(of + _operator("[", rigid) + _operator(comma().strip()).join(places) + _operator("]", rigid))

    def over(self, sign: str, body: str, below: str, above: str) -> str:
        large = _operator(LARGE[sign]) if sign in LARGE else _operator(sign, ' movablelimits="true"')
        tag = "munderover" if below and above else "munder" if below else "mover"
        limited = f"<{tag}>{large}{below}{above}</{tag}>" if below or above else large
        return _row(limited + ("" if sign in LARGE else THIN) + body)

    def grid(self, rows: list[list[str]]) -> str:
        return _row(_operator("[") + _table(rows) + _operator("]"))

    def cases(self, cases: list[tuple[str, str]]) -> str:
        return _row(_operator("{", ' form="prefix"') + _table(cases, ' class="cases"'))

    def condition(self, condition: str) -> str:
        return _row(self.words(f"{_('if')} ") + condition)

    def otherwise(self) -> str:
        return self.words(_("otherwise"))


def _row(inside: str) -> str:
    return f"<mrow>{inside}</mrow>"


def _operator(sign: str, attributes: str = "") -> str:
    return f"<mo{attributes}>{escaped(sign)}</mo>"


def _letters(letters: str, bold: bool = False) -> str:
    """Return a letter in italics, a word upright, a table in bold."""
    base, mark = accent(letters)
    style = ' mathvariant="normal"' if base in UPRIGHT else ""
    text = f"<mi{style}>{escaped(''.join(map(_bold, base)) if bold else base)}</mi>"
    return f'<mover accent="true">{text}{_operator(ACCENTS[mark].mathml)}</mover>' if mark else text


def _bold(letter: str) -> str:
    """Return the bold form of a letter, a sign of its own: browsers know no other bold in formulas."""
    plain = unicode_name(letter, "").replace("LATIN ", "").replace("GREEK ", "").replace("LETTER ", "")
    try:
        return lookup(f"MATHEMATICAL BOLD {plain}")
    except KeyError:
        return letter


def _table(rows: Sequence[Sequence[str]], style: str = "") -> str:
    lines = ("".join(f"<mtd>{cell}</mtd>" for cell in row) for row in rows)
    return f"<mtable{style}>{''.join(f'<mtr>{line}</mtr>' for line in lines)}</mtable>"


def _hard(text: str) -> str:
    """Return a text whose spaces at either end are hard, since browsers drop others."""
    hard = "\N{NO-BREAK SPACE}"
    return text if text == text.strip(" ") else text.replace(" ", hard)


def element(maths: Maths, kind: str = "") -> str:
    """Return a <math> element; `display` for one on its own line, `large` for one that is set as large."""
    attribute = {"": "", "display": ' display="block"', "large": ' displaystyle="true"'}[kind]
    return f"<math{attribute}>{MathML()(maths)}</math>"
