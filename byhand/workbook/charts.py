"""What is drawn on a sheet beside its tables: words as points, positions as waves, probabilities as bars, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from math import ceil

from byhand.core import ops
from byhand.core.captions import symbol
from byhand.core.graph import Node
from byhand.core.labels import Labels, WordLabels
from byhand.core.roles import Role
from byhand.workbook import style
from byhand.workbook.book import Book
from byhand.workbook.layout import TOP
from byhand.workbook.page import HEADER, Block, Page, chart_pixels, columns_on_paper, columns_on_screen, pixels
from byhand.workbook.rule_lines import end_of_heading
from byhand.xlsx.charts import INK, Chart, Kind, Place, Series
from byhand.xlsx.writer import Sheet, Span

MOST_WORDS, MOST_ROWS = 24, 4
"""The most words that are points or bars, and the most rows of bars side by side."""
FEWEST_PLACES, MOST_WAVES = 3, 8
"""The fewest positions that make a wave, and the most waves."""
ROW_PIXELS = 20
ABOVE, BELOW = 24, 12
"""How many rows above and below the first row of its table a chart may begin."""
DASHES = ("solid", "dash", "round_dot", "long_dash")
"""Of the lines of a chart, which are told apart in black and white."""
BLUE = "#2468A8"
COLOURS = (INK, BLUE, "#C7761B", "#237A45", "#7A4FB5", "#C0392B", "#6B7785", "#B98900")
SHADES = ("#BFE3CB", "#93CFA7", "#5DAF7B", "#237A45")
"""Of the bars of positions, from the first one to the last."""

SCALES = ((0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 1.0), (0.0, 1.0), (1.0,))
"""The shares whose colours are shown under attention weights, as many as there is room for."""
SCALE = style.text(11, style.INK, align="center", num_format="0%")
SCALE_LABEL = style.text(11, style.GREY, align="right")

Drawn = tuple[tuple[Block, Chart], ...]
"""A table and its chart, or nothing."""
Rectangle = tuple[int, int, int, int]
"""The first row and column, and those after the last."""


def write_charts(book: Book, sheet: Sheet, page: Page, width: float) -> tuple[list[Span], int]:
    """Draw the charts of a page whose columns have a width, in letters; return their rows, and the last column's end.

    Each stands where there is room near its table, on the screen; where there is none, under all tables.
    """
    if book.about.guide:
        _write_bars(book, sheet, page)
    taken = list(_taken(book, page, width))
    spans, widest = _write_scale(book, sheet, page), 0
    for block, chart in _charts(book, page):
        rows, columns = ceil(chart.size[1] / ROW_PIXELS) + 1, ceil(chart.size[0] / pixels(width)) + 1
        row, column = _place(block, rows, columns, taken, columns_on_screen(width), columns_on_paper(width))
        size = ((columns - 1) * chart_pixels(width), (rows - 1) * ROW_PIXELS)
        sheet.chart(row, column, replace(chart, size=size))
        taken.append((row, column, row + rows, column + columns))
        spans.append((row, row + rows))
        widest = max(widest, column + columns)
    return spans, widest


def _write_bars(book: Book, sheet: Sheet, page: Page) -> None:
    """Show each probability as a bar behind its number."""
    for block in page.blocks:
        if block.home and _has_shares(book, block.node):
            rows, columns = block.shape
            sheet.bars(
                (block.row, block.column, block.row + rows - 1, block.column + columns - 1), style.BAR, only=False
            )


def _write_scale(book: Book, sheet: Sheet, page: Page) -> list[Span]:
    """Write under the first attention weights of a page how dark which share is; return its row."""
    block = next((block for block in page.blocks if block.home and block.node.role is Role.ATTENTION), None)
    if block is None or not book.about.guide:
        return []
    room = max(block.shape[1], block.caption.columns)
    row = block.row + block.shape[0] + (0 if page.turned else 1)
    shares = next(shares for shares in SCALES if len(shares) <= room)
    for n, share in enumerate(shares):
        sheet.number(row, block.column + n, share, SCALE)
    sheet.text(row, block.column - 1, "colours", SCALE_LABEL)
    sheet.heat((row, block.column, row, block.column + len(shares) - 1), style.HEAT)
    return [(row - 1, row + 1)]


def _taken(book: Book, page: Page, width: float) -> Iterator[Rectangle]:
    """Yield what the tables and the headings of a page cover, and a row and a column around them."""
    for block in page.blocks:
        rows, columns = block.shape
        columns = max(columns, 0 if block.strip else block.caption.columns)
        yield block.row - HEADER - 1, block.column - 1, block.row + rows + 2, block.column + columns + 1
    for place in page.headings:
        yield place.row - 1, place.column, place.row + 1, end_of_heading(book.about, page, place, width) + 1


def _place(block: Block, rows: int, columns: int, taken: Sequence[Rectangle], screen: int, paper: int) -> Place:
    """Return the free place for a chart that is nearest to the upper right corner of its table.

    screen, paper: how many columns these show.
    """
    top, right = block.row - HEADER, block.column + block.shape[1] + 1
    places = [
        (abs(row - top) + 2 * abs(column - right), row, column)
        for row in range(max(TOP, top - ABOVE), top + BELOW)
        for column in range(1, screen - columns + 1)
        if (column - 1) // paper == (column + columns - 2) // paper
    ]
    under = max(rectangle[2] for rectangle in taken) + 1
    for _, row, column in sorted(places):
        end, last = row + rows, column + columns
        if not any(row < d and a < end and column < r and c < last for a, c, d, r in taken):
            return row, column
    return under, 1


def _charts(book: Book, page: Page) -> Iterator[tuple[Block, Chart]]:
    """Yield the charts of a page, each with the table by which it stands."""
    homes = [block for block in page.blocks if block.home and block.node not in book.repeated]
    for block in homes:
        if block.node in book.graph.curves:
            yield block, _curves(book, block)
    if not book.about.guide or not book.in_model(page.scope):
        return
    for kind in (_words, _waves, _bars):
        yield from next(filter(None, (kind(book, block) for block in homes)), ())


def _line(block: Block, axis: int, i: int, first: int = 0) -> tuple[Place, Place]:
    """Return the first and the last cell of a row (axis 0) or a column (axis 1) of a table, from `first` on."""
    last = block.node.shape[1 - axis] - 1
    if axis == 0:
        return block.at(i, first), block.at(i, last)
    return block.at(first, i), block.at(last, i)


def _labels(book: Book, block: Block, axis: int) -> tuple[Place, Place] | None:
    """Return the first and the last cell of the labels of the rows (axis 0) or columns; None if there are none."""
    of = block.node.shape[axis]
    if of == 1 and not isinstance(of.labels, WordLabels):
        return None
    return book.label_cell(block, axis, 0), book.label_cell(block, axis, int(of) - 1)


def _name(book: Book, block: Block, axis: int, i: int) -> str | Place:
    """Return the cell with the label of a row (axis 0) or column; the table's name if it has none."""
    return book.label_cell(block, axis, i) if _labels(book, block, axis) else symbol(block.node)


def _curves(book: Book, block: Block) -> Chart:
    """Return the chart of a table that the model names: a column over its row labels, or rows over their columns'."""
    axis = 1 if block.node.shape[1] == 1 else 0
    series = [
        Series(_name(book, block, axis, n), _labels(book, block, 1 - axis), _line(block, axis, n), INK, dash, "circle")
        for n, dash in zip(range(block.node.shape[axis]), cycle(DASHES), strict=False)
    ]
    legend = "right" if len(series) > 1 else "none"
    return Chart(Kind.LINES, symbol(block.node), series, legend=legend, size=(560, 280), format="0.0", least=0)


def _words(book: Book, block: Block) -> Drawn:
    """Return the words of a vocabulary as points, where the rows of a prompt are looked up, and the prompt's ringed.

    Of a large vocabulary, or one that lives on another page, only the prompt's words are points. Rows that are given,
    such as a 1 for each word, are no places to compare.
    """
    node = block.node
    own = (node, *(n for n in node.args if not n.name))
    looked_up = next((n for n in own if n.op is ops.lookup), None)
    table = book.homes.get(looked_up.args[0]) if looked_up else None
    if table is None or table.node.role is not Role.WEIGHT or node.shape[1] < 2:
        return ()
    if not isinstance(table.node.shape[0].labels, Labels):
        return ()
    whole = table.page is block.page and table.node.shape[0] <= MOST_WORDS
    drawn = table if whole else block
    if drawn.node.shape[0] > MOST_WORDS:
        return ()
    points = []
    for i in range(drawn.node.shape[0]):
        (x, y), name = (drawn.at(i, 0), drawn.at(i, 1)), _name(book, drawn, 0, i)
        points.append(Series(name, (x, x), (y, y), BLUE, marker="circle", labelled=True))
    of, line = symbol(drawn.node), "row" if block.turned else "column"
    title = f"Each word of {of} as a point"
    if whole and node is looked_up:
        title += ", those of the prompt ringed"
        points.append(
            Series("prompt", _line(block, 1, 0), _line(block, 1, 1), style.RED, marker="circle", filled=False)
        )
    return ((drawn, Chart(Kind.POINTS, title, points, f"{line} 1 of {of}", f"{line} 2 of {of}")),)


def _waves(book: Book, block: Block) -> Drawn:
    """Return the columns of a table of sines and cosines as waves over the positions."""
    node = block.node
    if node.shape[0] < FEWEST_PLACES or not _turns(node):
        return ()
    series = [
        Series(_name(book, block, 1, j), _labels(book, block, 0), _line(block, 1, j), colour, dash)
        for j, colour, dash in zip(range(min(node.shape[1], MOST_WAVES)), cycle(COLOURS), cycle(DASHES), strict=False)
    ]
    line = "row" if block.turned else "column"
    title = f"{symbol(node)}: each {line} is a wave over the places"
    return ((block, Chart(Kind.LINES, title, series, legend="right", least=-1, most=1)),)


def _turns(node: Node) -> bool:
    """Return whether a table consists of sines and cosines."""
    return node.op in (ops.sin, ops.cos) or any(_turns(a) for a in node.args if not a.name)


def _has_shares(book: Book, node: Node) -> bool:
    """Return whether the rows of a table are probabilities, other than attention weights, which have a colour."""
    if node is book.graph.probabilities or node.role is Role.SOFTMAX:
        return True
    return node.op is ops.div and node.args[1].role is Role.TOTAL and node.role is not Role.ATTENTION


def _bars(book: Book, block: Block) -> Drawn:
    """Return the probabilities of a table's rows as bars; of many rows, those of the last."""
    node = block.node
    rows, columns = node.shape
    if not _has_shares(book, node) or not 1 < columns <= MOST_WORDS:
        return ()
    shown = range(rows) if rows <= MOST_ROWS else range(rows - 1, rows)
    series = [
        Series(_name(book, block, 0, i), _labels(book, block, 1), _line(block, 0, i), shade)
        for i, shade in zip(shown, SHADES[-len(shown) :], strict=True)
    ]
    title = f"{symbol(node)}: the numbers of each {'column' if block.turned else 'row'} add up to 1"
    legend = "right" if rows > 1 else "none"
    return ((block, Chart(Kind.BARS, title, series, legend=legend, least=0, most=1)),)
