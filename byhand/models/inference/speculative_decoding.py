"""Speculative decoding (Leviathan et al. 2023; Chen et al. 2023): a draft guesses words, and the target checks them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, labelled, token_ids
from byhand.core.ops import below, equal, greater, lookup, maximum, one_hot, stretch, where
from byhand.core.piece_ops import take
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.generation import uniform_number
from byhand.language.parts import given_table
from byhand.layers.attention import softmax

EARLIER = "1 where the word of the row comes before that of the column in the vocabulary"
PAPER = "Chen et al. 2023, algorithm 2"


@dataclass(frozen=True)
class Options:
    """guesses: how many words the draft writes before the target reads them all at once."""

    vocab: int = 4
    guesses: int = 3


def draw(p: Node, u: Node, earlier: Node, vocabulary: Labels) -> Node:
    """Return the id of the word that a uniform number draws. (1, V), (1, 1) -> (1, 1)"""
    with scope("", "draw", equation="the last word whose Σ of what is before ≤ u"):
        before = (p @ earlier).named("before")  # (1, V) @ (V, V) -> (1, V)
        reached = (1 - greater(before, u)).named("reached")
        return labelled(maximum(reached.sum(1) - 1, 0).named("word", role="tokens"), vocabulary)


def uniforms(name: str, count: int, seed: int, first: int, rows: object = None) -> Node:
    """Return numbers between 0 and 1 that a reader may type over. (count, 1)"""
    return source(name, [[uniform_number(seed, first + n)] for n in range(count)], "given", rows)


def guess(
    last: Node, draft: Node, u: Node, earlier: Node, o: Options, vocabulary: Labels
) -> tuple[list[Node], list[Node]]:
    """Return the draft's words and the probabilities from which they are drawn, one after the other. (1, 1), (1, V)"""
    words, shares = list[Node](), list[Node]()
    for n in range(o.guesses):
        with page(f"guess{n + 1}", f"Guess {n + 1}", equation="p = softmax(draft[the word before])", source=PAPER):
            shares.append(softmax(lookup(draft, words[-1] if words else last).named("scores")).named("p"))
            words.append(draw(shares[-1], u.rows(n, n + 1), earlier, vocabulary))
    return words, shares


def kept_guesses(p: Node, q: Node, words: Node, r: Node) -> Node:
    """Return 1 for each guess that is kept: no guess after one that is refused. (G, V), (G, V), 2 (G, 1) -> (G, 1)"""
    count = int(words.shape[0])
    with scope("", "accept", equation="r < min(1, q(word) / p(word))", source=PAPER):
        of_draft, of_target = take(p, words).named("p_word"), take(q, words).named("q_word")
        chance = where(greater(of_target, of_draft), 1, of_target / of_draft).named("chance")
        refused = (1 - greater(chance, r)).named("refused")
    with scope("", "first refusal", equation="no guess so far is refused", below=True):
        so_far = source("so_far", np.tri(count), "given", words.shape[0].labels, words.shape[0].labels)
        return equal((so_far @ refused).named("refusals"), 0).named("kept")


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    (vocabulary,) = vocabularies(o)
    places = Labels("guesses", tuple(f"guess {n + 1}" for n in range(o.guesses)))
    rows = Labels("places", (*places.words, "after all"))
    with page("", "Two models"):
        ids = token_ids("ids", inputs.ids or example_ids([1], o.vocab), vocabulary)
        of = Dim(o.vocab, vocabulary)
        draft, target = (given_table(name, weight, of, of, -1, 2).with_role("given") for name in ("draft", "target"))
        u = uniforms("u", o.guesses, weight.seed, 0, places)
        earlier = source("earlier", np.tri(o.vocab, k=-1).T, "given", vocabulary, vocabulary, meaning=EARLIER)
        last = ids.rows(int(ids.shape[0]) - 1, int(ids.shape[0]))
    guesses, shares = guess(last, draft, u, earlier, o, vocabulary)
    with page("", "Target", equation="q = softmax(target[the word before])", source=PAPER):
        read = labelled(below(last, *guesses).named("read", role="tokens"), vocabulary)
        q = softmax(stretch(lookup(target, read), rows=Dim(o.guesses + 1, rows), columns=of).named("scores")).named("q")
    with page("", "Checked"):
        p = stretch(below(*shares), rows=Dim(o.guesses, places), columns=of).named("p")
        q_here = stretch(q.rows(0, o.guesses), rows=Dim(o.guesses, places), columns=of).named("q_here")
        words = stretch(below(*guesses), rows=Dim(o.guesses, places), columns=1).named("guessed")
        r = uniforms("r", o.guesses, weight.seed, o.guesses, places)
        kept = kept_guesses(p, q_here, words, r)
        count = kept.sum(0).named("count")
    with page("", "Last word"):
        with scope("", "residual", equation="max(0, q − p) / Σ max(0, q − p)", source=PAPER, look=Look.RESULT):
            nothing = stretch(0, rows=1, columns=o.vocab)
            excess = maximum(q - below(p, nothing), 0).named("excess")
            total = excess.sum(1).named("total")
            residual = (excess / where(total, total, 1)).named("residual", role="result")
            chosen = lookup(residual, count).named("chosen")
        with scope("last"):
            following = draw(chosen, uniforms("u", 1, weight.seed, 2 * o.guesses), earlier, vocabulary)
    with page("", "Written", equation="the kept guesses, and one word more", look=Look.RESULT):
        place = source("place", np.arange(o.guesses + 1)[:, None], "given", rows)
        guessed = one_hot(below(*guesses, following), width=of) * greater(count, place)
        written = (guessed + one_hot(following, width=of) * equal(place, count)).named("written", role="result")
        agreed = 1 - total.rows(0, o.guesses)
        likely = stretch(agreed, rows=Dim(o.guesses, places), columns=1).named("agreement")
    return Graph([residual, written, likely], prompt=ids)


ARCHITECTURE = Architecture(
    name="speculative-decoding",
    title="Speculative decoding",
    family="inference",
    source="Leviathan et al. 2023",
    about="a small draft guesses words, a large model keeps those it would have written",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 6},
        "large": {"vocab": 10, "guesses": 5},
    },
    takes=frozenset({"ids"}),
    vocabularies=one_vocabulary,
    seed=419,
)
