"""A table's name as print has it: W_Q with the Q below, ∂Q with its sign apart, β₁, W′; single letters bold."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import combining, normalize

from byhand.notation.tree import Chain, Maths, Name, Negative, Number, Power, Product, Words

PRIMES = "′″‴"
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "0123456789()")


def in_print(name: Name) -> Maths:
    """Return a name with its subscripts, primes and signs apart, as notations in two dimensions set it."""
    path, dot, last = name.letters.rpartition(".")
    if name.letters == "−∞":
        return Negative(Name("∞"))
    if last.startswith("∂") and last != "∂":
        of = in_print(replace(name, letters=f"{path}{dot}{last[1:]}"))
        return replace(of, letters=f"∂{of.letters}") if isinstance(of, Name) else Product((Name("∂"), of))
    if name.letters.startswith("ln "):
        return Product((Words("ln"), in_print(replace(name, letters=name.letters[3:]))))
    letters, primes = _without_primes(name.letters)
    letters, own = _without_subscript(letters)
    below = name.below
    if own is not None:
        below = _below(own, below) if len(letters) == 1 or isinstance(own, Number) else (own, *below)
    bare = Name(letters, below, name.bold and len(accent(letters)[0]) == 1)
    return Power(bare, Name(primes.translate(RAISED))) if primes else bare


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
    before, _, number = letters.rpartition("_")
    if before and number.isdigit():
        return before, Number(number)
    before, _, word = letters.partition("_")
    return (before, Name(word)) if before and word else (letters, None)


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
