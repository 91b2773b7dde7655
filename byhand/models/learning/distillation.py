"""Distillation (Hinton et al. 2015): a small model learns the softened probabilities of a large one."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.ops import exp
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Graph, Inputs, words
from byhand.language.parts import given_table, learning_part
from byhand.layers.losses import cross_entropy, log_softmax

PLACE = "Hinton et al. 2015, section 2"


@dataclass(frozen=True)
class DistillationOptions:
    """temperature: by which the logits of both models are divided. mix: the weight of the soft loss, from 0 to 1."""

    tokens: int = 2
    vocab: int = 3
    temperature: float = 2.0
    mix: float = 0.5


def build_distillation(o: DistillationOptions, weight: Weights, inputs: Inputs) -> Graph:
    if o.temperature == 0 or o.mix > 1:
        raise ByhandError("The temperature is above 0, and mix from 0 to 1: choose such numbers.")
    rows, columns = Dim(o.tokens, words("words", o.tokens)), Dim(o.vocab, words("vocabulary", o.vocab))
    with page("", "Soft targets", equation="q = softmax(teacher / T)", source=f"{PLACE}, eq. 1"):
        t = source("T", o.temperature, "given", meaning="the temperature: a larger one makes probabilities more alike")
        teacher = given_table("teacher", weight, rows, columns, -2, 4).with_role("given")
        with scope("targets_of_teacher"):
            log_q = log_softmax((teacher / t).named("softened", role="temperature"))
        q = exp(log_q).named("q", role="softmax")
    with page("", "Soft loss", equation="−T² Σ q ln p, where p = softmax(student / T)", source=PLACE):
        student = given_table("student", weight, rows, columns, -2, 4)
        with scope("soft"):
            log_p = log_softmax((student / t).named("softened", role="temperature"))
        with scope("", "soft loss", equation="−Σ q ln p"):
            soft = (-(q * log_p).sum(1)).named("soft_losses", role="losses")
        with scope("", "distance from the teacher", equation="KL = Σ q (ln q − ln p)"):
            distance = ((q * log_q).sum(1) + soft).named("kl")
    with page("", "Hard loss", equation="−ln p of the right word, at T = 1", source=PLACE), scope("hard"):
        right = [[n % o.vocab] for n in range(1, o.tokens + 1)]
        targets = source("targets", right, "given", rows=rows.labels, meaning="the right word's place, counted from 0")
        hard, _ = cross_entropy(student, targets)
    with page("", "Loss", equation="mix × T² × soft + (1 − mix) × hard", source=PLACE):
        mix = source("mix", o.mix, "given", meaning="the weight of the soft loss")
        loss = mixed(soft, hard, mix, t)
    return Graph([loss, distance], loss=loss)


def mixed(soft: Node, hard: Node, mix: Node, t: Node) -> Node:
    """Return mix × T² × mean soft loss + (1 − mix) × mean hard loss. (T, 1), (T, 1), (1, 1), (1, 1) -> (1, 1)"""
    mean_soft, mean_hard = soft.mean(0).named("soft_loss"), hard.mean(0).named("hard_loss")
    scaled = (t * t * mean_soft).named("scaled")
    with scope("", "both", look=Look.RESULT):
        return (mix * scaled + (1 - mix) * mean_hard).named("loss", role="result")


DISTILLATION = learning_part(
    "distillation",
    "Distillation",
    "a small model learns the probabilities of a large one",
    DistillationOptions(),
    build_distillation,
    PLACE.split(",")[0],
    sizes={"small": {}, "medium": {"tokens": 3, "vocab": 4}, "large": {"tokens": 4, "vocab": 8}},
    seed=3,
)
