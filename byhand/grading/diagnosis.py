"""How a student's answers came about: the fewest wrong ideas that explain the most of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.exercises.problem import Flags
from byhand.grading.carry_forward import Own
from byhand.grading.evidence import Answers, Found, Seen
from byhand.grading.hypotheses import Ideas
from byhand.grading.rounding import Rounding, rounded_ways
from byhand.grading.stages import Stage

BEAM = 6
"""Explanations that are followed further at a time."""
BEHIND = 2.5
"""How much less than the best one an explanation may explain at a stage, and still be followed further."""
AN_IDEA, A_CONTRADICTION = 0.6, 0.34
"""What an explanation must explain more for each idea that it takes, and for each answer that speaks against one."""
ASIDE = 0.05
"""The same for each answer that follows, but not from the student's numbers as exact as they are known."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of a stage's answers. by: for each the ideas that it comes from. mistake, rounded: (n,)"""

    seen: Seen
    mistake: Flags
    rounded: Flags
    by: tuple[Ideas, ...]

    @property
    def open(self) -> Flags:
        """Answers that nothing explains."""
        return np.asarray(self.seen.open & ~self.mistake & ~self.rounded)


@dataclass(frozen=True, eq=False)
class Story:
    """One explanation as far as it goes. owns, told: by stage.

    matches, against: how many answers speak for each idea, and how many against it.
    """

    ideas: Ideas = ()
    owns: Mapping[int, Own] = field(default_factory=dict)
    told: Mapping[int, Told] = field(default_factory=dict)
    explained: int = 0
    cost: float = 0
    matches: Mapping[int, int] = field(default_factory=dict)
    against: Mapping[int, int] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[float, int, int]:
        return (round(self.cost - self.explained, 6), len(self.ideas), sum(self.ideas))

    @property
    def sound(self) -> bool:
        """Whether no idea is there by chance: most answers that it tells of speak for it, and few are left open."""
        left = sum(int(told.open.sum()) for told in self.told.values())
        return all(max(self.against.get(i, 0), left - 1) <= self.matches.get(i, 0) for i in self.ideas)


def best(answers: Answers) -> list[Story]:
    """The story that explains most for the fewest ideas, then others that explain as many of the answers."""
    sound = [s for s in _stories(answers, BEHIND) if s.sound] or [s for s in _stories(answers, math.inf) if s.sound]
    ranked = sorted(sound, key=lambda s: s.rank)
    return [s for s in ranked if s.explained == ranked[0].explained and len(s.ideas) <= len(ranked[0].ideas)]


def _stories(answers: Answers, behind: float) -> list[Story]:
    """Stories of all stages: the best ones and one without ideas, but none that is so far behind at any stage."""
    stories = [Story()]
    for stage in answers.known.stages:
        ranked = sorted((f for story in stories for f in _further(answers, story, stage)), key=lambda s: s.rank)
        plain = [story for story in ranked if not story.ideas][:2]
        stories = [s for s in dict.fromkeys([*plain, *ranked[:BEAM]]) if s.rank[0] <= ranked[0].rank[0] + behind]
    return stories


def _further(answers: Answers, story: Story, stage: Stage) -> list[Story]:
    """The story, with each explanation of one more stage."""
    seen = Seen(answers, stage, story.owns)
    found = seen.found(_parts(story.ideas))
    kept = [_told(story, seen, None, found)]
    if seen.open.any():
        found += _new(answers, story, seen, found)
        rounding = rounded_ways(seen, story.owns)
        kept += [_with_rounding(kept[0], stage, rounding)] if rounding else []
    return kept + [_told(story, seen, one, found) for one in found if one.holds]


def _parts(ideas: Ideas) -> list[Ideas]:
    """Each alone, then all together."""
    alone: list[Ideas] = [(i,) for i in ideas]
    return [*alone, *([ideas] if len(ideas) > 1 else [])]


def _new(answers: Answers, story: Story, seen: Seen, own: Sequence[Found]) -> list[Found]:
    """Ideas that the story does not have yet, alone or with those that it has."""
    known, stage = answers.known, seen.stage
    if len(story.ideas) == 2 or any(f.explains_all for f in own):
        return []
    singles = [i for i in known.alone[stage.number] if i[0] not in story.ideas]
    if stage.choice:  # one number of a few, which anybody may hit
        return seen.found([i for i in singles if i[0] < known.told])
    found = seen.found(singles)
    lost = not story.ideas and any(told.open.any() for told in story.told.values())
    if lost or any(f.explains_all for f in found) or seen.open.sum() < 2:
        return found
    together = [tuple(sorted((*story.ideas, *i))) for i in singles] if story.ideas else known.pairs(stage)
    return found + seen.found([ideas for ideas in together if known.differs(ideas, stage.node)])


def _told(story: Story, seen: Seen, chosen: Found | None, found: Sequence[Found]) -> Story:
    """The story with a stage told: by the ideas that were chosen, or by none."""
    nothing: Flags = np.zeros(len(seen.written), dtype=bool)
    told = Told(seen, chosen.matched if chosen else nothing, nothing, _reasons(chosen, found, len(nothing)))
    ideas = tuple(sorted({*story.ideas, *(chosen.ideas if chosen else ())}))
    matches, against = _evidence(story, chosen, found)
    surprises = sum(against.values()) - sum(story.against.values()) if ideas else 0
    cost = AN_IDEA * (len(ideas) - len(story.ideas)) + A_CONTRADICTION * surprises + ASIDE * _aside(seen, found)
    explained = int((seen.answered & ~told.open).sum())
    owns = story.owns if seen.stage.choice else {**story.owns, seen.stage.number: seen.own(chosen)}
    tolds = {**story.told, seen.stage.number: told}
    return Story(ideas, owns, tolds, story.explained + explained, story.cost + cost, matches, against)


def _aside(seen: Seen, found: Sequence[Found]) -> int:
    """Answers that follow on a byway, or on a shorter way where the ideas do not give them on the model's own."""
    if seen.stage.made is seen.stage.node:
        return seen.aside
    by_ideas = np.any([one.hits.any(0) for one in found], axis=0) if found else False
    return int((seen.follows & ~by_ideas).sum())


def _evidence(story: Story, chosen: Found | None, found: Sequence[Found]) -> tuple[dict[int, int], dict[int, int]]:
    """The answers for and against each idea; for a new one also those of the stages before."""
    matches, against = dict(story.matches), dict(story.against)
    taken = chosen.ideas if chosen else ()
    for i in taken:
        matches[i] = matches.get(i, 0) + (int(chosen.matched.sum()) if chosen else 0)
        against[i] = against.get(i, 0) + (int(chosen.against.sum()) if chosen else 0)
        if i not in story.ideas:
            earlier = [one for told in story.told.values() for one in told.seen.found([(i,)])]
            against[i] += sum(int(one.against.sum()) for one in earlier)
    for one in found:
        if len(one.ideas) == 1 and one.ideas[0] in story.ideas and one.ideas[0] not in taken:
            against[one.ideas[0]] = against.get(one.ideas[0], 0) + int(one.against.sum())
    return matches, against


def _reasons(chosen: Found | None, found: Sequence[Found], count: int) -> tuple[Ideas, ...]:
    """For each cell the ideas that it needs: of two, one alone where that one gives the same."""
    if chosen is None:
        return ((),) * count
    parts = [one for one in found if len(one.ideas) < len(chosen.ideas) and set(one.ideas) <= set(chosen.ideas)]
    return tuple(
        next((p.ideas for p in parts if p.matched[n]), chosen.ideas) if flag else ()
        for n, flag in enumerate(chosen.matched)
    )


def _with_rounding(story: Story, stage: Stage, rounding: Rounding) -> Story:
    told = replace(story.told[stage.number], rounded=rounding.cells)
    own, place = story.owns[stage.number], (stage.rows, stage.columns)
    exact = own.exact.copy()
    exact[place] = np.where(rounding.cells, rounding.expected, exact[place])
    return replace(
        story,
        owns={**story.owns, stage.number: replace(own, exact=exact, unsure=())},
        told={**story.told, stage.number: told},
        explained=story.explained + int(rounding.cells.sum()),
        cost=story.cost + rounding.cost,
    )
