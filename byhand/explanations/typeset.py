"""The names of tables as they are set in print: W_Q with the Q below, ∂Q with its sign apart, β₁, W′; letters bold."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from byhand.notation.printer import accent
from byhand.notation.tree import Chain, Maths, Name, Negative, Number, Over, Power, Product, Words

LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "0123456789()")


def dressed(maths: Maths) -> Maths:
    """The same formula, each of its names in print."""
    if isinstance(maths, Name):
        return _name(maths)
    if isinstance(maths, Over) and " " in maths.sign:
        return Product((Words(f"{maths.sign} "), dressed(maths.body)))
    return replace(maths, **{f.name: _inside(getattr(maths, f.name)) for f in fields(maths)})


def _inside(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_inside, value))
    return dressed(value) if isinstance(value, Maths) else value


def _name(name: Name) -> Maths:
    letters = name.letters
    if letters == "−∞":
        return Negative(Name("∞"))
    path, _, last = letters.rpartition(".")
    if last.startswith("∂"):
        return _gradient(_name(replace(name, letters=".".join(filter(None, (path, last[1:]))))))
    if letters.startswith("ln "):
        return Product((Words("ln"), _name(replace(name, letters=letters[3:]))))
    return _with_marks(name)


def _gradient(of: Maths) -> Maths:
    return replace(of, letters=f"∂{of.letters}") if isinstance(of, Name) else Product((Name("∂"), of))


def _with_marks(name: Name) -> Maths:
    """Subscripts that are part of the letters stand before the cell's place; primes and step numbers above."""
    found = re.fullmatch(
        r"(\w|.+?(?:(?!_)(?=[₀-₉′″‴⁽]|$)|(?=_\d+(?:[′″‴⁽]|$))))(?:_(\w+?)|([₀-₉]+))?([′″‴]|⁽.+⁾)?", name.letters
    )
    assert found
    letters, words, digits, raised = found.groups()
    below = tuple(map(dressed, name.below))
    number = digits.translate(LOWERED) if digits else words if words and words.isdigit() else ""
    own = Number(number) if number else Name(words) if words else None
    if own is not None:
        places = _places(below)
        below = (Chain((own, *places), (",",) * len(places)),) if below else (own,)
    bare = Name(letters, below, name.bold and len(accent(letters)[0]) == 1)
    return Power(bare, Name(raised.translate(RAISED))) if raised else bare


def _places(below: tuple[Maths, ...]) -> tuple[Maths, ...]:
    """A cell's row and column as one number where each has one digit."""
    if all(isinstance(b, Number) and len(b.digits) == 1 for b in below):
        return (Number("".join(b.digits for b in below if isinstance(b, Number))),)
    return below
