"""BLOOM as Hugging Face transformers stores it."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import DECODER_ENDS, Family, Piece, Pieces, fused_heads, linear, norm, one_vocabulary
from byhand.checkpoints.folder import Config, Tensors
from byhand.language.options import Options
from byhand.models.decoder import bloom


def bloom_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' BloomConfig."""
    if config.get("pretraining_tp", 1) != 1:
        config.only("slow_but_exact", False)
    d = config.size("hidden_size", 64)
    return replace(
        bloom.BLOOM,
        vocab=config.size("vocab_size", 250880),
        d_model=d,
        heads=config.heads("n_head", 8, "hidden_size", d),
        layers=config.size("n_layer", 2),
        d_ff=4 * d,
        residual_after_norm=config.flag("apply_residual_connection_post_layernorm", False),
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_epsilon", 1e-5),
    )


def bloom_config(o: Options) -> dict[str, Any]:
    """Return the keys of a BloomConfig."""
    return {
        "architectures": ["BloomForCausalLM"],
        "vocab_size": o.vocab,
        "hidden_size": o.d_model,
        "n_head": o.heads,
        "n_layer": o.layers,
        "apply_residual_connection_post_layernorm": o.residual_after_norm,
        "tie_word_embeddings": o.tied,
        "layer_norm_epsilon": o.eps,
    }


def bloom_pieces(o: Options) -> Pieces:
    """Yield the weights; each head's q, k and v are stacked in query_key_value."""
    d = o.d_model
    yield "E", Piece("transformer.word_embeddings.weight", (o.vocab, d))
    yield from norm("embedding_norm", "transformer.word_embeddings_layernorm", d)
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"transformer.h.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.input_layernorm", d)
        yield from fused_heads(ours, f"{theirs}.self_attention.query_key_value", d, o.heads)
        yield from linear(ours, "O", f"{theirs}.self_attention.dense", d, d)
        yield from norm(f"{ours}norm2", f"{theirs}.post_attention_layernorm", d)
        yield from linear(ours, "1", f"{theirs}.mlp.dense_h_to_4h", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.mlp.dense_4h_to_h", o.d_ff, d)
    yield from norm("final_norm", "transformer.ln_f", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)


FAMILY = Family(
    bloom.ARCHITECTURE,
    bloom_options,
    bloom_pieces,
    one_vocabulary,
    body=("transformer.h.", "h."),
    config=bloom_config,
    also={"hidden_size": "n_embed", "n_head": "num_attention_heads", "n_layer": "num_hidden_layers"},
    ends=DECODER_ENDS,
    spellings=(("transformer.", ""),),
    tied=(("lm_head.weight", "transformer.word_embeddings.weight"),),
)

FAMILIES = {"bloom": FAMILY}
