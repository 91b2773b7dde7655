"""Sparse and long models: against numpy written from the papers, their own laws, and what they save."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import long_oracles as oracles
from support.examples import examples

from byhand.core.arithmetic.counts import work
from byhand.core.graph import Array, fold, source, toposort
from byhand.layers.attention_cost import causal_attention, segmented_attention
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models.efficient.performer import directions
from byhand.models.efficient.sparse_transformer import gathered

CLOSE = 1e-10
LENGTHS = st.integers(1, 7)
SEEDS = st.integers(0, 99)


def close(got: Array, expected: Any) -> None:
    np.testing.assert_allclose(got, expected, rtol=0, atol=CLOSE)


def made(model: str, seed: int = 5, **more: Any) -> tuple[Lesson, dict[str, Array]]:
    lesson = build(Recipe(model, seed=seed, **more))
    return lesson, lesson.numbers()


@examples(20)
@given(LENGTHS, st.integers(1, 4), SEEDS)
def test_linear_attention_as_a_recurrence_is_the_sum(tokens: int, d_k: int, seed: int) -> None:
    _, n = made("linear-attention", seed, size={"tokens": tokens, "d_k": d_k})
    close(n["Z"], oracles.linear_attention(n["Q"], n["K"], n["V"]))
    close(n["sum.Z"], n["Z"])
    close(n["difference"], 0)
    close(n["exact.Z"], exact(n["Q"], n["K"], n["V"], np.tri(tokens)))
    close(n["error"], n["Z"] - n["exact.Z"])


def exact(q: Array, k: Array, v: Array, keep: Array) -> Array:
    scores = np.where(keep, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    return oracles.softmax(scores) @ v


@examples(20)
@given(LENGTHS, st.integers(1, 4), st.integers(1, 9), SEEDS)
def test_performer(tokens: int, d_k: int, features: int, seed: int) -> None:
    _, n = made("performer", seed, size={"tokens": tokens, "d_k": d_k, "features": features})
    for name in "QK":
        close(n[f"favor.{name}.phi"], [oracles.positive_features(x, n["favor.omega"]) for x in n[name]])
    close(n["favor.Z"], oracles.performer(n["Q"], n["K"], n["V"], n["favor.omega"]))
    close(n["exact.Z"], exact(n["Q"], n["K"], n["V"], np.ones((tokens, tokens))))
    close(n["largest_error"], np.abs(n["favor.Z"] - n["exact.Z"]).max())


def test_performers_directions_are_at_right_angles() -> None:
    omega = directions(6, 3, 1)
    for block in (omega[:3], omega[3:]):
        products = block @ block.T
        assert np.abs(products - np.diag(np.diag(products))).max() < 0.05


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_performers_error_falls_as_features_grow(seed: int) -> None:
    """The mean over many draws of the features falls at least fourfold where there are 64 times as many."""
    draw = np.random.default_rng(seed)
    q, k, v = draw.uniform(-1, 1, (3, 5, 4))
    wanted = exact(q, k, v, np.ones((5, 5)))
    errors = []
    for features in (4, 32, 256):
        some = [oracles.performer(q, k, v, directions(features, 4, 100 * seed + n)) for n in range(20)]
        errors.append(np.mean([np.abs(z - wanted).max() for z in some]))
    assert errors[0] > errors[1] > errors[2]
    assert errors[0] > 4 * errors[2]


@examples(20)
@given(LENGTHS, st.integers(1, 4), st.integers(1, 9), st.booleans(), SEEDS)
def test_linformer(tokens: int, d_k: int, projected: int, shared: bool, seed: int) -> None:
    size = {"tokens": tokens, "d_k": d_k, "projected": projected, "shared": shared}
    _, n = made("linformer", seed, size=size)
    close(n["Z"], oracles.linformer(n["Q"], n["K"], n["V"], n["E"], n["E" if shared else "F"]))


def test_linformer_with_the_identity_is_full_attention() -> None:
    same = np.eye(4).tolist()
    _, n = made("linformer", size={"projected": 4}, set={"E": same, "F": same})
    close(n["Z"], n["exact.Z"])
    close(n["largest_error"], 0)
    assert build(Recipe("linformer")).numbers()["largest_error"] > 0.1


IDS = [0, 1, 4, 6, 0, 7]


STRIDES = [(1, 1), (3, 2), *(pytest.param(*n, marks=pytest.mark.slow) for n in ((2, 1), (3, 1), (9, 1)))]


@pytest.mark.parametrize(("stride", "summaries"), STRIDES)
@pytest.mark.parametrize("pattern", ["strided", "fixed"])
@pytest.mark.slow
def test_sparse_equals_full_with_the_mask(pattern: str, stride: int, summaries: int) -> None:
    size = {"pattern": pattern, "stride": stride, "summaries": summaries, "layers": 2}
    lesson, n = made("sparse-transformer", ids=IDS, size=size)
    close(n["logits"], oracles.sparse_transformer(n, lesson.options, IDS))
    for h, mask in (1, "near_mask"), (2, "far_mask"):
        sets = [oracles.seen_words(pattern, h - 1, i, stride, summaries) for i in range(6)]
        assert [np.flatnonzero(row).tolist() for row in n[f"layer1.{mask}"]] == sets
        head = {name: n[f"layer1.head{h}.{name}"] for name in "QKV"}
        nodes = [source(name, numbers, "input") for name, numbers in head.items()]
        few = gathered(*nodes, n[f"layer1.{mask}"])
        close(fold([few])[few], n[f"layer1.head{h}.Z"])
        assert ((n[f"layer1.head{h}.weights"] == 0) == (n[f"layer1.{mask}"] == 0)).all()


@pytest.mark.slow
def test_two_steps_reach_every_word_before() -> None:
    """What the factorisation must keep: near, then far, is all (Child et al. 2019, section 4.1)."""
    for pattern in ("strided", "fixed"):
        _, n = made("sparse-transformer", ids=[*IDS, 1, 2], size={"pattern": pattern, "stride": 3})
        near, far = n["layer1.near_mask"], n["layer1.far_mask"]
        reached = {"strided": near @ far, "fixed": far @ near}[pattern] > 0
        assert (reached == np.tri(8)).all()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("segment", [1, 2, 3, 4, 6])
def test_transformer_xl(segment: int, layers: int) -> None:
    lesson, n = made("transformer-xl", ids=IDS, size={"segment": segment, "layers": layers})
    memory, logits = None, []
    for start in range(0, 6, segment):
        rows, memory = oracles.transformer_xl(n, lesson.options, IDS[start : start + segment], memory)
        logits.append(rows)
    close(n["logits"], np.concatenate(logits))


def test_two_segments_with_memory_are_one_text() -> None:
    """Attention over both segments; a third one no longer sees the first."""
    size = {"layers": 2, "heads": 1}
    _, halves = made("transformer-xl", ids=IDS, size=size | {"segment": 3})
    _, whole = made("transformer-xl", ids=IDS, size=size | {"segment": 6})
    close(halves["logits"], whole["logits"])
    _, thirds = made("transformer-xl", ids=IDS, size=size | {"segment": 2})
    close(thirds["logits"][:4], whole["logits"][:4])
    assert np.abs(thirds["logits"][4:] - whole["logits"][4:]).max() > 0.01


def test_only_the_distance_counts() -> None:
    """The same words later in the text, behind a memory that nobody looks at, get the same scores by distance."""
    _, n = made("transformer-xl", ids=[1, 4, 1, 4], size={"segment": 2, "heads": 1})
    early, late = n["layer1.head1.by_key"], n["segment2.layer1.head1.by_key"]
    close(late[:, 2:][np.tri(2) > 0], early[np.tri(2) > 0])


def test_nothing_is_learned_through_the_memory() -> None:
    """Changing the first segment's words changes the loss at the second, but its gradient stops at the memory."""
    recipe = Recipe("transformer-xl", seed=5, ids=IDS[:4], targets=["_", "_", "on", "a"], backward=True)
    lesson = build(recipe)
    training = lesson.graph.training
    assert training is not None
    n = lesson.numbers()
    assert np.abs(n["grad.segment2.x"]).max() > 0
    assert (n["grad.x"] == 0).all()
    assert "grad.segment2.layer1.memory" not in n
    tables = lesson.tables
    memory, loss, w = (tables[name] for name in ("segment2.layer1.memory", "loss", "E"))
    for cell in ((4, 1), (6, 3)):
        ends = []
        for step in (1e-5, -1e-5):
            moved = n["E"].copy()
            moved[cell] += step
            ends.append(fold([loss], {w: moved, memory: n[memory.name]})[loss].item())
        np.testing.assert_allclose(n["grad.E"][cell], (ends[0] - ends[1]) / 2e-5, rtol=1e-6)
    assert build(replace(recipe, ids=[2, 3, 4, 6])).numbers()["loss"] != n["loss"]


# What they save


def test_multiplications_are_counted_cell_by_cell() -> None:
    """By hand: 3·3·2 for the scores, 3·3 quotients by √2, 3·3 by the totals, 3·2·3 for Z."""
    q, k, v = (source(name, np.zeros((3, 2)), "input") for name in "QKV")
    exact, here = (
        work(toposort([z])).multiplications for z in (causal_attention(q, k, v), segmented_attention(1, q, k, v))
    )
    assert exact == 18 + 9 + 9 + 18
    assert here == 2 + 1 + 1 + 2 + 2 * (4 + 2 + 2 + 4)


SAVING = ("linear-attention", "performer", "linformer", "sparse-transformer", "transformer-xl")


@pytest.mark.parametrize("model", SAVING)
def test_what_is_saved_grows_with_the_text(model: str) -> None:
    _, n = made(model)
    words, exactly, here = n["multiplications"].T
    assert (words / words[0] == [1, 2, 4, 8, 16]).all()
    assert (np.diff(n["times_fewer"][:, 0]) > 0).all()
    close(n["times_fewer"][:, 0], exactly / here)
    if model in ("performer", "linformer"):
        assert (here / here[0] == words / words[0]).all()
    d_k = 2
    heads = 2 if model == "sparse-transformer" else 1
    close(exactly, heads * (2 * words**2 * d_k + 2 * words**2))
