"""BERT as transformers stores it."""

from byhand.models import bert
from byhand.models.families.family import ACTIVATIONS, Family, Piece, Pieces, head_spans, linear, norm, one_vocabulary
from byhand.models.folder import Config, Tensors

BERT_NAMES = {"Q": "query", "K": "key", "V": "value"}


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


FAMILY = Family(
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

FAMILIES = {"bert": FAMILY}
