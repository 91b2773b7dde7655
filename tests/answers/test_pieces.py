"""Answers that are pieces of a word."""

from __future__ import annotations

import pytest

from byhand.answers.judge import judge_text
from byhand.errors import ByhandError


@pytest.mark.parametrize("typed", ["low er", "low|er", '["low","er"]', " low | er ", "|low|er|", "low, er"])
def test_pieces_are_read_as_people_type_them(typed: str) -> None:
    verdict = judge_text(typed, '["low", "er"]', "pieces", ())
    assert verdict.right
    assert verdict.read_as == "low | er"
    assert (verdict.entries, verdict.right_entries) == (2, 2)


@pytest.mark.parametrize(
    ("typed", "verdict", "says"),
    [
        ("lo wer", "wrong", "cut at other places"),
        ("low or", "wrong", "not the pieces"),
        ("Low er", "wrong", "not the pieces"),
        ("low||er", "unreadable", "empty"),
        ('["low", 1]', "unreadable", "no list of pieces"),
        ('["' * 4000 + '"]', "unreadable", "list of pieces"),
        ("", "blank", "no answer"),
    ],
)
def test_what_is_not_right_has_a_sentence(typed: str, verdict: str, says: str) -> None:
    found = judge_text(typed, "low er", "pieces", ())
    assert found.outcome == verdict
    assert says in found.sentence


def test_marks_of_pieces_are_letters() -> None:
    assert judge_text("##er", "##er", "pieces", ()).right
    assert not judge_text("er", "##er", "pieces", ()).right
    assert judge_text("new est</w>", "new|est</w>", "pieces", ()).right


def test_a_key_without_pieces_is_refused() -> None:
    with pytest.raises(ByhandError, match="names no piece"):
        judge_text("a", " ", "pieces", ())
