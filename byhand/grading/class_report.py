"""What the class got and where it went wrong: a page with one picture for the teacher, and the same for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from statistics import mean, median
from typing import Any

from byhand.documents.html import page
from byhand.grading.class_items import Items
from byhand.grading.class_picture import picture
from byhand.grading.class_status import SAID, Concern, Standing, Status
from byhand.grading.phrases import place, points
from byhand.grading.verdicts import LOOKS, Verdict

HARDEST = 5
"""The cells that the page lists, of those that fewest got."""
MOST_SHOWN = 500
"""The concerns that the page lists; the file of them has all."""
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
    items: Items, standings: Sequence[Standing], concerns: Sequence[Concern], steps: Sequence[str]
) -> bytes:
    """The page, in UTF-8. steps: to each question the command that works its table."""
    title = str(items.key.recipe.get("title", items.key.exercise))
    told = f"Class report · {len(standings):,} students"
    body = [_facts(items, standings), "<h2>How it went</h2>", picture(items), *_talk(items, steps), *_known(concerns)]
    return page(title, escape(told), body, STYLE)


def _facts(items: Items, standings: Sequence[Standing]) -> str:
    statuses = Counter(s.status for s in standings)
    most = points(sum(q.points for q in items.key.questions))
    facts = [(f"{statuses[status]:,}", SAID[status]) for status in Status if statuses[status]]
    if items.points:
        facts += [(f"{points(mean(items.points))}", f"mean of {most} points")]
        facts += [(f"{points(median(items.points))}", "median")]
    return '<div class="facts">' + "".join(f"<div><b>{n}</b><span>{what}</span></div>" for n, what in facts) + "</div>"


def _talk(items: Items, steps: Sequence[str]) -> Iterator[str]:
    """The mistakes and the cells to talk about, those that concern most first."""
    if not items.points:
        return
    yield "<h2>To talk about next lesson</h2>"
    said = [*map(_mistake(items, steps), items.ranked()), *_hardest(items), *_others(items)]
    if said:
        yield f'<ol class="talk">{"".join(f"<li>{line}</li>" for line in said)}</ol>'
    else:
        yield "<p>Nothing stands out: nearly everybody has nearly everything right.</p>"


def _mistake(items: Items, steps: Sequence[str]) -> Any:
    def line(mistake: Any) -> str:
        first = min(mistake.questions)
        tables = ", ".join(items.key.questions[n].table for n in sorted(mistake.questions))
        return (
            f'<span class="many">{_students(mistake.students, items)}</span> made this mistake: '
            f"{escape(mistake.sentence)}"
            f'<span class="where">Seen in {escape(tables)}, {mistake.cells} '
            f"cell{'s' if mistake.cells != 1 else ''} ({escape(mistake.name)}). "
            f"Worked out: <code>{escape(steps[first])}</code></span>"
        )

    return line


def _students(count: int, items: Items) -> str:
    return f"{count:,} of {len(items.points):,}"


def _hardest(items: Items) -> Iterator[str]:
    """The cells that fewest got, without those where most did what the mistakes already tell."""
    every = sum(map(len, items.cells))
    found = [(n, c, share, verdict) for n, c, share in items.hardest(every) for verdict in _commonest(items, n, c)]
    for n, cell, share, verdict in [f for f in found if f[3] is not Verdict.MISTAKE][:HARDEST]:
        question = items.key.questions[n]
        right = round(share * len(items.points))
        yield (
            f'<span class="many">Only {_students(right, items)}</span> have nothing wrong in {place(question, cell)} '
            f"of {escape(question.table)}. Of the rest, most: {LOOKS[verdict].means}."
        )


def _commonest(items: Items, n: int, cell: int) -> list[Verdict]:
    """What most of those did who have something wrong in a cell; nothing where nobody has."""
    wrong = items.cells[n][cell] - Counter({Verdict.RIGHT: 10**9, Verdict.FOLLOWS: 10**9})
    return [verdict for verdict, _ in wrong.most_common(1)]


def _others(items: Items) -> Iterator[str]:
    """What is no mistake of thought, where it came often."""
    counts = sum((items.question(n) for n in range(len(items.cells))), Counter[Verdict]())
    said = {
        Verdict.ROUNDED: "were rounded too early: work with all digits, and round once, at the end.",
        Verdict.SLIP: "have an arithmetic slip: let the class check each sum by an estimate.",
        Verdict.UNREADABLE: "could not be read as numbers: show how numbers are typed.",
        Verdict.BLANK: "were left blank: was there time enough?",
    }
    for verdict, sentence in said.items():
        share = counts[verdict] / counts.total() if counts else 0.0
        if share >= 0.05:
            yield f'<span class="many">{share:.0%} of all cells</span> {sentence}'


def _known(concerns: Sequence[Concern]) -> Iterator[str]:
    if not concerns:
        return
    yield "<h2>For you to look at</h2>"
    rows = "".join(
        f"<tr><td>{escape(c.kind)}</td><td>{escape(c.student)}</td><td>{escape(c.file)}</td>"
        f"<td>{escape(c.reason)}</td></tr>"
        for c in concerns[:MOST_SHOWN]
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("What", "Student", "File", "Why"))
    yield f'<table class="concerns"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    if len(concerns) > MOST_SHOWN:
        yield f'<p class="quiet">And {len(concerns) - MOST_SHOWN:,} more: problems.csv has all.</p>'


def report_json(items: Items, standings: Sequence[Standing], concerns: Sequence[Concern]) -> dict[str, Any]:
    """The same for programs."""
    statuses = Counter(s.status for s in standings)
    return {
        "exercise": items.key.exercise,
        "students": len(standings),
        "statuses": {str(status): statuses[status] for status in Status},
        **items.as_json(),
        "talk": [f"{m.students} of {len(items.points)}: {m.sentence}" for m in items.ranked()],
        "concerns": [vars(c) for c in concerns],
    }


def report_text(report: dict[str, Any]) -> bytes:
    return (json.dumps(report, ensure_ascii=False, indent=1) + "\n").encode()
