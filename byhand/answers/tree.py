"""Trees of numbers, symbols and operations, and their text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Number:
    """A number. value: exact. places: the decimals that were written, where it was written as a decimal number.

    open: the digits go on, as `0.333...` says.
    """

    value: Fraction
    places: int | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter that stands for a number: pi, e, or a variable of the question."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation on its arguments; values.py defines each operation."""

    op: str
    args: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Infinite:
    """Infinity with its sign: a masked score."""

    sign: int


Tree = Number | Symbol | Apply | Infinite


def nodes_of(tree: Tree) -> Iterator[Tree]:
    """Yield the tree's nodes, without recursion."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Apply):
            waiting.extend(node.args)


def letters_in(tree: Tree) -> set[str]:
    """Return the letters that stand for unknown numbers: all but e and pi."""
    return {node.name for node in nodes_of(tree) if isinstance(node, Symbol)} - {"e", "pi"}


_RANK = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 3, "^": 5, "percent": 6, "permille": 6, "factorial": 6, "mixed": 4}
_AFTER = {"percent": "%", "permille": "‰", "factorial": "!"}
LONGEST = 120


def short_text_of(tree: Tree) -> str:
    """Return the tree on one line, shortened where it is long."""
    text = text_of(tree)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def text_of(tree: Tree) -> str:
    """Return the tree on one line, in full: read again, it is the same expression."""
    return _text(tree)[0]


def _text(tree: Tree) -> tuple[str, int]:
    """Return the text and its rank: how tightly its outermost operation binds."""
    if isinstance(tree, Number):
        return _number(tree)
    if isinstance(tree, Symbol):
        return tree.name, 9
    if isinstance(tree, Infinite):
        return ("∞", 9) if tree.sign > 0 else ("-∞", 2)
    rank = _RANK.get(tree.op, 9)
    if tree.op in _AFTER:
        return _held(tree.args[0], rank) + _AFTER[tree.op], rank
    if tree.op == "neg":
        return f"-{_held(tree.args[0], 3)}", 2
    if tree.op == "mixed":
        part = tree.args[1]
        return f"{_held(tree.args[0], 4)} {part.value if isinstance(part, Number) else ''}", 4
    if tree.op == "^":
        return f"{_held(tree.args[0], 6)}^{_held(tree.args[1], 5)}", 5
    if tree.op in _RANK:
        gap = " " if rank == 1 else ""
        left = 4 if tree.op == "*" and isinstance(tree.args[0], Apply) and tree.args[0].op == "/" else rank
        return f"{_held(tree.args[0], left)}{gap}{tree.op}{gap}{_held(tree.args[1], rank + 1)}", rank
    return f"{tree.op}({', '.join(_text(arg)[0] for arg in tree.args)})", 9


def _held(tree: Tree, rank: int) -> str:
    text, own = _text(tree)
    return text if own >= rank else f"({text})"


def _number(tree: Number) -> tuple[str, int]:
    text = decimal_text(tree.value) if tree.places != 0 or tree.value.denominator != 1 else whole_text(tree.value)
    text += "…" if tree.open else ""
    return text, 2 if text.startswith("-") else 3 if "/" in text else 9


def whole_text(value: Fraction) -> str:
    return str(value.numerator) if abs(value.numerator) < 10**40 else with_power_of_ten(value)


def decimal_text(value: Fraction) -> str:
    """Return a terminating decimal number if it is short, else a fraction."""
    if value.denominator == 1:
        return whole_text(value)
    if value.denominator.bit_length() > 400:
        return with_power_of_ten(value)
    places, rest = 0, value.denominator
    while rest % 10 == 0:
        places, rest = places + 1, rest // 10
    while rest % 5 == 0 or rest % 2 == 0:
        places, rest = places + 1, rest // (5 if rest % 5 == 0 else 2)
        if places > 60:
            return with_power_of_ten(value)
    if rest != 1:
        text = f"{value.numerator}/{value.denominator}" if value.denominator < 10**40 else ""
        return text if text and len(text) < 60 else with_power_of_ten(value)
    if abs(value) >= 10**40:
        return with_power_of_ten(value)
    places = _least_places(value, places)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    text = f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
    return text if places <= 20 else with_power_of_ten(value) if abs(value) < Fraction(1, 10**8) else text


def _least_places(value: Fraction, most: int) -> int:
    places = 0
    while places < most and (value * 10**places).denominator != 1:
        places += 1
    return places


def with_power_of_ten(value: Fraction) -> str:
    """Return six digits and a power of ten."""
    from mpmath import mp

    return str(mp.nstr(mp.mpf(value.numerator) / value.denominator, 6))


def to_ten_digits(value: Any) -> str:
    """Return a value as a decimal number, to ten digits."""
    from mpmath import mp

    if type(value) is Fraction:
        exact = decimal_text(value)
        return exact if len(exact) <= 12 else str(mp.nstr(mp.mpf(value.numerator) / value.denominator, 10))
    return str(mp.nstr(value, 10)).removesuffix(".0")
