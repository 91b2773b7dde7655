"""The gpt-oss models as Hugging Face transformers stores them, unless their experts are packed in 4 bits."""

from dataclasses import replace
from functools import partial
from typing import Any

from byhand.checkpoints.family import Piece, Pieces
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.checkpoints.llama import LAYERS, attention, common, common_config, family, kinds_of, pieces
from byhand.checkpoints.llama_later import layer_count
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.mixture import gpt_oss

YARN = {
    "rope_type": "yarn",
    "factor": 32.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "truncate": False,
    "original_max_position_embeddings": 4096,
}
"""The rotary positions of a config that does not say them."""


def gpt_oss_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' GptOssConfig."""
    layers = layer_count(config, 36)
    if not (config.get("rope_parameters", {}) or config.get("rope_scaling", {})):
        config = config.with_values(rope_parameters=YARN)
    options = common(
        config,
        theta=150000.0,
        vocab=201088,
        d=2880,
        d_ff=2880,
        layers=36,
        heads=64,
        kv_heads=8,
        head_dim=64,
        positions=131072,
        eps=1e-5,
    )
    experts, chosen = config.size("num_local_experts", 128), config.size("num_experts_per_tok", 4)
    if chosen > experts:
        raise ByhandError(
            f"config.json has num_experts_per_tok = {brief(chosen)} of num_local_experts = {brief(experts)}; mend it."
        )
    biased = config.flag("attention_bias", True)
    return replace(
        gpt_oss.GPT_OSS,
        **options,
        attention_bias=biased,
        join_bias=biased,
        window=config.size("sliding_window", 128),
        layer_kinds=config.words("layer_types", LAYERS, layers),
        experts=experts,
        chosen=chosen,
        gate_limit=config.number("swiglu_limit", 7.0),
        gate_alpha=config.number("swiglu_alpha", 1.702),
    )


def gpt_oss_config(o: Options) -> dict[str, Any]:
    """Return the keys of a GptOssConfig."""
    config = common_config(o, "GptOssForCausalLM") | {
        "hidden_act": "silu",
        "attention_bias": o.attention_bias,
        "sliding_window": o.window,
        "layer_types": kinds_of(o),
        "num_local_experts": o.experts,
        "num_experts_per_tok": o.chosen,
        "swiglu_limit": o.gate_limit,
        "swiglu_alpha": o.gate_alpha,
        "rope_parameters": {"rope_type": "default", "rope_theta": o.theta},
    }
    del config["rope_theta"]
    return config


def _attention(ours: str, theirs: str, o: Options) -> Pieces:
    """Yield Llama's weights, and the sink of each head."""
    yield from attention(ours, theirs, o)
    for h in range(o.heads):
        yield f"{ours}head{h + 1}.sink", Piece(f"{theirs}.self_attn.sinks", (o.heads,), columns=slice(h, h + 1))


def _feed(ours: str, theirs: str, o: Options, layer: int) -> Pieces:
    """Yield the router and the experts: all in one tensor, where gate and factor alternate."""
    d, d_ff, count = o.d_model, o.d_ff, o.experts
    yield f"{ours}W_router", Piece(f"{theirs}.mlp.router.weight", (count, d), transposed=True)
    yield f"{ours}b_router", Piece(f"{theirs}.mlp.router.bias", (count,))
    whole = f"{theirs}.mlp.experts"
    for e in range(count):
        path, wide, row = f"{ours}expert{e + 1}.", slice(e * d, (e + 1) * d), slice(e, e + 1)
        for name, every in (("gate", slice(0, None, 2)), ("up", slice(1, None, 2))):
            shape, table = (count, d, 2 * d_ff), (count * d, 2 * d_ff)
            yield f"{path}W_{name}", Piece(f"{whole}.gate_up_proj", shape, wide, every, table=table)
            yield f"{path}b_{name}", Piece(f"{whole}.gate_up_proj_bias", (count, 2 * d_ff), row, every)
        part = slice(e * d_ff, (e + 1) * d_ff)
        yield f"{path}W_down", Piece(f"{whole}.down_proj", (count, d_ff, d), part, table=(count * d_ff, d))
        yield f"{path}b_down", Piece(f"{whole}.down_proj_bias", (count, d), row)


FAMILIES = {
    "gpt_oss": family(
        gpt_oss.ARCHITECTURE,
        gpt_oss_options,
        gpt_oss_config,
        partial(pieces, attention=_attention, feed=_feed),
        num_local_experts="num_experts",
    )
}
