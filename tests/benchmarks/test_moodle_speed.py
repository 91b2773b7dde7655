"""How many variants a second become Moodle XML: printed, not asserted, for these machines are noisy."""

from __future__ import annotations

import time

import pytest
from support.small_exercises import a_class, attention, shifted

from byhand.exercises import canvas, moodle
from byhand.exercises.recipe import Ask

pytestmark = pytest.mark.benchmark
COUNT = 500


@pytest.mark.parametrize("mistakes", [0, 15])
def test_moodle(mistakes: int) -> None:
    """One head: 30 asked cells; each mistake tells in every one of them."""
    problem = attention(Ask("scores", points=3, places=0), Ask("weights", points=3), Ask("Z", points=2))
    variants = a_class(problem, COUNT)
    own = [
        [shifted(v, 2.0 * n, n / 20, f"Sentence {n}: " + "a line of help. " * 5) for n in range(1, mistakes + 1)]
        for v in variants
    ]
    for name, write in (("Moodle", moodle.write), ("Canvas", canvas.write)):
        start, processor = time.perf_counter(), time.process_time()
        size = len(write(problem, variants, own))
        wall, processor = time.perf_counter() - start, time.process_time() - processor
        print(
            f"\n{name}, {mistakes} mistakes: {COUNT / processor:,.0f} a second of processor time "
            f"({COUNT / wall:,.0f} by the clock), {size / COUNT / 1000:.1f} kB each"
        )
