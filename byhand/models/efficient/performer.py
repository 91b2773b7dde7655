"""Performer (Choromanski et al. 2021): the softmax's exponential as a product of random features."""

import numpy as np

from byhand.core.graph import Array, Node, page, scope, source
from byhand.core.ops import exp, sqrt, where
from byhand.core.weights import Weights
from byhand.language.approximate_attention import Options, approximate
from byhand.language.options import variant
from byhand.layers.attention_cost import Attention
from byhand.layers.masks import causal_mask
from byhand.models.efficient.linear_attention import as_a_recurrence

PAPER = "Choromanski et al. 2021"
PLACES = 2
"""The decimals of the random numbers, few enough to compute by hand."""


PERFORMER = variant(Options(), tokens=3, features=4, causal=False)
"""features: the number of random features of a query or key."""


def directions(features: int, d_k: int, seed: int) -> Array:
    """Return normal random rows, at right angles to each other in groups of d_k (section 2.4). (features, d_k)"""
    draw = np.random.default_rng([seed, features, d_k])
    q, r = np.linalg.qr(draw.standard_normal((-(-features // d_k), d_k, d_k)))
    turned = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]  # else no direction would be as likely as any
    lengths = np.sqrt(draw.chisquare(d_k, size=(features, 1)))
    result: Array = (np.swapaxes(turned, 1, 2).reshape(-1, d_k)[:features] * lengths).round(PLACES)
    return result


def positive_features(x: Node, omega: Node, name: str) -> Node:
    """e^(ω·x − |x|²/2) / √m of x / ⁴√d_k (lemma 1): their products are e^(q·k / √d_k) on average. (T, d_k) -> (T, m)"""
    about = {"equation": "e^(ω·x − |x|²/2) / √m, x over ⁴√d_k", "source": f"{PAPER}, lemma 1"}
    with scope(name, f"features of {name}", **about):
        small = (x / sqrt(sqrt(x.shape[1]))).named("small")
        half = ((small * small).sum(1) / 2).named("half_square")
        projected = (small @ omega.T).named("projected")  # (T, d_k) @ (d_k, m) -> (T, m)
        return (exp(projected - half) / sqrt(omega.shape[0])).named("phi", role="features")


def favor(phi_q: Node, phi_k: Node, v: Node) -> Node:
    """Return φ(Q) (φ(K)ᵀ V) over φ(Q) (φ(K)ᵀ 1): no table of T × T (eq. 4). 2 (T, m), (T, d_k) -> (T, d_k)"""
    with scope("", "keys first", equation="φ(Q) (φ(K)ᵀ V) / φ(Q) (φ(K)ᵀ 1)", source=f"{PAPER}, eq. 4"):
        state = (phi_k.T @ v).named("S", role="state")  # (m, T) @ (T, d_k) -> (m, d_k)
        total = phi_k.sum(0).T.named("total", role="state")  # (m, 1)
        weighed = (phi_q @ state).named("weighed")  # (T, m) @ (m, d_k) -> (T, d_k)
        return (weighed / (phi_q @ total).named("divisor")).named("Z", role="heads")


def stood_for(phi_q: Node, phi_k: Node, causal: bool) -> Node:
    """Return the attention weights that favor implies but never computes. 2 (T, m) -> (T, T)"""
    with (
        page("", "Weights that it stands for"),
        scope("", "weights that it stands for", equation="φ(Q) φ(K)ᵀ over its row's total", source=f"{PAPER}, eq. 4"),
    ):
        alike = (phi_q @ phi_k.T).named("alike")  # (T, m) @ (m, T) -> (T, T)
        alike = where(causal_mask(phi_q.shape[0]), alike, 0).named("seen", role="mask") if causal else alike
        return (alike / alike.sum(1).named("of_a_row")).named("stood_for", role="attention")


def head(q: Node, k: Node, v: Node, weight: Weights, o: Options) -> list[Node]:
    """Return favor's result; for causal attention its sums grow word by word (section 2.5.1)."""
    with page("favor", "Random features"):
        omega = source("omega", directions(o.features, o.d_k, weight.seed), role="given")
        phi_q, phi_k = positive_features(q, omega, "Q"), positive_features(k, omega, "K")
        z = as_a_recurrence(phi_q, phi_k, v).named("Z", role="heads") if o.causal else favor(phi_q, phi_k, v)
    return [z, stood_for(phi_q, phi_k, o.causal)]


def cheaply(weight: Weights, o: Options) -> Attention:
    """Return the head whose multiplications are counted; its random numbers are given."""
    omega = source("omega", directions(o.features, o.d_k, weight.seed), role="given")

    def counted(q: Node, k: Node, v: Node) -> Node:
        phi_q, phi_k = positive_features(q, omega, "Q"), positive_features(k, omega, "K")
        return (as_a_recurrence if o.causal else favor)(phi_q, phi_k, v)

    return counted


ARCHITECTURE = approximate(
    name="performer",
    title="Performer",
    source=PAPER,
    about="attention by random features, beside the exact one",
    options=PERFORMER,
    seed=13,
    sizes={
        "small": {},
        "medium": {"tokens": 4, "d_model": 6, "d_k": 3, "features": 6},
        "large": {"tokens": 6, "d_model": 8, "d_k": 4, "features": 12},
    },
    head=head,
    cheaply=cheaply,
)
