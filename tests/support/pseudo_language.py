"""A language in which each sentence of the catalogue stands between ⟦ and ⟧: what stands outside is in no catalogue."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from gettext import NullTranslations
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

import byhand.translations as translations

CODE = "xx"
OPEN, CLOSE = "⟦", "⟧"
PAPER = re.compile(r"\b[A-Z][\w-]+(?: et al\.| and [A-Z]\w+)? (?:19|20)\d\d(?:, [^⟦\n]*)?")
FIELD = re.compile(r"\{[^{}]*\}")


class Marked(NullTranslations):
    """Gives each text back between ⟦ and ⟧, and keeps a list of them. What is filled in stands outside again."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()

    def gettext(self, message: str) -> str:
        assert OPEN not in message, f"translated twice: {message}"
        self.texts.add(message)
        return OPEN + FIELD.sub(lambda field: f"{CLOSE}{field[0]}{OPEN}", message) + CLOSE

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def in_pseudo_language(monkeypatch: pytest.MonkeyPatch) -> Marked:
    """Add the language `xx` while a test runs."""
    marked = Marked()
    monkeypatch.setitem(translations.LANGUAGES, CODE, "pseudo")
    monkeypatch.setattr(translations, "catalogue", lambda code: marked)
    monkeypatch.setattr(translations, "_decimal_mark", lambda code: ".")
    return marked


def outside(text: str) -> str:
    """The text without what is between ⟦ and ⟧ (or the end, where it is cut), and without the papers that it names."""
    return PAPER.sub(" ", re.sub(f"{OPEN}[^{CLOSE}]*({CLOSE}|$)", " ", text))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("style", "script")
        self.pieces += [value for name, value in attrs if name in ("title", "alt", "aria-label") and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(data)


def of_html(page: str) -> list[str]:
    """The texts that a page shows."""
    reader = _Texts()
    reader.feed(page)
    return ["\n".join(reader.pieces)]


SHOWN = (
    "name questiontext feedback generalfeedback mattext itemBody qti-item-body modalFeedback qti-modal-feedback".split()
)
"""The elements of question files whose texts are shown, of Moodle, Canvas and QTI."""


def of_xml(document: bytes) -> Iterator[str]:
    """The texts that a file of questions shows, those that are HTML themselves as what they show."""
    for shown in ElementTree.fromstring(document).iter():
        if shown.tag.rpartition("}")[2] in SHOWN:
            for text in shown.itertext():
                if text.strip():
                    yield from of_html(text)


BOOK_PARTS = re.compile(r"xl/(sharedStrings|comments\d*|workbook|worksheets/sheet\d+|charts/chart\d+)\.xml|docProps/.*")
TEXTS = re.compile(
    r"<(?:\w+:)?(t|v|title|subject|prompt|error|promptTitle|oddHeader|oddFooter|dc:title)\b[^>]*>([^<]*)<"
)
SHEETS = re.compile(r'<sheet name="([^"]*)"')


def of_book(book: bytes) -> Iterator[str]:
    """The texts of a workbook: cells, notes, the names of sheets, headers."""
    with ZipFile(io.BytesIO(book)) as archive:
        for name in archive.namelist():
            if BOOK_PARTS.fullmatch(name):
                content = archive.read(name).decode()
                yield from (unescape(match[2]) for match in TEXTS.finditer(content))
                yield from map(unescape, SHEETS.findall(content))


def of_package(package: bytes) -> Iterator[str]:
    """The texts of the XML files in a zip."""
    with ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            if name.endswith(".xml"):
                yield from of_xml(archive.read(name))


def texts_of(name: str, data: bytes) -> list[str]:
    """The texts of a file that a student or a class sees, by its name's ending."""
    if name.endswith((".html", ".md")):
        return of_html(data.decode())
    if name.endswith(".xml"):
        return list(of_xml(data))
    return list(of_book(data) if name.endswith(".xlsx") else of_package(data))
