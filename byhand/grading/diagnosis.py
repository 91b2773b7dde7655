"""How a student's answers came about: the fewest wrong ideas that explain the most of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.exercises.problem import Flags
from byhand.graph import Array, Node
from byhand.grading.carried import Own, Ways, ways, worked
from byhand.grading.ideas import Ideas, Known
from byhand.grading.rounding import Rounding, rounded_ways
from byhand.grading.stages import Indices, Stage

BEAM = 6
"""Explanations that are followed further at a time."""
AN_IDEA, A_CONTRADICTION = 0.6, 0.34
"""What an explanation must explain more for each idea that it takes, and for each answer that speaks against one."""
FINE, COARSE = 0.3, 0.7
"""The same for rounding on the way: to as many places as were asked, or to fewer."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of a stage's answers. Each is (n,).

    by: for each cell the ideas that its number comes from. source: the stage whose numbers it follows from, or -1.
    """

    right: Flags
    follows: Flags
    mistake: Flags
    rounded: Flags
    by: tuple[Ideas, ...]
    source: Indices

    @property
    def explained(self) -> Flags:
        return np.asarray(self.right | self.follows | self.mistake | self.rounded)


@dataclass(frozen=True, eq=False)
class Story:
    """One explanation as far as it goes. matches, against: the answers that speak for each idea, and against it."""

    ideas: Ideas = ()
    owns: Mapping[int, Own] = field(default_factory=dict)
    told: Mapping[int, Told] = field(default_factory=dict)
    seen: Mapping[int, Seen] = field(default_factory=dict)
    explained: float = 0
    cost: float = 0
    matches: Mapping[int, int] = field(default_factory=dict)
    against: Mapping[int, int] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[float, int, int]:
        return (self.cost - self.explained, len(self.ideas), sum(self.ideas))

    @property
    def sound(self) -> bool:
        return all(self.against.get(i, 0) <= self.matches.get(i, 0) for i in self.ideas)


@dataclass(frozen=True, eq=False)
class Seen:
    """A stage on the ways that a story leaves open: what comes out right, and on which of them the answers agree.

    values: every table on the right way. right: the stage's own. expected, hits: (lanes, n).
    """

    way: Ways
    values: dict[Node, Array]
    right: Array
    expected: Array
    hits: Flags


@dataclass(frozen=True, eq=False)
class Found:
    """What an idea gives at a stage. matched, against, hits: (n,); tables: (lanes, r, c)."""

    ideas: Ideas
    tables: Array
    expected: Array
    hits: Flags
    matched: Flags
    against: Flags
    rest: int

    @property
    def holds(self) -> bool:
        """Whether the answers speak for it: no single number that fits by chance among others that do not."""
        count = int(self.matched.sum())
        return count >= 1 and count >= 2 * int(self.against.sum()) and count >= self.rest


class Diagnosis:
    """One student's answers. answers, key: of all questions in a row; NaN where there is no number."""

    def __init__(
        self, known: Known, given: Mapping[Node, Array], tables: Mapping[Node, Array], answers: Array, key: Array
    ) -> None:
        self.known, self.given, self.tables, self.answers, self.key = known, given, tables, answers, key

    def best(self) -> list[Story]:
        """The story that explains most, then others that explain as much. The one whose ideas come first leads."""
        stories = [Story()]
        for stage in self.known.stages:
            further = [next for story in stories for next in self._further(story, stage)]
            ranked = sorted(further, key=lambda story: story.rank)
            plain = [story for story in ranked if not story.ideas][:2]
            stories = [*dict.fromkeys([*plain, *ranked[:BEAM]])]
        ranked = sorted((s for s in stories if s.sound), key=lambda story: story.rank)
        return [s for s in ranked if s.rank[:2] == ranked[0].rank[:2]]

    def _further(self, story: Story, stage: Stage) -> list[Story]:
        """The story, with each explanation of one more stage."""
        seen = self._seen(story, stage)
        answers, key = self.answers[stage.flat], self.key[stage.flat]
        answered = ~np.isnan(answers)
        right = answered & stage.rule.agree(answers, key)
        follows = answered & seen.hits.any(0) & ~right
        wrong = answered & ~right
        open_ = wrong & ~follows
        found: list[Found] = []
        if story.ideas:
            own = [i for i in _within(story.ideas) if self.known.version(i, stage.node) is not stage.node]
            found = self._found(seen, own, right, follows, open_)
        kept = [self._told(story, stage, seen, right, follows, None, found)]
        if open_.any():
            found += self._new(story, stage, seen, right, follows, open_, found)
            kept += self._rounded(story, stage, seen, right, follows, open_)
        for one in found:
            if one.holds:
                kept.append(self._told(story, stage, seen, right, follows, one, found))
        return kept

    def _seen(self, story: Story, stage: Stage) -> Seen:
        way = ways(stage, story.owns)
        values = worked(self.known, self.given, way, [()])
        right = _stacked(values[stage.node], way)
        expected = stage.cells(right)
        hits = stage.rule.agree(self.answers[stage.flat], expected)
        if way.doubts:
            hits = hits | _within_doubt(way, stage, self.answers[stage.flat], expected)
        return Seen(way, values, right, expected, hits)

    def _found(self, seen: Seen, many: Sequence[Ideas], right: Flags, follows: Flags, open_: Flags) -> list[Found]:
        if not many:
            return []
        stage, way = seen.way.stage, seen.way
        values = worked(self.known, self.given, way, many)
        tables = np.stack([_stacked(values[self.known.version(i, stage.node)], way) for i in many])
        expected = stage.cells(tables)  # (ideas, lanes, n)
        answers = self.answers[stage.flat]
        with np.errstate(all="ignore"):
            off = np.abs(expected - seen.expected)
            tells = ~(off <= stage.rule.margins)
            surely = ~(off[:, way.main] <= 2 * stage.rule.margins)
        hits = stage.rule.agree(answers, expected)
        matched = (hits & tells).any(1) & open_
        any_hit = hits.any(1)
        against = surely & ~any_hit & (right | follows)
        rest = (open_ & ~any_hit).sum(-1)
        return [
            Found(ideas, tables[n], expected[n], hits[n], matched[n], against[n], int(rest[n]))
            for n, ideas in enumerate(many)
        ]

    def _new(
        self,
        story: Story,
        stage: Stage,
        seen: Seen,
        right: Flags,
        follows: Flags,
        open_: Flags,
        own: Sequence[Found],
    ) -> list[Found]:
        """Ideas that the story does not have yet, alone or with those that it has."""
        if len(story.ideas) == 2 or any(f.holds and not f.rest for f in own):
            return []
        singles = [i for i in self.known.alone[stage.number] if i[0] not in story.ideas]
        if stage.choice:
            singles = [i for i in singles if i[0] < self.known.told]
        found = self._found(seen, singles, right, follows, open_)
        if stage.choice or any(f.holds and not f.rest for f in found) or open_.sum() < 2:
            return found
        if story.ideas:
            together = [tuple(sorted((*story.ideas, *i))) for i in singles]
            pairs = [i for i in together if self.known.differs(i, stage.node)]
        else:
            pairs = self.known.pairs(stage)
        return found + self._found(seen, pairs, right, follows, open_)

    def _rounded(
        self, story: Story, stage: Stage, seen: Seen, right: Flags, follows: Flags, open_: Flags
    ) -> list[Story]:
        rounding = rounded_ways(
            stage, self.known, self.given, story.owns, self.answers[stage.flat], open_, seen.expected[0]
        )
        if rounding is None:
            return []
        told = self._told(story, stage, seen, right, follows, None, ())
        return [_with_rounding(told, stage, rounding)]

    def _told(
        self,
        story: Story,
        stage: Stage,
        seen: Seen,
        right: Flags,
        follows: Flags,
        chosen: Found | None,
        found: Sequence[Found],
    ) -> Story:
        answers = self.answers[stage.flat]
        answered = ~np.isnan(answers)
        nothing = np.zeros(len(answers), dtype=bool)
        mistake = chosen.matched if chosen else nothing
        by = _reasons(chosen, found, mistake)
        source = _sources(seen, follows)
        told = Told(right, follows, mistake, nothing, by, source)
        ideas = tuple(sorted({*story.ideas, *(chosen.ideas if chosen else ())}))
        matches, against = dict(story.matches), dict(story.against)
        if chosen:
            for i in chosen.ideas:
                matches[i] = matches.get(i, 0) + int(mistake.sum())
                against[i] = against.get(i, 0) + int(chosen.against.sum())
        for one in found:
            for i in set(one.ideas) & set(story.ideas) - set(chosen.ideas if chosen else ()):
                if len(one.ideas) == 1:
                    against[i] = against.get(i, 0) + int(one.against.sum())
        speaks_against = sum(against.values()) - sum(story.against.values())
        new = AN_IDEA * (len(ideas) - len(story.ideas)) + A_CONTRADICTION * speaks_against
        owns = dict(story.owns)
        if not stage.choice:
            owns[stage.number] = self._own(stage, seen, told, chosen, answers, answered)
        return Story(
            ideas,
            owns,
            {**story.told, stage.number: told},
            {**story.seen, stage.number: seen},
            story.explained + int(told.explained.sum()),
            story.cost + new,
            matches,
            against,
        )

    def _own(self, stage: Stage, seen: Seen, told: Told, chosen: Found | None, answers: Array, answered: Flags) -> Own:
        """The student's table before they rounded it: what explains a number tells the rest of its digits."""
        main = seen.way.main
        key = self.tables[stage.node]
        exact = (chosen.tables if chosen else seen.right)[main].copy()
        written = key.copy()
        values = exact[stage.rows, stage.columns]
        values = np.where(answered, answers, values)
        values = np.where(told.follows, _at(seen.expected, seen.hits), values)
        values = np.where(told.right, self.key[stage.flat], values)
        if chosen:
            hit = chosen.hits.any(0) & answered
            values = np.where(hit & ~told.follows, _at(chosen.expected, chosen.hits, main), values)
        exact[stage.rows, stage.columns] = values
        written[stage.rows, stage.columns] = np.where(answered, answers, key[stage.rows, stage.columns])
        return Own(
            stage,
            exact,
            written,
            bool((answered & ~told.right).any()),
            _unsure(stage, answers, answered & ~told.explained),
        )


def _with_rounding(story: Story, stage: Stage, rounding: Rounding) -> Story:
    told = replace(story.told[stage.number], rounded=rounding.cells)
    own = dict(story.owns)
    if not stage.choice:
        exact = own[stage.number].exact.copy()
        exact[stage.rows, stage.columns] = np.where(rounding.cells, rounding.expected, exact[stage.rows, stage.columns])
        own[stage.number] = replace(own[stage.number], exact=exact, unsure=())
    return replace(
        story,
        owns=own,
        told={**story.told, stage.number: told},
        explained=story.explained + int(rounding.cells.sum()),
        cost=story.cost + (FINE if rounding.fine else COARSE),
    )


def _within(ideas: Ideas) -> list[Ideas]:
    return [*((i,) for i in ideas), *([ideas] if len(ideas) == 2 else [])]


def _stacked(table: Array, way: Ways) -> Array:
    return np.broadcast_to(table, (len(way.lanes), *table.shape[-2:]))


def _at(expected: Array, hits: Flags, first: int = 0) -> Array:
    """Of each cell, the number on a lane where the answer agrees; the main one's where it does. (lanes, n) -> (n,)"""
    lane = np.where(hits[first], first, np.argmax(hits, axis=0))
    return np.asarray(np.take_along_axis(expected, lane[None], axis=0)[0])


def _within_doubt(way: Ways, stage: Stage, answers: Array, expected: Array) -> Flags:
    """Whether the answers are as near as the rounding of unexplained numbers leaves open; told of the main lane."""
    count = len(way.lanes) - way.doubts
    hits: Flags = np.zeros(expected.shape, dtype=bool)
    with np.errstate(all="ignore"):
        room = np.abs(expected[count:] - expected[way.main]).sum(0)
        hits[way.main] = np.abs(answers - expected[way.main]) <= stage.rule.margins + room
    return hits


def _sources(seen: Seen, follows: Flags) -> Indices:
    source = np.full(len(follows), -1)
    for n in np.flatnonzero(follows):
        lane = int(np.argmax(seen.hits[:, n]))
        found = seen.way.source(lane)
        source[n] = -1 if found is None else found
    return source


def _reasons(chosen: Found | None, found: Sequence[Found], mistake: Flags) -> tuple[Ideas, ...]:
    """For each cell the ideas that it needs: of two, one alone where that one gives the same."""
    if chosen is None:
        return ((),) * len(mistake)
    parts = [one for one in found if len(one.ideas) < len(chosen.ideas) and set(one.ideas) <= set(chosen.ideas)]
    return tuple(
        next((p.ideas for p in parts if p.matched[n]), chosen.ideas) if flag else () for n, flag in enumerate(mistake)
    )


def _unsure(stage: Stage, answers: Array, cells: Flags) -> tuple[tuple[int, int, float], ...]:
    """Numbers that nothing explains, each with half a unit of its last place: as far as the unrounded may be off."""
    found = []
    for n in np.flatnonzero(cells):
        if stage.rule.places[n]:
            text = f"{answers[n]:.9f}".rstrip("0").partition(".")[2]
            found.append(
                (int(stage.rows[n]), int(stage.columns[n]), 0.5 * 10.0 ** -max(len(text), stage.rule.places[n]))
            )
    return tuple(found)
