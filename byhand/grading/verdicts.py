"""Verdicts on cells and submissions, their colours, and the sentences that go with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from byhand.answers.judge import UNDECIDED
from byhand.core.number_text import to_places
from byhand.core.roles import Look
from byhand.exercises.keys import Key, KeyQuestion
from byhand.exercises.roster import clean
from byhand.translations import _, counted
from byhand.workbook.style import LOOKS
from byhand.xlsx.cells import position


class Verdict(StrEnum):
    """The verdict on one cell."""

    RIGHT = "right"
    FOLLOWS = "right from your own earlier step"
    MISTAKE = "a known mistake"
    ROUNDED = "rounded too early"
    SLIP = "arithmetic slip"
    WRONG = "wrong"
    BLANK = "blank"
    UNREADABLE = "not a number"


@dataclass(frozen=True)
class TypedAnswer:
    """The content of an answer cell. value: the number that it is read as; None if blank or unreadable.

    text: as the student sees it. read_as: how it was read, or why it could not be.
    expression: the text that is judged if an exact answer is asked for; a formula with its references filled in.
    doubt: the reason why a person must decide about it: a formula that is not worked out, two sides that differ.
    otherwise: the number that it may be as well, and the sentence on that: 2e+1 is 20, or 2*e + 1.
    """

    text: str = ""
    value: float | None = None
    read_as: str = ""
    expression: str = field(default="", compare=False)
    doubt: str = ""
    otherwise: tuple[float, str] | None = None

    @property
    def blank(self) -> bool:
        return not self.text.strip()


@dataclass(frozen=True)
class CellMark:
    """The verdict on one asked cell.

    question: its number in the key, from 0. cell: its number in that question, from 0. points of `most`.
    sentence: what the student reads, without the answer. mistake: the misconception's name, where it is one.
    """

    question: int
    cell: int
    typed: TypedAnswer
    verdict: Verdict
    points: float
    most: float
    sentence: str
    mistake: str = ""

    @property
    def undecided(self) -> bool:
        """Whether a person must decide about it."""
        return self.sentence.startswith(UNDECIDED)


@dataclass(frozen=True)
class StudentMark:
    """A student's submission, marked. file: the name under which it was handed in.

    cells: one for each asked cell, in the key's order. warnings: what a person should look at before the marks count.
    final: the points as the teacher has decided; None for the cells' own. notes: what the teacher says to the student.
    places: of each answer to each question, in words, for a student who sees no cells of a workbook; empty otherwise.
    """

    student: str
    name: str
    file: str
    cells: tuple[CellMark, ...]
    warnings: tuple[str, ...] = ()
    final: float | None = None
    notes: tuple[str, ...] = ()
    places: tuple[tuple[str, ...], ...] = ()

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells) if self.final is None else self.final

    @property
    def most(self) -> float:
        return sum(cell.most for cell in self.cells)


@dataclass(frozen=True)
class VerdictStyle:
    """The look of a verdict. line: of the frame. short: the verdict in a word or two. means: for the legend."""

    sign: str
    fill: str
    ink: str
    line: str
    short: str
    means: str


VERDICT_STYLES = {
    Verdict.RIGHT: VerdictStyle("✓", *LOOKS[Look.RESULT][:2], "thin", "right", "right"),
    Verdict.FOLLOWS: VerdictStyle(
        "↳", *LOOKS[Look.COMPUTED][:2], "thin", "follows", "right, from a number of yours that came before"
    ),
    Verdict.MISTAKE: VerdictStyle("✗", *LOOKS[Look.GRADIENT][:2], "medium", "known mistake", "a mistake with a name"),
    Verdict.ROUNDED: VerdictStyle(
        "≈", LOOKS[Look.INPUT][0], "#8A6500", "dashed", "rounded", "rounded too early, or to too few places"
    ),
    Verdict.SLIP: VerdictStyle(
        "±", "#EFE7F8", LOOKS[Look.ATTENTION][1], "medium", "slip", "the right way, with an arithmetic slip"
    ),
    Verdict.WRONG: VerdictStyle("✗", "#FBE3DF", LOOKS[Look.WEIGHT][1], "double", "wrong", "wrong"),
    Verdict.BLANK: VerdictStyle("–", "#F1F3F5", "#56616E", "dotted", "blank", "nothing there"),
    Verdict.UNREADABLE: VerdictStyle(
        "?", "#E3E7EB", "#1F2933", "dashed", "not a number", "could not be read as a number"
    ),
}
"""In the order of legends."""

IN_PART = (Verdict.FOLLOWS, Verdict.MISTAKE, Verdict.ROUNDED, Verdict.SLIP)
"""Those that a recipe gives a share of the points."""
WORDS = {verdict: str(verdict) for verdict in Verdict}
MEANINGS = {verdict: look.means for verdict, look in VERDICT_STYLES.items()}
SHORT = {verdict: look.short for verdict, look in VERDICT_STYLES.items()}


def in_words(verdict: Verdict) -> str:
    """Return a verdict as the class reads it: arithmetic slip."""
    return _(WORDS[verdict])


def meaning(verdict: Verdict) -> str:
    """Return what a verdict means, for the legend."""
    return _(MEANINGS[verdict])


def legend_entry(verdict: Verdict, cells: Iterable[CellMark]) -> str:
    """Return what a verdict means, with the share of the points that it has where it has a part of them."""
    shares = {round(cell.points / cell.most, 6) for cell in cells if cell.verdict is verdict and cell.most}
    if verdict not in IN_PART or len(shares) != 1:
        return meaning(verdict)
    percent = to_places(100 * shares.pop(), 1)
    return _("{meaning}: {percent} % of the points").format(meaning=meaning(verdict), percent=percent)


def in_short(verdict: Verdict) -> str:
    """Return a verdict in a word or two."""
    return _(SHORT[verdict])


BLANK = "Nothing is written here yet."
WRONG = "Not right: work this one out once more."
UNREADABLE = "This cannot be read as a number."
ROUNDED = "Rounded too early: keep more decimals on the way, and round only the answer."
NOT_WORKED_OUT = "This follows from a table of yours that is not worked out: begin with that one."
ONE_NUMBER = "The same number stands in every cell: work each of them out."
COPIED = "These are the numbers of a table that is given: work each of them out."
ROW_FIRST = "The row comes first, then the column."
BETWEEN = ", "
"""Stands between the names of two misconceptions that a number comes from together."""


@dataclass(frozen=True)
class CellFinding:
    """A verdict and its sentence. mistake: the misconception's name; two of them with ", " between."""

    verdict: Verdict
    sentence: str = ""
    mistake: str = ""


def finding_without_number(typed: TypedAnswer) -> CellFinding | None:
    """Return the finding for a cell without a number; None for a cell with a number."""
    if typed.blank:
        return CellFinding(Verdict.BLANK, _(BLANK))
    if typed.value is not None:
        return None
    if typed.doubt:
        return CellFinding(Verdict.UNREADABLE, typed.doubt)
    if not typed.read_as:
        return CellFinding(Verdict.UNREADABLE, _(UNREADABLE))
    why = _("This cannot be read as a number: {why}.").format(why=typed.read_as.removesuffix("."))
    return CellFinding(Verdict.UNREADABLE, why)


def finding_that_follows(table: str) -> CellFinding:
    """Return the finding for a number that follows from an earlier table of the student's own."""
    return CellFinding(Verdict.FOLLOWS, _("Right from your own {table}.").format(table=table))


WITH_OTHER_NUMBERS = "This step, worked with other numbers"
"""Stands before a question's step with numbers of an example, or the command for it, which give no answer away."""
WITH_OWN_NUMBERS = "This step, worked with your numbers"
"""Stands before a question's step once answers may be shown."""
NOT_FINAL = "These points are not final: your teacher will look at what you handed in."
"""The only sentence on warnings that a student reads, since a warning may name other students."""
LONGEST = 60
"""The longest text of a student that is shown."""


def points(value: float) -> str:
    """Return points to two places, without idle zeros: 7.5, 7, 6.67."""
    return to_places(value, 2)


def of_points(got: float, most: float) -> str:
    """Return 7.5 of 8 points."""
    several = 1 if points(most) == "1" else 2
    return counted("{got} of {n} point", "{got} of {n} points", several).format(got=points(got), n=points(most))


def share_of(got: float, most: float) -> str:
    """Return 7.5 of 8."""
    return _("{got} of {most}").format(got=points(got), most=points(most))


def number_right(cells: Sequence[CellMark]) -> str:
    """Return how many cells are right: 7 of 9 right."""
    right = sum(cell.verdict is Verdict.RIGHT for cell in cells)
    return _("{n} of {all} right").format(n=right, all=len(cells))


def typed_text(mark: CellMark) -> str:
    """Return the typed text on one line, without control characters, cut if it is long."""
    text = clean(mark.typed.text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


PLURALS = {
    Verdict.RIGHT: "{n} right",
    Verdict.FOLLOWS: "{n} right from your own earlier step",
    Verdict.MISTAKE: "{n} with a known mistake",
    Verdict.ROUNDED: "{n} rounded too early",
    Verdict.SLIP: "{n} with an arithmetic slip",
    Verdict.WRONG: "{n} wrong",
    Verdict.BLANK: "{n} blank",
    Verdict.UNREADABLE: "{n} not a number",
}
"""A number of cells in words: 2 with an arithmetic slip."""


def cell_address(question: KeyQuestion, cell: int) -> str:
    """Return the address of a question's cell: C14."""
    return question.cells[cell].replace("$", "")


Places = Sequence[Sequence[str]]
"""Of each answer to each question, its place in words; empty for a workbook, whose cells have addresses."""


def place_of(key: Key, question: int, cell: int, places: Places) -> str:
    """Return where an answer stands, as its student sees it: C14; cat → sat in a notebook."""
    return places[question][cell] if places else cell_address(key.questions[question], cell)


def numbered_place(key: Key, question: int, cell: int, places: Places = ()) -> str:
    """Return where an answer stands, in an exam too, whose sheets may have the same address: Question 2, C14."""
    return f"{_('Question {n}').format(n=question + 1)}, {place_of(key, question, cell, places)}"


def is_about(warning: str, cells: Iterable[tuple[int, int]], key: Key, places: Places) -> bool:
    """Return whether a warning is about one of these answers. cells: the question and the cell of each, from 0."""
    starts = (
        (numbered_place(key, n, c, places), f"{key.questions[n].sheet}!{cell_address(key.questions[n], c)}")
        for n, c in cells
    )
    return any(warning.startswith((f"{place}: ", f"{cell}: ")) for place, cell in starts)


def title_of(key: Key) -> str:
    """Return the title of a key's exercise, in the language that is written now."""
    return _(str(key.recipe.get("title", key.exercise)))


def by_question(key: Key, marks: StudentMark) -> list[tuple[KeyQuestion, list[CellMark]]]:
    """Return each question with the marks of its cells."""
    groups: list[tuple[KeyQuestion, list[CellMark]]] = [(question, []) for question in key.questions]
    for mark in marks.cells:
        groups[mark.question][1].append(mark)
    return groups


def as_grid(question: KeyQuestion, cells: Sequence[CellMark]) -> list[list[CellMark | None]]:
    """Return the cells as they lie on the sheet: rows from top to bottom, columns from left to right."""
    spots = [position(cell_address(question, n)) for n in range(len(question.cells))]
    columns = sorted({column for _, column in spots})
    by_spot = {spots[cell.cell]: cell for cell in cells}
    return [[by_spot.get((row, column)) for column in columns] for row in sorted({row for row, _ in spots})]


@dataclass(frozen=True)
class Remark:
    """One verdict and sentence on some cells of a question."""

    verdict: Verdict
    sentence: str
    cells: tuple[CellMark, ...]

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def most(self) -> float:
        return sum(cell.most for cell in self.cells)


def remarks(cells: Iterable[CellMark]) -> list[Remark]:
    """Return the remarks on cells that are not right; cells with the same remark share one."""
    groups: dict[tuple[Verdict, str], list[CellMark]] = {}
    for cell in cells:
        if cell.verdict is not Verdict.RIGHT:
            groups.setdefault((cell.verdict, cell.sentence), []).append(cell)
    return [Remark(verdict, sentence, tuple(group)) for (verdict, sentence), group in groups.items()]


def total(cells: Sequence[CellMark]) -> tuple[float, float]:
    """Return the points of these cells and the points available."""
    return sum(cell.points for cell in cells), sum(cell.most for cell in cells)


def student_name(marks: StudentMark) -> str:
    """Return a student's name and id: Ada Lovelace (s001)."""
    return f"{marks.name} ({marks.student})" if marks.name else marks.student


def summary(key: Key, marks: StudentMark) -> str:
    """Return a student's marks on one line: the points and the counts of verdicts for each question."""
    if all(cell.verdict is Verdict.RIGHT for cell in marks.cells):
        return _("All right.")
    return "; ".join(
        f"{n} {question.table} {share_of(*total(cells))}: {verdict_counts(cells)}"
        for n, (question, cells) in enumerate(by_question(key, marks), 1)
    )


def verdict_counts(cells: Sequence[CellMark]) -> str:
    """Return the counts of verdicts: 7 right, 2 blank; the verdict alone if all are the same."""
    counts = Counter(cell.verdict for cell in cells)
    if len(counts) == 1:
        return in_words(cells[0].verdict)
    return ", ".join(_(PLURALS[verdict]).format(n=counts[verdict]) for verdict in PLURALS if counts[verdict])
