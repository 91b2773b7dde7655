"""The sparse and long attentions once more in plain numpy, written from their papers."""

import numpy as np

from support import option_oracles as parts


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def feed(w, path, x, o):
    """The feed-forward, whose activation may be the tanh approximation of GELU."""
    if o.activation != "gelu_tanh":
        return parts.feed(w, path, x, o)
    hidden = parts.linear(w, path, "1", x)
    return parts.linear(
        w, path, "2", 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    )


def linear_attention(q, k, v):
    """Katharopoulos et al. 2020, eq. 16 to 20: one word at a time."""
    s, z, out = 0, 0, []
    for x_q, x_k, x_v in zip(q, k, v, strict=True):
        a, b = (np.array([u + 1 if u > 0 else np.exp(u) for u in x]) for x in (x_q, x_k))
        s, z = s + np.outer(b, x_v), z + b
        out.append(a @ s / (a @ z))
    return np.array(out)


def positive_features(x, omega):
    """Choromanski et al. 2021, eq. 7 and lemma 1, of a query or key whose scores are divided by √d."""
    x = x / len(x) ** 0.25
    return np.array([np.exp(w @ x) for w in omega]) * np.exp(-np.sum(x**2) / 2) / np.sqrt(len(omega))


def performer(q, k, v, omega):
    """Choromanski et al. 2021, algorithm 1 with positive features: each pair of words by itself."""
    a = np.array([[positive_features(x, omega) @ positive_features(y, omega) for y in k] for x in q])
    return np.diag(1 / a.sum(1)) @ a @ v


def linformer(q, k, v, e, f):
    """Wang et al. 2020, eq. 7."""
    return softmax(q @ (e @ k).T / np.sqrt(q.shape[1])) @ (f @ v)


def seen_words(pattern, head, i, stride, summaries):
    """Child et al. 2019, section 4.2: the set A_i of a head of the one kind (0) or the other (1)."""
    if pattern == "strided":
        return [*range(max(0, i - stride), i + 1)] if head == 0 else [j for j in range(i + 1) if (i - j) % stride == 0]
    if head == 0:
        return [j for j in range(i + 1) if j // stride == i // stride]
    last = range(stride - summaries, stride)
    return [j for j in range(i + 1) if j % stride in last or j == i]


def sparse_transformer(w, o, ids):
    """Each word meets only the keys that it sees; no mask anywhere. Other options as parts has them."""

    def heads(path, y):
        out, groups = [], o.kv_heads or o.heads
        for h in range(o.heads):
            at = f"{path}head{h + 1}."
            shared = f"{path}group{h * groups // o.heads + 1}." if groups < o.heads else at
            q, k, v = parts.linear(w, at, "Q", y), parts.linear(w, shared, "K", y), parts.linear(w, shared, "V", y)
            if o.positions == "rotary":
                q, k = parts.turned(q, o.theta), parts.turned(k, o.theta)
            rows = []
            for i in range(len(y)):
                few = seen_words(o.pattern, h % 2, i, o.stride, o.summaries)
                scores = k[few] @ q[i] / np.sqrt(q.shape[1])
                if o.positions == "alibi":
                    scores = scores - (i - np.array(few)) * 2 ** (-8 * (h + 1) / o.heads)
                if o.positions == "relative":
                    scores = scores + [w["B"][parts.bucket(j - i, False, o.buckets, o.farthest), h] for j in few]
                rows.append(softmax(scores) @ v[few])
            out.append(np.array(rows))
        return parts.linear(w, path, "O", np.concatenate(out, axis=1))

    x = parts.placed(w, "", w["E"][ids], o)
    for n in range(1, o.layers + 1):
        path = f"layer{n}."
        x = parts.changed(w, path, x, 1, o, lambda y, path=path: heads(path, y))
        x = parts.changed(w, path, x, 2, o, lambda y, path=path: feed(w, path, y, o))
    x = x if o.norm_place == "post" else parts.norm(w, "final_norm", x, o)
    return x @ (w["E"].T if o.tied else w["W_vocab"])


def place(distance, d):
    """The sinusoidal encoding of one distance (Vaswani et al. 2017, section 3.5)."""
    angles = [distance / 10000 ** (2 * (i // 2) / d) for i in range(d)]
    return np.array([np.cos(a) if i % 2 else np.sin(a) for i, a in enumerate(angles)])


def transformer_xl(w, o, ids, memory=None):
    """Dai et al. 2019, section 3.3: the four terms of each score one by one; and each layer's input, to remember."""

    def heads(path, y, seen):
        past, out = len(seen) - len(y), []
        for h in range(1, o.heads + 1):
            w_r, u, v = (w[f"{path}head{h}.{name}"] for name in ("W_R", "bias_u", "bias_v"))
            queries = parts.linear(w, f"{path}head{h}.", "Q", y)
            keys, values = (parts.linear(w, f"{path}head{h}.", name, seen) for name in "KV")
            rows = []
            for i, q in enumerate(queries):
                scores = []
                for j in range(past + i + 1):
                    key, r = keys[j], place(past + i - j, y.shape[1]) @ w_r
                    scores.append(q @ key + q @ r + u[0] @ key + v[0] @ r)
                weights = softmax(np.array(scores) / np.sqrt(len(q)))
                rows.append(weights @ values[: past + i + 1])
            out.append(np.array(rows))
        return parts.linear(w, path, "O", np.concatenate(out, axis=1))

    x, inputs = w["E"][ids], []
    for n in range(1, o.layers + 1):
        path = f"layer{n}."
        inputs.append(x)
        old = x[:0] if memory is None else memory[n - 1]
        if o.norm_place != "post" and len(old):
            old = parts.norm(w, f"{path}norm1", old, o)

        def attended(y, path=path, old=old):
            return heads(path, y, np.concatenate([old, y]))

        x = parts.changed(w, path, x, 1, o, attended)
        x = parts.changed(w, path, x, 2, o, lambda y, path=path: feed(w, path, y, o))
    x = x if o.norm_place == "post" else parts.norm(w, "final_norm", x, o)
    return x @ (w["E"].T if o.tied else w["W_vocab"]), inputs
