"""The references of students' formulas, and whether a formula may be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Self

from byhand.answers.limits import filled_in
from byhand.core.arithmetic.excel import Address
from byhand.processes import Limits, Stopped, Workers
from byhand.xlsx import ironcalc_engine
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.formulas import tokens
from byhand.xlsx.ironcalc_engine import SheetsRequest
from byhand.xlsx.ranges import Region, region_of
from byhand.xlsx.reader import Contents
from byhand.xlsx.recalculate import values_of

FUNCTIONS = frozenset(
    "SUM SUMPRODUCT SUMSQ SUMXMY2 SUMX2MY2 SUMX2PY2 SUMIF SUMIFS PRODUCT MMULT TRANSPOSE MAX MIN LARGE SMALL RANK "
    "AVERAGE AVERAGEA MEDIAN GEOMEAN COUNT COUNTA COUNTIF COUNTIFS VAR VARP VAR.P VAR.S STDEV STDEVP STDEV.P STDEV.S "
    "DEVSQ STANDARDIZE SUBTOTAL MDETERM MINVERSE MUNIT ABS SIGN INT MOD QUOTIENT EVEN ODD CEILING FLOOR CEILING.MATH "
    "FLOOR.MATH MROUND ROUND ROUNDUP ROUNDDOWN TRUNC EXP LN LOG LOG10 SQRT SQRTPI POWER PI SIN COS TAN ASIN ACOS ATAN "
    "ATAN2 SINH COSH TANH ASINH ACOSH ATANH RADIANS DEGREES ERF ERF.PRECISE ERFC GAUSS NORM.S.DIST NORM.DIST NORMSDIST "
    "NORMDIST FACT COMBIN IF IFS SWITCH AND OR NOT XOR TRUE FALSE IFERROR IFNA ISNUMBER ISBLANK ISERROR ISNA ISTEXT "
    "CHOOSE INDEX MATCH VLOOKUP HLOOKUP LOOKUP VALUE NUMBERVALUE N T TEXT FIXED CONCAT CONCATENATE LEFT RIGHT MID LEN "
    "TRIM SUBSTITUTE ROWS COLUMNS SINGLE LET __XLUDF.DUMMYFUNCTION".split()
)
"""The functions that are computed again: deterministic, and confined to the file.

Spreadsheet programs write some of them by themselves: SINGLE is Excel's sign @, and __XLUDF.DUMMYFUNCTION stands, in
IFERROR(__xludf.DUMMYFUNCTION("..."), 0.484), for a function of Google Sheets that other programs lack; it always gives
an error, so that the number after it counts.
"""
PREFIXES = ("_XLFN.", "_XLWS.")
LOCAL = "_XLPM."
"""Stands before a name that LET defines."""
CHANGING = frozenset("RAND RANDBETWEEN RANDARRAY NOW TODAY".split())
REACHING = frozenset(
    "INDIRECT OFFSET WEBSERVICE FILTERXML ENCODEURL RTD CALL REGISTER.ID HYPERLINK IMAGE DDE CELL INFO".split()
)
LONGEST = 8_192
DEEPEST = 64
"""Excel's own limits of a formula's length and of functions within functions."""
MOST_FORMULAS = 2_000
MOST_CELLS = 10_000
"""The largest numbers of formulas and cells that all answers together may depend on."""
LARGEST_RANGE = 2_000_000
"""The largest number of cells of a range, empty ones included: a whole column has 1,048,576."""


class Refused(Exception):
    """A formula that is not computed. The message is the reason: a clause without its full stop."""

    def __init__(self, reason: str, /, **fields: object) -> None:
        super().__init__(filled_in(reason, fields))


@dataclass
class Needed:
    """The cells and defined names that the answers depend on."""

    contents: Contents
    values: dict[Cell, float | str | bool] = field(default_factory=dict)
    formulas: dict[Cell, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _reads: dict[Cell, list[Cell] | Refused] = field(default_factory=dict)
    _formulas: int = 0

    def add(self, cell: Cell) -> None:
        """Add a cell and everything that it depends on. Raises Refused if one of the formulas is not computed."""
        for one in self.sources(cell):
            formula, value = self.contents.formulas.get(one), self.contents.values.get(one)
            if formula is not None:
                self.formulas[one] = formula
            elif value is not None:
                self.values[one] = value

    def sources(self, cell: Cell) -> set[Cell]:
        """Return a cell and everything that it depends on. Raises Refused if one of the formulas is not computed."""
        left, reached = [cell], {cell}
        while left:
            at = left.pop()
            reads = self._reads_of(at)
            left += [one for one in reads if one not in reached]
            reached.update(reads)
        return reached

    def written_out(self, cell: Cell) -> str:
        """Return a cell's formula with its references filled in; an empty text if that is too long."""
        try:
            return f"={self._written_out(cell, DEEPEST)}"
        except Refused:
            return ""

    def _written_out(self, cell: Cell, depth: int) -> str:
        formula, value = self.contents.formulas.get(cell), self.contents.values.get(cell)
        if formula is None and (value is None or isinstance(value, float)):
            return repr(value or 0.0).removesuffix(".0")
        if formula is None or cell in self.contents.arrays or depth == 0:
            raise Refused("it is no expression of numbers")
        parts = [self._operand(text, cell, depth) if p == "RANGE" else text for _, p, text in tokens(formula)]
        whole = "".join(parts)
        if len(whole) > LONGEST:
            raise Refused("it has more than {most} characters", most=LONGEST)
        return whole

    def _operand(self, text: str, cell: Cell, depth: int) -> str:
        """Return the text of a reference: its cell, or a list of the filled cells of its range."""
        region = self._region(text, cell[0])
        cells = region.cells() if region.size == 1 else self._cells_of(region)
        return ",".join(f"({self._written_out(one, depth - 1)})" for one in cells)

    def _reads_of(self, cell: Cell) -> list[Cell]:
        if cell not in self._reads:
            try:
                self._reads[cell] = self._measure(cell)
            except Refused as reason:
                self._reads[cell] = reason
        reads = self._reads[cell]
        if isinstance(reads, Refused):
            raise reads
        return reads

    def _measure(self, cell: Cell) -> list[Cell]:
        formula = self.contents.formulas.get(cell)
        if formula is None:
            return []
        self._formulas += 1
        if self._formulas > MOST_FORMULAS:
            raise Refused("it leans on more than {most} formulas", most=MOST_FORMULAS)
        read_cells: list[Cell] = []
        for text in operands(formula):
            read_cells += self._cells_of(self._region(text, cell[0]))
            if len(read_cells) + len(self._reads) > MOST_CELLS:
                raise Refused("it leans on more than {most} cells", most=MOST_CELLS)
        return read_cells

    def _region(self, text: str, sheet: str) -> Region:
        if any(sign in text for sign in "[]|"):
            raise Refused("it reads another file or program")
        region = region_of(text) or self._named(text, sheet)
        if region is None:
            raise Refused("it reads {name}, which is no range of cells", name=repr(text[:40]))
        place = region if region.sheet else replace(region, sheet=sheet)
        known = {name.casefold(): name for name in self.contents.sheets}
        if place.sheet.casefold() not in known:
            raise Refused("it reads the sheet {name}, which is not there", name=repr(place.sheet[:40]))
        if place.size > LARGEST_RANGE:
            raise Refused("it reads {count} cells at once", count=place.size)
        name = known[place.sheet.casefold()]
        if name in self.contents.hidden:
            raise Refused("it reads the hidden sheet {name}", name=repr(name))
        return replace(place, sheet=name)

    def _named(self, text: str, sheet: str) -> Region | None:
        names = self.contents.names
        name = next((name for name in (f"{sheet}!{text}", text) if name in names), "")
        region = region_of(names[name]) if name else None
        if region:
            self.names[text] = names[name]
        return region

    def _cells_of(self, region: Region) -> list[Cell]:
        """Return the filled cells of a region."""
        formulas, values = self.contents.formulas, self.contents.values
        if region.size <= MOST_CELLS:
            return [cell for cell in region.cells() if cell in formulas or cell in values]
        return [cell for cell in formulas.keys() | values.keys() if region.holds(cell)]


def operands(formula: str) -> list[str]:
    """Return the ranges and names that a formula reads. Raises Refused if it calls an unsupported function."""
    if len(formula) > LONGEST:
        raise Refused("it has more than {most} characters", most=LONGEST)
    try:
        pieces = tokens(formula)
    except ValueError:
        raise Refused("it is no formula of numbers and cells") from None
    local = any(kind == "FUNC" and _bare(text[:-1]) == "LET" for kind, part, text in pieces if part == "OPEN")
    depth, found = 0, []
    for kind, part, text in pieces:
        depth += (part == "OPEN") - (part == "CLOSE")
        if depth > DEEPEST:
            raise Refused("it is more than {most} brackets deep", most=DEEPEST)
        if kind == "FUNC" and part == "OPEN":
            _check_function(text[:-1])
        elif kind == "OPERAND" and part == "RANGE" and not (local and text.upper().startswith(LOCAL)):
            found.append(text.lstrip("@"))
    return found


def _bare(name: str) -> str:
    """Return a function's name without the signs that files put before it: EXP, of @EXP and _xlfn.EXP."""
    bare = name.upper().lstrip("@")
    for prefix in PREFIXES:
        bare = bare.removeprefix(prefix)
    return bare


def _check_function(name: str) -> None:
    bare = _bare(name)
    if bare in FUNCTIONS or not bare:
        return
    shown = bare[:40]
    if bare in CHANGING:
        raise Refused("{shown} gives another number every time", shown=shown)
    if bare in REACHING:
        raise Refused("{shown} reaches for what is not in the formula", shown=shown)
    raise Refused("it calls {shown}, which marking does not work out", shown=shown)


LIMITS = Limits(3.0, 800_000_000)
"""The time and memory for all formulas of one submission; an exercise needs a hundredth of the time."""
FAR = (900_000, 10_000)
"""The row and column at which an array is computed, so that the cells into which it spreads are empty."""
APART = 200


class Recomputer:
    """Computes formulas in a separate process, started at the first formula and again after it was stopped."""

    def __init__(self) -> None:
        self._engine = Workers(ironcalc_engine.start, (), 1, LIMITS, quiet=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._engine.close()

    def values(self, needed: Needed, cells: Sequence[Cell]) -> list[Value] | None:
        """Return the values of these cells; None if the engine gives none in time."""
        formulas = _spread(needed.formulas, needed.contents.arrays)
        sheets = dict.fromkeys(cell[0] for cell in [*needed.values, *formulas])
        request = SheetsRequest(
            list(sheets), list(needed.values.items()), list(formulas.items()), needed.names, list(cells)
        )
        (answer,) = self._engine.in_order([request])
        return None if isinstance(answer, Stopped) or answer.reason else values_of(answer)


def _spread(formulas: Mapping[Cell, str], arrays: AbstractSet[Cell]) -> dict[Cell, str]:
    """Return the formulas, with array formulas moved far away and a reference to their first number in their place."""
    found = {cell: formula.replace("@", "") if "@" in formula else formula for cell, formula in formulas.items()}
    lists = {cell for cell, formula in formulas.items() if formula.lstrip("= ").startswith("{")}
    for n, cell in enumerate(sorted((arrays | lists) & formulas.keys())):
        row, column = FAR[0] + APART * (n % 500), FAR[1] + APART * (n // 500)
        found[cell[0], row, column] = formulas[cell]
        found[cell] = f"={Address(row, column)}"
    return found
