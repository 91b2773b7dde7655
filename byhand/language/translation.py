"""The frame of every encoder-decoder: it reads a sentence once, and writes another from it word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, token_ids
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, example_ids, position_count
from byhand.language.generation import next_word, probabilities, write_words

Embed = Callable[[Node, Node, Weights, Any], Node]
"""(embeddings (V, d), ids (T, 1), weights, options) -> the input of the first layer (T, d)."""
Encode = Callable[[Node, Node, Weights, Any], Node]
"""(that of the source (S, d), its mask (1, S), weights, options) -> the memory (S, d)."""
Decode = Callable[[Node, Node, Node, Weights, Any], Node]
"""(that of the words so far (T, d), the memory (S, d), its mask (1, S), ...) -> the last layer's output (T, d)."""
Output = Callable[[Node, Node, Weights, Any], Node]
"""(that output (T, d), the embeddings (V, d), weights, options) -> logits (T, V)."""


def translate(
    inputs: Inputs,
    words: tuple[Labels, ...],
    weight: Weights,
    o: Any,
    embed: Embed,
    encode: Encode,
    decode: Decode,
    output: Output,
) -> Graph:
    """Read the source, then write `inputs.generate` words; if both share a vocabulary, they share the embedding."""
    source_words, target_words = words[0], words[-1]
    room = position_count(o)
    ids = inputs.ids or example_ids([1, 2, 5], len(source_words.words), room)
    with scope("encoder", "Encoder"):
        source_ids = token_ids("ids", ids, source_words)
        table = weight("E", Dim(len(source_words.words), source_words), o.d_model)
        mask = source("source_mask", inputs.mask or [1] * len(ids), role="mask", columns=source_ids.shape[0].labels)
        with page("", "Input"):
            x = embed(table, source_ids, weight, o)
        memory = encode(x, mask, weight, o)

    def forward(ids: Node) -> tuple[Node, Node, Node]:
        with scope("decoder", "Decoder"):
            shared = source_words is target_words
            embeddings = table if shared else weight("E", Dim(len(target_words.words), target_words), o.d_model)
            with page("", "Input"):
                x = embed(embeddings, ids, weight, o)
            x = decode(x, memory, mask, weight, o)
        with page("", "Output"):
            logits = output(x, embeddings, weight, o)
            return logits, probabilities(logits, o.temperature), next_word(logits, target_words)

    with scope("decoder", "Decoder"):
        left = None if room is None else room - inputs.generate + 1
        so_far = inputs.target_ids or example_ids([0, 1, 2], len(target_words.words), left)
        target_ids = token_ids("ids", so_far, target_words)
    return write_words(forward, target_ids, target_words, inputs)
