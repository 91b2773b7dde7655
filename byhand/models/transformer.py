"""The transformer (Vaswani et al. 2017, figure 1): an encoder reads a sentence, a decoder writes its translation."""

from dataclasses import dataclass

from byhand.graph import Dim, Node, page, scope
from byhand.labels import Labels
from byhand.layers import (
    causal_mask,
    embed,
    feed_forward,
    join_heads,
    layer_norm,
    multi_head,
    position_column,
    residual,
    sinusoidal,
    softmax,
)
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.translate import translate
from byhand.models.vocabulary import Vocabularies, words
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    vocab: int = 8
    target_vocab: int = 8
    d_model: int = 4
    heads: int = 2
    encoder_layers: int = 1
    decoder_layers: int = 1
    d_ff: int = 8
    activation: str = "relu"
    norm_first: bool = False
    final_norms: bool = False
    shared_embeddings: bool = True
    scale_embedding: bool = True
    tied: bool = True
    attention_bias: bool = False
    output_bias: bool = False
    eps: float = 1e-5


def pre_norm(x: Node, weight: Weights, o: Options, name: str) -> Node:
    return layer_norm(x, weight, name, o.eps) if o.norm_first else x


def post_norm(x: Node, weight: Weights, o: Options, name: str) -> Node:
    return x if o.norm_first else layer_norm(x, weight, name, o.eps)


def attention(x: Node, memory: Node | None, mask: Node | None, weight: Weights, o: Options, n: int) -> Node:
    """norm(x + MultiHead(x, memory, memory)), of x itself where there is no memory. (T, d), (S, d) -> (T, d)"""
    with page("", "Norm"):
        y = pre_norm(x, weight, o, f"norm{n}")
    z = multi_head(y, y if memory is None else memory, weight, o.heads, mask, o.attention_bias)
    with page("", "Attention"):
        x = residual(x, join_heads(z, weight, o.d_model, o.attention_bias), f"residual{n}")
        return post_norm(x, weight, o, f"norm{n}")


def feed(x: Node, weight: Weights, o: Options, n: int) -> Node:
    """norm(x + FFN(x)). (T, d) -> (T, d)"""
    with page("", "Feed-forward"):
        y = pre_norm(x, weight, o, f"norm{n}")
        x = residual(x, feed_forward(y, weight, o.d_ff, o.activation), f"residual{n}")
        return post_norm(x, weight, o, f"norm{n}").named("output")


def embedding(table: Node, ids: Node, o: Options) -> Node:
    """E[word] * sqrt(d) + PE (sections 3.4 and 3.5). (T, 1) -> (T, d)"""
    with page("", "Input"):
        x = embed(table, ids, "words", scale=o.d_model if o.scale_embedding else None)
        encoding = sinusoidal(position_column(ids.shape[0]), o.d_model)
        with scope("", "+ positions", equation="words + PE"):
            return (x + encoding).named("x")


def encoder(x: Node, mask: Node, weight: Weights, o: Options) -> Node:
    """The sentence as the decoder reads it: every layer sees all of it. (S, d) -> (S, d)"""
    for layer in range(1, o.encoder_layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            x = attention(x, None, mask, weight, o, 1)
            x = feed(x, weight, o, 2)
    with page("", "Final norm"):
        return layer_norm(x, weight, "final_norm", o.eps) if o.final_norms else x


def decoder(x: Node, memory: Node, memory_mask: Node, weight: Weights, o: Options) -> Node:
    """The words so far, each layer looking back at them and over to the encoder's memory. (T, d), (S, d) -> (T, d)"""
    mask = causal_mask(x.shape[0])
    for layer in range(1, o.decoder_layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            with scope("self", "Self"):
                x = attention(x, None, mask, weight, o, 1)
            with scope("cross", "Cross"):
                x = attention(x, memory, memory_mask, weight, o, 2)
            x = feed(x, weight, o, 3)
    with page("", "Final norm"):
        return layer_norm(x, weight, "final_norm", o.eps) if o.final_norms else x


def vocabularies(o: Options) -> tuple[Labels, ...]:
    special = ("[START]",)
    shared = words("vocabulary", o.vocab, special)
    return shared, (shared if o.shared_embeddings else words("target_vocabulary", o.target_vocab, special))


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    words = vocabularies(o)

    def encode(table: Node, ids: Node, mask: Node) -> Node:
        return encoder(embedding(table, ids, o), mask, weight, o)

    def decode(table: Node, ids: Node, memory: Node, mask: Node) -> Node:
        return decoder(embedding(table, ids, o), memory, mask, weight, o)

    return translate(
        inputs, words, weight, o.d_model, encode, decode, lambda x, table: output(x, table, words[-1], weight, o)
    )


def output(x: Node, table: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node]:
    """The decoder's last table to logits and probabilities (section 3.4). (T, d), (V, d) -> (T, V), (T, V)"""
    with scope("", "logits", equation="x Eᵀ" if o.tied else "x W", column_equation="E x" if o.tied else "W x"):
        logits = x @ (table.T if o.tied else weight("W_vocab", o.d_model, Dim(len(vocabulary.words), vocabulary)))
        if o.output_bias:
            logits = logits + weight("b_vocab", 1, Dim(len(vocabulary.words), vocabulary))
        logits.named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
    return logits, softmax(logits).named("probabilities", role="result")


ARCHITECTURE = Architecture(
    name="transformer",
    title="The transformer",
    family="encoder-decoder",
    source="Vaswani et al. 2017",
    about="reads a sentence and writes another, word by word",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 16},
    },
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=2562,
)
