"""A lesson as a notebook: formulas, the numpy script cell by cell, pictures of attention, and three things to try."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from byhand.code.formatting import all_formatted
from byhand.code.script import Script, about, side_by_side
from byhand.core.captions import rule, symbol, symbol_from, titles
from byhand.core.expressions import Numpy
from byhand.core.graph import Node, Scope, fold
from byhand.core.labels import Tokens
from byhand.core.roles import Role
from byhand.documents.document import Block, Document, Formula, Heading, Paragraph
from byhand.documents.markdown import MARKDOWN
from byhand.errors import ByhandError
from byhand.lessons.lesson import Lesson, describe
from byhand.notation.tree import Chain, Name

HEAT = """def heat(table, title, rows=None, columns=None):
    plt.figure(figsize=(0.9 * table.shape[1] + 1, 0.6 * table.shape[0] + 1))
    plt.imshow(table, cmap="Purples", vmin=0)
    for (row, column), number in np.ndenumerate(table):
        color = "white" if number > 0.6 * table.max() else "black"
        plt.text(column, row, f"{number:.2f}", ha="center", va="center", color=color)
    plt.xticks(range(table.shape[1]), columns or range(1, table.shape[1] + 1))
    plt.yticks(range(table.shape[0]), rows or range(1, table.shape[0] + 1))
    plt.title(title)
    plt.show()"""


def notebook(lesson: Lesson) -> str:
    """Return the lesson as a notebook (.ipynb): it needs numpy and matplotlib, and runs from top to bottom.

    Raises ByhandError where nbformat is not installed.
    """
    return written(_cells(Script(lesson, Numpy())), {})


def written(texts: Iterable[tuple[str, str]], about: Mapping[str, str], laid_out: bool = False) -> str:
    """Return a notebook of cells, each text or code. about: what else its metadata hold.

    laid_out: whether the code has its layout already.

    Raises ByhandError where nbformat is not installed.
    """
    try:
        import nbformat
    except ImportError:
        raise ByhandError('nbformat writes notebooks: install it with pip install "byhand[notebook]".') from None

    library: Any = nbformat  # it has no types
    v4, cells, texts = library.v4, [], list(texts)
    code = [text for kind, text in texts if kind == "code"]
    laid = iter(code if laid_out else [text.strip() for text in all_formatted(code)])
    for n, (kind, text) in enumerate(texts):
        cell: Any = v4.new_markdown_cell(text) if kind == "text" else v4.new_code_cell(next(laid))
        cell["id"] = f"cell-{n + 1}"  # the same each time
        cells.append(cell)
    book = v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}, **about})
    library.validate(book)
    return str(library.writes(book)) + "\n"


def _cells(script: Script) -> Iterator[tuple[str, str]]:
    """Yield what each cell is, text or code, and what it says."""
    title, sizes = describe(script.lesson)
    source = script.lesson.architecture.source
    first = (
        "Each table of the model is one line of numpy, under the table's own name. Run the cells from top to bottom."
    )
    yield "text", _written(Heading(title), Paragraph((f"{sizes} ({source}).",)), Paragraph((first,)))
    lines = dict(script.lines())
    pictures = [node for node in lines.values() if node.role is Role.ATTENTION]
    imports = script.imports().replace("import sys\n\n", "")
    plot = f"import matplotlib.pyplot as plt\n{imports}" if pictures else imports
    heat = [HEAT] if pictures else []
    yield "code", "\n\n\n".join([plot, *script.head(), *heat, script.words()])
    for place, block in script.sections(lines):
        heading = ", ".join(titles(place)) if place else "What the whole model shares"
        if not block:
            continue
        yield "text", _written(Heading(heading, 2), *_formulas(script, place, block))
        yield "code", "\n".join(side_by_side(block))
        for node in block.values():
            if node.role is Role.ATTENTION:
                words = [_words(script, node, axis) for axis in (0, 1)]
                more = [f"{what}={text}" for what, text in zip(("rows", "columns"), words, strict=True) if text]
                yield "code", f"heat({', '.join([script.names[node], repr(heading), *more])})"
    yield "text", _written(Heading("What comes out", 2))
    yield "code", script.prediction()
    yield "text", _written(Heading("Three things to try", 2))
    yield "text", "\n".join(f"{n}. {task}" for n, task in enumerate(_tasks(script, lines), 1))


def _words(script: Script, node: Node, axis: int) -> str:
    """Return the words along an axis of a table, as an expression that follows their ids; nothing for others."""
    of = node.shape[axis].labels
    if isinstance(of, Tokens) and of.ids in script.indices and of.vocabulary is script.vocabulary:
        return f"[vocabulary[n] for n in {script.names[of.ids]}[:, 0]]"
    return ""


def _formulas(script: Script, place: Scope | None, block: Mapping[str, Node]) -> Iterator[Block]:
    """Yield a page's equation with its source, and the formula of each table that it computes, also inside a step."""
    if place and (said := about(place)):
        yield Paragraph((said,))
    for line in block.values():
        inside = script.ends[line].inside if line in script.ends else ()
        for node in (*inside, line) if not line.op.given else ():
            letters = rule(node, lambda table, reader=node: Name(symbol_from(table, reader)))  # type: ignore[misc]
            yield Formula(Chain((Name(symbol(node)), letters), ("=",)))


def _tasks(script: Script, lines: Mapping[str, Node]) -> Iterator[str]:
    """Yield three things to try, each with what to expect."""
    given = [node for node in lines.values() if node.op.given and node not in script.indices and node.page]
    queries = [n for n in given if n.symbol in ("W_Q", "b_Q")]
    queries = [n for n in queries if n.scope is queries[0].scope]  # of one head
    computed = next(node for node in lines.values() if not node.op.given)
    yield (
        f"Work out the first row of `{script.names[computed]}` by hand, from the formula above, "
        f"and compare it with `print({script.names[computed]}[0])`."
    )
    first = script.names[given[0]] if given else ""
    if queries:
        changed = " and ".join(f"`{script.names[n]} = 0 * {script.names[n]}`" for n in queries)
        where = "the line that makes it" if len(queries) == 1 else "the lines that make them"
        what = (
            "all scores of that head are equal before the mask, so each word looks equally at all that it may see."
            if _is_even_without(script, queries)
            else "what do the words of that head look at now, without queries of their own, and why?"
        )
        yield f"Write {changed} below {where}, and run all cells again: {what}"
    elif first:
        yield f"Add 1 to `{first}[0, 0]` below the line that makes it, run all cells again: which tables change?"
    else:
        yield "Change one given number, run all cells again: which tables change?"
    if script.indices:
        ids = script.names[next(node for node in lines.values() if node in script.indices)]
        yield f"Change a number of `{ids}` (each is a word's place in the vocabulary, from 0): what comes out then?"
    elif first:
        yield f"Multiply `{first}` by 10 and run all cells again: how do the numbers of the last table change, and why?"
    else:
        yield "Multiply one given table by 10, run all cells again, and say what becomes of the last table."


def _is_even_without(script: Script, queries: list[Node]) -> bool:
    """Return whether each word looks equally at all that it may see once these tables are 0."""
    head = [n for n in script.nodes if n.role is Role.ATTENTION and n.name and n.scope is queries[0].scope]
    zero = {node: np.zeros(node.shape) for node in queries}
    numbers = fold(head, {**script.lesson.graph.given, **zero})
    rows = [row[row > 0] for node in head for row in numbers[node]]
    return bool(rows) and all(np.allclose(row, row[0]) for row in rows)


def _written(*blocks: Block) -> str:
    """Return blocks as Markdown."""
    return "\n\n".join(MARKDOWN.blocks(Document("", "", blocks)))
