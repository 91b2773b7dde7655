"""The first step of a training as a graph beside the model that has learnt: its losses, gradients and updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from byhand.core.graph import Node, Scope, move_into, toposort
from byhand.language.architecture import Graph
from byhand.layers.training import Training
from byhand.lessons.build import build
from byhand.lessons.corpus import Corpus, set_aside
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.lessons.training import Example, batches
from byhand.lessons.training_record import TrainingRecord, corpus_of, record_of, start_of

MOST_CELLS_OF_ALL, MOST_PAGES_OF_ALL = 30_000, 100
"""How large the step may be with all of its sequences; a larger one is shown with its first sequence alone."""
MOST_CELLS = 200_000
"""How large the step of one sequence may be; of a larger one nothing is shown."""
PLACE = Scope("first_step", None, "First step")
"""The place of all tables of the step."""


@dataclass(frozen=True)
class FirstStep:
    """The first step of a training. examples: the numbers of those in it. whole: whether these are all of its."""

    graph: Graph
    examples: list[int]
    whole: bool

    @property
    def training(self) -> Training:
        """The loss, the gradients and the updates."""
        assert self.graph.training is not None
        return self.graph.training


def first_step(lesson: Lesson, stated: TrainingRecord, corpus: Corpus) -> FirstStep | None:
    """Return the first step of the training that gave a lesson's weights; None if it is too large for a workbook.

    Its names begin with `first_step.`. It shares the lesson's constants, and begins with the weights before learning.
    """
    aside = set(set_aside(corpus, stated.hold_out, stated.options.seed)) if stated.hold_out else set()
    to_learn = [n for n in range(len(corpus.examples)) if n not in aside]
    (chosen,) = islice(batches(len(to_learn), stated.options.batch_size, stated.options.seed), 1)
    wanted = to_learn if chosen is None else [to_learn[n] for n in chosen]
    alone = _built(lesson.recipe, stated, [corpus.examples[wanted[0]]])
    cells, pages = _size(alone)
    if cells > MOST_CELLS:
        return None
    fits = cells * len(wanted) <= MOST_CELLS_OF_ALL and pages * len(wanted) <= MOST_PAGES_OF_ALL
    shown = wanted if fits else wanted[:1]
    graph = alone if len(shown) == 1 else _built(lesson.recipe, stated, [corpus.examples[n] for n in shown])
    return FirstStep(_beside(lesson.graph, graph), shown, len(shown) == len(wanted))


def with_first_step(lesson: Lesson) -> Lesson:
    """Return a lesson with the tables of the first training step too; the same one if it was not trained so."""
    stated = record_of(lesson.recipe)
    if stated is None or lesson.recipe.backward:
        return lesson
    step = first_step(lesson, stated, corpus_of(lesson.recipe, stated))
    return replace(lesson, graph=beside(lesson.graph, step)) if step else lesson


def beside(graph: Graph, step: FirstStep) -> Graph:
    """Return the graph of the model that has learnt, with the tables of the first training step."""
    return replace(graph, outputs=[*graph.outputs, *step.graph.outputs], training=step.graph.training)


def _built(recipe: Recipe, stated: TrainingRecord, examples: Sequence[Example]) -> Graph:
    """Return the graph of a training step with these examples."""
    options, start = stated.options, start_of(recipe, stated)
    decay = {} if options.weight_decay is None else {"weight_decay": options.weight_decay}
    first, *others = ({**e, "targets": ["_" if t < 0 else t for t in e["targets"]]} for e in examples)
    step = replace(start, backward=True, optimizer=options.optimizer, lr=options.rate_at(1), batch=others)
    return build(replace(step, set=step.set | decay, **first)).graph


def _size(graph: Graph) -> tuple[int, int]:
    """Return the number of named cells, and of pages."""
    named = [node for node in toposort(graph.outputs) if node.name]
    return sum(node.shape[0] * node.shape[1] for node in named), len({node.page for node in named})


def _beside(learnt: Graph, step: Graph) -> Graph:
    """Return the step's graph with the constants of the learnt one, moved into a scope of its own."""
    constants = {node.name: node for node in toposort(learnt.outputs) if node.role.traits.shared}
    tables = toposort(step.outputs)
    shared = {node: constants[node.name] for node in tables if node.role.traits.shared and node.name in constants}
    for node in tables:
        node.args = tuple(shared.get(a, a) for a in node.args)
    moved = move_into((node for node in tables if node not in shared and not node.role.traits.shared), PLACE)
    training = step.training
    assert training is not None
    shares = {
        (shared.get(node, node), moved[place]): share for (node, place), share in training.backward.shares.items()
    }
    backward = replace(training.backward, shares=shares)
    outputs: list[Node] = [shared.get(node, node) for node in step.outputs]
    return replace(step, outputs=outputs, training=replace(training, backward=backward))
