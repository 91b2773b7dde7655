"""A recipe's backward pass: check its targets and settings, and add the training to the graph."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from byhand.core.graph import Node, Scope, toposort
from byhand.core.labels import NO_WORD, Labels, Tokens
from byhand.core.optimizers import OPTIMIZERS
from byhand.core.roles import Role
from byhand.core.weights import Weights
from byhand.errors import ByhandError, nearest, nearest_word, quoted
from byhand.language.architecture import Architecture, Graph
from byhand.language.objective import next_word_loss, weighted_sum
from byhand.layers.training import train
from byhand.lessons.recipe import Recipe, option

MOST_TABLES = 100_000
"""The most tables in all training steps; each takes some microseconds and a kilobyte."""

Row = tuple[Scope, Graph, Recipe]


def check_learning(recipe: Recipe) -> None:
    """Raise ByhandError for settings of the backward pass that do not fit each other."""
    for name in recipe.given(("targets", "label_smoothing", "optimizer")):
        if not recipe.backward:
            raise ByhandError(f"{option(name)} belongs to the backward pass: add --backward.")
    for name in recipe.given(("lr", "train_steps")):
        if recipe.optimizer is None:
            raise ByhandError(f"{option(name)} is for an optimizer: add one, such as --backward --optimizer sgd.")
    if recipe.optimizer is not None and recipe.optimizer not in OPTIMIZERS:
        raise ByhandError(f"There is no optimizer {quoted(recipe.optimizer)}; {nearest(recipe.optimizer, OPTIMIZERS)}.")
    if recipe.lr is not None and not (isfinite(recipe.lr) and 0 < recipe.lr <= 1000):
        raise ByhandError(f"--lr is a number above 0 and up to 1000, not {quoted(recipe.lr)}.")
    if not 0 <= recipe.label_smoothing < 1:
        raise ByhandError(f"--label-smoothing is from 0 to below 1, not {quoted(recipe.label_smoothing)}.")
    if recipe.train_steps < 1:
        raise ByhandError(f"--train-steps is the number of steps, at least 1, not {quoted(recipe.train_steps)}.")
    if recipe.backward and recipe.generate != 1:
        raise ByhandError("--backward follows one pass through the model: leave --generate out.")


def learn(recipe: Recipe, architecture: Architecture, weights: Weights, rows: list[Row]) -> Graph:
    """Return the first row's graph, extended by the loss of all rows, its gradients and the optimizer's steps."""
    shown = [output for _, graph, _ in rows for output in graph.outputs]
    first = rows[0][1]
    if first.logits is None:
        _refuse_targets(recipe)
        loss = first.loss or weighted_sum(first.outputs[0], weights.seed)
    else:
        targets = [_targets(row, architecture, graph.logits) for _, graph, row in rows if graph.logits is not None]
        if all(t < 0 for row in targets for t in row):
            kind = "class" if _classes(first.logits) else "word"
            raise ByhandError(f"No target counts: give at least one {kind} with --targets.")
        batch = [(place, graph, ids) for (place, graph, _), ids in zip(rows, targets, strict=True)]
        loss = next_word_loss(batch, recipe.label_smoothing)
    nodes = toposort([loss, *shown])
    inputs = [n for n in nodes if n.role is Role.INPUT and n.data is not None and n.symbol != "upstream"]
    if not weights.learning and not inputs:
        raise ByhandError(f"{recipe.model} has nothing to learn: choose a model with weights.")
    if not weights.learning and recipe.optimizer:
        raise ByhandError(f"{recipe.model} has no weights for an optimizer to change: leave --optimizer out.")
    _check_steps(recipe, nodes)
    settings = {} if recipe.lr is None else {"learning_rate": recipe.lr}
    training = train(loss, weights.learning, inputs, shown, recipe.optimizer, settings, recipe.train_steps)
    return replace(first, outputs=[*shown, loss, *training.outputs], training=training)


def _check_steps(recipe: Recipe, nodes: list[Node]) -> None:
    """Raise ByhandError for too many steps; each has about three times the tables of the forward pass."""
    most = MOST_TABLES // (3 * len(nodes))
    if recipe.train_steps > most:
        raise ByhandError(
            f"{recipe.train_steps:,} training steps of this model are more than byhand unrolls: "
            f"choose at most --train-steps {most}."
        )


def _refuse_targets(recipe: Recipe) -> None:
    for name in recipe.given(("targets", "label_smoothing", "batch")):
        what = "second prompt" if name == "batch" else option(name)
        raise ByhandError(
            f"{recipe.model} predicts no words, so it takes no {what}: leave them out, "
            "and the gradient of its result is a given table."
        )


def _targets(row: Recipe, architecture: Architecture, logits: Node) -> list[int]:
    """Return the id of the target word (or class) of each position, -1 for none."""
    vocabulary, count = logits.shape[1].labels, int(logits.shape[0])
    assert isinstance(vocabulary, Labels)
    if row.targets is None:
        return _following(architecture, logits)
    if len(row.targets) != count:
        raise ByhandError(
            f"--targets has {len(row.targets)} entr{'y' if len(row.targets) == 1 else 'ies'}, "
            f"but there {'is 1 position' if count == 1 else f'are {count} positions'}: give one for each, _ for none."
        )
    return [_target(target, vocabulary) for target in row.targets]


def _classes(logits: Node) -> tuple[str, ...]:
    """Return the names of the classes, if the logits are about classes."""
    of = logits.shape[1].labels
    return of.words if isinstance(of, Labels) and of.name == "classes" else ()


def _following(architecture: Architecture, logits: Node) -> list[int]:
    """Return the next position's word as the target of each position, for a model that writes word by word."""
    tokens = logits.shape[0].labels
    if classes := _classes(logits):
        example = ",".join(classes[n % len(classes)] for n in range(int(logits.shape[0])))
        raise ByhandError(
            f"{architecture.name} finds classes, not words that follow: say with --targets what is right, "
            f"such as --targets {example}."
        )
    if "generate" not in architecture.takes or not isinstance(tokens, Tokens) or tokens.ids.data is None:
        raise ByhandError(
            f"{architecture.name} does not write word by word: say with --targets what belongs at each position, "
            "such as --targets _,4,_ for the second of three."
        )
    return [*(int(i) for i in tokens.ids.data[1:, 0]), -1]


def _target(target: int | str, vocabulary: Labels) -> int:
    words, text = vocabulary.words, str(target).strip()
    classes = vocabulary.name == "classes"
    among, have = ("among the classes", "have") if classes else ("in the vocabulary", "has")
    hint = nearest if classes else nearest_word
    if text == NO_WORD:
        return -1
    if not text.isdecimal():
        if text in words:
            return words.index(text)
        raise ByhandError(f"The target {quoted(text)} is not {among}; {hint(text, words)}.")
    if len(text) > 9 or int(text) >= len(words):
        raise ByhandError(
            f"The target {quoted(text)} is not {among}, which {have} ids 0 to {len(words) - 1}; _ stands for none."
        )
    return int(text)
