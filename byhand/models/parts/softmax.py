"""Scores to probabilities: softmax (Bridle 1990), and the prediction of a word."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, page, scope, source
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, words
from byhand.language.options import option
from byhand.language.parts import part, table_of_input
from byhand.layers.attention import softmax
from byhand.layers.linear import linear


@dataclass(frozen=True)
class SoftmaxOptions:
    rows: int = 3
    width: int = 4
    temperature: float = 1.0
    base: float = option(0.0, zero="e")


def build_softmax(o: SoftmaxOptions, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Softmax", source="Bridle 1990"):
        x = table_of_input(weight, o.rows, o.width)
        temperature = source("T", o.temperature, role="input")
        divided = (x / temperature).named("divided", role="temperature")
        p = softmax(divided, base=o.base or None)
        return Graph([p.named("probabilities", role="result")])


SOFTMAX = part(
    "softmax",
    "Softmax",
    "scores to probabilities",
    SoftmaxOptions(),
    build_softmax,
    "Bridle 1990",
    sizes={"small": {}, "medium": {"rows": 4, "width": 6}, "large": {"rows": 6, "width": 10}},
)


@dataclass(frozen=True)
class PredictionOptions:
    tokens: int = 1
    d_model: int = 2
    vocab: int = 3


def build_prediction(o: PredictionOptions, weight: Weights, inputs: Inputs) -> Graph:
    vocabulary = words("vocabulary", o.vocab)
    with page("", "Prediction"):
        x = table_of_input(weight, o.tokens, o.d_model)
        with scope("", "logits", equation="x W + b", column_equation="W x + b", look=Look.RESULT):
            logits = linear(x, weight, "vocab", Dim(o.vocab, vocabulary)).named("logits", role="result")
        return Graph([softmax(logits).named("probabilities", role="result")], logits=logits)


PREDICTION = part(
    "prediction",
    "Prediction",
    "features to the probabilities of words",
    PredictionOptions(),
    build_prediction,
    "Bengio et al. 2003",
    sizes={"small": {}, "medium": {"tokens": 2, "vocab": 4}, "large": {"tokens": 3, "d_model": 4, "vocab": 6}},
)
