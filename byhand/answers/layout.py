"""Where the entries of a typed list or table begin and end: brackets, commas, blanks, semicolons, lines and cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from byhand.answers.grammar import CLOSING, operation_of
from byhand.answers.limits import Unreadable
from byhand.answers.tokens import Token

Words = list[Token]
_CLOSERS = {")", "]", "}", ">"}
_OPENERS = {*CLOSING, "<"}


@dataclass(frozen=True)
class Layout:
    """A list or table. rows: the tokens of each entry. bare: without brackets. loose: neither row nor column."""

    rows: list[list[Words]]
    bare: bool
    loose: bool = False


def layout_of(words: Words, blanks: bool, decimal_comma: bool) -> Layout | None:
    """Return the layout of a list or table; None for one expression. blanks: whether blanks separate entries."""
    words, turned = _turned(_without_idle_lines(words))
    inner, bare = words, True
    for _ in range(2):
        within = _inside(inner)
        if within is None or (inner[0].text == "(" and not _separated(within, blanks) and not _listed(within, blanks)):
            break
        inner, bare = within, False
    if bare and not _separated(inner, blanks):
        return None
    pieces = _bracketed(inner)
    if pieces is not None:
        return _finished([_cells(piece, blanks, True) for piece in pieces], bare, turned, False)
    lines = _has(inner, "\n") and _has(inner, ";") and not (_has(inner, ",") or _has(inner, "\t"))
    if lines and not any(len(_at_blanks(cell)) > 1 for row in _split(inner, {"\n"}) for cell in _split(row, {";"})):
        return _finished([_split(row, {";"}) for row in _split(inner, {"\n"})], bare, turned, False)
    rows = [_cells(row, blanks, False) for row in _split(inner, {";", "\n"})]
    if (
        blanks
        and len({len(row) for row in rows}) == 1
        and len({_has(row, ",") for row in _split(inner, {";", "\n"})}) > 1
    ):
        raise Unreadable("its rows are separated in different ways")
    loose = decimal_comma and len(rows) > 1 and all(len(row) == 1 for row in rows) and not _has(inner, "\n")
    return _finished([[row[0] for row in rows]] if loose else rows, bare, turned, loose)


def _finished(rows: list[list[Words]], bare: bool, turned: bool, loose: bool) -> Layout:
    rows = _without_empty_columns(_without_margins(rows))
    if any(not cell for row in rows for cell in row):
        raise Unreadable("an entry is missing")
    if len({len(row) for row in rows}) > 1:
        raise Unreadable("its rows are not equally long")
    return Layout([list(row) for row in zip(*rows, strict=True)] if turned else rows, bare, loose)


def _without_margins(rows: list[list[Words]]) -> list[list[Words]]:
    """Return the rows without the empty first or last cells of all rows but one, whose own went with its blanks."""
    width = max(map(len, rows))
    if len(rows[0]) < width and all(len(row) == width for row in rows[1:]):
        cut = width - len(rows[0])
        if not any(cell for row in rows[1:] for cell in row[:cut]):
            return [rows[0], *(row[cut:] for row in rows[1:])]
    if len(rows[-1]) < width and all(len(row) == width for row in rows[:-1]):
        cut = len(rows[-1])
        if not any(cell for row in rows[:-1] for cell in row[cut:]):
            return [*(row[:cut] for row in rows[:-1]), rows[-1]]
    return rows


def _without_empty_columns(rows: list[list[Words]]) -> list[list[Words]]:
    """Return the rows without columns that are empty in each of them, as two tabs between numbers leave."""
    if len({len(row) for row in rows}) > 1 or all(cell for row in rows for cell in row):
        return rows
    filled = [any(cells) for cells in zip(*rows, strict=True)]
    if len(rows) == 1 or not any(filled):
        return rows
    return [[cell for cell, full in zip(row, filled, strict=True) if full] for row in rows]


_RULE = re.compile(r"\|?[\s|:-]*-[\s|:-]*", re.ASCII)


def without_bars(text: str) -> str:
    """Return a table of Markdown, `| 1 | 2 |` in each line, with tabs between its cells; any other text as it is."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if any(len(line) < 3 or line[0] != "|" or line[-1] != "|" or line.count("|") < 3 for line in lines):
        return text
    rows = [line[1:-1] for line in lines if not _RULE.fullmatch(line)]
    return "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows) if len(lines) > 1 else text


def _without_idle_lines(words: Words) -> Words:
    """Return the words without line ends beside a separator, or just inside a bracket."""
    kept: Words = []
    for place, word in enumerate(words):
        if word.kind == "line":
            before = kept[-1].text if kept else "\n"
            after = words[place + 1].text if place + 1 < len(words) else "\n"
            if before in {",", ";", "\n"} | _OPENERS or after in {",", ";", "\n"} | _CLOSERS:
                continue
        kept.append(word)
    while kept and kept[-1].kind == "line":
        kept.pop()
    return kept


def _turned(words: Words) -> tuple[Words, bool]:
    """Return the words without a table's transpose sign, and whether there was one."""
    texts = [word.text for word in words[-4:]]
    for tail in (["'"], ["T"], ["^", "T"], ["^", "{", "T", "}"]):
        if texts[-len(tail) :] == tail and len(words) > len(tail) and words[-len(tail) - 1].text in {")", "]", "}"}:
            if tail == ["T"] and words[-1].kind != "power":
                return words, False
            return words[: -len(tail)], True
    return words, False


def _inside(words: Words) -> Words | None:
    """Return the words inside a pair of brackets that encloses all of them; None if there is no such pair."""
    if len(words) < 2 or words[0].kind != "sign" or words[0].text not in _OPENERS or words[-1].text not in _CLOSERS:
        return None
    if words[0].text == "<":
        return words[1:-1] if words[-1].text == ">" else None
    depth = 0
    for word in words[:-1]:
        depth += _step(word)
        if depth == 0:
            return None
    return words[1:-1] if words[-1].text == CLOSING[words[0].text] else None


def _step(word: Token) -> int:
    if word.kind != "sign":
        return 0
    return (word.text in CLOSING) - (word.text in (")", "]", "}"))


def _split(words: Words, signs: set[str]) -> list[Words]:
    """Split the words at signs outside brackets."""
    parts: list[Words] = [[]]
    depth = 0
    for word in words:
        depth += _step(word)
        if depth == 0 and word.text in signs and word.kind in ("sign", "line", "cell"):
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _has(words: Words, sign: str) -> bool:
    return any(word.text == sign and word.kind in ("sign", "line", "cell") for word in words)


def _separated(words: Words, blanks: bool) -> bool:
    """Whether the words are more than one entry."""
    return len(_split(words, {",", ";", "\n", "\t"})) > 1 or (blanks and len(_at_blanks(words)) > 1)


def _listed(words: Words, blanks: bool) -> bool:
    """Whether the words are one list in brackets, as inside `([1, 2; 3, 4])`."""
    within = _inside(words)
    return within is not None and words[0].text in ("[", "{") and _separated(within, blanks)


def _bracketed(words: Words) -> list[Words] | None:
    """Return the contents of bracketed rows: `[1,2],[3,4]`; None for other words."""
    pieces = [piece for piece in _split(words, {",", ";", "\n"}) if piece]
    apart = [part for piece in pieces for part in _groups(piece)]
    inner = [_inside(part) for part in apart]
    if len(apart) < 2 or any(part is None or words_[0].text == "<" for part, words_ in zip(inner, apart, strict=True)):
        return None
    found = [part for part in inner if part is not None]
    listed = all(words_[0].text in ("[", "{") or _has(part, ",") for part, words_ in zip(found, apart, strict=True))
    return found if listed and len(_split(words, {",", ";", "\n"})) in (1, len(apart)) else None


def _groups(words: Words) -> list[Words]:
    """Return `[1 2] [3 4]` as its two groups."""
    parts: list[Words] = []
    depth = 0
    for word in words:
        if depth == 0 and (not parts or (parts[-1][-1].text in ("]", "}", ")") and word.text in CLOSING)):
            parts.append([])
        depth += _step(word)
        parts[-1].append(word)
    return parts


def _cells(row: Words, blanks: bool, nested: bool) -> list[Words]:
    cells = _split(row, {",", "\t", ";", "\n"} if nested else {",", "\t"})
    if len(cells) > 1 and _both_ways(row, cells):
        raise Unreadable("it is not clear whether its commas or its blanks separate its entries")
    if not blanks or (len(cells) > 1 and not _has(row, "\t")) or _has(row, ","):
        return cells
    return [part for cell in cells for part in (_at_blanks(cell) if cell else [cell])]


def _both_ways(row: Words, cells: list[Words]) -> bool:
    """Whether a row such as `1 -0,5` or `0,1 100` has blanks between digits, and commas without a blank."""
    commas = [place for place, word in enumerate(row) if word.text == "," and word.kind == "sign"]
    tight = all(not row[n].blank and n + 1 < len(row) and not row[n + 1].blank for n in commas)
    grouped = any(word.kind == "number" and " " in word.text for word in row)
    return bool(commas) and tight and (grouped or any(_apart(cell) for cell in cells))


def _apart(cell: Words) -> bool:
    """Whether `1 -2`, which is two entries, stands in a cell outside brackets."""
    depth = 0
    for before, word, after in zip(cell, cell[1:], cell[2:], strict=False):
        depth += _step(before)
        if depth == 0 and word.blank and word.text in ("-", "+") and _ends(before) and not after.blank:
            return True
    return False


def _at_blanks(words: Words) -> list[Words]:
    """Split at blanks: `1 -2` is two entries, `1 - 2` and `1-2` are one."""
    parts: list[Words] = [[]]
    depth = 0
    for place, word in enumerate(words):
        before = words[place - 1] if place else None
        after = words[place + 1] if place + 1 < len(words) else None
        if before and depth == 0 and word.blank and _ends(before) and _begins(word, after):
            parts.append([])
        depth += _step(word)
        parts[-1].append(word)
    return parts


def _ends(word: Token) -> bool:
    if word.kind == "name":
        try:
            return operation_of(word.text, "natural") is None
        except Unreadable:
            return False
    return word.kind in ("number", "vulgar", "power") or word.text in {")", "]", "}", "!", "%", "∞"}


def _begins(word: Token, after: Token | None) -> bool:
    if word.kind in ("number", "vulgar", "name"):
        return True
    if word.text in ("-", "+"):
        return after is not None and not after.blank
    return word.text in {*CLOSING, "√", "∛", "∜", "\\frac", "\\sqrt", "∞"}
