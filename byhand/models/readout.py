"""What a model's last table says: a number for each word or class, and their probabilities."""

from byhand.graph import Node, scope, source
from byhand.layers import softmax
from byhand.models.blocks import Options
from byhand.weights import Weights


def word_logits(x: Node, table: Node, weight: Weights, o: Options, bias: bool = False) -> Node:
    """x E^T + b; x W + b where W is not the embeddings again. (T, d), (V, d) -> (T, V)"""
    row, column = ("x Eᵀ", "E x") if o.tied else ("x W", "W x")
    added = " + b" if bias else ""
    with scope("", "logits", equation=f"{row}{added}", column_equation=f"{column}{added}"):
        out = table.T if o.tied else weight("W_vocab", o.d_model, table.shape[0])
        logits = x @ out + weight("b_vocab", 1, table.shape[0]) if bias else x @ out
        return logits.named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)


def probabilities(logits: Node, temperature: float) -> Node:
    """Their softmax, over a temperature that can be retyped where it is not 1. (T, V) -> (T, V)"""
    if temperature != 1:
        logits = (logits / source("T", temperature, role="input")).named("divided", role="temperature")
    return softmax(logits).named("probabilities", role="result")
