"""The ties of the topics that later families of models brought: sinks, scaled logits, shared layers, normed queries."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.core.graph import toposort
from byhand.derivations.topics import sink
from byhand.layers import attention as heads
from support.topic_ties import Numbers, Tie, backward, claim, each, given, inside, numbers_of, one


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
    (scores,) = (node for node in toposort([out]) if node.name == "scaled")
    slopes = backward(out, upstream, scores)[0]
    yield from each(claim("attention-sink", "The gradient of a score")[-1], slopes, numbers, "j", **size)
