"""A student's marks as one HTML page: each answer in its table with its verdict, and what to look at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from byhand.documents.html import page
from byhand.escaping import escaped
from byhand.exercises.keys import Key, KeyQuestion
from byhand.grading.verdicts import (
    NOT_FINAL,
    VERDICT_STYLES,
    WITH_OTHER_NUMBERS,
    WITH_OWN_NUMBERS,
    CellMark,
    Remark,
    StudentMark,
    Verdict,
    as_grid,
    by_question,
    in_words,
    legend_entry,
    number_right,
    of_points,
    place_of,
    remarks,
    share_of,
    student_name,
    title_of,
    total,
    typed_text,
)
from byhand.grading.worked_steps import WorkedSteps
from byhand.translations import _

FRAMES = {
    "thin": "1px solid",
    "medium": "2px solid",
    "dashed": "2px dashed",
    "dotted": "2px dotted",
    "double": "3px double",
}
STYLE = """
.score { display: flex; align-items: center; gap: 1.2rem; margin: 0 0 1.4rem; font-size: 1.3rem; }
.score b { white-space: nowrap; }
.bar { display: flex; flex: 1; height: 1.1rem; border: 1px solid var(--frame); border-radius: 3px; overflow: hidden; }
.got { color: var(--grey); font-size: .94rem; font-weight: normal; }
.marked { border-collapse: separate; border-spacing: 4px; margin: .6rem 0; }
.marked td { padding: .3rem .7rem; text-align: right; font-variant-numeric: tabular-nums; border-radius: 3px; }
.marked .at { display: block; color: var(--grey); font-size: .7rem; line-height: 1; text-align: left; }
.legend { color: var(--grey); font-size: .9rem; }
.legend span, .verdict { padding: .1rem .5rem; border-radius: 3px; margin-right: .3rem; white-space: nowrap; }
.legend span { display: inline-block; margin-bottom: .4rem; }
.remarks { list-style: none; padding: 0; }
.remarks li { margin: .6rem 0; padding-left: .9rem; border-left: 3px solid var(--frame); break-inside: avoid; }
.where { color: var(--grey); font-size: .94rem; overflow-wrap: anywhere; }
.note { border-left: 3px solid var(--ink); padding-left: .9rem; margin: 1rem 0; }
.look { border: 2px solid #C0392B; border-radius: 4px; padding: .6rem 1rem; margin: 1rem 0; }
.worked { border: 1px solid var(--frame); border-radius: 4px; padding: .2rem 1rem; margin: .8rem 0; }
.worked summary { color: var(--blue); cursor: pointer; padding: .4rem 0; }
@media print { .worked::details-content { content-visibility: visible; block-size: auto; } }
code { background: var(--faint); border: 1px solid var(--frame); border-radius: 3px; padding: .05rem .3rem;
  font-size: .85em; }
@media print { * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def feedback_page(key: Key, marks: StudentMark, steps: WorkedSteps | None = None) -> bytes:
    """Return the page, in UTF-8. steps: works what was missed; None for a page without worked steps."""
    title = title_of(key)
    return page(title, escaped(f"{student_name(marks)} · {marks.file}"), _body(key, marks, steps), STYLE + colours())


def colours() -> str:
    """Return a style for each verdict: its fill, ink and frame."""
    return "".join(
        f".{name(verdict)} {{ background: {look.fill}; color: {look.ink}; border: {FRAMES[look.line]} {look.ink}; }}\n"
        for verdict, look in VERDICT_STYLES.items()
    )


def name(verdict: Verdict) -> str:
    return f"mark-{verdict.name.lower()}"


def _body(key: Key, marks: StudentMark, steps: WorkedSteps | None) -> Iterator[str]:
    share = 100 * marks.points / marks.most if marks.most else 0
    yield (
        f'<div class="score"><b>{of_points(marks.points, marks.most)}</b><div class="bar" role="presentation">'
        f'<i style="width:{share:.1f}%;background:#237A45"></i></div></div>'
    )
    if marks.warnings:
        yield f'<p class="look">{escaped(_(NOT_FINAL))}</p>'
    yield from (f'<p class="note">{escaped(note)}</p>' for note in marks.notes)
    yield _legend(marks)
    places = _places(key, marks, steps)
    for n, (question, cells) in enumerate(by_question(key, marks), 1):
        yield from _question(n, question, cells, places[n - 1])
        missed = [cell.cell for cell in cells if cell.points < cell.most]
        step = steps.step(marks.student, n - 1, missed) if steps and missed else ""
        if steps and step:
            title = _(WITH_OWN_NUMBERS) if steps.own else _(WITH_OTHER_NUMBERS)
            yield f'<details class="worked"><summary>{escaped(title)}</summary>\n{step}\n</details>'


class _Place(NamedTuple):
    """Where an answer stands. label: as the student sees it, C14. words: cat → sat, if they are known."""

    label: str
    words: str


def _places(key: Key, marks: StudentMark, steps: WorkedSteps | None) -> list[list[_Place]]:
    words = marks.places or (steps.places(marks.student) if steps else None)
    cells = [range(len(question.cells)) for question in key.questions]
    return [
        [_Place(place_of(key, n, c, marks.places), words[n][c] if words else "") for c in row]
        for n, row in enumerate(cells)
    ]


def _legend(marks: StudentMark) -> str:
    there = {cell.verdict for cell in marks.cells}
    entries = (
        f'<span class="{name(verdict)}">{look.sign} {escaped(legend_entry(verdict, marks.cells))}</span>'
        for verdict, look in VERDICT_STYLES.items()
        if verdict in there
    )
    return f'<p class="legend">{" ".join(entries)}</p>'


def _question(n: int, question: KeyQuestion, cells: Sequence[CellMark], places: Sequence[_Place]) -> Iterator[str]:
    got = f"{of_points(*total(cells))} · {number_right(cells)}"
    yield f'<h2>{n}. {escaped(question.text)} <span class="got">{escaped(got)}</span></h2>'
    rows = "".join(_row(row, places) for row in as_grid(question, cells))
    yield f'<div class="scroll"><table class="marked">{rows}</table></div>'
    items = "".join(_remark(remark, places) for remark in remarks(cells))
    if items:
        yield f'<ul class="remarks">{items}</ul>'


def _row(row: Sequence[CellMark | None], places: Sequence[_Place]) -> str:
    return f"<tr>{''.join(_cell(cell, places) for cell in row)}</tr>"


def _cell(cell: CellMark | None, places: Sequence[_Place]) -> str:
    if cell is None:
        return "<td></td>"
    label, words = places[cell.cell]
    place = f"{words}: " if words else ""
    title = escaped(f"{place}{in_words(cell.verdict)}. {cell.sentence}".strip())
    return (
        f'<td class="{name(cell.verdict)}" title="{title}"><span class="at">{escaped(label)}</span>'
        f"{VERDICT_STYLES[cell.verdict].sign} {escaped(typed_text(cell))}</td>"
    )


def _remark(remark: Remark, places: Sequence[_Place]) -> str:
    where = ", ".join(_typed_at(cell, places[cell.cell]) for cell in remark.cells)
    got = share_of(remark.points, remark.most)
    said = f"{VERDICT_STYLES[remark.verdict].sign} {in_words(remark.verdict)}"
    return (
        f'<li><span class="verdict {name(remark.verdict)}">{escaped(said)}</span> {escaped(remark.sentence)}'
        f'<br><span class="where">{escaped(where)} · {got}</span></li>'
    )


def _typed_at(cell: CellMark, place: _Place) -> str:
    """Return an answer and its place: C14 (cat → sat): 0.5."""
    words = f" ({place.words})" if place.words not in ("", place.label) else ""
    return f"{place.label}{words}: {typed_text(cell)}".removesuffix(": ")
