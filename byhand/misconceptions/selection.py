"""Misconceptions about selection: experts, nearest neighbours, and selectors in programs of attention."""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import add, div, greater, matmul, mean, mul, one_hot, sqrt, sub, sum_, where
from byhand.core.roles import Role
from byhand.misconceptions.attention import size
from byhand.misconceptions.patterns import ANY, Pattern, bare, itself, nearest, piece
from byhand.misconceptions.rewriting import mistake

several_chosen = Pattern(add, piece(), symbol="chosen")
"""1 for each of the k largest: (1 for each of the k - 1 largest,)."""
chosen = itself(Pattern((add, one_hot), symbol="chosen"))
chosen_probabilities = Pattern(mul, piece(), Pattern(symbol="chosen"), symbol="kept")
"""p of the chosen experts, else 0: (p,)."""
chosen_distances = Pattern(where, symbol="near")
"""-distance of the chosen neighbours, else -∞: (chosen, -distance, -∞)."""
shares = Pattern(div, piece(), role=Role.GATES)
"""p / total of the chosen experts: (p,)."""
gate_of_one = Pattern(mul, ANY, Pattern(symbol="taken"), role=Role.GATES)
"""p × taken, for a single expert: (p, taken)."""
taken = Pattern(mul, piece(), Pattern(None, ANY, Pattern(None, piece(), piece())), symbol="taken")
"""1 if an expert is chosen and not full: (chosen, queue, capacity)."""
queue = itself(Pattern(matmul, ANY, piece(), symbol="queue"))
"""The number of words so far that chose an expert: (the number, chosen)."""
distance = itself(Pattern((add, sum_), symbol="d"))
squared = Pattern(mul, piece(), when=lambda node: node.args[0] is node.args[1])
squared_differences = Pattern(sum_, squared, symbol="d")
"""Σ difference²: (difference,)."""
mean_of_words = Pattern(mean, symbol="mean", when=lambda node: node.attrs["axis"] == 0 and node.args[0].shape[0] > 1)
uneven = piece(symbol="lambda", when=lambda mix: mix.data is not None and mix.data[0, 0] != 0.5)
mixed = Pattern(add, Pattern(mul, uneven, piece()), Pattern(mul, ANY, piece()))
"""λ p + (1 - λ) q, if λ is not ½: (λ, p, q)."""
opposite = Pattern(sub, piece(), symbol="opp")
"""length - place - 1: (length - place,)."""
order = Pattern(add, piece(), symbol="before")
"""The number of smaller letters, and of equal letters before: (the number of smaller letters,)."""
smaller = Pattern(matmul, symbol="smaller")
"""1 if the key is a smaller letter: (letters below the query's, keysᵀ)."""
width = Pattern(sub, piece(), symbol="n", when=lambda node: node.scope.name == "width")
"""1 / the weight of [START] - 1: (1 / the weight,)."""
after_padding = Pattern(add, symbol="position")
"""position of padding + real × words so far: (position of padding, real × words so far)."""


def place_after_padding(node: Node) -> tuple[Node, ...] | None:
    """Match positions after padding: (position of padding, real × words so far, words so far)."""
    match = after_padding(node)
    so_far = nearest(node, lambda n: n.symbol == "so_far") if match else None
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
        (chosen_probabilities, lambda p: p),
        (chosen_distances, lambda these, nearness, hidden: nearness),
    ),
    mistake(
        "gates-not-shared-out",
        "You left the probabilities as they were; divide them by the total of those chosen, so that they add up to 1.",
        (shares, lambda p: p),
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
        (chosen_distances, lambda these, nearness, hidden: where(these, -nearness, hidden)),
    ),
    mistake(
        "mixing-weights-swapped",
        "You swapped λ and 1 − λ: λ goes with what the neighbours say, the rest with the language model.",
        (mixed, lambda mix, p, q: mix * q + (1 - mix) * p),
    ),
)

SELECTED = (
    mistake(
        "opposite-off-by-one",
        "You forgot the 1: places are counted from 0, so the opposite of place 0 is the length less 1.",
        (opposite, lambda rest: bare(rest)),
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
        (width, lambda all_of_them: bare(all_of_them)),
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
