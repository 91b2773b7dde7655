"""Nodes, names, scopes, sizes and evaluation: a model as a graph of tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.lessons import sweep
from support.strategies import graphs

from byhand.core.graph import OPS, Array, Dim, Node, current_scope, fold, outside, page, scope, source, times, toposort
from byhand.core.labels import Labels, Tokens, token_ids
from byhand.core.ops import argmax, below, beside, exp, lookup, where
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Graph, Inputs
from byhand.models import MODELS


def table(name: str, height: int, width: int, **counts: Any) -> Node:
    return source(name, np.arange(height * width).reshape(height, width), "input", **counts)


def value(node: Node, **given: Any) -> Array:
    return fold([node], **given)[node]


@settings(deadline=None)
@given(graphs(), graphs())
def test_order_is_complete_and_arguments_come_first(a: Node, b: Node) -> None:
    order = toposort([b, a])
    assert len(order) == len(set(order))
    assert {a, b} <= set(order)
    for node in order:
        assert all(order.index(argument) < order.index(node) for argument in node.args)
    needed = {argument for node in order for argument in node.args}
    assert set(order) == needed | {a, b}


def test_order_is_that_of_making() -> None:
    x = table("x", 2, 2)
    first, second = exp(x).named("first"), (x + 1).named("second")
    assert [n.name for n in toposort([second, first]) if n.name] == ["x", "first", "second"]
    assert [n.name for n in toposort([first * second]) if n.name] == ["x", "first", "second"]
    assert second not in toposort([first])


def test_a_long_chain_needs_no_recursion() -> None:
    node = table("x", 1, 1)
    for _ in range(5000):
        node = node + 1
    assert value(node) == 5000


def test_operators_and_plain_numbers() -> None:
    x = source("x", [[1, 2], [3, 4]], "input")
    y = source("y", [[5, 6], [7, 8]], "input")
    assert value(x + y).tolist() == [[6, 8], [10, 12]]
    assert value(x - 1).tolist() == [[0, 1], [2, 3]]
    assert value(10 - x).tolist() == [[9, 8], [7, 6]]
    assert value(2 * x).tolist() == value(x * 2).tolist() == [[2, 4], [6, 8]]
    assert value(1 + x).tolist() == value(x + 1).tolist() == [[2, 3], [4, 5]]
    assert value(12 / x).tolist() == [[12, 6], [4, 3]]
    assert value(x / 2).tolist() == [[0.5, 1], [1.5, 2]]
    assert value(x @ y).tolist() == [[19, 22], [43, 50]]
    assert value(x.T).tolist() == [[1, 3], [2, 4]]
    assert value(x.rows(1, 2)).tolist() == [[3, 4]]
    assert value(x.sum(1)).tolist() == [[3], [7]]
    assert value(x.max(0)).tolist() == [[3, 4]]
    assert value(x.mean(1)).tolist() == [[1.5], [3.5]]


def test_a_source_is_a_table_of_floats_whatever_it_is_made_of() -> None:
    for data in (7, [7], [[7]], np.array([[7]], dtype=np.int8)):
        node = source("x", data, "input")
        assert node.shape == (1, 1)
        assert value(node).dtype == np.float64
    assert source("x", [1, 2, 3], "input").shape == (1, 3)


def test_names_carry_the_path_of_their_scopes() -> None:
    with scope("layer1", "Layer 1"), scope("", "attention"), scope("head2"):
        assert current_scope().path == "layer1.head2"
        node = exp(table("x", 2, 2)).named("scores", role="scores")
        assert node.args[0].name == "layer1.head2.x"
    assert node.name == "layer1.head2.scores"
    assert (node.symbol, node.label, node.role) == ("scores", "layer1.head2.scores", "scores")
    assert [s.name for s in node.scope.outward] == ["head2", "", "layer1", ""]
    assert [s.title for s in node.scope.outward] == ["", "attention", "Layer 1", ""]


def test_an_unnamed_table_is_called_by_its_operation() -> None:
    node = exp(table("x", 2, 3))
    assert (node.name, node.symbol, node.label) == ("", "", "exp")
    assert repr(node) == "<exp 2×3>"
    assert times((2, 3)) == "2×3"


def test_a_second_name_replaces_the_first_and_keeps_the_role() -> None:
    with scope("inner"):
        node = exp(table("x", 2, 2)).named("p", role="softmax")
    assert node.named("weights") is node
    assert (node.name, node.role) == ("weights", "softmax")
    assert node.scope is current_scope()
    assert node.named("weights", role="attention").role == "attention"


def test_scopes_close_even_after_an_error() -> None:
    outside = current_scope()
    with pytest.raises(ByhandError), scope("a"), scope("b"):
        table("x", 2, 3) @ table("y", 2, 3)
    assert current_scope() is outside
    assert table("x", 1, 1).name == "x"


def test_what_a_scope_tells() -> None:
    with scope("norm", "layer norm", equation="(x − mean) / √variance", source="Ba et al. 2016") as inner:
        pass
    assert (inner.equation, inner.source, inner.page, inner.repeats) == (
        "(x − mean) / √variance",
        "Ba et al. 2016",
        False,
        False,
    )


def test_the_formula_of_a_step_has_its_form_for_tokens_as_columns() -> None:
    with scope("", "queries", equation="x W", column_equation="W x") as both, scope("", "sum", equation="x + y") as one:
        pass
    assert (both.equation_as(turned=False), both.equation_as(turned=True)) == ("x W", "W x")
    assert (one.equation_as(turned=False), one.equation_as(turned=True)) == ("x + y", "x + y")


def test_a_name_given_outside_stands_by_itself() -> None:
    with scope("layer1") as inner:
        with outside():
            node = table("eps", 1, 1)
        assert current_scope() is inner
    assert (node.name, node.page) == ("eps", None)


def test_a_table_stands_on_the_innermost_page() -> None:
    assert table("x", 1, 1).page is None
    with page("layer1", "Layer 1") as outer:
        before = table("x", 1, 1)
        with scope("step"):
            assert table("x", 1, 1).page is outer
        with page("head1", "Head 1") as inner:
            within = table("x", 1, 1)
    assert (before.page, within.page) == (outer, inner)
    assert before.named("moved").page is None


WORDS, FEATURES = Labels("words", ("a", "b", "c")), Labels("features", ("x", "y", "z"))


def counts(node: Node) -> tuple[object, object]:
    return node.shape[0].labels, node.shape[1].labels


def test_a_size_is_a_number_that_knows_what_it_counts() -> None:
    size = Dim(3, WORDS)
    assert size == 3
    assert (size.labels, Dim(3).labels) == (WORDS, None)


def test_labels_pass_through_what_keeps_rows_and_columns() -> None:
    x = table("x", 3, 3, rows=WORDS, columns=FEATURES)
    assert counts(x) == (WORDS, FEATURES)
    assert counts(x.T) == (FEATURES, WORDS)
    assert counts(exp(x)) == (WORDS, FEATURES)
    assert counts(x.sum(1)) == (WORDS, None)
    assert counts(x.max(0)) == (None, FEATURES)
    assert counts(x.rows(0, 3)) == (WORDS, FEATURES)


def test_labels_of_a_product_are_its_left_rows_and_right_columns() -> None:
    x, y = table("x", 3, 2, rows=WORDS), table("y", 2, 3, columns=FEATURES)
    assert counts(x @ y) == (WORDS, FEATURES)
    assert counts(y @ x) == (None, None)
    assert counts(x @ x.T) == (WORDS, WORDS)


def test_labels_of_a_pair_come_from_whichever_has_them() -> None:
    x, plain, row = table("x", 3, 3, rows=WORDS), table("p", 3, 3), table("r", 1, 3, columns=FEATURES)
    assert counts(x + plain) == counts(plain + x) == (WORDS, None)
    assert counts(x * row) == counts(row * x) == (WORDS, FEATURES)
    assert counts(where(plain, x, 0)) == (WORDS, None)
    assert counts(x + 1) == counts(1 + x) == (WORDS, None)


def test_a_stretched_row_does_not_label_the_many() -> None:
    one = table("one", 1, 3, rows=Labels("one", ("only",)))
    assert counts(table("p", 3, 3) + one) == (None, None)


def test_labels_of_looked_up_rows_are_those_of_the_ids() -> None:
    ids = token_ids("ids", [2, 0], WORDS)
    found = lookup(table("E", 3, 3, rows=WORDS, columns=FEATURES), ids)
    tokens = found.shape[0].labels
    assert isinstance(tokens, Tokens)
    assert (tokens.ids, tokens.vocabulary) == (ids, WORDS)
    assert found.shape[1].labels is FEATURES


def test_no_label_is_left_where_it_would_be_wrong() -> None:
    x, y = table("x", 3, 3, rows=WORDS, columns=FEATURES), table("y", 3, 1, rows=WORDS)
    assert counts(x.rows(0, 2)) == (None, FEATURES)
    assert counts(below(x, x)) == (None, FEATURES)
    assert counts(beside(x, y)) == (WORDS, None)
    assert counts(argmax(x, axis=1)) == (WORDS, None)
    assert counts(OPS["alternate"](x, x, width=6)) == (WORDS, None)


def test_given_numbers_replace_a_source() -> None:
    x = source("x", [[1, 2]], "input")
    y = (x * 10).named("y")
    assert fold([y], given={x: np.array([[3.0, 4.0]])})[y].tolist() == [[30, 40]]
    assert fold([y])[y].tolist() == [[10, 20]]


def test_given_numbers_replace_a_step_and_only_what_follows_it() -> None:
    """Error carried forward: the rest is judged from the student's own table."""
    x = source("x", [[1, 2]], "input")
    wrong, other = (x * 10).named("wrong"), (x + 1).named("other")
    total = wrong + other
    values = fold([total], given={wrong: np.array([[0.0, 5.0]])})
    assert values[total].tolist() == [[2, 8]]
    assert (values[x].tolist(), values[other].tolist()) == ([[1, 2]], [[2, 3]])


@examples(30)
@given(graphs(), st.integers(1, 3))
def test_given_numbers_may_be_a_stack(node: Node, students: int) -> None:
    """Each layer of the stack comes out as if it had been alone."""
    sources = [n for n in toposort([node]) if n.data is not None]
    stacks = {n: np.stack([n.data + student for student in range(students)]) for n in sources[:2]}
    together = fold([node], given=stacks)[node]
    for student in range(students):
        alone = fold([node], given={n: stack[student] for n, stack in stacks.items()})[node]
        shown = np.broadcast_to(together, (students, *node.shape))[student]
        np.testing.assert_allclose(shown, alone, rtol=1e-12, atol=1e-12)


def test_evaluation_leaves_given_numbers_as_they_were() -> None:
    x = source("x", [[1, 2], [3, 4]], "input")
    before = x.data.copy()
    fold([(exp(x.T) @ x / x.sum(1)).rows(0, 1)])
    np.testing.assert_array_equal(x.data, before)


def test_errors_name_the_tables_by_their_paths() -> None:
    with scope("layer1"):
        x, y = table("x", 2, 3), table("W", 4, 2)
    with pytest.raises(ByhandError) as error:
        x @ y
    assert str(error.value) == (
        "matmul cannot take layer1.x (2×3) and layer1.W (4×2): "
        "the first one's columns must equal the second one's rows."
    )


def built(name: str, **inputs: Any) -> Graph:
    model = MODELS[name]
    return model.build(model.options, Weights(), Inputs(**inputs))


def everything(graph: Graph) -> list[tuple[Any, ...]]:
    values = fold(graph.outputs)
    return [(n.name, n.role, n.op.name, n.shape, values[n].tolist()) for n in toposort(graph.outputs)]


@pytest.mark.parametrize("name", sweep(MODELS, ["gpt2"]))
def test_a_second_model_in_the_same_process_is_the_same(name: str) -> None:
    first = built(name)
    before = everything(first)
    for other in MODELS:
        built(other)
    assert everything(built(name)) == before
    assert everything(first) == before


@pytest.mark.parametrize("name", MODELS)
def test_models_are_made_in_an_order_that_can_be_read(name: str) -> None:
    """Every table that gets cells has a name of its own; those that are computed stand on a page."""
    nodes = [n for n in toposort(built(name).outputs) if n.name]
    names = [n.name for n in nodes]
    assert len(names) == len(set(names))
    assert all(a.serial < b.serial for a, b in pairwise(nodes))
    assert all(n.page for n in nodes if n.data is None and not n.op.view)


def test_weights_are_those_of_the_first_time_in_a_repetition() -> None:
    weight = Weights()
    with scope("layer1"):
        first = weight("W", 2, 3)
    with scope("step2", repeats=True), scope("layer1"):
        again = weight("W", 2, 3)
    with scope("layer2"):
        other = weight("W", 2, 3)
    assert again is first
    assert other is not first
    assert list(weight.nodes) == ["layer1.W", "layer2.W"]
    assert (first.name, first.role) == ("layer1.W", "weight")


def test_generated_words_share_weights_and_continue_the_prompt() -> None:
    """Three passes: one set of weights, and each prompt is the one before with the chosen word behind it."""
    graph = built("gpt2", generate=3)
    nodes = toposort(graph.outputs)
    weights = [n.name for n in nodes if n.role == "weight"]
    assert weights == [n.name for n in toposort(built("gpt2").outputs) if n.role == "weight"]
    lists = {n.name: numbers.ravel().tolist() for n, numbers in fold(graph.outputs).items()}
    prompt = lists["ids"]
    for step in ("", "step2.", "step3."):
        assert lists[f"{step}ids"] == prompt
        prompt = prompt + lists[f"{step}next"]


def test_drawn_weights_are_small_friendly_and_their_own() -> None:
    weight, same, other = Weights(1), Weights(1), Weights(2)
    drawn = weight("W", 30, 30).data
    assert set(np.unique(drawn)) == {-1, 0, 1}
    same("first", 2, 2)
    np.testing.assert_array_equal(same("W", 30, 30).data, drawn)
    assert not np.array_equal(other("W", 30, 30).data, drawn)
    assert not np.array_equal(weight("V", 30, 30).data, drawn)
    assert weight("gamma", 1, 3, fill=1).data.tolist() == [[1, 1, 1]]


def test_weights_take_the_labels_of_their_sizes() -> None:
    assert counts(Weights()("E", Dim(3, WORDS), 4)) == (WORDS, None)
    assert counts(Weights()("W", 4, Dim(3, WORDS))) == (None, WORDS)


def test_a_constant_is_one_for_the_whole_model() -> None:
    weight = Weights()
    with scope("layer1"):
        first = weight.constant("eps", 0.5, "against 0")
    with scope("layer2"):
        assert weight.constant("eps", 0.5, "against 0") is first
    assert (first.name, first.role, value(first).tolist()) == ("eps", "constant", [[0.5]])


def test_weights_too_large_to_draw_are_refused() -> None:
    with pytest.raises(ByhandError) as error:
        Weights()("W", 10_000_000, 3)
    assert str(error.value) == "Weight W would be 10,000,000×3, too many numbers: choose smaller sizes."


def test_given_weights_are_used_and_their_shape_is_held() -> None:
    weight = Weights(arrays={"layer1.W": np.eye(2), "layer1.b": np.array([1.0, 2.0])})
    with scope("layer1"):
        assert weight("W", 2, 2).data.tolist() == [[1, 0], [0, 1]]
        assert weight("b", 1, 2).data.tolist() == [[1, 2]]
        with pytest.raises(ByhandError) as error:
            Weights(arrays={"layer1.W": np.eye(2)})("W", 3, 2)
    assert str(error.value) == "Weight layer1.W has shape 2×2, but the model needs 3×2."
