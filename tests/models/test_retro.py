"""RETRO in random forms against plain numpy; what its neighbours do, and that retyped words find others."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from support import retro_oracles as second
from support.option_oracles import CHOICES, softmax

from byhand.core.graph import Array, fold
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Inputs, options_of
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

CLOSE = 1e-10
IDS = [3, 1, 0, 2, 5, 4, 1]
FORMS: list[dict[str, Any]] = [
    {},
    {"neighbours": 1},
    {"neighbours": 3, "chunk": 3, "database": 6, "d_key": 3, "layers": 2},
    {"chunk": 1, "encoder_layers": 2},
    {"neighbours": 9, "database": 3, "layers": 2, "encoder_layers": 2, "heads": 2},
]


def both(size: dict[str, Any], seed: int = 0, ids: list[int] = IDS) -> tuple[dict[str, Array], dict[str, Array], Any]:
    """Its tables and its weights, which are drawn anew so that no gain is 1 and no bias 0; and its options."""
    found = MODELS["retro"]
    options, weight = options_of(found, size), Weights(seed)
    graph = found.build(options, weight, Inputs(ids=ids))
    drawn = {
        path: np.random.default_rng([seed, *path.encode()]).normal(size=node.shape)
        for path, node in weight.nodes.items()
    }
    values = fold(graph.outputs, {node: drawn[path] for path, node in weight.nodes.items()})
    return {node.name: value for node, value in values.items() if node.name}, drawn, options


def agree(size: dict[str, Any], seed: int = 0) -> None:
    tables, w, o = both(size, seed)
    logits = second.retro(w, o, IDS, tables["database.entries"], tables["database.frozen"])
    np.testing.assert_allclose(tables["logits"], logits, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(tables["probabilities"], softmax(logits / o.temperature), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("size", FORMS)
def test_a_second_implementation_agrees(size: dict[str, Any], seed: int) -> None:
    agree(size, seed)


@pytest.mark.parametrize("seed", range(6))
def test_random_options(seed: int) -> None:
    draw = random.Random(seed)
    chosen = {name: draw.choice(words) for name, words in CHOICES.items()}
    size = {"d_model": 8, "heads": 4, "chunk": draw.choice([1, 2, 3]), "neighbours": draw.choice([1, 2, 3])}
    agree(size | chosen | {"positions": CHOICES["positions"][seed]}, seed)


@pytest.mark.parametrize("size", FORMS)
def test_no_word_sees_the_words_after_it(size: dict[str, Any]) -> None:
    whole = both(size)[0]["logits"]
    for count in range(1, len(IDS)):
        part = both(size, ids=IDS[:count])[0]["logits"]
        np.testing.assert_allclose(part, whole[:count], rtol=0, atol=CLOSE)


@pytest.mark.parametrize("size", [{}, {"chunk": 3, "positions": "learned"}])
def test_without_its_neighbours_words_it_is_a_plain_decoder(size: dict[str, Any]) -> None:
    """With W_O of the chunked cross-attention at 0, the database makes no difference."""
    found, logits = MODELS["retro"], []
    for database in (2, 5):
        options, weight = options_of(found, size | {"database": database}), Weights()
        graph = found.build(options, weight, Inputs(ids=IDS))
        assert graph.logits is not None
        draw = {path: np.random.default_rng([*path.encode()]).normal(size=n.shape) for path, n in weight.nodes.items()}
        given = {node: draw[path] * ("cca.W_O" not in path) for path, node in weight.nodes.items()}
        logits.append(fold([graph.logits], given)[graph.logits])
    np.testing.assert_array_equal(*logits)


def test_the_order_of_the_neighbours_makes_no_difference() -> None:
    """All are read at once: what a softmax weighs has no order, and each neighbour has the same places."""
    one = build(Recipe("retro", size={"neighbours": 4}))
    frozen = one.numbers()["database.frozen"]
    turned = build(
        Recipe("retro", size={"neighbours": 4}, set={"database.frozen": np.roll(frozen, 1, axis=0).tolist()})
    )
    assert (one.numbers()["chunk1.ids"] != turned.numbers()["chunk1.ids"]).any()
    np.testing.assert_allclose(one.numbers()["logits"], turned.numbers()["logits"], rtol=0, atol=CLOSE)


def test_a_neighbour_sees_itself_and_no_other_neighbour() -> None:
    tables = build(Recipe("retro", size={"neighbours": 3})).numbers()
    weights = tables["encoder.chunk1.layer1.self.head1.weights"]
    assert ((weights > 0) == np.kron(np.eye(3), np.ones((4, 4)))).all()


def test_retyped_words_find_other_neighbours() -> None:
    one = build(Recipe("retro", ids=[0, 1, 4, 5, 3])).numbers()
    other = build(Recipe("retro", ids=[7, 7, 4, 5, 3])).numbers()
    assert (one["chunk1.ids"] != other["chunk1.ids"]).any()
    np.testing.assert_array_equal(one["chunk2.ids"], other["chunk2.ids"])


def test_more_neighbours_than_entries_are_all_of_them() -> None:
    tables = build(Recipe("retro", size={"neighbours": 9, "database": 3})).numbers()
    assert sorted(int(tables[f"chunk1.nearest{n}"].item()) for n in (1, 2, 3)) == [0, 1, 2]


def test_relative_positions_need_buckets_that_distances_fill() -> None:
    with pytest.raises(ByhandError, match="cannot be sorted into 3 buckets"):
        build(Recipe("retro", size={"buckets": 3}))
