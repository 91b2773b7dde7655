"""The home page: the model as a list of steps, the prompt, the prediction, and a legend."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.arithmetic.excel import Address, column_letters, nth
from byhand.core.captions import shapes, symbol
from byhand.core.graph import Node, Scope
from byhand.core.labels import NO_WORD, Labels, Tokens
from byhand.core.roles import Look, Role
from byhand.workbook import style
from byhand.workbook.book import Book, title_of
from byhand.workbook.layout import TOP, floating, sides
from byhand.workbook.page import Block, Page, key
from byhand.workbook.prompt_words import rows_of, write_prompt
from byhand.workbook.typed_words import write_typed
from byhand.xlsx.writer import BookFile, Sheet

FIRST = 4  # the row under the header
NUMBER, BOX, PLACE, EQUATION, SHAPES, SIDE = 1, 2, 3, 4, 5, 7  # columns
MOST_WORDS = 24

USE = (
    "Change a word or a number in a yellow or red-framed cell: everything follows.",
    "Click a blue cell: its formula names the row and the column that make it.",
    "Every table has a name (the box at the left of the formula bar lists them).",
    "Every table's note says the command that works it on paper: rest the mouse on its name.",
)

BEFORE_TITLES = {Look.GRADIENT: "∂ ", Look.UPDATED: "update · "}
"""The text before the title of a page that is a single step."""


@dataclass(frozen=True)
class Step:
    """One step of the model. block: its first table. result: its last table."""

    scope: Scope
    page: Page
    block: Block
    result: Node


def steps(book: Book) -> list[Step]:
    """Return the model's steps in order: the outermost scopes with an equation, and pages that are single steps."""
    blocks_of: dict[Scope, list[Block]] = {}
    for page in (page for page in book.pages if book.in_model(page.scope)):
        computed = [b for b in page.blocks if b.home and not floating(b.node) and b.node not in book.repeated]
        for block, following in zip(computed, [*computed[1:], None], strict=True):
            scope = next((s for s in reversed(block.node.scope.outward) if s.equation), None)
            if scope:
                blocks_of.setdefault(scope, []).append(block)
                if following and following.node.scope in scope.outward and key(block.node) in following.reads:
                    blocks_of[scope].append(following)  # the result, named by whoever called for the step
    return [Step(scope, blocks[0].page, blocks[0], blocks[-1].node) for scope, blocks in blocks_of.items()]


@dataclass(frozen=True)
class Plan:
    """The rows of the sections at the side of the home page, from top to bottom."""

    typed: list[int]
    prompts: list[int]
    output: int
    prediction: int
    legend: int
    constants: int
    losses: int


def plan(book: Book) -> Plan:
    """Decide where the sections stand, and enter prompts and constants in the book, since the pages refer to them."""
    row = FIRST
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
        row += len(typed.pieces.merges) + 2 if typed.pieces.merges else 0
    prompts = []
    for tokens in book.prompts:
        prompts.append(row)
        book.words[tokens] = [(book.home, row + 1, SIDE + i) for i in range(tokens.ids.shape[0])]
        book.sentences[tokens] = (book.home, row + 3, SIDE)
        row += rows_of(book, tokens)
    output = row
    row += 3 if output_words(book) else 0
    prediction = row
    if book.graph.probabilities is not None:
        row += 4 + min(book.graph.probabilities.shape[1], MOST_WORDS)
    legend = row
    row += len(Look) + len(USE) + bool(book.about.weights) + 3
    constants = row
    for n, block in enumerate(book.constants):
        block.across, block.along = constants + 1 + n, SIDE
    return Plan(starts, prompts, output, prediction, legend, constants, row + 2 + len(book.constants))


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
    _steps(book, sheet)
    for (typed, counts), row in zip(book.typed.items(), place.typed, strict=True):
        write_typed(book, sheet, typed, counts, row)
    for tokens, row in zip(book.prompts, place.prompts, strict=True):
        write_prompt(book, sheet, tokens, row, prompt_heading(tokens), SIDE)
    if output_words(book):
        _output_words(book, sheet, place.output)
    if book.graph.probabilities is not None:
        _prediction(book, file, sheet, place.prediction, book.graph.probabilities)
    _legend(book, sheet, place.legend)
    if book.constants:
        sheet.text(place.constants, SIDE, "Constants", style.HEADING)
    for block in book.constants:
        value = float(book.values[block.node][0, 0])
        places = style.with_infinity(0) if value < 0 else "0E+00" if value < 0.001 else "0.0##"
        sheet.number(block.row, block.column, value, style.cell(Look.INPUT, places))
        sheet.text(
            block.row,
            SIDE + 1,
            f"{symbol(block.node)}, in formulas {block.node.name}: {block.node.meaning}",
            style.text(10),
        )
    if book.training is not None:
        _losses(book, sheet, place, book.training.losses)
    for n, page in enumerate(book.front):
        name = book.sheet_names[page]
        sheet.link(FIRST - 1, SIDE + 2 * n, f"{name} ▸", name, "A1", style.LINK)
    sheet.text(0, 1, book.about.title, style.TITLE)
    sheet.height(0, 27)
    sheet.text(1, 1, f"{book.about.subtitle} · {file.formula_cells:,} live cells", style.SUBTITLE)
    sheet.text(2, 1, book.about.command, style.NOTE)
    longest = max((len(title_of(step.page.scope)) for step in steps(book)), default=0)
    widths = {0: 2, NUMBER: 4, BOX: 27, PLACE: max(24, longest + 1), EQUATION: 36, SHAPES: 13, SIDE - 1: 4}
    for column, width in widths.items():
        sheet.columns(column, column, width)
    sheet.columns(SIDE, SIDE + 12, 10)
    sheet.page(TOP - 1, book.about.title)


def _steps(book: Book, sheet: Sheet) -> None:
    for column, title in (
        (BOX, "The model, step by step"),
        (PLACE, "Go to"),
        (EQUATION, "Equation"),
        (SHAPES, "Shapes"),
    ):
        sheet.text(FIRST, column, title, style.HEADING)
    row, group = FIRST, ""
    for n, step in enumerate(steps(book)):
        page = title_of(step.page.scope)
        row += 2 if group not in ("", page.partition(" · ")[0]) else 1
        group = page.partition(" · ")[0]
        sheet.text(row, NUMBER, str(n + 1), style.ROW_LABEL)
        title = title_of_step(step)
        name = book.sheet_names[step.page]
        target = f"{column_letters(step.block.column)}{max(step.block.row - 2, 1)}"
        sheet.link(row, BOX, title, name, target, style.box(look_of_step(step)))
        sheet.link(row, PLACE, page, name, target, style.LINK)
        sheet.text(row, EQUATION, step.scope.equation_as(book.turned), style.EQUATION)
        sheet.text(row, SHAPES, _shapes(step, book.turned), style.text(10, style.GREY))


def _shapes(step: Step, turned: bool) -> str:
    """Return the shapes of the step's first input and its result: 3×4 → 3×2."""
    left, above = sides(step.block.node)
    read = next((node for node in (*left, *above) if node.shape != (1, 1)), None)
    out = shapes(step.result, turned).rpartition("→ ")[2].strip("()")
    return f"{shapes(read, turned).rpartition('→ ')[2].strip('()')} → {out}" if read else out


def title_of_step(step: Step) -> str:
    """Return the text of the step's box. A page that is a single step has its kind before its title."""
    if not step.scope.page:
        return step.scope.title
    before = BEFORE_TITLES.get(look_of_step(step)) or ("attention · " if _is_attention(step) else "")
    return f"{before}{step.scope.title.casefold()}"


def _is_attention(step: Step) -> bool:
    """Return whether the step is a whole page with attention weights."""
    return step.scope.page and any(block.node.role is Role.ATTENTION for block in step.page.blocks)


def look_of_step(step: Step) -> Look:
    """Return the look of the step's box: the outermost scope's that has one, else attention's or the usual one."""
    look = next((place.look for place in reversed(step.scope.outward) if place.look), None)
    return look or (Look.ATTENTION if _is_attention(step) else Look.COMPUTED)


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


def _prediction(book: Book, file: BookFile, sheet: Sheet, row: int, node: Node) -> None:
    """Write the probabilities at one position, which the reader chooses if there are several."""
    vocabulary = node.shape[1].labels
    assert isinstance(vocabulary, Labels)
    count = int(node.shape[0])
    at = (count - 1 if book.graph.look_at is None else book.graph.look_at) + 1
    sheet.text(row, SIDE, "and the model expects" if book.prompts else "The model's answer", style.HEADING)
    first, position = row + 1, Address(row + 1, SIDE + 1)
    if count > 1:
        sheet.text(row + 1, SIDE, "at position", style.text(10))
        sheet.number(row + 1, SIDE + 1, at, style.cell(Look.INPUT, "0"))
        sheet.choices((row + 1, SIDE + 1, row + 1, SIDE + 1), [str(n + 1) for n in range(count)], "Choose a position.")
        first += 1
    cells = book.result(node)
    last = first
    for n in range(min(len(vocabulary.words), MOST_WORDS)):
        last = first + n
        sheet.formula(
            last, SIDE, book.address(book.words[vocabulary][n], book.home), vocabulary.words[n], style.ROW_WORD
        )
        column = tuple(book.address(cells[i][n], book.home) for i in range(count))
        value = float(book.values[node][at - 1, n])
        rule = nth(column, position) if count > 1 else column[0]
        sheet.formula(last, SIDE + 1, rule, value, style.cell(Look.RESULT, "0.000"))
        sheet.formula(last, SIDE + 2, Address(last, SIDE + 1), value, style.text(11, style.LOOKS[Look.RESULT][1]))
    sheet.bars((first, SIDE + 2, last, SIDE + 2), "#2E9E5B")


def _losses(book: Book, sheet: Sheet, place: Plan, losses: list[Node]) -> None:
    """Write the loss at each training step, and its curve beside the prediction."""
    row = place.losses
    sheet.text(row, SIDE, "The loss, step by step" if len(losses) > 1 else "The loss", style.HEADING)
    for n, loss in enumerate(losses, 1):
        ((cell,),) = book.result(loss)
        sheet.text(row + n, SIDE, f"step {n}" if len(losses) > 1 else "loss", style.ROW_WORD)
        value = float(book.values[loss][0, 0])
        sheet.formula(row + n, SIDE + 1, book.address(cell, book.home), value, style.cell(Look.RESULT, "0.0000"))
    if len(losses) > 1:
        sheet.curve(place.prediction, SIDE + 4, "loss at each step", (row + 1, SIDE, row + len(losses), SIDE + 1))


def _legend(book: Book, sheet: Sheet, row: int) -> None:
    sheet.text(row, SIDE, "How to read", style.HEADING)
    used = {style.look_of(b.node, b.home) for page in book.pages for b in page.blocks}
    for n, look in enumerate(look for look in Look if look in used):
        swatch = style.cell(look, "0", frozenset(("left", "right", "top", "bottom")))
        sheet.text(row + 1 + n, SIDE, "", {**swatch, "bg_color": style.HEAT} if look is Look.ATTENTION else swatch)
        sheet.text(row + 1 + n, SIDE + 1, style.LOOKS[look][2], style.text(10))
    for n, line in enumerate(filter(None, (book.about.weights, *USE))):
        sheet.text(row + 2 + len(used) + n, SIDE, line, style.text(10, style.GREY))
