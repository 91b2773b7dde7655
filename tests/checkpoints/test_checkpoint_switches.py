"""Switches of configs that are easily read otherwise than transformers does: honoured, or refused by name."""

from __future__ import annotations

import json
import math
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from support import translator_oracles
from support.checkpoints import state_of, without, write
from support.reference_models import DATA

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.folder import Config
from byhand.checkpoints.reading import Checkpoint, read
from byhand.checkpoints.rotary import rope
from byhand.core.graph import Array
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

IDS = [3, 1, 4, 1, 5, 9, 2]
LINEAR = {"rope_type": "linear", "factor": 2.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8}


def changed(place: Path, name: str, change: dict[str, Any], *left_out: str) -> Path:
    """The reference's folder with a config that says something else."""
    config = json.loads((DATA / name / "config_v4.json").read_text()) | change
    config = {key: value for key, value in config.items() if key not in left_out}
    return write(place / "changed", config, load_file(DATA / name / "model.safetensors"))


def logits(folder: Path) -> Array:
    found: Array = build(Recipe(str(folder), ids=IDS)).numbers()["logits"]
    return found


SAME: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("gemma", {"hidden_act": "gelu"}, {"hidden_act": "gelu_pytorch_tanh"}),
    ("gemma", {"hidden_act": "gelu", "hidden_activation": "gelu_pytorch_tanh"}, {"hidden_act": "gelu_new"}),
    ("llama", {"rope_scaling": LINEAR, "rope_parameters": {"rope_type": "default"}}, {"rope_scaling": LINEAR}),
    ("llama", {"rope_scaling": {}, "rope_parameters": LINEAR}, {"rope_scaling": LINEAR}),
    ("llama", {"rope_scaling": LINEAR | {"type": "linear"}}, {"rope_scaling": LINEAR}),
    (
        "llama",
        {"rope_scaling": YARN, "max_position_embeddings": 99},
        {"rope_scaling": YARN | {"beta_fast": None, "mscale": 0, "attention_factor": None}},
    ),
    (
        "llama",
        {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}, "original_max_position_embeddings": 8},
        {"rope_scaling": YARN},
    ),
    ("mistral", {"layer_types": ["sliding_attention"] * 2}, {}),
    ("mistral", {"layer_types": ["full_attention"] * 2}, {"sliding_window": None}),
    ("mistral", {"model_type": "ministral"}, {}),
    ("bloom", {"n_embed": None}, {}),
    ("bloom", {"slow_but_exact": True}, {}),
    ("gpt_neox", {"partial_rotary_factor": None}, {}),
]


@pytest.mark.parametrize(("name", "said", "means"), SAME)
def test_what_a_switch_means(name: str, said: dict[str, Any], means: dict[str, Any], tmp_path: Path) -> None:
    np.testing.assert_array_equal(logits(changed(tmp_path, name, said)), logits(changed(tmp_path, name, means)))


def test_a_window_in_the_layers_that_have_one(tmp_path: Path) -> None:
    """layer_types of a Mistral, which transformers 5 then calls Ministral."""
    mixed = logits(changed(tmp_path, "mistral", {"layer_types": ["sliding_attention", "full_attention"]}))
    for other in ({}, {"sliding_window": None}):
        assert np.abs(mixed - logits(changed(tmp_path, "mistral", other))).max() > 1e-6


def test_null_stands_for_as_many_keys_as_heads() -> None:
    for kind in ("llama", "mistral", "mixtral", "qwen2", "qwen3", "gemma", "gemma2"):
        config = {"num_attention_heads": 6, "hidden_size": 24, "num_key_value_heads": None}
        assert FAMILIES[kind].options(Config(config, {}), None).groups == 6


def test_the_number_of_experts_under_its_other_name(tmp_path: Path) -> None:
    folder = changed(tmp_path, "mixtral", {"num_experts": 4}, "num_local_experts")
    np.testing.assert_array_equal(logits(folder), logits(DATA / "mixtral"))


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "gpt2",
        {"quantization_config": {"bits": 4}},
        "config.json has quantization_config = {...}, which byhand does not",
    ),
    ("llama", {"per_layer_config": {"1": {"head_dim": 2}}}, "config.json has per_layer_config = {...}, which byhand"),
    ("llama", {"partial_rotary_factor": 0.5}, "config.json has partial_rotary_factor = 0.5, which byhand does not"),
    ("llama", {"rope_scaling": LINEAR | {"type": "yarn"}}, 'config.json has type = "yarn", which byhand does not'),
    ("llama", {"rope_scaling": {"type": "proportional", "factor": 2.0}}, 'type in config.json is "proportional"'),
    ("llama", {"rope_scaling": {"rope_type": "longrope"}}, "config.json does not say short_factor; add it."),
    ("llama", {"rope_scaling": YARN, "rope_theta": 1.0}, "rope_theta in config.json must be above 1 for YaRN, not 1.0"),
    (
        "llama",
        {"rope_scaling": YARN, "original_max_position_embeddings": 6},
        "config.json has original_max_position_embeddings = 6, but 8 for its rotary positions; remove one of them.",
    ),
    (
        "gemma2",
        {"rope_parameters": {"full_attention": {"rope_theta": 50.0}}},
        "rope_parameters in config.json are others for each kind of layer",
    ),
    ("gemma", {"hidden_act": "gelu", "hidden_activation": "relu"}, "hidden_act and hidden_activation in config.json"),
    ("mistral", {"sliding_window": 0}, "sliding_window in config.json must be a number above 0, not 0; mend it."),
    (
        "mixtral",
        {"sliding_window": 3, "layer_types": ["full_attention", "sliding_attention"]},
        "layer_types in config.json lets layers see beyond sliding_window",
    ),
    (
        "gpt_neox",
        {"partial_rotary_factor": 0.75},
        "config.json has partial_rotary_factor = 0.75, which byhand does not",
    ),
    ("gpt_neox", {"rope_theta": 77.0}, "config.json has rope_theta = 77.0, which byhand does not compute"),
    ("bloom", {"slow_but_exact": True, "pretraining_tp": 2}, "config.json has slow_but_exact = true"),
    (
        "deepseek_v3",
        {"num_experts_per_tok": 4, "topk_group": 1},
        "num_experts_per_tok = 4 in config.json does not go with 6 experts in 2 groups",
    ),
    ("vit", {"image_size": [8, 12]}, "image_size in config.json is no square"),
    ("vit", {"patch_size": [4, 4, 4]}, "patch_size in config.json is no square"),
    ("vit", {"image_size": ["8", "8"]}, 'image_size in config.json must be a whole number above 0, not "8"; mend it.'),
    ("vit", {"id2label": ["a", "b", "c"]}, "id2label in config.json must be an object, {...}, not [...]; mend it."),
    ("vit", {"num_labels": 10**9}, "num_labels = 1000000000 in config.json is more than 100,000; mend it."),
]


@pytest.mark.parametrize(("name", "change", "said"), REFUSED)
def test_what_is_not_computed_is_refused_by_name(name: str, change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match=re.escape(said)):
        read(changed(tmp_path, name, change))


SIZES = re.compile("size$|layers?$|heads$|positions$|embeddings$|dim$|rank$|experts|window|group$|n_embd|n_inner|num_")


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(DATA.glob("*/config.json"))])
def test_huge_sizes_are_refused_quickly(name: str, tmp_path: Path) -> None:
    config = json.loads((DATA / name / "config.json").read_text())
    before = time.process_time()
    for key in filter(SIZES.search, config):
        if type(config[key]) is int:
            folder = write(tmp_path / name, config | {key: 10**9}, load_file(DATA / name / "model.safetensors"))
            with suppress(ByhandError):
                read(folder)
    assert time.process_time() - before < 10


def test_a_whole_gemma2_of_many_layers_is_refused_quickly(tmp_path: Path) -> None:
    for name in ("gemma2", "mistral", "mixtral", "qwen3"):
        more = {"sliding_window": 2, "num_hidden_layers": 10**9, "use_sliding_window": True, "max_window_layers": 1}
        with pytest.raises(ByhandError, match="mend"):
            read(changed(tmp_path, name, more))


# T5, mT5 and ViT


def mt5(place: Path, change: dict[str, Any]) -> tuple[Checkpoint, Array]:
    """With random tensors; the output layer is the embedding."""
    config = json.loads((DATA / "t5" / "config_v4.json").read_text()) | {"model_type": "mt5"} | change
    family = FAMILIES["mt5"]
    shapes = {p.tensor: p.shape for _, p in family.pieces(family.options(Config(config, {}), None))}
    state = state_of(shapes)
    folder = write(place / "mt5", config, state)
    state = {name: array.astype(np.float64) for name, array in state.items()}
    numbers = build(Recipe(str(folder), ids=IDS, target_ids=[0, 4])).numbers()
    scaled = translator_oracles.t5(state, config, IDS, [0, 4], [1] * 7)
    return numbers["logits"], scaled


@pytest.mark.parametrize("version", ["4.57.3", "5.23.0", None])
def test_a_tied_mt5_scales_its_output_where_transformers_4_wrote_it(version: str | None, tmp_path: Path) -> None:
    change = {"tie_word_embeddings": True, "transformers_version": version}
    ours, scaled = mt5(tmp_path, change)
    factor = 1.0 if version == "4.57.3" else np.sqrt(8)
    np.testing.assert_allclose(ours, scaled * factor, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"id2label": {"0": "tench", "1": "goldfish", "2": "ray"}}, ("tench", "goldfish", "ray")),
        ({"id2label": {"0": "crane", "1": "crane", "2": "crane (1)"}}, ("crane", "crane (1)", "crane (1) (2)")),
        ({"id2label": {"0": "tench", "1": " ", "2": "a" * 300}}, ("tench", "LABEL_1", "LABEL_2")),
        ({"id2label": {"a": "tench", "1": "a\nb", "2": 3}}, ("LABEL_0", "LABEL_1", "LABEL_2")),
        ({"id2label": {"0": "tench"}, "num_labels": 3}, ("LABEL_0", "LABEL_1", "LABEL_2")),
        ({"id2label": None, "num_labels": 3}, ("LABEL_0", "LABEL_1", "LABEL_2")),
    ],
)
def test_classes_have_the_names_that_the_config_gives_them(
    said: dict[str, Any], words: tuple[str, ...], tmp_path: Path
) -> None:
    logits = build(Recipe(str(changed(tmp_path, "vit", said)))).graph.logits
    assert logits is not None
    assert logits.shape[1].labels.words == words


def test_the_sides_of_squares_may_be_said_twice(tmp_path: Path) -> None:
    twice = build(Recipe(str(changed(tmp_path, "vit", {"image_size": [8, 8], "patch_size": [4, 4]})))).numbers()
    np.testing.assert_array_equal(twice["logits"], build(Recipe(str(DATA / "vit"))).numbers()["logits"])


# BART and Marian


def random_translator(place: Path, kind: str, change: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Array]]:
    """A config, and tensors of which each side's embedding is another."""
    config = json.loads((DATA / kind / "config_v4.json").read_text()) | change
    stored = load_file(DATA / kind / "model.safetensors")
    shapes = {name: array.shape for name, array in stored.items()}
    shapes |= {f"model.{side}.embed_tokens.weight": (13, 8) for side in ("encoder", "decoder")}
    state = state_of(shapes | {"lm_head.weight": (13, 8)})
    write(place / "apart", config, state)
    return config, {name: array.astype(np.float64) for name, array in state.items()}


@pytest.mark.parametrize("kind", ["bart", "marian"])
def test_each_side_has_its_own_embedding_where_nothing_is_tied(kind: str, tmp_path: Path) -> None:
    config, state = random_translator(tmp_path, kind, {"tie_word_embeddings": False})
    numbers = build(Recipe(str(tmp_path / "apart"), ids=IDS, target_ids=[0, 4, 1])).numbers()
    expected = translator_oracles.bart(without(state, "model.shared.weight"), config, IDS, [0, 4, 1], [1] * 7)
    np.testing.assert_allclose(numbers["logits"], expected, rtol=0, atol=1e-10)


def test_a_bart_without_its_head_has_a_bias_of_nothing(tmp_path: Path) -> None:
    stored = load_file(DATA / "bart" / "model.safetensors")
    config = json.loads((DATA / "bart" / "config.json").read_text())
    body = {name.removeprefix("model."): array for name, array in stored.items() if name.startswith("model.")}
    nothing = stored | {"final_logits_bias": np.zeros((1, 13), np.float32)}
    np.testing.assert_array_equal(
        logits(write(tmp_path / "body", config, body)), logits(write(tmp_path / "whole", config, nothing))
    )


def test_what_yarn_means_where_a_config_says_no_more() -> None:
    """beta_slow 1 and beta_fast 32, as in transformers' modeling_rope_utils, and sizes of 0.1 ln(factor) + 1."""
    said = {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8}}
    scaling = rope(Config(said, {}), 10000.0, 8)["scaling"]
    assert (scaling.low, scaling.high, scaling.original, scaling.whole) == (1.0, 32.0, 8, True)
    assert scaling.size == pytest.approx(0.1 * math.log(4.0) + 1)
