"""Numbers with a unit: which units there are, and how many of the smallest one each is."""

from __future__ import annotations

import re
from fractions import Fraction

from byhand.grading.answers.bounds import Unreadable

_TENS = {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
_SMALL = {"m": -3, "µ": -6, "u": -6, "n": -9}


def _scaled(stems: str, worth: Fraction, kind: str, prefixes: dict[str, int]) -> dict[str, tuple[str, Fraction]]:
    units = dict.fromkeys(stems.split(), (kind, worth))
    first, *words = stems.split()
    units |= {prefix + first: (kind, worth * Fraction(10) ** power) for prefix, power in prefixes.items()}
    long = {"k": "kilo", "M": "mega", "G": "giga", "T": "tera", "m": "milli", "µ": "micro", "n": "nano"}
    for prefix, power in prefixes.items():
        if prefix in long:
            units |= {long[prefix] + word: (kind, worth * Fraction(10) ** power) for word in words}
    return units


def _binary(stems: str, worth: int, kind: str) -> dict[str, tuple[str, Fraction]]:
    first, *words = stems.split()
    steps = {"Ki": "kibi", "Mi": "mebi", "Gi": "gibi", "Ti": "tebi"}
    return {
        prefix + stem: (kind, Fraction(worth * 1024 ** (n + 1)))
        for n, (short, long) in enumerate(steps.items())
        for prefix, stem in [(short, first), *((long, word) for word in words)]
    }


UNITS: dict[str, tuple[str, Fraction]] = (
    _scaled("B byte bytes", Fraction(8), "information", _TENS)
    | _scaled("bit bits", Fraction(1), "information", _TENS)
    | {"b": ("information", Fraction(1))}
    | _binary("B byte bytes", 8, "information")
    | _binary("bit bits", 1, "information")
    | _scaled("s sec second seconds", Fraction(1), "time", _SMALL)
    | {"min": ("time", Fraction(60)), "minute": ("time", Fraction(60)), "minutes": ("time", Fraction(60))}
    | {"h": ("time", Fraction(3600)), "hour": ("time", Fraction(3600)), "hours": ("time", Fraction(3600))}
    | _scaled("FLOP FLOPs flop flops", Fraction(1), "operations", _TENS)
    | _scaled("Hz hertz", Fraction(1), "frequency", _TENS)
    | _scaled("m metre metres meter meters", Fraction(1), "length", {"k": 3, "c": -2} | _SMALL)
    | _scaled("g gram grams", Fraction(1), "mass", {"k": 3} | _SMALL)
    | _scaled("W watt watts", Fraction(1), "power", _TENS | _SMALL)
    | _scaled("J joule joules", Fraction(1), "energy", _TENS | _SMALL)
    | _scaled("parameter parameters param params", Fraction(1), "parameters", {})
    | _scaled("token tokens", Fraction(1), "tokens", {})
    | _scaled("nat nats", Fraction(1), "nats", {})
)
"""Each unit: what it measures, and how many of the smallest it is."""
_TWO_MEANINGS = re.compile(r"K(?:B|b|bit|byte|bytes)")
_ENDING = re.compile(r"^(?P<number>.*?[\d.)\]}%!])\s*(?P<unit>[A-Za-zµμ]+)$", re.DOTALL)


class NeedsPerson(Exception):
    """What nobody but a person can decide. The message is the reason: a clause without its full stop."""


def parted(text: str) -> tuple[str, str]:
    """An answer as its number and its unit. Raises Unreadable where it has none that is known."""
    match = _ENDING.match(text.strip().removesuffix("."))
    if match is None:
        raise Unreadable("it has no unit")
    unit = match["unit"].replace("μ", "µ")
    if _TWO_MEANINGS.fullmatch(unit):
        raise NeedsPerson(f"{unit} may mean 1000 or 1024: kB or KiB would be clear")
    if unit not in UNITS and len(unit) >= 4 and unit.lower() in UNITS:
        unit = unit.lower()
    if unit not in UNITS:
        raise Unreadable(f"{unit[:20]} is not a unit that is read here")
    return match["number"], unit
