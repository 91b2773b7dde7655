"""The class's work as one picture: how the points lie, each question's verdicts as a bar, and each cell's share."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from byhand.grading.class_items import Counts, Items
from byhand.grading.phrases import place
from byhand.grading.verdicts import LOOKS, Verdict
from byhand.workbook.style import FRAME, GREY, INK, ROLES
from byhand.xlsx.cells import position

WIDTH, BAR = 920, 470
MAP, CELL, HIGH = 520, 46, 24
"""Where the map of cells begins, and the most that one of its cells is wide and high."""
BINS = 10
GREEN = ROLES["result"][1]
HATCHES = {
    Verdict.FOLLOWS: "M0 8 L8 0",
    Verdict.MISTAKE: "M0 0 L8 8",
    Verdict.ROUNDED: "M4 0 V8",
    Verdict.SLIP: "M0 4 H8",
    Verdict.WRONG: "M0 0 L8 8 M0 8 L8 0",
    Verdict.UNREADABLE: "M3 4 H5",
}
"""What tells the verdicts apart without colours; right and blank are plain."""


def picture(items: Items) -> str:
    """The picture as SVG, to stand in a page."""
    parts, y = list(_points(items)), 150.0
    for n in range(len(items.cells)):
        drawn, high = _question(items, n, y)
        parts += drawn
        y += high
    legend, y = _legend(items, y + 6)
    parts += legend
    title = "Points of the class, verdicts of each question, and the share of the class that has each cell right"
    return (
        f'<svg class="picture" viewBox="0 0 {WIDTH} {y:g}" role="img" aria-label="{title}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{title}</title><defs>{"".join(_patterns())}</defs>'
        f"{''.join(parts)}</svg>"
    )


def _patterns() -> Iterator[str]:
    for verdict, look in LOOKS.items():
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
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" fill="{colour}"{weight}>{escape(text)}</text>'


def _points(items: Items) -> Iterator[str]:
    """How many students got which share of the points, in tenths."""
    most = sum(q.points for q in items.key.questions)
    bins = [0] * BINS
    for got in items.points:
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


def _question(items: Items, n: int, y: float) -> tuple[list[str], float]:
    """A question's title, its bar and the map of its cells; and how high they are."""
    question = items.key.questions[n]
    parts = [
        f'<path d="M0 {y - 6:g} H{WIDTH}" stroke="{FRAME}"/>',
        _text(0, y + 16, f"{n + 1}  {question.table}", 15, ROLES["computed"][1], bold="bold"),
        _text(BAR, y + 16, f"{items.share(n):.0%} of the points", 13, INK, "end"),
        *_bar(items.question(n), y + 26),
    ]
    cells, high = _map(items, n, y + 8)
    return [*parts, *cells], max(76, high + 18)


def _bar(counts: Counts, y: float) -> Iterator[str]:
    total, x = max(counts.total(), 1), 0.0
    for verdict, look in LOOKS.items():
        wide = BAR * counts[verdict] / total
        if not wide:
            continue
        told = f"{counts[verdict]:,} {verdict}"
        yield (
            f'<rect x="{x:.2f}" y="{y:g}" width="{wide:.2f}" height="30" fill="url(#{verdict.name})" '
            f'stroke="{look.ink}" stroke-width="1"><title>{told}</title></rect>'
        )
        share = f"{look.sign} {counts[verdict] / total:.0%}"
        if wide > 8 * len(share):
            behind = (
                f'x="{x + wide / 2 - 4 * len(share):.2f}" y="{y + 6:g}" width="{8 * len(share)}" height="18" rx="3"'
            )
            yield f'<rect {behind} fill="{look.fill}"/>'
            yield _text(round(x + wide / 2, 2), y + 20, share, 13, look.ink, "middle")
        x += wide


def _map(items: Items, n: int, y: float) -> tuple[list[str], float]:
    """Each cell where it lies in its table, with the share that has it right: the darker, the more."""
    question = items.key.questions[n]
    spots = [position(place(question, c)) for c in range(len(question.cells))]
    rows, columns = sorted({r for r, _ in spots}), sorted({c for _, c in spots})
    wide, high = min(CELL, (WIDTH - MAP) / len(columns)), min(HIGH, 300 / len(rows))
    parts = []
    for c, (row, column) in enumerate(spots):
        share = items.right(n, c)
        x, top = MAP + columns.index(column) * wide, y + rows.index(row) * high
        ink = "#FFFFFF" if share > 0.75 else INK
        parts.append(
            f'<rect x="{x + 1:g}" y="{top + 1:g}" width="{wide - 2:g}" height="{high - 2:g}" rx="2" fill="{GREEN}" '
            f'fill-opacity="{0.04 + 0.86 * share:.2f}" stroke="{FRAME}">'
            f"<title>{place(question, c)}: {share:.0%} right</title></rect>"
        )
        if wide >= 24 and high >= 14:
            parts.append(_text(x + wide / 2, top + high / 2 + 4, f"{100 * share:.0f}", 11, ink, "middle"))
    return parts, high * len(rows)


def _legend(items: Items, y: float) -> tuple[list[str], float]:
    counts = sum((items.question(n) for n in range(len(items.cells))), Counts())
    parts, x = [], 0.0
    for verdict, look in LOOKS.items():
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
