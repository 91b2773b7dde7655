"""The misconceptions that an exercise can distinguish by the student's answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from byhand.core.graph import Array, Node, named_like, toposort
from byhand.errors import ByhandError, nearest, quoted
from byhand.exercises.draw import distinguishable, easy_draws, telling, worth_doing
from byhand.exercises.problem import Flags, Numbers, Problem
from byhand.misconceptions import MISCONCEPTIONS, applicable, mistaken
from byhand.misconceptions.rewriting import Misconception

SAMPLES = 256
"""Draws on which a misconception is evaluated."""
LEAST_SHARE = 0.02
"""The share of easy draws on which all chosen misconceptions must be distinct, so that drawing comes to an end."""
LEAST_TELLING = 0.5
"""The share of easy draws on which a misconception shows by numbers that a guess does not give."""
A_MISCONCEPTION, A_CONTRADICTION = 0.6, 0.34
"""What counts against an explanation: a misconception, and an answer that contradicts it, in explained answers."""
Replacements = dict[Node, Node]
"""Right tables -> the wrong tables in their place."""
Mistake = tuple[Misconception, Replacements]
"""A misconception with the replacements that it makes."""
ShownMistakes = list[Mistake]


def mistakes(problem: Problem) -> ShownMistakes:
    """Return the misconceptions that must show in every student's exercise.

    These are the ones that the recipe names; by default, in the order of MISCONCEPTIONS, each that differs from the key
    and from the earlier ones on enough draws. ByhandError for an unknown name, or a misconception that changes no
    answer.
    """
    if problem.parts:
        return [mistake for part in problem.parts for mistake in mistakes(part)]
    named = problem.exercise.mistakes
    possible = _applicable_mistakes(problem, named)
    return possible if named is not None else _distinct(problem, possible)


def every_mistake(problem: Problem) -> tuple[ShownMistakes, ShownMistakes]:
    """Return the misconceptions that the answers distinguish, and the others that apply; each on every right way."""
    shown = mistakes(problem)
    names = {misconception.name for misconception, _ in shown}
    others = [m for m in applicable(_outputs(problem)) if m.name not in names]
    further = [(m, mistaken_tables(problem, m)) for m in others]
    return [*shown, *on_other_ways(problem, shown)], [*further, *on_other_ways(problem, further)]


def on_other_ways(problem: Problem, found: ShownMistakes) -> ShownMistakes:
    """Return these misconceptions once more, as they show in right work of another way, where they show differently."""
    others = [(m.on_other_way, changed) for m, changed in found]
    tried = [(m, mistaken_tables(_part_of(problem, changed), m)) for m, changed in others if m]
    return [(m, changed) for m, changed in tried if changed]


def _part_of(problem: Problem, changed: Replacements) -> Problem:
    """Return the part of an exam whose tables a mistake changes; any other problem itself."""
    return next((part for part in problem.each if not part.nodes.isdisjoint(changed)), problem)


def both_mistakes(problem: Problem, one: Mistake, other: Mistake) -> Replacements:
    """Return the replacements of a student with both misconceptions; none if neither applies to what the other made."""
    for (_first, changed), (second, _its) in ((one, other), (other, one)):
        try:
            then = mistaken_tables(problem, second, changed)
        except (LookupError, AttributeError, TypeError, ValueError, AssertionError):  # it looks for what is gone
            continue
        if then != changed:
            return then
    return {}


def mistaken_tables(
    problem: Problem, misconception: Misconception, before: Mapping[Node, Node] | None = None
) -> Replacements:
    """Return the replacements of a student with this misconception.

    before: the replacements of an earlier misconception, which this one is combined with. Shown tables stay right, as
    do tables that follow from them alone.
    """
    before, outputs = before or {}, _outputs(problem)
    mistaken_nodes = mistaken([before.get(n, n) for n in outputs], misconception)
    if not mistaken_nodes:
        return dict(before)
    wrong = {n: mistaken_nodes.get(now := before.get(n, n), now) for n in toposort(outputs)}
    shown = {wrong[n]: n for n in problem.shown if n in wrong}
    read = _recomputed(wrong, shown)
    return {node: found for node, now in wrong.items() if (found := read.get(now, now)) is not node}


def _outputs(problem: Problem) -> list[Node]:
    return [*problem.outputs, *(q.node for q in problem.questions)]


def _recomputed(wrong: Mapping[Node, Node], shown: Mapping[Node, Node]) -> dict[Node, Node]:
    """Return the wrong tables that depend on a shown table, computed from the right one: wrong -> recomputed.

    A recomputed table that equals the right table is the right table's node.
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


def _applicable_mistakes(problem: Problem, named: tuple[str, ...] | None) -> ShownMistakes:
    """Return the misconceptions that change a table that is asked for."""
    chosen = applicable(_outputs(problem)) if named is None else [_named(problem, name) for name in named]
    found = [(m, mistaken_tables(problem, m)) for m in chosen]
    asked = [(m, changed) for m, changed in found if any(q.node in changed for q in problem.questions)]
    if named is not None and len(asked) < len(found):
        unaffected = next(m.name for m, changed in found if (m, changed) not in asked)
        raise ByhandError(
            f"In the exercise {problem.exercise.name}, mistakes: {quoted(unaffected)} changes nothing that is asked: "
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


def _distinct(problem: Problem, possible: ShownMistakes) -> ShownMistakes:
    given = _worthwhile_draws(problem)
    if given is None:
        return possible
    answers = [problem.solve(given)]
    good: Flags = np.ones(len(answers[0][0]), dtype=bool)
    chosen: ShownMistakes = []
    for misconception, changed in possible:
        wrong = problem.solve(given, changed)
        tells = telling(problem, answers[0], wrong)
        left = good & _distinct_from_all(problem, answers, wrong) & tells
        if left.mean() >= LEAST_SHARE and tells.mean() >= LEAST_TELLING:
            chosen.append((misconception, changed))
            answers.append(wrong)
            good = left
    return chosen


def _distinct_from_all(problem: Problem, answers: list[list[Array]], wrong: list[Array]) -> Flags:
    distinct: Flags = np.all([distinguishable(problem, one, wrong) for one in answers], axis=0)
    return distinct


def _worthwhile_draws(problem: Problem) -> Numbers | None:
    """Return up to SAMPLES draws that are easy and whose answers are varied; None if there seem to be none."""
    easy = easy_draws(problem)
    if easy is None:
        return None
    good = worth_doing(problem, easy)
    return {node: table[good][:SAMPLES] for node, table in easy.items()}
