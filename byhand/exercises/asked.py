"""What each question asks: its table's name and rule, its rows and columns, its places; the same in every format.

A rule is one line, `weights = exp / total (3×3)`, over the names of other tables of the sheet: those that are given,
and those whose rules stand before it. exercises/README.md describes the notation; `tests/support/sheet_reader.py`
solves every sheet from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

import numpy as np

from byhand.core import ops, piece_ops
from byhand.core.captions import symbol, titles
from byhand.core.graph import Node, times, toposort
from byhand.core.labels import Labels, Tokens, Typed
from byhand.core.roles import Role
from byhand.exercises.problem import Problem, Question, prefix_of
from byhand.glossary import meaning
from byhand.notation.text import Text
from byhand.notation.tree import Cases, Chain, Grid, Maths, Name, Number, Over, Power, whether
from byhand.translations import _, counted, language

RESERVED = frozenset("e ln sin cos tanh erf max mean sum count apart place at int".split())
"""Words of rules. A table with such a name is called with the part of the model that it is in, if it is in one."""
ROWS = {
    ops.sum_: "sum of each row of",
    ops.max_: "max of each row of",
    ops.mean: "mean of each row of",
    ops.mean_square: "mean of each row of",
    ops.argmax: "place of the largest in each row of",
}
COLUMNS = {
    ops.sum_: "sum of each column of",
    ops.max_: "max of each column of",
    ops.mean: "mean of each column of",
    ops.mean_square: "mean of each column of",
    ops.argmax: "place of the largest in each column of",
}
"""By operation, the words before the table whose rows (or columns) are reduced to one number each."""
RULES_AFTER = "The same as rules"
RULES_AFTER_REMARK = "What the text says, as a program works it out; you can do without."
"""The heading of rules that stand after the questions, and what is said below it."""
COUNTED_THINGS = {
    "words": "the words",
    "letters": "the letters of the text",
    "target_words": "the words of the translation",
    "source_words": "the words of the source text",
    "vocabulary": "the words of the vocabulary",
    "places": "the places in the text",
    "experts": "the experts",
    "blocks": "blocks of numbers with the same scale",
    "guesses": "the guesses of the draft",
    "facts": "the facts",
    "runs": "the three runs",
    "depths": "the depths",
    "text_blocks": "the blocks of the text",
    "entries": "the entries of the database",
    "answer_pairs": "the pairs",
    "answers": "the answers",
    "images": "the pictures",
    "texts": "the texts",
    "segments": "the texts",
    "tables": "the tables",
    "sizes": "the sizes of the tables",
    "patches": "the patches of the picture",
    "tokens": "the class token and the patches",
    "classes": "the classes",
    "stream": "the numbers that a word carries",
    "distances": "the distances",
    "buckets": "the ranges of distances",
    "steps": "the steps",
    "pairs": "the places between letters",
    "merges": "the merges",
    "sides": "the left and the right piece",
    "starts": "where a piece begins",
    "ends": "where a piece ends",
}
"""What rows or columns stand for, by the name of their labels."""


class _RuleText(Text):
    """A rule on one line, with signs between tables that stay apart where a page joins blanks."""

    def grid(self, rows: list[list[str]]) -> str:
        return f"[{'; '.join(' | '.join(row) for row in rows)}]"


_text = _RuleText()


@dataclass(frozen=True)
class Rule:
    """How one table of a sheet is made: its name there, and the formula of its numbers from those of other tables."""

    node: Node
    name: str
    maths: Maths

    def text(self) -> str:
        """Return the rule on one line, with the rows and columns of the table: scores = Q · Kᵀ (3×3)."""
        shape = "" if self.node.data is not None else f" ({times(self.node.shape)})"
        return f"{self.name} = {_text(self.maths)}{shape}"


@dataclass(frozen=True)
class Task:
    """A question with what its student needs to know.

    rules: in order, those of the steps that no earlier question has named; the last is that of the asked table.
    in_words: whether the exercise's text says how to work, so that the rules stand after the questions.
    """

    question: Question
    name: str
    rules: tuple[Rule, ...]
    in_words: bool = False

    @property
    def rules_before(self) -> list[str]:
        """The rules that stand at the question, as text."""
        return [] if self.in_words else [rule.text() for rule in self.rules]

    def about(self) -> str:
        """Return what the table is for, and what its rows and columns are."""
        node = self.question.node
        rows, columns = (counted_things(node, axis) for axis in (0, 1))
        lines = _("Rows: {rows}. Columns: {columns}.").format(rows=rows, columns=columns)
        return lines if node.data is not None else f"{meaning(node, self.name)} {lines}"


@dataclass(frozen=True)
class Section:
    """One exercise of a sheet: the problem, the tables whose numbers the student has, in order, and the questions."""

    problem: Problem
    given: tuple[Node, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Sheet:
    """The tables of a problem under the names that they have on its sheets. sections: more than one for an exam."""

    names: dict[Node, str]
    sections: tuple[Section, ...]

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(task for section in self.sections for task in section.tasks)

    def rules_after(self) -> list[str]:
        """Return the rules that stand after all questions, as text: of exercises that say in words how to work."""
        return list(dict.fromkeys(rule.text() for task in self.tasks if task.in_words for rule in task.rules))

    def explanations(self, of_tables: bool = True) -> list[str]:
        """Return one sentence for each sign in the rules that needs one, and for each number with a letter.

        of_tables: also what a dash in a table for the answers says.
        """
        rules = [rule for task in self.tasks for rule in task.rules]
        computed = [rule.node for rule in rules if rule.node.data is None]
        lines = [*_signs(computed), *_letters(rules), *self._on_the_way()]
        if of_tables and any(task.question.ask.kind == "table" and task.question.in_part for task in self.tasks):
            lines.append(_("– in a table for your answers: this number is not asked for."))
        return list(dict.fromkeys(lines))

    def _on_the_way(self) -> Iterator[str]:
        """Yield how many decimals to keep on the way, where there are steps on the way and decimals are asked for."""
        decimals = any(task.question.ask.kind in ("table", "cell") and task.question.ask.places for task in self.tasks)
        if decimals and sum(rule.node.data is None for task in self.tasks for rule in task.rules) > 1:
            yield _(
                "On the way, keep at least three decimals more than you are asked for. "
                "An answer may be used further as you gave it."
            )


def sheet(problem: Problem) -> Sheet:
    """Return what the sheets of a problem say, in the language that is written now."""
    return _sheet(problem, language())


@lru_cache(64)
def _sheet(problem: Problem, in_language: str) -> Sheet:
    parts = problem.parts or (problem,)
    names = _short_names(node for part in parts for node in _tables(part))
    questions = iter(problem.questions)
    return Sheet(names, tuple(_section(part, [next(questions) for __ in part.questions], names) for part in parts))


def _tables(problem: Problem) -> list[Node]:
    """Return the named tables that the questions need, and those that are shown."""
    return [n for n in dict.fromkeys([*problem.needed, *problem.shown]) if n.name]


def _section(problem: Problem, questions: list[Question], names: dict[Node, str]) -> Section:
    tables = _tables(problem)
    constants = {n for n in tables if _is_constant(n) and n not in problem.drawn}
    ruled = set[Node]() if _works_backward(problem) else set(problem.shown)
    tasks = []
    for question in questions:
        ends = [question.node, *(problem.shown if question.ask.kind == "missing" else [])]
        needed = [n for n in _reading(ends, ruled) if n.name and (n.data is None or n in constants)]
        fresh = [n for n in needed if n not in ruled and not n.holds_infinity]
        own = [question.node] if question.node.data is None and question.node not in fresh else []
        rules = tuple(Rule(n, names[n], rule(n, lambda n: _named(n, names))) for n in (*fresh, *own))
        ruled.update(fresh)
        tasks.append(Task(question, names[question.node], rules, problem.exercise.in_words))
    given = [n for n in tables if n.data is not None and n not in constants]
    return Section(problem, (*given, *(n for n in problem.shown if n not in given)), tuple(tasks))


def _works_backward(problem: Problem) -> bool:
    return any(question.ask.kind == "missing" for question in problem.questions)


def _reading(ends: list[Node], known: set[Node]) -> list[Node]:
    """Return the nodes that the ends need, in order; what goes into a known table does not count."""
    found, todo = set[Node](), list(ends)
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += [] if node in known and node not in ends else node.args
    return [node for node in toposort(ends) if node in found]


def _is_constant(node: Node) -> bool:
    """Return whether a given table is a single number that is the same for all, such as ε."""
    return node.data is not None and node.shape == (1, 1) and node.role not in (Role.INPUT, Role.WEIGHT, Role.TOKENS)


def _named(node: Node, names: dict[Node, str]) -> Maths:
    return Name("−∞") if node.data is not None and _is_constant(node) and node.holds_infinity else Name(names[node])


def _short_names(tables: Iterable[Node]) -> dict[Node, str]:
    """Return each table's symbol with as much of its path as tells it from the others: Q, or head1.Q and head2.Q."""
    paths = {node: (tuple(node.name.split(".")[:-1]), _word(node)) for node in tables}
    alike: dict[str, list[tuple[str, ...]]] = {}
    for path, word in paths.values():
        alike.setdefault(word, []).append(path)
    names: dict[Node, str] = {}
    for node, (path, word) in paths.items():
        others = list(alike[word])
        others.remove(path)
        name = ".".join((*_telling(path, others, 1 if word in RESERVED and path else 0), word))
        names[node] = f"{name}_{len(names)}" if name in names.values() else name
    return names


def _telling(path: tuple[str, ...], others: list[tuple[str, ...]], least: int) -> tuple[str, ...]:
    """Return the fewest parts of a path, the last ones if possible, that no other path has all of."""
    for count in range(least, len(path) + 1):
        for places in reversed([*combinations(path, count)]):
            if not any(set(places) <= set(other) for other in others):
                return places
    return path


def _word(node: Node) -> str:
    """Return a table's symbol without blanks and brackets, which would read as parts of a rule: φ_Q for φ(Q)."""
    return re.sub(r"[ (]", "_", symbol(node)).replace(")", "")


def rule_text(node: Node, call: Callable[[Node], str], turned: bool) -> str:
    """Return a table's rule as text, also for the captions of a workbook in which tokens are columns (turned)."""
    return _text(rule(node, lambda n: Name(call(n)), turned))


def rule(node: Node, call: Callable[[Node], Maths], turned: bool = False) -> Maths:
    """Return the formula of a table over the named tables that it reads. turned: tokens are columns.

    As in captions.rule, but each sum says whether it is of rows or of columns, and no part of a list is left out.
    """
    if node.data is not None:
        return Number(np.format_float_positional(float(node.data[0, 0]), trim="-"))
    parts = [call(a) if a.name else rule(a, call, turned) for a in node.args]
    if node.op is ops.beside or node.op is ops.below:
        sized = [_sized(*pair, turned) for pair in zip(parts, node.args, strict=True)]
        return _joined(sized, beside=(node.op is ops.beside) != turned)
    if node.op is ops.one_hot:
        return whether(
            Chain((parts[0], Over(_("row") if turned else _("column"), Name(f"0…{node.attrs['width'] - 1}"))), ("=",))
        )
    if node.op is ops.where and isinstance(parts[0], Cases):
        parts[0] = parts[0].cases[0][1]
    if node.op is ops.mul and node.args[0] is node.args[1]:
        return Power(parts[0], Number("2"))
    if node.op is ops.mul and _is_one(node.args[1]):
        return parts[0]
    write = (node.op.column_maths if turned else None) or node.op.maths
    maths = write(*parts, **node.attrs)
    if isinstance(maths, Over) and "axis" in node.attrs:  # not where a view shows what its argument is
        of_rows = (node.attrs["axis"] == 1) != turned
        return replace(maths, sign=_(ROWS[node.op] if of_rows else COLUMNS[node.op]))
    return maths


def _is_one(node: Node) -> bool:
    return node.op is ops.constant and node.attrs["value"] == 1


def _sized(maths: Maths, node: Node, turned: bool) -> Maths:
    """Return a part of a larger table; where it is a number or a line that is repeated, with its rows and columns."""
    if node.name or node.op is not ops.stretch or node.args[0].shape == node.shape:
        return maths
    rows, columns = node.shape[::-1] if turned else node.shape
    return Chain((maths, Name(f"({rows}×{columns})")), ("",))


def _joined(parts: list[Maths], beside: bool) -> Maths:
    if len(parts) == 1:
        return parts[0]
    return Grid((tuple(parts),)) if beside else Grid(tuple((part,) for part in parts))


def given_meaning(node: Node) -> str:
    """Return what a given table holds, if its name does not tell: a mask, words by number, what a step is for."""
    if node.data is not None and node.meaning:
        return _(node.meaning)
    of = node.shape[0].labels
    if node.data is not None and node.role is Role.TOKENS and isinstance(of, Tokens) and are_letters(of):
        return _("the letters of the text, by their numbers in the alphabet, counted from 0")
    if node.data is not None and node.role in (Role.MASK, Role.TOKENS):
        return _(node.role.traits.given_words)
    if node.role in NAMES_TELL:
        return ""
    words = "" if node.role in (Role.NONE, Role.RESULT) else meaning(node, node.symbol)
    return ": ".join(filter(None, (place_in_words(node), words)))


NAMES_TELL = (Role.INPUT, Role.WEIGHT, Role.CONSTANT, Role.SETTING, Role.GIVEN)
"""Roles whose words say no more than the name of a table."""


def place_in_words(node: Node) -> str:
    """Return the part of the model that a table is in: Layer 1 · Head 2; nothing where the model has no parts."""
    prefix = prefix_of(node)
    places = titles(node.scope)[1 if prefix else 0 :]
    return " · ".join(places) if "." in node.name.removeprefix(prefix) else ""


def part_title(problem: Problem, n: int) -> str:
    """Return the heading of a part of an exam, which is counted from 1: Part 2: Softmax (10 points)."""
    exercise = problem.parts[n - 1].exercise
    points = counted("{n} point", "{n} points", exercise.points).format(n=f"{exercise.points:g}")
    return _("Part {n}: {title} ({points})").format(n=n, title=_(exercise.title), points=points)


def are_letters(of: Tokens) -> bool:
    """Return whether a text is one of letters, not of words."""
    return all(len(word) == 1 for word in of.vocabulary.words)


def counted_things(node: Node, axis: int) -> str:
    """Return what the rows (axis 0) or columns (axis 1) of a table are: the words, or from 1 to which number."""
    of = node.shape[axis].labels
    if isinstance(of, Tokens):
        return _(COUNTED_THINGS["letters" if are_letters(of) else "words"])
    if isinstance(of, Typed):
        return _(COUNTED_THINGS["words"])
    if isinstance(of, Labels):
        return _(COUNTED_THINGS[of.name]) if of.name in COUNTED_THINGS else of.name.replace("_", " ")
    count = int(node.shape[axis])
    return f"1…{count}" if count > 1 else "1"


def _signs(nodes: list[Node]) -> Iterator[str]:
    """Yield a sentence for each sign in the rules of these tables that needs one."""
    used = [part for node in nodes for part in unnamed_parts(node)]
    operations = {part.op for part in used}
    if ops.matmul in operations:
        yield _("A · B: each row of A times each column of B, number by number, added up.")
    if ops.transpose in operations:
        yield _("Aᵀ: A with its rows as columns.")
    if any(part.op is ops.mean_square or (part.op is ops.mul and part.args[0] is part.args[1]) for part in used):
        yield _("A²: each number of A times itself.")
    if any(part.op in CELL_BY_CELL and (part.op is ops.mul or _is_stretched(part)) for part in used):
        yield _("A + B, A − B, A × B, A / B: number by number; a single row (or column) meets every row (or column).")
    if ops.lookup in operations:
        yield _("A[n]: for each number in a table n, the row of A with that number; the first row is row 0.")
    if any(part.op is ops.lookup and part.args[1].shape[1] > 1 for part in used):
        yield _("A[n, 1]: the same, of column 1 of A alone; each number stands where its row number stands in n.")
    inside = {id(part.args[0]) for part in used if part.op is ops.lookup}
    if any(part.op in (ops.rows, ops.columns) and id(part) not in inside for part in used):
        yield _("A[2]: row 2 of A. A[1…3]: rows 1 to 3. A[·, 2]: column 2. All counted from 1.")
    if any(part.op in (ops.beside, ops.below) and len(part.args) > 1 for part in used):
        yield _("[A | B]: B at the right of A. [A; B]: B below A. 0 (2×3): two rows of three zeros.")
    if ops.alternate in operations:
        yield _("A, B by turns: the first column of A, the first of B, the second of A, and so on.")
    if ops.where in operations:
        yield _("A where B, else C: the number of A where that of B is not 0 (or B is true), elsewhere that of C.")
    if ops.one_hot in operations:
        yield _("where A = column 0…5: where the number of A is that of the column; the first column is column 0.")
    if ops.argmax in operations:
        yield _("The place of the largest is counted from 0; of equal numbers the first is taken.")
    if piece_ops.tally in operations:
        yield _(
            "count(A, B, n): for each number of A, how often it stands in the rows of B, "
            "each row taken as often as the number of n in that row says."
        )
    if piece_ops.apart in operations:
        yield _("apart(A): the ones of each row of A, from the left, but not one right after one that is kept.")
    if piece_ops.joined_places in operations:
        yield _("place(A): 1, 2, 3 ... along each row, less the ones of A that stand before; one number more than A.")
    if piece_ops.at_places in operations:
        yield _("at(A, B): in column n the first number of A whose number in B is n; 0 where there is none.")
    if piece_ops.take in operations:
        yield _("A[·, n]: from each row of A the number in column n of that row; here the first column is column 0.")
    if ops.int_ in operations:
        yield _("int(A): the number without its decimals.")
    if piece_ops.spelled in operations:
        yield _("letters(A): the numbers of A, written as the pieces that they stand for.")
    if operations & {ops.sin, ops.cos}:
        yield _("The angles of sin and cos are in radians.")
    if ops.log in operations:
        yield _("ln: the logarithm to the base e.")
    if ops.tanh in operations:
        yield _("tanh(A) is (e^A − e^(−A)) / (e^A + e^(−A)), number by number.")
    if ops.erf in operations:
        yield _("erf: the error function, 2/√π times the area under e^(−t²) from 0 to the number.")
    if any(part.data is not None and _is_constant(part) and part.holds_infinity for part in used):
        yield _("e^(−∞) and 2^(−∞) are 0: such a number takes no part in a softmax.")


CELL_BY_CELL = (ops.add, ops.sub, ops.mul, ops.div)


def _is_stretched(node: Node) -> bool:
    return any(a.shape != node.shape and a.shape != (1, 1) for a in node.args)


def unnamed_parts(node: Node) -> Iterator[Node]:
    """Yield a node, the unnamed nodes in its rule, and the named ones that the rule reads."""
    yield node
    for a in node.args:
        if a.name:
            yield from [a] if a.data is not None else []
        else:
            yield from unnamed_parts(a)


def _letters(rules: list[Rule]) -> Iterator[str]:
    """Yield a sentence for each number with a letter that has a meaning."""
    for constant in rules:
        if constant.node.meaning:
            yield _("{name} – {meaning}.").format(name=constant.name, meaning=_(constant.node.meaning))


Label = Callable[[Node, int, int], str]
"""(a table, 0 for its rows or 1 for its columns, which of them from 0) to its label, empty where it has none."""


def no_label(node: Node, axis: int, i: int) -> str:
    return ""


def question_text(problem: Problem, question: Question, label: Label = no_label) -> str:
    """Return the question: the recipe's own words, if it has any; then what to find, and to how many decimals.

    label: of the words of rows and columns, where the student who reads it is known.
    """
    text = _standard_text(problem, question, label)
    return f"{_(question.ask.text)} {text}" if question.ask.text else text


def _standard_text(problem: Problem, question: Question, label: Label) -> str:
    ask, node = question.ask, question.node
    table = _with_place(node, sheet(problem).names[node])
    if ask.kind == "wrong cell":
        return _("One number of {table} is wrong: give its row and its column, counted from 1.").format(table=table)
    if ask.kind == "choice":
        return _choice_text(question, table, label)
    if ask.kind == "cut":
        return _cut_text(question, table, label)
    if ask.kind == "table":
        part = part_text(question, label) if question.in_part else ""
        text = _("Find {part} of {table}.") if part else _("Find {table}.")
        return f"{text.format(part=part, table=table)} {rounding(question)}"
    cell = cell_text(question, label)
    if ask.kind == "symbolic":
        text = _("Find the number of {table} in {cell} exactly, as an expression such as e^2/(e^2+1).")
        return text.format(table=table, cell=cell)
    if ask.kind == "missing":
        text = _("The number of {table} in {cell} is missing: find it from what is shown.").format(
            table=table, cell=cell
        )
        return f"{text} {rounding(question)}"
    text = _("Find the number of {table} in {cell}.").format(table=table, cell=cell)
    return f"{text} {rounding(question)}"


def rounding(question: Question) -> str:
    """Return to how many places the answers are given; an empty text where there are none."""
    if question.ask.kind not in ("table", "cell", "missing"):
        return ""
    places = question.ask.places
    return (
        counted("Give {n} decimal.", "Give {n} decimals.", places).format(n=places)
        if places
        else counted("Give a whole number.", "Give whole numbers.", len(question.indices))
    )


def _with_place(node: Node, name: str) -> str:
    """Return a table's name, with the part of the model that it is in."""
    place = place_in_words(node)
    return _("{table} ({place})").format(table=name, place=place) if place else name


def cell_text(question: Question, label: Label = no_label) -> str:
    """Return which cell is asked for: row 2 (sat), column 1."""
    ((i, j),) = question.indices
    row, column = (_numbered(question.node, axis, n, label) for axis, n in ((0, i), (1, j)))
    return _("row {row}, column {column}").format(row=row, column=column)


def part_text(question: Question, label: Label = no_label) -> str:
    """Return which part of a table is asked for: "rows 2 and 3", "row 2, columns 1 and 2"."""
    by_row: dict[int, list[int]] = {}
    for i, j in question.indices:
        by_row.setdefault(i, []).append(j)
    lines = list(by_row.values())
    if any(line != lines[0] for line in lines):
        return "; ".join(
            f"{_rows(question.node, [i], label)}, {_columns(question.node, js, label)}" for i, js in by_row.items()
        )
    rows, columns = question.node.shape
    parts = [_rows(question.node, list(by_row), label)] if len(by_row) < rows else []
    parts += [_columns(question.node, lines[0], label)] if len(lines[0]) < columns else []
    return ", ".join(parts)


def _rows(node: Node, rows: list[int], label: Label) -> str:
    return counted("row {rows}", "rows {rows}", len(rows)).format(rows=_listed(node, 0, rows, label))


def _columns(node: Node, columns: list[int], label: Label) -> str:
    return counted("column {columns}", "columns {columns}", len(columns)).format(
        columns=_listed(node, 1, columns, label)
    )


def _listed(node: Node, axis: int, places: list[int], label: Label) -> str:
    """Return rows or columns as words list them: "1", "1 and 2", "1, 2 and 4", "2 to 7"."""
    numbers = [_numbered(node, axis, i, label) for i in places]
    if len(numbers) > 2 and places == [*range(places[0], places[-1] + 1)]:
        return _("{first} to {last}").format(first=numbers[0], last=numbers[-1])
    if len(numbers) == 1:
        return numbers[0]
    return _("{some} and {last}").format(some=", ".join(numbers[:-1]), last=numbers[-1])


def _numbered(node: Node, axis: int, i: int, label: Label) -> str:
    """Return the number of a row or a column from 1, with its word: 2 (sat)."""
    word = label(node, axis, i)
    return f"{i + 1} ({word})" if word else str(i + 1)


def _cut_text(question: Question, table: str, label: Label) -> str:
    rows = _rows(question.node, [row for row, __ in question.indices], label)
    return counted(
        "Write {rows} of {table} in letters: the word in its pieces, with a blank or a bar between them, "
        "such as low er or low|er.",
        "Write {rows} of {table} in letters: each word in its pieces, with a blank or a bar between them, "
        "such as low er or low|er.",
        len(question.indices),
    ).format(rows=rows, table=table)


def _choice_text(question: Question, table: str, label: Label) -> str:
    node = question.node
    rows = _rows(node, [row for row, __ in question.indices], label)
    if isinstance(node.shape[1].labels, Labels | Tokens):
        text = counted(
            "Which word has the largest number in {rows} of {table}? Count the words from 1.",
            "Which word has the largest number in each of {rows} of {table}? Count the words from 1.",
            len(question.indices),
        )
    else:
        text = counted(
            "Which column has the largest number in {rows} of {table}? Count the columns from 1.",
            "Which column has the largest number in each of {rows} of {table}? Count the columns from 1.",
            len(question.indices),
        )
    return text.format(rows=rows, table=table)
