"""The home page: the words to play with, what the model expects, the model as a diagram, and how to read all of it.

The first screen has the words and the bars at the left, the diagram at the right. Below stand a legend and what to try,
and the list of all steps with their equations and shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from textwrap import shorten, wrap

from byhand.core.arithmetic.excel import Address, column_letters, nth
from byhand.core.captions import symbol
from byhand.core.graph import Node
from byhand.core.labels import NO_WORD, Labels, Tokens
from byhand.core.roles import Look, Role
from byhand.workbook import style
from byhand.workbook.book import Book, title_of
from byhand.workbook.course import question
from byhand.workbook.diagram import MOST_RANKS, Band, DiagramWriter, bands
from byhand.workbook.guide import short_name
from byhand.workbook.layout import TOP
from byhand.workbook.page import Block, chart_pixels
from byhand.workbook.prompt_words import LETTERS, SIDE, WORDS, rows_of, rows_of_words, word_cells, write_prompt
from byhand.workbook.steps import Step, shapes_of_step, steps, title_of_step
from byhand.workbook.tries import Try, tries_of_model
from byhand.workbook.typed_words import write_typed
from byhand.xlsx.charts import Chart, Kind, Series
from byhand.xlsx.writer import A4, LETTER_WIDTH, PADDING, ROW, BookFile, Content, Sheet, cut, edges

FIRST = 4  # the row under the header
DIAGRAM = SIDE + WORDS + 1  # its first column
TITLE, PLACE, SHAPES, EQUATION = (DIAGRAM + n for n in (-1, 2, 4, 5))  # the columns of the list of steps
NUMBER, WHERE, TASK = (DIAGRAM + n for n in (0, 1, 4))
"""The columns of what to try, and of the questions of a course."""
MARGIN, WORD_WIDTH, WIDEST_WORD, GAP_WIDTH = 1.5, 6.7, 8.5, 2.0
"""The widths of columns: those of words are between two."""
MOST_WORDS = 24
CURVE_ROWS = 10
"""The rows of the curve of the loss."""
COMMAND_LETTERS = 165
"""The letters of a line of the command that made the book."""
TASK_LETTER = 0.94
"""The width of a letter of a line of text under the diagram."""
NAME_LETTERS = 24
"""The letters of the name of a sheet at which something is to be tried."""
TITLE_LETTERS, EQUATION_LETTERS = 18, 40
"""The letters of a title and of a line of an equation in the list of steps."""
SHAPE_LETTERS = 9
"""The most letters of two shapes there, of which longer ones leave the result's alone."""
CONSTANT_LETTERS = 36
"""The letters of a line about a constant."""

USE = (
    "Change a word or a number in a yellow or red-framed cell: everything follows.",
    "Click a blue cell: its formula names the row and the column that make it.",
    "Follow the arrows from what a table reads to it; dashed ones lead to where it is shown again.",
    "For one cell: Formulas › Trace Precedents in Excel, Tools › Detective › Trace Precedents in LibreOffice.",
    "Rest the mouse on a table's name: what it is for, and how to see it worked.",
    "Every table has a name: the box at the left of the formula bar lists them.",
)


@dataclass(frozen=True)
class Plan:
    """The rows of the sections of the home page, and the bands of its diagram."""

    typed: list[int]
    prompts: list[int]
    output: int
    prediction: int
    losses: int
    legend: int
    constants: int
    diagram: int
    bands: list[Band]
    tries: int


def plan(book: Book) -> Plan:
    """Decide where the sections stand, and enter prompts and constants in the book, since the pages refer to them."""
    row = beside = FIRST
    starts = []
    for typed, counts in book.typed.items():
        starts.append(row)
        book.words[typed] = [(book.home, row + 1 + i, SIDE) for i in range(len(typed.words))]
        row += len(typed.words) + 1
        if counts:
            counts.across, counts.along = starts[-1] + 1, SIDE + 1
        if typed.what == "pieces":
            row += 1
            continue
        book.letters[typed.pieces] = (book.home, row, SIDE + 1)
        row += 4
        beside = row  # the words have their pieces at their right; below them there is room
        row += len(typed.pieces.merges) + 2 if typed.pieces.merges else 0
    diagram = beside + 1 if book.prompts else beside
    drawn = bands(book)
    tries = diagram + 1 + sum(band.rows for band in drawn)
    prompts = []
    for tokens in book.prompts:
        prompts.append(row)
        book.words[tokens] = [(book.home, *place) for place in word_cells(int(tokens.ids.shape[0]), row)]
        book.sentences[tokens] = (book.home, row + rows_of_words(tokens), SIDE)
        row += rows_of(book, tokens)
    output = row
    row += 3 if output_words(book) else 0
    prediction = row
    if book.graph.probabilities is not None:
        row += 3 + min(book.graph.probabilities.shape[1], MOST_WORDS)
    losses = row
    if book.training is not None:
        row += len(book.training.losses) + 2 + (CURVE_ROWS + 1 if len(book.training.losses) > 1 else 0)
    legend = row
    row = legend + 2 + len(looks(book)) + len(_lines(book)) + 1
    under = row + 1
    for block in book.constants:
        block.across, block.along = under, SIDE
        under += len(_constant(block))
    return Plan(starts, prompts, output, prediction, losses, legend, row, diagram, drawn, tries)


def looks(book: Book) -> list[Look]:
    """Return the looks that the legend explains."""
    used = {style.look_of(b.node, b.home) for page in book.pages for b in page.blocks}
    return [look for look in Look if look in used]


def _lines(book: Book) -> list[str]:
    """Return the lines under the legend."""
    return [line for text in filter(None, (book.about.weights, *USE)) for line in wrap(text, LETTERS)]


def next_words(book: Book) -> list[Node]:
    """Return the tables of the words that the model adds, one for each step."""
    if book.training is not None:
        return []
    return [n for n in book.nodes if n.symbol == "next" and n.role is Role.TOKENS and book.in_model(n.scope)]


def output_words(book: Book) -> list[tuple[Node, int]]:
    """Return the words that the model writes, as (ids, row): those that it adds, or a program's whole answer."""
    answers = [n for n in book.nodes if n.symbol == "answer" and n.role is Role.TOKENS]
    story = next_words(book)
    return [(n, i) for n in answers for i in range(n.shape[0])] or [(n, 0) for n in story if len(story) > 1]


def write_home(book: Book, file: BookFile, sheet: Sheet, place: Plan) -> None:
    """Write the home page; the other pages must have been written, since it counts their cells."""
    for (typed, counts), row in zip(book.typed.items(), place.typed, strict=True):
        write_typed(book, sheet, typed, counts, row)
    for tokens, row in zip(book.prompts, place.prompts, strict=True):
        write_prompt(book, sheet, tokens, row, prompt_heading(tokens))
    if output_words(book):
        _output_words(book, sheet, place.output)
    if book.graph.probabilities is not None:
        _prediction(book, sheet, place.prediction, book.graph.probabilities)
    if book.training is not None:
        _losses(book, sheet, place.losses, book.training.losses)
    _legend(book, sheet, place.legend)
    _constants(book, sheet, place.constants)
    word_width = _word_width(book)
    side = [MARGIN, *[word_width] * WORDS, GAP_WIDTH]
    room = (0.998 * A4.readable_width - edges(side)[-1]) / LETTER_WIDTH - (2 * MOST_RANKS + 2) * PADDING / LETTER_WIDTH
    drawn = DiagramWriter(book, sheet, (place.diagram, DIAGRAM), place.bands, room)
    all_steps = steps(book)
    drawn.write()
    widths = dict(enumerate(side)) | drawn.widths()
    letters = int(sum(width for column, width in widths.items() if column >= TASK) / TASK_LETTER)
    row = _tries(book, sheet, place.tries, tries_of_model(book), letters)
    if book.about.course:
        row = _course(book, sheet, row + 1, letters)
    listed = row + 1
    last = _steps(book, sheet, listed, all_steps, int(widths[PLACE] + widths[PLACE + 1]))
    column = SIDE
    for page in [*book.front, *book.back]:
        name = book.sheet_names[page]
        sheet.link(FIRST - 1, column, f"{name} ▸", name, "A1", style.LINK)
        column += ceil((len(name) + 3) / WORD_WIDTH)
    sheet.text(0, 1, book.about.title, style.TITLE)
    sheet.height(0, 27)
    sheet.text(1, 1, f"{book.about.subtitle} · {file.formula_cells:,} live cells", style.SUBTITLE)
    for column, width in widths.items():
        sheet.columns(column, column, width)
    heights = _command(book, sheet, len(widths) - 1)
    under = max((block.row + 1 for block in book.constants), default=place.constants)
    end = max(last, under, place.constants)
    legend = place.legend + len(looks(book)) + 1
    beside = pairwise([FIRST, place.output, place.prediction, place.losses, place.legend, legend])
    under_diagram = ((row, row + 1) for row in range(place.tries, end))
    drawn_bands = pairwise(accumulate((band.rows for band in place.bands), initial=place.diagram))
    spans = [*beside, (place.constants, under), *drawn_bands, *under_diagram]
    rows = [(start, stop) for start, stop in spans if start < stop]
    columns = edges(widths[column] for column in sorted(widths))
    sheet.page(
        TOP - 1, book.about.title, cut(Content(rows, columns, [(SIDE, DIAGRAM - 1), (DIAGRAM, len(widths))], heights))
    )


def _command(book: Book, sheet: Sheet, last: int) -> dict[int, float]:
    """Write the command that made the book, in lines if it is long; return the height of its row if it has several."""
    lines = ceil(len(book.about.command) / COMMAND_LETTERS)
    sheet.text(2, 1, book.about.command, style.NOTE | (style.IN_LINES if lines > 1 else {}))
    if lines <= 1:
        return {}
    sheet.join((2, 1, 2, last), style.NOTE | style.IN_LINES)
    sheet.height(2, lines * ROW)
    return {2: lines * ROW}


def _word_width(book: Book) -> float:
    """Return the width of the columns in which words are typed, in letters."""
    words = [book.text_of(tokens, i) for tokens in book.prompts for i in range(int(tokens.ids.shape[0]))]
    longest = max(map(len, [*words, *(word for typed in book.typed for word in typed.words)]), default=0)
    return min(max(WORD_WIDTH, 1.15 * longest + 0.6), WIDEST_WORD)


def _tries(book: Book, sheet: Sheet, row: int, tries: list[Try], letters: int) -> int:
    """Write what to try and what to expect, in lines of so many letters, and return the row below."""
    if not tries:
        return row - 1
    sheet.text(row, DIAGRAM, f"{('One thing', 'Two things', 'Three things')[len(tries) - 1]} to try", style.HEADING)
    row += 1
    for n, item in enumerate(tries, 1):
        sheet.text(row, NUMBER, f"{n}", style.ROW_LABEL)
        if item.block is None:
            sheet.text(row, WHERE, "here", style.text(11))
        else:
            name = book.sheet_names[item.block.page]
            target = f"{column_letters(item.block.column)}{item.block.row + 1}"
            shown = name if len(name) <= NAME_LETTERS else short_name(item.block.page, NAME_LETTERS)
            sheet.link(row, WHERE, shown, name, target, style.LINK)
        for line in wrap(item.text, letters):
            sheet.text(row, TASK, line, style.text(11))
            row += 1
    return row


def _course(book: Book, sheet: Sheet, row: int, letters: int) -> int:
    """Write the questions of the course in their order, each with its sheet, and return the row below.

    letters: of a line.
    """
    sheet.text(row, WHERE, "The lesson: a question for each sheet", style.HEADING)
    for n, page in enumerate(book.pages, 1):
        name = book.sheet_names[page]
        sheet.text(row + n, NUMBER, f"{n}", style.ROW_LABEL)
        sheet.link(row + n, WHERE, name, name, "A1", style.LINK)
        for line in wrap(question(page, book.pages[: n - 1]), letters):
            sheet.text(row + n, TASK, line, style.text(11))
    return row + len(book.pages) + 1


def _steps(book: Book, sheet: Sheet, row: int, all_steps: list[Step], letters: int) -> int:
    """Write the list of all steps, and return the row below. letters: those of a link."""
    for column, title in (
        (TITLE, "Step by step"),
        (PLACE, "Go to"),
        (SHAPES, "Shapes"),
        (EQUATION, "Equation"),
    ):
        sheet.text(row, column, title, style.HEADING)
    group = ""
    for n, step in enumerate(all_steps):
        page = title_of(step.page.scope)
        row += 2 if group not in ("", page.partition(" · ")[0]) else 1
        group = page.partition(" · ")[0]
        name = book.sheet_names[step.page]
        target = f"{column_letters(step.block.column)}{max(step.block.row - 2, 1)}"
        title = title_of_step(step).removeprefix("attention · ")
        sheet.text(row, TITLE, shorten(f"{n + 1}. {title}", TITLE_LETTERS, placeholder=" …"), style.text(11))
        shown = next((text for text in (page, name) if len(text) <= letters), short_name(step.page, letters))
        sheet.link(row, PLACE, shown, name, target, style.LINK)
        shapes = " → ".join(filter(None, shapes_of_step(step, book.turned)))
        short = shapes if len(shapes) <= SHAPE_LETTERS else f"→ {shapes_of_step(step, book.turned)[1]}"
        sheet.text(row, SHAPES, short, style.text(11, style.GREY))
        lines = wrap(step.scope.equation_as(book.turned), EQUATION_LETTERS) or [""]
        for at, line in enumerate(lines, row):
            sheet.text(at, EQUATION, line, style.EQUATION)
        row += len(lines) - 1
    return row + 1


def prompt_heading(tokens: Tokens) -> str:
    """Return the heading of a prompt's words."""
    sentence, _, part = tokens.ids.name.rpartition(".")[0].rpartition(".")
    if not sentence and part.startswith("row"):
        sentence, part = part, ""
    kinds = {"encoder": "Source words", "decoder": "Target words so far", "datastore": "The stored text"}
    right = "classes that are right" if tokens.vocabulary.name == "classes" else "words that should follow"
    kinds |= {"loss": f"The {right}, {NO_WORD} for none"}
    return kinds.get(part, "The prompt's words") + (f" (sentence {sentence.removeprefix('row')})" if sentence else "")


def _output_words(book: Book, sheet: Sheet, row: int) -> None:
    words = output_words(book)
    maker = "program answers" if words[0][0].symbol == "answer" else "model writes"
    sheet.text(row, SIDE, f"and the {maker}", style.HEADING)
    for n, (node, i) in enumerate(words):
        of = node.shape[0].labels
        assert isinstance(of, Tokens)
        result_style = style.cell(Look.RESULT, "@")
        sheet.formula(row + 1, SIDE + n, book.address(book.words[of][i], book.home), book.text_of(of, i), result_style)


def _prediction(book: Book, sheet: Sheet, row: int, node: Node) -> None:
    """Write the probabilities at one position, which the reader chooses if there are several."""
    vocabulary = node.shape[1].labels
    assert isinstance(vocabulary, Labels)
    count = int(node.shape[0])
    at = (count - 1 if book.graph.look_at is None else book.graph.look_at) + 1
    sheet.text(row, SIDE, "and the model expects" if book.prompts else "The model's answer", style.HEADING)
    position = Address(row, SIDE + 5)
    if count > 1:
        sheet.text(row, SIDE + 4, "at position", style.ROW_WORD)
        sheet.number(row, SIDE + 5, at, style.cell(Look.INPUT, "0"))
        sheet.choices((row, SIDE + 5, row, SIDE + 5), [str(n + 1) for n in range(count)], "Choose a position.")
    cells = book.result(node)
    first = last = row + 1
    bar = style.text(11, style.LOOKS[Look.RESULT][1])
    for n in range(min(len(vocabulary.words), MOST_WORDS)):
        last = first + n
        word = book.address(book.words[vocabulary][n], book.home)
        sheet.formula(last, SIDE, word, vocabulary.words[n], style.ROW_WORD)
        column = tuple(book.address(cells[i][n], book.home) for i in range(count))
        value = float(book.values[node][at - 1, n])
        rule = nth(column, position) if count > 1 else column[0]
        sheet.formula(last, SIDE + 1, rule, value, style.cell(Look.RESULT, "0.000"))
        sheet.formula(last, SIDE + 2, Address(last, SIDE + 1), value, bar)
        sheet.join((last, SIDE + 2, last, SIDE + 5), bar)
    sheet.bars((first, SIDE + 2, last, SIDE + 2), "#2E9E5B")


def _losses(book: Book, sheet: Sheet, row: int, losses: list[Node]) -> None:
    """Write the loss at each training step, and its curve under the numbers."""
    sheet.text(row, SIDE, "The loss, step by step" if len(losses) > 1 else "The loss", style.HEADING)
    for n, loss in enumerate(losses, 1):
        ((cell,),) = book.result(loss)
        sheet.text(row + n, SIDE, f"step {n}" if len(losses) > 1 else "loss", style.ROW_WORD)
        value = float(book.values[loss][0, 0])
        sheet.formula(row + n, SIDE + 1, book.address(cell, book.home), value, style.cell(Look.RESULT, "0.0000"))
    if len(losses) > 1:
        along, up = (((row + 1, column), (row + len(losses), column)) for column in (SIDE, SIDE + 1))
        line, size = (
            Series("loss", along, up, marker="circle"),
            (WORDS * chart_pixels(_word_width(book)), CURVE_ROWS * 20),
        )
        chart = Chart(Kind.LINES, "loss at each step", [line], size=size, format="0.00")
        sheet.chart(row + len(losses) + 1, SIDE, chart)


def _legend(book: Book, sheet: Sheet, row: int) -> None:
    sheet.text(row, SIDE, "How to read", style.HEADING)
    used = looks(book)
    for n, look in enumerate(used):
        swatch = style.cell(look, "0", frozenset(("left", "right", "top", "bottom")))
        sheet.text(row + 1 + n, SIDE, "", {**swatch, "bg_color": style.HEAT} if look is Look.ATTENTION else swatch)
        sheet.text(row + 1 + n, SIDE + 1, style.LOOKS[look][2], style.text(11))
    for n, line in enumerate(_lines(book)):
        sheet.text(row + 2 + len(used) + n, SIDE, line, style.text(11, style.GREY))


def _constants(book: Book, sheet: Sheet, row: int) -> None:
    """Write the numbers that the whole model shares."""
    if book.constants:
        sheet.text(row, SIDE, "Constants", style.HEADING)
    for block in book.constants:
        value = float(book.values[block.node][0, 0])
        places = style.with_infinity(0) if value < 0 else "0E+00" if value < 0.001 else "0.0##"
        sheet.number(block.row, block.column, value, style.cell(Look.INPUT, places))
        for n, line in enumerate(_constant(block)):
            sheet.text(block.row + n, SIDE + 1, line, style.text(11))


def _constant(block: Block) -> list[str]:
    """Return what a constant is, with its sign and its name in formulas, in lines."""
    return wrap(f"{symbol(block.node)} ({block.node.name}): {block.node.meaning}", CONSTANT_LETTERS)
