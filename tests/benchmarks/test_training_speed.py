"""How fast a model is trained, against a GPT-2 and its gradients written out by hand in numpy, in one run."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from byhand.core.graph import Array
from byhand.lessons.build import before_learning, model_of
from byhand.lessons.corpus import corpus
from byhand.lessons.recipe import Recipe
from byhand.lessons.training import Loss, TrainingOptions, train

Weights = dict[str, Array]
TEXT = "the cat sat on the mat.\nthe dog ran to the mat.\na dog sat on the cat.\na cat ran to the dog.\n"
RATE = 0.01


class PlainGPT2:
    """A GPT-2 in plain numpy: all sequences and heads at once, each gradient written out by hand, and Adam."""

    def __init__(self, weights: Weights, heads: int, layers: int, eps: float) -> None:
        self.w, self.heads, self.layers, self.eps = weights, heads, layers, eps
        self.m = {name: np.zeros_like(w) for name, w in weights.items()}
        self.v = {name: np.zeros_like(w) for name, w in weights.items()}
        self.t = 0

    def norm(self, x: Array, name: str) -> tuple[Array, tuple[Array, Array]]:
        deviation = x - x.mean(-1, keepdims=True)
        root = np.sqrt((deviation**2).mean(-1, keepdims=True) + self.eps)
        normal = deviation / root
        return normal * self.w[f"{name}.gamma"] + self.w[f"{name}.beta"], (normal, root)

    def norm_back(self, dy: Array, name: str, cache: tuple[Array, Array], grad: Weights) -> Array:
        normal, root = cache
        grad[f"{name}.gamma"] = (dy * normal).sum((0, 1))[None]
        grad[f"{name}.beta"] = dy.sum((0, 1))[None]
        dn = dy * self.w[f"{name}.gamma"]
        mean, share = dn.mean(-1, keepdims=True), (dn * normal).mean(-1, keepdims=True)
        return np.asarray((dn - mean - normal * share) / root)

    def split(self, x: Array) -> Array:
        batch, count, width = x.shape
        return x.reshape(batch, count, self.heads, width // self.heads).transpose(0, 2, 1, 3)

    def joined(self, x: Array) -> Array:
        batch, heads, count, width = x.shape
        return x.transpose(0, 2, 1, 3).reshape(batch, count, heads * width)

    def step(self, ids: Array, targets: Array) -> float:
        """Take a step of Adam; return the loss before it. ids, targets: (sequences, words)."""
        w, grad, caches = self.w, {}, []
        batch, count = ids.shape
        masked = np.triu(np.ones((count, count), dtype=bool), 1)
        x = w["wte"][ids] + w["wpe"][:count]
        for n in range(1, self.layers + 1):
            at = f"layer{n}."
            h, norm1 = self.norm(x, f"{at}norm1")
            q, k, v = (self.split(h @ w[f"{at}W_{name}"] + w[f"{at}b_{name}"]) for name in "QKV")
            scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
            scores = np.where(masked, -1e30, scores)
            e = np.exp(scores - scores.max(-1, keepdims=True))
            p = e / e.sum(-1, keepdims=True)
            z = self.joined(p @ v)
            x1 = x + z @ w[f"{at}W_O"] + w[f"{at}b_O"]
            h2, norm2 = self.norm(x1, f"{at}norm2")
            u = h2 @ w[f"{at}W_1"] + w[f"{at}b_1"]
            inner = np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3))
            g = 0.5 * u * (1 + inner)
            caches.append((h, norm1, q, k, v, p, z, h2, norm2, u, inner, g))
            x = x1 + g @ w[f"{at}W_2"] + w[f"{at}b_2"]
        y, norm = self.norm(x, "final_norm")
        logits = y @ w["wte"].T
        e = np.exp(logits - logits.max(-1, keepdims=True))
        p_words = e / e.sum(-1, keepdims=True)
        right = np.take_along_axis(p_words, targets[..., None], -1)
        loss = float(-np.log(right).mean())
        dlogits = p_words.copy()
        np.put_along_axis(dlogits, targets[..., None], right - 1, -1)
        dlogits /= batch * count
        grad["wte"] = np.einsum("btv,btd->vd", dlogits, y)
        dx = self.norm_back(dlogits @ w["wte"], "final_norm", norm, grad)
        for n in range(self.layers, 0, -1):
            at = f"layer{n}."
            h, norm1, q, k, v, p, z, h2, norm2, u, inner, g = caches.pop()
            grad[f"{at}W_2"], grad[f"{at}b_2"] = np.einsum("bti,btj->ij", g, dx), dx.sum((0, 1))[None]
            dg = dx @ w[f"{at}W_2"].T
            slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * u**2)
            du = dg * (0.5 * (1 + inner) + 0.5 * u * (1 - inner**2) * slope)
            grad[f"{at}W_1"], grad[f"{at}b_1"] = np.einsum("bti,btj->ij", h2, du), du.sum((0, 1))[None]
            dx = dx + self.norm_back(du @ w[f"{at}W_1"].T, f"{at}norm2", norm2, grad)
            grad[f"{at}W_O"], grad[f"{at}b_O"] = np.einsum("bti,btj->ij", z, dx), dx.sum((0, 1))[None]
            dz = self.split(dx @ w[f"{at}W_O"].T)
            dp = dz @ v.transpose(0, 1, 3, 2)
            ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
            parts = {"Q": ds @ k, "K": ds.transpose(0, 1, 3, 2) @ q, "V": p.transpose(0, 1, 3, 2) @ dz}
            dh = 0.0
            for name, part in parts.items():
                whole = self.joined(part)
                grad[f"{at}W_{name}"] = np.einsum("bti,btj->ij", h, whole)
                grad[f"{at}b_{name}"] = whole.sum((0, 1))[None]
                dh = dh + whole @ w[f"{at}W_{name}"].T
            dx = dx + self.norm_back(dh, f"{at}norm1", norm1, grad)
        np.add.at(grad["wte"], ids, dx)
        grad["wpe"] = np.zeros_like(w["wpe"])
        grad["wpe"][:count] = dx.sum(0)
        self.adam(grad)
        return loss

    def adam(self, grad: Weights) -> None:
        self.t += 1
        for name, g in grad.items():
            self.m[name] = 0.9 * self.m[name] + 0.1 * g
            self.v[name] = 0.999 * self.v[name] + 0.001 * g * g
            m_hat, v_hat = self.m[name] / (1 - 0.9**self.t), self.v[name] / (1 - 0.999**self.t)
            self.w[name] = self.w[name] - RATE * m_hat / (np.sqrt(v_hat) + 1e-8)


def plain_weights(tables: Weights, heads: int) -> Weights:
    """Our weights with the heads of a layer side by side."""
    joined: Weights = {name: table.copy() for name, table in tables.items() if ".head" not in name}
    for name in tables:
        layer, _, rest = name.partition(".head1.")
        if rest:
            joined[f"{layer}.{rest}"] = np.hstack([tables[f"{layer}.head{n}.{rest}"] for n in range(1, heads + 1)])
    return joined


def both(size: dict[str, Any]) -> tuple[Recipe, list[Any], PlainGPT2, Array, Array]:
    recipe = before_learning(Recipe("gpt2", size=size))
    architecture, options = model_of(recipe)
    read = corpus(TEXT, recipe, architecture, options, "words")
    loss = Loss(read.recipe, read.examples)
    plain = PlainGPT2(
        plain_weights(loss.tables(loss.start()), options.heads), options.heads, options.layers, options.eps
    )
    ids, targets = (np.array([e[key] for e in read.examples]) for key in ("ids", "targets"))
    return read.recipe, read.examples, plain, ids, targets


SIZES: dict[str, dict[str, Any]] = {
    "small": {},
    "larger": {"d_model": 16, "heads": 4, "layers": 2, "d_ff": 32},
}


@pytest.mark.parametrize("size", SIZES)
def test_the_plain_loop_learns_the_same(size: str) -> None:
    recipe, examples, plain, ids, targets = both(SIZES[size])
    ours = train(recipe, examples, TrainingOptions(30, lr=RATE)).losses
    theirs = [plain.step(ids, targets) for _ in range(30)]
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)


def seconds_a_step(steps: int, work: Any) -> float:
    """The least processor time of some rounds, for each step."""
    times = []
    for _ in range(5):
        start = time.process_time()
        work(steps)
        times.append((time.process_time() - start) / steps)
    return min(times)


@pytest.mark.benchmark
@pytest.mark.parametrize("size", SIZES)
def test_training_takes_at_most_one_and_a_half_times_the_plain_loop(size: str, benchmark: Any, ratio: Any) -> None:
    recipe, examples, plain, ids, targets = both(SIZES[size])

    def ours(steps: int) -> None:
        train(recipe, examples, TrainingOptions(steps, lr=RATE))

    def theirs(steps: int) -> None:
        for _ in range(steps):
            plain.step(ids, targets)

    setting_up = seconds_a_step(1, ours)  # the graph is built once, whatever the steps
    measured = (seconds_a_step(400, ours) - setting_up / 400) / seconds_a_step(400, theirs)
    benchmark.extra_info["ratio to the plain loop"] = measured
    ratio(f"a step of training, {size} / a plain loop", measured, 1.5)
    benchmark.pedantic(lambda: ours(10), rounds=1)
    assert measured < 1.5
