"""Saved folders: byhand reads its own back as the same model, and what a config cannot state is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from support.saved_models import SIZES

from byhand.checkpoints.saving import save
from byhand.errors import ByhandError
from byhand.lessons.build import build, model_of, weights_of
from byhand.lessons.learnt import save_folder
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

OWN: dict[str, dict[str, Any]] = {
    **SIZES,
    "lstm": {"two_biases": True},
    "transformer": {},
    "seq2seq-attention": {"lstm": True},
}
"""Every model that has a form as a checkpoint, and what it needs for it."""
INPUTS = {"ids": "ids", "encoder.ids": "ids", "decoder.ids": "target_ids", "segment_ids": "segment_ids"}


def own_inputs(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """The inputs of a model's own example, by the keys of a recipe."""
    tables = build(recipe).tables
    inputs: dict[str, Any] = {}
    for name, key in INPUTS.items():
        if name in tables and tables[name].data is not None:
            inputs[key] = [int(x) for x in tables[name].data[:, 0]]
    if "picture" in tables:
        np.save(folder / "picture.npy", tables["picture"].data[None])
        inputs["pixels"] = str(folder / "picture.npy")
    return inputs


@pytest.mark.parametrize("model", OWN)
def test_a_saved_folder_is_the_same_model(model: str, tmp_path: Path) -> None:
    recipe = Recipe(model, size=OWN[model])
    save_folder(recipe, tmp_path / "saved")
    inputs = own_inputs(recipe, tmp_path)
    ours = build(Recipe(model, size=OWN[model], **inputs)).numbers()
    theirs = build(Recipe(str(tmp_path / "saved"), **inputs)).numbers()
    np.testing.assert_allclose(theirs["logits"], ours["logits"], rtol=0, atol=1e-9)


def test_all_models_with_a_form_are_tried() -> None:
    tried = set()
    for model in MODELS:
        try:
            _, options = model_of(Recipe(model))
            save(Path("nowhere/deep"), model, options, {}, ())
        except ByhandError as error:
            if "has no form as a checkpoint" not in str(error):
                tried.add(model)
    assert tried - {"encoder-layer"} == set(OWN)


def test_own_words_become_a_tokenizer(tmp_path: Path) -> None:
    save_folder(Recipe("gpt2", words=["x", "yes", "no"]), tmp_path / "saved")
    tokenizer = json.loads((tmp_path / "saved" / "tokenizer.json").read_text())
    assert tokenizer["model"]["vocab"] == {"x": 0, "yes": 1, "no": 2}
    assert build(Recipe(str(tmp_path / "saved"), prompt="no x")).prompt == ["no", "x"]


def test_characters_are_split_one_by_one(tmp_path: Path) -> None:
    save_folder(Recipe("gpt2", words=["a", "b", "␣"]), tmp_path / "saved")
    tokenizer = json.loads((tmp_path / "saved" / "tokenizer.json").read_text())
    assert tokenizer["pre_tokenizer"]["type"] == "Split"
    assert tokenizer["normalizer"]["content"] == "␣"


def test_numbers_have_32_bits_and_the_tensors_the_familys_names(tmp_path: Path) -> None:
    save_folder(Recipe("gpt2"), tmp_path / "saved")
    tensors = load_file(tmp_path / "saved" / "model.safetensors")
    assert {array.dtype for array in tensors.values()} == {np.dtype("float32")}
    assert "transformer.h.0.attn.c_attn.weight" in tensors
    weights = weights_of(Recipe("gpt2"))
    np.testing.assert_array_equal(tensors["transformer.wte.weight"], weights["wte"].data)


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        ("gpt2", {"positions": "rotary"}, "cannot state"),
        ("gpt2", {"norm": "rms"}, "cannot state"),
        ("llama", {"activation": "gelu_bloom"}, "cannot state"),
        ("bloom", {}, "cannot state"),
        ("gpt3", {}, r"cannot state the weight layer1\.head1\.b_K"),
        ("gpt3", {"attention_bias": False}, "cannot state the option score_scale = 1.4"),
        ("gemma3", {"score_scale": 1.3}, "query_pre_attn_scalar"),
        ("smollm3", {"attention": "full"}, "cannot state the option attention = full"),
        ("gopher", {}, "gopher has no form as a checkpoint"),
        ("rnn", {}, "rnn has no form as a checkpoint"),
        ("attention", {}, "attention has no form as a checkpoint"),
    ],
)
def test_what_no_config_states_is_refused(model: str, size: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match=message):
        save_folder(Recipe(model, size=size), tmp_path / "saved")
    assert not list(tmp_path.iterdir()), "nothing half-written"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ByhandError, match="is not empty: choose a new folder with --save"):
        save_folder(Recipe("gpt2"), tmp_path)
    with pytest.raises(ByhandError, match="There is no folder"):
        save_folder(Recipe("gpt2"), tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
