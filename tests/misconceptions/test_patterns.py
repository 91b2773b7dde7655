"""Patterns over a graph: what they match, and what they hand out."""

from __future__ import annotations

import numpy as np

from byhand.core.graph import Node, source
from byhand.core.ops import add, div, exp, mul, sqrt, sub
from byhand.core.roles import Role
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.misconceptions import applicable
from byhand.misconceptions.patterns import ANY, Pattern, itself, nearest, piece, several_rows

X = source("x", np.ones((2, 3)), "input")
W = source("w_1", np.ones((2, 3)), "weight")
SCALED = ((X + W).named("sum") / sqrt(4)).named("scaled", role="scale")


def test_a_pattern_without_pieces_hands_out_the_arguments() -> None:
    assert Pattern(div)(SCALED) == SCALED.args
    assert Pattern()(SCALED) == SCALED.args
    assert Pattern(div, Pattern(add), Pattern(sqrt), role=Role.SCALE)(SCALED) == SCALED.args


def test_pieces_are_handed_out_in_reading_order() -> None:
    (total, root) = SCALED.args
    assert Pattern(div, piece(add, piece(), piece()), Pattern(sqrt, piece()))(SCALED) == (total, X, W, root.args[0])
    assert piece(role=Role.SCALE)(SCALED) == (SCALED,)
    assert Pattern(None, ANY, piece())(SCALED) == (root,)


def test_what_is_said_must_hold() -> None:
    assert Pattern(mul)(SCALED) is None
    assert Pattern(div, role=Role.NORM)(SCALED) is None
    assert Pattern(div, symbol="scores")(SCALED) is None
    assert Pattern(div, when=lambda node: node.shape[0] > 2)(SCALED) is None
    assert Pattern(div, Pattern(mul))(SCALED) is None
    assert Pattern(div, ANY, Pattern(sqrt, Pattern(exp)))(SCALED) is None
    assert Pattern(exp, ANY, ANY)(exp(X)) is None
    assert Pattern((sub, div))(SCALED) is not None


def test_a_symbol_may_end_in_anything() -> None:
    assert Pattern(symbol="w_*")(W) == ()
    assert Pattern(symbol="w")(W) is None
    assert Pattern(symbol="*_1")(W) == ()


def test_a_node_itself_comes_without_its_name() -> None:
    found = itself(Pattern(div, piece()))(SCALED)
    assert found is not None
    own, first = found
    assert (own.op, own.args, own.name, first) == (div, SCALED.args, "", SCALED.args[0])
    assert SCALED.name == "scaled"
    assert itself(Pattern(mul))(SCALED) is None


def test_the_nearest_table_on_the_way_back() -> None:
    assert nearest(SCALED, lambda node: node.role is Role.WEIGHT) is W
    assert nearest(SCALED, lambda node: node.role is Role.MASK) is None


def test_one_row_is_no_several() -> None:
    one = source("row", np.ones((1, 3)), "input")
    assert several_rows(Pattern(exp))(exp(one)) is None
    assert several_rows(Pattern(exp))(exp(X)) == (X,)


def test_a_gradient_is_no_place_in_a_queue() -> None:
    """Switch's gradient of what is taken has the symbol of the table, but not its formula."""
    outputs: list[Node] = build(Recipe("switch", backward=True)).graph.outputs
    assert "capacity-ignored" in {m.name for m in applicable(outputs)}
