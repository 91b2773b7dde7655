"""The modules of torch.nn as their state_dict stores them, with a config.json written by hand."""

from dataclasses import replace
from functools import partial
from typing import Any

from byhand.checkpoints.family import Family, Piece, Pieces, linear, norm, stacked_heads
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.core.labels import Labels
from byhand.errors import ByhandError
from byhand.language.architecture import numbered_words
from byhand.language.options import Options
from byhand.models.encoder_decoder import transformer
from byhand.models.parts import encoder_layer

SINUSOIDAL = "sinusoidal, sin on even and cos on odd feature indices"


def torch_options(config: Config, tensors: Tensors, original: bool) -> Options:
    """Return the options, with the defaults of torch.nn.Transformer or (`original`) of the 2017 paper."""
    config.only("bias", True)
    config.choice("positional", SINUSOIDAL, {SINUSOIDAL: "", "sinusoidal": ""})
    d = config.size("d_model", 512)
    vocab = config.size("vocab_size")
    target_vocab = config.size("tgt_vocab_size", vocab)
    shared = config.flag("shared_embeddings", original)
    if shared and vocab != target_vocab:
        raise ByhandError(
            f"config.json has shared_embeddings, but vocab_size = {brief(vocab)} and tgt_vocab_size = "
            f"{brief(target_vocab)}; mend one of them."
        )
    return replace(
        transformer.TRANSFORMER,
        vocab=vocab,
        target_vocab=target_vocab,
        d_model=d,
        heads=config.heads("nhead", 8, "d_model", d),
        encoder_layers=config.size("num_encoder_layers", 6),
        decoder_layers=config.size("num_decoder_layers", 6),
        d_ff=config.size("dim_feedforward", 2048),
        activation=config.choice("activation", "relu", {"relu": "relu", "gelu": "gelu"}),
        norm_place="pre" if config.flag("norm_first", False) else "post",
        final_norms=config.flag("final_norms", not original),
        shared_embeddings=shared,
        scale_embedding=config.flag("scale_embedding", original),
        tied=shared and "generator.weight" not in tensors.shapes,
        attention_bias=True,
        join_bias=True,
        output_bias="generator.bias" in tensors.shapes,
        eps=config.epsilon("layer_norm_eps", 1e-5),
    )


def torch_config(o: Options) -> dict[str, Any]:
    """Return the keys of the 2017 transformer's config."""
    return {
        "vocab_size": o.vocab,
        "tgt_vocab_size": o.vocab if o.shared_embeddings else o.target_vocab,
        "shared_embeddings": o.shared_embeddings,
        "d_model": o.d_model,
        "nhead": o.heads,
        "num_encoder_layers": o.encoder_layers,
        "num_decoder_layers": o.decoder_layers,
        "dim_feedforward": o.d_ff,
        "activation": o.activation,
        "norm_first": o.norm_place == "pre",
        "final_norms": o.final_norms,
        "scale_embedding": o.scale_embedding,
        "layer_norm_eps": o.eps,
    }


def torch_pieces(o: Options) -> Pieces:
    """Yield the weights of embeddings, a torch.nn.Transformer and an output layer."""
    d = o.d_model
    if o.shared_embeddings:
        yield "encoder.E", Piece("embed.weight", (o.vocab, d))
    else:
        yield "encoder.E", Piece("src_embed.weight", (o.vocab, d))
        yield "decoder.E", Piece("tgt_embed.weight", (o.target_vocab, d))
    for n in range(o.encoder_layers):
        ours, theirs = f"encoder.layer{n + 1}.", f"transformer.encoder.layers.{n}"
        yield from torch_attention(ours, f"{theirs}.self_attn", d, o.heads)
        yield from norm(f"{ours}norm1", f"{theirs}.norm1", d)
        yield from linear(ours, "1", f"{theirs}.linear1", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.linear2", o.d_ff, d)
        yield from norm(f"{ours}norm2", f"{theirs}.norm2", d)
    for n in range(o.decoder_layers):
        ours, theirs = f"decoder.layer{n + 1}.", f"transformer.decoder.layers.{n}"
        yield from torch_attention(f"{ours}self.", f"{theirs}.self_attn", d, o.heads)
        yield from norm(f"{ours}self.norm1", f"{theirs}.norm1", d)
        yield from torch_attention(f"{ours}cross.", f"{theirs}.multihead_attn", d, o.heads)
        yield from norm(f"{ours}cross.norm2", f"{theirs}.norm2", d)
        yield from linear(ours, "1", f"{theirs}.linear1", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.linear2", o.d_ff, d)
        yield from norm(f"{ours}norm3", f"{theirs}.norm3", d)
    if o.final_norms:
        yield from norm("encoder.final_norm", "transformer.encoder.norm", d)
        yield from norm("decoder.final_norm", "transformer.decoder.norm", d)
    if not o.tied:
        yield "W_vocab", Piece("generator.weight", (o.target_vocab, d), transposed=True)
    if o.output_bias:
        yield "b_vocab", Piece("generator.bias", (o.target_vocab,))


def torch_attention(ours: str, theirs: str, d: int, heads: int) -> Pieces:
    """Yield an attention's weights; in in_proj the q of all heads, then the k, then the v are stacked."""
    for head, letter, part in stacked_heads(d, heads):
        yield f"{ours}{head}.W_{letter}", Piece(f"{theirs}.in_proj_weight", (3 * d, d), rows=part, transposed=True)
        yield f"{ours}{head}.b_{letter}", Piece(f"{theirs}.in_proj_bias", (3 * d,), columns=part)
    yield from linear(ours, "O", f"{theirs}.out_proj", d, d)


def encoder_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of torch.nn.TransformerEncoderLayer."""
    d = config.size("d_model", 512)
    return replace(
        encoder_layer.ENCODER_LAYER,
        d_model=d,
        heads=config.heads("nhead", 8, "d_model", d),
        d_ff=config.size("dim_feedforward", 2048),
        classes=config.size("num_classes"),
        activation=config.choice("activation", "relu", {"relu": "relu", "gelu": "gelu"}),
        norm_place="pre" if config.flag("norm_first", False) else "post",
        attention_bias=True,
        eps=config.epsilon("layer_norm_eps", 1e-5),
    )


def encoder_pieces(o: Options) -> Pieces:
    """Yield the weights of a torch.nn.TransformerEncoderLayer and a torch.nn.Linear."""
    yield from torch_attention("", "layer.self_attn", o.d_model, o.heads)
    yield from norm("norm1", "layer.norm1", o.d_model)
    yield from linear("", "1", "layer.linear1", o.d_model, o.d_ff)
    yield from linear("", "2", "layer.linear2", o.d_ff, o.d_model)
    yield from norm("norm2", "layer.norm2", o.d_model)
    yield from linear("", "class", "head", o.d_model, o.classes)


def two_vocabularies(o: Options) -> tuple[Labels, ...]:
    source_words = numbered_words("vocabulary", o.vocab)
    return source_words, source_words if o.shared_embeddings else numbered_words("target_vocabulary", o.target_vocab)


TORCH = Family(
    transformer.ARCHITECTURE,
    partial(torch_options, original=False),
    torch_pieces,
    two_vocabularies,
    body=("transformer.",),
    config=torch_config,
)

ENCODER = Family(encoder_layer.ARCHITECTURE, encoder_options, encoder_pieces, lambda o: (), body=("layer.",))

FAMILIES = {
    "torch.nn.Transformer": TORCH,
    "torch.nn.TransformerEncoderLayer + torch.nn.Linear": ENCODER,
    "transformer2017": replace(TORCH, options=partial(torch_options, original=True)),
}
