"""The line under a table's name: its rule, or a link to where it is computed; and what a step is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from byhand.core.graph import Node, Scope
from byhand.glossary import step_meaning
from byhand.workbook import style
from byhand.workbook.about import About
from byhand.workbook.layout import heading, is_fed_from_above, whole
from byhand.workbook.page import HEADER, Block, Heading, Page, columns_on_paper
from byhand.xlsx.writer import Sheet, Style


def words_of(about: About, scope: Scope) -> list[tuple[str, Style]]:
    """Return what a page or step is for, after its title."""
    words = step_meaning(scope) if about.guide and about.words else ""
    return [(f"   {words}", style.WORDS)] if words else []


def words_of_step(about: About, page: Page, place: Heading, width: float) -> list[tuple[str, Style]]:
    """Return what a step is for, where nothing stands at its right and it ends on the same page of paper.

    width: of the columns, in letters.
    """
    beside = any(h.row == place.row and h.column > place.column for h in page.headings)
    beside |= any(b.row - HEADER <= place.row < b.row + b.shape[0] and b.column > place.column for b in page.blocks)
    if beside:
        return []
    words = words_of(about, place.scope)
    columns = columns_on_paper(width)
    end = place.column + _columns(place, words, width)
    return words if (place.column - 1) // columns == (end - 2) // columns else []


def write_rule(
    about: About, homes: Mapping[Node, Block], sheet_names: Mapping[Page, str], sheet: Sheet, block: Block
) -> None:
    """Write the rule of a table; of a copy a link to where it is computed."""
    place, source = (block.row - 2, block.column), homes.get(whole(block.node))
    if about.guide and not block.home and source is not None and source is not block and block.caption.rule:
        sheet.link(*place, block.caption.rule, sheet_names[source.page], source.caption_cell, style.RULE_LINK)
    else:
        sheet.text(*place, block.caption.rule, style.RULE | (style.BESIDE_ARROW if is_fed_from_above(block) else {}))


def end_of_heading(about: About, page: Page, place: Heading, width: float) -> int:
    """Return the column after the title of a step and what it is for. width: of the columns, in letters."""
    return place.column + _columns(place, words_of_step(about, page, place, width), width)


def _columns(place: Heading, words: Sequence[tuple[str, Style]], width: float) -> int:
    """Return how many columns the title of a step takes with these words after it."""
    letters = sum(len(text) for text, _ in words)
    return ceil((LARGE_LETTER * len(heading(place.scope)) + WORDS_LETTER * letters + 2) / width)


def width_with_words(about: About, page: Page, columns: int, width: float) -> int:
    """Return how many columns a page takes with its sentences, which run to the right of the tables on paper, too."""
    if not about.guide:
        return columns
    ends = [end_of_heading(about, page, place, width) for place in page.headings]
    return max(columns, *ends, ceil(WORDS_LETTER * LINE_LETTERS / width))


def columns_of(parts: Sequence[tuple[str, Style]], width: float) -> int:
    """Return how many columns a line of texts in several styles takes."""
    letters = (len(text) * (LARGE_LETTER if look.get("bold") else WORDS_LETTER) for text, look in parts)
    return ceil((sum(letters) + 2) / width)


LARGE_LETTER, WORDS_LETTER = 1.0, 0.77
"""The widths of a letter of a heading and of a sentence, of which a column's width is made (digits are wide)."""
LINE_LETTERS = 118
"""The letters of a line of what to try."""
