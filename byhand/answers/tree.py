"""An answer as a tree: numbers, symbols, and operations on them; and the tree as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Number:
    """value: exact. places: the decimals that were written, where it was written as a decimal number.

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
    """An operation on its arguments; values.py knows what each one is."""

    op: str
    args: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Infinite:
    """Infinity with its sign: a masked score."""

    sign: int


Tree = Number | Symbol | Apply | Infinite


def walked(tree: Tree) -> Iterator[Tree]:
    """The tree's nodes, without recursion."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Apply):
            waiting.extend(node.args)


def symbols(tree: Tree) -> set[str]:
    return {node.name for node in walked(tree) if isinstance(node, Symbol)} - {"e", "pi"}


_RANK = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 3, "^": 5, "percent": 6, "permille": 6, "factorial": 6, "mixed": 4}
_AFTER = {"percent": "%", "permille": "‰", "factorial": "!"}
LONGEST = 120


def printed(tree: Tree) -> str:
    """On one line, and shortened where it is long."""
    text = text_of(tree)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def text_of(tree: Tree) -> str:
    """On one line, in full: read again, it is the same expression."""
    return _text(tree)[0]


def _text(tree: Tree) -> tuple[str, int]:
    """The text and its rank: how tightly its outermost operation binds."""
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
    text = decimal(tree.value) if tree.places != 0 or tree.value.denominator != 1 else whole(tree.value)
    text += "…" if tree.open else ""
    return text, 2 if text.startswith("-") else 3 if "/" in text else 9


def whole(value: Fraction) -> str:
    return str(value.numerator) if abs(value.numerator) < 10**40 else powered(value)


def decimal(value: Fraction) -> str:
    """As a decimal number where it ends after few places, else as a fraction."""
    if value.denominator == 1:
        return whole(value)
    if value.denominator.bit_length() > 400:
        return powered(value)
    places, rest = 0, value.denominator
    while rest % 10 == 0:
        places, rest = places + 1, rest // 10
    while rest % 5 == 0 or rest % 2 == 0:
        places, rest = places + 1, rest // (5 if rest % 5 == 0 else 2)
        if places > 60:
            return powered(value)
    if rest != 1:
        text = f"{value.numerator}/{value.denominator}" if value.denominator < 10**40 else ""
        return text if text and len(text) < 60 else powered(value)
    if abs(value) >= 10**40:
        return powered(value)
    places = _least_places(value, places)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    text = f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
    return text if places <= 20 else powered(value) if abs(value) < Fraction(1, 10**8) else text


def _least_places(value: Fraction, most: int) -> int:
    places = 0
    while places < most and (value * 10**places).denominator != 1:
        places += 1
    return places


def powered(value: Fraction) -> str:
    """With six digits and a power of ten."""
    from mpmath import mp

    return str(mp.nstr(mp.mpf(value.numerator) / value.denominator, 6))


def about(value: Any) -> str:
    """The decimal number that an expression is worth, to ten digits."""
    from mpmath import mp

    if type(value) is Fraction:
        exact = decimal(value)
        return exact if len(exact) <= 12 else str(mp.nstr(mp.mpf(value.numerator) / value.denominator, 10))
    return str(mp.nstr(value, 10)).removesuffix(".0")
