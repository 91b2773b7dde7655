"""Each topic derives the layer that the models use: its formulas, evaluated, equal the numbers of the layer's graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import product

import numpy as np
from support.derivation_mistakes import changed, differs
from support.derivations import each_topic
from support.family_ties import attention_sink_ties, logit_scale_ties, query_key_norm_ties, shared_layers_ties
from support.topic_ties import (
    Array,
    Numbers,
    Tie,
    backward,
    claim,
    each,
    given,
    inside,
    numbers_of,
    one,
)

from byhand.core.graph import Dim, Node
from byhand.core.labels import Labels
from byhand.core.ops import beside
from byhand.core.optimizers import OPTIMIZERS
from byhand.core.weights import Weights
from byhand.derivations.functions import cell, d
from byhand.derivations.terms import Definition, Term
from byhand.derivations.topic_page import page_of
from byhand.derivations.topics import (
    TOPICS,
    activations,
    attention,
    cross_entropy,
    gelu,
    learning,
    linear,
    norms,
    pieces,
    preferences,
    sampling,
    scores,
    softmax,
    speculative,
)
from byhand.documents.document import Formula
from byhand.language.architecture import Decoding
from byhand.language.generation import probabilities, sample_word
from byhand.layers import activations as act
from byhand.layers import attention as heads
from byhand.layers import linear as lines
from byhand.layers import losses, masks
from byhand.layers import norms as norm
from byhand.layers import positions as place
from byhand.layers.feed_forward import gated_feed_forward
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

RNG = np.random.default_rng(11)


def softmax_ties() -> Iterator[Tie]:
    row = RNG.normal(size=4)
    x = given("x", row)
    out = heads.softmax(x)
    numbers = {"x": row}
    yield from each(softmax.p[softmax.i], numbers_of(out)[0], numbers, "i", n=4)
    yield Tie(softmax.m, one(inside(out, "max")), numbers, {"n": 4})
    for j in range(4):
        one_hot = np.eye(4)[j]
        yield from each(claim("softmax", "The Jacobian")[-1], backward(out, one_hot, x)[0], numbers, "j", n=4, i=j + 1)
    warm = claim("softmax", "Cold: as T goes to 0, the largest score takes all")[0]
    yield from each(warm, numbers_of(probabilities(x, 0.7))[0], numbers | {"T": 0.7}, "i", n=4)


def log_sum_exp_ties() -> Iterator[Tie]:
    """The model's own log-sum-exp is what its log-softmax takes off each score."""
    row = RNG.normal(size=4)
    loss, _ = losses.cross_entropy(given("z", row), given("targets", np.array([2.0])))
    taken_off = row - inside(loss, "log_p")[0]
    yield from (Tie(softmax.lse, float(x), {"x": row}, {"n": 4}) for x in taken_off)
    yield Tie(softmax.m, one(inside(loss, "max")), {"x": row}, {"n": 4})
    shifted = claim("log-sum-exp", "The shift trick")[-1]
    yield Tie(shifted, float(taken_off[0]), {"x": row, "c": float(row.max())}, {"n": 4})


def cross_entropy_ties() -> Iterator[Tie]:
    row, w, e = RNG.normal(size=4), 2, 0.1
    for smoothing in (None, e):
        z = given("z", row)
        loss, _ = losses.cross_entropy(
            z, given("targets", np.array([w - 1.0])), smoothing and given("ε", np.array([e]))
        )
        title = "With label smoothing the gradient is p − y too" if smoothing else "The gradient is p − y"
        numbers: Numbers = {"z": row, "ε": e}
        formula = cross_entropy.smooth if smoothing else cross_entropy.loss[cross_entropy.w]
        yield Tie(formula, one(numbers_of(loss)), numbers, {"n": 4, "w": w})
        yield from each(
            claim("cross-entropy", title)[-1], backward(loss, np.ones((1, 1)), z)[0], numbers, "j", n=4, w=w
        )
        if smoothing:
            yield from each(cross_entropy.y[cross_entropy.i], inside(loss, "smoothed")[0], numbers, "i", n=4, w=w)
    yield from each(cross_entropy.p[cross_entropy.i], np.exp(inside(loss, "log_p"))[0], numbers, "i", n=4)
    rows = RNG.normal(size=(3, 4))
    each_loss, counted = losses.cross_entropy(given("z", rows), given("targets", np.zeros((3, 1))))
    mean = one(numbers_of(each_loss).sum() / numbers_of(counted).sum())
    (shown,) = claim("cross-entropy", "The mean over tokens divides the gradient")[0].args[:1]
    yield Tie(shown, mean, {"z": rows}, {"n": 4, "N": 3})


def sampling_ties() -> Iterator[Tie]:
    """Of scores in falling order, the first are kept."""
    row = np.sort(RNG.normal(size=4))[::-1]
    words = Labels("words", ("a", "b", "c", "d"))

    def drawn(decoding: Decoding) -> Array:
        following = sample_word(given("z", row), words, decoding, 1)
        return inside(following, "p")[:, 0]

    numbers: Numbers = {"x": row, "T": 0.7}
    yield from each(sampling.q[sampling.a], drawn(Decoding(temperature=1.0, top_k=2))[:2], {"x": row}, "i", n=4, K=2)
    yield from each(sampling.p[sampling.i], drawn(Decoding(temperature=1.0)), {"x": row}, "i", n=4)
    unsorted = RNG.normal(size=3)
    largest = inside(heads.softmax(given("z", unsorted)), "max")
    yield Tie(sampling.m, one(largest), {"x": unsorted}, {"n": 3, "K": 3})
    power = claim("sampling", "Temperature is a power of the shares")[-1]
    yield from each(power, drawn(Decoding(temperature=0.7)), numbers, "i", n=4)
    warm = claim("sampling", "Cold: as T goes to 0, the largest score takes all")[0]
    yield from each(warm, drawn(Decoding(temperature=0.7, top_k=3))[:3], numbers, "i", n=4, K=3)


def attention_ties() -> Iterator[Tie]:
    q, k, v, upstream = RNG.normal(size=(4, 3, 2))
    nodes = {name: given(name, data) for name, data in zip("QKV", (q, k, v), strict=True)}
    out = heads.attend(*nodes.values(), mask=None)
    numbers: Numbers = {"Q": q, "K": k, "V": v, "G": upstream}
    size = {"T": 3, "d_k": 2}
    i, j, c = attention.i, attention.j, attention.c
    yield from each(attention.score[i, j], inside(out, "scaled"), numbers, "i j", **size)
    yield from each(attention.weight[i, j], inside(out, "weights"), numbers, "i j", **size)
    yield from each(attention.result[i, c], numbers_of(out), numbers, "i c", **size)
    yield from each(claim("attention", "In components")[0], numbers_of(out), numbers, "i c", **size)
    all_at_once = claim("attention", "All steps together")[-1]
    yield from each(all_at_once, backward(out, upstream, nodes["Q"]), numbers, "i a", **size)
    numbers |= {"A": inside(out, "weights")}
    yield from each(
        claim("attention", "The gradient of V")[-1], backward(out, upstream, nodes["V"]), numbers, "j c", **size
    )
    D = upstream @ v.T
    (E,) = (A * (D - (D * A).sum(1, keepdims=True)) for A in [inside(out, "weights")])
    numbers |= {"D": D, "E": E}
    yield from each(
        claim("attention", "The gradient of K")[-1], backward(out, upstream, nodes["K"]), numbers, "j a", **size
    )


def why_sqrt_d_ties() -> Iterator[Tie]:
    q, k = RNG.normal(size=(2, 3))
    out = heads.attend(given("Q", q), given("K", k), given("V", k), mask=None)
    numbers: Numbers = {"q": q, "k": k}
    yield Tie(scores.score, one(inside(out, "scores")), numbers, {"d_k": 3})
    (squared,) = claim("why-sqrt-d", "Divided by √d_k, the variance is 1")[0].args
    yield Tie(squared, one(inside(out, "scaled")) ** 2, numbers, {"d_k": 3})


def causal_mask_ties() -> Iterator[Tie]:
    q, k = RNG.normal(size=(2, 3, 2))
    out = heads.attend(given("Q", q), given("K", k), given("V", k), masks.causal_mask(Dim(3)))
    numbers: Numbers = {"S": inside(out, "scaled")}
    yield from each(scores.A[scores.row, scores.column], inside(out, "weights"), numbers, "i j", T=3)
    yield from each(scores.seen[scores.row, scores.column], inside(out, "causal_mask"), numbers, "i j", T=3)
    unmasked = heads.attend(given("Q", q), given("K", k), given("V", k), mask=None)
    yield from each(scores.p[scores.row, scores.column], inside(unmasked, "weights"), numbers, "i j", T=3)


def multi_head_ties() -> Iterator[Tie]:
    """Three heads of two columns for two words."""
    z, w_o = RNG.normal(size=(3, 2, 2)), RNG.normal(size=(6, 2))
    joined = beside(*(given(f"Z{h}", z[h]) for h in range(3)))
    out = heads.join_heads(joined, Weights(arrays={"W_O": w_o}), 2, bias=False)
    for line in claim("multi-head", "The heads' results add up"):
        yield from each(line, numbers_of(out), {"Z": z, "W": w_o}, "i j", H=3, d_k=2, d=2)


def linear_ties() -> Iterator[Tie]:
    data, w, b, upstream = (RNG.normal(size=shape) for shape in ((2, 3), (3, 2), (2,), (2, 2)))
    x, weights = given("x", data), Weights(arrays={"W_1": w, "b_1": b})
    out = lines.linear(x, weights, "1", 2)
    numbers: Numbers = {"x": data, "W": w, "b": b, "G": upstream}
    size = {"T": 2, "n": 3, "m": 2}
    yield from each(linear.y[linear.t, linear.j], numbers_of(out), numbers, "t j", **size)
    for letter, wrt, names in (("x", x, "t i"), ("W", weights.nodes["W_1"], "i j")):
        yield from each(
            claim("linear", f"The gradient of {letter}")[-1], backward(out, upstream, wrt), numbers, names, **size
        )
    bias = backward(out, upstream, weights.nodes["b_1"])[0]
    yield from each(claim("linear", "The gradient of b")[-1], bias, numbers, "j", **size)


def residual_ties() -> Iterator[Tie]:
    """Around a layer of one weight, with a SiLU."""
    data, w, upstream = RNG.normal(size=3), RNG.normal(size=(3, 3)), RNG.normal(size=3)
    x = given("x", data)
    change = act.silu(x @ given("W", w))
    out = lines.residual(x, change, "y")
    slopes = np.array([backward(change, np.eye(3)[i], x)[0] for i in range(3)])
    numbers: Numbers = {"x": data, "g": upstream, "f": numbers_of(change)[0], "slope": slopes}
    (y, _), *_ = (term.args for term in claim("residual", "The Jacobian is the identity plus that of the layer"))
    yield from each(y, numbers_of(out)[0], numbers, "i", n=3)
    for i in range(3):
        jacobian = claim("residual", "The Jacobian is the identity plus that of the layer")[-1]
        yield from each(jacobian, backward(out, np.eye(3)[i], x)[0], numbers, "j", n=3, i=i + 1)
    passed = claim("residual", "The gradient passes unchanged, and more is added")[-1]
    yield from each(passed, backward(out, upstream, x)[0], numbers, "j", n=3)


def layer_norm_ties() -> Iterator[Tie]:
    data, upstream, gamma, beta = RNG.normal(size=(4, 4))
    x, weights = given("x", data), Weights(arrays={"n.gamma": gamma, "n.beta": beta})
    out = norm.layer_norm(x, weights, "n", 1e-2)
    numbers: Numbers = {"x": data, "g": upstream, "γ": gamma, "β": beta, "ε": 1e-2}
    yield Tie(norms.mu, one(inside(out, "mean")), numbers, {"n": 4})
    yield Tie(norms.sigma, one(inside(out, "root")), numbers, {"n": 4})
    yield from each(norms.hat[norms.i], inside(out, "normalised")[0], numbers, "i", n=4)
    yield from each(norms.y[norms.i], numbers_of(out)[0], numbers, "i", n=4)
    for letter, weight in (("gain", "n.gamma"), ("bias", "n.beta")):
        slope = backward(out, upstream, weights.nodes[weight])[0]
        yield from each(claim("layer-norm", f"The gradient of the {letter}")[-1], slope, numbers, "i", n=4)
    through = numbers | {"g": upstream * gamma}
    yield from each(
        claim("layer-norm", "The gradient in closed form")[-1], backward(out, upstream, x)[0], through, "i", n=4
    )


def rms_norm_ties() -> Iterator[Tie]:
    data, upstream, gamma = RNG.normal(size=(3, 4))
    x, weights = given("x", data), Weights(arrays={"n.gamma": gamma})
    out = norm.rms_norm(x, weights, "n", 1e-2)
    numbers: Numbers = {"x": data, "g": upstream, "γ": gamma, "ε": 1e-2}
    yield Tie(norms.rms, one(inside(out, "root")), numbers, {"n": 4})
    yield from each(norms.scaled[norms.i], inside(out, "normalised")[0], numbers, "i", n=4)
    gain = backward(out, upstream, weights.nodes["n.gamma"])[0]
    yield from each(claim("rms-norm", "The gradient of the gain")[-1], gain, numbers, "i", n=4)
    through = numbers | {"g": upstream * gamma}
    yield from each(
        claim("rms-norm", "The gradient in closed form")[-1], backward(out, upstream, x)[0], through, "i", n=4
    )


def of_one_number(term: Term, layer: Callable[[Node], Node], slope: Term | None = None) -> Iterator[Tie]:
    """A function of x at several numbers, and its slope."""
    for n in (-2.5, -0.7, 0.3, 1.9):
        x = given("x", np.array([n]))
        out = layer(x)
        yield Tie(term, one(numbers_of(out)), {"x": n})
        yield Tie(d(term, activations.x) if slope is None else slope, one(backward(out, np.ones((1, 1)), x)), {"x": n})


def relu_ties() -> Iterator[Tie]:
    """The slope from either side, and what byhand takes at 0: the one from below."""
    positive, negative = (claim("relu", f"The derivative {side} 0") for side in ("above", "below"))
    for n, (slope, *_, known) in ((1.7, positive), (-0.6, negative)):
        x = given("x", np.array([n]))
        out = act.relu(x)
        yield Tie(slope.args[0], one(numbers_of(out)), {"x": n})
        yield Tie(known, one(backward(out, np.ones((1, 1)), x)), {"x": n})
    at_0 = given("x", np.zeros(1))
    from_below = claim("relu", "At 0, from the left")[-1]
    yield Tie(from_below, one(backward(act.relu(at_0), np.ones((1, 1)), at_0)), {})


def gelu_ties() -> Iterator[Tie]:
    yield from of_one_number(gelu.gelu_exact, act.gelu, claim("gelu", "The derivative of the exact form")[-1])
    yield from of_one_number(gelu.gelu_tanh, act.gelu_tanh, claim("gelu", "The derivative of the tanh form")[-1])
    for n in (-1.2, 0.8):
        out = act.gelu_tanh(given("x", np.array([n])))
        yield Tie(gelu.u, math.atanh(one(inside(out, "tanh"))), {"x": n})


def silu_ties() -> Iterator[Tie]:
    yield from of_one_number(activations.value, act.silu, claim("silu", "The derivative")[-1])


def swiglu_ties() -> Iterator[Tie]:
    data, w, v, upstream = (RNG.normal(size=shape) for shape in ((3,), (3, 2), (3, 2), (2,)))
    x, weights = given("x", data), Weights(arrays={"W_gate": w, "W_up": v, "W_down": np.eye(2, 3)})
    out = gated_feed_forward(x, weights, 2, "silu")
    numbers: Numbers = {"x": data, "W": w, "V": v, "g": upstream}
    size = {"n": 3, "m": 2}
    yield from each(activations.gate[activations.j], inside(out, "gate")[0], numbers, "j", **size)
    yield from each(activations.path[activations.j], inside(out, "up")[0], numbers, "j", **size)
    through = np.append(upstream, 0)
    for letter, wrt, names in (
        ("W, the gate's layer", weights.nodes["W_gate"], "i j"),
        ("V, the other layer", weights.nodes["W_up"], "i j"),
    ):
        yield from each(
            claim("swiglu", f"The gradient of {letter}")[-1], backward(out, through, wrt), numbers, names, **size
        )
    slope = claim("swiglu", "The gradient of x")[-1]
    yield from each(slope, backward(out, through, x)[0], numbers, "i", **size)


def sinusoidal_ties() -> Iterator[Tie]:
    """Frequencies as the page says them: 10000^(−2i/d), i from 0."""
    width, longest = 6, 5
    table = numbers_of(place.sinusoidal(place.position_column(Dim(longest + 1)), width))
    rates = 10_000.0 ** (-2 * np.arange(width // 2) / width)
    first, *_, last = claim("sinusoidal", "A shift is a rotation")
    for line, row in product((first, last), (0, 1)):
        shown = cell(line, row + 1, 1)
        for (n, rate), p, k in product(enumerate(rates.tolist()), (0, 2), (1, 3)):
            yield Tie(shown, float(table[p + k, 2 * n + row]), {"ω": rate, "p": p, "k": k})
    first, *_, last = claim("sinusoidal", "Dot products see only the offset")
    alike = float(table[5] @ table[2])
    yield from (Tie(line, alike, {"ω": rates, "p": 5, "q": 2}, {"h": 3}) for line in (first, last))


def rotary_ties() -> Iterator[Tie]:
    """Two pairs of neighbouring columns, of a query at place 5 and a key at place 2."""
    q, k = RNG.normal(size=(2, 6, 4))
    angles = place.rotary(Dim(6), 4, 4, 100.0, interleaved=True)
    turned = {name: numbers_of(place.rotate(given(name, data), angles, name)) for name, data in (("Q", q), ("K", k))}
    rates = 100.0 ** (-2 * np.arange(2) / 4)
    numbers: Numbers = {"q": q[5], "k": k[2], "m": 5, "n": 2, "θ": rates}
    for line in claim("rotary", "All pairs together"):
        yield Tie(line, float(turned["Q"][5] @ turned["K"][2]), numbers, {"h": 2})
    numbers = {"q": q[5, 2:], "k": k[2, 2:], "m": 5, "n": 2, "θ": float(rates[1])}
    for line in claim("rotary", "The score depends on m − n alone"):
        yield Tie(cell(line, 1, 1), float(turned["Q"][5, 2:] @ turned["K"][2, 2:]), numbers)


def adam_ties() -> Iterator[Tie]:
    """Four steps, of which the last is looked at; and the first step alone."""
    slopes, rate, e, betas = RNG.normal(size=4), 0.1, 1e-3, (0.9, 0.999)
    constants = {
        name: given(name, np.array([x]))
        for name, x in zip(("learning_rate", "adam_eps", "beta1", "beta2"), (rate, e, *betas), strict=True)
    }
    w, state = given("w", np.zeros(1)), {}
    for t, slope in enumerate(slopes, start=1):
        new, state = OPTIMIZERS["adam"].step(w, given("grad", np.array([slope])), state, t, constants)
        for letter, seen, beta in (("m", slopes, betas[0]), ("v", slopes**2, betas[1])):
            numbers: Numbers = {"g": seen, "β": beta}
            for line in claim("adam", "What the average is made of")[1:]:
                yield Tie(line, one(numbers_of(state[letter])), numbers, {"t": t})
            corrected = claim("adam", "Bias correction")[0].args[0]
            yield Tie(corrected, one(inside(new, f"{letter}_hat")), numbers, {"t": t})
        if t == 1:
            step: Numbers = {"g": float(slope), "η": rate, "ε": e, "β_1": betas[0], "β_2": betas[1]}
            yield from (Tie(line, -one(numbers_of(new)), step) for line in claim("adam", "The first step"))


def wordpiece_score_ties() -> Iterator[Tie]:
    """The gain of the pair with the best score in the workbook's example: ##u ##g, of 113 letters."""
    tables = build(Recipe("wordpiece", size={"merges": 1})).numbers()
    score = float(tables["merge1.score"][0, 1])
    counts = {"a": 36.0, "b": 20.0, "m": 20.0, "N": 113.0}
    last = claim("wordpiece-score", "What one joining gains")[-1]
    yield Tie(last, float(np.log(counts["N"] * score)), counts)
    shorter = claim("wordpiece-score", "What byte pairs gain")[-1]
    best = one(build(Recipe("bpe", size={"merges": 1})).numbers()["merge1.best"])
    yield Tie(shorter, 20.0 - best, {"N": 20.0, "m": 9.0})


def unigram_em_ties() -> Iterator[Tie]:
    tables = build(Recipe("unigram", size={"pieces": 3}, word_counts=[("ab", 3), ("a", 2)])).numbers()
    yield from each(pieces.q[pieces.j], tables["new_p"][:, 0], {"c": tables["use"][:, 0]}, "j", n=3)


def lora_ties() -> Iterator[Tie]:
    """Y and the gradients of A and B; the merged form too."""
    size = {"tokens": 2, "d_model": 2, "width": 2, "rank": 2, "alpha": 3}
    drawn = {name: RNG.normal(size=(2, 2)).tolist() for name in ("X", "W", "A", "B", "upstream")}
    t = build(Recipe("lora", size=size, set=drawn, backward=True)).numbers()
    numbers: Numbers = {"x": t["X"], "W": t["W"], "A": t["A"], "B": t["B"], "G": t["upstream"], "s": one(t["scale"])}
    sizes = {"T": 2, "n": 2, "m": 2, "r": 2}
    yield from each(learning.low[learning.t, learning.a], t["low"], numbers, "t a", **sizes)
    yield from each(learning.y[learning.t, learning.j], t["Y"], numbers, "t j", **sizes)
    yield from each(claim("lora", "Merged equals apart")[-1], t["Y_merged"], numbers, "t j", **sizes)
    yield from each(claim("lora", "The gradient of A")[-1], t["grad.A"], numbers, "i a", **sizes)
    yield from each(claim("lora", "The gradient of B")[-1], t["grad.B"], numbers, "a j", **sizes)


def dropout_ties() -> Iterator[Tie]:
    t = build(
        Recipe("dropout", size={"tokens": 1, "width": 3, "p": 0.2}, set={"X": [[2, 3, 5]], "mask": [[1, 0, 1]]})
    ).numbers()
    numbers: Numbers = {"x": t["X"][0], "m": t["mask"][0], "p": 0.2}
    yield from each(learning.dropped[learning.place], t["Y"][0], numbers, "i", n=3)


def distillation_ties() -> Iterator[Tie]:
    """Of one word, with the soft loss alone."""
    size = {"tokens": 1, "vocab": 3, "temperature": 3, "mix": 1}
    given = {"student": [[1, -2, 0.5]], "teacher": [[0, 1, 2]]}
    t = build(Recipe("distillation", size=size, set=given, backward=True)).numbers()
    numbers: Numbers = {"z": t["student"][0], "v": t["teacher"][0], "T": 3.0}
    yield from each(learning.soft[learning.f], t["q"][0], numbers, "i", n=3)
    yield from each(learning.student[learning.f], np.exp(t["soft.log_p"][0]), numbers, "i", n=3)
    yield Tie(learning.soft_loss, one(t["soft_losses"]), numbers, {"n": 3})
    gradient = t["grad.student"][0] / 9  # the model's loss has the factor T²
    yield from each(claim("distillation", "The gradient is (p − q) / T")[-1], gradient, numbers, "j", n=3)


def clip_ties() -> Iterator[Tie]:
    drawn = {name: RNG.normal(size=(2, 4)).tolist() for name in ("image.features", "text.features")}
    drawn |= {name: RNG.normal(size=(4, 2)).tolist() for name in ("image.W", "text.W")}
    t = build(Recipe("clip", size={"pairs": 2, "d_text": 4}, set=drawn | {"t": 0.5}, backward=True)).numbers()
    numbers: Numbers = {"S": t["logits"]}
    yield from each(learning.to_texts[learning.row, learning.column], np.exp(t["to_texts.log_p"]), numbers, "i j", N=2)
    yield from each(
        learning.to_pictures[learning.row, learning.column], np.exp(t["to_images.log_p"]).T, numbers, "i j", N=2
    )
    yield Tie(learning.contrast, one(t["loss"]), numbers, {"N": 2})
    yield from each(claim("clip", "The gradient of a similarity")[-1], t["grad.logits"], numbers, "i j", N=2)
    row, back = t["image.projected"][1], t["grad.image.unit"][1]
    along: Numbers = {"e": row, "g": back}
    yield Tie(learning.length, float(t["image.length"][1, 0]), along, {"w": 2})
    yield from each(learning.unit[learning.e], t["image.unit"][1], along, "a", w=2)
    yield from each(claim("clip", "The gradient through the length")[-1], t["grad.image.projected"][1], along, "b", w=2)


def dpo_ties() -> Iterator[Tie]:
    size, given = {"pairs": 1, "beta": 0.3}, {"policy": [[-3, -5]], "reference": [[-4, -2]]}
    t = build(Recipe("dpo", size=size, set=given, backward=True)).numbers()
    numbers: Numbers = {"a": -3.0, "b": -5.0, "c": -4.0, "d": -2.0, "β": 0.3}
    yield Tie(preferences.margin, one(t["margin"]), numbers)
    title = "The gradient for the chosen answer"
    yield Tie(claim("dpo", title)[0].args[0], one(t["loss"]), numbers)
    for line in claim("dpo", title)[1:]:
        yield Tie(line, float(t["grad.policy"][0, 0]), numbers)


def grpo_ties() -> Iterator[Tie]:
    """The advantages without ε, and the gradient of a gain of one word that is not clipped."""
    size = {"answers": 3, "tokens": 1, "spread_epsilon": 0, "beta": 0, "epsilon": 1}
    t = build(Recipe("grpo", size=size, set={"rewards": [[1], [0.5], [3]], "words": 1}, backward=True)).numbers()
    numbers: Numbers = {"r": t["rewards"][:, 0]}
    yield Tie(preferences.mean, one(t["group_mean"]), numbers, {"n": 3})
    yield Tie(preferences.sigma, one(t["sigma"]), numbers, {"n": 3})
    yield from each(preferences.A[preferences.i], t["advantage"][:, 0], numbers, "i", n=3)
    for row in range(3):
        word: Numbers = {letter: float(t[name][row, 0]) for letter, name in {"x": "new", "o": "old"}.items()}
        word |= {"A": float(t["advantage"][row, 0])}
        yield Tie(claim("grpo", "The gradient of a gain")[-1], -3 * float(t["grad.new"][row, 0]), word)


def speculative_ties() -> Iterator[Tie]:
    """The first guess in the workbook: both models' shares, what is refused, and what is kept."""
    scores = {"draft": [[0, 2, 1]] * 3, "target": [[1, 0, 3]] * 3}
    tables = build(Recipe("speculative-decoding", size={"vocab": 3, "guesses": 1}, set=scores)).numbers()
    numbers: Numbers = {"c": np.exp(tables["guess1.scores"][0]), "s": np.exp(tables["scores"][0])}
    yield from each(speculative.p[speculative.i], tables["guess1.p"][0], numbers, "i", n=3)
    yield from each(speculative.q[speculative.i], tables["q"][0], numbers, "i", n=3)
    yield Tie(claim("speculative", "A guess is refused")[-1], float(tables["total"][0, 0]), numbers, {"n": 3})
    kept = claim("speculative", "How often a guess is kept")[-1]
    yield Tie(kept, float(tables["agreement"][0, 0]), numbers, {"n": 3})
    written = claim("speculative", "Word i is written: the result is distributed as q")[0]
    after = np.minimum(tables["guess1.p"], tables["q"][:1]) + tables["total"][0] * tables["residual"][:1]
    yield from each(written, after[0], numbers, "i", n=3)


def flash_attention_ties() -> Iterator[Tie]:
    """The first tile of queries in the workbook, after both tiles of keys."""
    tables = build(Recipe("flash-attention")).numbers()
    first, second = (lambda name, n=n: tables[f"queries1.keys{n}.{name}"] for n in (1, 2))
    for row in range(2):
        numbers: Numbers = {"x": first("S")[row], "y": second("S")[row]}
        numbers |= {"m": float(first("max")[row, 0]), "M": float(second("max")[row, 0])}
        rescaled = claim("flash-attention", "The total so far, for another maximum")[0]
        yield Tie(rescaled, float(second("kept")[row, 0] * first("total")[row, 0]), numbers, {"n": 2})
        both = claim("flash-attention", "After both tiles: exact attention")[0]
        for column in range(2):
            values: Numbers = {"v": tables["V"][:2, column], "u": tables["V"][2:, column]}
            yield Tie(both, float(tables["queries1.Z"][row, column]), numbers | values, {"n": 2, "N": 2})


OF_FAMILIES = {
    "attention-sink": attention_sink_ties,
    "logit-scale": logit_scale_ties,
    "shared-layers": shared_layers_ties,
    "query-key-norm": query_key_norm_ties,
}
TIES: dict[str, Callable[[], Iterable[Tie]]] = OF_FAMILIES | {
    name: globals()[f"{name.replace('-', '_')}_ties"] for name in TOPICS if name not in OF_FAMILIES
}


@cache
def ties(topic: str) -> tuple[Tie, ...]:
    RNG.bit_generator.state = np.random.default_rng(11).bit_generator.state  # whichever topic comes first
    return tuple(TIES[topic]())


def near(tie: Tie, value: float) -> bool:
    return abs(value - tie.layer) <= 1e-9 * (1 + abs(tie.layer))


@each_topic
def test_a_topic_is_its_layer(name: str) -> None:
    assert ties(name)
    for tie in ties(name):
        assert near(tie, tie.value()), (tie.term.shown, tie.at, tie.value(), tie.layer)


def written_out(term: Term) -> Term:
    """What a defined letter stands for, in its place."""
    return term.op.body(*term.args) if isinstance(term.op, Definition) else term


def misses(tie: Tie, wrong: Term) -> bool:
    """Whether another formula has another number there, or asks for one that is not there."""
    try:
        return not near(tie, tie.value(wrong))
    except IndexError:
        return True


@each_topic
def test_a_fault_in_a_topic_is_seen(name: str) -> None:
    """Each change of a formula (a sign, a factor, a term left out, another place) misses the layer somewhere."""
    formulas: dict[int, list[Tie]] = {}
    for tie in ties(name):
        formulas.setdefault(id(tie.term), []).append(tie)
    kinds = set()
    for places in formulas.values():
        term = places[0].term
        for what, wrong in changed(written_out(term)):
            if differs(term, wrong):
                kinds.add(what)
                assert any(misses(tie, wrong) for tie in places), (term.shown, what)
    assert {"one more", "factor 2", "sign flipped"} <= kinds


ELSEWHERE = {
    "L": "a loss that a derivation needs only to the first order",
    "φ": "the slope of Φ, which the derivative of GELU is tied with",
    "Φ": "a part of GELU, which is tied",
    "gelu_quick": "no model uses it",
    "M": "−∞ or 0: what it makes of the weights is tied",
    "h": "1 − b",
    "p": "the probability of a piece: the books of pieces compute it",
    "Z": "it cancels: no layer computes it",
    "π": "the best policy, which no layer computes",
    "s": "the slope of SiLU, which silu is tied with",
}
"""Letters that a page explains and no table of a layer holds, with the reason."""


@each_topic
def test_every_letter_that_a_page_explains_is_a_table_of_the_layer(name: str) -> None:
    tied = {tie.term.shown for tie in ties(name) if isinstance(tie.term.op, Definition)}
    for block in page_of(TOPICS[name]):
        if isinstance(block, Formula) and block.maths.sides[0] not in tied:
            assert block.maths.sides[0].letters in ELSEWHERE, block.maths
