"""Performer (Choromanski et al. 2021): a softmax's exponential as a product of random features, added up first."""

from dataclasses import dataclass

import numpy as np

from byhand.graph import Array, Node, page, scope, source
from byhand.layers import attend, attention_equations, linear
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.parts import table_of_input
from byhand.ops import exp, sqrt
from byhand.savings import distance, savings
from byhand.weights import Weights

PAPER = "Choromanski et al. 2021"
PLACES = 2
"""Decimals of the random numbers, so that a person can work with them."""


@dataclass(frozen=True)
class Options:
    tokens: int = 3
    d_model: int = 4
    d_k: int = 2
    features: int = 4


def directions(features: int, d_k: int, seed: int) -> Array:
    """Normal random rows, at right angles to each other in groups of d_k (section 2.4). (features, d_k)"""
    draw = np.random.default_rng([seed, features, d_k])
    q, r = np.linalg.qr(draw.standard_normal((-(-features // d_k), d_k, d_k)))
    turned = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]  # else no direction would be as likely as any
    lengths = np.sqrt(draw.chisquare(d_k, size=(features, 1)))
    found: Array = (np.swapaxes(turned, 1, 2).reshape(-1, d_k)[:features] * lengths).round(PLACES)
    return found


def positive_features(x: Node, omega: Node, name: str) -> Node:
    """e^(ω·x − |x|²/2) / √m of x / ⁴√d_k (lemma 1): their products are e^(q·k / √d_k) on average. (T, d_k) -> (T, m)"""
    about = {"equation": "e^(ω·x − |x|²/2) / √m, x over ⁴√d_k", "source": f"{PAPER}, lemma 1"}
    with scope(name, f"features of {name}", **about):
        small = (x / sqrt(sqrt(x.shape[1]))).named("small")
        half = ((small * small).sum(1) / 2).named("half_square")
        projected = (small @ omega.T).named("projected")  # (T, d_k) @ (d_k, m) -> (T, m)
        return (exp(projected - half) / sqrt(omega.shape[0])).named("phi", role="features")


def favor(q: Node, k: Node, v: Node, omega: Node) -> Node:
    """φ(Q) (φ(K)ᵀ V) over φ(Q) (φ(K)ᵀ 1): no table of T × T (eq. 4). (T, d_k) ... -> (T, d_k)"""
    phi_q, phi_k = positive_features(q, omega, "Q"), positive_features(k, omega, "K")
    with scope("", "keys first", equation="φ(Q) (φ(K)ᵀ V) / φ(Q) (φ(K)ᵀ 1)", source=f"{PAPER}, eq. 4"):
        state = (phi_k.T @ v).named("S", role="state")  # (m, T) @ (T, d_k) -> (m, d_k)
        total = phi_k.sum(0).T.named("total", role="state")  # (m, 1)
        weighed = (phi_q @ state).named("weighed")  # (T, m) @ (m, d_k) -> (T, d_k)
        return (weighed / (phi_q @ total).named("divisor")).named("Z", role="heads")


def exactly(q: Node, k: Node, v: Node) -> Node:
    return attend(q, k, v, None)


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
        with scope("", "queries, keys, values", equation="X W_Q, X W_K, X W_V"):
            q, k, v = (linear(x, weight, name, o.d_k, bias=False).named(name) for name in "QKV")
    with page("favor", "Random features"):
        omega = source("omega", directions(o.features, o.d_k, weight.seed), role="given")
        z = favor(q, k, v, omega).playing("result")
    with page("exact", "Exact attention", **attention_equations(False)):
        exact = exactly(q, k, v)
    saved = savings(exactly, lambda q, k, v: favor(q, k, v, omega), o.tokens, o.d_k)
    return Graph([z, distance(z, exact), saved])


ARCHITECTURE = Architecture(
    name="performer",
    title="Performer",
    family="sparse and long",
    source=PAPER,
    about="attention by random features, beside the exact one",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 4, "d_model": 6, "d_k": 3, "features": 6},
        "large": {"tokens": 6, "d_model": 8, "d_k": 4, "features": 12},
    },
    seed=1435,
)
