"""DeepSeek-V3 as Hugging Face transformers stores it."""

import math
from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import (
    ACTIVATIONS,
    DECODER_ENDS,
    THEIRS,
    Family,
    Piece,
    Pieces,
    gain,
    linear,
    one_vocabulary,
)
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.checkpoints.llama import ending, gated
from byhand.checkpoints.rotary import magnitude, rope
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.layers.positions import Scaling
from byhand.models.mixture import deepseek


def deepseek_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' DeepseekV3Config."""
    heads = config.size("num_attention_heads", 128)
    config.only("num_key_value_heads", heads)
    config.only("moe_layer_freq", 1)
    config.only("topk_method", "noaux_tc")
    config.only("scoring_func", "sigmoid")
    biased = config.flag("attention_bias", False)
    turning = rope(config, 10000.0, 4096)
    layers = config.size("num_hidden_layers", 61)
    options = replace(
        deepseek.DEEPSEEK,
        vocab=config.size("vocab_size", 129280),
        max_positions=config.size("max_position_embeddings", 4096),
        d_model=config.size("hidden_size", 7168),
        heads=heads,
        head_dim=config.size("qk_nope_head_dim", 128),
        turning=config.size("qk_rope_head_dim", 64),
        value_dim=config.size("v_head_dim", 128),
        query_latent=0 if config.get("q_lora_rank", 1536) is None else config.size("q_lora_rank", 1536),
        latent=config.size("kv_lora_rank", 512),
        layers=layers,
        dense_layers=config.size_or_zero("first_k_dense_replace", 3),
        d_ff=config.size("intermediate_size", 18432),
        expert_d_ff=config.size("moe_intermediate_size", 2048),
        experts=config.size("n_routed_experts", 256),
        chosen=config.size("num_experts_per_tok", 8),
        shared=config.size("n_shared_experts", 1),
        expert_groups=config.size("n_group", 8),
        groups_chosen=config.size("topk_group", 4),
        normed_gates=config.flag("norm_topk_prob", True),
        gate_scale=config.number("routed_scaling_factor", 2.5),
        interleaved=config.flag("rope_interleave", True),
        activation=config.choice("hidden_act", "silu", ACTIVATIONS),
        attention_bias=biased,
        join_bias=biased,
        tied=config.flag("tie_word_embeddings", False),
        eps=config.epsilon("rms_norm_eps", 1e-6),
        theta=turning["theta"],
        scaling=turning["scaling"],
        score_scale=_score_scale(config, turning["scaling"]),
    )
    _check_experts(options)
    return options


def _score_scale(config: Config, scaling: Scaling | None) -> float:
    """Return the divisor of scores: 0 for the root of a head's width, smaller if YaRN makes scores larger."""
    rope = config.inner("rope_scaling") or config.inner("rope_parameters")
    weight = rope.number_or_zero("mscale_all_dim") if rope else 0.0
    if scaling is None or not weight:
        return 0.0
    width = config.size("qk_nope_head_dim", 128) + config.size("qk_rope_head_dim", 64)
    return math.sqrt(width) / magnitude(scaling.factor, weight) ** 2


def _check_experts(o: Options) -> None:
    """Raise ByhandError if the numbers of experts and groups do not fit each other."""
    for key, value, fits in (
        ("n_group", o.expert_groups, o.experts % o.expert_groups == 0),
        ("topk_group", o.groups_chosen, o.groups_chosen <= o.expert_groups),
        ("num_experts_per_tok", o.chosen, o.chosen <= o.groups_chosen * (o.experts // o.expert_groups)),
    ):
        if not fits:
            raise ByhandError(
                f"{key} = {brief(value)} in config.json does not go with {brief(o.experts)} experts "
                f"in {brief(o.expert_groups)} groups; mend it."
            )


def deepseek_config(o: Options) -> dict[str, Any]:
    """Return the keys of a DeepseekV3Config."""
    return {
        "architectures": ["DeepseekV3ForCausalLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "hidden_size": o.d_model,
        "num_attention_heads": o.heads,
        "num_key_value_heads": o.heads,
        "qk_nope_head_dim": o.d_k,
        "qk_rope_head_dim": o.turning,
        "v_head_dim": o.value_dim,
        "q_lora_rank": o.query_latent or None,
        "kv_lora_rank": o.latent,
        "num_hidden_layers": o.layers,
        "first_k_dense_replace": o.dense_layers,
        "intermediate_size": o.d_ff,
        "moe_intermediate_size": o.expert_d_ff,
        "n_routed_experts": o.experts,
        "num_experts_per_tok": o.chosen,
        "n_shared_experts": o.shared,
        "n_group": o.expert_groups,
        "topk_group": o.groups_chosen,
        "norm_topk_prob": o.normed_gates,
        "routed_scaling_factor": o.gate_scale,
        "rope_interleave": o.interleaved,
        "hidden_act": THEIRS.get(o.activation),
        "attention_bias": o.attention_bias,
        "tie_word_embeddings": o.tied,
        "rms_norm_eps": o.eps,
        "rope_theta": o.theta,
    }


def deepseek_pieces(o: Options) -> Pieces:
    """Yield the weights; within a head the rotary part is below the other part, and values are below keys."""
    d = o.d_model
    yield "E", Piece("model.embed_tokens.weight", (o.vocab, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"model.layers.{n}"
        yield gain(f"{ours}norm1", f"{theirs}.input_layernorm", d)
        yield from _attention(ours, f"{theirs}.self_attn", o)
        yield gain(f"{ours}norm2", f"{theirs}.post_attention_layernorm", d)
        if o.feeds_apart(n + 1):
            yield from _experts(ours, f"{theirs}.mlp", o)
        else:
            yield from gated(ours, f"{theirs}.mlp.{{}}_proj", d, o.d_ff, o.mlp_bias)
    yield from ending(o)


def _attention(ours: str, theirs: str, o: Options) -> Pieces:
    d, bias = o.d_model, o.attention_bias
    queries, width = "q_proj", d
    if o.query_latent:
        queries, width = "q_b_proj", o.query_latent
        yield from linear(f"{ours}latent.", "DQ", f"{theirs}.q_a_proj", d, width, bias)
        yield gain(f"{ours}latent.c_Q", f"{theirs}.q_a_layernorm", width)
    down = f"{theirs}.kv_a_proj_with_mqa"
    for name, part in (("DKV", slice(0, o.latent)), ("KR", slice(o.latent, o.latent + o.turning))):
        total = o.latent + o.turning
        yield f"{ours}latent.W_{name}", Piece(f"{down}.weight", (total, d), rows=part, transposed=True)
        if bias:
            yield f"{ours}latent.b_{name}", Piece(f"{down}.bias", (total,), columns=part)
    yield gain(f"{ours}latent.c_KV", f"{theirs}.kv_a_layernorm", o.latent)
    for h in range(o.heads):
        yield from _parts(f"{ours}head{h + 1}.", f"{theirs}.{queries}", h, o.heads, width, UQ=o.head_dim, QR=o.turning)
        up = f"{theirs}.kv_b_proj"
        yield from _parts(f"{ours}head{h + 1}.", up, h, o.heads, o.latent, UK=o.head_dim, UV=o.value_dim)
    yield from linear(ours, "O", f"{theirs}.o_proj", o.heads * o.value_dim, d, o.join_bias)


def _parts(ours: str, theirs: str, head: int, heads: int, ins: int, **widths: int) -> Pieces:
    """Yield the parts of one head, which are stacked in a tensor of all heads."""
    each = sum(widths.values())
    start = head * each
    for name, width in widths.items():
        part = slice(start, start + width)
        yield f"{ours}W_{name}", Piece(f"{theirs}.weight", (heads * each, ins), rows=part, transposed=True)
        start += width


def _experts(ours: str, theirs: str, o: Options) -> Pieces:
    yield f"{ours}W_router", Piece(f"{theirs}.gate.weight", (o.experts, o.d_model), transposed=True)
    yield f"{ours}b_router", Piece(f"{theirs}.gate.e_score_correction_bias", (o.experts,))
    for e in range(o.experts):
        whole = f"{theirs}.experts.{e}.{{}}_proj"
        yield from gated(f"{ours}expert{e + 1}.", whole, o.d_model, o.expert_d_ff, o.mlp_bias)
    whole = f"{theirs}.shared_experts.{{}}_proj"
    yield from gated(f"{ours}shared.", whole, o.d_model, o.expert_d_ff * o.shared, o.mlp_bias)


FAMILIES = {
    "deepseek_v3": Family(
        deepseek.ARCHITECTURE,
        deepseek_options,
        deepseek_pieces,
        one_vocabulary,
        body=("model.layers.", "layers."),
        config=deepseek_config,
        buffers=(".rotary_emb.inv_freq",),
        ends=DECODER_ENDS,
        spellings=(("model.", ""),),
        tied=(("lm_head.weight", "model.embed_tokens.weight"),),
    )
}
