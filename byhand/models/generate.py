"""Writing word by word: the word that each step chooses is the last word of the next one's prompt."""

from collections.abc import Callable

from byhand.graph import Node, scope
from byhand.labels import Labels, labelled
from byhand.models.architecture import Graph, Inputs
from byhand.models.beams import beam_search
from byhand.models.cache import with_cache
from byhand.models.sampling import sampled
from byhand.ops import argmax, below

Forward = Callable[[Node], tuple[Node, Node, Node]]
"""Ids (T, 1) to logits (T, V), probabilities (T, V) and the most probable next id (1, 1)."""


def next_word(logits: Node, vocabulary: Labels) -> Node:
    """The id with the largest logit at the last position. (T, V) -> (1, 1)"""
    with scope("", "next word", equation="where is max of the last row"):
        last = int(logits.shape[0])
        following = argmax(logits.rows(last - 1, last), axis=1).named("next", role="tokens")
    return labelled(following, vocabulary)


def write(forward: Forward, ids: Node, vocabulary: Labels, inputs: Inputs) -> Graph:
    """Unroll `inputs.generate` passes of forward, each with one word more, chosen as `inputs.decoding` says."""
    decoding = inputs.decoding
    if decoding.beams > 1:
        return beam_search(forward, ids, vocabulary, inputs.generate)
    outputs: list[Node] = []
    passes: list[tuple[Node, Node]] = []
    for step in range(1, inputs.generate + 1):
        with scope(f"step{step}" if step > 1 else "", f"Step {step}" if step > 1 else "", again=True):
            if step > 1:
                ids = labelled(below(ids, outputs[-1]).named("ids", role="tokens"), vocabulary)
            scores, probabilities, following = forward(ids)
            if decoding.samples:
                following = sampled(scores, vocabulary, decoding, step)
        outputs += [probabilities, following]
        passes.append((ids, scores))
    return Graph(outputs + (with_cache(passes) if decoding.cache else []), outputs[-2], logits=scores)
