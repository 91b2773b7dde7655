"""Every page of a derivation in each format: whole, in need of nothing else, and no wider than paper."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from importlib.util import find_spec
from typing import Any

import pytest

from byhand.derivations.stored_pages import derive
from byhand.derivations.topics import TOPICS
from byhand.documents import html, markdown, tex
from byhand.documents.document import Document, Steps
from byhand.documents.line_layout import PAGE, laid_out, width
from byhand.documents.output import written
from byhand.notation.latex import Latex

pdf_only = pytest.mark.skipif(find_spec("typst") is None, reason="typst, an optional extra, is not installed")


@cache
def page(topic: str) -> Document:
    return derive(topic)


each_topic = pytest.mark.parametrize("topic", TOPICS)


class Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: Counter[str] = Counter()
        self.outward: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen[tag] += 1
        self.outward += [value for name, value in attrs if name in ("src", "href", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@each_topic
def test_a_page_of_html_is_whole_and_needs_nothing_else(topic: str) -> None:
    text = html.write(page(topic)).decode()
    reader = Balance()
    reader.feed(text)
    reader.close()
    assert not reader.open
    assert not reader.outward
    assert reader.seen["math"] > 5
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.seen)
    assert not re.search(r"https?:|url\(|@import", text)
    assert "@media print" in text


@each_topic
def test_a_page_of_tex_is_balanced(topic: str) -> None:
    text = tex.write(page(topic)).decode()
    plain = text.replace("\\\\", "").replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for letter in plain:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert depth == 0
    assert plain.replace(r"\$", "").count("$") % 2 == 0
    assert plain.count(r"\left") == plain.count(r"\right") + plain.count(r"\leftarrow") - plain.count(r"\rightarrow")
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([\w*]+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened


@each_topic
def test_a_page_of_tex_has_only_letters_that_pdflatex_knows(topic: str) -> None:
    assert not re.findall(r"[^\x00-\x7f\u00c0-\u017f]", tex.write(page(topic)).decode())


@pdf_only
@each_topic
def test_a_page_of_pdf_is_set(topic: str) -> None:
    assert written(page(topic), "pdf").startswith(b"%PDF-")


@each_topic
def test_no_line_is_wider_than_the_page(topic: str) -> None:
    for steps in (block for block in page(topic).blocks if isinstance(block, Steps)):
        layout = laid_out(steps)
        left = max((width(row.left) for row in layout.rows if row.left), default=0)
        for row in layout.rows:
            assert left + width(row.right) <= PAGE, Latex()(row.right)


@each_topic
def test_dollars_of_markdown_come_in_pairs(topic: str) -> None:
    text = markdown.write(page(topic)).decode()
    assert all(line.replace("$$", "$").count("$") % 2 == 0 for line in text.splitlines())
    assert r"\\" not in text.replace("\\\\\\", "")
