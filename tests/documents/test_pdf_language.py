"""A PDF's fonts follow its language."""

from __future__ import annotations

import pytest

from byhand.documents import pdf
from byhand.documents.document import Document, Paragraph
from byhand.errors import ByhandError
from byhand.translations import in_language

typst = pytest.importorskip("typst")
PAGE = Document("标题", "", (Paragraph(("一个词",)),))


def test_a_pdf_in_german_has_the_fonts_of_english() -> None:
    with in_language("de"):
        assert pdf.write(PAGE).startswith(b"%PDF")
        assert 'lang: "de"' in pdf.markup(PAGE)


def test_without_a_font_for_its_letters_a_pdf_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pdf.OTHER_SCRIPTS, "zh", ("No such font",))
    with (
        in_language("zh"),
        pytest.raises(ByhandError, match="needs a font with its letters: install"),
    ):
        pdf.write(PAGE)


def test_with_a_font_for_its_letters_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pdf.OTHER_SCRIPTS, "zh", ("No such font", "libertinus serif"))
    with in_language("zh"):
        assert pdf.write(PAGE).startswith(b"%PDF")
