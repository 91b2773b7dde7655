"""Decoder-only checkpoints: made-up configs against plain numpy, and what is refused."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from support import decoder_oracles as oracles
from support.checkpoints import state_of, without, write

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.folder import Config
from byhand.checkpoints.reading import read
from byhand.core.graph import fold
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Inputs

DATA = Path(__file__).parents[1] / "data"
CLOSE = 1e-10
IDS = [3, 1, 4, 1, 5, 9, 2]


def tables(checkpoint, **inputs):
    """Every named table of the built model."""
    weights = Weights(arrays=checkpoint.arrays)
    graph = checkpoint.architecture.build(checkpoint.options, weights, Inputs(**inputs))
    assert set(weights.nodes) == set(checkpoint.arrays)
    return {node.name: value for node, value in fold(graph.outputs).items() if node.name}


def in_full(state):
    return {name: tensor.astype(np.float64) for name, tensor in state.items()}


def close(ours, expected):
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, rtol=0, atol=CLOSE)


LLAMA = {
    "model_type": "llama",
    "vocab_size": 11,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 10,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
}
SCALED = {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 12}
VARIANTS = {
    "llama": {},
    "a head each": {"num_key_value_heads": 4},
    "null keys": {"num_key_value_heads": None},
    "one key": {"num_key_value_heads": 1, "num_attention_heads": 2},
    "own head size": {"head_dim": 6},
    "biases": {"attention_bias": True, "mlp_bias": True},
    "tied": {"tie_word_embeddings": True},
    "gelu": {"hidden_act": "gelu"},
    "theta": {"rope_theta": 50.0},
    "theta 5": {"rope_parameters": {"rope_type": "default", "rope_theta": 50.0}},
    "linear": {"rope_scaling": {"type": "linear", "factor": 2.5}},
    "linear 5": {"rope_parameters": {"rope_type": "linear", "factor": 2.5, "rope_theta": 100.0}},
    "llama3": {"head_dim": 8, "rope_theta": 20.0, "rope_scaling": {"rope_type": "llama3", **SCALED}},
    "llama3 5": {"head_dim": 8, "rope_parameters": {"rope_type": "llama3", "rope_theta": 20.0, **SCALED}},
    "mistral": {"model_type": "mistral", "sliding_window": 2},
    "mistral without a window": {"model_type": "mistral", "sliding_window": None},
    "qwen2": {"model_type": "qwen2"},
    "qwen3": {"model_type": "qwen3", "head_dim": 2, "attention_bias": True},
    "qwen2 with a window": {
        "model_type": "qwen2",
        "use_sliding_window": True,
        "sliding_window": 3,
        "max_window_layers": 1,
    },
    "gemma": {"model_type": "gemma", "head_dim": 6, "hidden_act": "gelu_pytorch_tanh"},
    "mixtral": {"model_type": "mixtral", "num_local_experts": 5, "num_experts_per_tok": 3},
    "mixtral with a window": {
        "model_type": "mixtral",
        "num_local_experts": 3,
        "num_experts_per_tok": 1,
        "sliding_window": 2,
    },
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_llama_layout_with_every_option(tmp_path, name):
    config = LLAMA | VARIANTS[name]
    state = state_of(oracles.llama_shapes(config))
    made = tables(read(write(tmp_path, config, state)), ids=IDS)
    close(made["logits"], oracles.llama(in_full(state), config, IDS))


NEOX = {
    "model_type": "gpt_neox",
    "vocab_size": 11,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 10,
    "hidden_act": "gelu",
    "rotary_pct": 0.67,
    "rotary_emb_base": 100.0,
    "use_parallel_residual": True,
    "layer_norm_eps": 1e-5,
    "tie_word_embeddings": False,
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"use_parallel_residual": False},
        {"rotary_pct": 1.0},
        {"attention_bias": False},
        {"tie_word_embeddings": True},
        {"hidden_act": "relu"},
        {"num_attention_heads": 1},
    ],
    ids=lambda changed: next(iter(changed), "as it is"),
)
def test_gpt_neox_with_every_option(tmp_path, changed):
    config = NEOX | changed
    state = state_of(oracles.fused_shapes(config))
    close(
        tables(read(write(tmp_path, config, state)), ids=IDS)["logits"], oracles.gpt_neox(in_full(state), config, IDS)
    )


BLOOM = {
    "model_type": "bloom",
    "vocab_size": 11,
    "hidden_size": 12,
    "n_layer": 2,
    "n_head": 4,
    "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": True,
}


@pytest.mark.parametrize("changed", [{}, {"n_head": 3}, {"n_head": 6}, {"tie_word_embeddings": False}])
def test_bloom_with_any_number_of_heads(tmp_path, changed):
    config = BLOOM | changed
    state = state_of(oracles.fused_shapes(config))
    close(tables(read(write(tmp_path, config, state)), ids=IDS)["logits"], oracles.bloom(in_full(state), config, IDS))


def test_other_names_of_keys_and_tensors(tmp_path):
    config = without(BLOOM, "hidden_size", "n_head", "n_layer")
    config |= {"n_embed": 12, "num_attention_heads": 4, "num_hidden_layers": 2}
    state = state_of(oracles.fused_shapes(BLOOM))
    renamed = {name.removeprefix("transformer."): tensor for name, tensor in state.items()}
    close(tables(read(write(tmp_path, config, renamed)), ids=IDS)["logits"], oracles.bloom(in_full(state), BLOOM, IDS))


def test_old_buffers_are_no_weights(tmp_path):
    state = state_of(oracles.llama_shapes(LLAMA))
    old = state | {"model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(1, np.float32)}
    close(tables(read(write(tmp_path, LLAMA, old)), ids=IDS)["logits"], oracles.llama(in_full(state), LLAMA, IDS))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rope_scaling": {"type": "dynamic"}}, "config.json does not say factor; add it."),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "more than 2 features of a head must turn, not 2"),
        ({"rope_scaling": {"type": "turning"}}, 'type in config.json is "turning", which byhand does not'),
        ({"rope_parameters": {"rope_type": "longrope"}}, "config.json does not say short_factor; add it."),
        (
            {"rope_parameters": {"rope_type": "longrope", "short_factor": [1, 2], "long_factor": [1, 2]}},
            "short_factor and long_factor in config.json have 2 numbers, but 1 pairs of a head turn; mend them.",
        ),
        (
            {"rope_parameters": {"rope_type": "longrope", "short_factor": [1], "long_factor": [1, 2]}},
            "short_factor and long_factor in config.json must be lists of one length; mend them.",
        ),
        (
            {"rope_parameters": {"rope_type": "longrope", "short_factor": [0], "long_factor": [1]}},
            "short_factor in config.json must be a number above 0, not 0; mend it.",
        ),
        ({"rope_scaling": {"type": "linear"}}, "config.json does not say factor; add it."),
        ({"rope_scaling": "linear"}, "rope_scaling in config.json must be an object"),
        ({"rope_theta": 0}, "rope_theta in config.json must be a number above 0, not 0"),
        (
            {"num_key_value_heads": 3},
            "num_attention_heads = 4 does not divide by num_key_value_heads = 3; mend config.json.",
        ),
        (
            {"num_attention_heads": 3, "num_key_value_heads": 1},
            "hidden_size = 8 does not divide by num_attention_heads = 3",
        ),
        ({"head_dim": 3}, "Rotary positions turn pairs of features, but 3 of a head's 3 would turn"),
        ({"hidden_act": "xielu"}, 'hidden_act in config.json is "xielu", which byhand does not compute'),
        ({"model_type": "mistral", "sliding_window": 2.5}, "sliding_window in config.json must be a whole number"),
        (
            {"model_type": "mistral", "sliding_window": 2, "layer_types": ["full_attention"]},
            "layer_types in config.json must be a list of 2",
        ),
        (
            {"model_type": "mistral", "sliding_window": 2, "layer_types": ["full_attention", "linear_attention"]},
            'layer_types in config.json is "linear_attention", which byhand does not compute',
        ),
        ({"model_type": "mixtral", "num_local_experts": 1}, "num_experts_per_tok = 2 of num_local_experts = 1"),
        (
            {"model_type": "gemma", "use_bidirectional_attention": True},
            "config.json has use_bidirectional_attention = true, which byhand does not compute",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_is_not_computed_is_refused(tmp_path, changed, said):
    config = LLAMA | changed
    with pytest.raises(ByhandError, match=re.escape(said)):
        tables(read(write(tmp_path, config, state_of(oracles.llama_shapes(config)))), ids=IDS)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_group": 4}, "n_group = 4 in config.json does not go with 6 experts in 4 groups"),
        ({"topk_group": 3}, "topk_group = 3 in config.json does not go with 6 experts in 2 groups"),
        ({"num_experts_per_tok": 7}, "num_experts_per_tok = 7 in config.json does not go with 6 experts"),
        ({"num_key_value_heads": 1}, "config.json has num_key_value_heads = 1, which byhand does not compute"),
        ({"scoring_func": "softmax"}, 'config.json has scoring_func = "softmax", which byhand does not compute'),
    ],
)
def test_deepseek_refuses_what_does_not_fit(tmp_path, changed, said):
    folder = Path(shutil.copytree(DATA / "deepseek_v3", tmp_path / "d"))
    config = json.loads((folder / "config.json").read_text()) | changed
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ByhandError, match=re.escape(said)):
        read(folder)


def test_the_defaults_of_whole_configs():
    """Of the published sizes, which no test builds: those of transformers' configuration classes."""
    sizes = ("vocab", "d_model", "heads", "groups", "d_k", "layers", "d_ff", "eps", "tied", "theta")
    made = {name: FAMILIES[name].options(Config({}, FAMILIES[name].also), None) for name in FAMILIES if name in KNOWN}
    assert {name: tuple(getattr(o, s) for s in sizes) for name, o in made.items()} == KNOWN
    assert (made["gpt_neox"].rotary_share, made["gpt_neox"].activation) == (0.25, "gelu")
    assert {made["mistral"].kind(n) for n in (1, 32)} == {"window"}
    assert [made["gemma2"].kind(n) for n in (1, 2, 26)] == ["window", "causal", "causal"]
    assert (made["gemma2"].divisor(1), made["gemma2"].score_cap, made["gemma2"].logit_cap) == (16.0, 50.0, 30.0)
    assert {made[name].kind(1) for name in ("qwen2", "qwen3", "mixtral", "llama", "gemma")} == {"causal"}


KNOWN = {
    "gpt_neox": (50432, 6144, 64, 64, 96, 44, 24576, 1e-5, False, 1e4),
    "bloom": (250880, 64, 8, 8, 8, 2, 256, 1e-5, True, 1e4),
    "llama": (32000, 4096, 32, 32, 128, 32, 11008, 1e-6, False, 1e4),
    "mistral": (32000, 4096, 32, 8, 128, 32, 14336, 1e-6, False, 1e4),
    "qwen2": (151936, 4096, 32, 32, 128, 32, 22016, 1e-6, False, 1e4),
    "qwen3": (151936, 4096, 32, 32, 128, 32, 22016, 1e-6, False, 1e4),
    "gemma": (256000, 3072, 16, 16, 256, 28, 24576, 1e-6, True, 1e4),
    "gemma2": (256000, 2304, 8, 4, 256, 26, 9216, 1e-6, True, 1e4),
    "mixtral": (32000, 4096, 32, 8, 128, 32, 14336, 1e-5, False, 1e6),
}
