"""BART and Marian as Hugging Face transformers stores them."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import (
    ACTIVATIONS,
    THEIRS,
    Family,
    Piece,
    Pieces,
    linear,
    norm,
    one_vocabulary,
    separate_heads,
)
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.core.labels import Labels
from byhand.errors import ByhandError
from byhand.language.architecture import numbered_words
from byhand.language.options import Options
from byhand.models.encoder_decoder import bart, marian

SIDES = ("encoder", "decoder")
UNUSED_PLACES = 2
"""The first rows of BART's table of positions."""


def apart(tied: bool, tensors: Tensors) -> bool:
    """Return whether each side has its own embedding, as transformers 5 stores them if nothing is tied."""
    stored = tensors.shapes if tensors else {}
    return not tied and all(
        any(f"{body}{side}.embed_tokens.weight" in stored for body in ("", "model.")) for side in SIDES
    )


def sides(config: Config, layers: int, heads: int, d_ff: int) -> dict[str, Any]:
    """Return the width, and the sizes of encoder and decoder."""
    d = config.size("d_model", 1024)
    sizes: dict[str, Any] = {"d_model": d}
    for side in SIDES:
        sizes[f"{side}_layers"] = config.size(f"{side}_layers", layers)
        sizes[f"{side}_heads"] = config.heads(f"{side}_attention_heads", heads, "d_model", d)
        sizes[f"{side}_d_ff"] = config.size(f"{side}_ffn_dim", d_ff)
    return sizes


def bart_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' BartConfig."""
    for key, computed in (("normalize_before", False), ("normalize_embedding", True), ("add_final_layer_norm", False)):
        config.only(key, computed)
    config.only("static_position_embeddings", False)
    tied = config.flag("tie_word_embeddings", True)
    return replace(
        bart.BART,
        vocab=config.size("vocab_size", 50265),
        max_positions=config.size("max_position_embeddings", 1024),
        activation=config.choice("activation_function", "gelu", ACTIVATIONS),
        scale_embedding=config.flag("scale_embedding", False),
        tied=tied,
        shared_embeddings=not apart(tied, tensors),
        **sides(config, layers=12, heads=16, d_ff=4096),
    )


def marian_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' MarianConfig."""
    for key in ("normalize_before", "normalize_embedding", "add_final_layer_norm"):
        config.only(key, False)
    config.only("static_position_embeddings", True)
    vocab, shared = config.size("vocab_size", 58101), config.flag("share_encoder_decoder_embeddings", True)
    target_vocab = config.size_or_null("decoder_vocab_size", vocab)
    if shared and vocab != target_vocab:
        raise ByhandError(
            f"config.json has share_encoder_decoder_embeddings, but vocab_size = {brief(vocab)} and "
            f"decoder_vocab_size = {brief(target_vocab)}; mend one of them."
        )
    tied = config.flag("tie_word_embeddings", True)
    return replace(
        marian.MARIAN,
        vocab=vocab,
        target_vocab=target_vocab,
        activation=config.choice("activation_function", "gelu", ACTIVATIONS),
        shared_embeddings=shared and not apart(tied, tensors),
        scale_embedding=config.flag("scale_embedding", False),
        tied=tied,
        **sides(config, layers=12, heads=16, d_ff=4096),
    )


def sides_config(o: Options) -> dict[str, Any]:
    """Return the keys that both configs have."""
    config: dict[str, Any] = {
        "d_model": o.d_model,
        "activation_function": THEIRS.get(o.activation),
        "scale_embedding": o.scale_embedding,
        "tie_word_embeddings": o.tied,
        "vocab_size": o.vocab,
        "decoder_start_token_id": 0,
        "is_encoder_decoder": True,
    }
    for side in SIDES:
        config[f"{side}_layers"] = getattr(o, f"{side}_layers")
        config[f"{side}_attention_heads"] = getattr(o, f"{side}_heads")
        config[f"{side}_ffn_dim"] = getattr(o, f"{side}_d_ff")
    return config


def bart_config(o: Options) -> dict[str, Any]:
    """Return the keys of a BartConfig."""
    architecture = ["BartForConditionalGeneration"]
    return sides_config(o) | {"architectures": architecture, "max_position_embeddings": o.max_positions}


def marian_config(o: Options) -> dict[str, Any]:
    """Return the keys of a MarianConfig."""
    return sides_config(o) | {
        "architectures": ["MarianMTModel"],
        "decoder_vocab_size": o.vocab if o.shared_embeddings else o.target_vocab,
        "share_encoder_decoder_embeddings": o.shared_embeddings,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
    }


def bart_pieces(o: Options) -> Pieces:
    """Yield the weights: one embedding for both sides or one for each, and a table of positions for each."""
    d, places = o.d_model, o.max_positions + UNUSED_PLACES
    if o.shared_embeddings:
        yield "encoder.E", Piece("model.shared.weight", (o.vocab, d))
    else:
        yield from embeddings(d, o.vocab, o.vocab)
    for side in SIDES:
        table = Piece(f"model.{side}.embed_positions.weight", (places, d), rows=slice(UNUSED_PLACES, None))
        yield f"{side}.P", table
        yield from norm(f"{side}.norm", f"model.{side}.layernorm_embedding", d)
    yield from layer_pieces(o)
    yield from output_pieces(o, o.vocab)


def marian_pieces(o: Options) -> Pieces:
    """Yield the weights: one embedding, or one for each side; positions are computed."""
    d = o.d_model
    if o.shared_embeddings:
        yield "encoder.E", Piece("model.shared.weight", (o.vocab, d))
    else:
        yield from embeddings(d, o.vocab, o.target_vocab)
    yield from layer_pieces(o)
    yield from output_pieces(o, o.vocab if o.shared_embeddings else o.target_vocab)


def embeddings(d: int, vocab: int, target_vocab: int) -> Pieces:
    """Yield an embedding for each side."""
    yield "encoder.E", Piece("model.encoder.embed_tokens.weight", (vocab, d))
    yield "decoder.E", Piece("model.decoder.embed_tokens.weight", (target_vocab, d))


def layer_pieces(o: Options) -> Pieces:
    """Yield the layers of both sides; cross-attention and its norm stand beside the decoder's own."""
    for n in range(o.encoder_layers):
        ours, theirs = f"encoder.layer{n + 1}.", f"model.encoder.layers.{n}"
        yield from attention(ours, f"{theirs}.self_attn", o.d_model, o.encoder_heads)
        yield from norm(f"{ours}norm1", f"{theirs}.self_attn_layer_norm", o.d_model)
        yield from feed_forward(ours, theirs, o.d_model, o.encoder_d_ff, last_norm=2)
    for n in range(o.decoder_layers):
        ours, theirs = f"decoder.layer{n + 1}.", f"model.decoder.layers.{n}"
        yield from attention(f"{ours}self.", f"{theirs}.self_attn", o.d_model, o.decoder_heads)
        yield from norm(f"{ours}self.norm1", f"{theirs}.self_attn_layer_norm", o.d_model)
        yield from attention(f"{ours}cross.", f"{theirs}.encoder_attn", o.d_model, o.decoder_heads)
        yield from norm(f"{ours}cross.norm2", f"{theirs}.encoder_attn_layer_norm", o.d_model)
        yield from feed_forward(ours, theirs, o.d_model, o.decoder_d_ff, last_norm=3)


def attention(ours: str, theirs: str, d: int, heads: int) -> Pieces:
    """Yield an attention's weights; the heads are stacked in q_proj, k_proj and v_proj."""
    yield from separate_heads(ours, theirs, d, heads)
    yield from linear(ours, "O", f"{theirs}.out_proj", d, d)


def feed_forward(ours: str, theirs: str, d: int, d_ff: int, last_norm: int) -> Pieces:
    yield from linear(ours, "1", f"{theirs}.fc1", d, d_ff)
    yield from linear(ours, "2", f"{theirs}.fc2", d_ff, d)
    yield from norm(f"{ours}norm{last_norm}", f"{theirs}.final_layer_norm", d)


def output_pieces(o: Options, vocab: int) -> Pieces:
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (vocab, o.d_model), transposed=True)
    yield "b_vocab", Piece("final_logits_bias", (1, vocab))


def bart_vocabularies(o: Options) -> tuple[Labels, ...]:
    """Return one vocabulary, or two equal ones if each side has its own embedding."""
    shared = one_vocabulary(o)
    return shared if o.shared_embeddings else (*shared, numbered_words("target_vocabulary", o.vocab))


def marian_vocabularies(o: Options) -> tuple[Labels, ...]:
    source_words = numbered_words("vocabulary", o.vocab)
    return source_words, source_words if o.shared_embeddings else numbered_words("target_vocabulary", o.target_vocab)


COPIES = tuple((f"model.{side}.embed_tokens.weight", "model.shared.weight") for side in SIDES)

BART = Family(
    bart.ARCHITECTURE,
    bart_options,
    bart_pieces,
    bart_vocabularies,
    body=("model.encoder.", "model.decoder.", "encoder.", "decoder."),
    config=bart_config,
    buffers=("embed_tokens.weight",),
    spellings=(("model.", ""), ("shared.weight", "encoder.embed_tokens.weight")),
    tied=(("lm_head.weight", "model.shared.weight"),),
    copies=COPIES,
    zeros=("final_logits_bias",),
)

MARIAN = Family(
    marian.ARCHITECTURE,
    marian_options,
    marian_pieces,
    marian_vocabularies,
    body=("model.encoder.", "model.decoder.", "encoder.", "decoder."),
    config=marian_config,
    buffers=("embed_tokens.weight", "embed_positions.weight"),
    spellings=(
        ("model.", ""),
        ("shared.weight", "encoder.embed_tokens.weight"),
        ("decoder.embed_tokens.weight", "shared.weight"),
    ),
    tied=(("lm_head.weight", "model.decoder.embed_tokens.weight"),),
    copies=COPIES,
    zeros=("final_logits_bias",),
)

FAMILIES = {"bart": BART, "marian": MARIAN}
