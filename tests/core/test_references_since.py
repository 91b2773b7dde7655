"""What came after 2017, against the numbers of torch: RMS norm, SwiGLU, rotary positions, ALiBi (ops.npz)."""

import numpy as np
import pytest
from core.test_references import case

from byhand.core.graph import Dim, fold, source
from byhand.core.weights import Weights
from byhand.layers.activations import silu
from byhand.layers.feed_forward import gated_feed_forward
from byhand.layers.norms import rms_norm
from byhand.layers.positions import alibi, distances, rotary, rotate

CLOSE = 1e-12


def value(node):
    return fold([node])[node]


def table(data, name="x"):
    return source(name, np.atleast_2d(data), "input")


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize(("name", "eps"), [("rms_norm", 1e-6), ("rms_norm_small", 1e-5)])
def test_rms_norm(name, eps):
    c = case(name)
    for x, out in zip(c["x"].reshape(-1, 8), c["out"].reshape(-1, 8), strict=True):
        close(value(rms_norm(table(x), Weights(arrays={"norm.gamma": c["weight"]}), "norm", eps)), out[None])


def test_silu():
    c = case("silu")
    close(value(silu(table(c["x"]))), c["out"][None])


def test_swiglu():
    c = case("swiglu")
    weights = {f"W_{name}": c[f"w_{name}"].T for name in ("gate", "up", "down")}
    for x, out in zip(c["x"], c["out"], strict=True):
        close(value(gated_feed_forward(table(x), Weights(arrays=weights), 16, "silu")), out)


def turned(x, **how):
    """x of each head, (1, heads, T, d)."""
    width = x.shape[-1]
    angles = rotary(Dim(x.shape[-2]), width, how.pop("turned", width), 10000.0, **how)
    return np.array([[value(rotate(table(head), angles, "Q")) for head in x[0]]])


@pytest.mark.parametrize(("name", "interleaved"), [("rope_half", False), ("rope_interleaved", True)])
def test_rotary_positions(name, interleaved):
    c = case(name)
    for letter in "qk":
        close(turned(c[letter], interleaved=interleaved), c[f"{letter}_out"])


def test_the_scores_of_rotary_positions():
    c = case("rope_interleaved_offset")
    q, k = (turned(c[letter], interleaved=True) for letter in "qk")
    close(q @ k.swapaxes(-1, -2), c["scores"])


def test_partial_rotary_positions():
    c = case("rope_partial")
    close(turned(c["x"], turned=4), c["out"])


@pytest.mark.parametrize("heads", [2, 3, 4, 6, 8, 12])
def test_alibi(heads):
    """The bias wherever a key may be seen."""
    c, distance = case(f"alibi_{heads}_heads"), distances(Dim(5))
    for h, bias in enumerate(c["bias"], 1):
        seen = np.tri(5, dtype=bool)
        close(value(alibi(distance, h, heads))[seen], bias[seen])
