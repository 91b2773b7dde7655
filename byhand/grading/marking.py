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
from byhand.exercises.recipe import Exercise, exercise_of
from byhand.exercises.set_folder import digest_of
from byhand.grading.carry_forward import StudentAnswers
from byhand.grading.diagnosis import cell_findings
from byhand.grading.exact_keys import exact_keys
from byhand.grading.handed_out import HandedOut
from byhand.grading.hypotheses import Hypotheses
from byhand.grading.integrity import findings
from byhand.grading.owners import Owners
from byhand.grading.stages import places_of, rule_of, stages_of, tolerances_of
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import Submission, read_submission, read_typed
from byhand.grading.verdicts import (
    ROW_FIRST,
    WRONG,
    CellFinding,
    CellMark,
    StudentMark,
    TypedAnswer,
    Verdict,
    cell_address,
    finding_without_number,
)
from byhand.lessons.command import command
from byhand.processes import Limits

LIMITS = Limits(20.0, 600_000_000)
"""What one file may take, whatever is in it."""
BROKEN = "What stands in it could not be made sense of: open it in a spreadsheet program and save it again as .xlsx."
ALIKE = 1e-6
"""How far a key's answers may be from those of its numbers, worked out again."""
ALL_DIGITS = 1e-12
"""How far off what a spreadsheet works out may be, as a share of the number."""
CHECKED_AT_A_TIME = 500
"""Students whose answers are worked out again at a time."""
RIGHT = CellFinding(Verdict.RIGHT)


def load_key(path: Path) -> Key:
    """Return the key in a file, or in the folder of a set. ByhandError for a file that is none."""
    inside = [path / KEYS / "key.json", path / "key.json"]
    file = next((p for p in inside if p.is_file()), inside[0]) if path.is_dir() else path
    return read_key(file)


def explain_commands(key: Key) -> list[str]:
    """Return for each question the command that works its table, with other numbers, so that it gives nothing away."""
    return _commands(exercise_of(key.recipe, Path(f"{key.exercise}.toml")))


def _commands(exercise: Exercise) -> list[str]:
    return [f"{command(exercise.build, 'explain')} --step {ask.table}" for ask in exercise.asks]


@dataclass(frozen=True, eq=False)
class MarkedFile:
    """A marked submission. identified_by: what says whose it is, such as the file's name."""

    submission: Submission
    marks: StudentMark
    identified_by: str


class Grader:
    """Marks files of one key; built once, to be used as a context, since it may start a process that recalculates."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.handed_out = HandedOut.of(key)
        self.marker = Marker(key, self.handed_out.problem)
        self.owners = Owners(self.handed_out)
        self.engine = Recomputer()

    def __enter__(self) -> Self:
        self.engine.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.__exit__(kind, error, trace)

    @cached_property
    def explain_commands(self) -> list[str]:
        """For each question the command that works its table."""
        return _commands(self.marker.problem.exercise)

    def mark(self, path: Path) -> MarkedFile:
        """Mark a file. ByhandError, with how to mend it, for one that cannot be read, or is nobody's."""
        try:
            return self._mark(path)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            raise ByhandError(BROKEN) from None  # what a stranger's file has made a reader trip over

    def _mark(self, path: Path) -> MarkedFile:
        submission = read_submission(path, self.handed_out, read_typed, self.engine)
        owner = self.owners.owner(submission)
        student = self.key.students[owner.id]
        cells = self.marker.mark(student, submission.answers)
        undecided = [
            f"{cell_address(self.key.questions[c.question], c.cell)}: {c.sentence}" for c in cells if c.undecided
        ]
        warnings = (*submission.warnings, *undecided, *findings(submission, self.handed_out, owner.id))
        marks = StudentMark(owner.id, student.name, submission.file, cells, warnings)
        return MarkedFile(submission, marks, owner.identified_by)

    def revealed(self, student: str) -> list[list[str]]:
        """Return the answers of a student: for each question, that of each of its cells."""
        theirs = self.key.students[student]
        cells = [range(len(q.cells)) for q in self.key.questions]
        return [[self.marker.revealed(theirs, n, cell) for cell in row] for n, row in enumerate(cells)]


class Marker:
    """Marks the answers of one key's students. ByhandError for a key whose problem cannot be built again."""

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
        self.rules = [rule_of(self.asks[n]) for n, _ in each]
        self.exact = [place for place, rule in enumerate(self.rules) if rule.type == "exact"]
        credit = self.problem.exercise.partial_credit
        self.shares = {
            Verdict.RIGHT: 1.0,
            Verdict.FOLLOWS: credit.follows,
            Verdict.MISTAKE: credit.mistake,
            Verdict.ROUNDED: credit.rounded,
            Verdict.SLIP: credit.slip,
        }

    @cached_property
    def hypotheses(self) -> Hypotheses:
        """What may have gone wrong; while everybody is right, nobody needs it."""
        return Hypotheses(self.problem, self.stages)

    def mark(self, student: KeyStudent, answers: Sequence[Sequence[TypedAnswer]]) -> tuple[CellMark, ...]:
        """Mark each asked cell, in the key's order. answers: for each question, what stands in its cells."""
        if [len(row) for row in answers] != self.counts:
            raise ValueError("the answers are not those that the key asks for")
        typed = [answer for row in answers for answer in row]
        key = np.array([x for row in student.answers for x in row], dtype=float)
        values = np.array([np.nan if t.value is None or t.blank else t.value for t in typed], dtype=float)
        right = self.tolerances.agree(values, key)
        found = [RIGHT if ok else finding_without_number(t) for ok, t in zip(right.tolist(), typed, strict=True)]
        if None in found:
            for place, finding in self._diagnosed(student, values, key).items():
                if not right[place]:
                    found[place] = finding
        for place, exact in self._exact_keys(student).items():
            found[place] = judged_exactly(typed[place], exact, self.rules[place], float(key[place]), found[place])
        findings = [finding or CellFinding(Verdict.WRONG, WRONG) for finding in found]
        return tuple(map(self._cell_mark, range(len(typed)), typed, findings))

    def _cell_mark(self, place: int, typed: TypedAnswer, finding: CellFinding) -> CellMark:
        question, cell, most = self.cells[place]
        points = most * self.shares.get(finding.verdict, 0.0)
        return CellMark(question, cell, typed, finding.verdict, points, most, finding.sentence, finding.mistake)

    def revealed(self, student: KeyStudent, question: int, cell: int) -> str:
        """Return the right answer: an expression where one is asked for, else the number to the places asked."""
        place = self._place(question, cell)
        if exact := self._exact_keys(student).get(place):
            return exact.text
        places = 0 if self.tolerances.places[place] == 0 else self.asks[question].places
        return f"{student.answers[question][cell] + 0.0:.{places}f}".replace("-", "−")

    def _place(self, question: int, cell: int) -> int:
        """The place of a question's cell among all answers."""
        return sum(self.counts[:question]) + cell

    def _diagnosed(self, student: KeyStudent, values: Array, key: Array) -> dict[int, CellFinding]:
        """What is found of answers that are numbers, and not the right ones."""
        given = self._given(student)
        tables = fold([stage.node for stage in self.stages], given)
        found: dict[int, CellFinding] = {}
        if self.stages:
            found = cell_findings(StudentAnswers(self.hypotheses, given, tables, key, values))
        for n, ask in enumerate(self.asks):
            row, column = self._place(n, 0), self._place(n, 1)
            if ask.kind == "wrong cell" and (values[row], values[column]) == (key[column], key[row]):
                found |= dict.fromkeys((row, column), CellFinding(Verdict.SLIP, ROW_FIRST))
        return found

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
        for start in range(0, len(people), CHECKED_AT_A_TIME):
            self._check_answers(people[start : start + CHECKED_AT_A_TIME])

    def _check_answers(self, people: Sequence[KeyStudent]) -> None:
        shapes = {node: tuple(map(int, node.shape)) for node in self.problem.drawn}
        for student in people:
            if any(np.shape(student.drawn.get(node.name, [])) != shape for node, shape in shapes.items()):
                raise self._unsound(f"the numbers of {student.id} are not those that its recipe draws")
        given = [self._given(student) for student in people]
        answers = self.problem.solve({node: np.stack([g[node] for g in given]) for node in self.problem.drawn})
        for n, ask in enumerate(self.asks):
            if ask.kind == "wrong cell":
                continue
            key = np.array([student.answers[n] for student in people])
            off = np.abs(answers[n] - key) > ALIKE * np.maximum(1, np.abs(key))
            if off.any():
                student = people[int(np.argmax(off.any(-1)))]
                raise self._unsound(f"the answers of {student.id} are not those of its numbers")

    def _unsound(self, what: str) -> ByhandError:
        return ByhandError(
            f"The key of {self.key.exercise} does not fit this byhand: {what}; "
            "make it again with the command that made the class."
        )


def judged_exactly(
    typed: TypedAnswer, key: AnswerKey | None, rule: Rule, number: float, finding: CellFinding | None
) -> CellFinding | None:
    """Return what is found of an answer that must be exact. finding: what its number alone says; number: the key's.

    A formula that cannot be written out as an expression, and a key that is too long for one, are judged by all the
    digits that a spreadsheet holds.
    """
    if typed.value is None or finding is None or finding.verdict not in (Verdict.RIGHT, Verdict.ROUNDED):
        return finding
    judgement = judge_by_key(typed.expression, key, rule) if key and typed.expression else None
    if judgement and judgement.outcome is Outcome.ASK:
        return CellFinding(Verdict.WRONG, judgement.sentence)
    if judgement and judgement.outcome in (Outcome.RIGHT, Outcome.WRONG):
        same = judgement.right
    else:
        same = abs(typed.value - number) <= ALL_DIGITS * max(1.0, abs(number))
    return RIGHT if same else CellFinding(Verdict.WRONG, NOT_EXACT)
