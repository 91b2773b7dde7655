"""An exercise on paper: the worksheet with room to write, and the worked solution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from math import exp

from byhand.core.captions import symbol
from byhand.core.graph import Array, Node
from byhand.core.labels import labels
from byhand.core.number_text import to_digits
from byhand.core.roles import Role
from byhand.documents.document import Block, Code, Document, Heading, Paragraph, Table
from byhand.exercises.draw import Variant
from byhand.exercises.problem import NOT_ASKED, POWERS_OF_E, SHOWN_PLACES, Problem, Question, question_text
from byhand.explanations.handout import LIVE, explain
from byhand.language.architecture import Graph
from byhand.notation.tree import Name, Number, Power
from byhand.translations import _

DIGITS = 4
"""Significant digits of a number on paper."""


def worksheet(problem: Problem, variant: Variant) -> Document:
    """Return the student's worksheet: the given tables, the questions, and room for the answers."""
    exercise = problem.exercise
    given = [_given(problem, variant, n) for n in problem.needed if n.name and _is_given(n)]
    shown = [_numbers(n, variant.values[n].round(SHOWN_PLACES), variant) for n in problem.shown]
    blocks: list[Block] = [Paragraph((f"Name: {variant.student.name or '_' * 30}   Id: {variant.student.id}",))]
    blocks += [Paragraph((exercise.text,))] if exercise.text else []
    blocks += [Heading("Given"), *given, *shown]
    for n, question in enumerate(problem.questions, 1):
        blocks += _question(problem, variant, n, question)
    if problem.needs_powers:
        blocks += [Heading("Powers of e"), powers()]
    return Document(exercise.title, exercise.teaches, tuple(blocks))


def _is_given(node: Node) -> bool:
    return node.data is not None and node.role not in (Role.CONSTANT, Role.SHIFT)


def _question(problem: Problem, variant: Variant, n: int, question: Question) -> Iterator[Block]:
    points = f"{question.ask.points:g} point{'s' if question.ask.points != 1 else ''}"
    yield Heading(f"{n}. {question_text(question)} ({points})")
    if question.ask.hint:
        yield Paragraph((f"Hint: {question.ask.hint}",))
    if question.ask.kind == "wrong cell":
        yield _numbers(question.node, variant.planted[question.node].round(SHOWN_PLACES), variant)
    if question.ask.kind == "table":
        rows, columns = map(int, question.node.shape)
        asked = set(question.indices)
        cells = tuple(tuple("" if (i, j) in asked else NOT_ASKED for j in range(columns)) for i in range(rows))
        yield Table(_called(question.node), *_labels(question.node, variant), cells, "answer")
    elif question.ask.kind == "choice" and len(question.indices) > 1:
        names, chosen = labels(question.node, 0, variant.values), [row for row, _ in question.indices]
        yield Table("", tuple(names[row] for row in chosen), (), (("",),) * len(chosen), "answer")
    else:
        yield Table("", (), (), (("", "") if question.ask.kind == "wrong cell" else ("",),), "answer")


def _given(problem: Problem, variant: Variant, node: Node) -> Table:
    table = _numbers(node, variant.values[node], variant)
    hidden = {i for q in problem.questions if q.node is node and q.ask.kind == "missing" for i in q.indices}
    cells = tuple(
        tuple("?" if (i, j) in hidden else cell for j, cell in enumerate(row)) for i, row in enumerate(table.cells)
    )
    return Table(table.caption, table.rows, table.columns, cells, table.role)


def _numbers(node: Node, table: Array, variant: Variant) -> Table:
    cells = tuple(tuple(to_digits(float(value), DIGITS) for value in row) for row in table + 0.0)
    return Table(_called(node), *_labels(node, variant), cells, node.look)


def _called(node: Node) -> str:
    """Return a table's symbol with its place in the model, since each norm may have a γ."""
    return ".".join([*node.name.split(".")[:-1], symbol(node)])


def _labels(node: Node, variant: Variant) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of the rows and of the columns; numbers if they have no names."""
    return labels(node, 0, variant.values), labels(node, 1, variant.values)


def powers() -> Table:
    """Return the printed table of powers of e."""
    cells = [(Power(Name("e"), Number(str(n))), f"{exp(n):.6g}") for n in POWERS_OF_E]
    half = (len(cells) + 1) // 2
    beside = tuple((*low, *high) for low, high in zip_longest(cells[:half], cells[half:], fillvalue=("", "")))
    return Table("", (), (), beside, "shown")


def solution(problem: Problem, variant: Variant) -> Document:
    """Return the worked solution: each table that is asked for, step by step, with the student's numbers."""
    graph = Graph([q.node for q in problem.questions], given=variant.numbers)
    worked = explain(replace(problem.lesson, graph=graph, weights=""), None, None, exact=False)
    student = variant.student
    who = f"{student.name} ({student.id})" if student.name else student.id
    live = Paragraph((_(LIVE),))
    blocks = tuple(b for b in worked.blocks if not isinstance(b, Code) and b != live)
    return Document(f"{problem.exercise.title}: key for {who}", problem.exercise.teaches, blocks)
