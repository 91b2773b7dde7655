"""A fact in an MLP (Geva et al. 2021; Meng et al. 2022): a key that finds it, a value that says it, and its erasure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Node, page, scope, source
from byhand.core.labels import Labels, labelled, token_ids
from byhand.core.ops import argmax, lookup, maximum
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids
from byhand.layers.attention import softmax

KEYS = "Geva et al. 2021, section 2"
ROME = "Meng et al. 2022, eq. 2, with C = 1"
CITIES = "Rome Paris Cairo Lima Oslo Delhi".split()
COUNTRIES = "Italy France Egypt Peru Norway India".split()
HEARD, SAID = 0.5, 4.0
"""How much a neuron also hears the next city, and how strongly a value says its country."""


@dataclass(frozen=True)
class Options:
    """vocab: the cities, then as many countries. edited: the fact, of a city, that is erased or changed."""

    vocab: int = 6
    edited: int = 1

    @property
    def facts(self) -> int:
        """How many cities the network knows, each with its country; an odd word has none."""
        if self.vocab < 2:
            raise ByhandError("A fact needs a city and a country: choose a vocab of at least 2.")
        return self.vocab // 2


def names(words: list[str], count: int, what: str) -> tuple[str, ...]:
    return tuple(words[n] if n < len(words) else f"{what}{n + 1}" for n in range(count))


def vocabularies_of_facts(o: Options) -> tuple[Labels, ...]:
    usual = names(CITIES, o.facts, "City") + names(COUNTRIES, o.facts, "Country")
    return (Labels("vocabulary", usual + ("nowhere",) * (o.vocab % 2)),)


def says(x: Node, hidden: Node, values: Node, out: Node, vocabulary: Labels) -> list[Node]:
    """Return the probabilities of the next word with these values, and the word. (T, d), (T, f), (f, d), (d, V)"""
    with scope("", "values", equation="hidden · V, the rows of V weighted", source=KEYS):
        written = (hidden @ values).named("written")  # (T, f) @ (f, d) -> (T, d)
    with scope("", "next word", equation="softmax((x + written) W_U)", look=Look.RESULT, below=True):
        logits = ((x + written).named("stream") @ out).named("logits")  # (T, d) @ (d, V) -> (T, V)
        p = softmax(logits).named("probabilities", role="result")
        return [p, labelled(argmax(logits, axis=1).named("next", role="tokens"), vocabulary)]


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies_of_facts) -> Graph:
    (vocabulary,) = vocabularies(o)
    count, at = o.facts, (o.edited - 1) % o.facts
    features, one = Labels("stream", tuple(f"{word}?" for word in vocabulary.words)), np.eye(o.vocab)
    neurons = Labels("facts", tuple(f"fact {n + 1}" for n in range(count)))
    with page("", "Keys", equation="hidden = max(0, x K)", source=KEYS):
        ids = token_ids("ids", inputs.ids or example_ids(list(range(count)), o.vocab), vocabulary)
        x = lookup(source("E", one, "given", vocabulary, features), ids).named("x")
        heard = one[:, :count] + HEARD * np.roll(one, 1, axis=0)[:, :count] * (np.arange(o.vocab) < count)[:, None]
        keys = source("K", heard, "given", features, neurons)
        hidden = maximum((x @ keys).named("match"), 0).named("hidden", role="activation")  # (T, d) @ (d, f) -> (T, f)
    said = SAID * one[count : 2 * count]
    out = one * (np.arange(o.vocab) >= count)
    with page("", "Values"):
        values = source("V", said, "given", neurons, features)
        unembed = source("W_U", out, "given", features, vocabulary)
    with page("before", "As it was"):
        before = says(x, hidden, values, unembed, vocabulary)
    with page("erased", "Erased"):
        with scope("", "erase", equation="V × (1 − erase)"):
            erase = source("erase", (np.arange(count) == at)[:, None], "given", neurons)
            left = (values * (1 - erase)).named("V")
        after = says(x, hidden, left, unembed, vocabulary)
    with page("edited", "Changed"):
        with scope("", "new value", equation="V + kᵀ (v′ − k V) / k kᵀ", source=ROME):
            key = maximum(lookup(keys, source("subject", at, "given")), 0).named("k")  # (1, f)
            wanted = source("wanted", said[[(at + 1) % count]], "given", None, features)
            change = (wanted - (key @ values).named("said")).named("change")  # (1, f) @ (f, d) -> (1, d)
            length = (key * key).sum(1).named("length")
            new = (values + (key.T @ (change / length).named("share")).named("added")).named("V")  # (f, 1) @ (1, d)
        edited = says(x, hidden, new, unembed, vocabulary)
    return Graph([before[0], *after, *edited, before[1]], prompt=ids)


ARCHITECTURE = Architecture(
    name="fact",
    title="A fact in an MLP",
    family="inference",
    source="Geva et al. 2021",
    about="a key that finds a fact and a value that says it; erased, and changed",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"vocab": 8}, "large": {"vocab": 12, "edited": 2}},
    takes=frozenset({"ids"}),
    vocabularies=vocabularies_of_facts,
)
