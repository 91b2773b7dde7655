"""Sparse and long models with any of the options that they take, against plain numpy."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from support import long_oracles as oracles
from support import option_oracles as parts
from support.option_oracles import CHOICES
from support.selection import often

from byhand.core.graph import Array, fold
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Inputs, options_of
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

IDS = [4, 5, 2, 6, 4, 0, 1]
SIZE = {"d_model": 8, "heads": 4, "layers": 2}


def ours(model: str, size: dict[str, Any], ids: list[int] | None = None) -> tuple[dict[str, Array], Any, Any]:
    """Its tables, of which those of its weights are drawn anew, its options and its graph."""
    found = MODELS[model]
    options, drawn = options_of(found, size), Weights(3)
    found.build(options, drawn, Inputs(ids=ids))
    draw = np.random.default_rng(8)
    arrays = {path: draw.normal(size=node.shape) for path, node in drawn.nodes.items()}
    graph = found.build(options, Weights(3, arrays), Inputs(ids=ids))
    values = fold(graph.outputs)
    return {node.name: value for node, value in values.items() if node.name} | arrays, options, graph


def chosen(seed: int, *without: str) -> dict[str, Any]:
    draw = random.Random(seed)
    return {name: draw.choice(words) for name, words in CHOICES.items() if name not in without}


@pytest.mark.slow
@pytest.mark.parametrize("seed", often(range(6), [0, 3]))
def test_sparse(seed: int) -> None:
    """Each kind of positions once, and both patterns."""
    pattern = ("strided", "fixed")[seed % 2]
    options = chosen(seed, "attention") | {"positions": CHOICES["positions"][seed], "pattern": pattern, "stride": 3}
    n, o, _ = ours("sparse-transformer", SIZE | options, IDS)
    expected = oracles.sparse_transformer(n, o, IDS)
    np.testing.assert_allclose(n["logits"], expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(n["probabilities"], parts.softmax(expected / o.temperature), rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_transformer_xl(seed: int) -> None:
    n, o, _ = ours("transformer-xl", SIZE | chosen(seed, "attention", "positions", "kv_heads") | {"segment": 3}, IDS)
    memory, rows = None, []
    for start in range(0, len(IDS), 3):
        logits, memory = oracles.transformer_xl(n, o, IDS[start : start + 3], memory)
        rows.append(logits)
    expected = np.concatenate(rows)
    np.testing.assert_allclose(n["logits"], expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(n["probabilities"], parts.softmax(expected / o.temperature), rtol=0, atol=1e-10)


def test_a_text_in_segments_may_be_of_any_length() -> None:
    assert len(build(Recipe("transformer-xl", ids=[0, 1, 2] * 4)).numbers()["logits"]) == 12


ATTENTIONS = {
    "linear-attention": lambda n, at, o: oracles.linear_attention(*n),
    "linformer": lambda n, at, o: oracles.linformer(*n, at["E"], at["F"]),
    "performer": lambda n, at, o: performer(*n, at["favor.omega"], o.causal),
}


def performer(q: Array, k: Array, v: Array, omega: Array, causal: bool) -> Array:
    """Of a causal one, each word as the last of its own text."""
    if not causal:
        return oracles.performer(q, k, v, omega)
    return np.array([oracles.performer(q[: t + 1], k[: t + 1], v[: t + 1], omega)[-1] for t in range(len(q))])


@pytest.mark.slow
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("positions", ["none", "sinusoidal", "learned", "rotary"])
@pytest.mark.parametrize("model", ATTENTIONS)
def test_attentions_by_themselves(model: str, positions: str, bias: bool) -> None:
    size = {"tokens": 5, "d_model": 6, "d_k": 4, "heads": 2, "positions": positions, "attention_bias": bias}
    n, o, _ = ours(model, size | ({"causal": bias} if model == "performer" else {}))
    x = parts.placed(n, "", n["X"], o)
    rows, exact = [], []
    for h in (1, 2):
        at = {name.removeprefix(f"head{h}."): table for name, table in n.items() if name.startswith(f"head{h}.")}
        q, k, v = (parts.linear(at, "", name, x) for name in "QKV")
        if positions == "rotary":
            q, k = parts.turned(q, 10000), parts.turned(k, 10000)
        rows.append(ATTENTIONS[model]((q, k, v), at, o))
        scores = q @ k.T / 2
        if model == "linear-attention" or (model == "performer" and bias):
            scores = np.where(np.tri(5), scores, -np.inf)
        exact.append(parts.softmax(scores) @ v)
    joined, right = (parts.linear(n, "", "O", np.hstack(tables)) for tables in (rows, exact))
    np.testing.assert_allclose(n["Y"], joined, rtol=0, atol=1e-10)
    np.testing.assert_allclose(n["exact.Y"], right, rtol=0, atol=1e-10)
    np.testing.assert_allclose(n["largest_error"], np.abs(joined - right).max(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("causal", [True, False])
def test_performers_weights_are_what_its_result_stands_for(causal: bool) -> None:
    n, _, _ = ours("performer", {"tokens": 5, "causal": causal})
    np.testing.assert_allclose(n["stood_for"] @ n["V"], n["favor.Z"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(n["stood_for"].sum(1), 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", ["alibi", "relative"])
@pytest.mark.parametrize("model", ATTENTIONS)
def test_positions_that_need_a_score_for_each_pair_are_refused(model: str, positions: str) -> None:
    with pytest.raises(ByhandError) as error:
        build(Recipe(model, size={"positions": positions}))
    assert str(error.value) == (
        f"{positions} positions are added to the score of each pair of words, and this attention has no such scores: "
        "choose sinusoidal, learned, rotary or none."
    )


def test_rotary_positions_of_an_odd_head_are_refused() -> None:
    with pytest.raises(ByhandError) as error:
        build(Recipe("linformer", size={"positions": "rotary", "d_k": 3}))
    assert str(error.value) == "Rotary positions turn pairs of features, but a head has 3: choose an even d_k."


@pytest.mark.slow
def test_what_no_head_sees() -> None:
    n, _, _ = ours("sparse-transformer", {"stride": 2}, IDS)
    seen = [{*oracles.seen_words("strided", 0, i, 2, 1), *oracles.seen_words("strided", 1, i, 2, 1)} for i in range(7)]
    np.testing.assert_array_equal(n["unseen"], [[j <= i and j not in seen[i] for j in range(7)] for i in range(7)])
    assert (n["ways"] > 0).tolist() == (np.tri(7) > 0).tolist()
    n, _, _ = ours("transformer-xl", {"segment": 2}, IDS)
    np.testing.assert_array_equal(np.argwhere(n["unseen"]), [[4, 0], [4, 1], [5, 0], [5, 1]])


ALONE = ["_", "_", "_", "_", "_", "the"]
LEARN: list[tuple[str, dict[str, Any], list[str]]] = [
    ("seq2seq-attention", {"lstm": True, "additive": False}, ["the", "cat", "sat"]),
    ("mamba", {"zoh": True, "tied": False, "layers": 2}, ["cat", "sat", "on"]),
    ("sparse-transformer", {"positions": "relative", "norm_place": "both", "kv_heads": 1}, ALONE),
    ("sparse-transformer", {"pattern": "fixed", "positions": "rotary", "parallel": True}, ALONE),
    ("transformer-xl", {"norm": "rms", "gated": True, "activation": "silu", "segment": 4}, ["cat", "sat", "on", "a"]),
    ("retro", {"heads": 2, "gated": True, "activation": "silu", "neighbours": 3}, ["cat", "sat", "on", "a", "mat"]),
    ("retro", {"positions": "alibi", "norm_place": "both", "encoder_layers": 2}, ["cat", "sat", "on", "a", "mat"]),
    ("knn-lm", {"positions": "alibi", "norm": "rms", "mix": 0.25}, ["cat", "sat", "on"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("model", "size", "targets"), LEARN)
def test_gradients_are_differences(model: str, size: dict[str, Any], targets: list[str]) -> None:
    """Of the loss, where a number of a weight is a little more or less; two of each weight."""
    lesson = build(Recipe(model, size=size, targets=targets, backward=True, seed=3))
    n, loss = lesson.numbers(), lesson.tables["loss"]
    weights = {name: t for name, t in lesson.tables.items() if t.role == "weight" and f"grad.{name}" in n}
    assert len(weights) > 5
    draw = np.random.default_rng(0)
    for name, node in weights.items():
        for _ in range(2):
            at, ends = tuple(draw.integers(0, size) for size in node.shape), []
            for step in (1e-5, -1e-5):
                moved = n[name].copy()
                moved[at] += step
                ends.append(fold([loss], {node: moved})[loss].item())
            expected = (ends[0] - ends[1]) / 2e-5
            np.testing.assert_allclose(n[f"grad.{name}"][at], expected, rtol=1e-6, atol=1e-6, err_msg=name)
