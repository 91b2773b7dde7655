"""Error carried forward: a stage's answers beside what follows from the student's own earlier numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.problem import Flags
from byhand.grading.hypotheses import Ideas, Known
from byhand.grading.stages import ROOM, Indices, Stage

MOST_SUBSETS = 3
"""Wrong tables of which every subset is tried as what a later one was worked out from."""
MOST_UNSURE = 24
"""Numbers of which it is tried what their rounding may do to a later one."""
MORE_PLACES = (0, 1, 2)
FIRST_KEPT = 3
"""The lane of the first of these, after those from what is given, from exact and from written numbers."""
Round = Callable[[Node, Array], Array]


@dataclass(frozen=True, eq=False)
class Own:
    """A student's table. (r, c)

    exact: before they rounded it, as far as one can tell. written: as they wrote it, right where they wrote nothing.
    kept: the same, for somebody who works on with so many places as were asked, with one more, and with two.
    wrong: whether a number in it is not right. unsure: numbers of which only the rounded one is known, and by how much.
    """

    stage: Stage
    exact: Array
    written: Array
    kept: tuple[Array, ...]
    wrong: bool
    unsure: tuple[tuple[int, int, float], ...] = ()


Lane = Mapping[int, Array]
"""One way to work on: by stage, the table that is taken instead of the one that follows."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Every way in which the student may have worked on, and what each idea gives on it.

    lanes[0] is to start from what is given. doubts: those after the others, each with one number a little off.
    """

    stage: Stage
    lanes: list[Lane]
    doubts: int
    owns: Mapping[int, Own]

    @property
    def main(self) -> int:
        """The lane of somebody who works on from their own numbers."""
        return 1 if len(self.lanes) - self.doubts > 1 else 0

    @cached_property
    def taken(self) -> dict[int, tuple[Flags, Array]]:
        """By stage, on which lanes the student's table is taken, and the tables there. (lanes, 1, 1), (lanes, r, c)"""
        found = {}
        for number in self.stage.before:
            if number in self.owns:
                nothing = np.zeros(self.owns[number].exact.shape)
                on = np.array([number in lane for lane in self.lanes])[:, None, None]
                found[number] = on, np.array([lane.get(number, nothing) for lane in self.lanes])
        return found

    def source(self, lane: int) -> int | None:
        """The last wrong table that was worked on from; else the last of all."""
        taken = sorted(self.lanes[lane])
        return next((n for n in reversed(taken) if self.owns[n].wrong), taken[-1] if taken else None)


def ways(stage: Stage, owns: Mapping[int, Own]) -> Ways:
    """Those of a stage, after the student's own tables before it."""
    before = [owns[n] for n in stage.before if n in owns]
    lanes: list[Lane] = [{}]
    doubts: list[Lane] = []
    if before:
        exact = {own.stage.number: own.exact for own in before}
        lanes += [exact, {own.stage.number: own.written for own in before}]
        lanes += [{own.stage.number: own.kept[more] for own in before} for more in MORE_PLACES]
        lanes += [{own.stage.number: own.exact for own in some} for some in _subsets(before)]
        doubts = [{**exact, own.stage.number: table} for own in before for table in _doubted(own)]
        if len(doubts) > MOST_UNSURE:
            doubts = []
    return Ways(stage, [*lanes, *doubts], len(doubts), owns)


def _subsets(before: Sequence[Own]) -> list[Sequence[Own]]:
    """Those with a wrong number, some of them; all of them together is a lane already."""
    wrong = [own for own in before if own.wrong]
    sizes = range(1, len(wrong)) if len(wrong) <= MOST_SUBSETS else (1, len(wrong) - 1)
    some: list[Sequence[Own]] = [chosen for size in sizes for chosen in combinations(wrong, size)]
    return [*some, wrong] if wrong and len(wrong) < len(before) else some


def _doubted(own: Own) -> list[Array]:
    found = []
    for row, column, room in own.unsure:
        table = own.exact.copy()
        table[row, column] += room
        found.append(table)
    return found


def worked(known: Known, given: Mapping[Node, Array], way: Ways, many: Sequence[Ideas]) -> dict[Node, Array]:
    """The numbers of every table that these ideas need, on each way: (lanes, r, c), or (r, c) where all agree."""
    versions = {known.version(ideas, known.stages[n].node): taken for n, taken in way.taken.items() for ideas in many}
    return evaluated(known.plan(way.stage, tuple(many)), given, versions)


def evaluated(
    plan: Sequence[Node],
    given: Mapping[Node, Array],
    taken: Mapping[Node, tuple[Flags, Array]],
    rounding: Round | None = None,
) -> dict[Node, Array]:
    """As `fold`, but on some lanes a table is taken instead of what follows, and each may be rounded."""
    values: dict[Node, Array] = {}
    with np.errstate(all="ignore"):
        for node in plan:
            if node.data is not None:
                table = given.get(node, node.data)
            else:
                table = node.op.value(*(values[a] for a in node.args), **node.attrs)
            if node in taken:
                on, tables = taken[node]
                table = np.where(on, tables, table)
            values[node] = rounding(node, table) if rounding else table
    return values


@dataclass(frozen=True, eq=False)
class Answers:
    """What a student has answered. given: the numbers of the exercise. key, written: of all cells in a row.

    tables: the right numbers of every asked table. written: NaN where there is no number.
    """

    known: Known
    given: Mapping[Node, Array]
    tables: Mapping[Node, Array]
    key: Array
    written: Array


@dataclass(frozen=True, eq=False)
class Found:
    """What some ideas give at a stage. Each is (n,) but for tables, (lanes, r, c), and expected, hits, (lanes, n).

    matched: answers that the ideas explain, and nothing simpler does. telling: whether one of them is far from right.
    against: answers that speak against the ideas. rest: how many are left that nothing explains.
    """

    ideas: Ideas
    tables: Array
    expected: Array
    hits: Flags
    matched: Flags
    telling: bool
    against: Flags
    rest: int

    @property
    def holds(self) -> bool:
        """Whether the answers speak for it: no single number that fits by chance among others that do not."""
        misses = int(self.against.sum()) + self.rest
        return self.telling and 2 * misses <= int(self.matched.sum())

    @property
    def explains_all(self) -> bool:
        return self.holds and not self.rest


class Seen:
    """A stage's answers, on the ways that the student's own earlier numbers leave open.

    values: every table by the right rules. tables: the stage's own, (lanes, r, c). expected, hits: (lanes, n).
    right: as in the key. follows: from the student's own numbers. open: neither.
    """

    def __init__(self, answers: Answers, stage: Stage, owns: Mapping[int, Own]) -> None:
        self.all, self.stage, self.way = answers, stage, ways(stage, owns)
        self.written, self.key = answers.written[stage.flat], answers.key[stage.flat]
        self.answered = ~np.isnan(self.written)
        self.values = worked(answers.known, answers.given, self.way, [()])
        self.tables = self._stacked(self.values[stage.made])
        self.expected = stage.cells(self.tables)
        self.hits = self._hits(self.expected) & (~stage.exact | self._exactly(self.expected))
        self.hits[self.way.main] |= self._within_doubt() & ~stage.exact
        self.hits[0] = False  # what follows from the given numbers alone is right, or the key says that it is not
        self.right = self.answered & stage.tolerances.agree(self.written, self.key)
        self.follows = self.answered & ~self.right & self.hits.any(0)
        self.open = self.answered & ~self.right & ~self.follows

    def _stacked(self, table: Array) -> Array:
        return np.broadcast_to(table, (len(self.way.lanes), *table.shape[-2:]))

    def _hits(self, expected: Array) -> Flags:
        """Where the answers agree; lanes that only tell how sure another is are none of their own. (..., lanes, n)"""
        hits = self.stage.tolerances.agree(self.written, expected)
        hits[..., len(self.way.lanes) - self.way.doubts :, :] = False
        return hits

    def _exactly(self, expected: Array) -> Flags:
        """Where the answers agree to all digits, as an exact one does that follows. (..., lanes, n)"""
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(self.written - expected) <= ROOM * np.maximum(1, np.abs(expected)))

    def _within_doubt(self) -> Flags:
        """Which answers are as near to the main lane as the rounding of unexplained numbers leaves open. (n,)"""
        main, count = self.way.main, len(self.way.lanes) - self.way.doubts
        with np.errstate(all="ignore"):
            room = np.abs(self.expected[count:] - self.expected[main]).sum(0)
            near = np.abs(self.written - self.expected[main]) <= self.stage.tolerances.margins + room
        return np.asarray(near & (room > 0))

    @cached_property
    def aside(self) -> int:
        """How many answers follow on another way than the main one."""
        return int((self.follows & ~self.hits[self.way.main]).sum())

    @cached_property
    def sources(self) -> Indices:
        """For each answer that follows, the stage whose numbers it follows from; else -1."""
        lanes = _lane(self.hits, self.way.main)
        found = [self.way.source(int(lane)) if flag else None for lane, flag in zip(lanes, self.follows, strict=True)]
        return np.array([-1 if source is None else source for source in found])

    def found(self, many: Sequence[Ideas]) -> list[Found]:
        """What each of these ideas, or pairs of them, gives here."""
        many = [ideas for ideas in many if self.all.known.version(ideas, self.stage.node) is not self.stage.node]
        if not many:
            return []
        batch = self.all.known.batch(self.stage, tuple(many))
        tables = batch.tables(self.all.given, len(self.way.lanes), self.way.taken)
        expected = self.stage.cells(tables)  # (ideas, lanes, n)
        with np.errstate(all="ignore"):
            off = np.abs(expected - self.expected)
            tells = ~(off <= self.stage.tolerances.margins)
            surely = ~(off[:, self.way.main] <= 2 * self.stage.tolerances.margins)
        hits = self._hits(expected)
        matched = hits.any(1) & self.open
        telling = np.asarray((hits & tells & self.open).any((1, 2)))
        agrees = hits.any(1)
        against: Flags = surely & ~agrees & (self.right | self.follows)
        rest = (self.open & ~agrees).sum(-1)
        return [
            Found(ideas, tables[n], expected[n], hits[n], matched[n], bool(telling[n]), against[n], int(rest[n]))
            for n, ideas in enumerate(many)
        ]

    def own(self, chosen: Found | None) -> Own:
        """The student's table before they rounded it: what explains a number tells the rest of its digits."""
        stage, main = self.stage, self.way.main
        place = stage.rows, stage.columns
        exact = (chosen.tables if chosen else self.tables)[main].copy()
        written = self.all.tables[stage.node].copy()
        values = np.where(self.answered, self.written, exact[place])
        values = np.where(self.follows, at(self.expected, self.hits, main), values)
        values = np.where(self.right, self.key, values)
        explained = self.right | self.follows
        if chosen:
            hit = chosen.hits.any(0) & self.answered & ~self.follows
            values = np.where(hit, at(chosen.expected, chosen.hits, main), values)
            explained = explained | chosen.matched
        exact[place] = values
        written[place] = np.where(self.answered, self.written, written[place])
        wrong = bool((self.answered & ~self.right).any())
        kept = tuple(self._kept(exact, more, chosen) for more in MORE_PLACES)
        return Own(stage, exact, written, kept, wrong, self._unsure(self.answered & ~explained))

    def _kept(self, exact: Array, more: int, chosen: Found | None) -> Array:
        """The table rounded; what is right comes from earlier tables that were rounded to as many places."""
        table, place = exact.copy(), (self.stage.rows, self.stage.columns)
        if self.way.main and not chosen:
            table[place] = np.where(self.right, self.tables[FIRST_KEPT + more][place], table[place])
        return np.round(table, int(self.stage.tolerances.places.max()) + more)

    def _unsure(self, cells: Flags) -> tuple[tuple[int, int, float], ...]:
        """Numbers that nothing explains, each with half a unit of its last place: so far off the unrounded may be."""
        found = []
        for n in np.flatnonzero(cells):
            if places := int(self.stage.tolerances.places[n]):
                written = len(f"{self.written[n]:.9f}".rstrip("0").partition(".")[2])
                row, column = int(self.stage.rows[n]), int(self.stage.columns[n])
                found.append((row, column, 0.5 * 10.0 ** -max(written, places)))
        return tuple(found)


def _lane(hits: Flags, main: int) -> Indices:
    """Of each cell, a lane where the answer agrees; the main one where it does. (lanes, n) -> (n,)"""
    return np.where(hits[main], main, np.argmax(hits, axis=0))


def at(expected: Array, hits: Flags, main: int) -> Array:
    """The numbers on those lanes. (lanes, n) -> (n,)"""
    return np.asarray(np.take_along_axis(expected, _lane(hits, main)[None], axis=0)[0])
