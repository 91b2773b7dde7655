"""`byhand tokenize`: each stage for people, exactly its keys for programs, and one sentence for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.commands import answer, refusal
from support.tokenizer_oracles import DATA, stored

from byhand.cli.main import main

COUNTS = '[["low", 5], ["lower", 2], ["newest", 6], ["widest", 3]]'
TEXT = DATA / "training_text.txt"


def printed(line: str) -> Any:
    return json.loads(answer(f"byhand tokenize {line} --json"))


def test_json_has_the_pieces_of_a_text() -> None:
    got = printed(f"'low lower lowest newest widest' --tokenizer {DATA}/wordpiece.vocab.txt")
    expected = stored("wordpiece")["encodings"][2]
    assert got == {key: expected[key] for key in ("tokens", "ids", "offsets", "decoded")}
    special = printed(f"'the old door' --tokenizer {DATA}/wordpiece.vocab.txt --special-tokens")
    assert (special["tokens"][0], special["tokens"][-1]) == ("[CLS]", "[SEP]")


def test_json_has_what_was_learnt() -> None:
    got = printed(f"--word-counts '{COUNTS}' --end-of-word own --merges 10")
    expected = stored("bpe_sennrich")["end_of_word_as_own_symbol"]
    assert set(got) == {"merges", "steps", "vocabulary"}
    assert (got["merges"], got["vocabulary"]) == (expected["merges"], expected["vocabulary"])
    assert got["steps"] == [{key: step[key] for key in ("pair", "count", "tied_with")} for step in expected["steps"]]
    both = printed(f"lowest --word-counts '{COUNTS}' --end-of-word own --merges 10")
    assert both["tokens"] == ["low", "est</w>"]
    assert printed(f"--train {TEXT} --merges 98")["merges"] == stored("bpe_char")["merges"]
    assert printed(f"--train {TEXT} --algorithm bpe-bytes --vocab 346")["merges"] == stored("bpe_bytelevel")["merges"]


def test_an_empty_text_has_no_tokens() -> None:
    for source in (f"--tokenizer {DATA}/wordpiece.vocab.txt", f"--tokenizer {DATA}/sentencepiece_bpe.model"):
        assert printed(f"'' {source}") == {"tokens": [], "ids": [], "offsets": [], "decoded": ""}
        assert "none" in answer(f"byhand tokenize '' {source}")


def test_people_see_each_stage() -> None:
    text = answer(f"byhand tokenize 'Lowest cake' --word-counts '{COUNTS}' --end-of-word own --merges 4 --steps")
    for part in (
        "Learnt from 16 words, 4 of them different, by bpe",
        " 1   e s            9   es        s t, t </w>",
        "Round 4",
        "Normalized",
        "Split       Lowest | cake   (at white space)",
        "est</w>",
        "<unk>",
        "Decoded",
        "Steps of Lowest",
        "3       est + </w>",
    ):
        assert part in text, part


@pytest.mark.parametrize("algorithm", ["words", "chars", "bpe", "bpe-bytes", "wordpiece", "unigram"])
def test_every_algorithm_says_what_it_does(algorithm: str) -> None:
    text = answer(f"byhand tokenize 'The mill, the wheel.' --train {TEXT} --algorithm {algorithm} --steps")
    assert f"by {algorithm}" in text
    assert "Steps of" in text
    assert "Decoded" in text


def test_lattices_have_their_columns() -> None:
    model = printed(f"moonlight --tokenizer {DATA}/sentencepiece_unigram.model")
    text = answer(f"byhand tokenize moonlight --tokenizer {DATA}/sentencepiece_unigram.model --steps")
    assert "Best path: " + " + ".join(model["tokens"]) in " ".join(text.split())
    assert "Log of the sum" in text


@pytest.mark.usefixtures("here")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x", "Say where the pieces come from"),
        ("x --train a.txt --word-counts '[]'", "one of them"),
        ("x --word-counts '[]'", "nothing to train on"),
        ("x --word-counts '[[\"ab\", 1]]' --merges 9", "No pair is left after merge 1"),
        ("x --word-counts '[[\"ab\", 1]]' --vocab 1", "is smaller than the 2 letters"),
        ("x --train nothing.txt", "There is no file nothing.txt"),
        ("x --tokenizer nothing.json", "There is no file nothing.json"),
        (f"x --tokenizer {DATA}/wordpiece.vocab.txt --merges 3", "--merges is for learning"),
        (f"--tokenizer {DATA}/wordpiece.vocab.txt", "Give the text"),
    ],
)
def test_bad_input_is_one_sentence(line: str, sentence: str) -> None:
    assert sentence in refusal(f"tokenize {line}")


def test_texts_from_files_and_the_standard_input(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the old door", encoding="utf-8")
    line = ["tokenize", "--tokenizer", str(DATA / "wordpiece.vocab.txt"), "--json", "--text-file"]
    from_file = CliRunner().invoke(main, [*line, str(tmp_path / "text.txt")])
    from_input = CliRunner().invoke(main, [*line, "-"], input="the old door")
    assert from_file.output == from_input.output
    assert json.loads(from_file.output)["tokens"] == ["the", "old", "d", "##o", "##or"]
    (tmp_path / "text.txt").write_text("a" * 2_000_001, encoding="utf-8")
    too_long = CliRunner().invoke(main, [*line, str(tmp_path / "text.txt")])
    assert (too_long.exit_code, "2,000,001 letters, more than the 2,000,000" in too_long.output) == (2, True)
