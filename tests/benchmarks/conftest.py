"""Collects the ratios that benchmarks measure, and prints them as a table with what is promised of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

RATIOS: list[tuple[str, float, float | None]] = []
Ratio = Callable[..., None]


@pytest.fixture
def ratio() -> Ratio:
    """Takes the words for a ratio, the ratio, and at most what it is promised to be, if it is promised."""

    def add(what: str, value: float, promised: float | None = None) -> None:
        RATIOS.append((what, value, promised))

    return add


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if RATIOS:
        terminalreporter.section("ratios")
        terminalreporter.write_line("\n".join(table(RATIOS)))


def table(ratios: list[tuple[str, float, float | None]]) -> list[str]:
    """The lines of the table."""
    width = max(len(what) for what, _, _ in ratios)
    lines = [f"{'':{width}}  measured  promised at most"]
    for what, value, promised in ratios:
        bound = "-" if promised is None else f"{promised:g}" + ("" if value <= promised else "   NOT KEPT")
        lines.append(f"{what:{width}}  {value:8.3f}  {bound}")
    return lines
