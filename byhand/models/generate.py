"""Greedy decoding: the most probable word of each step is the last word of the next one's prompt."""

from collections.abc import Callable

from byhand.graph import Node, scope
from byhand.labels import Labels, labelled
from byhand.models.architecture import Graph
from byhand.ops import argmax, below

Forward = Callable[[Node], tuple[Node, Node, Node]]
"""Ids (T, 1) to logits (T, V), probabilities (T, V) and the next id (1, 1)."""


def next_word(logits: Node, vocabulary: Labels) -> Node:
    """The id with the largest logit at the last position. (T, V) -> (1, 1)"""
    with scope("", "next word", equation="where is max of the last row"):
        last = int(logits.shape[0])
        following = argmax(logits.rows(last - 1, last), axis=1).named("next", role="tokens")
    return labelled(following, vocabulary)


def greedy(forward: Forward, ids: Node, vocabulary: Labels, steps: int) -> Graph:
    """Unroll `steps` passes of forward, each with one word more."""
    logits, probabilities, following = forward(ids)
    outputs = [probabilities, following]
    for step in range(2, steps + 1):
        with scope(f"step{step}", f"Step {step}", again=True):
            ids = labelled(below(ids, following).named("ids", role="tokens"), vocabulary)
            logits, probabilities, following = forward(ids)
        outputs += [probabilities, following]
    return Graph(outputs, probabilities, logits=logits)
