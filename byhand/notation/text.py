"""A formula as plain text, as the captions of a workbook show it: softmax(Q · Kᵀ / √d_k)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from byhand.notation.printer import ATOM, GAP, Piece, Printer, comma, commas
from byhand.notation.tree import Chain, Maths, Name, Number
from byhand.translations import _

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Text(Printer):
    """Plain text on one line, as captions and rules have it: Q · Kᵀ / √d_k."""

    flat = True

    def number(self, digits: str) -> str:
        return digits.replace("-", "−")

    def name(self, name: Name) -> str:
        return name.letters + self._subscripts(name.below, "_" in name.letters)

    def words(self, words: str) -> str:
        return words

    def bracketed(self, inside: str) -> str:
        return f"({inside})"

    def row(self, pieces: Sequence[Piece]) -> str:
        return pieces[0][1] + "".join(_sign(sign) + piece for sign, piece in pieces[1:])

    def negative(self, of: str) -> str:
        return f"−{of}"

    def quotient(self, top: str, bottom: str) -> str:
        return f"{top} / {bottom}"

    def power(self, base: str, exponent: Maths) -> str:
        if isinstance(exponent, Number) and exponent.digits.isdigit():
            return base + exponent.digits.translate(RAISED)
        return f"{base}^{self.within(exponent, ATOM)}"

    def root(self, of: str) -> str:
        return f"√{of}"

    def call(self, name: str, arguments: list[str]) -> str:
        return f"{name}({comma().join(arguments)})"

    def transposed(self, of: str) -> str:
        return f"{of}ᵀ"

    def part(self, of: str, places: list[str]) -> str:
        return f"{of}[{comma().join(places)}]"

    def over(self, sign: str, body: str, below: str, above: str) -> str:
        return f"{sign}{f'_{below}' if below else ''}{f'^{above}' if above else ''} {body}"

    def grid(self, rows: list[list[str]]) -> str:
        return f"[{'; '.join('  '.join(row) for row in rows)}]"

    def cases(self, cases: list[tuple[str, str]]) -> str:
        return ", ".join(f"{value} {when}" if when else _("else {value}").format(value=value) for value, when in cases)

    def condition(self, condition: str) -> str:
        return _("where {condition}").format(condition=condition)

    def otherwise(self) -> str:
        return ""

    def _subscripts(self, below: tuple[Maths, ...], has_own: bool) -> str:
        """Return ₂₁ of Q₂₁, _ij of x_ij, _12,1; in brackets where that could be misread: W_Q[12, 1], E[ids₁ + 1, 1]."""
        if not below:
            return ""
        parts = [side for b in below for side in (b.sides if isinstance(b, Chain) else (b,))]
        if all(isinstance(b, Number) and len(b.digits) == 1 for b in parts):
            return "".join(map(self, parts)).translate(LOWERED)
        texts = [self(b) for b in parts]
        if has_own or any(re.search(r"[^\w]|_", one) for one in texts):
            return f"[{', '.join(map(self, below))}]"
        return f"_{commas(tuple(parts)).strip().join(texts)}"


def _sign(sign: str) -> str:
    if sign in (",", ";"):
        return f"{sign} "
    return f" {sign} " if sign.strip() else GAP


_text = Text()


def text(maths: Maths) -> str:
    """Return the formula on one line."""
    return _text(maths)
