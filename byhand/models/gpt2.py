"""GPT-2 (Radford et al. 2019): a decoder that predicts the next word, each layer normed before its parts."""

from dataclasses import dataclass

from byhand.graph import Dim, Node, page, scope
from byhand.labels import Labels, token_ids
from byhand.layers import (
    causal_mask,
    embed,
    feed_forward,
    join_heads,
    layer_norm,
    multi_head,
    position_column,
    residual,
    softmax,
)
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.generate import greedy, next_word
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import lookup
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    vocab: int = 8
    max_positions: int = 8
    d_model: int = 4
    heads: int = 2
    layers: int = 1
    d_ff: int = 8
    activation: str = "gelu_tanh"
    tied: bool = True
    eps: float = 1e-5
    scale_scores: bool = True
    scale_by_layer: bool = False


def block(x: Node, weight: Weights, o: Options, layer: int, mask: Node) -> Node:
    """x + attention(norm(x)), then x + ffn(norm(x)). (T, d) -> (T, d)"""
    scale = ((o.d_model // o.heads) ** 0.5 if o.scale_scores else 1.0) * (layer if o.scale_by_layer else 1)
    with page("", "Norm"):
        y = layer_norm(x, weight, "norm1", o.eps)
    z = multi_head(
        y, y, weight, o.heads, mask, bias=True, scale=None if o.scale_scores and not o.scale_by_layer else scale
    )
    with page("", "Attention"):
        x = residual(x, join_heads(z, weight, o.d_model, bias=True), "residual")
    with page("", "Feed-forward"):
        y = layer_norm(x, weight, "norm2", o.eps)
        return residual(x, feed_forward(y, weight, o.d_ff, o.activation), "output")


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Words to the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    tokens = ids.shape[0]
    with page("", "Input"):
        table = weight("wte", Dim(o.vocab, vocabulary), o.d_model)
        x = embed(table, ids, "words")
        with scope("", "+ positions", equation="E[word] + P[position]"):
            places = weight("wpe", o.max_positions, o.d_model)
            place = lookup(places, position_column(tokens)).named("places", role="positions")
            x = (x + place).named("x")  # (T, d) + (T, d)
    mask = causal_mask(tokens)
    for layer in range(1, o.layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            x = block(x, weight, o, layer, mask)
    with page("", "Output"):
        x = layer_norm(x, weight, "final_norm", o.eps)
        with scope("", "logits", equation="x Eᵀ" if o.tied else "x W", column_equation="E x" if o.tied else "W x"):
            out = table.T if o.tied else weight("W_vocab", o.d_model, Dim(o.vocab, vocabulary))
            logits = (x @ out).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, vocabulary)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1
    ids = token_ids("ids", inputs.ids or example([0, 1, 4], o.vocab, room), vocabulary)
    return greedy(lambda ids: forward(ids, vocabulary, weight, o), ids, vocabulary, inputs.generate)


ARCHITECTURE = Architecture(
    name="gpt2",
    title="GPT-2",
    family="decoder only",
    source="Radford et al. 2019",
    about="predicts the next word from the words before it",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "heads": 2, "layers": 2, "d_ff": 16, "max_positions": 12},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
    seed=12588,
)
