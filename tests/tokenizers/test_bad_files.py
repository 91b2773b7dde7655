"""Tokenizers' files that are damaged, hostile or of another kind: one sentence each, in bounded time and memory."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.tokenizer_oracles import DATA, stored

from byhand.errors import ByhandError
from byhand.tokenizers import hugging_face
from byhand.tokenizers.training import read_counts, read_text, train

pytest.importorskip("tokenizers")
GOOD = stored("bpe_char.tokenizer")
MODEL = (DATA / "sentencepiece_bpe.model").read_bytes()


def pattern(regex: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


BAD: dict[str, tuple[str, Any, str]] = {
    "cut off": ("t.json", json.dumps(GOOD)[:3000], "is not JSON"),
    "empty": ("t.json", "", "is not JSON"),
    "a list": ("t.json", [1], "must hold one JSON object"),
    "nested": ("t.json", '{"model":' + "[" * 3_000_000, "is nested too deeply"),
    "nested parts": ("t.json", '{"model":{},"normalizer":' + '{"normalizers":[' * 300_000, "is nested too deeply"),
    "model": ("t.json", GOOD | {"model": {"type": "Foo"}}, "has a model of type 'Foo'"),
    "normalizer": ("t.json", GOOD | {"normalizer": {"type": "Foo"}}, "has a normalizer of type 'Foo'"),
    "inner": (
        "t.json",
        GOOD | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Foo"}]}},
        "has a pre_tokenizer of type 'Foo'",
    ),
    "decoder": ("t.json", GOOD | {"decoder": {"type": 3}}, "has a decoder of type 3"),
    "merge": ("t.json", GOOD | {"model": GOOD["model"] | {"merges": [["a", "zz"]]}}, "merge 'a zz' is not of two"),
    "negative id": ("t.json", GOOD | {"model": GOOD["model"] | {"vocab": {"a": -1}, "merges": []}}, "whole number"),
    "half an id": ("t.json", GOOD | {"model": GOOD["model"] | {"vocab": {"a": 1.5}, "merges": []}}, "whole number"),
    "a wrong setting": ("t.json", GOOD | {"normalizer": {"type": "Strip"}}, "is no tokenizer that can be read"),
    "no merges beside": ("vocab.json", {"a": 0}, "has no merges.txt beside it"),
    "no object": ("vocab.json", {}, "must give each piece its id"),
    "no lines": ("vocab.txt", "", "lists no pieces"),
    "other": ("tokenizer.bin", "hello", "is of no type that byhand reads"),
    "model cut off": ("t.model", MODEL[:500], "it ends in the middle of a field"),
    "empty model": ("t.model", b"", "it has no pieces"),
    "noise": ("t.model", bytes(range(256)) * 50, "is no SentencePiece model"),
    "long field": ("t.model", b"\x0a\xff\xff\xff\xff\x0f" + b"a" * 100, "it ends in the middle of a field"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_sentence(name: str, tmp_path: Path) -> None:
    file, content, sentence = BAD[name]
    path = tmp_path / file
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    start = time.process_time()
    with pytest.raises(ByhandError, match=sentence):
        hugging_face.read(path)
    assert time.process_time() - start < 5


@pytest.mark.slow
@pytest.mark.parametrize("regex", ["(a+)+b", "(x+x+)+y"])
def test_a_pattern_that_backtracks_for_ever_is_ended(regex: str, tmp_path: Path, capfd: Any) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(GOOD | {"pre_tokenizer": pattern(regex)}))
    tokenizer = hugging_face.read(path)
    with pytest.raises(ByhandError, match="regular expression is not usable on this text"):
        tokenizer.encode(regex[1] * 5000)
    assert capfd.readouterr() == ("", "")
    assert tokenizer.encode("old").tokens == ("ol", "d</w>")


def test_a_pattern_that_takes_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hugging_face, "MOST_SECONDS", 0.001)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(GOOD | {"pre_tokenizer": pattern("a*[bcd]$")}))
    with pytest.raises(ByhandError, match=r"it took more than 0\.001 seconds"):
        hugging_face.read(path).encode("a" * 100_000)


def test_a_million_merges_are_refused_before_any_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    pair = '["a","b"],'
    path.write_text('{"model":{"type":"BPE","vocab":{},"merges":[' + pair * 2_000_000 + '["a","b"]]}}')
    monkeypatch.setattr(json, "loads", lambda text: pytest.fail("its values are read"))
    with pytest.raises(
        ByhandError, match="holds more than 5,000,000 values: save or copy the tokenizer again, or choose a smaller one"
    ):
        hugging_face.read(path)


def test_the_work_of_reading_merges_grows_as_their_number(tmp_path: Path) -> None:
    """Counted in calls of functions, which no other program on the machine changes; and each merge counts."""
    path = tmp_path / "tokenizer.json"

    def calls(size: int) -> int:
        letters = [chr(0x4E00 + n) for n in range(size)]
        merges = [[a, b] for a in letters for b in letters]
        pieces = [*letters, *(a + b for a, b in merges)]
        model = {"type": "BPE", "vocab": {piece: n for n, piece in enumerate(pieces)}, "merges": merges}
        path.write_text(json.dumps({"version": "1.0", "model": model}))
        count = 0

        def called(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(called)
        try:
            found = hugging_face.read(path).encode(letters[-1] * 2).ids
        finally:
            sys.setprofile(None)
        assert found == (len(pieces) - 1,)
        return count

    calls(2)  # the first file imports what is needed
    assert calls(80) < 4.5 * calls(40)


def test_without_the_library_a_tokenizer_json_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ByhandError, match=r"pip install 'byhand\[tokenizers\]'"):
        hugging_face.read(DATA / "bpe_char.tokenizer.json")
    assert hugging_face.read(DATA / "wordpiece.vocab.txt").encode("the").ids == (66,)


def test_a_folder_is_read_by_its_files(tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match="has no tokenizer"):
        hugging_face.read(tmp_path)
    (tmp_path / "tokenizer.model").write_bytes(MODEL)
    assert hugging_face.read(tmp_path).encode("a").tokens == ("▁a",)
    with pytest.raises(ByhandError, match="There is no file"):
        hugging_face.read(tmp_path / "none.json")


@pytest.mark.slow
def test_what_cannot_be_learnt_is_one_sentence(tmp_path: Path) -> None:
    for text, settings, sentence in (
        ("", {}, "nothing to train on"),
        (" \n\n ", {}, "nothing to train on"),
        ("ab ab", {"merges": 50}, r"No pair is left after merge 1 \(a b</w>\)"),
        ("a b", {"merges": 1}, "no pair to merge"),
        ("ab ab", {"vocabulary": 1}, "A vocabulary of 1 is smaller than the 3 letters"),
        ("ab", {"merges": 1, "vocabulary": 9}, "not both"),
        ("ab", {"merges": -1}, "must be a number from 0"),
        ("ab", {"algorithm": "unigram", "vocabulary": 1}, "smaller than the 3 letters"),
        ("ab", {"algorithm": "unigram", "vocabulary": 99}, "has only 3 pieces to choose from"),
        ("ab", {"algorithm": "chars", "vocabulary": 1}, "smaller than the 2 letters"),
        ("ab", {"algorithm": "words", "merges": 1}, "learns no merges"),
        ("ab", {"algorithm": "bpe-bytes", "vocabulary": 9}, "smaller than the 256 letters"),
        ("ab", {"algorithm": "wordpiece", "end_of_word": "own"}, "marks no word's end"),
        (" \n\n ", {"algorithm": "unigram"}, "nothing to train on"),
        ("\n\n", {"algorithm": "wordpiece"}, "nothing to train on"),
        ("ab" * 100_001, {"algorithm": "unigram"}, "have 200,003 letters together, more than the 200,000"),
        ("ab" * 630_000 + "\n" + "ba" * 630_000, {}, "have 2,520,000 letters together, more than the 2,500,000"),
        ("ab\n" + "ab" * 1_000_001, {}, "Line 2 has 2,000,002 letters, more than the 2,000,000"),
    ):
        with pytest.raises(ByhandError, match=sentence):
            train(text, **({"algorithm": "bpe"} | settings))  # type: ignore[arg-type]
    for content in (
        "[1",
        "[" * 100_000,
        '[["a", -1]]',
        '[["a", "5"]]',
        '[["a", 1e400]]',
        "3",
        '[["a", 99999999999999]]',
    ):
        path = tmp_path / "counts.json"
        path.write_text(content)
        with pytest.raises(ByhandError, match="low"):
            read_counts(str(path))
    with pytest.raises(ByhandError, match="There is no file"):
        read_text(tmp_path)
