"""A page as a person uses it: pointing, clicking, typing, keys, links, play, compare, the next word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.browser import page_of

from byhand.glossary import meaning
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe

GPT2 = Recipe("gpt2", ids=[0, 1, 4])


def page() -> Path:
    """The page of a small GPT-2."""
    return page_of(GPT2)


def lesson(**settings: Any) -> Lesson:
    return build(replace(GPT2, **settings))


def cell(tab: Any, table: str, row: int, column: int) -> Any:
    """The element of a cell in its table's own place, drawn if it was not."""
    handle = tab.evaluate_handle("([name, i, j]) => byhand.element(name, i, j)", [table, row, column])
    return handle.as_element()


def lit(tab: Any, kind: str) -> set[tuple[str, int, int]]:
    """The cells of the lesson that are lit on the page in one way."""
    return {tuple(c) for c in tab.evaluate(f"() => byhand.lit({kind!r})")}


def same(got: dict[str, Any], right: Lesson) -> bool:
    numbers = right.numbers()
    assert list(got) == list(numbers)
    return all(np.allclose(got[name], numbers[name], rtol=1e-12, atol=1e-12) for name in numbers)


def test_pointing_at_a_cell_lights_what_it_reads(visit: Any) -> None:
    tab = visit.open(page())
    cell(tab, "layer1.head1.scores", 2, 1).hover()
    expected = {("layer1.head1.Q", 2, 1), ("layer1.head1.Q", 2, 2), ("layer1.head1.K", 1, 1), ("layer1.head1.K", 1, 2)}
    assert lit(tab, "input") == expected
    assert {tuple(c) for c in tab.evaluate("byhand.inputs('layer1.head1.scores', 2, 1)")} == expected
    panel = tab.inner_text("#cell")
    assert "layer1.head1.scores" in panel
    assert "row 2 (cat), column 1 (the)" in panel
    assert meaning(lesson().tables["layer1.head1.scores"], "scores") in panel


@pytest.mark.slow
def test_a_click_keeps_a_cell_and_an_input_goes_on_from_there(visit: Any) -> None:
    tab = visit.open(page())
    cell(tab, "layer1.head1.scores", 2, 1).click()
    cell(tab, "layer1.head1.Q", 1, 1).hover()
    assert lit(tab, "chosen") == {("layer1.head1.scores", 2, 1)}
    tab.click("#cell .cells button >> nth=0")
    assert lit(tab, "chosen") == {("layer1.head1.Q", 2, 1)}
    tab.click("#back")
    visit.until("byhand.lit('chosen')[0][0] === 'layer1.head1.scores'")
    tab.click("#forward")
    visit.until("byhand.lit('chosen')[0][0] === 'layer1.head1.Q'")
    tab.click("#ask")
    assert lit(tab, "user") == {("layer1.head1.scores", 2, n) for n in (1, 2, 3)}
    tab.keyboard.press("Escape")
    assert lit(tab, "chosen") == set()


def test_changes_undo_reset_and_a_link_that_restores_them(visit: Any) -> None:
    tab = visit.open(page())
    cell(tab, "layer1.head1.W_Q", 1, 2).click()
    tab.fill("#new-number", "2,5")
    tab.keyboard.press("Enter")
    changed = lesson(set={"layer1.head1.W_Q[1,2]": 2.5})
    assert same(visit.values(), changed)
    assert tab.locator("td.flash").count() > 10
    tab.select_option("#start select.word >> nth=1", "2")
    both = lesson(ids=[0, 2, 4], set={"layer1.head1.W_Q[1,2]": 2.5})
    assert same(visit.values(), both)
    link = tab.evaluate("location.hash")
    assert link == "#set=layer1.head1.W_Q[1,2]=2.5;ids[2,1]=2&cell=layer1.head1.W_Q[1,2]"
    tab.keyboard.press("Control+z")
    assert same(visit.values(), changed)
    tab.click("#undo")
    assert same(visit.values(), lesson())
    tab = visit.open(page(), link)
    assert same(visit.values(), both)
    assert lit(tab, "chosen") == {("layer1.head1.W_Q", 1, 2)}
    tab.click("#reset")
    assert same(visit.values(), lesson())


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["five", "", "1e", "--2", "<b>"])
def test_what_is_no_number_changes_nothing(wrong: str, visit: Any) -> None:
    tab = visit.open(page())
    cell(tab, "layer1.head1.W_Q", 1, 2).click()
    tab.fill("#new-number", wrong)
    tab.keyboard.press("Enter")
    assert "is no number" in tab.eval_on_selector("#new-number", "(field) => field.validationMessage")
    assert same(visit.values(), lesson())


@pytest.mark.slow
def test_a_link_that_does_not_fit_says_so(visit: Any) -> None:
    tab = visit.open(page(), "#set=layer9.W[1,1]=2;layer1.head1.W_Q[1,9]=1;ids[1,1]=x&cell=%E0%A4%A[1,1]")
    assert "layer9.W[1,1]=2; layer1.head1.W_Q[1,9]=1; ids[1,1]=x" in tab.inner_text("#notice")
    assert same(visit.values(), lesson())


@pytest.mark.slow
def test_the_keyboard_reaches_every_cell_and_does_what_the_mouse_does(visit: Any) -> None:
    tab = visit.open(page())
    cell(tab, "layer1.head1.scores", 1, 1).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "Home"):
        tab.keyboard.press(key)
    assert lit(tab, "here") == {("layer1.head1.scores", 2, 1)}
    assert tab.inner_text("#about").startswith("layer1.head1.scores · row 2 (cat), column 1 (the)")
    tab.keyboard.press("Enter")
    assert lit(tab, "chosen") == {("layer1.head1.scores", 2, 1)}
    tab.keyboard.press("u")
    assert lit(tab, "user") == {("layer1.head1.scaled", 2, 1)}
    tab.keyboard.press("i")
    assert lit(tab, "chosen") == {("layer1.head1.Q", 2, 1)}
    tab.keyboard.press("e")
    tab.keyboard.type("7")
    tab.keyboard.press("Enter")
    assert tab.evaluate("byhand.value('layer1.head1.Q')[1][0]") == 7
    assert tab.evaluate("document.activeElement.id") == "new-number"
    word = tab.locator("#start select.word >> nth=0")
    word.focus()
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("byhand.value('ids')[0][0]") == 1
    assert word.evaluate("(field) => field === document.activeElement"), "one word after the other can be changed"


@pytest.mark.slow
def test_the_tour_goes_from_the_first_word_to_the_last(visit: Any) -> None:
    tab = visit.open(page())
    computed = [name for name, node in lesson().tables.items() if node.data is None]
    met, sentences = [], []
    tab.keyboard.press("n")
    while True:
        met.append(tab.evaluate("byhand.lit('chosen')[0][0]"))
        sentences.append(tab.inner_text("#player .sentence"))
        if len(met) == len(computed):
            break
        tab.keyboard.press("n")
    assert sorted(met) == sorted(computed)
    assert (met[0], met[-1]) == ("words", "next")
    assert all(sentence.endswith(".") for sentence in sentences)
    assert len(set(sentences)) > 40
    tab.keyboard.press("p")
    assert tab.evaluate("byhand.lit('chosen')[0][0]") == met[-2]
    tab.keyboard.press("Escape")
    assert not tab.is_visible("#player")


@pytest.mark.slow
def test_playing_sweeps_the_cells_of_a_table(visit: Any) -> None:
    tab = visit.open(page())
    tab.click("#play")
    visit.until("byhand.lit('chosen')[0]?.join() === 'words,1,1'")
    visit.until("byhand.lit('chosen')[0]?.join() === 'words,1,2'")
    tab.select_option("#player select", "fast")
    visit.until("byhand.lit('chosen')[0]?.[0] === 'places'")


def test_the_next_words_are_those_that_the_model_writes(visit: Any) -> None:
    tab = visit.open(page())
    for _ in range(3):
        tab.click("#write")
    written = build(replace(GPT2, generate=3))
    ids = [0, 1, 4, *(int(written.numbers()[node.name][0, 0]) for node in written.graph.written)]
    assert [row[0] for row in tab.evaluate("byhand.value('ids')")] == ids
    assert same(visit.values(), lesson(ids=ids))
    link = tab.evaluate("location.hash")
    tab.click("#unwrite")
    assert same(visit.values(), lesson(ids=ids[:-1]))
    tab = visit.open(page(), link)
    assert same(visit.values(), lesson(ids=ids))
    tab.click("#reset")
    assert same(visit.values(), lesson())


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"backward": True},
        pytest.param({"backward": True, "targets": ["_", 2, 3]}, marks=pytest.mark.sweep),
        pytest.param({"generate": 2}, marks=pytest.mark.sweep),
    ],
)
def test_writing_goes_on_with_gradients_and_where_the_lesson_writes_itself(settings: Any, visit: Any) -> None:
    """The new word is what the one before it should lead to, unless targets are given: then it has none."""
    recipe = replace(GPT2, **settings)
    first = build(recipe)
    word = int(first.numbers()[first.graph.written[-1].name][0, 0])
    longer = {"generate": recipe.generate + 1} if recipe.generate > 1 else {"ids": [0, 1, 4, word]}
    targets = {"targets": [*recipe.targets, "_"]} if recipe.targets else {}
    tab = visit.open(page_of(recipe))
    tab.click("#write")
    assert same(visit.values(), build(replace(recipe, **longer, **targets)))
    tab.check("#drawn")
    tab.fill("#temperature", "10")
    tab.click("#write")
    drawn, link = visit.values(), tab.evaluate("location.hash")
    tab.keyboard.press("Control+z")
    assert same(visit.values(), build(replace(recipe, **longer, **targets)))
    visit.open(page_of(recipe), link)
    assert visit.values() == drawn


@pytest.mark.slow
def test_a_word_may_be_drawn_and_changed_weights_stay(visit: Any) -> None:
    tab = visit.open(page())
    tab.evaluate("byhand.set('layer1.head1.W_Q', 1, 2, 3)")
    tab.check("#drawn")
    tab.fill("#temperature", "5")
    tab.click("#write")
    assert "u = 0." in tab.inner_text(".said")
    ids = [int(row[0]) for row in tab.evaluate("byhand.value('ids')")]
    assert len(ids) == 4
    assert same(visit.values(), lesson(ids=ids, set={"layer1.head1.W_Q[1,2]": 3}))


@pytest.mark.slow
def test_comparing_shows_what_differs_and_patches_carry_over(visit: Any) -> None:
    """As activation patching does: what one side computed is put into the other."""
    tab = visit.open(page())
    tab.click("#compare")
    tab.select_option("#start select.word >> nth=0", "3")
    cell(tab, "probabilities", 3, 1).hover()
    assert "was" in tab.inner_text("#cell .big")
    assert tab.locator("td.differs").count() > 20
    cell(tab, "layer1.head1.Z", 1, 1).click()
    tab.click("text=Take the whole table from the other side")
    plain = lesson().numbers()["layer1.head1.Z"]
    assert np.allclose(tab.evaluate("byhand.value('layer1.head1.Z')"), plain, rtol=1e-12)
    tab.click("#compare")
    assert tab.locator("td.differs").count() == 0


@pytest.mark.slow
def test_presenting_shows_one_part_at_a_time(visit: Any) -> None:
    tab = visit.open(page())
    tab.click("label:has(#present)")
    assert tab.locator(".part:visible").count() == 1
    first = tab.inner_text(".part:visible h2")
    tab.keyboard.press("PageDown")
    assert tab.inner_text(".part:visible h2") != first
    tab.click("label:has(#present)")
    assert tab.locator(".part:visible").count() > 5
