"""Mamba (Gu and Dao 2023): a selective state space in place of attention."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from byhand.core.graph import Dim, Node, page, scope
from byhand.core.labels import Labels
from byhand.core.ops import exp
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, one_vocabulary
from byhand.language.generation import predictions, read_and_write
from byhand.language.options import option
from byhand.layers.activations import silu
from byhand.layers.linear import embed, linear, residual
from byhand.layers.norms import rms_norm
from byhand.layers.recurrence import causal_convolution, selective_scan, softplus


@dataclass(frozen=True)
class Options:
    vocab: int = 8
    d_model: int = 3
    d_inner: int = 3
    d_state: int = 2
    d_conv: int = 2
    d_step: int = 1
    layers: int = option(1, counts="layers")
    bias: bool = False
    conv_bias: bool = True
    zoh: bool = False
    tied: bool = True
    temperature: float = 1.0
    eps: float = 1e-5


def block(x: Node, weight: Weights, o: Options) -> Node:
    """Return x plus one block: widen, convolve, scan, gate, narrow (figure 3). (T, d) -> (T, d)"""
    with page("", "Mix", source="Gu and Dao 2023, figure 3"):
        y = rms_norm(x, weight, "norm", o.eps)
        with scope("", "project", equation="x W_x, x W_z"):
            u = linear(y, weight, "x", o.d_inner, o.bias).named("u")  # (T, d) @ (d, D) -> (T, D)
            z = linear(y, weight, "z", o.d_inner, o.bias).named("z")
        with scope("", "convolve", equation="SiLU(Σₖ wₖ × u of k steps ago)"):
            mixed = causal_convolution(u, weight("w", o.d_conv, o.d_inner))
            mixed = mixed + weight("b_conv", 1, o.d_inner) if o.conv_bias else mixed
            u = silu(mixed.named("convolved")).named("x_s", role="activation")
    with page("", "Select", equation="Δ, B and C from the word", source="Gu and Dao 2023, section 3.2"):
        low = linear(u, weight, "low", o.d_step, bias=False).named("low")  # (T, D) @ (D, R) -> (T, R)
        delta = softplus(linear(low, weight, "delta", o.d_inner)).named("delta", role="step_size")  # (T, D)
        b = linear(u, weight, "B", o.d_state, bias=False).named("B")  # (T, D) @ (D, N) -> (T, N)
        c = linear(u, weight, "C", o.d_state, bias=False).named("C")
    with page("", "Scan"):
        logs = np.log(np.arange(1, o.d_state + 1))
        a = (-exp(weight("A_log", o.d_inner, o.d_state, fill=logs))).named("A")
        y = selective_scan(u, delta, a, b, c, o.zoh)
    with page("", "Gate"):
        with scope("", "gate", equation="(y + D × x) × SiLU(z)"):
            y = (y + u * weight("D", 1, o.d_inner, fill=1)).named("y")
            y = (y * silu(z)).named("gated", role="gate")
        return residual(x, linear(y, weight, "O", o.d_model, o.bias).named("mixed"), "output")


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Return the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        x = embed(table, ids, "x")
    for layer in range(1, o.layers + 1):
        with scope(f"layer{layer}", f"Layer {layer}"):
            x = block(x, weight, o)
    with page("", "Output"):
        x = rms_norm(x, weight, "final_norm", o.eps)
        with scope(
            "",
            "logits",
            equation="x Eᵀ" if o.tied else "x W",
            column_equation="E x" if o.tied else "W x",
            look=Look.RESULT,
        ):
            out = table.T if o.tied else weight("W_vocab", o.d_model, Dim(o.vocab, vocabulary))
            logits = (x @ out).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return predictions(logits, vocabulary, o.temperature)


ARCHITECTURE = Architecture(
    name="mamba",
    title="Mamba",
    family="state space",
    source="Gu and Dao 2023",
    about="reads step by step, and lets each word say what the state keeps",
    options=Options(),
    build=partial(read_and_write, forward=forward, prompt=[0, 1, 4]),
    sizes={
        "small": {},
        "medium": {"vocab": 8, "d_model": 4, "d_inner": 4, "d_conv": 3, "d_step": 2},
        "large": {"vocab": 12, "d_model": 4, "d_inner": 8, "d_state": 4, "d_conv": 4, "d_step": 2, "layers": 2},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=one_vocabulary,
    seed=4818,
)
