"""A submitted workbook: its answers as they are read, and warnings for a person."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from byhand.answers.characters import strip_invisible
from byhand.answers.equality import constant_value
from byhand.answers.grammar import Meaning
from byhand.answers.judge import UNDECIDED
from byhand.answers.limits import LONGEST, Unreadable
from byhand.answers.phrases import without_words
from byhand.answers.pieces import read_pieces, shown
from byhand.answers.reading import AskedShape, Reading, describe_reading, read
from byhand.answers.rules import NeedsPerson, Settings
from byhand.answers.tree import Infinite, letters_in
from byhand.core.graph import Array
from byhand.errors import ByhandError, DiskFull, quoted
from byhand.exercises.cuts import Cuts
from byhand.exercises.problem import Question
from byhand.exercises.roster import clean
from byhand.grading.answers_file import answers_file
from byhand.grading.handed_out import AnotherExercise, CellFinder, HandedOut
from byhand.grading.misplaced import misplaced
from byhand.grading.own_work import OwnWork, own_work
from byhand.grading.student_formulas import Needed, Recomputer, Refused
from byhand.grading.unseen_work import unseen_findings
from byhand.grading.verdicts import TypedAnswer
from byhand.translations import _, localized
from byhand.xlsx.any_book import CSV_SHEET, read_any
from byhand.xlsx.cells import Cell, CellDate, CellError, Value
from byhand.xlsx.ranges import spoken_address
from byhand.xlsx.reader import HANDED_IN, Contents, day

LONGEST_CELL = 2_000
"""The longest text that is read as an answer."""
SHOWN = 100
"""The longest text of an answer that a sentence shows."""
CIRCLE = "#CIRC!"
AGREES = 1e-9
"""The largest relative difference between the results of two spreadsheet programs."""
GROUPED = re.compile(r"\s*[+−-]?[1-9][0-9]{0,2},[0-9]{3}\s*")
"""A number whose comma may be a thousands separator or a decimal comma: 1,728."""
DECIMAL = re.compile(r"\s*[+−-]?(?:[0-9]*,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+)\s*")
"""A number whose comma can only be a decimal comma: 0,05."""


class AnswerCells:
    """Reads the answers of one workbook. questions: of each cell, where they are known. warnings: for a person."""

    def __init__(
        self,
        contents: Contents,
        read_text: Callable[[str], TypedAnswer],
        engine: Recomputer,
        questions: Mapping[Cell, Question],
    ) -> None:
        self.contents, self.read_text, self.engine, self.questions = contents, read_text, engine, questions
        self.warnings: list[str] = []
        self.commas = False

    def read(self, cells: Sequence[Cell]) -> list[TypedAnswer]:
        """Read each cell as a number if it is one. All formulas are computed again together.

        1,728 has a decimal comma in a book that also holds 0,05, and a thousands separator in any other.
        """
        texts = (self.contents.values.get(cell) for cell in cells)
        self.commas = any(isinstance(text, str) and DECIMAL.fullmatch(text[:LONGEST_CELL]) for text in texts)
        formulas = [cell for cell in cells if cell in self.contents.formulas]
        worked = self._compute(formulas) if formulas else {}
        return [worked[cell] if cell in worked else self._plain(cell) for cell in cells]

    def _plain(self, cell: Cell) -> TypedAnswer:
        value = self.contents.values.get(cell)
        if isinstance(value, CellDate) or cell in self.contents.dates:
            return self._date(value)
        question = self.questions.get(cell)
        if isinstance(value, str) and question and question.ask.strip_words and len(value) <= LONGEST_CELL:
            without = without_words(value, question.ask.strip_words)
            return replace(self._typed(without, question), text=_shown(value.strip()))
        return self._typed(value, question)

    def _typed(self, value: Value, question: Question | None) -> TypedAnswer:
        if value is None:
            return TypedAnswer()
        if question and question.cuts and isinstance(value, str | float):
            return read_cut(value if isinstance(value, str) else _brief(value), question.cuts)
        if isinstance(value, bool):
            word = str(value).upper()
            return TypedAnswer(word, None, _("{word} is a truth value, not a number").format(word=word))
        if isinstance(value, float):
            return _number_in_cell(value)
        if isinstance(value, CellError):
            shown = _shown(value)
            return TypedAnswer(shown, None, _("the cell shows the error {error}").format(error=shown))
        return self._text(value)

    def _text(self, text: str) -> TypedAnswer:
        if len(text) > LONGEST_CELL:
            return TypedAnswer(_shown(text), None, _("a text of more than {most} characters").format(most=LONGEST_CELL))
        if self.commas and GROUPED.fullmatch(text):
            read = self.read_text(text.replace(",", "."))
            return replace(read, text=_shown(text.strip()))
        return self.read_text(text)

    def _date(self, value: Value) -> TypedAnswer:
        shown = day(value, self.contents.epoch) if isinstance(value, float) else _shown(str(value))
        why = _("the spreadsheet has made a date or a time of what was typed: type =1/2 or 0.5 for a half")
        return TypedAnswer(shown or _("a time"), None, why)

    def _compute(self, cells: Sequence[Cell]) -> dict[Cell, TypedAnswer]:
        """Compute the cells that hold formulas."""
        needed, answers = Needed(self.contents), dict[Cell, TypedAnswer]()
        for cell in cells:
            try:
                needed.add(cell)
            except Refused as reason:
                answers[cell] = self._refuse(cell, reason)
        asked = [cell for cell in cells if cell not in answers]
        values = self.engine.values(needed, asked) if asked else []
        for cell, value in zip(asked, values or [None] * len(asked), strict=True):
            if values is None:
                answers[cell] = self._refuse(cell, Refused("it could not be worked out in time"))
            else:
                answers[cell] = self._result(cell, value, needed)
        return answers

    def _refuse(self, cell: Cell, reason: Refused) -> TypedAnswer:
        """Return an answer that a person must look at: what a formula stores may be anything."""
        formula = _shown(self.contents.formulas[cell])
        warning = _("{cell}: the formula {formula} was not worked out: {reason}.")
        self.warnings.append(warning.format(formula=formula, cell=spoken_address(cell), reason=reason))
        doubt = _("Not marked yet, since a person must look at the formula: {reason}.").format(reason=reason)
        return TypedAnswer(
            formula, None, _("the formula is not worked out: {reason}").format(reason=reason), doubt=doubt
        )

    def _result(self, cell: Cell, value: Value, needed: Needed) -> TypedAnswer:
        formula = _shown(self.contents.formulas[cell])
        stored = self.contents.values.get(cell)
        if stored is not None and not _agree(stored, value):
            warning = _(
                "{cell}: the formula {formula} has {stored} stored as its result, but gives {value}, which counts."
            )
            values = {"stored": _brief(stored), "value": _brief(value)}
            self.warnings.append(warning.format(formula=formula, cell=spoken_address(cell), **values))
        if value is None or value == "":
            return TypedAnswer(formula, None, _("the formula gives an empty text"))
        if isinstance(value, CellError):
            circle, error = _("the formula refers to itself in a circle"), _("the formula gives the error {error}")
            return TypedAnswer(formula, None, circle if value == CIRCLE else error.format(error=_shown(value)))
        read = self._typed(value, self.questions.get(cell))
        expression = read.expression if isinstance(value, str) else needed.written_out(cell)
        read_as = _("{formula} gives {value}").format(formula=formula, value=read.read_as)
        return TypedAnswer(formula, read.value, read_as, expression)


def _number_in_cell(value: float) -> TypedAnswer:
    text = localized(_brief(value))
    if not math.isfinite(value):
        return TypedAnswer(text, None, _("a number without end"))
    return TypedAnswer(text, value, text, repr(value + 0.0).removesuffix(".0"))


def _brief(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value + 0.0:.15g}"
    return "nothing" if value in (None, "") else _shown(str(value))


def _shown(text: str) -> str:
    """Return the text on one line, cut where it is long."""
    short = clean(text[: 4 * SHOWN])
    return short if len(short) <= SHOWN else f"{short[: SHOWN - 1]}…"


def _agree(stored: Value, value: Value) -> bool:
    if isinstance(stored, float) and isinstance(value, float):
        return abs(stored - value) <= AGREES * max(1.0, abs(stored), abs(value))
    if isinstance(stored, CellError) and isinstance(value, CellError):
        return True
    return (type(stored) is type(value) and stored == value) or (stored == "" and value is None)


_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_TWOFOLD = re.compile(r"[+-]?(?!1e)[0-9]+e[+-](?!0[0-9])[0-9]+")
"""A number whose e may be a letter, as in 2e+1."""
_LONGEST_SHOWN = 200
_NUMBER = AskedShape()


def read_typed(text: str, settings: Settings | None = None) -> TypedAnswer:
    """Read a text as a number or a formula of constants: 0.88, 0,88, 1/2, 88%, =EXP(2)/(1+EXP(2)).

    A blank stays blank. A text that cannot be read has no value, and the reason in read_as.
    """
    settings = settings or _DEFAULT
    plain = text.strip()
    unclear = _TWOFOLD.fullmatch(plain) or (settings.decimal == "comma" and _GROUPED.fullmatch(plain))
    if _PLAIN.fullmatch(plain) and not unclear:
        return TypedAnswer(plain, float(plain), plain, plain)
    if not strip_invisible(text):
        return TypedAnswer()
    shown = text if len(text) <= _LONGEST_SHOWN and text.isprintable() else quoted(text[:LONGEST])
    try:
        reading = _reading(text, settings)
        value, read_as = _number_of(reading)
    except NeedsPerson as doubt:
        return TypedAnswer(shown, None, str(doubt), doubt=f"{UNDECIDED}: {doubt}.")
    except Unreadable as refusal:
        return TypedAnswer(shown, None, str(refusal))
    other = _otherwise(text, settings, reading.twofold) if reading.twofold else None
    return TypedAnswer(shown, value, read_as, text, otherwise=other)


def read_cut(text: str, cuts: Cuts) -> TypedAnswer:
    """Read a word in pieces, such as `low er`, as the number of its cut."""
    if not strip_invisible(text).strip():
        return TypedAnswer()
    typed = _shown(text.strip())
    try:
        pieces = read_pieces(text)
    except Unreadable as refusal:
        return TypedAnswer(typed, None, str(refusal))
    return TypedAnswer(typed, cuts.number(pieces), shown(pieces), text)


_DEFAULT = Settings()


def _reading(text: str, settings: Settings, other: bool = False) -> Reading:
    meaning = Meaning(log=settings.log, infinity=settings.allow_infinity, mixed=settings.mixed)
    reading = read(text, _NUMBER, meaning, settings, other)
    if reading.shape not in (None, (1, 1)):
        raise Unreadable("{count} numbers stand where one is asked for", count=len(reading.entries))
    if reading.doubt:
        raise NeedsPerson(reading.doubt)
    return reading


def _otherwise(text: str, settings: Settings, meanings: str) -> tuple[float, str] | None:
    """Return the number that a text may be as well, and the sentence for a person."""
    try:
        return _number_of(_reading(text, settings, other=True))[0], f"{UNDECIDED}: {meanings}."
    except (Unreadable, NeedsPerson):
        return None


def _number_of(reading: Reading) -> tuple[float, str]:
    tree = reading.entries[0]
    if isinstance(tree, Infinite):
        return tree.sign * inf, describe_reading(reading, tree, "")
    if letters_in(tree):
        raise Unreadable("it holds a letter where a number is asked for")
    exact = constant_value(tree)
    value = _nearest(exact)
    return value, describe_reading(reading, exact, "")


def _nearest(exact: Any) -> float:
    """Return the nearest float. Raises Unreadable for what is too large."""
    try:
        value = float(exact)
    except OverflowError:
        value = inf
    if not isfinite(value):
        raise Unreadable("the number is too large for a cell")
    return value + 0.0 if type(exact) is Fraction else value


LOOKED_AT = 512
STARTS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"{\\rtf": "a text document (RTF)",
    b"Rar!": "a packed folder (RAR)",
    b"7z\xbc\xaf": "a packed folder (7z)",
}
HEIC = re.compile(rb".{4}ftyp(heic|heix|mif1|msf1)", re.DOTALL)
PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|\?xml)", re.IGNORECASE)
KEY = re.compile(rb'\s*\{\s*"byhand"\s*:')
MEND = "hand in the workbook (.xlsx) with the answers in it"
SAVE = "open it in a spreadsheet program and save it as an Excel workbook (.xlsx)"


def refuse_other_kinds(path: Path) -> None:
    """Raise ByhandError for a file of another recognised kind; any other file is left to the reader."""
    if path.is_symlink():
        raise ByhandError(f"{path} is a link to another file: name the file itself.")
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except (OSError, ValueError):
        return
    kind = next((kind for mark, kind in STARTS.items() if start.startswith(mark)), "")
    if HEIC.match(start):
        kind = "a picture (HEIC)"
    if kind:
        raise ByhandError(f"{path} is {kind}: {MEND}.")
    if KEY.match(start):
        raise ByhandError(f"{path} is a key or a list of byhand's own, no student's work: {MEND}.")
    if PAGE.match(start):
        raise ByhandError(f"{path} is a web page or an XML file: {SAVE}.")


ReadText = Callable[[str], TypedAnswer]
"""A function that reads a typed text as a number."""
NOT_THERE = TypedAnswer("", None, "the cell is no longer in the workbook")


@dataclass(frozen=True, eq=False)
class Submission:
    """A submitted workbook.

    file: its name, fit to be printed. stated: the id that it states, or an empty text. answers: the cells of each
    question of the key. scratch: the numbers in each table by name, NaN for none. own: all numbers and texts, for a
    marked copy. printed: the contents of the cells with given numbers, questions and captions. warnings: sentences
    for a person. one_sheet: whether the format holds a single sheet, so that what stands on others is not missing.
    has_cells: whether the student sees cells with addresses; a notebook has tables alone. for_practice: whether it is
    a workbook for practice, though those of the set are not.
    """

    path: Path
    file: str
    stated: str
    answers: tuple[tuple[TypedAnswer, ...], ...]
    scratch: Mapping[str, Array]
    printed: Mapping[Cell, Value]
    warnings: tuple[str, ...] = ()
    own: OwnWork = field(default_factory=OwnWork)
    one_sheet: bool = False
    has_cells: bool = True
    for_practice: bool = False


def read_submission(path: Path, handed_out: HandedOut, read_text: ReadText, engine: Recomputer) -> Submission:
    """Read an untrusted workbook. No code in it is run, and no link is followed.

    Raises ByhandError, which says what to do, for a file that is too large, damaged or no workbook of this set.
    """
    path = Path(path)
    try:
        refuse_other_kinds(path)
        if contents := answers_file(path, handed_out):
            return replace(_submission(path, handed_out, contents, read_text, engine), has_cells=False)
        return _submission(path, handed_out, read_any(path, HANDED_IN), read_text, engine)
    except DiskFull:
        raise
    except AnotherExercise as error:
        raise AnotherExercise(clean(str(error))) from None
    except ByhandError as error:
        raise ByhandError(clean(str(error))) from None


def _submission(
    path: Path, handed_out: HandedOut, contents: Contents, read_text: ReadText, engine: Recomputer
) -> Submission:
    find = CellFinder(handed_out, contents)
    places = [[find(cell) for cell in cells] for cells in handed_out.asked]
    if not any(place for row in places for place in row):
        raise AnotherExercise(
            f"{path} is not the workbook of this exercise ({clean(handed_out.key.exercise)}): "
            "hand in the one that was handed out."
        )
    cells = AnswerCells(contents, read_text, engine, _questions(handed_out, places))
    typed = iter(cells.read([place for row in places for place in row if place]))
    answers = tuple(tuple(next(typed) if place else NOT_THERE for place in row) for row in places)
    where = handed_out.id and find(handed_out.id)
    printed = _printed(handed_out, contents, find)
    one_sheet = contents.sheets == (CSV_SHEET,)
    if one_sheet:
        there = {cell[0] for row, cells in zip(places, handed_out.asked, strict=True) for cell in cells if any(row)}
        others = {cell: value for cell, value in _same_for_all(handed_out) if cell[0] not in there}
        printed = others | printed
    for_practice = handed_out.is_for_practice(contents)
    unseen = [] if for_practice else unseen_findings(handed_out, contents, find)
    elsewhere = misplaced(handed_out, contents, find, answers, read_typed)  # a letter elsewhere is a label
    warnings = [*_about(handed_out, contents, places), *elsewhere, *unseen, *cells.warnings]
    stated = _text(contents.values.get(where)) if where else ""
    scratch, own = _scratch(handed_out, contents, find), own_work(handed_out, contents, find)
    shown = tuple(map(clean, warnings))
    file = clean(path.name)
    return Submission(
        path, file, stated, answers, scratch, printed, shown, own, one_sheet=one_sheet, for_practice=for_practice
    )


def _same_for_all(handed_out: HandedOut) -> Iterator[tuple[Cell, Value]]:
    yield from handed_out.texts.items()
    yield from handed_out.numbers.items()


def _questions(handed_out: HandedOut, places: list[list[Cell | None]]) -> dict[Cell, Question]:
    """Return the questions by their cells in the submission; none for a problem that cannot be built again."""
    questions = handed_out.problem.questions if handed_out.problem else ()
    return {place: question for question, row in zip(questions, places, strict=False) for place in row if place}


def _printed(handed_out: HandedOut, contents: Contents, find: CellFinder) -> dict[Cell, Value]:
    """Return what stands in the printed cells: a formula as its text, whatever result is stored beside it."""
    formulas, values = contents.formulas, contents.values
    if find.unmoved:
        return {cell: formulas[cell] if cell in formulas else values.get(cell) for cell in handed_out.fixed}
    places = {cell: place for cell in handed_out.fixed if (place := find(cell))}
    return {cell: formulas.get(place, values.get(place)) for cell, place in places.items()}


def _text(value: Value) -> str:
    """Return an id, also where a program has made a number of it."""
    if isinstance(value, float):
        return f"{value:.0f}" if value == int(value) else str(value)
    return clean(value) if isinstance(value, str) else ""


def _about(handed_out: HandedOut, contents: Contents, places: list[list[Cell | None]]) -> list[str]:
    """Return warnings about the workbook as a whole."""
    sentences = []
    if contents.macros:
        sentences.append("The workbook holds macros, which were not run.")
    for n, row in enumerate(places, 1):
        gone = sum(place is None for place in row)
        if gone:
            sentences.append(f"Of question {n}, {gone} of {len(row)} cells are no longer in the workbook.")
    return sentences


def _scratch(handed_out: HandedOut, contents: Contents, find: CellFinder) -> dict[str, Array]:
    """Return the tables with at least one number."""
    numbers_by_table = {}
    for name, rows in handed_out.tables.items():
        numbers = np.array([[_number(contents, find(cell)) for cell in row] for row in rows])
        if not np.isnan(numbers).all():
            numbers_by_table[name] = numbers
    return numbers_by_table


def _number(contents: Contents, place: Cell | None) -> float:
    value = contents.values.get(place) if place else None
    return value if isinstance(value, float) and abs(value) < 1e300 else float("nan")
