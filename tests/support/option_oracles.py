"""Transformers of any options in plain numpy, from their papers; never byhand. `w` is the weights by their paths."""

import math

import numpy as np

CHOICES = {
    "positions": ("sinusoidal", "learned", "rotary", "alibi", "relative", "none"),
    "norm": ("layer", "rms"),
    "norm_place": ("pre", "post", "both"),
    "activation": ("relu", "gelu", "silu"),
    "gated": (True, False),
    "attention": ("full", "causal", "window", "strided"),
    "kv_heads": (0, 1, 2, 4),
    "tied": (True, False),
    "temperature": (1.0, 2.5),
}
"""What each option is drawn from."""


ERF = np.vectorize(math.erf, otypes=[float])
ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x / 2 * (1 + ERF(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def linear(w, path, name, x):
    y = x @ w[f"{path}W_{name}"]
    return y + w[f"{path}b_{name}"] if f"{path}b_{name}" in w else y


def norm(w, name, x, o):
    if o.norm == "rms":
        return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + o.eps) * w[f"{name}.gamma"]
    middle = x - x.mean(axis=1, keepdims=True)
    return middle / np.sqrt(x.var(axis=1, keepdims=True) + o.eps) * w[f"{name}.gamma"] + w[f"{name}.beta"]


def waves(places, d, halves=False):
    table = np.zeros((len(places), d))
    for t, place in enumerate(places):
        for i in range(d // 2):
            at = (i, d // 2 + i) if halves else (2 * i, 2 * i + 1)
            table[t, at[0]], table[t, at[1]] = (f(place / 10000 ** (2 * i / d)) for f in (math.sin, math.cos))
    return table


def turned(x, theta):
    """Features n and n + half are the parts of a complex number, turned by position / theta^(n / half)."""
    half = x.shape[1] // 2
    angles = np.arange(len(x))[:, None] / theta ** (np.arange(half) / half)
    z = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angles)
    return np.hstack([z.real, z.imag])


def bucket(distance, both_ways, buckets, farthest):
    """Of a key that is so far before (below 0) or behind the query (Raffel et al. 2020, section 2.1)."""
    first, away = 0, max(-distance, 0)
    if both_ways:
        buckets //= 2
        first, away = (buckets if distance > 0 else 0), abs(distance)
    near = buckets // 2
    if away < near:
        return first + away
    return first + min(near + int(math.log(away / near) / math.log(farthest / near) * (buckets - near)), buckets - 1)


def sees(kind, i, j, window):
    back = i - j
    return {
        "full": True,
        "causal": back >= 0,
        "window": 0 <= back < window,
        "strided": back >= 0 and (back < window or back % window == 0),
    }[kind]


def heads(w, path, x, memory, o, count, kind, padding, table=None):
    """Multi-head attention with as many keys and values as the options say. (T, d) -> (T, heads * d_k)"""
    groups, out = o.kv_heads or count, []
    known = x if memory is None else memory
    for h in range(count):
        at = f"{path}head{h + 1}."
        shared = f"{path}group{h * groups // count + 1}." if groups < count else at
        q, k, v = linear(w, at, "Q", x), linear(w, shared, "K", known), linear(w, shared, "V", known)
        if o.positions == "rotary" and memory is None:
            q, k = turned(q, o.theta), turned(k, o.theta)
        scores = q @ k.T / (o.score_scale or math.sqrt(q.shape[1]))
        for i, j in np.ndindex(scores.shape):
            if memory is None and o.positions == "alibi":
                scores[i, j] += (j - i) * 2 ** (-8 * (h + 1) / count)
            if memory is None and o.positions == "relative":
                scores[i, j] += table[bucket(j - i, kind == "full", o.buckets, o.farthest), h]
            if not (padding[j] and (memory is not None or sees(kind, i, j, o.window))):
                scores[i, j] = -np.inf
        out.append(softmax(scores) @ v)
    return np.hstack(out)


def feed(w, path, x, o):
    act = ACTIVATIONS[o.activation]
    if o.gated:
        return linear(w, path, "down", act(linear(w, path, "gate", x)) * linear(w, path, "up", x))
    return linear(w, path, "2", act(linear(w, path, "1", x)))


def changed(w, path, x, n, o, change):
    """One residual path, normed before, after or on both sides."""
    y = change(x if o.norm_place == "post" else norm(w, f"{path}norm{n}", x, o))
    if o.norm_place == "both":
        y = norm(w, f"{path}post_norm{n}", y, o)
    return norm(w, f"{path}norm{n}", x + y, o) if o.norm_place == "post" else x + y


def layer(w, path, x, o, count, kind, padding, table, memory=None, seen=None):
    """Of an encoder, or (with a memory and which of it is seen) of an encoder-decoder's decoder."""
    own = f"{path}self." if memory is not None else path

    def attention(y):
        return linear(w, own, "O", heads(w, own, y, None, o, count, kind, padding, table))

    def across(y):
        return linear(w, f"{path}cross.", "O", heads(w, f"{path}cross.", y, memory, o, count, kind, seen))

    x, last = changed(w, own, x, 1, o, attention), 2
    if memory is not None:
        x, last = changed(w, f"{path}cross.", x, 2, o, across), 3
    return changed(w, path, x, last, o, lambda y: feed(w, path, y, o))


def placed(w, path, x, o, places=None, halves=False):
    """Words and what their places add: 0, 1, 2, ... where nothing else is given."""
    places = range(len(x)) if places is None else places
    if o.positions == "learned":
        return x + w[f"{path}P"][places]
    return x + waves(places, x.shape[1], halves) if o.positions == "sinusoidal" else x


def bert(w, o, ids):
    x = placed(w, "", w["E"][ids], o)
    return encoder(w, o, ids, x, o.activation)


def roberta(w, o, ids):
    """Its positions begin after padding's, and its head is always a GELU."""
    x = placed(w, "", w["E"][ids], o, [n + o.pad + 1 for n in range(len(ids))])
    return encoder(w, o, ids, x, "gelu")


def encoder(w, o, ids, x, activation):
    x = norm(w, "norm", x + w["S"][[0] * len(ids)] if o.segments else x, o)
    for n in range(o.layers):
        x = layer(w, f"layer{n + 1}.", x, o, o.heads, o.attention, [1] * len(ids), w.get("B"))
    if o.norm_place != "post":
        x = norm(w, "final_norm", x, o)
    x = norm(w, "head.norm", ACTIVATIONS[activation](linear(w, "head.", "T", x)), o)
    return x @ (w["E"].T if o.tied else w["W_vocab"]) + w["b_vocab"]


def gpt2(w, o, ids):
    x = placed({"P": w.get("wpe")}, "", w["wte"][ids], o)
    for n in range(o.layers):
        x = layer(w, f"layer{n + 1}.", x, o, o.heads, o.attention, [1] * len(ids), w.get("B"))
    x = x if o.norm_place == "post" else norm(w, "final_norm", x, o)
    return x @ (w["wte"].T if o.tied else w["W_vocab"])


def vit(w, o, pixels):
    side, p = o.image // o.patch, o.patch
    rows = [pixels[:, i * p : i * p + p, j * p : j * p + p].ravel() for i in range(side) for j in range(side)]
    x = placed(w, "", np.vstack([w["class_token"], linear(w, "", "patch", np.array(rows))]), o)
    for n in range(o.layers):
        x = layer(w, f"layer{n + 1}.", x, o, o.heads, o.attention, [1] * len(x), w.get("B"))
    x = x if o.norm_place == "post" else norm(w, "final_norm", x, o)
    return linear(w, "", "class", x[:1])


def translator(w, o, ids, target_ids, kind):
    """The transformer, BART (whose embeddings are normed), Marian (whose sines come first) or T5."""
    count = [o.encoder_heads, o.decoder_heads] if kind in ("bart", "marian") else [o.heads, o.heads]
    memory, last = None, o.norm_place != "post" if kind in ("bart", "marian") else o.final_norms
    for side, words, of, sight in (
        ("encoder.", ids, count[0], "full"),
        ("decoder.", target_ids, count[1], o.attention),
    ):
        table = w.get(f"{side}E", w["encoder.E"])
        x = table[words] * (math.sqrt(o.d_model) if o.scale_embedding else 1)
        x = placed(w, side, x, o, halves=kind == "marian")
        x = norm(w, f"{side}norm", x, o) if kind == "bart" else x
        for n in range(getattr(o, f"{side[:-1]}_layers")):
            seen = [1] * len(words), w.get(f"{side}B"), memory, [1] * len(ids)
            x = layer(w, f"{side}layer{n + 1}.", x, o, of, sight, *seen)
        x = norm(w, f"{side}final_norm", x, o) if last else x
        memory = x if side == "encoder." else memory
    x = x / math.sqrt(o.d_model) if kind == "t5" else x
    return x @ (table.T if o.tied else w["W_vocab"]) + w.get("b_vocab", 0)
