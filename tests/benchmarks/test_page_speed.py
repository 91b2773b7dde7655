"""How fast a page answers, by the browser's own clock: first paint, and from a change to redrawn numbers."""

from __future__ import annotations

from typing import Any

import pytest
from support.browser import Visit, browser, page_of, require

from byhand.core.roles import Role
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

pytestmark = pytest.mark.benchmark
DEFAULTS = ("softmax", "attention", "gpt2", "transformer", "bert", "llama", "mamba")
LARGE = ("gpt2", "transformer", "bert", "llama")
CHANGE = """async ([name, numbers]) => {
  const times = [];
  for (let n = 0; n < 15; n++) {
    await new Promise(requestAnimationFrame);
    const begin = performance.now();
    byhand.set(name, 1, 1, numbers[n % numbers.length]);
    document.body.offsetHeight;
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[7];
}"""
WORDS, OTHERS = [1, 2, 0], [-1.75, 0.25, 1.25, 2.25]
"""What the first word, and the first weight or input, is changed to in turn."""
DRAW_ALL = """async () => {
  for (const part of document.querySelectorAll(".part")) {
    part.scrollIntoView();
    for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame);
  }
}"""


def measured(recipe: Recipe) -> tuple[float, float]:
    """Milliseconds to the first paint, and from a change of a word or a weight to numbers that are laid out anew.

    The median of 15 changes of each, the larger of the two; all parts are drawn before.
    """
    given = [node for node in build(recipe).tables.values() if node.data is not None]
    words = [node.name for node in given if node.role is Role.TOKENS]
    others = [node.name for node in given if node.role in (Role.WEIGHT, Role.INPUT)]
    with browser() as running:
        visit = Visit(running, viewport={"width": 1440, "height": 900})
        tab: Any = visit.open(page_of(recipe))
        visit.until("performance.getEntriesByName('first-contentful-paint').length > 0")
        paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        tab.evaluate(DRAW_ALL)
        changes = [(name, WORDS) for name in words[:1]] + [(name, OTHERS) for name in others[:1]]
        return paint, max(tab.evaluate(CHANGE, [name, numbers]) for name, numbers in changes)


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
