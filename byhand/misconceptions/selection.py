"""What goes wrong where a few are chosen: experts, neighbours, and what a program made of attention selects."""

from __future__ import annotations

from byhand.core import ops
from byhand.core.graph import Node
from byhand.core.ops import greater, sqrt, where
from byhand.core.roles import Role
from byhand.misconceptions.attention import size
from byhand.misconceptions.rewriting import bare, mistake, nearest

Pieces = tuple[Node, ...]


def several_chosen(node: Node) -> Pieces | None:
    """1 for the largest, and for the largest of the rest: (1 for all but the last of them,)."""
    return node.args[:1] if node.symbol == "chosen" and node.op is ops.add else None


def chosen(node: Node) -> Pieces | None:
    return (bare(node),) if node.symbol == "chosen" and node.op in (ops.add, ops.one_hot) else None


def kept(node: Node) -> Pieces | None:
    """p of those chosen: (p,)."""
    found = node.symbol == "kept" and node.op is ops.mul and node.args[1].symbol == "chosen"
    return node.args[:1] if found else None


def near(node: Node) -> Pieces | None:
    """-distance of those chosen: (chosen, -distance, -∞)."""
    return node.args if node.symbol == "near" and node.op is ops.where else None


def shared_out(node: Node) -> Pieces | None:
    """p over the total of those chosen: (p,)."""
    return node.args[:1] if node.role is Role.GATES and node.op is ops.div else None


def gate_of_one(node: Node) -> Pieces | None:
    """p × taken: (p, taken)."""
    return node.args if node.role is Role.GATES and node.op is ops.mul and node.args[1].symbol == "taken" else None


def taken(node: Node) -> Pieces | None:
    """1 where an expert is chosen and not full: (chosen, queue, capacity)."""
    if node.symbol != "taken" or node.op is not ops.mul:
        return None
    return node.args[0], *node.args[1].args[1].args


def queue(node: Node) -> Pieces | None:
    """How many have chosen an expert so far: (how many, chosen)."""
    return (bare(node), node.args[1]) if node.symbol == "queue" and node.op is ops.matmul else None


def distance(node: Node) -> Pieces | None:
    return (bare(node),) if node.symbol == "d" and node.op in (ops.add, ops.sum_) else None


def squared_differences(node: Node) -> Pieces | None:
    """Σ difference²: (difference,)."""
    if node.symbol != "d" or node.op is not ops.sum_ or node.args[0].op is not ops.mul:
        return None
    one, other = node.args[0].args
    return (one,) if one is other else None


def mean_of_words(node: Node) -> Pieces | None:
    found = node.op is ops.mean and node.symbol == "mean" and node.attrs["axis"] == 0
    return node.args if found and node.args[0].shape[0] > 1 else None


def mixed(node: Node) -> Pieces | None:
    """λ p + (1 - λ) q, where λ is not ½: (p, q, λ)."""
    if node.op is not ops.add or [a.op for a in node.args] != [ops.mul, ops.mul]:
        return None
    (mix, p), (_, q) = (a.args for a in node.args)
    return (p, q, mix) if mix.symbol == "lambda" and mix.data is not None and mix.data[0, 0] != 0.5 else None


def opposite(node: Node) -> Pieces | None:
    """length - place - 1: (length - place,)."""
    return (bare(node.args[0]),) if node.symbol == "opp" and node.op is ops.sub else None


def order(node: Node) -> Pieces | None:
    """Which are smaller, and which equal but earlier: (smaller,)."""
    return node.args[:1] if node.symbol == "before" and node.op is ops.add else None


def smaller(node: Node) -> Pieces | None:
    """1 where the key is the smaller letter: (letters below the query's, the keysᵀ)."""
    return node.args if node.symbol == "smaller" and node.op is ops.matmul else None


def width(node: Node) -> Pieces | None:
    """1 / the weight of [START] - 1: (1 / the weight,)."""
    found = node.symbol == "n" and node.op is ops.sub and node.scope.name == "width"
    return (bare(node.args[0]),) if found else None


def place_after_padding(node: Node) -> Pieces | None:
    """padding's place + real × how many so far: (padding's place, real × how many, the words so far)."""
    if node.symbol != "position" or node.op is not ops.add:
        return None
    so_far = nearest(node, lambda n: n.symbol == "so_far")
    return (*node.args, so_far) if so_far else None


CHOSEN = (
    mistake(
        "one-chosen-too-few",
        "You kept one too few: after the largest of a row come the next largest, as many as are chosen.",
        (several_chosen, lambda most: most),
    ),
    mistake(
        "others-chosen",
        "You kept the ones that are not chosen; those with the largest numbers in their row are.",
        (chosen, lambda these: 1 - these),
    ),
    mistake(
        "all-chosen",
        "You kept all of them; only those with the largest numbers in their row count, the rest get nothing.",
        (kept, lambda p: p),
        (near, lambda these, nearness, hidden: nearness),
    ),
    mistake(
        "gates-not-shared-out",
        "You left the probabilities as they were; divide them by the total of those chosen, so that they add up to 1.",
        (shared_out, lambda p: p),
    ),
    mistake(
        "gate-of-one",
        "You wrote 1 for the gate; it is the probability of the expert that takes the word.",
        (gate_of_one, lambda p, taken: taken),
    ),
    mistake(
        "capacity-ignored",
        "You sent words to an expert that is full; whoever comes after its last place goes on without.",
        (taken, lambda chosen, queue, capacity: chosen),
    ),
    mistake(
        "capacity-one-too-few",
        "You closed an expert one word too early: it takes words up to its capacity, the last one included.",
        (taken, lambda chosen, queue, capacity: chosen * (1 - greater(queue, capacity - 1))),
    ),
    mistake(
        "queue-without-the-word-itself",
        "You counted the words before only; a word counts itself too in its queue.",
        (queue, lambda all_of_them, chosen: all_of_them - chosen),
    ),
)

NEAREST = (
    mistake(
        "root-of-the-distance",
        "You took the root; the distance here is the sum of the squared differences itself.",
        (distance, lambda d: sqrt(d)),
    ),
    mistake(
        "differences-not-squared",
        "You added up the differences as they were; each one is squared first.",
        (squared_differences, lambda apart: size(apart).sum(1)),
    ),
    mistake(
        "mean-not-divided",
        "You added up the words' rows; their mean is that sum over how many words there are.",
        (mean_of_words, lambda rows: rows.sum(0)),
    ),
    mistake(
        "farther-counts-more",
        "You gave more to what is farther away: e is taken to minus the distance, so that the nearest counts most.",
        (near, lambda these, nearness, hidden: where(these, -nearness, hidden)),
    ),
    mistake(
        "mixing-weights-swapped",
        "You swapped λ and 1 − λ: λ goes with what the neighbours say, the rest with the language model.",
        (mixed, lambda p, q, mix: mix * q + (1 - mix) * p),
    ),
)

SELECTED = (
    mistake(
        "opposite-off-by-one",
        "You forgot the 1: places are counted from 0, so the opposite of place 0 is the length less 1.",
        (opposite, lambda rest: rest),
    ),
    mistake(
        "equals-left-out",
        "You counted the smaller ones only; of equal ones, those that stand earlier come before too.",
        (order, lambda smaller: smaller),
    ),
    mistake(
        "larger-for-smaller",
        "You selected the larger ones; a word's place is how many are smaller.",
        (smaller, lambda below, keys: (below @ keys).T),
    ),
    mistake(
        "start-counted-too",
        "You counted [START] too: take 1 off, for it is selected by every word.",
        (width, lambda all_of_them: all_of_them),
    ),
    mistake(
        "padding-counted",
        "You counted padding as words; it has a place of its own, and the places of words leave it out.",
        (place_after_padding, lambda pad, counted, so_far: pad + so_far.sum(1)),
    ),
    mistake(
        "padding-place-not-added",
        "You counted from 1; the places of words begin after padding's own.",
        (place_after_padding, lambda pad, counted, so_far: bare(counted)),
    ),
)
