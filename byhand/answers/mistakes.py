"""Known errors in typed answers, and sentences about them that do not reveal the answer."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from byhand.answers.equality import REAL, Same, is_near, same_everywhere, tolerance, within
from byhand.answers.keys import Key
from byhand.answers.limits import Unreadable
from byhand.answers.reading import AskedShape, Reading, Shape
from byhand.answers.rules import Rule
from byhand.answers.tree import Apply, Infinite, Number, Tree, letters_in

Mistake = tuple[str, str]
CUT_OFF = "It seems to be cut off, not rounded."
TOO_LARGE = "It is a hundred times too large: is a percent sign missing?"
NOT_EXACT = "It is near the answer, but an exact value is asked for, not a rounded one."


def shape_mistake(shape: Shape, asked: AskedShape) -> Mistake:
    """Return the mistake of an answer with another shape than asked, and its sentence."""
    if shape is not None and asked.shape is not None and shape == asked.shape[::-1]:
        if 1 in shape:
            return "orientation", f"It is a {'column' if shape[1] == 1 else 'row'}: the item asks for the other."
        return "shape", "It has as many rows as the answer has columns: is it transposed?"
    return "shape", f"It is {_size(shape)}; the item asks for {_size(asked.shape)}."


def _size(shape: Shape) -> str:
    if shape is None:
        return "one number"
    if 1 in shape:
        count = max(shape)
        return f"{count} number{'s' if count > 1 else ''}"
    return f"a table of {shape[0]}×{shape[1]}"


def value_mistake(reading: Reading, values: list[Any], key: Key, rule: Rule, right: list[bool]) -> Mistake:
    """Return the mistake of a wrong answer and its sentence; both empty if no known mistake fits."""
    if reading.shape in (None, (1, 1)):
        return _of_number(reading.entries[0], values[0], key.values[0], rule)
    return _of_table(reading, values, key, rule, right)


def _of_number(tree: Tree, value: Any, key: Any, rule: Rule) -> Mistake:
    if isinstance(value, Infinite) or isinstance(key, Infinite):
        return "", ""
    near = _near(rule)
    if near(value, -key):
        return "sign", "A minus sign is missing, or one too many."
    if (coarse := _coarse(tree, value, key, rule)) != ("", ""):
        return coarse
    if near(value, 100 * key):
        return "percent", TOO_LARGE
    if near(100 * value, key):
        return "percent", "It is a hundred times too small: is a percent sign too many?"
    for power in range(1, 7):
        if near(value, key * 10**power) or near(value * 10**power, key):
            doubt = " Is the comma, or the point, read as it was meant?" if power % 3 == 0 else ""
            return "power-of-ten", f"It is {power} power{'s' if power > 1 else ''} of ten out.{doubt}"
    if 0 < key < 1 and near(value, 1 - key):
        return "complement", "That is one minus the answer."
    if value and near(1 / value, key):
        return "reciprocal", "That is one over the answer."
    return "", ""


def _near(rule: Rule) -> Callable[[Any, Any], bool]:
    """Return a function that tests whether two numbers agree to the relative precision of the rule."""
    counted = rule.type in ("dp", "sf", "margin")
    share = Fraction(1, 10 ** min(max(rule.n, 2) + 1, 12)) if counted else Fraction(1, 10**6)
    if rule.type == "rel":
        share = max(rule.tol, Fraction(1, 10**6))

    def near(one: Any, other: Any) -> bool:
        try:
            mine, its = float(one), float(other)
        except OverflowError:
            return False
        return its != 0 and abs(mine - its) <= 5 * float(share) * abs(its)

    return near


def _coarse(tree: Tree, value: Any, key: Any, rule: Rule) -> Mistake:
    """Recognise too few digits, cut-off digits, and decimals in place of an exact value."""
    places = _places(tree)
    if places is None:
        return "", ""
    apart = abs(REAL.real(value) - REAL.real(key))
    unit = REAL.mp.mpf(10) ** -places
    if not value and key:
        return "", ""
    if rule.type in ("exact", "equiv", "form"):
        whole = type(key) is Fraction and key.denominator == 1
        close = apart <= unit and (places >= 2 or (not whole and apart <= abs(REAL.real(key)) / 1000))
        return ("wrong-form", NOT_EXACT) if close else ("", "")
    if rule.type not in ("dp", "sf", "margin"):
        return "", ""
    wanted = rule.n if rule.type != "sf" else None
    if apart <= unit / 2 and (wanted is None or places < wanted):
        return "too-few-digits", "It is right as far as it goes, but has too few digits."
    if apart < unit and abs(REAL.real(value)) < abs(REAL.real(key)):
        return "cut-off", CUT_OFF
    if wanted == places and apart <= unit * 3 / 2:
        return "last-digit", "The last digit is out by one."
    return "", ""


def _places(tree: Tree) -> int | None:
    if isinstance(tree, Apply) and tree.op == "neg":
        tree = tree.args[0]
    return tree.places if isinstance(tree, Number) else None


def _of_table(reading: Reading, values: list[Any], key: Key, rule: Rule, right: list[bool]) -> Mistake:
    assert key.reading.shape is not None
    rows, columns = key.reading.shape
    if any(isinstance(value, Infinite) for value in [*values, *key.values]):
        return "", _count(right)
    near = _within(rule)
    table = [values[row * columns : (row + 1) * columns] for row in range(rows)]
    wanted = [key.values[row * columns : (row + 1) * columns] for row in range(rows)]

    def alike(one: list[list[Any]], other: list[list[Any]]) -> bool:
        return all(near(a, b) for mine, its in zip(one, other, strict=True) for a, b in zip(mine, its, strict=True))

    if rows == columns > 1 and alike(list(map(list, zip(*table, strict=True))), wanted):
        return "transposed", "It is transposed: rows and columns have changed places."
    if alike([[-value for value in row] for row in table], wanted):
        return "sign", "Every sign is the other way round."
    if _rearranged(table, wanted, alike):
        return "order", "The numbers are right, but not in their places."
    return "", _count(right)


def _rearranged(table: list[list[Any]], wanted: list[list[Any]], alike: Callable[..., bool]) -> bool:
    """Whether the entries are the right ones in another order."""
    flat = sorted((value for row in table for value in row), key=float)
    return alike([flat], [sorted((value for row in wanted for value in row), key=float)])


def _within(rule: Rule) -> Callable[[Any, Any], bool]:
    def alike(one: Any, other: Any) -> bool:
        if rule.type == "margin":
            return is_near(one, other, rule.tol, rule.n)
        exact = rule.type in ("exact", "equiv", "form")
        return within(one, other, Fraction(0) if exact else tolerance(other, rule))

    return alike


def _count(right: list[bool]) -> str:
    wrong = right.count(False)
    return f"{wrong} of its {len(right)} entries {'is' if wrong == 1 else 'are'} wrong."


def symbolic_mistake(pairs: list[tuple[Tree, Tree]], key: Key) -> Mistake:
    """Return the mistake of an expression with letters (a letter or a sign) and its sentence."""
    letters = {name for student, _ in pairs for name in letters_in(student)}
    wanted = {name for tree in key.reading.entries for name in letters_in(tree)}
    for name in sorted(letters - wanted):
        if name.swapcase() in wanted:
            return "case", f"{name} and {name.swapcase()} are two different letters here."
        if name not in key.meaning.variables:
            return "letter", f"{name} is not a letter of this question."
    try:
        if all(
            not isinstance(student, Infinite)
            and same_everywhere(Apply("neg", (student,)), key.sampled(place)) is Same.YES
            for place, (student, _) in enumerate(pairs)
        ):
            return "sign", "A minus sign is missing, or one too many."
    except Unreadable:
        pass
    return "", ""
