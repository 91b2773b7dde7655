"""T5 as Hugging Face transformers stores it, in its first form and in version 1.1."""

from dataclasses import replace
from typing import Any

from byhand.checkpoints.family import ACTIVATIONS, Family, Piece, Pieces, gain, one_vocabulary, separate_heads
from byhand.checkpoints.folder import Config, Tensors, brief
from byhand.errors import ByhandError
from byhand.language.options import Options
from byhand.models.encoder_decoder import t5

FEEDS = {name: name for name in ACTIVATIONS} | {f"gated-{name}": f"gated-{name}" for name in ACTIVATIONS}


def options(
    config: Config, tensors: Tensors, feed: str = "relu", tied: bool = True, scaled: bool | None = None
) -> Options:
    """Return the options, with the defaults of transformers' T5Config; MT5Config has another `feed` and `tied`.

    scaled: whether the decoder's output is scaled where the output layer is the embedding; None where the config says.
    """
    config.only("is_decoder", False)
    kind = config.choice("feed_forward_proj", feed, FEEDS)
    layers, said = config.size("num_layers", 6), config.flag("tie_word_embeddings", tied)
    tied = _is_tied(config, tensors, said)
    buckets, farthest = config.size("relative_attention_num_buckets", 32), "relative_attention_max_distance"
    if buckets < 4 or config.size(farthest, 128) <= buckets // 2:
        raise ByhandError(
            f"relative_attention_num_buckets in config.json is {brief(buckets)}, but must be at least 4, "
            f"and less than twice {farthest}; mend it."
        )
    return replace(
        t5.T5,
        vocab=config.size("vocab_size", 32128),
        d_model=config.size("d_model", 512),
        heads=config.size("num_heads", 8),
        head_dim=config.size("d_kv", 64),
        encoder_layers=layers,
        decoder_layers=config.size_or_null("num_decoder_layers", layers),
        d_ff=config.size("d_ff", 2048),
        buckets=buckets,
        farthest=config.size(farthest, 128),
        activation="gelu_tanh" if kind == "gated-gelu" else ACTIVATIONS[kind.removeprefix("gated-")],
        gated=kind.startswith("gated-"),
        tied=tied,
        scale_output=config.flag("scale_decoder_outputs", said) if scaled is None else said and scaled,
        eps=config.epsilon("layer_norm_epsilon", 1e-6),
    )


def _is_tied(config: Config, tensors: Tensors, said: bool) -> bool:
    """Return whether the output layer is the embedding.

    transformers 5 says so of every T5, also of one with a head of its own on file; before, a config may say that there
    is a head where there is none.
    """
    if tensors is None:
        return said
    stored = HEAD in tensors.shapes
    later = str(config.get("transformers_version", "")).startswith("5.") or config.get("scale_decoder_outputs", 0) != 0
    return not stored if not said or later else True


def t5_config(o: Options) -> dict[str, Any]:
    """Return the keys of a T5Config."""
    feed = "gated-gelu" if (o.gated, o.activation) == (True, "gelu_tanh") else o.activation
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "vocab_size": o.vocab,
        "d_model": o.d_model,
        "num_heads": o.heads,
        "d_kv": o.d_k,
        "num_layers": o.encoder_layers,
        "num_decoder_layers": o.decoder_layers,
        "d_ff": o.d_ff,
        "relative_attention_num_buckets": o.buckets,
        "relative_attention_max_distance": o.farthest,
        "feed_forward_proj": feed if feed == "gated-gelu" or not o.gated else f"gated-{feed}",
        "tie_word_embeddings": o.tied,
        "scale_decoder_outputs": o.scale_output,
        "layer_norm_epsilon": o.eps,
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "is_encoder_decoder": True,
    }


def pieces(o: Options) -> Pieces:
    """Yield the weights; a side's table of distances is in its first layer."""
    d = o.d_model
    yield "encoder.E", Piece("shared.weight", (o.vocab, d))
    for side, layers in (("encoder", o.encoder_layers), ("decoder", o.decoder_layers)):
        yield (
            f"{side}.B",
            Piece(f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", (o.buckets, o.heads)),
        )
        for n in range(layers):
            ours, theirs, inner = f"{side}.layer{n + 1}.", f"{side}.block.{n}.layer", ""
            if side == "decoder":
                inner = "self."
                yield from attention(f"{ours}cross.", f"{theirs}.1", "EncDecAttention", 2, o)
            yield from attention(f"{ours}{inner}", f"{theirs}.0", "SelfAttention", 1, o)
            yield from feed(ours, f"{theirs}.{2 if inner else 1}", 3 if inner else 2, o)
        yield gain(f"{side}.final_norm", f"{side}.final_layer_norm", d)
    if not o.tied:
        yield "W_vocab", Piece("lm_head.weight", (o.vocab, d), transposed=True)


def attention(ours: str, theirs: str, kind: str, n: int, o: Options) -> Pieces:
    """Yield an attention's weights; the heads are stacked in q, k and v."""
    d, width = o.d_model, o.heads * o.d_k
    yield from separate_heads(ours, f"{theirs}.{kind}", d, o.heads, "qkv", bias=False, width=width)
    yield f"{ours}W_O", Piece(f"{theirs}.{kind}.o.weight", (d, width), transposed=True)
    yield gain(f"{ours}norm{n}", f"{theirs}.layer_norm", d)


def feed(ours: str, theirs: str, n: int, o: Options) -> Pieces:
    """Yield a feed-forward of two linear layers, or a gated one of three."""
    names = {"gate": "wi_0", "up": "wi_1", "down": "wo"} if o.gated else {"1": "wi", "2": "wo"}
    for name, stored in names.items():
        shape = (o.d_model, o.d_ff) if stored == "wo" else (o.d_ff, o.d_model)
        yield f"{ours}W_{name}", Piece(f"{theirs}.DenseReluDense.{stored}.weight", shape, transposed=True)
    yield gain(f"{ours}norm{n}", f"{theirs}.layer_norm", o.d_model)


HEAD = "lm_head.weight"


T5 = Family(
    t5.ARCHITECTURE,
    options,
    pieces,
    one_vocabulary,
    body=("encoder.", "decoder."),
    ends={"table": {}},
    base=t5.ENCODER,
    unread=("decoder.",),
    config=t5_config,
    buffers=("embed_tokens.weight", ".EncDecAttention.relative_attention_bias.weight"),
    also={"d_model": "hidden_size", "num_heads": "num_attention_heads", "num_layers": "num_hidden_layers"},
    spellings=(
        ("shared.weight", "encoder.embed_tokens.weight"),
        ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"),
    ),
    tied=(("lm_head.weight", "shared.weight"),),
    copies=tuple((f"{side}.embed_tokens.weight", "shared.weight") for side in ("encoder", "decoder")),
)


def mt5_options(config: Config, tensors: Tensors) -> Options:
    """Return the options. transformers 4 scales a tied decoder's output, as in T5; transformers 5 does not."""
    before = str(config.get("transformers_version", "")).startswith("4.")
    return options(config, tensors, feed="gated-gelu", tied=False, scaled=before)


FAMILIES = {"t5": T5, "mt5": replace(T5, options=mt5_options)}
