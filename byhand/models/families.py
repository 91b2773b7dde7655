"""Where each weight of our models is in the checkpoints of a family, as tables, and its config as our options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from byhand.errors import ByhandError
from byhand.graph import Array
from byhand.labels import Labels
from byhand.models import bert, encoder, gpt2, transformer
from byhand.models.architecture import Architecture
from byhand.models.folder import Config, Tensors, shown
from byhand.models.vocabulary import numbered

ACTIVATIONS = {
    "relu": "relu",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_accurate": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
}
"""The activations of transformers, as layers.ACTIVATIONS has them."""

SINUSOIDAL = "sinusoidal, sin on even and cos on odd feature indices"
BERT_NAMES = {"Q": "query", "K": "key", "V": "value"}


@dataclass(frozen=True)
class Piece:
    """Where one of our weights is in the checkpoint.

    tensor, shape: the checkpoint's name and shape for it; a vector counts as one row. rows, columns: which part of
    the tensor, as it is stored, is ours. transposed: whether that part is turned to be ours.
    """

    tensor: str
    shape: tuple[int, ...]
    rows: slice = field(default_factory=lambda: slice(None))
    columns: slice = field(default_factory=lambda: slice(None))
    transposed: bool = False

    def of(self, tensor: Array) -> Array:
        """Our weight, as a view of the whole tensor."""
        part = np.atleast_2d(tensor)[self.rows, self.columns]
        return part.T if self.transposed else part


Pieces = Iterator[tuple[str, Piece]]


@dataclass(frozen=True)
class Family:
    """The checkpoints of one `model_type`.

    options: ours, from the config. pieces: of each weight, from the options. vocabularies: numbered words.
    body: how the names of tensors begin among which every one must have a place, or end as one of the `buffers`.
    also: second names of keys of the config. spellings: pairs (text, replacement) for tensors that some files name
    otherwise. tied: pairs (copy, original) of tensors that are one where the embeddings are tied.
    """

    architecture: Architecture
    options: Callable[[Config, Tensors], Any]
    pieces: Callable[[Any], Pieces]
    vocabularies: Callable[[Any], tuple[Labels, ...]]
    body: tuple[str, ...]
    buffers: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    spellings: tuple[tuple[str, str], ...] = ()
    tied: tuple[tuple[str, str], ...] = ()

    def spelled(self, tensor: str) -> list[str]:
        """The names that a tensor may have in a file."""
        names = [tensor]
        for text, other in self.spellings:
            names += [name.replace(text, other) for name in names if text in name]
        return names


def norm(path: str, theirs: str, d: int) -> Pieces:
    yield f"{path}.gamma", Piece(f"{theirs}.weight", (d,))
    yield f"{path}.beta", Piece(f"{theirs}.bias", (d,))


def linear(path: str, name: str, theirs: str, ins: int, outs: int) -> Pieces:
    """Stored (out, in), as by torch.nn.Linear."""
    yield f"{path}W_{name}", Piece(f"{theirs}.weight", (outs, ins), transposed=True)
    yield f"{path}b_{name}", Piece(f"{theirs}.bias", (outs,))


def conv1d(path: str, name: str, theirs: str, ins: int, outs: int) -> Pieces:
    """Stored (in, out), as by the class of that name in GPT-2."""
    yield f"{path}W_{name}", Piece(f"{theirs}.weight", (ins, outs))
    yield f"{path}b_{name}", Piece(f"{theirs}.bias", (outs,))


def head_spans(d: int, heads: int, stacked: bool) -> Iterator[tuple[str, str, slice]]:
    """(head, letter, its features) of each q, k and v; stacked where the three share one tensor."""
    for h, (place, letter) in product(range(heads), enumerate("QKV")):
        start = (place * d if stacked else 0) + h * (d // heads)
        yield f"head{h + 1}", letter, slice(start, start + d // heads)


def gpt2_options(config: Config, tensors: Tensors) -> gpt2.Options:
    """With the defaults of transformers' GPT2Config."""
    config.only("add_cross_attention", False)
    d = config.size("n_embd", 768)
    return gpt2.Options(
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


def gpt2_pieces(o: gpt2.Options) -> Pieces:
    """The q of all heads, then the k, then the v stand side by side in c_attn."""
    d = o.d_model
    yield "wte", Piece("transformer.wte.weight", (o.vocab, d))
    yield "wpe", Piece("transformer.wpe.weight", (o.max_positions, d))
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"transformer.h.{n}"
        yield from norm(f"{ours}norm1", f"{theirs}.ln_1", d)
        for head, letter, part in head_spans(d, o.heads, stacked=True):
            yield f"{ours}{head}.W_{letter}", Piece(f"{theirs}.attn.c_attn.weight", (d, 3 * d), columns=part)
            yield f"{ours}{head}.b_{letter}", Piece(f"{theirs}.attn.c_attn.bias", (3 * d,), columns=part)
        yield from conv1d(ours, "O", f"{theirs}.attn.c_proj", d, d)
        yield from norm(f"{ours}norm2", f"{theirs}.ln_2", d)
        yield from conv1d(ours, "1", f"{theirs}.mlp.c_fc", d, o.d_ff)
        yield from conv1d(ours, "2", f"{theirs}.mlp.c_proj", o.d_ff, d)
    yield from norm("final_norm", "transformer.ln_f", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)


def bert_options(config: Config, tensors: Tensors) -> bert.Options:
    """With the defaults of transformers' BertConfig."""
    config.only("is_decoder", False)
    config.only("add_cross_attention", False)
    config.only("position_embedding_type", "absolute")
    d = config.size("hidden_size", 768)
    return bert.Options(
        vocab=config.size("vocab_size", 30522),
        max_positions=config.size("max_position_embeddings", 512),
        segments=config.size("type_vocab_size", 2),
        d_model=d,
        heads=config.heads("num_attention_heads", 12, "hidden_size", d),
        layers=config.size("num_hidden_layers", 12),
        d_ff=config.size("intermediate_size", 3072),
        activation=config.choice("hidden_act", "gelu", ACTIVATIONS),
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_eps", 1e-12),
    )


def bert_pieces(o: bert.Options) -> Pieces:
    """The heads stand below each other in query, key and value."""
    d = o.d_model
    yield "E", Piece("bert.embeddings.word_embeddings.weight", (o.vocab, d))
    yield "P", Piece("bert.embeddings.position_embeddings.weight", (o.max_positions, d))
    yield "S", Piece("bert.embeddings.token_type_embeddings.weight", (o.segments, d))
    yield from norm("norm", "bert.embeddings.LayerNorm", d)
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"bert.encoder.layer.{n}"
        for head, letter, part in head_spans(d, o.heads, stacked=False):
            whole = f"{theirs}.attention.self.{BERT_NAMES[letter]}"
            yield f"{ours}{head}.W_{letter}", Piece(f"{whole}.weight", (d, d), rows=part, transposed=True)
            yield f"{ours}{head}.b_{letter}", Piece(f"{whole}.bias", (d,), columns=part)
        yield from linear(ours, "O", f"{theirs}.attention.output.dense", d, d)
        yield from norm(f"{ours}norm1", f"{theirs}.attention.output.LayerNorm", d)
        yield from linear(ours, "1", f"{theirs}.intermediate.dense", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.output.dense", o.d_ff, d)
        yield from norm(f"{ours}norm2", f"{theirs}.output.LayerNorm", d)
    yield from linear("head.", "T", "cls.predictions.transform.dense", d, d)
    yield from norm("head.norm", "cls.predictions.transform.LayerNorm", d)
    if not o.tied:
        yield "W_vocab", Piece("cls.predictions.decoder.weight", (o.vocab, d), transposed=True)
    yield "b_vocab", Piece("cls.predictions.bias" if o.tied else "cls.predictions.decoder.bias", (o.vocab,))


def torch_options(config: Config, tensors: Tensors, original: bool) -> transformer.Options:
    """With the defaults of torch.nn.Transformer, or the 2017 paper's where `original`; the files decide the output."""
    config.only("bias", True)
    config.choice("positional", SINUSOIDAL, {SINUSOIDAL: "", "sinusoidal": ""})
    d = config.size("d_model", 512)
    vocab = config.size("vocab_size")
    target_vocab = config.size("tgt_vocab_size", vocab)
    shared = config.flag("shared_embeddings", original)
    if shared and vocab != target_vocab:
        raise ByhandError(
            f"config.json has shared_embeddings, but vocab_size = {shown(vocab)} and tgt_vocab_size = "
            f"{shown(target_vocab)}; mend one of them."
        )
    return transformer.Options(
        vocab=vocab,
        target_vocab=target_vocab,
        d_model=d,
        heads=config.heads("nhead", 8, "d_model", d),
        encoder_layers=config.size("num_encoder_layers", 6),
        decoder_layers=config.size("num_decoder_layers", 6),
        d_ff=config.size("dim_feedforward", 2048),
        activation=config.choice("activation", "relu", {"relu": "relu", "gelu": "gelu"}),
        norm_first=config.flag("norm_first", False),
        final_norms=config.flag("final_norms", not original),
        shared_embeddings=shared,
        scale_embedding=config.flag("scale_embedding", original),
        tied=shared and "generator.weight" not in tensors.shapes,
        attention_bias=True,
        output_bias="generator.bias" in tensors.shapes,
        eps=config.epsilon("layer_norm_eps", 1e-5),
    )


def torch_pieces(o: transformer.Options) -> Pieces:
    """Embeddings and output layer beside a torch.nn.Transformer."""
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
    """The q of all heads, then the k, then the v stand below each other in in_proj."""
    for head, letter, part in head_spans(d, heads, stacked=True):
        yield f"{ours}{head}.W_{letter}", Piece(f"{theirs}.in_proj_weight", (3 * d, d), rows=part, transposed=True)
        yield f"{ours}{head}.b_{letter}", Piece(f"{theirs}.in_proj_bias", (3 * d,), columns=part)
    yield from linear(ours, "O", f"{theirs}.out_proj", d, d)


def encoder_options(config: Config, tensors: Tensors) -> encoder.Options:
    """With the defaults of torch.nn.TransformerEncoderLayer."""
    d = config.size("d_model", 512)
    return encoder.Options(
        d_model=d,
        heads=config.heads("nhead", 8, "d_model", d),
        d_ff=config.size("dim_feedforward", 2048),
        classes=config.size("num_classes"),
        activation=config.choice("activation", "relu", {"relu": "relu", "gelu": "gelu"}),
        norm_first=config.flag("norm_first", False),
        attention_bias=True,
        eps=config.epsilon("layer_norm_eps", 1e-5),
    )


def encoder_pieces(o: encoder.Options) -> Pieces:
    """A torch.nn.TransformerEncoderLayer, and a torch.nn.Linear."""
    yield from torch_attention("", "layer.self_attn", o.d_model, o.heads)
    yield from norm("norm1", "layer.norm1", o.d_model)
    yield from linear("", "1", "layer.linear1", o.d_model, o.d_ff)
    yield from linear("", "2", "layer.linear2", o.d_ff, o.d_model)
    yield from norm("norm2", "layer.norm2", o.d_model)
    yield from linear("", "class", "head", o.d_model, o.classes)


def one_vocabulary(o: gpt2.Options | bert.Options) -> tuple[Labels, ...]:
    return (numbered("vocabulary", o.vocab),)


def two_vocabularies(o: transformer.Options) -> tuple[Labels, ...]:
    source_words = numbered("vocabulary", o.vocab)
    return source_words, source_words if o.shared_embeddings else numbered("target_vocabulary", o.target_vocab)


GPT2 = Family(
    gpt2.ARCHITECTURE,
    gpt2_options,
    gpt2_pieces,
    one_vocabulary,
    body=("transformer.h.", "h."),
    buffers=(".attn.bias", ".attn.masked_bias"),
    also={
        "n_embd": "hidden_size",
        "n_head": "num_attention_heads",
        "n_layer": "num_hidden_layers",
        "n_positions": "max_position_embeddings",
    },
    spellings=(("transformer.", ""),),
    tied=(("lm_head.weight", "transformer.wte.weight"),),
)

BERT = Family(
    bert.ARCHITECTURE,
    bert_options,
    bert_pieces,
    one_vocabulary,
    body=("bert.encoder.", "encoder."),
    spellings=(
        ("bert.", ""),
        ("LayerNorm.weight", "LayerNorm.gamma"),
        ("LayerNorm.bias", "LayerNorm.beta"),
        ("predictions.bias", "predictions.decoder.bias"),
        ("predictions.decoder.bias", "predictions.bias"),
    ),
    tied=(
        ("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"),
        ("cls.predictions.decoder.bias", "cls.predictions.bias"),
    ),
)

TORCH = Family(
    transformer.ARCHITECTURE,
    partial(torch_options, original=False),
    torch_pieces,
    two_vocabularies,
    body=("transformer.",),
)

ENCODER = Family(encoder.ARCHITECTURE, encoder_options, encoder_pieces, lambda o: (), body=("layer.",))

FAMILIES: dict[str, Family] = {
    "gpt2": GPT2,
    "bert": BERT,
    "torch.nn.Transformer": TORCH,
    "torch.nn.TransformerEncoderLayer + torch.nn.Linear": ENCODER,
    "transformer2017": replace(TORCH, options=partial(torch_options, original=True)),
}
"""By `model_type` of the config."""
