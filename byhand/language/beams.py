"""Beam search with two beams (Graves 2012; Sutskever et al. 2014, section 3.2): the two best stories so far go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from byhand.core.graph import Node, page, scope
from byhand.core.labels import Labels, labelled
from byhand.core.ops import argmax, below, exp, greater, log, one_hot, where
from byhand.language.architecture import Graph
from byhand.layers.attention import NEG_INF

Forward = Callable[[Node], tuple[Node, Node, Node]]
Grown = tuple[Node, Node, Node | None]
"""The ids so far (T, 1), their logits (T, V), and the beam's sum of log-probabilities, None before the first word."""

Beam = tuple[Node, Node]
"""The ids so far (T, 1), and the sum of the logarithms of their probabilities (1, 1)."""


def beam_search(forward: Forward, ids: Node, vocabulary: Labels, steps: int) -> Graph:
    """Return the words of the more probable of two stories; each step keeps the best two. (T, 1) -> (steps, 1)"""
    start = int(ids.shape[0])
    logits, probabilities, _ = forward(ids)
    beams = two_best([(ids, logits, None)], vocabulary, 1)
    for step in range(2, steps + 1):
        grown: list[Grown] = []
        with scope(f"step{step}", f"Step {step}", repeats=True):
            for n, (words, score) in enumerate(beams, 1):
                with scope(f"beam{n}", f"Beam {n}", repeats=True):
                    words = labelled(words.named("ids", role="tokens"), vocabulary)
                    grown.append((words, forward(words)[0], score))
            beams = two_best(grown, vocabulary, step)
    best, score = beams[0]
    with page("", "The best story", equation="the last words of the first beam"):
        answer = best.rows(start, start + steps).named("answer", role="tokens")
    answer = labelled(answer, vocabulary)
    outputs = [probabilities, answer, score, beams[1][1]]
    return Graph(outputs, probabilities, logits=logits, prompt=ids, written=(answer,))


def two_best(grown: Sequence[Grown], vocabulary: Labels, step: int) -> list[Beam]:
    """Return the two continuations of all beams with the largest sums of log-probabilities; the earlier of equals."""
    width = len(vocabulary.words)
    with page("choose", "Choose", source="Sutskever et al. 2014, section 3.2"):
        sums = []
        for n, (_, logits, score) in enumerate(grown, 1):
            with scope(f"from{n}", f"after beam {n}", equation="ln p of the story + ln softmax(z)"):
                last = int(logits.shape[0])
                z = logits.rows(last - 1, last).T
                shifted = (z - z.max(0).named("max", role="shift")).named("shifted")  # (V, 1)
                log_p = (shifted - log(exp(shifted).named("exp").sum(0).named("total"))).named("log_p")
                sums.append(log_p if score is None else (score + log_p).named("sum"))
        both = below(*sums).named("candidates") if len(sums) > 1 else sums[0]
        beams = []
        for n in (1, 2):
            with scope(f"beam{n}", f"beam {n}", equation="where is max, and the next"):
                place = argmax(both, axis=0).named("place")
                score = both.max(0).named("score", role="result")
                beams.append((story(place, grown, width), score))
                taken = one_hot(place, width=both.shape[0]).T  # (2V, 1)
                both = where(taken, NEG_INF, both).named("others", role="mask") if n == 1 else both
    return beams


def story(place: Node, grown: Sequence[Grown], width: int) -> Node:
    """Return the ids of the candidate at `place`: those of its beam, and its new word. (1, 1) -> (T + 1, 1)"""
    if len(grown) == 1:
        return below(grown[0][0], place)
    second = greater(place, width - 0.5).named("from_second")
    words = where(second, grown[1][0], grown[0][0]).named("words_before")
    return below(words, (place - width * second).named("word"))
