"""Linear attention (Katharopoulos et al. 2020): without a softmax, the sum over earlier words is a state."""

from byhand.core.graph import Node, page, scope
from byhand.core.ops import below, exp, greater, stretch, where
from byhand.core.weights import Weights
from byhand.language.approximate_attention import Options, approximate
from byhand.layers.attention_cost import Attention
from byhand.layers.masks import causal_mask

PAPER = "Katharopoulos et al. 2020"


LINEAR_ATTENTION = Options(causal=True)
"""No word sees later ones."""


def features(x: Node, name: str) -> Node:
    """Return elu(x) + 1, which is above 0 (eq. 7). (T, d_k) -> (T, d_k)"""
    return where(greater(x, 0), x + 1, exp(x)).named(name, role="features")


def as_a_sum(q: Node, k: Node, v: Node) -> Node:
    """Return Σ_j φ(q)·φ(k_j) v_j / Σ_j φ(q)·φ(k_j), over the words up to each one (eq. 8). (T, d_k) ... -> (T, d_k)"""
    with scope("sum", "as a sum", equation="mask(Q Kᵀ) over its row's total, times V", source=f"{PAPER}, eq. 8"):
        alike = (q @ k.T).named("alike", role="scores")  # (T, d_k) @ (d_k, T) -> (T, T)
        visible = where(causal_mask(q.shape[0]), alike, 0).named("seen", role="mask")
        weights = (visible / visible.sum(1).named("total", role="total")).named("weights", role="attention")
        return (weights @ v).named("Z", role="heads")  # (T, T) @ (T, d_k) -> (T, d_k)


def as_a_recurrence(q: Node, k: Node, v: Node) -> Node:
    """Return it word by word: S holds Σ φ(k)ᵀ v and total holds Σ φ(k)ᵀ (eq. 18 to 20). (T, d_k) ... -> (T, d_k)"""
    rows = []
    state = total = None
    for t in range(int(q.shape[0])):
        about = {
            "equation": "S + kᵀ v, total + kᵀ, q S / q total",
            "source": f"{PAPER}, eq. 18 to 20",
        }
        with scope("", f"word {t + 1}", **about):
            now = k.rows(t, t + 1).T
            added = now @ v.rows(t, t + 1)  # (d_k, 1) @ (1, d_k) -> (d_k, d_k)
            state = (added if state is None else state + added).named(f"S_{t + 1}", role="state")
            total = (now * 1 if total is None else total + now).named(f"total_{t + 1}", role="state")
            here = q.rows(t, t + 1)
            weighed = (here @ state).named(f"weighed_{t + 1}")  # (1, d_k) @ (d_k, d_k) -> (1, d_k)
            rows.append((weighed / (here @ total).named(f"divisor_{t + 1}")).named(f"out_{t + 1}", role="heads"))
    return stretch(below(*rows), rows=q.shape[0], columns=v.shape[1])


def head(q: Node, k: Node, v: Node, weight: Weights, o: Options) -> list[Node]:
    """Return the recurrence, and its difference from the sum."""
    with (
        page("", "Features"),
        scope("", "features", equation="φ(x) = elu(x) + 1: x + 1 above 0, else e^x", source=f"{PAPER}, eq. 7"),
    ):
        phi_q, phi_k = features(q, "phi_Q"), features(k, "phi_K")
    with page("", "As a sum"):
        summed = as_a_sum(phi_q, phi_k, v)
    with page("", "As a recurrence"):
        carried = as_a_recurrence(phi_q, phi_k, v).named("Z", role="heads")
    with page("", "Shown equal"), scope("", "the two ways", equation="recurrence − sum: 0 but for rounding"):
        return [carried, (carried - summed).named("difference")]


def cheaply(weight: Weights, o: Options) -> Attention:
    """Return the recurrence, whose multiplications are counted."""
    return lambda q, k, v: as_a_recurrence(features(q, "Q"), features(k, "K"), v)


ARCHITECTURE = approximate(
    name="linear-attention",
    title="Linear attention",
    source=PAPER,
    about="attention as a sum and as a recurrence, shown equal",
    options=LINEAR_ATTENTION,
    seed=192,
    sizes={
        "small": {},
        "medium": {"tokens": 5, "d_model": 6, "d_k": 3},
        "large": {"tokens": 6, "d_model": 8, "d_k": 4},
    },
    head=head,
    cheaply=cheaply,
)
