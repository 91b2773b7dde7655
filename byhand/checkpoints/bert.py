"""BERT and its descendants as Hugging Face transformers stores them."""

from dataclasses import replace
from typing import Any

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
from byhand.checkpoints.folder import Config, Tensors
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.encoder import bert, distilbert, roberta


def bert_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' BertConfig."""
    config.only("add_cross_attention", False)
    d = config.size("hidden_size", 768)
    return replace(
        bert.BERT,
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
        attention="causal" if config.flag("is_decoder", False) else "full",
        **by_distance(config),
    )


DISTANCES = {"absolute": "none", "relative_key": "queries", "relative_key_query": "both"}


def by_distance(config: Config) -> dict[str, Any]:
    """Return the options of positions, which transformers 4 could also make of distances."""
    rows = config.choice("position_embedding_type", "absolute", DISTANCES)
    return {"distance_rows": rows, "positions": "learned" if rows == "none" else "none"}


def bert_config(o: Options) -> dict[str, Any]:
    """Return the keys of a BertConfig."""
    return {
        "architectures": ["BertForMaskedLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "type_vocab_size": o.segments,
        "hidden_size": o.d_model,
        "num_attention_heads": o.heads,
        "num_hidden_layers": o.layers,
        "intermediate_size": o.d_ff,
        "hidden_act": THEIRS.get(o.activation),
        "tie_word_embeddings": o.tied,
        "layer_norm_eps": o.eps,
        "is_decoder": o.attention == "causal",
    }


def roberta_config(o: Options) -> dict[str, Any]:
    """Return the keys of a RobertaConfig, whose places begin after the padding's."""
    more = {"pad_token_id": o.pad, "max_position_embeddings": o.max_positions + o.pad + 1}
    return bert_config(o) | {"architectures": ["RobertaForMaskedLM"]} | more


def distilbert_config(o: Options) -> dict[str, Any]:
    """Return the keys of a DistilBertConfig."""
    return {
        "architectures": ["DistilBertForMaskedLM"],
        "vocab_size": o.vocab,
        "max_position_embeddings": o.max_positions,
        "dim": o.d_model,
        "n_heads": o.heads,
        "n_layers": o.layers,
        "hidden_dim": o.d_ff,
        "activation": THEIRS.get(o.activation),
        "tie_word_embeddings": o.tied,
    }


def bert_pieces(o: Options) -> Pieces:
    """Yield the weights of the body, and of the masked-word head under cls."""
    d = o.d_model
    yield from body_pieces(o, "bert")
    yield from linear("head.", "T", "cls.predictions.transform.dense", d, d)
    yield from norm("head.norm", "cls.predictions.transform.LayerNorm", d)
    if not o.tied:
        yield "W_vocab", Piece("cls.predictions.decoder.weight", (o.vocab, d), transposed=True)
    yield "b_vocab", Piece("cls.predictions.bias" if o.tied else "cls.predictions.decoder.bias", (o.vocab,))


def body_pieces(o: Options, body: str, unused_places: int = 0) -> Pieces:
    """Yield the weights of embeddings and layers; the heads are stacked in query, key and value."""
    d = o.d_model
    yield "E", Piece(f"{body}.embeddings.word_embeddings.weight", (o.vocab, d))
    if o.positions == "learned":
        yield "P", Piece(f"{body}.embeddings.position_embeddings.weight", (unused_places + o.max_positions, d))
    yield "S", Piece(f"{body}.embeddings.token_type_embeddings.weight", (o.segments, d))
    yield from norm("norm", f"{body}.embeddings.LayerNorm", d)
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"{body}.encoder.layer.{n}"
        yield from separate_heads(ours, f"{theirs}.attention.self", d, o.heads, WHOLE_WORDS)
        if o.distance_rows != "none":
            rows = Piece(f"{theirs}.attention.self.distance_embedding.weight", (2 * o.max_positions - 1, o.d_k))
            yield f"{ours}D", rows
        yield from linear(ours, "O", f"{theirs}.attention.output.dense", d, d)
        yield from norm(f"{ours}norm1", f"{theirs}.attention.output.LayerNorm", d)
        yield from linear(ours, "1", f"{theirs}.intermediate.dense", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.output.dense", o.d_ff, d)
        yield from norm(f"{ours}norm2", f"{theirs}.output.LayerNorm", d)


def roberta_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' RobertaConfig."""
    config.only("add_cross_attention", False)
    config.only("position_embedding_type", "absolute")  # its distances would be those of positions after padding
    d = config.size("hidden_size", 768)
    vocab = config.size("vocab_size", 50265)
    pad, places = config.token("pad_token_id", 1, vocab), config.size("max_position_embeddings", 512)
    if places < pad + 2:
        raise ByhandError(
            f"max_position_embeddings = {places} in config.json leaves no place after pad_token_id = {pad}; mend it."
        )
    return replace(
        roberta.ROBERTA,
        vocab=vocab,
        max_positions=places - pad - 1,
        segments=config.size("type_vocab_size", 2),
        d_model=d,
        heads=config.heads("num_attention_heads", 12, "hidden_size", d),
        layers=config.size("num_hidden_layers", 12),
        d_ff=config.size("intermediate_size", 3072),
        activation=config.choice("hidden_act", "gelu", ACTIVATIONS),
        tied=config.flag("tie_word_embeddings", True),
        eps=config.epsilon("layer_norm_eps", 1e-12),
        attention="causal" if config.flag("is_decoder", False) else "full",
        pad=pad,
    )


def roberta_pieces(o: Options) -> Pieces:
    """Yield the weights of the body, and of the masked-word head under lm_head."""
    d = o.d_model
    yield from body_pieces(o, "roberta", unused_places=o.pad + 1)
    yield from linear("head.", "T", "lm_head.dense", d, d)
    yield from norm("head.norm", "lm_head.layer_norm", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.decoder.weight", (o.vocab, d), transposed=True)
    yield "b_vocab", Piece("lm_head.bias" if o.tied else "lm_head.decoder.bias", (o.vocab,))


def distilbert_options(config: Config, tensors: Tensors) -> Options:
    """Return the options, with the defaults of transformers' DistilBertConfig; it stores sinusoidal positions too."""
    d = config.size("dim", 768)
    return replace(
        distilbert.DISTILBERT,
        vocab=config.size("vocab_size", 30522),
        max_positions=config.size("max_position_embeddings", 512),
        d_model=d,
        heads=config.heads("n_heads", 12, "dim", d),
        layers=config.size("n_layers", 6),
        d_ff=config.size("hidden_dim", 4 * 768),
        activation=config.choice("activation", "gelu", ACTIVATIONS),
        tied=config.flag("tie_word_embeddings", True),
        eps=1e-12,
    )


def distilbert_pieces(o: Options) -> Pieces:
    """Yield the weights; the heads are stacked in q_lin, k_lin and v_lin."""
    d = o.d_model
    yield "E", Piece("distilbert.embeddings.word_embeddings.weight", (o.vocab, d))
    yield "P", Piece("distilbert.embeddings.position_embeddings.weight", (o.max_positions, d))
    yield from norm("norm", "distilbert.embeddings.LayerNorm", d)
    for n in range(o.layers):
        ours, theirs = f"layer{n + 1}.", f"distilbert.transformer.layer.{n}"
        yield from separate_heads(ours, f"{theirs}.attention", d, o.heads, ("q_lin", "k_lin", "v_lin"))
        yield from linear(ours, "O", f"{theirs}.attention.out_lin", d, d)
        yield from norm(f"{ours}norm1", f"{theirs}.sa_layer_norm", d)
        yield from linear(ours, "1", f"{theirs}.ffn.lin1", d, o.d_ff)
        yield from linear(ours, "2", f"{theirs}.ffn.lin2", o.d_ff, d)
        yield from norm(f"{ours}norm2", f"{theirs}.output_layer_norm", d)
    yield from linear("head.", "T", "vocab_transform", d, d)
    yield from norm("head.norm", "vocab_layer_norm", d)
    if not o.tied:
        yield "W_vocab", Piece("vocab_projector.weight", (o.vocab, d), transposed=True)
    yield "b_vocab", Piece("vocab_projector.bias", (o.vocab,))


ENDS = {"table": {}, "tags": {"class": "classifier"}, "span": {"span": "qa_outputs"}}


def ends(pool: str, of_classes: str = "", classes: str = "classifier") -> dict[str, dict[str, str]]:
    """Return the endings of an encoder whose heads have a pooler; of_classes: another one for classes of a text."""
    plain = {"pool": pool, "class": "classifier"}
    return {**ENDS, "classes": {"pool": of_classes or pool, "class": classes}, "choice": plain}


BERT = Family(
    bert.ARCHITECTURE,
    bert_options,
    bert_pieces,
    one_vocabulary,
    body=("bert.encoder.", "encoder."),
    ends=ends("bert.pooler.dense"),
    config=bert_config,
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

ROBERTA = Family(
    roberta.ARCHITECTURE,
    roberta_options,
    roberta_pieces,
    one_vocabulary,
    body=("roberta.encoder.", "encoder."),
    ends=ends("roberta.pooler.dense", "classifier.dense", "classifier.out_proj"),
    config=roberta_config,
    spellings=(
        ("roberta.", ""),
        ("lm_head.bias", "lm_head.decoder.bias"),
        ("lm_head.decoder.bias", "lm_head.bias"),
    ),
    tied=(
        ("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"),
        ("lm_head.decoder.bias", "lm_head.bias"),
    ),
)

DISTILBERT = Family(
    distilbert.ARCHITECTURE,
    distilbert_options,
    distilbert_pieces,
    one_vocabulary,
    body=("distilbert.transformer.", "transformer."),
    ends=ends("pre_classifier"),
    pooler="relu",
    config=distilbert_config,
    also={
        "dim": "hidden_size",
        "n_heads": "num_attention_heads",
        "n_layers": "num_hidden_layers",
    },
    spellings=(("distilbert.", ""),),
    tied=(("vocab_projector.weight", "distilbert.embeddings.word_embeddings.weight"),),
)

FAMILIES = {"bert": BERT, "roberta": ROBERTA, "distilbert": DISTILBERT}
