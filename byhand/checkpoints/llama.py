"""Llama, Mistral, Qwen and Gemma as Hugging Face transformers stores them: one layout, several configs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import (
    ACTIVATIONS,
    DECODER_ENDS,
    NO_TOKENS,
    THEIRS,
    Family,
    Piece,
    Pieces,
    gain,
    linear,
    one_vocabulary,
)
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.checkpoints.rotary import rope
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture
from byhand.language.options import Options
from byhand.models.decoder import gemma, llama, mistral, qwen
from byhand.models.mixture import mixtral

Names = tuple[str, str, str]
MOST_LAYERS = 10_000
LAYERS = {"full_attention": "causal", "sliding_attention": "window"}


def common(config: Config, theta: float = 10000.0, **defaults: Any) -> dict[str, Any]:
    """Return the options from the common keys, with LlamaConfig's defaults or those given.

    turns: whether the rotary positions are read too; share: see `rope`. eps_key: the key of the norms' epsilon.
    """
    default: dict[str, Any] = {
        "vocab": 32000,
        "d": 4096,
        "d_ff": 11008,
        "layers": 32,
        "heads": 32,
        "eps": 1e-6,
        "tied": False,
    }
    default |= {"kv_heads": None, "head_dim": None, "positions": 2048, "eps_key": "rms_norm_eps"}
    default |= {"turns": True, "share": None} | defaults
    d, heads = config.size("hidden_size", default["d"]), config.size("num_attention_heads", default["heads"])
    kv_heads = config.size_or_null("num_key_value_heads", default["kv_heads"] or heads, heads)
    if heads % kv_heads:
        raise ByhandError(
            f"num_attention_heads = {brief(heads)} does not divide by num_key_value_heads = {brief(kv_heads)}; "
            "mend config.json."
        )
    if config.get("head_dim", default["head_dim"] or 0):
        head_dim = config.size("head_dim", default["head_dim"])
    else:
        head_dim = d // config.heads("num_attention_heads", default["heads"], "hidden_size", d)
    return {
        "vocab": config.size("vocab_size", default["vocab"]),
        "max_positions": config.size("max_position_embeddings", default["positions"]),
        "d_model": d,
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": head_dim,
        "layers": config.size("num_hidden_layers", default["layers"]),
        "d_ff": config.size("intermediate_size", default["d_ff"]),
        "eps": config.epsilon(default["eps_key"], default["eps"]),
        "tied": config.flag("tie_word_embeddings", default["tied"]),
        **(rope(config, theta, default["positions"], default["share"]) if default["turns"] else {}),
    }


def activation(config: Config, key: str, default: str = "silu") -> str:
    return config.choice(key, default, ACTIVATIONS)


def bias(config: Config) -> dict[str, Any]:
    """Return the options for the biases of attention's four linear layers."""
    biased = config.flag("attention_bias", False)
    return {"attention_bias": biased, "join_bias": biased}


def windows(config: Config, default: int | None, layers: int, attention: str = "window") -> dict[str, Any]:
    """Return the options for a sliding window, if any; `attention` is the kind of layers without layer_types."""
    if config.number_or_null("sliding_window", default) is None:
        return {"attention": "causal"}
    kinds = config.words("layer_types", LAYERS, layers)
    return {"attention": attention, "window": config.size("sliding_window", default), "layer_kinds": kinds}


def llama_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' LlamaConfig."""
    return replace(
        llama.LLAMA,
        **common(config),
        **bias(config),
        activation=activation(config, "hidden_act"),
        mlp_bias=config.flag("mlp_bias", False),
    )


def mistral_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' MistralConfig."""
    options = common(config, d_ff=14336, kv_heads=8, positions=131072)
    options |= windows(config, 4096, options["layers"])
    return replace(mistral.MISTRAL, **options, activation=activation(config, "hidden_act"))


def mixtral_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' MixtralConfig."""
    options = common(config, theta=1e6, d_ff=14336, kv_heads=8, eps=1e-5, positions=131072)
    options |= windows(config, None, options["layers"])
    if "causal" in options.get("layer_kinds", ()):
        raise ByhandError(
            "layer_types in config.json lets layers see beyond sliding_window, which Mixtral's do not; mend it."
        )
    count = config.size("num_local_experts", 8)
    chosen = config.size("num_experts_per_tok", 2)
    if chosen > count:
        raise ByhandError(
            f"config.json has num_experts_per_tok = {brief(chosen)} of num_local_experts = {brief(count)}; mend it."
        )
    return replace(
        mixtral.MIXTRAL, **options, activation=activation(config, "hidden_act"), experts=count, chosen=chosen
    )


QWEN = {"vocab": 151936, "d_ff": 22016, "kv_heads": 32, "positions": 32768}


def qwen3_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Qwen3Config."""
    options = common(config, **QWEN, head_dim=128) | qwen_windows(config)
    return replace(qwen.QWEN, **options, **bias(config), activation=activation(config, "hidden_act"))


def qwen2_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Qwen2Config; queries, keys and values have biases."""
    options = common(config, **QWEN) | qwen_windows(config)
    return replace(llama.LLAMA, **options, activation=activation(config, "hidden_act"), attention_bias=True)


def qwen_windows(config: Config) -> dict[str, Any]:
    """Return the options for a window in the layers from max_window_layers on, if use_sliding_window is true."""
    if not config.flag("use_sliding_window", False):
        return {"attention": "causal"}
    first, layers = config.size_or_zero("max_window_layers", 28), config.size("num_hidden_layers", 32)
    if layers > MOST_LAYERS:
        raise ByhandError(f"num_hidden_layers = {brief(layers)} in config.json is more than {MOST_LAYERS:,}; mend it.")
    options = windows(config, 4096, layers)
    if options["attention"] == "window" and not options["layer_kinds"]:
        options["layer_kinds"] = tuple("window" if n >= first else "causal" for n in range(layers))
    return options


GEMMA = {"vocab": 256000, "head_dim": 256, "tied": True, "positions": 8192}
LEGACY = ACTIVATIONS | {"gelu": "gelu_tanh"}
"""Gemma's first configs call the tanh form gelu."""


def gemma_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' GemmaConfig."""
    config.only("use_bidirectional_attention", False)
    options = common(config, **GEMMA, d=3072, d_ff=24576, layers=28, heads=16, kv_heads=16)
    hidden_act = config.choice("hidden_act", "gelu", LEGACY)
    other = config.get("hidden_activation", "") and config.choice("hidden_activation", "gelu", ACTIVATIONS)
    if other and other != hidden_act:
        raise ByhandError(
            "hidden_act and hidden_activation in config.json are two different functions; remove one of them."
        )
    return replace(gemma.GEMMA, **options, **bias(config), activation=hidden_act)


def gemma2_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' Gemma2Config."""
    config.only("use_bidirectional_attention", False)
    options = common(config, **GEMMA, d=2304, d_ff=9216, layers=26, heads=8, kv_heads=4)
    return replace(
        gemma.GEMMA2,
        **options | windows(config, 4096, options["layers"], "alternating"),
        **bias(config),
        activation=activation(config, "hidden_activation", "gelu_pytorch_tanh"),
        score_scale=config.number("query_pre_attn_scalar", 256) ** 0.5,
        score_cap=config.number_or_null("attn_logit_softcapping", 50.0) or 0.0,
        logit_cap=config.number_or_null("final_logit_softcapping", 30.0) or 0.0,
    )


def common_config(o: Options, architecture: str) -> dict[str, Any]:
    """Return the keys that all configs of this layout have."""
    return {
        "architectures": [architecture],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "hidden_size": o.d_model,
        "intermediate_size": o.d_ff,
        "num_hidden_layers": o.layers,
        "num_attention_heads": o.heads,
        "num_key_value_heads": o.groups,
        "head_dim": o.d_k,
        "hidden_act": THEIRS.get(o.activation),
        "rms_norm_eps": o.eps,
        "rope_theta": o.theta,
        "tie_word_embeddings": o.tied,
        **NO_TOKENS,
    }


def llama_config(o: Options) -> dict[str, Any]:
    """Return the keys of a LlamaConfig."""
    return common_config(o, "LlamaForCausalLM") | {"attention_bias": o.attention_bias, "mlp_bias": o.mlp_bias}


def mistral_config(o: Options) -> dict[str, Any]:
    """Return the keys of a MistralConfig."""
    return common_config(o, "MistralForCausalLM") | {"sliding_window": window_of(o)}


def mixtral_config(o: Options) -> dict[str, Any]:
    """Return the keys of a MixtralConfig."""
    experts = {"num_local_experts": o.experts, "num_experts_per_tok": o.chosen}
    return common_config(o, "MixtralForCausalLM") | experts | {"sliding_window": window_of(o)}


def qwen3_config(o: Options) -> dict[str, Any]:
    """Return the keys of a Qwen3Config."""
    return common_config(o, "Qwen3ForCausalLM") | {
        "attention_bias": o.attention_bias,
        "use_sliding_window": window_of(o) is not None,
        "sliding_window": window_of(o),
        "max_window_layers": 0,
    }


def gemma_config(o: Options) -> dict[str, Any]:
    """Return the keys of a GemmaConfig."""
    names = dict.fromkeys(("hidden_act", "hidden_activation"), LATER.get(o.activation))
    return common_config(o, "GemmaForCausalLM") | names | {"attention_bias": o.attention_bias}


def gemma2_config(o: Options) -> dict[str, Any]:
    """Return the keys of a Gemma2Config."""
    return common_config(o, "Gemma2ForCausalLM") | {
        "hidden_activation": LATER.get(o.activation),
        "attention_bias": o.attention_bias,
        "sliding_window": o.window,
        "query_pre_attn_scalar": squared_scale(o),
        "attn_logit_softcapping": o.score_cap or None,
        "final_logit_softcapping": o.logit_cap or None,
    }


LATER = THEIRS | {"gelu_tanh": "gelu_pytorch_tanh"}
"""Gemma's names of activations."""


def squared_scale(o: Options) -> int | None:
    """Return the number whose root divides the scores, which transformers wants whole; None if it is not."""
    squared = round(o.score_scale**2, 9) if o.score_scale else o.d_k
    return int(squared) if squared == int(squared) else None


def window_of(o: Options) -> int | None:
    """Return how many words a layer sees; None for all."""
    return o.window if o.attention == "window" else None


def kinds_of(o: Options) -> list[str]:
    """Return the `layer_types` of a config."""
    theirs = {ours: name for name, ours in LAYERS.items()}
    return [theirs.get(o.kind(n), o.kind(n)) for n in range(1, o.layers + 1)]


def feed(ours: str, theirs: str, o: Options, layer: int) -> Pieces:
    """Yield the weights of a layer's feed-forward."""
    if o.experts:
        yield from experts(ours, f"{theirs}.block_sparse_moe", o)
    else:
        yield from gated(ours, f"{theirs}.mlp.{{}}_proj", o.d_model, o.d_ff, o.mlp_bias)


def attention(ours: str, theirs: str, o: Options) -> Pieces:
    """Yield the weights of a layer's attention."""
    yield from attention_heads(ours, f"{theirs}.self_attn", o)


Part = Callable[[str, str, Options], Pieces]


def pieces(o: Options, attention: Part = attention, feed: Callable[..., Pieces] = feed) -> Pieces:
    """Yield the weights of the whole model, layer by layer."""
    yield "E", Piece("model.embed_tokens.weight", (o.vocab, o.d_model))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"model.layers.{n}"
        yield from layer_norms(ours, theirs, o)
        yield from attention(ours, theirs, o)
        yield from feed(ours, theirs, o, n + 1)
    yield from ending(o)


def gated(ours: str, theirs: str, d: int, d_ff: int, biased: bool, names: Names = ("gate", "up", "down")) -> Pieces:
    """Yield the three linear layers of a gated feed-forward; `names` are their names in the files."""
    for name, called in zip(("gate", "up", "down"), names, strict=True):
        ins, outs = (d_ff, d) if name == "down" else (d, d_ff)
        yield from linear(ours, name, theirs.format(called), ins, outs, biased)


def experts(ours: str, theirs: str, o: Options) -> Pieces:
    """Yield Mixtral's router and experts."""
    yield f"{ours}W_router", Piece(f"{theirs}.gate.weight", (o.experts, o.d_model), transposed=True)
    for e in range(o.experts):
        whole = f"{theirs}.experts.{e}.{{}}"
        yield from gated(f"{ours}expert{e + 1}.", whole, o.d_model, o.d_ff, o.mlp_bias, ("w1", "w3", "w2"))


def ending(o: Options) -> Pieces:
    """Yield the last norm, and the output layer if it is not the embedding."""
    yield gain("final_norm", "model.norm", o.d_model)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, o.d_model), transposed=True)


def layer_norms(ours: str, theirs: str, o: Options) -> Pieces:
    """Yield the norms before each sublayer, or one for both, and after it if there are some."""
    if o.norm_place in ("both", "after"):
        yield gain(f"{ours}post_norm1", f"{theirs}.post_attention_layernorm", o.d_model)
        yield gain(f"{ours}post_norm2", f"{theirs}.post_feedforward_layernorm", o.d_model)
    second = "pre_feedforward" if o.norm_place == "both" else "post_attention"
    if o.norm_place != "after":
        yield gain(f"{ours}norm1", f"{theirs}.input_layernorm", o.d_model)
        if not o.shared_norm:
            yield gain(f"{ours}norm2", f"{theirs}.{second}_layernorm", o.d_model)


def attention_heads(ours: str, theirs: str, o: Options) -> Pieces:
    """Yield queries for each head, and keys and values for each group (for each head if none are shared)."""
    shared = "group" if o.groups < o.heads else "head"
    as_one = "QK" if o.head_norm and o.norm_heads == "together" else ""
    for letter, holder, count in (("Q", "head", o.heads), ("K", shared, o.groups), ("V", shared, o.groups)):
        whole = f"{theirs}.{letter.lower()}_proj"
        if letter in as_one:
            yield from linear(ours, letter, whole, o.d_model, count * o.d_k, o.attention_bias)
            yield gain(f"{ours}{letter.lower()}_norm", f"{theirs}.{letter.lower()}_norm", count * o.d_k)
            continue
        for h in range(count):
            part, path = slice(h * o.d_k, (h + 1) * o.d_k), f"{ours}{holder}{h + 1}."
            yield f"{path}W_{letter}", Piece(f"{whole}.weight", (count * o.d_k, o.d_model), part, transposed=True)
            if o.attention_bias:
                yield f"{path}b_{letter}", Piece(f"{whole}.bias", (count * o.d_k,), columns=part)
        if o.head_norm and o.norm_heads == "own" and letter != "V":
            name = f"{letter.lower()}_norm"
            for h in range(count):
                own = Piece(f"{theirs}.{name}.weight", (count, o.d_k), slice(h, h + 1))
                yield f"{ours}{holder}{h + 1}.{name}.gamma", own
    if o.head_norm and o.norm_heads == "alike":
        yield gain(f"{ours}q_norm", f"{theirs}.q_norm", o.d_k)
        yield gain(f"{ours}k_norm", f"{theirs}.k_norm", o.d_k)
    yield from linear(ours, "O", f"{theirs}.o_proj", o.heads * o.d_k, o.d_model, o.join_bias)


def family(
    architecture: Architecture,
    options: Callable[[Config, Tensors], Any],
    config: Callable[[Any], dict[str, Any]] | None = None,
    pieces: Callable[[Any], Pieces] = pieces,
    **also: str,
) -> Family:
    """Return a family of this layout; `also` has second names of keys."""
    return Family(
        architecture,
        options,
        pieces,
        one_vocabulary,
        body=("model.layers.", "layers."),
        config=config,
        buffers=(".rotary_emb.inv_freq",),
        also=also,
        ends=DECODER_ENDS,
        spellings=(("model.", ""),),
        tied=(("lm_head.weight", "model.embed_tokens.weight"),),
    )


FAMILIES = {
    "llama": family(llama.ARCHITECTURE, llama_options, llama_config),
    "mistral": family(mistral.ARCHITECTURE, mistral_options, mistral_config),
    "ministral": family(replace(mistral.ARCHITECTURE, title="Ministral"), mistral_options),
    "mixtral": family(mixtral.ARCHITECTURE, mixtral_options, mixtral_config, num_local_experts="num_experts"),
    "qwen2": family(replace(llama.ARCHITECTURE, title="Qwen2"), qwen2_options),
    "qwen3": family(qwen.ARCHITECTURE, qwen3_options, qwen3_config),
    "gemma": family(gemma.ARCHITECTURE, gemma_options, gemma_config),
    "gemma2": family(gemma.ARCHITECTURE2, gemma2_options, gemma2_config),
}
