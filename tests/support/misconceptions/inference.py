"""Misconceptions about what is done with a trained model, in plain numpy; never byhand."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.misconceptions.transformer import Array, Case, Tables


def two_tiles(largest: Any = np.maximum, kept: Any = lambda old, new: np.exp(old - new), rescaled: bool = True) -> Case:
    """Two queries and two tiles of two keys each."""

    def case(t: Tables) -> dict[str, Array]:
        s, later, v = t["queries1.keys1.S"], t["queries1.keys2.S"], t["V"]
        first = s.max(-1, keepdims=True)
        now = largest(first, later.max(-1, keepdims=True))
        p, more = np.exp(s - first), np.exp(later - now)
        small = kept(first, now) if rescaled else 1
        total = small * p.sum(-1, keepdims=True) + more.sum(-1, keepdims=True)
        z = (small * (p @ v[..., :2, :]) + more @ v[..., 2:, :]) / total
        return {"queries1.keys2.total": total, "queries1.Z": z}

    return case


def one_guess(
    chance: Any = lambda p, q: np.minimum(1, q / p), more: Any = lambda p, q: np.maximum(q - p, 0), shared: bool = True
) -> Case:
    """Two guesses of four words, whose probabilities and scores are right; the last row is the target's own."""

    def case(t: Tables) -> dict[str, Array]:
        p, q = np.concatenate([t["guess1.p"], t["guess2.p"]], axis=-2), t["q"]
        left = more(np.concatenate([p, np.zeros_like(p[..., :1, :])], axis=-2), q)
        total = left.sum(-1, keepdims=True)
        share = np.where(total == 0, 1, total) if shared else 1
        words = np.concatenate([t["guess1.word"], t["guess2.word"]], axis=-2).astype(int)
        of_word = (np.take_along_axis(x, words, axis=-1) for x in (p, q[..., :2, :]))
        return {"chance": chance(*of_word), "residual": left / share}

    return case


def few_bits(
    lowered: int = 2,
    to_whole: Any = np.rint,
    most: float = 6,
    step: Any = lambda x: np.where(x < 2, 0.5, np.where(x < 4, 1, 2)),
    zero: bool = True,
) -> Case:
    """MXFP4 in blocks of three, and what int8 restores from its own q."""

    def case(t: Tables) -> dict[str, Array]:
        w, size = t["W"], np.abs(t["W"])
        blocks = [size[..., n : n + 3].max(-1, keepdims=True) for n in range(0, w.shape[-1], 3)]
        scales = [np.exp2(np.floor(np.log2(np.where(x > 0, x, 1))) - lowered) for x in blocks]
        scale = np.concatenate([np.repeat(x, 3, axis=-1) for x in scales], axis=-1)
        apart = step(size / scale)
        element = np.minimum(apart * to_whole(size / scale / apart), most) * np.where(w < 0, -1, 1)
        found = {"mxfp4.scale": np.concatenate(scales, axis=-1), "mxfp4.restored": scale * element}
        if "int8.q" in t:
            found["int8.restored"] = t["int8.scale"] * (t["int8.q"] - (t["int8.zero.point"] if zero else 0))
        return found

    return case


def changed_value(from_said: bool = True, divided: bool = True) -> Case:
    """A value changed by a column times a row."""

    def case(t: Tables) -> dict[str, Array]:
        k, v, wanted = t["edited.k"], t["V"], t["edited.wanted"]
        change = wanted - k @ v if from_said else wanted + 0 * (k @ v)
        share = change / (k * k).sum(-1, keepdims=True) if divided else change
        return {"edited.change": change, "edited.V": v + k.swapaxes(-1, -2) @ share}

    return case


def placed(times: int = 2, through: bool = True) -> Case:
    """Where five words are, in blocks of two, and their keys."""

    def case(t: Tables) -> dict[str, Array]:
        word, table = np.arange(5), t["text1.block_table"]
        block = (
            table[..., word // 2, :]
            if through
            else np.broadcast_to((word // 2)[:, None], table[..., word // 2, :].shape)
        )
        place = block * times + (word % 2)[:, None]
        at = np.broadcast_to(place.astype(int), (*place.shape[:-1], t["K_cache"].shape[-1]))
        lead = (*at.shape[:-2], *t["K_cache"].shape[-2:])
        return {"text1.place": place, "text1.K": np.take_along_axis(np.broadcast_to(t["K_cache"], lead), at, axis=-2)}

    return case


def patched(floored: bool = True, of_gap: bool = True) -> Case:
    """How much of the lead is restored, from the logits of three runs."""

    def case(t: Tables) -> dict[str, Array]:
        rows = np.concatenate([t[f"{run}.logits"][..., -1:, :] for run in ("clean", "corrupted", "patched")], axis=-2)
        words = (np.argmax(rows[..., n : n + 1, :], axis=-1)[..., None] for n in (0, 1))
        right, wrong = (np.take_along_axis(rows, np.broadcast_to(w, (*rows.shape[:-1], 1)), axis=-1) for w in words)
        lead = right - wrong
        clean, corrupted = lead[..., :1, :], lead[..., 1:2, :]
        gap = np.where(clean == corrupted, 1, clean - corrupted) if of_gap else clean
        return {"lead": lead, "restored": (lead - corrupted if floored else lead) / gap}

    return case


def without_int8(case: Case) -> Case:
    """The same, without a word on int8, where halves are rounded too."""
    return lambda t: {name: table for name, table in case(t).items() if not name.startswith("int8")}


CASES: dict[str, tuple[str, Case]] = {
    "tile-not-rescaled": ("flash", two_tiles(rescaled=False)),
    "maximum-of-the-tile-alone": ("flash", two_tiles(largest=lambda old, new: new)),
    "rescaled-upside-down": ("flash", two_tiles(kept=lambda old, new: np.exp(new - old))),
    "draft-over-target": ("speculative", one_guess(lambda p, q: np.minimum(1, p / q))),
    "chance-above-one": ("speculative", one_guess(lambda p, q: q / p)),
    "what-the-draft-has-more": ("speculative", one_guess(more=lambda p, q: np.maximum(p - q, 0))),
    "residual-not-shared-out": ("speculative", one_guess(shared=False)),
    "target-for-the-residual": ("speculative", one_guess(more=lambda p, q: q)),
    "exponent-not-lowered": ("few bits", few_bits(lowered=0)),
    "halves-always-up": ("few bits", without_int8(few_bits(to_whole=lambda x: np.floor(x + 0.5)))),
    "not-saturated": ("few bits", few_bits(most=99)),
    "whole-numbers-only": ("few bits", few_bits(step=lambda x: 1)),
    "zero-point-forgotten": ("few bits", few_bits(zero=False)),
    "value-added-whole": ("fact", changed_value(from_said=False)),
    "key-not-divided": ("fact", changed_value(divided=False)),
    "corrupted-not-taken-off": ("patch", patched(floored=False)),
    "restored-of-the-clean-lead": ("patch", patched(of_gap=False)),
    "block-not-multiplied": ("paged", placed(times=1)),
    "block-table-skipped": ("paged", placed(through=False)),
}
"""Misconception -> the subject in which it is planted, and what the student then has."""

RIGHT: dict[str, Case] = {
    "flash": two_tiles(),
    "speculative": one_guess(),
    "few bits": few_bits(),
    "fact": changed_value(),
    "paged": placed(),
    "patch": patched(),
}
"""With nothing wrong, the same plain numpy says what the model does."""
