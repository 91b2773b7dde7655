"""An operation on whole tables as an expression of a program: numpy's or PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from operator import add, mul, sub, truediv

from byhand.core.arithmetic import Function


class Level(IntEnum):
    """How tightly an expression holds together; a looser one inside needs brackets."""

    COMPARE = 0
    ADD = 1
    MULTIPLY = 2
    NEGATE = 3
    POWER = 4
    WHOLE = 5


@dataclass(frozen=True)
class Expression:
    """The text of an expression, with the operators of tables. whole: its numbers are whole, fit for indices.

    number: its value where it is a plain number, or computed from plain numbers.
    """

    text: str
    level: Level = Level.WHOLE
    whole: bool = False
    number: float | None = None

    def within(self, level: Level) -> str:
        """Return the text, in brackets where it holds together less tightly than that."""
        return self.text if self.level >= level else f"({self.text})"

    def _with(self, sign: str, other: Expression, level: Level) -> Expression:
        text = f"{self.within(level)} {sign} {other.within(Level(level + 1))}"
        is_whole = self.whole and other.whole and sign != "/"
        number = None
        if self.number is not None and other.number is not None:
            number = {"+": add, "-": sub, "*": mul, "/": truediv}[sign](self.number, other.number)
            if is_whole:  # 3 - 1 is written as 2
                return _number(number)
        return Expression(text, level, is_whole, number)

    def __add__(self, other: Expression) -> Expression:
        return self._with("+", other, Level.ADD)

    def __sub__(self, other: Expression) -> Expression:
        return self._with("-", other, Level.ADD)

    def __mul__(self, other: Expression) -> Expression:
        return self._with("*", other, Level.MULTIPLY)

    def __truediv__(self, other: Expression) -> Expression:
        return self._with("/", other, Level.MULTIPLY)

    def __matmul__(self, other: Expression) -> Expression:
        return self._with("@", other, Level.MULTIPLY)

    def __neg__(self) -> Expression:
        number = None if self.number is None else -self.number
        return Expression(f"-{self.within(Level.NEGATE)}", Level.NEGATE, self.whole, number)

    def at(self, index: str) -> Expression:
        """Return self[index]."""
        return Expression(f"{self.within(Level.WHOLE)}[{index}]", whole=self.whole)

    def method(self, name: str, arguments: str = "") -> Expression:
        """Return self.name(arguments)."""
        return Expression(f"{self.within(Level.WHOLE)}.{name}({arguments})")


def _number(x: float) -> Expression:
    """Return a plain number; a whole one without a decimal point."""
    is_whole = float(x).is_integer() and abs(x) < 1e15
    text = str(int(x)) if is_whole else repr(float(x)).replace("e-0", "e-")
    return Expression(text, Level.NEGATE if x < 0 else Level.WHOLE, is_whole, x)


OWN = {
    "apart": '''def apart(x):
    """Return each row's ones without those that follow one that is kept."""
    kept = 1.0 * x
    for row in kept:
        for n in range(1, len(row)):
            row[n] = row[n] * (1 - row[n - 1])
    return kept''',
    "joined_places": '''def joined_places(gaps):
    """Return the place of each column, from 1, once columns with a 1 between them are joined."""
    places = [[n + 1 - float(sum(row[:n])) for n in range(len(row) + 1)] for row in gaps]
    return ARRAY(places)''',
    "find": '''def find(x, numbers, values):
    """Return the value beside the first number that equals each of x; 0 where none does."""
    found = 0.0 * x
    for row, wanted in zip(found, x):
        for column, number in enumerate(wanted):
            for there, value in zip(numbers[:, 0], values[:, 0]):
                if there == number:
                    row[column] = value
                    break
    return found''',
    "spans": '''def spans(row, base):
    """Return the number of each span of a row, by its ends; 0 where the last number is 0."""
    letters = [float(x) for x in row[0]]
    table = [[0.0] * len(letters) for _ in letters]
    for start in range(len(letters)):
        for stop in range(start, len(letters)):
            span = letters[start : stop + 1]
            number = sum(x * base**n for n, x in enumerate(span))
            table[start][stop] = number if span[-1] else 0.0
    return ARRAY(table)''',
    "at_places": '''def at_places(x, places):
    """Return each row's numbers at the places, from 1, beside them; of equal places the first."""
    found = 0.0 * x
    for row, numbers, where in zip(found, x, places):
        for n in reversed(range(len(row))):
            if 0 < where[n] <= len(row):
                row[int(where[n]) - 1] = numbers[n]
    return found''',
}
"""The functions that a script defines where it needs them, by the operation's name."""


@dataclass(frozen=True)
class Whole:
    """A table as a cell rule reads it, where all cells are made at once: each cell is the whole table."""

    expression: Expression

    def __getitem__(self, place: object) -> Expression:
        return self.expression


class Numpy:
    """The spelling of operations in numpy. Tables are 2-D arrays of float64.

    The rules of single cells are read in it too, as in an arithmetic: of a cellwise operation they say the whole table.
    """

    def __init__(self) -> None:
        self.own_functions: set[str] = set()

    module = "np"
    numbers = "np"
    array = "array"
    loaded = "npz[NAME]"
    keep = "keepdims=True"
    largest = "max"
    from_rows = 'np.array([row.split() for row in rows.split(";")], float)'

    def imports(self, functions: Collection[str]) -> str:
        """Return the lines that import what a script needs, for these functions of one number."""
        if "erf" not in functions:
            return "import sys\n\nimport numpy as np"
        return "import math\nimport sys\n\nimport numpy as np\n\nerf = np.vectorize(math.erf, otypes=[float])"

    def number(self, x: float) -> Expression:
        """Return a plain number, whole ones without a decimal point."""
        return _number(x)

    def pi(self) -> Expression:
        """Return π."""
        return Expression(f"{self.numbers}.pi", number=math.pi)

    def of_module(self, name: str, *arguments: Expression) -> Expression:
        """Return np.name(arguments)."""
        return Expression(f"{self.module}.{name}({', '.join(a.text for a in arguments)})")

    def call(self, function: Function, x: Expression) -> Expression:
        """Return a function of each number."""
        name = function.sympy
        return Expression(f"erf({x.text})") if name == "erf" else self.of_module(name, x)

    def power(self, x: Expression, y: Expression) -> Expression:
        """Return x to the power of y."""
        return Expression(f"{x.within(Level.WHOLE)} ** {y.within(Level.NEGATE)}", Level.POWER)

    def own(self, name: str, *arguments: Expression) -> Expression:
        """Return a call of a function that the script defines (see OWN)."""
        self.own_functions.add(name)
        return Expression(f"{name}({', '.join(a.text for a in arguments)})")

    def taken(self, x: Expression, index: Expression) -> Expression:
        """Return the number of each row at an index."""
        return Expression(f"{self.module}.take_along_axis({x.text}, {self.indices(index).text}, 1)")

    def by_line(self, name: str, x: Expression, axis: int) -> Expression:
        """Return one number for each row (axis 1) or each column (axis 0)."""
        if name == "mean_square":
            return self.by_line("mean", self.power(x, self.number(2)), axis)
        found = x.method(self.largest if name == "max" else name, f"{axis}, {self.keep}")
        return Expression(found.text, whole=name == "argmax")

    def compare(self, x: Expression, sign: str, y: Expression) -> Expression:
        """Return 1 where a comparison holds, and 0 elsewhere."""
        return Expression(f"1.0 * ({self._compared(x, sign, y)})", Level.MULTIPLY)

    def _compared(self, x: Expression, sign: str, y: Expression) -> str:
        return f"{x.within(Level.ADD)} {'==' if sign == '=' else sign} {y.within(Level.ADD)}"

    def larger(self, x: Expression, y: Expression) -> Expression:
        """Return the larger of two, cell by cell."""
        return self.of_module("maximum", x, y)

    def choose(self, keep: Expression, x: Expression, y: Expression) -> Expression:
        """Return x where keep is not 0, else y."""
        return self.of_module("where", keep, x, y)

    def indices(self, x: Expression) -> Expression:
        """Return whole numbers for use as indices."""
        return x if x.whole else x.method("astype", "int")

    def count_to(self, count: int) -> Expression:
        """Return 0, 1, ... count − 1."""
        return self.of_module("arange", self.number(count))

    def transposed(self, x: Expression) -> Expression:
        """Return the transpose."""
        return Expression(f"{x.within(Level.WHOLE)}.T", whole=x.whole)

    def part(self, x: Expression, axis: int, size: int, start: int, stop: int) -> Expression:
        """Return some of the rows (axis 0) or columns (axis 1); an end is left out where the part reaches it."""
        cut = f"{start or ''}:{'' if stop == size else stop}"
        return x.at(f":, {cut}" if axis else cut)

    def tallied(self, lines: Expression, weights: Expression, x: Expression) -> Expression:
        """Return how often each number of x stands in the lines, each counted as often as its weight says."""
        equal = Expression(f"({self._compared(lines.at(':, :, None, None'), '=', x)})")
        return (equal * weights.at(":, :, None, None")).method("sum", "(0, 1)")

    def totals(self, x: Expression, numbers: Expression, values: Expression) -> Expression:
        """Return the sum of the values that stand where a table of numbers has each number of x."""
        equal = Expression(f"({self._compared(x.at(':, :, None, None'), '=', numbers)})")
        return (equal * values).method("sum", "(2, 3)")

    def stretched(self, x: Expression, rows: int, columns: int) -> Expression:
        """Return a row, column or cell repeated to a whole table."""
        if x.text in ("0", "1"):
            return self.of_module("zeros" if x.text == "0" else "ones", Expression(f"({rows}, {columns})"))
        if x.number is not None:
            return Expression(f"{self.module}.full(({rows}, {columns}), {x.text if '.' in x.text else f'{x.text}.0'})")
        return Expression(f"{self.module}.broadcast_to({x.text}, ({rows}, {columns}))", whole=x.whole)

    def joined(self, axis: int, parts: Sequence[Expression]) -> Expression:
        """Return tables side by side (axis 1) or one below the other (axis 0)."""
        parts = [self.stretched(part, 1, 1) if part.number is not None else part for part in parts]
        if len(parts) == 1:
            return parts[0]
        inside = ", ".join(part.text for part in parts)
        joint = Expression(f"{self.module}.{'hstack' if axis else 'vstack'}(({inside}))")
        return Expression(joint.text, whole=all(part.whole for part in parts))

    def looked_up(self, table: Expression, index: Expression, one_column: bool) -> Expression:
        """Return the rows at a column of indices; for indices in more columns, the numbers of the one column."""
        whole = self.indices(index)
        return table.at(whole.at(":, 0").text if one_column else f"{whole.text}, 0")

    def by_turns(self, even: Expression, odd: Expression, width: int) -> Expression:
        """Return the columns of two tables alternately."""
        pairs = Expression(f"{self.module}.stack(({even.text}, {odd.text}), -1)")
        if width % 2 == 0:
            return pairs.method("reshape", f"-1, {width}")
        return pairs.method("reshape", f"-1, {width + 1}").at(f":, :{width}")


class Torch(Numpy):
    """The spelling of operations in PyTorch. Tables are 2-D tensors of float64."""

    module = "torch"
    numbers = "math"
    array = "tensor"
    loaded = "torch.from_numpy(npz[NAME])"
    keep = "keepdim=True"
    largest = "amax"
    from_rows = 'torch.tensor([[float(x) for x in row.split()] for row in rows.split(";")])'

    def imports(self, functions: Collection[str]) -> str:
        """Return the lines that import what a script needs, for these functions of one number."""
        return "import sys\n\nimport torch\n\ntorch.set_default_dtype(torch.float64)"

    def call(self, function: Function, x: Expression) -> Expression:
        """Return a function of each number; of a plain number, the one of the module math."""
        name = function.sympy
        if x.number is None:
            return self.of_module(name, x)
        return Expression(f"math.{name}({x.text})", number=function.number(x.number))

    def larger(self, x: Expression, y: Expression) -> Expression:
        """Return the larger of two, cell by cell."""
        if y.number is not None:
            return self.of_module("relu", x) if y.number == 0 else x.method("clamp", f"min={y.text}")
        return self.of_module("maximum", x, y)

    def choose(self, keep: Expression, x: Expression, y: Expression) -> Expression:
        """Return x where keep is not 0, else y."""
        return self.of_module("where", Expression(f"{keep.within(Level.ADD)} != 0", Level.COMPARE), x, y)

    def indices(self, x: Expression) -> Expression:
        """Return whole numbers for use as indices."""
        return x if x.whole else x.method("long")

    def taken(self, x: Expression, index: Expression) -> Expression:
        """Return the number of each row at an index."""
        return x.method("gather", f"1, {self.indices(index).text}")

    def compare(self, x: Expression, sign: str, y: Expression) -> Expression:
        """Return 1 where a comparison holds, and 0 elsewhere."""
        return Expression(f"({self._compared(x, sign, y)})").method("double")
