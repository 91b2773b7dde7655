"""Programs as attention that is set by hand (Weiss et al. 2021): they reverse, count and sort any input."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, labelled, token_ids
from byhand.core.ops import argmax, beside, greater, one_hot, stretch, where
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids
from byhand.layers.attention import NEG_INF, softmax
from byhand.layers.positions import position_column


def one_hot_of(x: Node, width: Dim, name: str) -> Node:
    """Return 1 in the column of the whole number nearest to x. (T, 1) -> (T, n)"""
    with scope("", "one-hot", equation="1 where place − ½ < x < place + ½"):
        meaning = "the place that each column stands for"
        place = source(f"place_{name}", np.arange(int(width)), "given", columns=width.labels, meaning=meaning)
        return (greater(x, place - 0.5) * greater(place + 0.5, x)).named(name)


def shared(selector: Node) -> Node:
    """Return the selector's attention: a softmax of equal scores over the selected keys. (T, S)"""
    masked = where(selector, 0, NEG_INF).named("masked", role="mask")
    return softmax(masked).named("weights", role="attention")


def select_equal(keys: Node, queries: Node) -> Node:
    """Return 1 where the key equals the query: the dot product of two one-hot rows. (S, n), (T, n) -> (T, S)"""
    return (queries @ keys.T).named("selected", role="scores")


def selector_width(selector: Node) -> Node:
    """Return the number n of selected keys, from the weight 1 / (1 + n) of an extra [START]. (T, S) -> (T, 1)"""
    with scope("width", "count with [START]", equation="1 / (the weight of [START]) − 1"):
        start = stretch(1, rows=selector.shape[0], columns=1)
        weights = shared(beside(start, selector).named("with_start"))
        return (1 / weights.columns(0, 1) - 1).named("n")


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Options:
    vocab: int = 4
    max_positions: int = 4


def answer(rows: Node, vocabulary: Labels) -> Graph:
    """Return the word in each row that has 1. (T, V) -> (T, 1)"""
    with page("", "Answer", equation="the word whose column has 1"):
        words = argmax(rows, axis=1).named("answer", role="tokens")
    return Graph([rows, labelled(words, vocabulary)])


def reverse(ids: Node, tokens: Node, o: Options, vocabulary: Labels) -> Graph:
    """opp = length − indices − 1; aggregate(select(indices, opp, ==), tokens)."""
    count = ids.shape[0]
    everything = source("all", np.ones((count, count)), role="given", rows=count.labels, columns=count.labels)
    indices = position_column(count)
    with page("", "Length", equation="1 / aggregate(select all, indices == 0)", source="Weiss et al. 2021"):
        weights = shared(everything)
        first = one_hot_of(indices, Dim(count), "index").columns(0, 1)
        length = (1 / (weights @ first)).named("length")  # (T, T) @ (T, 1) -> (T, 1)
    with page("flip", "Flip", equation="select(indices, opp, ==)", source="Weiss et al. 2021"):
        opposite = (length - indices - 1).named("opp")
        selector = select_equal(one_hot_of(indices, Dim(count), "key"), one_hot_of(opposite, Dim(count), "query"))
        rows = (shared(selector) @ tokens).named("reversed", role="result")  # (T, T) @ (T, V) -> (T, V)
    return answer(rows, vocabulary)


def histogram(ids: Node, tokens: Node, o: Options, vocabulary: Labels) -> Graph:
    """selector_width(select(tokens, tokens, ==))."""
    with page("", "Count", equation="selector_width(select(tokens, tokens, ==))", source="Weiss et al. 2021"):
        count = selector_width(select_equal(tokens, tokens))
        numbers = Labels("counts", tuple(str(n) for n in range(int(ids.shape[0]) + 1)))
        rows = one_hot_of(count, Dim(len(numbers.words), numbers), "counts").with_role("result")
    return answer(rows, numbers)


def sort(ids: Node, tokens: Node, o: Options, vocabulary: Labels) -> Graph:
    """Return the words sorted: a word's place is the number of words that are smaller, or equal and earlier."""
    count = ids.shape[0]
    labels = count.labels
    with page("", "Smaller", equation="select(tokens, tokens, <)", source="Weiss et al. 2021"):
        meaning = "1 where the letter of the column comes before that of the row in the alphabet"
        less = source("less", np.tri(o.vocab, k=-1), "given", rows=vocabulary, columns=vocabulary, meaning=meaning)
        below = (tokens @ less).named("smaller_letters")  # (T, V) @ (V, V) -> (T, V)
        smaller = (below @ tokens.T).named("smaller", role="scores")  # (T, V) @ (V, T) -> (T, T)
        meaning = "1 where the letter of the column stands before that of the row in the text"
        earlier = source("earlier", np.tri(count, k=-1), "given", rows=labels, columns=labels, meaning=meaning)
        equal = (tokens @ tokens.T).named("equal", role="scores")
        selector = (smaller + equal * earlier).named("before")
    with page("", "How many before", equation="selector_width(select(tokens, tokens, <))", source="Weiss et al. 2021"):
        place = selector_width(selector)
    with page("place", "Place", equation="aggregate(select(places, indices, ==), tokens)"):
        places = one_hot_of(place, Dim(count), "key")
        places_in_order = Labels("places", tuple(f"place {n + 1}" for n in range(int(count))))
        indices = one_hot_of(position_column(Dim(count, places_in_order)), Dim(count), "query")
        rows = (shared(select_equal(places, indices)) @ tokens).named("sorted", role="result")
    return answer(rows, vocabulary)


Program = Callable[[Node, Node, Options, Labels], Graph]


def rasp(name: str, doing: str, does: str, program: Program, ids: list[int]) -> Architecture:
    """Return a program as a model; `ids` are its example, cut to the size."""

    def vocabularies(o: Options) -> tuple[Labels, ...]:
        words = (LETTERS[n] if n < len(LETTERS) else f"a{n}" for n in range(o.vocab))
        return (Labels("vocabulary", tuple(words)),)

    def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
        (vocabulary,) = vocabularies(o)
        tokens = token_ids("ids", inputs.ids or example_ids(ids, o.vocab, o.max_positions), vocabulary)
        with page("", "Input", equation="1 in the word's column"):
            rows = one_hot(tokens, width=Dim(o.vocab, vocabulary)).named("tokens")
        return program(tokens, rows, o, vocabulary)

    sizes = {"small": {}, "medium": {"vocab": 6, "max_positions": 6}, "large": {"vocab": 10, "max_positions": 8}}
    about, source = f"{does} letters, by attention set by hand", "Weiss et al. 2021"
    takes = frozenset({"ids"})
    return Architecture(
        name, f"{doing} letters", "looking inside", source, about, Options(), build, sizes, takes, vocabularies
    )


REVERSE = rasp("rasp-reverse", "Reversing", "reverses", reverse, [0, 1, 2, 3, 1, 0, 2, 3])
HISTOGRAM = rasp("rasp-histogram", "Counting", "counts", histogram, [1, 0, 1, 2, 0, 1, 3, 1])
SORT = rasp("rasp-sort", "Sorting", "sorts", sort, [3, 1, 2, 1, 0, 2, 3, 1])
