"""The reader of answers: of all possible readings, the first with the shape that the item asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from byhand.answers.excel_formula import ExcelGrammar
from byhand.answers.grammar import FUNCTIONS, Grammar, Meaning
from byhand.answers.layout import layout_of
from byhand.answers.rules import Settings
from byhand.answers.tokens import GREEK, Comma, Unreadable, clean_answer, strip_invisible, tokens
from byhand.answers.tree import (
    Apply,
    Infinite,
    Number,
    Tree,
    decimal_text,
    letters_in,
    nodes_of,
    short_text_of,
    to_ten_digits,
)

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


def from_latex(text: str) -> str:
    """Return LaTeX in keyboard notation; \\frac, \\sqrt and unknown commands stay."""
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


Shape = tuple[int, int] | None
"""Rows and columns; None for one number."""

_WRAPPER = re.compile(r"^(?:array|asarray|tensor|[mM]atrix|Size|constant)\s*\((.*)\)$", re.DOTALL)
_LIBRARY = re.compile(r"(?<![\w.])(?:np|numpy|math|torch|jnp|tf|sp|sympy)\.(?:(log)(?=\()|(?=[A-Za-z]))")
_FLOAT = re.compile(r"""float\(\s*(["'])\s*([-+]?inf(?:inity)?)\s*\1\s*\)""", re.IGNORECASE)
_DATE = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/-])\d{1,2}\2\d{1,2}", re.ASCII)
_PERCENT = re.compile(r"(?<=[\d.) ])\s*(?:percent|per cent|pct)$", re.IGNORECASE)
_KEYWORDS = re.compile(r",\s*(?:dtype|device|requires_grad|grad_fn)\s*=\s*[\w.'<>: ]{1,40}")
_LABEL = re.compile(
    r"^(?P<label>[A-Za-z{greek}][\w {greek}]{{0,30}}?(?:_\{{\w{{1,12}}\}})?(?:\([\w, ]{{1,20}}\)|\[[\w, ]{{1,12}}\])?)"
    r"\s*(?P<sign>:=|=|:|~)\s*(?=\S)".format(greek="".join(GREEK)),
    re.ASCII,
)
_SIDES = re.compile(r"^[(\[]?\s*\d{1,7}(?:\s*(?:[xX×✕]|by|\\times)\s*\d{1,7}){1,7}\s*[)\]]?$", re.ASCII)
_PRODUCT = re.compile(r"^\d{1,7}(?:\s*\*\s*\d{1,7}){1,7}$", re.ASCII)


_NESTED = ("[[", "{{", "((")


@dataclass(frozen=True)
class Reading:
    """A read answer. rows: the tree of each entry. shape: None for one number. loose: neither row nor column.

    notes: how ambiguous signs were read, such as `decimal comma`.
    """

    rows: tuple[tuple[Tree, ...], ...]
    shape: Shape
    notes: tuple[str, ...] = ()
    loose: bool = False

    @property
    def entries(self) -> list[Tree]:
        return [entry for row in self.rows for entry in row]


@dataclass(frozen=True)
class AskedShape:
    """The shape that an item asks for. sides: whether the answer itself is a table's shape, as in 2x3."""

    shape: Shape = None
    sides: bool = False
    strict: bool = False

    def fits(self, reading: Reading) -> bool:
        """Whether the reading has the shape; one number in brackets counts as one number."""
        if self.shape in (None, (1, 1)):
            return reading.shape in (None, (1, 1))
        if reading.shape is None:
            return False
        turned = reading.shape == self.shape[::-1] and (not self.strict or reading.loose) and 1 in self.shape
        return reading.shape == self.shape or turned


def read(text: str, asked: AskedShape, meaning: Meaning, settings: Settings) -> Reading:
    """Read an answer. Raises Unreadable, with the reason."""
    if asked.sides:
        text = _sides(text)
    text = clean_answer(text)
    if "\\" in text or "&" in text or text.startswith("$"):
        text = from_latex(text).strip()
    text, label = _without_label(_without_code_notation(text), meaning)
    formula = text.startswith("=")
    notes = (f"{label} left out",) if label else ()
    first: Unreadable | None = None
    fallback: Reading | None = None
    listed: Comma | None = None
    for comma, blanks in _ways(text, asked, settings, formula):
        if comma is listed or (first and comma is not Comma.SEPARATES and text[:2] in _NESTED):
            continue
        try:
            reading = _one_way(text, comma, blanks, meaning, formula)
        except Unreadable as refusal:
            first = first or refusal
            continue
        if asked.fits(reading):
            return _with_notes(reading, text, comma, notes, settings, formula)
        listed = comma if blanks and text[:1] == "[" else listed
        if fallback is None and first is None:
            fallback = _with_notes(reading, text, comma, notes, settings, formula)
    if fallback is None:
        raise first or Unreadable("it is not understood")
    if asked.shape is None and _bare(text):
        raise Unreadable(f"{len(fallback.entries)} numbers stand where one is asked for")
    return fallback


def _ways(text: str, asked: AskedShape, settings: Settings, formula: bool) -> Iterator[tuple[Comma, bool]]:
    """Yield the possible meanings of commas and blanks, the likeliest first: True if blanks separate entries."""
    commas = [Comma.SEPARATES]
    if settings.decimal == "comma":
        commas = [Comma.DECIMAL, Comma.SEPARATES] if "," in text or "." in text else commas
    elif "," in text:
        commas = [Comma.SEPARATES, Comma.THOUSANDS, Comma.DECIMAL]
    several = asked.shape not in (None, (1, 1)) and not formula
    bracketed = text[:1] in ("[", "{") and " " in text
    for comma in commas:
        if several or bracketed:
            yield comma, True
        yield comma, False


@lru_cache(maxsize=4096)
def _one_way(text: str, comma: Comma, blanks: bool, meaning: Meaning, formula: bool) -> Reading:
    if formula:
        words = tokens(text[1:], comma, False)
        return Reading(((ExcelGrammar(words).whole(),),), None)
    words = tokens(text, comma, not blanks)
    end = words.pop()
    if not words:
        raise Unreadable("there is nothing to read")
    layout = layout_of(words, blanks, comma is Comma.DECIMAL) if len(words) > 1 else None
    if layout is None:
        return Reading(((Grammar([*words, end], meaning).whole(),),), None)
    rows = tuple(tuple(Grammar([*cell, end], meaning).whole() for cell in row) for row in layout.rows)
    return Reading(rows, (len(rows), len(rows[0])), (), layout.loose)


def _sides(text: str) -> str:
    """Return 2x3, 2×3 and 2 by 3 as (2, 3)."""
    text = strip_invisible(text)
    if _SIDES.match(text):
        return f"({', '.join(re.findall(r'[0-9]+', text))})"
    if _PRODUCT.match(text):
        raise Unreadable("it may be a product or the sides of a table: write (2, 3) or 2x3")
    return text


def _without_code_notation(text: str) -> str:
    """Return the text without the notation of programming languages (np.exp), and with % for percent."""
    if text.startswith("Err:"):
        raise Unreadable("it is a spreadsheet's error, not a number")
    if _DATE.fullmatch(text):
        raise Unreadable("it looks like a date")
    if "." in text:
        text = _LIBRARY.sub(lambda m: "ln" if m[1] else "", text)
    if text[-1:].isalpha():
        text = _PERCENT.sub("%", text)
    return _FLOAT.sub(r"\2", text) if text.startswith("float") else text


def _without_label(text: str, meaning: Meaning) -> tuple[str, str]:
    """Return the text without `x =`, `≈` and the name of a constructor, and the label that is left out."""
    label = ""
    if text[:1].isalpha() and (match := _LABEL.match(text)) and match["label"] not in meaning.variables:
        label, text = f"{match['label'].strip()} {match['sign'].strip()}", text[match.end() :]
        if label.endswith("=") and text.startswith("="):
            raise Unreadable("it is an equation: give one side only")
    if text.startswith("~") and len(text) > 1:
        text = text[1:].lstrip()
    if text[:1].isalpha() and (match := _WRAPPER.match(text)):
        text = _KEYWORDS.sub("", match[1]).strip()
    return text, label


def _bare(text: str) -> bool:
    return text[:1] not in ("[", "{", "(", "<")


def _with_notes(
    reading: Reading, text: str, comma: Comma, notes: tuple[str, ...], settings: Settings, formula: bool
) -> Reading:
    """Return the reading with notes on ambiguous signs."""
    all_notes = list(notes)
    if formula:
        all_notes.append("as a spreadsheet formula")
    if comma is Comma.DECIMAL and re.search(r"[0-9],[0-9]|(?<![0-9]),[0-9]", text):
        all_notes.append("decimal comma")
    elif comma is Comma.DECIMAL and re.search(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?![0-9])", text):
        all_notes.append("points between thousands")
    elif comma is Comma.THOUSANDS:
        all_notes.append("commas between thousands")
    ops = {node.op for entry in reading.entries for node in nodes_of(entry) if isinstance(node, Apply)}
    if "mixed" in ops:
        all_notes.append("mixed number")
    if not formula and "log" in text and ops & {"ln", "log"} and re.search(r"(?i)log(?![_0-9i])", text):
        all_notes.append(
            {"natural": "log is natural", "base10": "log to base 10", "base2": "log to base 2"}[settings.log]
        )
    return Reading(reading.rows, reading.shape, tuple(all_notes), reading.loose) if all_notes else reading


LONGEST_SHOWN = 200


def describe_reading(reading: Reading, value: Any, unit: str) -> str:
    """Return how an answer was read: `0.88 (decimal comma)`, `e^2/(1 + e^2) = 0.8807970779`, `[[1, 2], [3, 4]]`."""
    text = _single(reading.entries[0], value) if reading.shape is None else _table(reading)
    text = f"{text} {unit}" if unit else text
    notes = [*reading.notes, *_percent(reading)]
    text = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return f"{text} ({'; '.join(notes)})" if notes else text


def _single(tree: Tree, value: Any) -> str:
    text = short_text_of(tree)
    if isinstance(tree, Number | Infinite) or letters_in(tree) or value is None or isinstance(value, Infinite):
        return text
    if isinstance(tree, Apply) and tree.op == "neg" and isinstance(tree.args[0], Number):
        return text
    if isinstance(tree, Apply) and tree.op == "percent" and type(value) is Fraction:
        return decimal_text(value)
    number = to_ten_digits(value)
    return text if number == text else f"{text} = {number}"


def _table(reading: Reading) -> str:
    rows = [f"[{', '.join(map(short_text_of, row))}]" for row in reading.rows]
    return rows[0] if len(rows) == 1 else f"[{', '.join(rows)}]"


def _percent(reading: Reading) -> list[str]:
    single = reading.entries[0]
    whole = reading.shape is None and isinstance(single, Apply) and single.op == "percent"
    return [f"from {short_text_of(single)}"] if whole else []
