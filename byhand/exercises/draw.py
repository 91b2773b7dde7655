"""Draw each student's numbers: easy by hand, and such that every mistake shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from byhand.core.graph import INFINITE, Array, Node, fold, toposort
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.exercises.problem import Flags, Numbers, Problem, random_tables
from byhand.exercises.recipe import BESIDE, BY_COUNTING, Exercise
from byhand.exercises.secret import Source
from byhand.exercises.varied_answers import LIMITS, varied_answers

DRAWS_PER_ROUND, MOST_ROUNDS = 32, 200
"""Draws for one student in a round, and the rounds after which draws are searched in large rounds."""
LARGE_ROUND, MOST_LARGE_ROUNDS = 1024, 60
"""Draws in a large round, and the large rounds after which a recipe counts as impossible."""
MOST_DRAWS = DRAWS_PER_ROUND * MOST_ROUNDS + LARGE_ROUND * MOST_LARGE_ROUNDS
MISTAKE_BATCH = 256
"""Draws on which all mistakes are evaluated at once; a limit, so that memory stays small."""
NUMBERS_AT_ONCE = 4_000_000
"""How many numbers of draws are computed together: of a large model, one draw has thousands."""
SAMPLES, MOST_SAMPLE_ROUNDS = 1024, 64
"""Easy draws on which a recipe is judged, and the rounds of drawing to find them."""
ENOUGH = 0.05
"""The share of easy draws that must meet a limit, so that drawing comes to an end."""
TIE = 1e-6
"""Distance from the middle between two roundings, in units of the last place, that counts as a tie."""
ANY_ATTENTION = (0.0, 1.0)
"""The `attend` of a recipe that does not restrict attention."""
MistakeTables = Sequence[dict[Node, Node]]
"""For each misconception: the tables that it changes -> their wrong versions."""


def draw_numbers(problem: Problem, mistakes: MistakeTables, source: Source, students: Sequence[str]) -> list[Numbers]:
    """Draw each student's numbers, which depend on their id and the source alone, not on the rest of the class.

    ByhandError if no numbers that meet the recipe's conditions turn up.
    """
    generators = {student: source.generator(problem.exercise.name, student) for student in students}
    unique = [*generators]
    numbers_of: dict[str, Numbers] = {}
    for _ in range(MOST_ROUNDS):
        waiting = [s for s in unique if s not in numbers_of]
        if not waiting:
            break
        trials = [random_tables(problem, generators[s], DRAWS_PER_ROUND) for s in waiting]
        together = {node: np.concatenate([trial[node] for trial in trials]) for node in trials[0]}
        good = _suitable(problem, mistakes, together).reshape(-1, DRAWS_PER_ROUND)
        for student, numbers, flags in zip(waiting, trials, good, strict=True):
            if flags.any():
                first = int(np.argmax(flags))
                numbers_of[student] = {node: table[first] for node, table in numbers.items()}
    for student in unique:
        if student not in numbers_of:
            numbers_of[student] = _rare_numbers(problem, mistakes, generators[student])
    return [numbers_of[s] for s in students]


def _rare_numbers(problem: Problem, mistakes: MistakeTables, generator: np.random.Generator) -> Numbers:
    """Return numbers that few draws have. ByhandError if none turn up."""
    for _ in range(0 if problem.same_for_all else MOST_LARGE_ROUNDS):
        trial = random_tables(problem, generator, LARGE_ROUND)
        flags = _suitable(problem, mistakes, trial)
        if flags.any():
            first = int(np.argmax(flags))
            return {node: table[first] for node, table in trial.items()}
    raise ByhandError(
        f"No numbers fit the exercise {problem.exercise.name} in {MOST_DRAWS:,} draws; "
        f"{_hardest_condition(problem, generator)}: ask for less there"
        f"{', set other numbers' if problem.fixed else ''} or let more numbers be drawn."
    )


def _hardest_condition(problem: Problem, generator: np.random.Generator) -> str:
    """Return which condition fewest draws meet, as words of a sentence."""
    given = random_tables(problem, generator, SAMPLES)
    if easy_by_hand(problem, given).any():
        return "none meets mistakes (each shows by itself)"
    met: dict[str, Flags] = {}
    for name, flags in conditions(problem, given):
        met[name] = met[name] & flags if name in met else flags
    hardest = min(met, key=lambda name: float(met[name].mean()))
    return f"only {met[hardest].mean():.0%} meet {hardest}"


def _suitable(problem: Problem, mistakes: MistakeTables, given: Numbers) -> Flags:
    """Return which draws meet all conditions. Mistakes are evaluated only on draws that are easy by hand. (draws,)"""
    good = worth_doing(problem, given)
    easy = np.flatnonzero(good)
    for n in range(0, len(easy), MISTAKE_BATCH):
        batch = easy[n : n + MISTAKE_BATCH]
        good[batch] = diagnosable(problem, mistakes, {node: table[batch] for node, table in given.items()})
    return good


def easy_by_hand(problem: Problem, given: Numbers) -> Flags:
    """Return which draws are easy to work out by hand: small, varied, without ties in rounding. (draws,)"""
    good = np.ones(len(next(iter(given.values()))), dtype=bool)
    at_once = max(1, NUMBERS_AT_ONCE // sum(node.shape[0] * node.shape[1] for node in toposort(problem.outputs)))
    for n in range(0, len(good), at_once):
        part = slice(n, n + at_once)
        for _, flags in conditions(problem, {node: table[part] for node, table in given.items()}):
            good[part] &= flags
    return good


def conditions(problem: Problem, given: Numbers) -> Iterator[tuple[str, Flags]]:
    """Yield each condition of easy draws, by its key in the recipe, and which draws meet it. (draws,) each"""
    exercise = problem.exercise
    shares = exercise.attend != Exercise.attend
    with np.errstate(all="ignore"):
        values = fold(problem.outputs, given)
    least, most = exercise.attend
    for node in problem.computed:
        table = values[node]
        small = (np.abs(table) <= exercise.largest) | (table < -INFINITE)
        yield f"largest = {exercise.largest:g}", np.asarray((np.isfinite(table) & small).all((-1, -2)))
        if exercise.attend != ANY_ATTENTION and (
            node.role is Role.ATTENTION or (shares and problem.local_name(node) == "probabilities")
        ):
            yield f"attend = [{least:g}, {most:g}]", _attention_in_range(table, least, most)
        if problem.local_name(node) in exercise.whole:
            yield "whole (tables of whole numbers)", _whole(table.reshape(*table.shape[:-2], -1))
    for node, table in given.items():
        if not np.all(problem.fixed.get(node, False)):
            listed = problem.local_name(node) in exercise.draw
            yield "draw (given tables that are not all 0 and have no row twice)", _varied(node, table, listed)
    for question in problem.questions:
        if question.ask.kind not in BESIDE:
            answers = question.cells(values[question.node])
            if question.ask.places == 0:
                yield "places = 0 (whole answers)", _whole(answers)
            tie = near_tie(answers, question.ask.places).any(-1)
            yield "places (answers that cannot be rounded either way)", np.asarray(~tie)


def worth_doing(problem: Problem, given: Numbers) -> Flags:
    """Return which draws are easy by hand, with answers that a guess does not hit. (draws,)"""
    return _varied_among(problem, given, easy_by_hand(problem, given), variety_limit(problem))


def _varied_among(problem: Problem, given: Numbers, good: Flags, limit: float) -> Flags:
    """Return which of the good draws have varied answers. (draws,)"""
    easy = np.flatnonzero(good)
    if limit < 1 and len(easy):
        some = {node: table[easy] for node, table in given.items()}
        good[easy] = varied_answers(problem, {**some, **fold(problem.outputs, some)}, limit)
    return good


@lru_cache(maxsize=4)
def variety_limit(problem: Problem) -> float:
    """Return the strictest of LIMITS that enough easy draws meet; 1, which all meet, if there is none."""
    given = easy_draws(problem)
    if given is None:
        return 1.0
    everything = np.ones(len(next(iter(given.values()))), dtype=bool)
    return next((x for x in LIMITS if _varied_among(problem, given, everything.copy(), x).mean() >= ENOUGH), 1.0)


@lru_cache(maxsize=4)
def easy_draws(problem: Problem) -> Numbers | None:
    """Return up to SAMPLES easy draws, always the same ones; None if there seem to be none."""
    generator, found, count = np.random.default_rng(0), [], 0
    for _ in range(MOST_SAMPLE_ROUNDS):
        given = random_tables(problem, generator, SAMPLES * DRAWS_PER_ROUND)
        good = easy_by_hand(problem, given)
        found.append({node: table[np.flatnonzero(good)[:SAMPLES]] for node, table in given.items()})
        count += int(good.sum())
        if count >= SAMPLES:
            break
    together = {node: np.concatenate([f[node] for f in found])[:SAMPLES] for node in problem.drawn}
    return together if count else None


def _whole(answers: Array) -> Flags:
    return np.asarray((np.abs(answers - np.rint(answers)) < 1e-9).all(-1))


def near_tie(answers: Array, places: int) -> Flags:
    """Return which answers lie so near the middle between two roundings that they could be rounded either way."""
    scaled = answers * 10.0**places
    return np.asarray(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < TIE)


def _attention_in_range(weights: Array, least: float, most: float) -> Flags:
    """Return which weights have no flat row and a largest weight from least to most in each. (..., T, S) -> (...)

    Rows that see a single word do not count.
    """
    largest, visible = weights.max(-1), (weights > 0).sum(-1)
    flat = largest - 1 / np.maximum(visible, 1) < 0.05
    fine = (largest >= least) & (largest <= most) & ~flat
    return np.asarray((fine | (visible < 2)).all(-1) & (~flat | (visible < 2)).any(-1))


def _varied(node: Node, table: Array, listed: bool) -> Flags:
    """Return which draws of a given table have no row twice and are not all 0. (draws,)

    listed: the recipe's own `draw` names the table; words may then repeat, as long as they are not all the same.
    """
    varied = np.abs(table).sum((-1, -2)) > 0
    if listed and node.role is Role.TOKENS:
        varied &= (np.ptp(table, axis=-2) > 0).all(-1)
    elif node.role is Role.TOKENS or (node.role is Role.INPUT and node.shape[0] > 1):
        ordered = np.sort(_row_codes(table), axis=-1)
        varied &= (np.diff(ordered, axis=-1) != 0).all(-1)
    return np.asarray(varied)


def _row_codes(table: Array) -> Array:
    """Return one number for each row, different for different rows. (..., r, c) -> (..., r)"""
    return np.asarray(table @ np.sqrt(np.arange(2.0, 2.0 + table.shape[-1])))


def diagnosable(problem: Problem, mistakes: MistakeTables, given: Numbers) -> Flags:
    """Return which draws make every mistake show, and by numbers that a guess does not give. (draws,)

    Its answers are more than two margins from the key and from each other's.
    """
    answers = problem.solve_all(given, [{}, *mistakes])
    together = [np.stack(tables) for tables in zip(*answers, strict=True)]
    good = np.ones(len(next(iter(given.values()))), dtype=bool)
    for n in range(1, len(answers)):
        wrong = [table[n] for table in together]
        good &= distinguishable(problem, [table[:n] for table in together], wrong).all(0)
        good &= telling(problem, [table[0] for table in together], wrong)
    return good


EASY = (-1.0, 0.0, 1.0)
"""Numbers that everybody tries."""
SHARES = sorted({round(1 / n, places) for n in (2, 3, 4) for places in (1, 2, 3, 4)})
"""Equal shares of two, three or four, as they are written down."""
COMMON = 1 / 3
"""A number that stands in more than this share of the tables, and in more than one, is no evidence by itself."""


def has_digits(numbers: Array) -> Flags:
    """Return which whole numbers have two significant digits or more, so that a guess seldom meets them."""
    size = np.floor(np.log10(np.maximum(np.abs(numbers), 1)) + 1e-9)
    digits = np.abs(numbers) / 10.0**size
    return np.asarray(np.abs(digits - np.rint(digits)) > 1e-9)


def telling(problem: Problem, right: list[Array], wrong: list[Array]) -> Flags:
    """Return whether wrong answers tell of their mistake: by themselves, or beside others that are right. (..., draws)

    By themselves, if two of them are numbers that nobody tries, or one has two digits and does not stand in one table
    after the other. Beside right ones, if their table holds more than a single number. Where the right answers are 0
    and ±1 alone, these and equal shares count as well.
    """
    shape = right[0].shape[:-1]
    low, high, right_low, right_high = (np.full(shape, x) for x in (np.inf, -np.inf, np.inf, -np.inf))
    good, varied, idle_before = (np.zeros(shape, dtype=bool) for _ in range(3))
    changed: list[Flags] = []
    often = _stand_often(problem, wrong)
    for n, (question, before, key, answers) in enumerate(
        zip(problem.questions, _only_from(problem), right, wrong, strict=True)
    ):
        changed.append(np.zeros(shape, dtype=bool))
        if question.ask.kind in BY_COUNTING:
            good |= (key != answers).any(-1)
            continue
        unit = 10.0**-question.ask.places
        with np.errstate(all="ignore"):
            numbers = np.round(answers / unit)
            shown = (np.abs(answers - key) > question.ask.margin) & np.isfinite(numbers)
            one_number = (numbers.shape[-1] >= 4) & (numbers.min(-1) == numbers.max(-1))
            shown &= (one_number | ~idle_before)[..., None]  # what follows from one number in every cell is no work
            idle_before |= one_number & shown.any(-1)
            changed[-1] = np.asarray(shown.any(-1))
            differs = shown
            if before:
                shown = shown & ~np.any([changed[m] for m in before], axis=0)[..., None]
            good |= ~np.isfinite(answers).all(-1)
            alone = np.asarray(np.isin(key, EASY).all(-1))
            easy = np.isin(np.abs(np.round(numbers * unit, question.ask.places)), [0, 1, *SHARES]) & ~alone[..., None]
            good |= (shown & ~easy & has_digits(numbers) & ~often[n]).any(-1)
            low = np.minimum(low, np.where(shown & ~easy, numbers, np.inf).min(-1))
            high = np.maximum(high, np.where(shown & ~easy, numbers, -np.inf).max(-1))
            idle = differs | easy
            right_low = np.minimum(right_low, np.where(idle, np.inf, numbers).min(-1))
            right_high = np.maximum(right_high, np.where(idle, -np.inf, numbers).max(-1))
            varied |= shown.any(-1) & ~one_number
    return np.asarray(good | (high > low) | ((right_high > right_low) & varied))


def _stand_often(problem: Problem, answers: Sequence[Array]) -> list[Flags]:
    """Return which numbers, as they are written down, stand in one table after the other. (..., n) each"""
    with np.errstate(all="ignore"):
        written = [np.round(a, q.ask.places) for q, a in zip(problem.questions, answers, strict=True)]
    most = max(1, COMMON * len(written))
    return [
        sum(((one[..., :, None] == other[..., None, :]).any(-1) for other in written), np.zeros(one.shape, int)) > most
        for one in written
    ]


SMALL = 4
"""A given table with fewer numbers may be another student's too."""


@lru_cache(maxsize=4)
def _only_from(problem: Problem) -> list[list[int]]:
    """Return for each question the earlier ones from whose answers alone it follows, without given numbers.

    Its answers tell nothing that those do not tell; they do where only a part of those tables is asked.
    """
    tables = [question.node for question in problem.questions]
    found: list[list[int]] = []
    for n, question in enumerate(problem.questions):
        earlier = [m for m in range(n) if tables[m] is not question.node and tables[m] in toposort([question.node])]
        in_part = any(len(problem.questions[m].indices) < _cells(tables[m]) for m in earlier)
        reads = reads_given(question.node, {tables[m] for m in earlier}, problem.drawn)
        found.append([] if reads or in_part else earlier)
    return found


def _cells(table: Node) -> int:
    return int(table.shape[0]) * int(table.shape[1])


def reads_given(table: Node, earlier: Set[Node], drawn: Mapping[Node, object]) -> bool:
    """Return whether a table is computed from given tables, beside those that come through these earlier ones."""
    todo, passed = [table], set[Node]()
    while todo:
        node = todo.pop()
        if node in drawn and _cells(node) >= SMALL:
            return True
        if node not in passed and node not in earlier:
            passed.add(node)
            todo += node.args
    return False


def distinguishable(problem: Problem, one: list[Array], other: list[Array]) -> Flags:
    """Return whether two sets of answers differ in some cell by more than twice its margin. (..., draws)"""
    differs: Flags = np.zeros(1, dtype=bool)
    for question, a, b in zip(problem.questions, one, other, strict=True):
        with np.errstate(all="ignore"):
            differs = differs | (~(np.abs(a - b) <= 2 * question.ask.margin)).any(-1)
    return differs


@dataclass(frozen=True)
class Student:
    """A student of the class. The numbers depend on the id, or on the version if there is one; the name is printed."""

    id: str
    name: str = ""
    version: str = ""

    @property
    def drawn_for(self) -> str:
        """In whose name the numbers are drawn: all students with a version have the same ones."""
        return f"version {self.version}" if self.version else self.id


@dataclass(frozen=True, eq=False)
class Variant:
    """One student's exercise.

    numbers: the drawn tables. values: every table. answers: for each question, its numbers in a row. planted: for a
    question about a wrong cell, the table as it is shown, with one cell wrong. mark: of the student's files.
    """

    student: Student
    numbers: Numbers
    values: dict[Node, Array]
    answers: list[Array]
    planted: dict[Node, Array]
    mark: str = ""


def variants(
    problem: Problem, mistakes: MistakeTables, source: Source | int, students: Sequence[Student]
) -> list[Variant]:
    """Return each student's exercise. source: a seed, or what a set draws from; it gives the same ones in any class."""
    source = Source(source) if isinstance(source, int) else source
    if problem.parts:
        by_part = [variants(part, _mistakes_of(part, mistakes), source, students) for part in problem.parts]
        return [_joined(student, of_parts) for student, *of_parts in zip(students, *by_part, strict=True)]
    drawn = draw_numbers(problem, mistakes, source, [s.drawn_for for s in students])
    return [_variant(problem, source, s, numbers) for s, numbers in zip(students, drawn, strict=True)]


def _mistakes_of(part: Problem, mistakes: MistakeTables) -> MistakeTables:
    """Return the mistakes that are made in one part of an exam."""
    return [changed for changed in mistakes if not part.nodes.isdisjoint(changed)]


def _joined(student: Student, of_parts: Sequence[Variant]) -> Variant:
    """Return a student's exam from the variants of its parts."""
    whole = Variant(student, {}, {}, [], {})
    for variant in of_parts:
        whole.numbers.update(variant.numbers)
        whole.values.update(variant.values)
        whole.answers.extend(variant.answers)
        whole.planted.update(variant.planted)
    return whole


def _variant(problem: Problem, source: Source, student: Student, numbers: Numbers) -> Variant:
    values = {**numbers, **fold(problem.outputs, numbers)}
    answers, planted = [], {}
    for n, question in enumerate(problem.questions):
        if question.ask.kind == "wrong cell":
            generator = source.generator(problem.exercise.name, student.drawn_for, n)
            place, planted[question.node] = _plant_error(values[question.node], generator)
            answers.append(np.array(place, dtype=float) + 1)
        else:
            answers.append(question.cells(values[question.node]))
    return Variant(student, numbers, values, answers, planted, source.file_mark(student.id, student.name))


def _plant_error(table: Array, generator: np.random.Generator) -> tuple[tuple[int, int], Array]:
    """Choose a cell and return it, and the table with that cell off by a small step, as a slip might be."""
    row, column = (int(generator.integers(size)) for size in table.shape)
    whole = bool((table == np.rint(table)).all())
    step = float(generator.choice([-2, -1, 1, 2])) * (1 if whole else 0.1)
    wrong = table.copy()
    wrong[row, column] += step
    return (row, column), wrong
