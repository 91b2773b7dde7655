"""What stands before a row and above a column."""

from __future__ import annotations

import numpy as np

from byhand.core.graph import fold, source
from byhand.core.labels import Labels, label, labelled, labels, token_ids, word
from byhand.core.ops import lookup

WORDS = Labels("vocabulary", ("the", "cat", "sat"))
IDS = token_ids("ids", [1, 2, -1], WORDS, optional=True)
TABLE = source("table", np.eye(4)[:3], role="weight", rows=WORDS)


def test_words_of_a_vocabulary_numbers_where_nothing_is_counted() -> None:
    assert labels(TABLE, 0, {}) == ("the", "cat", "sat")
    assert labels(TABLE, 1, {}) == ("1", "2", "3", "4")
    assert label(TABLE, 1, 3, {}) == "4"
    assert word(TABLE.shape[1].labels, 3, {}) == ""


def test_words_of_a_prompt_by_its_ids() -> None:
    """Known by the table, by its name, or from what the ids are made of; -1 is no word."""
    found = lookup(TABLE, IDS)
    numbers = fold([IDS])[IDS]
    for known in ({IDS: numbers}, {"ids": numbers}, {}):
        assert labels(found, 0, known) == ("cat", "sat", "_")
    assert labels(found, 0, {"ids": numbers[::-1]}) == ("_", "sat", "cat")


def test_ids_that_are_made_of_others() -> None:
    """As a text that grows: what is typed decides."""
    last = labelled((IDS + 1).named("next", role="tokens"), WORDS)
    for known in ({IDS: np.array([[0.0], [1.0], [0.0]])}, {"ids": np.array([[0.0], [1.0], [0.0]])}):
        assert labels(last, 0, known) == ("cat", "sat", "cat")
