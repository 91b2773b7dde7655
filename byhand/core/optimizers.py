"""Optimizers: one step from a weight and its gradient to the new weight, as graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from byhand.core.graph import Node
from byhand.core.ops import alias, power, sqrt

State = dict[str, Node]
"""An optimizer's state for one weight, by name, such as Adam's m and v."""
Constants = Mapping[str, Node]
"""The learning rate and the optimizer's other constants, each (1, 1)."""
Step = Callable[[Node, Node, State, int | Node, Constants], tuple[Node, State]]
"""(weight, gradient, state, the step's number from 1, constants) -> (the new weight, not named; the new state)."""


def sgd(w: Node, g: Node, state: State, t: int | Node, constants: Constants) -> tuple[Node, State]:
    """Return w - lr g: gradient descent (Robbins and Monro 1951)."""
    return w - constants["learning_rate"] * g, {}


def momentum(w: Node, g: Node, state: State, t: int | Node, constants: Constants) -> tuple[Node, State]:
    """Return w - lr v with v = mu v + g (Sutskever et al. 2013, eq. 1 and 2; the rate is outside v as in PyTorch)."""
    v = (constants["momentum"] * state["v"] + g if state else alias(g)).named("v")
    return w - constants["learning_rate"] * v, {"v": v}


def adam(w: Node, g: Node, state: State, t: int | Node, constants: Constants) -> tuple[Node, State]:
    """Running means of g and g², freed of their bias to 0, then w - lr m̂ / (√v̂ + ε) (Kingma and Ba 2015, alg. 1)."""
    change, state = _adam_change(g, state, t, constants)
    return w - constants["learning_rate"] * change, state


def adamw(w: Node, g: Node, state: State, t: int | Node, constants: Constants) -> tuple[Node, State]:
    """Return Adam's step with weight decay: w - lr (m̂ / (√v̂ + ε) + λ w) (Loshchilov and Hutter 2019, alg. 2)."""
    change, state = _adam_change(g, state, t, constants)
    return w - constants["learning_rate"] * (change + constants["weight_decay"] * w), state


def _adam_change(g: Node, state: State, t: int | Node, constants: Constants) -> tuple[Node, State]:
    means = {}
    for name, beta_name, new in (("m", "beta1", g), ("v", "beta2", g * g)):
        beta = constants[beta_name]
        fresh = (1 - beta) * new
        means[name] = (beta * state[name] + fresh if state else fresh).named(name)
        means[f"{name}_hat"] = (means[name] / (1 - power(beta, t))).named(f"{name}_hat")
    change = means["m_hat"] / (sqrt(means["v_hat"]) + constants["adam_eps"])
    return change, {"m": means["m"], "v": means["v"]}


@dataclass(frozen=True)
class Optimizer:
    """An optimizer: its step, its equation, and its constants with their defaults."""

    step: Step
    equation: str
    source: str
    constants: dict[str, float]


MEANINGS = {
    "learning_rate": "how far a step goes: change it, and see the loss",
    "momentum": "the share of the last step that is kept",
    "beta1": "how slowly the mean of the gradient follows",
    "beta2": "how slowly the mean of its square follows",
    "adam_eps": "keeps a step from dividing by 0",
    "weight_decay": "how fast weights shrink",
}
"""The meaning of each constant, as workbooks show it."""
ADAM = {"beta1": 0.9, "beta2": 0.999, "adam_eps": 1e-8}
OPTIMIZERS = {
    "sgd": Optimizer(sgd, "w′ = w − lr × ∂w", "Robbins and Monro 1951", {"learning_rate": 0.1}),
    "momentum": Optimizer(
        momentum, "v = μ v + ∂w,  w′ = w − lr × v", "Sutskever et al. 2013", {"learning_rate": 0.1, "momentum": 0.9}
    ),
    "adam": Optimizer(
        adam, "w′ = w − lr × m̂ / (√v̂ + ε)", "Kingma and Ba 2015, algorithm 1", {"learning_rate": 0.01} | ADAM
    ),
    "adamw": Optimizer(
        adamw,
        "w′ = w − lr × (m̂ / (√v̂ + ε) + λ w)",
        "Loshchilov and Hutter 2019, algorithm 2",
        {"learning_rate": 0.01, "weight_decay": 0.01} | ADAM,
    ),
}
