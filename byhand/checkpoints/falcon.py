"""Falcon as Hugging Face transformers stores it, in the form of the 7B model, of the 40B model, and before both."""

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
)
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.checkpoints.rotary import rope
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.decoder import falcon

EXACT = 8
"""The most heads whose ALiBi slopes have few digits; those of others are rounded to 16 bits by transformers."""


def falcon_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' FalconConfig."""
    config.only("apply_residual_connection_post_layernorm", False)
    d = config.size("hidden_size", 4544)
    heads = config.heads("num_attention_heads", 71, "hidden_size", d)
    biased, later = config.flag("bias", False), config.flag("new_decoder_architecture", False)
    parallel = later or config.flag("parallel_attn", True)
    kv_heads = config.size_or_null("num_kv_heads", heads)
    if not later:
        kv_heads = 1 if config.flag("multi_query", True) else heads
    if heads % kv_heads:
        raise ByhandError(
            f"num_attention_heads = {brief(heads)} does not divide by num_kv_heads = {brief(kv_heads)}; "
            "mend config.json."
        )
    two_norms = later and config.size_or_null("num_ln_in_parallel_attn", 2) == 2
    return replace(
        falcon.FALCON,
        vocab=config.size("vocab_size", 65024),
        d_model=d,
        heads=heads,
        kv_heads=kv_heads,
        layers=config.size("num_hidden_layers", 32),
        d_ff=config.size_or_null("ffn_hidden_size", 4 * d),
        activation=config.choice("activation", "gelu", ACTIVATIONS),
        parallel=parallel,
        shared_norm=parallel and not two_norms,
        attention_bias=biased,
        join_bias=biased,
        mlp_bias=biased,
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_epsilon", 1e-5),
        **positions(config, heads),
    )


def positions(config: Config, heads: int) -> dict[str, Any]:
    """Return the options of rotary positions, or of ALiBi."""
    if not config.flag("alibi", False):
        return {"positions": "rotary", **rope(config, 10000.0, 2048)}
    if heads > EXACT:
        raise ByhandError(
            f"config.json has alibi with {brief(heads)} heads, whose slopes transformers rounds to 16 bits; "
            f"choose a checkpoint with at most {EXACT} heads, or without alibi."
        )
    return {"positions": "alibi"}


def falcon_config(o: Options) -> dict[str, Any]:
    """Return the keys of a FalconConfig, in the later form only where the first cannot say it."""
    later = o.parallel and (not o.shared_norm or o.groups not in (1, o.heads))
    return {
        "architectures": ["FalconForCausalLM"],
        "vocab_size": o.vocab,
        "hidden_size": o.d_model,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "ffn_hidden_size": o.d_ff,
        "activation": THEIRS.get(o.activation),
        "bias": o.attention_bias or o.join_bias or o.mlp_bias,
        "new_decoder_architecture": later,
        "num_kv_heads": o.groups,
        "num_ln_in_parallel_attn": (1 if o.shared_norm else 2) if later else None,
        "multi_query": o.groups == 1,
        "parallel_attn": o.parallel,
        "alibi": o.positions == "alibi",
        "rope_theta": o.theta,
        "tie_word_embeddings": o.tied,
        "layer_norm_epsilon": o.eps,
        **NO_TOKENS,
    }


def falcon_pieces(o: Options) -> Pieces:
    """Yield the weights; in query_key_value each group has its queries, its key and its value."""
    d = o.d_model
    yield "E", Piece("transformer.word_embeddings.weight", (o.vocab, d))
    two = o.parallel and not o.shared_norm
    first, second = ("ln_attn", "ln_mlp") if two else ("input_layernorm", "post_attention_layernorm")
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"transformer.h.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.{first}", d)
        yield from _heads(ours, f"{theirs}.self_attention.query_key_value", o)
        yield from linear(ours, "O", f"{theirs}.self_attention.dense", d, d, o.join_bias)
        if two or not o.parallel:
            yield from norm(f"{ours}norm2", f"{theirs}.{second}", d)
        yield from linear(ours, "1", f"{theirs}.mlp.dense_h_to_4h", d, o.d_ff, o.mlp_bias)
        yield from linear(ours, "2", f"{theirs}.mlp.dense_4h_to_h", o.d_ff, d, o.mlp_bias)
    yield from norm("final_norm", "transformer.ln_f", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)


def _heads(ours: str, theirs: str, o: Options) -> Pieces:
    each, d_k = o.heads // o.groups, o.d_k
    total = (o.heads + 2 * o.groups) * d_k
    shared = "group" if o.groups < o.heads else "head"
    for g in range(o.groups):
        start = g * (each + 2)
        parts = [("head", g * each + h, "Q", start + h) for h in range(each)]
        parts += [(shared, g, "K", start + each), (shared, g, "V", start + each + 1)]
        for holder, number, letter, place in parts:
            path, part = f"{ours}{holder}{number + 1}.", slice(place * d_k, (place + 1) * d_k)
            yield f"{path}W_{letter}", Piece(f"{theirs}.weight", (total, o.d_model), part, transposed=True)
            if o.attention_bias:
                yield f"{path}b_{letter}", Piece(f"{theirs}.bias", (total,), columns=part)


FAMILIES = {
    "falcon": Family(
        falcon.ARCHITECTURE,
        falcon_options,
        falcon_pieces,
        one_vocabulary,
        body=("transformer.h.", "h."),
        config=falcon_config,
        buffers=(".rotary_emb.inv_freq", ".self_attention.maybe_rotary.inv_freq"),
        also={
            "hidden_size": "n_embed",
            "num_attention_heads": "n_head",
            "num_hidden_layers": "n_layer",
            "num_kv_heads": "n_head_kv",
        },
        ends=DECODER_ENDS,
        spellings=(("transformer.", ""),),
        tied=(("lm_head.weight", "transformer.word_embeddings.weight"),),
    )
}
