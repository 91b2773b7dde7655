"""Train a model: one backward graph for each length of text, evaluated over and over with other weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, repeat
from math import cos, isfinite, pi
from typing import Any

import numpy as np

from byhand.core.evaluation import Evaluator
from byhand.core.graph import Array, Node, source, toposort
from byhand.core.optimizers import OPTIMIZERS
from byhand.core.roles import Role
from byhand.errors import ByhandError, nearest, quoted
from byhand.lessons.build import before_learning, build
from byhand.lessons.grid import FREE, Grid
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe

Example = Mapping[str, Any]
"""What a model reads and should answer, by the keys of a recipe's row: ids, target_ids, pixels ..., and targets."""
MOST_STEPS = 1_000_000
FIXING_RATE = 0.5
"""The share of the learning rate with which free weights make up for those that are fixed on a grid."""
MOST_LOSS = 1e6
"""A loss from which no training comes back: it is about 3 where nothing is known of twenty words."""
MOST_BUILT = 2_000
"""The most examples whose graphs are built one by one, for a model whose tables depend on more than their ids."""
MOST_NUMBERS = 30_000_000
"""The most numbers of all tables that are computed at once; more examples are computed in parts."""


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    optimizer: a name of OPTIMIZERS. lr, weight_decay: None for its usual ones. batch_size: examples a step, all by
    default. warmup: steps in which the rate grows from 0. cosine: the rate then falls to 0 along a cosine. grid: every
    weight ends as a multiple of it, of at most `largest`; from when the first are fixed on it, the rate is half.
    seed: for the order of the examples.
    """

    steps: int = 300
    optimizer: str = "adam"
    lr: float | None = None
    weight_decay: float | None = None
    batch_size: int | None = None
    warmup: int = 0
    cosine: bool = False
    grid: float | None = None
    largest: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ByhandError for options that cannot be."""
        if self.optimizer not in OPTIMIZERS:
            raise ByhandError(f"There is no optimizer {quoted(self.optimizer)}; {nearest(self.optimizer, OPTIMIZERS)}.")
        if not 1 <= self.steps <= MOST_STEPS:
            raise ByhandError(f"--steps is from 1 to {MOST_STEPS:,}, not {quoted(self.steps)}.")
        if self.batch_size is not None and self.batch_size < 1:
            raise ByhandError(f"--batch-size is at least 1, not {quoted(self.batch_size)}.")
        if self.lr is not None and not (isfinite(self.lr) and 0 < self.lr <= 1000):
            raise ByhandError(f"--lr is a number above 0 and up to 1000, not {quoted(self.lr)}.")
        if self.weight_decay is not None and "weight_decay" not in OPTIMIZERS[self.optimizer].constants:
            raise ByhandError("--weight-decay goes with --optimizer adamw: choose it, or leave the decay out.")
        if self.weight_decay is not None and not 0 <= self.weight_decay <= 10:
            raise ByhandError(f"--weight-decay is from 0 to 10, not {quoted(self.weight_decay)}.")
        if not 0 <= self.warmup <= self.steps:
            raise ByhandError(f"--warmup is a number of steps, at most {self.steps}, not {quoted(self.warmup)}.")
        if self.grid is not None and not (isfinite(self.grid) and 0 < self.grid <= 100):
            raise ByhandError(f"--grid is the distance of two weights, above 0, such as 0.5, not {quoted(self.grid)}.")
        if self.largest is not None and (self.grid is None or not self.grid <= self.largest <= 1e6):
            raise ByhandError("--largest is the largest weight on a --grid, at least as large as the grid itself.")

    @property
    def rate(self) -> float:
        """The learning rate."""
        return OPTIMIZERS[self.optimizer].constants["learning_rate"] if self.lr is None else self.lr

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        if step <= self.warmup:
            return self.rate * step / self.warmup
        if self.grid is not None:
            done = min(step / self.steps / FREE, 1)
            return self.rate * max(FIXING_RATE, (1 + cos(pi * done)) / 2 if self.cosine else float(done < 1))
        if not self.cosine:
            return self.rate
        left = max(self.steps - self.warmup, 1)
        return self.rate * (1 + cos(pi * (step - 1 - self.warmup) / left)) / 2


class Loss:
    """The mean loss of some examples, and its gradient for all weights in a row.

    Examples of the same sizes are evaluated together, as one stack. Each position that has a target counts the same.
    """

    def __init__(self, recipe: Recipe, examples: Sequence[Example]) -> None:
        groups: dict[object, list[int]] = {}
        for n, example in enumerate(examples):
            groups.setdefault(_sizes(example), []).append(n)
        self.groups = [_Group(recipe, [examples[n] for n in group]) for group in groups.values()]
        self.place = {n: (g, m) for g, group in enumerate(groups.values()) for m, n in enumerate(group)}
        self.lesson = self.groups[0].lesson
        self.weights = self.groups[0].weights

    def start(self) -> Array:
        """Return the weights that the model has before it learns, all in a row. (n,)"""
        return np.concatenate([_data(node).ravel() for node in self.weights.values()])

    def tables(self, row: Array) -> dict[str, Array]:
        """Return the weights in a row as tables, by name."""
        tables, start = {}, 0
        for path, node in self.weights.items():
            rows, columns = node.shape
            tables[path] = row[start : start + rows * columns].reshape(rows, columns)
            start += rows * columns
        return tables

    def __call__(self, row: Array, chosen: Sequence[int] | None = None) -> tuple[float, Array]:
        """Return the loss with these weights, and its gradient. (n,) -> (), (n,)

        chosen: the numbers of the examples that count; all by default.
        """
        tables = self.tables(row)
        loss, count, gradient = 0.0, 0.0, np.zeros_like(row)
        for group, places in self._chosen(chosen):
            part, slope, positions = group.loss_and_gradient(tables, places)
            loss, gradient, count = loss + part, gradient + slope, count + positions
        return loss / count, gradient / count

    def value(self, row: Array) -> float:
        """Return the loss of all examples alone."""
        tables = self.tables(row)
        return sum(g.loss(tables) for g in self.groups) / sum(float(g.counts.sum()) for g in self.groups)

    def probabilities(self, row: Array) -> list[Array]:
        """Return what the model expects in each position of each example, with these weights. each (T, V)"""
        tables = self.tables(row)
        by_group = [group.probabilities(tables) for group in self.groups]
        return [by_group[g][m] for g, m in (self.place[n] for n in range(len(self.place)))]

    def _chosen(self, chosen: Sequence[int] | None) -> Iterator[tuple[_Group, list[int] | None]]:
        """Yield the groups that chosen examples are in, each with their places there; None for all."""
        if chosen is None:
            yield from ((group, None) for group in self.groups)
            return
        places: dict[int, list[int]] = {}
        for n in chosen:
            group, place = self.place[n]
            places.setdefault(group, []).append(place)
        yield from ((self.groups[group], inside) for group, inside in sorted(places.items()))


class _Group:
    """Examples of the same sizes: one graph, with the numbers of all examples stacked."""

    def __init__(self, recipe: Recipe, examples: Sequence[Example]) -> None:
        self.lesson = _lesson(recipe, examples[0])
        training = self.lesson.graph.training
        assert training is not None
        by_gradient = {gradient: node for node, gradient in training.backward.gradients.items()}
        learnt = [by_gradient[gradient] for gradient in training.gradients.values()]
        self.weights = {node.name: node for node in learnt}
        self.given = _stacked(recipe, self.lesson, examples)
        targets = self.given[_named(self.lesson, "targets")]
        self.counts = (targets >= 0).sum((-1, -2)).astype(float)  # (examples,)
        self._loss, self._gradients = training.losses[0], list(training.gradients.values())
        self._evaluators: dict[tuple[bool, bool], Evaluator] = {}
        self.numbers = sum(n.shape[0] * n.shape[1] for n in toposort([self._loss, *self._gradients]))

    def loss_and_gradient(
        self, tables: Mapping[str, Array], places: list[int] | None = None
    ) -> tuple[float, Array, float]:
        """Return the sum of the losses of all positions, its gradient for all weights in a row, and their number."""
        sums = []
        for part in self._parts(places):
            counts = self.counts if part is None else self.counts[part]
            loss, *gradients = self._computed(tables, part, with_gradients=True)
            sums.append((float(_summed(loss, counts)[0, 0]), _summed_rows(gradients, counts), float(counts.sum())))
        (total, row, count), *others = sums
        for loss_of_part, row_of_part, positions in others:
            total, row, count = total + loss_of_part, row + row_of_part, count + positions
        return total, row, count

    def loss(self, tables: Mapping[str, Array]) -> float:
        """Return the sum of the losses of all positions."""
        total = 0.0
        for part in self._parts(None):
            (loss,) = self._computed(tables, part, with_gradients=False)
            total += float(_summed(loss, self.counts if part is None else self.counts[part])[0, 0])
        return total

    def _parts(self, places: list[int] | None) -> Iterator[list[int] | None]:
        """Yield the places of as many examples as memory holds at once; `places` itself if it holds all."""
        count = len(self.counts) if places is None else len(places)
        most = max(1, MOST_NUMBERS // self.numbers)
        if count <= most:
            yield places
            return
        there = list(range(count)) if places is None else places
        for n in range(0, count, most):
            yield there[n : n + most]

    def _computed(self, tables: Mapping[str, Array], places: list[int] | None, with_gradients: bool) -> list[Array]:
        """Return the loss, and the gradients; of all examples at once, what they give is computed a single time."""
        key = (places is None, with_gradients)
        weights = list(self.weights.values())
        if key not in self._evaluators:
            outputs = [self._loss, *(self._gradients if with_gradients else ())]
            always, inputs = (self.given, weights) if places is None else ({}, [*self.given, *weights])
            self._evaluators[key] = Evaluator(outputs, inputs, always)
        return self._evaluators[key](self._numbers(tables, places))

    def probabilities(self, tables: Mapping[str, Array]) -> Array:
        """Return what the model expects in each position. (examples, T, V)"""
        logits = self.lesson.graph.logits
        assert logits is not None
        found = []
        for part in self._parts(None):
            given = self._numbers(tables, part)
            with np.errstate(all="ignore"):
                scores = Evaluator([logits], given)(given)[0]
            e = np.exp(scores - scores.max(-1, keepdims=True))
            count = len(self.counts) if part is None else len(part)
            found.append(np.broadcast_to(e / e.sum(-1, keepdims=True), (count, *logits.shape)))
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _numbers(self, tables: Mapping[str, Array], places: list[int] | None) -> dict[Node, Array]:
        given = self.given if places is None else {node: table[places] for node, table in self.given.items()}
        return given | {node: tables[path] for path, node in self.weights.items()}


def _summed(table: Array, counts: Array) -> Array:
    """Return the sum over all positions, of a mean for each example. (examples, r, c) or (r, c) -> (r, c)"""
    return table * counts.sum() if table.ndim == 2 else np.tensordot(counts, table, 1)


def _summed_rows(tables: Sequence[Array], counts: Array) -> Array:
    """Return such sums of many tables in a row. each (examples, r, c) or (r, c) -> (n,)"""
    many = len(counts)
    rows = [t.reshape(many, -1) if t.ndim > 2 else np.broadcast_to(t.reshape(1, -1), (many, t.size)) for t in tables]
    return np.asarray(counts @ np.concatenate(rows, axis=1))


def _sizes(example: Example) -> object:
    return tuple((key, np.shape(value)) for key, value in sorted(example.items()))


def _data(node: Node) -> Array:
    assert node.data is not None
    return node.data


def _lesson(recipe: Recipe, example: Example) -> Lesson:
    """Return the lesson of one example, with its backward pass."""
    targets = ["_" if target < 0 else target for target in example["targets"]]
    recipe = replace(before_learning(recipe), backward=True, optimizer=None, generate=1)
    plain = replace(recipe, batch=[], prompt=None, target_prompt=None)
    return build(replace(plain, **{**example, "targets": targets}))


def _named(lesson: Lesson, symbol: str) -> Node:
    return next(node for node in lesson.tables.values() if node.symbol == symbol and node.role is Role.TOKENS)


def _sources(lesson: Lesson) -> dict[str, Node]:
    """Return the tables of given numbers that are no weights, by name."""
    nodes = toposort(lesson.graph.outputs)
    return {n.name: n for n in nodes if n.data is not None and n.name and n.role is not Role.WEIGHT}


def _stacked(recipe: Recipe, lesson: Lesson, examples: Sequence[Example]) -> dict[Node, Array]:
    """Return the given tables that depend on the example, each with one example after the other. (examples, r, c)

    Where a few examples show that a table is one of the example's own lists, the others are not built.
    """
    own = _sources(lesson)
    some = {n: _sources(_lesson(recipe, examples[n])) for n in _telling(examples)}
    always = _named(lesson, "targets")
    changing = [
        node
        for name, node in own.items()
        if node is always or any(not np.array_equal(_data(node), _data(other[name])) for other in some.values())
    ]
    columns = {
        node: _column_of({0: node} | {n: other[node.name] for n, other in some.items()}, examples) for node in changing
    }
    if all(columns.values()):
        return {node: np.array([_column(e[key]) for e in examples]) for node, key in columns.items() if key}
    if len(examples) > MOST_BUILT:
        raise ByhandError(f"{recipe.model} learns from at most {MOST_BUILT:,} examples of one size: give fewer.")
    tables = [own, *(_sources(_lesson(recipe, example)) for example in examples[1:])]
    names = [n for n in own if any(not np.array_equal(_data(own[n]), _data(other[n])) for other in tables)]
    nodes = {own[name] for name in names} | {always}
    return {node: np.array([_data(other[node.name]) for other in tables]) for node in nodes}


def _telling(examples: Sequence[Example]) -> list[int]:
    """Return the numbers of examples that, beside the first, tell its lists from constants and from each other."""
    lists = _lists(examples[0])
    found = [next((n for n, e in enumerate(examples) if e[key] != examples[0][key]), 0) for key in lists]
    found += [next((n for n, e in enumerate(examples) if e[a] != e[b]), 0) for a, b in combinations(lists, 2)]
    return sorted({n for n in (*found, len(examples) - 1) if n})


def _lists(example: Example) -> list[str]:
    """Return the keys of an example's lists of whole numbers."""
    return [key for key, v in example.items() if isinstance(v, list) and all(type(x) is int for x in v)]


def _column_of(tables: Mapping[int, Node], examples: Sequence[Example]) -> str:
    """Return the key of the examples whose list is this table, as a column; an empty text if none is.

    tables: by the numbers of some examples.
    """
    fits = (key for key in _lists(examples[0]) if all(_is(node, examples[n][key]) for n, node in tables.items()))
    return next(fits, "")


def _is(node: Node, values: Any) -> bool:
    return np.array_equal(_data(node), _column(values))


def _column(values: Sequence[int]) -> Array:
    return np.array(values, dtype=float)[:, None]


@dataclass
class Learnt:
    """What training gives.

    weights: by name. losses: before each step, and `final` after the last. held_out: the loss of the examples that are
    not learnt from, before each step and at the end; empty without such. unrounded: of weights on a grid, the smallest
    loss on the way, most of them still off it. stopped: whether it was stopped before all steps were taken.
    """

    weights: dict[str, Array]
    losses: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    final: float = 0.0
    unrounded: float | None = None
    stopped: bool = False


Advance = Callable[[int, float], object]
"""Called after each step with its number and the loss before it."""


def train(
    recipe: Recipe,
    examples: Sequence[Example],
    options: TrainingOptions,
    held_out: Sequence[Example] = (),
    advance: Advance = lambda step, loss: None,
) -> Learnt:
    """Train the recipe's model on examples. KeyboardInterrupt ends it early, with what is learnt so far.

    ByhandError for a model without weights, and for a loss that grows beyond all numbers.
    """
    if not examples:
        raise ByhandError("There is nothing to learn from: give a text with at least two words in a line.")
    loss = Loss(recipe, examples)
    others = Loss(recipe, held_out) if held_out else None
    order = batches(len(examples), options.batch_size, options.seed)
    optimizer = _Optimizer(options, loss.start())
    grid = Grid(options.grid, options.largest, len(optimizer.row)) if options.grid else None
    learnt = Learnt({})
    try:
        for step in range(1, options.steps + 1):
            with np.errstate(all="ignore"):
                value, gradient = loss(optimizer.row, next(order))
            if not value < MOST_LOSS or not np.isfinite(gradient).all():
                raise _too_large(step, options)
            learnt.losses.append(value)
            if others:
                learnt.held_out.append(others.value(optimizer.row))
            optimizer.step(step, gradient)
            if grid:
                optimizer.row = grid.fixed(optimizer.row, step / options.steps)
            advance(step, value)
        if grid:
            optimizer.row = grid.improved(optimizer.row, loss.value)
    except KeyboardInterrupt:
        learnt.stopped = True
    row = grid.fixed(optimizer.row, 1.0) if grid else optimizer.row
    learnt.weights = loss.tables(row)
    with np.errstate(all="ignore"):
        learnt.final = loss.value(row)
        if others:
            learnt.held_out.append(others.value(row))
    if not learnt.final < MOST_LOSS:
        raise _too_large(len(learnt.losses) + 1, options)
    if grid:
        learnt.unrounded = min(learnt.losses, default=learnt.final)
    return learnt


def _too_large(step: int, options: TrainingOptions) -> ByhandError:
    smaller = f"{options.rate / 10:g}"
    return ByhandError(f"At step {step} the loss grows beyond all bounds: choose a smaller --lr, such as {smaller}.")


def batches(count: int, size: int | None, seed: int) -> Iterator[list[int] | None]:
    """Yield the examples of each step: None for all, or as many as a batch holds, in a new random order each round."""
    if size is None or size >= count:
        yield from repeat(None)
    generator = np.random.default_rng(seed)
    waiting: list[int] = []
    while size:
        if len(waiting) < size:
            waiting += generator.permutation(count).tolist()
        yield waiting[:size]
        waiting = waiting[size:]


class _Optimizer:
    """All weights in a row, and the step of an optimizer as one graph over the row."""

    def __init__(self, options: TrainingOptions, row: Array) -> None:
        self.options, self.row = options, row.copy()
        chosen = OPTIMIZERS[options.optimizer]
        settings = {"learning_rate": options.rate}
        settings |= {} if options.weight_decay is None else {"weight_decay": options.weight_decay}
        self.constants = {
            name: source(name, settings.get(name, usual), "setting") for name, usual in chosen.constants.items()
        }
        w, g, t = (source(name, numbers, "input") for name, numbers in (("w", row), ("g", row), ("t", 1.0)))
        _, names = chosen.step(w, g, {}, 1, self.constants)
        states = {name: source(name, np.zeros_like(row), "input") for name in names}
        new, state = chosen.step(w, g, states, t, self.constants)
        self.nodes, self.states = (w, g, t), states
        self.state: dict[Node, Array] = {node: np.zeros((1, row.size)) for node in states.values()}
        self.evaluate = Evaluator([new, *state.values()], [w, g, t, self.constants["learning_rate"], *states.values()])

    def step(self, number: int, gradient: Array) -> None:
        """Take a step, counted from 1."""
        w, g, t = self.nodes
        given = {w: self.row[None], g: gradient[None], t: np.array([[float(number)]])}
        given[self.constants["learning_rate"]] = np.array([[self.options.rate_at(number)]])
        new, *state = self.evaluate(given | self.state)
        self.row = new[0]
        self.state = dict(zip(self.states.values(), state, strict=True))
