"""The derivations of each topic."""

from __future__ import annotations

import pytest

from byhand.derivations.derivation import Derivation
from byhand.derivations.topic_page import page_of
from byhand.derivations.topics import TOPICS
from support.selection import often

OFTEN = ("softmax", "cross-entropy", "linear", "causal-mask", "relu", "residual")
each_topic = pytest.mark.parametrize("name", often(TOPICS, OFTEN))
"""Each is proved by SymPy, which takes a second: a few in the default run, all in CI."""


def derivations(name: str) -> tuple[Derivation, ...]:
    return tuple(part for part in page_of(TOPICS[name]) if isinstance(part, Derivation))
