"""The answer table of a set in versions: each version's answers and points, for whoever marks paper by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from byhand.core.graph import INFINITE
from byhand.core.labels import labels, word
from byhand.core.number_text import MINUS_INFINITY
from byhand.documents.document import Block, Document, Heading, Paragraph, Plain, Table
from byhand.exercises.asked import part_title, question_text
from byhand.exercises.draw import Student, Variant
from byhand.exercises.problem import NOT_ASKED, Problem, Question
from byhand.translations import _, counted, localized

EXACT_PLACES = 6
"""Decimals of an answer that is asked for exactly, as an expression."""


def answer_table(problem: Problem, variants: Mapping[str, Variant], students: Sequence[Student]) -> Document:
    """Return the page. variants: of each version. students: the class, each with the version that they have."""
    blocks: list[Block] = []
    for version, variant in variants.items():
        own = [student for student in students if student.version == version]
        count = counted("{n} student", "{n} students", len(own)).format(n=len(own))
        blocks.append(Heading(Plain(_("Version {version} ({students})").format(version=version, students=count))))
        for n, question in enumerate(problem.questions):
            if part := problem.part_begins(n):
                blocks.append(Heading(Plain(part_title(problem, part)), 2))
            blocks += _question(problem, variant, n, question)
    blocks += _who_has_which(variants, students)
    title = _("{title}: answers").format(title=_(problem.exercise.title))
    points = counted("{n} point", "{n} points", problem.exercise.points).format(n=f"{problem.exercise.points:g}")
    return Document(title, points, tuple(blocks))


def _question(problem: Problem, variant: Variant, n: int, question: Question) -> Iterator[Block]:
    """Yield a question's sentence with its points, and its answers."""
    text = question_text(problem, question, lambda node, axis, i: word(node.shape[axis].labels, i, variant.values))
    answers = [*map(float, variant.answers[n].ravel())]
    points = counted("{n} point", "{n} points", question.ask.points).format(n=f"{question.ask.points:g}")
    if len(answers) > 1:
        each = f"{question.ask.points / len(answers):.3g}"
        points = _("{points}, {each} for each number").format(points=points, each=each)
    yield Paragraph((Plain(f"{n + 1}. {text} ({points})"),))
    yield _answers(variant, question, answers)


def _answers(variant: Variant, question: Question, answers: list[float]) -> Table:
    ask, node = question.ask, question.node
    if ask.kind == "wrong cell":
        row, column = answers
        return Table("", (), (_("row"), _("column")), ((f"{row:g}", f"{column:g}"),), "answer")
    rows, columns = (tuple(map(Plain, labels(node, axis, variant.values))) for axis in (0, 1))
    if ask.kind == "choice":
        chosen = [f"{x:g} ({columns[int(x) - 1]})" for x in answers]
        return Table("", tuple(rows[i] for i, __ in question.indices), (), tuple((text,) for text in chosen), "answer")
    if question.cuts:
        cut = tuple((question.cuts.text(x),) for x in answers)
        return Table("", tuple(rows[i] for i, __ in question.indices), (), cut, "answer")
    texts = dict(zip(question.indices, (_number(question, x) for x in answers), strict=True))
    if ask.kind != "table":
        return Table("", (), (), (tuple(texts.values()),), "answer")
    cells = tuple(tuple(texts.get((i, j), NOT_ASKED) for j in range(len(columns))) for i in range(len(rows)))
    return Table("", rows, columns, cells, "answer")


def _number(question: Question, value: float) -> str:
    """Return an answer as a student writes it, rounded as the question asks."""
    if abs(value) > INFINITE:
        return MINUS_INFINITY if value < 0 else "∞"
    places = EXACT_PLACES if question.ask.kind == "symbolic" else question.ask.places
    return localized(f"{round(value, places) + 0.0:.{places}f}").replace("-", "−")


def _who_has_which(versions: Iterable[str], students: Sequence[Student]) -> Iterator[Block]:
    """Yield the list of the class with the version of each student."""
    yield Heading(_("Who has which version"))
    for version in versions:
        own = [s for s in students if s.version == version]
        names = (f"{s.name} ({s.id})" if s.name and s.name != s.id else s.id for s in own)
        yield Paragraph((Plain(f"{version}: {', '.join(names)}"),))
