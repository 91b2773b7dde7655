"""The line of code that makes each table, as notes, explanations and pages name it."""

from __future__ import annotations

from functools import cached_property

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
    """The lines of a lesson's numpy script by their tables; the script is read when the first is asked for."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson

    def of(self, table: Node) -> str:
        """Return the line that makes a table: Q = X @ W_Q. Of a table inside a step, with the step's function.

        Nothing for a table that the script does not have.
        """
        script = self._script
        if table not in script.names:
            return ""
        if table in self._inside:
            step, line = self._inside[table]
            return _short(f"{line}  # in {step}()")
        if table in script.made_in:
            function, line = script.made_in[table]
            return _short(f"{line}  # in {function}()" if function else line)
        if table in script.ends:
            return _short(script.call(script.ends[table]))
        if table.op.given:
            return f"{script.names[table]} = {'np.array(…)' if table in script.indices else NUMBERS}"
        try:
            return _short(script.computed(table))
        except ByhandError:  # an operation that no program has yet
            return ""

    @cached_property
    def _script(self) -> Script:
        return with_loops(_Outline(self.lesson, Numpy()))

    @cached_property
    def _inside(self) -> dict[Node, tuple[str, str]]:
        """The function and the line of each table inside a step, and of each weight that a step's call holds."""
        found: dict[Node, tuple[str, str]] = {}
        for kind, steps in self._script.kinds.items():
            function = self._script.functions[kind]
            _, *body = self._script.function(kind).split("\n")
            lines = [line.strip() for line in body if " = " in line and '"""' not in line]
            made = dict(line.partition(" = ")[::2] for line in lines)
            for step in steps:
                for table in step.inside:
                    name = table.symbol if table.symbol in made else f"{table.symbol}_"
                    found[table] = (function, f"{name} = {made[name]}" if name in made else name)
                for n in self._script.owned[kind]:
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
