"""The frame of every encoder-decoder: a sentence is read once, and another is written word by word from it."""

from __future__ import annotations

from collections.abc import Callable

from byhand.graph import Dim, Node, page, scope, source
from byhand.labels import Labels, token_ids
from byhand.models.architecture import Graph, Inputs, example
from byhand.models.generate import next_word, write
from byhand.weights import Weights

Encode = Callable[[Node, Node, Node], Node]
"""Embeddings (V, d), ids (S, 1), mask (1, S) to the memory (S, d)."""
Decode = Callable[[Node, Node, Node, Node], Node]
"""Embeddings (V, d), ids (T, 1), memory (S, d), its mask (1, S) to the last layer's output (T, d)."""
Output = Callable[[Node, Node], tuple[Node, Node]]
"""That output (T, d), embeddings (V, d) to logits (T, V) and probabilities (T, V)."""


def translate(
    inputs: Inputs,
    words: tuple[Labels, ...],
    weight: Weights,
    width: int,
    encode: Encode,
    decode: Decode,
    output: Output,
) -> Graph:
    """Read the source, then write `inputs.generate` words; one embedding serves both where their words are one."""
    source_words, target_words = words[0], words[-1]
    ids = inputs.ids or example([1, 2, 5], len(source_words.words))
    with scope("encoder", "Encoder"):
        source_ids = token_ids("ids", ids, source_words)
        table = weight("E", Dim(len(source_words.words), source_words), width)
        mask = source("source_mask", inputs.mask or [1] * len(ids), role="mask", columns=source_ids.shape[0].of)
        memory = encode(table, source_ids, mask)

    def forward(ids: Node) -> tuple[Node, Node, Node]:
        with scope("decoder", "Decoder"):
            shared = source_words is target_words
            embeddings = table if shared else weight("E", Dim(len(target_words.words), target_words), width)
            x = decode(embeddings, ids, memory, mask)
        with page("", "Output"):
            logits, probabilities = output(x, embeddings)
            return logits, probabilities, next_word(logits, target_words)

    with scope("decoder", "Decoder"):
        target_ids = token_ids("ids", inputs.target_ids or example([0, 1, 2], len(target_words.words)), target_words)
    return write(forward, target_ids, target_words, inputs)
