"""Which of many parameters the default run takes, and which CI takes; a sweep takes all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet

Thing = TypeVar("Thing")


def often(names: Iterable[str], some: Collection[str], every: int = 1) -> list[ParameterSet]:
    """Return all names; those that are not among `some` are marked slow, so that only CI runs them.

    For what takes seconds each, CI takes every second (or third …) of those, and a sweep the others.
    """
    names = list(names)
    assert set(some) & set(names), "the default run would take none of them"
    others = [name for name in names if name not in some]
    marks = {name: pytest.mark.sweep if n % every else pytest.mark.slow for n, name in enumerate(others)}
    return [pytest.param(name, marks=marks.get(name, ())) for name in names]


def by_turns(things: Sequence[Thing], engine: str) -> Sequence[Thing]:
    """Return what CI gives to an engine: all to IronCalc, which is fast; LibreOffice and Gnumeric share them."""
    return {"ironcalc": things, "libreoffice": things[::2], "gnumeric": things[1::2]}[engine]


in_every_program = pytest.mark.parametrize(
    "whole", [False, pytest.param(True, marks=pytest.mark.sweep)], ids=["by turns", "all"]
)
"""For a test that gives many books to each program: by turns where CI runs it, all to all in a sweep."""
