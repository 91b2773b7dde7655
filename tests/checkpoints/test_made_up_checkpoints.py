"""Encoders and encoder-decoders of other sizes and with other options, against plain numpy; and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from support import translator_oracles as oracles
from support.checkpoints import state_of, without, write
from support.reference_models import DATA

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.folder import Config
from byhand.core.graph import Array
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

IDS, MASK, TARGET_IDS = [3, 7, 2, 9, 1, 5, 1], [1, 1, 0, 1, 1, 1, 0], [0, 4, 8, 2, 6]
CHANGES: dict[str, list[dict[str, Any]]] = {
    "roberta": [
        {"hidden_size": 6, "num_attention_heads": 3, "num_hidden_layers": 1, "intermediate_size": 5, "pad_token_id": 3},
        {"tie_word_embeddings": False, "type_vocab_size": 2, "vocab_size": 11, "hidden_act": "relu"},
        {"max_position_embeddings": 9, "layer_norm_eps": 0.01, "pad_token_id": 0, "hidden_act": "gelu_new"},
    ],
    "distilbert": [
        {"dim": 6, "n_heads": 3, "n_layers": 2, "hidden_dim": 5},
        {
            "tie_word_embeddings": False,
            "activation": "relu",
            "max_position_embeddings": 7,
            "sinusoidal_pos_embds": True,
        },
    ],
    "vit": [
        {"hidden_size": 6, "num_attention_heads": 3, "num_hidden_layers": 1, "intermediate_size": 5, "num_channels": 1},
        {"image_size": 9, "patch_size": 2, "qkv_bias": False, "hidden_act": "gelu_new", "layer_norm_eps": 0.01},
        {"id2label": {str(n): f"kind {n}" for n in range(5)}, "patch_size": 8},
    ],
    "bart": [
        {"d_model": 6, "encoder_attention_heads": 3, "decoder_attention_heads": 2, "scale_embedding": True},
        {"encoder_ffn_dim": 5, "decoder_ffn_dim": 9, "encoder_layers": 2, "decoder_layers": 1, "vocab_size": 11},
        {"tie_word_embeddings": False, "activation_function": "relu", "max_position_embeddings": 7},
    ],
    "marian": [
        {"d_model": 6, "encoder_attention_heads": 3, "decoder_attention_heads": 2, "scale_embedding": False},
        {"encoder_ffn_dim": 5, "decoder_ffn_dim": 9, "encoder_layers": 1, "activation_function": "swish"},
        {"share_encoder_decoder_embeddings": False, "decoder_vocab_size": 10, "tie_word_embeddings": True},
        {"tie_word_embeddings": False, "d_model": 5, "encoder_attention_heads": 1, "decoder_attention_heads": 5},
    ],
    "t5": [
        {"d_kv": 3, "num_heads": 3, "d_model": 7, "num_layers": 1, "num_decoder_layers": 3, "d_ff": 5},
        {"relative_attention_num_buckets": 6, "relative_attention_max_distance": 4, "vocab_size": 11},
        {"feed_forward_proj": "gated-silu", "tie_word_embeddings": False, "scale_decoder_outputs": False},
        {"feed_forward_proj": "gelu", "relative_attention_num_buckets": 9, "relative_attention_max_distance": 5},
        {"feed_forward_proj": "gated-gelu", "layer_norm_epsilon": 0.01},
    ],
}


def made_up(tmp_path: Path, kind: str, change: dict[str, Any], seed: int = 0) -> tuple[Path, Any, dict[str, Array]]:
    """A folder whose config.json is the reference's but for some keys, with random tensors."""
    config = json.loads((DATA / kind / "config.json").read_text()) | change
    family = FAMILIES[kind]
    shapes = {p.tensor: p.shape for _, p in family.pieces(family.options(Config(config, {}), None))}
    state = state_of(shapes, seed)
    folder = write(tmp_path / "made_up", config, state)
    return folder, config, {name: array.astype(np.float64) for name, array in state.items()}


@pytest.mark.parametrize(("kind", "change"), [(kind, change) for kind in CHANGES for change in CHANGES[kind]])
def test_other_sizes_and_options(tmp_path: Path, kind: str, change: dict[str, Any]) -> None:
    folder, config, state = made_up(tmp_path, kind, change)
    inputs: dict[str, Any] = {"ids": IDS, "mask": MASK}
    if kind == "vit":
        shape = (config["num_channels"], config["image_size"], config["image_size"])
        pixels = np.random.default_rng(1).uniform(-1, 1, shape)
        np.save(tmp_path / "picture.npy", pixels)
        inputs, expected = {"pixels": str(tmp_path / "picture.npy")}, oracles.vit(state, config, pixels)
    elif kind in ("roberta", "distilbert"):
        expected = getattr(oracles, kind)(state, config, IDS, MASK)
    else:
        oracle = oracles.t5 if kind == "t5" else oracles.bart
        inputs, expected = inputs | {"target_ids": TARGET_IDS}, oracle(state, config, IDS, TARGET_IDS, MASK)
    numbers = build(Recipe(str(folder), **inputs)).numbers()
    np.testing.assert_allclose(numbers["logits"], expected, rtol=0, atol=1e-10)


def test_another_name_for_a_kind_is_read_alike(tmp_path: Path) -> None:
    change = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "model_type": "mt5"}
    folder, config, state = made_up(tmp_path, "t5", change)
    left = without(config, *change, "scale_decoder_outputs") | {"model_type": "mt5"}
    (folder / "config.json").write_text(json.dumps(left))
    numbers = build(Recipe(str(folder), ids=IDS, target_ids=TARGET_IDS)).numbers()
    expected = oracles.t5(state, config, IDS, TARGET_IDS, [1] * 7)
    np.testing.assert_allclose(numbers["logits"], expected, rtol=0, atol=1e-10)


def test_published_files_with_copies_and_buffers(tmp_path: Path) -> None:
    """The embedding stored under every name, positions that are computed, and a table that no layer reads."""
    folder, config, state = made_up(tmp_path, "marian", {})
    state = {name: array.astype(np.float32) for name, array in state.items()}
    extra = {f"model.{side}.embed_tokens.weight": state["model.shared.weight"] for side in ("encoder", "decoder")}
    extra |= {"lm_head.weight": state["model.shared.weight"], "model.encoder.embed_positions.weight": np.ones((16, 8))}
    before = build(Recipe(str(folder), ids=IDS)).numbers()["logits"]
    after = build(Recipe(str(write(folder, config, state | extra)), ids=IDS)).numbers()["logits"]
    np.testing.assert_array_equal(before, after)


REFUSED = [
    ("bart", {"normalize_before": True}, "config.json has normalize_before = true, which byhand does not compute"),
    ("bart", {"encoder_attention_heads": 3}, "d_model = 8 does not divide by encoder_attention_heads = 3"),
    ("bart", {"activation_function": "mish"}, 'activation_function in config.json is "mish"'),
    ("marian", {"static_position_embeddings": False}, "config.json has static_position_embeddings = false"),
    ("marian", {"decoder_vocab_size": 14}, "but vocab_size = 13 and decoder_vocab_size = 14; mend one of them."),
    ("t5", {"relative_attention_num_buckets": 3}, "is 3, but must be at least 4, and less than twice"),
    ("t5", {"relative_attention_max_distance": 4}, "is 8, but must be at least 4, and less than twice"),
    ("t5", {"feed_forward_proj": "gated"}, 'feed_forward_proj in config.json is "gated"'),
    ("roberta", {"position_embedding_type": "relative_key"}, "config.json has position_embedding_type"),
    ("roberta", {"pad_token_id": None}, "pad_token_id in config.json must be from 0 to 12, not null; mend it."),
    ("roberta", {"max_position_embeddings": 2}, "leaves no place after pad_token_id = 1; mend it."),
    ("distilbert", {"dim": 7}, "dim = 7 does not divide by n_heads = 2"),
    ("vit", {"image_size": 8.0}, "image_size in config.json must be a whole number above 0, not 8.0"),
    ("vit", {"qkv_bias": "no"}, "qkv_bias in config.json must be true or false"),
]


@pytest.mark.parametrize(("kind", "change", "said"), REFUSED)
def test_what_is_not_computed_is_refused(tmp_path: Path, kind: str, change: dict[str, Any], said: str) -> None:
    config = json.loads((DATA / kind / "config.json").read_text()) | change
    folder = write(tmp_path / "refused", config, load_file(DATA / kind / "model.safetensors"))
    with pytest.raises(ByhandError, match=re.escape(said)):
        build(Recipe(str(folder)))


@pytest.mark.parametrize(("kind", "name"), [("bart", "model.decoder"), ("t5", "encoder")])
def test_embeddings_that_differ_between_the_sides_are_refused(tmp_path: Path, kind: str, name: str) -> None:
    folder, config, state = made_up(tmp_path, kind, {})
    state = {key: array.astype(np.float32) for key, array in state.items()}
    shared = "model.shared.weight" if kind == "bart" else "shared.weight"
    write(folder, config, state | {f"{name}.embed_tokens.weight": state[shared] + 1})
    said = (
        f"The weights have other numbers in {name}.embed_tokens.weight than in {shared}, which byhand computes as one"
    )
    with pytest.raises(ByhandError, match=re.escape(said)):
        build(Recipe(str(folder)))
