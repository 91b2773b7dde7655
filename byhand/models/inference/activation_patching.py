"""Activation patching (Vig et al. 2020; Meng et al. 2022): two prompts, and a table of one carried into the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, token_ids
from byhand.core.ops import below, lookup, stretch, where
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, one_vocabulary
from byhand.language.blocks import grouped_attention, plain_feed
from byhand.language.decoder_only import SIZES, forward
from byhand.language.options import Options, variant
from byhand.layers.attention import softmax
from byhand.models.decoder import gpt2

SOURCE = "Meng et al. 2022, section 2.1"
RUNS = ("clean", "corrupted", "patched")
ACTIVATION_PATCHING = variant(gpt2.GPT2, without="temperature")
"""A GPT-2 that is run three times."""
Layer = Callable[..., Node]


def kept(layer: Layer, tables: dict[int, Node]) -> Layer:
    """Return the same sublayer, whose results are stored by the number of the layer, at the end of its arguments."""

    def run(x: Node, weight: Weights, o: Any, number: int, *more: Any) -> Node:
        tables[number] = layer(x, weight, o, number, *more)
        return tables[number]

    return run


def carried(
    layer: Layer, name: str, tables: dict[int, Node], at: int, own_first: dict[int, Node] | None = None
) -> Layer:
    """Return the same sublayer, with the stored result for each word that a reader marks with a 1.

    own_first: where its own result in the first layer is known already, since nothing has been carried over before.
    """

    def run(x: Node, weight: Weights, o: Any, number: int, *more: Any) -> Node:
        own = own_first[1] if own_first and number == 1 else layer(x, weight, o, number, *more)
        last = int(x.shape[0]) - 1
        with page("", f"Clean {name}", equation="clean where 1, else its own", source=SOURCE):
            marks = np.eye(last + 1)[:, [last]] if at == number else np.zeros((last + 1, 1))
            mark = source(f"carry_{name}", marks, "given", x.shape[0].labels)
            return where(mark, tables[number], own).named(f"{name}_with_clean")

    return run


def prompts(o: Options, inputs: Inputs) -> tuple[list[int], list[int]]:
    """Return the ids of both prompts; a second one that is not given differs in the first word."""
    clean = inputs.ids or example_ids([0, 2, 5, 6], o.vocab, o.max_positions)
    corrupted = inputs.target_ids or [(clean[0] + 3) % o.vocab, *clean[1:]]
    if len(clean) != len(corrupted):
        raise ByhandError(
            f"The prompts have {len(clean)} and {len(corrupted)} words, but tables are carried over word by word: "
            "give both as many words."
        )
    return clean, corrupted


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    both = zip(("ids", "other_ids"), prompts(o, inputs), strict=True)
    clean, corrupted = (token_ids(name, ids, vocabulary) for name, ids in both)
    heads, other_heads, feeds = dict[int, Node](), dict[int, Node](), dict[int, Node]()
    ways = {
        "clean": (clean, kept(grouped_attention, heads), kept(plain_feed, feeds)),
        "corrupted": (corrupted, kept(grouped_attention, other_heads), plain_feed),
        "patched": (
            corrupted,
            carried(grouped_attention, "heads", heads, o.layers, other_heads),
            carried(plain_feed, "feed", feeds, 0),
        ),
    }
    rows, words = list[Node](), list[Node]()
    for name, (ids, attention, feed) in ways.items():
        with scope(name, name.title(), repeats=True):
            logits, _, word = forward(ids, vocabulary, weight, o, ("wte", "wpe"), attention, feed)
            rows.append(logits.rows(int(ids.shape[0]) - 1, int(ids.shape[0])))
            words.append(word)
    with page("", "Compared", look=Look.RESULT):
        runs = Dim(len(RUNS), Labels("runs", RUNS))
        logits = stretch(below(*rows), rows=runs, columns=Dim(o.vocab, vocabulary)).named("logits")
        p = softmax(logits).named("probabilities", role="result")
        with scope("", "restored", equation="(patched − corrupted) / (clean − corrupted)", below=True):
            right, wrong = (lookup(logits.T, word) for word in words[:2])  # (V, 3), (1, 1) -> (1, 3)
            lead = stretch((right - wrong).T, rows=runs, columns=1).named("lead")
            floor = (lead.rows(1, 2) * 1).named("floor")
            gap = (lead.rows(0, 1) - floor).named("gap")
            restored = ((lead - floor) / where(gap, gap, 1)).named("restored", role="result")
    return Graph([p, restored, *words], prompt=clean)


ARCHITECTURE = Architecture(
    name="activation-patching",
    title="Activation patching",
    family="inference",
    source="Vig et al. 2020",
    about="two prompts beside each other: what carries the answer from one to the other",
    options=ACTIVATION_PATCHING,
    build=build,
    sizes=SIZES,
    takes=frozenset({"ids", "target_ids"}),
    vocabularies=one_vocabulary,
    seed=12588,
)
