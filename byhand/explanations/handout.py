"""A lesson's worked solution as a document: all of it, one table, or one cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from string import Formatter

from byhand.code.statements import Statements
from byhand.core.captions import defined_name, equation, opened, symbol, title, titles
from byhand.core.graph import Array, Node, times, toposort
from byhand.core.labels import Labels, Tokens, word
from byhand.core.number_text import shown
from byhand.core.roles import Role
from byhand.documents.document import (
    Block,
    Code,
    Document,
    Formula,
    Heading,
    Line,
    Lines,
    Paragraph,
    Piece,
    Plain,
    Steps,
    Table,
)
from byhand.documents.line_layout import width
from byhand.errors import ByhandError
from byhand.explanations.worked_cells import Cells, Worked, no_exact
from byhand.explanations.worked_cells import Line as CellLine
from byhand.explanations.worked_tables import WorkedTable, pages, place_in_words, worked_table
from byhand.glossary import meaning, step_meaning
from byhand.lessons.command import command
from byhand.lessons.lesson import Lesson, describe
from byhand.notation.tree import Chain, Maths, Name, Number
from byhand.translations import _, counted, localized

PREFIX = "table."
"""Stands before a table's name in a workbook where the name alone would be a cell's address."""
MOST = 12
"""Tables that are named in a sentence."""


LineOf = Callable[[Node], str]
"""A table -> the line of code that makes it, or nothing."""


def find_step(lesson: Lesson, name: str) -> Node:
    """Return the table with this dotted name, as the model or its workbook calls it. ByhandError if there is none."""
    tables = lesson.tables
    plain = name.removeprefix(PREFIX)
    known = {defined_name(node): other for other, node in tables.items()} | {other: other for other in tables}
    found = known.get(name, known.get(plain, ""))
    if found:
        return tables[found]
    inside = [other for other in tables if other.startswith(f"{plain}.")]
    if inside:
        more = f" and {len(inside) - MOST:,} more" if len(inside) > MOST else ""
        raise ByhandError(
            f"{plain} is a part of the model: choose one of its tables, {', '.join(inside[:MOST])}{more}."
        )
    raise lesson.no_table(plain)


def find_cell(node: Node, cell: tuple[int, int], turned: bool) -> tuple[int, int]:
    """Return row and column of a table, counted from 0, for a place as the workbook shows it, counted from 1."""
    shape = (node.shape[1], node.shape[0]) if turned else node.shape
    row, column = (n - 1 for n in cell)
    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        raise ByhandError(
            f"{node.name} has rows 1 to {shape[0]} and columns 1 to {shape[1]}: there is no cell {cell[0]},{cell[1]}."
        )
    return (column, row) if turned else (row, column)


FEW, ALL = 3, 120
"""The cells of a table that are worked in a whole lesson, and when the table is asked for."""
ROUNDS = 99
WIDEST = 76
"""Signs of a chain that is not broken."""

Q21 = Name("Q", (Number("2"), Number("1")))
HOW_TO_READ = (
    "A cell is named by its table, its row and its column, counted from 1: {cell} stands in row 2, column 1 of "
    "{table}. After = a line is exact; after ≈ it is rounded for the page, while the next step goes on with all digits."
)
LIVE = "As a live workbook:"


def pieces_of(text: str, **maths: Maths) -> tuple[Piece, ...]:
    """Return a sentence's pieces: its words, and a formula in place of each {name}."""
    pieces: list[Piece] = []
    for words, name, _format, _conversion in Formatter().parse(text):
        pieces += [words] if words else []
        pieces += [maths[name]] if name else []
    return tuple(pieces)


def explain(
    lesson: Lesson,
    step: str | None,
    cell: tuple[int, int] | None,
    exact: bool,
    page: str = "",
    with_code: bool = True,
    with_opening: bool = True,
) -> Document:
    """Return the worked solution of a lesson, of one table (`step`, its dotted name), or of one cell of it.

    cell: a row and a column, counted from 1 as they are shown. exact: with fractions, roots and powers of e.
    page: the address of the lesson's page, to which each worked cell is linked. with_code: whether the line of the
    lesson's script that makes a table stands below its rule. with_opening: whether a whole solution opens, in
    English, with what the model is and a list of its parts.

    One cell always has its exact value too, if there is one. ByhandError for a step or cell that is not there.
    """
    trained = _with_first_step(lesson, step) if step and lesson.recipe.training else lesson
    code = Statements(lesson).numbered if with_code and trained is lesson else no_code
    lesson = trained
    if step is None:
        return _whole(lesson, _cells(lesson, lesson.graph.outputs, exact, page), code, with_opening)
    node = find_step(lesson, step)
    cells = _cells(lesson, [node], exact or cell is not None, page)
    if cell is None:
        return _one_table(lesson, worked_table(node, cells, ALL), code)
    return _one_cell(lesson, node, cells, cell, code)


def _with_first_step(lesson: Lesson, step: str) -> Lesson:
    """Return a lesson with the tables of its first training step, if one of these is asked for."""
    from byhand.lessons.first_step import PLACE, with_first_step  # few lessons have one

    return with_first_step(lesson) if step.startswith(f"{PLACE.path}.") else lesson


def work_cells(
    lesson: Lesson, node: Node, numbers: Mapping[str, Array], places: Sequence[tuple[int, int]]
) -> list[Block]:
    """Return the rule of a table and some of its cells (row and column from 0) worked with these numbers by name."""
    cells = Cells(numbers, no_exact, lesson.recipe.orientation == "columns")
    worked = [cells.worked(node, i, j) for i, j in places]
    return [*_rule(worked_table(node, cells, 0), with_names=True, code=no_code), *_lines_of(worked)]


def _cells(lesson: Lesson, outputs: list[Node], exact: bool, page: str) -> Cells:
    numbers = lesson.numbers()
    turned = lesson.recipe.orientation == "columns"
    if not exact:
        return Cells(numbers, no_exact, turned, page)
    from byhand.explanations.worked_cells import exact_values

    return Cells(numbers, exact_values(toposort(outputs), numbers), turned, page)


def no_code(table: Node) -> str:
    """Return nothing, where no line of code is shown."""
    return ""


def _whole(lesson: Lesson, cells: Cells, code: LineOf, with_opening: bool) -> Document:
    title, sizes = describe(lesson)
    how_to_read = pieces_of(_(HOW_TO_READ), cell=Q21, table=Name("Q", bold=True))
    parts = list(pages(lesson.graph.outputs, cells, FEW))
    blocks: list[Block] = [Paragraph((Plain(opening(lesson)),)), *_contents(parts)] if with_opening else []
    blocks += [Paragraph(how_to_read), Paragraph((_(LIVE),)), Code(command(lesson.recipe))]
    if lesson.recipe.training:
        blocks += _heads(lesson)
    for heading, tables in parts:
        blocks += _page(heading, tables, code)
    return Document(_("{title}: the worked solution").format(title=title), sizes, tuple(blocks))


def opening(lesson: Lesson) -> str:
    """Return the first paragraph of a worked solution: what the model is, what it reads, and what comes out."""
    about = lesson.architecture.about
    sentences = [f"{about[:1].upper()}{about[1:].rstrip('.')}."]
    numbers = lesson.numbers()
    given = (node for node in lesson.tables.values() if node.role is Role.TOKENS and node.data is not None)
    tokens = next((node.shape[0].labels for node in given if isinstance(node.shape[0].labels, Tokens)), None)
    if tokens is not None:
        words = " ".join(word(tokens, i, numbers) for i in range(int(tokens.ids.shape[0])))
        sentences.append(f"It reads “{words}”.")
    node = lesson.graph.probabilities
    if node is not None and node.name and isinstance(node.shape[1].labels, Labels):
        at = int(node.shape[0]) - 1 if lesson.graph.look_at is None else lesson.graph.look_at
        best = int(numbers[node.name][at].argmax())
        share = f"{numbers[node.name][at, best]:.3f}"
        sentences.append(f"What it expects most is “{word(node.shape[1].labels, best, numbers)}”, with {share}.")
    sentences.append("Each part below says what its tables are for, and works their first numbers.")
    return " ".join(sentences)


def _contents(parts: Sequence[tuple[str, list[WorkedTable]]]) -> Iterator[Block]:
    """Yield a list of the parts, if there are several, with the steps of each."""
    if len(parts) < 2:
        return
    lines = []
    for n, (heading, tables) in enumerate(parts, 1):
        named = (title(table.step) for table in tables if table.step and table.step.title and not table.step.page)
        steps = ", ".join(dict.fromkeys(named))
        lines.append(f"{n}  {heading}" + (f": {steps}" if steps else ""))
    yield Lines(tuple(lines))


def _heads(lesson: Lesson) -> Iterator[Block]:
    """Yield what each head of a model that has learnt does, as measured on its text."""
    from byhand.lessons.heads import findings_of, thing

    findings = findings_of(lesson.recipe)
    if findings is None:
        return
    yield Heading(_("What each head does"), 1)
    measured = counted(
        "Measured on the text that it learnt, {n} sequence. Its loss is {loss}, and {share} of its answers are right.",
        "Measured on the text that it learnt, {n} sequences. Its loss is {loss}, and {share} of its answers are right.",
        findings.sequences,
    )
    loss, right = localized(f"{findings.score.loss:.3f}"), f"{findings.score.right:.0%}"
    yield Paragraph((Plain(measured.format(n=f"{findings.sequences:,}", loss=loss, share=right)),))
    columns = (
        _("looks most at"),
        _("share of its weight"),
        _("if it looked evenly"),
        _("loss without it"),
        _("right without it"),
        _("most is lost at"),
    )
    rows = tuple(
        (
            Plain(thing(head.look) if head.look else "–"),
            localized(f"{head.look.share:.2f}" if head.look else "–"),
            localized(f"{head.look.even:.2f}" if head.look else "–"),
            localized(f"{head.without.loss:.3f}"),
            f"{head.without.right:.0%}",
            Plain(head.hit[0]),
        )
        for head in findings.heads
    )
    yield Table("", tuple(Plain(head.title) for head in findings.heads), columns, rows)
    yield Paragraph(
        (
            _(
                "Without a head its result Z is 0 everywhere. The share of its weight is the mean over all places in "
                "the text where it has a choice; if it looked evenly, it would look at all that it may see alike."
            ),
        ),
        quiet=True,
    )


def _page(heading: str, tables: list[WorkedTable], code: LineOf) -> Iterator[Block]:
    yield Heading(heading, 1)
    page = tables[0].node.page
    if page and page.equation:
        yield _sentence(equation(page, tables[0].turned), page.source)
    if page:
        yield from _words(step_meaning(page))
    step = page
    for table in tables:
        if table.step not in (None, step) and not table.is_given:
            step = table.step
            yield from _step(table)
        yield Heading(table.name, 3)
        yield from _words(meaning(table.node, symbol(table.node)))
        yield from _table(table, with_names=False, code=code)


def _step(table: WorkedTable) -> Iterator[Block]:
    if table.step and table.step.title:
        yield Heading(opened(title(table.step)), 2)
        yield _sentence(equation(table.step, table.turned), table.step.source)
        yield from _words(step_meaning(table.step))


def _words(sentence: str) -> Iterator[Block]:
    """Yield what a table or step is for."""
    if sentence:
        yield Paragraph((sentence,), quiet=True)


def _sentence(*parts: str) -> Paragraph:
    return Paragraph((", ".join(filter(None, parts)),))


def _one_table(lesson: Lesson, table: WorkedTable, code: LineOf) -> Document:
    words = _words(meaning(table.node, symbol(table.node)))
    return Document(table.name, _where(lesson, table), (*words, *_table(table, with_names=True, code=code)))


def _where(lesson: Lesson, table: WorkedTable) -> str:
    """Return the place of a table in the model, and its step: GPT-2 by hand, small · Layer 1 · Head 1."""
    page = titles(table.node.page) if table.node.page else []
    step = table.step
    about = [title(step)] if step and title(step).casefold() not in ("", *(p.casefold() for p in page)) else []
    source = [step.source] if step and step.source else []
    return " · ".join([describe(lesson)[0], *page, *about, *source])


def _table(table: WorkedTable, with_names: bool, code: LineOf) -> Iterator[Block]:
    """Yield the rule of a table (with the tables that it reads, if asked), its worked cells, its numbers."""
    if table.is_given:
        yield _numbers(table, table.about)
        return
    yield from _rule(table, with_names, code)
    yield from _lines_of(table.cells)
    left = 0 if table.texts else table.shape[0] * table.shape[1] - len(table.cells)
    if left:
        same_way = counted("The other {n} cell in the same way.", "The other {n} cells in the same way.", left)
        yield Paragraph((same_way.format(n=f"{left:,}"),))
    if table.shape != (1, 1):
        yield _numbers(table, f"{table.name}, {times(table.shape)}")


def _rule(table: WorkedTable, with_names: bool, code: LineOf) -> Iterator[Block]:
    """Yield the formula of a table, the tables that it reads, and its line of code."""
    yield Formula(table.rule)
    parts: list[Piece] = [table.about] if "→" in table.about else []
    for n, (letters, name) in enumerate(table.reads.items() if with_names else ()):
        parts += [", " if parts else "", "" if n else f"{_('with')} ", Name(letters, bold=True), f" = {name}"]
    if parts:
        yield Paragraph(tuple(filter(None, parts)))
    if line := code(table.node):
        yield Code(line)


def _lines_of(worked: list[Worked]) -> Iterator[Block]:
    """Yield each cell on one line, if all of the table's fit; else the letters on one and the numbers below."""
    on_one = all(_fits(cell.name, cell.lines()) for cell in worked)
    for cell in worked:
        yield _steps(cell.name, [_chain(cell.lines())] if on_one else _packed(cell), cell.link)
        if cell.aside is not None:
            yield Paragraph(pieces_of(_("Exactly: {formula}."), formula=Chain((cell.name, cell.aside), ("=",))))


def _fits(name: Maths, links: list[CellLine]) -> bool:
    return width(name) + sum(width(maths) + 3 for _, maths in links) <= WIDEST


def _packed(cell: Worked) -> list[CellLine]:
    letters, *numbers = cell.lines()
    return [letters, *([_chain(numbers)] if numbers and _fits(cell.name, numbers) else numbers)]


def _steps(name: Maths, lines: list[CellLine], link: str = "") -> Steps:
    return Steps((Line("", name), *(Line(sign, maths) for sign, maths in lines)), link)


def _chain(links: list[CellLine]) -> CellLine:
    """Return several links of a chain as one, after the first one's sign."""
    (sign, first), *others = links
    signs, sides = tuple(s for s, _ in others), tuple(maths for _, maths in others)
    return sign, Chain((first, *sides), signs) if others else first


def _one_cell(lesson: Lesson, node: Node, cells: Cells, shown_at: tuple[int, int], code: LineOf) -> Document:
    worked = cells.worked(node, *find_cell(node, shown_at, cells.turned))
    table = worked_table(node, cells, 0)
    blocks: list[Block] = [] if table.is_given else list(_rule(table, with_names=True, code=code))
    blocks += [Heading(_("Step by step"), 2), _steps(worked.name, worked.in_decimals(ROUNDS), worked.link)]
    exactly = worked.exactly()
    if exactly and exactly != worked.in_decimals():
        blocks += [Heading(_("Exactly"), 2), _steps(worked.name, exactly)]
    blocks += [Heading(_("Where it stands"), 2), _numbers(table, f"{table.name}, {times(table.shape)}")]
    where = place_in_words(node, (shown_at[0] - 1, shown_at[1] - 1), cells)
    return Document(f"{table.name}, {where}", _where(lesson, table), tuple(blocks))


def _numbers(table: WorkedTable, caption: str) -> Table:
    if table.numbers.shape != table.shape:
        caption += f" ({_('the first {shape} numbers').format(shape=times(table.numbers.shape))})"
    rows = table.rows if table.shape[0] > 1 or table.rows != ("1",) else ()
    columns = table.columns if table.shape[1] > 1 or table.columns != ("1",) else ()
    cells = tuple(tuple(map(shown, numbers)) for numbers in table.numbers.tolist())
    if table.texts:
        cells = tuple(tuple(Name(text) for text in row) for row in table.texts)
    return Table(caption, rows, columns, cells, table.node.look)
