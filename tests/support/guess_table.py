"""Prints what guesses earn: a line for each recipe with its best guesses; --all prints every guess.

Run it as `python tests/support/guess_table.py [--seeds 50] [--all] [RECIPE ...]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from byhand.exercises.recipe import ready_made
from byhand.grading.guesses import RANDOM, Earned, earned_by_guesses
from byhand.grading.verdicts import Verdict
from support.simulated_students import class_of


def line(name: str, cells: int, earned: Sequence[Earned]) -> str:
    """The recipe, the asked cells, the best guess on average, the random one, and the best for any one student."""
    best, luckiest = earned[0], max(earned, key=lambda e: e.largest)
    random = max((e for e in earned if e.guess in RANDOM), key=lambda e: e.mean)
    return (
        f"{name:24} {cells:4} best {best.mean:4.0%} ({best.guess}; {reasons(best)}), random {random.mean:4.0%} "
        f"({random.guess}), largest {luckiest.largest:4.0%} ({luckiest.guess})"
    )


def reasons(earned: Earned) -> str:
    """What the points are for: right 40 %, known mistake 12 %."""
    return ", ".join(f"{verdict} {share:.0%}" for verdict, share in sorted(earned.by_verdict.items()) if share >= 0.005)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("recipes", nargs="*")
    options.add_argument("--seeds", type=int, default=50)
    options.add_argument("--all", action="store_true")
    chosen = options.parse_args()
    for name in chosen.recipes or ready_made():
        of = class_of(name, max(200, chosen.seeds))
        earned = earned_by_guesses(of.marker, of.made, chosen.seeds)
        print(line(name, sum(of.marker.counts), earned), flush=True)
        for one in earned if chosen.all else []:
            right = one.by_verdict.get(Verdict.RIGHT, 0.0)
            print(
                f"    {one.mean:4.0%} mean {one.largest:4.0%} largest {right:4.0%} right  {one.guess}: {reasons(one)}"
            )


if __name__ == "__main__":
    main()
