"""How a student's answers came about: the fewest misconceptions that explain the most of them, rounding, and slips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.core.captions import symbol
from byhand.core.graph import Array, Node
from byhand.exercises.lms_fields import joined
from byhand.exercises.problem import Flags
from byhand.grading import slips
from byhand.grading.carry_forward import Answers, Found, Own, Round, Seen, evaluated, worked
from byhand.grading.hypotheses import Ideas, Known
from byhand.grading.slips import Slip, slip
from byhand.grading.stages import Stage
from byhand.grading.verdicts import BETWEEN, ROUNDED, WRONG, Said, Verdict, follows

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


MORE = 2
"""Places more than asked that somebody may round to on the way."""
NEAREST = 8
"""Tables before the asked one of which each is tried as the only one that was rounded."""
FAR = 0.25
"""How far rounding seldom leads, as a share of the table's largest number."""
FINE, COARSE = 0.3, 0.7
"""The cost of rounding to as many places as were asked; and to fewer, or so that it leads far."""


@dataclass(frozen=True, eq=False)
class Rounding:
    """cells: the answers that it explains; expected: their numbers before they were rounded themselves. (n,)

    cost: what it must explain more than another explanation.
    """

    cells: Flags
    expected: Array
    cost: float


def rounded_ways(seen: Seen, owns: Mapping[int, Own]) -> Rounding | None:
    """The rounding on the way that explains (nearly) all answers that are open; the finest. None: there is none."""
    stage = seen.stage
    plan = seen.all.known.plan(stage, ((),))
    shown = set(seen.all.known.problem.shown)
    needed = _behind(stage.made, shown)
    tables = [n for n in plan if n in needed and n.name and n.data is None and _has_numbers_of_its_own(n)]
    if not tables or stage.choice:
        return None
    lanes = _lanes(int(stage.tolerances.places.max()), tables)
    taken = {owns[n].stage.made: _taken(owns[n], lanes) for n in stage.before if n in owns}
    values = evaluated(plan, seen.all.given, taken, _rounding(lanes, frozenset(tables), shown))
    expected = stage.cells(np.broadcast_to(values[stage.made], (len(lanes), *stage.node.shape)))
    far = np.abs(seen.written - seen.key) > FAR * np.abs(seen.key).max() + stage.tolerances.units
    cells = stage.tolerances.agree(seen.written, expected) & seen.open
    for lane, (k, _) in enumerate(lanes):
        if 3 * cells[lane].sum() >= 2 * seen.open.sum():
            fine = k >= stage.tolerances.places.max() and not (far & cells[lane]).any()
            return Rounding(cells[lane], expected[lane], FINE if fine else COARSE)
    return None


Lanes = list[tuple[int, Node | None]]
"""Places, and the one table that is rounded to them; None: every one."""


def _lanes(places: int, tables: Sequence[Node]) -> Lanes:
    every: Lanes = [(k, None) for k in range(places + MORE, -1, -1)]
    return every + [(k, node) for k in range(places, -1, -1) for node in tables[-NEAREST:]]


def _taken(own: Own, lanes: Lanes) -> tuple[Flags, Array]:
    """What was written is worked on from, unless more places were kept, and all of it is right. (lanes, 1, 1)"""
    kept = np.array([k > own.stage.tolerances.places.max() for k, _ in lanes])[:, None, None]
    return (~kept | own.wrong), np.where(kept, own.exact, own.written)


def _has_numbers_of_its_own(node: Node) -> bool:
    """Whether a table is no mere view of others that have a name."""
    return not node.op.view or not all(a.name for a in node.args)


def _behind(made: Node, shown: Set[Node]) -> set[Node]:
    """What a table is made from, as far back as somebody works it out, or finds it shown."""
    found, todo = set[Node](), list(made.args)
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo.extend(() if node in shown else node.args)
    return found


def _rounding(lanes: Lanes, tables: Set[Node], shown: Set[Node]) -> Round:
    """As many places as a lane says; what is shown, nobody reads as a whole number."""
    tens = 10.0 ** np.array([k for k, _ in lanes])[:, None, None]

    def rounded(node: Node, table: Array) -> Array:
        if node not in tables:
            return table
        least = 1 if node in shown else 0
        here = np.array([only in (None, node) and k >= least for k, only in lanes])[:, None, None]
        return np.where(here, np.rint(table * tens) / tens, table)

    return rounded


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
