"""The line of code that makes each table, as notes, explanations and pages name it."""

from __future__ import annotations

from functools import cached_property

from byhand.code.build import script
from byhand.code.loops import with_loops
from byhand.code.script import Script
from byhand.core.expressions import Numpy
from byhand.core.graph import Node
from byhand.errors import ByhandError
from byhand.lessons.lesson import Lesson

LONGEST = 200
"""The most letters of a statement that is shown."""
NUMBERS = "table(…)"
"""What stands for numbers that are written out."""


class Statements:
    """The lines of a lesson's numpy script by their tables; the script is read when the first is asked for.

    To count lines, the script has to be laid out, which takes a third of the time of building a small workbook: a
    workbook and a page leave the numbers out.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson

    def numbered(self, table: Node) -> str:
        """Return the line that makes a table, and its number in the script."""
        line = self.of(table)
        statement, _, function = line.partition("  # in ")
        number = self._line_number(statement.partition(" = ")[0], function.removesuffix("()"))
        return f"{line}{', ' if function else '  # '}line {number} of byhand code" if number else line

    def _line_number(self, name: str, function: str) -> int:
        """Return which line of the script makes a table, in a function if one is named; 0 where none does."""
        start = next((n for n, line in enumerate(self._text) if line.startswith(f"def {function}(")), -1) + 1
        for number, line in enumerate(self._text[start:], start + 1):
            names, equals, _ = line.strip().partition(" = ")
            if equals and name in names.split(", ") and line.startswith(" ") == bool(function):
                return number
            if function and line and not line.startswith(" "):
                break
        return 0

    @cached_property
    def _text(self) -> list[str]:
        """The script's lines; none of a lesson that no script has."""
        try:
            return script(self.lesson)[0].split("\n")
        except ByhandError:
            return []

    def of(self, table: Node) -> str:
        """Return the line that makes a table: Q = X @ W_Q. Of a table inside a step, with the step's function.

        Nothing for a table that the script does not have.
        """
        outline = self._outline
        if table not in outline.names:
            return ""
        if table in self._inside:
            step, line = self._inside[table]
            return _short(f"{line}  # in {step}()")
        if table in outline.made_in:
            function, line = outline.made_in[table]
            return _short(f"{line}  # in {function}()" if function else line)
        if table in outline.ends:
            return _short(outline.call(outline.ends[table]))
        if table.op.given:
            return f"{outline.names[table]} = {'np.array(…)' if table in outline.indices else NUMBERS}"
        try:
            return _short(outline.computed(table))
        except ByhandError:  # an operation that no program has yet
            return ""

    @cached_property
    def _outline(self) -> Script:
        return with_loops(_Outline(self.lesson, Numpy()))

    @cached_property
    def _inside(self) -> dict[Node, tuple[str, str]]:
        """The function and the line of each table inside a step, and of each weight that a step's call holds."""
        found: dict[Node, tuple[str, str]] = {}
        for kind, steps in self._outline.kinds.items():
            function = self._outline.functions[kind]
            _, *body = self._outline.function(kind).split("\n")
            lines = [line.strip() for line in body if " = " in line and '"""' not in line]
            made = dict(line.partition(" = ")[::2] for line in lines)
            for step in steps:
                for table in step.inside:
                    name = table.symbol if table.symbol in made else f"{table.symbol}_"
                    found[table] = (function, f"{name} = {made[name]}" if name in made else name)
                for n in self._outline.owned[kind]:
                    found[step.arguments[n]] = (function, f"{step.arguments[n].symbol} = {NUMBERS}")
        return found


class _Outline(Script):
    """A script whose numbers are left out."""

    def held(self, table: Node) -> str:
        """Return what stands for the numbers of a weight in a call."""
        return NUMBERS


def _short(line: str) -> str:
    line = line if '"' in line else line.replace("'", '"')
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
