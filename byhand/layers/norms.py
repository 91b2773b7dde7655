"""Layer norm and RMS norm."""

from __future__ import annotations

from byhand.core.graph import Node, scope
from byhand.core.ops import mean_square, sqrt
from byhand.core.weights import Weights


def epsilon(weight: Weights, eps: float) -> Node:
    """Return the ε of all norms of the model. (1, 1)"""
    return weight.constant("eps", eps, "keeps a norm from dividing by 0")


def layer_norm(x: Node, weight: Weights, name: str, eps: float, weights: str = "both") -> Node:
    """Return each row with mean 0 and variance 1, then gain and shift (Ba et al. 2016, eq. 4). (T, d) -> (T, d)

    weights: both, gain (without a shift) or none.
    """
    equation = f"(x − mean) / √(variance + ε){ {'both': ' × γ + β', 'gain': ' × γ', 'none': ''}[weights] }"
    with scope(name, "layer norm", equation=equation, source="Ba et al. 2016, eq. 4"):
        deviation = (x - x.mean(1).named("mean", role="mean")).named("deviation", role="deviation")
        variance = mean_square(deviation, axis=1).named("variance", role="variance")
        root = sqrt(variance + epsilon(weight, eps)).named("root", role="root")
        if weights == "none":
            return (deviation / root).named(name, role="norm")
        normalised = (deviation / root).named("normalised", role="norm")
        gained = normalised * weight("gamma", 1, x.shape[1], fill=1)
        if weights == "both":
            gained = gained + weight("beta", 1, x.shape[1], fill=0)
    return gained.named(name)


def rms_norm(
    x: Node, weight: Weights, name: str, eps: float | Node, from_one: bool = False, gamma: Node | None = None
) -> Node:
    """Return each row over the root of its mean square, times a gain (Zhang and Sennrich 2019, eq. 4). (T, d) -> (T, d)

    `from_one`: the gain is 1 + γ. `eps` is the model's, or a constant of its own. `gamma`: a weight that norms share.
    """
    equation = f"x / √(mean of x² + ε) × {'(1 + γ)' if from_one else 'γ'}"
    with scope(name, "RMS norm", equation=equation, source="Zhang and Sennrich 2019, eq. 4"):
        square = mean_square(x, axis=1).named("mean_square", role="mean_square")
        small = eps if isinstance(eps, Node) else epsilon(weight, eps)
        root = sqrt(square + small).named("root", role="root")
        normalised = (x / root).named("normalised", role="norm")
        gain = weight("gamma", 1, x.shape[1], fill=0 if from_one else 1) if gamma is None else gamma
        gained = normalised * (1 + gain if from_one else gain)
    return gained.named(name)
