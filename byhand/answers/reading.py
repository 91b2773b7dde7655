"""The reader of answers: of all possible readings, the first with the shape that the item asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from byhand.answers.characters import clean_answer, strip_invisible
from byhand.answers.equations import agree, disagreement, most_exact, sides_of
from byhand.answers.excel_formula import ExcelGrammar
from byhand.answers.grammar import Grammar, Meaning
from byhand.answers.latex import from_latex, looks_like_latex
from byhand.answers.layout import layout_of, without_bars
from byhand.answers.limits import LONGEST, Unreadable
from byhand.answers.phrases import (
    check_power,
    from_program,
    without_code_notation,
    without_constructor,
    without_label,
    without_phrases,
)
from byhand.answers.powers_of_ten import Source, check_blank, clarified, evidence_of
from byhand.answers.rules import Settings
from byhand.answers.tokens import Comma, Token, tokens
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
from byhand.translations import _

Shape = tuple[int, int] | None
"""Rows and columns; None for one number."""

_SIDES = re.compile(r"^[(\[]?\s*\d{1,7}(?:\s*(?:[xX×✕]|by|\\times)\s*\d{1,7}){1,7}\s*[)\]]?$", re.ASCII)
_PRODUCT = re.compile(r"^\d{1,7}(?:\s*\*\s*\d{1,7}){1,7}$", re.ASCII)


_POINTS = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:\.\d{3}){2,}(?![\d.])", re.ASCII)
"""Points that can stand between thousands only: 1.234.567."""
_NAMING = re.compile(
    r"(?=.*[A-Za-z])(?:[^,;=~()\[\]{}]|\([^()]{0,60}\)|\[[^\[\]]{0,60}\]|\{[^{}]{0,60}\}){1,120}", re.DOTALL
)
"""A side that may be a label: it has a letter, and no comma outside brackets."""
_APART = re.compile(r"\d [-+]?[\d,]", re.ASCII)
_NESTED = ("[[", "{{", "((")


@dataclass(frozen=True)
class Reading:
    """A read answer. rows: the tree of each entry. shape: None for one number. loose: neither row nor column.

    notes: how ambiguous signs were read, such as `decimal comma`. twofold: the two meanings of an e that was read in
    one of them, as in 2e+1. doubt: the reason why a person must decide, as for sides that differ. last: the last of
    several sides.
    """

    rows: tuple[tuple[Tree, ...], ...]
    shape: Shape
    notes: tuple[str, ...] = ()
    loose: bool = False
    twofold: str = ""
    doubt: str = ""
    last: Reading | None = None

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


@dataclass(frozen=True)
class _Text:
    """A cleaned text, or one side of it. other: whether the less likely meaning of e is asked for; see powers_of_ten.

    fixed: whether a comma between digits surely separates no entries, as LaTeX's {,}.
    """

    text: str
    source: Source
    other: bool = False
    fixed: bool = False


def read(text: str, asked: AskedShape, meaning: Meaning, settings: Settings, other: bool = False) -> Reading:
    """Read an answer. Raises Unreadable, with the reason. other: read 2e+1 in its less likely meaning."""
    original = text
    try:
        return _read(text, asked, meaning, settings, other)
    except Unreadable as refusal:
        if refusal.sign and refusal.sign not in original:
            raise _unnamed(original) from None
        raise


def _unnamed(text: str) -> Unreadable:
    """Return a refusal that names no sign, where the sign is not what was typed."""
    if "&" in text or "\\\\" in text:
        return Unreadable("its rows and cells do not stand where they can be read")
    return Unreadable("it is not understood")


def _read(text: str, asked: AskedShape, meaning: Meaning, settings: Settings, other: bool) -> Reading:
    if asked.sides:
        text = _sides(text)
    check_power(text)
    if not text.isascii() and len(text) <= LONGEST:  # words with letters that numbers lack: `约0.5`, `ungefähr 0,5`
        text = without_phrases(strip_invisible(text), settings.strip_words, bool(meaning.variables))
    text = clean_answer(text)
    source, fixed = Source.PROGRAM if from_program(text) else Source.KEYBOARD, False
    if looks_like_latex(text):
        source = Source.LATEX if "\\" in text or "$" in text else source
        fixed = "{,}" in text
        text = from_latex(text).strip()
    text = without_code_notation(text)
    text = without_phrases(text, settings.strip_words, bool(meaning.variables))
    text, label = without_label(text, meaning.variables)
    text = without_bars(text) if text.startswith("|") else text
    text = without_constructor(text)
    notes = (_("{label} left out").format(label=label),) if label else ()
    if "=" in text[1:] or "~" in text:
        return _of_sides(_Text(text, source, other, fixed), asked, meaning, settings, notes)
    return _one_side(_Text(text, source, other, fixed), asked, meaning, settings, notes)


def _of_sides(whole: _Text, asked: AskedShape, meaning: Meaning, settings: Settings, notes: tuple[str, ...]) -> Reading:
    """Read an answer with several sides: the most exact one counts if all agree. Raises Unreadable.

    A side before the others that holds unknown names is a label, as in `softmax(x) = 0.5`.
    """
    formula = whole.text.startswith("=")
    sides = sides_of(whole.text)
    if len({side for _, side in sides}) < len(sides):
        raise Unreadable("it is an equation: give one side only")
    readings: list[Reading] = []
    signs: list[str] = []
    for place, (sign, side) in enumerate(sides):
        text = f"={side}" if formula else side
        try:
            readings.append(_one_side(replace(whole, text=text), asked, meaning, settings, notes))
        except Unreadable:
            if (
                not _NAMING.fullmatch(side)
                or not (readings or place < len(sides) - 1)
                or (readings and place < len(sides) - 1)
            ):
                raise
            continue
        signs.append(sign)
    if len(readings) == 1:
        return readings[0]
    first = readings[0]
    same = all(agree(readings[n - 1].entries, readings[n].entries, signs[n] == "~") for n in range(1, len(readings)))
    if same:
        last = readings[-1]
        return replace(readings[most_exact([reading.entries for reading in readings])], last=last)
    if any(letters_in(entry) for reading in readings for entry in reading.entries):
        raise Unreadable("it is an equation: give one side only")
    return replace(first, doubt=disagreement([side for _, side in sides]))


def _one_side(whole: _Text, asked: AskedShape, meaning: Meaning, settings: Settings, notes: tuple[str, ...]) -> Reading:
    text = whole.text
    formula = text.startswith("=")
    first: Unreadable | None = None
    fallback: Reading | None = None
    listed: Comma | None = None
    for comma, blanks in _ways(whole, asked, settings, formula):
        if comma is listed or (
            first and comma is not Comma.SEPARATES and text[:2] in _NESTED and not _APART.search(text)
        ):
            continue
        try:
            reading = _one_way(whole, comma, blanks, meaning, formula)
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
        raise Unreadable("{count} numbers stand where one is asked for", count=len(fallback.entries))
    return fallback


def _ways(whole: _Text, asked: AskedShape, settings: Settings, formula: bool) -> Iterator[tuple[Comma, bool]]:
    """Yield the possible meanings of commas and blanks, the likeliest first: True if blanks separate entries."""
    text = whole.text
    commas = [Comma.SEPARATES]
    if settings.decimal == "comma":
        commas = [Comma.DECIMAL, Comma.SEPARATES] if "," in text or "." in text else commas
    elif "," in text:
        commas = [Comma.SEPARATES, Comma.THOUSANDS, Comma.DECIMAL]
    elif _POINTS.search(text):
        commas = [Comma.SEPARATES, Comma.DECIMAL]
    several = asked.shape not in (None, (1, 1)) and not formula
    bracketed = text[:1] in ("[", "{") and " " in text
    for comma in commas:
        if comma is Comma.SEPARATES and whole.fixed:
            continue
        if several or bracketed:
            yield comma, True
        yield comma, False


@lru_cache(maxsize=4096)
def _one_way(whole: _Text, comma: Comma, blanks: bool, meaning: Meaning, formula: bool) -> Reading:
    if formula:
        return _formula(tokens(whole.text[1:], comma, False))
    words = tokens(whole.text, comma, not blanks)
    end = words.pop()
    if not words:
        raise Unreadable("there is nothing to read")
    evidence = evidence_of(words, whole.source, meaning.variables, whole.other)
    for place in range(len(words) if blanks else 0):
        check_blank(words, place, evidence)
    layout = layout_of(words, blanks, comma is Comma.DECIMAL) if len(words) > 1 else None
    cells = layout.rows if layout else [[words]]
    rows, doubts = [], ""
    for row in cells:
        trees = []
        for cell in row:
            clear, doubt = clarified(cell, evidence)
            doubts = doubts or doubt
            trees.append(Grammar([*clear, end], meaning).whole())
        rows.append(tuple(trees))
    shape = (len(rows), len(rows[0])) if layout else None
    return Reading(tuple(rows), shape, (), bool(layout and layout.loose), doubts)


def _formula(words: list[Token]) -> Reading:
    """Read a spreadsheet's formula: one expression, or an array such as {1,2;3,4}."""
    rows = ExcelGrammar(words).rows()
    shape = None if len(rows) == len(rows[0]) == 1 and words[0].text != "{" else (len(rows), len(rows[0]))
    return Reading(rows, shape)


def plain_unit_text(text: str) -> str:
    """Return an answer with a unit in keyboard notation, without the words around it. Raises Unreadable."""
    text = clean_answer(text)
    text = from_latex(text).strip() if looks_like_latex(text) else text
    return without_phrases(text, (), symbolic=True)


def _sides(text: str) -> str:
    """Return 2x3, 2×3 and 2 by 3 as (2, 3)."""
    text = strip_invisible(text)
    if _SIDES.match(text):
        return f"({', '.join(re.findall(r'[0-9]+', text))})"
    if _PRODUCT.match(text):
        raise Unreadable("it may be a product or the sides of a table: write (2, 3) or 2x3")
    return text


def _bare(text: str) -> bool:
    return text[:1] not in ("[", "{", "(", "<")


def _with_notes(
    reading: Reading, text: str, comma: Comma, notes: tuple[str, ...], settings: Settings, formula: bool
) -> Reading:
    """Return the reading with notes on ambiguous signs."""
    all_notes = list(notes)
    if formula:
        all_notes.append(_("as a spreadsheet formula"))
    if comma is Comma.DECIMAL and re.search(r"[0-9],[0-9]|(?<![0-9]),[0-9]", text):
        all_notes.append(_("decimal comma"))
    elif comma is Comma.DECIMAL and re.search(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?![0-9])", text):
        all_notes.append(_("points between thousands"))
    elif comma is Comma.THOUSANDS:
        all_notes.append(_("commas between thousands"))
    ops = {node.op for entry in reading.entries for node in nodes_of(entry) if isinstance(node, Apply)}
    if "mixed" in ops:
        all_notes.append(_("mixed number"))
    if not formula and "log" in text and ops & {"ln", "log"} and re.search(r"(?i)log(?![_0-9i])", text):
        all_notes.append(_(LOGS[settings.log]))
    return replace(reading, notes=tuple(all_notes)) if all_notes else reading


LONGEST_SHOWN = 200
LOGS = {"natural": "log is natural", "base10": "log to base 10", "base2": "log to base 2"}


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
    return [_("from {text}").format(text=short_text_of(single))] if whole else []
