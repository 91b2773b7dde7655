"""The map of a model: its steps as boxes with arrows between them, parts that work side by side in lanes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from byhand.core.captions import opened, titles
from byhand.core.roles import Look
from byhand.escaping import escaped
from byhand.translations import _
from byhand.workbook.book import Book
from byhand.workbook.page import Page
from byhand.workbook.steps import Step, groups_read, look_of_step, steps, tables_of, title_of_step

MOST_LANES = 3
"""The most boxes in a line; of parts that are more, each is one small box."""
MOST_SMALL = 8
"""The most small boxes in a line."""
WIDTH, LINE, SIDE, TOP, HEIGHT = 224, 44, 14, 4, 31
"""The drawing's width, the height of a line, the room at a side for arrows, and top and height of a box in its line.

A unit is a sixteenth of the size of letters; style.css has the same sizes.
"""


@dataclass(eq=False)
class _Box:
    """A box of the map: one step, or all steps of a part."""

    steps: list[Step]
    page: Page
    rank: int = 0
    lane: int = 0
    lanes: int = 1
    before: set[int] = field(default_factory=set)

    @property
    def room(self) -> int:
        """The boxes for which its line has room."""
        return min(self.lanes, MOST_SMALL)

    @property
    def middle(self) -> float:
        """The middle of the box from the left of the drawing."""
        return (self.lane + 0.5) / self.room * (WIDTH - 2 * SIDE) + SIDE


def model_map(book: Book) -> str:
    """Return the map as HTML: a list of lines of buttons, which say where they lead, over a drawing of the arrows."""
    all_steps = steps(book)
    boxes = _arranged([_Box([step], step.page) for step in all_steps], book)
    widest = max((box.lanes for box in boxes), default=1)
    if widest > MOST_LANES:
        boxes = _arranged(_by_part(all_steps, _crowded(boxes)), book)
    shown: set[Page] = set()
    lines: dict[int, list[str]] = {}
    for box in boxes:
        lines.setdefault(box.rank, []).append(f"<li>{_button(book, box, first=box.page not in shown)}</li>")
        shown.add(box.page)
    for box in boxes:  # a line of small boxes may have room for more
        lines[box.rank] += ['<li aria-hidden="true"></li>'] * (box.room - len(lines[box.rank]))
    arrows = [_arrow(boxes[m], box) for box in boxes for m in sorted(box.before) if _is_drawn(boxes[m], box)]
    return (
        f'<div class="drawing"><svg aria-hidden="true" viewBox="0 0 {WIDTH} {LINE * len(lines)}" '
        f'preserveAspectRatio="none">{"".join(arrows)}</svg>'
        + "".join(f'<ol class="map-line">{"".join(lines[rank])}</ol>' for rank in sorted(lines))
        + "</div>"
    )


def _button(book: Book, box: _Box, first: bool) -> str:
    """Return a box as a button. first: it is the first of its part, whose title it has."""
    step, (name, part) = box.steps[0], _title(box, first)
    number = re.search(r"\d+$", name)
    text = number[0] if number and box.lanes > MOST_LANES else name
    heading = f"<small>{escaped(part)}</small>" if part and text == name else ""
    place = f'data-part="{book.pages.index(box.page)}" data-block="{box.page.blocks.index(step.block)}"'
    about = escaped(f"{part}: {name}" if part else name)
    return (
        f'<button type="button" class="box {look_of_step(step)}" title="{about}" {place}>'
        f"{heading}<span>{escaped(text)}</span></button>"
    )


def _title(box: _Box, first: bool) -> tuple[str, str]:
    """Return the title of a box, and that of its part where it is the first there."""
    step = box.steps[0]
    part = _part_title(box.page) if first else ""
    title = opened(_(title_of_step(step))) if len(box.steps) == 1 else _part_title(box.page)
    if step.scope.page and part and " · " in title:
        title, part = part, title.partition(" · ")[0]
    places = titles(box.page.scope)
    if title == part and len(places) > 1:
        part = places[0]
    return title, "" if len(box.steps) > 1 or title == part else part


def _arrow(start: _Box, end: _Box) -> str:
    """Return an arrow from the bottom of a box to the top of another, past those between them if there are some."""
    x1, y1 = start.middle, start.rank * LINE + TOP + HEIGHT
    x2, y2 = end.middle, end.rank * LINE + TOP - 1
    if end.rank - start.rank <= 1:
        bend = (y2 - y1) / 2
        line = f"C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2}"
    else:
        side = SIDE // 2 if start.middle < WIDTH / 2 else WIDTH - SIDE // 2
        line = (
            f"C{side} {y1 + 8} {side} {y1 + 8} {side} {y1 + 24}V{y2 - 20}C{side} {y2 - 4} {x2:g} {y2 - 10} {x2:g} {y2}"
        )
    return f'<path d="M{x1:g} {y1}{line}M{x2 - 4:g} {y2 - 5}L{x2:g} {y2}L{x2 + 4:g} {y2 - 5}"/>'


def _is_drawn(before: _Box, box: _Box) -> bool:
    """Return whether there is an arrow: a gradient reads much of the way forward, which the map leaves out."""
    looks = [look_of_step(b.steps[0]) is Look.GRADIENT for b in (before, box)]
    return looks[0] or not looks[1] or box.rank == before.rank + 1


def _part_title(page: Page) -> str:
    return titles(page.scope)[-1] if titles(page.scope) else ""


def _crowded(boxes: Iterable[_Box]) -> set[Page]:
    """Return the parts that stand in a line of too many boxes."""
    return {box.page for box in boxes if box.lanes > MOST_LANES}


def _by_part(all_steps: Sequence[Step], crowded: set[Page]) -> list[_Box]:
    """Return a box for each step, but one for all steps of a crowded part."""
    whole: dict[Page, _Box] = {}
    boxes: list[_Box] = []
    for step in all_steps:
        if step.page in whole:
            whole[step.page].steps.append(step)
            continue
        box = _Box([step], step.page)
        boxes.append(box)
        if step.page in crowded:
            whole[step.page] = box
    return boxes


def _arranged(boxes: list[_Box], book: Book) -> list[_Box]:
    """Put each box in a line below those that it reads, and those of a line side by side."""
    box_of = tables_of([box.steps for box in boxes], book)
    for n, box in enumerate(boxes):
        box.before = set()
        for node in (node for node, at in box_of.items() if at == n):
            box.before |= {at for at in groups_read(node, box_of) if at < n}
        box.rank = max((boxes[at].rank + 1 for at in box.before), default=0)
    lines: dict[int, list[_Box]] = {}
    for box in boxes:
        lines.setdefault(box.rank, []).append(box)
    used = sorted(lines)
    line_number = 0
    for rank in used:
        line = lines[rank]
        crowded = len(line) > MOST_SMALL
        for n, box in enumerate(line):
            box.rank = line_number + (n // MOST_SMALL if crowded else 0)
            box.lane, box.lanes = (n % MOST_SMALL if crowded else n), len(line)
        line_number += -(-len(line) // MOST_SMALL)
    return boxes
