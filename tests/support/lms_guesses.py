"""Prints what guesses earn in learning systems: a line for each recipe with its zeros and its best guess.

Run it as `python tests/support/lms_guesses.py [--seeds 10] [RECIPE ...]`. The systems' own rules are imitated, as in
lms_proof. The last line is the mean over the recipes.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np

from byhand.errors import ByhandError
from byhand.exercises import canvas, moodle, qti
from byhand.exercises.formats import wrong_answers
from byhand.exercises.lms_fields import Mistakes, class_parts
from byhand.exercises.recipe import ready_made
from byhand.grading.guesses import RANDOM, Guesses
from support import canvas_import, moodle_import, qti_import
from support.lms_proof import Mark, field_texts
from support.simulated_students import Class, class_of

ZEROS = "0 in every cell"
CLASS = 100
"""The students whose answers say what is frequent."""


def shares(of: Class, students: int) -> dict[str, dict[str, list[float]]]:
    """What each guess earns from the first students: by system, then by guess."""
    made = of.made[:students]
    wrong = wrong_answers(of.problem, of.told, made)
    guesses = Guesses(of.problem, of.made)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    asked = [*class_parts(of.problem, made, wrong)]
    for system, marks in _systems(of, students, wrong).items():
        for n, mark in enumerate(marks):
            for name, sheet in guesses.sheets(n).items():
                found[system][name].append(mark(field_texts(asked[n], sheet)).mark)
    return found


def _systems(of: Class, students: int, wrong: Mistakes) -> dict[str, list[Mark]]:
    made = of.made[:students]
    systems: dict[str, list[Mark]] = {
        "Moodle": [q.mark for q in moodle_import.read(moodle.write(of.problem, made, wrong))],
        "QTI": [item.mark for item in qti_import.read(qti.write(of.problem, made, wrong))],
    }
    try:
        canvas.check(of.problem)
    except ByhandError:
        return systems
    systems["Canvas"] = [quiz.mark for quiz in canvas_import.read(canvas.write(of.problem, made, wrong))]
    return systems


def mean(earned: Sequence[float]) -> float:
    return float(np.mean(earned))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("recipes", nargs="*")
    options.add_argument("--seeds", type=int, default=10)
    chosen = options.parse_args()
    total: dict[tuple[str, str], list[float]] = defaultdict(list)
    for name in chosen.recipes or ready_made():
        texts = []
        for system, earned in shares(class_of(name, max(CLASS, chosen.seeds)), chosen.seeds).items():
            best = max(earned, key=lambda guess: mean(earned[guess]))
            random = max(RANDOM, key=lambda guess: mean(earned[guess]))
            for what, guess in (("zeros", ZEROS), ("random", random), ("best", best)):
                total[system, what].append(mean(earned[guess]))
            texts.append(
                f"{system}: zeros {mean(earned[ZEROS]):4.0%} (largest {max(earned[ZEROS]):4.0%}), "
                f"random {mean(earned[random]):4.0%}, best {mean(earned[best]):4.0%} ({best})"
            )
        print(f"{name:24} {'; '.join(texts)}", flush=True)
    print("All: " + ", ".join(f"{system} {what} {mean(each):.1%}" for (system, what), each in total.items()))


if __name__ == "__main__":
    main()
