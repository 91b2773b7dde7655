"""RoBERTa (Liu et al. 2019): BERT trained longer, whose positions begin after that of padding and skip padding."""

from dataclasses import replace

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import SO_FAR, Labels, token_ids
from byhand.core.ops import equal
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, Vocabularies, example_ids, words
from byhand.language.masked import encoder_only, fill_in, padding_mask
from byhand.language.options import Options, variant
from byhand.models.encoder import bert

BLANK = "<mask>"
SPECIAL = ("<s>", "<pad>", "</s>", BLANK)


ROBERTA = variant(bert.BERT, segments=1, eps=1e-5, pad=1)
"""The differences from BERT."""


def positions(ids: Node, pad: Node) -> Node:
    """Return pad + the number of real words up to this one; the position of padding is pad. (T, 1) -> (T, 1)"""
    words = ids.shape[0]
    with scope(
        "", "positions", equation="pad + real × (how many are real so far)", source="Liu et al. 2019", look=Look.INPUT
    ):
        real = (1 - equal(ids, pad)).named("real")
        so_far = source("so_far", np.tri(words), "given", rows=words.labels, columns=words.labels, meaning=SO_FAR)
        before = (so_far * real.T).named("real_so_far")  # (T, T) * (1, T) -> (T, T)
        counted = before.sum(1).named("counted")  # (T, T) -> (T, 1)
        return (pad + real * counted).named("position")


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, SPECIAL),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    tokens = token_ids("ids", inputs.ids or example_ids([0, 4, 3, 2, 1], o.vocab, o.max_positions), vocabulary)
    given = inputs.segment_ids or [0] * int(tokens.shape[0])
    segment_ids = bert.segment_column(given, tokens.shape[0].labels, "given")
    mask = padding_mask(tokens, inputs)
    pad = source("pad", o.pad, role="constant", meaning="the id of padding, and its own position")
    like_bert = replace(o, max_positions=o.max_positions + o.pad + 1)
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        x = bert.embedding(table, tokens, segment_ids, positions(tokens, pad), weight, like_bert)
    return fill_in(x, table, tokens, mask, weight, like_bert, "gelu", BLANK)


ARCHITECTURE = encoder_only(
    name="roberta",
    title="RoBERTa",
    source="Liu et al. 2019",
    about="BERT trained longer; its positions leave padding out",
    options=ROBERTA,
    build=build,
    vocabularies=vocabularies,
    seed=565,
)
