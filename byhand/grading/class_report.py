"""The report on a class: a page with one picture for the teacher, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

from byhand.core.roles import Look
from byhand.documents.html import page
from byhand.escaping import escaped
from byhand.exercises.keys import Key
from byhand.exercises.roster import number_of_students
from byhand.grading.grades import STATUS_WORDS, FileProblem, Status, StudentGrade
from byhand.grading.verdicts import VERDICT_STYLES, StudentMark, Verdict, cell_address, points, title_of
from byhand.workbook.style import FRAME, GREY, INK, LOOKS
from byhand.xlsx.cells import position

FEW = 0.75
"""A cell that fewer than this share of the class has right is listed as hard."""
VerdictCounts = Counter[Verdict]


@dataclass
class MistakeCount:
    """The frequency of a known mistake. students, cells: how many. questions: those where it occurs."""

    name: str
    sentence: str
    students: int = 0
    cells: int = 0
    questions: set[int] = field(default_factory=set)


@dataclass
class ClassStatistics:
    """Statistics of a class's answers. cells: the counts of verdicts for each cell of each question.

    places: where each cell stands, in words: cat → sat.
    """

    key: Key
    cells: list[list[VerdictCounts]]
    places: list[list[str]] = field(default_factory=list)
    points: list[float] = field(default_factory=list)
    got: list[float] = field(default_factory=list)
    mistakes: dict[str, MistakeCount] = field(default_factory=dict)

    @classmethod
    def of(cls, key: Key, places: list[list[str]] | None = None) -> ClassStatistics:
        """Return statistics without students. places: in words; without them, the cells' addresses."""
        addresses = [[cell_address(q, c) for c in range(len(q.cells))] for q in key.questions]
        counts: list[list[VerdictCounts]] = [[Counter() for _ in q.cells] for q in key.questions]
        return cls(key, counts, places or addresses, [], [0.0] * len(key.questions))

    def add(self, marks: StudentMark) -> None:
        """Count a student's marks."""
        self.points.append(marks.points)
        made: dict[str, int] = Counter()
        for cell in marks.cells:
            self.cells[cell.question][cell.cell][cell.verdict] += 1
            self.got[cell.question] += cell.points
            if cell.verdict is Verdict.MISTAKE:
                mistake = self.mistakes.setdefault(cell.mistake, MistakeCount(cell.mistake, cell.sentence))
                mistake.questions.add(cell.question)
                made[cell.mistake] += 1
        for name, count in made.items():
            self.mistakes[name].students += 1
            self.mistakes[name].cells += count

    def question(self, n: int) -> VerdictCounts:
        """Return the counts of verdicts in a question."""
        return sum(self.cells[n], Counter())

    def share(self, n: int) -> float:
        """Return the share of a question's points that the class got."""
        return self.got[n] / (len(self.points) * self.key.questions[n].points) if self.points else 0.0

    def right(self, n: int, cell: int) -> float:
        """Return the share of the class that has a cell right."""
        counts = self.cells[n][cell]
        return (counts[Verdict.RIGHT] + counts[Verdict.FOLLOWS]) / max(counts.total(), 1)

    def mistakes_by_frequency(self) -> list[MistakeCount]:
        """Return the mistakes, the most frequent first."""
        return sorted(self.mistakes.values(), key=lambda m: (-m.students, -m.cells, m.name))

    def hardest(self, most: int = 5) -> list[tuple[int, int, float]]:
        """Return the hardest cells: question, cell, and the share of the class that has it right."""
        shares = [(self.right(n, c), n, c) for n, row in enumerate(self.cells) for c in range(len(row))]
        return [(n, c, share) for share, n, c in sorted(shares)[:most] if self.points and share < FEW]

    def as_json(self) -> dict[str, Any]:
        """Return the statistics as JSON-ready data."""
        return {
            "graded": len(self.points),
            "most": sum(q.points for q in self.key.questions),
            "mean": round(mean(self.points), 4) if self.points else None,
            "median": round(median(self.points), 4) if self.points else None,
            "questions": [self._question(n) for n in range(len(self.cells))],
            "mistakes": [
                {
                    "name": m.name,
                    "sentence": m.sentence,
                    "students": m.students,
                    "cells": m.cells,
                    "questions": [n + 1 for n in sorted(m.questions)],
                }
                for m in self.mistakes_by_frequency()
            ],
            "hardest": [
                {
                    "question": n + 1,
                    "cell": cell_address(self.key.questions[n], c),
                    "where": self.places[n][c],
                    "right": round(share, 4),
                }
                for n, c, share in self.hardest()
            ],
        }

    def _question(self, n: int) -> dict[str, Any]:
        question = self.key.questions[n]
        return {
            "question": n + 1,
            "table": question.table,
            "text": question.text,
            "points": question.points,
            "share": round(self.share(n), 4),
            "verdicts": _named(self.question(n)),
            "cells": [
                {
                    "cell": cell_address(question, c),
                    "where": self.places[n][c],
                    "right": round(self.right(n, c), 4),
                    "verdicts": _named(counts),
                }
                for c, counts in enumerate(self.cells[n])
            ],
        }


def _named(counts: VerdictCounts) -> dict[str, int]:
    return {str(verdict): counts[verdict] for verdict in Verdict if counts[verdict]}


WIDTH, BAR = 920, 470
MAP, CELL, HIGH = 520, 46, 24
"""The left edge of the map of cells, and the largest width and height of one of its cells."""
BINS = 10
GREEN = LOOKS[Look.RESULT][1]
HATCHES = {
    Verdict.FOLLOWS: "M0 8 L8 0",
    Verdict.MISTAKE: "M0 0 L8 8",
    Verdict.ROUNDED: "M4 0 V8",
    Verdict.SLIP: "M0 4 H8",
    Verdict.WRONG: "M0 0 L8 8 M0 8 L8 0",
    Verdict.UNREADABLE: "M3 4 H5",
}
"""Hatches that distinguish the verdicts without colour; right and blank are plain."""


def picture(statistics: ClassStatistics) -> str:
    """Return the picture as SVG for an HTML page."""
    parts, y = list(_points(statistics)), 150.0
    for n in range(len(statistics.cells)):
        drawn, high = _question(statistics, n, y)
        parts += drawn
        y += high
    legend, y = _legend(statistics, y + 6)
    parts += legend
    title = "Points of the class, verdicts of each question, and the share of the class that has each cell right"
    return (
        f'<svg class="picture" viewBox="0 0 {WIDTH} {y:g}" role="img" aria-label="{title}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{title}</title><defs>{"".join(_patterns())}</defs>'
        f"{''.join(parts)}</svg>"
    )


def _patterns() -> Iterator[str]:
    for verdict, look in VERDICT_STYLES.items():
        line = HATCHES.get(verdict, "")
        hatch = (
            f'<path d="{line}" stroke="{look.ink}" stroke-width="1" stroke-opacity=".55" fill="none"/>' if line else ""
        )
        yield (
            f'<pattern id="{verdict.name}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="{look.fill}"/>{hatch}</pattern>'
        )


def _text(
    x: float, y: float, text: str, size: float = 13, colour: str = INK, anchor: str = "start", bold: str = ""
) -> str:
    weight = ' font-weight="600"' if bold else ""
    cell_address = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {cell_address} font-size="{size}" fill="{colour}"{weight}>{escaped(text)}</text>'


def _points(statistics: ClassStatistics) -> Iterator[str]:
    """Yield the histogram of the students' shares of the points, in tenths."""
    most = sum(q.points for q in statistics.key.questions)
    bins = [0] * BINS
    for got in statistics.points:
        bins[min(BINS - 1, int(BINS * got / most + 1e-9))] += 1
    tallest, wide = max([1, *bins]), WIDTH / BINS
    for n, count in enumerate(bins):
        high = 84 * count / tallest
        x = n * wide
        yield f'<rect x="{x + 3:g}" y="{100 - high:g}" width="{wide - 6:g}" height="{high:g}" rx="2" fill="#CFE0F2"/>'
        if count:
            yield _text(x + wide / 2, 94 - high, str(count), 12, INK, "middle")
        yield _text(x + wide / 2, 118, f"{10 * n}–{10 * n + 10} %", 11, GREY, "middle")
    yield f'<path d="M0 100.5 H{WIDTH}" stroke="{FRAME}"/>'


def _question(statistics: ClassStatistics, n: int, y: float) -> tuple[list[str], float]:
    """Return the drawing of a question (title, bar, map of cells) and its height."""
    question = statistics.key.questions[n]
    parts = [
        f'<path d="M0 {y - 6:g} H{WIDTH}" stroke="{FRAME}"/>',
        _text(0, y + 16, f"{n + 1}  {question.table}", 15, LOOKS[Look.COMPUTED][1], bold="bold"),
        _text(BAR, y + 16, f"{statistics.share(n):.0%} of the points", 13, INK, "end"),
        *_bar(statistics.question(n), y + 26),
    ]
    cells, high = _map(statistics, n, y + 8)
    return [*parts, *cells], max(76, high + 18)


def _bar(counts: VerdictCounts, y: float) -> Iterator[str]:
    total, x = max(counts.total(), 1), 0.0
    for verdict, look in VERDICT_STYLES.items():
        wide = BAR * counts[verdict] / total
        if not wide:
            continue
        title = f"{counts[verdict]:,} {verdict}"
        yield (
            f'<rect x="{x:.2f}" y="{y:g}" width="{wide:.2f}" height="30" fill="url(#{verdict.name})" '
            f'stroke="{look.ink}" stroke-width="1"><title>{title}</title></rect>'
        )
        share = f"{look.sign} {counts[verdict] / total:.0%}"
        if wide > 8 * len(share):
            behind = (
                f'x="{x + wide / 2 - 4 * len(share):.2f}" y="{y + 6:g}" width="{8 * len(share)}" height="18" rx="3"'
            )
            yield f'<rect {behind} fill="{look.fill}"/>'
            yield _text(round(x + wide / 2, 2), y + 20, share, 13, look.ink, "middle")
        x += wide


def _map(statistics: ClassStatistics, n: int, y: float) -> tuple[list[str], float]:
    """Return the map of a question's cells and its height; a darker cell is right more often."""
    question = statistics.key.questions[n]
    spots = [position(cell_address(question, c)) for c in range(len(question.cells))]
    rows, columns = sorted({r for r, _ in spots}), sorted({c for _, c in spots})
    wide, high = min(CELL, (WIDTH - MAP) / len(columns)), min(HIGH, 300 / len(rows))
    parts = []
    for c, (row, column) in enumerate(spots):
        share = statistics.right(n, c)
        x, top = MAP + columns.index(column) * wide, y + rows.index(row) * high
        ink = "#FFFFFF" if share > 0.75 else INK
        parts.append(
            f'<rect x="{x + 1:g}" y="{top + 1:g}" width="{wide - 2:g}" height="{high - 2:g}" rx="2" fill="{GREEN}" '
            f'fill-opacity="{0.04 + 0.86 * share:.2f}" stroke="{FRAME}">'
            f"<title>{escaped(statistics.places[n][c])} ({cell_address(question, c)}): {share:.0%} right</title></rect>"
        )
        if wide >= 24 and high >= 14:
            parts.append(_text(x + wide / 2, top + high / 2 + 4, f"{100 * share:.0f}", 11, ink, "middle"))
    return parts, high * len(rows)


def _legend(statistics: ClassStatistics, y: float) -> tuple[list[str], float]:
    counts = sum((statistics.question(n) for n in range(len(statistics.cells))), VerdictCounts())
    parts, x = [], 0.0
    for verdict, look in VERDICT_STYLES.items():
        if not counts[verdict]:
            continue
        label = f"{look.sign} {verdict}"
        if x + 30 + 7 * len(label) > WIDTH:
            x, y = 0.0, y + 22
        parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="18" height="14" fill="url(#{verdict.name})" stroke="{look.ink}"/>'
        )
        parts.append(_text(x + 24, y + 12, label, 12, GREY))
        x += 44 + 6.6 * len(label)
    parts.append(_text(0, y + 38, "Beside each bar its table: of 100 students, how many have nothing wrong.", 12, GREY))
    return parts, y + 44


HARDEST = 5
"""The number of hard cells that the page lists."""
MOST_SHOWN = 500
"""The number of problems that the page lists; problems.csv has all."""
STYLE = """
body { max-width: 66rem; }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 0 0 1.6rem; }
.facts div { line-height: 1.25; }
.facts b { display: block; font-size: 1.5rem; }
.facts span { color: var(--grey); font-size: .9rem; }
.picture { width: 100%; height: auto; font-family: Calibri, Carlito, "Segoe UI", Arial, sans-serif;
  margin: .4rem 0 1rem; }
.talk { padding-left: 1.4rem; }
.talk li { margin: .8rem 0; break-inside: avoid; }
.talk .many { font-weight: 600; }
.talk .where { display: block; color: var(--grey); font-size: .94rem; }
code { background: var(--faint); border: 1px solid var(--frame); border-radius: 3px; padding: .05rem .3rem;
  font-size: .85em; }
.concerns { border-collapse: collapse; width: 100%; font-size: .94rem; }
.concerns th { text-align: left; color: var(--grey); font-weight: 600; }
.concerns th, .concerns td { padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--frame); vertical-align: top;
  overflow-wrap: anywhere; }
.concerns th, .concerns td:not(:last-child) { overflow-wrap: normal; }
@media print { * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def report_page(
    statistics: ClassStatistics, grades: Sequence[StudentGrade], problems: Sequence[FileProblem], steps: Sequence[str]
) -> bytes:
    """Return the page, in UTF-8. steps: for each question the command that works its table."""
    title = title_of(statistics.key)
    subtitle = f"Class report · {number_of_students(len(grades))}"
    body = [
        _facts(statistics, grades),
        "<h2>How it went</h2>",
        picture(statistics),
        *_talk(statistics, steps),
        *_problem_table(problems),
    ]
    return page(title, escaped(subtitle), body, STYLE)


def _facts(statistics: ClassStatistics, grades: Sequence[StudentGrade]) -> str:
    statuses = Counter(s.status for s in grades)
    most = points(sum(q.points for q in statistics.key.questions))
    facts = [(f"{statuses[status]:,}", STATUS_WORDS[status]) for status in Status if statuses[status]]
    if statistics.points:
        facts += [(f"{points(mean(statistics.points))}", f"mean of {most} points")]
        facts += [(f"{points(median(statistics.points))}", "median")]
    return '<div class="facts">' + "".join(f"<div><b>{n}</b><span>{what}</span></div>" for n, what in facts) + "</div>"


def _talk(statistics: ClassStatistics, steps: Sequence[str]) -> Iterator[str]:
    """Yield the mistakes and cells to talk about, the most frequent first."""
    if not statistics.points:
        return
    yield "<h2>To talk about next lesson</h2>"
    lines = [
        *map(_mistake(statistics, steps), statistics.mistakes_by_frequency()),
        *_hardest(statistics),
        *_others(statistics),
    ]
    if lines:
        yield f'<ol class="talk">{"".join(f"<li>{line}</li>" for line in lines)}</ol>'
    else:
        yield "<p>Nothing stands out: nearly everybody has nearly everything right.</p>"


def _mistake(statistics: ClassStatistics, steps: Sequence[str]) -> Any:
    def line(mistake: Any) -> str:
        first = min(mistake.questions)
        tables = ", ".join(statistics.key.questions[n].table for n in sorted(mistake.questions))
        return (
            f'<span class="many">{_students(mistake.students, statistics)}</span> made this mistake: '
            f"{escaped(mistake.sentence)}"
            f'<span class="where">Seen in {escaped(tables)}, {mistake.cells} '
            f"cell{'s' if mistake.cells != 1 else ''} ({escaped(mistake.name)}). "
            f"Worked out: <code>{escaped(steps[first])}</code></span>"
        )

    return line


def _students(count: int, statistics: ClassStatistics) -> str:
    return f"{count:,} of {len(statistics.points):,}"


def _hardest(statistics: ClassStatistics) -> Iterator[str]:
    """Yield lines about the hardest cells, except those where a listed mistake is the commonest verdict."""
    every = sum(map(len, statistics.cells))
    hard_cells = [
        (n, c, share, verdict) for n, c, share in statistics.hardest(every) for verdict in _commonest(statistics, n, c)
    ]
    for n, cell, share, verdict in [f for f in hard_cells if f[3] is not Verdict.MISTAKE][:HARDEST]:
        question = statistics.key.questions[n]
        right = round(share * len(statistics.points))
        yield (
            f'<span class="many">Only {_students(right, statistics)}</span> have nothing wrong in '
            f"“{escaped(statistics.places[n][cell])}” of {escaped(question.table)}. "
            f"Of the rest, most: {VERDICT_STYLES[verdict].means}."
        )


def _commonest(statistics: ClassStatistics, n: int, cell: int) -> list[Verdict]:
    """Return the commonest verdict that is not right in a cell, as a list of one or none."""
    wrong = statistics.cells[n][cell] - Counter({Verdict.RIGHT: 10**9, Verdict.FOLLOWS: 10**9})
    return [verdict for verdict, _ in wrong.most_common(1)]


def _others(statistics: ClassStatistics) -> Iterator[str]:
    """Yield lines about other frequent verdicts: rounding, slips, unreadable and blank cells."""
    counts = sum((statistics.question(n) for n in range(len(statistics.cells))), Counter[Verdict]())
    advice = {
        Verdict.ROUNDED: "were rounded too early: work with all digits, and round once, at the end.",
        Verdict.SLIP: "have an arithmetic slip: let the class check each sum by an estimate.",
        Verdict.UNREADABLE: "could not be read as numbers: show how numbers are typed.",
        Verdict.BLANK: "were left blank: was there time enough?",
    }
    for verdict, sentence in advice.items():
        share = counts[verdict] / counts.total() if counts else 0.0
        if share >= 0.05:
            yield f'<span class="many">{share:.0%} of all cells</span> {sentence}'


def _problem_table(problems: Sequence[FileProblem]) -> Iterator[str]:
    if not problems:
        return
    yield "<h2>For you to look at</h2>"
    rows = "".join(
        f"<tr><td>{escaped(c.kind)}</td><td>{escaped(c.student)}</td><td>{escaped(c.file)}</td>"
        f"<td>{escaped(c.reason)}</td></tr>"
        for c in problems[:MOST_SHOWN]
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("What", "Student", "File", "Why"))
    yield f'<table class="concerns"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    if len(problems) > MOST_SHOWN:
        yield f'<p class="quiet">And {len(problems) - MOST_SHOWN:,} more: problems.csv has all.</p>'


USUAL = (Status.GRADED, Status.LOOK, Status.UNREADABLE, Status.MISSING)
"""The statuses that the report always has, with 0 if nobody has them."""


def report_json(
    statistics: ClassStatistics, grades: Sequence[StudentGrade], problems: Sequence[FileProblem]
) -> dict[str, Any]:
    """Return the report as JSON-ready data."""
    statuses = Counter(s.status for s in grades)
    return {
        "exercise": statistics.key.exercise,
        "students": len(grades),
        "statuses": {str(status): statuses[status] for status in Status if statuses[status] or status in USUAL},
        **statistics.as_json(),
        "talk": [f"{m.students} of {len(statistics.points)}: {m.sentence}" for m in statistics.mistakes_by_frequency()],
        "concerns": [vars(c) for c in problems],
    }


def report_text(report: dict[str, Any]) -> bytes:
    return (json.dumps(report, ensure_ascii=False, indent=1) + "\n").encode()
