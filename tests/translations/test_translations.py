"""The languages of what students read: how a language is chosen, and how its numbers are written."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from byhand.core.number_text import shown, to_digits, to_places
from byhand.errors import ByhandError
from byhand.notation.latex import Latex
from byhand.notation.mathml import MathML
from byhand.notation.text import text
from byhand.notation.tree import Call, Number, Part
from byhand.notation.typst import Typst
from byhand.translations import _, counted, decimal_mark, in_language, language, language_of


def test_english_is_written_unless_a_language_is_chosen() -> None:
    assert language() == "en"
    with in_language("de"):
        assert language() == "de"
        with in_language("zh"):
            assert language() == "zh"
        assert language() == "de"
        assert copy_context().run(language) == "de"
    assert language() == "en"


def test_a_language_ends_with_what_fails_in_it() -> None:
    with pytest.raises(ValueError, match="on purpose"), in_language("de"):
        raise ValueError("on purpose")
    assert language() == "en"


@pytest.mark.parametrize(
    ("text", "code"), [("de", "de"), ("de_AT", "de"), ("DE", "de"), ("zh-CN", "zh"), ("zh_Hans", "zh"), (" en ", "en")]
)
def test_a_language_may_be_written_with_its_country(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize("text", ["", "xx", "german", "d e"])
def test_an_unknown_language_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(ByhandError, match="There is no language"):
        language_of(text)


@pytest.mark.parametrize(("code", "mark"), [("en", "."), ("de", ","), ("zh", ".")])
def test_the_decimal_mark_follows_the_language(code: str, mark: str) -> None:
    with in_language(code):
        assert decimal_mark() == mark
        assert to_digits(-0.125, 3) == f"−0{mark}125"
        assert to_places(7.456, 1) == f"7{mark}5"
        assert text(shown(0.25)) == f"0{mark}25"


def test_a_comma_in_a_number_is_not_taken_for_one_between_numbers() -> None:
    maths = Call("max", (Number("0.5"), Part(Number("1.5"), (Number("1"), Number("2")))))
    assert text(maths) == "max(0.5, 1.5[1, 2])"
    with in_language("de"):
        assert text(maths) == "max(0,5; 1,5[1; 2])"
        assert "0{,}5" in Latex()(maths)
        assert ";" in Latex()(maths)
        assert "<mn>0,5</mn>" in MathML()(maths)
        assert "<mo>;</mo>" in MathML()(maths)
        assert r"\;" in Typst()(maths)


def test_a_text_without_a_translation_stays_as_it_is() -> None:
    with in_language("de"):
        assert _("no such sentence") == "no such sentence"
        assert counted("{n} such thing", "{n} such things", 2) == "{n} such things"
    assert counted("{n} cell", "{n} cells", 1) == "{n} cell"
    assert counted("{n} cell", "{n} cells", 0) == "{n} cells"
