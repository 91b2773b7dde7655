"""The rule by which an answer is right, and the settings by which it is read.

Decimal commas: `_ways` in reading.py tries 0,88 as two entries, as thousands and as 0.88 (`Comma` in tokens.py), and
the first reading of the shape asked for counts. With Settings.decimal = "comma" the decimal comma is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from byhand.answers.characters import GREEK
from byhand.answers.limits import Unreadable
from byhand.errors import ByhandError, nearest, quoted

_TENS = {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
_SMALL = {"m": -3, "µ": -6, "u": -6, "n": -9}


def _scaled(stems: str, size: Fraction, kind: str, prefixes: dict[str, int]) -> dict[str, tuple[str, Fraction]]:
    units = dict.fromkeys(stems.split(), (kind, size))
    first, *words = stems.split()
    units |= {prefix + first: (kind, size * Fraction(10) ** power) for prefix, power in prefixes.items()}
    long = {"k": "kilo", "M": "mega", "G": "giga", "T": "tera", "m": "milli", "µ": "micro", "n": "nano"}
    for prefix, power in prefixes.items():
        if prefix in long:
            units |= {long[prefix] + word: (kind, size * Fraction(10) ** power) for word in words}
    return units


def _binary(stems: str, size: int, kind: str) -> dict[str, tuple[str, Fraction]]:
    first, *words = stems.split()
    steps = {"Ki": "kibi", "Mi": "mebi", "Gi": "gibi", "Ti": "tebi"}
    return {
        prefix + stem: (kind, Fraction(size * 1024 ** (n + 1)))
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
"""For each unit the quantity that it measures, and its size in the smallest unit of that quantity."""
_TWO_MEANINGS = re.compile(r"K(?:B|b|bit|byte|bytes)")
_ENDING = re.compile(r"^(?P<number>.*?[\d.)\]}%!])\s*(?P<unit>[A-Za-zµμ]+)$", re.DOTALL)


class NeedsPerson(Exception):
    """Only a person can decide. The message is the reason: a clause without its full stop."""


def split_unit(text: str) -> tuple[str, str]:
    """Split an answer into its number and its unit. Raises Unreadable for a missing or unknown unit."""
    match = _ENDING.match(text.strip().removesuffix("."))
    if match is None:
        raise Unreadable("it has no unit")
    unit = match["unit"].replace("μ", "µ")
    if _TWO_MEANINGS.fullmatch(unit):
        raise NeedsPerson(f"{unit} may mean 1000 or 1024: kB or KiB would be clear")
    if unit not in UNITS and len(unit) >= 4 and unit.lower() in UNITS:
        unit = unit.lower()
    if unit not in UNITS:
        raise Unreadable("{unit} is not a unit that is read here", unit=unit[:20])
    return match["number"], unit


TYPES = ("dp", "sf", "abs", "rel", "margin", "exact", "equiv", "form", "unit", "text", "pieces")
FORMS = ("same", "whole", "fraction", "lowest", "decimal", "percent", "scientific", "mixed")
_ALSO = {
    "reduced": "lowest",
    "simplest": "lowest",
    "lowest_terms": "lowest",
    "integer": "whole",
    "percentage": "percent",
}
_EXAMPLES = "such as dp:2, sf:3, abs:0.01, rel:1e-3, exact, equiv, form:lowest, unit:byte or text"


@dataclass(frozen=True)
class Rule:
    """The condition under which an answer is right.

    type: one of TYPES. n: of dp, sf, margin. tol: of abs, rel, margin. casefold: of text.

    margin is the rule of marking: within `tol` of the key, or equal to the key rounded to `n` decimals.
    """

    type: str = "exact"
    n: int = 0
    tol: Fraction = Fraction(0)
    form: str = "same"
    unit: str = ""
    casefold: bool = False

    def __str__(self) -> str:
        what = {"dp": self.n, "sf": self.n, "abs": self.tol, "rel": self.tol, "form": self.form, "unit": self.unit}
        if self.type == "margin":
            return f"margin:{self.tol}:{self.n}"
        return f"{self.type}:{what[self.type]}" if self.type in what else self.type


@dataclass(frozen=True)
class Settings:
    """How an item's answers are read.

    decimal: the sign before decimals. log: the base of `log`. orientation: whether a row may stand for a column.
    percent, mixed: whether 50% and 1 3/7 are read. allow_infinity: whether infinity is an answer.
    vars: the letters of the question; without them, the letters of the key. strip_words: words before or after an
    answer that change nothing, such as points.
    """

    decimal: str = "point"
    log: str = "natural"
    orientation: str = "any"
    allow_infinity: bool = False
    percent: bool = True
    mixed: bool = True
    vars: tuple[str, ...] = ()
    strip_words: tuple[str, ...] = ()


_CHOICES = {
    "decimal": {"point": "point", ".": "point", "dot": "point", "comma": "comma", ",": "comma"},
    "log": {
        "natural": "natural",
        "e": "natural",
        "ln": "natural",
        "base10": "base10",
        "log10": "base10",
        "10": "base10",
        "base2": "base2",
        "log2": "base2",
        "2": "base2",
    },
    "orientation": {"any": "any", "strict": "strict"},
}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def settings_from(given: Mapping[str, Any]) -> Settings:
    """Return the settings with these names and values. Raises ByhandError for an unknown name or value."""
    known = [field.name for field in fields(Settings)]
    chosen: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise ByhandError(f"There is no setting {quoted(name)}: {nearest(str(name), known)}.")
        chosen[name] = _chosen(name, value)
    return Settings(**chosen)


def _chosen(name: str, value: Any) -> Any:
    if name in _CHOICES:
        choices = _CHOICES[name]
        choice = choices.get(str(value).lower()) if isinstance(value, str | int) else None
        if choice is None or isinstance(value, bool):
            kinds = list(dict.fromkeys(choices.values()))
            raise ByhandError(f"The setting {name} is {' or '.join(kinds)}, not {quoted(value)}.")
        return choice
    if name == "vars":
        listed = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(word, str) and word.isidentifier() for word in listed):
            raise ByhandError(f"The setting vars is a list of letters such as x,y, not {quoted(value)}.")
        return tuple(GREEK.get(word, "lambda" if word == "lamda" else word) for word in listed)
    if name == "strip_words":
        return _words(value)
    flag = value if isinstance(value, bool) else _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if flag is None:
        raise ByhandError(f"The setting {name} is true or false, not {quoted(value)}.")
    return flag


def _words(value: Any) -> tuple[str, ...]:
    listed = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(
        isinstance(word, str) and 0 < len(word) <= 40 for word in listed
    ):
        raise ByhandError(f"The setting strip_words is a list of words such as points,tokens, not {quoted(value)}.")
    if number := next((word for word in listed if any(c.isdigit() for c in word)), ""):
        raise ByhandError(f"The setting strip_words holds {quoted(number)}, which has digits: name words alone.")
    return tuple(listed)


def rule_from(given: Any) -> Rule:
    """Return the rule that is written as `dp:2` or {"type": "dp", "n": 2}. Raises ByhandError."""
    if isinstance(given, str):
        kind, _, rest = given.partition(":")
        return _rule(kind.strip().lower(), _named(kind.strip().lower(), rest.strip()))
    if not isinstance(given, Mapping) or not isinstance(given.get("type"), str):
        raise ByhandError(f"{quoted(given)} is no rule: give one {_EXAMPLES}.")
    return _rule(given["type"], {name: value for name, value in given.items() if name != "type"})


def _named(kind: str, rest: str) -> dict[str, Any]:
    """Return the parameters after the colon of a short rule, by name."""
    if not rest:
        return {}
    if kind == "text":
        if rest != "casefold":
            raise ByhandError(f"text takes casefold, or nothing, not {quoted(rest)}.")
        return {"casefold": True}
    if kind == "margin":
        tolerance, _, places = rest.partition(":")
        return {"tol": tolerance, "n": int(places) if re.fullmatch(r"[0-9]{1,3}", places) else places}
    name = {"dp": "n", "sf": "n", "abs": "tol", "rel": "tol", "form": "form", "unit": "unit"}.get(kind)
    if kind in TYPES and name is None:
        raise ByhandError(f"The rule {kind} takes nothing after a colon: leave {quoted(rest)} out.")
    if name == "n":
        return {"n": int(rest) if re.fullmatch(r"[0-9]{1,3}", rest) else rest}
    return {name or "value": rest}


def _rule(kind: str, given: dict[str, Any]) -> Rule:
    if kind not in TYPES:
        raise ByhandError(f"{quoted(kind)} is no rule ({nearest(kind, TYPES)}): give one {_EXAMPLES}.")
    takes = {"dp": {"n"}, "sf": {"n"}, "abs": {"tol"}, "rel": {"tol"}, "form": {"form"}, "unit": {"unit"}}
    takes["margin"] = {"tol", "n"}
    takes_too = {"text": {"casefold"}, "unit": {"unit", "tol"}}
    for name in given:
        if name not in takes.get(kind, set()) | takes_too.get(kind, set()):
            raise ByhandError(f"The rule {kind} takes no {quoted(name)}: give one {_EXAMPLES}.")
    for name in takes.get(kind, set()) - {"form"}:
        if name not in given:
            raise ByhandError(f"The rule {kind} lacks its {name}: give one {_EXAMPLES}.")
    return Rule(kind, **{name: _checked(kind, name, value) for name, value in given.items()})


def _checked(kind: str, name: str, value: Any) -> Any:
    if name == "n":
        least = 1 if kind == "sf" else 0
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 40:
            raise ByhandError(f"The rule {kind} takes a whole number from {least} to 40, not {quoted(value)}.")
        return value
    if name == "tol":
        return _tolerance(kind, value)
    if name == "casefold":
        if not isinstance(value, bool):
            raise ByhandError(f"casefold is true or false, not {quoted(value)}.")
        return value
    value = _ALSO.get(value, value) if name == "form" and isinstance(value, str) else value
    known = FORMS if name == "form" else tuple(UNITS)
    if not isinstance(value, str) or value not in known:
        raise ByhandError(f"There is no {name} {quoted(value)}: {nearest(str(value), known)}.")
    return value


def _tolerance(kind: str, value: Any) -> Fraction:
    """Return the tolerance as the exact fraction that its decimal digits state: 0.001 as 1/1000."""
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(text, str) and re.fullmatch(r"[0-9]{0,40}\.?[0-9]{1,40}(?:[eE][+-]?[0-9]{1,3})?", text):
        return Fraction(text)
    raise ByhandError(f"The rule {kind} takes a tolerance such as 0.01, from 0 upwards, not {quoted(value)}.")
