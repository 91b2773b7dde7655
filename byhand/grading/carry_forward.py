"""Error carried forward: a stage's answers beside what follows from the student's own earlier numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from byhand.answers.slips import to_fewer_places
from byhand.core.graph import Array, Node
from byhand.exercises.problem import Flags
from byhand.grading.hypotheses import Combination, Hypotheses
from byhand.grading.stages import ROOM, Indices, Stage

MOST_RIGHT_SUBSETS = 4
"""Up to so many right tables, every choice of which to go on with as written is tried."""
MOST_SUBSETS = 3
"""Up to so many wrong tables, every subset is tried as the source of a later table."""
MOST_UNSURE = 24
"""Up to so many unexplained numbers, the effect of their rounding on later tables is tried."""
FAR = 0.25
"""The share of a table's largest number that rounding errors seldom exceed."""
MORE_PLACES = (0, 1, 2)
FIRST_ROUNDED = 3
"""The index of the first way with rounded tables. Before it come given, exact and written numbers."""
Round = Callable[[Node, Array], Array]


@dataclass(frozen=True, eq=False)
class OwnTable:
    """A table as the student computed it. (r, c)

    exact: before rounding, as far as it can be inferred. written: as typed; the right number where a cell is blank.
    rounded: exact, rounded to the places of the question, to one more, and to two more.
    wrong: whether it holds a wrong number. in_error: whether one is neither right nor follows from earlier tables.
    unsure: row, column and rounding error of numbers known only as rounded.
    """

    stage: Stage
    exact: Array
    written: Array
    rounded: tuple[Array, ...]
    wrong: bool
    in_error: bool
    unsure: tuple[tuple[int, int, float], ...] = ()


Way = Mapping[int, Array]
"""The student's own tables from which a later stage is computed, by stage number."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Every choice of earlier tables from which the student may have computed a stage.

    each[0] starts from the given numbers. doubts: how many ways at the end shift one number by its rounding error.
    """

    stage: Stage
    each: list[Way]
    doubts: int
    own_tables: Mapping[int, OwnTable]

    @property
    def main(self) -> int:
        """The index of the way that uses all of the student's own exact numbers."""
        return 1 if len(self.each) - self.doubts > 1 else 0

    @cached_property
    def replacements(self) -> dict[int, tuple[Flags, Array]]:
        """For each stage a mask of the ways on which a table replaces it, and the tables. (ways, 1, 1), (ways, r, c)"""
        by_stage = {}
        for number in self.stage.before:
            if number in self.own_tables:
                nothing = np.zeros(self.own_tables[number].exact.shape)
                on = np.array([number in way for way in self.each])[:, None, None]
                by_stage[number] = on, np.array([way.get(number, nothing) for way in self.each])
        return by_stage

    def source(self, way: int) -> int | None:
        """Return the last wrong table that a way uses; if none is wrong, the last one that it uses."""
        replacements = sorted(self.each[way])
        return next(
            (n for n in reversed(replacements) if self.own_tables[n].wrong), replacements[-1] if replacements else None
        )


def ways_of(stage: Stage, own_tables: Mapping[int, OwnTable]) -> Ways:
    """Return the ways to compute a stage from the student's own tables before it."""
    before = [own_tables[n] for n in stage.before if n in own_tables]
    each: list[Way] = [{}]
    doubts: list[Way] = []
    if before:
        exact = {own.stage.number: own.exact for own in before}
        each += [exact, {own.stage.number: own.written for own in before}]
        each += [{own.stage.number: own.rounded[more] for own in before} for more in MORE_PLACES]
        each += [{own.stage.number: own.exact for own in some} for some in _subsets(before)]
        each += [{own.stage.number: own.written for own in some} for some in _rounded_in_part(before)]
        doubts = [{**exact, own.stage.number: table} for own in before for table in _doubted(own)]
        if len(doubts) > MOST_UNSURE:
            doubts = []
    return Ways(stage, [*each, *doubts], len(doubts), own_tables)


def _subsets(before: Sequence[OwnTable]) -> list[Sequence[OwnTable]]:
    """Return subsets of the tables with a wrong number, without the set of all tables, which is already a way."""
    wrong = [own for own in before if own.wrong]
    sizes = range(1, len(wrong)) if len(wrong) <= MOST_SUBSETS else (1, len(wrong) - 1)
    some: list[Sequence[OwnTable]] = [chosen for size in sizes for chosen in combinations(wrong, size)]
    return [*some, wrong] if wrong and len(wrong) < len(before) else some


def _rounded_in_part(before: Sequence[OwnTable]) -> list[Sequence[OwnTable]]:
    """Return subsets of right tables that a student may have gone on with as written, with all digits of the others."""
    if any(own.in_error for own in before) or len(before) > MOST_RIGHT_SUBSETS:
        return []
    return [chosen for size in range(1, len(before)) for chosen in combinations(before, size)]


def _doubted(own: OwnTable) -> list[Array]:
    tables = []
    for row, column, room in own.unsure:
        table = own.exact.copy()
        table[row, column] += room
        tables.append(table)
    return tables


def tables_by(
    hypotheses: Hypotheses, given: Mapping[Node, Array], ways: Ways, many: Sequence[Combination]
) -> dict[Node, Array]:
    """Return every table that these misconceptions need, on each way: (ways, r, c), or (r, c) where all agree."""
    versions = {
        hypotheses.version(combination, hypotheses.stages[n].node): replacements
        for n, replacements in ways.replacements.items()
        for combination in many
    }
    return evaluate(hypotheses.plan(ways.stage, tuple(many)), given, versions)


def evaluate(
    plan: Sequence[Node],
    given: Mapping[Node, Array],
    replacements: Mapping[Node, tuple[Flags, Array]],
    rounding: Round | None = None,
) -> dict[Node, Array]:
    """Evaluate as `fold` does, with tables replaced on some ways, and rounded where `rounding` is given."""
    values: dict[Node, Array] = {}
    with np.errstate(all="ignore"):
        for node in plan:
            if node.data is not None:
                table = given.get(node, node.data)
            else:
                table = node.op.value(*(values[a] for a in node.args), **node.attrs)
            if node in replacements:
                on, tables = replacements[node]
                table = np.where(on, tables, table)
            values[node] = rounding(node, table) if rounding else table
    return values


@dataclass(frozen=True, eq=False)
class StudentAnswers:
    """The answers of one student. given: the numbers of the exercise. key, written: one entry for each cell.

    tables: the right numbers of every asked and every shown table. written: NaN where there is no number.
    """

    hypotheses: Hypotheses
    given: Mapping[Node, Array]
    tables: Mapping[Node, Array]
    key: Array
    written: Array

    @cached_property
    def visible(self) -> list[Array]:
        """The tables that the student has without work: given ones, shown ones, and what all students have alike."""
        shown = (self.tables[node] for node in self.hypotheses.problem.shown)
        return [*self.given.values(), *shown, *self.hypotheses.same_for_all]


@dataclass(frozen=True, eq=False)
class Fit:
    """How a combination of misconceptions fits a stage: (n,) each; tables: (ways, r, c); expected, hits: (ways, n).

    matched: the answers that it explains and nothing simpler does. telling: whether one of them is far from right.
    against: the answers that contradict it. rest: how many answers nothing explains.
    """

    combination: Combination
    tables: Array
    expected: Array
    hits: Flags
    matched: Flags
    telling: bool
    against: Flags
    rest: int

    @property
    def holds(self) -> bool:
        """Whether the answers support it: at least twice as many matches as misses, one of them far from right."""
        misses = int(self.against.sum()) + self.rest
        return self.telling and 2 * misses <= int(self.matched.sum())

    @property
    def explains_all(self) -> bool:
        return self.holds and not self.rest


class StageEvidence:
    """The answers of a stage beside what follows from the student's own earlier numbers on each way.

    values: every table computed by the right rules. tables: the stage's own, (ways, r, c). expected, hits: (ways, n).
    right: as in the key. follows: from the student's own numbers. open: neither.
    """

    def __init__(self, answers: StudentAnswers, stage: Stage, own_tables: Mapping[int, OwnTable]) -> None:
        self.answers, self.stage, self.ways = answers, stage, ways_of(stage, own_tables)
        self.written, self.key = answers.written[stage.flat], answers.key[stage.flat]
        self.answered = ~np.isnan(self.written)
        self.values = tables_by(answers.hypotheses, answers.given, self.ways, [()])
        self.tables = self._stacked(self.values[stage.by_hand])
        self.expected = stage.cells(self.tables)
        self.hits = self._hits(self.expected) & (~stage.exact | self._exactly(self.expected))
        self.hits[self.ways.main] |= self._within_doubt() & ~stage.exact
        self.hits[0] = False  # what follows from the given numbers alone is right, or the key says that it is not
        self.right = self.answered & stage.tolerances.agree(self.written, self.key)
        self.follows = self.answered & ~self.right & self.hits.any(0)
        self.open = self.answered & ~self.right & ~self.follows
        self.coarse_of_key = self._to_fewer_places(self.key) & self.open
        self.coarse = self.coarse_of_key | (self._to_fewer_places(self.expected[self.ways.main]) & self.open)

    def _stacked(self, table: Array) -> Array:
        return np.broadcast_to(table, (len(self.ways.each), *table.shape[-2:]))

    def _hits(self, expected: Array) -> Flags:
        """Return where the answers agree, except on the ways that only measure doubt. (..., ways, n)"""
        hits = self.stage.tolerances.agree(self.written, expected)
        hits[..., len(self.ways.each) - self.ways.doubts :, :] = False
        return hits

    def _exactly(self, expected: Array) -> Flags:
        """Return where the answers agree to all digits, as an exact answer must. (..., ways, n)"""
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(self.written - expected) <= ROOM * np.maximum(1, np.abs(expected)))

    def _within_doubt(self) -> Flags:
        """Return which answers differ from the main way by no more than the rounding of unexplained numbers. (n,)

        Rounding that turns a choice, or nearly divides by 0, excuses no answer.
        """
        main, count = self.ways.main, len(self.ways.each) - self.ways.doubts
        with np.errstate(all="ignore"):
            room = np.abs(self.expected[count:] - self.expected[main]).sum(0)
            room = np.where(room <= FAR * np.abs(self.expected[main]).max() + self.stage.tolerances.units, room, 0)
            near = np.abs(self.written - self.expected[main]) <= self.stage.tolerances.margins + room
        return np.asarray(near & (room > 0))

    def _to_fewer_places(self, expected: Array) -> Flags:
        """Return which answers are these numbers rounded to fewer places than asked. (n,)

        One that ends in 0 after the point is taken for rounded only where others are, and 0 where two others are.
        """
        sure: Flags = np.zeros(len(self.written), dtype=bool)
        likely: Flags = sure.copy()
        places = self.stage.tolerances.places
        for k in range(int(places.max()) if self.open.any() else 0):
            rounded, fewer, shows = to_fewer_places(expected, k, places)
            with np.errstate(all="ignore"):
                same = np.abs(self.written - rounded) <= ROOM * np.maximum(1, np.abs(rounded))
            sure |= same & shows
            likely |= same & (fewer | ((rounded == 0) & (places > k) & (k > 0) & (int((same & shows).sum()) >= 2)))
        return (likely if sure.any() else sure) & ~self.stage.exact

    @cached_property
    def aside(self) -> int:
        """The number of answers that follow on another way than the main one."""
        return int((self.follows & ~self.hits[self.ways.main]).sum())

    @cached_property
    def sources(self) -> Indices:
        """The stage from whose numbers each answer follows; -1 for an answer that does not follow."""
        each = _way_of_each(self.hits, self.ways.main)
        stages = [self.ways.source(int(way)) if flag else None for way, flag in zip(each, self.follows, strict=True)]
        return np.array([-1 if source is None else source for source in stages])

    def fits(self, many: Sequence[Combination]) -> list[Fit]:
        """Return the fit of each combination that changes this stage's table."""
        many = [
            combination
            for combination in many
            if self.answers.hypotheses.version(combination, self.stage.node) is not self.stage.node
        ]
        if not many:
            return []
        batch = self.answers.hypotheses.batch(self.stage, tuple(many))
        tables = batch.tables(self.answers.given, len(self.ways.each), self.ways.replacements)
        expected = self.stage.cells(tables)  # (combinations, ways, n)
        with np.errstate(all="ignore"):
            off = np.abs(expected - self.expected)
            tells = ~(off <= self.stage.tolerances.margins)
            surely = ~(off[:, self.ways.main] <= 2 * self.stage.tolerances.margins)
        hits = self._hits(expected)
        matched = hits.any(1) & self.open
        telling = np.asarray((hits & tells & self.open).any((1, 2)))
        agrees = hits.any(1)
        against: Flags = surely & ~agrees & (self.right | self.follows)
        rest = (self.open & ~agrees).sum(-1)
        return [
            Fit(combination, tables[n], expected[n], hits[n], matched[n], bool(telling[n]), against[n], int(rest[n]))
            for n, combination in enumerate(many)
        ]

    def own_table(self, chosen: Fit | None) -> OwnTable:
        """Return the student's table; the explanation of a number supplies its digits before rounding."""
        stage, main = self.stage, self.ways.main
        place = stage.rows, stage.columns
        exact = (chosen.tables if chosen else self.tables)[main].copy()
        right = self.answers.tables[stage.node]
        written = (exact if chosen else right).copy()  # whoever makes a mistake makes it in what is not asked, too
        values = np.where(self.answered, self.written, exact[place])
        values = np.where(self.follows, numbers_on(self.expected, self.hits, main), values)
        values = np.where(self.right, self.key, values)
        explained = self.right | self.follows
        if chosen:
            hit = chosen.hits.any(0) & self.answered & ~self.follows
            values = np.where(hit, numbers_on(chosen.expected, chosen.hits, main), values)
            explained = explained | chosen.matched
        exact[place] = values
        written[place] = np.where(self.answered, self.written, right[place])
        wrong = bool((self.answered & ~self.right).any())
        rounded = tuple(self._rounded(exact, more, chosen) for more in MORE_PLACES)
        in_error = bool(self.open.any())
        return OwnTable(stage, exact, written, rounded, wrong, in_error, self._unsure(self.answered & ~explained))

    def _rounded(self, exact: Array, more: int, chosen: Fit | None) -> Array:
        """Return the table rounded; right numbers are computed from earlier tables rounded to as many places."""
        table, place = exact.copy(), (self.stage.rows, self.stage.columns)
        if self.ways.main and not chosen:
            table[place] = np.where(self.right, self.tables[FIRST_ROUNDED + more][place], table[place])
        with np.errstate(all="ignore"):  # a student may type 1e308
            return np.round(table, int(self.stage.tolerances.places.max()) + more)

    def _unsure(self, cells: Flags) -> tuple[tuple[int, int, float], ...]:
        """Return row, column and half a unit of the last place for each of these cells: its possible rounding error."""
        unsure = []
        for n in np.flatnonzero(cells):
            if places := int(self.stage.tolerances.places[n]):
                written = len(f"{self.written[n]:.9f}".rstrip("0").partition(".")[2])
                row, column = int(self.stage.rows[n]), int(self.stage.columns[n])
                unsure.append((row, column, 0.5 * 10.0 ** -max(written, places)))
        return tuple(unsure)


def _way_of_each(hits: Flags, main: int) -> Indices:
    """Return for each cell a way on which the answer agrees, preferably the main one. (ways, n) -> (n,)"""
    return np.where(hits[main], main, np.argmax(hits, axis=0))


def numbers_on(expected: Array, hits: Flags, main: int) -> Array:
    """Return for each cell the number on the way on which its answer agrees. (ways, n) -> (n,)"""
    return np.asarray(np.take_along_axis(expected, _way_of_each(hits, main)[None], axis=0)[0])
