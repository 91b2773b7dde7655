"""Gemma 3, OLMo 2, SmolLM3, Command R, Phi-3 and Qwen3-MoE: Llama's layout, with a few tensors of their own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from byhand.checkpoints.family import Piece, Pieces, linear
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.checkpoints.llama import (
    GEMMA,
    LATER,
    LAYERS,
    MOST_LAYERS,
    activation,
    bias,
    common,
    common_config,
    family,
    gated,
    kinds_of,
    pieces,
    squared_scale,
    window_of,
    windows,
)
from byhand.checkpoints.rotary import rope_by_kind
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.decoder import command_r, gemma3, olmo2, phi3, smollm3
from byhand.models.mixture import qwen3_moe


def layer_count(config: Config, default: int) -> int:
    """Return the number of layers, where something is said of each."""
    layers = config.size("num_hidden_layers", default)
    if layers > MOST_LAYERS:
        raise ByhandError(f"num_hidden_layers = {brief(layers)} in config.json is more than {MOST_LAYERS:,}; mend it.")
    return layers


def gemma3_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Gemma3TextConfig."""
    config.only("use_bidirectional_attention", False)
    config.only("attn_logit_softcapping", None)  # transformers reads it and does not use it
    options = common(
        config,
        **GEMMA | {"positions": 131072, "vocab": 262208},
        d=2304,
        d_ff=9216,
        layers=26,
        heads=8,
        kv_heads=4,
        turns=False,
    )
    kinds = config.words("layer_types", LAYERS, layer_count(config, 26))
    return replace(
        gemma3.GEMMA3,
        **options,
        **rope_by_kind(config, 1e6, 1e4, 131072),
        **bias(config),
        activation=activation(config, "hidden_activation", "gelu_pytorch_tanh"),
        window=config.size("sliding_window", 4096),
        layer_kinds=kinds,
        global_every=config.size("sliding_window_pattern", 6),
        score_scale=config.number("query_pre_attn_scalar", 256) ** 0.5,
        logit_cap=config.number_or_null("final_logit_softcapping", None) or 0.0,
    )


def gemma3_config(o: Options) -> dict[str, Any]:
    """Return the keys of a Gemma3TextConfig."""
    thetas = {"full_attention": o.theta, "sliding_attention": o.local_theta or o.theta}
    config = common_config(o, "Gemma3ForCausalLM") | {
        "hidden_activation": LATER.get(o.activation),
        "attention_bias": o.attention_bias,
        "sliding_window": o.window,
        "layer_types": kinds_of(o),
        "query_pre_attn_scalar": squared_scale(o),
        "final_logit_softcapping": o.logit_cap or None,
        "rope_parameters": {kind: {"rope_type": "default", "rope_theta": theta} for kind, theta in thetas.items()},
    }
    del config["rope_theta"]
    return config


def olmo2_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Olmo2Config."""
    options = common(config, vocab=50304, eps=1e-5)
    return replace(olmo2.OLMO2, **options, **bias(config), activation=activation(config, "hidden_act"))


def olmo2_config(o: Options) -> dict[str, Any]:
    """Return the keys of an Olmo2Config."""
    return common_config(o, "Olmo2ForCausalLM") | {"attention_bias": o.attention_bias}


def smollm3_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' SmolLM3Config."""
    layers = layer_count(config, 36)
    options = common(
        config, theta=2e6, vocab=128256, d=2048, layers=36, heads=16, kv_heads=4, positions=32768, tied=True
    )
    turning = config.whole_numbers("no_rope_layers", MOST_LAYERS)
    if turning is None:
        every = config.size("no_rope_layer_interval", 4)
        turning = tuple(int((n + 1) % every != 0) for n in range(layers))
    if len(turning) < layers:
        raise ByhandError(f"no_rope_layers in config.json must be a list of {layers}, one a layer; mend it.")
    without = tuple(n + 1 for n in range(layers) if not turning[n])
    if config.flag("use_sliding_window", False) and config.number_or_null("sliding_window", None) is not None:
        options |= windows(config, None, layers)
        options["layer_kinds"] = options["layer_kinds"] or tuple(
            "causal" if turning[n] else "window" for n in range(layers)
        )
    return replace(
        smollm3.SMOLLM3,
        **options,
        **bias(config),
        activation=activation(config, "hidden_act"),
        mlp_bias=config.flag("mlp_bias", False),
        no_positions_every=0,
        no_positions=without,
    )


def smollm3_config(o: Options) -> dict[str, Any]:
    """Return the keys of a SmolLM3Config."""
    return common_config(o, "SmolLM3ForCausalLM") | {
        "attention_bias": o.attention_bias,
        "mlp_bias": o.mlp_bias,
        "no_rope_layers": [int(bool(o.rotation(n))) for n in range(1, o.layers + 1)],
        "use_sliding_window": "window" in map(o.kind, range(1, o.layers + 1)),
        "sliding_window": o.window,
        "layer_types": kinds_of(o),
    }


def cohere_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' CohereConfig."""
    options = common(
        config,
        theta=500000.0,
        vocab=256000,
        d=8192,
        d_ff=22528,
        layers=40,
        heads=64,
        positions=8192,
        eps=1e-5,
        eps_key="layer_norm_eps",
        tied=True,
    )
    return replace(
        command_r.COMMAND_R,
        **options,
        **bias(config),
        activation=activation(config, "hidden_act"),
        head_norm=config.flag("use_qk_norm", False),
        logit_scale=config.number("logit_scale", 0.0625),
    )


def cohere_config(o: Options) -> dict[str, Any]:
    """Return the keys of a CohereConfig."""
    return common_config(o, "CohereForCausalLM") | {
        "attention_bias": o.attention_bias,
        "layer_norm_eps": o.eps,
        "use_qk_norm": o.head_norm,
        "logit_scale": o.logit_scale,
    }


def phi3_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Phi3Config."""
    options = common(
        config,
        vocab=32064,
        d=3072,
        d_ff=8192,
        positions=4096,
        eps=1e-5,
        share=config.number("partial_rotary_factor", 1.0),
    )
    options |= windows(config, None, options["layers"])
    return replace(phi3.PHI3, **options, activation=activation(config, "hidden_act"))


def phi3_config(o: Options) -> dict[str, Any]:
    """Return the keys of a Phi3Config."""
    lengths = {"original_max_position_embeddings": o.max_positions, "sliding_window": window_of(o)}
    return common_config(o, "Phi3ForCausalLM") | lengths


def phi3_attention(ours: str, theirs: str, o: Options) -> Pieces:
    """Yield queries, keys and values, which are below each other in one matrix."""
    shared, start = "group" if o.groups < o.heads else "head", 0
    whole = (o.heads + 2 * o.groups) * o.d_k
    for letter, holder, count in (("Q", "head", o.heads), ("K", shared, o.groups), ("V", shared, o.groups)):
        for h in range(count):
            part, start = slice(start, start + o.d_k), start + o.d_k
            joined = Piece(f"{theirs}.self_attn.qkv_proj.weight", (whole, o.d_model), part, transposed=True)
            yield f"{ours}{holder}{h + 1}.W_{letter}", joined
    yield from linear(ours, "O", f"{theirs}.self_attn.o_proj", o.heads * o.d_k, o.d_model, bias=False)


def phi3_feed(ours: str, theirs: str, o: Options, layer: int) -> Pieces:
    """Yield the gate and the other factor, which are below each other in one matrix, and the way down."""
    for name, part in (("gate", slice(0, o.d_ff)), ("up", slice(o.d_ff, 2 * o.d_ff))):
        joined = Piece(f"{theirs}.mlp.gate_up_proj.weight", (2 * o.d_ff, o.d_model), part, transposed=True)
        yield f"{ours}W_{name}", joined
    yield from linear(ours, "down", f"{theirs}.mlp.down_proj", o.d_ff, o.d_model, bias=False)


def qwen3_moe_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Qwen3MoeConfig."""
    layers = layer_count(config, 24)
    options = common(config, vocab=151936, d=2048, d_ff=6144, layers=24, kv_heads=4, positions=32768)
    experts, chosen = config.size("num_experts", 128), config.size("num_experts_per_tok", 8)
    if chosen > experts:
        raise ByhandError(
            f"config.json has num_experts_per_tok = {brief(chosen)} of num_experts = {brief(experts)}; mend it."
        )
    every, plain = config.size("decoder_sparse_step", 1), config.whole_numbers("mlp_only_layers", MOST_LAYERS) or ()
    return replace(
        qwen3_moe.QWEN3_MOE,
        **options | _one_window(config, layers),
        **bias(config),
        activation=activation(config, "hidden_act"),
        experts=experts,
        chosen=chosen,
        expert_d_ff=config.size("moe_intermediate_size", 768),
        normed_gates=config.flag("norm_topk_prob", False),
        dense_list=tuple(n + 1 for n in range(layers) if n in plain or (n + 1) % every),
    )


def _one_window(config: Config, layers: int) -> dict[str, Any]:
    """Return the options for a window in all layers, if use_sliding_window is true."""
    if not config.flag("use_sliding_window", False):
        return {"attention": "causal"}
    return windows(config, 4096, layers)


def qwen3_moe_config(o: Options) -> dict[str, Any]:
    """Return the keys of a Qwen3MoeConfig."""
    return common_config(o, "Qwen3MoeForCausalLM") | {
        "attention_bias": o.attention_bias,
        "use_sliding_window": window_of(o) is not None,
        "sliding_window": window_of(o),
        "num_experts": o.experts,
        "num_experts_per_tok": o.chosen,
        "moe_intermediate_size": o.expert_d_ff,
        "norm_topk_prob": o.normed_gates,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [n for n in range(o.layers) if not o.feeds_apart(n + 1)],
    }


def qwen3_moe_feed(ours: str, theirs: str, o: Options, layer: int) -> Pieces:
    """Yield the router and the experts, or the one feed-forward of a layer without them."""
    if not o.feeds_apart(layer):
        yield from gated(ours, f"{theirs}.mlp.{{}}_proj", o.d_model, o.d_ff, o.mlp_bias)
        return
    yield f"{ours}W_router", Piece(f"{theirs}.mlp.gate.weight", (o.experts, o.d_model), transposed=True)
    for e in range(o.experts):
        yield from gated(
            f"{ours}expert{e + 1}.", f"{theirs}.mlp.experts.{e}.{{}}_proj", o.d_model, o.expert_d_ff, False
        )


FAMILIES = {
    "gemma3_text": family(gemma3.ARCHITECTURE, gemma3_options, gemma3_config),
    "olmo2": family(olmo2.ARCHITECTURE, olmo2_options, olmo2_config),
    "smollm3": family(smollm3.ARCHITECTURE, smollm3_options, smollm3_config),
    "cohere": family(command_r.ARCHITECTURE, cohere_options, cohere_config),
    "phi3": family(
        phi3.ARCHITECTURE,
        phi3_options,
        phi3_config,
        partial(pieces, attention=phi3_attention, feed=phi3_feed),
    ),
    "qwen3_moe": family(
        qwen3_moe.ARCHITECTURE,
        qwen3_moe_options,
        qwen3_moe_config,
        partial(pieces, feed=qwen3_moe_feed),
        num_experts="num_local_experts",
    ),
}
