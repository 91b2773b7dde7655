"""Tables of TOML and JSON as typed records; one that does not fit is refused in one sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

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


def check_keys(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Raise ByhandError, which lists all keys, for one that is not known. where: "the recipe story.toml"."""
    for name in table:
        if name not in known:
            close = f"{nearest(name, known)}; " if near(name, known) else ""
            raise ByhandError(
                f"{_opened(where)} has an unknown key {quoted(name)}; {close}there are: {', '.join(known)}."
            )


def record(kind: type[Record], table: Mapping[str, Any], where: str) -> Record:
    """Return the table as a record of this dataclass. where: "the recipe story.toml".

    Raises ByhandError for an unknown key, one that is missing, or a value of another kind.
    """
    known = get_type_hints(kind)
    check_keys(table, known, where)
    for field in fields(kind):  # type: ignore[arg-type]  # every record is a dataclass
        if field.name not in table and field.default is MISSING and field.default_factory is MISSING:
            raise ByhandError(f"{_opened(where)} has no {quoted(field.name)}: add it.")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        place = re.search(r"`\$\.(\w+)", str(error))
        name = place[1] if place else next(iter(table))
        raise ByhandError(f"In {where}, '{name}' must be {in_words(known[name])}, not {quoted(table[name])}.") from None


def in_words(kind: Any) -> str:
    """Return a type in words, such as "a list of whole numbers"."""
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
