"""Exercise recipes: the model, the numbers to draw, and the questions, read from TOML."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from byhand.decoding import check_keys, record
from byhand.errors import ByhandError, nearest, nearest_listed, quoted
from byhand.exercises.bounds import Level, Minutes, Places, Points, Share, Size, Tolerance
from byhand.exercises.exam import MOST_PARTS, ExamTable, PartTable, is_exam, shared_points
from byhand.lessons.overrides import FARTHEST
from byhand.lessons.recipe import Recipe, model_named, read_recipe, read_toml
from byhand.lessons.recipe import ready_made as ready_made_lessons
from byhand.models import MODELS
from byhand.translations import ENGLISH, language_of

KINDS = ("table", "cell", "choice", "wrong cell", "missing", "symbolic", "cut")
"""The kinds of question: a whole table, one cell, a choice in a row, a wrong cell to find, a hidden input, an exact
expression, the pieces of a row in letters."""
BY_COUNTING = ("choice", "wrong cell")
"""The kinds whose answer is the number of a row or column."""
OF_ROWS = ("choice", "cut")
"""The kinds with one answer for each row."""
BESIDE = (*BY_COUNTING, "cut")
"""The kinds that are answered beside the question, not in a cell of its table."""
CELL_KINDS = ("cell", "choice", "missing", "symbolic", "cut")
"""The kinds with a row and a column; a choice is among the cells of that row, and a cut is all of that row."""
Choices = tuple[float, ...] | tuple[tuple[float, ...], ...]
"""What a table is drawn from: numbers for each cell, or rows, of which each row of the table is one in some order."""
MOST_NUMBERS = 1000
"""The most numbers that a cell may be drawn from."""
LONGEST_LINE, LONGEST_TEXT = 300, 5000
"""The most letters of a title or of what an exercise teaches, and of any other text."""
LONGEST_WORD = 40
"""The longest word of strip_words."""


@dataclass(frozen=True)
class Ask:
    """One question.

    table: the dotted name, as the workbook shows it. kind: see KINDS. cell: row and column, counted from 1; by default
    the last cell. rows, columns, cells: the part of the table that is asked for, counted from 1; by default all of it;
    a choice or a cut with `rows` is made in each of them. places: decimals that the answer needs. tolerance: how far it
    may be off; by default half a unit of the last place, or 0.2 for whole answers. text: the question, in place of the
    standard sentence. strip_words: words before or after an answer that change nothing, such as points.
    """

    table: str
    kind: str = "table"
    cell: tuple[int, int] | None = None
    points: float = 1
    places: int = 2
    tolerance: float | None = None
    hint: str = ""
    text: str = ""
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    cells: tuple[tuple[int, int], ...] = ()
    strip_words: tuple[str, ...] = ()

    @property
    def margin(self) -> float:
        """How far from the key a right answer may be; under 0.5 for whole answers, so that neighbours stay apart."""
        if self.tolerance is not None:
            return self.tolerance
        return 0.5 * 10**-self.places if self.places else 0.2


@dataclass(frozen=True)
class PartialCredit:
    """The share of a question's points, from 0 to 1, for answers that are not simply right.

    follows: right, given the student's own earlier answer. mistake: a known misconception. rounded: rounded too early.
    slip: an arithmetic slip.
    """

    follows: Share = 1.0
    mistake: Share = 0.5
    rounded: Share = 0.5
    slip: Share = 0.5


@dataclass(frozen=True)
class Exercise:
    """A recipe for a set of exercises, with different numbers for each student.

    build: the model and its sizes. teaches: one sentence. minutes: time needed by hand. level: 1 (a first step) to 5.
    text: an introduction. show: computed tables whose numbers are given. draw: by table or role ("input", "weight"),
    the numbers that its cells may be. whole: tables whose numbers must be whole. largest: the largest number that
    anybody has to write. attend: the least and the most that the largest attention weight of a row may be; if the
    recipe gives it, also for the largest probability. mistakes: the misconceptions that must show; by default all that
    apply. language: a code of byhand.translations, in which the class reads.
    parts: of an exam, its exercises; their tables have names with a prefix here (see exam).
    without: prefix -> a head, such as layer1.head1; the model has each table that needs this head a second time, named
    with the prefix, and there all numbers of the head's Z are 0.
    in_words: the text and the hints say how to work; the rules stand after the questions, in small print.
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
    draw: dict[str, Choices] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    largest: float = 99
    attend: tuple[float, float] = (0.4, 0.98)
    mistakes: tuple[str, ...] | None = None
    partial_credit: PartialCredit = PartialCredit()
    language: str = ENGLISH
    parts: tuple[Exercise, ...] = ()
    without: dict[str, str] = field(default_factory=dict)
    in_words: bool = False

    @property
    def points(self) -> float:
        return sum(ask.points for ask in self.asks)


LEARNT_KEYS = ("model", "size", "words", "target_words", "word_counts", "set", "learnt")
"""The keys of a lesson that one with learnt weights has."""
LESSON_KEYS = (
    *("model", "size", "words", "target_words", "word_counts", "ids", "prompt", "target_ids", "target_prompt", "mask"),
    *("targets", "backward", "optimizer", "lr", "set", "learnt"),
)


@dataclass(frozen=True)
class ExerciseTable:
    """The keys of an exercise's file that are not the lesson's; see Exercise for their meaning."""

    title: str
    teaches: str
    minutes: Minutes
    level: Level
    ask: list[dict[str, Any]]
    text: str = ""
    draw: dict[str, Any] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    show: list[str] = field(default_factory=list)
    largest: Size = 99
    attend: list[float] = field(default_factory=lambda: [0.4, 0.98])
    mistakes: list[str] | None = None
    marks: dict[str, Any] = field(default_factory=dict)
    language: str = ENGLISH
    without: dict[str, str] = field(default_factory=dict)
    in_words: bool = False


@dataclass(frozen=True)
class AskTable:
    """The keys of a table [[ask]]; see Ask."""

    table: str
    kind: str = "table"
    cell: list[int] | None = None
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    cells: list[list[int]] = field(default_factory=list)
    points: Points = 1
    places: Places = 2
    tolerance: Tolerance | None = None
    hint: str = ""
    text: str = ""
    strip_words: list[str] = field(default_factory=list)


REQUIRED = ("model", "title", "teaches", "minutes", "level", "ask")


def ready_made() -> dict[str, Path]:
    """Return the paths of the exercises that come with byhand, by name."""
    return {path.stem: path for path in sorted(ready_made_folder().glob("*.toml"))}


def ready_made_exams() -> dict[str, Path]:
    """Return the paths of the exams that come with byhand, by name."""
    return {path.stem: path for path in sorted((ready_made_folder() / "exams").glob("*.toml"))}


def ready_made_folder() -> Path:
    """Return the folder of the exercises that come with byhand: inside the installed package, or beside it."""
    package = Path(__file__).parents[1]
    installed = package / "_exercises"
    return installed if installed.is_dir() else package.parent / "exercises"


def find(text: str) -> Path:
    """Return the path of a recipe: `text` is a .toml file, or the name of a ready-made exercise or exam."""
    if text.casefold().endswith(".toml"):
        return Path(text)
    known = ready_made() | ready_made_exams()
    if text not in known:
        raise ByhandError(
            f"There is no exercise {quoted(text)}{nearest_listed(text, known, 'byhand exercise --list')}."
        )
    return known[text]


def part_prefix(n: int) -> str:
    """Return how the names of all tables in part n of an exam begin."""
    return f"part{n}."


def read_exercise(path: Path) -> Exercise:
    """Read an exercise from its TOML file. ByhandError, naming the key, if a value is not valid."""
    return exercise_of(read_toml(path), path)


def exercise_table(path: Path) -> dict[str, Any]:
    """Return the content of an exercise's file, as a key keeps it; an exam's with the recipes of its parts."""
    table = read_toml(path)
    return _with_recipes(table, path) if is_exam(table) else _with_learnt(table, path)


def exercise_of(table: dict[str, Any], path: Path) -> Exercise:
    """Return the exercise or exam that the content of a TOML file describes. path: for its name and for messages."""
    if is_exam(table):
        return _exam_of(table, path)
    table, where = _with_learnt(table, path), f"the exercise {path}"
    check_keys(table, [*LESSON_KEYS, *(f.name for f in fields(ExerciseTable))], where)
    for name in REQUIRED:
        if name not in table:
            raise ByhandError(f"The exercise {path} has no {quoted(name)}: add it (a ready-made one shows how).")
    lesson = record(Recipe, {name: table[name] for name in LESSON_KEYS if name in table}, where)
    model = model_named(lesson.model, path.parent)
    lesson = replace(lesson, model=model.model, size={**model.size, **lesson.size})
    content = record(ExerciseTable, {name: value for name, value in table.items() if name not in LESSON_KEYS}, where)
    asks = tuple(_ask(path, n, row) for n, row in enumerate(content.ask, 1))
    if not asks:
        raise ByhandError(f"The exercise {path} asks nothing: add a table [[ask]] that names one.")
    _check_texts(where, {"title": content.title, "teaches": content.teaches}, content.text)
    if len(content.attend) != 2 or not 0 <= content.attend[0] <= content.attend[1] <= 1:
        raise ByhandError(
            f"In {where}, attend is the least and the most, each 0 to 1, such as [0.4, 0.98], "
            f"not {quoted(table['attend'])}."
        )
    return Exercise(
        path.stem,
        lesson,
        content.title,
        content.teaches,
        content.minutes,
        content.level,
        asks,
        content.text,
        tuple(content.show),
        {name: _numbers(path, name, value) for name, value in content.draw.items()},
        tuple(content.whole),
        content.largest,
        (content.attend[0], content.attend[1]),
        None if content.mistakes is None else tuple(content.mistakes),
        _partial_credit(content.marks, f"the exercise {path}"),
        language_of(content.language),
        without=content.without,
        in_words=content.in_words,
    )


def _with_learnt(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the content of an exercise's file with a whole lesson in place of the name of one with learnt weights."""
    name = table.get("model")
    if not isinstance(name, str):
        return table
    if name.casefold().endswith(".toml"):
        recipe = read_recipe(path.parent / name)
    elif name in ready_made_lessons() and name not in MODELS:
        recipe = read_recipe(ready_made_lessons()[name])
    else:
        return table
    changes = {key: table[key] for key in ("size", "set") if isinstance(table.get(key), dict)}
    lesson = {key: getattr(recipe, key) for key in recipe.given(LEARNT_KEYS)} | {"model": recipe.model}
    return {
        **lesson,
        **table,
        **{key: {**lesson.get(key, {}), **changes[key]} for key in changes},
        "model": recipe.model,
    }


def _check_texts(where: str, lines: dict[str, str], text: str, name: str = "text") -> None:
    """Raise ByhandError for a line that is empty, too long or no line, and for a text that is too long."""
    for key, line in lines.items():
        if not 1 <= len(line.strip()) <= LONGEST_LINE or not line.isprintable():
            raise ByhandError(f"In {where}, {key} is one line of 1 to {LONGEST_LINE} letters, not {quoted(line)}.")
    if len(text) > LONGEST_TEXT or not "".join(text.split()).isprintable():
        raise ByhandError(
            f"In {where}, {name} has at most {LONGEST_TEXT:,} letters and no control characters, not {quoted(text)}."
        )


def _with_recipes(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the content of an exam's file with the whole recipes in place of their names, as a key keeps it."""
    rows = table["exercise"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ByhandError(f"In the exam {path}, exercise is a list of tables [[exercise]], each with a recipe.")
    return {**table, "exercise": [_with_recipe(row, path) for row in rows]}


def _with_recipe(row: dict[str, Any], path: Path) -> dict[str, Any]:
    recipe = row.get("recipe")
    if not isinstance(recipe, str):
        return row
    file = find(recipe)
    file = path.parent / file if recipe.casefold().endswith(".toml") else file
    return {"name": file.stem, **row, "recipe": read_toml(file)}


def _exam_of(table: dict[str, Any], path: Path) -> Exercise:
    """Return the exam that a file's content describes."""
    where = f"the exam {path}"
    check_keys(table, [f.name for f in fields(ExamTable)], where)
    table = _with_recipes(table, path)
    content = record(ExamTable, table, where)
    if not 1 <= len(content.exercise) <= MOST_PARTS:
        raise ByhandError(f"The exam {path} has 1 to {MOST_PARTS} tables [[exercise]], not {len(content.exercise)}.")
    lines = {"title": content.title} | ({"teaches": content.teaches} if content.teaches else {})
    _check_texts(where, lines, content.text)
    credit = None if content.marks is None else _partial_credit(content.marks, where)
    parts = [_part_of(row, n, path, credit) for n, row in enumerate(content.exercise, 1)]
    return Exercise(
        path.stem,
        parts[0].build,
        content.title,
        content.teaches or " · ".join(dict.fromkeys(part.title for part in parts)),
        content.minutes or sum(part.minutes for part in parts),
        content.level or max(part.level for part in parts),
        tuple(
            replace(ask, table=f"{part_prefix(n)}{ask.table}") for n, part in enumerate(parts, 1) for ask in part.asks
        ),
        content.text,
        show=tuple(f"{part_prefix(n)}{name}" for n, part in enumerate(parts, 1) for name in part.show),
        largest=max(part.largest for part in parts),
        partial_credit=credit or PartialCredit(),
        language=language_of(content.language),
        parts=tuple(parts),
    )


def _part_of(row: dict[str, Any], n: int, path: Path, credit: PartialCredit | None) -> Exercise:
    """Return one part, with its share of the exam's points."""
    where = f"part {n} of the exam {path}"
    check_keys(row, [f.name for f in fields(PartTable)], where)
    if "recipe" not in row:
        raise ByhandError(f'P{where[1:]} names no recipe: add a line such as recipe = "softmax".')
    part = record(PartTable, row, where)
    if not isinstance(part.recipe, dict):
        raise ByhandError(f"In {where}, recipe is a name, a file or a table, not {quoted(part.recipe)}.")
    _check_texts(where, {"title": part.title} if part.title else {}, part.text)
    _check_texts(where, {"name": part.name} if part.name else {}, "")
    if is_exam(part.recipe):
        raise ByhandError(f"P{where[1:]} is an exam itself: name its exercises one by one.")
    name = part.name or str(part.recipe.get("model", "exercise"))
    exercise = exercise_of(part.recipe, path.parent / f"{name}.toml")
    return replace(
        exercise,
        name=f"{path.stem}, part {n} ({name})",
        title=part.title or exercise.title,
        text=part.text or exercise.text,
        asks=exercise.asks if part.points is None else _with_points(exercise.asks, part.points),
        partial_credit=credit or exercise.partial_credit,
    )


def _with_points(asks: tuple[Ask, ...], total: float) -> tuple[Ask, ...]:
    """Return the questions with the total shared among them, in proportion to their points."""
    shares = shared_points([ask.points for ask in asks], total)
    return tuple(replace(ask, points=share) for ask, share in zip(asks, shares, strict=True))


def _partial_credit(table: dict[str, Any], where: str) -> PartialCredit:
    """Return the shares in a table [marks]. where: the exercise or exam that has it."""
    return record(PartialCredit, table, f"the table [marks] of {where}")


def _ask(path: Path, n: int, row: dict[str, Any]) -> Ask:
    where = f"question {n} of the exercise {path}"
    check_keys(row, [f.name for f in fields(AskTable)], where)
    if "table" not in row:
        raise ByhandError(f'Q{where[1:]} names no table: add a line such as table = "weights".')
    ask = record(AskTable, row, where)
    if ask.kind not in KINDS:
        raise ByhandError(f"Q{where[1:]} has an unknown kind {quoted(ask.kind)}; {nearest(ask.kind, KINDS)}.")
    if ask.cell is not None and (len(ask.cell) != 2 or min(ask.cell) < 1):
        raise ByhandError(f"Q{where[1:]}: cell is a row and a column, each counted from 1, not {quoted(ask.cell)}.")
    if ask.cell is not None and ask.kind not in CELL_KINDS:
        raise ByhandError(f'Q{where[1:]} asks for more than a cell: leave cell out, or give it kind = "cell".')
    _check_texts(where, {}, ask.text)
    _check_texts(where, {}, ask.hint, "hint")
    _check_part(f"Q{where[1:]}", ask)
    for name in ("places", "tolerance"):
        if ask.kind == "cut" and name in row:
            raise ByhandError(f"Q{where[1:]} asks for pieces: leave {name} out.")
    if not all(1 <= len(word.strip()) <= LONGEST_WORD and word.isprintable() for word in ask.strip_words):
        raise ByhandError(f"Q{where[1:]}: strip_words are words of 1 to {LONGEST_WORD} letters each.")
    if number := next((word for word in ask.strip_words if any(c.isdigit() for c in word)), ""):
        raise ByhandError(f"Q{where[1:]}: strip_words holds {quoted(number)}, which has digits: name words alone.")
    part: dict[str, Any] = {"strip_words": tuple(word.strip() for word in ask.strip_words)}
    part |= {"places": 0} if ask.kind == "cut" else {}
    part |= {"rows": tuple(ask.rows), "columns": tuple(ask.columns), "cells": tuple((r, c) for r, c in ask.cells)}
    return Ask(**asdict(ask) | part | {"cell": ask.cell and (ask.cell[0], ask.cell[1])})


def _check_part(where: str, ask: AskTable) -> None:
    """Raise ByhandError unless rows, columns and cells name a part of a table, each row, column and cell once."""
    chosen = [name for name in ("cell", "rows", "columns", "cells") if getattr(ask, name)]
    parts_of = {"table": ("rows", "columns", "cells"), **dict.fromkeys(OF_ROWS, ("cell", "rows"))}
    for name in chosen:
        if name not in parts_of.get(ask.kind, ("cell",)):
            raise ByhandError(f"{where} is of the kind {quoted(ask.kind)}: leave {name} out.")
        if name == "cells" and any(len(cell) != 2 for cell in ask.cells):
            raise ByhandError(f"{where}: cells are pairs of a row and a column, such as [[2, 1], [3, 1]].")
        places = getattr(ask, name)
        if name != "cell" and len({str(place) for place in places}) < len(places):
            raise ByhandError(f"{where}: {name} names a place twice: name each once.")
        if min(n for place in places for n in (place if isinstance(place, list) else [place])) < 1:
            raise ByhandError(f"{where}: {name} are counted from 1, not {quoted(places)}.")
    if len(chosen) > 1 and chosen != ["rows", "columns"]:
        raise ByhandError(f"{where} has both {chosen[0]} and {chosen[1]}: leave one of them out.")


def _numbers(path: Path, name: str, value: Any) -> Choices:
    """Return the numbers that may be drawn: a list of them, a range such as "0..3", or a list of whole rows."""
    numbers = value
    if isinstance(value, str):
        first, _, last = value.partition("..")
        try:
            numbers = list(range(int(first), int(last) + 1)[: MOST_NUMBERS + 1])
        except ValueError:
            numbers = []
    if isinstance(numbers, list) and 0 < len(numbers) <= MOST_NUMBERS and all(map(_is_number, numbers)):
        return tuple(map(float, numbers))
    if isinstance(numbers, list) and 0 < len(numbers) <= MOST_NUMBERS and all(isinstance(r, list) for r in numbers):
        rows = [tuple(map(float, row)) for row in numbers if row and all(map(_is_number, row))]
        if len(rows) == len(numbers) and len({len(row) for row in rows}) == 1:
            return tuple(rows)
    raise ByhandError(f'In the exercise {path}, {quoted(name)} is drawn from numbers such as "0..3" or [-1, 0, 1].')


def _is_number(value: Any) -> bool:
    """Return whether the value may be drawn: a number, not a boolean, and no larger than a weight may be set."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST
