"""The ties of the topics that later families of models brought: sinks, scaled logits, shared layers, normed queries."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.core.graph import toposort
from byhand.core.weights import Weights
from byhand.derivations.topics import logits, normed_queries, shared, sink
from byhand.layers import attention as heads
from byhand.layers import norms
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from support.topic_ties import Array, Numbers, Tie, backward, claim, each, given, inside, numbers_of, one


def attention_sink_ties() -> Iterator[Tie]:
    """One query of a head with a sink, forward and backward."""
    rng = np.random.default_rng(11)
    q, k, v, upstream = (rng.normal(size=size) for size in ((1, 3), (4, 3), (4, 3), (1, 3)))
    learnt = given("sink", np.array([0.4]))
    out = heads.attend(given("Q", q), given("K", k), given("V", v), mask=None, sink=learnt)
    weights, size = inside(out, "weights")[0], {"n": 4}
    numbers: Numbers = {"x": inside(out, "scaled")[0], "s": 0.4, "g": (upstream @ v.T)[0]}
    yield from each(sink.w[sink.i], weights, numbers, "i", **size)
    yield from each(claim("attention-sink", "It is the usual softmax, times a gate")[-1], weights, numbers, "i", **size)
    yield Tie(sink.u, float(inside(out, "p")[0, -1]), numbers, size)
    for column in range(3):
        yield Tie(sink.z, float(numbers_of(out)[0, column]), numbers | {"v": v[:, column]}, size)
    title = "The gradient of the sink"
    yield Tie(claim("attention-sink", title)[-1], one(backward(out, upstream, learnt)), numbers, size)
    scores = next(node for node in toposort([out]) if node.name == "scaled")
    slopes = backward(out, upstream, scores)[0]
    yield from each(claim("attention-sink", "The gradient of a score")[-1], slopes, numbers, "j", **size)


def logit_scale_ties() -> Iterator[Tie]:
    """Command R's logits of its first word, with a target for it alone; and the capped scores of a head."""
    tables = build(Recipe("command-r", backward=True, targets=[2, "_", "_"])).numbers()
    numbers: Numbers = {"x": tables["unscaled"][0], "s": 0.5}
    shares, slopes = tables["probabilities"][0], tables["grad.unscaled"][0]
    size = {"n": len(shares), "w": 3}
    yield from each(logits.p[logits.i], shares, numbers, "i", **size)
    yield Tie(logits.scaled_loss[logits.w], one(tables["loss"]), numbers, size)
    yield from each(claim("logit-scale", "The gradient has the same factor")[-1], slopes, numbers, "j", **size)
    q, k = np.random.default_rng(11).normal(size=(2, 3, 2))
    out = heads.attend(given("Q", q), given("K", k), given("V", k), mask=None, cap=0.8)
    before, after = (next(node for node in toposort([out]) if node.name == name) for name in ("scaled", "capped"))
    slopes = backward(after, np.ones((3, 3)), before)
    for at, score in np.ndenumerate(numbers_of(before)):
        under: Numbers = {"z": float(score), "c": 0.8}
        yield Tie(logits.cap, float(numbers_of(after)[at]), under)
        yield Tie(claim("logit-scale", "The slope of a cap")[-1], float(slopes[at]), under)


def shared_layers_ties() -> Iterator[Tie]:
    """ALBERT's two layers, which share the first weight of their feed-forward and its bias."""
    tables = build(Recipe("albert", backward=True, targets=["_", 4, "_", 3, "_"])).numbers()

    def both(name: str) -> Array:
        return np.stack([tables[name.format(layer)] for layer in (1, 2)])

    numbers: Numbers = {"x": both("layer{}.norm1"), "G": both("grad.layer{}.hidden")}
    numbers |= {"W": tables["layer1.W_1"], "b": tables["layer1.b_1"][0]}
    size = {"N": 2, "T": 5, "n": 4, "m": 8}
    yield from each(shared.y[shared.layer, shared.t, shared.j], both("layer{}.hidden"), numbers, "l t j", **size)
    weight, bias = (
        claim("shared-layers", a)[-1] for a in ("The gradient is the sum over the places", "The bias likewise")
    )
    yield from each(weight, tables["grad.layer1.W_1"], numbers, "i j", **size)
    yield from each(bias, tables["grad.layer1.b_1"][0], numbers, "j", **size)


def query_key_norm_ties() -> Iterator[Tie]:
    """One query and one key, each with its norm and gain, and their score."""
    data = dict(zip("qkγη", np.random.default_rng(11).normal(size=(4, 3)), strict=True))
    q, k = (given(name, data[name]) for name in "qk")
    weights = Weights(arrays={"q_norm.gamma": data["γ"], "k_norm.gamma": data["η"]})
    normed = [norms.rms_norm(x, weights, name, 0.3) for x, name in ((q, "q_norm"), (k, "k_norm"))]
    out = heads.attend(*normed, k, mask=None)
    scaled = next(node for node in toposort([out]) if node.name == "scaled")
    numbers: Numbers = data | {"ε": 0.3}
    page, size = normed_queries, {"d": 3}
    for name, length, row in (("q_norm", page.r, page.normed), ("k_norm", page.u, page.normed_key)):
        yield Tie(length, one(inside(out, f"{name}.root")), numbers, size)
        yield from each(row[page.i], inside(out, f"{name}.normalised")[0], numbers, "i", **size)
    yield Tie(page.score, one(numbers_of(scaled)), numbers, size)
    along = float((data["q"] * backward(scaled, np.ones((1, 1)), q)).sum())
    yield from (
        Tie(line, along, numbers, size) for line in claim("query-key-norm", "To grow changes nothing, but for ε")
    )
