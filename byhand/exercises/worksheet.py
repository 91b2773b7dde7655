"""An exercise on paper: the worksheet with room to work, and the worked solution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, zip_longest
from math import ceil, exp

from byhand.core import ops
from byhand.core.graph import INFINITE, Array, Node, times
from byhand.core.labels import labels, word
from byhand.core.number_text import MINUS_INFINITY, in_print, to_places
from byhand.documents.document import Block, Code, Document, Heading, Lines, Paragraph, Plain, Room, SideBySide, Table
from byhand.exercises.asked import (
    RULES_AFTER,
    RULES_AFTER_REMARK,
    Section,
    Sheet,
    Task,
    given_meaning,
    part_title,
    question_text,
    sheet,
    unnamed_parts,
)
from byhand.exercises.cuts import in_letters
from byhand.exercises.draw import Variant
from byhand.exercises.problem import NOT_ASKED, POWERS_OF_E, SHOWN_PLACES, Problem
from byhand.exercises.recipe import OF_ROWS
from byhand.explanations.handout import LIVE, explain
from byhand.language.architecture import Graph
from byhand.notation.tree import Name, Number, Power
from byhand.translations import _, counted, localized

OTHER_POWERS = "For other powers of e, use the key e^x of a calculator."
LEAST_ROOM, MOST_ROOM = 3, 36
"""Lines to work in, at a question: at least for a question of one step, at most a page."""
SUMS_A_LINE, NUMBERS_A_LINE = 2, 4
"""How many sums of products stand on a line of paper, and how many other numbers."""


def worksheet(problem: Problem, variant: Variant) -> Document:
    """Return the student's worksheet: the given tables, the questions with their rules, and room for the work."""
    exercise, student, said = problem.exercise, variant.student, sheet(problem)
    who = _("Name: {name}   Id: {id}").format(name=student.name or "_" * 30, id=student.id)
    who += "   " + _("Version: {version}").format(version=student.version) if student.version else ""
    blocks: list[Block] = [Paragraph((Plain(who),))]
    blocks += [Paragraph((_(exercise.text),))] if exercise.text else []
    numbers = count(1)
    for n, section in enumerate(said.sections, 1):
        blocks += _section(problem, variant, said, n, section, numbers)
    blocks += _rules_after(said)
    explanations = said.explanations()
    if explanations:
        blocks += [Heading(_("How to read the rules")), Lines(tuple(explanations))]
    if problem.needs_powers:
        blocks += [Heading(_("Powers of e")), powers(), Paragraph((_(OTHER_POWERS),))]
    return Document(_(exercise.title), _(exercise.teaches), tuple(blocks))


def _section(
    problem: Problem, variant: Variant, said: Sheet, number: int, section: Section, numbers: Iterator[int]
) -> Iterator[Block]:
    """Yield what is given and the questions: of a part of an exam, with its heading, or of the whole exercise."""
    if problem.parts:
        yield Heading(Plain(part_title(problem, number)))
        if section.problem.exercise.text:
            yield Paragraph((_(section.problem.exercise.text),))
    level = 2 if problem.parts else 1
    yield Heading(_("Given"), level)
    yield SideBySide(tuple(_given(problem, variant, said, node) for node in section.given))
    for task in section.tasks:
        yield from _question(problem, variant, said, next(numbers), task, level)


def _rules_after(said: Sheet) -> list[Block]:
    rules = said.rules_after()
    if not rules:
        return []
    remark = Paragraph((Plain(_(RULES_AFTER_REMARK)),), quiet=True)
    return [Heading(_(RULES_AFTER)), remark, Lines(tuple(rules), small=True)]


def _question(problem: Problem, variant: Variant, said: Sheet, n: int, task: Task, level: int) -> Iterator[Block]:
    question = task.question
    text = question_text(problem, question, lambda node, axis, i: word(node.shape[axis].labels, i, variant.values))
    points = counted("{n} point", "{n} points", question.ask.points).format(n=f"{question.ask.points:g}")
    yield Heading(Plain(f"{n}. {text} ({points})"), level)
    if task.rules_before:
        yield Lines(tuple(task.rules_before))
    yield Paragraph((Plain(task.about()),), quiet=True)
    if question.ask.hint:
        yield Paragraph((_("Hint: {hint}").format(hint=_(question.ask.hint)),))
    if question.ask.kind == "wrong cell":
        yield _numbers(said, question.node, variant.planted[question.node], variant)
    yield _answers(variant, said, task)
    yield Room(room_for(problem, task))


def room_for(problem: Problem, task: Task) -> int:
    """Return how many lines of paper the work on a question needs, by the numbers that it makes on the way.

    Where the text says how to work, the rules are a program's way, not a person's; there is a line for each answer.
    """
    if task.in_words:
        return min(MOST_ROOM, LEAST_ROOM + len(task.question.indices))
    __, numbers = problem.effort
    lines = sum(ceil(numbers.get(rule.node, 0) / _numbers_a_line(rule.node)) for rule in task.rules)
    return min(MOST_ROOM, LEAST_ROOM + lines)


def _numbers_a_line(node: Node) -> int:
    return SUMS_A_LINE if any(part.op is ops.matmul for part in unnamed_parts(node)) else NUMBERS_A_LINE


def _answers(variant: Variant, said: Sheet, task: Task) -> Table:
    """Return the empty table, or the empty cells, for the answers."""
    question = task.question
    if question.ask.kind == "table":
        rows, columns = map(int, question.node.shape)
        asked = set(question.indices)
        cells = tuple(tuple("" if (i, j) in asked else NOT_ASKED for j in range(columns)) for i in range(rows))
        return Table(_name(said, question.node), *_labels(question.node, variant), cells, "answer")
    if question.ask.kind in OF_ROWS and len(question.indices) > 1:
        names, chosen = labels(question.node, 0, variant.values), [row for row, __ in question.indices]
        return Table("", tuple(names[row] for row in chosen), (), (("",),) * len(chosen), "answer")
    if question.ask.kind == "wrong cell":
        return Table("", (), (_("row"), _("column")), (("", ""),), "answer")
    return Table("", ("?",) if question.ask.kind == "missing" else (), (), (("",),), "answer")


def _given(problem: Problem, variant: Variant, said: Sheet, node: Node) -> Table:
    """Return a table that the student is given or shown, with the numbers to find hidden."""
    table = _numbers(said, node, variant.values[node], variant)
    hidden = {i for q in problem.questions if q.node is node and q.ask.kind == "missing" for i in q.indices}
    cells = tuple(
        tuple("?" if (i, j) in hidden else cell for j, cell in enumerate(row)) for i, row in enumerate(table.cells)
    )
    return replace(table, cells=cells)


def _numbers(said: Sheet, node: Node, table: Array, variant: Variant) -> Table:
    is_given = node.data is not None
    write = in_letters(node, variant.numbers) or (lambda number: number_on_paper(number, is_given))
    cells = tuple(tuple(write(float(value)) for value in row) for row in table)
    return Table(_caption(said, node), *_labels(node, variant), cells, node.look)


def number_on_paper(value: float, is_given: bool) -> str:
    """Return a number as it is printed: a given one in full, a computed one to a few decimals."""
    if abs(value) > INFINITE:
        return MINUS_INFINITY if value < 0 else "∞"
    return (localized(in_print(value)) if is_given else to_places(value + 0.0, SHOWN_PLACES)).replace("-", "−")


def _caption(said: Sheet, node: Node) -> Plain:
    """Return a given table's name on the sheet, its rows and columns, and what it holds if its name does not tell."""
    name, meaning = _name(said, node), given_meaning(node)
    return Plain(_("{table} – {meaning}").format(table=name, meaning=meaning)) if meaning else name


def _name(said: Sheet, node: Node) -> Plain:
    """Return a table's name on the sheet, with its rows and columns."""
    return Plain(f"{said.names[node]} ({times(node.shape)})")


def _labels(node: Node, variant: Variant) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of the rows and of the columns; numbers if they have no names."""
    rows, columns = (tuple(map(Plain, labels(node, axis, variant.values))) for axis in (0, 1))
    return rows, columns


def powers() -> Table:
    """Return the printed table of powers of e."""
    cells = [(Power(Name("e"), Number(str(n))), f"{exp(n):.6g}") for n in POWERS_OF_E]
    third = ceil(len(cells) / 3)
    columns = zip_longest(cells[:third], cells[third : 2 * third], cells[2 * third :], fillvalue=("", ""))
    beside = tuple((*left, *middle, *right) for left, middle, right in columns)
    return Table("", (), (), beside, "shown")


def solution(problem: Problem, variant: Variant) -> Document:
    """Return the worked solution: each table that is asked for, step by step, with the student's numbers."""
    student = variant.student
    who = f"{student.name} ({student.id})" if student.name else student.id
    blocks: list[Block] = []
    for n, part in enumerate(problem.each, 1):
        blocks += [Heading(Plain(part_title(problem, n)))] if problem.parts else []
        blocks += _worked(part, variant)
    return Document(
        _("{title}: key for {student}").format(title=_(problem.exercise.title), student=who),
        _(problem.exercise.teaches),
        tuple(blocks),
    )


def _worked(problem: Problem, variant: Variant) -> list[Block]:
    graph = Graph([q.node for q in problem.questions], given=variant.numbers)
    lesson = replace(problem.lesson, graph=graph, weights="")
    worked = explain(lesson, None, None, exact=False, with_code=False, with_opening=False)
    live = Paragraph((_(LIVE),))
    return [b for b in worked.blocks if not isinstance(b, Code) and b != live]
