"""How fast a page answers, by the browser's own clock: first paint, and from a change to redrawn numbers."""

from __future__ import annotations

from typing import Any

import pytest
from support.browser import Visit, browser, page_of, require

from byhand.lessons.recipe import Recipe

pytestmark = pytest.mark.benchmark
DEFAULTS = ("softmax", "attention", "gpt2", "transformer", "bert", "llama", "mamba")
LARGE = ("gpt2", "transformer", "bert", "llama")
CHANGE = """async (name) => {
  const times = [];
  for (let n = 0; n < 15; n++) {
    await new Promise(requestAnimationFrame);
    const begin = performance.now();
    byhand.set(name, 1, 1, (n % 5) - 2 + 0.25);
    document.body.offsetHeight;
    times.push(performance.now() - begin);
  }
  return Math.min(...times);
}"""


DRAW_ALL = """async () => {
  for (const part of document.querySelectorAll(".part")) {
    part.scrollIntoView();
    for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame);
  }
}"""
FIRST = "byhand.names().find((n) => !byhand.inputs(n, 1, 1).length && byhand.value(n).flat().length > 3)"


def measured(recipe: Recipe) -> tuple[float, float]:
    """Milliseconds to the first paint, and from a change to numbers that are laid out anew, the best of 15."""
    with browser() as running:
        visit = Visit(running, viewport={"width": 1440, "height": 900})
        tab: Any = visit.open(page_of(recipe))
        visit.until("performance.getEntriesByName('first-contentful-paint').length > 0")
        paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        tab.evaluate(DRAW_ALL)
        first = tab.evaluate(FIRST)
        return paint, tab.evaluate(CHANGE, first)


@pytest.mark.parametrize("model", DEFAULTS)
def test_default_models(model: str) -> None:
    require()
    paint, change = measured(Recipe(model))
    print(f"{model}: first paint {paint:.0f} ms, change {change:.1f} ms")
    assert paint < 1000
    assert change < 50


@pytest.mark.parametrize("model", LARGE)
def test_large_sizes(model: str) -> None:
    require()
    paint, change = measured(Recipe(model, size={"name": "large"}))
    print(f"{model} large: first paint {paint:.0f} ms, change {change:.1f} ms")
    assert paint < 1000
    assert change < 500
