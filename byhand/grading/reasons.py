"""Of a student's diagnosis, what is said of each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from byhand.exercises.asked import joined
from byhand.graph import Array, Node
from byhand.grading import slips
from byhand.grading.carried import worked
from byhand.grading.diagnosis import Diagnosis, Seen, Story, Told
from byhand.grading.ideas import Ideas, Known
from byhand.grading.outcome import Verdict
from byhand.grading.sentences import BETWEEN, ROUNDED, WRONG, Said, follows
from byhand.grading.slips import Slip, slip
from byhand.grading.stages import Stage
from byhand.workbook.letters import symbol

MOST_OR = 2
"""Ideas that fit a number equally well, and of which the student is told: one or the other."""


def reasons(diagnosis: Diagnosis) -> dict[int, Said]:
    """By the place among all answers, what is said of each answer that is not right."""
    stories = diagnosis.best()
    found: dict[int, Said] = {}
    for stage in diagnosis.known.stages:
        told = stories[0].told[stage.number]
        answers = diagnosis.answers[stage.flat]
        slipped = _slips(diagnosis, stories[0], stage)
        for n in np.flatnonzero(~np.isnan(answers) & ~told.right):
            found[int(stage.flat[n])] = _said(diagnosis.known, stories, stage, int(n), slipped.get(int(n)))
    return found


def _said(known: Known, stories: Sequence[Story], stage: Stage, n: int, slipped: Slip | None) -> Said:
    told = stories[0].told[stage.number]
    if told.mistake[n]:
        return _mistake(known, [story.told[stage.number].by[n] for story in stories], told.by[n])
    if told.follows[n]:
        source = int(told.source[n])
        return follows(symbol(known.stages[source].node), not stories[0].owns[source].wrong)
    if told.rounded[n]:
        return Said(Verdict.ROUNDED, ROUNDED)
    if slipped is None:
        return Said(Verdict.WRONG, WRONG)
    return Said(Verdict.ROUNDED if slipped.coarse else Verdict.SLIP, slipped.sentence)


def _mistake(known: Known, all_ideas: Sequence[Ideas], ideas: Ideas) -> Said:
    """Ideas of other stories are told too, where they fit as well."""
    sentences = [" ".join(known.list[i].sentence for i in one) for one in dict.fromkeys(all_ideas) if one]
    names = BETWEEN.join(known.list[i].name for i in ideas)
    return Said(Verdict.MISTAKE, joined(tuple(sentences[:MOST_OR])), names)


def _slips(diagnosis: Diagnosis, story: Story, stage: Stage) -> dict[int, Slip]:
    """The slips of a table: few among the rest, or the same one everywhere."""
    told, seen = story.told[stage.number], story.seen[stage.number]
    answers = diagnosis.answers[stage.flat]
    answered = ~np.isnan(answers)
    open_ = np.flatnonzero(answered & ~told.explained)
    if stage.choice or not len(open_):
        return {}
    found: dict[int, Slip] = {}
    origins = [*_origins(seen), *_with_ideas(diagnosis, story, stage, told)]
    for n in open_:
        cell = int(stage.rows[n]), int(stage.columns[n])
        place = float(answers[n]), cell, int(stage.rule.places[n]), float(stage.rule.margins[n])
        each = (slip(place[0], node, *place[1:], values) for node, values in origins)
        one = next(filter(None, each), None)
        if one is not None:
            found[int(n)] = one
    few = len(found) <= max(1, int(answered.sum()) // slips.FEW) and len(open_) - len(found) <= answered.sum() // 2
    alike = len(found) == len(open_) > 1 and len({s.sentence for s in found.values()}) == 1
    return found if few or alike else {}


Origin = tuple[Node, Mapping[Node, Array]]
"""A table, and the numbers that it and those before it have."""


def _origins(seen: Seen) -> list[Origin]:
    """The right table, of the student's own numbers first, and then of those that were given."""
    lanes = dict.fromkeys((seen.way.main, min(2, seen.way.main * 2), 0))
    return [(seen.way.stage.node, _lane(seen.values, lane)) for lane in lanes]


def _with_ideas(diagnosis: Diagnosis, story: Story, stage: Stage, told: Told) -> list[Origin]:
    """The table as the student's ideas make it: a slip may come on top."""
    many = [ideas for ideas in dict.fromkeys(told.by) if ideas]
    if not many:
        return []
    seen = story.seen[stage.number]
    values = worked(diagnosis.known, diagnosis.given, seen.way, many)
    return [(diagnosis.known.version(ideas, stage.node), _lane(values, seen.way.main)) for ideas in many]


def _lane(values: Mapping[Node, Array], lane: int) -> dict[Node, Array]:
    return {node: table[min(lane, len(table) - 1)] if table.ndim == 3 else table for node, table in values.items()}
