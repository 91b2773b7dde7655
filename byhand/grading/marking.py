"""Marks one file that was handed in: whose it is, each cell's verdict, its points, and what the student is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from byhand.answers.judge import Outcome, judge_by_key
from byhand.answers.keys import Key as AnswerKey
from byhand.answers.mistakes import NOT_EXACT
from byhand.answers.rules import Rule
from byhand.core.graph import Array, fold
from byhand.errors import ByhandError
from byhand.exercises.formats import KEYS
from byhand.exercises.keys import Key, KeyStudent, read_key
from byhand.exercises.problem import Numbers, Problem, problem
from byhand.exercises.recipe import exercise_of
from byhand.exercises.set_folder import digest_of
from byhand.grading.carry_forward import Answers
from byhand.grading.diagnosis import reasons
from byhand.grading.exact_keys import exact_keys
from byhand.grading.handed_out import Paper
from byhand.grading.hypotheses import Known
from byhand.grading.integrity import findings
from byhand.grading.owners import Owners
from byhand.grading.stages import places_of, stages_of, tolerances_of
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import Submission, read_submission, typed
from byhand.grading.verdicts import ROW_FIRST, WRONG, CellMark, Marks, Said, Typed, Verdict, nothing
from byhand.lessons.lesson import command
from byhand.processes import Limits

ALIKE = 1e-6
"""How far a key's answers may be from those of its numbers, worked out again."""
ALL_DIGITS = 1e-12
"""How far off what a spreadsheet works out may be, as a share of the number."""
EXACT = Rule("exact")
MOST = 500
"""Students whose answers are worked out again at a time."""
RIGHT = Said(Verdict.RIGHT)


class Marker:
    """Marks the students of one key. Built once; ByhandError for a key whose problem cannot be built again."""

    def __init__(self, key: Key, built: Problem | None = None) -> None:
        self.key = key
        self.problem = built or problem(exercise_of(key.recipe, Path(f"{key.exercise}.toml")))
        self.asks = [q.ask for q in self.problem.questions]
        self.counts = [len(places_of(q)) for q in self.problem.questions]
        self.stages = stages_of(self.problem)
        self._check()
        each = [(n, cell) for n, count in enumerate(self.counts) for cell in range(count)]
        self.cells = [(n, cell, self.asks[n].points / self.counts[n]) for n, cell in each]
        self.tolerances = tolerances_of([self.asks[n] for n, _ in each])
        self.exact = [place for place, (n, _) in enumerate(each) if self.asks[n].kind == "symbolic"]
        worth = self.problem.exercise.worth
        self.shares = {
            Verdict.RIGHT: 1.0,
            Verdict.FOLLOWS: worth.follows,
            Verdict.MISTAKE: worth.mistake,
            Verdict.ROUNDED: worth.rounded,
            Verdict.SLIP: worth.slip,
        }

    @cached_property
    def known(self) -> Known:
        """What may have gone wrong; while everybody is right, nobody needs it."""
        return Known(self.problem, self.stages)

    def mark(self, student: KeyStudent, answers: Sequence[Sequence[Typed]]) -> tuple[CellMark, ...]:
        """A mark for each asked cell, in the key's order. answers: for each question, what stands in its cells."""
        if [len(row) for row in answers] != self.counts:
            raise ValueError("the answers are not those that the key asks for")
        typed = [t for row in answers for t in row]
        right = np.array([x for row in student.answers for x in row], dtype=float)
        values = np.array([np.nan if t.value is None or t.blank else t.value for t in typed], dtype=float)
        fine = self.tolerances.agree(values, right)
        said = [RIGHT if ok else nothing(t) for ok, t in zip(fine.tolist(), typed, strict=True)]
        if None in said:
            for n, found in self._diagnosed(student, values, right).items():
                said[n] = found
        for n, key in self._exact_keys(student).items():
            said[n] = exactly(typed[n], key, float(right[n]), said[n])
        return tuple(
            CellMark(n, cell, t, s.verdict, most * self.shares.get(s.verdict, 0.0), most, s.sentence, s.mistake)
            for (n, cell, most), t, s in zip(
                self.cells, typed, (s or Said(Verdict.WRONG, WRONG) for s in said), strict=True
            )
        )

    def revealed(self, student: KeyStudent, question: int, cell: int) -> str:
        """The number that is right, to the places that were asked."""
        ask = self.asks[question]
        key = self._exact_keys(student).get(self._flat(question, cell))
        if key:
            return key.text
        places = 0 if self.tolerances.places[self._flat(question, cell)] == 0 else ask.places
        return f"{student.answers[question][cell] + 0.0:.{places}f}".replace("-", "−")

    def step_of(self, question: int) -> str:
        """The command that works the question's table, with other numbers, so that it gives nothing away."""
        return f"{command(self.problem.exercise.build, 'explain')} --step {self.asks[question].table}"

    def _flat(self, question: int, cell: int) -> int:
        return sum(self.counts[:question]) + cell

    def _diagnosed(self, student: KeyStudent, values: Array, right: Array) -> dict[int, Said]:
        """What is said of every answer that is a number, and not the right one."""
        given = self._given(student)
        tables = fold([stage.node for stage in self.stages], given)
        found: dict[int, Said] = {}
        if self.stages:
            found = reasons(Answers(self.known, given, tables, right, values))
        for n, ask in enumerate(self.asks):
            row, column = self._flat(n, 0), self._flat(n, 0) + 1
            if ask.kind == "wrong cell" and (values[row], values[column]) == (right[column], right[row]):
                found |= dict.fromkeys((row, column), Said(Verdict.SLIP, ROW_FIRST))
        return {n: said for n, said in found.items() if not self.tolerances.agree(values, right)[n]}

    def _exact_keys(self, student: KeyStudent) -> dict[int, AnswerKey | None]:
        """By the place among all answers, the expression that is asked for there."""
        if not self.exact:
            return {}
        questions = [self.problem.questions[self.cells[place][0]] for place in self.exact]
        keys = exact_keys([(q.node, *q.indices[0]) for q in questions], self._given(student))
        return dict(zip(self.exact, keys, strict=True))

    def _given(self, student: KeyStudent) -> Numbers:
        return {node: np.array(student.drawn[node.name], dtype=float) for node in self.problem.drawn}

    def _check(self) -> None:
        """ByhandError unless the key's questions are those of its recipe, and its answers those of its numbers."""
        asked = [(q.table, q.kind, q.places, q.margin, len(q.cells)) for q in self.key.questions]
        own = [(a.table, a.kind, a.places, a.margin, n) for a, n in zip(self.asks, self.counts, strict=True)]
        if asked != own:
            raise self._unsound("its questions are not those of its recipe")
        if self.key.digest == digest_of(self.key.exercise, self.key.recipe):
            return
        people = list(self.key.students.values())
        for start in range(0, len(people), MOST):
            self._check_answers(people[start : start + MOST])

    def _check_answers(self, people: Sequence[KeyStudent]) -> None:
        shapes = {node: tuple(map(int, node.shape)) for node in self.problem.drawn}
        for student in people:
            if any(np.shape(student.drawn.get(node.name, [])) != shape for node, shape in shapes.items()):
                raise self._unsound(f"the numbers of {student.id} are not those that its recipe draws")
        given = [self._given(student) for student in people]
        answers = self.problem.solve({node: np.stack([g[node] for g in given]) for node in self.problem.drawn})
        for n, ask in enumerate(self.asks):
            told = np.array([student.answers[n] for student in people])
            if ask.kind == "wrong cell":
                continue
            off = np.abs(answers[n] - told) > ALIKE * np.maximum(1, np.abs(told))
            if off.any():
                student = people[int(np.argmax(off.any(-1)))]
                raise self._unsound(f"the answers of {student.id} are not those of its numbers")

    def _unsound(self, what: str) -> ByhandError:
        return ByhandError(
            f"The key of {self.key.exercise} does not fit this byhand: {what}; "
            "make it again with the command that made the class."
        )


def exactly(typed: Typed, key: AnswerKey | None, right: float, said: Said | None) -> Said | None:
    """What is said of an answer that must be exact. said: what its number alone says.

    A formula that cannot be written out as an expression, and a key that is too long for one, are judged by all the
    digits that a spreadsheet holds.
    """
    if typed.value is None or said is None or said.verdict not in (Verdict.RIGHT, Verdict.ROUNDED):
        return said
    judgement = judge_by_key(typed.expression, key, EXACT) if key and typed.expression else None
    if judgement and judgement.outcome is Outcome.ASK:
        return Said(Verdict.WRONG, judgement.sentence)
    if judgement and judgement.outcome in (Outcome.RIGHT, Outcome.WRONG):
        same = judgement.right
    else:
        same = abs(typed.value - right) <= ALL_DIGITS * max(1.0, abs(right))
    return RIGHT if same else Said(Verdict.WRONG, NOT_EXACT)


BROKEN = "What stands in it could not be made sense of: open it in a spreadsheet program and save it again as .xlsx."


def key_of(path: Path) -> Key:
    """The key in a file, or in the folder of a set. ByhandError for a file that is none."""
    inside = [path / KEYS / "key.json", path / "key.json"]
    found = next((p for p in inside if p.is_file()), inside[0]) if path.is_dir() else path
    return read_key(found)


def steps_of(key: Key) -> list[str]:
    """To each question the command that works its table, with other numbers, so that it gives nothing away."""
    exercise = exercise_of(key.recipe, Path(f"{key.exercise}.toml"))
    return [f"{command(exercise.build, 'explain')} --step {ask.table}" for ask in exercise.asks]


@dataclass(frozen=True, eq=False)
class Marked:
    """A file that was read and marked. by: how it is known whose it is."""

    submission: Submission
    marks: Marks
    by: str


class Grader:
    """Marks files of one key; built once, to be used as a context, since it may start a process that recalculates."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.paper = Paper.of(key)
        self.marker = Marker(key, self.paper.problem)
        self.owners = Owners(self.paper)
        self.engine = Recomputer()

    def __enter__(self) -> Self:
        self.engine.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    def mark(self, path: Path) -> Marked:
        """ByhandError, with how to mend it, for a file that cannot be read, or is nobody's, whatever is in it."""
        try:
            return self._marked(path)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            raise ByhandError(BROKEN) from None  # what a stranger's file has made a reader trip over

    def _marked(self, path: Path) -> Marked:
        submission = read_submission(path, self.paper, typed, self.engine)
        owner = self.owners.owner(submission)
        student = self.key.students[owner.id]
        cells = self.marker.mark(student, submission.answers)
        warnings = [*submission.warnings, *findings(submission, self.paper, owner.id)]
        return Marked(submission, Marks(owner.id, student.name, submission.file, cells, tuple(warnings)), owner.by)

    def revealed(self, student: str) -> list[list[str]]:
        """The answers: to each question, the number for each of its cells."""
        theirs = self.key.students[student]
        cells = [range(len(q.cells)) for q in self.key.questions]
        return [[self.marker.revealed(theirs, n, cell) for cell in row] for n, row in enumerate(cells)]


LIMITS = Limits(20.0, 600_000_000)
"""What one file may take, whatever is in it."""
