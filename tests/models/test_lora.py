"""Adapters in any model: at first they add nothing, merged they give the same numbers, and nothing else learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.commands import answer, byhand, refusal
from support.selection import often

from byhand.core.graph import Array
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.lessons.build import build, weights_of
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.models import MODELS

PIECES = ("part", "tokens", "learning", "inference", "looking inside")
"""Families of which some have no linear layer, or have their weights set by hand; every whole model can be adapted."""
FEW = {"linear", "attention", "lstm", "gpt2", "t5"}


def adapters(lesson: Lesson) -> dict[str, tuple[int, int]]:
    """The shape of each B, which is 0 at first."""
    return {n: t.shape for n, t in lesson.tables.items() if ".B" in f".{n}" and t.role is Role.WEIGHT}


def drawn(shape: tuple[int, int]) -> list[list[float]]:
    return (np.random.default_rng(shape).choice([-0.5, -0.25, 0.25, 0.5], size=shape)).tolist()


def numbers(recipe: Recipe) -> dict[str, Array]:
    return build(recipe).numbers()


def with_adapters(name: str) -> Lesson | None:
    """None if nothing of the model can be adapted."""
    try:
        return build(Recipe(name, lora=1))
    except ByhandError:
        return None


@pytest.mark.parametrize("name", often(MODELS, FEW))
def test_merged_equals_apart(name: str) -> None:
    """With B = 0 it is the model as it was; else the one whose weights are W + α / r × A B."""
    plain, fresh = numbers(Recipe(name)), with_adapters(name)
    if fresh is None:
        assert MODELS[name].family in PIECES
        return
    assert all(np.array_equal(fresh.numbers()[table], plain[table]) for table in plain)
    moved = Recipe(name, lora=1, set={"alpha": 2} | {b: drawn(shape) for b, shape in adapters(fresh).items()})
    apart, nodes = numbers(moved), {path: node for path, node in fresh.tables.items() if node.role is Role.FROZEN}
    merged = {path: table.tolist() for path, table in weights_of(moved).items()}
    assert nodes
    again = numbers(Recipe(name, set=merged))
    weights = {table for table, node in build(Recipe(name)).tables.items() if node.role is Role.WEIGHT}
    for table in again.keys() - weights:
        np.testing.assert_allclose(again[table], apart[table], rtol=1e-9, atol=1e-9, err_msg=table)
    assert max(np.abs(again[table] - plain[table]).max() for table in again.keys() - weights) > 1e-3


def test_a_model_without_linear_layers_says_so() -> None:
    for name in ("softmax", "positions", "grpo", "bpe", "induction-head"):
        with pytest.raises(ByhandError, match="has no linear layer for LoRA to adapt"):
            build(Recipe(name, lora=1))


def test_only_a_and_b_have_gradients_and_steps() -> None:
    lesson = build(Recipe("gpt2", lora=2, backward=True, optimizer="adam"))
    training = lesson.graph.training
    assert training is not None
    assert (
        training.gradients.keys()
        == training.updated.keys()
        == {
            n
            for n in lesson.tables
            if ".lora." in n and n.rpartition(".")[2][:2] in ("A_", "B_") and not n.startswith(("grad", "updated"))
        }
    )
    assert all(".lora." in path for path in training.gradients)
    moved = {
        path
        for path, table in training.updated.items()
        if not np.array_equal(lesson.numbers()[table.name], lesson.numbers()[path])
    }
    assert moved == {path for path in training.updated if ".B_" in path}  # while B is 0, A has no gradient


def test_the_counts_are_said() -> None:
    """Of GPT-2 with d = 4, two heads and 8 features inside: each matrix m × n has an A and a B of r (m + n) numbers."""
    shapes = [(4, 2)] * 6 + [(4, 4), (4, 8), (8, 4)]
    count = sum(2 * (m + n) for m, n in shapes)
    said = build(Recipe("gpt2", lora=2)).weights
    assert said.endswith(
        f"LoRA of rank 2: the 244 numbers of the model are frozen, and the {count} of the adapters A and B can learn."
    )
    assert sum(t.size for t in weights_of(Recipe("gpt2")).values()) == 244


@pytest.mark.slow
def test_training_learns_the_adapters_alone(here: Path) -> None:
    answer("byhand train animals --lora 1 --lr 0.03 --steps 40 -o small.toml")
    learnt = read_recipe(Path("small.toml"))
    assert learnt.lora == 1
    assert learnt.set
    assert all(".lora." in path for path in learnt.set)
    base, after = build(Recipe("gpt2")), build(replace(learnt, ids=None))
    for name, node in after.tables.items():
        if node.role is Role.FROZEN:
            assert np.array_equal(after.numbers()[name], base.numbers()[name])
    assert "The adapters are learnt from animals: 4 sequences, 40 steps of adam, loss 0.2193 → " in learnt.learnt
    answer("byhand workbook small.toml -o small.xlsx")


def test_saved_they_are_merged(here: Path) -> None:
    answer("byhand train animals --lora 1 --lr 0.03 --steps 5 -o small.toml --save folder")
    apart, merged = build(read_recipe(Path("small.toml"))), build(Recipe("folder", ids=[0, 1, 4, 6, 3]))
    logits = [lesson.numbers()["logits"] for lesson in (apart, merged)]
    np.testing.assert_allclose(*logits, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_a_text_of_other_words_is_no_failure(here: Path) -> None:
    Path("text.txt").write_text("one two three\ntwo three one\n", "utf-8")
    result = byhand("byhand train text.txt --lora 1 --steps 2 -o small.toml")
    assert result.exit_code == 0
    assert "words that gpt2 has not learnt, so the weights that are frozen are random" in result.stderr
    assert read_recipe(Path("small.toml")).words == ["one", "two", "three"]


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_what_cannot_be_is_refused() -> None:
    for command, message in {
        "run gpt2 --lora 3": "has no need of LoRA of rank 3: choose at most --lora 2.",
        "run gpt2 --lora -1": "--lora is the rank of the adapters, at least 1, not -1.",
        "run softmax --lora 1": "softmax has no linear layer for LoRA to adapt: leave --lora out.",
        "train animals --lora 9": "choose at most --lora 2.",
        "train animals --lora -2": "--lora is the rank of the adapters",
    }.items():
        assert message in refusal(command), command
