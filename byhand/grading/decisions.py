"""What a teacher decides about single submissions, and the marks after these decisions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

from msgspec import Meta

from byhand.core.number_text import to_places
from byhand.decoding import check_keys, record
from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.keys import Key
from byhand.exercises.roster import clean
from byhand.grading.decisions_file import DECISIONS, SECTIONS, SETTINGS, toml_table
from byhand.grading.owners import Ids
from byhand.grading.verdicts import CellFinding, CellMark, StudentMark, Verdict, cell_address, is_about
from byhand.translations import _, counted

LAST, BEST = "last", "best"
Grade = Annotated[float, Meta(ge=0, le=1_000_000)]
Days = Annotated[float, Meta(ge=0, le=1000)]


@dataclass(frozen=True)
class Decision:
    """A decision about one student, or about everybody.

    accept: whether warnings are set aside; a text is the start of the digest of the file for which they are.
    grade: the points. cells: points, "right" or "wrong" for cells and questions. late: days. file: which one counts.
    """

    accept: bool | str = False
    grade: Grade | None = None
    cells: dict[str, float | str] = field(default_factory=dict)
    comment: str = ""
    exempt: bool = False
    late: Days = 0.0
    file: str = ""


@dataclass(frozen=True)
class LateRule:
    """What each day costs, and the most that all of them cost: points, or a share of the points that were got."""

    day: float
    day_is_share: bool
    most: float | None = None
    most_is_share: bool = True

    def points(self, got: float, days: float) -> float:
        """Return the points that are left."""
        cost = days * self.day * (got if self.day_is_share else 1.0)
        if self.most is not None:
            cost = min(cost, self.most * (got if self.most_is_share else 1.0))
        return max(0.0, got - cost)


NO_DECISION = Decision()
DECIDED = "Your teacher has decided on these points."


@dataclass(frozen=True)
class Decisions:
    """All decisions about a class. students: by id. files: whose they are, by their names, fit to be printed."""

    students: Mapping[str, Decision] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    everyone: Decision = NO_DECISION
    attempts: str = LAST
    late_rule: LateRule | None = None

    def of(self, student: str) -> Decision:
        return self.students.get(student, NO_DECISION)

    def owner_of(self, file: str) -> str:
        """Return the student whose file it is, if the teacher says so; an empty text if not."""
        return self.files.get(clean(file), "")

    def check_files(self, names: Iterable[str], where: str) -> None:
        """Raise ByhandError for the owner of a file that is not there. names: of the files. where: the decisions'."""
        there = [clean(name) for name in names]
        for file in self.files:
            if file not in there:
                raise ByhandError(
                    f"{where} says whose {quoted(file)} is, which is not among the files that were handed in: "
                    f"take it out, or name one of these; {nearest(file, there)}."
                )

    def fingerprint(self, student: str, file: str) -> str:
        """Return a text that differs where another decision leads to other marks of a file."""
        own = asdict(self.of(student)) if student else {}
        parts = {name: value for name, value in own.items() if name != "file" and value != getattr(NO_DECISION, name)}
        every = self.everyone.cells
        rule = asdict(self.late_rule) if self.late_rule and parts.get("late") else None
        facts = [parts, every, rule, self.owner_of(file)]
        return json.dumps(facts, sort_keys=True, ensure_ascii=False) if any(facts) else ""


def read_decisions(text: str, where: str, key: Key) -> Decisions:
    """Return the decisions in the text of a file. where: its name. Raises ByhandError for what cannot be meant."""
    table = toml_table(text, where)
    check_keys(table, (*SETTINGS, *SECTIONS), f"the file {where}")
    for section in SECTIONS:
        if not isinstance(table.get(section, {}), dict):
            raise ByhandError(f"In {where}, {quoted(section)} must be a table: write [{section}] on a line of its own.")
    attempts = table.get("attempts", LAST)
    if attempts not in (LAST, BEST):
        raise ByhandError(f'In {where}, attempts is "last" or "best", not {quoted(attempts)}.')
    rule = _late_rule(str(table["late_rule"]), where) if "late_rule" in table else None
    students = {}
    for id, entry in table.get("students", {}).items():
        student = _known(id, key, where)
        students[student] = _decision(entry, f"the entry {clean(id)} of {where}", key)
        if students[student].late and rule is None:
            raise ByhandError(f'In {where}, {id} is late: say what a day costs, with late_rule = "10 % a day".')
    files = {clean(str(name)): _known(str(id), key, where) for name, id in table.get("files", {}).items()}
    everyone = _decision(table.get("everyone", {}), f"the table [everyone] of {where}", key, only=("cells",))
    return Decisions(students, files, everyone, attempts, rule)


def _known(id: str, key: Key, where: str) -> str:
    """Return the id as it is in the key, ignoring case where that leaves no doubt."""
    known = Ids(key.students).find(id)
    if known is None:
        raise ByhandError(f"{where} decides about {quoted(id)}, who is not in the key; {nearest(id, key.students)}.")
    return known


def _decision(entry: Any, where: str, key: Key, only: Sequence[str] = ()) -> Decision:
    if not isinstance(entry, dict):
        raise ByhandError(f"In {where}, write a table such as {{ accept = true }}, not {quoted(entry)}.")
    if only:
        check_keys(entry, only, where)
    decision = record(Decision, entry, where)
    _check_grade(decision, where, sum(question.points for question in key.questions))
    for place, points in decision.cells.items():
        cells = _cells_of(place, where, key)
        most = sum(key.questions[n].points / len(key.questions[n].cells) for n, _ in cells)
        if isinstance(points, str) and points not in ("right", "wrong"):
            raise ByhandError(f'In {where}, {place} is "right", "wrong" or a number of points, not {quoted(points)}.')
        if not isinstance(points, str) and not 0 <= points <= most + 1e-9:
            raise ByhandError(f"In {where}, {place} has 0 to {to_places(most, 2)} points, not {points:g}.")
    return decision


def _check_grade(decision: Decision, where: str, most: float) -> None:
    """Raise ByhandError for decisions about one grade that contradict each other, or the points that there are."""
    if decision.grade is not None and decision.grade > most + 1e-9:
        there = to_places(most, 2)
        raise ByhandError(
            f"In {where}, the grade is {to_places(decision.grade, 2)} of {there} points: write 0 to {there}."
        )
    stated = [name for name in ("grade", "late", "cells") if getattr(decision, name) not in (None, 0.0, {})]
    if decision.exempt and stated:
        raise ByhandError(f"In {where}, who is exempt has no grade: leave out either exempt or {stated[0]}.")
    if decision.grade is not None and decision.late:
        raise ByhandError(f"In {where}, the grade is given, so that late changes nothing: leave out either of them.")


def _cells_of(place: str, where: str, key: Key) -> list[tuple[int, int]]:
    """Return the question and the cell (from 0) of each cell that is named: "2 C5", "C5", "Sheet!C5", "2"."""
    match = re.fullmatch(r"\s*(?:(?P<n>\d+)(?:\s+|$)|(?P<sheet>.+)!)?(?P<cell>\$?[A-Za-z]{1,3}\$?\d+)?\s*", place)
    found = []
    if match and (match["n"] or match["cell"]):
        for n, question in enumerate(key.questions):
            if (match["n"] and int(match["n"]) != n + 1) or (match["sheet"] and match["sheet"] != question.sheet):
                continue
            for c in range(len(question.cells)):
                if match["cell"] is None or match["cell"].replace("$", "").upper() == cell_address(question, c):
                    found.append((n, c))
    if not found:
        first = f"1 {cell_address(key.questions[0], 0)}"
        raise ByhandError(
            f"In {where}, no answer stands in {quoted(place)}: name a question and a cell, as in {first!r}."
        )
    if match and match["cell"] and len(found) > 1:
        raise ByhandError(
            f"In {where}, {quoted(place)} is the place of several answers: put the question's number before."
        )
    return found


_LATE = re.compile(
    r"(?P<day>[\d.,]+)\s*(?P<unit>%|percent|points?)\s*(?:a|per|each|/)\s*day"
    r"(?:\s*,?\s*at most\s*(?P<most>[\d.,]+)\s*(?P<of>%|percent|points?))?"
)


def _late_rule(text: str, where: str) -> LateRule:
    match = _LATE.fullmatch(text.strip().casefold())
    if not match:
        raise ByhandError(
            f'In {where}, the late_rule {quoted(text)} is not understood: write "10 % a day", "1 point a day" or '
            '"10 % a day, at most 50 %".'
        )
    (day, day_is_share), (most, most_is_share) = (
        _amount(match[a], match[b]) for a, b in (("day", "unit"), ("most", "of"))
    )
    return LateRule(day or 0.0, day_is_share, most, most_is_share)


def _amount(number: str | None, unit: str | None) -> tuple[float | None, bool]:
    if number is None:
        return None, True
    share = (unit or "").startswith(("%", "percent"))
    value = float(number.replace(",", "."))
    return (value / 100 if share else value), share


# Marks after decisions


def decided(marks: StudentMark, key: Key, decisions: Decisions, digest: str) -> StudentMark:
    """Return the marks of a file as the teacher has decided. digest: of the file's bytes."""
    decision = decisions.of(marks.student)
    points_of: dict[tuple[int, int], float] = {}
    for choice in (decisions.everyone, decision):
        for place, points in choice.cells.items():
            points_of |= _shares(place, points, key)
    cells = tuple(_decided_cell(cell, points_of.get((cell.question, cell.cell))) for cell in marks.cells)
    set_aside = decision.grade is not None or decision.exempt or accepts(decision, digest)
    notes = [_(DECIDED)] if decision.grade is not None else []
    notes += [decision.comment] if decision.comment else []
    got = replace(marks, cells=cells, final=None).points
    final = decision.grade
    if final is None and decision.late and decisions.late_rule:
        final = round(decisions.late_rule.points(got, decision.late), 6)
        notes.append(_late_sentence(decision.late, got, final))
    warnings = () if set_aside else tuple(w for w in marks.warnings if not is_about(w, points_of, key, marks.places))
    return replace(marks, cells=cells, warnings=warnings, final=final, notes=tuple(notes))


def _late_sentence(days: float, got: float, left: float) -> str:
    """Return what a student reads of a late submission."""
    text = counted(
        "{n} day late: {left} of the {got} points count.", "{n} days late: {left} of the {got} points count.", days
    )
    return text.format(n=to_places(days, 2), left=to_places(left, 2), got=to_places(got, 2))


def accepts(decision: Decision, digest: str) -> bool:
    """Return whether the warnings about a file are set aside."""
    if isinstance(decision.accept, str):
        return bool(decision.accept) and digest.startswith(decision.accept)
    return decision.accept


def _shares(place: str, points: float | str, key: Key) -> dict[tuple[int, int], float]:
    """Return the points of each cell of a place; those of a whole question are spread evenly over its cells."""
    cells = _cells_of(place, DECISIONS, key)
    most = {(n, c): key.questions[n].points / len(key.questions[n].cells) for n, c in cells}
    if isinstance(points, str):
        return {cell: share if points == "right" else 0.0 for cell, share in most.items()}
    return {cell: share * points / sum(most.values()) for cell, share in most.items()}


def _decided_cell(cell: CellMark, points: float | None) -> CellMark:
    if points is None:
        return cell
    full = points >= cell.most - 1e-9
    keep = cell.verdict if cell.verdict is not Verdict.RIGHT and points else Verdict.WRONG
    finding = CellFinding(Verdict.RIGHT if full else keep, "" if full else _(DECIDED))
    return replace(cell, verdict=finding.verdict, points=points, sentence=finding.sentence, mistake="")
