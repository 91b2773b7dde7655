"""A page is for everybody: screen readers, light and dark, small screens and large, less motion, paper."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from support.browser import Visit, page_of

from byhand.lessons.recipe import Recipe

PAGES = [Recipe("gpt2", ids=[0, 1, 4]), Recipe("attention", backward=True)]
SERIOUS = ("serious", "critical")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("recipe", PAGES, ids=lambda recipe: recipe.model)
def test_axe_finds_nothing_serious(recipe: Recipe, scheme: str, running_browser: Any) -> None:
    """At the start, in the middle of the tour, while comparing, and with a cell that is kept."""
    visit = Visit(running_browser, viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    tab = visit.open(page_of(recipe))
    found = []
    for step in ("", "#play-step_back", "#compare"):
        if step == "#compare":
            tab.keyboard.press("Escape")
        if step:
            tab.keyboard.press("n") if "play" in step else tab.click(step)
        if step == "#compare":
            tab.evaluate("byhand.element(byhand.names().findLast((n) => n.endsWith('scores')), 1, 1).click()")
        tab.wait_for_timeout(1200)  # what flashes has come to rest
        for violation in Axe().run(tab).response["violations"]:
            if violation["impact"] in SERIOUS:
                found.append((violation["id"], [node["html"][:160] for node in violation["nodes"][:3]]))
    visit.close()
    assert found == []


def test_a_screen_reader_hears_the_caption_the_labels_and_the_formula(visit: Any) -> None:
    tab = visit.open(page_of(PAGES[0]))
    element = tab.evaluate_handle("byhand.element('layer1.head1.scores', 2, 1)").as_element()
    element.focus()
    grid = element.evaluate_handle("(cell) => cell.closest('[role=grid]')").as_element()
    caption = tab.inner_text(f"#{grid.get_attribute('aria-labelledby')}")
    assert caption.startswith("scores (3×2)·(2×3) → (3×3)")
    row, column = element.evaluate(
        "(c) => [c.parentElement.firstChild.textContent, c.closest('tbody').rows[0].cells[c.cellIndex].textContent]"
    )
    assert (row, column) == ("cat", "the")
    assert "= Q · Kᵀ" in caption
    described = tab.inner_text(f"#{element.get_attribute('aria-describedby')}")
    assert described.startswith("layer1.head1.scores · row 2 (cat), column 1 (the)")
    assert "≈" in described


@pytest.mark.parametrize("width", [360, *(pytest.param(w, marks=pytest.mark.slow) for w in (768, 1440, 2560))])
def test_nothing_is_wider_than_the_screen(width: int, running_browser: Any) -> None:
    visit = Visit(running_browser, viewport={"width": width, "height": 900})
    tab = visit.open(page_of(PAGES[0]), "#cell=layer1.head1.scores[2,1]")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    box = tab.evaluate_handle("byhand.element('layer1.head1.scores', 2, 1)").as_element().bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    visit.close()


@pytest.mark.slow
def test_less_motion_where_it_is_asked_for(running_browser: Any) -> None:
    visit = Visit(running_browser, viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    tab = visit.open(page_of(PAGES[0]))
    tab.keyboard.press("n")
    assert tab.evaluate("byhand.lit('chosen')[0].join()") == "words,1,1"
    tab.wait_for_timeout(700)
    assert tab.evaluate("byhand.lit('chosen')[0].join()") == "words,1,1"
    tab.evaluate("byhand.set('wte', 1, 1, 3)")
    assert tab.locator("td.flash").count() > 0
    assert tab.evaluate("document.getAnimations().length") == 0
    visit.close()


@pytest.mark.slow
def test_it_prints_the_tables_and_none_of_the_buttons(visit: Any) -> None:
    tab = visit.open(page_of(PAGES[0]))
    tab.emulate_media(media="print")
    assert tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate("[...document.querySelectorAll('.part')].every((part) => part.querySelector('td'))")
    assert not tab.is_visible("#play")
    assert not tab.is_visible("#map-side")
    assert not tab.is_visible("#cell-side")
    assert tab.is_visible(".part >> nth=0")


@pytest.mark.slow
def test_what_is_lit_is_told_apart_without_colour(visit: Any) -> None:
    """An input has a mark in its corner, a user a dashed frame, the chosen cell a thick one."""
    tab = visit.open(page_of(PAGES[0]), "#cell=layer1.head1.Q[2,1]")
    look = "(s, p) => getComputedStyle(document.querySelector(s), p ?? null)"
    assert tab.evaluate(f"({look})('td.lit-input', '::after').borderLeftWidth") != "0px"
    assert tab.evaluate(f"({look})('td.lit-chosen').outlineStyle") == "solid"
    tab.click("#ask")
    assert tab.evaluate(f"({look})('td.lit-user').outlineStyle") == "dashed"
