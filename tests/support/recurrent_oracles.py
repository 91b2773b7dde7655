"""Second implementations of the recurrent models in plain numpy, written from the papers."""

import numpy as np

from support.oracles import softmax


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def rms(x, gamma, eps):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * gamma


def rnn_cell(w, path, x, state):
    """Elman 1990."""
    (h,) = state
    return (np.tanh(x @ w[f"{path}W"] + h @ w[f"{path}U"] + w[f"{path}b"][0]),)


def lstm_cell(w, path, x, state):
    """Gers et al. 2000, without peepholes."""
    h, c = state

    def before(gate):
        more = w[f"{path}bh_{gate}"][0] if f"{path}bh_{gate}" in w else 0
        return x @ w[f"{path}W_{gate}"] + h @ w[f"{path}U_{gate}"] + w[f"{path}b_{gate}"][0] + more

    c = sigmoid(before("f")) * c + sigmoid(before("i")) * np.tanh(before("g"))
    return sigmoid(before("o")) * np.tanh(c), c


def unrolled(cell, w, path, x, state):
    states = []
    for row in x:
        state = cell(w, path, row, state)
        states.append(state)
    return states


def language_model(w, ids, o, cell):
    """The logits of an RNN or LSTM."""
    x = w["E"][ids]
    for layer in range(1, o["layers"] + 1):
        zeros = tuple(np.zeros(o["d_model"]) for _ in range(2 if cell is lstm_cell else 1))
        x = np.array([state[0] for state in unrolled(cell, w, f"layer{layer}.", x, zeros)])
    return x @ w["W_vocab"] + w["b_vocab"]


def seq2seq(w, ids, target_ids, o):
    """The logits of Bahdanau et al. 2015 (additive) or Luong et al. 2015 (general, no input feeding)."""
    cell = lstm_cell if o["lstm"] else rnn_cell
    zeros = tuple(np.zeros(o["d_model"]) for _ in range(2 if o["lstm"] else 1))
    x, y = w["encoder.E"][ids], w["decoder.E"][target_ids]
    if o["bidirectional"]:
        ahead = unrolled(cell, w, "encoder.forward.", x, zeros)
        back = unrolled(cell, w, "encoder.backward.", x[::-1], zeros)
        memory = np.array([np.concatenate((f[0], b[0])) for f, b in zip(ahead, back[::-1], strict=True)])
        last = np.concatenate((ahead[-1][0], back[-1][0]))
    else:
        ahead = unrolled(cell, w, "encoder.", x, zeros)
        memory, last = np.array([f[0] for f in ahead]), ahead[-1][0]
    state = ahead[-1]
    if o["bridge"] or o["bidirectional"]:
        names = "sc" if o["lstm"] else "s"
        state = tuple(np.tanh(last @ w[f"decoder.W_{name}0"] + w[f"decoder.b_{name}0"][0]) for name in names)
    keys, logits = memory @ w["decoder.W_k"], []
    for row in y:
        if o["additive"]:
            scores = np.tanh(keys + state[0] @ w["decoder.W_q"]) @ w["decoder.v"][:, 0]
            context = softmax(scores) @ memory
            state = cell(w, "decoder.", np.concatenate((row, context)), state)
            read = np.concatenate((state[0], context, row))
        else:
            state = cell(w, "decoder.", row, state)
            context = softmax(keys @ state[0]) @ memory
            read = np.tanh(np.concatenate((context, state[0])) @ w["decoder.W_c"])
        logits.append(read @ w["W_vocab"] + w["b_vocab"][0])
    return np.array(logits)


def mamba(w, ids, o):
    """The logits of Gu and Dao 2023, figure 3 and algorithm 2, one channel and one state at a time."""
    x = w["E"][ids]
    steps = len(ids)
    for layer in range(1, o["layers"] + 1):
        p = f"layer{layer}."
        y = rms(x, w[f"{p}norm.gamma"], o["eps"])
        inner, gate = (y @ w[f"{p}W_{n}"] + w.get(f"{p}b_{n}", 0) for n in "xz")
        taps = w[f"{p}w"]
        mixed = np.array([
            sum(taps[-1 - back] * inner[t - back] for back in range(min(len(taps), t + 1))) for t in range(steps)
        ])  # fmt: skip
        u = silu(mixed + w.get(f"{p}b_conv", 0))
        delta = np.log1p(np.exp(u @ w[f"{p}W_low"] @ w[f"{p}W_delta"] + w[f"{p}b_delta"]))
        b, c, a = u @ w[f"{p}W_B"], u @ w[f"{p}W_C"], -np.exp(w[f"{p}A_log"])
        out = np.zeros_like(u)
        for channel in range(u.shape[1]):
            for n in range(a.shape[1]):
                h = 0.0
                for t in range(steps):
                    kept = np.exp(delta[t, channel] * a[channel, n])
                    taken = (kept - 1) / a[channel, n] * b[t, n] if o["zoh"] else delta[t, channel] * b[t, n]
                    h = kept * h + taken * u[t, channel]
                    out[t, channel] += h * c[t, n]
        gated = (out + w[f"{p}D"] * u) * silu(gate)
        x = x + gated @ w[f"{p}W_O"] + w.get(f"{p}b_O", 0)
    x = rms(x, w["final_norm.gamma"], o["eps"])
    return x @ (w["E"].T if o["tied"] else w["W_vocab"])
