"""Misconceptions about adapters, dropout, clipping, and losses that compare, in plain numpy from their description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.misconceptions.transformer import Array, Case, Tables, softmax


def table(name: str, of: Callable[[Tables], Any]) -> Case:
    return lambda t: {name: np.asarray(of(t))}


def logs(x: Array) -> Array:
    return np.log(softmax(x))


def length(x: Array) -> Array:
    return np.sqrt((x * x).sum((-1, -2), keepdims=True))


def root(t: Tables) -> Array:
    return np.sqrt((t["g_W"] ** 2).sum((-1, -2), keepdims=True) + (t["g_b"] ** 2).sum((-1, -2), keepdims=True))


def gain(choose: Callable[[Array, Array], Array], low: float = 0.8, high: float = 1.2) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        ratio = np.exp(t["new"] - t["old"])
        return {"gain": choose(ratio * t["advantage"], np.clip(ratio, low, high) * t["advantage"])}

    return case


def preference(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def soft(weigh: str, of: str) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        return {"soft_losses": -(softmax(t[weigh] / 2) * logs(t[of] / 2)).sum(-1, keepdims=True)}

    return case


def balance(of: Callable[[Array, Array], Array], count: int = 3) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        p = softmax(t["router_logits"])
        mean = p.mean(-2, keepdims=True)
        return {"balance": count * of(t["chosen"].mean(-2, keepdims=True), mean).sum(-1, keepdims=True)}

    return case


def margin(sign: int = 1, beta: float = 0.1, divided: bool = False, reference: bool = True) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        ratio = t["policy"] / t["reference"] if divided else t["policy"] - reference * t["reference"]
        return {"margin": sign * beta * (ratio[..., :1] - ratio[..., 1:])}

    return case


def advantage(of: Callable[[Array], Array], divided: bool = True) -> Case:
    def case(t: Tables) -> dict[str, Array]:
        r = t["rewards"]
        return {"advantage": of(r) / (r.std(-2, keepdims=True) + 1e-4 if divided else 1)}

    return case


def centred(r: Array) -> Array:
    return r - r.mean(-2, keepdims=True)


CASES: dict[str, tuple[str, Case]] = {
    "adapter-not-scaled": ("lora", table("change", lambda t: t["X"] @ t["A"] @ t["B"])),
    "frozen-weight-left-out": ("lora", table("Y", lambda t: 2 * t["X"] @ t["A"] @ t["B"])),
    "kept-not-scaled-up": ("dropout", table("Y", lambda t: t["X"] * t["mask"])),
    "scaled-by-the-dropped-share": ("dropout", table("Y", lambda t: t["X"] * t["mask"] / 0.2)),
    "kept-and-dropped-swapped": ("dropout", table("left", lambda t: t["X"] * (1 - t["mask"]))),
    "length-without-its-root": ("clipping", table("length", lambda t: root(t) ** 2)),
    "each-clipped-by-itself": ("clipping", table("clipped_W", lambda t: t["g_W"] / np.maximum(length(t["g_W"]), 1))),
    "temperature-not-squared-back": (
        "distillation",
        table("scaled", lambda t: soft("teacher", "student")(t)["soft_losses"].mean(-2, keepdims=True)),
    ),
    "teacher-and-student-swapped": ("distillation", soft("student", "teacher")),
    "experts-not-counted": ("balance", balance(lambda share, p: share * p, 1)),
    "probabilities-squared": ("balance", balance(lambda share, p: p * p)),
    "rows-as-long-as-they-are": ("clip", table("image.unit", lambda t: t["image.features"] @ t["image.W"])),
    "scale-left-out": ("clip", table("logits", lambda t: t["image.unit"] @ t["text.unit"].swapaxes(-1, -2))),
    "one-way-only": (
        "clip",
        table("loss", lambda t: -np.diagonal(logs(t["logits"]), 0, -1, -2).mean(-1)[..., None, None]),
    ),
    "rejected-less-chosen": ("reward", table("margin", lambda t: (t["rejected"] - t["chosen"]) @ t["W_reward"])),
    "preference-for-the-loss": ("dpo", table("losses", lambda t: 1 - preference(margin()(t)["margin"]))),
    "reference-left-out": ("dpo", margin(reference=False)),
    "reference-divided": ("dpo", margin(divided=True)),
    "beta-left-out": ("dpo", margin(beta=1)),
    "gain-not-clipped": ("grpo", gain(lambda plain, clipped: plain)),
    "larger-gain": ("grpo", gain(np.maximum)),
    "reward-for-the-advantage": ("grpo", advantage(lambda r: r)),
    "advantage-not-divided": ("grpo", advantage(centred, divided=False)),
    "difference-for-the-distance": ("grpo", table("kl", lambda t: t["new"] - t["reference"])),
    "words-after-the-end": ("grpo", table("counted", lambda t: t["objective"])),
}
"""Misconception -> the subject in which it is planted, and what the student then has."""

MORE: list[tuple[str, str, Case]] = [
    ("adapter-not-scaled", "adapted", table("lora.change", lambda t: t["X"] @ t["lora.A"] @ t["lora.B"])),
    ("reference-divided", "grpo", table("ratio", lambda t: t["new"] / t["old"])),
    ("rejected-less-chosen", "dpo", margin(sign=-1)),
    ("loss-sign", "dpo", table("losses", lambda t: np.log(preference(margin()(t)["margin"])))),
]
"""The same misconceptions in other places."""

RIGHT: dict[str, Case] = {
    "lora": table("Y", lambda t: t["X"] @ t["W"] + 2 * t["X"] @ t["A"] @ t["B"]),
    "dropout": table("Y", lambda t: t["X"] * t["mask"] / 0.8),
    "clipping": table("clipped_W", lambda t: t["g_W"] / np.maximum(root(t), 1)),
    "distillation": soft("teacher", "student"),
    "balance": balance(lambda share, p: share * p),
    "reward": table("margin", lambda t: (t["chosen"] - t["rejected"]) @ t["W_reward"]),
    "dpo": margin(),
    "grpo": lambda t: gain(np.minimum)(t) | advantage(centred)(t),
}
"""With nothing wrong, the same plain numpy says what the model does."""
