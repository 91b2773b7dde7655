"""Recurrent models and Mamba against second implementations, with random weights in every form they take."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from support import recurrent_oracles as second

from byhand.core.graph import Array, fold, toposort
from byhand.core.weights import Weights
from byhand.language.architecture import Inputs
from byhand.models import MODELS

CLOSE = 1e-10
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("rnn", {}),
    ("rnn", {"layers": 2, "d_embed": 2, "d_model": 5}),
    ("lstm", {}),
    ("lstm", {"layers": 3, "two_biases": True, "d_embed": 4, "d_model": 2}),
    *(
        ("seq2seq-attention", dict(zip(("additive", "bidirectional", "lstm", "two_biases"), choice, strict=True)))
        for choice in product((True, False), repeat=4)
        if choice[2] or not choice[3]
    ),
    ("seq2seq-attention", {"bidirectional": False, "bridge": False, "d_attention": 5, "d_embed": 3}),
    ("mamba", {}),
    ("mamba", {"layers": 2, "d_conv": 4, "d_state": 3, "d_step": 2, "d_inner": 5, "bias": True, "tied": False}),
    ("mamba", {"conv_bias": False, "zoh": True, "d_conv": 1}),
]


def drawn(seed: int, path: str, shape: tuple[int, int]) -> Array:
    """A weight's numbers, the same whatever else the model has."""
    return np.random.default_rng([seed, *path.encode()]).normal(size=shape)


def random_model(name: str, size: dict[str, Any], seed: int = 0, **given: list[int]) -> tuple[dict[str, Any], ...]:
    """Its tables, its weights by path, and its options, with weights that are no whole numbers."""
    found = MODELS[name]
    options = replace(found.options, **size)
    weight = Weights(seed)
    graph = found.build(options, weight, Inputs(**given))
    arrays = {path: drawn(seed, path, node.shape) for path, node in weight.nodes.items()}
    values = fold(graph.outputs, {node: arrays[path] for path, node in weight.nodes.items()})
    tables = {node.name: value for node, value in values.items() if node.name}
    return tables, arrays, asdict(options)


def expected(name: str, w: dict[str, Array], tables: dict[str, Array], o: dict[str, Any]) -> Array:
    ids = [int(i) for i in tables["encoder.ids" if name.startswith("seq2seq") else "ids"][:, 0]]
    if name in ("rnn", "lstm"):
        return second.language_model(w, ids, o, second.lstm_cell if name == "lstm" else second.rnn_cell)
    if name == "mamba":
        return second.mamba(w, ids, o)
    return second.seq2seq(w, ids, [int(i) for i in tables["decoder.ids"][:, 0]], o)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "size"), FORMS)
def test_a_second_implementation_agrees(name: str, size: dict[str, Any], seed: int) -> None:
    given = {"ids": [3, 1, 0, 2, 5, 4, 1]}
    given |= {"target_ids": [0, 4, 2, 2]} if "target_ids" in MODELS[name].takes else {}
    tables, w, o = random_model(name, size, seed, **given)
    np.testing.assert_allclose(tables["logits"], expected(name, w, tables, o), rtol=0, atol=CLOSE)


@pytest.mark.parametrize(("name", "size"), [(name, size) for name, size in FORMS if name != "seq2seq-attention"])
def test_no_word_sees_the_words_after_it(name: str, size: dict[str, Any]) -> None:
    """The logits of a shorter prompt are the first ones of a longer one."""
    words = [3, 1, 0, 2, 5, 4]
    whole = random_model(name, size, ids=words)[0]["logits"]
    for count in range(1, len(words)):
        part = random_model(name, size, ids=words[:count])[0]["logits"]
        np.testing.assert_allclose(part, whole[:count], rtol=0, atol=CLOSE)


def test_each_step_reads_the_state_before_it() -> None:
    """Down the page: h_2 is made from h_1, which is made from h_0."""
    found = MODELS["rnn"]
    graph = found.build(found.options, Weights(), Inputs(ids=[0, 1, 2]))
    nodes = {node.name: node for node in toposort(graph.outputs) if node.name}
    for t in (1, 2, 3):
        assert nodes[f"layer1.h_{t - 1}"] in toposort([nodes[f"layer1.h_{t}"]])
        assert nodes[f"layer1.h_{t}"] not in toposort([nodes[f"layer1.h_{t - 1}"]])
        (step,) = [s for s in nodes[f"layer1.h_{t}"].scope.outward if s.below]
        assert step.title == f"step {t}"


def test_an_lstm_whose_gates_are_open_adds_up_and_one_whose_gates_are_shut_keeps() -> None:
    """Hochreiter and Schmidhuber's constant error carousel: f = 1, i = 0 leaves c as it is."""
    found = MODELS["lstm"]
    options, weight = found.options, Weights()
    graph = found.build(options, weight, Inputs(ids=[0, 1, 2, 3]))
    nodes = {node.name: node for node in toposort(graph.outputs) if node.name}
    shut = {nodes[f"layer1.{w}_{gate}"]: np.zeros(nodes[f"layer1.{w}_{gate}"].shape) for w in "WUb" for gate in "ifo"}
    shut |= {nodes["layer1.b_f"]: np.full((1, 3), 50.0), nodes["layer1.b_i"]: np.full((1, 3), -50.0)}
    start = np.array([[0.5, -2.0, 3.0]])
    values = fold(graph.outputs, shut | {nodes["layer1.c_0"]: start})
    np.testing.assert_allclose(values[nodes["layer1.c_4"]], start, rtol=0, atol=1e-12)
