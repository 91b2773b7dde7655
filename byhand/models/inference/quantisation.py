"""Quantisation (Jacob et al. 2018; Rouhani et al. 2023): weights in 8 and 4 bits, and the next word that they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Array, Dim, Node, page, scope, source
from byhand.core.labels import Labels, labelled
from byhand.core.ops import argmax, below, log, maximum, sqrt, stretch
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, one_vocabulary
from byhand.language.parts import given_table
from byhand.layers.attention import softmax
from byhand.layers.quantisation import int4, int8, mxfp4

NAMES = ("int8", "int4", "mxfp4")
WAYS = ("exact", *NAMES)


@dataclass(frozen=True)
class Options:
    """group: how many numbers of a row share a scale in int4; block: an exponent in MXFP4 (32 in its specification)."""

    vocab: int = 3
    d_model: int = 6
    group: int = 3
    block: int = 3


def numbers(weight: Weights, rows: int, columns: int) -> Array:
    """Return numbers with two decimals from the seed, of which a few are large, as in a trained layer."""
    draw = np.random.default_rng([weight.seed, rows, columns])
    return np.round(draw.standard_t(4, size=(rows, columns)) * 0.5, 2) + 0.0


def bits(o: Options) -> list[list[float]]:
    """Return the bits of a weight, with its share of a row's scale and zero point (32 + 8), a group's scale (16) ..."""
    d = o.d_model
    groups, exponents = -(-d // o.group), -(-d // o.block)
    return [[32], [8 + (32 + 8) / d], [4 + 16 * groups / d], [4 + 8 * exponents / d]]


def errors(w: Node, restored: list[Node]) -> list[Node]:
    """Return each format's root mean square error, and the largest size of an error. n (V, d) -> 2 n (1, 1)"""
    found = list[Node]()
    with page("", "Errors", equation="restored − W"):
        for name, table in zip(NAMES, restored, strict=True):
            with scope(name, name, equation="root of the mean of the squares, and the largest", below=bool(found)):
                error = (table - w).named("error")
                squares = (error * error).mean(1).named("mean_square")
                found.append(sqrt(squares.mean(0)).named("root_mean_square", role="result"))
                sizes = maximum(error, -error).max(1).named("most")
                found.append(sizes.max(0).named("largest_error", role="result"))
    return found


def saved(o: Options) -> Node:
    """Return how many times smaller the weights are in each format, with their scales. (4, 1)"""
    with page("", "Size", equation="32 / bits with a share of the scales"):
        size = source("bits", bits(o), "given", Labels("all_formats", WAYS))
        return (32 / size).named("times_smaller", role="result")


def next_word(x: Node, tables: list[Node], vocabulary: Labels, o: Options) -> list[Node]:
    """Return each format's probabilities of the next word, how far they are from the exact ones, and the word."""
    rows = Dim(len(tables), Labels("all_formats", WAYS))
    with page("", "The next word", equation="softmax(x Wᵀ)", look=Look.RESULT):
        each = [(x @ w.T).named(f"logits_{name}") for name, w in zip(WAYS, tables, strict=True)]
        logits = stretch(below(*each), rows=rows, columns=Dim(o.vocab, vocabulary))  # 4 (1, d) @ (d, V) -> (4, V)
        p = softmax(logits).named("probabilities", role="result")
        with scope("", "how far from the exact one", equation="KL: Σ p (ln p − ln q)", below=True):
            exact = p.rows(0, 1)
            apart = (exact * (log(exact) - log(p))).named("parts").sum(1).named("distance")
        with scope("", "next word", equation="where is max", look=Look.RESULT):
            word = labelled(argmax(p, axis=1).named("next", role="tokens"), vocabulary)
    return [p, apart, word]


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = one_vocabulary) -> Graph:
    (vocabulary,) = vocabularies(o)
    with page("", "Weights"):
        w = source("W", numbers(weight, o.vocab, o.d_model), "given", vocabulary)
        x = given_table("x", weight, 1, o.d_model).with_role("given")
    with page("int8", "int8"):
        eight = int8(w)
    with page("int4", "int4"):
        four = int4(w, o.group)
    with page("mxfp4", "MXFP4"):
        shared = mxfp4(w, o.block)
    restored = [eight, four, shared]
    return Graph([*next_word(x, [w, *restored], vocabulary, o), *errors(w, restored), saved(o)])


ARCHITECTURE = Architecture(
    name="quantisation",
    title="Quantisation",
    family="inference",
    source="Jacob et al. 2018",
    about="weights in int8, int4 and MXFP4: the errors, and the next word",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 4, "d_model": 8, "group": 4, "block": 4},
        "large": {"vocab": 6, "d_model": 32, "group": 16, "block": 32},
    },
    vocabularies=one_vocabulary,
    seed=1145,
)
