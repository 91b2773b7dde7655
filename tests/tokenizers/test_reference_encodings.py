"""Every encoding of tests/data/tokenizers, which the tokenizers and sentencepiece libraries made, by our algorithms."""

from __future__ import annotations

from typing import Any

import pytest
from support.tokenizer_oracles import DATA, stored

from byhand.tokenizers import hugging_face, sentencepiece
from byhand.tokenizers.settings import tokenizer_of
from byhand.tokenizers.tokenizer import Tokenizer

OURS = ("bpe_char", "bpe_bytelevel", "wordpiece", "unigram")


def check(tokenizer: Tokenizer, reference: Any) -> None:
    assert len(reference["encodings"]) == 20
    for expected in reference["encodings"]:
        got = tokenizer.encode(expected["text"])
        assert list(got.tokens) == expected["tokens"]
        assert list(got.ids) == expected["ids"]
        assert got.decoded == expected["decoded"]
        if "offsets" in expected:
            assert [list(offset) for offset in got.offsets] == expected["offsets"]
        if "score" in expected:
            assert got.score == pytest.approx(expected["score"], abs=1e-9)
        if "ids_with_special_tokens" in expected:
            assert list(tokenizer.encode(expected["text"], special=True).ids) == expected["ids_with_special_tokens"]


@pytest.mark.parametrize("name", OURS)
def test_by_our_algorithms_from_the_settings_alone(name: str) -> None:
    """No library takes part."""
    check(tokenizer_of(stored(f"{name}.tokenizer")), stored(name))


@pytest.mark.parametrize("name", OURS)
def test_from_the_file(name: str) -> None:
    pytest.importorskip("tokenizers")
    check(hugging_face.read(DATA / f"{name}.tokenizer.json"), stored(name))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("wordpiece.vocab.txt", "wordpiece"),
        ("bpe_bytelevel.vocab.json", "bpe_bytelevel"),
        ("bpe_bytelevel.merges.txt", "bpe_bytelevel"),
    ],
)
def test_from_the_older_files(file: str, name: str) -> None:
    check(hugging_face.read(DATA / file), stored(name))


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_sentencepiece_models(kind: str) -> None:
    reference = stored(f"sentencepiece_{kind}")
    tokenizer = sentencepiece.read(DATA / f"sentencepiece_{kind}.model")
    check(tokenizer, reference)
    model = sentencepiece.parse((DATA / f"sentencepiece_{kind}.model").read_bytes())
    assert [[text, score] for text, score, _ in model.pieces] == [piece[:2] for piece in reference["pieces"]]


def test_a_pair_of_sentences_has_segments() -> None:
    example = stored("wordpiece")["pair_example"]
    got = tokenizer_of(stored("wordpiece.tokenizer")).encode(example["first"], example["second"], special=True)
    assert list(got.tokens) == example["tokens"]
    assert list(got.ids) == example["ids"]
    assert list(got.segments) == example["type_ids"]
    assert got.special == {0, 12, 24}


def test_a_piece_remembers_its_place_in_the_text_as_typed() -> None:
    """Small letters and accents change a text, but not the places."""
    text = "  THE\tmiller’s café"
    got = tokenizer_of(stored("wordpiece.tokenizer")).encode(text)
    assert [text[start:end] for start, end in got.offsets][:2] == ["THE", "miller"]
    assert all(0 <= start < end <= len(text) for start, end in got.offsets)
