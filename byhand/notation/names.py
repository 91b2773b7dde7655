"""A table's name as print has it: W_Q with the Q below, ∂Q with its sign apart, β₁, W′; single letters bold."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any
from unicodedata import combining, normalize

from byhand.notation.tree import Chain, Maths, Name, Negative, Number, Over, Power, Product, Words

PRIMES = "′″‴"
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "0123456789()")


def in_print(maths: Maths) -> Maths:
    """Return a formula with the subscripts, primes and signs of its names apart, for notations in two dimensions."""
    if isinstance(maths, Name):
        return _name(maths)
    if isinstance(maths, Over) and " " in maths.sign:
        return Product((Words(f"{maths.sign} "), in_print(maths.body)))
    return replace(maths, **{f.name: _inside(getattr(maths, f.name)) for f in fields(maths)})


def _inside(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_inside, value))
    return in_print(value) if isinstance(value, Maths) else value


def _name(name: Name) -> Maths:
    path, dot, last = name.letters.rpartition(".")
    if name.letters == "−∞":
        return Negative(Name("∞"))
    if last.startswith("∂") and last != "∂":
        of = _name(replace(name, letters=f"{path}{dot}{last[1:]}"))
        return replace(of, letters=f"∂{of.letters}") if isinstance(of, Name) else Product((Name("∂"), of))
    if name.letters.startswith("ln "):
        return Product((Words("ln"), _name(replace(name, letters=name.letters[3:]))))
    letters, primes = _without_primes(name.letters)
    letters, own = _without_subscript(letters)
    below = tuple(map(in_print, name.below))
    bare = Name(letters, _below(own, below) if own else below, name.bold and len(accent(letters)[0]) == 1)
    return Power(bare, Name(primes.translate(RAISED))) if primes else bare


def word_below(name: Name) -> Name:
    """Return a name whose letters are two words, such as causal_mask, as the first with the others below it."""
    before, _, word = name.letters.partition("_")
    return Name(before, (Name(word), *name.below), name.bold) if before and word else name


def _without_primes(letters: str) -> tuple[str, str]:
    """Return W′ as W and ′; W⁽⁴⁾, the weight after four steps of training, as W and ⁽⁴⁾."""
    if letters[1:] and letters[-1] in PRIMES:
        return letters[:-1], letters[-1]
    before, bracket, after = letters.partition("⁽")
    return (before, bracket + after) if before else (letters, "")


def _without_subscript(letters: str) -> tuple[str, Maths | None]:
    """Return W_Q as W and Q, weighed_1 as weighed and 1, β₁ as β and 1; a name without a subscript as it is."""
    stem = letters.rstrip("₀₁₂₃₄₅₆₇₈₉")
    if stem and stem != letters:
        return stem, Number(letters[len(stem) :].translate(LOWERED))
    if letters[1:2] == "_" and letters[2:]:
        return letters[0], Number(letters[2:]) if letters[2:].isdigit() else _name(Name(letters[2:]))
    before, _, number = letters.rpartition("_")
    if before and number.isdigit():
        return before, Number(number)
    return letters, None


def _below(own: Maths, places: tuple[Maths, ...]) -> tuple[Maths, ...]:
    """Return the name's own subscript and the places of a cell, with commas: Q,21 and Q,12,3."""
    numbers = [place for place in places if isinstance(place, Number)]
    if not places or len(numbers) < len(places):
        return (own, *places)
    if all(len(n.digits) == 1 for n in numbers):
        places = (Number("".join(n.digits for n in numbers)),)
    return (Chain((own, *places), (",",) * len(places)),)


def accent(letters: str) -> tuple[str, str]:
    """Return the letters without the mark above a single letter, and that mark: x̂ is x and a hat."""
    apart = normalize("NFD", letters)
    return (apart[0], apart[1]) if len(apart) == 2 and combining(apart[1]) else (letters, "")
