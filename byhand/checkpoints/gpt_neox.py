"""GPT-NeoX (and Pythia) as Hugging Face transformers stores it."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import (
    ACTIVATIONS,
    DECODER_ENDS,
    THEIRS,
    Family,
    Piece,
    Pieces,
    fused_heads,
    linear,
    norm,
    one_vocabulary,
)
from byhand.checkpoints.folder import Config, Tensors
from byhand.checkpoints.rotary import rope
from byhand.language.options import Options
from byhand.models.decoder import gpt_neox


def gpt_neox_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' GPTNeoXConfig."""
    d = config.size("hidden_size", 6144)
    config.only("partial_rotary_factor", config.get("rotary_pct", 0.25))
    config.only("rope_theta", config.get("rotary_emb_base", 10000.0))
    biased = config.flag("attention_bias", True)
    return replace(
        gpt_neox.GPT_NEOX,
        vocab=config.size("vocab_size", 50432),
        max_positions=config.size("max_position_embeddings", 2048),
        d_model=d,
        heads=config.heads("num_attention_heads", 64, "hidden_size", d),
        layers=config.size("num_hidden_layers", 44),
        d_ff=config.size("intermediate_size", 24576),
        activation=config.choice("hidden_act", "gelu", ACTIVATIONS),
        parallel=config.flag("use_parallel_residual", True),
        attention_bias=biased,
        join_bias=biased,
        tied=config.flag("tie_word_embeddings", False),
        eps=config.epsilon("layer_norm_eps", 1e-5),
        **rope(config, config.number("rotary_emb_base", 10000.0), 2048, config.number("rotary_pct", 0.25)),
    )


def gpt_neox_config(o: Options) -> dict[str, Any]:
    """Return the keys of a GPTNeoXConfig."""
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "hidden_size": o.d_model,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "intermediate_size": o.d_ff,
        "hidden_act": THEIRS.get(o.activation),
        "use_parallel_residual": o.parallel,
        "attention_bias": o.attention_bias,
        "tie_word_embeddings": o.tied,
        "layer_norm_eps": o.eps,
        "rotary_emb_base": o.theta,
        "rotary_pct": o.rotary_share,
    }


def gpt_neox_pieces(o: Options) -> Pieces:
    """Yield the weights; each head's q, k and v are stacked in query_key_value."""
    d = o.d_model
    yield "E", Piece("gpt_neox.embed_in.weight", (o.vocab, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"gpt_neox.layers.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.input_layernorm", d)
        yield from fused_heads(ours, f"{theirs}.attention.query_key_value", d, o.heads, o.attention_bias)
        yield from linear(ours, "O", f"{theirs}.attention.dense", d, d, o.join_bias)
        yield from norm(f"{ours}norm2", f"{theirs}.post_attention_layernorm", d)
        yield from linear(ours, "1", f"{theirs}.mlp.dense_h_to_4h", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.mlp.dense_4h_to_h", o.d_ff, d)
    yield from norm("final_norm", "gpt_neox.final_layer_norm", d)
    if not o.tied:
        yield "W_vocab", Piece("embed_out.weight", (o.vocab, d), transposed=True)


FAMILY = Family(
    gpt_neox.ARCHITECTURE,
    gpt_neox_options,
    gpt_neox_pieces,
    one_vocabulary,
    body=("gpt_neox.layers.", "layers."),
    config=gpt_neox_config,
    buffers=(".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"),
    ends=DECODER_ENDS,
    spellings=(("gpt_neox.", ""), ("embed_out.", "lm_head.")),
    tied=(("embed_out.weight", "gpt_neox.embed_in.weight"),),
)

FAMILIES = {"gpt_neox": FAMILY}
