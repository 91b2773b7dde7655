"""Of a student's diagnosis, what is said of each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.lms_fields import joined
from byhand.grading import slips
from byhand.grading.carry_forward import worked
from byhand.grading.diagnosis import Story, Told, best
from byhand.grading.evidence import Answers, Seen
from byhand.grading.hypotheses import Ideas, Known
from byhand.grading.slips import Slip, slip
from byhand.grading.stages import Stage
from byhand.grading.verdicts import BETWEEN, ROUNDED, WRONG, Said, Verdict, follows
from byhand.workbook.captions import symbol

MOST_OR = 2
"""Ideas that fit a number equally well, and of which the student is told: one or the other."""


def reasons(answers: Answers) -> dict[int, Said]:
    """By the place among all answers, what is said of each answer that is not right."""
    stories = best(answers)
    found: dict[int, Said] = {}
    for stage in answers.known.stages:
        seen = stories[0].told[stage.number].seen
        slipped = _slips(stories[0], stage)
        for n in np.flatnonzero(seen.answered & ~seen.right):
            found[int(stage.flat[n])] = _said(answers.known, stories, stage, int(n), slipped.get(int(n)))
    return found


def _said(known: Known, stories: Sequence[Story], stage: Stage, n: int, slipped: Slip | None) -> Said:
    told = stories[0].told[stage.number]
    if told.mistake[n]:
        others = [story.told[stage.number] for story in stories]
        return _mistake(known, [other.by[n] for other in others], any(other.rounded[n] for other in others))
    if told.seen.follows[n]:
        source = int(told.seen.sources[n])
        return follows(symbol(known.stages[source].node), not stories[0].owns[source].wrong)
    if told.rounded[n]:
        return Said(Verdict.ROUNDED, ROUNDED)
    if slipped is None:
        return Said(Verdict.WRONG, WRONG)
    return Said(Verdict.ROUNDED if slipped.coarse else Verdict.SLIP, slipped.sentence)


def _mistake(known: Known, fitting: Sequence[Ideas], rounded: bool) -> Said:
    """The first story's ideas; what others say is told too, where it fits as well."""
    sentences = [" ".join(known.list[i].sentence for i in ideas) for ideas in dict.fromkeys(fitting) if ideas]
    sentences += [ROUNDED] * rounded
    names = BETWEEN.join(known.list[i].name for i in fitting[0])
    return Said(Verdict.MISTAKE, joined(tuple(sentences[:MOST_OR])), names)


def _slips(story: Story, stage: Stage) -> dict[int, Slip]:
    """The slips of a table: few among the rest, or the same one everywhere."""
    told = story.told[stage.number]
    answered, wrong = int(told.seen.answered.sum()), np.flatnonzero(told.open)
    if stage.choice or not len(wrong):
        return {}
    origins = [*_origins(told.seen), *_with_ideas(told)]
    each = {int(n): _slip(stage, int(n), float(told.seen.written[n]), origins) for n in wrong}
    found = {n: one for n, one in each.items() if one}
    few = len(found) <= max(1, answered // slips.FEW) and len(wrong) - len(found) <= answered // 2
    alike = len(found) == len(wrong) > 1 and len({one.sentence for one in found.values()}) == 1
    return found if few or alike else {}


def _slip(stage: Stage, n: int, answer: float, origins: Sequence[Origin]) -> Slip | None:
    cell = int(stage.rows[n]), int(stage.columns[n])
    places, margin = int(stage.tolerances.places[n]), float(stage.tolerances.margins[n])
    return next(filter(None, (slip(answer, node, cell, places, margin, values) for node, values in origins)), None)


Origin = tuple[Node, Mapping[Node, Array]]
"""A table, and the numbers that it and those before it have."""


def _origins(seen: Seen) -> list[Origin]:
    """The right table, of the student's own numbers first, and then of those that were given."""
    lanes = dict.fromkeys((seen.way.main, min(2, seen.way.main * 2), 0))
    return [(seen.stage.made, _lane(seen.values, lane)) for lane in lanes]


def _with_ideas(told: Told) -> list[Origin]:
    """The table as the student's ideas make it: a slip may come on top."""
    many = [ideas for ideas in dict.fromkeys(told.by) if ideas]
    if not many:
        return []
    seen = told.seen
    values = worked(seen.all.known, seen.all.given, seen.way, many)
    return [(seen.all.known.version(ideas, seen.stage.node), _lane(values, seen.way.main)) for ideas in many]


def _lane(values: Mapping[Node, Array], lane: int) -> dict[Node, Array]:
    return {node: table[min(lane, len(table) - 1)] if table.ndim == 3 else table for node, table in values.items()}
