"""The sparse and long attentions once more in plain numpy, written from their papers."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer_norm(x, gain, shift, eps):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * gain + shift


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def linear_attention(q, k, v):
    """Katharopoulos et al. 2020, eq. 16 to 20: one word at a time."""
    s, z, out = 0, 0, []
    for x_q, x_k, x_v in zip(q, k, v, strict=True):
        a, b = (np.array([u + 1 if u > 0 else np.exp(u) for u in x]) for x in (x_q, x_k))
        s, z = s + np.outer(b, x_v), z + b
        out.append(a @ s / (a @ z))
    return np.array(out)


def performer(q, k, v, omega):
    """Choromanski et al. 2021, algorithm 1 with positive features: each pair of words by itself."""
    d, m = q.shape[1], len(omega)

    def phi(x):
        x = x / d**0.25
        return np.array([np.exp(w @ x) for w in omega]) * np.exp(-np.sum(x**2) / 2) / np.sqrt(m)

    a = np.array([[phi(x) @ phi(y) for y in k] for x in q])
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
    """Each word meets only the keys that it sees; no mask anywhere."""
    x = w["E"][ids] + w["P"][: len(ids)]
    for n in range(1, o.layers + 1):
        p = f"layer{n}."
        y = layer_norm(x, w[p + "norm1.gamma"], w[p + "norm1.beta"], o.eps)
        heads = []
        for h in range(o.heads):
            q, k, v = (y @ w[f"{p}head{h + 1}.W_{c}"] + w[f"{p}head{h + 1}.b_{c}"] for c in "QKV")
            rows = []
            for i in range(len(ids)):
                few = seen_words(o.pattern, h % 2, i, o.stride, o.summaries)
                rows.append(softmax(k[few] @ q[i] / np.sqrt(q.shape[1])) @ v[few])
            heads.append(np.array(rows))
        x = x + np.concatenate(heads, axis=1) @ w[p + "W_O"] + w[p + "b_O"]
        y = layer_norm(x, w[p + "norm2.gamma"], w[p + "norm2.beta"], o.eps)
        x = x + gelu_tanh(y @ w[p + "W_1"] + w[p + "b_1"]) @ w[p + "W_2"] + w[p + "b_2"]
    return layer_norm(x, w["final_norm.gamma"], w["final_norm.beta"], o.eps) @ w["E"].T


def place(distance, d):
    """The sinusoidal encoding of one distance (Vaswani et al. 2017, section 3.5)."""
    angles = [distance / 10000 ** (2 * (i // 2) / d) for i in range(d)]
    return np.array([np.cos(a) if i % 2 else np.sin(a) for i, a in enumerate(angles)])


def transformer_xl(w, o, ids, memory=None):
    """Dai et al. 2019, section 3.3: the four terms of each score one by one; and each layer's input, to remember."""
    x = w["E"][ids]
    inputs = []
    for n in range(1, o.layers + 1):
        p = f"layer{n}."
        inputs.append(x)
        seen = x if memory is None else np.concatenate([memory[n - 1], x])
        past = len(seen) - len(x)
        heads = []
        for h in range(1, o.heads + 1):
            w_q, w_k, w_v, w_r, u, v = (
                w[f"{p}head{h}.{name}"] for name in ("W_Q", "W_K", "W_V", "W_R", "bias_u", "bias_v")
            )
            rows = []
            for i, word in enumerate(x):
                q, scores = word @ w_q, []
                for j in range(past + i + 1):
                    key, r = seen[j] @ w_k, place(past + i - j, x.shape[1]) @ w_r
                    scores.append(q @ key + q @ r + u[0] @ key + v[0] @ r)
                weights = softmax(np.array(scores) / np.sqrt(len(q)))
                rows.append(weights @ seen[: past + i + 1] @ w_v)
            heads.append(np.array(rows))
        x = x + np.concatenate(heads, axis=1) @ w[p + "W_O"]
        x = layer_norm(x, w[p + "norm1.gamma"], w[p + "norm1.beta"], o.eps)
        fed = np.maximum(x @ w[p + "W_1"] + w[p + "b_1"], 0) @ w[p + "W_2"] + w[p + "b_2"]
        x = layer_norm(x + fed, w[p + "norm2.gamma"], w[p + "norm2.beta"], o.eps)
    return x @ w["E"].T, inputs
