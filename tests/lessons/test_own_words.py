"""Own words: in the options of commands, in recipes, and those that a checkpoint's folder names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.commands import answer, refusal

from byhand.core.labels import labels
from byhand.errors import ByhandError
from byhand.language.architecture import WORDS as USUAL
from byhand.lessons.build import build
from byhand.lessons.command import command
from byhand.lessons.own_words import special_words
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.models import MODELS

REFERENCE = Path(__file__).parents[1] / "data" / "training" / "gpt2"


def words_of(recipe: Recipe) -> list[tuple[str, ...]]:
    lesson = build(recipe)
    return [vocabulary.words for vocabulary in lesson.architecture.vocabularies(lesson.options)]


def test_own_words_label_the_prompt_and_every_prediction() -> None:
    lesson = build(Recipe("gpt2", words=["one", "two", "three"], prompt="three one"))
    assert lesson.prompt == ["three", "one"]
    assert lesson.numbers()["probabilities"].shape == (2, 3)
    assert set(lesson.words) <= {"one", "two", "three"}


@pytest.mark.parametrize(("model", "first"), [("bert", ("[PAD]",)), ("t5", ("<pad>",)), ("bart", ("[START]",))])
def test_words_that_a_model_needs_stay_first(model: str, first: tuple[str, ...]) -> None:
    own = ["x", "y", "z", "u", "v", "w"]
    words = words_of(Recipe(model, words=own))[0]
    assert words[0] == first[0]
    assert words[-6:] == tuple(own)
    assert words_of(Recipe(model, words=list(words)))[0] == words, "they may be given too"


def test_a_translator_with_two_vocabularies_takes_words_for_each() -> None:
    recipe = Recipe(
        "transformer", size={"shared_embeddings": "false"}, words=["der", "Hund"], target_words=["the", "dog"]
    )
    assert words_of(recipe) == [("[START]", "der", "Hund"), ("[START]", "the", "dog")]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"words": ["a", "b", "a"]}, "--words has 'a' twice: name each word once."),
        ({"words": ["a", ""]}, "--words: '' cannot be a word"),
        ({"words": ["a b"]}, "--words: 'a b' cannot be a word"),
        ({"words": ["a\u2028"]}, "cannot be a word"),
        ({"words": ["a" * 41]}, "cannot be a word"),
        (
            {"words": ["a"], "size": {"vocab": "7"}},
            "--words makes 1 word, but --size says vocab=7: name as many words, or leave vocab out.",
        ),
        ({"target_words": ["a"]}, "takes no words of this kind: leave --target-words out."),
        ({"model": "dot-product", "words": ["a"]}, "dot-product takes no words of this kind: leave --words out."),
        (
            {"model": "attention", "words": ["a"], "size": {"tokens": 3}},
            "--words makes 1 word, but --size says tokens=3: name as many words, or leave tokens out.",
        ),
        ({"model": "transformer", "target_words": ["a"]}, "one vocabulary for both texts: leave --target-words out"),
    ],
)
def test_words_that_cannot_be_get_a_sentence(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ByhandError, match=message.replace("(", r"\(")):
        build(Recipe(**({"model": "gpt2"} | settings)))


def test_a_recipe_may_hold_words(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('model = "gpt2"\nwords = ["ja", "nein"]\nprompt = "nein ja"\n')
    assert build(read_recipe(path)).prompt == ["nein", "ja"]


def test_the_command_line_takes_words_with_commas_as_json(tmp_path: Path) -> None:
    recipe = Recipe("gpt2", words=["a", ",", "b"], prompt="a ,")
    assert '["a", ",", "b"]' in command(recipe)
    shown = answer("""byhand run gpt2 --words '["a", ",", "b"]' --prompt 'a ,'""")
    assert "a , → " in shown
    file = tmp_path / "words.txt"
    file.write_text("a\n,\n\nb\n")
    assert answer(f"byhand run gpt2 --words-file {file} --prompt 'a ,'") == shown


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("""--words '["a", 3]'""", "is not a list of words such as the,cat,sat."),
        ("""--words '["a"'""", "is not a list of words"),
        ("--words a --words-file b", "Give --words or --words-file, not both."),
        ("--words-file nowhere.txt", "There is no list of words nowhere.txt: check its name and folder."),
    ],
)
def test_bad_words_on_the_command_line_are_refused(options: str, message: str) -> None:
    assert message in refusal(f"run gpt2 {options}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(REFERENCE, tmp_path / "model")
    return tmp_path / "model"


WORDS = [f"word{n}" for n in range(13)]
FILES: dict[str, Any] = {
    "vocab.json": {word: n for n, word in enumerate(WORDS)},
    "vocab.txt": WORDS,
    "tokenizer.json": {"model": {"type": "BPE", "vocab": {word: n for n, word in enumerate(WORDS)}}},
}


@pytest.mark.parametrize("name", FILES)
def test_a_checkpoint_speaks_in_the_words_of_its_folder(name: str, folder: Path) -> None:
    content = FILES[name]
    (folder / name).write_text("\n".join(content) if name.endswith("txt") else json.dumps(content))
    lesson = build(Recipe(str(folder), prompt="word3 word1"))
    assert lesson.prompt == ["word3", "word1"]
    assert words_of(Recipe(str(folder))) == [tuple(WORDS)]


def test_ids_that_no_file_names_keep_their_numbers(folder: Path) -> None:
    unigram = {"model": {"vocab": [["<unk>", 0.0], ["a", -1.5]]}, "added_tokens": [{"id": 5, "content": "[END]"}]}
    (folder / "tokenizer.json").write_text(json.dumps(unigram))
    (words,) = words_of(Recipe(str(folder)))
    assert words[:3] == ("<unk>", "a", "t2")
    assert words[5] == "[END]"


def test_own_words_of_a_checkpoint_are_as_many_as_its_ids(folder: Path) -> None:
    assert words_of(Recipe(str(folder), words=WORDS)) == [tuple(WORDS)]
    with pytest.raises(ByhandError, match="--words makes 2 words, but the model has 13: give each of its ids one word"):
        build(Recipe(str(folder), words=["a", "b"]))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("tokenizer.json", "{}", "lists no vocabulary"),
        ("tokenizer.json", "[", "is not JSON"),
        ("vocab.json", '{"a": "b"}', "must give each word its id, a whole number"),
        ("vocab.json", "[1]", "must hold one JSON object"),
        ("vocab.txt", b"\xff\xfe\x00", "cannot be read as a text in UTF-8"),
    ],
)
def test_a_broken_vocabulary_gets_a_sentence(name: str, content: str | bytes, message: str, folder: Path) -> None:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ByhandError, match=message):
        build(Recipe(str(folder)))


@pytest.mark.parametrize("model", [name for name, model in MODELS.items() if model.vocabularies(model.options)])
def test_no_model_shows_a_word_that_it_does_not_have(model: str) -> None:
    """With own words for each of its vocabularies, none of the usual words labels a row, a column or a prediction."""
    architecture = MODELS[model]
    vocabularies = architecture.vocabularies(architecture.options)
    own = [f"w{n}" for n in range(len(vocabularies[0].words))]
    own = own[len(special_words(vocabularies[0])) :]
    two = len(vocabularies) > 1 and vocabularies[0] is not vocabularies[1]
    lesson = build(Recipe(model, words=own, target_words=[f"v{word}" for word in own] if two else []))
    numbers = lesson.numbers()
    shown = {word for node in lesson.tables.values() for axis in (0, 1) for word in labels(node, axis, numbers)}
    assert not shown & set(USUAL)
    assert not {*lesson.words, *lesson.prompt} & set(USUAL)
