"""In which form a number is written: a fraction in lowest terms, a decimal, a percentage, a power of ten."""

from __future__ import annotations

import re
from math import gcd

from byhand.grading.answers.keys import Key
from byhand.grading.answers.reading import Reading
from byhand.grading.answers.tree import Apply, Number, Tree

_TENS = re.compile(
    r"[-+−–]?\s*[1-9](?:[.,]\d+)?\s*(?:[eE][-+]?\d+|(?:[x*×·⋅]|\\times|\\cdot)\s*10\s*(?:\^|\*\*|[⁻⁰-⁹¹²³]).*)"
)


def in_form(reading: Reading, student: str, key: Key, form: str) -> bool:
    """Whether every entry is so written; `same`: as the key is."""
    if form == "same":
        pairs = zip(reading.entries, key.reading.entries, strict=True)
        return all(_alike(mine, wanted, student, key.text) for mine, wanted in pairs)
    return all(form in forms(entry, student) for entry in reading.entries)


def forms(tree: Tree, text: str) -> set[str]:
    """The forms that an entry has."""
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
    """As the key: of the same forms, or the same expression but for the order of sums and products."""
    asked = forms(wanted, key)
    return forms(mine, student) == asked if asked else _ordered(mine) == _ordered(wanted)


def _ordered(tree: Tree) -> str:
    """One text for expressions that differ only in the order of sums and products."""
    if not isinstance(tree, Apply):
        return repr(tree.value) if isinstance(tree, Number) else repr(tree)
    if tree.op in ("+", "*"):
        return f"{tree.op}({', '.join(sorted(_terms(tree, tree.op)))})"
    return f"{tree.op}({', '.join(map(_ordered, tree.args))})"


def _terms(tree: Tree, op: str) -> list[str]:
    if isinstance(tree, Apply) and tree.op == op:
        return [term for arg in tree.args for term in _terms(arg, op)]
    return [_ordered(tree)]
