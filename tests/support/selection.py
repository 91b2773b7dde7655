"""Which of many parameters the default run takes; CI takes all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest
from _pytest.mark import ParameterSet


def often(names: Iterable[str], some: Collection[str]) -> list[ParameterSet]:
    """Return all names; those that are not among `some` are marked slow, so that only CI runs them."""
    names = list(names)
    assert set(some) & set(names), "the default run would take none of them"
    return [pytest.param(name, marks=() if name in some else pytest.mark.slow) for name in names]
