"""Why some tables of ready-made books hold equal or constant numbers: a sentence that their page says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from byhand.core.graph import Array, Node
from byhand.core.roles import Role

REASONS = {
    "difference": "two ways of computing the same are shown equal",
    "differences": "a cache and the whole computation are shown equal",
    "h_0": "the state before the first word is 0",
    "segment_ids": "all words belong to one sentence",
    "segments": "all words belong to one sentence",
    "ahead": "a word that is not drawn from stands ahead of none",
    "before_each": "the first of the words that are drawn from begins at 0",
    "from_each": "the first of the words that are drawn from begins at 0",
    "y": "a word that is never the target has zeros",
    "counted": "every word has a target",
    "relu": "a neuron is silent for all words of a short text",
    "bias1": "words to come count as no distance at all",
    "bias2": "words to come count as no distance at all",
    "transformer W_1": "four phrases leave a neuron unused",
    "transformer hidden": "four phrases leave a neuron unused",
    "deepseek W_UK": "one of two features of a key is not needed",
    "deepseek K_C": "one of two features of a key is not needed",
    "deepseek K": "one of two features of a key is not needed",
    "deepseek W_UV": "one of two features of a key is not needed",
    "switch W_1": "an expert for one kind of word needs few of its neurons",
    "switch hidden": "an expert for one kind of word needs few of its neurons",
    "switch W_2": "an expert for one kind of word needs few of its neurons",
    "switch ffn": "an expert for one kind of word needs few of its neurons",
    "weighed": "of an expert to which a word is not sent, it gets 0",
    "balance-loss chosen_words": "words often choose the same experts, which the loss makes rarer",
    "beside_sink": "the sink is one score for all words",
    "up_clamped": "numbers beyond the limit become the limit",
    "gate_clamped": "numbers beyond the limit become the limit",
    "vit picture": "a bar leaves the rest of its picture empty",
    "vit patches": "a bar goes through two patches in the same way",
    "vit words": "equal patches are equal words",
    "knn-lm values": "a word that is not stored has no neighbours",
    "knn-lm p_kNN": "a word that is not stored has no neighbours",
    "knn-lm weights": "only the nearest contexts weigh, and GPT-2 looks past some words",
    "logit-lens parts": "words that the model rules out add nothing",
    "activation-patching logits": "what attention brings to the last word is all in which the prompts differ there",
    "activation-patching probabilities": "what attention brings to the last word is all in which they differ there",
    "real_so_far": "the first word is real for all words after it",
}
"""What equal numbers show, by the last part of a table's name, or by model and name."""
ALL_ROWS = {"segment_ids", "segments", "counted"}
"""Tables whose reason speaks of all rows, and of two equal ones nothing."""
COLUMNS = {"relu", "hidden"}
"""Tables whose reason speaks of a column with the same number in each row."""
SAME = 1e-6
"""Numbers that differ by less look alike."""


def reason_for(model: str, table: str) -> str:
    """Return why a table may hold equal numbers; an empty text where nothing asks for them."""
    last = table.rpartition(".")[2]
    return REASONS.get(f"{model} {last}", REASONS.get(last, ""))


def reasons(model: str, tables: Mapping[Node, Array]) -> dict[str, str]:
    """Return the names of tables with equal numbers, each with its reason; none of tables that nothing asks to be so.

    Equal are two rows or two columns, or all numbers of a column; attention that has a reason is all on one word.
    """
    found = {}
    for node, numbers in tables.items():
        why = reason_for(model, node.name)
        if why and (
            node.role is Role.ATTENTION or looks_alike(node.name.rpartition(".")[2], np.asarray(numbers, dtype=float))
        ):
            found[node.name] = why
    return found


def looks_alike(table: str, values: Array) -> bool:
    """Return whether a table (the last part of its name) has the equal numbers of which its reason speaks. (R, C)"""
    if len(values) == 1:
        return False
    constant = np.ptp(values, axis=0) <= SAME
    if table in ALL_ROWS:
        return bool(constant.all())
    if table in COLUMNS:
        return bool(constant.any())
    return bool(constant.any()) or _equal_rows(values) or _equal_rows(values.T)


def _equal_rows(values: Array) -> bool:
    return min(values.shape) > 1 and len(np.unique(np.round(values / SAME), axis=0)) < len(values)


def sentence(tables: dict[str, str]) -> str:
    """Return the sentence for a page with these tables and reasons; an empty text for none."""
    by_reason: dict[str, list[str]] = {}
    for table, why in tables.items():
        by_reason.setdefault(why, []).append(table.rpartition(".")[2])
    parts = [f"{' and '.join(dict.fromkeys(names))}: {why}" for why, names in by_reason.items()]
    return f"Equal numbers on this page: {'; '.join(parts)}." if parts else ""
