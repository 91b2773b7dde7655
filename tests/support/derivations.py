"""The derivations of each topic."""

from __future__ import annotations

import pytest

from byhand.derivations.derivation import Derivation
from byhand.derivations.topic_page import page_of
from byhand.derivations.topics import TOPICS

each_topic = pytest.mark.parametrize("name", TOPICS)


def derivations(name: str) -> tuple[Derivation, ...]:
    return tuple(part for part in page_of(TOPICS[name]) if isinstance(part, Derivation))
