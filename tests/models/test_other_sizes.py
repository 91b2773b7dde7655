"""Checkpoints of every family with sizes and options drawn at random, against plain numpy."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from support import decoder_oracles, mixture_oracles, oracles, translator_oracles
from support.checkpoints import state_of, write

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.folder import Config
from byhand.core.graph import Array
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

IDS, MASK, TARGET_IDS = [3, 1, 4, 1, 5, 9, 2], [1, 1, 1, 0, 1, 1, 0], [0, 6, 5, 3]
ACTIVATIONS = ["relu", "silu", "gelu", "gelu_new"]
STRETCHED: list[dict[str, Any]] = [
    {"type": "linear", "factor": 3.0},
    {
        "rope_type": "llama3",
        "factor": 2.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 3.0,
        "original_max_position_embeddings": 8,
    },
    {"type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8, "beta_fast": 2.0, "beta_slow": 0.3},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8, "beta_fast": 4.0, "truncate": False},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8, "attention_factor": 0.7},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8, "mscale": 1.0, "mscale_all_dim": 0.4},
]
Draw = random.Random
Drawn = dict[str, Any]


def divisor(draw: Draw, whole: int) -> int:
    return draw.choice([n for n in range(1, whole + 1) if whole % n == 0])


def truth(draw: Draw, *keys: str) -> Drawn:
    return {key: draw.random() < 0.5 for key in keys}


def llama_like(draw: Draw, kind: str) -> Drawn:
    heads = draw.choice([1, 2, 3, 4, 6])
    config: Drawn = {
        "hidden_size": heads * draw.choice([2, 4, 6]),
        "num_attention_heads": heads,
        "num_key_value_heads": draw.choice([None, divisor(draw, heads)]),
        "num_hidden_layers": draw.choice([1, 2, 3]),
        "intermediate_size": draw.choice([1, 5, 16]),
        "vocab_size": draw.choice([10, 17, 40]),
        "rms_norm_eps": draw.choice([1e-6, 0.01]),
        "hidden_act": draw.choice(ACTIVATIONS),
        "rope_theta": draw.choice([10.0, 500.0, 1e6]),
    } | truth(draw, "tie_word_embeddings")
    if kind != "qwen2":
        config["head_dim"] = draw.choice([2, 4, 8])
    if kind not in ("qwen2", "mistral", "mixtral"):
        config |= truth(draw, "attention_bias")
    if draw.random() < 0.5:
        config["rope_scaling"] = draw.choice(STRETCHED)
    return config | SPECIAL.get(kind, lambda draw, config: {})(draw, config)


def windowed(draw: Draw, config: Drawn) -> Drawn:
    window: Drawn = {"sliding_window": draw.choice([1, 2, 4, 100])}
    kinds = ["full_attention", "sliding_attention"]
    listed = [draw.choice(kinds) for _ in range(config["num_hidden_layers"])]
    return window | ({"layer_types": listed} if draw.random() < 0.4 else {})


def qwen(draw: Draw, config: Drawn) -> Drawn:
    sizes: Drawn = {"sliding_window": draw.choice([1, 3]), "max_window_layers": draw.choice([0, 1, 2])}
    return sizes | truth(draw, "use_sliding_window")


def gemma2(draw: Draw, config: Drawn) -> Drawn:
    own = {
        "query_pre_attn_scalar": draw.choice([3, 100]),
        "attn_logit_softcapping": draw.choice([None, 1.5]),
        "final_logit_softcapping": draw.choice([None, 2.0]),
        "hidden_activation": config["hidden_act"],
    }
    return windowed(draw, config) | own


def mixtral(draw: Draw, config: Drawn) -> Drawn:
    experts = draw.choice([1, 2, 5])
    chosen = draw.randint(1, experts)
    return {"num_local_experts": experts, "num_experts_per_tok": chosen, "sliding_window": draw.choice([None, 2])}


SPECIAL: dict[str, Callable[[Draw, Drawn], Drawn]] = {
    "llama": lambda draw, config: truth(draw, "mlp_bias"),
    "mistral": windowed,
    "mixtral": mixtral,
    "qwen2": qwen,
    "qwen3": qwen,
    "gemma": lambda draw, config: {"hidden_act": draw.choice(["relu", "silu", "gelu_new"])},
    "gemma2": gemma2,
}


def deepseek(draw: Draw, kind: str) -> Drawn:
    heads, layers, groups = draw.choice([1, 2, 3]), draw.choice([1, 2, 3]), draw.choice([1, 2, 4])
    size, open_groups = draw.choice([2, 3]), draw.randint(1, groups)
    return {
        "hidden_size": draw.choice([6, 8]),
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "num_hidden_layers": layers,
        "first_k_dense_replace": draw.randint(0, layers),
        "n_routed_experts": groups * size,
        "n_group": groups,
        "topk_group": open_groups,
        "num_experts_per_tok": draw.randint(1, open_groups * size),
        "n_shared_experts": draw.choice([1, 2]),
        "routed_scaling_factor": draw.choice([1.0, 2.5]),
        "q_lora_rank": draw.choice([None, 3, 6]),
        "kv_lora_rank": draw.choice([2, 5]),
        "qk_nope_head_dim": draw.choice([2, 3]),
        "qk_rope_head_dim": draw.choice([2, 4, 8]),
        "v_head_dim": draw.choice([1, 4]),
        "intermediate_size": draw.choice([1, 9]),
        "moe_intermediate_size": draw.choice([1, 5]),
        "vocab_size": draw.choice([10, 40]),
        "rms_norm_eps": draw.choice([1e-6, 0.01]),
        "hidden_act": draw.choice(ACTIVATIONS),
        "rope_scaling": draw.choice([None, None, *STRETCHED]),
    } | truth(draw, "norm_topk_prob", "rope_interleave", "attention_bias", "tie_word_embeddings")


def mamba(draw: Draw, kind: str) -> Drawn:
    width, expand = draw.choice([3, 8, 17]), draw.choice([1, 2, 3])
    return {
        "hidden_size": width,
        "expand": expand,
        "num_hidden_layers": draw.choice([1, 2, 3]),
        "state_size": draw.choice([1, 3, 5]),
        "conv_kernel": draw.choice([1, 2, 4]),
        "time_step_rank": draw.choice(["auto", 1, 3]),
        "vocab_size": draw.choice([10, 40]),
        "layer_norm_epsilon": draw.choice([1e-5, 0.1]),
    } | truth(draw, "use_bias", "use_conv_bias", "tie_word_embeddings")


def fused(draw: Draw, kind: str) -> Drawn:
    """GPT-NeoX and BLOOM."""
    if kind == "gpt_neox":
        heads = draw.choice([1, 2, 3])
        return {
            "hidden_size": 8 * heads,
            "num_attention_heads": heads,
            "num_hidden_layers": draw.choice([1, 2, 3]),
            "intermediate_size": draw.choice([1, 5, 20]),
            "rotary_pct": draw.choice([0.25, 0.5, 0.75, 1.0]),
            "rotary_emb_base": draw.choice([100, 10000]),
            "hidden_act": draw.choice(ACTIVATIONS[:1] + ACTIVATIONS[2:]),
            "vocab_size": draw.choice([10, 40]),
            "layer_norm_eps": draw.choice([1e-5, 0.1]),
        } | truth(draw, "use_parallel_residual", "attention_bias", "tie_word_embeddings")
    heads = draw.choice([1, 2, 3, 5, 6, 7, 12])
    return {
        "hidden_size": heads * draw.choice([1, 2, 3]),
        "n_head": heads,
        "n_layer": draw.choice([1, 2, 3]),
        "vocab_size": draw.choice([10, 40]),
        "layer_norm_epsilon": draw.choice([1e-5, 0.1]),
    } | truth(draw, "tie_word_embeddings")


def gpt2(draw: Draw, kind: str) -> Drawn:
    heads = draw.choice([1, 2, 3, 5])
    width = heads * draw.choice([1, 2, 4])
    return {
        "n_embd": width,
        "n_head": heads,
        "n_layer": draw.choice([1, 2, 3]),
        "n_inner": draw.choice([1, 5, 20]),
        "n_positions": draw.choice([7, 30]),
        "vocab_size": draw.choice([10, 40]),
        "activation_function": draw.choice(["relu", "gelu", "gelu_new"]),
        "layer_norm_epsilon": draw.choice([1e-5, 0.1]),
    } | truth(draw, "tie_word_embeddings", "scale_attn_weights", "scale_attn_by_inverse_layer_idx")


DECODERS: dict[str, tuple[Callable[[Draw, str], Drawn], Callable[..., Array]]] = {
    **dict.fromkeys(SPECIAL, (llama_like, decoder_oracles.llama)),
    "deepseek_v3": (deepseek, mixture_oracles.deepseek),
    "mamba": (mamba, mixture_oracles.mamba),
    "gpt_neox": (fused, decoder_oracles.gpt_neox),
    "bloom": (fused, decoder_oracles.bloom),
    "gpt2": (gpt2, lambda state, config, ids: oracles.gpt2(state, config, ids)["logits"]),
}


def folder_of(place: Path, config: Drawn, seed: int) -> tuple[Path, dict[str, Array]]:
    """The config with random tensors."""
    family = FAMILIES[config["model_type"]]
    options = family.options(Config(config, family.also), None)
    state = state_of({piece.tensor: piece.shape for _, piece in family.pieces(options)}, seed)
    return write(place / "drawn", config, state), {name: array.astype(np.float64) for name, array in state.items()}


def seeds(count: int, more: int) -> list[Any]:
    return [n if n < count else pytest.param(n, marks=pytest.mark.slow) for n in range(count + more)]


@pytest.mark.parametrize("seed", seeds(2, 20))
@pytest.mark.parametrize("kind", DECODERS)
def test_a_decoder_of_any_sizes(kind: str, seed: int, tmp_path: Path) -> None:
    drawn, oracle = DECODERS[kind]
    config = {"model_type": kind} | drawn(Draw(f"{kind}{seed}"), kind)
    folder, state = folder_of(tmp_path, config, seed)
    numbers = build(Recipe(str(folder), ids=IDS)).numbers()
    np.testing.assert_allclose(numbers["logits"], oracle(state, config, IDS), rtol=0, atol=1e-10, err_msg=str(config))


def test_an_expert_of_a_closed_group_is_never_chosen(tmp_path: Path) -> None:
    """However low the scores of the open groups are."""
    groups = {"n_routed_experts": 8, "n_group": 4, "topk_group": 2, "num_experts_per_tok": 3}
    config = {"model_type": "deepseek_v3", "first_k_dense_replace": 0} | groups
    config = deepseek(Draw("groups"), "deepseek_v3") | {"rope_scaling": None} | config
    folder, state = folder_of(tmp_path, config, 1)
    stored = load_file(folder / "model.safetensors")
    for tensors in (state, stored):
        for name in tensors:
            if name.endswith("e_score_correction_bias"):
                tensors[name] = tensors[name] - 2
    write(folder, config, stored)
    numbers = build(Recipe(str(folder), ids=IDS)).numbers()
    np.testing.assert_allclose(numbers["logits"], mixture_oracles.deepseek(state, config, IDS), rtol=0, atol=1e-10)


def encoder(draw: Draw, kind: str) -> Drawn:
    heads = draw.choice([1, 2, 3, 5])
    common: Drawn = {"vocab_size": draw.choice([10, 40])} | truth(draw, "tie_word_embeddings")
    d, layers, d_ff = heads * draw.choice([1, 2, 4]), draw.choice([1, 2, 3]), draw.choice([1, 5, 20])
    if kind == "distilbert":
        own = {"dim": d, "n_heads": heads, "n_layers": layers, "hidden_dim": d_ff, "max_position_embeddings": 7}
        return common | own | {"activation": draw.choice(["relu", "gelu", "gelu_new"])}
    return common | {
        "hidden_size": d,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": d_ff,
        "max_position_embeddings": draw.choice([14, 30]),
        "type_vocab_size": draw.choice([1, 2, 4]),
        "pad_token_id": draw.choice([0, 1, 3]),
        "hidden_act": draw.choice(["relu", "gelu", "gelu_new"]),
        "layer_norm_eps": draw.choice([1e-12, 0.1]),
    }


def translator(draw: Draw, kind: str) -> Drawn:
    heads, vocab = draw.choice([1, 2, 3]), draw.choice([10, 40])
    d, layers = heads * draw.choice([2, 4]), {"vocab_size": vocab} | truth(draw, "scale_embedding")
    if kind == "t5":
        return {
            "d_model": d + draw.choice([0, 1]),
            "num_heads": heads,
            "d_kv": draw.choice([1, 3, 4]),
            "num_layers": draw.choice([1, 2, 3]),
            "num_decoder_layers": draw.choice([1, 2, 3]),
            "d_ff": draw.choice([1, 5, 20]),
            "vocab_size": vocab,
            "feed_forward_proj": draw.choice(["relu", "gated-gelu", "gated-silu", "gelu_new", "gated-relu"]),
            "relative_attention_num_buckets": draw.choice([8, 9, 12, 32]),
            "relative_attention_max_distance": draw.choice([17, 30, 128]),
            "layer_norm_epsilon": draw.choice([1e-6, 0.01]),
        } | truth(draw, "tie_word_embeddings")
    return layers | {
        "d_model": d,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": divisor(draw, d),
        "encoder_layers": draw.choice([1, 2, 3]),
        "decoder_layers": draw.choice([1, 2, 3]),
        "encoder_ffn_dim": draw.choice([1, 6, 9]),
        "decoder_ffn_dim": draw.choice([1, 6, 9]),
        "activation_function": draw.choice(ACTIVATIONS),
        "max_position_embeddings": draw.choice([7, 30]),
        "tie_word_embeddings": True,
    }


def bert(state: dict[str, Array], config: Drawn, ids: list[int], mask: list[int]) -> Array:
    """An untied output layer has its bias under its own name."""
    named = {name.replace("predictions.decoder.bias", "predictions.bias"): array for name, array in state.items()}
    logits: Array = oracles.bert(named, config, ids, [0] * len(ids), mask)["logits"]
    return logits


READERS: dict[str, tuple[Callable[[Draw, str], Drawn], Callable[..., Array]]] = {
    "bert": (encoder, bert),
    "roberta": (encoder, translator_oracles.roberta),
    "distilbert": (encoder, translator_oracles.distilbert),
    "bart": (translator, translator_oracles.bart),
    "marian": (translator, translator_oracles.bart),
    "t5": (translator, translator_oracles.t5),
}


@pytest.mark.parametrize("seed", seeds(2, 20))
@pytest.mark.parametrize("kind", READERS)
def test_an_encoder_or_translator_of_any_sizes(kind: str, seed: int, tmp_path: Path) -> None:
    drawn, oracle = READERS[kind]
    config = {"model_type": kind} | drawn(Draw(f"{kind}{seed}"), kind)
    folder, state = folder_of(tmp_path, config, seed)
    targets: Any = {} if drawn is encoder else {"target_ids": TARGET_IDS}
    numbers = build(Recipe(str(folder), ids=IDS, mask=MASK, **targets)).numbers()
    expected = oracle(state, config, IDS, *targets.values(), MASK)
    np.testing.assert_allclose(numbers["logits"], expected, rtol=0, atol=1e-10, err_msg=str(config))
