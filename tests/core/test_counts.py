"""The work by hand of a table, as textbooks count it."""

from __future__ import annotations

import numpy as np
import pytest
from support.small_exercises import attention

from byhand.core.arithmetic.counts import COUNTS, NOTHING, Work, work
from byhand.core.graph import Node, source, toposort
from byhand.core.ops import SQRT
from byhand.core.table import Table, read
from byhand.exercises.problem import problem
from byhand.exercises.recipe import Ask, find, read_exercise
from byhand.layers.attention import softmax
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe


def given(rows: int, columns: int) -> Node:
    return source("x", np.ones((rows, columns)), role="input")


def formula_work(*outputs: Node) -> Work:
    """Of every named table on the way, each worked out once, from the tables before it."""
    total = NOTHING
    for node in toposort(outputs):
        if node.name and node.op.name != "source":
            of = read(node, COUNTS, lambda n: Table(n.shape, lambda r, c: NOTHING) if n.name else None)
            total = total.joined(*(of[i] for i in np.ndindex(*map(int, node.shape))))
    return total


@pytest.mark.parametrize(("m", "n", "p"), [(1, 1, 1), (2, 2, 2), (1, 5, 1), (3, 2, 4), (2, 7, 3)])
def test_a_product_of_tables(m: int, n: int, p: int) -> None:
    """m·n·p multiplications and m·p·(n − 1) additions."""
    product = (given(m, n) @ given(n, p)).named("C")
    assert formula_work(product) == Work(m * n * p, m * p * (n - 1), 0)


@pytest.mark.parametrize(("m", "n"), [(1, 2), (2, 4), (3, 5)])
def test_a_softmax(m: int, n: int) -> None:
    """In each row n differences, n powers, n − 1 sums and n quotients."""
    assert formula_work(softmax(given(m, n)).named("p")) == Work(m * n, m * (2 * n - 1), m * n)


@pytest.mark.parametrize(("m", "n"), [(1, 2), (1, 4), (3, 5)])
def test_a_norm(m: int, n: int) -> None:
    """In each row:

    mean: n − 1 sums, 1 quotient; deviations: n differences; variance: n squares, n − 1 sums, 1 quotient; root: ε added,
    1 root; n quotients; then n gains and n shifts.
    """
    exercise = read_exercise(find("layer-norm"))
    exercise.build.size.update(rows=m, width=n)
    built = problem(exercise)
    assert formula_work(built.lesson.tables["Y"]) == Work(m * (3 * n + 2), m * (4 * n - 1), m)


def test_a_whole_recipe_is_the_sum_of_its_tables() -> None:
    """attention-head: 3 words, 3 numbers wide, d_k = 4: Q, K, V; scores; scaled; softmax; Z."""
    multiplications = 3 * (3 * 3 * 4) + 3 * 4 * 3 + 9 + 9 + 3 * 3 * 4
    additions = 3 * (3 * 4 * 2) + 3 * 3 * 3 + 3 * (2 * 3 - 1) + 3 * 4 * 2
    assert problem(read_exercise(find("attention-head"))).work() == Work(multiplications, additions, 9)


def test_what_no_question_needs_is_not_counted() -> None:
    """At whom the second of 3 words looks: its query, all keys and a row of scores; no softmax and no values."""
    built = attention(Ask("scores", kind="choice", cell=(2, 1)))
    assert built.work() == Work(4 * 3 + 3 * 4 * 3 + 3 * 4, 4 * 2 + 3 * 4 * 2 + 3 * 3, 0)


def test_tables_that_are_made_once() -> None:
    x, y, z = given(2, 3), given(3, 4), given(2, 4)
    assert work([x @ y]) == Work(24, 16)
    assert work([z * z]) == work([z / 2]) == Work(8)
    assert work([z + z, z.sum(1), z.T, x, y]) == Work(0, 8 + 6)
    one = build(Recipe("attention", size={"tokens": 3, "d_model": 4, "d_k": 2}))
    assert work(toposort(one.graph.outputs)).multiplications == 3 * 24 + 18 + 9 + 9 + 18


T, D, HEADS, D_K, FEED, WORDS = 3, 4, 2, 2, 8, 8
"""Rows, width, heads, width of a head, of the feed-forward layer, and of the vocabulary, of the models below."""
LAYER_NORM = T * (1 + D + 1 + D + D)
"""In each row: the mean's quotient; a square each, and the quotient of their mean; a quotient and a gain each."""
RMS_NORM = T * (D + 1 + D + D)
"""In each row: a square each, and the quotient of their mean; a quotient and a gain each."""
ATTENTION = 2 * T * T * D + 2 * HEADS * T * T
"""In all heads together q·k and p·v, D products a pair of words; in each, a quotient by √d_k and one by the total."""


def multiplications_of(model: str) -> int:
    lesson = build(Recipe(model))
    return work(toposort([lesson.graph.logits or lesson.graph.outputs[0]])).multiplications


def test_gpt2_counted_by_hand() -> None:
    norms = 3 * LAYER_NORM  # 126: before attention, before the feed-forward layer, and at the end
    projections = 4 * T * D * D  # 192: Q, K, V and W_O
    feed_forward = 2 * T * D * FEED  # 192
    gelu = T * FEED * 4 + 1  # 97: 0.044715 x³, √(2/π) times the sum, 0.5 x, and their product; 2 / π once
    logits = T * D * WORDS  # 96
    assert multiplications_of("gpt2") == norms + projections + ATTENTION + feed_forward + gelu + logits == 811


def test_llama_counted_by_hand() -> None:
    norms = 3 * RMS_NORM  # 117
    projections = 2 * T * D * D + 2 * T * D * D_K  # 144: Q and W_O; K and V of the one group
    angles = 1 + 1 + T  # the rate's 2i / d_k and its 1 / θ^(2i / d_k), once; position × rate
    rotation = (HEADS + 1) * 2 * T * D_K  # 36: x cos + x′ sin, of each head's Q and of the group's K
    feed_forward = 3 * T * D * FEED  # 288: gate, up and down
    silu = T * FEED * 2  # 48: x / (1 + e^-x), and times up
    logits = T * D * WORDS  # 96
    counted = norms + projections + angles + rotation + ATTENTION + feed_forward + silu + logits
    assert multiplications_of("llama") == counted == 842


def test_an_encoder_layer_counted_by_hand() -> None:
    norms = 2 * LAYER_NORM  # 84
    projections = 4 * T * D * D  # 192
    feed_forward = 2 * T * D * FEED  # 192; ReLU takes none
    classes = T * D * 3  # 36
    assert multiplications_of("encoder-layer") == norms + projections + ATTENTION + feed_forward + classes == 612


def test_works_add_up() -> None:
    one, other = Work(1, 2, 3), Work(10, 20, 30)
    assert one + other == one - other == Work(11, 23, 33)
    assert one * other == one / other == Work(12, 22, 33)
    assert -one == one
    assert one.joined() == one
    assert COUNTS.dot((NOTHING,) * 3, (NOTHING,) * 3) == Work(3, 2)
    assert COUNTS.sum_of_squares((NOTHING,) * 3) == Work(3, 2)
    assert COUNTS.mean((NOTHING,) * 3) == Work(1, 2)
    assert COUNTS.largest((one, other)) == Work(11, 22, 33)
    assert COUNTS.call(SQRT, one) == Work(1, 2, 4)
