"""kNN-LM: what it looks up, against plain numpy; and with weight 0 it is the language model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.oracles import softmax

from byhand.core.graph import Array
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models.retrieval.knn_lm import TEXT

CLOSE = 1e-10
SIZES: list[dict[str, Any]] = [
    {},
    {"neighbours": 1},
    {"neighbours": 4, "stored": 8, "mix": 0.25},
    {"neighbours": 9, "stored": 3},
    {"layers": 2, "d_model": 6, "heads": 3, "neighbours": 3},
    {"layers": 0},
]


def hidden(size: dict[str, Any], ids: list[int]) -> tuple[Array, Array]:
    """f of each context, and the base model's probabilities, from a plain GPT-2 with the same weights."""
    plain = {name: value for name, value in size.items() if name not in ("neighbours", "stored", "mix")}
    tables = build(Recipe("gpt2", size=plain, seed=5, ids=ids)).numbers()
    layers = plain.get("layers", 1)
    return tables[f"layer{layers}.output" if layers else "x"], tables["probabilities"]


@pytest.mark.parametrize("size", SIZES)
def test_a_second_implementation_agrees(size: dict[str, Any]) -> None:
    """Khandelwal et al. 2020, equations 1 to 3."""
    ids, count = [0, 3, 1, 1], size.get("stored", 7)
    text = TEXT[:count]
    keys, values = hidden(size, text)[0][:-1], text[1:]
    queries, base = hidden(size, ids)
    looked_up = np.zeros_like(base)
    for t, q in enumerate(queries):
        d = ((keys - q) ** 2).sum(1)
        near = np.argsort(d, kind="stable")[: size.get("neighbours", 2)]
        for share, n in zip(softmax(-d[near]), near, strict=True):
            looked_up[t, values[n]] += share
    mix = size.get("mix", 0.5)
    tables = build(Recipe("knn-lm", size=size, seed=5, ids=ids)).numbers()
    np.testing.assert_allclose(tables["lookup.p_kNN"], looked_up, rtol=0, atol=CLOSE)
    wanted = mix * looked_up + (1 - mix) * base
    np.testing.assert_allclose(tables["probabilities"], wanted, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("generate", [1, 3])
def test_with_weight_0_it_is_the_base_model(generate: int) -> None:
    mixed = build(Recipe("knn-lm", size={"mix": 0}, seed=1, generate=generate)).numbers()
    plain = build(Recipe("gpt2", seed=1, generate=generate)).numbers()
    for step in range(1, generate + 1):
        at = "" if step == 1 else f"step{step}."
        np.testing.assert_allclose(mixed[f"{at}probabilities"], plain[f"{at}probabilities"], rtol=0, atol=1e-15)
        assert mixed[f"{at}next"] == plain[f"{at}next"]


def test_a_context_that_was_stored_finds_itself() -> None:
    tables = build(Recipe("knn-lm", size={"neighbours": 1}, ids=TEXT[:5])).numbers()
    np.testing.assert_allclose(np.diag(tables["lookup.d"]), 0, atol=1e-10)
    assert tables["lookup.p_kNN"].argmax(1).tolist() == TEXT[1:6]


def test_a_weight_of_1_is_refused() -> None:
    with pytest.raises(ByhandError) as error:
        build(Recipe("knn-lm", size={"mix": 1}))
    assert str(error.value) == "mix is from 0 to below 1, not 1.0: choose a smaller one."
