"""The sheets of a live workbook: every named table in its place, every cell with its formula and its result."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import ceil

from byhand.core.arithmetic.excel import EXCEL, RANGES, Address, Excel, Formula, column_letters, look_up, quoted
from byhand.core.captions import defined_name, equation, opened, symbol, title, titles
from byhand.core.graph import Array, Node, Scope, fold, toposort
from byhand.core.labels import NO_WORD, Labels, Pieces, Tokens, Typed, WordLabels, spelling, word
from byhand.core.roles import Look, Role
from byhand.core.table import Table, read
from byhand.errors import TooLarge
from byhand.glossary import meaning
from byhand.language.architecture import Graph
from byhand.layers.training import Training
from byhand.lessons.equal_numbers import reasons, sentence
from byhand.translations import _
from byhand.workbook import style
from byhand.workbook.about import About
from byhand.workbook.arrows import draw_arrows
from byhand.workbook.backward_layout import place_gradients, repeat_steps
from byhand.workbook.course import course_order, question
from byhand.workbook.decimals import NumberFormats
from byhand.workbook.layout import TOP, WORDING, Layout, Room, Wording, all_views, heading, infinite, is_fed_from_above
from byhand.workbook.links import LINK_LETTER, write_links
from byhand.workbook.page import (
    MARGIN_LETTERS,
    NARROWEST,
    Block,
    Caption,
    Page,
    columns_on_paper,
    key,
    width_of,
)
from byhand.workbook.rule_lines import columns_of, width_with_words, words_of, words_of_step, write_rule
from byhand.workbook.sheet_names import can_be_read, sheet_names_of
from byhand.workbook.style import look_of
from byhand.workbook.unknown_words import alike_words, unknown_id
from byhand.workbook.widths import BandWidths, Widths
from byhand.xlsx.sheet_xml import FormulaRow, FormulaRows, Range
from byhand.xlsx.writer import BookFile, Content, Sheet, Span, Style, cut, edges

ROWS, COLUMNS = 1_048_576, 16_384
LONGEST_FORMULA = 8_192
MOST_CELLS = 2_000_000
LINE = 16.0
"""The points of a line of the sentence under a title."""
PROJECTED = 160
"""The zoom of sheets for a projector, in per cent."""
NO_EDGES: frozenset[str] = frozenset()
Cell = tuple[Page, int, int]
Around = Callable[[float], tuple[list[Span], int]]
"""Writes around the tables of a page, whose columns have a width in letters: returns the rows, and the last column."""


def nothing_around(width: float) -> tuple[list[Span], int]:
    return [], 0


class Book:
    """The plan of a workbook before it is written: pages, the place of each table and word, and the numbers.

    turned: tokens are columns. homes: each table's block. sentences: where the home page says that a prompt has an
    unknown word. words: the cells in which each word is typed or looked up.
    front, back: pages before and after those of the model, which others write. apart: a scope whose tables do not
    belong to the model that the home page shows, such as those of its training.
    """

    def __init__(
        self,
        graph: Graph,
        about: About,
        turned: bool = False,
        home: str = "Contents",
        wording: Wording = WORDING,
        front: Sequence[Page] = (),
        apart: Scope | None = None,
    ) -> None:
        self.graph, self.about, self.turned, self.wording = graph, about, turned, wording
        self.front, self.apart = front, apart
        self.nodes = toposort(graph.outputs)
        self._check_size()
        self.values = fold(graph.outputs, graph.given)
        gradients = graph.training.backward.gradients if graph.training else {}
        self.formats = NumberFormats(self.nodes, self.values, infinite(self.nodes), gradients)
        self.widths = Widths(self.values, self.formats, turned)
        self.home = Page(Scope("", title=home, page=True), turned=False)
        self.constants = [self._constant(n) for n in self.nodes if n.role.traits.shared]
        self.typed = {typed: self._constant(counts) if counts else None for typed, counts in self.graph.typed}
        self.letters: dict[Pieces, Cell] = {}
        self._addressed: list[Block] = []
        self.sentences: dict[Tokens, Cell] = {}
        layout = self._layout()
        pages = list(layout.pages.values())
        self.homes, self.pages = layout.homes, course_order(pages) if about.course else pages
        self.back = [Page(Scope("", title="Glossary", page=True), turned=False)] if about.guide and about.words else []
        self.sheet_names = sheet_names_of([self.home, *front, *self.pages, *self.back])
        self.words: dict[WordLabels, list[Cell]] = {}
        for page in self.pages:
            self._check_place(page)
            for block in page.blocks:
                self._place_words(block)

    def _layout(self) -> Layout:
        """Place the forward pass, then the gradients, then later training steps, then the updates of the weights."""
        homes = {b.node: b for b in (*self.constants, *self.typed.values()) if b}
        if self.graph.training is None:
            layout = Layout(self.turned, homes, wording=self.wording, room=self._room({}))
            layout.place(self.nodes)
            return layout
        training = self.graph.training
        gradients = training.backward.gradients
        shares = training.backward.shares
        layout = Layout(self.turned, homes, gradients, self.wording, self._room(gradients), shares)
        layout.place(n for n in self.nodes if n not in training.later)
        place_gradients(layout, training.backward)
        repeat_steps(layout, training.copies)
        layout.place(n for n in self.nodes if n in training.updates)
        return layout

    def _room(self, gradients: Mapping[Node, Node]) -> Room:
        """Return the room of bands. That of exercises does not depend on numbers, which differ for each student."""
        zoom = PROJECTED / 100 if self.about.projector else 1.0
        return BandWidths(self.nodes, self.widths, gradients, zoom) if self.about.guide else Room()

    def _constant(self, node: Node) -> Block:
        return Block(node, self.home, 0, 0, True, Caption(node.symbol, "", ""))

    def _check_size(self) -> None:
        cells = sum(n.shape[0] * n.shape[1] for n in self.nodes if n.name)
        if cells > MOST_CELLS:
            fewer = "fewer --train-steps" if self.repeated else self.about.smaller
            raise TooLarge(
                f"This model would need {cells:,} cells, more than a spreadsheet program can bear ({MOST_CELLS:,}): "
                f"choose {fewer}, or print it with `byhand run`."
            )
        for n in self.nodes:
            widest = max(n.shape)
            if n.name and widest > COLUMNS - 10:
                raise TooLarge(
                    f"Table {n.name} is {widest:,} wide, but a sheet has {COLUMNS:,} columns: "
                    f"choose {self.about.smaller}, or print it with `byhand run`."
                )

    def _check_place(self, page: Page) -> None:
        for block in page.blocks:
            rows, columns = block.shape
            if block.row + rows > ROWS or block.column + columns > COLUMNS:
                raise TooLarge(
                    f"Table {block.node.label} does not fit on a sheet ({ROWS:,} rows, {COLUMNS:,} columns): "
                    "choose smaller sizes or fewer tokens."
                )

    def _place_words(self, block: Block) -> None:
        """Note where words stand: a vocabulary's at the first table with them, generated words beside their ids."""
        for axis in () if block.strip else (0, 1):  # a strip shows no words
            of = block.node.shape[axis].labels
            if isinstance(of, Labels | Pieces) or (
                isinstance(of, Tokens) and of.ids is block.node and of.ids.data is None
            ):
                self.words.setdefault(
                    of, [(block.page, *self.label_cell(block, axis, i)) for i in range(block.node.shape[axis])]
                )

    def label_cell(self, block: Block, axis: int, i: int) -> tuple[int, int]:
        """Return the cell with the label of a row (axis 0) or column (axis 1) of the node."""
        down = (axis == 0) != block.turned
        return (block.row + i, block.column - 1) if down else (block.row - 1, block.column + i)

    @property
    def repeated(self) -> set[Node]:
        """The tables of later training steps that repeat one of the first."""
        return self.graph.training.repeated if self.graph.training else set()

    def in_model(self, place: Scope) -> bool:
        """Return whether a scope belongs to the model that the home page shows."""
        return self.apart is None or self.apart not in place.outward

    @property
    def training(self) -> Training | None:
        """The training of the model that the home page shows."""
        return self.graph.training if self.apart is None else None

    def twin(self, page: Page) -> Page | None:
        """Return the backward page of a forward page, or the other way round; None if there is none."""
        return self._twins.get(page)

    @cached_property
    def _twins(self) -> dict[Page, Page]:
        scopes = {p.scope: p for p in self.pages}
        twins = {p: scopes[p.scope.backward] for p in self.pages if p.scope.backward in scopes}
        return {backward: forward for forward, backward in reversed(twins.items())} | twins

    @property
    def prompts(self) -> list[Tokens]:
        """The prompts that a reader can type, in the model's order."""
        given = [n for n in self.nodes if n.role is Role.TOKENS and n.data is not None and self.in_model(n.scope)]
        return [n.shape[0].labels for n in given if isinstance(n.shape[0].labels, Tokens)]

    def text_of(self, of: WordLabels, i: int) -> str:
        return word(of, i, self.values)

    def spelled(self, pieces: Pieces | Typed, number: str) -> str:
        """Return the formula for the text of the piece with a number; empty for 0."""
        return f'IF({number}=0,"",{self.piece(pieces, number)})'

    def piece(self, pieces: Pieces | Typed, number: str) -> str:
        """Return the formula for the text of the piece with a number from 1."""
        return self.nth(self.words[pieces], number)

    def nth(self, cells: list[Cell], place: str) -> str:
        """Return the formula for the cell of a line at a place from 1. (Gnumeric's INDEX needs both in a row.)"""
        if len(cells) == 1:
            return self.reference(cells).partition(":")[0]
        is_row = cells[0][1] == cells[-1][1]
        return f"INDEX({self.reference(cells)},{'1,' if is_row else ''}{place})"

    def note_of(self, block: Block) -> str:
        """Return the note of a table's home: what it is for, its name, its line of code, and the command for it."""
        node, line = block.node, self.about.code(block.node)
        words = [meaning(node, symbol(node))] if self.about.words else []
        code = [f"Code: {line}"] if line else []
        return "\n".join([*words, node.name, *code, f"Worked: {self.about.explain} --step {node.name}"])

    def address(self, cell: Cell, reader: Page) -> Address:
        page, row, column = cell
        return Address(row, column, "" if page is reader else self.sheet_names[page])

    def addresses(self, block: Block, reader: Page) -> Table:
        """Return the addresses of a block's cells, as formulas on the reader's page write them."""
        if block.page is self.home and block.node.shape == (1, 1):
            return Table(block.node.shape, lambda i, j: Formula(defined_name(block.node)))
        if block.page is not reader:
            sheet = self.sheet_names[block.page]
            return Table(block.node.shape, lambda i, j: Address(*block.at(i, j), sheet))
        grid = block.addresses
        self._addressed.append(block)
        return Table(block.node.shape, lambda i, j: grid[i][j])

    def forget_addresses(self) -> None:
        """Let go of the addresses that a page has read, of which a large model has millions."""
        for block in self._addressed:
            vars(block).pop("addresses", None)
        self._addressed.clear()

    def links(self, block: Block, reader: Page) -> Table:
        """Return the addresses of the cells that a copy, or a view of other tables, repeats."""
        if block.node.name and not block.home:
            return self.addresses(self.homes[block.node], reader)
        return read(block.node, EXCEL, lambda n: self.addresses(self.homes[n], reader) if n in self.homes else None)

    def result(self, node: Node) -> list[list[Cell]]:
        """Return the cells in which a table is computed, row by row of the node."""
        block = self.homes[node]
        rows, columns = node.shape
        return [[(block.page, *block.at(i, j)) for j in range(columns)] for i in range(rows)]

    def reference(self, cells: list[Cell]) -> str:
        """Return the reference to a line of cells from other sheets and defined names."""
        (page, row, column), (_, last_row, last_column) = cells[0], cells[-1]
        return f"{quoted(self.sheet_names[page])}!{absolute(row, column)}:{absolute(last_row, last_column)}"


class PageWriter:
    """Writes one page: title, captions, labels and cells. narrowest: the least width of a column, in letters."""

    narrowest = NARROWEST

    def __init__(self, book: Book, file: BookFile, sheet: Sheet, page: Page) -> None:
        self.book, self.file, self.sheet, self.page = book, file, sheet, page
        self.width = max(self.narrowest, *map(self.letters_of, page.blocks))
        self.title_columns = 0
        self.heights: dict[int, float] = {}

    def letters_of(self, block: Block) -> float:
        """Return the width that a table needs."""
        return self.book.widths.of(block)

    def write(self, around: Around = nothing_around) -> None:
        """Write the page. around: writes what stands around its tables, with columns of a width."""
        self._write_title()
        for place in self.page.headings:
            parts = [(opened(title(place.scope)), style.STEP)]
            if place.scope.source:
                parts.append((f"  {place.scope.source}", style.STEP_SOURCE))
            parts += words_of_step(self.book.about, self.page, place, self.width)
            self.sheet.rich(place.row, place.column, parts, style.BESIDE_ARROW if self.page.turned else None)
        for block in self.page.blocks:
            self._captions(block)
            self._labels(block)
            self._cells(block)
        self.sheet.columns(0, 0, MARGIN_LETTERS)
        last = max(b.column + b.shape[1] for b in self.page.blocks)
        spans, end = around(self.width)
        spans += draw_arrows(self.sheet, self.page, self.width, self.book.about, len(self.book.homes))
        self.sheet.columns(1, max(last + 4, end), self.width)
        across = list(self.page.spans_across(self.width))
        headings = ((place.column, width_of(heading(place.scope))) for place in self.page.headings)
        ends = [column + ceil(columns * NARROWEST / self.width) for column, columns in headings]
        count = max(self.title_columns, end, *ends, *(stop for _, stop in across))
        count = width_with_words(self.book.about, self.page, count, self.width)
        columns = edges([MARGIN_LETTERS, *[self.width] * (count - 1)])
        printed = Content([*self.page.spans(), *spans], columns, across, self.heights)
        self.sheet.page(TOP - 1, self.book.about.title, cut(printed))
        if self.book.about.projector:
            self.sheet.zoom(PROJECTED)

    def _write_title(self) -> None:
        scope = self.page.scope
        self.sheet.text(0, 1, title_of(scope), style.TITLE)
        self.sheet.height(0, 27)
        subtitle = "     ".join(filter(None, (equation(scope, self.book.turned), scope.source)))
        asked = [(f"   {self.question}", style.QUESTION)] if self.book.about.course else []
        why = self._reasons()
        parts = [(subtitle or self.book.about.title, style.SUBTITLE), *asked, *words_of(self.book.about, scope), *why]
        self._write_subtitle(parts)
        column = write_links(self.book.sheet_names, self.sheet, self.page, self.width)
        twin = self.book.twin(self.page)
        if twin:
            name = self.book.sheet_names[twin]
            text = _("the same places: {name}").format(name=name)
            column = max(ceil(12 * NARROWEST / self.width), column)
            self.sheet.link(2, column, text, name, "A1", style.LINK)
            self.title_columns = max(self.title_columns, column + ceil(LINK_LETTER * len(text) / self.width))
        here = [cell for of, cell in self.book.sentences.items() if self.book.homes[of.ids].page is self.page]
        if here:
            joined = ",".join(str(self.book.address(cell, self.page)) for cell in here)
            self.sheet.formula(3, 1, f"CONCATENATE({joined})", "", style.text(11, style.RED))

    def _write_subtitle(self, parts: list[tuple[str, Style]]) -> None:
        """Write what is said under the title, in lines if it is longer than a page of paper is wide."""
        columns, most = columns_of(parts, self.width), columns_on_paper(self.width)
        lines = ceil(columns / most)
        self.title_columns = 1 + min(columns, most)
        self.sheet.rich(1, 1, parts, style.IN_LINES if lines > 1 else None)
        if lines > 1:
            self.sheet.join((1, 1, 1, most), style.IN_LINES)
            self.heights[1] = lines * LINE
            self.sheet.height(1, lines * LINE)

    @property
    def question(self) -> str:
        """The question that the page answers in a course."""
        return question(self.page, self.book.pages[: self.book.pages.index(self.page)])

    def _reasons(self) -> list[tuple[str, Style]]:
        """Return the sentence that says why tables of the page hold equal numbers, if any do."""
        here = {block.node: self.book.values[block.node] for block in self.page.blocks if block.home}
        said = sentence(reasons(self.book.about.model, here)) if self.book.about.model else ""
        return [(f"     {said}", style.NOTE)] if said else []

    def _captions(self, block: Block) -> None:
        _, colour, _ = style.LOOKS[look_of(block.node, block.home)]
        caption = block.caption
        if block.strip:
            place = (block.row - 1, block.column) if block.turned else (block.row, block.column - 1)
            align = "center" if block.turned else "right"
            self.sheet.text(*place, caption.name, style.text(11, colour, bold=block.home, align=align))
            self._note(block, place)
            return
        name = [(caption.name, style.text(11, colour, bold=True))]
        shape = [(f"  {caption.shape}", style.NOTE)] if caption.shape else []
        indent = style.BESIDE_ARROW if is_fed_from_above(block) else None
        self.sheet.rich(block.row - 3, block.column, name + shape, indent)
        write_rule(self.book.about, self.book.homes, self.book.sheet_names, self.sheet, block)
        self._note(block, (block.row - 3, block.column))

    def _note(self, block: Block, place: tuple[int, int]) -> None:
        """Add a note to the caption of a table's home, with the command that works it out."""
        if block.home and self.book.about.explain:
            self.sheet.note(*place, self.book.note_of(block))

    def _labels(self, block: Block) -> None:
        if block.strip:
            return
        for axis in (0, 1):
            down = (axis == 0) != block.turned
            cell_style = style.ROW_LABEL if down else style.COLUMN_LABEL
            of, length = block.node.shape[axis].labels, block.node.shape[axis]
            if isinstance(of, WordLabels):
                self._word_labels(block, axis, of, cell_style)
            elif length > 1:
                texts = [f"{block.labels[axis]}{i + 1}" for i in range(length)]
                self.sheet.texts(self._labels_place(block, axis), texts, cell_style)

    def _labels_place(self, block: Block, axis: int) -> Range:
        first, last = (self.book.label_cell(block, axis, i) for i in (0, block.node.shape[axis] - 1))
        return *first, *last

    def _word_labels(self, block: Block, axis: int, of: WordLabels, cell_style: Style) -> None:
        place, length = self._labels_place(block, axis), block.node.shape[axis]
        if self.book.words[of][0] == (self.page, *place[:2]):
            for i in range(length):
                self._word(self.book.label_cell(block, axis, i), block, of, i, cell_style)
        else:
            down = (axis == 0) != block.turned
            self.sheet.formulas(place, self._words(of, length, down), cell_style)

    def _words(self, of: WordLabels, length: int, down: bool) -> FormulaRows:
        """Return links to the cells in which words are typed or looked up."""

        def links(places: range) -> FormulaRow:
            cells = [self.book.words[of][i] for i in places]
            return [self.book.address(cell, self.page) for cell in cells], [self.book.text_of(of, i) for i in places]

        return lambda: lambda row: links(range(row, row + 1) if down else range(length))

    def _word(self, place: tuple[int, int], block: Block, of: WordLabels, i: int, cell_style: Style) -> None:
        """Write a word where it is typed, or looked up."""
        text = self.book.text_of(of, i)
        if isinstance(of, Labels) or (isinstance(of, Pieces) and i < len(of.letters)):
            self.sheet.text(*place, text, cell_style)
        elif isinstance(of, Pieces):
            self.sheet.formula(*place, self._joined(of, i - len(of.letters)), text, cell_style)
        else:
            assert isinstance(of, Tokens)
            words = self._vocabulary(of.vocabulary)
            self.sheet.formula(*place, EXCEL.pick(words, Address(*block.at(i, 0))), text, cell_style)

    def _joined(self, pieces: Pieces, n: int) -> str:
        """Return the formula for the text of the piece that a merge (from 0) makes; empty where it joins nothing."""
        left, right = (self.book.addresses(self.book.homes[side], self.page)[0, 0] for side in pieces.merges[n])
        end = self.book.piece(pieces, right)
        if pieces.inside:
            end = f"MID({end},{len(pieces.inside) + 1},LEN({end}))"
        formula = f'IF({left}=0,"",CONCATENATE({self.book.piece(pieces, left)},{end}))'
        return formula.replace(f"{quoted(self.book.sheet_names[self.page])}!", "")

    def _vocabulary(self, vocabulary: Labels) -> tuple[Address, ...]:
        return tuple(self.book.address(cell, self.page) for cell in self.book.words[vocabulary])

    def _cells(self, block: Block) -> None:
        node, values = block.node, self.book.values[block.node]
        look = look_of(node, block.home)
        number_format, whole = self.book.formats.of(node)
        if spelling(node) is not None:
            number_format, whole = "General", False
        rows, columns = node.shape
        place = (block.row, block.column, block.row + block.shape[0] - 1, block.column + block.shape[1] - 1)
        if node.data is not None and block.home and node.role is not Role.TOKENS and not _is_typed(node):
            styles = (
                style.framed(number_format, block.shape) if look is Look.WEIGHT else style.cell(look, number_format)
            )
            self.sheet.numbers(place, self._numbers(block, values), styles)
        else:
            self.sheet.formulas(place, self._formulas(block, values), style.cell(look, number_format, NO_EDGES))
        if look is Look.ATTENTION:
            self.sheet.heat(place, style.HEAT)
        is_picture = node.role is Role.INPUT and node.symbol in style.PICTURES
        if is_picture or (node.role.traits.shaded and not node.op.given and rows * columns > 1):
            self.sheet.heat_by_count(place, style.INK_OF_PICTURES if is_picture else style.COUNT_HEAT)
        if whole and look is not Look.ATTENTION:
            first = Address(place[0], place[1])
            self.sheet.format_where(place, f"=ABS({first}-ROUND({first},0))>0.000000001", {"num_format": "0.00"})

    def _numbers(self, block: Block, values: Array) -> Callable[[int], list[float]]:
        """Return the function of a row of the block, as shown, to its numbers."""
        shown = values.T if block.turned else values
        return lambda row: (shown[row] + 0.0).tolist()

    def _formulas(self, block: Block, values: Array) -> FormulaRows:
        """Return what makes the rows of a computed table, as shown: formulas and results."""
        node = block.node
        shown = values.T if block.turned else values
        pieces = spelling(node)

        def start() -> Callable[[int], FormulaRow]:
            rule = self._rule(block)
            cells = range(block.shape[1])

            def of_row(row: int) -> FormulaRow:
                formulas = [rule(i, row) for i in cells] if block.turned else [rule(row, j) for j in cells]
                longest = max(map(len, formulas))
                if longest > LONGEST_FORMULA:
                    raise TooLarge(
                        f"A formula of {node.label} would have {longest:,} characters, more than the "
                        f"{LONGEST_FORMULA:,} that a cell takes: choose smaller sizes."
                    )
                results = (shown[row] + 0.0).tolist()
                if pieces is not None:
                    return formulas, [pieces.spell(number, self.book.values) for number in results]
                return formulas, results

            return of_row

        return start

    def _rule(self, block: Block) -> Callable[[int, int], str]:
        """Return the function that makes the formula of the node's cell (i, j)."""
        node = block.node
        if (pieces := spelling(node)) is not None:
            numbers = self.book.links(block, self.page)
            if block.home or not node.name:
                return lambda i, j: self.book.spelled(pieces, numbers[i, j])
            return lambda i, j: numbers[i, j]
        if not block.home or all_views(node):
            links = self.book.links(block, self.page)
            return lambda i, j: links[i, j]
        if node.role is Role.TOKENS and node.data is not None:
            return self._id_rule(block)
        if _is_typed(node):
            return self._letter_rule(block)
        table = read_block(self.book, block)
        corners = itertools.product({0, node.shape[0] - 1}, {0, node.shape[1] - 1})
        if not all(can_be_read(table[corner]) for corner in corners):
            table = read_block(self.book, block, RANGES)
        return lambda i, j: table[i, j]

    def _id_rule(self, block: Block) -> Callable[[int, int], str]:
        """Return the function that makes the formula of an id: the number of the word beside it.

        An unknown word counts as the unknown piece, or else as the first word, and the home page says so: so one typing
        error does not turn every number that follows into an error. MATCH takes capitals and small letters for the
        same, and * and ? as wildcards; words that differ in these alone are compared one by one.
        """
        tokens = block.node.shape[0].labels
        assert isinstance(tokens, Tokens)
        words = self._vocabulary(tokens.vocabulary)

        fallback = -1 if tokens.optional else unknown_id(tokens.vocabulary)
        alike = alike_words(tokens.vocabulary.words)

        def rule(i: int, j: int) -> str:
            word = Address(*self.book.label_cell(block, 0, i))
            place = look_up(word, words)
            known = f"IF(ISNA({place}),{fallback},{place})"
            if alike:
                exactly = "+".join(f"EXACT({word},{words[n]})*{n + 1}" for n in alike)
                known = f"IF({exactly}>0,{exactly}-1,{known})"
            return f'IF({word}="{NO_WORD}",-1,{known})' if tokens.optional else known

        return rule

    def _letter_rule(self, block: Block) -> Callable[[int, int], str]:
        """Return the function that makes the formula of a letter's number: its place among the letters.

        FIND tells capitals from small letters, and takes no sign as a wildcard, as MATCH does. The letter itself stands
        after the letters, so that an unknown one has the number after all others.
        """
        typed = block.node.shape[0].labels
        assert isinstance(typed, Typed)
        letters = self.book.address(self.book.letters[typed.pieces], self.page)

        def rule(i: int, j: int) -> str:
            word = self.book.address(self.book.words[typed][i], self.page)
            letter = f"MID({word},{j + 1},1)"
            offset = typed.rest + (typed.first if j == 0 else 0)
            number = f"FIND({letter},CONCATENATE({letters},{letter}))" + (f"+{offset}" if offset else "")
            if typed.last:
                number += f"+IF(LEN({word})={j + 1},{typed.last},0)"
            after = f"IF(LEN({word})={j},{typed.end},0)" if typed.end else "0"
            return f"IF(LEN({word})>{j},{number},{after})"

        return rule


def _is_typed(node: Node) -> bool:
    """Return whether a table holds the numbers of letters that a reader types."""
    of = node.shape[0].labels
    return isinstance(of, Typed) and of.ids is node


def read_block(book: Book, block: Block, arithmetic: Excel = EXCEL) -> Table:
    """Return a computed table's formulas, from its cell rule and the blocks that it reads."""

    def given(node: Node) -> Table | None:
        source = block.reads.get(key(node))
        return book.addresses(source, block.page) if source else None

    return read(block.node, arithmetic, given)


def title_of(scope: Scope) -> str:
    """Return a page's title, its place in the model: Encoder · Layer 1 · Head 2."""
    return " · ".join(titles(scope))


def range_of(book: Book, block: Block) -> str:
    """Return the reference to a table's cells for a defined name."""
    rows, columns = block.shape
    first = f"{quoted(book.sheet_names[block.page])}!{absolute(block.row, block.column)}"
    if (rows, columns) == (1, 1):
        return first
    return f"{first}:{absolute(block.row + rows - 1, block.column + columns - 1)}"


def absolute(row: int, column: int) -> str:
    return f"${column_letters(column)}${row + 1}"


def tab_colour(page: Page) -> str:
    if page.scope.title == "Contents":
        return style.INK
    return style.HEAT if any(b.node.role is Role.ATTENTION for b in page.blocks) else style.LOOKS[Look.COMPUTED][1]
