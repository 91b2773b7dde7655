"""Checkpoints speak: a folder's own tokenizer cuts the prompt, and large vocabularies show the words that matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import answer, refusal
from support.editing import edited
from support.token_folders import folder_of, large
from support.tokenizer_oracles import DATA, stored

from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.few_words import few_words
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read
from byhand.xlsx.verify import verify

pytest.importorskip("tokenizers")
TEXT = "The miller opens the old door."


def encoding(name: str) -> Any:
    return next(each for each in stored(name)["encodings"] if each["text"] == TEXT)


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    return folder_of(tmp_path, "gpt2", 347, {"tokenizer.json": stored("bpe_bytelevel.tokenizer")})


def ids_of(recipe: Recipe) -> list[int]:
    return [int(n) for n in build(recipe).numbers()["ids"][:, 0]]


def test_a_prompt_is_cut_by_the_folders_own_tokenizer(gpt2: Path) -> None:
    expected = encoding("bpe_bytelevel")
    short = TEXT.removesuffix(" old door.")
    lesson = build(Recipe(str(gpt2), prompt=short, generate=2))
    count = len(lesson.prompt)
    assert lesson.prompt == expected["tokens"][:count]
    assert [int(n) for n in lesson.numbers()["ids"][:, 0]] == expected["ids"][:count]
    assert lesson.texts is not None
    pieces = [*lesson.prompt, *lesson.words]
    assert (short + lesson.texts[1]).replace(" ", "Ġ") == "".join(pieces) or "Ã" in "".join(pieces)
    printed = answer(f"byhand run {gpt2} --prompt '{short}' --generate 2")
    assert f"as a text: {short} →" in " ".join(printed.split())
    assert json.loads(answer(f"byhand run {gpt2} --prompt '{short}' --json"))["written"]


@pytest.mark.parametrize(
    ("model", "name", "size"),
    [("bert", "wordpiece", 170), ("llama", "sentencepiece_bpe", 110), ("t5", "sentencepiece_unigram", 120)],
)
def test_the_special_tokens_that_a_model_expects(model: str, name: str, size: int, tmp_path: Path) -> None:
    """BERT's from its tokenizer.json; Llama's <s> and T5's </s> from the class in tokenizer_config.json."""
    kind = {"llama": "LlamaTokenizer", "t5": "T5Tokenizer"}.get(model, "")
    files: dict[str, Any] = {"tokenizer.json": stored("wordpiece.tokenizer")}
    if kind:
        name_of_file = {"llama": "tokenizer.model", "t5": "spiece.model"}[model]
        files = {
            name_of_file: (DATA / f"{name}.model").read_bytes(),
            "tokenizer_config.json": {"tokenizer_class": kind},
        }
    folder = folder_of(tmp_path, model, size, files)
    text = "The old door."
    lesson = build(Recipe(str(folder), prompt=text))
    got = lesson.numbers()
    ids = [int(n) for n in got["encoder.ids" if model == "t5" else "ids"][:, 0]]
    inner = {"bert": ids[1:-1], "llama": ids[1:], "t5": ids[:-1]}[model]
    listed = stored(name)
    pieces = (
        [piece[0] for piece in listed["pieces"]]
        if "pieces" in listed
        else sorted(listed["vocab"], key=listed["vocab"].get)
    )
    around = {"bert": ("[CLS]", "[SEP]"), "llama": ("<s>", "▁The"), "t5": ("▁The", "</s>")}[model]
    assert lesson.architecture.vocabularies(lesson.options)[0].words == tuple(pieces)
    assert pieces[ids[0]] == around[0]
    assert (pieces[ids[-1]] if model != "llama" else pieces[ids[1]]) == around[1]
    assert "".join(pieces[n] for n in inner).replace("▁", " ").replace("##", "").strip().casefold().replace(
        " ", ""
    ) == (text.casefold().replace(" ", ""))


def test_a_folder_without_the_library_says_what_to_install(gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from byhand.lessons import folder_text

    folder_text._read.cache_clear()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    assert len(build(Recipe(str(gpt2), ids=[1, 2])).prompt) == 2
    with pytest.raises(ByhandError, match="pip install"):
        build(Recipe(str(gpt2), prompt="the"))


@pytest.mark.usefixtures("here")
def test_a_damaged_tokenizer_is_one_sentence(gpt2: Path) -> None:
    (gpt2 / "tokenizer.json").write_text((gpt2 / "tokenizer.json").read_text()[:5000])
    assert "is not JSON" in refusal(f"run {gpt2} --prompt the")


def test_the_words_that_matter_of_a_large_vocabulary(tmp_path: Path) -> None:
    """Their logits are those of the whole model, and all others are said to be left out."""
    folder = large(tmp_path, 3000)
    whole = build(Recipe(str(folder), prompt="the old", generate=2))
    few = few_words(whole)
    assert len(few.shown) < 150
    assert few.words == whole.words
    for table in ("logits", "step2.logits"):
        np.testing.assert_allclose(few.numbers()[table], whole.numbers()[table][:, few.shown], rtol=1e-12, atol=1e-12)
    p = whole.numbers()["step2.probabilities"][-1]
    assert list(few.shown[:24]) == sorted(range(3000), key=lambda n: (-p[n], n))[:24]
    assert f"{len(few.shown)} of the 3,000 words" in few.note
    assert f"{p.max():.3g}" in few.note
    assert few_words(build(Recipe(str(folder), prompt="the old", all_words=True))).shown == ()
    assert few.texts == whole.texts


@pytest.mark.slow
def test_a_book_of_a_large_vocabulary(tmp_path: Path) -> None:
    """It opens with the text, its pieces and their own ids; an unknown word is one sentence, and no cell an error."""
    folder, path = large(tmp_path, 3000), tmp_path / "book.xlsx"
    write_lesson(build(Recipe(str(folder), prompt="the old")), path)
    assert verify(path).ok
    values = read(path).values
    expected = [n for n, piece in enumerate(encoding("bpe_bytelevel")["tokens"]) if piece]
    assert expected
    assert values["Contents", 4, 1] == "The prompt's text: the old"
    pieces = [values["Contents", 5, 1 + n] for n in range(4)]
    vocabulary = stored("bpe_bytelevel")["vocab"]
    assert "".join(map(str, pieces)) == "theĠold"
    assert [values["Contents", 6, 1 + n] for n in range(4)] == [vocabulary[str(piece)] for piece in pieces]
    notes = " ".join(str(values.get(("Contents", row, 1), "")) for row in range(8, 14))
    assert notes.startswith("Ġ in front of a piece stands for a space before it.")
    assert "of the 3,000 words are here" in notes
    changed = edited(path, {("Contents", 5, 1): "xyzzy"})
    assert str(changed["Contents", 7, 1]).startswith("Not in the list")
    assert not any(str(value).startswith("#") for value in changed.values())


@pytest.mark.slow
def test_capitals_and_signs_are_told_apart(gpt2: Path, tmp_path: Path) -> None:
    """MATCH takes The for the, and ? and * for any letter; the ids are right all the same."""
    path = tmp_path / "book.xlsx"
    write_lesson(build(Recipe(str(gpt2), prompt="a a a")), path)
    vocabulary = stored("bpe_bytelevel")["vocab"]
    for word in ("A", "?", "*", "Ġa", "!"):
        changed = edited(path, {("Contents", 5, 1): word})
        assert changed["Contents", 6, 1] == vocabulary[word], word
        assert changed["Contents", 7, 1] == ""


@pytest.mark.slow
def test_a_vocabulary_of_128_000_makes_a_small_book(tmp_path: Path) -> None:
    folder, path = large(tmp_path, 128_000), tmp_path / "book.xlsx"
    answer(f"byhand workbook {folder} --prompt 'the old' -o {path}")
    assert path.stat().st_size < 10_000_000
    assert len(read(path).formulas) < 20_000


FAMILIES = ("bert", "t5", "llama", "mamba", "bart", "roberta", "deepseek_v3", "gemma2", "bloom", "marian", "lstm_lm")


@pytest.mark.slow
@pytest.mark.parametrize("model", [*FAMILIES[:2], *(pytest.param(m, marks=pytest.mark.slow) for m in FAMILIES[2:])])
def test_a_large_vocabulary_of_every_family(model: str, tmp_path: Path) -> None:
    """The rows and columns of the words that are shown, wherever a family keeps them, and a book that recalculates."""
    folder, path = folder_of(tmp_path, model, 1500, {}), tmp_path / "book.xlsx"
    whole = build(Recipe(str(folder), ids=[5, 7, 9]))
    few = few_words(whole)
    name = next(name for name, table in whole.numbers().items() if name.endswith("logits") and table.shape[1] == 1500)
    np.testing.assert_allclose(few.numbers()[name], whole.numbers()[name][:, few.shown], rtol=1e-9, atol=1e-12)
    write_lesson(whole, path)
    assert verify(path).ok
