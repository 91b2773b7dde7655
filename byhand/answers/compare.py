"""Comparison of an answer with its key, entry by entry, under the item's rule."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

from byhand.answers import mistakes
from byhand.answers.characters import character_name, strip_invisible
from byhand.answers.equality import (
    REAL,
    Same,
    constant_value,
    is_near,
    same_constant,
    same_everywhere,
    tolerance,
    within,
)
from byhand.answers.keys import Key
from byhand.answers.limits import LONGEST, Unreadable
from byhand.answers.reading import Reading
from byhand.answers.rules import UNITS, Rule
from byhand.answers.tree import Apply, Infinite, Number, Tree, letters_in, nodes_of
from byhand.errors import quoted


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison. same: None if a person must decide; doubt says why. value: of a constant."""

    same: bool | None
    value: Any = None
    mistake: str = ""
    sentence: str = ""
    doubt: str = ""
    right_entries: int = 0


def compare(reading: Reading, key: Key, rule: Rule, unit: str) -> Comparison:
    """Compare an answer with its key. Raises Unreadable for an answer without a value."""
    if not key.asked.fits(reading):
        return _of_another_shape(reading, key)
    if key.symbolic or any(letters_in(entry) for entry in reading.entries):
        return _symbolic(reading, key)
    values = [entry if isinstance(entry, Infinite) else constant_value(entry) for entry in reading.entries]
    single = values[0] if reading.shape is None else None
    if rule.type == "unit":
        return _with_unit(values[0], key, rule, unit)
    if any(isinstance(n, Number) and n.open for entry in reading.entries for n in nodes_of(entry)):
        return _going_on(reading.entries, values, key, rule, single)
    results = [_equal(tree, value, key, place, rule) for place, (tree, value) in enumerate(_pairs(reading, values))]
    if all(results):
        return Comparison(True, single, right_entries=len(results))
    if None in results and False not in results:
        return Comparison(None, single, doubt="the two agree to more digits than are compared")
    name, sentence = mistakes.value_mistake(reading, values, key, rule, [bool(f) for f in results])
    return Comparison(False, single, name, sentence, right_entries=results.count(True))


def _of_another_shape(reading: Reading, key: Key) -> Comparison:
    for entry in reading.entries:
        if not isinstance(entry, Infinite) and not letters_in(entry):
            constant_value(entry)
    name, sentence = mistakes.shape_mistake(reading.shape, key.asked)
    return Comparison(False, None, name, sentence)


def _symbolic(reading: Reading, key: Key) -> Comparison:
    pairs = list(zip(reading.entries, key.reading.entries, strict=True))
    for student in reading.entries:
        if not isinstance(student, Infinite) and not letters_in(student):
            constant_value(student)
    results = [_same_symbolic(student, key, place) for place, student in enumerate(reading.entries)]
    right = results.count(Same.YES)
    if right == len(results):
        return Comparison(True, right_entries=right)
    if Same.NO in results:
        name, sentence = mistakes.symbolic_mistake(pairs, key)
        return Comparison(False, None, name, sentence, right_entries=right)
    doubt = Same.SOMETIMES.value if Same.SOMETIMES in results else "the two could not be compared at enough points"
    return Comparison(None, doubt=doubt)


def _same_symbolic(student: Tree, key: Key, place: int) -> Same:
    wanted = key.reading.entries[place]
    if isinstance(student, Infinite) or isinstance(wanted, Infinite):
        return Same.YES if student == wanted else Same.NO
    return same_everywhere(student, key.sampled(place, frozenset(letters_in(student) - key.meaning.variables)))


def _pairs(reading: Reading, values: list[Any]) -> list[tuple[Tree, Any]]:
    return list(zip(reading.entries, values, strict=True))


def _equal(student: Tree, value: Any, key: Key, place: int, rule: Rule) -> bool | None:
    wanted = key.values[place]
    if rule.type == "margin":
        return is_near(value, wanted, rule.tol, rule.n)
    if isinstance(value, Infinite) or isinstance(wanted, Infinite):
        return bool(value == wanted)
    if rule.type in ("exact", "equiv", "form"):
        if type(value) is Fraction and type(wanted) is Fraction:
            return value == wanted
        same = same_constant(student, key.sampled(place))
        return None if same is Same.OPEN else same is Same.YES
    return within(value, wanted, tolerance(wanted, rule))


def _with_unit(value: Any, key: Key, rule: Rule, unit: str) -> Comparison:
    kind, worth_one = UNITS[unit]
    asked, asked_one = UNITS[rule.unit]
    if kind != asked:
        return Comparison(False, value, "unit", f"{unit} measures something else than what is asked for.")
    ratio = worth_one / asked_one
    scaled = value * ratio if type(value) is Fraction else value * REAL.real(ratio)
    if within(scaled, key.values[0], rule.tol):
        return Comparison(True, value)
    if within(value, key.values[0], rule.tol):
        return Comparison(False, value, "unit", f"The number would be right in another unit than {unit}.")
    return Comparison(False, value)


def _going_on(entries: list[Tree], values: list[Any], key: Key, rule: Rule, single: Any) -> Comparison:
    """Compare digits that go on, as in 0.333...: right if the written digits suffice; else a person may decide."""
    if rule.type not in ("exact", "equiv", "form") and all(
        _equal(*pair, key, place, rule) for place, pair in enumerate(zip(entries, values, strict=True))
    ):
        return Comparison(True, single, right_entries=len(values))
    for entry, value, wanted in zip(entries, values, key.values, strict=True):
        if isinstance(wanted, Infinite) or not _goes_on(value, wanted, _left(entry)):
            return Comparison(False, single)
    return Comparison(None, single, doubt="the digits go on, and those that are written fit")


def _left(entry: Tree) -> Fraction:
    """Return the largest value of the unwritten digits. Raises Unreadable if they are part of an expression."""
    if isinstance(entry, Apply) and entry.op == "neg":
        entry = entry.args[0]
    if not isinstance(entry, Number) or not entry.places:
        raise Unreadable("the digits go on: write a fraction")
    return Fraction(1, 10**entry.places)


def _goes_on(value: Any, wanted: Any, left: Fraction) -> bool:
    """Whether the key begins with the digits that are written."""
    value, wanted = REAL.real(value), REAL.real(wanted)
    return bool(value * wanted >= 0 and 0 <= abs(wanted) - abs(value) <= REAL.real(left))


_TENS = re.compile(
    r"[-+−–]?\s*[1-9](?:[.,]\d+)?\s*(?:[eE][-+]?\d+|(?:[x*×·⋅]|\\times|\\cdot)\s*10\s*(?:\^|\*\*|[⁻⁰-⁹¹²³]).*)"
)


def has_form(reading: Reading, student: str, key: Key, form: str) -> bool:
    """Whether every entry has the form; for `same`, the form of the key."""
    if form == "same":
        pairs = zip(reading.entries, key.reading.entries, strict=True)
        return all(_alike(mine, wanted, student, key.text) for mine, wanted in pairs)
    return all(form in forms(entry, student) for entry in reading.entries)


def forms(tree: Tree, text: str) -> set[str]:
    """Return the forms in which an entry is written."""
    if isinstance(tree, Apply) and tree.op == "neg":
        tree = tree.args[0]
    if isinstance(tree, Number):
        if _TENS.fullmatch(text.strip()):
            return {"scientific"}
        return {"whole", "lowest"} if tree.places == 0 else {"decimal"} if tree.places else {"fraction", "lowest"}
    if not isinstance(tree, Apply):
        return set()
    if tree.op == "percent":
        return {"percent"}
    if tree.op == "mixed":
        return {"mixed"}
    if tree.op == "/" and (sides := _whole_sides(tree)):
        return {"fraction", "lowest"} if gcd(*sides) == 1 and sides[1] > 1 else {"fraction"}
    return {"scientific"} if _TENS.fullmatch(text.strip()) else set()


def _whole_sides(tree: Apply) -> tuple[int, int] | None:
    over, under = tree.args
    if isinstance(over, Apply) and over.op == "neg":
        over = over.args[0]
    if not (isinstance(over, Number) and isinstance(under, Number)) or over.places != 0 or under.places != 0:
        return None
    return over.value.numerator, under.value.numerator


def _alike(mine: Tree, wanted: Tree, student: str, key: str) -> bool:
    """Whether an entry has the key's form, or is the same expression up to the order of sums and products."""
    asked = forms(wanted, key)
    return forms(mine, student) == asked if asked else _ordered(mine) == _ordered(wanted)


def _ordered(tree: Tree) -> str:
    """Return a text that is equal for expressions that differ only in the order of sums and products."""
    if not isinstance(tree, Apply):
        return repr(tree.value) if isinstance(tree, Number) else repr(tree)
    if tree.op in ("+", "*"):
        return f"{tree.op}({', '.join(sorted(_terms(tree, tree.op)))})"
    return f"{tree.op}({', '.join(map(_ordered, tree.args))})"


def _terms(tree: Tree, op: str) -> list[str]:
    if isinstance(tree, Apply) and tree.op == op:
        return [term for arg in tree.args for term in _terms(arg, op)]
    return [_ordered(tree)]


_QUOTES = {"'": "'", '"': '"', "‘": "’", "“": "”", "„": "“", "‚": "‘", "«": "»", "`": "`", "’": "’", "”": "”"}
_ALIKE = str.maketrans(
    "абвгдеёзикмнорстухіјѕԁһԛԝАВЕЗКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρυικ",
    "a6vrdee3ukmhopctyxijsdhqwABE3KMHOPCTYXIJSABEZHIKMNOPTYXoavpuik",
)


def compare_words(student: str, key: str, casefold: bool) -> tuple[bool, str, str, str]:
    """Compare words. Return whether they are the key, the reading (empty if blank), the mistake and the sentence."""
    found, wanted = strip_quotes(student), strip_quotes(key)
    if not found:
        return False, "", "", ""
    how = quoted(found[:LONGEST])
    if len(found) > LONGEST:
        return False, how, "", "That is longer than any answer."
    if found.endswith(".") and not wanted.endswith("."):
        found = found[:-1].rstrip()
    if _folded(found, casefold) == _folded(wanted, casefold):
        return True, how, "", "It is right."
    strange = next((c for c in found if not c.isascii() and c not in wanted), None)
    if strange and _folded(_look(found), True) == _folded(_look(wanted), True):
        return False, how, "look-alike", f"It looks the same, but has {character_name(strange)}."
    if _folded(found, True) == _folded(wanted, True):
        return False, how, "case", "Small and capital letters are told apart here."
    return False, how, "", "That is not the answer."


def strip_quotes(text: str) -> str:
    """Return a text without outer blanks and quotes, and with single blanks inside."""
    text = " ".join(unicodedata.normalize("NFC", strip_invisible(text)).split())
    if len(text) >= 2 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def _folded(text: str, casefold: bool) -> str:
    return text.casefold() if casefold else text


def _look(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_ALIKE)
