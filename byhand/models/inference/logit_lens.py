"""The logit lens (nostalgebraist 2020): what a model would say if it stopped earlier, after each sublayer."""

from __future__ import annotations

from byhand.core.graph import Dim, Node, page, scope, toposort
from byhand.core.labels import Labels, labelled, token_ids
from byhand.core.ops import argmax, below, log, stretch
from byhand.core.roles import Look, Role
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import grouped_attention, norm, plain_feed
from byhand.language.decoder_only import SIZES, body
from byhand.language.generation import word_logits
from byhand.language.options import Options, variant
from byhand.layers.attention import softmax
from byhand.models.decoder import gpt2

SOURCE = "nostalgebraist 2020"
LOGIT_LENS = variant(gpt2.GPT2, without="temperature")
"""A GPT-2, of which every sublayer's result is read."""


def depths(x: Node, o: Options) -> tuple[list[Node], Labels]:
    """Return the residual stream after the embeddings and after each sublayer, with their names. n of (T, d)"""
    stream = [n for n in toposort([x]) if n.symbol == "x" or n.role is Role.RESIDUAL]
    names = [f"{what} {layer}" for layer in range(1, o.layers + 1) for what in ("attn", "ffn")]
    if o.parallel:
        names = [f"layer {layer}" for layer in range(1, o.layers + 1)]
    return stream, Labels("depths", ("start", *names))


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example_ids([0, 1, 5], o.vocab, o.max_positions), vocabulary)
    x, table = body(ids, vocabulary, weight, o, ("wte", "wpe"), grouped_attention, plain_feed)
    stream, names = depths(x, o)
    last, of = int(ids.shape[0]), Dim(len(stream), names)
    with page("", "The stream", equation="the last word's row after each sublayer", source="Elhage et al. 2021"):
        rows = stretch(below(*(n.rows(last - 1, last) for n in stream)), rows=of, columns=o.d_model).named("stream")
    with page("", "The lens", equation="softmax(norm(stream) Eᵀ)", source=SOURCE, look=Look.RESULT):
        logits = word_logits(norm(rows, weight, "final_norm", o), table, weight, o)  # (n, d) @ (d, V) -> (n, V)
        p = softmax(logits).named("probabilities", role="result")
        with scope("", "the word at each depth", equation="where is max", below=True):
            words = labelled(argmax(logits, axis=1).named("says", role="tokens"), vocabulary)
        with scope("", "how far from the end", equation="KL: Σ p (ln p − ln q), p of the last row", below=True):
            end = p.rows(len(stream) - 1, len(stream))
            apart = (end * (log(end) - log(p))).named("parts").sum(1).named("distance")
    return Graph([p, words, apart], p, prompt=ids)


ARCHITECTURE = Architecture(
    name="logit-lens",
    title="The logit lens",
    family="inference",
    source="nostalgebraist 2020",
    about="what the model would say if it stopped after each sublayer",
    options=LOGIT_LENS,
    build=build,
    sizes=SIZES,
    takes=frozenset({"ids"}),
    vocabularies=one_vocabulary,
    seed=12588,
)
