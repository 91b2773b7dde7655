"""Tables of TOML and JSON as typed records; one that does not fit is refused in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from datetime import date, time
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from byhand.errors import ByhandError, near, nearest, quoted

Record = TypeVar("Record")
WORDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table of settings",
}
"""Names of types in a sentence."""
PLURALS = {int: "whole numbers", float: "numbers", str: "words", dict: "tables", tuple: "pairs"}


MOST_PARTS = 5_000_000
"""The most brackets, commas and colons of a JSON file: each may become a value of some 80 bytes in memory."""
DEEPEST = 50
"""How deep tables and lists of a recipe may lie in one another."""
LARGEST_NUMBER = 10**15
"""The largest number of a recipe or a key: up to it, every whole number is a number of a computer's, too."""


def check_parts(data: bytes, where: str, fix: str) -> None:
    """Raise ByhandError for JSON with more values than are read, before any is. fix: what to do, to end a sentence."""
    if sum(map(data.count, (b"[", b"{", b",", b":"))) > MOST_PARTS:
        raise ByhandError(f"{where} holds more than {MOST_PARTS:,} values: {fix}.")


def json_value(data: bytes, where: str, fix: str, every_number_finite: bool = False) -> Any:
    """Return the value of JSON in UTF-8. where: the file. fix: what to do, to end a sentence.

    Raises ByhandError for another text, for more values than are read, and for one that is nested too deeply.
    """
    check_parts(data, where, fix)
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refused if every_number_finite else None)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        reason = str(error).splitlines()[0]
    raise ByhandError(f"{where} is not JSON ({reason if len(reason) < 200 else 'it is damaged'}): {fix}.")


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def check_numbers(table: Mapping[str, Any], where: str) -> None:
    """Raise ByhandError, with the place, for a value that no recipe has: a number beyond bounds, a date, a deep list.

    where: "the recipe story.toml".
    """
    waiting: list[tuple[str, Any, int]] = [(name, value, 1) for name, value in table.items()]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise ByhandError(f"In {where}, {quoted(place)} is nested deeper than {DEEPEST} tables: flatten it.")
        if isinstance(value, Mapping):
            waiting += [(f"{place}.{name}", inner, depth + 1) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{place}[{n}]", inner, depth + 1) for n, inner in enumerate(value, 1)]
        elif isinstance(value, int | float) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise ByhandError(
                f"In {where}, {quoted(place)} is {quoted(value)}: "
                f"write a number from -{LARGEST_NUMBER:,} to {LARGEST_NUMBER:,}."
            )
        elif isinstance(value, date | time):
            raise ByhandError(f"In {where}, {quoted(place)} is a date or a time: write a text in quotes.")


def check_keys(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Raise ByhandError, which lists all keys, for one that is not known. where: "the recipe story.toml"."""
    for name in table:
        if name not in known:
            close = f"{nearest(name, known)}; " if near(name, known) else ""
            raise ByhandError(
                f"{_opened(where)} has an unknown key {quoted(name)}; {close}there are: {', '.join(known)}."
            )


def record(kind: type[Record], table: Mapping[str, Any], where: str) -> Record:
    """Return the table as a record of this dataclass, whose fields have bounds (msgspec.Meta) where they need them.

    where: "the recipe story.toml". Raises ByhandError for an unknown key, one that is missing, a value of another kind
    or beyond its field's bounds, and for a number that no recipe has, wherever it is.
    """
    known = get_type_hints(kind, include_extras=True)
    check_keys(table, known, where)
    for field in fields(kind):  # type: ignore[arg-type]  # every record is a dataclass
        if field.name not in table and field.default is MISSING and field.default_factory is MISSING:
            raise ByhandError(f"{_opened(where)} has no {quoted(field.name)}: add it.")
    try:
        found = msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        place = re.search(r"`\$\.(\w+)", str(error))
        name = place[1] if place else next(iter(table))
        raise ByhandError(f"In {where}, '{name}' must be {in_words(known[name])}, not {quoted(table[name])}.") from None
    check_numbers(table, where)
    return found


def in_words(kind: Any) -> str:
    """Return a type in words, such as "a list of whole numbers", or "a number from 0 to 1"."""
    if get_origin(kind) is Annotated:
        inner, bounds = get_args(kind)
        least = f" above {bounds.gt:,}, at most" if bounds.ge is None else f" from {bounds.ge:,} to"
        return f"{in_words(inner)}{least} {bounds.le:,}"
    if get_origin(kind) in (Union, UnionType):
        kinds = [k for k in get_args(kind) if k is not type(None)]
        return in_words(kinds[-1])
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin not in (list, tuple):
        return WORDS[origin]
    item = arguments[0]
    if get_origin(item) in (Union, UnionType):
        item = get_args(item)[-1]
    if get_origin(item) is list:
        return f"a list of lists{in_words(item).removeprefix('a list')}"
    return f"a list of {PLURALS[get_origin(item) or item]}"


def _opened(where: str) -> str:
    return where[:1].upper() + where[1:]
