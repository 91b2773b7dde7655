"""Formulas as LaTeX that amsmath, MathJax and KaTeX all read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from byhand.notation.names import accent
from byhand.notation.printer import ACCENTS, GAP, Piece, Printer, comma, commas
from byhand.notation.tree import Maths, Name
from byhand.translations import _

LETTERS = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", """alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi
    pi rho sigma tau upsilon varphi chi psi omega""".split(), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), strict=True)),
    "∂": "partial", "∞": "infty", "ℓ": "ell", "∇": "nabla", "…": "dots", "⋯": "cdots", "⋮": "vdots", "⋱": "ddots",
    "′": "prime", "″": r"prime\prime", "‴": r"prime\prime\prime",
}  # fmt: skip
SIGNS = {
    "": "", "+": "+", "−": "-", "-": "-", "±": r"\pm", ",": ",", ":": ":",
    "·": r"\cdot", "×": r"\times", "⊙": r"\odot", "∘": r"\circ", "=": "=", "≠": r"\ne", "≈": r"\approx", "<": "<",
    ">": ">", "≤": r"\le", "≥": r"\ge", "→": r"\to", "∈": r"\in", "∉": r"\notin", "∼": r"\sim", "∝": r"\propto",
    "≪": r"\ll", "≫": r"\gg", "≡": r"\equiv", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "|": r"\mid",
}  # fmt: skip
LARGE = {"Σ": r"\sum", "Π": r"\prod", "∫": r"\int"}
FUNCTIONS = frozenset("arg cos cosh exp lim ln log max min sin sinh tan tanh".split())


class Latex(Printer):
    """`row_end` ends a row of a matrix: Markdown would swallow one of two backslashes, so it is given \\cr there."""

    def __init__(self, row_end: str = r"\\") -> None:
        self.row_end = f" {row_end} "

    def sign(self, sign: str) -> str:
        """Return a relation, or the sign between two parts."""
        return r"\quad" if sign == GAP else SIGNS[sign]

    def number(self, digits: str) -> str:
        return digits.replace("−", "-").replace("∞", r"\infty ").replace(",", "{,}")

    def name(self, name: Name) -> str:
        below = f"_{{{commas(name.below).join(map(self, name.below))}}}" if name.below else ""
        return f"{_letters(name.letters, name.bold)}{below}"

    def words(self, words: str) -> str:
        return rf"\text{{{escaped(words)}}}"

    def bracketed(self, inside: str) -> str:
        return rf"\left( {inside} \right)" if _tall(inside) else f"({inside})"

    def row(self, pieces: Sequence[Piece]) -> str:
        text = pieces[0][1]
        for sign, piece in pieces[1:]:
            apart = not sign and (re.search(r"\\mathrm\{[^{}]*\}$", text) or piece.startswith(r"\mathrm"))
            text = " ".join(filter(None, [text, r"\thinspace" if apart else self.sign(sign), piece]))
        return text

    def negative(self, of: str) -> str:
        return f"-{of}"

    def quotient(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def power(self, base: str, exponent: Maths) -> str:
        return f"{base}^{{{self(exponent)}}}"

    def root(self, of: str) -> str:
        return rf"\sqrt{{{of}}}"

    def call(self, name: str, arguments: list[str]) -> str:
        return _function(name) + self.bracketed(comma().join(arguments))

    def transposed(self, of: str) -> str:
        return rf"{of}^{{\top}}"

    def part(self, of: str, places: list[str]) -> str:
        return f"{of}[{comma().join(places)}]"

    def over(self, sign: str, body: str, below: str, above: str) -> str:
        plain = rf"\{sign}" if sign in FUNCTIONS else rf"\operatorname*{{{escaped(sign)}}}"
        under, upon = f"_{{{below}}}" if below else "", f"^{{{above}}}" if above else ""
        return f"{LARGE.get(sign, plain)}{under}{upon} {body}"

    def grid(self, rows: list[list[str]]) -> str:
        return rf"\begin{{bmatrix}} {self.row_end.join(' & '.join(row) for row in rows)} \end{{bmatrix}}"

    def cases(self, cases: list[tuple[str, str]]) -> str:
        return rf"\begin{{cases}} {self.row_end.join(' & '.join(case) for case in cases)} \end{{cases}}"

    def condition(self, condition: str) -> str:
        return rf"\text{{{escaped(_('if'))} }} {condition}"

    def otherwise(self) -> str:
        return rf"\text{{{escaped(_('otherwise'))}}}"


def _letters(letters: str, bold: bool = False) -> str:
    """Return a letter in italics, a word upright, a table in bold."""
    base, mark = accent(letters)
    text = rf"\{LETTERS[base]}" if base in LETTERS else SIGNS.get(base) or escaped(base)
    if bold:
        text = rf"\boldsymbol{{{text}}}" if base in LETTERS else rf"\mathbf{{{text}}}"
    elif len(base) > 1:
        text = rf"\mathrm{{{text}}}"
    return rf"\{ACCENTS[mark].latex}{{{text}}}" if mark else text


def _function(name: str) -> str:
    if name in FUNCTIONS:
        return rf"\{name}"
    return _letters(name) if len(name) == 1 else rf"\operatorname{{{escaped(name)}}}"


def _tall(inside: str) -> bool:
    return any(mark in inside for mark in (r"\frac", r"\sum", r"\prod", r"\sqrt", r"\begin", r"\left"))


TEXT = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "^": r"\textasciicircum{}",
    "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%", "–": "--", "—": "---", "“": "``", "”": "''", "’": "'",
    "…": r"\dots{}", "√": r"$\surd$", "′": "'", "ᵀ": r"$^{\top}$",
    "\N{NO-BREAK SPACE}": "~",
    **{sign: f"${latex}$" for sign, latex in SIGNS.items() if sign and not sign.isascii() and latex},
    **{raised: rf"\textsuperscript{{{digit}}}" for raised, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)},
    **{letter: rf"$\{latex}$" for letter, latex in LETTERS.items() if letter != "…"},
}  # fmt: skip
"""What must be written otherwise in a LaTeX text; letters with accents LaTeX reads as they are."""


def escaped(text: str) -> str:
    """Return a text as LaTeX reads it outside formulas."""
    return re.sub(r"[^\w\s]|_|[^\x00-\x7f]", lambda match: TEXT.get(match[0], match[0]), text)
