"""One class of different habits, through the rules of Moodle, Canvas and QTI: a line for each, with what it earns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from support import canvas_import, moodle_import, qti_import
from support.lms_marks import Marked
from support.lms_proof import field_texts
from support.rounding_students import going_on

from byhand.exercises import canvas, moodle, qti
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import Part, class_parts
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import find, read_exercise

COUNT = 12
Texts = list[str]


@dataclass(frozen=True, eq=False)
class Sitting:
    """A student before the fields of an exercise. wrong: the answers of each named mistake."""

    problem: Problem
    variant: Variant
    asked: list[Part]
    neighbour: list[Part]
    wrong: dict[str, list[np.ndarray]]

    def rounded(self) -> Texts:
        return field_texts(self.asked, going_on(self.problem, self.variant, lambda n: True))

    def mistaken(self, name: str) -> Texts:
        places = [question.ask.places for question in self.problem.questions]
        return field_texts(self.asked, [np.round(row, n) for row, n in zip(self.wrong[name], places, strict=True)])

    def keys(self, of: list[Part]) -> list[tuple[float, int]]:
        return [(field.key, part.question.ask.places) for part in of for field in part.fields]


def formatted(pattern: str) -> Callable[[Sitting], Texts]:
    """Every right number as a pattern writes it, with so many places as are asked."""
    return lambda s: [pattern.format(x, places=places) for x, places in s.keys(s.asked)]


def changed(change: Callable[[str], str]) -> Callable[[Sitting], Texts]:
    return lambda s: [change(text) for text in s.rounded()]


HABITS: dict[str, Callable[[Sitting], Texts]] = {
    "right": Sitting.rounded,
    "all digits": formatted("{0!r}"),
    "one more place": lambda s: [f"{x:.{places + (places > 0)}f}" for x, places in s.keys(s.asked)],
    "comma": changed(lambda t: t.replace(".", ",")),
    "blanks around": changed(lambda t: f" {t} "),
    "to one place": lambda s: [f"{x:.{min(places, 1)}f}" for x, places in s.keys(s.asked)],
    "times a hundred": lambda s: [f"{100 * x:.0f}" if places else f"{x:.0f}" for x, places in s.keys(s.asked)],
    "first table alone": lambda s: [t if n < 9 else "" for n, t in enumerate(s.rounded())],
    "blank": changed(lambda t: ""),
    "words": changed(lambda t: "no idea"),
    "zeros": changed(lambda t: "0"),
    "ones": changed(lambda t: "1"),
    "a quarter": changed(lambda t: "0.25"),
    "neighbour's": lambda s: [f"{x:.{places}f}" for x, places in s.keys(s.neighbour)],
    "not scaled": lambda s: s.mistaken("scores-not-scaled"),
    "keys for values": lambda s: s.mistaken("keys-for-values"),
}
EARNS = {
    # habit: Moodle, Canvas, a group in Canvas, QTI; the least and the most of the class's mean share
    "right": ((1, 1), (1, 1), (1, 1), (1, 1)),
    "all digits": ((1, 1), (1, 1), (0, 0.5), (1, 1)),
    "one more place": ((1, 1), (1, 1), (0.99, 1), (1, 1)),
    "comma": ((1, 1), (0.35, 0.6), (1, 1), (0.35, 0.6)),
    "blanks around": ((1, 1), (1, 1), (1, 1), (1, 1)),
    "to one place": ((0.4, 0.7), (0.4, 0.7), (0.3, 0.7), (0.4, 0.7)),
    "times a hundred": ((0.35, 0.6), (0.35, 0.6), (0.3, 0.6), (0.35, 0.6)),
    "first table alone": ((0.375, 0.375), (0.37, 0.38), (0.3, 0.3), (0.375, 0.375)),
    "blank": ((0, 0), (0, 0), (0, 0), (0, 0)),
    "words": ((0, 0), (0, 0), (0, 0), (0, 0)),
    "zeros": ((0, 0.1), (0, 0.15), (0, 0.15), (0, 0.15)),
    "ones": ((0, 0.1), (0, 0.15), (0, 0.15), (0, 0.15)),
    "a quarter": ((0, 0.1), (0, 0.1), (0, 0.1), (0, 0.1)),
    "neighbour's": ((0, 0.2), (0, 0.2), (0, 0.2), (0, 0.2)),
    "not scaled": ((0.5, 0.75), (0.37, 0.5), (0.3, 0.45), (0.5, 0.75)),
    "keys for values": ((0.75, 0.95), (0.75, 0.95), (0.55, 0.9), (0.75, 0.95)),
}


@cache
def the_class() -> tuple[list[Sitting], list[Sequence[Callable[[Sequence[str]], Marked]]]]:
    """Every student with the markers of Moodle, Canvas, a group in Canvas, and QTI."""
    asked = problem(read_exercise(find("attention-head")))
    shown = mistakes(asked)
    drawn = variants(asked, [changes for _, changes in shown], 3, [Student(f"s{n}") for n in range(COUNT)])
    wrong = wrong_answers(asked, shown, drawn)
    fields = list(class_parts(asked, drawn, wrong))
    sittings = [
        Sitting(asked, drawn[n], fields[n], fields[n - 1], {name: answers for name, _, _, answers, _ in wrong[n]})
        for n in range(COUNT)
    ]
    [group] = canvas_import.read(canvas.write(asked, drawn, wrong, shared=True))
    systems = zip(
        moodle_import.read(moodle.write(asked, drawn, wrong)),
        canvas_import.read(canvas.write(asked, drawn, wrong)),
        group.group,
        qti_import.read(qti.write(asked, drawn, wrong)),
        strict=True,
    )
    return sittings, [[system.mark for system in each] for each in systems]


@pytest.mark.slow
@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_earns_what_it_should_in_every_system(habit: str) -> None:
    sittings, markers = the_class()
    shares = [
        [mark(HABITS[habit](sitting)).mark for mark in marks] for sitting, marks in zip(sittings, markers, strict=True)
    ]
    means = np.mean(shares, axis=0)
    for mean, (least, most), system in zip(means, EARNS[habit], ("Moodle", "Canvas", "group", "QTI"), strict=True):
        assert least - 1e-6 <= mean <= most + 1e-6, (system, means)


def test_the_table_has_a_line_for_every_habit() -> None:
    assert list(EARNS) == list(HABITS)
