"""Misconceptions about recurrent networks, state space models, and linear attention."""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import add, div, exp, greater, log, matmul, mul, negate, stretch, sub, tanh, transpose, where
from byhand.core.roles import Role
from byhand.layers.recurrence import sigmoid
from byhand.misconceptions.patterns import ANY, Pattern, bare, nearest, piece
from byhand.misconceptions.rewriting import mistake


def is_state(node: Node) -> bool:
    """Return whether the node is a state, or the initial state."""
    return node.role is Role.STATE or node.symbol.endswith("_0")


A_BAR = "Abar*"
MATMUL_OF_STATE = Pattern(matmul, Pattern(when=is_state))
pre_activation = Pattern(add, Pattern(add, piece(matmul), MATMUL_OF_STATE), piece(role=Role.WEIGHT))
"""x W + h U + b: (x W, b)."""
tanh_state = Pattern(tanh, role=Role.STATE)
"""h = tanh(a): (a,)."""
lstm_state = Pattern(mul, piece(), piece(tanh, piece()), role=Role.STATE)
"""h = o × tanh(c): (o, tanh(c), c)."""
GATED = Pattern(mul, piece(role=Role.GATE), piece())
cell_state = Pattern(add, GATED, GATED, role=Role.STATE)
"""c = f × c before + i × g: (f, c before, i, g)."""
candidate = Pattern(tanh, role=Role.GATE)
"""g = tanh(x): (x,)."""
gate = Pattern(div, ANY, Pattern(add, ANY, Pattern(exp, Pattern(negate, piece()))), role=Role.GATE)
"""A gate's 1 / (1 + e^-x): (x,)."""
scan_state = Pattern(add, Pattern(mul, piece(symbol=A_BAR), piece()), piece(), role=Role.STATE)
"""h = Ā × h before + B̄ × x: (Ā, h before, B̄ x)."""
decay = Pattern(exp, piece(None, ANY, piece()), symbol=A_BAR)
"""Ā = e^(Δ A): (Δ A, A)."""
input_matrix = Pattern(mul, Pattern(transpose), symbol="Bbar*")
"""B̄ = Δ B: (Δ, B)."""
step_size = Pattern(log, Pattern(add, ANY, Pattern(exp, piece())), role=Role.STEP_SIZE)
"""Δ = ln(1 + e^x): (x,)."""
logs = Pattern(negate, Pattern(exp, piece()), symbol="A")
"""A = -e^x: (x,)."""
features = Pattern(where, ANY, ANY, Pattern(exp, piece()), role=Role.FEATURES)
"""x + 1 if x is above 0, else e^x: (x,)."""
running_sum = Pattern(add, Pattern(role=Role.STATE), role=Role.STATE)
"""A running sum: (the sum before, the word's own term)."""
over_divisor = Pattern(div, piece(), Pattern(symbol="divisor*"))
from_later_state = Pattern(matmul, Pattern(role=Role.STATE), Pattern(role=Role.WEIGHT))


def from_a_state(node: Node) -> tuple[Node, ...] | None:
    """Match h U, if h is not the initial state: (the initial state, U)."""
    if not from_later_state(node):
        return None
    h, u = node.args
    first = nearest(h, lambda n: n.role is Role.INPUT and n.symbol.endswith("_0") and n.symbol != "c_0")
    return (first, u) if first and first.shape == h.shape else None


RECURRENT = (
    mistake(
        "state-left-out",
        "You left out the state before: what the word brings is added to what is kept of that state.",
        (pre_activation, lambda of_x, b: of_x + b),
        (scan_state, lambda decay, before, new: bare(new)),
    ),
    mistake(
        "first-state-again",
        "You started from the first state again; each step goes on from the state that the last one left.",
        (from_a_state, lambda first, u: first @ u),
    ),
    mistake(
        "state-without-tanh",
        "You left out the tanh, which keeps every number of the state between −1 and 1.",
        (tanh_state, lambda a: a),
        (lstm_state, lambda o, tanh_state, c: o * c),
    ),
    mistake(
        "sigmoid-for-tanh",
        "You took the sigmoid; the new state is a tanh, which lies between −1 and 1.",
        (tanh_state, lambda a: sigmoid(a)),
    ),
    mistake(
        "forget-and-input-swapped",
        "You swapped two gates: the forget gate multiplies what the cell held, the input gate what is new.",
        (cell_state, lambda f, before, i, g: i * before + f * g),
    ),
    mistake(
        "forget-gate-left-out",
        "You kept all that the cell held: it is multiplied by the forget gate first.",
        (cell_state, lambda f, before, i, g: before + i * g),
    ),
    mistake(
        "input-gate-left-out",
        "You took in all that is new: it is multiplied by the input gate first.",
        (cell_state, lambda f, before, i, g: f * before + g),
    ),
    mistake(
        "output-gate-left-out",
        "You showed the whole cell: its tanh is multiplied by the output gate.",
        (lstm_state, lambda o, tanh_state, c: bare(tanh_state)),
    ),
    mistake(
        "tanh-for-a-gate",
        "You opened the gates by tanh; a gate is a sigmoid, between 0 and 1.",
        (gate, lambda x: tanh(x)),
    ),
    mistake(
        "gate-for-the-candidate",
        "You took a sigmoid for g; what may be taken in is a tanh, between −1 and 1.",
        (candidate, lambda x: sigmoid(x)),
    ),
)

delta_error = Pattern(mul, piece(), Pattern(sub, piece(), Pattern(symbol="recalled*")), symbol="delta_*")
"""β (v − k S): (β, v)."""
recalled = Pattern(matmul, piece(), Pattern(mul, ANY, piece(when=is_state), symbol="faded*"), symbol="recalled*")
"""k (α S): (k, S)."""
faded = Pattern(mul, ANY, piece(when=is_state), symbol="faded*")
"""α S: (S,)."""


DELTA = (
    mistake(
        "delta-without-what-is-recalled",
        "You added the whole value; the state is corrected by what it gets wrong, the value less what it recalls.",
        (delta_error, lambda beta, v: beta * v),
    ),
    mistake(
        "recalled-before-fading",
        "You asked the state before it faded; it fades first, and is then asked for the key.",
        (recalled, lambda k, before: k @ before),
    ),
    mistake(
        "state-not-faded",
        "You kept the whole state of the word before; only the share α of it stays.",
        (faded, lambda before: bare(before)),
    ),
    mistake(
        "delta-at-full-strength",
        "You left out β: what is wrong is corrected only as strongly as the word says.",
        (Pattern(mul, ANY, piece(sub, ANY, Pattern(symbol="recalled*")), symbol="delta_*"), lambda wrong: wrong),
    ),
)

SCAN = (
    mistake(
        "softplus-left-out",
        "You left out the softplus: a step is ln(1 + e to the number), so that it is above 0.",
        (step_size, lambda x: x),
    ),
    mistake(
        "decay-without-exponential",
        "You took Δ A itself; what is kept of the state is e to that power, between 0 and 1.",
        (decay, lambda product, a: bare(product)),
    ),
    mistake(
        "decay-without-the-step",
        "You left out the step in e to the power of Δ A: a longer step lets more of the state fade.",
        (decay, lambda product, a: exp(a)),
    ),
    mistake(
        "logarithm-for-the-decay",
        "You took the numbers of A_log themselves; A is minus e to the power of each.",
        (logs, lambda x: x),
    ),
    mistake(
        "decay-left-out",
        "You kept the whole state: it is multiplied by Ā before the new is added.",
        (scan_state, lambda decay, before, new: before + new),
    ),
    mistake(
        "step-left-out-of-the-input",
        "You took in B x as it is; B is multiplied by the step Δ first.",
        (input_matrix, lambda step, b: stretch(b, rows=step.shape[0], columns=b.shape[1])),
    ),
)

LINEAR = (
    mistake(
        "feature-without-one",
        "You took elu itself; 1 is added to it, so that no feature is below 0.",
        (features, lambda x: where(greater(x, 0), x, exp(x) - 1)),
    ),
    mistake(
        "divisor-left-out",
        "You left out the divisor: without a softmax, the sum of the weights must be divided by in the end.",
        (over_divisor, lambda weighed: weighed),
    ),
    mistake(
        "state-of-one-word",
        "You kept the last word's part only; the state adds up what every word so far brings.",
        (running_sum, lambda before, own: own if own.name else bare(own)),
    ),
)
