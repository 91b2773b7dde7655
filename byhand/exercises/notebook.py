"""An exercise as a notebook: the script of its tables with the asked lines blank, a check, and a file to hand in.

For practice the check knows the answers; an exam's says only what is not filled in yet, and knows nothing of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import numpy as np

from byhand.code import literals
from byhand.code.notebook import written
from byhand.code.script import Script
from byhand.core.expressions import Numpy
from byhand.core.graph import Array, Node
from byhand.core.labels import word
from byhand.errors import ByhandError
from byhand.exercises.asked import RULES_AFTER, RULES_AFTER_REMARK, Task, part_title, question_text, sheet
from byhand.exercises.cuts import in_letters
from byhand.exercises.draw import Variant
from byhand.exercises.file_marks import keyword
from byhand.exercises.formats import SAVED
from byhand.exercises.practice_page import CLOSE_TO_EXACT, NEAR
from byhand.exercises.problem import Problem, Question
from byhand.translations import _, counted

OF_TABLES = ("table", "cell", "symbolic")
"""The kinds of questions whose answers are numbers of a table; others have a variable of their own."""
HELP = """import json

import numpy as np

STUDENT, EXERCISE = {student}, {exercise}
ASKED = {asked}
TABLES = {tables}
LETTERS = {letters}


def table(text):  # rows end with a semicolon; a number after a stroke divides all
    rows, _, over = text.partition("/")
    return np.array([row.split() for row in rows.split(";")], float) / float(over or 1)


def blank(rows, columns):  # numbers that are still to be worked out
    return np.full((rows, columns), np.nan)


def plain(numbers):  # None in place of what is no number yet
    return [float(x) if np.isfinite(x) else None for x in numbers]


def answered(n):
    name, places, number = ASKED[n]
    try:
        if name in LETTERS:
            return [x if isinstance(x, str) else None for x in list(globals()[name])[:number]]
        found = np.array(globals()[name], dtype=float)
        return plain(found[i, j] for i, j in places) if places else plain(found.ravel())[:number]
    except (KeyError, TypeError, ValueError, IndexError):
        return [None] * number
"""
CHECK = """RIGHT = {right}


def same(x, y, margin):  # two numbers, or two cuts
    if isinstance(y, str):
        return x.replace("|", " ").split() == y.split()
    return abs(x - y) <= margin


for n, (numbers, margin) in RIGHT.items():
    there = answered(n)
    good = [x is not None and same(x, y, margin) for x, y in zip(there, numbers)]
    print(n, {all_right} if all(good) else {some_right}.format(sum(good), len(numbers)))"""
FILLED = """for n in ASKED:
    there = answered(n)
    print(n, {filled}.format(sum(x is not None for x in there), len(there)))"""
SAVE = """found = {{}}
for name, (variable, rows, columns) in TABLES.items():
    try:
        numbers = np.array(globals()[variable], dtype=float)
    except (KeyError, TypeError, ValueError):
        continue
    if numbers.shape == (rows, columns):
        found[name] = [plain(row) for row in numbers]
made = {{"student": STUDENT, "exercise": EXERCISE, "answers": {{n: answered(n) for n in ASKED}}, "tables": found}}
with open({file}, "w") as file:
    json.dump(made, file)
print({saved})"""


class ExerciseNotebook:
    """The notebooks of an exercise: the same lines for all, with each student's numbers."""

    def __init__(self, problem: Problem, practice: bool) -> None:
        self.problem, self.practice = problem, practice
        self.sheet = sheet(problem)
        self.script = Script(problem.lesson, Numpy())
        self.script.set_steps({})

    def notebook(self, variant: Variant, file: str) -> bytes:
        """Return a student's notebook. file: the name of the student's files, without suffix."""
        (title, (kind, helpers), *cells) = self._cells(variant, file)
        first = (kind, "\n\n".join([helpers, *self.script.own_functions()]))
        return written([title, first, *cells], {"byhand": keyword(variant.mark)}, laid_out=True).encode()

    def _cells(self, variant: Variant, file: str) -> Iterator[tuple[str, str]]:
        exercise, student = self.problem.exercise, variant.student
        who = _("Name: {name}   Id: {id}").format(name=student.name or "_" * 30, id=student.id)
        text = [_(exercise.text)] if exercise.text else []
        how = _(
            "Write a line of numpy in place of each blank(…) and each … below, run all cells from top to "
            "bottom, and hand in the file that the last cell saves."
        )
        yield "text", "\n\n".join([f"# {plain(_(exercise.title))}", plain(who), *map(plain, text), how])
        yield "code", self._help(variant)
        known: set[Node] = set()
        numbers = count(1)
        for n, section in enumerate(self.sheet.sections, 1):
            title = part_title(self.problem, n) if self.problem.parts else _("Given")
            more = [_(section.problem.exercise.text)] if self.problem.parts and section.problem.exercise.text else []
            yield "text", "\n\n".join([f"## {plain(title)}", *map(plain, more)])
            given = [self._given(node, variant) for node in section.given if node not in known]
            known |= set(section.given)
            if given:
                yield "code", "\n".join(given)
            for task in section.tasks:
                number = next(numbers)
                yield "text", self._question(number, task, variant)
                yield "code", "\n".join(self._lines(number, task.question, variant, known))
        if rules := self.sheet.rules_after():
            yield "text", "\n\n".join([f"## {_(RULES_AFTER)}", plain(_(RULES_AFTER_REMARK)), _as_code(rules)])
        yield "text", f"## {_('Check')}"
        yield "code", self._check(variant)
        yield "text", f"## {_('Hand in')}"
        saved = f"{file}{SAVED}"
        said = _("Saved {file}: hand it in.").format(file=saved)
        yield "code", SAVE.format(file=json.dumps(saved), saved=json.dumps(said, ensure_ascii=False))

    def _help(self, variant: Variant) -> str:
        asked = {
            str(n): f'("{self._variable(n, q)}", {self._places(q)}, {self._count(q)})'
            for n, q in enumerate(self.problem.questions, 1)
        }
        nodes = [node for section in self.sheet.sections for node in section.given]
        nodes += [q.node for q in self.problem.questions if q.ask.kind in OF_TABLES] + self.problem.computed
        tables = {
            f'"{node.name}"': f'("{self.script.names[node]}", {int(node.shape[0])}, {int(node.shape[1])})'
            for node in dict.fromkeys(nodes)
            if node in self.script.names
        }
        student, exercise = json.dumps(variant.student.id), json.dumps(self.problem.exercise.name)
        letters = [self._variable(n, q) for n, q in enumerate(self.problem.questions, 1) if q.cuts]
        rows, more = _dictionary(asked), _dictionary(tables)
        return HELP.format(letters=letters, student=student, exercise=exercise, asked=rows, tables=more)

    def _places(self, question: Question) -> str:
        """Return which numbers of a table are asked for, as an expression; no places where the answer is no table."""
        if question.ask.kind not in OF_TABLES:
            return "[]"
        rows, columns = map(int, question.node.shape)
        is_all = question.indices == list(np.ndindex(rows, columns))
        return f"list(np.ndindex({rows}, {columns}))" if is_all else repr(question.indices)

    def _variable(self, n: int, question: Question) -> str:
        """Return what the answer to a question is called."""
        return self.script.names[question.node] if question.ask.kind in OF_TABLES else f"answer_{n}"

    def _count(self, question: Question) -> int:
        return 2 if question.ask.kind == "wrong cell" else len(question.indices)

    def _given(self, node: Node, variant: Variant) -> str:
        """Return the line of a table that the student is given; what is missing is no number."""
        numbers = np.array(variant.planted.get(node, variant.values[node]))
        if node.data is None:
            numbers = np.round(numbers, 9)
        if spell := in_letters(node, variant.numbers):
            rows = [[spell(x) for x in row] for row in numbers.tolist()]
            return f"{self.script.names[node]} = {json.dumps(rows, ensure_ascii=False)}"
        missing = [q.indices for q in self.problem.questions if q.node is node and q.ask.kind == "missing"]
        for places in missing:
            for place in places:
                numbers[place] = np.nan
        return f"{self.script.names[node]} = {literals.table(numbers)}"

    def _question(self, n: int, task: Task, variant: Variant) -> str:
        """Return the question, its rules and what is asked, as Markdown."""
        question = task.question
        text = question_text(
            self.problem, question, lambda node, axis, i: word(node.shape[axis].labels, i, variant.values)
        )
        points = counted("{n} point", "{n} points", question.ask.points).format(n=f"{question.ask.points:g}")
        blocks = [f"### {plain(f'{n}. {text} ({points})')}"]
        blocks += [_as_code(task.rules_before)]
        blocks += [plain(task.about())]
        if question.ask.hint:
            blocks.append(plain(_("Hint: {hint}").format(hint=_(question.ask.hint))))
        return "\n\n".join(filter(None, blocks))

    def _lines(self, n: int, question: Question, variant: Variant, known: set[Node]) -> Iterator[str]:
        """Yield the lines up to the answer: those of tables that nobody asks for, then the blank one."""
        asked = {q.node for q in self.problem.questions}
        kind = question.ask.kind
        if kind == "wrong cell" and question.node not in known:
            yield self._given(question.node, variant)
            known.add(question.node)
        goal = {question.node} if kind in OF_TABLES or kind == "choice" else set()
        for node in self.problem.needed if goal else ():
            if not node.name or node in known or node not in self.script.names or not _behind(question.node, node):
                continue
            known.add(node)
            if node in asked:
                yield self._blank(node)
            elif node.op.given:
                yield self._given(node, variant)
            else:
                yield self._line(node)
        if kind == "wrong cell":
            yield f"answer_{n} = [..., ...]  # {_('row')}, {_('column')}"
        elif question.cuts:
            yield f'answer_{n} = [{", ".join(["..."] * self._count(question))}]  # {_("in letters")}, "low er"'
        elif kind not in OF_TABLES:
            yield f"answer_{n} = [{', '.join(['...'] * self._count(question))}]"

    def _line(self, node: Node) -> str:
        try:
            return self.script.computed(node)
        except ByhandError:  # an operation that no program has yet
            return self._blank(node)

    def _blank(self, node: Node) -> str:
        """Return the line of a table that the student writes."""
        return f"{self.script.names[node]} = blank({int(node.shape[0])}, {int(node.shape[1])})"

    def _check(self, variant: Variant) -> str:
        if not self.practice:
            return FILLED.format(filled=json.dumps(_("{} of {} numbers filled in"), ensure_ascii=False))
        right: dict[int, tuple[list[Any], float]] = {}
        for n, (question, answers) in enumerate(zip(self.problem.questions, variant.answers, strict=True), 1):
            exact = question.ask.kind == "symbolic"
            there = [question.cuts.spellings(x)[0] for x in answers] if question.cuts else _plain(answers)
            right[n] = (there, CLOSE_TO_EXACT if exact else float(question.ask.margin) + NEAR)
        said = (json.dumps(text, ensure_ascii=False) for text in (_("all right"), _("{} of {} numbers are right")))
        return CHECK.format(right=right, **dict(zip(("all_right", "some_right"), said, strict=True)))


def _as_code(rules: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for rule in rules for line in rule.splitlines())


def _dictionary(rows: dict[str, str]) -> str:
    """Return a dictionary of expressions, a line for each."""
    return "\n".join(["{", *(f"    {name}: {value}," for name, value in rows.items()), "}"])


def _behind(node: Node, other: Node) -> bool:
    """Return whether a table is made with another one, or is it."""
    todo, seen = [node], set[Node]()
    while todo:
        one = todo.pop()
        if one is other:
            return True
        if one not in seen:
            seen.add(one)
            todo += one.args
    return False


def _plain(numbers: Array) -> list[float]:
    return [float(x) for x in np.ravel(numbers)]


def plain(text: str) -> str:
    """Return a text for Markdown on one line, in which nothing is markup or a tag."""
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>&#|$~" else c for c in line)
