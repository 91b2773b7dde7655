"""The gallery of things learnt: what each model answers on all of its inputs, its loss, and what its heads do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise, product
from math import log

import numpy as np
import pytest
from support.lessons import GALLERY

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
    "learnt-two-words-back": 1,
    "learnt-names": 0.25,
    "learnt-blanks": 0.25,
    "learnt-rhymes": 0.1,
    "learnt-drinks-bigrams": 0.5,
    "learnt-drinks-rnn": 0.25,
    "learnt-drinks-gpt2": 0.25,
}
WEIGHTS = {
    "learnt-sorting": 188,
    "learnt-two-words-back": 244,
    "learnt-names": 760,
    "learnt-blanks": 937,
    "learnt-rhymes": 3344,
    "learnt-drinks-bigrams": 88,
    "learnt-drinks-rnn": 252,
    "learnt-drinks-gpt2": 252,
}
ABOVE_FLOOR = {
    "learnt-sorting": 0.003,
    "learnt-two-words-back": 0.013,
    "learnt-names": 0.005,
    "learnt-blanks": 0.014,
    "learnt-rhymes": 0.002,
    "learnt-drinks-rnn": 0.01,
    "learnt-drinks-gpt2": 0.018,
}
"""How far each loss is from the floor that its text sets, in nats a word. Bigrams cannot come near it."""


def test_every_learnt_lesson_is_tested() -> None:
    assert LEARNT.keys() == GRIDS.keys() == WEIGHTS.keys() == {*ABOVE_FLOOR, "learnt-drinks-bigrams"}


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


def test_names_are_written_letter_by_letter() -> None:
    """Sampled with other seeds it writes names of the text, and others that could be."""
    recipe = GALLERY["learnt-names"]
    assert recipe.temperature == 1
    names = ["".join(build(replace(recipe, seed=seed, generate=7)).words).split("⏎")[0] for seed in range(20)]
    own = set(recipe.training["text"])
    assert len(set(names)) >= 6
    assert len([name for name in names if name in own]) >= 10
    assert [name for name in names if name not in own], "some are new"
    assert all(set(name) <= set("".join(own)) for name in names)


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
