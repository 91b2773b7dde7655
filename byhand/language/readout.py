"""The end of a language model: rows to logits, their probabilities and the next word; and its beginning, a prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, token_ids
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, example
from byhand.language.generation import next_word, write
from byhand.language.options import Options
from byhand.language.vocabulary import Vocabularies, words
from byhand.layers.attention import softmax
from byhand.layers.linear import linear


def word_logits(x: Node, table: Node, weight: Weights, o: Options, bias: bool = False) -> Node:
    """x E^T + b; x W + b where W is not the embeddings again. (T, d), (V, d) -> (T, V)"""
    row, column = ("x Eᵀ", "E x") if o.tied else ("x W", "W x")
    added = " + b" if bias else ""
    with scope("", "logits", equation=f"{row}{added}", column_equation=f"{column}{added}", look=Look.RESULT):
        out = table.T if o.tied else weight("W_vocab", o.d_model, table.shape[0])
        logits = x @ out + weight("b_vocab", 1, table.shape[0]) if bias else x @ out
        return logits.named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)


def probabilities(logits: Node, temperature: float) -> Node:
    """Their softmax, over a temperature that can be retyped where it is not 1. (T, V) -> (T, V)"""
    if temperature != 1:
        logits = (logits / source("T", temperature, role="input")).named("divided", role="temperature")
    return softmax(logits).named("probabilities", role="result")


Forward = Callable[[Node, Labels, Weights, Any], tuple[Node, Node, Node]]
"""Ids (T, 1), their vocabulary, weights and options to logits (T, V), probabilities and the next id (1, 1)."""


def answer(logits: Node, vocabulary: Labels, temperature: float = 1.0) -> tuple[Node, Node, Node]:
    """Logits, their probabilities and the most probable word after the last. (T, V) -> 2 (T, V), (1, 1)"""
    return logits, probabilities(logits, temperature), next_word(logits, vocabulary)


def linear_answer(
    x: Node, vocabulary: Labels, weight: Weights, letter: str = "x", temperature: float = 1.0
) -> tuple[Node, Node, Node]:
    """A linear layer gives each word its logit; on a page of its own. (T, d) -> 2 (T, V), (1, 1)"""
    with page("", "Output"):
        with scope("", "logits", equation=f"{letter} W + b", column_equation=f"W {letter} + b", look=Look.RESULT):
            width = Dim(len(vocabulary.words), vocabulary)
            logits = linear(x, weight, "vocab", width).named("logits", role="result")
        return answer(logits, vocabulary, temperature)


def one_vocabulary(o: Any) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build(
    o: Any,
    weight: Weights,
    inputs: Inputs,
    forward: Forward,
    prompt: list[int],
    vocabularies: Vocabularies = one_vocabulary,
) -> Graph:
    """A model that reads one text and writes on; `prompt` is its own example."""
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example(prompt, o.vocab), vocabulary)
    return write(lambda ids: forward(ids, vocabulary, weight, o), ids, vocabulary, inputs)
