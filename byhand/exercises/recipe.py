"""An exercise recipe: what is built, which numbers are drawn, and what is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from byhand.decoding import check_keys, record
from byhand.errors import ByhandError, nearest, quoted
from byhand.lessons.overrides import FARTHEST
from byhand.lessons.recipe import Recipe, model_named, read_toml

KINDS = ("table", "cell", "choice", "wrong cell", "missing", "symbolic")
"""What may be asked: a table, one cell, which of several, the cell that is wrong, a hidden input, an expression."""
OF_A_CELL = ("cell", "choice", "missing", "symbolic")
"""Those that a row and a column are said for; a choice is among a row's."""
LEVELS = range(1, 6)
MOST_NUMBERS = 1000
"""The numbers that one cell may be drawn from."""


@dataclass(frozen=True)
class Ask:
    """One question.

    table: the dotted name, as the workbook shows it. kind: see KINDS. cell: row and column, counted from 1; the last
    one unless said. places: decimals that the answer needs. tolerance: how far it may be off, half a unit of the last
    place unless said; of whole answers, whose keys are whole, 0.2. text: what is asked, where the usual sentence will
    not do.
    """

    table: str
    kind: str = "table"
    cell: tuple[int, int] | None = None
    points: float = 1
    places: int = 2
    tolerance: float | None = None
    hint: str = ""
    text: str = ""

    @property
    def margin(self) -> float:
        """How far from the key an answer may be and still be right; whole answers must not run into each other."""
        if self.tolerance is not None:
            return self.tolerance
        return 0.5 * 10**-self.places if self.places else 0.2


@dataclass(frozen=True)
class Worth:
    """What share of its points an answer keeps that is not simply right, from 0 to 1.

    follows: right from the student's own earlier answer. mistake: a known one. rounded: too early. slip: of the pen.
    """

    follows: float = 1.0
    mistake: float = 0.5
    rounded: float = 0.5
    slip: float = 0.5


@dataclass(frozen=True)
class Exercise:
    """A recipe for a set of exercises, each student's with numbers of its own.

    teaches: in a sentence. minutes: by hand. level: 1 (a first step) to 5. draw: a given table, or a role ("input",
    "weight"), and the numbers that its cells may be. whole: tables whose numbers must be whole. largest: the
    largest number that anybody has to write. show: computed tables whose numbers are given. attend: the least and
    most that a word may give to the word that it looks at most; where it is said, the largest probability too.
    mistakes: which misconceptions must show; all that apply, unless said. worth: what wrong answers are worth.
    """

    name: str
    build: Recipe
    title: str
    teaches: str
    minutes: int
    level: int
    asks: tuple[Ask, ...]
    text: str = ""
    show: tuple[str, ...] = ()
    draw: dict[str, tuple[float, ...]] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    largest: float = 99
    attend: tuple[float, float] = (0.4, 0.98)
    mistakes: tuple[str, ...] | None = None
    worth: Worth = Worth()

    @property
    def points(self) -> float:
        return sum(ask.points for ask in self.asks)


LESSON_KEYS = ("model", "size", "ids", "prompt", "target_ids", "mask", "targets", "backward", "optimizer", "lr", "set")


@dataclass(frozen=True)
class _ExerciseTable:
    """What an exercise's file holds beside its lesson; see Exercise for what it means."""

    title: str
    teaches: str
    minutes: int
    level: int
    ask: list[dict[str, Any]]
    text: str = ""
    draw: dict[str, Any] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    show: list[str] = field(default_factory=list)
    largest: int | float = 99
    attend: list[float] = field(default_factory=lambda: [0.4, 0.98])
    mistakes: list[str] | None = None
    marks: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _AskTable:
    """What a table [[ask]] holds; see Ask."""

    table: str
    kind: str = "table"
    cell: list[int] | None = None
    points: int | float = 1
    places: int = 2
    tolerance: float | None = None
    hint: str = ""
    text: str = ""


NEEDED = ("model", "title", "teaches", "minutes", "level", "ask")


def ready_made() -> dict[str, Path]:
    """The exercises that come with byhand, by name."""
    here = Path(__file__).parents[1]
    folder = here / "_exercises" if (here / "_exercises").is_dir() else here.parent / "exercises"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def find(text: str) -> Path:
    """What RECIPE on the command line stands for: a file, or a ready-made exercise's name."""
    if text.casefold().endswith(".toml"):
        return Path(text)
    known = ready_made()
    if text not in known:
        raise ByhandError(
            f"There is no exercise {quoted(text)}; {nearest(text, known)} (`byhand exercise --list` lists all)."
        )
    return known[text]


def read_exercise(path: Path) -> Exercise:
    """An exercise from its TOML file. ByhandError with the place in the file for whatever in it cannot be."""
    return exercise_of(read_toml(path), path)


def exercise_of(table: dict[str, Any], path: Path) -> Exercise:
    """The same from what the file holds."""
    where = f"the exercise {path}"
    check_keys(table, [*LESSON_KEYS, *(f.name for f in fields(_ExerciseTable))], where)
    for name in NEEDED:
        if name not in table:
            raise ByhandError(f"The exercise {path} has no {quoted(name)}: add it (a ready-made one shows how).")
    lesson = record(Recipe, {name: table[name] for name in LESSON_KEYS if name in table}, where)
    named = model_named(lesson.model, path.parent)
    lesson = replace(lesson, model=named.model, size={**named.size, **lesson.size})
    stated = record(_ExerciseTable, {name: value for name, value in table.items() if name not in LESSON_KEYS}, where)
    asks = tuple(_ask(path, n, row) for n, row in enumerate(stated.ask, 1))
    if not asks:
        raise ByhandError(f"The exercise {path} asks nothing: add a table [[ask]] that names one.")
    if stated.level not in LEVELS:
        raise ByhandError(f"In {where}, level is 1 to 5, not {quoted(stated.level)}.")
    if stated.minutes < 1:
        raise ByhandError(f"In {where}, minutes is at least 1, not {quoted(stated.minutes)}.")
    if len(stated.attend) != 2:
        raise ByhandError(
            f"In {where}, attend is the least and the most, such as [0.4, 0.98], not {quoted(table['attend'])}."
        )
    return Exercise(
        path.stem,
        lesson,
        stated.title,
        stated.teaches,
        stated.minutes,
        stated.level,
        asks,
        stated.text,
        tuple(stated.show),
        {name: _numbers(path, name, value) for name, value in stated.draw.items()},
        tuple(stated.whole),
        stated.largest,
        (stated.attend[0], stated.attend[1]),
        None if stated.mistakes is None else tuple(stated.mistakes),
        _worth(path, stated.marks),
    )


def _worth(path: Path, table: dict[str, Any]) -> Worth:
    where = f"the table [marks] of the exercise {path}"
    worth = record(Worth, table, where)
    for name, value in table.items():
        if not 0 <= value <= 1:
            raise ByhandError(f"T{where[1:]}: {name} is a share from 0 to 1, not {quoted(value)}.")
    return worth


def _ask(path: Path, n: int, row: dict[str, Any]) -> Ask:
    where = f"question {n} of the exercise {path}"
    check_keys(row, [f.name for f in fields(_AskTable)], where)
    if "table" not in row:
        raise ByhandError(f'Q{where[1:]} names no table: add a line such as table = "weights".')
    ask = record(_AskTable, row, where)
    if ask.kind not in KINDS:
        raise ByhandError(f"Q{where[1:]} has an unknown kind {quoted(ask.kind)}; {nearest(ask.kind, KINDS)}.")
    if ask.cell is not None and (len(ask.cell) != 2 or min(ask.cell) < 1):
        raise ByhandError(f"Q{where[1:]}: cell is a row and a column, each counted from 1, not {quoted(ask.cell)}.")
    if ask.cell is not None and ask.kind not in OF_A_CELL:
        raise ByhandError(f'Q{where[1:]} asks for more than a cell: leave cell out, or give it kind = "cell".')
    if not 0 <= ask.places <= 9:
        raise ByhandError(f"Q{where[1:]}: places is 0 to 9, not {quoted(ask.places)}.")
    if not (ask.points > 0 and (ask.tolerance is None or ask.tolerance > 0)):
        raise ByhandError(f"Q{where[1:]}: points and tolerance are above 0.")
    return Ask(**asdict(ask) | {"cell": ask.cell and (ask.cell[0], ask.cell[1])})


def _numbers(path: Path, name: str, value: Any) -> tuple[float, ...]:
    """The numbers that may be drawn: a list of them, or "0..3"."""
    numbers = value
    if isinstance(value, str):
        first, _, last = value.partition("..")
        try:
            numbers = list(range(int(first), int(last) + 1)[: MOST_NUMBERS + 1])
        except ValueError:
            numbers = []
    if isinstance(numbers, list) and 0 < len(numbers) <= MOST_NUMBERS and all(map(_is_number, numbers)):
        return tuple(map(float, numbers))
    raise ByhandError(f'In the exercise {path}, {quoted(name)} is drawn from numbers such as "0..3" or [-1, 0, 1].')


def _is_number(value: Any) -> bool:
    """Whether it may be drawn: not true or false, and no larger than a weight may be set."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST
