"""Misconceptions about the transformer of 2017, its parts and its training, in plain numpy; never byhand.

A case takes the right tables by name, each (draws, rows, columns), and says what the student has in some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Tables = Mapping[str, Array]
Case = Callable[[Tables], dict[str, Array]]

NEG_INF = -1e30
EPS = 1e-5


def turned(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def softmax(x: Array, base: float = np.e, axis: int = -1) -> Array:
    powers = base ** (x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def norm(x: Array, t: Tables, name: str) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + EPS) * t[f"{name}.gamma"] + t[f"{name}.beta"]


def head(
    t: Tables,
    x: Array,
    place: str = "",
    dot: Any = lambda q, k: q @ turned(k),
    scale: Any = lambda s, d_k, d_model: s / np.sqrt(d_k),
    hide: Any = lambda s, keep: np.where(keep, s, NEG_INF),
    soft: Any = lambda s, keep: softmax(s),
    gather: Any = lambda w, q, k, v: w @ v,
    causal: bool = True,
) -> dict[str, Array]:
    """One head with biases where there are some, each step as a student may do it."""
    q, k, v = (x @ t[f"{place}W_{n}"] + t.get(f"{place}b_{n}", np.zeros(1)) for n in "QKV")
    keep = np.tri(x.shape[-2]) == 1
    scores = dot(q, k)
    scaled = scale(scores, q.shape[-1], x.shape[-1])
    masked = hide(scaled, keep) if causal else scaled
    weights = soft(masked, keep)
    result = {"scores": scores, "scaled": scaled, "weights": weights, "Z": gather(weights, q, k, v)}
    if causal:
        result["masked"] = masked
    return {f"{place}{name}": numbers for name, numbers in result.items()}


def one_head(**steps: Any) -> Case:
    return lambda t: head(t, t["X"], **steps)


def two_heads(joined: Callable[[Tables, Array, Array], Array]) -> Case:
    return lambda t: {"Y": joined(t, t["head1.Z"], t["head2.Z"])}


def side_by_side(*tables: Array) -> Array:
    return np.concatenate(tables, axis=-1)


def encoder_layer(residual: Any = lambda x, f: x + f, before: bool = False) -> Case:
    """x, then norm(x + attention(x)), then norm(x + ffn(x)); or each norm before its part."""

    def case(t: Tables) -> dict[str, Array]:
        x = t["X"]
        y = norm(x, t, "norm1") if before else x
        zs = [head(t, y, f"head{n}.", causal=False)[f"head{n}.Z"] for n in (1, 2)]
        r1 = residual(x, side_by_side(*zs) @ t["W_O"])
        x1 = r1 if before else norm(r1, t, "norm1")
        y = norm(x1, t, "norm2") if before else x1
        hidden = y @ t["W_1"] + t["b_1"]
        r2 = residual(x1, np.maximum(hidden, 0) @ t["W_2"] + t["b_2"])
        x2 = r2 if before else norm(r2, t, "norm2")
        logits = x2 @ t["W_class"] + t["b_class"]
        named = {"residual1": r1, "hidden": hidden, "residual2": r2, "output": x2, "logits": logits}
        for name, normed in (("norm1", x if before else r1), ("norm2", x1 if before else r2)):
            named[f"{name}.deviation"] = normed - normed.mean(axis=-1, keepdims=True)
            named[f"{name}.variance"] = normed.var(axis=-1, keepdims=True)
        return named | {"head1.Z": zs[0], "head2.Z": zs[1], "probabilities": softmax(logits)}

    return case


def gelu(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gpt2_layer(after: bool = False, from_norm: bool = False) -> Case:
    """x + attention(norm(x)), then x + ffn(norm(x)); or each norm after its residual, or the normed table added."""

    def case(t: Tables) -> dict[str, Array]:
        def joined(x: Array, change: Callable[[Array], Array], name: str) -> Array:
            if after:
                return norm(x + change(x), t, name)
            y = norm(x, t, name)
            return (y if from_norm else x) + change(y)

        def attention(y: Array) -> Array:
            zs = [head(t, y, f"layer1.head{n}.")[f"layer1.head{n}.Z"] for n in (1, 2)]
            return side_by_side(*zs) @ t["layer1.W_O"] + t["layer1.b_O"]

        def feed_forward(y: Array) -> Array:
            return gelu(y @ t["layer1.W_1"] + t["layer1.b_1"]) @ t["layer1.W_2"] + t["layer1.b_2"]

        r = joined(t["x"], attention, "layer1.norm1")
        x = joined(r, feed_forward, "layer1.norm2")
        logits = norm(x, t, "final_norm") @ turned(t["wte"])
        return {"layer1.residual": r, "layer1.output": x, "logits": logits, "probabilities": softmax(logits)}

    return case


def layer_norm(
    mean: Any = lambda x: x.mean(axis=-1, keepdims=True),
    variance: Any = lambda d: (d**2).mean(axis=-1, keepdims=True),
    divide: Any = lambda d, v: d / np.sqrt(v + EPS),
    out: Any = lambda n, gamma, beta: n * gamma + beta,
) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        d = t["X"] - mean(t["X"])
        normalised = divide(d, variance(d))
        y = out(normalised, t["norm.gamma"], t["norm.beta"])
        return {"norm.deviation": d, "norm.normalised": normalised, "Y": y}

    return case


def feed_forward(act: Any, name: str = "relu", bias: bool = True) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        hidden = t["X"] @ t["W_1"] + bias * t["b_1"]
        active = act(hidden)
        return {"hidden": hidden, name: active, "Y": active @ t["W_2"] + bias * t["b_2"]}

    return case


def product(case: Callable[[Array, Array], Array]) -> Case:
    return lambda t: {"C": case(t["A"], t["B"])}


def encoding(count: int, d: int, sine: int = 0, first: int = 0, factor: float = 2) -> Array:
    """Vaswani et al. 2017, section 3.5, entry by entry; `sine` is the parity of the sine's columns."""
    table = np.empty((count, d))
    for row in range(count):
        for column in range(d):
            angle = (row + first) / 10000 ** (factor * (column // 2) / d)
            table[row, column] = np.sin(angle) if column % 2 == sine else np.cos(angle)
    return table


def log_p(t: Tables) -> Array:
    return np.log(softmax(t["logits"]))


def target_of(t: Tables) -> Array:
    """1 at the word that follows; nothing at the last place, where none does."""
    words = t["ids"][..., 0].astype(int)
    y = np.zeros_like(t["logits"])
    for row in range(words.shape[-1] - 1):
        y[:, row, words[row + 1]] = 1
    return y


def losses(of: Callable[[Tables], Array]) -> Case:
    """From the loss of each word: their sum, and its mean over the places that have a target."""

    def case(t: Tables) -> dict[str, Array]:
        each = of(t) * (target_of(t).sum(axis=-1, keepdims=True))
        summed = each.sum(axis=-2, keepdims=True)
        return {"loss.losses": each, "loss.sum": summed, "loss": summed / (t["ids"].shape[-2] - 1)}

    return case


def step(case: Callable[[Array, Array], Array]) -> Case:
    """From each weight and its gradient, which is right: of three words with a target each, (p - y) / 3."""

    def updated(t: Tables) -> dict[str, Array]:
        paths = [name.removeprefix("updated.") for name in t if name.startswith("updated.")]
        weights = {f"updated.{path}": case(t[path], t[f"grad.{path}"]) for path in paths}
        return weights | {"grad.logits": (softmax(t["logits"]) - t["loss.y"]) / 3}

    return updated


def negated_from_the_logits(t: Tables) -> dict[str, Array]:
    """Of three words with a target each, the mean loss's gradient with the wrong sign, and the weights it reaches."""
    p, y = softmax(t["logits"]), t["loss.y"]
    g = (y - p) / 3
    return {
        "grad.logits": g,
        "grad.W_class": turned(t["output"]) @ g,
        "grad.b_class": g.sum(axis=-2, keepdims=True),
        "grad.output": g @ turned(t["W_class"]),
        "updated.W_class": t["W_class"] - 0.1 * turned(t["output"]) @ g,
    }


def all_of_relu(t: Tables) -> dict[str, Array]:
    g = t["grad.ffn"] @ turned(t["W_2"])
    return {"grad.hidden": g, "grad.W_1": turned(t["norm1"]) @ g, "grad.b_1": g.sum(axis=-2, keepdims=True)}


def first_way_only(t: Tables) -> dict[str, Array]:
    """The variance as if it were given, and so the mean; of the residual's input, only what comes past the sublayer."""
    g = t["grad.norm2.normalised"] / t["norm2.root"]
    return dict.fromkeys(("grad.norm2.deviation", "grad.residual2", "grad.norm1"), g)


def softmax_one_way(t: Tables) -> dict[str, Array]:
    """The softmax's gradient is p (g - Σ g p); without the way through the total only p g."""
    g = t["upstream"] @ turned(t["V"])
    scores = t["weights"] * g / np.sqrt(2)
    return {"grad.softmax.shifted": t["weights"] * g, "grad.scores": scores, "grad.Q": scores @ t["K"]}


def over_all(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=(-1, -2), keepdims=True)


def soft(case: Callable[[Array], Array]) -> Case:
    return lambda t: {"divided": t["X"] / 2, "probabilities": case(t["X"] / 2)}


def absolute(x: Array, y: Array) -> Array:
    return np.abs(x) @ np.abs(y)


def unscaled_words(t: Tables) -> dict[str, Array]:
    words = t["encoder.E"][:, t["encoder.ids"][:, 0].astype(int)]
    return {"encoder.words": words, "encoder.x": words + encoding(words.shape[-2], 4)}


def gpt2_places(first: int) -> Case:
    return lambda t: {"x": t["words"] + t["wpe"][:, first : first + 3]}


def looking_back(scores: Array, keep: Array) -> Array:
    return softmax(np.where(keep, scores, NEG_INF))


def with_w_v(t: Tables, place: str) -> Array:
    return t["layer1.norm1"] @ t[f"{place}W_V"] + t[f"{place}b_K"]


def keys_from_values(t: Tables) -> dict[str, Array]:
    keys = t["X"] @ t["W_V"] + t["b_K"]
    return head({**t, "W_K": t["W_V"]}, t["X"], causal=False) | {"K": keys}


CASES: dict[str, tuple[str, Case]] = {
    "factors-swapped": ("product", product(lambda a, b: b @ a)),
    "product-elementwise": ("product", product(lambda a, b: a * b)),
    "product-transposed": ("product", product(lambda a, b: turned(a @ b))),
    "sums-multiplied": ("product", product(lambda a, b: np.einsum("nij,nkl->nil", a, b))),
    "terms-added": ("product", product(lambda a, b: (a[:, :, :, None] + b[:, None]).sum(axis=2))),
    "last-term-dropped": ("product", product(lambda a, b: a[..., :-1] @ b[..., :-1, :])),
    "minus-signs-lost": ("product", product(absolute)),
    "weight-transposed": ("multi-head", two_heads(lambda t, a, b: side_by_side(a, b) @ turned(t["W_O"]))),
    "scores-not-scaled": ("attention", one_head(scale=lambda s, d_k, d: s)),
    "scores-divided-by-d_k": ("attention", one_head(scale=lambda s, d_k, d: s / d_k)),
    "scores-multiplied": ("attention", one_head(scale=lambda s, d_k, d: s * np.sqrt(d_k))),
    "scores-divided-by-root-of-d_model": ("wide attention", one_head(scale=lambda s, d_k, d: s / np.sqrt(d))),
    "temperature-multiplied": ("softmax", lambda t: {"divided": t["X"] * 2, "probabilities": softmax(t["X"] * 2)}),
    "temperature-left-out": ("softmax", lambda t: {"divided": t["X"], "probabilities": softmax(t["X"])}),
    "softmax-over-columns": ("softmax", soft(lambda x: softmax(x, axis=-2))),
    "softmax-over-the-whole-table": ("softmax", soft(over_all)),
    "softmax-without-exponential": ("softmax", soft(lambda x: x / x.sum(axis=-1, keepdims=True))),
    "softmax-base-2": ("softmax", soft(lambda x: softmax(x, 2))),
    "softmax-base-10": ("softmax", soft(lambda x: softmax(x, 10))),
    "softmax-base-e": ("softmax in base 3", lambda t: {"probabilities": softmax(t["X"] / 2)}),
    "softmax-not-normalised": ("softmax", soft(lambda x: np.exp(x - x.max(axis=-1, keepdims=True)))),
    "mask-missing": ("attention", one_head(hide=lambda s, keep: s)),
    "mask-wrong-triangle": ("attention", one_head(hide=lambda s, keep: np.where(keep.T, s, NEG_INF))),
    "mask-on-the-diagonal-too": (
        "attention",
        one_head(hide=lambda s, keep: np.where(np.tri(len(keep), k=-1) == 1, s, NEG_INF)),
    ),
    "mask-after-the-softmax": (
        "attention",
        one_head(hide=lambda s, keep: s, soft=lambda s, keep: np.where(keep, softmax(s), 0)),
    ),
    "mask-with-zero": ("attention", one_head(hide=lambda s, keep: np.where(keep, s, 0))),
    "queries-and-keys-swapped": ("attention", one_head(dot=lambda q, k: k @ turned(q))),
    "keys-for-values": ("attention", one_head(gather=lambda w, q, k, v: w @ k)),
    "queries-for-values": ("attention", one_head(gather=lambda w, q, k, v: w @ q)),
    "attention-transposed": ("attention", one_head(gather=lambda w, q, k, v: turned(w) @ v)),
    "mask-where-there-is-none": ("open attention", one_head(soft=looking_back, causal=False)),
    "keys-made-with-w_v": ("open attention", keys_from_values),
    "heads-in-wrong-order": ("multi-head", two_heads(lambda t, a, b: side_by_side(b, a) @ t["W_O"])),
    "output-projection-left-out": ("multi-head", two_heads(lambda t, a, b: side_by_side(a, b))),
    "residual-left-out": ("encoder-layer", encoder_layer(lambda x, f: f)),
    "residual-doubled": ("encoder-layer", encoder_layer(lambda x, f: 2 * x + f)),
    "residual-from-the-norm": ("gpt2", gpt2_layer(from_norm=True)),
    "norm-before-the-sublayer": ("encoder-layer", encoder_layer(before=True)),
    "norm-after-the-residual": ("gpt2", gpt2_layer(after=True)),
    "sample-variance": ("layernorm", layer_norm(variance=lambda d: d.var(axis=-1, ddof=1, keepdims=True))),
    "epsilon-left-out": ("layernorm with a large ε", layer_norm(divide=lambda d, v: d / np.sqrt(v))),
    "norm-without-root": ("layernorm", layer_norm(divide=lambda d, v: d / (v + EPS))),
    "mean-not-subtracted": ("layernorm", layer_norm(mean=lambda x: 0)),
    "mean-added": ("layernorm", layer_norm(mean=lambda x: -x.mean(axis=-1, keepdims=True))),
    "norm-over-columns": (
        "layernorm",
        layer_norm(
            mean=lambda x: x.mean(axis=-2, keepdims=True), variance=lambda d: (d**2).mean(axis=-2, keepdims=True)
        ),
    ),
    "gain-left-out": ("layernorm", layer_norm(out=lambda n, gamma, beta: n + beta)),
    "shift-left-out": ("layernorm", layer_norm(out=lambda n, gamma, beta: n * gamma)),
    "gain-and-shift-swapped": ("layernorm", layer_norm(out=lambda n, gamma, beta: n * beta + gamma)),
    "relu-as-absolute-value": ("feed-forward", feed_forward(np.abs)),
    "relu-of-the-wrong-side": ("feed-forward", feed_forward(lambda h: np.minimum(h, 0))),
    "activation-left-out": ("feed-forward", feed_forward(lambda h: h)),
    "relu-for-gelu": ("feed-forward with gelu", feed_forward(lambda h: np.maximum(h, 0), "gelu")),
    "bias-left-out": ("feed-forward", feed_forward(lambda h: np.maximum(h, 0), bias=False)),
    "words-from-one": ("embedding", lambda t: {"embedded": t["E"][:, [0, 1, 3]]}),
    "positions-left-out": ("gpt2", lambda t: {"x": t["words"]}),
    "positions-from-one": ("gpt2", gpt2_places(1)),
    "sine-and-cosine-swapped": ("positions", lambda t: {"PE": encoding(6, 6, sine=1)}),
    "rate-with-i-for-2i": ("positions", lambda t: {"PE": encoding(6, 6, factor=1)}),
    "embedding-not-scaled": ("transformer", unscaled_words),
    "loss-log-base-2": ("loss", losses(lambda t: -(target_of(t) * log_p(t) / np.log(2)).sum(axis=-1, keepdims=True))),
    "loss-log-base-10": ("loss", losses(lambda t: -(target_of(t) * log_p(t)).sum(axis=-1, keepdims=True) / np.log(10))),
    "loss-sign": ("loss", losses(lambda t: (target_of(t) * log_p(t)).sum(axis=-1, keepdims=True))),
    "loss-of-the-likeliest-word": ("loss", losses(lambda t: -log_p(t).max(axis=-1, keepdims=True))),
    "loss-of-the-word-itself": (
        "loss",
        losses(lambda t: -np.stack([log_p(t)[:, row, [int(word)]] for row, word in enumerate(t["ids"][:, 0])], axis=1)),
    ),
    "loss-summed": ("loss", lambda t: {"loss": -(target_of(t) * log_p(t)).sum(axis=(-1, -2), keepdims=True)}),
    "gradient-y-minus-p": ("step", negated_from_the_logits),
    "gradient-through-all-of-relu": ("step", all_of_relu),
    "gradient-way-left-out": ("step", first_way_only),
    "softmax-gradient-of-one-way": ("attention backward", softmax_one_way),
    "gradient-added": ("step", step(lambda w, g: w + 0.1 * g)),
    "learning-rate-left-out": ("step", step(lambda w, g: w - g)),
    "step-for-the-weight": ("step", step(lambda w, g: 0.1 * g)),
}
"""Misconception -> the subject in which it is planted, and what the student then has."""

MORE: list[tuple[str, str, Case]] = [
    ("positions-from-one", "positions", lambda t: {"PE": encoding(6, 6, first=1)}),
    ("positions-left-out", "transformer", lambda t: {"encoder.x": t["encoder.words"]}),
    ("activation-left-out", "feed-forward with gelu", feed_forward(lambda h: h, "gelu")),
    ("softmax-over-columns", "attention", one_head(soft=lambda s, keep: softmax(s, axis=-2))),
    (
        "softmax-without-exponential",
        "attention",
        one_head(soft=lambda s, keep: np.where(keep, s, 0) / np.where(keep, s, 0).sum(axis=-1, keepdims=True)),
    ),
    ("minus-signs-lost", "feed-forward", lambda t: {"hidden": absolute(t["X"], t["W_1"]) + t["b_1"]}),
    (
        "softmax-gradient-of-one-way",
        "step",
        lambda t: {"grad.logits": (softmax(t["logits"]) - t["loss.y"]) / 3, "grad.loss.total": t["grad.loss.total"]},
    ),
    (
        "mask-where-there-is-none",
        "encoder-layer",
        lambda t: head(t, t["X"], "head2.", soft=looking_back, causal=False),
    ),
    ("keys-made-with-w_v", "gpt2", lambda t: {"layer1.head1.K": with_w_v(t, "layer1.head1.")}),
    ("mask-missing", "gpt2", lambda t: head(t, t["layer1.norm1"], "layer1.head2.", hide=lambda s, keep: s)),
    ("output-projection-left-out", "gpt2", lambda t: {"layer1.attention": side_by_side(*both_heads(t))}),
]
"""The same misconceptions in other places."""

RIGHT: dict[str, Case] = {
    "product": product(lambda a, b: a @ b),
    "embedding": lambda t: {"embedded": t["E"][:, [1, 2, 4]]},
    "softmax": soft(softmax),
    "attention": one_head(),
    "wide attention": one_head(),
    "open attention": one_head(causal=False),
    "layernorm with a large ε": layer_norm(divide=lambda d, v: d / np.sqrt(v + 1)),
    "multi-head": two_heads(lambda t, a, b: side_by_side(a, b) @ t["W_O"]),
    "encoder-layer": encoder_layer(),
    "gpt2": gpt2_layer(),
    "layernorm": layer_norm(),
    "feed-forward": feed_forward(lambda h: np.maximum(h, 0)),
    "positions": lambda t: {"PE": encoding(6, 6)},
    "loss": losses(lambda t: -(target_of(t) * log_p(t)).sum(axis=-1, keepdims=True)),
    "step": step(lambda w, g: w - 0.1 * g),
}
"""With nothing wrong, the same plain numpy says what the model does."""


def both_heads(t: Tables) -> list[Array]:
    return [t["layer1.head1.Z"], t["layer1.head2.Z"]]
