"""LSTM language models and translators, as torch.nn.LSTM and torch.nn.LSTMCell store them."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import Family, Piece, Pieces, linear, one_vocabulary
from byhand.checkpoints.folder import Config, Tensors
from byhand.core.labels import Labels
from byhand.language.architecture import numbered_words
from byhand.language.recurrent import Options
from byhand.layers.recurrence import GATES
from byhand.models.recurrent import lstm, seq2seq


def cell(path: str, theirs: str, ending: str, ins: int, width: int) -> Pieces:
    """Yield a cell's weights; the four gates are stacked in each tensor, in torch's order."""
    for n, gate in enumerate(GATES):
        part = slice(n * width, (n + 1) * width)
        inwards, onwards = (4 * width, ins), (4 * width, width)
        yield f"{path}W_{gate}", Piece(f"{theirs}.weight_ih{ending}", inwards, rows=part, transposed=True)
        yield f"{path}U_{gate}", Piece(f"{theirs}.weight_hh{ending}", onwards, rows=part, transposed=True)
        yield f"{path}b_{gate}", Piece(f"{theirs}.bias_ih{ending}", (4 * width,), columns=part)
        yield f"{path}bh_{gate}", Piece(f"{theirs}.bias_hh{ending}", (4 * width,), columns=part)


def plain(config: Config) -> None:
    """Raise ByhandError for features of torch.nn.LSTM that byhand does not compute."""
    config.only("bias", True)
    config.only("proj_size", 0)
    config.only("batch_first", True)


def lstm_options(config: Config, tensors: Tensors) -> Options:
    """Return the options; the defaults are torch.nn.LSTM's: one layer, forward only."""
    plain(config)
    config.only("bidirectional", False)
    config.only("tie_word_embeddings", False)
    width = config.size("hidden_size")
    return replace(
        lstm.LSTM_OPTIONS,
        vocab=config.size("vocab_size"),
        d_embed=config.size("embed_dim", width),
        d_model=width,
        layers=config.size("num_layers", 1),
        two_biases=True,
    )


def lstm_config(o: Options) -> dict[str, Any]:
    """Return the keys of an LSTM language model's config."""
    sizes = {"vocab_size": o.vocab, "embed_dim": o.d_embed, "hidden_size": o.d_model, "num_layers": o.layers}
    return sizes | {"tie_word_embeddings": False}


def lstm_pieces(o: Options) -> Pieces:
    """Yield the weights of a torch.nn.Embedding, a torch.nn.LSTM and a torch.nn.Linear."""
    yield "E", Piece("embed.weight", (o.vocab, o.d_embed))
    for n in range(o.layers):
        yield from cell(f"layer{n + 1}.", "lstm", f"_l{n}", o.d_model if n else o.d_embed, o.d_model)
    yield from linear("", "vocab", "out", o.d_model, o.vocab)


LSTM = Family(lstm.ARCHITECTURE, lstm_options, lstm_pieces, one_vocabulary, body=("lstm.",), config=lstm_config)


def seq2seq_options(config: Config, tensors: Tensors) -> seq2seq.Options:
    """Return the options; the files decide whether the decoder starts with a layer on the encoder's last states."""
    plain(config)
    config.only("num_layers", 1)
    config.only("input_feeding", False)
    width = config.size("hidden_size")
    return seq2seq.Options(
        vocab=config.size("src_vocab_size"),
        target_vocab=config.size("tgt_vocab_size"),
        d_embed=config.size("embed_dim", width),
        d_model=width,
        d_attention=config.size("attention_size", width),
        additive=config.choice("attention", "bahdanau", {"bahdanau": "additive", "luong_general": ""}) == "additive",
        bidirectional=config.flag("bidirectional", False),
        bridge="init_h.weight" in tensors.shapes,
        lstm=True,
        two_biases=True,
    )


def seq2seq_config(o: seq2seq.Options) -> dict[str, Any]:
    """Return the keys of an LSTM translator's config."""
    return {
        "src_vocab_size": o.vocab,
        "tgt_vocab_size": o.target_vocab,
        "embed_dim": o.d_embed,
        "hidden_size": o.d_model,
        "attention_size": o.d_attention,
        "attention": "bahdanau" if o.additive else "luong_general",
        "bidirectional": o.bidirectional,
    }


def seq2seq_pieces(o: seq2seq.Options) -> Pieces:
    """Yield the weights of a torch.nn.LSTM, a torch.nn.LSTMCell, and the attention between them."""
    yield "encoder.E", Piece("src_embed.weight", (o.vocab, o.d_embed))
    if o.bidirectional:
        yield from cell("encoder.forward.", "encoder", "_l0", o.d_embed, o.d_model)
        yield from cell("encoder.backward.", "encoder", "_l0_reverse", o.d_embed, o.d_model)
    else:
        yield from cell("encoder.", "encoder", "_l0", o.d_embed, o.d_model)
    if o.bridge or o.bidirectional:
        yield from linear("decoder.", "s0", "init_h", o.d_memory, o.d_model)
        yield from linear("decoder.", "c0", "init_c", o.d_memory, o.d_model)
    yield "decoder.E", Piece("tgt_embed.weight", (o.target_vocab, o.d_embed))
    ins, readout = o.d_embed, o.d_model
    if o.additive:
        a = o.d_attention
        yield "decoder.W_k", Piece("W_k.weight", (a, o.d_memory), transposed=True)
        yield "decoder.W_q", Piece("W_q.weight", (a, o.d_model), transposed=True)
        yield "decoder.v", Piece("v.weight", (1, a), transposed=True)
        ins, readout = ins + o.d_memory, o.d_model + o.d_memory + o.d_embed
    else:
        yield "decoder.W_k", Piece("W_a.weight", (o.d_model, o.d_memory), transposed=True)
        yield "decoder.W_c", Piece("W_c.weight", (o.d_model, o.d_memory + o.d_model), transposed=True)
    yield from cell("decoder.", "decoder", "", ins, o.d_model)
    yield from linear("", "vocab", "out", readout, o.target_vocab)


def two_vocabularies(o: seq2seq.Options) -> tuple[Labels, ...]:
    return numbered_words("vocabulary", o.vocab), numbered_words("target_vocabulary", o.target_vocab)


SEQ2SEQ = Family(
    seq2seq.ARCHITECTURE,
    seq2seq_options,
    seq2seq_pieces,
    two_vocabularies,
    body=("encoder.", "decoder.", "init_"),
    config=seq2seq_config,
)

FAMILIES = {"lstm_lm": LSTM, "lstm_seq2seq": SEQ2SEQ}
"""The families of checkpoints that are read, by the `model_type` of their config."""
