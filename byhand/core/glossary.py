"""The glossary: what each table is for, in a learner's words; one place for notes, worked solutions and pages.

An entry's key is a table's symbol without its number. Where one symbol has two meanings, it is that and the table's
role, or "A in LoRA": that and the title of a step or page in which the table stands.
"""

from __future__ import annotations

import re

from byhand.core.graph import Node
from byhand.core.roles import Look, Role
from byhand.core.table_words import ENTRIES

GRADIENT = "How much the loss grows when a number of {name} grows by a little; learning goes the other way."
SHARE = "What this page adds to the gradient of {name}."
UPDATED = "{name} after a step of learning: the old number less the learning rate times its gradient."


def entry_of(node: Node) -> str:
    """Return the key of a table's entry; an empty text if the glossary has none."""
    symbol = node.symbol
    stem = re.sub(r"(_?\d+)+$", "", symbol) or symbol
    for title in (scope.title for scope in node.scope.outward):
        place = re.sub(r" \d+$", "", title.partition(" of ")[0])
        for name in (symbol, stem, symbol.partition("_")[0]):
            if (key := f"{name} in {place}") in ENTRIES:
                return key
    for name in dict.fromkeys((symbol, stem)):
        for key in (f"{name} {node.role}".strip(), name):
            if key in ENTRIES:
                return key
    return ""


def meaning(node: Node, name: str) -> str:
    """Return what a table is for, in one sentence. name: what its captions call it, or call the table it is about."""
    if node.role is Role.SHARE:
        return SHARE.format(name=name.removeprefix("∂"))
    if node.role.traits.look is Look.GRADIENT:
        return GRADIENT.format(name=name.removeprefix("∂"))
    if node.role is Role.UPDATED:
        return UPDATED.format(name=name.rstrip("′″‴⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾"))
    key = entry_of(node)
    return ENTRIES[key] if key else f"{node.role.words[:1].upper()}{node.role.words[1:]}."
