"""The characters of an answer: the many that people's keyboards write, as the few that are read."""

from __future__ import annotations

import re
import unicodedata

from byhand.grading.answers.bounds import LONGEST, Unreadable

UNSEEN = "\u200b\u200e\u200f\u2060\ufeff"
"""What copying from a page leaves at the ends, and nobody sees."""

_SIGNS = {
    "-": "−–—‐‑‒﹣－",
    "*": "×·⋅∙•∗✕＊",
    "/": "÷⁄∕／",
    "~": "≈∼≃≅～",
    "|": "∣｜",
    "+": "＋",
    ".": "．٫",
    ",": "，",
    ";": "；",
    "(": "（",
    ")": "）",
    "[": "［",
    "]": "］",
    "%": "％٪",
    "^": "＾",
    "'": "’ʼ",
    "<": "⟨〈",
    ">": "⟩〉",
    "e": "ℯ",
    "\u0305": "\u0304\u0307",
}
_TRANSLATED = str.maketrans({sign: plain for plain, signs in _SIGNS.items() for sign in signs})
TIMES = "×✕"
"""Signs that in `2×3` may be the sides of a table."""

GREEK = {
    letter: "lambda" if name == "LAMDA" else name.lower()
    for name in "ALPHA BETA GAMMA DELTA EPSILON ZETA ETA THETA IOTA KAPPA LAMDA MU NU XI OMICRON PI RHO SIGMA TAU "
    "UPSILON PHI CHI PSI OMEGA".split()
    for letter in unicodedata.lookup(f"GREEK SMALL LETTER {name}")
} | {
    unicodedata.lookup(f"GREEK CAPITAL LETTER {name}"): name.capitalize().replace("Lamda", "Lambda")
    for name in "GAMMA DELTA THETA LAMDA XI PI SIGMA PHI PSI OMEGA".split()
}
GREEK |= {"ϵ": "epsilon", "ϕ": "phi", "ϑ": "theta", "µ": "mu", "ϱ": "rho", "ς": "sigma"}

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣʸᵀ"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼ"
_KNOWN = frozenset("".join(GREEK) + SUPERSCRIPTS + SUBSCRIPTS + "√∛∜∞‰\u0305…")

_NARROW = re.compile(r"(?<![\d.,'])([1-9]\d{0,2})((?:[\u00a0\u2009\u202f]\d{3})+)(?!\d)", re.ASCII)
_RAISED_POINT = re.compile(r"(?<![\d.,])0[·⋅∙•]\d", re.ASCII)
_REPEATED = re.compile(r"(\d\.)\((\d{1,30})\)", re.ASCII)


def stripped(text: str) -> str:
    """Without what surrounds an answer and is not seen."""
    return text.strip().strip(UNSEEN).strip()


def cleaned(text: str) -> str:
    """The answer in ASCII and the few letters and signs that have no ASCII form. Raises Unreadable."""
    text = stripped(text)
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST:,} characters")
    if not text.isascii():
        text = _NARROW.sub(lambda m: m[1] + re.sub(r"\D", "'", m[2]), text)
        if _RAISED_POINT.search(text):
            raise Unreadable("0· may be a decimal or a product: write 0. or 0*")
        text = unicodedata.normalize("NFC", text).translate(_TRANSLATED)
        text = "".join(c if c.isascii() else _plain(c) for c in text)
    if not text.isprintable():
        text = _lines(text)
    if "(" in text:
        text = _REPEATED.sub(lambda m: m[1] + "".join(f"{digit}\u0305" for digit in m[2]), text)
    return _unended(text)


def _plain(c: str) -> str:
    if c in _KNOWN:
        return c
    if (digit := unicodedata.decimal(c, None)) is not None:
        return str(digit)
    if unicodedata.category(c) == "Zs":
        return " "
    if unicodedata.category(c) == "No" and "\N{FRACTION SLASH}" in unicodedata.normalize("NFKC", c):
        return c
    raise Unreadable(f"it holds {called(c)}, which is not read here")


def called(c: str) -> str:
    """A character by its code and its name, so that no sentence holds one that steers a screen."""
    return f"the character U+{ord(c):04X} ({unicodedata.name(c, 'without a name').lower()})"


def _lines(text: str) -> str:
    """With one kind of line end; no character may steer a terminal."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for c in text:
        if c not in "\n\t\u0305" and unicodedata.category(c).startswith("C"):
            raise Unreadable(f"it holds {called(c)}, which is not read here")
    return text


def _unended(text: str) -> str:
    """Without the full stop of a sentence."""
    if text.endswith(".") and not text.endswith("..") and len(text) > 1 and (text[-2].isalnum() or text[-2] in ")]}%"):
        return text[:-1]
    return text
