"""The student's workbook: the given tables, empty cells for the answers, and nothing that gives them away.

The workbook of an exercise is written once, with marks in place of all that differs from student to student; filling
in the marks then takes little time for each student.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce
from hashlib import sha256
from itertools import chain
from math import ceil, exp
from typing import Any
from zipfile import ZipFile

import numpy as np

from byhand.core.arithmetic.excel import EXCEL, Address, quoted
from byhand.core.captions import defined_name, symbol, symbol_from
from byhand.core.graph import Node, toposort
from byhand.core.labels import Tokens, Typed, WordLabels, spelling, word
from byhand.core.roles import Look, Role
from byhand.exercises.asked import Task, part_title, question_text, rule_text
from byhand.exercises.asked import sheet as sheet_of
from byhand.exercises.cuts import in_letters
from byhand.exercises.draw import Variant
from byhand.exercises.file_marks import keyword
from byhand.exercises.problem import POWERS_OF_E, SHOWN_PLACES, Problem, Question
from byhand.exercises.recipe import BESIDE, OF_ROWS
from byhand.language.architecture import Graph
from byhand.translations import _, localized
from byhand.workbook import style
from byhand.workbook.about import About
from byhand.workbook.book import Book, PageWriter, absolute, range_of, tab_colour
from byhand.workbook.charts import write_charts
from byhand.workbook.layout import Wording
from byhand.workbook.page import Block, Page
from byhand.xlsx.cells import Cell
from byhand.xlsx.parts import xml_text, zipped
from byhand.xlsx.writer import BookFile, Sheet

FIRST_MARK = 700_000_001
"""Marks are numbers that no exercise draws; in a text, a mark stands between § signs."""
MARK = re.compile(r"§?(?<![\d.])(7\d{8})(?![\d.])§?")
MARK_KEY = ("student", "mark")
"""The key of the file's own mark."""
OF_TEXTS = ("student", "word", "piece", "cut")
"""How the keys of marks begin that stand for texts."""
NO_PIECE = "·"
"""What stands in a table of pieces where there is none, since an empty text is no text in some programs."""
CHECK = "check"
"""The hidden sheet of a workbook for practice: for each answer 1 if it is right, -1 if it is wrong, 0 if there is none.
"""
TEXTS = "xl/sharedStrings.xml"
"""The part of a workbook with all its texts."""
BETWEEN_PIECES = (
    ('"["""', '""'),
    ('"""]"', '""'),
    ('""","""', '" "'),
    ('""", """', '" "'),
    ('"|"', '" "'),
    ('", "', '" "'),
)
"""What people write around and between the pieces of a word, as texts of a formula, and what it is replaced by."""


@dataclass
class Marks:
    """The marks of a template, and the key that each stands for. New marks are made while the template is written."""

    keys: list[object] = field(default_factory=list)
    _known: dict[object, int] = field(default_factory=dict)

    def number(self, key: object) -> float:
        """Return the mark of a number. The same key has the same mark."""
        if key not in self._known:
            self._known[key] = FIRST_MARK + len(self.keys)
            self.keys.append(key)
        return float(self._known[key])

    def text(self, key: object) -> str:
        return f"§{self.number(key):.0f}§"

    def cut(self, text: str) -> tuple[list[str], list[object]]:
        """Return the pieces of a text around its marks, and the keys of the marks between them."""
        pieces, keys, end = [], [], 0
        for found in MARK.finditer(text):
            n = int(found[1]) - FIRST_MARK
            if n < len(self.keys):
                pieces.append(text[end : found.start()])
                keys.append(self.keys[n])
                end = found.end()
        return [*pieces, text[end:]], keys


class Template:
    """The files in a workbook, each cut into pieces at its marks."""

    def __init__(self, data: bytes, marks: Marks) -> None:
        self._parts: list[tuple[str, list[str], list[object]]] = []
        common: dict[str, str] = {}
        with ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                text = archive.read(name).decode()
                pieces, keys = marks.cut(text)
                if keys or name == TEXTS:
                    self._parts.append((name, pieces, keys))
                else:
                    common[name] = text
        self._common = zipped(common)

    @property
    def printed(self) -> str:
        """A digest of the texts that are the same for every student."""
        return sha256(json.dumps([pieces for name, pieces, _ in self._parts if name == TEXTS]).encode()).hexdigest()[
            :32
        ]

    def fill(self, values: Mapping[object, float | str]) -> bytes:
        """Return the workbook with the marks replaced by their values. values: by key."""
        texts = {key: xml_text(value) for key, value in values.items()}
        parts = {}
        for name, pieces, keys in self._parts:
            between = [texts[key] for key in keys]
            parts[name] = "".join(chain.from_iterable(zip(pieces, [*between, ""], strict=True)))
        return zipped(parts, self._common)


EDGES = frozenset(("left", "right", "top", "bottom"))
ANSWER = style.cell(Look.ANSWER, "General", EDGES) | {"locked": False, "border": 2, "border_color": "#B98900"}
SCRATCH = style.cell(Look.SCRATCH, "General", EDGES) | {"locked": False, "border": 4}


@dataclass(frozen=True)
class Place:
    """Where a question is answered: a sheet, and the rows and columns of its cells from 0."""

    sheet: str
    cells: tuple[tuple[int, int], ...]


class StudentBook:
    """A problem's workbook, written once with marks; `fill` makes each student's workbook from it.

    practice: answers are checked in the workbook. repeats: cells that show another cell's value -> that cell.
    """

    def __init__(self, problem: Problem, practice: bool = False) -> None:
        self.problem, self.practice = problem, practice
        self.marks = Marks()
        asked = [q.node for q in problem.questions]
        shown = [problem.lesson.tables[name] for name in problem.exercise.show]
        about = About(_(problem.exercise.title), _(problem.exercise.teaches), "")
        turned = problem.exercise.build.orientation == "columns"
        self.book = Book(Graph([*asked, *shown]), about, turned, home="Exercise", wording=_wording(problem))
        self.repeats: dict[Cell, Cell] = {}
        self.template = self._template()

    @cached_property
    def places(self) -> list[Place]:
        """Where each question is answered: in its table, or for a choice or a wrong cell beside the question."""
        found = []
        for n, question in enumerate(self.problem.questions):
            block = self.book.homes[question.node]
            if question.ask.kind in BESIDE:
                row = self.question_rows[n]
                count = 2 if question.ask.kind == "wrong cell" else len(question.indices)
                cells = tuple((row, ANSWER_COLUMN + i) for i in range(count))
                found.append(Place(self.book.sheet_names[self.book.home], cells))
            else:
                cells = tuple(block.at(i, j) for i, j in question.indices)
                found.append(Place(self.book.sheet_names[block.page], cells))
        return found

    @cached_property
    def question_rows(self) -> list[int]:
        """The row of each question on the first sheet."""
        rows, row = [], FIRST_QUESTION
        for n in range(len(self.problem.questions)):
            if part := self.problem.part_begins(n):  # its heading, and its text
                row += 3 if self.problem.parts[part - 1].exercise.text else 2
            rows.append(row)
            row += 2
        return rows

    def label(self, node: Node, axis: int, i: int) -> str:
        """Return the word of a row (axis 0) or column (axis 1); the mark of one that differs among students."""
        of = node.shape[axis].labels
        return self.word_of(of, i) if isinstance(of, WordLabels) else ""

    def word_of(self, of: WordLabels, i: int) -> str:
        drawn = isinstance(of, Tokens | Typed) and any(ids in self.problem.drawn for ids in toposort([of.ids]))
        return self.marks.text(("word", of, i)) if drawn else self.book.text_of(of, i)

    def _template(self) -> Template:
        file = BookFile(None, _(self.problem.exercise.title))
        file.keywords(self.marks.text(MARK_KEY))
        sheets = self.write(file)
        if self.practice:
            self._write_check(file, sheets)
        return Template(file.data(), self.marks)

    def write(self, file: Any) -> dict[Page, Sheet]:
        """Write the sheets that a student sees, with marks for all that differs from student to student.

        file: a BookFile, or an object with the same methods (see grading.feedback_book).
        """
        pages = [self.book.home, *self.book.pages]
        sheets = {page: file.sheet(self.book.sheet_names[page], tab_colour(page)) for page in pages}
        for page in self.book.pages:
            around = partial(write_charts, self.book, sheets[page], page)
            BlankPage(self, file, sheets[page], page).write(around)
            sheets[page].protect()
        write_front_page(self, sheets[self.book.home])
        sheets[self.book.home].protect()
        for node, block in self.book.homes.items():
            if node.role is not Role.CONSTANT:
                file.name(defined_name(node), range_of(self.book, block))
        for name, place in self._front_page_names():
            file.name(name, place)
        return sheets

    def _front_page_names(self) -> Iterator[tuple[str, str]]:
        """Yield the defined names of the first sheet; marking finds the cells by name, even if rows were inserted."""
        front = self.book.sheet_names[self.book.home]
        yield "student.id", f"{quoted(front)}!{absolute(*ID)}"
        for n, place in enumerate(self.places, 1):
            if place.sheet == front:
                first, last = (absolute(*place.cells[i]) for i in (0, -1))
                yield f"answer.{n}", f"{quoted(front)}!{first}" + (f":{last}" if last != first else "")

    def _write_check(self, file: BookFile, sheets: Mapping[Page, Sheet]) -> None:
        """Write a hidden sheet with 1 for a right answer and -1 for a wrong one, and colours that depend on it."""
        check = file.sheet(CHECK, style.INK)
        check.hide()
        by_name = {self.book.sheet_names[page]: sheet for page, sheet in sheets.items()}
        row = 0
        for n, (question, place) in enumerate(zip(self.problem.questions, self.places, strict=True)):
            for i, (r, c) in enumerate(place.cells):
                typed = Address(r, c, place.sheet)
                check.formula(row, 0, self._check(question, n, i, str(typed)), 0.0, style.cell(Look.SHOWN, "0"))
                verdict = Address(row, 0, CHECK)
                for sign, colour in ((1, "#CFEBD9"), (-1, "#F9D3CE")):
                    by_name[place.sheet].format_where((r, c, r, c), f"={verdict}={sign}", {"bg_color": colour})
                row += 1

    def _check(self, question: Question, n: int, i: int, typed: str) -> str:
        """Return the formula of a cell that is 1 for a right answer, -1 for a wrong one and 0 for none."""
        if question.cuts:
            pieces = reduce(lambda text, signs: f"SUBSTITUTE({text},{signs[0]},{signs[1]})", BETWEEN_PIECES, typed)
            return f'IF(TRIM({typed})="",0,IF(EXACT(TRIM({pieces}),"{self.marks.text(("cut", n, i))}"),1,-1))'
        right = f"{self.marks.number(('answer', n, i)):.0f}"
        exact = question.ask.kind == "symbolic"
        margin = f"1E-12*MAX(1,ABS({right}))" if exact else EXCEL.number(question.ask.margin)
        return f"IF(ISNUMBER({typed}),IF(ABS({typed}-({right}))<={margin},1,-1),0)"

    def fill(self, variant: Variant) -> bytes:
        """Return the student's workbook."""
        return self.template.fill({key: self._value(key, variant) for key in self.marks.keys})

    def _value(self, key: object, variant: Variant) -> float | str:
        assert isinstance(key, tuple)
        kind, *rest = key
        if key == MARK_KEY:
            return keyword(variant.mark)
        if kind == "student":
            return {"id": variant.student.id, "name": variant.student.name}[rest[0]]
        if kind == "word":
            tokens, i = rest
            return word(tokens, i, variant.numbers)
        if kind == "cut":
            n, i = rest
            cuts = self.problem.questions[n].cuts
            assert cuts is not None
            return cuts.spellings(float(variant.answers[n].ravel()[i]))[0].replace('"', '""')
        if kind == "answer":
            n, i = rest
            return float(variant.answers[n].ravel()[i])
        node, i, j = rest
        if kind == "given":
            return float(variant.numbers[node][i, j])
        if kind == "piece":
            spell = in_letters(node, variant.numbers)
            assert spell is not None
            return spell(float(variant.values[node][i, j])) or NO_PIECE
        shown = variant.planted.get(node, variant.values[node])
        return round(float(shown[i, j]), SHOWN_PLACES) + 0.0


def _wording(problem: Problem) -> Wording:
    """Return the names and rules of the captions: those of the questions, on all sheets of the set."""
    names = sheet_of(problem).names
    return Wording(
        name=lambda node: names.get(node) or symbol(node),
        name_for=lambda node, reader: names.get(node) or symbol_from(node, reader),
        rule=rule_text,
    )


class BlankPage(PageWriter):
    """Writes a page of the student's workbook: given numbers, and empty cells in place of computed ones."""

    narrowest = 6.5  # what a student types may be longer than what stands there

    def __init__(self, student: StudentBook, file: BookFile, sheet: Sheet, page: Page) -> None:
        super().__init__(student.book, file, sheet, page)
        self.student = student
        self.asked = {q.node: q for q in student.problem.questions}
        self.answers = {(q.node, *i) for q in student.problem.questions if q.ask.kind not in OF_ROWS for i in q.indices}
        self.shown = {student.problem.lesson.tables[name] for name in student.problem.exercise.show}

    def letters_of(self, block: Block) -> float:
        """Return the width that a table needs, whatever the numbers that are asked."""
        return self.book.widths.words(block)

    def _word_labels(self, block: Block, axis: int, of: WordLabels, cell_style: dict[str, Any]) -> None:
        for i in range(block.node.shape[axis]):
            self.sheet.text(*self.book.label_cell(block, axis, i), self.student.word_of(of, i), cell_style)

    def _cells(self, block: Block) -> None:
        for i, j in np.ndindex(*block.node.shape):
            self._cell(block, i, j)

    def _cell(self, block: Block, i: int, j: int) -> None:
        node, place = block.node, block.at(i, j)
        question = self.asked.get(node)
        if not block.home:
            self._link(block, i, j)
        elif node.data is not None and (node, i, j) in self.answers:
            self.sheet.empty(*place, ANSWER)
        elif node.data is not None:
            self._given(node, i, j, place)
        elif node in self.shown and spelling(node):
            self.sheet.text(
                *place, self.student.marks.text(("piece", node, i, j)), style.cell(Look.COMPUTED, "General")
            )
        elif node in self.shown or (question is not None and question.ask.kind == "wrong cell"):
            self.sheet.number(
                *place, self.student.marks.number(("shown", node, i, j)), style.cell(Look.COMPUTED, "General")
            )
        else:
            self.sheet.empty(*place, ANSWER if (node, i, j) in self.answers else SCRATCH)

    def _given(self, node: Node, i: int, j: int, place: tuple[int, int]) -> None:
        drawn = node in self.student.problem.drawn
        assert node.data is not None
        value = self.student.marks.number(("given", node, i, j)) if drawn else float(node.data[i, j])
        self.sheet.number(*place, value, style.cell(style.look_of(node, True), "General", self._edges_of(node, i, j)))

    def _edges_of(self, node: Node, i: int, j: int) -> frozenset[str]:
        """Return the sides of a cell that are on the edge of a table of weights."""
        if node.role is not Role.WEIGHT:
            return frozenset()
        block = self.book.homes[node]
        row, column = (j, i) if block.turned else (i, j)
        rows, columns = block.shape
        ends = {"top": row == 0, "bottom": row == rows - 1, "left": column == 0, "right": column == columns - 1}
        return frozenset(edge for edge, here in ends.items() if here)

    def _link(self, block: Block, i: int, j: int) -> None:
        """Write a formula that repeats the cell where the table is computed, including what the student types there."""
        there, here = self.book.links(block, self.page)[i, j], self.book.sheet_names[self.page]
        if isinstance(there, Address):
            self.student.repeats[here, *block.at(i, j)] = (there.sheet or here, there.row, there.column)
        rule = f'IF({there}="","",{there})'
        self.sheet.formula(*block.at(i, j), rule, "", style.cell(Look.SHOWN, "General"))


STUDENT_NAME, ID = (3, 2), (4, 2)
NAME = style.text(11, bottom=4, bottom_color=style.GREY) | {"locked": False}
"""The cell of the student's name, which a student may type."""
TEXT_WIDTH = 76
TOP = {"valign": "top"}
FIRST_QUESTION, NUMBER, TEXT, WHERE, POINTS, ANSWER_COLUMN = 9, 1, 2, 3, 4, 5


def write_front_page(student: StudentBook, sheet: Sheet) -> None:
    """Write the first sheet: the student, the questions and where to answer them, and how to read the rules."""
    exercise, marks = student.problem.exercise, student.marks
    sheet.text(0, 1, _(exercise.title), style.TITLE)
    sheet.height(0, 27)
    sheet.text(1, 1, _(exercise.teaches), style.SUBTITLE)
    sheet.text(3, 1, _("Name"), style.HEADING)
    sheet.text(*STUDENT_NAME, marks.text(("student", "name")), NAME)
    sheet.text(4, 1, _("Id"), style.HEADING)
    sheet.text(*ID, marks.text(("student", "id")), style.text(11))
    if exercise.text:
        _wrapped(sheet, 6, _(exercise.text), style.text(11), 15)
    sheet.text(7 if exercise.text else 6, TEXT, _(USE), style.text(10, style.GREY))
    for column, title in ((TEXT, _("What to find")), (WHERE, _("Where")), (POINTS, _("Points"))):
        sheet.text(FIRST_QUESTION - 1, column, title, style.HEADING)
    tasks = sheet_of(student.problem).tasks
    for n, (task, row) in enumerate(zip(tasks, student.question_rows, strict=True)):
        _question(student, sheet, n, task, row)
    after = _explanations(student, sheet, student.question_rows[-1] + 3)
    if student.problem.needs_powers:
        _powers(sheet, after)
    for column, width in {0: 2, NUMBER: 6, TEXT: TEXT_WIDTH, WHERE: 26, POINTS: 8}.items():
        sheet.columns(column, column, width)
    front = student.book.sheet_names[student.book.home]
    beside = max((len(place.cells) for place in student.places if place.sheet == front), default=0)
    sheet.columns(ANSWER_COLUMN, ANSWER_COLUMN + max(2, beside) - 1, 12)
    sheet.page(3, _(exercise.title))


USE = "Fill in the yellow cells, by hand or with formulas. The white ones are room to work: fill them in as you go."

CHECKED_EXACTLY = (
    "Type it as a formula, such as =EXP(2)/(EXP(2)+1), to see whether it is right: "
    "an exact value is asked for, so a rounded decimal is wrong."
)


def _question(student: StudentBook, sheet: Sheet, n: int, task: Task, row: int) -> None:
    question = task.question
    if part := student.problem.part_begins(n):
        text = student.problem.parts[part - 1].exercise.text
        sheet.text(row - (2 if text else 1), TEXT, part_title(student.problem, part), style.HEADING)
        if text:
            _wrapped(sheet, row - 1, _(text), style.text(11), 15)
    sheet.text(row, NUMBER, str(n + 1), style.ROW_LABEL | TOP)
    _wrapped(sheet, row, question_text(student.problem, question, student.label), style.text(11), 15)
    sheet.text(row, POINTS, localized(f"{question.ask.points:g}"), style.text(11, **TOP))
    remarks = [task.about()]
    if question.ask.hint:
        remarks.append(_("Hint: {hint}").format(hint=_(question.ask.hint)))
    if student.practice and question.ask.kind == "symbolic":
        remarks.append(_(CHECKED_EXACTLY))
    _wrapped(sheet, row + 1, " ".join(remarks), style.text(9, style.GREY, italic=True), 12.5)
    block = student.book.homes[question.node]
    name = student.book.sheet_names[block.page]
    sheet.link(row, WHERE, name, name, str(Address(max(block.row - 2, 0), block.column)), style.LINK | TOP)
    place = student.places[n]
    if place.sheet == student.book.sheet_names[student.book.home]:
        for cell in place.cells:
            sheet.empty(*cell, ANSWER)


def _wrapped(sheet: Sheet, row: int, text: str, text_style: dict[str, Any], line: float) -> None:
    """Write a text in as many lines as it needs, each so many points high; a mark counts as a word."""
    letters = TEXT_WIDTH * 11 / text_style["font_size"]
    lines = ceil(len(MARK.sub("a word", text)) / letters)
    sheet.text(row, TEXT, text, text_style | TOP | {"text_wrap": True})
    sheet.height(row, lines * line)


def _explanations(student: StudentBook, sheet: Sheet, row: int) -> int:
    """Write the numbers with a letter and how to read the rules, and return the next free row."""
    said = sheet_of(student.problem)
    constants = [rule.text() for task in said.tasks for rule in task.rules if rule.node.data is not None]
    lines = [*dict.fromkeys(constants), *said.explanations(of_tables=False)]
    if not lines:
        return row
    sheet.text(row, TEXT, _("How to read the rules"), style.HEADING)
    for n, line in enumerate(lines, row + 1):
        _wrapped(sheet, n, line, style.text(10, style.GREY), 13.5)
    return row + len(lines) + 2


def powers() -> Iterator[tuple[int, float]]:
    """Yield the rows of the printed table: n and e^n."""
    return ((n, exp(n)) for n in POWERS_OF_E)


def _powers(sheet: Sheet, row: int) -> None:
    sheet.text(row, TEXT, _("Powers of e"), style.HEADING)
    for n, (power, value) in enumerate(powers()):
        sheet.text(row + 1 + n, NUMBER, f"e^{power}".replace("-", "−"), style.ROW_LABEL)
        sheet.number(row + 1 + n, TEXT, round(value, 6), style.text(11, align="left", num_format="0.000000"))
