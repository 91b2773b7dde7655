"""Checkpoints as people have them: wrapped names, nanoGPT's layout, adapters, sentence encoders, kinds not known."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support import oracles
from support.checkpoints import BERT, GPT2, state_of, write
from support.reference_models import DATA, expected_of, recipe_of

from byhand.checkpoints.reading import read
from byhand.checkpoints.saving import save_again
from byhand.core.graph import Array
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

IDS = [3, 10, 0, 7, 7]
State = dict[str, Array]


def stored(name: str) -> tuple[dict[str, Any], State]:
    """The config and the tensors of one of the references."""
    config = json.loads((DATA / name / "config.json").read_text())
    return config, load_file(DATA / name / "model.safetensors")


def logits(folder: Path, ids: list[int] | None = None, **more: Any) -> Array:
    return build(Recipe(str(folder), ids=ids or IDS, **more)).numbers()["logits"]


def wrapped(state: State, wrapper: str) -> State:
    return {f"{wrapper}{name}": table for name, table in state.items()}


@pytest.mark.parametrize("wrapper", ["_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module."])
@pytest.mark.parametrize("name", ["gpt2", "olmo2", "bert"])
def test_what_wraps_the_names_is_left_out(wrapper: str, name: str, tmp_path: Path) -> None:
    config, state = stored(name)
    folder = write(tmp_path / "wrapped", config, wrapped(state, wrapper))
    np.testing.assert_array_equal(logits(folder), logits(DATA / name))
    save_again(folder, tmp_path / "again", {})
    np.testing.assert_array_equal(logits(tmp_path / "again"), logits(DATA / name))


def test_a_tensor_twice_is_refused(tmp_path: Path) -> None:
    config, state = stored("gpt2")
    twice = state | {"_orig_mod.transformer.wte.weight": state["transformer.wte.weight"]}
    with pytest.raises(ByhandError, match=r"The weights have transformer\.wte\.weight twice"):
        read(write(tmp_path / "twice", config, twice))


def nanogpt(place: Path, biased: bool, config: dict[str, Any]) -> tuple[Path, State]:
    """A state of nanoGPT, with linear weights of (out, in), and GPT-2's own of the same numbers."""
    state = state_of(oracles.gpt2_shapes(GPT2))
    if not biased:
        state = {name: table * (not name.endswith("bias")) for name, table in state.items()}
    theirs = {
        name: np.ascontiguousarray(table.T) if ".attn." in name or ".mlp." in name else table
        for name, table in state.items()
        if biased or not name.endswith("bias")
    }
    theirs |= {
        "lm_head.weight": state["transformer.wte.weight"],
        "transformer.h.0.attn.bias": np.ones((1, 1), np.float32),
    }
    return write(place / "nano", config, wrapped(theirs, "_orig_mod.")), {
        name: table.astype(np.float64) for name, table in state.items()
    }


NANO = {"n_layer": 2, "n_head": 3, "n_embd": 6, "block_size": 9, "vocab_size": 11, "dropout": 0.0}


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("own_names", [True, False])
def test_nanogpts_layout(biased: bool, own_names: bool, tmp_path: Path) -> None:
    """With its own config, or GPT-2's; its GELU is the exact one unless the config says another."""
    inner = {"n_inner": 10}
    config = NANO | inner | {"bias": biased} if own_names else GPT2 | {"activation_function": "gelu"}
    folder, state = nanogpt(tmp_path, biased, config)
    expected = oracles.gpt2(state, GPT2 | {"activation_function": "gelu"}, IDS)["logits"]
    np.testing.assert_allclose(logits(folder), expected, rtol=0, atol=1e-10)


ADAPTER = {"peft_type": "LORA", "r": 2, "lora_alpha": 6, "base_model_name_or_path": "somewhere/else"}


def adapted(name: str, place: Path, targets: dict[str, str], **said: Any) -> tuple[Path, State]:
    """A folder with a LoRA adapter beside its model, and the tensors once it is merged. targets: theirs -> peft's."""
    config, state = stored(name)
    folder = write(place / "base", config, state)
    draw, merged, learnt = np.random.default_rng(3), dict(state), {}
    settings = ADAPTER | said
    scale = settings["lora_alpha"] / (math.sqrt(2) if settings.get("use_rslora") else 2)
    for tensor, called in targets.items():
        rows, columns = state[tensor].shape[::-1] if settings.get("fan_in_fan_out") else state[tensor].shape
        a, b = (draw.integers(-8, 8, shape).astype(np.float32) / 8 for shape in ((2, columns), (rows, 2)))
        learnt |= {f"base_model.model.{called}.lora_A.weight": a, f"base_model.model.{called}.lora_B.weight": b}
        change = b @ a
        merged[tensor] = state[tensor] + np.float32(scale) * (change.T if settings.get("fan_in_fan_out") else change)
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    save_file(learnt, folder / "adapter_model.safetensors")
    return folder, merged


LORA: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "llama": (
        "llama",
        {
            f"model.layers.{n}.{m}.weight": f"model.layers.{n}.{m}"
            for n in (0, 1)
            for m in ("self_attn.q_proj", "mlp.up_proj")
        },
        {},
    ),
    "gpt2": ("gpt2", {"transformer.h.1.attn.c_attn.weight": "transformer.h.1.attn.c_attn"}, {"fan_in_fan_out": True}),
    "bert": (
        "bert",
        {"bert.encoder.layer.0.attention.self.value.weight": "bert.encoder.layer.0.attention.self.value"},
        {"use_rslora": True, "lora_alpha": 3.5},
    ),
    "joined": ("phi3", {"model.layers.1.self_attn.qkv_proj.weight": "model.layers.1.self_attn.qkv_proj"}, {}),
    "body": ("olmo2", {"model.layers.1.self_attn.o_proj.weight": "layers.1.self_attn.o_proj"}, {}),
}


@pytest.mark.parametrize("kind", LORA)
def test_an_adapter_is_added_to_its_model(kind: str, tmp_path: Path) -> None:
    name, targets, said = LORA[kind]
    folder, merged = adapted(name, tmp_path, targets, **said)
    expected = logits(write(tmp_path / "merged", stored(name)[0], merged))
    np.testing.assert_allclose(logits(folder), expected, rtol=0, atol=1e-5)
    assert np.abs(logits(folder) - logits(DATA / name)).max() > 1e-3
    assert f"an adapter added to {len(targets)} of them (LoRA, rank 2)" in build(Recipe(str(folder))).weights


@pytest.mark.parametrize("base", ["../base", "base"])
def test_an_adapter_alone_finds_the_folder_that_it_names(base: str, tmp_path: Path) -> None:
    name, targets, said = LORA["llama"]
    folder, _ = adapted(name, tmp_path, targets, base_model_name_or_path=base, **said)
    alone = tmp_path / "alone"
    alone.mkdir()
    expected = logits(folder)
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.move(folder / file, alone / file)
    np.testing.assert_array_equal(logits(alone), expected)
    save_again(alone, tmp_path / "again", {})
    np.testing.assert_allclose(logits(tmp_path / "again"), expected, rtol=0, atol=1e-5)


def test_whole_tensors_of_an_adapter_replace_the_models(tmp_path: Path) -> None:
    name, targets, said = LORA["llama"]
    folder, merged = adapted(name, tmp_path, targets, **said)
    learnt = load_file(folder / "adapter_model.safetensors")
    merged["lm_head.weight"] = merged["lm_head.weight"] + 1
    save_file(
        learnt | {"base_model.model.lm_head.weight": merged["lm_head.weight"]}, folder / "adapter_model.safetensors"
    )
    expected = logits(write(tmp_path / "merged", stored(name)[0], merged))
    np.testing.assert_allclose(logits(folder), expected, rtol=0, atol=1e-5)


def test_a_bias_that_was_trained_with_an_adapter_replaces_the_models(tmp_path: Path) -> None:
    """peft's bias = lora_only names it as that of the layer below the adapter."""
    name, targets, said = LORA["gpt2"]
    folder, merged = adapted(name, tmp_path, targets, **said)
    learnt, bias = load_file(folder / "adapter_model.safetensors"), "transformer.h.1.attn.c_attn"
    merged[f"{bias}.bias"] = merged[f"{bias}.bias"] + 1
    learnt[f"base_model.model.{bias}.base_layer.bias"] = merged[f"{bias}.bias"]
    save_file(learnt, folder / "adapter_model.safetensors")
    expected = logits(write(tmp_path / "merged", stored(name)[0], merged))
    np.testing.assert_allclose(logits(folder), expected, rtol=0, atol=1e-5)


BAD_ADAPTERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "kind": ({"peft_type": "IA3"}, "", 'is of an adapter of kind "IA3", and byhand reads LoRA alone'),
    "dora": ({"use_dora": True}, "", "has use_dora = true, which byhand does not compute"),
    "alpha": ({"alpha_pattern": {"q_proj": 3}}, "", "has alpha_pattern = {...}, which byhand does not compute"),
    "rank": ({"r": 0}, "", "r in config.json must be a whole number above 0, not 0"),
    "embedding": (
        {},
        "base_model.model.model.embed_tokens.lora_embedding_A",
        "has base_model.model.model.embed_tokens.lora_emb",
    ),
    "other model": (
        {},
        "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight",
        "lacks lora_A or lora_B of base_model",
    ),
    "no root": ({}, "model.norm.weight", "The adapter has model.norm.weight, which byhand does not compute"),
    "no place": (
        {},
        "base_model.model.model.layers.9.bias",
        "The adapter changes model.layers.9.bias, which the model beside",
    ),
    "shape": (
        {},
        "base_model.model.lm_head.weight",
        "The adapter's base_model.model.lm_head.weight makes 1×1 numbers of 13×8",
    ),
}


@pytest.mark.parametrize("kind", BAD_ADAPTERS)
def test_no_part_of_an_adapter_is_left_out_in_silence(kind: str, tmp_path: Path) -> None:
    said, more, sentence = BAD_ADAPTERS[kind]
    folder, _ = adapted("llama", tmp_path, LORA["llama"][1])
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER | said))
    learnt = load_file(folder / "adapter_model.safetensors")
    if more:
        save_file(learnt | {more: np.zeros((1, 1), np.float32)}, folder / "adapter_model.safetensors")
    with pytest.raises(ByhandError, match=re.escape(sentence)):
        read(folder)


def test_an_adapter_without_its_model_says_what_is_missing(tmp_path: Path) -> None:
    folder, _ = adapted("llama", tmp_path, LORA["llama"][1])
    (folder / "config.json").unlink()
    with pytest.raises(
        ByhandError, match=r'holds an adapter alone, and not the model that it changes \("somewhere/else"\)'
    ):
        read(folder)
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(ByhandError, match=r"has adapter_config.json but no adapter_model.safetensors"):
        read(folder)


T5_FORMS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "tied, with a head of its own": ("t5_v1_1", {"tie_word_embeddings": True, "scale_decoder_outputs": False}, {}),
    "MADLAD's names": ("t5_v1_1", {}, {"shared.weight": "decoder.embed_tokens.weight"}),
    "the encoder's name": ("t5", {}, {"shared.weight": "encoder.embed_tokens.weight"}),
}


@pytest.mark.parametrize("form", T5_FORMS)
def test_t5_in_every_form(form: str, tmp_path: Path) -> None:
    name, said, renamed = T5_FORMS[form]
    config, state = stored(name)
    folder = write(tmp_path / "t5", config | said, {renamed.get(key, key): table for key, table in state.items()})
    recipe = recipe_of(name, 0)
    made = build(Recipe(str(folder), ids=recipe.ids, target_ids=recipe.target_ids)).numbers()["logits"]
    np.testing.assert_allclose(made, expected_of(name)["logits"][0], rtol=0, atol=1e-10)


def test_t5_1_1_without_a_head_on_file_is_tied_and_not_scaled(tmp_path: Path) -> None:
    config, state = stored("t5")
    recipe = recipe_of("t5", 0)
    folder = write(tmp_path / "t5", config | {"tie_word_embeddings": False, "scale_decoder_outputs": None}, state)
    (folder / "config.json").write_text(
        json.dumps(
            {key: v for key, v in config.items() if key != "scale_decoder_outputs"} | {"tie_word_embeddings": False}
        )
    )
    made = build(Recipe(str(folder), ids=recipe.ids, target_ids=recipe.target_ids)).numbers()["logits"]
    scaled = expected_of("t5")["logits"][0] * math.sqrt(config["d_model"])
    np.testing.assert_allclose(made, scaled, rtol=0, atol=1e-9)


POOLED = {
    "pooling_mode_cls_token": lambda x, m: x[0],
    "pooling_mode_max_tokens": lambda x, m: x[m > 0].max(0),
    "pooling_mode_mean_tokens": lambda x, m: x[m > 0].mean(0),
    "pooling_mode_mean_sqrt_len_tokens": lambda x, m: x[m > 0].sum(0) / math.sqrt(m.sum()),
    "pooling_mode_weightedmean_tokens": lambda x, m: (
        (x * (m * np.arange(1, len(m) + 1))[:, None]).sum(0) / (m * np.arange(1, len(m) + 1)).sum()
    ),
    "pooling_mode_lasttoken": lambda x, m: x[m > 0][-1],
}
STEPS = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]
NORMALIZE = {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}


def sentence_encoder(place: Path, steps: list[dict[str, Any]], *ways: str) -> Path:
    config, state = stored("bert")
    body = {name.removeprefix("bert."): table for name, table in state.items() if name.startswith("bert.")}
    folder = write(place / "sentences", config | {"architectures": ["BertModel"]}, body)
    (folder / "modules.json").write_text(json.dumps(steps))
    (folder / "1_Pooling").mkdir()
    switches = {way: way in ways for way in POOLED}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(switches | {"word_embedding_dimension": 8}))
    return folder


@pytest.mark.parametrize("way", POOLED)
def test_a_sentence_encoder_pools_as_its_folder_says(way: str, tmp_path: Path) -> None:
    folder = sentence_encoder(tmp_path, [*STEPS, NORMALIZE], way)
    e = expected_of("bert")
    recipe = recipe_of("bert", 1)
    lesson = build(Recipe(str(folder), ids=recipe.ids, segment_ids=recipe.segment_ids, mask=recipe.mask))
    mask = e["attention_mask"][1]
    assert mask.min() == 0
    expected = POOLED[way](e["hidden_states"][-1][1], mask)
    numbers = lesson.numbers()
    np.testing.assert_allclose(numbers["embedding"], expected[None], rtol=0, atol=1e-10)
    np.testing.assert_allclose(numbers["unit"], expected[None] / np.linalg.norm(expected), rtol=0, atol=1e-10)


def test_several_ways_stand_side_by_side(tmp_path: Path) -> None:
    folder = sentence_encoder(tmp_path, STEPS, "pooling_mode_mean_tokens", "pooling_mode_cls_token")
    numbers = build(Recipe(str(folder), ids=IDS)).numbers()
    last = numbers["layer2.output"]
    np.testing.assert_allclose(numbers["embedding"], np.concatenate([last[0], last.mean(0)])[None], rtol=0, atol=1e-12)


def test_a_step_that_is_not_computed_is_refused(tmp_path: Path) -> None:
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    with pytest.raises(ByhandError, match='has a step "Dense", which byhand does not compute'):
        read(sentence_encoder(tmp_path, [*STEPS, dense], "pooling_mode_cls_token"))


@pytest.mark.parametrize("steps", [{}, [3], [{"type": 3, "path": ""}], [STEPS[1] | {"path": "../1_Pooling"}]])
def test_steps_of_nonsense_are_refused(steps: Any, tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match="save the model again"):
        read(sentence_encoder(tmp_path, steps, "pooling_mode_cls_token"))


def test_a_head_that_is_not_computed_is_refused_by_its_name(tmp_path: Path) -> None:
    config, state = stored("bert")
    body = {name: table for name, table in state.items() if name.startswith("bert.")}
    folder = write(tmp_path / "next", config | {"architectures": ["BertForNextSentencePrediction"]}, body)
    with pytest.raises(ByhandError, match="a BertForNextSentencePrediction, whose head byhand does not compute"):
        read(folder)


@pytest.mark.parametrize("kind", ["relative_key", "relative_key_query"])
def test_bert_with_rows_for_distances(kind: str, tmp_path: Path) -> None:
    """As transformers 4 computes them: scores + q D, and + k D, before they are divided."""
    config = BERT | {"position_embedding_type": kind}
    rows = {f"bert.encoder.layer.{n}.attention.self.distance_embedding.weight": (17, 2) for n in (0, 1)}
    state = state_of(oracles.bert_shapes(BERT) | rows)
    folder = write(tmp_path / "relative", config, state)
    in_full = {name: table.astype(np.float64) for name, table in state.items()}
    expected = oracles.bert(in_full, config, IDS, [0] * 5, [1, 1, 1, 1, 0])["logits"]
    made = logits(folder, segment_ids=[0] * 5, mask=[1, 1, 1, 1, 0])
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-10)


def test_an_unknown_kind_is_compared_with_what_is_known(tmp_path: Path) -> None:
    config, state = stored("qwen3")
    said = config | {"model_type": "olympus"}
    with pytest.raises(
        ByhandError, match='"olympus", which byhand does not read; its tensors have the names of "qwen3", so'
    ):
        read(write(tmp_path / "same", said, state))
    more = state | {"model.layers.0.self_attn.sinks": np.zeros(2, np.float32)}
    del more["model.norm.weight"]
    sentence = (
        'its tensors are nearest to those of "qwen3": it also has model.layers.N.self_attn.sinks, and it lacks '
        "model.norm.weight; choose"
    )
    with pytest.raises(ByhandError, match=re.escape(sentence)):
        read(write(tmp_path / "other", said, more))
    with pytest.raises(ByhandError, match='"olympus", which byhand does not read; choose a checkpoint of one of'):
        read(write(tmp_path / "strange", said, {"a": np.zeros(2, np.float32)}))
