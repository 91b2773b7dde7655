"""What comes from files and people is text on a page, never markup or script; a page asks nothing of the network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.browser import page_of
from support.commands import byhand

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.page.build import as_json

EVIL = (
    "</script><script>window.hurt=1</script>",
    "<img/src=x/onerror=window.hurt=1>",
    "__proto__",
    "constructor",
    "'\"`${window.hurt=1}",
    "]]>&lt;!--",
    "javascript:window.hurt=1",
)
TITLE = f"{EVIL[0]} {EVIL[4]}"


def test_words_and_titles_are_text(visit: Any) -> None:
    recipe = Recipe("gpt2", title=TITLE, words=list(EVIL), ids=[0, 2, 4])
    tab = visit.open(page_of(recipe))
    assert tab.evaluate("window.hurt") is None
    assert tab.evaluate("document.scripts.length") == 2
    assert tab.evaluate("document.images.length") == 0
    assert tab.evaluate("document.querySelector('title').textContent") == TITLE
    assert tab.evaluate("document.querySelector('h1').textContent") == TITLE
    assert tab.locator("#start select >> nth=0").locator("option").all_inner_texts()[:3] == list(EVIL[:3])
    lesson = build(recipe)
    for name, numbers in lesson.numbers().items():
        assert np.allclose(tab.evaluate("(name) => byhand.value(name)", name), numbers, rtol=1e-12), name
    tab.evaluate("byhand.element('probabilities', 1, 1)")
    tab.keyboard.press("n")
    assert tab.evaluate("window.hurt") is None
    assert tab.evaluate("({}).hurt") is None


HOSTILE_LINKS = [
    *("#write=-1", "#write=1.5&set=;;=;[1,1]=", "#write=1e9", "#write=x"),
    *("#set=__proto__[1,1]=2", "#cell=constructor[1,1]", "#set=<img src=x>[1,1]=1", "#%%%"),
    "#set=" + "a" * 5000,
]


@pytest.mark.slow
def test_a_hostile_link_changes_nothing(visit: Any) -> None:
    for link in HOSTILE_LINKS:
        tab = visit.open(page_of(Recipe("gpt2")), link)
        assert tab.evaluate("document.images.length") == 0, link
        assert len(tab.evaluate("byhand.value('ids')")) >= 3, link


def test_no_text_ends_the_data_or_a_line_of_it() -> None:
    text = "</script> <!-- ]]> & \u2028 \u2029 \ud800"
    stored = as_json({text: [text]})
    assert not set(stored) & set("<>&\u2028\u2029\ud800")
    assert json.loads(stored) == {text: [text]}


def test_the_policy_forbids_the_network_and_any_other_script() -> None:
    text = page_of(Recipe("softmax")).read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    assert " src=" not in text
    assert " style=" not in text


@pytest.mark.slow
def test_the_network_cannot_be_reached(visit: Any) -> None:
    tab = visit.open(page_of(Recipe("softmax")))
    answer = tab.evaluate("fetch('https://example.org').then(() => 'reached', () => 'refused')")
    assert answer == "refused"
    assert any("Content Security Policy" in error for error in visit.errors)
    visit.errors.clear()


@pytest.mark.slow
def test_a_page_inside_a_notebook(visit: Any, tmp_path: Path) -> None:
    """In a frame of its own, which may reach nothing outside."""
    import byhand as face

    holder = tmp_path / "notebook.html"
    holder.write_text(f"<!DOCTYPE html><title>a</title>{face.build('attention')._repr_html_()}", encoding="utf-8")
    visit.tab.goto(holder.as_uri())
    frame = visit.tab.frames[1]
    frame.wait_for_selector("td")
    frame.locator("td >> nth=3").click()
    assert frame.locator("td.lit-chosen").count() > 0
    assert "W" in frame.inner_text("#cell")


@pytest.mark.slow
def test_a_model_too_large_says_how_many_cells_and_offers_a_part(here: Path) -> None:
    size = "--size d_model=400,d_ff=1600,heads=2,layers=2"
    refused = byhand(f"byhand page gpt2 {size} -o a.html")
    assert refused.exit_code == 2
    assert "would have 3,9" in refused.stderr
    assert "--part layer1.head1" in refused.stderr
    assert "`byhand workbook" in refused.stderr
    assert not list(here.iterdir())
    made = byhand("byhand page gpt2 --size large --part layer1.head1 -o head.html")
    assert (made.exit_code, made.stderr) == (0, "")


@pytest.mark.slow
def test_a_part_has_the_numbers_that_it_has_in_the_whole(visit: Any, here: Path) -> None:
    byhand("byhand page gpt2 --size medium --part layer2.head1 -o head.html")
    visit.open(here / "head.html")
    whole, got = build(Recipe("gpt2", size={"name": "medium"})).numbers(), visit.values()
    assert "layer2.head1.Z" in got
    assert "logits" not in got
    for name, numbers in got.items():
        assert np.allclose(numbers, whole[name], rtol=1e-12), name


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("byhand page gpt2 -o a.xlsx", "A page's name ends in .html: write a.html instead of a.xlsx."),
        ("byhand page gpt2 --part layer9 -o a.html", "There is no part 'layer9' in gpt2; the nearest is layer1."),
        ("byhand page softmax --part x -o a.html", "There is no part 'x' in softmax; there are: softmax."),
        ("byhand page nothing -o a.html", "nothing"),
        ("byhand page gpt2 -o nowhere/a.html", "There is no folder nowhere"),
    ],
)
def test_errors_are_one_sentence_and_leave_no_file(line: str, sentence: str, here: Path) -> None:
    result = byhand(line)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not list(here.iterdir())
