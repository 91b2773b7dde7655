"""A reader of exercises that knows only what is printed: it takes tables and rules from HTML, and works them out.

It imports nothing of byhand. What it understands is the notation that exercises/README.md describes; a rule that it
cannot read is unclear to a student too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np

Array = np.ndarray
Cells = list[list[str]]
LINE_TAGS = {"p", "li", "h1", "h2", "h3", "h4", "figcaption", "div", "tr", "ul", "figure", "table", "pre"}
SILENT = {"style", "script", "title"}


class Unreadable(Exception):
    """A rule or a question that cannot be understood."""


class Blocks(HTMLParser):
    """The lines and the tables of a page, in order; a table is a list of rows of cells, without labels."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocks: list[str | Cells] = []
        self._line, self._silent = "", 0
        self._rows: Cells | None = None
        self._cell: str | None = None
        self._in_head = False
        self.feed(text)
        self._end_line()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in SILENT:
            self._silent += 1
        if tag in LINE_TAGS and self._rows is None:
            self._end_line()
        if tag == "table":
            self._rows = []
        elif tag == "thead":
            self._in_head = True
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag == "td" and not self._in_head:
            self._cell = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent -= 1
        if tag == "thead":
            self._in_head = False
        elif tag == "td" and self._cell is not None and self._rows is not None:
            self._rows[-1].append(self._cell.strip())
            self._cell = None
        elif tag == "table" and self._rows is not None:
            self.blocks.append([row for row in self._rows if row])
            self._rows = None
        elif tag in LINE_TAGS and self._rows is None:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._cell is not None:
            self._cell += data
        elif self._rows is None:
            self._line += data

    def _end_line(self) -> None:
        if self._line.strip():
            self.blocks.append(" ".join(self._line.split()))
        self._line = ""


CAPTION = re.compile(r"(\S+) \((\d+)×(\d+)\)(?: – .*)?")
RULE = re.compile(r"(\S+) = (.+?)(?: \((\d+)×(\d+)\))?")


@dataclass
class Question:
    """A question, and the tables that stand between it and the next one."""

    text: str
    tables: list[Cells] = field(default_factory=list)
    last_line: str = ""


class Sheet:
    """What is printed: given tables, rules and questions."""

    def __init__(self, text: str) -> None:
        self.tables: dict[str, Array] = {}
        self.rules: dict[str, tuple[str, tuple[int, int] | None]] = {}
        self.questions: list[Question] = []
        self._solved: dict[str, Array] = {}
        self._before: dict[str, int] = {}
        self.read(text)

    def read(self, text: str) -> None:
        """Read a page, or one more item of a quiz."""
        caption = None
        for block in Blocks(text).blocks:
            if isinstance(block, list):
                if caption and _holds_numbers(block) and not self._is_asked(caption[1]):
                    table = np.array([[number(cell) for cell in row] for row in block])
                    assert table.shape == (int(caption[2]), int(caption[3])), caption[0]
                    self.tables[caption[1]] = table
                elif self.questions:
                    self.questions[-1].tables.append(block)
                caption = None
                continue
            caption = CAPTION.fullmatch(block)
            rule = RULE.fullmatch(block)
            if rule:
                shape = (int(rule[3]), int(rule[4])) if rule[3] else None
                self._before.setdefault(rule[1], len(self.rules))
                known = self.rules.setdefault(rule[1], (rule[2], shape))
                assert known == (rule[2], shape), f"two rules for {rule[1]}"
            elif asked(block):
                self.questions.append(Question(block))
            elif self.questions:
                self.questions[-1].last_line = block

    def _is_asked(self, name: str) -> bool:
        """Return whether the last question asks for this table, of which it may show a copy with a wrong number."""
        found = asked(self.questions[-1].text) if self.questions else None
        return bool(found and found[1]["name"] == name)

    def value(self, name: str) -> Array:
        """Return the numbers of a table: those that are given, or worked out from its rule."""
        if name in self.tables:
            return self.tables[name]
        if name not in self._solved:
            self._solved[name] = self.worked_out(name)
        return self._solved[name]

    def know(self, name: str, numbers: Array) -> None:
        """Take these numbers for a table, in place of what its rule gives."""
        self._solved[name] = numbers

    def worked_out(self, name: str) -> Array:
        """Return the numbers of a table from its rule."""
        if name not in self.rules:
            raise Unreadable(f"nothing says what {name} is")
        text, shape = self.rules[name]
        with np.errstate(all="ignore"):
            result = Reader(self, text, self._before[name]).all()
        return np.array(np.broadcast_to(result, shape or (1, 1)))

    def names(self, before: int) -> list[str]:
        """Return the names that a rule may use, the longest first: given tables, and those whose rules stand before."""
        return sorted({*self.tables, *list(self.rules)[:before]}, key=len, reverse=True)


NUMBER_CELL = re.compile(r"\?|[−-]?(∞|\d+([.]\d+)?)( \(.*\))?")


def _holds_numbers(cells: Cells) -> bool:
    return all(NUMBER_CELL.fullmatch(cell) for row in cells for cell in row)


def number(cell: str) -> float:
    """Return the number of a cell: 3, −0.5, 3 (cat), −∞; NaN for the one to find."""
    if cell == "?":
        return np.nan
    return float(cell.split(" (")[0].replace("−", "-").replace("∞", "inf"))


# Rules

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def kept_apart(row: Array) -> list[float]:
    kept: list[float] = []
    for one in row:
        kept.append(0.0 if kept and kept[-1] else float(one))
    return kept


def first_at(row: Array, places: Array, n: int) -> float:
    return next((float(x) for x, place in zip(row, places, strict=True) if place == n), 0.0)


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "ln": np.log,
    "max": np.maximum,
    "erf": np.vectorize(__import__("math").erf, otypes=[float]),
    "int": np.floor,
    "letters": lambda a: a,
    "count": lambda a, b, n: np.array(
        [[sum(np.sum(row == x) * k[0] for row, k in zip(b, n, strict=True)) for x in r] for r in a]
    ),
    "apart": lambda a: np.array([kept_apart(row) for row in a]),
    "place": lambda a: np.array([[n + 1 - sum(row[:n]) for n in range(len(row) + 1)] for row in a]),
    "at": lambda a, b: np.array([[first_at(r, p, n + 1) for n in range(len(r))] for r, p in zip(a, b, strict=True)]),
}
OF_LINES: dict[str, Callable[..., Array]] = {"sum": np.sum, "max": np.max, "mean": np.mean}
LETTER = re.compile(r"(?![ᵀ²³¹⁰-⁹])[\w.′″‴]")
"""What would make a name longer."""


class Reader:
    """Works out one rule, from left to right. before: how many rules stand before it."""

    def __init__(self, sheet: Sheet, text: str, before: int) -> None:
        self.sheet, self.text, self.at = sheet, text, 0
        self.names = sheet.names(before)

    def all(self) -> Array:
        result = self.cases()
        if self.skip(", "):
            other = self.cases()
            self.need(" by turns")
            result = by_turns(result, other)
        if self.at < len(self.text):
            raise Unreadable(f"{self.text!r} at {self.text[self.at :]!r}")
        return result

    def skip(self, words: str) -> bool:
        if self.text.startswith(words, self.at):
            self.at += len(words)
            return True
        return False

    def need(self, words: str) -> None:
        if not self.skip(words):
            raise Unreadable(f"{words!r} is missing in {self.text!r} at {self.text[self.at :]!r}")

    def cases(self) -> Array:
        value = self.sum()
        if not self.skip(" where "):
            return value
        condition = self.sum()
        if self.skip(" > "):
            condition = condition > self.sum()
        elif self.skip(" = "):
            condition = condition == self.sum()
        self.need(", else ")
        other = self.cases()
        return np.where(condition != 0, value, other)

    def sum(self) -> Array:
        total = -self.product() if self.skip("−") else self.product()
        while True:
            if self.skip(" + "):
                total = total + self.product()
            elif self.skip(" − "):
                total = total - self.product()
            else:
                return total

    def product(self) -> Array:
        total = self.power()
        while True:
            if self.skip(" · "):
                total = matrix(total) @ matrix(self.power())
            elif self.skip(" × "):
                total = total * self.power()
            elif self.skip(" / "):
                total = total / self.power()
            else:
                return total

    def power(self) -> Array:
        lines = re.compile(r"(sum|max|mean) of each (row|column) of ").match(self.text, self.at)
        if lines:
            self.at = lines.end()
            axis = 1 if lines[2] == "row" else 0
            return OF_LINES[lines[1]](matrix(self.power()), axis=axis, keepdims=True)
        largest = re.compile(r"place of the largest in each (row|column) of ").match(self.text, self.at)
        if largest:
            self.at = largest.end()
            return np.argmax(matrix(self.power()), axis=1 if largest[1] == "row" else 0, keepdims=True).astype(float)
        base = self.with_marks()
        if self.skip("^"):
            return base ** self.with_marks()
        return base

    def with_marks(self) -> Array:
        """Read a table or number with what stands behind it: ᵀ, [...], ²."""
        value = self.single()
        while self.at < len(self.text):
            if self.skip("ᵀ"):
                value = matrix(value).T
            elif self.text[self.at] in RAISED:
                digits = re.compile(f"[{RAISED}]+").match(self.text, self.at)
                assert digits
                self.at = digits.end()
                value = value ** int("".join(str(RAISED.index(d)) for d in digits[0]))
            elif self.skip("["):
                value = self.part(matrix(value))
            else:
                break
        return value

    def part(self, table: Array) -> Array:
        """Read which rows and columns of a table are meant, or the table of numbers of its rows."""
        places = re.compile(r"((?:\d+(?:…\d+)?|·)(?:, (?:\d+(?:…\d+)?|·))?)\]").match(self.text, self.at)
        if places:
            self.at = places.end()
            spans = [span(place) for place in places[1].split(", ")]
            return table[spans[0], spans[1] if len(spans) > 1 else slice(None)]
        if self.skip("·, "):
            index = matrix(self.cases()).astype(int)
            self.need("]")
            return np.take_along_axis(table, index, axis=1)
        index = matrix(self.cases()).astype(int)
        if self.skip(", "):
            column = re.compile(r"(\d+)\]").match(self.text, self.at)
            assert column, self.text
            self.at = column.end()
            return table[:, int(column[1]) - 1][index]
        self.need("]")
        return table[index[:, 0]] if index.shape[1] == 1 else table[:, 0][index]

    def single(self) -> Array:
        if self.skip("("):
            value = self.cases()
            self.need(")")
            return value
        if self.skip("["):
            return self.grid()
        if self.skip("√"):
            return np.sqrt(self.single())
        columns = re.compile(r"column 0…(\d+)").match(self.text, self.at)
        if columns:
            self.at = columns.end()
            return np.arange(int(columns[1]) + 1)[None, :]
        for name in self.names:
            if self.text.startswith(name, self.at) and not LETTER.match(self.text, self.at + len(name)):
                if name in FUNCTIONS and self.text.startswith(f"{name}(", self.at):
                    continue
                self.at += len(name)
                return self.sheet.value(name)
        for name, function in FUNCTIONS.items():
            if self.skip(f"{name}("):
                arguments = [self.cases()]
                while self.skip(", "):
                    arguments.append(self.cases())
                self.need(")")
                return function(*arguments)
        digits = re.compile(r"\d+(?:\.\d+)?").match(self.text, self.at)
        if digits:
            self.at = digits.end()
            return np.array([[float(digits[0])]])
        for sign, value in {"e": np.e, "π": np.pi, "∞": np.inf}.items():
            if self.skip(sign):
                return np.array([[value]])
        raise Unreadable(f"{self.text!r} at {self.text[self.at :]!r}")

    def grid(self) -> Array:
        """Read tables side by side ([A | B]) or one below the other ([A; B])."""
        parts, signs = [self.sized()], set[str]()
        while not self.skip("]"):
            sign = next((s for s in (" | ", "; ") if self.skip(s)), "")
            if not sign:
                raise Unreadable(f"{self.text!r} at {self.text[self.at :]!r}")
            signs.add(sign)
            parts.append(self.sized())
        assert len(signs) == 1, self.text
        axis = 1 if signs == {" | "} else 0
        return np.concatenate(parts, axis=axis)

    def sized(self) -> Array:
        """Read a part of a larger table; where it is repeated, its rows and columns follow: 0 (2×3)."""
        part = matrix(self.cases())
        shape = re.compile(r" \((\d+)×(\d+)\)").match(self.text, self.at)
        if not shape:
            return part
        self.at = shape.end()
        return np.broadcast_to(part, (int(shape[1]), int(shape[2])))


def matrix(value: Array) -> Array:
    return np.atleast_2d(value)


def span(place: str) -> slice:
    if place == "·":
        return slice(None)
    first, _, last = place.partition("…")
    return slice(int(first) - 1, int(last or first))


def by_turns(even: Array, odd: Array) -> Array:
    columns = [table[:, n : n + 1] for n in range(even.shape[1]) for table in (even, odd) if n < table.shape[1]]
    return np.concatenate(columns, axis=1)


# Questions

NAME = r"(?P<name>\S+?)(?: \([^()]*(?:\([^()]*\)[^()]*)*\))?"
PLACES = r"(?: Give (?:(?P<places>\d) decimals?|whole numbers|a whole number)\.)"
FORMS = {
    "table": rf"Find {NAME}\.{PLACES}",
    "cell": rf"Find the number of {NAME} in row (?P<rows>\d+)[^,]*, column (?P<columns>\d+).*?\.{PLACES}",
    "symbolic": rf"Find the number of {NAME} in row (?P<rows>\d+)[^,]*, column (?P<columns>\d+).*? exactly, .*",
    "missing": rf"The number of {NAME} in row (?P<rows>\d+)[^,]*, column (?P<columns>\d+).*? is missing: .*",
    "part": rf"Find (?P<part>(?:row|column)s? \d.*) of {NAME}\.{PLACES}",
    "choice": rf"Which (?:word|column) has the largest number in (?:each of )?(?P<part>rows? .*?) of {NAME}\? .*",
    "cut": rf"Write (?P<part>rows? .*?) of {NAME} in letters: .*",
    "wrong cell": rf"One number of {NAME} is wrong: .*",
}


def asked(line: str) -> tuple[str, dict[str, str]] | None:
    """Return the kind of question that a line asks and its table and places; None for any other line."""
    for kind, form in FORMS.items():
        found = re.search(rf"(?:^|\s){form}(?: \([\d.]+ points?\))?$", line)
        if found:
            return kind, found.groupdict()
    return None


def numbered(text: str) -> list[int]:
    """Return the rows or columns that a text lists: "2 (sat) and 4", "2 to 4"."""
    plain = re.sub(r" \((?:[^()]|\([^()]*\))*\)", "", text)
    found: list[int] = []
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", plain):
        found += range(int(first), int(last or first) + 1)
    return found


def cells_of(part: str, shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the cells that a part of a table has, from 0: "rows 2 and 3", "row 2, columns 1 and 2; row 3, ..."."""
    cells = []
    for piece in re.split(r"; (?=row)", part):
        both = re.fullmatch(r"(?:rows? (?P<rows>.*?))?(?:, )?(?:columns? (?P<columns>.*))?", piece)
        assert both, piece
        rows = numbered(both["rows"]) if both["rows"] else [*range(1, shape[0] + 1)]
        columns = numbered(both["columns"]) if both["columns"] else [*range(1, shape[1] + 1)]
        cells += [(i - 1, j - 1) for i in rows for j in columns]
    return cells


def answer(sheet: Sheet, question: Question) -> list[float]:
    """Return what the question asks for, worked out from the sheet; for a cut, its pieces by number."""
    kind, found = asked(question.text) or ("", {})
    name = found["name"]
    if kind == "missing":
        return [missing_number(sheet, name)]
    table = sheet.worked_out(name) if kind == "wrong cell" else sheet.value(name)
    if kind == "wrong cell":
        shown = np.array([[number(cell) for cell in row] for row in question.tables[0]])
        place = np.unravel_index(int(np.argmax(np.abs(table - shown))), table.shape)
        return [float(n) + 1 for n in place]
    if kind == "table":
        return [float(x) for x in table.ravel()]
    if kind in ("cell", "symbolic"):
        return [float(table[int(found["rows"]) - 1, int(found["columns"]) - 1])]
    if kind == "cut":
        return [float(x) for i in dict.fromkeys(i for i, _ in cells_of(found["part"], table.shape)) for x in table[i]]
    if kind == "choice":
        rows = dict.fromkeys(i for i, _ in cells_of(found["part"], table.shape))
        return [float(np.argmax(table[i])) + 1 for i in rows]
    return [float(table[i, j]) for i, j in cells_of(found["part"], table.shape)]


def missing_number(sheet: Sheet, name: str) -> float:
    """Return the number for which the shown tables that depend on it come out as they are shown."""
    given = sheet.tables[name]
    hole = np.argwhere(np.isnan(given))
    assert len(hole) == 1, name

    def differences(guess: float) -> Array:
        sheet.tables[name] = np.where(np.isnan(given), guess, given)
        sheet._solved = {}
        known = [n for n in sheet.rules if n in sheet.tables]
        return np.concatenate([(sheet.worked_out(n) - sheet.tables[n]).ravel() for n in known])

    at_0, at_1 = differences(0.0), differences(1.0)
    slope = at_1 - at_0
    found = float(-(at_0 @ slope) / (slope @ slope))
    assert np.abs(differences(found)).max() < 1e-3, name
    return found
