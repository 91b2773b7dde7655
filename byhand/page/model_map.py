"""The map of a model: its steps as boxes with arrows between them, parts that work side by side in lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from byhand.core.captions import opened, titles
from byhand.core.roles import Look
from byhand.translations import _
from byhand.workbook.book import Book
from byhand.workbook.page import Page
from byhand.workbook.steps import Step, groups_read, look_of_step, steps, tables_of, title_of_step

MOST_LANES = 3
"""The most boxes in a line; of parts that are more, each is one small box."""
MOST_SMALL = 8
"""The most small boxes in a line."""


@dataclass(eq=False)
class _Box:
    """A box of the map: one step, or all steps of a part."""

    steps: list[Step]
    page: Page
    rank: int = 0
    lane: int = 0
    lanes: int = 1
    before: set[int] = field(default_factory=set)


def model_map(book: Book) -> dict[str, Any]:
    """Return the boxes of a model in lines from top to bottom, and the arrows between them.

    A box: its title, look, line, lane, lanes in the line, number of the part, number of the block there, and the part's
    title where the box is the first of its part. An arrow: the numbers of two boxes.
    """
    all_steps = steps(book)
    boxes = _arranged([_Box([step], step.page) for step in all_steps], book)
    widest = max((box.lanes for box in boxes), default=1)
    if widest > MOST_LANES:
        boxes = _arranged(_by_part(all_steps, _crowded(boxes)), book)
    number_of = {page: n for n, page in enumerate(book.pages)}
    shown: set[Page] = set()
    rows = []
    for box in boxes:
        step = box.steps[0]
        part = "" if box.page in shown else _part_title(box.page)
        shown.add(box.page)
        block = box.page.blocks.index(step.block)
        title = opened(_(title_of_step(step))) if len(box.steps) == 1 else _part_title(box.page)
        if step.scope.page and part and " · " in title:
            title, part = part, title.partition(" · ")[0]
        places = titles(box.page.scope)
        if title == part and len(places) > 1:
            part = places[0]
        small = box.lanes > MOST_LANES
        rows.append(
            [
                title,
                str(look_of_step(step)),
                box.rank,
                box.lane,
                min(box.lanes, MOST_SMALL) if small else box.lanes,
                number_of[box.page],
                block,
                "" if len(box.steps) > 1 or title == part else part,
            ]
        )
    arrows = [[m, n] for n, box in enumerate(boxes) for m in sorted(box.before) if _is_drawn(boxes[m], box)]
    return {"boxes": rows, "arrows": arrows}


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
