"""Every gradient rule against SymPy's derivative of the cell rule, and whole models against differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from support.examples import examples
from support.gradient_models import GRADIENT_MODELS, GRADIENTS_OFTEN, differences, lesson_of, recipe_of
from support.lessons import SET_BY_HAND
from support.op_cases import CASES
from support.selection import often
from support.strategies import given_tables, graphs

from byhand.core import ops
from byhand.core.arithmetic import Arithmetic, Function
from byhand.core.gradients import Backward, gradients
from byhand.core.graph import OPS, Array, Node, Op, fold, page, source, toposort
from byhand.core.table import Table, read
from byhand.layers.activations import relu
from byhand.layers.attention import softmax
from byhand.layers.losses import cross_entropy
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.models import MODELS

Expressions = list[list[Any]]


class Sympy(Arithmetic[Any]):
    """SymPy as an arithmetic for the cell rules, in pieces where a rule compares."""

    def number(self, x: float) -> Any:
        return sympy.Float(x)

    def pi(self) -> Any:
        return sympy.pi

    def call(self, function: Function, x: Any) -> Any:
        return getattr(sympy, function.sympy)(x)

    def power(self, x: Any, y: Any) -> Any:
        return x**y

    def total(self, line: tuple[Any, ...]) -> Any:
        return sympy.Add(*line)

    def largest(self, line: tuple[Any, ...]) -> Any:
        return sympy.Max(*line)

    def position_of_largest(self, line: tuple[Any, ...]) -> Any:
        """Where the largest stands, if no two are the same."""
        return sympy.Piecewise(*((n, sympy.Eq(x, sympy.Max(*line))) for n, x in enumerate(line)), (-1, True))

    def compare(self, x: Any, sign: str, y: Any) -> Any:
        return sympy.Piecewise((1, sympy.Eq(x, y) if sign == "=" else x > y), (0, True))

    def choose(self, condition: Any, x: Any, y: Any) -> Any:
        return sympy.Piecewise((x, sympy.Ne(condition, 0)), (y, True))

    def pick(self, line: tuple[Any, ...], index: Any) -> Any:
        return sympy.Piecewise(*((x, sympy.Eq(index, i)) for i, x in enumerate(line)), (sympy.nan, True))


SYMPY = Sympy()


def letters_of(node: Node, letter: str) -> dict[tuple[int, int], Any]:
    return {i: sympy.Symbol(f"{letter}_{i[0]}_{i[1]}", real=True) for i in np.ndindex(*node.shape)}


def points(op: Op, n: int, shape: tuple[int, int], draw: np.random.Generator) -> Array:
    """Numbers for argument n: no two alike, none at a kink, and such as the operation takes."""
    if op.name in ("one_hot", "lookup") and (n == 1 or op.name == "one_hot"):
        return draw.permutation(4)[: shape[0], None].astype(float)
    if op.name == "where" and n == 0:
        return draw.permutation(np.arange(np.prod(shape)) % 2).reshape(shape).astype(float)
    numbers = draw.uniform(0.3, 2.0, shape)
    return numbers if op.name in ("power", "log", "sqrt") else numbers * draw.choice([-1, 1], shape)


class Checked:
    """An operation's loss Σ out × g in SymPy's letters and as byhand's graph, at one random point."""

    def __init__(self, op: Op, shapes: Any, attrs: dict[str, Any], seed: int) -> None:
        draw = np.random.default_rng([seed, *map(ord, op.name)])
        self.nodes = given_tables([points(op, n, shape, draw) for n, shape in enumerate(shapes)])
        self.out = op(*self.nodes, **attrs)
        self.upstream = draw.normal(size=self.out.shape)
        self.letters = [letters_of(node, node.name) for node in self.nodes]
        self.at = {
            letter: float(node.data[i])
            for node, letters in zip(self.nodes, self.letters, strict=True)
            for i, letter in letters.items()
        }

    @property
    def loss(self) -> Node:
        return summed(self.out * source("g", self.upstream, "input"))

    @property
    def expression(self) -> Any:
        tables = dict(zip(self.nodes, self.letters, strict=True))

        def of(node: Node) -> Table | None:
            return Table(node.shape, lambda r, c: tables[node][r, c]) if node in tables else None

        cells = read(self.out, SYMPY, of)
        return sympy.Add(*(cells[i] * float(self.upstream[i]) for i in np.ndindex(*self.out.shape)))

    def derivatives(self, expression: Any) -> list[Array]:
        """By each argument's cells, as numbers at the point."""
        found = []
        for node, letters in zip(self.nodes, self.letters, strict=True):
            table = np.zeros(node.shape)
            for i, letter in letters.items():
                table[i] = float(sympy.diff(expression, letter).subs(self.at))
            found.append(table)
        return found


def test_no_gradient_flows_through_counts() -> None:
    for op in (op for op in OPS.values() if op.counting):
        shapes, attrs = op.examples[0]
        nodes = given_tables([np.ones(shape) for shape in shapes])
        assert not any(op.vjp(ops.constant(value=1.0), op(*nodes, **attrs), *nodes, **attrs)), op.name


def summed(table: Node) -> Node:
    return table.sum(1).sum(0)


def flows(backward: Backward, nodes: Iterable[Node]) -> list[Array]:
    """The gradients as numbers; zeros where nothing flows."""
    nodes = list(nodes)
    made = [backward.gradients[n] for n in nodes if n in backward.gradients]
    numbers = fold(made)
    for n in nodes:
        assert n not in backward.gradients or numbers[backward.gradients[n]].shape == tuple(n.shape), n
    return [numbers[backward.gradients[n]] if n in backward.gradients else np.zeros(n.shape) for n in nodes]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("op", "shapes", "attrs"), [case for case in CASES if case.values[1] and not case.values[0].counting]
)
def test_each_rule_is_the_derivative_of_the_cell_rule(op: Op, shapes: Any, attrs: Any, seed: int) -> None:
    checked = Checked(op, shapes, attrs, seed)
    expected = checked.derivatives(checked.expression)
    backward = gradients(checked.loss, checked.nodes)
    for got, wanted in zip(flows(backward, checked.nodes), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


NO_SLOPE = {"greater", "equal", "one_hot", "argmax", "int", *(op.name for op in OPS.values() if op.counting)}
"""Their results jump, and are level between."""


def test_some_gradient_flows_through_every_operation_but_those_that_jump() -> None:
    for op in OPS.values():
        shapes, attrs = op.examples[0]
        if shapes:
            checked = Checked(op, shapes, attrs, 1)
            found = gradients(checked.loss, checked.nodes).gradients.keys() & set(checked.nodes)
            assert bool(found) == (op.name not in NO_SLOPE), op.name
        else:
            assert op.vjp(ops.constant(value=1.0), op(**attrs), **attrs) == (), op.name


@pytest.mark.parametrize(
    ("op", "shapes", "attrs"),
    [
        pytest.param(*case.values, id=case.id, marks=() if case.id.endswith("-0") else pytest.mark.slow)
        for case in CASES
        if case.values[1] and case.values[0].name not in NO_SLOPE
    ],
)
def test_second_derivatives(op: Op, shapes: Any, attrs: Any) -> None:
    """A gradient's own gradient, of Σ gradient × c, against SymPy, and by the step against differences of the first."""
    checked = Checked(op, shapes, attrs, 3)
    expression = checked.expression
    first = gradients(checked.loss, checked.nodes)
    learnt = [n for n in checked.nodes if n in first.gradients]
    draw = np.random.default_rng(4)
    directions = [draw.normal(size=n.shape) for n in learnt]
    terms = [summed(first.gradients[n] * source("c", c, "input")) for n, c in zip(learnt, directions, strict=True)]
    slope = terms[0] if len(terms) == 1 else terms[0] + terms[1]
    along = sum(
        float(c[i]) * sympy.diff(expression, letter)
        for n, c in zip(learnt, directions, strict=True)
        for i, letter in checked.letters[checked.nodes.index(n)].items()
    )
    second = flows(gradients(slope, learnt), learnt)
    wanted = dict(zip(checked.nodes, checked.derivatives(along), strict=True))
    for n, got in zip(learnt, second, strict=True):
        np.testing.assert_allclose(got, wanted[n], rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(got, differences(slope, n, {}), rtol=1e-7, atol=1e-7)


# Kinks and ties


def gradient_of(build: Callable[..., Node], *arrays: Any) -> list[list[Any]]:
    nodes = given_tables(arrays)
    return [flow.tolist() for flow in flows(gradients(summed(build(*nodes)), nodes), nodes)]


def test_relu_has_no_slope_at_0() -> None:
    assert gradient_of(relu, np.array([[-2.0, -0.0, 0.0, 3.0]])) == [[[0, 0, 0, 1]]]


def test_a_tie_of_two_tables_counts_for_the_second() -> None:
    assert gradient_of(ops.maximum, np.array([[5.0, 1.0, 2.0]]), np.array([[5.0, 2.0, 1.0]])) == [
        [[0, 0, 1]],
        [[1, 1, 0]],
    ]


def test_the_largest_cells_share_their_gradient_as_in_torch_amax() -> None:
    x = np.array([[3.0, 1.0, 3.0, 3.0], [0.0, 2.0, 1.0, 2.0]])
    third = 1 / 3
    assert gradient_of(lambda a: a.max(1), x) == [[[third, 0, third, third], [0, 0.5, 0, 0.5]]]
    assert gradient_of(lambda a: a.max(0), x) == [[[1, 0, 1, 1], [0, 1, 0, 0]]]


def test_a_row_that_is_looked_up_twice_gets_both_gradients() -> None:
    found = gradient_of(lambda t: ops.lookup(t, source("i", [[1], [1], [0]], "tokens")) * 3, np.ones((3, 2)))
    assert found == [[[3, 3], [6, 6], [0, 0]]]


# Graphs at random


@examples(150)
@given(graphs(), st.integers(0, 2**16))
def test_graphs_at_random(last: Node, seed: int) -> None:
    draw = np.random.default_rng(seed)
    sources = [n for n in toposort([last]) if n.op.name == "source"]
    point = {n: np.asarray(n.data + draw.uniform(-0.4, 0.4, n.shape)) for n in sources}
    upstream = source("upstream", draw.normal(size=last.shape), "input")
    loss = summed(last * upstream)
    backward = gradients(loss, sources)
    values = fold([loss, *backward.gradients.values()], point)
    for n in sources:
        wide, narrow = (differences(loss, n, point, h) for h in (1e-4, 3e-5))
        size = max(1.0, float(np.abs(values[loss]).max()), float(np.abs(wide).max()))
        assume(np.abs(wide - narrow).max() <= 1e-7 * size)  # else a kink lies between
        got = values[backward.gradients[n]] if n in backward.gradients else np.zeros(n.shape)
        np.testing.assert_allclose(got, narrow, rtol=0, atol=1e-6 * size)


# Whole models

each_model = pytest.mark.parametrize("name", often(GRADIENT_MODELS, GRADIENTS_OFTEN))


def parameters(made: Lesson) -> dict[str, Node]:
    """Its weights, and the inputs that are numbers and not given from above."""
    found = {path: n for path, n in made.tables.items() if n.data is not None and n.role in ("weight", "input")}
    return {path: n for path, n in found.items() if n.symbol not in ("segment_ids", "upstream")}


@cache
def off_the_kinks(name: str) -> dict[Node, Array]:
    """The model's own numbers, each moved a little, so that no two are the same and none is at a kink."""
    draw = np.random.default_rng(5)
    return {n: n.data + draw.uniform(-0.3, 0.3, n.shape) for n in parameters(lesson_of(name)).values()}


@each_model
def test_every_parameter_of_every_model_against_differences(name: str) -> None:
    made, point = lesson_of(name), off_the_kinks(name)
    training = made.graph.training
    assert training is not None
    (loss,) = training.losses
    values = fold([loss, *training.backward.gradients.values()], point)
    for path, node in parameters(made).items():
        slopes = differences(loss, node, point)
        np.testing.assert_allclose(
            values[training.backward.gradients[node]], slopes, rtol=1e-7, atol=1e-8, err_msg=path
        )
    weights = [n for n in parameters(made).values() if n.role == "weight"]
    assert set(training.gradients.values()) == {training.backward.gradients[n] for n in weights}
    assert len(training.gradients) == len(weights)


def test_every_model_that_can_learn_is_tried() -> None:
    assert {name.partition(" ")[0] for name in GRADIENT_MODELS} == MODELS.keys() - SET_BY_HAND


@each_model
def test_what_the_pages_add_sums_to_the_gradient(name: str) -> None:
    made = lesson_of(name)
    assert made.graph.training is not None
    backward = made.graph.training.backward
    values = fold([*backward.gradients.values(), *backward.shares.values()], off_the_kinks(name))
    shared = {table for table, _ in backward.shares}
    for table in shared:
        parts = [values[share] for (of, _), share in backward.shares.items() if of is table]
        np.testing.assert_allclose(np.sum(parts, axis=0), values[backward.gradients[table]], rtol=1e-12, atol=1e-13)
    forward = toposort(made.graph.training.losses)
    pages = {table: {reader.page for reader in forward if table in reader.args} for table in backward.gradients}
    assert shared == {table for table, readers in pages.items() if len(readers) > 1}
    assert {(table, page) for table in shared for page in pages[table]} == backward.shares.keys()


@each_model
@pytest.mark.parametrize("optimizer", [None, "adam"])
def test_no_two_tables_have_the_same_name(name: str, optimizer: str | None) -> None:
    made = lesson_of(name)
    if optimizer:
        if not any(n.role == "weight" for n in parameters(made).values()):
            return
        steps = {"optimizer": optimizer, "train_steps": 3}
        made = build(recipe_of(name, **steps))
    names = [n.name for n in toposort(made.graph.outputs) if n.name]
    assert sorted(set(names)) == sorted(names)


# The maximum that a softmax subtracts


def shifted_loss(x: Node, role: str) -> Node:
    """Cross-entropy and a softmax, in which the maximum has this role."""
    p = softmax(x)
    losses, _ = cross_entropy(x, source("targets", [[1], [0]], "tokens"))
    loss = (p * source("g", [[1.0, 2.0, -1.0], [0.5, -3.0, 1.0]], "input")).sum(1).sum(0) + losses.sum(0)
    for node in toposort([loss]):
        if node.role == "shift":
            node.with_role(role)
    return loss


def test_nothing_flows_to_a_maximum_that_is_subtracted_and_nothing_is_lost() -> None:
    x = source("x", [[0.3, 1.2, -0.7], [2.0, -1.0, 0.4]], "input")
    without, with_it = (gradients(shifted_loss(x, role), [x]) for role in ("shift", ""))
    np.testing.assert_allclose(*(flows(b, [x])[0] for b in (without, with_it)), rtol=0, atol=1e-15)
    names = [{n.name for n in b.gradients} for b in (without, with_it)]
    assert names[1] - names[0] == {"softmax.max", "max"}


@pytest.mark.slow
def test_the_loss_must_not_depend_on_what_is_called_a_shift() -> None:
    """Every table in that role is a maximum whose reader would give the same result with any other number."""
    for name in GRADIENT_MODELS:
        made = lesson_of(name)
        assert made.graph.training is not None
        loss = made.graph.training.losses[0]
        shifts = [n for n in toposort([loss]) if n.role == "shift"]
        values = fold([loss], off_the_kinks(name))
        moved = fold([loss], {**off_the_kinks(name), **{n: values[n] + 0.5 for n in shifts}})
        np.testing.assert_allclose(moved[loss], values[loss], rtol=1e-13, atol=1e-13)


# Names


def test_a_gradient_is_named_after_its_table_on_the_page_of_its_table() -> None:
    with page("layer1", "Layer 1"):
        x = source("x", [[1.0, 2.0]], "input")
        y = (x * 3).named("y")
        loss = summed(y).named("loss")
    backward = gradients(loss, [x])
    assert {n.name: g.name for n, g in backward.gradients.items()} == {
        "layer1.x": "grad.layer1.x",
        "layer1.y": "grad.layer1.y",
        "layer1.loss": "grad.layer1.loss",
    }
    assert {g.page.title for g in backward.gradients.values() if g.page} == {"Layer 1"}
    assert {g.role for g in backward.gradients.values()} == {"gradient"}
    assert not backward.shares
    assert fold([backward.gradients[loss]])[backward.gradients[loss]].tolist() == [[1.0]]


def test_what_the_loss_does_not_depend_on_has_no_gradient() -> None:
    x, y = given_tables([np.ones((1, 2)), np.ones((1, 2))])
    assert gradients(summed(x), [x, y]).gradients.keys() == {x}
    assert gradients(summed(ops.greater(x, y)), [x, y]).gradients == {}
