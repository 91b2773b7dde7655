"""The catalogues: complete, without what nothing says any more, and with the same fields and names as the English."""

from __future__ import annotations

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from support import catalogue

from byhand.translations import ENGLISH, LANGUAGES

CODES = [code for code in LANGUAGES if code != ENGLISH]
NAME = re.compile(r"\b(?:[A-Z]|[a-z]+)_[A-Za-z0-9]+\b")
"""A table's name, such as W_O or d_model, which is the same in every language."""


@cache
def messages() -> dict[str | tuple[str, str], list[str]]:
    return catalogue.messages()


@cache
def on_file(code: str) -> Catalog:
    return catalogue.catalogue(code)


def entries(code: str) -> list[tuple[str, str]]:
    """Each English text with its translation; the plural form, where there are two."""
    pairs = []
    for message in on_file(code):
        if message.id:
            many = isinstance(message.id, tuple | list)
            pairs.append((message.id[-1] if many else message.id, message.string[-1] if many else message.string))
    return pairs


def ids(catalog: Catalog) -> set[object]:
    return {tuple(m.id) if isinstance(m.id, tuple | list) else m.id for m in catalog if m.id}


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
def test_all_that_a_class_reads_is_there_and_nothing_else(code: str) -> None:
    assert ids(on_file(code)) == set(messages())


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_translated(code: str) -> None:
    def is_done(message: Message) -> bool:
        return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)

    assert [message.id for message in on_file(code) if message.id and not is_done(message)] == []
    assert [message.id for message in on_file(code) if message.fuzzy and message.id] == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_fields_of_its_sentence(code: str) -> None:
    def fields(text: str) -> set[str]:
        return set(re.findall(r"\{(\w*)\}", text))

    assert [pair for pair in entries(code) if fields(pair[0]) != fields(pair[1])] == []


@pytest.mark.parametrize("code", CODES)
def test_names_of_tables_are_not_translated(code: str) -> None:
    assert [p for p in entries(code) if set(NAME.findall(p[0])) - set(NAME.findall(p[1]))] == []


def test_sentences_are_in_the_language() -> None:
    """A sentence of several words in Chinese has Chinese characters; one in German is not the English one."""
    sentences = [pair for pair in entries("zh") if len(re.findall("[a-z]{3,}", pair[0])) > 3]
    assert [p for p in sentences if not re.search("[\u4e00-\u9fff]", p[1])] == []
    assert [p for p in entries("de") if p[0] == p[1] and len(re.findall("[a-z]{3,}", p[0])) > 3] == []


@pytest.mark.parametrize("code", CODES)
def test_quotation_and_brackets_are_closed(code: str) -> None:
    def open_brackets(text: str) -> int:
        plain = text.replace("（", "(").replace("）", ")")
        return plain.count("(") - plain.count(")")

    assert [p for p in entries(code) if open_brackets(p[0]) == 0 != open_brackets(p[1])] == []
