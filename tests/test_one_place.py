"""One addition, one place: what an operation is, is said in its record and nowhere else."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from support.op_cases import CASES
from support.strategies import given_tables, recalculated

import byhand
from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.arithmetic.counts import Work, work
from byhand.core.arithmetic.excel import functions
from byhand.core.captions import letters
from byhand.core.gradients import gradients
from byhand.core.graph import OPS, Node, Op, always, fold, page, register, source
from byhand.core.ops import beside, exp
from byhand.core.roles import Look, Role, Traits
from byhand.core.table import Table, read
from byhand.documents import markdown
from byhand.explanations.handout import explain
from byhand.language.architecture import Graph
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.notation.tree import Call
from byhand.workbook.build import write_lesson
from byhand.workbook.style import LOOKS

PACKAGE = Path(byhand.__file__).parent


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of each file of the package."""
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}


def names_of_operations(tree: ast.AST) -> Iterator[str]:
    """Where an operation's name is read (`x.op.name`, `op.name`), or an operation is looked up by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "name":
            owner = node.value
            if getattr(owner, "attr", getattr(owner, "id", "")) == "op":
                yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("OPS"):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.slow
def test_operations_are_not_told_apart_by_their_names() -> None:
    """By a field of their record or, where one is meant for its mathematics, by identity: `node.op is ops.matmul`."""
    places = {file: [*names_of_operations(tree)] for file, tree in trees().items() if file != "core/graph.py"}
    assert {file: lines for file, lines in places.items() if lines} == {}


def shared_numbers(tree: ast.AST) -> Iterator[set[str | None]]:
    """The keywords of each call that makes a number of the whole model."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "source":
            keywords = {k.arg: ast.unparse(k.value).strip("'") for k in node.keywords}
            if keywords.get("role") in [role for role in Role if role.traits.shared]:
                yield set(keywords)


@pytest.mark.slow
def test_shared_numbers_say_what_they_are_for() -> None:
    """Where they are made: the home page reads it there."""
    found = [keywords for tree in trees().values() for keywords in shared_numbers(tree)]
    assert len(found) > 4
    assert all("meaning" in keywords for keywords in found)


def roles_as_text(tree: ast.AST) -> Iterator[str]:
    """Where the role of a table is compared with text."""
    for node in ast.walk(tree):
        pieces = [*ast.walk(node)] if isinstance(node, ast.Compare) else []
        texts = [p for p in pieces if isinstance(p, ast.Constant) and isinstance(p.value, str)]
        if texts and any(getattr(p, "attr", "") == "role" for p in pieces):
            yield ast.unparse(node)


def test_roles_are_members_of_their_enum() -> None:
    """`node.role is Role.SCORES`, which a misspelling cannot pass; `named(...)` checks its text."""
    places = {file: [*roles_as_text(tree)] for file, tree in trees().items()}
    assert {file: lines for file, lines in places.items() if lines} == {}


def test_a_role_as_text_would_be_seen() -> None:
    planted = ast.parse('a = node.role == "scores"\nb = node.args[0].role in ("a", "b")\nc = node.role is Role.MASK')
    assert len([*roles_as_text(planted)]) == 2


def test_an_unknown_role_is_refused_at_once() -> None:
    table = source("x", [[1.0]], "input")
    with pytest.raises(ValueError, match=r"^'scrores' is no role: add it to Role in core/roles\.py, or take one of in"):
        (table + 1).named("y", role="scrores")
    with pytest.raises(ValueError, match="'inptu' is no role"):
        source("x", [[1.0]], "inptu")
    assert Role("scores") is Role.SCORES
    assert table.role is Role.INPUT


def test_roles_say_what_they_are() -> None:
    assert len({role.words for role in Role}) == len(Role)
    assert {role.traits.look for role in Role} | {role.traits.given_look for role in Role} <= set(LOOKS)
    assert set(LOOKS) == set(Look)


def test_a_name_that_is_read_would_be_seen() -> None:
    planted = ast.parse('kind = node.op.name\nfound = op.name in ("add", "sub")\nother = OPS["add"]')
    assert len([*names_of_operations(planted)]) == 3


# A new operation


@pytest.fixture
def arctan(monkeypatch: pytest.MonkeyPatch) -> Op:
    """An operation that byhand does not have, as somebody would add it to core/ops.py."""
    monkeypatch.setitem(OPS, "arctan", OPS["exp"])  # taken out again after the test
    function = Function("atan", math.atan, lambda x: Call("arctan", (x,)), "atan")
    return register(
        "arctan",
        shape=lambda x: x,
        value=np.arctan,
        cell=lambda k, i, x: k.call(function, x[i]),
        vjp=lambda g, out, x: (g / (1 + x * x),),
        maths=function.maths,
        function=function,
        cellwise=True,
        by_row=always,
        examples=((((2, 3),), {}),),
    )


def lesson_of(*outputs: Node) -> Lesson:
    return replace(build(Recipe("dot-product")), graph=Graph([*outputs]))


def test_a_new_operation_is_one_record(arctan: Op, tmp_path: Path) -> None:
    """Numbers, formula, caption, gradient, work, worked steps and exact value follow from it."""
    with page("", "Page"):
        x = source("x", [[1.0, -2.0], [0.5, 0.0]], "input")
        result = arctan(x).named("angle")
    np.testing.assert_allclose(recalculated([result])[result], np.arctan(x.data))
    assert "ATAN" in functions()
    assert letters(result, lambda node: node.name, False) == "arctan(x)"
    assert work([result]) == Work(functions=4)
    slope = gradients(result.sum(1).sum(0), [x]).gradients[x]
    np.testing.assert_allclose(fold([slope])[slope], 1 / (1 + np.square(x.data)))
    text = markdown.write(explain(lesson_of(result), "angle", (1, 1), exact=True)).decode()
    assert "arctan" in text
    assert r"\frac{\pi}{4}" in text
    write_lesson(lesson_of(result), tmp_path / "book.xlsx")
    cells = [c.value for sheet in openpyxl.load_workbook(tmp_path / "book.xlsx") for row in sheet for c in row]
    assert len([c for c in cells if str(c).startswith("=ATAN(")]) == 4


def test_what_a_new_operation_does_not_say_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its fields only the rules are needed; the others are right for an operation of which nothing is known."""
    monkeypatch.setitem(OPS, "half", OPS["exp"])
    half = register(
        "half",
        shape=lambda x: x,
        value=lambda x: x / 2,
        cell=lambda k, i, x: x[i] / k.number(2),
        vjp=lambda g, out, x: (g / 2,),
        maths=lambda x: Call("half", (x,)),
        examples=((((2, 3),), {}),),
    )
    assert not any((half.view, half.given, half.cellwise, half.finite, half.by_row(), half.function))
    x = source("x", [[1.0, 3.0]], "input")
    result = beside(half(x), exp(half(x))).named("y")
    np.testing.assert_allclose(recalculated([result])[result], [[0.5, 1.5, *np.exp([0.5, 1.5])]])


# A new role


@pytest.fixture
def surprise(monkeypatch: pytest.MonkeyPatch) -> Role:
    """A role that byhand does not have, as one more line of the enum."""
    traits = Traits(look=Look.RESULT, given_look=Look.WEIGHT, given_words="surprises", followed=False)
    role: Any = str.__new__(Role, "surprise")
    role._name_, role._value_, role.words, role.traits = "SURPRISE", "surprise", "what nobody expects", traits
    monkeypatch.setitem(Role._value2member_map_, "surprise", role)
    monkeypatch.setitem(Role._member_map_, "SURPRISE", role)
    return Role("surprise")


def test_a_new_role_is_one_line(surprise: Role, tmp_path: Path) -> None:
    """Colours where it is given and where it is computed, its words, and what flows back follow from it."""
    with page("", "Page"):
        given = source("given", [[1.0, 2.0]], "surprise")
        computed = (given * 3).named("tripled", role="surprise")
        loss = (computed * given).sum(1).named("loss")
    assert given.role is computed.role is surprise
    assert computed not in gradients(loss, [given]).gradients
    lesson = lesson_of(loss)
    write_lesson(lesson, tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    sheet, place = next(iter(book.defined_names["tripled"].destinations))
    fill = book[sheet][place.replace("$", "")][0][0].fill.fgColor.rgb
    assert fill == f"FF{LOOKS[Look.RESULT][0].removeprefix('#')}"
    sheet, place = next(iter(book.defined_names["given"].destinations))
    assert book[sheet][place.replace("$", "")][0][0].border.left.style == "medium"
    assert "surprises, 1×2" in markdown.write(explain(lesson, None, None, exact=False)).decode()


# A new arithmetic


class Script(str):
    """A cell as a line of some script."""

    __slots__ = ()

    def __add__(self, other: object) -> Script:
        return Script(f"({self} + {other})")

    def __sub__(self, other: object) -> Script:
        return Script(f"({self} - {other})")

    def __mul__(self, other: object) -> Script:
        return Script(f"({self} * {other})")

    def __truediv__(self, other: object) -> Script:
        return Script(f"({self} / {other})")

    def __neg__(self) -> Script:
        return Script(f"(-{self})")


class Scripts(Arithmetic[Script]):
    """An arithmetic that byhand does not have: its ten methods."""

    def number(self, x: float) -> Script:
        return Script(repr(float(x)))

    def pi(self) -> Script:
        return Script("pi")

    def call(self, function: Function, x: Script) -> Script:
        return Script(f"{function.name}({x})")

    def power(self, x: Script, y: Script) -> Script:
        return Script(f"({x} ** {y})")

    def total(self, line: tuple[Script, ...]) -> Script:
        return Script(f"sum([{', '.join(line)}])")

    def largest(self, line: tuple[Script, ...]) -> Script:
        return Script(f"max([{', '.join(line)}])")

    def position_of_largest(self, line: tuple[Script, ...]) -> Script:
        return Script(f"first([{', '.join(line)}])")

    def compare(self, x: Script, sign: str, y: Script) -> Script:
        return Script(f"({x} {sign.replace('=', '==')} {y})")

    def choose(self, condition: Script, x: Script, y: Script) -> Script:
        return Script(f"({x} if {condition} else {y})")

    def pick(self, line: tuple[Script, ...], index: Script) -> Script:
        return Script(f"[{', '.join(line)}][{index}]")


@pytest.mark.parametrize(("op", "shapes", "attrs"), CASES)
def test_a_new_arithmetic_is_ten_methods(op: Op, shapes: Any, attrs: Any) -> None:
    """It reads every operation."""
    assert len(Arithmetic.__abstractmethods__) == 10
    node = op(*given_tables([np.ones(shape) for shape in shapes]), **attrs)

    def given(table: Node) -> Table:
        return Table(table.shape, lambda r, c: Script(f"{table.name}[{r}][{c}]"))

    cells = read(node, Scripts(), given)
    for i in np.ndindex(*map(int, node.shape)):
        assert ast.parse(cells[i], mode="eval")
