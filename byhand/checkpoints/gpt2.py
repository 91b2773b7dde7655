"""GPT-2 as Hugging Face transformers stores it."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import (
    ACTIVATIONS,
    DECODER_ENDS,
    THEIRS,
    Family,
    Piece,
    Pieces,
    conv1d,
    norm,
    one_vocabulary,
    stacked_heads,
)
from byhand.checkpoints.folder import Config, Tensors
from byhand.language.options import Options, variant
from byhand.models.decoder import gpt2


def gpt2_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' GPT2Config."""
    config.only("add_cross_attention", False)
    d = config.size("n_embd", 768)
    return replace(
        gpt2.GPT2,
        vocab=config.size("vocab_size", 50257),
        max_positions=config.size("n_positions", 1024),
        d_model=d,
        heads=config.heads("n_head", 12, "n_embd", d),
        layers=config.size("n_layer", 12),
        d_ff=config.size_or_null("n_inner", 4 * d),
        activation=config.choice("activation_function", "gelu_new", ACTIVATIONS),
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_epsilon", 1e-5),
        scale_scores=config.flag("scale_attn_weights", True),
        scale_by_layer=config.flag("scale_attn_by_inverse_layer_idx", False),
    )


def gpt2_config(o: Options) -> dict[str, Any]:
    """Return the keys of a GPT2Config."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": o.vocab,
        "n_positions": o.max_positions,
        "n_embd": o.d_model,
        "n_head": o.heads,
        "n_layer": o.layers,
        "n_inner": o.d_ff,
        "activation_function": THEIRS.get(o.activation),
        "tie_word_embeddings": o.tied,
        "layer_norm_epsilon": o.eps,
        "scale_attn_weights": o.scale_scores,
        "scale_attn_by_inverse_layer_idx": o.scale_by_layer,
    }


def gpt2_pieces(o: Options) -> Pieces:
    """Yield the weights; in c_attn the q of all heads, then the k, then the v are side by side."""
    d = o.d_model
    yield "wte", Piece("transformer.wte.weight", (o.vocab, d))
    yield "wpe", Piece("transformer.wpe.weight", (o.max_positions, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"transformer.h.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.ln_1", d)
        for head, letter, part in stacked_heads(d, o.heads):
            yield f"{ours}{head}.W_{letter}", Piece(f"{theirs}.attn.c_attn.weight", (d, 3 * d), columns=part)
            yield f"{ours}{head}.b_{letter}", Piece(f"{theirs}.attn.c_attn.bias", (3 * d,), columns=part)
        yield from conv1d(ours, "O", f"{theirs}.attn.c_proj", d, d)
        yield from norm(f"{ours}norm2", f"{theirs}.ln_2", d)
        yield from conv1d(ours, "1", f"{theirs}.mlp.c_fc", d, o.d_ff)
        yield from conv1d(ours, "2", f"{theirs}.mlp.c_proj", o.d_ff, d)
    yield from norm("final_norm", "transformer.ln_f", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)


FAMILY = Family(
    gpt2.ARCHITECTURE,
    gpt2_options,
    gpt2_pieces,
    one_vocabulary,
    body=("transformer.h.", "h."),
    config=gpt2_config,
    buffers=(".attn.bias", ".attn.masked_bias"),
    also={
        "n_embd": "hidden_size",
        "n_head": "num_attention_heads",
        "n_layer": "num_hidden_layers",
        "n_positions": "max_position_embeddings",
    },
    ends=DECODER_ENDS,
    spellings=(("transformer.", ""),),
    tied=(("lm_head.weight", "transformer.wte.weight"),),
)


def is_nanogpt(tensors: Tensors) -> str:
    """Return nanogpt if the queries, keys and values are a linear layer's weights, (3 d, d), as nanoGPT stores them."""
    joined = (shape for name, shape in tensors.shapes.items() if name.endswith("h.0.attn.c_attn.weight"))
    rows, columns = (*next(joined, ()), 0, 1)[:2]
    return "nanogpt" if rows == 3 * columns else ""


def nanogpt_options(config: Config, tensors: Tensors) -> Options:
    """Return the options of nanoGPT's model: its own names or GPT-2's, an exact GELU, biases if the files have them."""
    biased = config.flag("bias", tensors is None or any(name.endswith("ln_f.bias") for name in tensors.shapes))
    options = gpt2_options(config.with_values(activation_function=config.get("activation_function", "gelu")), tensors)
    weights = "both" if biased else "gain"
    return variant(options, norm_weights=weights, attention_bias=biased, join_bias=biased, mlp_bias=biased)


def nanogpt_pieces(o: Options) -> Pieces:
    """Yield the weights, stored as (out, in); biases only where there are some."""
    for path, piece in gpt2_pieces(o):
        if path.rpartition(".")[2].startswith(("b_", "beta")) and not o.mlp_bias:
            continue
        if ".attn." in piece.tensor or ".mlp." in piece.tensor:
            turned = len(piece.shape) > 1
            yield (
                path,
                replace(
                    piece,
                    shape=piece.shape[::-1],
                    rows=piece.columns if turned else piece.rows,
                    columns=piece.rows if turned else piece.columns,
                    transposed=turned,
                ),
            )
        else:
            yield path, piece


FAMILIES = {
    "gpt2": replace(FAMILY, form=is_nanogpt),
    "nanogpt": replace(
        FAMILY,
        options=nanogpt_options,
        pieces=nanogpt_pieces,
        config=None,
        also={**FAMILY.also, "n_positions": "block_size"},
    ),
}
