"""Mixtures of experts: a second implementation of Switch in plain numpy, routers, and what is refused."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from support.oracles import softmax

from byhand.core.graph import Array, fold, source
from byhand.errors import ByhandError
from byhand.layers.experts import best_probabilities, best_scores, top_k
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe


def value(node: Any) -> Array:
    return fold([node])[node]


def table(data: Any) -> Any:
    return source("logits", data, "input")


def normed(x: Array, numbers: Any, name: str, eps: float) -> Array:
    y = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps)
    return y * numbers[f"{name}.gamma"] + numbers[f"{name}.beta"]


def switch(lesson: Lesson) -> tuple[Array, list[Array], list[float]]:
    """GPT-2 with Switch layers, word by word: logits, and of each layer the loads and the loss that balances.

    Fedus et al. 2021, section 2: equations 1 to 6, with the tokens of the prompt as the batch.
    """
    n, o = lesson.numbers(), lesson.options
    ids = [int(i) for i in n["ids"][:, 0]]
    length, d_k = len(ids), o.d_model // o.heads
    x = n["E"][ids] + n["P"][:length]
    loads, losses = [], []
    for layer in (f"layer{i + 1}" for i in range(o.layers)):
        y, z = normed(x, n, f"{layer}.norm1", o.eps), []
        for head in (f"{layer}.head{h + 1}" for h in range(o.heads)):
            q, k, v = (y @ n[f"{head}.W_{p}"] + n[f"{head}.b_{p}"] for p in "QKV")
            z.append(softmax(np.where(np.tri(length, dtype=bool), q @ k.T / math.sqrt(d_k), -np.inf)) @ v)
        x = x + np.hstack(z) @ n[f"{layer}.W_O"] + n[f"{layer}.b_O"]
        y = normed(x, n, f"{layer}.norm2", o.eps)
        p = softmax(y @ n[f"{layer}.W_router"])
        capacity = math.ceil(length / o.experts * o.capacity_factor)
        load, sent = np.zeros(o.experts), np.zeros(o.experts)
        for t in range(length):
            e = int(p[t].argmax())
            sent[e] += 1
            if load[e] < capacity:
                load[e] += 1
                expert = f"{layer}.expert{e + 1}"
                hidden = np.maximum(y[t] @ n[f"{expert}.W_1"] + n[f"{expert}.b_1"][0], 0)
                x[t] += p[t, e] * (hidden @ n[f"{expert}.W_2"] + n[f"{expert}.b_2"][0])
        loads.append(load)
        losses.append(o.experts * float(sent / length @ p.mean(0)))
    return normed(x, n, "final_norm", o.eps) @ n["E"].T, loads, losses


@pytest.mark.parametrize("seed", [None, *range(8)])
@pytest.mark.parametrize("size", [{}, {"layers": 2, "experts": 2, "capacity_factor": 0.7}])
def test_switch_against_the_paper_word_by_word(seed: int | None, size: dict[str, Any]) -> None:
    lesson = build(Recipe("switch", size=size, seed=seed, ids=[0, 1, 4, 2, 6, 3]))
    logits, loads, losses = switch(lesson)
    n = lesson.numbers()
    np.testing.assert_allclose(n["logits"], logits, rtol=0, atol=1e-10)
    for layer, (load, loss) in enumerate(zip(loads, losses, strict=True), 1):
        np.testing.assert_array_equal(n[f"layer{layer}.load"][0], load)
        assert n[f"layer{layer}.balance"].item() == pytest.approx(loss, abs=1e-12)


def test_some_word_finds_its_expert_full() -> None:
    """Else the capacity would not be tried above."""
    loads = [
        build(Recipe("switch", seed=seed, size={"experts": 2, "capacity_factor": 0.7}, ids=[0, 1, 4, 2, 6, 3]))
        for seed in range(8)
    ]
    assert any(lesson.numbers()["layer1.load"].sum() < 6 for lesson in loads)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_the_k_largest_of_every_order(k: int) -> None:
    rows = np.array(list(permutations([0.5, -1.0, 3.0, 2.0])))
    chosen = value(top_k(table(rows), k))
    for row, taken in zip(rows, chosen, strict=True):
        assert set(row[taken == 1]) == set(sorted(row)[-k:])
        assert taken.sum() == k


def test_of_equals_the_first_is_taken() -> None:
    assert value(top_k(table([[1, 2, 2, 2], [0, 0, 0, 0]]), 2)).tolist() == [[0, 1, 1, 0], [1, 1, 0, 0]]


def test_gates_are_the_softmax_of_the_best() -> None:
    """Jiang et al. 2024: softmax(top-k(logits))."""
    logits = np.random.default_rng(0).normal(size=(20, 5))
    gates, chosen = (value(node) for node in best_probabilities(table(logits), 2))
    for row, gate in zip(logits, gates, strict=True):
        best = np.argsort(row)[-2:]
        np.testing.assert_allclose(gate[best], softmax(row[best]), rtol=1e-12)
    assert (chosen.sum(1) == 2).all()


def test_experts_are_chosen_within_the_best_groups() -> None:
    """DeepSeek-V3: a group is as good as its two best; the bias counts for the choice alone."""
    draw = np.random.default_rng(3)
    logits, bias = draw.normal(size=(40, 12)), draw.normal(size=(1, 12)) / 4
    kept, chosen = (value(node) for node in best_scores(table(logits), table(bias), 3, 4, 2))
    scores = 1 / (1 + np.exp(-logits))
    for row, taken, gate in zip(scores + bias, chosen, kept, strict=True):
        groups = sorted(range(4), key=lambda g: -sum(sorted(row[3 * g : 3 * g + 3])[-2:]))[:2]
        open_to = [e for e in range(12) if e // 3 in groups]
        assert set(np.flatnonzero(taken)) == set(sorted(open_to, key=lambda e: -row[e])[:3])
        assert set(np.flatnonzero(gate)) == set(np.flatnonzero(taken))
    np.testing.assert_allclose(kept[chosen == 1], scores[chosen == 1], rtol=1e-12)


@pytest.mark.parametrize(
    ("model", "size", "said"),
    [
        ("mixtral", {"chosen": 5}, "A word cannot be sent to 5 of 4 experts: choose fewer, or more experts."),
        ("switch", {"capacity_factor": 0}, "capacity_factor is 0, so no expert has room for a word: choose 1 or more."),
        (
            "deepseek",
            {"expert_groups": 3},
            "4 experts cannot be chosen within 1 of 3 groups: choose expert_groups that divide them, "
            "and at most so many groups_chosen.",
        ),
        ("deepseek", {"kv_heads": 1}, "deepseek has no size 'kv_heads'"),
        ("llama", {"scaling": 1}, "llama has no size 'scaling'"),
        ("llama", {"kv_heads": 3}, "2 heads cannot share 3 keys and values: choose kv_heads that divide it."),
        ("gpt2", {"rotary_share": 2}, "rotary_share is a share, at most 1, not 2."),
        ("llama", {"positions": "rotory"}, "positions cannot be 'rotory'; the nearest is rotary"),
        (
            "llama",
            {"head_dim": 3},
            "Rotary positions turn pairs of features, but 3 of a head's 3 would turn: choose an even head_dim, "
            "or another rotary_share.",
        ),
    ],
)
def test_sizes_that_do_not_go_together(model: str, size: dict[str, Any], said: str) -> None:
    with pytest.raises(ByhandError) as error:
        build(Recipe(model, size=size))
    assert str(error.value).startswith(said)
