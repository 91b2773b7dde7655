"""LaTeX in an answer: its layout commands rewritten as plain text, so that only names of mathematics are left."""

from __future__ import annotations

import re

from byhand.grading.answers.letters import GREEK
from byhand.grading.answers.names import FUNCTIONS

_NAMED = re.compile(r"\\(?:operatorname\*?|mathrm|mathbf|mathit|text|textbf|textrm|rm)\s*\{\s*([A-Za-z]{0,30})\s*\}")
_DOLLARS = re.compile(r"^(?:\$\$?|\\\(|\\\[)(.*?)(?:\$\$?|\\\)|\\\])$", re.DOTALL)
_SIZES = re.compile(r"\\(?:left|right|bigg?[lr]?|Bigg?[lr]?|displaystyle|limits)(?![A-Za-z])\.?")
_BLANKS = re.compile(r"\\(?:[,;:! ]|q?quad(?![A-Za-z]))")
_BEGIN = re.compile(r"\\begin\s*\{(?:[pbB]?matrix|smallmatrix)\}|\\begin\s*\{array\}\s*\{[lcr| ]{0,40}\}")
_END = re.compile(r"(?:\\\\\s*)?\\end\s*\{(?:[pbB]?matrix|smallmatrix|array)\}")
_DIGIT_AFTER = re.compile(r"\\([dtc]?frac|sqrt)\s*([0-9])")
_SECOND = re.compile(r"(\\[dtc]?frac\s*\{[^{}]{0,60}\})\s*([0-9])")
_REPEATING = re.compile(r"(\d\.\d{0,30})\\(?:overline|bar|dot)\s*\{?(\d{1,30})\}?", re.ASCII)
_COMMAND = re.compile(r"\\([A-Za-z]+)")

_SIGNS = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "div": "/",
    "approx": "~",
    "simeq": "~",
    "infty": "∞",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "mid": "|",
    "lbrack": "[",
    "rbrack": "]",
    "langle": "<",
    "rangle": ">",
    "top": "T",
    "dfrac": "\\frac",
    "tfrac": "\\frac",
    "cfrac": "\\frac",
}
_LETTERS = {name: letter for letter, name in GREEK.items()} | {"varepsilon": "ε", "varphi": "φ", "lamda": "λ"}


def plain(text: str) -> str:
    """What LaTeX lays out, in the notation of a keyboard; \\frac, \\sqrt and unknown commands stay."""
    text = _DOLLARS.sub(r"\1", text)
    text = _NAMED.sub(r" \1 " if "_{" not in text else r"\1", text)
    text = _BEGIN.sub("[", text)
    text = _END.sub("]", text)
    text = _SIZES.sub("", text)
    text = text.replace("\\\\", " ; ").replace("&", " , ")
    text = _BLANKS.sub(" ", text)
    for sign in "%{}":
        text = text.replace(f"\\{sign}", sign)
    text = _REPEATING.sub(lambda m: m[1] + "".join(f"{digit}\u0305" for digit in m[2]), text)
    text = _DIGIT_AFTER.sub(r"\\\1{\2}", text)
    text = _SECOND.sub(r"\1{\2}", text)
    return _COMMAND.sub(_one, text)


def _one(match: re.Match[str]) -> str:
    name = match[1]
    if name in _SIGNS:
        return _SIGNS[name]
    if (name in FUNCTIONS and name != "sqrt") or name == "log":
        return f" {name}"
    return _LETTERS.get(name, match[0])
