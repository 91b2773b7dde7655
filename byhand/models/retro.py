"""RETRO (Borgeaud et al. 2022): chunks of the words so far look up their neighbours in a database, and read them."""

from dataclasses import dataclass

from byhand.graph import Dim, Node, page, scope
from byhand.labels import Labels, token_ids
from byhand.layers import (
    attention_equations,
    attention_head,
    causal_mask,
    embed,
    feed_forward,
    linear,
    position_column,
    residual,
    rms_norm,
    softmax,
)
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.generate import next_word, write
from byhand.models.neighbours import database, neighbours
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import below, lookup, stretch
from byhand.weights import Weights

PLACE = "Borgeaud et al. 2022"


@dataclass(frozen=True)
class Options:
    vocab: int = 8
    max_positions: int = 8
    d_model: int = 4
    d_key: int = 2
    d_ff: int = 4
    layers: int = 1
    chunk: int = 2
    database: int = 4
    activation: str = "gelu"
    eps: float = 1e-5


def attention(x: Node, memory: Node | None, mask: Node | None, weight: Weights, o: Options, title: str) -> Node:
    """x + attention(norm(x)), to itself or to a memory; one head. (T, d), (S, d) -> (T, d)"""
    with page("", title, **attention_equations(mask is not None)):
        y = rms_norm(x, weight, "norm", o.eps)
        z = attention_head(y, y if memory is None else memory, weight, o.d_model, mask, bias=False)
        return residual(x, linear(z, weight, "O", o.d_model, bias=False).named("attended"), "residual")


def feed(x: Node, weight: Weights, o: Options) -> Node:
    """x + FFW(norm(x)). (T, d) -> (T, d)"""
    with page("", "Feed-forward"):
        y = feed_forward(rms_norm(x, weight, "norm", o.eps), weight, o.d_ff, o.activation)
        return residual(x, y, "output")


def embedded(ids: Node, table: Node, weight: Weights, o: Options) -> Node:
    """E[word] + P[position], in place of the paper's relative positions. (T, 1) -> (T, d)"""
    found = embed(table, ids, "words")
    with scope("", "+ positions", equation="E[word] + P[position]"):
        places = weight("P", max(o.max_positions, 2 * o.chunk), o.d_model)
        return (found + lookup(places, position_column(ids.shape[0]))).named("x")


def encoded(ids: Node, h: Node, table: Node, weight: Weights, o: Options) -> Node:
    """A neighbour as the decoder reads it: it sees itself, and the chunk that found it (algorithm 1). -> (2m, d)"""
    with page("", "Input"):
        x = embedded(ids, table, weight, o)
    with scope("self", "Self"):
        x = attention(x, None, None, weight, o, "Neighbour")
    with scope("cross", "Cross"):
        x = attention(x, h, None, weight, o, "Sees its chunk")
    return feed(x, weight, o)


def chunked_cross_attention(x: Node, memories: list[Node], weight: Weights, o: Options) -> Node:
    """x + CCA: from a chunk's last word on, a chunk's length looks at its neighbour (section 2.4). (T, d) -> (T, d)"""
    length = int(x.shape[0])
    with page("", "Norm"):
        y = rms_norm(x, weight, "norm", o.eps)
    read = [stretch(0, rows=o.chunk - 1, columns=o.d_model)] if o.chunk > 1 else []
    for u, memory in enumerate(memories, 1):
        first = u * o.chunk - 1
        with page(f"chunk{u}", f"Chunk {u}", again=True, **attention_equations(False)):
            rows = y.rows(first, min(first + o.chunk, length))
            read.append(attention_head(rows, memory, weight, o.d_model, None, bias=False))
    with page("", "Join", source=f"{PLACE}, section 2.4"):
        z = stretch(below(*read), rows=x.shape[0], columns=o.d_model).named("Z")
        return residual(x, linear(z, weight, "O", o.d_model, bias=False).named("attended"), "residual")


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Words to the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        x = embedded(ids, table, weight, o)
    entries, frozen = database(o.vocab, o.database, 2 * o.chunk, o.d_key, weight.seed, vocabulary)
    found, memories = neighbours(ids, entries, frozen, vocabulary), list[Node]()
    mask = causal_mask(ids.shape[0])
    for layer in range(1, o.layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"), scope("self", "Self"):
            x = attention(x, None, mask, weight, o, "Words so far")
        if not memories:
            for u, words in enumerate(found):
                with scope(f"neighbour{u + 1}", f"Neighbour {u + 1}", again=True):
                    with page("", "Chunk", equation="rows of the chunk"):
                        h = x.rows(u * o.chunk, (u + 1) * o.chunk).named("H")
                    memories.append(encoded(words, h, table, weight, o))
        with scope(f"layer{layer}", f"Layer {layer}"):
            if memories:
                with scope("cca", "Neighbours"):
                    x = chunked_cross_attention(x, memories, weight, o)
            x = feed(x, weight, o)
    with page("", "Output"):
        with scope("", "logits", equation="norm(x) W", column_equation="W norm(x)"):
            x = rms_norm(x, weight, "final_norm", o.eps)
            logits = linear(x, weight, "vocab", Dim(o.vocab, vocabulary), bias=False).named("logits", role="result")
        return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, vocabulary)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1
    ids = token_ids("ids", inputs.ids or example([0, 1, 4, 5, 3], o.vocab, room), vocabulary)
    return write(lambda ids: forward(ids, vocabulary, weight, o), ids, vocabulary, inputs)


ARCHITECTURE = Architecture(
    name="retro",
    title="RETRO",
    family="experts and memory",
    source=PLACE,
    about="each chunk of words finds its nearest neighbour; the next reads it",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "d_ff": 8, "database": 6, "vocab": 10},
        "large": {"d_model": 8, "d_ff": 16, "database": 8, "layers": 2, "vocab": 12, "max_positions": 12, "chunk": 3},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
    seed=1,
)
