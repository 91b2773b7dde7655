"""ALBERT as Hugging Face transformers stores it: one layer's weights for each group of layers."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.bert import ends
from byhand.checkpoints.family import (
    ACTIVATIONS,
    THEIRS,
    WHOLE_WORDS,
    Family,
    Piece,
    Pieces,
    linear,
    norm,
    one_vocabulary,
    separate_heads,
)
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.encoder import albert


def albert_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' AlbertConfig."""
    config.only("inner_group_num", 1)
    config.only("position_embedding_type", "absolute")
    d, layers, groups = (
        config.size("hidden_size", 4096),
        config.size("num_hidden_layers", 12),
        config.size("num_hidden_groups", 1),
    )
    if groups > layers:
        raise ByhandError(
            f"num_hidden_groups = {brief(groups)} in config.json is more than num_hidden_layers; mend it."
        )
    return replace(
        albert.ALBERT,
        vocab=config.size("vocab_size", 30000),
        max_positions=config.size("max_position_embeddings", 512),
        segments=config.size("type_vocab_size", 2),
        d_model=d,
        d_embed=config.size("embedding_size", 128),
        heads=config.heads("num_attention_heads", 64, "hidden_size", d),
        layers=layers,
        layer_groups=groups,
        d_ff=config.size("intermediate_size", 16384),
        activation=config.choice("hidden_act", "gelu_new", ACTIVATIONS),
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_eps", 1e-12),
    )


def albert_config(o: Options) -> dict[str, Any]:
    """Return the keys of an AlbertConfig."""
    return {
        "architectures": ["AlbertForMaskedLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "type_vocab_size": o.segments,
        "hidden_size": o.d_model,
        "embedding_size": o.d_embed or o.d_model,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "num_hidden_groups": o.layer_groups,
        "intermediate_size": o.d_ff,
        "hidden_act": THEIRS.get(o.activation),
        "tie_word_embeddings": o.tied,
        "layer_norm_eps": o.eps,
    }


def albert_pieces(o: Options) -> Pieces:
    """Yield the weights of the embeddings, of each group of layers, and of the masked-word head."""
    d, narrow, body = o.d_model, o.d_embed, "albert.embeddings"
    yield "E", Piece(f"{body}.word_embeddings.weight", (o.vocab, narrow))
    yield "P", Piece(f"{body}.position_embeddings.weight", (o.max_positions, narrow))
    yield "S", Piece(f"{body}.token_type_embeddings.weight", (o.segments, narrow))
    yield from norm("norm", f"{body}.LayerNorm", narrow)
    yield from linear("", "in", "albert.encoder.embedding_hidden_mapping_in", narrow, d)
    for g in range(o.layer_groups):
        ours, theirs = f"group{g + 1}.", f"albert.encoder.albert_layer_groups.{g}.albert_layers.0"
        yield from separate_heads(ours, f"{theirs}.attention", d, o.heads, WHOLE_WORDS)
        yield from linear(ours, "O", f"{theirs}.attention.dense", d, d)
        yield from norm(f"{ours}norm1", f"{theirs}.attention.LayerNorm", d)
        yield from linear(ours, "1", f"{theirs}.ffn", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.ffn_output", o.d_ff, d)
        yield from norm(f"{ours}norm2", f"{theirs}.full_layer_layer_norm", d)
    yield from linear("head.", "T", "predictions.dense", d, narrow)
    yield from norm("head.norm", "predictions.LayerNorm", narrow)
    if not o.tied:
        yield "W_vocab", Piece("predictions.decoder.weight", (o.vocab, narrow), transposed=True)
    yield "b_vocab", Piece("predictions.bias" if o.tied else "predictions.decoder.bias", (o.vocab,))


FAMILIES = {
    "albert": Family(
        albert.ARCHITECTURE,
        albert_options,
        albert_pieces,
        one_vocabulary,
        body=("albert.encoder.", "encoder."),
        config=albert_config,
        ends=ends("albert.pooler"),
        spellings=(
            ("albert.", ""),
            ("predictions.bias", "predictions.decoder.bias"),
            ("predictions.decoder.bias", "predictions.bias"),
        ),
        tied=(
            ("predictions.decoder.weight", "albert.embeddings.word_embeddings.weight"),
            ("predictions.decoder.bias", "predictions.bias"),
        ),
    )
}
