"""The misconceptions that an exercise can tell: those that show in what it asks, each apart from the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from byhand.core.graph import Array, Node, named_like, toposort
from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import AT_ONCE, apart, tried, worth_computing
from byhand.exercises.problem import Flags, Numbers, Problem
from byhand.misconceptions import MISCONCEPTIONS, applicable, mistaken
from byhand.misconceptions.rewriting import Misconception

SAMPLES, MOST_ROUNDS = 256, 64
"""Kind draws that a misconception is tried on, and how many rounds of draws are made to find them."""
OFTEN = 0.02
"""The share of kind draws that must be left by all misconceptions together, so that drawing comes to an end."""
Instead = dict[Node, Node]
"""Right tables -> what they become."""
ShownMistakes = list[tuple[Misconception, Instead]]
"""Misconceptions, each with the tables that it changes -> what they become."""


def mistakes(problem: Problem) -> ShownMistakes:
    """The misconceptions that must show in every student's exercise.

    Those that the recipe names; or else, in the order of the list, each that can be told from the key and from those
    before it in enough draws. ByhandError for a name that is none, or of one that cannot show here.
    """
    named = problem.exercise.mistakes
    possible = _possible(problem, named)
    return possible if named is not None else _telling(problem, possible)


def made(problem: Problem, misconception: Misconception, before: Mapping[Node, Node] | None = None) -> Instead:
    """What a mistake makes of the tables, of somebody whose tables are wrong already as `before` says.

    Nobody goes wrong in a table that is shown, nor in those that follow from it alone.
    """
    before, outputs = before or {}, _outputs(problem)
    then = mistaken([before.get(n, n) for n in outputs], misconception)
    if not then:
        return dict(before)
    wrong = {n: then.get(now := before.get(n, n), now) for n in toposort(outputs)}
    shown = {wrong[n]: n for n in problem.shown if n in wrong}
    read = _reading(wrong, shown)
    return {node: found for node, now in wrong.items() if (found := read.get(now, now)) is not node}


def _outputs(problem: Problem) -> list[Node]:
    return [*problem.outputs, *(q.node for q in problem.questions)]


def _reading(wrong: Mapping[Node, Node], shown: Mapping[Node, Node]) -> dict[Node, Node]:
    """The wrong tables that read one that is shown, again with that one as it is: wrong -> what it then is.

    What is no different from the right table is the right table.
    """
    right = {now: node for node, now in wrong.items() if now is not node}
    found = {now: node for now, node in shown.items() if now is not node}
    for now in toposort(wrong.values()):
        if now in found or not any(a in found for a in now.args):
            continue
        args = tuple(found.get(a, a) for a in now.args)
        node = right.get(now)
        same = node is not None and (node.op, node.args, node.attrs) == (now.op, args, now.attrs)
        found[now] = node if node and same else named_like(now, Node(now.op, args, now.attrs, now.shape))
    return found


def _possible(problem: Problem, named: tuple[str, ...] | None) -> ShownMistakes:
    """Those that change a table that is asked."""
    chosen = applicable(_outputs(problem)) if named is None else [_named(problem, name) for name in named]
    found = [(m, made(problem, m)) for m in chosen]
    asked = [(m, changed) for m, changed in found if any(q.node in changed for q in problem.questions)]
    if named is not None and len(asked) < len(found):
        silent = next(m.name for m, changed in found if (m, changed) not in asked)
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, mistakes: {quoted(silent)} changes nothing that is asked: "
            "leave it out, or ask for a table that it changes."
        )
    return asked


def _named(problem: Problem, name: str) -> Misconception:
    if name not in MISCONCEPTIONS:
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, mistakes: there is no misconception {quoted(name)}; "
            f"{nearest(name, MISCONCEPTIONS)}."
        )
    return MISCONCEPTIONS[name]


def _telling(problem: Problem, possible: ShownMistakes) -> ShownMistakes:
    given = _kind_draws(problem)
    if given is None:
        return possible
    answers = [problem.solve(given)]
    good: Flags = np.ones(len(answers[0][0]), dtype=bool)
    chosen: ShownMistakes = []
    for misconception, changed in possible:
        wrong = problem.solve(given, changed)
        left = good & _apart_from_all(problem, answers, wrong)
        if left.mean() >= OFTEN:
            chosen.append((misconception, changed))
            answers.append(wrong)
            good = left
    return chosen


def _apart_from_all(problem: Problem, answers: list[list[Array]], wrong: list[Array]) -> Flags:
    distinct: Flags = np.all([apart(problem, one, wrong) for one in answers], axis=0)
    return distinct


def _kind_draws(problem: Problem) -> Numbers | None:
    """Some draws that are worth computing, always the same ones; None where there seem to be none."""
    chance, found, count = np.random.default_rng(0), [], 0
    for _ in range(MOST_ROUNDS):
        given = tried(problem, chance, SAMPLES * AT_ONCE)
        good = worth_computing(problem, given)
        found.append({node: table[good] for node, table in given.items()})
        count += int(good.sum())
        if count >= SAMPLES:
            break
    together = {node: np.concatenate([f[node] for f in found])[:SAMPLES] for node in problem.drawn}
    return together if count else None
