"""The diagram of a model on the first screen: bands of boxes with arrows; what works side by side stands in one column.

As on the sheets of its parts, steps run to the right and bands run down. A box is a link to the tables of its step; an
arrow says the shape of what flows along it; a line under a band is the residual path.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from textwrap import shorten, wrap

from byhand.core.arithmetic.excel import column_letters
from byhand.core.captions import opened, titles
from byhand.core.roles import Look, Role
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.page import Page
from byhand.workbook.steps import Step, groups_read, look_of_step, shapes_of_step, steps, tables_of, title_of_step
from byhand.xlsx.writer import Sheet

MOST_RANKS, MOST_LANES, MOST_REPEATS = 4, 8, 16
"""The most boxes beside and below each other in a band, and the most repeated parts that have a box."""
LABEL_WIDTH, ARROW_LETTER, ARROW_ROOM = 10.2, 1.02, 2.5
"""The width of the labels, and the widths of a letter of a shape, and of the arrow beside it."""
CUT_WIDTH = 7.5
"""The least width of the columns of arrows where the pieces of words stand in them."""
NARROWEST_BOX, BOX_LETTER, BOX_ROOM = 11.0, 0.97, 0.4
"""The least width of a box, and the widths of a letter of its title and of the room beside it."""
NUMBERED = re.compile(r"(?:Layer|Step|Training step|Row|Sentence|Chunk|Word|Beam) \d+")
"""The title of a part that comes again and again."""
LINE = "—"
LABEL_LETTERS = 9
"""The letters of a line of a band's label."""
NOTE_LETTERS = 13
"""The letters of what else a box reads, in the width of the box."""


@dataclass(eq=False)
class Box:
    """One box. number: of its (first) step. rank, lane: its place in the band. shape, result: of what flows in and out.

    row, column: the place on the page that it leads to.
    """

    title: str
    look: Look
    page: Page
    row: int
    column: int
    rank: int
    lane: int
    number: int
    shape: str = ""
    result: str = ""
    equation: str = ""


@dataclass(eq=False)
class Band:
    """A line of boxes. residual: the ranks between which the residual path runs (−1: from the band's beginning).

    notes: under a rank, what else its boxes read. chained: whether each box flows into the next.
    """

    label: str
    boxes: list[Box] = field(default_factory=list)
    residual: list[tuple[int, int]] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    chained: bool = True

    @property
    def rows(self) -> int:
        """The rows that it takes, with the one below it."""
        return max(box.lane for box in self.boxes) + 2


@dataclass(frozen=True)
class Part:
    """Consecutive steps of a part of the model, such as Encoder, or Layer 1."""

    label: str
    numbers: tuple[int, ...]
    repeats: bool = False


def bands(book: Book) -> list[Band]:
    """Return the diagram of the model that the home page shows."""
    all_steps = steps(book)
    before = _reads(all_steps, book)
    drawn: list[Band] = []
    repeats: list[Part] = []
    for part in [*_parts(all_steps), None]:
        if part is not None and part.repeats:
            repeats.append(part)
            continue
        drawn += _repeated(repeats, all_steps)
        repeats = []
        if part is not None:
            drawn += _bands_of(part, all_steps, before, book)
    return drawn


def _reads(all_steps: Sequence[Step], book: Book) -> list[set[int]]:
    """Return for each step the numbers of the earlier steps that it reads."""
    number_of = tables_of([[step] for step in all_steps], book)
    before: list[set[int]] = [set() for _ in all_steps]
    for node, at in number_of.items():
        before[at] |= {n for n in groups_read(node, number_of) if n < at}
    return before


def _parts(all_steps: Sequence[Step]) -> list[Part]:
    """Return the steps in parts; a part whose steps are those of an earlier one with another number is a repetition."""
    known: set[tuple[str, ...]] = set()
    parts = []
    for label, group in groupby(range(len(all_steps)), lambda n: _label(all_steps[n])):
        numbers = tuple(group)
        kind = (re.sub(r"\d+", "", label), *(title_of_step(all_steps[n]) for n in numbers))
        parts.append(Part(label, numbers, bool(re.search(r"\d", label)) and kind in known))
        known.add(kind)
    return parts


def _label(step: Step) -> str:
    """Return the part of the model that a step belongs to: Encoder · Layer 1 of Encoder · Layer 1 · Head 2.

    An empty text for a page without a part that is one step, whose box says it all.
    """
    places = titles(step.page.scope)
    if step.scope.page and look_of_step(step) in (Look.GRADIENT, Look.UPDATED):
        return places[0]
    for n, place in enumerate(places):
        if NUMBERED.fullmatch(place):
            return " · ".join(places[: n + 1])
    return "" if len(places) == 1 and step.scope.page else places[0]


def _bands_of(part: Part, all_steps: Sequence[Step], before: list[set[int]], book: Book) -> list[Band]:
    made = [Band(part.label)]
    rank_of: dict[int, int] = {}
    for n in part.numbers:
        step, band = all_steps[n], made[-1]
        earlier = all_steps[band.boxes[-1].number] if band.boxes else None
        rank = max((rank_of[m] + 1 for m in before[n] if m in rank_of), default=0)
        ends = earlier is not None and earlier.page is not step.page and bool(band.residual)
        if ends or rank >= MOST_RANKS:
            band = Band("")
            made.append(band)
            rank_of, rank = {}, 0
        lane = sum(box.rank == rank for box in band.boxes)
        first = band.boxes[0].number if band.boxes else n
        _connect(band, n, rank, rank_of, before, all_steps, first - 1)
        rank_of[n] = rank
        if lane < MOST_LANES:
            band.boxes.append(_box(step, n, rank, lane, book.turned))
        else:
            last = next(box for box in reversed(band.boxes) if box.rank == rank)
            last.title, last.equation = f"… {lane + 2 - MOST_LANES} more", ""
    for band in made:
        if len(band.boxes) > 4 and all(box.rank == 0 for box in band.boxes):
            band.chained = False
            for place, box in enumerate(band.boxes):
                box.rank, box.lane = place % MOST_RANKS, place // MOST_RANKS
    return made


def _connect(
    band: Band,
    n: int,
    rank: int,
    rank_of: dict[int, int],
    before: list[set[int]],
    all_steps: Sequence[Step],
    previous: int,
) -> None:
    """Enter in the band what a step reads that does not come along its arrow: the residual path, and other parts.

    previous: the step before the band, whose result flows into it.
    """
    along = {m for m in before[n] if rank_of.get(m) == rank - 1} if rank else before[n] & {previous}
    rest = before[n] - along
    if all_steps[n].result.role is Role.RESIDUAL and rank:
        inside = [rank_of[m] for m in rest if m in rank_of]
        if inside or not rest or previous in rest:
            band.residual.append((min(inside, default=-1), rank))
            return
    if rest and look_of_step(all_steps[n]) not in (Look.GRADIENT, Look.UPDATED):  # these read most of the way forward
        sources = dict.fromkeys(_source(all_steps[m], all_steps[n]) for m in sorted(rest))
        names = [shorten(name, NOTE_LETTERS, placeholder=" …") for name in sources]
        shown = 2 if len(", ".join(names[:2])) <= NOTE_LETTERS else 1
        band.notes.setdefault(rank, "↑ " + ", ".join(names[:shown]) + (" …" if len(names) > shown else ""))


def _source(step: Step, reader: Step) -> str:
    """Return the name of a step for a reader in another part: the part, or the step itself within one."""
    there, here = titles(step.page.scope)[0], titles(reader.page.scope)[0]
    return there if there != here else title_of_step(step)


def _box(step: Step, number: int, rank: int, lane: int, turned: bool) -> Box:
    block, place = step.block, (max(step.block.row - 2, 1), step.block.column)
    title = opened(title_of_step(step).removeprefix("attention · "))
    shape, result = shapes_of_step(step, turned)
    equation = step.scope.equation_as(turned)
    return Box(title, look_of_step(step), block.page, *place, rank, lane, number, shape, result, equation)


def _repeated(parts: Sequence[Part], all_steps: Sequence[Step]) -> list[Band]:
    """Return the bands of parts that repeat an earlier one: a box for each."""
    made: list[Band] = []
    for n, part in enumerate(parts[:MOST_REPEATS]):
        if n % MOST_RANKS == 0:
            made.append(Band("" if n else "and again"))
        step = all_steps[part.numbers[0]]
        title = part.label if n < MOST_REPEATS - 1 or len(parts) == MOST_REPEATS else f"… {len(parts) - n} more"
        box = _box(step, part.numbers[0], n % MOST_RANKS, 0, turned=False)
        box.title, box.look, box.equation, box.shape, box.result = title, Look.SHOWN, "", "", ""
        made[-1].boxes.append(box)
    return made


class DiagramWriter:
    """Writes the diagram on a sheet, from a row and a column on."""

    def __init__(
        self, book: Book, sheet: Sheet, place: tuple[int, int], all_bands: Sequence[Band], room: float
    ) -> None:
        """Prepare the diagram. place: its first row and column. room: the width of all its columns, in letters."""
        self.book, self.sheet, self.bands = book, sheet, all_bands
        self.row, self.column = place
        shapes = (shape for band in all_bands for box in band.boxes for shape in (box.shape, box.result))
        self.arrow = ARROW_LETTER * max((len(shape) for shape in shapes), default=0) + ARROW_ROOM
        self.arrow = max(self.arrow, CUT_WIDTH if book.typed else 0.0)
        self.boxes = _box_widths(all_bands, room - LABEL_WIDTH - (MOST_RANKS + 1) * self.arrow)

    def widths(self) -> dict[int, float]:
        """Return the width of each of its columns, in letters."""
        widths = {self.column: LABEL_WIDTH, self.column + 1 + 2 * MOST_RANKS: self.arrow}
        for rank, box in enumerate(self.boxes):
            widths |= {self.column + 1 + 2 * rank: self.arrow, self._place(rank): box}
        return widths

    def write(self) -> None:
        """Write the bands from top to bottom."""
        row, above = self.row, ""
        for band in self.bands:
            if band.label:
                shown = band.label.removeprefix(f"{above.partition(' · ')[0]} · ")
                for n, line in enumerate(wrap(shown, LABEL_LETTERS, max_lines=band.rows, placeholder=" …")):
                    self.sheet.text(row + n, self.column, line, style.PART_LABEL)
                above = band.label
            self._band(band, row, is_last=band is self.bands[-1])
            row += band.rows

    def _band(self, band: Band, row: int, is_last: bool) -> None:
        lanes = Counter(box.rank for box in band.boxes)
        shapes = {box.rank: box.result for box in reversed(band.boxes)}
        for box in band.boxes:
            name = self.book.sheet_names[box.page]
            at = (row + box.lane, self._place(box.rank))
            target = f"{column_letters(box.column)}{box.row}"
            letters = int((self.boxes[box.rank] - BOX_ROOM) / BOX_LETTER)
            title = box.title if len(box.title) <= letters else f"{box.title[: letters - 2]}…"
            self.sheet.link(*at, title, name, target, style.box(box.look), tip=box.equation)
            if band.chained or box.rank == 0 == box.lane:
                sign = "→" if box.lane == 0 or lanes[box.rank - 1] > box.lane else "↘"
                shape = shapes[box.rank - 1] if box.rank else box.shape
                self.sheet.text(at[0], at[1] - 1, f"{shape} {sign}".strip(), style.ARROW)
        if band.chained:
            for rank, count in lanes.items():
                for lane in range(max(lanes.get(rank + 1, count), 1), count):
                    self.sheet.text(row + lane, self._place(rank) + 1, "↗", style.ARROW | {"align": "left"})
        last = max(band.boxes, key=lambda box: (box.rank, -box.lane))
        if is_last and last.result:
            self.sheet.text(row, self._place(last.rank) + 1, f"→ {last.result}", style.ARROW | {"align": "left"})
        self._below(band, row + band.rows - 1)

    def _below(self, band: Band, row: int) -> None:
        """Write the row below the boxes: the residual path, and what comes from elsewhere."""
        drawn = {self._place(rank): (text, style.PART_NOTE) for rank, text in band.notes.items()}
        for start, end in band.residual:
            first, last = self._place(start) + (1 if start < 0 else 0), self._place(end)
            drawn.setdefault(first, ("↳", style.PATH_START))
            drawn.setdefault(last, ("↑", style.PATH_END))
            for column in range(first + 1, last):
                drawn.setdefault(column, (LINE, style.PATH))
        for column, (text, look) in drawn.items():
            self.sheet.text(row, column, text, look)

    def _place(self, rank: int) -> int:
        return self.column + 2 + 2 * rank


def _box_widths(all_bands: Sequence[Band], room: float) -> list[float]:
    """Return how wide the boxes of each rank are, in letters: as their titles, while there is room for all ranks."""
    widths = [NARROWEST_BOX] * MOST_RANKS
    for box in (box for band in all_bands for box in band.boxes):
        widths[box.rank] = max(widths[box.rank], BOX_LETTER * len(box.title) + BOX_ROOM)
    rest = room
    for n, width in enumerate(sorted(widths)):
        most = rest / (MOST_RANKS - n)
        if width > most:
            return [min(width, most) for width in widths]
        rest -= width
    return [width + rest / MOST_RANKS for width in widths]
