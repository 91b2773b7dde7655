"""What tests share: their order, the spreadsheet engines, and what becomes of a test whose program is not installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from support.examples import IN_CI
from support.lessons import BOOKS, GALLERY
from support.selection import is_left_to_the_sweep
from xdist.scheduler import WorkStealingScheduling

from byhand.xlsx.recalculate import ENGINES, installed

# In CI the same examples each time, so that what may land does not depend on luck; by hand, others that may find more.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same" if IN_CI else "few")


LEFT_OUT = ("slow", "sweep", "benchmark")
"""The markers of tests that the default run leaves out."""


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> list[pytest.Item] | None:
    """Make no items of what the default run leaves out, since making thousands of them takes seconds.

    Where tests are chosen by name, or by another expression of markers, all are made.
    """
    expression, words = collector.config.getoption("markexpr"), collector.config.invocation_params.args
    if expression != " and ".join(f"not {marker}" for marker in LEFT_OUT) or any("::" in str(word) for word in words):
        return None
    if not name.startswith("test") or not callable(obj):
        return None
    marks = list(getattr(obj, "pytestmark", []))
    if {mark.name for mark in marks} & {*LEFT_OUT} or any(collector.get_closest_marker(m) for m in LEFT_OUT):
        return []
    if any(mark.name == "parametrize" for mark in marks):
        obj.pytestmark = [_by_default(mark) for mark in marks]
    return None


def _by_default(mark: pytest.Mark) -> pytest.Mark:
    """Return a mark without the parameters that the default run leaves out."""
    if mark.name != "parametrize":
        return mark
    names, values, *more = mark.args
    values = list(values)
    chosen = [n for n, v in enumerate(values) if not {m.name for m in getattr(v, "marks", ())} & {*LEFT_OUT}]
    settings = dict(mark.kwargs)
    if isinstance(settings.get("ids"), list | tuple):
        settings["ids"] = [settings["ids"][n] for n in chosen]
    return pytest.mark.parametrize(names, [values[n] for n in chosen], *more, **settings).mark


def _name(item: pytest.Item) -> object:
    """What it is about: a book, an exercise, a model; None for a test of its own."""
    return item.callspec.params.get("name") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None


def _book(item: pytest.Item) -> str:
    """Which book it is about; nothing if it is of no book."""
    name = _name(item)
    return name if isinstance(name, str) and (name in BOOKS or name in GALLERY) else ""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one book come last and one after the other, so that one process builds it, and once."""
    items.sort(key=_book)
    for item in items:
        every = 4 if _book(item) else 3 if _name(item) is not None else 1
        if is_left_to_the_sweep(item.nodeid, every if item.get_closest_marker("slow") else 1):
            item.add_marker(pytest.mark.sweep)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WorkStealingScheduling | None:
    """With -n and no --dist, a worker that is done takes tests from another: `-n 2` is all that one types."""
    if config.getoption("dist") != "load":
        return None
    return WorkStealingScheduling(config, log)


def _needs(engine: str) -> None:
    if not installed(engine):
        reason = f"{ENGINES[engine].title} is not installed: {ENGINES[engine].install}"
        if os.environ.get("BYHAND_REQUIRE_PROGRAMS"):
            pytest.fail(f"{reason} (BYHAND_REQUIRE_PROGRAMS is set)")
        pytest.skip(reason)


@pytest.fixture(scope="session")
def needs() -> Callable[[str], None]:
    """needs("libreoffice") skips the test where that is missing, or fails it where BYHAND_REQUIRE_PROGRAMS is set."""
    return _needs


@pytest.fixture(scope="session", params=ENGINES)
def every_engine(request: pytest.FixtureRequest, needs: Callable[[str], None]) -> str:
    """Each spreadsheet engine in turn."""
    needs(request.param)
    return request.param


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=() if name == "ironcalc" else pytest.mark.slow) for name in ENGINES],
)
def engine(request: pytest.FixtureRequest, needs: Callable[[str], None]) -> str:
    """Each spreadsheet engine in turn; those that are programs, which take seconds to start, where slow tests run."""
    needs(request.param)
    return request.param


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def running_browser() -> Iterator[Any]:
    """Chromium, started once; a test is skipped without it, and fails where BYHAND_REQUIRE_PROGRAMS is set."""
    from support.browser import browser, require

    require()
    with browser() as started:
        yield started


@pytest.fixture
def visit(running_browser: Any) -> Iterator[Any]:
    """A tab of its own, in which no page may make an error or ask the network for anything."""
    from support.browser import Visit

    opened = Visit(running_browser, viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()
