"""LSTM language models and translators, as torch.nn.LSTM and torch.nn.LSTMCell store them."""

from byhand.models import lstm
from byhand.models.families.family import Family, Piece, Pieces, linear, one_vocabulary
from byhand.models.folder import Config, Tensors
from byhand.recurrence import GATES


def cell(path: str, theirs: str, ending: str, ins: int, width: int) -> Pieces:
    """The four gates stand below each other in each tensor, in torch's order."""
    for n, gate in enumerate(GATES):
        part = slice(n * width, (n + 1) * width)
        inwards, onwards = (4 * width, ins), (4 * width, width)
        yield f"{path}W_{gate}", Piece(f"{theirs}.weight_ih{ending}", inwards, rows=part, transposed=True)
        yield f"{path}U_{gate}", Piece(f"{theirs}.weight_hh{ending}", onwards, rows=part, transposed=True)
        yield f"{path}b_{gate}", Piece(f"{theirs}.bias_ih{ending}", (4 * width,), columns=part)
        yield f"{path}bh_{gate}", Piece(f"{theirs}.bias_hh{ending}", (4 * width,), columns=part)


def plain(config: Config) -> None:
    """Refuse what torch.nn.LSTM can do beside."""
    config.only("bias", True)
    config.only("proj_size", 0)
    config.only("batch_first", True)


def lstm_options(config: Config, tensors: Tensors) -> lstm.Options:
    """One layer, forward only, where nothing else is said, as in torch.nn.LSTM."""
    plain(config)
    config.only("bidirectional", False)
    config.only("tie_word_embeddings", False)
    width = config.size("hidden_size")
    return lstm.Options(
        vocab=config.size("vocab_size"),
        d_embed=config.size("embed_dim", width),
        d_model=width,
        layers=config.size("num_layers", 1),
        two_biases=True,
    )


def lstm_pieces(o: lstm.Options) -> Pieces:
    yield "E", Piece("embed.weight", (o.vocab, o.d_embed))
    for n in range(o.layers):
        yield from cell(f"layer{n + 1}.", "lstm", f"_l{n}", o.d_model if n else o.d_embed, o.d_model)
    yield from linear("", "vocab", "out", o.d_model, o.vocab)


LSTM = Family(lstm.ARCHITECTURE, lstm_options, lstm_pieces, one_vocabulary, body=("lstm.",))

FAMILIES = {"lstm_lm": LSTM}
"""The families of checkpoints that are read, by the `model_type` of their config."""
