"""CLIP (Radford et al. 2021): pictures and their texts in one space, where each finds its own among the others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import exp, maximum, sqrt
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs
from byhand.language.parts import given_table, learning_part
from byhand.layers.linear import multiplied
from byhand.layers.losses import cross_entropy

PLACE = "Radford et al. 2021, figure 3"
START = math.log(1 / 0.07)
"""The logarithm of the scale where training begins (section 2.5)."""
OWN = "the place of its own among the others, counted from 0"
LEAST = "keeps a row of zeros from being divided by 0"
SHORTEST = 1e-12
"""A length below which a row is not made 1 long, as in PyTorch's normalize."""


@dataclass(frozen=True)
class ClipOptions:
    """pairs: of a picture and its text. width: of the space in which both are compared."""

    pairs: int = 3
    d_image: int = 4
    d_text: int = 3
    width: int = 2


def build_clip(o: ClipOptions, weight: Weights, inputs: Inputs) -> Graph:
    images = Dim(o.pairs, Labels("images", tuple(f"picture {n + 1}" for n in range(o.pairs))))
    texts = Dim(o.pairs, Labels("texts", tuple(f"text {n + 1}" for n in range(o.pairs))))
    with page("image", "Pictures", equation="I W_i, each row made 1 long", source=PLACE):
        pictures = direction(given_table("features", weight, images, o.d_image, -1, 3), weight, o.width)
    with page("text", "Texts", equation="T W_t, each row made 1 long", source=PLACE):
        written = direction(given_table("features", weight, texts, o.d_text, -1, 3), weight, o.width)
    with page("", "Similarity", equation="e^t × I Tᵀ", source=PLACE):
        scale = exp(weight("t", 1, 1, fill=START)).named("scale")
        cosine = (pictures @ written.T).named("cosine")  # (N, w) @ (w, N) -> (N, N)
        logits = (scale * cosine).named("logits", role="result")
    losses = []
    for name, title, of in (("to_texts", "Picture to texts", images), ("to_images", "Text to pictures", texts)):
        with page(name, title, equation="−ln softmax, of its own", source=PLACE):
            own = source("own", np.arange(o.pairs)[:, None], "given", rows=of.labels, meaning=OWN)
            each, _ = cross_entropy(logits if of is images else logits.T, own)
            losses.append(each.mean(0).named("mean_loss"))
    with page("", "Loss", equation="the mean of both ways", source=PLACE), scope("", "both ways", look=Look.RESULT):
        loss = ((losses[0] + losses[1]) / 2).named("loss", role="result")
    return Graph([loss, logits], loss=loss)


def direction(features: Node, weight: Weights, width: int) -> Node:
    """Return each row of x W divided by its length. (N, d) @ (d, width) -> (N, width)"""
    e = multiplied(features, weight, "W", width).named("projected")
    length = sqrt((e * e).named("squares").sum(1)).named("length")
    return (e / maximum(length, weight.constant("eps", SHORTEST, LEAST))).named("unit")


CLIP = learning_part(
    "clip",
    "CLIP",
    "pictures and texts in one space: each finds its own among the others",
    ClipOptions(),
    build_clip,
    PLACE.split(",")[0],
    sizes={
        "small": {},
        "medium": {"pairs": 4, "width": 3},
        "large": {"pairs": 6, "d_image": 8, "d_text": 6, "width": 4},
    },
    seed=30,
)
