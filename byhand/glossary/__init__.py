"""The glossary: a table or a step of a model goes in, one sentence of what it is for comes out, in a learner's words.

One file a subject, each with two records. TABLES: a table's symbol, without its number where all numbers mean the same
-> its sentence. Where a symbol has two meanings, its role stands behind it, or "A in LoRA": the title of a step or page
in which the table stands. STEPS: the title of a step or page, in small letters -> its sentence; also "step in Decoder",
of one inside another. All titles stand without their numbers.
"""

from __future__ import annotations

import re
from functools import cache

from byhand.core.graph import Node, Scope
from byhand.core.roles import Look, Role
from byhand.glossary import (
    attention,
    decoding,
    embeddings,
    experts,
    fine_tuning,
    inspection,
    layers,
    long_texts,
    norms,
    pictures,
    positions,
    programs,
    quantisation,
    recurrence,
    retrieval,
    softmax,
    state_space,
    tokens,
    training,
)
from byhand.translations import _

SUBJECTS = (
    embeddings,
    positions,
    attention,
    softmax,
    norms,
    layers,
    long_texts,
    experts,
    recurrence,
    state_space,
    decoding,
    training,
    fine_tuning,
    retrieval,
    pictures,
    programs,
    inspection,
    quantisation,
    tokens,
)
TABLES: dict[str, str] = {key: sentence for subject in SUBJECTS for key, sentence in subject.TABLES.items()}
STEPS: dict[str, str] = {title: sentence for subject in SUBJECTS for title, sentence in subject.STEPS.items()}

GRADIENT = "How much the loss grows when a number of {name} grows by a little; learning goes the other way."
SHARE = "What this page adds to the gradient of {name}."
UPDATED = "{name} after a step of learning: the old number less the learning rate times its gradient."
LEARNING = {
    Look.GRADIENT: "How the loss changes with each number of this part, found from the end backwards.",
    Look.UPDATED: "Each weight goes a small step against its gradient.",
}
"""What the pages of a backward pass and of an update are for."""


def entry_of(node: Node) -> str:
    """Return the key of a table's entry; an empty text if the glossary has none."""
    symbol = node.symbol
    stem = re.sub(r"(_?\d+)+$", "", symbol) or symbol
    places = [_without_numbers(scope.title.partition(" of ")[0]) for scope in node.scope.outward]
    for name in dict.fromkeys((symbol, stem)):
        for key in (*(f"{name} in {place}" for place in places), f"{name} {node.role}".strip(), name):
            if key in TABLES:
                return key
    parts = (f"{symbol.partition('_')[0]} in {place}" for place in places)  # A_Q is the A of LoRA
    return next((key for key in parts if key in TABLES), "")


@cache
def _without_numbers(title: str) -> str:
    return re.sub(r" ?\d+", "", title)


def meaning(node: Node, name: str) -> str:
    """Return what a table is for, in one sentence. name: what its captions call it, or call the table it is about."""
    if node.role is Role.SHARE:
        return _(SHARE).format(name=name.removeprefix("∂"))
    if node.role.traits.look is Look.GRADIENT:
        return _(GRADIENT).format(name=name.removeprefix("∂"))
    if node.role is Role.UPDATED:
        return _(UPDATED).format(name=name.rstrip("′″‴⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾"))
    if key := entry_of(node):
        return _(TABLES[key])
    words = _(node.role.words)
    return f"{words[:1].upper()}{words[1:]}."


def step_meaning(step: Scope) -> str:
    """Return what a step or page of a model is for, in one sentence; an empty text if the glossary has none."""
    look = next((place.look for place in reversed(step.outward) if place.look), None)
    if look in LEARNING:
        return _(LEARNING[look])
    title, *places = (_without_numbers(place.title) for place in step.outward)
    title = title.casefold()
    keys = (*(f"{title} in {place}" for place in places), title, title.partition(" of ")[0])
    return next((_(STEPS[key]) for key in keys if key in STEPS), "")
