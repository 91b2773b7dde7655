"""RETRO once more in plain numpy, from Borgeaud et al. 2022, algorithm 1: each neighbour is encoded by itself."""

import math

import numpy as np

from support import option_oracles as parts


def nearest(entries, frozen, words, o):
    """The words of the entries whose first chunk is nearest to these, the nearest first."""
    mean = sum(frozen[word] for word in words) / o.chunk
    far = [sum((sum(frozen[int(word)] for word in entry[: o.chunk]) / o.chunk - mean) ** 2) for entry in entries]
    order = sorted(range(len(entries)), key=lambda n: (round(far[n], 9), n))
    return [entries[n].astype(int) for n in order[: o.neighbours]]


def encoded(w, o, words, h):
    """One neighbour, from both sides of each word, and conditioned on the chunk's activations."""
    x = parts.placed(w, "encoder.", w["E"][words] * (math.sqrt(o.d_model) if o.scale_embedding else 1), o)
    for n in range(1, o.encoder_layers + 1):
        path, every = f"encoder.layer{n}.", [1] * len(x)
        x = attention(w, f"{path}self.", x, None, o, 1, "full", every, w.get("encoder.B"))
        x = attention(w, f"{path}cross.", x, h, o, 2, "full", [1] * len(h))
        x = parts.changed(w, path, x, 3, o, lambda y, path=path: parts.feed(w, path, y, o))
    return x


def attention(w, path, x, memory, o, n, *seen):
    heads = parts.heads
    return parts.changed(
        w, path, x, n, o, lambda y: parts.linear(w, path, "O", heads(w, path, y, memory, o, o.heads, *seen))
    )


def cross(w, path, y, memories, o):
    """CCA: word by word; the first ones have no neighbours yet."""
    z, groups = np.zeros((len(y), o.heads * o.d_model // o.heads)), o.kv_heads or o.heads
    for t in range(o.chunk - 1, len(y)):
        u, place = divmod(t + 1 - o.chunk, o.chunk)
        rows = []
        for h in range(o.heads):
            at = f"{path}head{h + 1}."
            shared = f"{path}group{h * groups // o.heads + 1}." if groups < o.heads else at
            q = parts.linear(w, at, "Q", y[t : t + 1])
            scores, values = [], []
            for neighbour in memories[u]:
                for j, row in enumerate(neighbour):
                    key, value = (parts.linear(w, shared, name, row[None]) for name in "KV")
                    far = w[f"{path}B"][j - place + o.chunk - 1, h] if o.positions == "relative" else 0
                    scores.append((q @ key.T).item() / math.sqrt(q.shape[1]) + far)
                    values.append(value[0])
            rows.append(parts.softmax(np.array([scores])) @ np.array(values))
        z[t] = np.hstack(rows)[0]
    return parts.linear(w, path, "O", z)


def retro(w, o, ids, entries, frozen):
    """The logits after each word."""
    chunks = range(len(ids) // o.chunk)
    found = [nearest(entries, frozen, ids[u * o.chunk : (u + 1) * o.chunk], o) for u in chunks]
    x = parts.placed(w, "", w["E"][ids] * (math.sqrt(o.d_model) if o.scale_embedding else 1), o)
    memories = []
    for n in range(1, o.layers + 1):
        path = f"layer{n}."
        x = attention(w, f"{path}self.", x, None, o, 1, o.attention, [1] * len(x), w.get("B"))
        if n == 1:
            own = [x[u * o.chunk : (u + 1) * o.chunk] for u in chunks]
            memories = [[encoded(w, o, words, h) for words in every] for every, h in zip(found, own, strict=True)]
        if memories:
            cca = f"{path}cca."
            x = parts.changed(w, cca, x, 2, o, lambda y, cca=cca, read=memories: cross(w, cca, y, read, o))
        x = parts.changed(w, path, x, 3, o, lambda y, path=path: parts.feed(w, path, y, o))
    x = x if o.norm_place == "post" else parts.norm(w, "final_norm", x, o)
    return x @ (w["E"].T if o.tied else w["W_vocab"])
