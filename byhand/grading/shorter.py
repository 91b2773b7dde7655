"""Shorter ways to a table than the model's own, which people take from their own earlier numbers."""

from __future__ import annotations

import numpy as np

from byhand.exercises.draw import tried
from byhand.exercises.problem import Problem
from byhand.graph import Node, dressed_as, fold, within

TRIES = 8


def shorter(problem: Problem) -> dict[Node, Node]:
    """Table -> the same by its shorter way: the gradient of the logits is p − y, over the number of targets."""
    tables = problem.lesson.tables
    names = ("probabilities", "loss.counted", "loss.y", "loss.n", "grad.logits")
    if not all(name in tables for name in names):
        return {}
    p, counted, y, n, gradient = (tables[name] for name in names)
    if p.shape != gradient.shape:
        return {}
    with within(gradient.scope):
        short = dressed_as(gradient, (p * counted - y) / n)
    values = fold([short, gradient], tried(problem, np.random.default_rng(0), TRIES))
    return {gradient: short} if np.allclose(values[short], values[gradient], atol=1e-9) else {}
