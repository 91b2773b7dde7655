"""The problem of a recipe: its graph, built once, the tables that are drawn for each student, and the questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from byhand.core import ops
from byhand.core.arithmetic.counts import Work
from byhand.core.graph import Array, Node, Scope, copy_with, fold, move_into, named_like, rewrite, toposort
from byhand.core.labels import Tokens
from byhand.core.roles import Role
from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.cuts import Cuts, cuts_of
from byhand.exercises.recipe import OF_ROWS, Ask, Choices, Exercise, part_prefix
from byhand.exercises.work import Effort, effort_of, minutes_of, plain_tables
from byhand.language.architecture import Graph
from byhand.layers.attention import NEG_INF
from byhand.lessons.build import before_learning, build
from byhand.lessons.inputs import inputs_of
from byhand.lessons.lesson import Lesson
from byhand.lessons.overrides import lookup_tables, place_of
from byhand.lessons.recipe import in_file

Numbers = dict[Node, Array]
Flags = NDArray[np.bool_]
ROLE_NUMBERS = {"input": (0.0, 1.0, 2.0, 3.0), "weight": (-1.0, 0.0, 1.0)}
"""By role, the numbers to draw from by default."""
NORM_NUMBERS = {"gamma": (1.0, 2.0), "beta": (-1.0, 0.0, 1.0)}
"""By symbol, the numbers to draw from for a norm's weights."""

SHOWN_PLACES = 4
"""Decimals of a computed number that a student is shown."""
SAMPLES = 16
"""Draws that show which tables hold only 0 and 1, so that they cost no arithmetic."""
LOOKS_AT_A_LETTER = 4
"""How often a person looks at a letter of a word that is cut: it is tried with one piece or merge after another."""
NOT_ASKED = "–"
"""What stands in place of a number of an asked table that is not asked for."""


FEWEST_COPIED = 4
"""So many numbers of a given table in a row are a copy of it."""


@dataclass(frozen=True)
class Question:
    """One question of the recipe, and the table that it is about. cuts: the pieces, where a cut is asked for."""

    ask: Ask
    node: Node
    cuts: Cuts | None = None

    @cached_property
    def indices(self) -> list[tuple[int, int]]:
        """The cells that the question asks for, each a row and a column from 0."""
        rows, columns = map(int, self.node.shape)
        if self.ask.kind in ("cell", "symbolic", "missing"):
            row, column = self.ask.cell or (rows, columns)
            return [(row - 1, column - 1)]
        if self.ask.kind in OF_ROWS:
            return [(row - 1, 0) for row in self.ask.rows or [(self.ask.cell or (rows, columns))[0]]]
        if self.ask.cells:
            return [(i - 1, j - 1) for i, j in sorted(self.ask.cells)]
        return [
            (i - 1, j - 1)
            for i in sorted(self.ask.rows) or range(1, rows + 1)
            for j in sorted(self.ask.columns) or range(1, columns + 1)
        ]

    @property
    def read(self) -> list[tuple[int, int]]:
        """The cells that a student needs for the answer: for a choice or a cut its rows, for a wrong cell all."""
        rows, columns = map(int, self.node.shape)
        if self.ask.kind in OF_ROWS:
            return [(row, j) for row, _ in self.indices for j in range(columns)]
        return [(i, j) for i in range(rows) for j in range(columns)] if self.ask.kind == "wrong cell" else self.indices

    @property
    def in_part(self) -> bool:
        """Whether only a part of the table is asked for."""
        return bool(self.ask.rows or self.ask.columns or self.ask.cells)

    def cells(self, table: Array) -> Array:
        """Return the answers, given the table (or a stack of tables). (..., r, c) -> (..., n)"""
        rows, columns = zip(*self.indices, strict=True)
        if self.ask.kind == "choice":
            return np.asarray(np.argmax(table[..., rows, :], axis=-1) + 1, dtype=float)
        if self.cuts:
            return self.cuts.numbers(table[..., rows, :])
        return np.asarray(table[..., rows, columns])


def copies(tables: Iterable[Array], rows: NDArray[np.intp], columns: NDArray[np.intp], width: int) -> list[Array]:
    """Return what stands in the asked cells if a student copies one of these tables.

    That is in its order, row by row, or one of its rows over and over. None for a few cells, which may hold the numbers
    of a table by chance. rows, columns: of the asked cells, in a table of this width. (n,)
    """
    if len(rows) < FEWEST_COPIED:
        return []
    several = [table for table in tables if table.size > 1]
    as_wide = [table for table in several if table.shape[1] == width > 1]
    in_order = [np.resize(table, len(rows)) for table in several]
    one_row = [np.resize(row, len(rows)) for table in several if table.shape[0] > 1 < table.shape[1] for row in table]
    one_row += [row[columns] for table in as_wide for row in table]
    return in_order + [table[rows % table.shape[0], columns] for table in as_wide] + one_row


def rearrangements(tables: Iterable[Array], count: int) -> list[Array]:
    """Return these tables in other orders: turned, backwards, or begun at another number. (count,) each"""
    several = [table for table in tables if table.size > 1]
    turned = [np.resize(table.T, count) for table in several]
    backwards = [np.resize(table.ravel()[::-1], count) for table in several]
    shifted = [np.resize(np.roll(table, -n), count) for table in several for n in range(1, min(table.size, count))]
    return turned + backwards + shifted


@dataclass(frozen=True, eq=False)
class Problem:
    """What is the same for every student.

    drawn: the tables to draw, each with the numbers that its cells may be. fixed: of these tables, the cells that have
    a number of the recipe's own (its `set` or `prompt`), which stands in the table's data. parts: of an exam, the
    problems of its exercises, which share their tables with it. prefix: of a part, how the names of its tables begin.
    """

    exercise: Exercise
    lesson: Lesson
    drawn: dict[Node, Choices]
    questions: tuple[Question, ...]
    fixed: dict[Node, Flags] = field(default_factory=dict)
    parts: tuple[Problem, ...] = ()
    prefix: str = ""

    @property
    def each(self) -> tuple[Problem, ...]:
        """The problems that are drawn and marked on their own: the parts of an exam, or the problem itself."""
        return self.parts or (self,)

    def local_name(self, node: Node) -> str:
        """Return a table's name as the recipe writes it."""
        return node.name.removeprefix(self.prefix)

    @cached_property
    def nodes(self) -> frozenset[Node]:
        """The tables behind what is asked and shown, and those that name their rows and columns."""
        return frozenset(_behind(self.outputs))

    def part_begins(self, question: int) -> int:
        """Return which part of an exam, counted from 1, begins with a question, counted from 0; 0 for none."""
        firsts = [sum(len(part.questions) for part in self.parts[:n]) for n in range(len(self.parts))]
        return firsts.index(question) + 1 if question in firsts else 0

    @property
    def same_for_all(self) -> bool:
        """Whether the recipe fixes every number, so that all students have the same ones."""
        return all(np.all(self.fixed.get(node, False)) for node in self.drawn)

    @cached_property
    def outputs(self) -> list[Node]:
        """The tables that are asked for or shown, or must be whole."""
        named = [self.lesson.tables[name] for name in (*self.exercise.show, *self.exercise.whole)]
        return [*dict.fromkeys([*(q.node for q in self.questions), *named])]

    @cached_property
    def computed(self) -> list[Node]:
        """The tables that a student works out or is shown, or that must be whole, in order."""
        whole = [self.lesson.tables[name] for name in self.exercise.whole]
        nodes = dict.fromkeys([*self.needed, *whole])
        return [n for n in nodes if n.name and not n.op.given and not n.op.view]

    def solve(self, given: Mapping[Node, Array], replacements: Mapping[Node, Node] | None = None) -> list[Array]:
        """Return the answers to each question for a stack of draws. (draws, numbers) each

        replacements: tables -> the wrong tables that a mistake puts in their place.
        """
        (answers,) = self.solve_all(given, [replacements or {}])
        return answers

    def solve_all(self, given: Mapping[Node, Array], mistakes: Sequence[Mapping[Node, Node]]) -> list[list[Array]]:
        """Return the answers for each of several mistakes, as `solve` does; shared tables are computed once."""
        asked = [[replacements.get(q.node, q.node) for q in self.questions] for replacements in mistakes]
        with np.errstate(all="ignore"):
            values = fold([node for nodes in asked for node in nodes], given)
        count = len(next(iter(given.values())))
        return [
            [q.cells(self._per_draw(values[n], count)) for q, n in zip(self.questions, nodes, strict=True)]
            for nodes in asked
        ]

    @staticmethod
    def _per_draw(table: Array, count: int) -> Array:
        return np.broadcast_to(table, (count, *table.shape[-2:]))

    @cached_property
    def shown(self) -> list[Node]:
        """The computed tables that are given to the student, in the recipe's order."""
        asked = {q.node for q in self.questions}
        tables = (self.lesson.tables[name] for name in self.exercise.show)
        return [n for n in dict.fromkeys(tables) if n not in asked]

    @cached_property
    def needed(self) -> list[Node]:
        """All nodes on the way to the answers, in order; what goes into a shown table does not count.

        A missing number is worked out backward from the shown tables, so then all that goes into them counts too.
        """
        if self.parts:
            return [node for part in self.parts for node in part.needed]
        backward = any(q.ask.kind == "missing" for q in self.questions)
        known = set() if backward else set(self.shown)
        ends = [*(q.node for q in self.questions), *(self.shown if backward else [])]
        found, todo = set[Node](), [*ends]
        while todo:
            node = todo.pop()
            if node not in found:
                found.add(node)
                todo += [] if node in known else node.args
        return [n for n in toposort(ends) if n in found]

    @property
    def needs_powers(self) -> bool:
        """Whether the student computes powers of e."""
        in_numbers = any(question.ask.kind != "symbolic" for question in self.questions)
        return in_numbers and any(n.op is ops.exp for n in self.needed if n not in self.shown)

    @cached_property
    def effort(self) -> tuple[Effort, dict[Node, int]]:
        """The operations that the student does by hand, and how many numbers of each table they make.

        A cut is made by looking at letters, not by the steps of a program that makes it; an exact expression is written
        down, a power for each number of its row.
        """
        asked: dict[Node, set[tuple[int, int]]] = {}
        cuts = [question for question in self.questions if question.ask.kind == "cut"]
        for question in self.questions:
            if question.ask.kind in ("cut", "symbolic"):
                continue
            asked.setdefault(question.node, set()).update(question.read)
        backward = [node for node in self.shown if any(q.ask.kind == "missing" for q in self.questions)]
        asked |= {node: set(np.ndindex(*map(int, node.shape))) for node in backward}
        with np.errstate(all="ignore"):
            values = fold(self.outputs, random_tables(self, np.random.default_rng(0), SAMPLES))
        effort, cells = effort_of(asked, set(self.shown) - set(backward), self.drawn, plain_tables(values))
        letters = sum(len(cut.indices) * int(cut.node.shape[1]) for cut in cuts)
        written = {cut.node: len(cut.indices) for cut in cuts}
        for question in self.questions:
            if question.ask.kind == "symbolic":
                written[question.node] = written.get(question.node, 0) + int(question.node.shape[1])
        return effort.joined(lookups=LOOKS_AT_A_LETTER * letters), cells | written

    def work(self) -> Work:
        """Count the operations that the student does by hand."""
        effort, _ = self.effort
        return Work(effort.multiplications + effort.divisions, effort.additions, effort.functions)

    @property
    def work_minutes(self) -> float:
        """The minutes that the asked numbers take by hand, by the times of `work`."""
        effort, cells = self.effort
        return minutes_of(effort, sum(cells.values()), len(self.questions))


def problem(exercise: Exercise) -> Problem:
    """Build the exercise's problem. ByhandError for a table that the model does not have."""
    if exercise.parts:
        return _exam(exercise)
    with in_file(f"the exercise {exercise.name}"):
        built = build(before_learning(exercise.build))
    lesson = _from_drawn_tables(_without_heads(built, exercise), exercise)
    questions = tuple(_question(exercise, lesson, n, ask) for n, ask in enumerate(exercise.asks, 1))
    for where in ("whole", "show"):
        for name in getattr(exercise, where):
            _checked_name(exercise, lesson.tables, name, where)
    outputs = [*(q.node for q in questions), *(lesson.tables[name] for name in (*exercise.show, *exercise.whole))]
    every, behind = _drawn_tables(exercise, lesson), _behind(outputs)
    drawn = {node: numbers for node, numbers in every.items() if node in behind}
    if not drawn:
        raise ByhandError(f"The exercise {exercise.name} {_nothing_drawn(every, behind)}.")
    return Problem(exercise, lesson, drawn, questions, _fixed_cells(exercise, lesson, drawn))


def check_shown(problem: Problem) -> None:
    """Raise ByhandError if a recipe both shows and asks a table; for new sets, as old keys may have such recipes."""
    for exercise in (part.exercise for part in problem.each):
        asked = {ask.table for ask in exercise.asks}
        if both := next((name for name in exercise.show if name in asked), ""):
            raise ByhandError(f"In the exercise {exercise.name}, {both} is both shown and asked: leave it out of show.")


def _nothing_drawn(drawn: Iterable[Node], behind: Iterable[Node]) -> str:
    """Return why no number behind the questions is drawn, and what to do. drawn: what is drawn, behind no question."""
    counts = sorted((n for n in behind if n.role is Role.COUNTS and n.data is not None), key=lambda n: n.serial)
    if counts:
        return f'draws nothing that it asks about: name in [draw] what is drawn, such as {counts[0].name} = "2..30"'
    if names := ", ".join(node.name for node in drawn):
        return f"asks about nothing that depends on the numbers that are drawn ({names}): ask for another table"
    return "draws nothing: choose a model with numbers to draw"


PREFIX = re.compile(r"[a-z][a-z0-9_]{0,29}")
"""How a prefix of `without` is written."""
MOST_WITHOUT = 8
"""The most heads that a recipe takes away, each of them alone."""


def _without_heads(lesson: Lesson, exercise: Exercise) -> Lesson:
    """Return the lesson with a second copy of what needs a head of `without`, for each: its Z there is all 0."""
    if len(exercise.without) > MOST_WITHOUT:
        raise ByhandError(
            f"In the exercise {exercise.name}, without takes away {MOST_WITHOUT} heads at most, "
            f"not {len(exercise.without)}."
        )
    taken = {name.partition(".")[0] for name in lesson.tables}
    outputs = [*lesson.graph.outputs]
    for prefix, head in exercise.without.items():
        if not PREFIX.fullmatch(prefix) or prefix in taken or re.fullmatch(r"part\d+", prefix):
            raise ByhandError(
                f"In the exercise {exercise.name}, without: {quoted(prefix)} is no prefix for a second copy of the "
                'tables; choose a word of its own, such as without_head1 = "layer1.head1".'
            )
        heads = [name.removesuffix(".Z") for name in lesson.tables if re.search(r"(^|\.)head\d+\.Z$", name)]
        if head not in heads:
            raise ByhandError(
                f"In the exercise {exercise.name}, without: the model has no head {quoted(head)}; "
                + (f"{nearest(head, heads)}." if heads else "leave out `without`.")
            )
        z = lesson.tables[f"{head}.Z"]
        nothing = named_like(z, z * 0)
        nothing.name = f"{prefix}.{z.name}"
        copies = copy_with(lesson.graph.outputs, {z: nothing}, prefix)
        outputs += [copies[node] for node in lesson.graph.outputs if node in copies]
    return replace(lesson, graph=replace(lesson.graph, outputs=outputs)) if exercise.without else lesson


def _from_drawn_tables(lesson: Lesson, exercise: Exercise) -> Lesson:
    """Return the lesson in which each computed table that the recipe draws is given instead."""
    computed = [lesson.tables[name] for name in exercise.draw if name in lesson.tables]
    computed = [node for node in computed if node.data is None]
    if not computed:
        return lesson
    for node in computed:
        if any(ask.table == node.name and ask.kind != "missing" for ask in exercise.asks):
            raise ByhandError(f"In the exercise {exercise.name}, {node.name} is asked: do not draw its numbers.")
    numbers = lesson.numbers()

    def rule(node: Node, copy: Node) -> Node:
        return _given(node, numbers[node.name]) if node in computed else copy

    graph = lesson.graph
    changed = rewrite(graph.outputs, rule)
    outputs = [changed.get(node, node) for node in graph.outputs]
    labels = [size.labels for node in toposort(outputs) for size in node.shape]
    outputs += [of.ids for of in dict.fromkeys(labels) if isinstance(of, Tokens) and of.ids not in changed]
    return replace(lesson, graph=replace(graph, outputs=outputs, probabilities=None, logits=None, training=None))


def _given(node: Node, data: Array) -> Node:
    """Return a table of given numbers in the place of a computed one."""
    given = ops.source(shape=node.shape)
    given.name, given.role, given.scope, given.serial, given.data = node.name, node.role, node.scope, node.serial, data
    return given


def _behind(outputs: Sequence[Node]) -> set[Node]:
    """Return the tables that the outputs need, and those that name their rows and columns."""
    nodes: set[Node] = set()
    todo = [*outputs]
    while todo:
        for node in toposort(todo):
            if node not in nodes:
                nodes.add(node)
        labelled = [size.labels.ids for n in toposort(todo) for size in n.shape if isinstance(size.labels, Tokens)]
        todo = [ids for ids in labelled if ids not in nodes]
    return nodes


def prefix_of(node: Node) -> str:
    """Return how a table's name begins in an exam: "part2."; empty outside an exam."""
    outermost = node.scope.outward[-1].name
    return f"{outermost}." if re.fullmatch(r"part\d+", outermost) else ""


def _exam(exercise: Exercise) -> Problem:
    """Build the problem of an exam: those of its parts, with a prefix before the names of the tables of each."""
    parts = []
    for n, part in enumerate(map(problem, exercise.parts), 1):
        prefix = part_prefix(n)
        own = _behind([*part.lesson.graph.outputs, *part.outputs]) - {NEG_INF}  # one −∞ for all graphs there are
        move_into(own, Scope(prefix[:-1], title=f"Part {n}"))
        parts.append(replace(part, prefix=prefix))
    questions = (q for part in parts for q in part.questions)
    lesson = parts[0].lesson
    outputs = [node for part in parts for node in (*part.lesson.graph.outputs, *part.outputs)]
    return Problem(
        exercise,
        Lesson(lesson.recipe, lesson.architecture, lesson.options, Graph(outputs)),
        {node: numbers for part in parts for node, numbers in part.drawn.items()},
        tuple(replace(q, ask=ask) for ask, q in zip(exercise.asks, questions, strict=True)),
        {node: cells for part in parts for node, cells in part.fixed.items()},
        tuple(parts),
    )


def _question(exercise: Exercise, lesson: Lesson, n: int, ask: Ask) -> Question:
    node = lesson.tables[_checked_name(exercise, lesson.tables, ask.table, f"question {n}")]
    rows, columns = node.shape
    cells = [*ask.cells, *([ask.cell] if ask.cell else [])]
    for row, column in [*cells, *((row, 1) for row in ask.rows), *((1, column) for column in ask.columns)]:
        if row > rows or column > columns:
            what = f"cell {row},{column}" if cells else f"row {row}" if row > rows else f"column {column}"
            raise ByhandError(
                f"In the exercise {exercise.name}, question {n}: {ask.table} has {rows} rows and {columns} columns, "
                f"so no {what}."
            )
    if (node.data is not None) != (ask.kind == "missing"):
        what = "is computed: a missing number is one of a given table" if node.data is None else "is given, not asked"
        raise ByhandError(f"In the exercise {exercise.name}, question {n}: {ask.table} {what}.")
    return Question(ask, node, cuts_of(exercise, lesson, n, node) if ask.kind == "cut" else None)


def _checked_name(exercise: Exercise, tables: Mapping[str, Node], name: str, where: str) -> str:
    if name not in tables:
        raise ByhandError(
            f"In the exercise {exercise.name}, {where}: there is no table {quoted(name)}; {nearest(name, tables)}."
        )
    return name


def _drawn_tables(exercise: Exercise, lesson: Lesson) -> dict[Node, Choices]:
    """Return the tables to draw, each with the numbers that its cells may be."""
    given = {n.name: n for n in lesson.tables.values() if n.data is not None}
    for name in exercise.draw:
        if name not in ROLE_NUMBERS:
            _checked_name(exercise, lesson.tables, name, "draw")
    found: dict[Node, Choices] = {}
    rows = {node for node, _ in lookup_tables(lesson)}
    for name, node in given.items():
        if node in rows and node.role is not Role.TOKENS and name not in exercise.draw:
            continue
        if node.role is Role.TOKENS and name.rpartition(".")[2] == "ids":
            found[node] = _drawn_words(exercise, node)
        elif name in exercise.draw or node.role in ROLE_NUMBERS:
            usual = NORM_NUMBERS.get(node.symbol, exercise.draw.get(node.role, ROLE_NUMBERS.get(node.role, ())))
            found[node] = exercise.draw.get(name, usual)
            width = np.shape(found[node])[-1] if np.ndim(found[node]) == 2 else int(node.shape[1])
            if width != node.shape[1]:
                raise ByhandError(
                    f"In the exercise {exercise.name}, draw: a row of {name} has {node.shape[1]} numbers, not {width}."
                )
    return found


FEWEST_WORDS = 3
"""The fewest words, beside as many as the text has, that a text is drawn from."""


def _drawn_words(exercise: Exercise, ids: Node) -> Choices:
    """Return the ids that a prompt's words are drawn from: those of the recipe, by default every word of a text.

    Marks such as [START] have places of their own in a text; they are drawn where there are too few words without them.
    """
    of = ids.shape[0].labels
    assert isinstance(of, Tokens)
    words = len(of.vocabulary.words)
    every = tuple(map(float, range(words)))
    ordinary = tuple(i for i in every if not of.vocabulary.words[int(i)].startswith(("[", "<")))
    chosen = exercise.draw.get(ids.name, ordinary if len(ordinary) >= max(FEWEST_WORDS, int(ids.shape[0])) else every)
    if not all(isinstance(i, float) and i.is_integer() and 0 <= i < words for i in chosen):
        raise ByhandError(
            f"In the exercise {exercise.name}, draw: {ids.name} are the numbers of words, from 0 to {words - 1}."
        )
    return chosen


def _fixed_cells(exercise: Exercise, lesson: Lesson, drawn: Iterable[Node]) -> dict[Node, Flags]:
    """Return which cells of the drawn tables have a number of the recipe's own."""
    fixed = {node: np.ones(node.shape, dtype=bool) for node in _prompts(exercise, lesson, drawn)}
    for name in exercise.build.set:
        table, cell = place_of(name)
        if table not in lesson.tables:
            raise ByhandError(f"In the exercise {exercise.name}, set: {table} is not on the way to what is asked.")
        node = lesson.tables[table]
        if node not in drawn:
            continue  # a constant of the lesson, which the lesson has set
        if cell is None and table in exercise.draw:
            raise ByhandError(
                f"In the exercise {exercise.name}, {table} is both set and drawn: leave it out of `set` or of [draw]."
            )
        flags = fixed.setdefault(node, np.zeros(node.shape, dtype=bool))
        flags[(cell[0] - 1, cell[1] - 1) if cell else ...] = True
    return fixed


def _prompts(exercise: Exercise, lesson: Lesson, drawn: Iterable[Node]) -> Iterator[Node]:
    """Yield the tables of ids that hold the recipe's `prompt` and `target_prompt`."""
    build = exercise.build
    if build.prompt is None and build.target_prompt is None:
        return
    inputs = inputs_of(build, lesson.architecture, lesson.options)
    for text, ids, place in ((build.prompt, inputs.ids, 0), (build.target_prompt, inputs.target_ids, -1)):
        columns = [n for n in drawn if n.role is Role.TOKENS and n.data is not None and n.data[:, 0].tolist() == ids]
        if text is not None and columns:
            if columns[place].name in exercise.draw:
                raise ByhandError(
                    f"In the exercise {exercise.name}, {columns[place].name} is both a prompt and drawn: leave out one."
                )
            yield columns[place]


def random_tables(problem: Problem, generator: np.random.Generator, count: int) -> Numbers:
    """Draw every drawn table `count` times; a cell that the recipe sets is always the same. -> (count, r, c) each"""
    tables = {
        node: _random_table(np.array(numbers), (count, *map(int, node.shape)), generator)
        for node, numbers in problem.drawn.items()
    }
    for node, cells in problem.fixed.items():
        assert node.data is not None
        tables[node] = np.where(cells, node.data, tables[node])
    return tables


def _random_table(numbers: Array, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Return cells drawn from numbers, or rows drawn from rows, each in some order. numbers: (n,) or (n, c)"""
    if numbers.ndim == 1:
        return np.asarray(numbers[generator.integers(len(numbers), size=shape)])
    rows = numbers[generator.integers(len(numbers), size=shape[:-1])]
    return np.asarray(generator.permuted(rows, axis=-1))


def stacked(numbers: Iterable[Numbers]) -> Numbers:
    """Return several draws as one, each table with the draws along a leading axis."""
    draws = list(numbers)
    return {node: np.stack([draw[node] for draw in draws]) for node in draws[0]}


POWERS_OF_E = range(-8, 9)
"""The exponents of the printed table of powers."""
