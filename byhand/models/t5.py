"""T5 (Raffel et al. 2020): an encoder-decoder whose scores get a learned number for each distance, normed before."""

from dataclasses import dataclass

from byhand.graph import Node, page, scope
from byhand.labels import Labels
from byhand.layers import (
    attend,
    causal_mask,
    embed,
    feed_forward,
    gated_feed_forward,
    join_heads,
    linear,
    residual,
    rms_norm,
    softmax,
)
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.translate import translate
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import beside, sqrt
from byhand.positions import check_buckets, relative_biases
from byhand.weights import Weights

HEAD = {
    "equation": "softmax(Q Kᵀ + bias) V",
    "column_equation": "V softmax(Kᵀ Q + bias)",
    "source": "Raffel et al. 2020, section 2.1",
}


@dataclass(frozen=True)
class Options:
    """buckets, farthest: into how many a distance is sorted, and from where on all are in the last one."""

    vocab: int = 8
    d_model: int = 4
    heads: int = 2
    d_kv: int = 2
    encoder_layers: int = 1
    decoder_layers: int = 1
    d_ff: int = 8
    buckets: int = 6
    farthest: int = 4
    activation: str = "relu"
    gated: bool = False
    tied: bool = True
    scale_output: bool = True
    eps: float = 1e-6


def attention(
    x: Node, memory: Node | None, biases: list[Node], mask: Node, weight: Weights, o: Options, n: int
) -> Node:
    """x + MultiHead(norm(x), memory), of norm(x) itself where there is no memory; not scaled. (T, d) -> (T, d)"""
    with page("", "Norm"):
        y = rms_norm(x, weight, f"norm{n}", o.eps)
    outputs = []
    for h in range(o.heads):
        with page(f"head{h + 1}", f"Head {h + 1}", **HEAD):
            q = linear(y, weight, "Q", o.d_kv, bias=False).named("Q")  # (T, d) @ (d, d_kv) -> (T, d_kv)
            k, v = (linear(memory or y, weight, name, o.d_kv, bias=False).named(name) for name in "KV")
            outputs.append(attend(q, k, v, mask, scale=1, bias=biases[h] if biases else None))
    with page("", "Attention"):
        return residual(x, join_heads(beside(*outputs), weight, o.d_model, bias=False), f"residual{n}")


def feed(x: Node, weight: Weights, o: Options, n: int) -> Node:
    """x + FFN(norm(x)), gated in version 1.1. (T, d) -> (T, d)"""
    with page("", "Feed-forward"):
        y = rms_norm(x, weight, f"norm{n}", o.eps)
        change = (gated_feed_forward if o.gated else feed_forward)(y, weight, o.d_ff, o.activation, bias=False)
        return residual(x, change, "output")


def side(table: Node, ids: Node, memory: Node | None, mask: Node, weight: Weights, o: Options) -> Node:
    """The encoder, or (with a memory and its mask) the decoder. (V, d), (T, 1) -> (T, d)"""
    with page("", "Input"):
        x = embed(table, ids, "x")
    with page("", "Relative positions"):
        biases = relative_biases(ids.shape[0], weight, o.heads, o.buckets, o.farthest, both_ways=memory is None)
    own_mask = mask if memory is None else causal_mask(ids.shape[0])
    for layer in range(1, (o.encoder_layers if memory is None else o.decoder_layers) + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            if memory is None:
                x = feed(attention(x, None, biases, own_mask, weight, o, 1), weight, o, 2)
            else:
                with scope("self", "Self"):
                    x = attention(x, None, biases, own_mask, weight, o, 1)
                with scope("cross", "Cross"):
                    x = attention(x, memory, [], mask, weight, o, 2)
                x = feed(x, weight, o, 3)
    with page("", "Final norm"):
        return rms_norm(x, weight, "final_norm", o.eps)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, ("<pad>",)),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    check_buckets(o.buckets, o.farthest)

    def output(x: Node, table: Node) -> tuple[Node, Node]:
        with scope("", "logits", equation="x Eᵀ" if o.tied else "x W", column_equation="E x" if o.tied else "W x"):
            if o.scale_output:
                x = (x / sqrt(o.d_model)).named("rescaled")
            out = table.T if o.tied else weight("W_vocab", o.d_model, table.shape[0])
            logits = (x @ out).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return logits, softmax(logits).named("probabilities", role="result")

    return translate(
        inputs,
        (vocabulary,),
        weight,
        o.d_model,
        lambda table, ids, mask: side(table, ids, None, mask, weight, o),
        lambda table, ids, memory, mask: side(table, ids, memory, mask, weight, o),
        output,
    )


ARCHITECTURE = Architecture(
    name="t5",
    title="T5",
    family="encoder-decoder",
    source="Raffel et al. 2020",
    about="turns a text into a text; positions are distances",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "d_kv": 4, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 16},
    },
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=36948,
)
