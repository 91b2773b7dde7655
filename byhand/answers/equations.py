"""An answer with several sides, as in 1/3 = 0.333: which side counts, and whether the sides agree."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from byhand.answers.equality import Same, Sampled, constant_value, same_everywhere, within
from byhand.answers.tree import Apply, Infinite, Number, Tree, letters_in, nodes_of

_OPENING, _CLOSING = "([{", ")]}"
_JOINED = "<>=!:"


def sides_of(text: str) -> list[tuple[str, str]]:
    """Split a text at the signs = and ~ outside brackets: the sign before each side, and the side."""
    sides: list[tuple[str, str]] = []
    depth, start, sign = 0, 0, ""
    for place, c in enumerate(text):
        depth += (c in _OPENING) - (c in _CLOSING)
        if c not in "=~" or depth > 0:
            continue
        around = text[place - 1 : place] + text[place + 1 : place + 2]
        if c == "=" and any(sign in _JOINED for sign in around):
            return [("", text)]
        if place:
            sides.append((sign, text[start:place].strip()))
        start, sign = place + 1, c
    sides.append((sign, text[start:].strip()))
    return sides if len(sides) > 1 and all(side for _, side in sides) else [("", text)]


def agree(one: Sequence[Tree], other: Sequence[Tree], about: bool) -> bool:
    """Return whether two sides are the same entry by entry, up to the rounding of decimal numbers.

    about: whether a sign ≈ stands between them, so that a number may be cut off. Raises Unreadable for a side without
    a value.
    """
    return len(one) == len(other) and all(_same(a, b, about) for a, b in zip(one, other, strict=True))


def _same(one: Tree, other: Tree, about: bool) -> bool:
    if isinstance(one, Infinite) or isinstance(other, Infinite):
        return one == other
    if letters := letters_in(one) | letters_in(other):
        return same_everywhere(one, Sampled(other, letters)) is Same.YES
    return within(constant_value(one), constant_value(other), _room(one, about) + _room(other, about))


def _room(tree: Tree, about: bool) -> Fraction:
    """Return how far a decimal number may be from what it stands for."""
    places = decimal_places(tree)
    if places is None or (places == 0 and not about):
        return Fraction(0)
    return Fraction(1, 10**places) / (1 if about else 2)


def decimal_places(tree: Tree) -> int | None:
    """Return the decimal places of a number that is written with them; None for another expression."""
    extra = 0
    while isinstance(tree, Apply) and tree.op in ("neg", "percent"):
        extra += 2 if tree.op == "percent" else 0
        tree = tree.args[0]
    if isinstance(tree, Number) and tree.places is not None:
        return tree.places + extra
    return None


def most_exact(sides: Sequence[Sequence[Tree]]) -> int:
    """Return the number of the side that says most: one without decimals, or else the one with the most of them."""

    def rank(entries: Sequence[Tree]) -> Any:
        decimals = [n.places for entry in entries for n in nodes_of(entry) if isinstance(n, Number) and n.places]
        return (not decimals, max(decimals, default=0))

    return max(range(len(sides)), key=lambda n: (rank(sides[n]), -n))


def disagreement(sides: Sequence[str]) -> str:
    """Return the reason why a person must decide about sides that differ."""
    return f"its sides are not equal ({' and '.join(side[:40] for side in sides[:3])})"
