"""An answer against its key, entry by entry, under the item's rule."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from byhand.grading.answers import mistakes
from byhand.grading.answers.bounds import Unreadable
from byhand.grading.answers.closeness import REAL, tolerance, within
from byhand.grading.answers.keys import Key
from byhand.grading.answers.reading import Reading
from byhand.grading.answers.rules import Rule
from byhand.grading.answers.sampling import Same, same_constant, same_everywhere, worth
from byhand.grading.answers.tree import Apply, Infinite, Number, Tree, symbols, walked
from byhand.grading.answers.units import UNITS


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
    found = [_equal(tree, value, key, place, rule) for place, (tree, value) in enumerate(_pairs(reading, values))]
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
    for student in reading.entries:
        if not isinstance(student, Infinite) and not symbols(student):
            worth(student)
    found = [_same_symbolic(student, key, place) for place, student in enumerate(reading.entries)]
    right = found.count(Same.YES)
    if right == len(found):
        return Found(True, right_entries=right)
    if Same.NO in found:
        name, sentence = mistakes.symbolic(pairs, key)
        return Found(False, None, name, sentence, right_entries=right)
    doubt = Same.SOMETIMES.value if Same.SOMETIMES in found else "the two could not be compared at enough points"
    return Found(None, doubt=doubt)


def _same_symbolic(student: Tree, key: Key, place: int) -> Same:
    wanted = key.reading.entries[place]
    if isinstance(student, Infinite) or isinstance(wanted, Infinite):
        return Same.YES if student == wanted else Same.NO
    return same_everywhere(student, key.sampled(place, frozenset(symbols(student) - key.meaning.variables)))


def _pairs(reading: Reading, values: list[Any]) -> list[tuple[Tree, Any]]:
    return list(zip(reading.entries, values, strict=True))


def _equal(student: Tree, value: Any, key: Key, place: int, rule: Rule) -> bool | None:
    wanted = key.values[place]
    if isinstance(value, Infinite) or isinstance(wanted, Infinite):
        return bool(value == wanted)
    if rule.type in ("exact", "equiv", "form"):
        if type(value) is Fraction and type(wanted) is Fraction:
            return value == wanted
        same = same_constant(student, key.sampled(place))
        return None if same is Same.OPEN else same is Same.YES
    return within(value, wanted, tolerance(wanted, rule))


def _with_unit(value: Any, key: Key, rule: Rule, unit: str) -> Found:
    kind, worth_one = UNITS[unit]
    asked, asked_one = UNITS[rule.unit]
    if kind != asked:
        return Found(False, value, "unit", f"{unit} measures something else than what is asked for.")
    ratio = worth_one / asked_one
    scaled = value * ratio if type(value) is Fraction else value * REAL.real(ratio)
    if within(scaled, key.values[0], rule.tol):
        return Found(True, value)
    if within(value, key.values[0], rule.tol):
        return Found(False, value, "unit", f"The number would be right in another unit than {unit}.")
    return Found(False, value)


def _going_on(entries: list[Tree], values: list[Any], key: Key, rule: Rule, single: Any) -> Found:
    """Digits that go on, as in 0.333...: right if they are so as they stand; a person decides where they may be."""
    if rule.type not in ("exact", "equiv", "form") and all(
        _equal(*pair, key, place, rule) for place, pair in enumerate(zip(entries, values, strict=True))
    ):
        return Found(True, single, right_entries=len(values))
    for entry, value, wanted in zip(entries, values, key.values, strict=True):
        if isinstance(wanted, Infinite) or not _goes_on(value, wanted, _left(entry)):
            return Found(False, single)
    return Found(None, single, doubt="the digits go on, and those that are written fit")


def _left(entry: Tree) -> Fraction:
    """How much the digits that are not written may be worth. Raises Unreadable where they are part of a sum."""
    if isinstance(entry, Apply) and entry.op == "neg":
        entry = entry.args[0]
    if not isinstance(entry, Number) or not entry.places:
        raise Unreadable("the digits go on: write a fraction")
    return Fraction(1, 10**entry.places)


def _goes_on(value: Any, wanted: Any, left: Fraction) -> bool:
    """Whether the key begins with the digits that are written."""
    value, wanted = REAL.real(value), REAL.real(wanted)
    return bool(value * wanted >= 0 and 0 <= abs(wanted) - abs(value) <= REAL.real(left))
