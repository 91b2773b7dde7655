"""Marking of one submission: whose it is, and the verdict, points and sentence of each cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from byhand.answers.judge import Outcome, judge_by_key
from byhand.answers.keys import Key as AnswerKey
from byhand.answers.mistakes import NOT_EXACT
from byhand.answers.rules import Rule
from byhand.core.graph import Array, fold
from byhand.errors import ByhandError, quoted
from byhand.exercises.keys import KEYS, Key, KeyStudent, read_key
from byhand.exercises.problem import Numbers, Problem, Question, problem, stacked
from byhand.exercises.recipe import Exercise, exercise_of
from byhand.grading.carry_forward import StudentAnswers
from byhand.grading.cell_words import words_of_student
from byhand.grading.diagnosis import cell_findings
from byhand.grading.exact_keys import exact_keys
from byhand.grading.handed_out import HandedOut
from byhand.grading.hypotheses import Hypotheses
from byhand.grading.integrity import warnings_of
from byhand.grading.misplaced import in_white_tables
from byhand.grading.owners import Owner, Owners, student_given
from byhand.grading.pseudonyms import Pseudonyms
from byhand.grading.stages import places_of, rule_of, stages_of, tolerances_of
from byhand.grading.student_formulas import Recomputer
from byhand.grading.submission import Submission, read_submission
from byhand.grading.typed_pieces import reader_of
from byhand.grading.verdicts import (
    ROW_FIRST,
    WRONG,
    CellFinding,
    CellMark,
    Places,
    StudentMark,
    TypedAnswer,
    Verdict,
    finding_without_number,
    is_about,
    numbered_place,
    typed_text,
)
from byhand.lessons.command import command
from byhand.processes import Limits
from byhand.translations import _, in_language

LIMITS = Limits(20.0, 600_000_000)
"""The time and memory that marking one file may take."""
BROKEN = "This file could not be understood: open it in a spreadsheet program and save it again as .xlsx."
ALIKE = 1e-6
"""The largest relative difference between a key's answers and the same answers computed again."""
ALL_DIGITS = 1e-12
"""The largest relative error of a number that a spreadsheet computes."""
CHECKED_AT_A_TIME = 500
"""The number of students whose answers are computed again in one batch."""
RIGHT = CellFinding(Verdict.RIGHT)


def key_file(path: Path) -> Path:
    """Return the file of a key: the path itself, or the one in the folder of a set or of its keys."""
    inside = [path / KEYS / "key.json", path / "key.json"]
    return next((p for p in inside if p.is_file()), inside[0]) if path.is_dir() else path


def load_key(path: Path) -> Key:
    """Read the key from its file or from the folder of its set. Raises ByhandError for any other file."""
    return read_key(key_file(path))


def explain_commands(key: Key) -> list[str]:
    """Return for each question the command that works its table with other numbers, so that no answer is revealed."""
    return _commands(exercise_of(key.recipe, Path(f"{key.exercise}.toml")))


def _commands(exercise: Exercise) -> list[str]:
    parts = exercise.parts or (exercise,)
    return [f"{command(part.build, 'explain')} --step {ask.table}" for part in parts for ask in part.asks]


@dataclass(frozen=True, eq=False)
class MarkedFile:
    """A marked submission. identified_by: what says whose it is, such as the file's name.

    numbers_of: the other student whose given numbers it has; empty for none, and where several students share them.
    """

    submission: Submission
    marks: StudentMark
    identified_by: str
    numbers_of: str = ""


class Grader:
    """Marks files with one key. Use it as a context manager: it may start a process that recalculates formulas."""

    def __init__(self, key: Key, pseudonyms: Pseudonyms | None = None) -> None:
        """pseudonyms: with them, `key` and all marks have these in place of ids and names."""
        with in_language(key.language):
            handed_out = HandedOut.of(key)
        self.owners, self.pseudonyms = Owners(handed_out), pseudonyms
        self.key = pseudonyms.of_key(key) if pseudonyms else key
        self.handed_out = replace(handed_out, key=self.key)
        self.marker = marker_of(self.key, handed_out.problem)
        self.read = reader_of(handed_out.problem)
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
        """The command for each question that works its table with other numbers."""
        return _commands(self.marker.problem.exercise)

    def mark(self, path: Path, owner: str = "") -> MarkedFile:
        """Mark a file. Raises ByhandError, which says what to do, for a file that cannot be read or is nobody's.

        owner: the student's id, if the teacher says whose file it is.
        """
        try:
            with in_language(self.key.language):
                return self._mark(path, owner)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            raise ByhandError(BROKEN) from None  # the reader met something that it does not expect

    def _mark(self, path: Path, owner_id: str) -> MarkedFile:
        submission = read_submission(path, self.handed_out, self.read, self.engine)
        owner = Owner(owner_id, _("the teacher")) if owner_id else self.owners.owner(submission)
        if self.pseudonyms:
            owner, submission = self.pseudonyms.hide_owner(owner, submission, self.owners.handed_out)
        student = self.key.students[owner.id]
        cells = self.marker.mark(student, submission.answers)
        places = () if submission.has_cells else self._places(student)
        undecided = [warning for cell in cells if (warning := self._doubt(cell, submission, places))]
        undecided += in_white_tables(self.handed_out, student, submission.answers, submission.scratch)
        warnings = (*submission.warnings, *undecided, *warnings_of(submission, self.handed_out, owner.id))
        marks = StudentMark(owner.id, student.name, submission.file, cells, warnings, places=places)
        given = student_given(self.handed_out, submission)
        return MarkedFile(submission, marks, owner.identified_by, given if given and given != owner.id else "")

    def _places(self, student: KeyStudent) -> tuple[tuple[str, ...], ...]:
        """Return the place of each answer in words, with the student's own."""
        built = self.marker.problem
        drawn = {node for part in built.each for node in part.drawn}
        numbers = {node: np.array(student.drawn[node.name], dtype=float) for node in drawn}
        return tuple(map(tuple, words_of_student(built, numbers)))

    def _doubt(self, mark: CellMark, submission: Submission, places: Places) -> str:
        """Return what a person must decide about an answer: one that cannot be read, or not for certain."""
        says_something = any(letter.isalnum() for letter in mark.typed.text)
        if not mark.undecided and not (mark.verdict is Verdict.UNREADABLE and says_something):
            return ""
        place = numbered_place(self.key, mark.question, mark.cell, places)
        if mark.undecided:
            return f"{place}: {mark.sentence}"
        said = [(mark.question, mark.cell)]
        if any(is_about(warning, said, self.key, places) for warning in submission.warnings):
            return ""  # of a formula that is not worked out, this is said already
        sentence = _("{typed} is no number that could be read ({why}).")
        return f"{place}: {sentence.format(typed=quoted(typed_text(mark)), why=mark.typed.read_as.rstrip('.'))}"

    def revealed(self, student: str) -> list[list[str]]:
        """Return a student's right answers as texts: one list for each question, one text for each cell."""
        theirs = self.key.students[student]
        cells = [range(len(q.cells)) for q in self.key.questions]
        return [[self.marker.revealed(theirs, n, cell) for cell in row] for n, row in enumerate(cells)]


def marker_of(key: Key, built: Problem | None) -> Marker | ExamMarker:
    """Return what marks the answers of a key's students: of an exam, each part on its own."""
    built = built or problem(exercise_of(key.recipe, Path(f"{key.exercise}.toml")))
    return ExamMarker(key, built) if built.parts else Marker(key, built)


class Marker:
    """Marks the answers of one key's students. Raises ByhandError for a key whose problem cannot be built again."""

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
        """Candidate mistakes, built on first use."""
        return Hypotheses(self.problem, self.stages)

    def mark(self, student: KeyStudent, answers: Sequence[Sequence[TypedAnswer]]) -> tuple[CellMark, ...]:
        """Mark each asked cell, in the key's order. answers: one row of typed cells for each question."""
        if [len(row) for row in answers] != self.counts:
            raise ValueError("the answers are not those that the key asks for")
        typed = [answer for row in answers for answer in row]
        key = np.array([x for row in student.answers for x in row], dtype=float)
        values = np.array([np.nan if t.value is None or t.blank else t.value for t in typed], dtype=float)
        right = self.tolerances.agree(values, key)
        findings = [RIGHT if ok else finding_without_number(t) for ok, t in zip(right.tolist(), typed, strict=True)]
        if None in findings:
            for place, finding in self._diagnose(student, values, key).items():
                findings[place] = finding
        for place, exact in self._exact_keys(student).items():
            findings[place] = judge_exactly(typed[place], exact, self.rules[place], float(key[place]), findings[place])
        for place, sentence in self._right_otherwise(typed, key).items():
            if findings[place] != RIGHT:
                findings[place] = CellFinding(Verdict.UNREADABLE, sentence)
        complete = [finding or CellFinding(Verdict.WRONG, _(WRONG)) for finding in findings]
        return tuple(map(self._cell_mark, range(len(typed)), typed, complete))

    def _right_otherwise(self, typed: Sequence[TypedAnswer], key: Array) -> dict[int, str]:
        """Return the sentence on each answer that is right in its other meaning, by its place among all answers."""
        if not any(t.otherwise for t in typed):
            return {}
        values = np.array([t.otherwise[0] if t.otherwise else np.nan for t in typed], dtype=float)
        right = self.tolerances.agree(values, key)
        return {n: t.otherwise[1] for n, t in enumerate(typed) if t.otherwise and right[n]}

    def _cell_mark(self, place: int, typed: TypedAnswer, finding: CellFinding) -> CellMark:
        question, cell, most = self.cells[place]
        points = most * self.shares.get(finding.verdict, 0.0)
        return CellMark(question, cell, typed, finding.verdict, points, most, finding.sentence, finding.mistake)

    def revealed(self, student: KeyStudent, question: int, cell: int) -> str:
        """Return the right answer as text: an expression, or a number rounded as the question asks."""
        place = self._place(question, cell)
        if exact := self._exact_keys(student).get(place):
            return exact.text
        if cuts := self.problem.questions[question].cuts:
            return cuts.text(student.answers[question][cell])
        places = 0 if self.tolerances.places[place] == 0 else self.asks[question].places
        return f"{student.answers[question][cell] + 0.0:.{places}f}".replace("-", "−")

    def _place(self, question: int, cell: int) -> int:
        """Return the place of a question's cell among all answers."""
        return sum(self.counts[:question]) + cell

    def _diagnose(self, student: KeyStudent, values: Array, key: Array) -> dict[int, CellFinding]:
        """Return the finding for each wrong number, by its place among all answers."""
        given = self._given(student)
        tables = fold([*(stage.node for stage in self.stages), *self.problem.shown], given)
        findings: dict[int, CellFinding] = {}
        if self.stages:
            findings = cell_findings(StudentAnswers(self.hypotheses, given, tables, key, values))
        for n, ask in enumerate(self.asks):
            if ask.kind != "wrong cell":
                continue
            row, column = self._place(n, 0), self._place(n, 1)
            if (values[row], values[column]) == (key[column], key[row]) and key[row] != key[column]:
                findings |= dict.fromkeys((row, column), CellFinding(Verdict.SLIP, _(ROW_FIRST)))
        return findings

    def _exact_keys(self, student: KeyStudent) -> dict[int, AnswerKey | None]:
        """Return the key of each answer that must be exact, by its place among all answers."""
        if not self.exact:
            return {}
        questions = [self.problem.questions[self.cells[place][0]] for place in self.exact]
        keys = exact_keys([(q.node, *q.indices[0]) for q in questions], self._given(student))
        return dict(zip(self.exact, keys, strict=True))

    def _given(self, student: KeyStudent) -> Numbers:
        return {node: np.array(student.drawn[node.name], dtype=float) for node in self.problem.drawn}

    def _check(self) -> None:
        """Raise ByhandError unless the questions match the recipe and the answers match the drawn numbers."""
        asked = [(q.table, q.kind, q.places, q.margin, len(q.cells)) for q in self.key.questions]
        own = [(a.table, a.kind, a.places, a.margin, n) for a, n in zip(self.asks, self.counts, strict=True)]
        if asked != own:
            raise self._unsound("its questions are not those of its recipe")
        people = list(self.key.students.values())
        for start in range(0, len(people), CHECKED_AT_A_TIME):
            self._check_answers(people[start : start + CHECKED_AT_A_TIME])

    def _check_answers(self, people: Sequence[KeyStudent]) -> None:
        shapes = {node: tuple(map(int, node.shape)) for node in self.problem.drawn}
        for student in people:
            if any(np.shape(student.drawn.get(node.name, [])) != shape for node, shape in shapes.items()):
                raise self._unsound(f"the numbers of {student.id} are not those that its recipe draws")
        given = [self._given(student) for student in people]
        tables = stacked(given)
        answers = self.problem.solve(tables)
        computed = fold([q.node for q in self.problem.questions if q.ask.kind == "wrong cell"], tables)
        for n, question in enumerate(self.problem.questions):
            key = np.array([student.answers[n] for student in people])
            if question.ask.kind == "wrong cell":
                off = ~self._planted_there(question, computed[question.node], key, people)[:, None]
            else:
                off = np.abs(answers[n] - key) > ALIKE * np.maximum(1, np.abs(key))
            if off.any():
                student = people[int(np.argmax(off.any(-1)))]
                raise self._unsound(f"the answers of {student.id} are not those of its numbers")

    @staticmethod
    def _planted_there(
        question: Question, tables: Array, places: Array, people: Sequence[KeyStudent]
    ) -> NDArray[np.bool_]:
        """Return for each student whether the shown table is wrong in the one cell that the key names. (students,)"""
        shape = tuple(map(int, question.node.shape))
        shown = [np.array(student.planted.get(question.node.name, [[]]), dtype=float) for student in people]
        if any(table.shape != shape for table in shown):
            return np.array([table.shape == shape for table in shown])
        off = np.asarray(np.abs(np.stack(shown) - tables) > ALIKE)
        named = np.zeros(off.shape, dtype=bool)
        inside = np.asarray(((places >= 1) & (places <= shape)).all(-1))
        rows, columns = np.where(inside[:, None], places, 1).astype(int).T - 1
        named[np.arange(len(people)), rows, columns] = inside
        return np.asarray((off == named).all((-1, -2)))

    def _unsound(self, what: str) -> ByhandError:
        return ByhandError(
            f"The key of {self.key.exercise} does not fit this byhand: {what}; "
            "make it again with the command that made the class."
        )


class ExamMarker:
    """Marks the answers of one key's students to an exam, each part by a marker of its own.

    So nothing carries over from one part to another.
    """

    def __init__(self, key: Key, built: Problem) -> None:
        self.key, self.problem = key, built
        counts = [len(part.questions) for part in built.parts]
        if sum(counts) != len(key.questions):
            raise ByhandError(
                f"The key of {key.exercise} does not fit this byhand: its questions are not those of its recipes; "
                "make it again with the command that made the class."
            )
        self.first = [sum(counts[:n]) for n in range(len(counts) + 1)]
        self.markers = [Marker(self._key(n, part.prefix), part) for n, part in enumerate(built.parts)]

    def _key(self, part: int, prefix: str) -> Key:
        """Return the key of one part: its questions, and its answers of each student."""
        questions = self.key.questions[self.first[part] : self.first[part + 1]]
        return replace(
            self.key,
            questions=tuple(replace(q, table=q.table.removeprefix(prefix)) for q in questions),
            students={id: self._student(student, part) for id, student in self.key.students.items()},
        )

    def _student(self, student: KeyStudent, part: int) -> KeyStudent:
        return replace(student, answers=student.answers[self.first[part] : self.first[part + 1]])

    def mark(self, student: KeyStudent, answers: Sequence[Sequence[TypedAnswer]]) -> tuple[CellMark, ...]:
        """Mark each asked cell, in the key's order. answers: one row of typed cells for each question."""
        if len(answers) != self.first[-1]:
            raise ValueError("the answers are not those that the key asks for")
        return tuple(mark for n in range(len(self.markers)) for mark in self._mark(student, answers, n))

    def _mark(self, student: KeyStudent, answers: Sequence[Sequence[TypedAnswer]], part: int) -> Iterator[CellMark]:
        first, end = self.first[part], self.first[part + 1]
        for mark in self.markers[part].mark(self._student(student, part), answers[first:end]):
            yield replace(mark, question=mark.question + first)

    def revealed(self, student: KeyStudent, question: int, cell: int) -> str:
        """Return the right answer as text: an expression, or a number rounded as the question asks."""
        part = next(n for n in range(len(self.markers)) if question < self.first[n + 1])
        return self.markers[part].revealed(self._student(student, part), question - self.first[part], cell)


def judge_exactly(
    typed: TypedAnswer, key: AnswerKey | None, rule: Rule, number: float, finding: CellFinding | None
) -> CellFinding | None:
    """Return the finding for an answer that must be exact. finding: of its number alone. number: the key's.

    A formula that cannot be written out as an expression, and a key that is too long for one, are judged by all the
    digits that a spreadsheet holds.
    """
    if typed.value is None or finding is None or finding.verdict not in (Verdict.RIGHT, Verdict.ROUNDED):
        return finding
    judgement = judge_by_key(typed.expression, key, rule) if key and typed.expression else None
    if judgement and judgement.outcome is Outcome.NEEDS_PERSON:
        return CellFinding(Verdict.WRONG, judgement.sentence)
    if judgement and judgement.outcome in (Outcome.RIGHT, Outcome.WRONG):
        same = judgement.right
    else:
        same = abs(typed.value - number) <= ALL_DIGITS * max(1.0, abs(number))
    return RIGHT if same else CellFinding(Verdict.WRONG, _(NOT_EXACT))
