"""Of each recipe, over many students: planted mistakes that are named, right students who are accused, two mistakes.

    python tests/support/diagnosis_table.py -o FILE [--seeds 200] [RECIPE ...]

writes a line for each recipe when it is done. Two mistakes are tried in a sample of the pairs that can be told apart.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from byhand.exercises.recipe import ready_made
from support.simulated_students import PLANTED, Class, both_named, class_of, named, verdicts

HEAD = f"{'recipe':<24}{'named':>15}{'of':>9}{'accused':>9}{'not right':>11}{'both':>7}{'of':>7}\n"


def planted(of: Class, seeds: int) -> tuple[int, int]:
    """How many planted mistakes are named, and nothing else; and of how many."""
    hits = tried = 0
    for misconception, changed in of.told:
        for n, rows in enumerate(of.planted(changed)[:seeds]):
            if all(np.isfinite(row).all() for row in rows):
                hits += named(of.mark(n, of.asked(rows))) == {misconception.name}
                tried += 1
    return hits, tried


def right(of: Class, seeds: int) -> tuple[int, int]:
    """Of those who answer exactly, and those who round as asked: who is accused, and who is not all right."""
    accused = wrong = 0
    for n in range(seeds):
        for rows in (of.right(n), of.asked(of.right(n))):
            marks = of.mark(n, rows)
            accused += bool(named(marks))
            wrong += set(verdicts(marks)) != {"RIGHT"}
    return accused, wrong


def line(name: str, seeds: int, pairs: int) -> str:
    of = class_of(name, seeds)
    hits, tried = planted(of, seeds) if name in PLANTED else (0, 0)
    exact = name == "softmax-exactly"  # numbers are no exact answers
    accused, wrong = (0, 0) if exact else right(of, seeds)
    both = both_named(name, seeds, pairs) if name in PLANTED else Counter[bool]()
    return f"{name:<24}{hits:>15}{tried:>9}{accused:>9}{wrong:>11}{both[True]:>7}{both.total():>7}\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("recipes", nargs="*")
    arguments.add_argument("-o", "--output", type=Path, required=True)
    arguments.add_argument("--seeds", type=int, default=200)
    arguments.add_argument("--pairs", type=int, default=12)
    options = arguments.parse_args()
    with options.output.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for name in options.recipes or ready_made():
            file.write(line(name, options.seeds, options.pairs))
            file.flush()


if __name__ == "__main__":
    main()
