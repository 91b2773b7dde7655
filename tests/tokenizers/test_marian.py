"""Marian's folders: two SentencePiece models and one vocabulary, as transformers' MarianTokenizer reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.commands import answer
from support.token_folders import folder_of
from support.tokenizer_oracles import DATA

from byhand.errors import ByhandError
from byhand.tokenizers import hugging_face, sentencepiece

SOURCE, TARGET = (DATA / f"sentencepiece_{kind}.model" for kind in ("unigram", "bpe"))
EXPECTED = {
    ">>de<< The old door": [2, 17, 51, 4, 29, 19, 38, 0],
    "The miller, 漢 opens": [17, 42, 9, 4, 1, 71, 5, 0],
    "  two  spaces ": [4, 7, 102, 19, 4, 5, 99, 18, 32, 43, 0],
    "": [0],
}
"""What transformers 5.23 makes of them with the folder below."""
TRANSLATED = [6, 128, 137, 4, 29, 19, 38, 0]
"""Of "the old door", as a text in the other language."""


def marian(tmp_path: Path) -> Path:
    own = ("</s>", "<unk>", "<s>")
    both = [*sentencepiece.read(SOURCE).model.ids, *sentencepiece.read(TARGET).model.ids]
    pieces = ["</s>", "<unk>", ">>de<<", *(piece for piece in dict.fromkeys(both) if piece not in own), "<pad>"]
    vocabulary = {piece: n for n, piece in enumerate(pieces)}
    files = {"source.spm": SOURCE.read_bytes(), "target.spm": TARGET.read_bytes(), "vocab.json": vocabulary}
    return folder_of(tmp_path, "marian", len(vocabulary), files)


def test_texts_of_both_languages_have_the_ids_of_one_vocabulary(tmp_path: Path) -> None:
    folder = marian(tmp_path)
    tokenizer = hugging_face.read(folder)
    assert {text: list(tokenizer.encode(text, special=True).ids) for text in EXPECTED} == EXPECTED
    assert list(hugging_face.read_marian(folder, "target.spm").encode("the old door", special=True).ids) == TRANSLATED
    assert tokenizer.decode(EXPECTED[">>de<< The old door"], special=False) == "The old door"
    line = f"byhand run {folder} --prompt 'The old door' --target-prompt 'the old' --json"
    tables = json.loads(answer(line))["tables"]
    assert [row[0] for row in tables["encoder.ids"]] == EXPECTED[">>de<< The old door"][1:]
    assert [row[0] for row in tables["decoder.ids"]][1:] == TRANSLATED[:3]


def test_what_is_missing_or_damaged_is_said(tmp_path: Path) -> None:
    folder = marian(tmp_path)
    (folder / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(ByhandError, match="must give each piece its id, and <unk> one"):
        hugging_face.read(folder)
    (folder / "vocab.json").unlink()
    with pytest.raises(ByhandError, match=r"source\.spm has no vocab\.json beside it"):
        hugging_face.read(folder)
