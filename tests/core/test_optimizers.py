"""Optimizers against torch's (ops.npz), and against the papers' algorithms written a second time in plain numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.strategies import tables
from support.torch_operations import CLOSE, case

from byhand.core.graph import Array, Node, fold, scope, source
from byhand.core.optimizers import OPTIMIZERS, State
from byhand.layers.training import train

TORCH = {
    "sgd": ("sgd", {"learning_rate": 0.1}),
    "sgd_momentum": ("momentum", {"learning_rate": 0.1, "momentum": 0.9}),
    "adam": ("adam", {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "adam_eps": 1e-8}),
    "adamw": ("adamw", {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.98, "adam_eps": 1e-9, "weight_decay": 0.1}),
}
"""A case of ops.npz -> byhand's name for it, and the settings that ops.json tells of."""


def steps(
    name: str, weight: Array, gradients: Sequence[Array], constants: dict[str, float]
) -> Iterator[dict[str, Any]]:
    """After each step: the new weight, and what the optimizer keeps, as numbers."""
    given = {key: source(key, value, "setting") for key, value in constants.items()}
    now, state = source("w", weight, "weight"), State()
    for t, gradient in enumerate(gradients, 1):
        with scope(f"step{t}"):
            now, state = OPTIMIZERS[name].step(now, source("g", gradient, "gradient"), state, t, given)
        values = fold([now, *state.values()])
        yield {"w": values[now]} | {key: values[node] for key, node in state.items()}


@pytest.mark.parametrize("which", TORCH)
def test_five_steps_as_torch_takes_them(which: str) -> None:
    name, constants = TORCH[which]
    c = case(which)
    after = list(steps(name, c["param"], c["grads"], constants))
    assert len(after) == 5
    for got, expected in zip(after, c["after"], strict=True):
        np.testing.assert_allclose(got["w"], expected, rtol=0, atol=CLOSE)
    if which == "adam":
        np.testing.assert_allclose(after[-1]["m"], c["exp_avg"], rtol=0, atol=CLOSE)
        np.testing.assert_allclose(after[-1]["v"], c["exp_avg_sq"], rtol=0, atol=CLOSE)


def test_the_usual_values_are_those_of_torch() -> None:
    adam = {"learning_rate": 0.01, "beta1": 0.9, "beta2": 0.999, "adam_eps": 1e-8}
    assert {name: o.constants for name, o in OPTIMIZERS.items()} == {
        "sgd": {"learning_rate": 0.1},
        "momentum": {"learning_rate": 0.1, "momentum": 0.9},
        "adam": adam,
        "adamw": adam | {"weight_decay": 0.01},
    }


# The papers' algorithms, a second time


def descent(w: Array, gradients: Sequence[Array], c: dict[str, float]) -> Array:
    return w - c["learning_rate"] * np.sum(gradients, axis=0)


def heavy_ball(w: Array, gradients: Sequence[Array], c: dict[str, float]) -> Array:
    """Each gradient counts again in every later step, mu times less each time."""
    for t in range(len(gradients)):
        w = w - c["learning_rate"] * sum(c["momentum"] ** (t - s) * gradients[s] for s in range(t + 1))
    return w


def kingma_ba(w: Array, gradients: Sequence[Array], c: dict[str, float], decay: float = 0.0) -> Array:
    """The bias-corrected means in closed form: weights β^(t-s) over their sum (Kingma and Ba 2015, section 3)."""
    for t in range(1, len(gradients) + 1):
        found = []
        for beta, power in ((c["beta1"], 1), (c["beta2"], 2)):
            shares = np.array([beta ** (t - s) for s in range(1, t + 1)])
            found.append(np.tensordot(shares / shares.sum(), np.array(gradients[:t]) ** power, 1))
        w = w - c["learning_rate"] * (found[0] / (np.sqrt(found[1]) + c["adam_eps"]) + decay * w)
    return w


def loshchilov_hutter(w: Array, gradients: Sequence[Array], c: dict[str, float]) -> Array:
    return kingma_ba(w, gradients, c, c["weight_decay"])


PAPERS = {"sgd": descent, "momentum": heavy_ball, "adam": kingma_ba, "adamw": loshchilov_hutter}
RANGES = {
    "learning_rate": (1e-4, 2.0),
    "momentum": (0.0, 0.99),
    "beta1": (0.0, 0.99),
    "beta2": (0.0, 0.999),
    "adam_eps": (1e-9, 0.1),
    "weight_decay": (0.0, 0.5),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@given(data=st.data())
@examples(40)
def test_any_steps_as_the_paper_says(name: str, data: st.DataObject) -> None:
    constants = {key: data.draw(st.floats(*RANGES[key]), key) for key in OPTIMIZERS[name].constants}
    numbers = st.floats(-3, 3, allow_subnormal=False).map(lambda x: round(x, 4))
    weight = data.draw(tables((2, 3), numbers))
    gradients = data.draw(st.lists(tables((2, 3), numbers), min_size=1, max_size=5))
    *_, last = steps(name, weight, gradients, constants)
    expected = PAPERS[name](weight, gradients, constants)
    np.testing.assert_allclose(last["w"], expected, rtol=1e-9, atol=1e-9)


def test_every_optimizer_is_compared() -> None:
    assert OPTIMIZERS.keys() == PAPERS.keys() == {name for name, _ in TORCH.values()}


# The steps that `train` chains


def quadratic(w: Node) -> Node:
    return (w * w).sum(1).sum(0) / 2


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_chains_the_steps(name: str) -> None:
    """Of Σ w²/2, whose gradient is w itself: each step's gradient is the last step's weight."""
    start = np.array([[1.0, -2.0, 0.5]])
    w = source("w", start, "weight")
    loss = quadratic(w).named("loss")
    training = train(loss, {"w": w}, [], [], name, {"learning_rate": 0.3}, 4)
    constants = OPTIMIZERS[name].constants | {"learning_rate": 0.3}
    weights = [start]
    for _ in range(4):
        weights.append(PAPERS[name](start, weights, constants))
    values = fold([*training.updated.values(), *training.losses])
    np.testing.assert_allclose(values[training.updated["w"]], weights[4], rtol=1e-12)
    got = [values[loss].item() for loss in training.losses]
    np.testing.assert_allclose(got, [np.sum(w**2) / 2 for w in weights[:4]], rtol=1e-12)
    assert [n.name for n in training.losses] == ["loss", "step2.loss", "step3.loss", "step4.loss"]
    assert training.updated["w"].name == "step4.updated.w"
    assert training.gradients["w"].name == "grad.w"


def test_a_weight_that_the_loss_does_not_depend_on_is_left_alone() -> None:
    w, other = (source(name, [[1.0, 2.0]], "weight") for name in ("w", "other"))
    training = train(quadratic(w).named("loss"), {"w": w, "other": other}, [], [], "sgd", {}, 1)
    assert training.updated.keys() == training.gradients.keys() == {"w"}


def test_without_an_optimizer_nothing_is_updated() -> None:
    w = source("w", [[1.0, 2.0]], "weight")
    training = train(quadratic(w).named("loss"), {"w": w}, [], [], None, {}, 1)
    assert training.updated == {}
    assert len(training.losses) == 1
    assert fold([training.gradients["w"]])[training.gradients["w"]].tolist() == [[1.0, 2.0]]
