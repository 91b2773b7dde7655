"""What goes wrong where a state is carried from step to step: recurrent networks, scans, and linear attention."""

from __future__ import annotations

from byhand.core import ops
from byhand.core.graph import Node
from byhand.core.ops import exp, greater, stretch, tanh, where
from byhand.core.roles import Role
from byhand.layers.recurrence import sigmoid
from byhand.misconceptions.rewriting import bare, mistake, nearest

Pieces = tuple[Node, ...]


def stepped(node: Node) -> Pieces | None:
    """x W + h U + b: (x W, b)."""
    if node.op is not ops.add or node.args[0].op is not ops.add:
        return None
    of_x, of_h = node.args[0].args
    carried = of_h.op is ops.matmul and (of_h.args[0].role is Role.STATE or of_h.args[0].symbol.endswith("_0"))
    return (of_x, node.args[1]) if carried and of_x.op is ops.matmul and node.args[1].role is Role.WEIGHT else None


def from_a_state(node: Node) -> Pieces | None:
    """h U, of a state that is not the first: (the first, U)."""
    if node.op is not ops.matmul or node.args[0].role is not Role.STATE or node.args[1].role is not Role.WEIGHT:
        return None
    first = nearest(node.args[0], lambda n: n.role is Role.INPUT and n.symbol.endswith("_0") and n.symbol != "c_0")
    return (first, node.args[1]) if first and first.shape == node.args[0].shape else None


def squashed(node: Node) -> Pieces | None:
    """h = tanh(a): (a,)."""
    return node.args if node.role is Role.STATE and node.op is ops.tanh else None


def shown(node: Node) -> Pieces | None:
    """h = o × tanh(c): (o, tanh(c), c)."""
    found = node.role is Role.STATE and node.op is ops.mul and node.args[1].op is ops.tanh
    return (*node.args, *node.args[1].args) if found else None


def kept(node: Node) -> Pieces | None:
    """c = f × c before + i × g: (f, c before, i, g)."""
    found = node.role is Role.STATE and node.op is ops.add and [a.op for a in node.args] == [ops.mul, ops.mul]
    pieces = (*node.args[0].args, *node.args[1].args) if found else ()
    return pieces if pieces and pieces[0].role == pieces[2].role is Role.GATE else None


def candidate(node: Node) -> Pieces | None:
    return node.args if node.role is Role.GATE and node.op is ops.tanh else None


def opened(node: Node) -> Pieces | None:
    """A gate's 1 / (1 + e^-x): (x,)."""
    found = node.role is Role.GATE and node.op is ops.div and node.args[1].op is ops.add
    return node.args[1].args[1].args[0].args if found else None


def scanned(node: Node) -> Pieces | None:
    """h = Ā × h before + B̄ × x: (Ā, h before, B̄ x)."""
    found = node.role is Role.STATE and node.op is ops.add and node.args[0].op is ops.mul
    return (*node.args[0].args, node.args[1]) if found and node.args[0].args[0].symbol[:4] == "Abar" else None


def decay(node: Node) -> Pieces | None:
    """Ā = e^(Δ A): (Δ A, A)."""
    return (*node.args, node.args[0].args[1]) if node.op is ops.exp and node.symbol[:4] == "Abar" else None


def taken_in(node: Node) -> Pieces | None:
    """B̄ = Δ B: (Δ, B)."""
    found = node.op is ops.mul and node.symbol[:4] == "Bbar" and node.args[0].op is ops.transpose
    return node.args if found else None


def step_size(node: Node) -> Pieces | None:
    """Δ = ln(1 + e^x): (x,)."""
    return node.args[0].args[1].args if node.role is Role.STEP_SIZE and node.op is ops.log else None


def logs(node: Node) -> Pieces | None:
    """A = -e^x: (x,)."""
    return node.args[0].args if node.symbol == "A" and node.op is ops.negate else None


def features(node: Node) -> Pieces | None:
    """x + 1 above 0, else e^x: (x,)."""
    return node.args[2].args if node.role is Role.FEATURES and node.op is ops.where else None


def summed_up(node: Node) -> Pieces | None:
    """What was added up before, and what the word adds: (before, own)."""
    return node.args if node.role is Role.STATE and node.op is ops.add and node.args[0].role is Role.STATE else None


def over_divisor(node: Node) -> Pieces | None:
    return node.args[:1] if node.op is ops.div and node.args[1].symbol.startswith("divisor") else None


RECURRENT = (
    mistake(
        "state-left-out",
        "You left out the state before: what the word brings is added to what is kept of that state.",
        (stepped, lambda of_x, b: of_x + b),
        (scanned, lambda decay, before, new: bare(new)),
    ),
    mistake(
        "first-state-again",
        "You started from the first state again; each step goes on from the state that the last one left.",
        (from_a_state, lambda first, u: first @ u),
    ),
    mistake(
        "state-without-tanh",
        "You left out the tanh, which keeps every number of the state between −1 and 1.",
        (squashed, lambda a: a),
        (shown, lambda o, squashed, c: o * c),
    ),
    mistake(
        "sigmoid-for-tanh",
        "You took the sigmoid; the new state is a tanh, which lies between −1 and 1.",
        (squashed, lambda a: sigmoid(a)),
    ),
    mistake(
        "forget-and-input-swapped",
        "You swapped two gates: the forget gate multiplies what the cell held, the input gate what is new.",
        (kept, lambda f, before, i, g: i * before + f * g),
    ),
    mistake(
        "forget-gate-left-out",
        "You kept all that the cell held: it is multiplied by the forget gate first.",
        (kept, lambda f, before, i, g: before + i * g),
    ),
    mistake(
        "input-gate-left-out",
        "You took in all that is new: it is multiplied by the input gate first.",
        (kept, lambda f, before, i, g: f * before + g),
    ),
    mistake(
        "output-gate-left-out",
        "You showed the whole cell: its tanh is multiplied by the output gate.",
        (shown, lambda o, squashed, c: bare(squashed)),
    ),
    mistake(
        "tanh-for-a-gate",
        "You opened the gates by tanh; a gate is a sigmoid, between 0 and 1.",
        (opened, lambda x: tanh(x)),
    ),
    mistake(
        "gate-for-the-candidate",
        "You took a sigmoid for g; what may be taken in is a tanh, between −1 and 1.",
        (candidate, lambda x: sigmoid(x)),
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
        (scanned, lambda decay, before, new: before + new),
    ),
    mistake(
        "step-left-out-of-the-input",
        "You took in B x as it is; B is multiplied by the step Δ first.",
        (taken_in, lambda step, b: stretch(b, rows=step.shape[0], columns=b.shape[1])),
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
        (summed_up, lambda before, own: own if own.name else bare(own)),
    ),
)
