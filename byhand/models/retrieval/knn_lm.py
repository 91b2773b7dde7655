"""The kNN-LM (Khandelwal et al. 2020): the nearest contexts of a datastore vote on the next word."""

from dataclasses import replace
from functools import cache

from byhand.core.graph import Dim, Node, page, scope
from byhand.core.labels import Labels, labelled, token_ids
from byhand.core.ops import log, one_hot, where
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import grouped_attention, plain_feed
from byhand.language.decoder_only import SIZES, body, predict
from byhand.language.generation import next_word, write_words
from byhand.language.options import Options, variant
from byhand.layers.attention import NEG_INF, softmax
from byhand.layers.experts import top_k
from byhand.models.decoder import gpt2

PLACE = "Khandelwal et al. 2020"
TEXT = [0, 1, 4, 6, 3, 7, 0, 1, 5, 6, 2, 4]


KNN_LM = variant(gpt2.GPT2, stored=7, neighbours=2, mix=0.5)
"""A GPT-2 with the length of the stored text, the number of neighbours, and their weight (mix)."""


def contexts(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node]:
    """Return f(c), the last layer's output for each context, and the embeddings. (T, 1) -> (T, d), (V, d)"""
    return body(ids, vocabulary, weight, o, ("wte", "wpe"), grouped_attention, plain_feed)


def distances(q: Node, keys: Node) -> Node:
    """Return |q - k|² of each query and key, as |q|² - 2 q k + |k|². (T, d), (N, d) -> (T, N)"""
    with scope("", "distances", equation="|q − k|²", source=f"{PLACE}, section 2"):
        squares = (q * q).sum(1).named("square_q")
        of_keys = (keys * keys).sum(1).named("square_k")
        return (squares - 2 * (q @ keys.T) + of_keys.T).named("d")  # (T, 1) - (T, d) @ (d, N) + (1, N)


def nearest(q: Node, keys: Node, values: Node, o: Options) -> Node:
    """Return p_kNN(w), a vote of the nearest contexts (eq. 2). (T, d), (N, d), (N, V) -> (T, V)"""
    with page("", "Distances"):
        d = distances(q, keys)
    with page("", "The nearest contexts"):
        return votes(d, values, o)


def votes(d: Node, values: Node, o: Options) -> Node:
    """Return the probability of each word by a softmax over the nearest. (T, N), (N, V) -> (T, V)"""
    with scope("", "the nearest", equation=f"1 for the {o.neighbours} smallest d"):
        chosen = top_k((-d).named("nearness"), min(o.neighbours, int(d.shape[1])))
        near = where(chosen, -d, NEG_INF).named("near", role="mask")
    weights = softmax(near).named("weights", role="attention")
    with scope("", "p_kNN", equation="Σ e^(−d) of the neighbours with the word", source=f"{PLACE}, eq. 2"):
        return (weights @ values).named("p_kNN")  # (T, N) @ (N, V) -> (T, V)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    o.check()
    if not o.mix < 1:  # nothing would be left to the language model, and a logarithm be infinite
        raise ByhandError(f"mix is from 0 to below 1, not {o.mix}: choose a smaller one.")
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1
    stored = [TEXT[n % len(TEXT)] % o.vocab for n in range(max(2, min(o.stored, o.max_positions)))]

    shown: list[Node] = []

    @cache
    def datastore() -> tuple[Node, Node]:
        """Return the keys and values, computed once. (N, d), (N, V)"""
        with scope("datastore", "Datastore", repeats=True):
            text = token_ids("ids", stored, vocabulary)
            keys, _ = contexts(text, vocabulary, weight, o)
            with page("", "Keys and values", equation="(f(words so far), the word after)", source=f"{PLACE}, eq. 1"):
                last = labelled(text.rows(0, len(stored) - 1).named("last_word", role="tokens"), vocabulary)
                shown.append(last)

                def labelled_so(table: Node) -> Node:
                    table.shape = (last.shape[0], table.shape[1])
                    return table

                after = labelled_so(text.rows(1, len(stored))).named("word_after")
                values = one_hot(after, width=Dim(o.vocab, vocabulary)).named("values")
                return labelled_so(keys.rows(0, len(stored) - 1)).named("keys"), values

    def forward(ids: Node) -> tuple[Node, Node, Node]:
        x, table = contexts(ids, vocabulary, weight, o)
        with scope("base"), page("", "Language model"):
            p_lm = predict(x, table, vocabulary, weight, o)[1]
        keys, values = datastore()
        with scope("lookup"):
            p_knn = nearest(x, keys, values, o)
        with page("", "Output"):
            with scope("", "interpolate", equation="λ p_kNN + (1 − λ) p_LM", source=f"{PLACE}, eq. 3"):
                mix = weight.constant("lambda", o.mix, "the weight of what is looked up; 0 is the language model alone")
                p = (mix * p_knn + (1 - mix) * p_lm).named("probabilities", role="result")
            logits = log(p).named("logits", role="result")
            return logits, p, next_word(logits, vocabulary)

    ids = token_ids("ids", inputs.ids or example_ids([0, 1, 4], o.vocab, room), vocabulary)
    graph = write_words(forward, ids, vocabulary, inputs)
    return replace(graph, outputs=[*graph.outputs, *shown])


ARCHITECTURE = Architecture(
    name="knn-lm",
    title="kNN-LM",
    family="experts and memory",
    source=PLACE,
    about="also asks what came after the nearest contexts of a stored text",
    options=KNN_LM,
    build=build,
    sizes={
        "small": {},
        "medium": SIZES["medium"] | {"stored": 8},
        "large": SIZES["large"] | {"stored": 12, "neighbours": 3},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=one_vocabulary,
    seed=12588,
)
