"""How learning systems know the students of a key: their e-mail addresses, numbers, and Canvas's own ids."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from byhand.exercises.keys import Key
from byhand.exercises.roster import IDS, clean, read_columns

EMAILS = ("email address", "email", "e-mail", "e-mail-adresse")
NUMBERS = ("id number", "sis user id", "student id", "student number", "matriculation number", "matrikelnummer")
CANVAS = ("student", "id", "sis user id", "sis login id", "section")
"""The columns by which Canvas knows whose a grade is."""


@dataclass(frozen=True)
class Person:
    """A student of the key. canvas: student, ID, SIS user ID, SIS login ID, section."""

    id: str
    name: str
    email: str
    number: str
    canvas: tuple[str, str, str, str, str]


def folded(id: str) -> str:
    """An id as it is compared: two ways of writing the same letters are one."""
    return unicodedata.normalize("NFC", id).casefold()


def enrolled(key: Key, rosters: Sequence[Path]) -> list[Person]:
    """The students in the key's order, with what the class's lists say of them. ByhandError for a list that is none."""
    people = {folded(id): _alone(id, student.name) for id, student in key.students.items()}
    for roster in rosters:
        for cells in _rows(roster):
            ids = [folded(cells[name]) for name in IDS if cells.get(name)]
            known = next((id for id in ids if id in people), None)
            if known is not None:
                people[known] = _with(people[known], cells)
    return list(people.values())


def _alone(id: str, name: str) -> Person:
    """What the key alone says: the id is an e-mail address, or else a number."""
    email, number = (id, "") if "@" in id else ("", id)
    return Person(id, name, email, number, (name or id, "", number, email, ""))


def _rows(roster: Path) -> Iterator[dict[str, str]]:
    header, people = read_columns(roster)
    names = [name.casefold() for name in header]
    for _, cells in people:
        yield {name: clean(cell) for name, cell in reversed([*zip(names, cells, strict=False)])}


def _with(person: Person, cells: dict[str, str]) -> Person:
    if all(name in cells for name in CANVAS[:3]):
        student, id, user, login, section = (cells.get(name, "") for name in CANVAS)
        return replace(person, canvas=(student, id, user, login, section))
    email = next((cells[name] for name in EMAILS if cells.get(name)), person.email)
    number = next((cells[name] for name in NUMBERS if cells.get(name)), person.number)
    return replace(person, email=email, number=number)
