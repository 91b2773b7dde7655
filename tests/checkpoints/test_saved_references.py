"""Saved folders give in byhand what transformers gave once for the same folders: logits, the likeliest words, ids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from support import saved_models
from support.commands import answer

from byhand.lessons.build import build, model_of
from byhand.lessons.learnt import save_folder
from byhand.lessons.recipe import Recipe

PAIRS = "le chat\tthe cat\nla maison\tthe house\n"


@pytest.mark.parametrize("model", saved_models.SIZES)
def test_a_saved_folder_is_what_transformers_read(model: str, tmp_path: Path) -> None:
    folder, references = tmp_path / "saved", saved_models.references()
    recipe = saved_models.recipe(model)
    save_folder(recipe, folder)
    tensors = sorted(f"{name} {list(t.shape)}" for name, t in load_file(folder / "model.safetensors").items())
    assert tensors == references[f"{model}.tensors"].tolist()
    vocabularies = model_of(recipe)[0].vocabularies(model_of(recipe)[1])
    first = saved_models.first_word(model, vocabularies[0].words if vocabularies else ())
    inputs = saved_models.inputs(model, first)
    segments = {"segment_ids": [0] * 6} if model in ("bert", "roberta", "albert") else {}
    logits, expected = (
        build(Recipe(str(folder), **inputs, **segments)).numbers()["logits"],
        references[f"{model}.logits"],
    )
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)
    assert logits.argmax(1).tolist() == expected.argmax(1).tolist()
    if vocabularies:
        assert references[f"{model}.ids"].tolist() == inputs["ids"]
        named = build(Recipe(str(folder), **{**inputs, "ids": None, "prompt": saved_models.TEXT}, **segments))
        np.testing.assert_array_equal(named.numbers()["logits"], logits)


@pytest.mark.parametrize("model", ["marian", "transformer", "seq2seq-attention --size lstm=true", "t5", "bart"])
def test_a_translator_learns_on_from_its_folder(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one vocabulary or two; its words and its loss are those that it was saved with, in 32 bits."""
    monkeypatch.chdir(tmp_path)
    Path("pairs.txt").write_text(PAIRS)
    apart = " --size shared_embeddings=false" if model == "marian" else ""
    saved = json.loads(answer(f"byhand train pairs.txt --model {model}{apart} --steps 3 --save folder --json"))
    again = json.loads(answer("byhand train pairs.txt --model ./folder --steps 1 --json"))
    assert again["losses"][0] == pytest.approx(saved["final_loss"], abs=1e-5)
    lesson = build(Recipe("./folder", prompt="la maison", target_ids=[0]))
    assert lesson.words[0] in ("the", "cat", "house", "le", "la", "chat", "maison")


def test_two_vocabularies_are_two_files(tmp_path: Path) -> None:
    recipe = Recipe(
        "marian", size={"shared_embeddings": "false"}, words=["der", "Hund"], target_words=["the", "dog"], seed=1
    )
    save_folder(recipe, tmp_path / "saved")
    ids = json.loads((tmp_path / "saved" / "target_vocab.json").read_text())
    assert ids["the"] == len(ids) - 2
    lesson = build(Recipe(str(tmp_path / "saved"), prompt="Hund der", target_prompt="dog"))
    assert [v.words[-2:] for v in lesson.architecture.vocabularies(lesson.options)] == [("der", "Hund"), ("the", "dog")]
