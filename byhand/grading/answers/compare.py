"""An answer against its key, entry by entry, under the item's rule."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from byhand.grading.answers import mistakes
from byhand.grading.answers.keys import Key
from byhand.grading.answers.reading import Reading
from byhand.grading.answers.rules import Rule
from byhand.grading.answers.sampling import Same, same_constant, same_everywhere, worth
from byhand.grading.answers.tree import Infinite, Number, Tree, symbols, walked
from byhand.grading.answers.units import UNITS
from byhand.grading.answers.values import Arithmetic

_REAL = Arithmetic()


@dataclass(frozen=True)
class Found:
    """same: None where a person must decide, and doubt says why. value: of a single number, where it is constant."""

    same: bool | None
    value: Any = None
    mistake: str = ""
    sentence: str = ""
    doubt: str = ""
    right_entries: int = 0


def compared(reading: Reading, key: Key, rule: Rule, unit: str) -> Found:
    """Raises Unreadable where the answer has no value."""
    if not key.asked.fits(reading):
        return _of_another_shape(reading, key)
    if key.symbolic or any(symbols(entry) for entry in reading.entries):
        return _symbolic(reading, key)
    values = [entry if isinstance(entry, Infinite) else worth(entry) for entry in reading.entries]
    single = values[0] if reading.shape is None else None
    if rule.type == "unit":
        return _with_unit(values[0], key, rule, unit)
    if any(isinstance(n, Number) and n.open for entry in reading.entries for n in walked(entry)):
        return _going_on(reading.entries, values, key, rule, single)
    found = [_equal(*four, rule) for four in zip(reading.entries, values, key.reading.entries, key.values, strict=True)]
    if all(found):
        return Found(True, single, right_entries=len(found))
    if None in found and False not in found:
        return Found(None, single, doubt="the two agree to more digits than are compared")
    name, sentence = mistakes.named(reading, values, key, rule, [bool(f) for f in found])
    return Found(False, single, name, sentence, right_entries=found.count(True))


def _of_another_shape(reading: Reading, key: Key) -> Found:
    for entry in reading.entries:
        if not isinstance(entry, Infinite) and not symbols(entry):
            worth(entry)
    name, sentence = mistakes.of_shape(reading.shape, key.asked)
    return Found(False, None, name, sentence)


def _symbolic(reading: Reading, key: Key) -> Found:
    pairs = list(zip(reading.entries, key.reading.entries, strict=True))
    found = [_same_symbolic(student, wanted, key) for student, wanted in pairs]
    right = found.count(Same.YES)
    if right == len(found):
        return Found(True, right_entries=right)
    if Same.NO in found:
        name, sentence = mistakes.symbolic(pairs, key)
        return Found(False, None, name, sentence, right_entries=right)
    doubt = Same.SOMETIMES.value if Same.SOMETIMES in found else "the two could not be compared at enough points"
    return Found(None, doubt=doubt)


def _same_symbolic(student: Tree, wanted: Tree, key: Key) -> Same:
    if isinstance(student, Infinite) or isinstance(wanted, Infinite):
        return Same.YES if student == wanted else Same.NO
    return same_everywhere(student, wanted, key.meaning.variables | symbols(student) | symbols(wanted))


def _equal(student: Tree, value: Any, wanted: Tree, key: Any, rule: Rule) -> bool | None:
    if isinstance(value, Infinite) or isinstance(key, Infinite):
        return bool(value == key)
    if rule.type in ("exact", "equiv", "form"):
        same = same_constant(student, wanted)
        return None if same is Same.OPEN else same is Same.YES
    return within(value, key, tolerance(key, rule))


def tolerance(key: Any, rule: Rule) -> Any:
    """How far from the key a right answer may be."""
    if rule.type == "dp":
        return Fraction(1, 2 * 10**rule.n)
    if rule.type == "sf":
        return Fraction(10) ** (magnitude(key) - rule.n + 1) / 2 if key else Fraction(0)
    return rule.tol * abs(key) if rule.type == "rel" and type(key) is Fraction else _relative(key, rule)


def _relative(key: Any, rule: Rule) -> Any:
    return rule.tol if rule.type == "abs" else _REAL.real(rule.tol) * abs(key)


def magnitude(value: Any) -> int:
    """The power of ten of the first digit."""
    size = abs(value)
    guess = int(_REAL.mp.floor(_REAL.mp.log10(_REAL.real(size))))
    while _exceeds(Fraction(10) ** guess, size):
        guess -= 1
    while not _exceeds(Fraction(10) ** (guess + 1), size):
        guess += 1
    return guess


def _exceeds(one: Fraction, other: Any) -> bool:
    return bool(one > other) if type(other) is Fraction else bool(_REAL.real(one) > other)


def within(value: Any, key: Any, far: Any) -> bool:
    """|value - key| <= far: exactly, where all are fractions; else to many digits, edges included."""
    if type(value) is Fraction and type(key) is Fraction and type(far) is Fraction:
        return abs(value - key) <= far
    value, key, far = map(_REAL.real, (value, key, far))
    apart = abs(value - key)
    if not _REAL.mp.isfinite(apart):
        return False
    slack = _REAL.mp.mpf(10) ** -40 * max(abs(value), abs(key), far)
    return bool(apart <= far + slack)


def _with_unit(value: Any, key: Key, rule: Rule, unit: str) -> Found:
    kind, worth_one = UNITS[unit]
    asked, asked_one = UNITS[rule.unit]
    if kind != asked:
        return Found(False, value, "unit", f"{unit} measures something else than what is asked for.")
    ratio = worth_one / asked_one
    scaled = value * ratio if type(value) is Fraction else value * _REAL.real(ratio)
    if within(scaled, key.values[0], rule.tol):
        return Found(True, value)
    if within(value, key.values[0], rule.tol):
        return Found(False, value, "unit", f"The number would be right in another unit than {unit}.")
    return Found(False, value)


def _going_on(entries: list[Tree], values: list[Any], key: Key, rule: Rule, single: Any) -> Found:
    """Digits that go on, as in 0.333...: right if they are so as they stand; a person decides where they may be."""
    if rule.type not in ("exact", "equiv", "form") and all(
        _equal(*four, rule) for four in zip(entries, values, key.reading.entries, key.values, strict=True)
    ):
        return Found(True, single, right_entries=len(values))
    for entry, value, wanted in zip(entries, values, key.values, strict=True):
        places = (entry.places or 0) if isinstance(entry, Number) else 0
        if isinstance(wanted, Infinite) or not within(value, wanted, Fraction(1, 10**places)):
            return Found(False, single)
    return Found(None, single, doubt="the digits go on, and those that are written fit")
