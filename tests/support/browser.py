"""A page of byhand in a real browser, as a person uses it."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.page.build import write_page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


FOLDER = Path(mkdtemp(prefix="byhand-pages-"))
atexit.register(rmtree, FOLDER, ignore_errors=True)
_pages: dict[str, Path] = {}


def page_of(recipe: Recipe) -> Path:
    """The page of a recipe, written once a worker."""
    key = repr(recipe)
    if key not in _pages:
        path = FOLDER / f"{recipe.model}-{len(_pages)}.html"
        write_page(build(recipe), path)
        _pages[key] = path
    return _pages[key]


def missing() -> str:
    """What is not installed for tests in a browser; nothing if all is."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install -e '.[dev]'"
    return "" if BROWSER else "chromium is not installed: apt-get install chromium"


def require() -> None:
    """Skip the test if there is no browser; where BYHAND_REQUIRE_PROGRAMS is set, it fails."""
    if reason := missing():
        if os.environ.get("BYHAND_REQUIRE_PROGRAMS"):
            pytest.fail(f"{reason} (BYHAND_REQUIRE_PROGRAMS is set)")
        pytest.skip(reason)


@contextmanager
def browser() -> Iterator[Any]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


class Visit:
    """Opens pages in a tab, and notes every error that they make."""

    def __init__(self, running: Any, **about: Any) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.tab = running.new_page(**about)
        self.tab.set_default_timeout(10_000)
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("console", lambda message: self._note(message))
        self.tab.on("request", lambda request: self.requests.append(request.url))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def open(self, path: Path, fragment: str = "") -> Any:
        """Open a page of byhand and return the tab once it is ready."""
        self.tab.goto("about:blank")
        self.tab.goto(path.absolute().as_uri() + fragment)
        self.until("window.byhand !== undefined")
        return self.tab

    def until(self, condition: str, seconds: float = 10) -> None:
        """Wait until a condition of the page holds. (A page of byhand lets nobody evaluate text, so we ask again.)"""
        end = time.monotonic() + seconds
        while not self.tab.evaluate(condition):
            assert time.monotonic() < end, condition
            self.tab.wait_for_timeout(20)

    def close(self) -> None:
        """Close the tab. AssertionError if a page made an error, or asked the network for anything."""
        self.tab.close()
        assert not self.errors, self.errors
        asked = [url for url in self.requests if not url.startswith(("file:", "about:", "data:", "blob:"))]
        assert not asked, asked

    def values(self) -> dict[str, Any]:
        """Every table of the page, by name, as nested lists."""
        text = self.tab.evaluate("JSON.stringify(byhand.names().map((name) => [name, byhand.value(name)]))")
        return dict(json.loads(text))
