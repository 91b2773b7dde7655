"""Activation functions: ReLU and its square, GELU in its forms, SiLU."""

from __future__ import annotations

from collections.abc import Callable

from byhand.core.graph import Node
from byhand.core.ops import constant, erf, exp, maximum, pi, power, sqrt, tanh


def relu(x: Node) -> Node:
    return maximum(x, 0)


def relu_squared(x: Node) -> Node:
    """Return the square of ReLU (So et al. 2021, section 3)."""
    return power(maximum(x, 0), 2)


def gelu(x: Node) -> Node:
    """Return x Phi(x), with the exact normal distribution function (Hendrycks and Gimpel 2016, section 2)."""
    return 0.5 * x * (1 + erf(x / sqrt(2)))


def gelu_tanh(x: Node) -> Node:
    """Return the tanh approximation of GELU (Hendrycks and Gimpel 2016, section 2), as in GPT-2."""
    return 0.5 * x * (1 + tanh(sqrt(2 / pi()) * (x + 0.044715 * power(x, 3))).named("tanh"))


def gelu_bloom(x: Node) -> Node:
    """Return the same with √(2/π) rounded to eight digits, as BLOOM was trained."""
    return 0.5 * x * (1 + tanh(constant(value=79788456.0) / 100_000_000 * (x + 0.044715 * power(x, 3))).named("tanh"))


def silu(x: Node) -> Node:
    """Return x times the logistic function of x (Hendrycks and Gimpel 2016, section 2; Ramachandran et al. 2017)."""
    return x / (1 + exp(-x))


def gelu_quick(x: Node) -> Node:
    """Return x times the logistic function of 1.702 x (Hendrycks and Gimpel 2016, section 2)."""
    return x / (1 + exp(-1.702 * x))


ACTIVATIONS: dict[str, tuple[Callable[[Node], Node], str]] = {
    "relu": (relu, "ReLU"),
    "relu_squared": (relu_squared, "ReLU²"),
    "gelu": (gelu, "GELU"),
    "gelu_tanh": (gelu_tanh, "GELU"),
    "gelu_bloom": (gelu_bloom, "GELU"),
    "gelu_quick": (gelu_quick, "GELU"),
    "silu": (silu, "SiLU"),
}
"""Name -> the function, and what the papers call it."""
