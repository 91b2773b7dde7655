"""The way of the numbers: lines with arrow heads from the tables that a table reads, and to where one is shown again.

A factor beside a product has an arrow along the upper edges of both, and a factor above it one along their left edges:
they meet at the product's corner. What else a table reads in its band comes from below, through the gutter: the empty
rows under the band, where each line has a lane. So does a table that is shown again in the next band. No line runs over
a cell with something in it; where there is no such way, a sign in the table's corner says where to read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil

from byhand.core.graph import Node
from byhand.core.roles import Look
from byhand.workbook import style
from byhand.workbook.about import About
from byhand.workbook.layout import factors, scalar, sides, whole
from byhand.workbook.page import HEADER, Block, Page, chart_pixels, key
from byhand.workbook.rule_lines import end_of_heading
from byhand.xlsx.lines import Line, Point
from byhand.xlsx.writer import Sheet, Span

MOST_TABLES = 1_000
"""A workbook with more tables has signs alone, since tens of thousands of lines make programs slow."""
INTO, OUT, AGAIN = 10, 20, 32
"""The pixels from a column's left edge at which lines lead into a table, out of it, and to where it is shown again."""
IN_CAPTION = 11
"""The pixels below the upper edge of a caption's row at which a line leads to it."""
LANES = ((0, 6), (0, 11), (0, 16), (1, 1), (1, 6), (1, 11))
"""The lanes of a gutter: their row in it, and the pixels below the row's upper edge."""
ROW_PIXELS = 20
SPARE_COLUMNS = 3
"""After a heading, whose letters programs measure a little apart."""
Across = tuple[int, int]
"""See Point.across."""


class Arrows:
    """Draws the arrows of a page whose cells are written.

    letters: the width of the page's columns. under: the rows under bands in which lines run.
    """

    def __init__(self, sheet: Sheet, page: Page, letters: float, about: About) -> None:
        self.sheet, self.page = sheet, page
        self.under: list[Span] = []
        self._lanes: dict[tuple[int, int], list[tuple[Across, Across]]] = defaultdict(list)
        self._written: dict[int, list[Span]] = defaultdict(list)
        for block in page.blocks:
            self._note(block)
        for place in page.headings:
            end = end_of_heading(about, page, place, letters) + SPARE_COLUMNS
            self._written[place.row].append((place.column, end))
        for row, column, chart in sheet.charts:
            columns = ceil(chart.size[0] / chart_pixels(letters))
            for at in range(row, row + ceil(chart.size[1] / ROW_PIXELS)):
                self._written[at].append((column, column + columns))

    def _note(self, block: Block) -> None:
        """Note the columns of a table in its rows, with its labels and its caption."""
        rows, columns = block.shape
        labels = 0 if block.strip and block.turned else 1
        for row in range(block.row, block.row + rows):
            self._written[row].append((block.column - labels, block.column + columns))
        if not block.strip:
            self._written[block.row - 1].append((block.column, block.column + columns))
            for row in (block.row - HEADER, block.row - HEADER + 1):
                self._written[row].append((block.column, block.column + max(columns, block.caption.columns)))

    def _free(self, rows: Iterable[int], columns: range) -> bool:
        """Return whether nothing stands in these cells."""
        return not any(
            any(first < columns.stop and columns.start < end for first, end in self._written.get(row, ()))
            or any(self.sheet.holds(row, column) for column in columns)
            for row in rows
        )

    def draw(self) -> dict[Block, list[Block]]:
        """Draw the arrows; return for each computed table those that it reads and that have an arrow to it."""
        computed = [block for block in self.page.blocks if block.home and not block.node.op.given]
        drawn = {block: list(self._straight(block)) for block in computed}
        if self.page.turned:
            return drawn
        from_below: dict[Block, list[Block]] = defaultdict(list)
        for block in computed:
            for source in factors(block):
                if source not in drawn[block]:
                    from_below[source].append(block)
        for source, readers in from_below.items():
            for block in self._through_gutter(source, readers, LANES, OUT):
                drawn[block].append(source)
        for block in computed:
            later = [source for source in factors(block) if source not in drawn[block] and not source.strip]
            drawn[block] += [source for source in later if self._upward(source, block)]
        for source, copies in self._shown_again().items():
            self._through_gutter(source, copies, LANES[::-1], AGAIN)
        return drawn

    def _shown_again(self) -> dict[Block, list[Block]]:
        """Return for each table, or copy of one, the copies for which it is the nearest one above."""
        again: dict[Block, list[Block]] = defaultdict(list)
        shown: dict[Node, Block] = {}
        for block in sorted(self.page.blocks, key=lambda block: block.row):
            table = whole(block.node)
            if not block.home and not block.strip and table in shown:
                again[shown[table]].append(block)
            shown[table] = block
        return again

    def _straight(self, block: Block) -> Iterator[Block]:
        """Draw the arrows to a table from those beside it and above it; yield those that have one.

        Of tables that touch, such as weights and the bias under them, the one that is nearest has the arrow.
        """
        corner, before = Point(block.column, block.row), block.column - 1
        nearer: list[Block] = []
        for source in sorted(factors(block), key=lambda source: (source.row, source.column), reverse=True):
            rows, columns = source.shape
            end, last = source.row + rows, source.column + columns
            if source.row == block.row and last < block.column:
                start = Point(last, block.row)
                free = self._free([block.row - 1], range(last, block.column))
                free = free and self._free([block.row], range(last, before))
                touches = any(other.row == source.row and other.column == last for other in nearer)
            elif source.column == block.column and end < block.row:
                start = Point(block.column, end)
                free = self._free(range(end, block.row), range(before, block.column))
                touches = any(other.column == source.column and other.row == end for other in nearer)
            else:
                continue
            if free:
                self._line(source, block, (start, corner))
            if free or touches:
                nearer.append(source)
                yield source

    def _through_gutter(
        self, source: Block, readers: Sequence[Block], lanes: Sequence[tuple[int, int]], out: int
    ) -> list[Block]:
        """Draw a line from under a table along the first lane in which it reaches others; return which these are."""
        below = source.row + source.shape[0]
        gutter = max([below, *(reader.row + reader.shape[0] for reader in readers if reader.home)])
        column = source.column + source.shape[1] - 1
        for rows, down in lanes:
            lane = gutter + rows
            if not self._free(range(below, lane + 1), range(column, column + 1)):
                continue
            reached = [reader for reader in readers if self._reaches((column, out), reader, gutter, lane, down)]
            if not reached:
                continue
            turns = [_turn(reader) for reader in reached]
            ends = min([(column, out), *turns]), max([(column, out), *turns])
            self._lanes[lane, down].append(ends)
            if reached[0].home:
                self.under.append((gutter - 1, gutter + 1))
            first = Point(column, below, out)
            self._line(source, reached[0], (first, Point(column, lane, out, down)), head=False)
            self._line(source, reached[0], [Point(at, lane, right, down) for at, right in ends], head=False)
            for reader, (at, right) in zip(reached, turns, strict=True):
                turn = Point(at, lane, right, down)
                if reader.home:
                    self._line(source, reader, (turn, Point(at, gutter, right)))
                else:
                    row = reader.row - HEADER
                    way = (turn, Point(at, row, right, IN_CAPTION), Point(reader.column, row, 0, IN_CAPTION))
                    self._line(source, reader, way)
            return reached
        return []

    def _reaches(self, start: Across, reader: Block, gutter: int, lane: int, down: int) -> bool:
        """Return whether a line that turns into a lane at `start` gets to a table from there."""
        turn = _turn(reader)
        if reader.home:
            rows = range(gutter, lane + 1) if reader.row + reader.shape[0] == gutter else range(0)
        else:
            rows = range(lane, reader.row - HEADER + 1)
        free = bool(rows) and self._free(rows, range(turn[0], turn[0] + 1))
        return free and self._is_open(lane, down, start, turn)

    def _is_open(self, lane: int, down: int, start: Across, end: Across) -> bool:
        """Return whether no other line and no cell is in the way between two places of a lane."""
        first, last = min(start, end), max(start, end)
        crowded = any(first <= stop and begin <= last for begin, stop in self._lanes[lane, down])
        return not crowded and self._free([lane], range(first[0], last[0] + 1))

    def _upward(self, source: Block, reader: Block) -> bool:
        """Draw a line from the caption of a table up to one in the band above that reads it, as gradients do."""
        gutter, caption = reader.row + reader.shape[0], source.row - HEADER
        start, end = (source.column - 1, INTO), _turn(reader)
        for rows, down in LANES:
            lane = gutter + rows
            free = lane < caption and self._free(range(lane, caption + 1), range(start[0], start[0] + 1))
            free = free and self._free(range(gutter, lane + 1), range(end[0], end[0] + 1))
            if free and self._is_open(lane, down, start, end):
                self._lanes[lane, down].append((min(start, end), max(start, end)))
                at_caption = Point(source.column, caption, 0, IN_CAPTION), Point(start[0], caption, INTO, IN_CAPTION)
                turns = Point(start[0], lane, INTO, down), Point(end[0], lane, INTO, down)
                self._line(source, reader, (*at_caption, *turns, Point(end[0], gutter, INTO)))
                return True
        return False

    def _line(self, source: Block, reader: Block, points: Sequence[Point], head: bool = True) -> None:
        """Draw a line, in the colour of the table that it leads to."""
        _, colour, _ = style.LOOKS[style.look_of(reader.node, home=True) if reader.home else Look.SHOWN]
        name = f"{source.caption.name} → {reader.caption.name}" if head else ""
        self.sheet.line(Line(tuple(points), colour, name, dashed=not reader.home, head=head))


def _turn(reader: Block) -> Across:
    """Return where a line leaves its lane for a table: under its first column, or over its labels to its caption."""
    return (reader.column, INTO) if reader.home else (reader.column - 1, INTO)


def draw_arrows(sheet: Sheet, page: Page, letters: float, about: About, tables: int) -> list[Span]:
    """Draw the arrows of a page whose cells are written, and return the rows under its bands in which lines run.

    letters: the width of its columns. tables: how many the whole workbook has. With a guide, a table that reads others
    without an arrow says so by a sign.
    """
    arrows = Arrows(sheet, page, letters, about)
    drawn = arrows.draw() if tables <= MOST_TABLES else {}
    for block in page.blocks if about.guide else []:
        if block.home and not block.strip and not block.node.op.given:
            left, above = (
                [n for n in side if _wants_sign(n, block, drawn.get(block, []))] for side in sides(block.node)
            )
            before, over = (above, left) if block.turned else (left, above)
            sign = ("→" if before else "") + ("↓" if over else "")
            if sign:
                sheet.text(block.row - 1, block.column - 1, sign, style.TABLE_ARROW)
    return arrows.under


def _wants_sign(node: Node, reader: Block, drawn: Sequence[Block]) -> bool:
    """Return whether a sign says that a table reads this one: it has no arrow, and is none of the model's numbers."""
    source = reader.reads.get(key(node))
    return source not in drawn and not (drawn and scalar(node) and (source is None or source.page is not reader.page))
