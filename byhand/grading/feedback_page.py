"""A student's marks as one HTML page: each answer in its table with its verdict, and what to look at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from byhand.documents.html import page
from byhand.escaping import escaped
from byhand.exercises.keys import Key, KeyQuestion
from byhand.grading.verdicts import (
    NOT_FINAL,
    VERDICT_STYLES,
    WITH_OTHER_NUMBERS,
    CellMark,
    StudentMark,
    Verdict,
    as_grid,
    by_question,
    cell_address,
    of_points,
    points,
    remarks,
    student_name,
    total,
    typed_text,
)

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
code { background: var(--faint); border: 1px solid var(--frame); border-radius: 3px; padding: .05rem .3rem;
  font-size: .85em; }
@media print { * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def feedback_page(key: Key, marks: StudentMark, steps: Sequence[str]) -> bytes:
    """Return the page, in UTF-8. steps: for each question the command that works its table with other numbers."""
    title = str(key.recipe.get("title", key.exercise))
    return page(title, escaped(f"{student_name(marks)} · {marks.file}"), _body(key, marks, steps), STYLE + colours())


def colours() -> str:
    """Return a style for each verdict: its fill, ink and frame."""
    return "".join(
        f".{name(verdict)} {{ background: {look.fill}; color: {look.ink}; border: {FRAMES[look.line]} {look.ink}; }}\n"
        for verdict, look in VERDICT_STYLES.items()
    )


def name(verdict: Verdict) -> str:
    return verdict.name.lower()


def _body(key: Key, marks: StudentMark, steps: Sequence[str]) -> Iterator[str]:
    share = 100 * marks.points / marks.most if marks.most else 0
    yield (
        f'<div class="score"><b>{of_points(marks.points, marks.most)}</b><div class="bar" role="presentation">'
        f'<i style="width:{share:.1f}%;background:#237A45"></i></div></div>'
    )
    if marks.warnings:
        yield f'<p class="look">{NOT_FINAL}</p>'
    yield from (f'<p class="note">{escaped(note)}</p>' for note in marks.notes)
    yield _legend(marks)
    for n, (question, cells) in enumerate(by_question(key, marks), 1):
        yield from _question(n, question, cells, steps[n - 1] if steps else "")


def _legend(marks: StudentMark) -> str:
    there = {cell.verdict for cell in marks.cells}
    entries = (
        f'<span class="{name(verdict)}">{look.sign} {look.means}</span>'
        for verdict, look in VERDICT_STYLES.items()
        if verdict in there
    )
    return f'<p class="legend">{" ".join(entries)}</p>'


def _question(n: int, question: KeyQuestion, cells: Sequence[CellMark], step: str) -> Iterator[str]:
    right = sum(cell.verdict is Verdict.RIGHT for cell in cells)
    got = f"{of_points(*total(cells))} · {right} of {len(cells)} right"
    yield f'<h2>{n}. {escaped(question.text)} <span class="got">{got}</span></h2>'
    rows = "".join(_row(question, row) for row in as_grid(question, cells))
    yield f'<div class="scroll"><table class="marked">{rows}</table></div>'
    items = "".join(_remark(question, remark.verdict, remark.sentence, remark.cells) for remark in remarks(cells))
    if items:
        yield f'<ul class="remarks">{items}</ul>'
    if step and any(cell.points < cell.most for cell in cells):
        yield f'<p class="where">{WITH_OTHER_NUMBERS}: <code>{escaped(step)}</code></p>'


def _row(question: KeyQuestion, row: Sequence[CellMark | None]) -> str:
    return f"<tr>{''.join(_cell(question, cell) for cell in row)}</tr>"


def _cell(question: KeyQuestion, cell: CellMark | None) -> str:
    if cell is None:
        return "<td></td>"
    title = escaped(f"{cell.verdict}. {cell.sentence}".strip())
    return (
        f'<td class="{name(cell.verdict)}" title="{title}"><span class="at">{cell_address(question, cell.cell)}</span>'
        f"{VERDICT_STYLES[cell.verdict].sign} {escaped(typed_text(cell))}</td>"
    )


def _remark(question: KeyQuestion, verdict: Verdict, sentence: str, cells: Sequence[CellMark]) -> str:
    where = ", ".join(f"{cell_address(question, c.cell)}: {typed_text(c)}".removesuffix(": ") for c in cells)
    got = f"{points(sum(c.points for c in cells))} of {points(sum(c.most for c in cells))}"
    return (
        f'<li><span class="verdict {name(verdict)}">{VERDICT_STYLES[verdict].sign} {verdict}</span> {escaped(sentence)}'
        f'<br><span class="where">{escaped(where)} · {got}</span></li>'
    )
