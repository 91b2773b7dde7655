"""OPT as Hugging Face transformers stores it; its positions begin in the third row of their table."""

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
    linear,
    norm,
    one_vocabulary,
    separate_heads,
)
from byhand.checkpoints.folder import Config, Tensors
from byhand.language.options import Options
from byhand.models.decoder import opt

UNUSED_PLACES = 2


def opt_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' OPTConfig."""
    d, before = config.size("hidden_size", 768), config.flag("do_layer_norm_before", True)
    if before:
        config.only("_remove_final_layer_norm", False)
    narrow, biased = config.size_or_null("word_embed_proj_dim", d), config.flag("enable_bias", True)
    return replace(
        opt.OPT,
        vocab=config.size("vocab_size", 50272),
        max_positions=config.size("max_position_embeddings", 2048),
        d_model=d,
        d_embed=0 if narrow == d else narrow,
        heads=config.heads("num_attention_heads", 12, "hidden_size", d),
        layers=config.size("num_hidden_layers", 12),
        d_ff=config.size("ffn_dim", 3072),
        activation=config.choice("activation_function", "relu", ACTIVATIONS),
        norm_place="pre" if before else "post",
        norm_weights="both" if config.flag("layer_norm_elementwise_affine", True) else "none",
        attention_bias=biased,
        join_bias=biased,
        mlp_bias=biased,
        tied=config.flag("tie_word_embeddings", True),
    )


def opt_config(o: Options) -> dict[str, Any]:
    """Return the keys of an OPTConfig."""
    return {
        "architectures": ["OPTForCausalLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "hidden_size": o.d_model,
        "word_embed_proj_dim": o.d_embed or o.d_model,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "ffn_dim": o.d_ff,
        "activation_function": THEIRS.get(o.activation),
        "do_layer_norm_before": o.norm_place == "pre",
        "layer_norm_elementwise_affine": o.norm_weights == "both",
        "enable_bias": o.attention_bias or o.join_bias or o.mlp_bias,
        "tie_word_embeddings": o.tied,
        **NO_TOKENS,
    }


def opt_pieces(o: Options) -> Pieces:
    """Yield the weights; the heads are below each other in q_proj, k_proj and v_proj."""
    d, body, narrow = o.d_model, "model.decoder", o.d_embed or o.d_model
    yield "E", Piece(f"{body}.embed_tokens.weight", (o.vocab, narrow))
    yield "P", Piece(f"{body}.embed_positions.weight", (UNUSED_PLACES + o.max_positions, d), slice(UNUSED_PLACES, None))
    if o.d_embed:
        yield from linear("", "in", f"{body}.project_in", narrow, d, bias=False)
        yield from linear("", "out", f"{body}.project_out", d, narrow, bias=False)
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"{body}.layers.{n}"
        yield from separate_heads(ours, f"{theirs}.self_attn", d, o.heads, bias=o.attention_bias)
        yield from linear(ours, "O", f"{theirs}.self_attn.out_proj", d, d, o.join_bias)
        yield from linear(ours, "1", f"{theirs}.fc1", d, o.d_ff, o.mlp_bias)
        yield from linear(ours, "2", f"{theirs}.fc2", o.d_ff, d, o.mlp_bias)
        if o.norm_weights == "both":
            yield from norm(f"{ours}norm1", f"{theirs}.self_attn_layer_norm", d)
            yield from norm(f"{ours}norm2", f"{theirs}.final_layer_norm", d)
    if o.norm_weights == "both" and o.norm_place != "post":
        yield from norm("final_norm", f"{body}.final_layer_norm", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, narrow), transposed=True)


FAMILIES = {
    "opt": Family(
        opt.ARCHITECTURE,
        opt_options,
        opt_pieces,
        one_vocabulary,
        body=("model.decoder.", "decoder."),
        config=opt_config,
        ends=DECODER_ENDS,
        spellings=(("model.decoder.", "decoder."),),
        tied=(("lm_head.weight", "model.decoder.embed_tokens.weight"),),
    )
}
