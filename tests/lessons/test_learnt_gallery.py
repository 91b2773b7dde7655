"""The gallery of things learnt: what each model answers on all of its inputs, its loss, and what its heads do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise, product
from math import log

import numpy as np
import pytest
from support.lessons import GALLERY, WORKSHEETS

from byhand.core.graph import Array
from byhand.lessons.build import build
from byhand.lessons.corpus import ready_made_texts
from byhand.lessons.heads import Findings, findings_of
from byhand.lessons.measures import best_share, floor, loss_of, share_right
from byhand.lessons.recipe import Recipe
from byhand.lessons.training_story import Story, story_of

LEARNT = {name: recipe for name, recipe in GALLERY.items() if name.startswith("learnt-")}


def answer(name: str, prompt: str, words: int, **more: object) -> str:
    """What a model writes after a prompt."""
    return " ".join(build(replace(GALLERY[name], ids=None, prompt=prompt, generate=words, **more)).words)


@cache
def found(name: str) -> Findings:
    findings = findings_of(GALLERY[name])
    assert findings is not None
    return findings


def weights_of(recipe: Recipe) -> Iterator[Array]:
    yield from (np.array(table) for table in recipe.set.values())


@cache
def told(name: str) -> Story:
    story = story_of(build(replace(GALLERY[name], generate=1)))
    assert story is not None
    return story


def loss(name: str) -> float:
    return loss_of(told(name).after)


def least_loss(name: str) -> float:
    return floor(told(name).beginnings)


GRIDS = {
    "learnt-sorting": 0.5,
    "learnt-adding": 0.1,
    "learnt-names": 0.1,
    "learnt-reversing": 0.25,
    "learnt-translator": 0.25,
    "learnt-two-words-back": 1,
    "learnt-blanks": 0.25,
    "learnt-rhymes": 0.1,
    "learnt-drinks-bigrams": 0.5,
    "learnt-drinks-rnn": 0.25,
    "learnt-drinks-gpt2": 0.25,
}
WEIGHTS = {
    "learnt-sorting": 188,
    "learnt-adding": 776,
    "learnt-names": 872,
    "learnt-reversing": 458,
    "learnt-translator": 618,
    "learnt-two-words-back": 244,
    "learnt-blanks": 937,
    "learnt-rhymes": 3344,
    "learnt-drinks-bigrams": 88,
    "learnt-drinks-rnn": 252,
    "learnt-drinks-gpt2": 252,
}
ABOVE_FLOOR = {
    "learnt-sorting": 0.003,
    "learnt-adding": 0.008,
    "learnt-reversing": 0.002,
    "learnt-translator": 0.04,
    "learnt-two-words-back": 0.013,
    "learnt-blanks": 0.014,
    "learnt-rhymes": 0.002,
    "learnt-drinks-rnn": 0.01,
    "learnt-drinks-gpt2": 0.018,
}
"""How far each loss is from the floor that its text sets, in nats a word."""
FREER = {"learnt-names", "learnt-drinks-bigrams"}
"""Those that are not meant to know their text by heart: a writer of new names, and bigrams, which cannot."""


def test_every_learnt_lesson_is_tested() -> None:
    assert LEARNT.keys() == GRIDS.keys() == WEIGHTS.keys() == {*ABOVE_FLOOR, *FREER}


@pytest.mark.parametrize("name", LEARNT)
def test_the_weights_are_on_the_grid(name: str) -> None:
    assert GALLERY[name].training["grid"] == GRIDS[name]
    for table in weights_of(GALLERY[name]):
        np.testing.assert_allclose(table, np.rint(table / GRIDS[name]) * GRIDS[name], rtol=0, atol=1e-9)
    assert sum(table.size for table in weights_of(GALLERY[name])) == WEIGHTS[name]


@pytest.mark.parametrize("name", LEARNT)
def test_the_text_is_the_one_in_the_folder(name: str) -> None:
    """A recipe states the lines of its text; the file beside the recipes has the same."""
    text = GALLERY[name].learnt.split(" learnt from ")[1].split(":")[0]
    assert ready_made_texts()[text].read_text("utf-8").splitlines() == GALLERY[name].training["text"]


@pytest.mark.parametrize("name", ABOVE_FLOOR)
def test_the_loss_is_near_the_floor_and_no_model_could_be_right_more_often(name: str) -> None:
    assert 0 <= loss(name) - least_loss(name) < ABOVE_FLOOR[name]
    assert share_right(told(name).after) == best_share(told(name).beginnings)


def test_three_letters_are_sorted() -> None:
    """All 27, by 188 weights that are multiples of a half."""
    for letters in product("abc", repeat=3):
        assert answer("learnt-sorting", " ".join(letters), 3) == " ".join(sorted(letters))
    head = found("learnt-sorting").head("layer1.head1")
    assert head.look is not None
    assert head.look.pattern == "next", "it looks at the letter that it writes next"
    assert head.look.share > 0.7
    assert head.without.right < 0.5


def test_a_head_looks_back_two_words() -> None:
    """Whether the dog or the cat ran depends on the word before last; all weights are whole numbers from -3 to 3."""
    for line in told("learnt-two-words-back").corpus.lines:
        assert answer("learnt-two-words-back", " ".join(line[:3]), 1) == line[3]
    assert max(np.abs(table).max() for table in weights_of(GALLERY["learnt-two-words-back"])) == 3
    head = found("learnt-two-words-back").head("layer1.head1")
    assert head.look is not None
    assert head.look.pattern == "back2"
    assert head.look.share >= 0.8
    word, before, after = head.hit
    assert word in ("ran", "sat")
    assert before < 0.1
    assert after > 5


def written(name: str, source: str, target: str) -> str:
    """What a translator writes, word by word, as many words as the target has."""
    made = build(replace(GALLERY[name], ids=None, target_ids=[0], prompt=source, generate=len(target.split())))
    return " ".join(made.words)


def pairs_of(name: str) -> list[list[str]]:
    return [line.split("\t") for line in GALLERY[name].training["text"]]


def test_three_letters_are_reversed() -> None:
    """All 27; the cross-attention looks from the end to the start."""
    assert len(pairs_of("learnt-reversing")) == 27
    for source, target in pairs_of("learnt-reversing"):
        assert target == source[::-1]
        assert written("learnt-reversing", source, target) == target
    cross = found("learnt-reversing").head("decoder.layer1.cross.head1")
    assert cross.share("next") > 0.85
    assert cross.share("mirror") > 0.75
    assert cross.without.right < 0.4, "as good as a guess among three letters"


@pytest.mark.slow
def test_phrases_are_translated_and_the_cross_attention_crosses() -> None:
    """English has the colour first, Spanish the noun; gato, casa and mesa look at their nouns, negro at black.

    What is left over needs no look: a noun that is none of these three is a dog, and a colour that is neither black
    nor white is red.
    """
    for source, target in pairs_of("learnt-translator"):
        assert written("learnt-translator", source, target) == target
        recipe = replace(GALLERY["learnt-translator"], ids=None, target_ids=None, prompt=source)
        numbers = build(replace(recipe, target_prompt=" ".join(["[START]", *target.split()[:2]]))).numbers()
        one, other = (numbers[f"decoder.layer1.cross.head{h}.weights"] for h in (1, 2))
        words = source.split()
        noun = words.index(".") - 1
        assert (one[1, noun] > 0.99) if words[noun] != "dog" else (one[1, noun] < 0.1), source
        if words[1] in ("black", "white"):
            assert max(one[2, 1], other[2, 1]) > 0.6, source


def test_two_digits_are_added() -> None:
    """All 100 sums, as their tens and their ones, by its own writing: the ones follow the tens that it wrote."""
    for a, b in product(range(10), repeat=2):
        assert answer("learnt-adding", f"{a} + {b} =", 2) == f"{(a + b) // 10} {(a + b) % 10}", f"{a} + {b}"
    assert found("learnt-adding").head("layer1.head1").without.right < 0.35


@pytest.mark.slow
def test_names_are_written_letter_by_letter() -> None:
    """Sampled with other seeds it writes names of the text, and others that sound like them."""
    recipe = GALLERY["learnt-names"]
    assert recipe.temperature == 1
    names = ["".join(build(replace(recipe, seed=seed)).words).split("⏎")[0] for seed in range(30)]
    own = set(recipe.training["text"])
    assert len(own) == 107
    assert 8 <= sum(name in own for name in names) <= 20
    assert {"tomina", "marila", "lella"} <= set(names) - own
    assert least_loss("learnt-names") + 0.3 < loss("learnt-names") < 1.3, (
        "how often each letter is, alone, would cost 2.5"
    )
    letters = Counter(letter for line in told("learnt-names").corpus.lines for letter in line[1:])
    alone = sum(-n * log(n / letters.total()) for n in letters.values()) / letters.total()
    assert alone == pytest.approx(2.516, abs=0.001)


def test_blanks_are_filled_from_both_sides() -> None:
    pairs = {
        "[CLS] the [MASK] eats grass . [SEP]": "cow",
        "[CLS] the [MASK] eats fish . [SEP]": "cat",
        "[CLS] the dog eats [MASK] . [SEP]": "meat",
        "[CLS] the bird [MASK] water . [SEP]": "drinks",
        "[CLS] the cat [MASK] milk . [SEP]": "drinks",
        "[CLS] the cat [MASK] fish . [SEP]": "eats",
    }
    for prompt, word in pairs.items():
        made = build(replace(GALLERY["learnt-blanks"], ids=None, prompt=prompt))
        assert made.graph.probabilities is not None
        column = int(made.numbers()[made.graph.probabilities.name][prompt.split().index("[MASK]")].argmax())
        assert made.architecture.vocabularies(made.options)[0].words[column] == word, prompt


def test_rhymes_are_known_by_heart() -> None:
    """From its first word each line goes on to its end, but where two lines begin alike."""
    known = 0
    for line in told("learnt-rhymes").corpus.lines:
        start = 2 if line[0] in ("humpty", "jack") else 1
        known += answer("learnt-rhymes", " ".join(line[:start]), len(line) - start) == " ".join(line[start:])
    assert known >= 10


@pytest.mark.slow
def test_bigrams_stop_at_their_own_floor_and_the_others_do_not() -> None:
    """A bigram knows only the word before: its floor is the entropy given that word, counted here anew."""
    lines = [line.split() for line in GALLERY["learnt-drinks-gpt2"].training["text"]]
    pairs = Counter(pair for line in lines for pair in pairwise(line))
    before = Counter(word for line in lines for word in line[:-1])
    own = sum(-n * log(n / before[word]) for (word, _), n in pairs.items()) / sum(pairs.values())
    assert own == pytest.approx(0.867, abs=0.001)
    assert 0 <= loss("learnt-drinks-bigrams") - own < 0.01
    whole = sum(-n * log(n / 3) for n in [1] * 9) / sum(pairs.values())
    assert least_loss("learnt-drinks-gpt2") == pytest.approx(whole)
    for name in ("learnt-drinks-rnn", "learnt-drinks-gpt2"):
        for line in lines:
            assert answer(name, " ".join(line[:4]), 4) == " ".join(line[4:]), "who it was, and what"
    assert answer("learnt-drinks-bigrams", "anna likes tea so anna drinks", 1) == answer(
        "learnt-drinks-bigrams", "tom likes juice so tom drinks", 1
    )


def test_the_transformer_finds_who_drinks_what_by_looking_after_the_same_word() -> None:
    """Both heads look most at what followed the same word before; without one, few words are right."""
    for head in found("learnt-drinks-gpt2").heads:
        assert head.look is not None
        assert head.look.pattern == "after_same"
        assert head.look.share > head.look.even + 0.15
        assert head.without.right < 0.5


@pytest.mark.slow
def test_the_page_about_the_gallery_states_what_is_measured() -> None:
    text = (WORKSHEETS.parent / "docs" / "gallery.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\S+)` \| .* \| ([0-9,]+) \| ([0-9.]+) \| ([0-9.]+) \| ([0-9.]+) \|$", text, re.MULTILINE)
    assert {name for name, *_ in rows} == LEARNT.keys()
    for name, weights, grid, its_loss, its_floor in rows:
        assert (int(weights.replace(",", "")), float(grid)) == (WEIGHTS[name], GRIDS[name])
        assert float(its_loss) == pytest.approx(loss(name), abs=0.0006), name
        assert float(its_floor) == pytest.approx(least_loss(name), abs=0.0006), name
