"""The ready-made books hold numbers that show something: no equal rows, no constant columns, no flat attention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.lessons import GALLERY, SET_BY_HAND, lesson
from support.worth_looking_at import faults

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

REASONS = {
    "difference": "two ways of computing the same are shown equal",
    "differences": "a cache and the whole computation are shown equal",
    "h_0": "the state before the first word is 0",
    "segment_ids": "all words belong to one sentence",
    "segments": "all words belong to one sentence",
    "ahead": "a word that is not drawn from stands ahead of none",
    "before_each": "the first of the words that are drawn from begins at 0",
    "from_each": "the first of the words that are drawn from begins at 0",
    "y": "a word that is never the target has zeros",
    "counted": "every word has a target",
    "relu": "a neuron is silent for all words of a short text",
    "bias1": "words to come count as no distance at all",
    "bias2": "words to come count as no distance at all",
    "transformer W_1": "four phrases leave a neuron unused",
    "transformer hidden": "four phrases leave a neuron unused",
    "deepseek W_UK": "one of two features of a key is not needed",
    "deepseek K_C": "one of two features of a key is not needed",
    "deepseek K": "one of two features of a key is not needed",
    "deepseek W_UV": "one of two features of a key is not needed",
    "switch W_1": "an expert for one kind of word needs few of its neurons",
    "switch hidden": "an expert for one kind of word needs few of its neurons",
    "switch W_2": "an expert for one kind of word needs few of its neurons",
    "switch ffn": "an expert for one kind of word needs few of its neurons",
    "weighed": "of an expert to which a word is not sent, it gets 0",
    "vit picture": "a bar leaves the rest of its picture empty",
    "vit patches": "a bar goes through two patches in the same way",
    "vit words": "equal patches are equal words",
    "knn-lm values": "a word that is not stored has no neighbours",
    "knn-lm p_kNN": "a word that is not stored has no neighbours",
    "knn-lm weights": "only the nearest contexts weigh, and GPT-2 looks past some words",
    "real_so_far": "the first word is real for all words after it",
}
"""Tables whose equal numbers are what they show, by the last part of their name, or by model and name."""


def unexplained(model: str, found: dict[str, str]) -> dict[str, str]:
    reasons = {*REASONS, *(key.removeprefix(f"{model} ") for key in REASONS)}
    return {name: what for name, what in found.items() if name.rpartition(".")[2] not in reasons}


def test_every_ready_made_book_is_worth_looking_at() -> None:
    """Those set by hand show what their zeros do; a recipe with weights of its own shows what its training made."""
    wrong = [
        f"{name}: {table}: {what}"
        for name, recipe in GALLERY.items()
        if recipe.model not in SET_BY_HAND and not recipe.learnt
        for table, what in unexplained(recipe.model, faults(lesson(name))).items()
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("change", "table", "what"),
    [
        ({"W_Q": 0}, "W_Q", "column 1 is 0 in every row"),
        ({"W_K[1,1]": 1, "W_K[1,2]": 0, "W_K[2,1]": 1, "W_K[2,2]": 0}, "W_K", "rows row 1 and row 2 are equal"),
        ({"W_Q": 0}, "weights", "attention of the is flat"),
        ({"X": [[0, 3, 2, 1], [0, 3, 2, 1], [3, 1, 0, 0]]}, "X", "rows the and cat are equal"),
        ({"X": [[9, 9, 9, 90], [0, 9, 90, 1], [90, 1, 0, 0]]}, "weights", "attention is all on one word in every row"),
    ],
)
def test_each_fault_is_found(change: dict[str, object], table: str, what: str) -> None:
    found = faults(build(Recipe("attention", set=change)))
    assert found[table] == what or (table == "weights" and "attention" in found[table])


def test_what_is_found_names_each_table_once() -> None:
    assert not faults(build(Recipe("attention")))
    plain = build(Recipe("attention"))
    flat = build(replace(Recipe("attention"), set={"W_K": np.ones((4, 2)).tolist()}))
    assert set(faults(flat)) <= set(plain.tables)
    assert "W_K" in faults(flat)
