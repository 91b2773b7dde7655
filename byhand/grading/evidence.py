"""Evidence of work: which explanations of wrong answers stand, and which a guess would meet as well.

A guess meets a lot by chance: zeros lead to zeros, a small whole number is what some mistake gives, a table of one
number is right in places. So a wrong answer earns something only where the student's numbers show work:

- What follows from an earlier table of the student's own counts if that table is work: its numbers differ, and most of
  them have earned something. Where only a third have, it counts if it needs given numbers and several different ones
  agree.
- A mistake, rounding or a slip counts if several different numbers agree, or one that is seldom met by chance; a
  smaller sign of it, if most of the other answers are right or explained.
- A number that a mistake gives to half of all students in this cell, or that a copy has, tells of nothing.
- Answers to too few places count where most of their table is right, explained or to too few places.
- One number in every cell of a table of ALIKE answers or more is no work, unless the right numbers are all the same,
  even if a mistake leads to it. Nor is the copy of a given table, or of all its rows over and over.
- Two mistakes at once explain a lot by chance: they count if three different numbers agree, or two of several digits.
- 0, ±1 and equal shares such as 1/2 and 1/3 tell of nothing.

Most are more than half, or half of two or three. The commonest number of a table counts neither for nor against: a
mask's zeros are no work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from byhand.core.graph import Array, Node
from byhand.exercises.draw import COMMON, EASY, SHARES, reads_given
from byhand.exercises.problem import Flags
from byhand.grading.stages import ROOM, Indices, Stage

ALIKE = 4
"""A table of so many answers or more that are all the same is no work."""
SWAPPED = -1
"""The index of the mistake of two numbers in each other's cells."""
FEWEST_EXPLAINED = 3
"""So many answers that mistakes explain without exception are no chance."""
UNGUESSED = 3
"""So many different numbers of two digits that a mistake leads to are met by no guess."""


@dataclass(frozen=True, eq=False)
class StageAnswers:
    """The answers to one stage and what may explain them. All but `stage`: one entry for each cell. (n,)

    typed: NaN where there is no number. sources: the earlier stage that an answer follows from. mistakes: the
    misconceptions behind an answer, and negative numbers for mistakes in writing it down. from_given: whether
    they lead to it from the given numbers. source: the table of the student's own from which they otherwise do.
    known: numbers by a mistake that need no work, as half of all students get them or they are copied. rounded: on the
    way. coarse: right, to fewer places than asked. coarse_follows: the same, from the student's own `source`. alike:
    whether all wrong answers of the table have the same slip. copied: whether they are the numbers of a given table.
    """

    stage: Stage
    typed: Array
    key: Array
    right: Flags
    follows: Flags
    sources: Indices
    mistakes: tuple[tuple[int, ...], ...]
    from_given: Flags
    source: int | None
    known: Flags
    rounded: Flags
    coarse: Flags
    coarse_follows: Flags
    slips: Flags
    alike: bool
    copied: bool

    @property
    def answered(self) -> Flags:
        return np.asarray(~np.isnan(self.typed))

    @cached_property
    def as_asked(self) -> Array:
        """The answers to the places that are asked: −0.34 for a whole number is no more than 0."""
        units = self.stage.tolerances.units
        with np.errstate(all="ignore"):
            return np.asarray(np.rint(self.typed / units) * units + 0.0)

    @cached_property
    def one_number(self) -> bool:
        """Whether a table holds one number in every cell, and the right one does not."""
        return one_number_in_every_cell(self.typed, self.key)

    @property
    def idle(self) -> bool:
        """Whether the table is no work."""
        return self.one_number or self.copied

    @property
    def tells_of_mistakes(self) -> bool:
        """Whether so many different numbers of some digits are made by mistakes that no guess meets them."""
        made = [x for x, combination in zip(self.as_asked.tolist(), self.mistakes, strict=True) if combination]
        return len({x for x in made if _has_digits(x)}) >= UNGUESSED

    def made_by(self, misconception: int) -> Flags:
        """Return the answers behind which this misconception is, alone or with another."""
        return np.array([misconception in combination for combination in self.mistakes], dtype=bool)


@dataclass(frozen=True, eq=False)
class Counted:
    """Which explanations of a stage's wrong answers count. (n,) each"""

    follows: Flags
    mistakes: Flags
    rounded: Flags
    slips: Flags

    @property
    def any(self) -> Flags:
        return self.follows | self.mistakes | self.rounded | self.slips


def counted(answers: Sequence[StageAnswers], reads_given: Sequence[bool]) -> list[Counted]:
    """Return for each stage which explanations count as work. reads_given: of each stage, see stages_that_read."""
    return _Weighing(answers, reads_given).result()


def named(answers: Sequence[StageAnswers], reads_given: Sequence[bool]) -> list[Flags]:
    """Return for each stage which answers tell of a mistake, also of one that earns nothing. (n,) each

    It earns nothing where it gives the same numbers to most students, or one number to many cells.
    """
    return [count.mistakes for count in _Weighing(answers, reads_given, for_points=False).result()]


def all_explained(answers: Sequence[StageAnswers]) -> bool:
    """Whether mistakes, and what follows from them, explain every wrong answer of a sheet, and there are several.

    A guess meets one or the other, but not all: two of them at least are numbers that not everybody tries, or one has
    three digits, in tables that are no copies and not of one number.
    """
    explained = [one.right | one.follows | np.array([bool(of) for of in one.mistakes], dtype=bool) for one in answers]
    if not all((flags | ~one.answered).all() for one, flags in zip(answers, explained, strict=True)):
        return False
    wrong = [one.as_asked[_telling_and_hard(one, for_points=False)[1] & ~one.right] for one in answers if not one.idle]
    numbers = {x for typed in wrong for x in typed.tolist()}
    several = sum(int(one.answered.sum()) for one in answers) >= FEWEST_EXPLAINED
    return several and (len(numbers) >= 2 or any(_digits(x) >= 3 for x in numbers))


def stages_that_read(stages: Sequence[Stage], drawn: Mapping[Node, object]) -> list[bool]:
    """Return whether each table is computed from given tables as well, beside those that earlier answers are about."""
    return [reads_given(stage.by_hand, {stages[n].node for n in stage.before}, drawn) for stage in stages]


def one_number_in_every_cell(typed: Array, key: Array) -> bool:
    """Whether a table of several answers holds a single number, although the right numbers differ."""
    numbers = typed[~np.isnan(typed)]
    return len(numbers) >= ALIKE and len(np.unique(numbers)) == 1 and len(np.unique(key)) > 1


def is_copy(typed: Array, key: Array, given: Array, margins: Array) -> bool:
    """Whether several answers are the numbers of a given table, and not all right.

    given: of each table, its number for each answer. (tables, n)
    """
    return _fits_one(typed, given, margins) and not _fits_one(typed, key[None], margins)


def is_rearranged(typed: Array, key: Array, given: Array, margins: Array) -> bool:
    """Whether several answers are the numbers of a given table in another order, and hardly any is right there.

    given: as in is_copy.
    """
    with np.errstate(all="ignore"):
        right = np.abs(typed - key) <= margins
    return _fits_one(typed, given, margins) and 2 * int(right.sum()) <= int((~np.isnan(typed)).sum())


def _fits_one(typed: Array, tables: Array, margins: Array) -> bool:
    """Whether there are several answers, all of them those of one of these tables. tables: (tables, n)"""
    answered = ~np.isnan(typed)
    with np.errstate(all="ignore"):
        same = (np.abs(typed - tables) <= margins)[:, answered].all(axis=1).any()
    return int(answered.sum()) >= ALIKE and bool(same)


class _Weighing:
    """The weighing of one student's answers: first what stands by itself, then what the rest supports."""

    def __init__(self, answers: Sequence[StageAnswers], reads_given: Sequence[bool], for_points: bool = True) -> None:
        """for_points: whether what everybody may know of a mistake's numbers counts for nothing."""
        self.answers, self.reads_given, self.for_points = answers, reads_given, for_points
        self.numbers = [{*one.typed[one.answered].tolist()} for one in answers]
        self.tables_with = Counter(x for numbers in self.numbers for x in numbers)
        self.telling, self.hard = zip(*(_telling_and_hard(one, for_points) for one in answers), strict=True)
        self.sources = [sorted({*one.sources[one.follows].tolist()}) for one in answers]
        self.mistakes = sorted({i for one in answers for combination in one.mistakes for i in combination})
        self.counts = [Counted(*(np.zeros(len(one.key), dtype=bool) for _ in range(4))) for one in answers]

    def result(self) -> list[Counted]:
        for one, count in zip(self.answers, self.counts, strict=True):
            n = one.stage.number
            count.rounded[:] = one.rounded & self._begins_with_work(n) & self._several(self._numbers(n, one.rounded))
            count.rounded[:] |= self._to_too_few_places(n)
        for _ in range(2 if self.mistakes else 1):  # what a mistake makes of the student's own numbers counts later
            self._mistakes_that_stand_by_themselves()
            self._carry_forward()
        self._same_slips()
        if self._supported():
            self._carry_forward()
        return [self._without_idle(n) for n in range(len(self.answers))]

    def _same_slips(self) -> None:
        """Count the slips of tables in which all are the same, and of single numbers."""
        for n, one in enumerate(self.answers):
            alone = one.alike or len(one.key) == 1
            self.counts[n].slips[:] = self._slips(n) & (alone and self._several(self._numbers(n, one.slips)))

    def _to_too_few_places(self, n: int) -> Flags:
        """Return the answers to too few places, if with them most of their table is explained, or of the other tables.

        The first needs two different numbers that not everybody tries.
        """
        one = self.answers[n]
        found = one.coarse | (one.coarse_follows & self._begins_with_work(n))
        explained = self._earned(n) | found
        if not found.any() or not _most(explained & self.telling[n], self.telling[n]):
            return np.zeros_like(found)
        several = len({*self._numbers(n, explained).tolist()}) >= 2
        return found & (several or self._rest_is_explained({n: found}))

    def _slips(self, n: int) -> Flags:
        """Return the slips in a table that is worked out from numbers that are given or work."""
        return self.answers[n].slips & self._begins_with_work(n)

    def _begins_with_work(self, n: int) -> bool:
        """Whether a table is worked out from numbers that are given, or from a table of the student's that is work."""
        source = self.answers[n].source
        return source is None or self._is_work(source)

    def _without_idle(self, n: int) -> Counted:
        """Return what counts of a table: nothing of one that is no work."""
        nothing: Flags = np.zeros(len(self.answers[n].key), dtype=bool)
        return Counted(nothing, nothing, nothing, nothing) if self.answers[n].idle else self.counts[n]

    def _mistakes_that_stand_by_themselves(self) -> None:
        for index in self.mistakes:
            if index == SWAPPED:
                continue  # of many numbers, two are easily those of each other's cells
            cells = [self._made_by(index, n) for n in range(len(self.answers))]
            alone = [of & ~self._made_by_two(n) for n, of in enumerate(cells)]
            if self._many(self._with_followers(cells)) or self._several_of(alone):
                for count, of in zip(self.counts, cells, strict=True):
                    count.mistakes[:] |= of

    def _several_of(self, cells: Sequence[Flags]) -> bool:
        """Whether several different numbers agree in these cells: of many cells, at least two."""
        numbers = self._with_followers(cells)
        many = self.for_points and sum(int(of.sum()) for of in cells) >= ALIKE
        return self._several(numbers) and len({*numbers.tolist()}) >= (2 if many else 1)

    def _with_followers(self, cells: Sequence[Flags]) -> Array:
        """Return the numbers in these cells of each table, and those that follow from them by given numbers."""
        return np.concatenate(
            [self._numbers(n, of | self._following_from(n, cells, with_given=True)) for n, of in enumerate(cells)]
        )

    def _made_by_two(self, n: int) -> Flags:
        return np.array([len(combination) > 1 for combination in self.answers[n].mistakes], dtype=bool)

    def _made_by(self, misconception: int, n: int) -> Flags:
        """Return the answers of a table behind which a misconception is, from numbers that are given or work."""
        one = self.answers[n]
        made = one.made_by(misconception)
        if one.source is None or self._is_work(one.source):
            return made
        return made & one.from_given

    def _following_from(self, n: int, cells: Sequence[Flags], with_given: bool) -> Flags:
        """Return which answers of a table follow from a table with some of these cells.

        with_given: only where they need given numbers as well, or cells of that table that nobody asks for; and, for
        points, where one of these cells has a number that not everybody tries, or was worked out from right tables.
        """
        one = self.answers[n]
        found: Flags = np.zeros(len(one.key), dtype=bool)
        for source in self.sources[n]:
            telling = (
                self._hard_or_begun_right(source) if with_given and self.for_points else self.answers[source].answered
            )
            if (cells[source] & telling).any() and (
                not with_given or self.reads_given[n] or self._is_asked_in_part(source)
            ):
                found |= one.follows & (one.sources == source)
        return found

    def _hard_or_begun_right(self, n: int) -> Flags:
        """Return the answers of a table that not everybody tries; all of them, if the tables before it are right."""
        one = self.answers[n]
        before = [self.answers[m] for m in one.stage.before]
        begun_right = bool(before) and all(earlier.right.all() for earlier in before)
        return one.answered if begun_right else self.hard[n]

    def _is_asked_in_part(self, n: int) -> bool:
        shape = self.answers[n].stage.node.shape
        return len(self.answers[n].key) < int(shape[0]) * int(shape[1])

    def _numbers(self, n: int, cells: Flags) -> Array:
        """Return the numbers in these cells of a table, without 0, ±1 and equal shares if others are right."""
        return np.asarray(self.answers[n].as_asked[cells & self.hard[n]])

    def _several(self, numbers: Array) -> bool:
        """Whether several different numbers agree, or one that is seldom met by chance."""
        different = set(numbers.tolist())
        enough = len(different - {0.0}) >= 2 or (len(different) >= 2 and len(numbers) >= ALIKE)
        return enough or any(map(self._distinctive, different))

    def _many(self, numbers: Array) -> bool:
        """Whether three different numbers agree, or two that are seldom met by chance."""
        different = set(numbers.tolist()) - {0.0}
        return len(different) >= 3 or sum(map(self._distinctive, different)) >= 2

    def _distinctive(self, number: float) -> bool:
        """Whether a number has two significant digits or more, and does not stand in one table after the other."""
        return _has_digits(number) and not self._stands_often(number)

    def _stands_often(self, number: float) -> bool:
        return self.tables_with[number] > max(1, COMMON * len(self.answers))

    def _earned(self, n: int) -> Flags:
        return np.asarray(self.answers[n].right | self.counts[n].any)

    def _earned_without_slips(self, n: int) -> Flags:
        """Return what earns without the slips: of several numbers, some are always near to what some slip gives."""
        one, earned = self.answers[n], self._earned(n)
        return earned & ~self.counts[n].slips if len(one.key) > 1 and not one.alike else earned

    def _says_something(self, n: int) -> bool:
        """Whether the numbers of a table differ; a single number does."""
        return len(self.numbers[n]) > 1 or int(self.answers[n].answered.sum()) == 1

    def _is_work(self, n: int) -> bool:
        """Whether a table of the student's is work, so that others may follow from it."""
        one = self.answers[n]
        if not (one.answered & ~one.right).any():
            return True
        cells, earned = self.telling[n], self._earned_without_slips(n)
        telling = bool((earned & self.hard[n]).any()) or bool(self.counts[n].mistakes.any())
        return telling and _most(earned & cells, cells) and self._says_something(n) and not one.copied

    def _carry_forward(self) -> None:
        trusted: set[int] = set()
        for n in reversed(range(len(self.answers))):
            begun = bool(self.sources[n]) and all(map(self._is_begun, self.sources[n]))
            if begun and (n in trusted or self._shows_that_its_sources_are_work(n)):
                trusted.update((n, *self.sources[n]))
        for n, one in enumerate(self.answers):
            for source in self.sources[n]:
                work = source in trusted or n in trusted or self._is_work(source)
                if work and (self._says_something(n) or len(one.key) == 1):
                    self.counts[n].follows[:] |= one.follows & (one.sources == source)

    def _is_begun(self, n: int) -> bool:
        """Whether a third of a table has earned something, or it follows from tables of which that is true."""
        one = self.answers[n]
        earned = self._earned_without_slips(n) & self._hard_or_begun_right(n) & self.telling[n]
        if 3 * int(earned.sum()) >= max(3, int(self.telling[n].sum())):
            return not one.idle
        follows = one.follows & one.answered
        return bool(self.sources[n]) and _most(follows, one.answered) and all(map(self._is_begun, self.sources[n]))

    def _shows_that_its_sources_are_work(self, n: int) -> bool:
        """Whether most of a table follows, with different numbers, and not without numbers that are given."""
        one = self.answers[n]
        if one.stage.of_rows or not self.reads_given[n] or not all(map(self._varied, [n, *self.sources[n]])):
            return False
        numbers = self._numbers(n, one.follows)
        several = self._several(numbers) and len({*numbers.tolist()}) >= min(2, len(one.key))
        return several and _most((one.follows | one.right) & one.answered, one.answered)

    def _varied(self, n: int) -> bool:
        """Whether a table has about as many different numbers as the right one has: three, if that has three."""
        one = self.answers[n]
        return len(self.numbers[n]) >= min(3, len({*one.key.tolist()}), int(one.answered.sum()))

    def _supported(self) -> bool:
        """Count smaller signs of a mistake, of rounding and of a slip, if the other answers are mostly explained.

        Return whether there are any.
        """
        found_any = False
        for n, one in enumerate(self.answers):
            count = self.counts[n]
            for index in self.mistakes:
                of = self._made_by(index, n) & ~count.mistakes
                if of.any() and self._mistake_is_supported(index, n, of):
                    count.mistakes[:] |= of
                    found_any = True
            coarse = self._to_too_few_places(n) & ~count.rounded
            count.rounded[:] |= coarse
            found_any = found_any or bool(coarse.any())
            for found, so_far in ((one.rounded, count.rounded), (self._slips(n), count.slips)):
                of = found & ~so_far
                if not of.any():
                    continue
                alone = len(one.key) == 1 and self._rest_is_explained({n: of})
                if alone or self._rest_of_table_is_explained(n, of):
                    so_far[:] |= of
                    found_any = True
        return found_any

    def _mistake_is_supported(self, index: int, n: int, cells: Flags) -> bool:
        if index == SWAPPED:
            return self._swap_is_seen(n, cells)
        made = [self._made_by(index, m) for m in range(len(self.answers))]
        return self._rest_is_explained(
            {m: of | self._following_from(m, made, with_given=False) for m, of in enumerate(made)}
        )

    def _swap_is_seen(self, n: int, cells: Flags) -> bool:
        """Whether two numbers in each other's cells stand in a table that is otherwise right, or are all of it."""
        if len(self.answers[n].key) == 2:
            return all(map(self._distinctive, self.answers[n].typed[cells].tolist()))
        return self._rest_of_table_is_explained(n, cells)

    def _rest_of_table_is_explained(self, n: int, cells: Flags) -> bool:
        """Whether twice as many other answers of a table are right or explained, and most of them are."""
        rest = self.telling[n] & ~cells
        earned = self._earned(n) & rest
        enough = int(earned.sum()) >= 2 * int((cells & self.telling[n]).sum())
        return enough and _most(earned, rest) and self._says_something(n)

    def _rest_is_explained(self, cells: Mapping[int, Flags]) -> bool:
        """Whether most of all other answers, of several different numbers, have earned something.

        They are at least half as many as these.
        """
        rest = [telling & ~cells[n] if n in cells else telling for n, telling in enumerate(self.telling)]
        earned = [self._earned(m) & flags for m, flags in enumerate(rest)]
        if not any((flags & hard).any() for flags, hard in zip(earned, self.hard, strict=True)):
            return False
        every = np.concatenate(rest)
        numbers = {x for one, flags in zip(self.answers, earned, strict=True) for x in one.typed[flags].tolist()}
        enough = 2 * sum(int(flags.sum()) for flags in earned) >= sum(int(of.sum()) for of in cells.values())
        return enough and _most(np.concatenate(earned), every) and len(numbers) >= min(2, int(every.sum()))


def _has_digits(number: float) -> bool:
    """Whether a number has two significant digits or more."""
    return _digits(number) >= 2


def _digits(number: float) -> int:
    return len(f"{abs(number):.9f}".replace(".", "").strip("0"))


def _most(some: Flags, every: Flags) -> bool:
    """Whether these are more than half of all, or half of two or three; False if there are none."""
    count, total = int(some.sum()), int(every.sum())
    return 2 * count > total if total >= ALIKE else 2 * count >= max(1, total)


def _telling_and_hard(one: StageAnswers, for_points: bool) -> tuple[Flags, Flags]:
    """Return the answers that tell something, and those that not everybody tries.

    The first are those whose right number is not the commonest of the table; the second are not 0, ±1 or an equal
    share, unless all right numbers are 0 or ±1; nor, for points, what is known of a mistake without work.
    """
    units = one.stage.tolerances.units
    right = (np.rint(one.key / units) * units + 0.0).tolist()
    ((commonest, count),) = Counter(right).most_common(1)
    hard = one.answered
    if not np.isin(one.key, EASY).all():
        hard = one.answered & ~np.isclose(np.abs(one.as_asked)[:, None], [0, 1, *SHARES], rtol=0, atol=ROOM).any(1)
    if for_points:
        hard = hard & ~one.known
    if count == len(right) or count <= max(2, COMMON * len(right)):
        return one.answered, hard
    return one.answered & np.array([number != commonest for number in right], dtype=bool), hard
