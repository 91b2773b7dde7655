"""Training: loss, gradients and updated weights, chained step after step in one graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from byhand.core.gradients import Backward, gradients
from byhand.core.graph import Node, Scope, copy_with, outside, source, toposort, within
from byhand.core.optimizers import MEANINGS, OPTIMIZERS, Constants, Optimizer, State
from byhand.core.roles import Look

UPDATE = Scope("", None, "Update", look=Look.UPDATED)
"""The place of all weights after a training step."""


@dataclass(frozen=True)
class Training:
    """The tables that training adds to a model's graph.

    losses: (1, 1) each, one a step. backward: the first step's. gradients: of the first step, by the weight's path.
    updated: the weights after the last step. copies: for each later step, the first step's tables -> its own.
    updates: the optimizer's own tables, of all steps.
    """

    losses: list[Node]
    backward: Backward
    gradients: dict[str, Node]
    updated: dict[str, Node]
    copies: list[dict[Node, Node]]
    updates: set[Node] = field(default_factory=set)

    @cached_property
    def repeated(self) -> set[Node]:
        """The tables of later steps that are copies of the first step's."""
        return {copy for step in self.copies for copy in step.values()}

    @cached_property
    def later(self) -> set[Node]:
        """All tables that are not in the first step's forward pass."""
        gradients = {*self.backward.gradients.values(), *self.backward.shares.values()}
        return gradients | self.updates | self.repeated

    @property
    def outputs(self) -> list[Node]:
        """All tables that training adds and a reader sees."""
        tables = [
            *self.backward.gradients.values(),
            *self.backward.shares.values(),
            *self.updated.values(),
            *self.losses,
        ]
        return tables + [copy for step in self.copies for copy in step.values() if copy.name]


def train(
    loss: Node,
    weights: Mapping[str, Node],
    inputs: Iterable[Node],
    shown: Iterable[Node],
    optimizer: str | None,
    settings: Mapping[str, float],
    steps: int,
) -> Training:
    """Differentiate the loss for the weights (by path) and inputs, and take `steps` steps of the optimizer.

    `shown` are the model's other outputs, computed again with each step's weights. `settings` replaces the usual
    values of the optimizer's constants.
    """
    backward = gradients(loss, [*weights.values(), *inputs])
    learnt = {path: w for path, w in weights.items() if w in backward.gradients}
    first_gradients = {path: backward.gradients[w] for path, w in learnt.items()}
    if optimizer is None:
        return Training([loss], backward, first_gradients, {}, [])
    chosen = OPTIMIZERS[optimizer]
    with outside():
        constants = {
            name: source(name, settings.get(name, usual), role="setting", meaning=MEANINGS[name])
            for name, usual in chosen.constants.items()
        }
    outputs = [loss, *shown, *backward.gradients.values(), *backward.shares.values()]
    pages = _pages(toposort(outputs), learnt.values(), chosen)
    copies: list[dict[Node, Node]] = []
    now, states = dict(learnt), dict.fromkeys(learnt, State())
    for t in range(1, steps + 1):
        if t > 1:
            copies.append(copy_with(outputs, {w: now[path] for path, w in learnt.items()}, f"step{t}"))
        steps_on = {page: _step_on(page, t) if steps > 1 else page for page in pages.values()}
        for path, w in learnt.items():
            gradient = copies[-1].get(first_gradients[path], first_gradients[path]) if copies else first_gradients[path]
            now[path], states[path] = _updated(
                w, now[path], gradient, states[path], t, chosen, constants, steps_on[pages[w]]
            )
    losses = [loss, *(step.get(loss, loss) for step in copies)]
    on_pages = set(pages.values())
    updates = {n for n in toposort(now.values()) if n.name and n.page in on_pages}
    return Training(losses, backward, first_gradients, now, copies, updates)


def _updated(
    w: Node, now: Node, gradient: Node, state: State, t: int, chosen: Optimizer, constants: Constants, step: Scope
) -> tuple[Node, State]:
    name = f"step{t}.updated.{w.name}" if t > 1 else f"updated.{w.name}"
    with within(Scope(name, step)):
        new, state = chosen.step(now, gradient, state, t, constants)
    with within(step):
        return new.named(name, role="updated"), state


def _step_on(page: Scope, t: int) -> Scope:
    return Scope("", page, f"training step {t}", page.equation)


def _pages(order: list[Node], weights: Iterable[Node], chosen: Optimizer) -> dict[Node, Scope]:
    """Return the page of each weight's update: beside the page that first reads the weight."""
    first: dict[Node, Scope | None] = {}
    for node in order:
        for argument in node.args:
            first.setdefault(argument, node.page)
    beside: dict[Scope | None, Scope] = {}
    for w in weights:
        page = first[w]
        if page not in beside:
            beside[page] = _beside(page, chosen) if page else _update_page(UPDATE, "", chosen)
    return {w: beside[first[w]] for w in weights}


def _beside(page: Scope, chosen: Optimizer) -> Scope:
    """Return a page of the same titles under "Update", whose names have no prefix."""
    parent = UPDATE
    for scope in reversed(page.outward[1:]):
        parent = Scope("", parent, scope.title) if scope.title else parent
    return _update_page(parent, page.title, chosen)


def _update_page(parent: Scope, title: str, chosen: Optimizer) -> Scope:
    return Scope("", parent, title, chosen.equation, source=chosen.source, page=True)
