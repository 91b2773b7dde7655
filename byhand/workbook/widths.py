"""How wide the columns of a page are: as narrow as its numbers and labels allow; and how many make a band."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from byhand.core.graph import INFINITE, Array, Node, Scope
from byhand.core.labels import WordLabels, spelling, word
from byhand.core.number_text import in_cell
from byhand.workbook.decimals import NumberFormats
from byhand.workbook.layout import ENDLESS, LABEL, WIDEST, Room, floating, sides
from byhand.workbook.page import LABEL_LETTER, MARGIN_LETTERS, NARROWEST, Block, columns_on_paper, columns_on_screen
from byhand.xlsx.writer import A3, A4, points

WIDEST_PIECE = 12.0
"""The width of a column of pieces, in letters; longer ones are shown smaller."""
STRIP_ROOM = 1.5
"""The letters of room beside the name of a strip, which is bold."""
FEWEST = 12
"""The fewest columns of a band, however wide they are."""


class Widths:
    """The widths that tables need, in letters of a column. values, formats: of all tables."""

    def __init__(self, values: Mapping[Node, Array], formats: NumberFormats, turned: bool) -> None:
        self.values, self.formats, self.turned = values, formats, turned
        self._numbers: dict[Node, float] = {}
        self._longest: dict[WordLabels, int] = {}

    def of(self, block: Block) -> float:
        """Return the width of the columns in which all of a table can be read."""
        return max(self.numbers(block.node), self.words(block))

    def words(self, block: Block) -> float:
        """Return the width for the words around a table; over a strip of a turned page stands its name."""
        if block.strip:
            return LABEL_LETTER * (len(block.caption.name) + STRIP_ROOM) if block.turned else 0.0
        return self.labels(block.node)

    def labels(self, node: Node) -> float:
        """Return the width for the words that stand beside a table and over it."""
        needed = 0.0
        for axis, dim in enumerate(node.shape):
            if isinstance(dim.labels, WordLabels):
                room = 0.9 if (axis == 0) != self.turned else 1.4
                needed = max(needed, LABEL_LETTER * (self._letters(dim.labels, int(dim)) + room))
        return min(needed, WIDEST_PIECE)

    def _letters(self, of: WordLabels, count: int) -> int:
        if of not in self._longest:
            self._longest[of] = max(len(word(of, i, self.values)) for i in range(count))
        return self._longest[of]

    def numbers(self, node: Node) -> float:
        """Return the width for the numbers of a table, or for its pieces."""
        if node not in self._numbers:
            self._numbers[node] = self._of_numbers(node)
        return self._numbers[node]

    def _of_numbers(self, node: Node) -> float:
        values = self.values[node]
        if (pieces := spelling(node)) is not None:
            longest = max(len(pieces.spell(number, self.values)) for number in values.flat)
            return min(longest + 1.4, WIDEST_PIECE)
        number_format, _ = self.formats.of(node)
        finite = values[values > -INFINITE]
        texts = (in_cell(float(n), number_format) for n in (values.min(), values.max(), finite.min(initial=0.0)))
        return max(len(text) - 0.45 * sum(not letter.isdigit() for letter in text) + 0.9 for text in texts)


class BandWidths(Room):
    """How many columns a band of each page may have, so that it fits the screen, and paper with letters of 10 points.

    gradients: table -> the gradient that has its place on another page. zoom: of the screen; the larger, the fewer.
    """

    def __init__(self, nodes: Iterable[Node], widths: Widths, gradients: Mapping[Node, Node], zoom: float) -> None:
        self.nodes, self.widths, self.gradients, self.zoom = nodes, widths, gradients, zoom

    def along(self, page: Scope, turned: bool) -> int:
        """Return how far a band of a page may run along, in columns (turned: in rows)."""
        if turned:
            return WIDEST[turned]
        room = A4.readable_width / self.zoom - points(MARGIN_LETTERS)
        return max(FEWEST, 1 + int(room / points(self.letters(page))))

    def across(self, page: Scope) -> int:
        """Return how many columns of a page a screen shows, and a page of paper takes."""
        return min(self.screen(page), 1 + columns_on_paper(self.letters(page)))

    def screen(self, page: Scope) -> int:
        """Return how many columns of a page a screen shows."""
        return columns_on_screen(self.zoom * self.letters(page))

    def paper(self, page: Scope) -> int:
        """Return how many columns of a page a page of A4 takes; of A3 where a table alone is wider than A4."""
        letters = self.letters(page)
        sizes = (columns_on_paper(letters, paper) for paper in (A4, A3))
        return next((columns for columns in sizes if LABEL + self._widest.get(page, 0) <= columns), ENDLESS)

    def letters(self, page: Scope) -> float:
        """Return how wide the columns of a page are at least, in letters."""
        return self._letters.get(page, NARROWEST)

    @cached_property
    def _widest(self) -> dict[Scope, int]:
        """The columns of the widest table of pages, with the single columns at its left if a screen shows them all."""
        widest: dict[Scope, int] = defaultdict(int)
        for page, node in self._shown():
            columns = int(node.shape[1])
            left = sides(node)[0] if node.page is page else []
            together = columns + sum(LABEL + 1 for table in left if table.shape[1] == 1 < table.shape[0])
            widest[page] = max(widest[page], together if LABEL + together <= self.screen(page) else columns)
        return widest

    @cached_property
    def _letters(self) -> dict[Scope, float]:
        """The widths of the columns of pages."""
        letters: dict[Scope, float] = defaultdict(lambda: NARROWEST)
        for page, node in self._shown():
            letters[page] = max(letters[page], self.widths.numbers(node), self.widths.labels(node))
        return letters

    def _shown(self) -> Iterator[tuple[Scope, Node]]:
        """Yield each page with each table that it shows."""
        for node in self.nodes:
            if node.name and node.page is not None and not floating(node):
                left, above = sides(node)
                gradient = [self.gradients[node]] if node in self.gradients else []
                for shown in (node, *left, *above, *gradient):
                    if not shown.role.traits.shared and shown in self.widths.values:  # ε is at home
                        yield node.page, shown
