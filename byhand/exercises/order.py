"""What somebody wants made: by which recipe, for whom, in which formats, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError
from byhand.exercises.formats import formats_of
from byhand.exercises.recipe import find
from byhand.exercises.roster import Roster, numbered, read_roster


@dataclass(frozen=True)
class Order:
    """recipe: its file. seed, jobs: None leaves them to byhand. practice: with marks in the book."""

    recipe: Path
    folder: Path
    roster: Roster
    seed: int | None = None
    formats: tuple[str, ...] = ("xlsx",)
    practice: bool = False
    jobs: int | None = None
    force: bool = False


def ordered(
    recipe: str, folder: Path | None, roster: Path | None, count: int | None, formats: str, **more: Any
) -> Order:
    """What a command asks for. ByhandError for a recipe, a roster or a format that cannot be."""
    if roster is not None and count is not None:
        raise ByhandError("Give --roster or --count, not both.")
    path = find(recipe)
    named = formats_of(formats)
    students = read_roster(roster) if roster is not None else numbered(count)
    return Order(path, folder or Path(path.stem), students, formats=named, **more)
