"""From a model's last layer to words: logits, probabilities, the next word, and generation word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, labelled, token_ids
from byhand.core.ops import argmax, below, exp, greater, where
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Decoding, Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.layers.attention import NEG_INF, softmax
from byhand.layers.linear import linear

TIE = 1e-10
"""The least difference by which a word ranks before an earlier one."""


def word_logits(x: Node, table: Node, weight: Weights, o: Any, bias: bool = False) -> Node:
    """Return x E^T + b, or x W + b if the output layer is not tied to the embeddings. (T, d), (V, d) -> (T, V)"""
    row, column = ("x Eᵀ", "E x") if o.tied else ("x W", "W x")
    added = " + b" if bias else ""
    with scope("", "logits", equation=f"{row}{added}", column_equation=f"{column}{added}", look=Look.RESULT):
        out = table.T if o.tied else weight("W_vocab", x.shape[1], table.shape[0])
        logits = x @ out + weight("b_vocab", 1, table.shape[0]) if bias else x @ out
        return logits.named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)


def probabilities(logits: Node, temperature: float) -> Node:
    """Return the softmax of logits / temperature; a temperature of 1 is left out. (T, V) -> (T, V)"""
    if temperature != 1:
        logits = (logits / source("T", temperature, role="input")).named("divided", role="temperature")
    return softmax(logits).named("probabilities", role="result")


def predictions(logits: Node, vocabulary: Labels, temperature: float = 1.0) -> tuple[Node, Node, Node]:
    """Return the logits, their probabilities and the most probable word after the last. (T, V) -> 2 (T, V), (1, 1)"""
    return logits, probabilities(logits, temperature), next_word(logits, vocabulary)


def linear_predictions(
    x: Node, vocabulary: Labels, weight: Weights, letter: str = "x", temperature: float = 1.0
) -> tuple[Node, Node, Node]:
    """Return the predictions of a linear output layer, on its own page. (T, d) -> 2 (T, V), (1, 1)"""
    with page("", "Output"):
        with scope("", "logits", equation=f"{letter} W + b", column_equation=f"W {letter} + b", look=Look.RESULT):
            width = Dim(len(vocabulary.words), vocabulary)
            logits = linear(x, weight, "vocab", width).named("logits", role="result")
        return predictions(logits, vocabulary, temperature)


def next_word(logits: Node, vocabulary: Labels) -> Node:
    """Return the id with the largest logit at the last position. (T, V) -> (1, 1)"""
    with scope("", "next word", equation="where is max of the last row", look=Look.RESULT):
        last = int(logits.shape[0])
        following = argmax(logits.rows(last - 1, last), axis=1).named("next", role="tokens")
    return labelled(following, vocabulary)


def sample_word(logits: Node, vocabulary: Labels, decoding: Decoding, step: int) -> Node:
    """Return an id sampled by a uniform number, with the words ordered by probability. (T, V) -> (1, 1)

    Top-k as Fan et al. 2018, top-p as Holtzman et al. 2020 (section 3.1). The words stand below each other.
    """
    last = int(logits.shape[0])
    z = logits.rows(last - 1, last).T
    with page("choose", "Choose"):
        with scope("", "temperature", equation="z / T"):
            divisor = source("temperature", decoding.temperature or 1.0, role="input")
            z = (z / divisor).named("z", role="temperature")  # (V, 1)
            place = rank(z).named("rank")
        if decoding.top_k is not None:
            with scope("", "top k", equation="rank < k", source="Fan et al. 2018"):
                among = greater(source("k", decoding.top_k, role="input"), place)
                z = where(among, z, NEG_INF).named("top_k", role="mask")
        with scope("", "softmax", equation="e^(z − max) / Σ e^(z − max)", look=Look.RESULT):
            powers = exp((z - z.max(0).named("max", role="shift")).named("shifted")).named("exp")
            p = (powers / powers.sum(0).named("total")).named("p", role="result")
        if decoding.top_p is not None:
            with scope("", "top p", equation="Σ p of what is before < p", source="Holtzman et al. 2020, eq. 2"):
                share = source("share", decoding.top_p, role="input")
                kept = (p * greater(share, probability_before(p, place, "before"))).named("top_p", role="mask")
                p = (kept / kept.sum(0).named("kept")).named("p_kept", role="result")
        with scope("", "draw", equation="the last word whose Σ of what is before ≤ u"):
            u = source("uniform", uniform_number(decoding.seed, step), role="input")
            reached = (1 - greater(probability_before(p, place, "from"), u)) * greater(p, 0)
            order = where(reached, place, -1).named("reached")
            following = argmax(order, axis=0).named("next", role="tokens")
    return labelled(following, vocabulary)


def rank(z: Node) -> Node:
    """Return each number's rank, 0 for the largest; of equals (up to TIE) the earlier ranks first. (V, 1) -> (V, 1)"""
    place = source("place", np.arange(int(z.shape[0]))[:, None], role="given", rows=z.shape[0].labels)
    earlier_first = (z - TIE * place).named("earlier_first")
    ahead = greater(earlier_first.T, earlier_first)  # (V, V): by column, whether it is ahead
    return ahead.named("ahead").sum(1)


def probability_before(p: Node, place: Node, name: str) -> Node:
    """Return for each word the total probability of the words that rank before it. (V, 1), (V, 1) -> (V, 1)"""
    each = (greater(place, place.T) * p.T).named(f"{name}_each")  # (V, V): by column, what it adds
    return each.sum(1).named(name)


def uniform_number(seed: int, step: int) -> float:
    """Return a random number between 0 and 1 with two decimals for this step."""
    return float(np.random.default_rng([seed, step]).integers(1, 100)) / 100


Forward = Callable[[Node], tuple[Node, Node, Node]]
"""(ids (T, 1)) -> logits (T, V), probabilities (T, V) and the most probable next id (1, 1)."""


def write_words(forward: Forward, ids: Node, vocabulary: Labels, inputs: Inputs) -> Graph:
    """Unroll `inputs.generate` passes of forward, each with one more word, chosen by `inputs.decoding`."""
    decoding = inputs.decoding
    if decoding.beams > 1:
        from byhand.language.beams import beam_search

        return beam_search(forward, ids, vocabulary, inputs.generate)
    prompt = ids
    outputs: list[Node] = []
    passes: list[tuple[Node, Node]] = []
    for step in range(1, inputs.generate + 1):
        with scope(f"step{step}" if step > 1 else "", f"Step {step}" if step > 1 else "", repeats=True):
            if step > 1:
                ids = labelled(below(ids, outputs[-1]).named("ids", role="tokens"), vocabulary)
            scores, probabilities, following = forward(ids)
            if decoding.samples:
                following = sample_word(scores, vocabulary, decoding, step)
        outputs += [probabilities, following]
        passes.append((ids, scores))
    result, written = outputs[-2], tuple(outputs[1::2])
    if decoding.cache:
        from byhand.language.cache import with_cache

        outputs += with_cache(passes)
    return Graph(outputs, result, logits=scores, prompt=prompt, written=written)


Reading = Callable[[Node, Labels, Weights, Any], tuple[Node, Node, Node]]
"""(ids (T, 1), vocabulary, weights, options) -> logits (T, V), probabilities and the next id (1, 1)."""


def read_and_write(
    o: Any,
    weight: Weights,
    inputs: Inputs,
    forward: Reading,
    prompt: list[int],
    vocabularies: Vocabularies = one_vocabulary,
) -> Graph:
    """Build a model that reads one text and continues it; `prompt` is its own example."""
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example_ids(prompt, o.vocab), vocabulary)
    return write_words(lambda ids: forward(ids, vocabulary, weight, o), ids, vocabulary, inputs)
