"""What a person has typed into one cell, as the number that it is read as."""

from __future__ import annotations

import re
from fractions import Fraction
from math import inf, isfinite
from typing import Any

from byhand.errors import quoted
from byhand.grading.answers.bounds import LONGEST, Unreadable
from byhand.grading.answers.grammar import Meaning
from byhand.grading.answers.letters import stripped
from byhand.grading.answers.reading import Asked, read
from byhand.grading.answers.rules import Settings
from byhand.grading.answers.sampling import worth
from byhand.grading.answers.shown import read_as
from byhand.grading.answers.tree import Infinite, symbols
from byhand.grading.outcome import Typed

_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_LONGEST_SHOWN = 200
_NUMBER = Asked()


def typed(text: str, settings: Settings | None = None) -> Typed:
    """The number in a cell that holds text, or a formula of constants: 0.88, 0,88, 1/2, 88%, =EXP(2)/(1+EXP(2)).

    A blank stays blank. What cannot be read has no value, and the reason for it in read_as.
    """
    settings = settings or _DEFAULT
    plain = text.strip()
    if _PLAIN.fullmatch(plain) and not (settings.decimal == "comma" and _GROUPED.fullmatch(plain)):
        return Typed(plain, float(plain), plain)
    if not stripped(text):
        return Typed()
    shown = text if len(text) <= _LONGEST_SHOWN and text.isprintable() else quoted(text[:LONGEST])
    try:
        value, how = _read(text, settings)
    except Unreadable as refusal:
        return Typed(shown, None, str(refusal))
    return Typed(shown, value, how)


_DEFAULT = Settings()


def _read(text: str, settings: Settings) -> tuple[float, str]:
    meaning = Meaning(log=settings.log, infinity=settings.allow_infinity, mixed=settings.mixed)
    reading = read(text, _NUMBER, meaning, settings)
    if reading.shape not in (None, (1, 1)):
        raise Unreadable(f"{len(reading.entries)} numbers stand where one is asked for")
    tree = reading.entries[0]
    if isinstance(tree, Infinite):
        return tree.sign * inf, read_as(reading, tree, "")
    if symbols(tree):
        raise Unreadable("it holds a letter where a number is asked for")
    exact = worth(tree)
    value = _nearest(exact)
    return value, read_as(reading, exact, "")


def _nearest(exact: Any) -> float:
    """The float next to it."""
    try:
        value = float(exact)
    except OverflowError:
        value = inf
    if not isfinite(value):
        raise Unreadable("the number is too large for a cell")
    return value + 0.0 if type(exact) is Fraction else value
