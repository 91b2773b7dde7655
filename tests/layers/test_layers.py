"""The layers, against their papers' equations written again here in plain numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.examples import examples
from support.strategies import moderate, shapes, tables

from byhand.core.graph import Array, Dim, Node, fold, scope, source, toposort
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.layers.activations import ACTIVATIONS, gelu, gelu_tanh, relu
from byhand.layers.attention import attend, attention_head, join_heads, multi_head, softmax
from byhand.layers.feed_forward import feed_forward
from byhand.layers.linear import embed, linear, residual
from byhand.layers.masks import causal_mask
from byhand.layers.norms import layer_norm
from byhand.layers.positions import position_column, sinusoidal

few = examples(30)
any_table = shapes().flatmap(lambda shape: tables(shape, moderate))


def given_table(data: Any, name: str = "x") -> Node:
    return source(name, data, "input")


def value(node: Node, given: Mapping[Node, Array] | None = None) -> Array:
    return fold([node], given)[node]


def step(node: Node, name: str) -> Array:
    """The numbers of the table of that name on the way to the node."""
    return next(numbers for n, numbers in fold([node]).items() if n.symbol == name)


def same(result: Any, expected: Any) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-12)


def plain_softmax(x: Array) -> Array:
    return np.array([[math.exp(number) / math.fsum(map(math.exp, row)) for number in row] for row in x.tolist()])


def plain_attention(q: Array, k: Array, v: Array, seen: Array | None = None) -> Array:
    scores = np.einsum("td,sd->ts", q, k) / math.sqrt(q.shape[1])
    if seen is not None:
        scores = np.where(np.broadcast_to(seen, scores.shape) == 1, scores, -700)
    return np.einsum("ts,sd->td", plain_softmax(scores), v)


class Drawn(Weights):
    """Weights that are not small whole numbers, kept under their names for the reader of the test."""

    def _drawn(self, path: str, rows: int, columns: int, fill: float | None) -> Array:
        return np.random.default_rng([self.seed, *path.encode()]).normal(size=(rows, columns))

    def __getitem__(self, path: str) -> Array:
        data = self.nodes[path].data
        assert data is not None
        return data


@few
@given(any_table)
def test_softmax(x: Array) -> None:
    p = value(softmax(given_table(x)))
    same(p, plain_softmax(x))
    same(p.sum(axis=1), np.ones(len(x)))
    assert (p >= 0).all()


@few
@given(any_table, st.floats(-100, 100))
def test_softmax_does_not_change_with_a_shift(x: Array, shift: float) -> None:
    np.testing.assert_allclose(value(softmax(given_table(x + shift))), value(softmax(given_table(x))), atol=1e-12)


@few
@given(any_table)
def test_softmax_with_another_base(x: Array) -> None:
    """3^x = e^(x ln 3)."""
    same(value(softmax(given_table(x), base=3)), plain_softmax(x * math.log(3)))


def test_softmax_of_large_numbers() -> None:
    same(value(softmax(given_table([[1e6, 1e6, -1e6]]))), [[0.5, 0.5, 0]])


def test_softmax_shows_its_steps() -> None:
    with scope("head"):
        p = softmax(given_table([[1, 3]]))
    values = {n.name: numbers.tolist() for n, numbers in fold([p]).items()}
    assert values["head.softmax.max"] == [[3]]
    assert values["head.softmax.shifted"] == [[-2, 0]]
    assert values["head.softmax.exp"] == [[math.exp(-2), 1]]
    assert values["head.softmax.total"] == [[math.exp(-2) + 1]]
    assert (p.name, p.role) == ("head.softmax.p", "softmax")


def varied(x: Array) -> bool:
    return bool((x.std(axis=1) > 0.1).all())


wide_table = st.integers(1, 4).flatmap(lambda rows: tables((rows, 5), moderate)).filter(varied)


@few
@given(wide_table)
def test_layer_norm_before_its_gain(x: Array) -> None:
    normalised = step(layer_norm(given_table(x), Weights(), "norm", eps=1e-12), "normalised")
    np.testing.assert_allclose(normalised.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose((normalised**2).mean(axis=1), 1, atol=1e-6)


@few
@given(wide_table, st.sampled_from([1e-5, 1.0]))
def test_layer_norm(x: Array, eps: float) -> None:
    weight = Drawn()
    result = layer_norm(given_table(x), weight, "norm", eps)
    gain, shift = weight["norm.gamma"], weight["norm.beta"]
    expected = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps) * gain + shift
    same(value(result), expected)
    assert result.name == "norm"


def test_layer_norm_begins_without_gain_and_shift() -> None:
    weight = Weights()
    layer_norm(given_table([[1, 2]]), weight, "norm", 1e-5)
    assert {path: node.data.tolist() for path, node in weight.nodes.items() if node.role == "weight"} == {
        "norm.gamma": [[1, 1]],
        "norm.beta": [[0, 0]],
    }


def test_the_norms_of_a_model_share_one_epsilon() -> None:
    weight = Weights()
    first = layer_norm(given_table([[1, 2]]), weight, "norm1", 0.5)
    second = layer_norm(first, weight, "norm2", 0.5)
    epsilons = [n for n in toposort([second]) if n.name == "eps"]
    assert [(n.data.tolist(), n.role) for n in epsilons] == [([[0.5]], "constant")]


def test_relu() -> None:
    assert value(relu(given_table([[-2, -0.5, 0, 0.5, 2]]))).tolist() == [[0, 0, 0, 0.5, 2]]


def plain_gelu(x: float) -> float:
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def plain_gelu_tanh(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def plain_gelu_bloom(x: float) -> float:
    return x / 2 * (1 + math.tanh(0.79788456 * (x + 0.044715 * x**3)))


def plain_silu(x: float) -> float:
    """x times the logistic function, by way of tanh."""
    return x * (1 + math.tanh(x / 2)) / 2


PLAIN = {
    "relu": lambda x: (x + abs(x)) / 2,
    "relu_squared": lambda x: x * (x + abs(x)) / 2,
    "gelu": plain_gelu,
    "gelu_tanh": plain_gelu_tanh,
    "gelu_bloom": plain_gelu_bloom,
    "gelu_quick": lambda x: plain_silu(1.702 * x) / 1.702,
    "silu": plain_silu,
}


@pytest.mark.parametrize(("layer", "plain"), [(ACTIVATIONS[name][0], plain) for name, plain in PLAIN.items()])
@few
@given(x=st.data())
def test_activations(layer: Callable[[Node], Node], plain: Callable[[float], float], x: st.DataObject) -> None:
    number = x.draw(moderate)
    assert value(layer(given_table(number))).item() == pytest.approx(plain(number), rel=1e-12, abs=1e-15)


def test_activations_differ_where_they_should() -> None:
    """The tanh form is an approximation of the exact one: near it, and not the same."""
    x = given_table([[-2.0, -0.5, 0.5, 2.0]])
    gap = np.abs(value(gelu(x)) - value(gelu_tanh(x)))
    assert (gap > 1e-6).all()
    assert (gap < 1e-3).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_feed_forward(activation: str) -> None:
    weight, plain = Drawn(), PLAIN[activation]
    x = np.random.default_rng(0).normal(size=(3, 4))
    result = feed_forward(given_table(x), weight, 6, activation)
    hidden = np.vectorize(plain)(x @ weight["W_1"] + weight["b_1"])
    same(value(result), hidden @ weight["W_2"] + weight["b_2"])
    assert weight["W_1"].shape == (4, 6)
    inner = (["tanh"] if activation in ("gelu_tanh", "gelu_bloom") else []) + [activation.partition("_")[0]]
    assert [n.symbol for n in toposort([result]) if n.name and n.data is None] == ["hidden", *inner, "ffn"]


def test_linear_with_and_without_a_bias() -> None:
    weight, x = Drawn(), np.arange(6.0).reshape(2, 3)
    same(value(linear(given_table(x), weight, "Q", 4)), x @ weight["W_Q"] + weight["b_Q"])
    bare = Drawn()
    same(value(linear(given_table(x), bare, "Q", 4, bias=False)), x @ bare["W_Q"])
    assert set(bare.nodes) == {"W_Q"}


queries = tables((3, 2), moderate)
keys = tables((4, 2), moderate)
memory_values = tables((4, 3), moderate)
masks = arrays(np.float64, (3, 4), elements=st.sampled_from([0.0, 1.0])).filter(lambda mask: mask.any(axis=1).all())
calm = st.floats(-3, 3, allow_subnormal=False)


@few
@given(queries, keys, memory_values)
def test_attention(q: Array, k: Array, v: Array) -> None:
    z = attend(given_table(q, "Q"), given_table(k, "K"), given_table(v, "V"), None)
    assert z.shape == (3, 3)
    np.testing.assert_allclose(value(z), plain_attention(q, k, v), rtol=1e-9, atol=1e-9)


@few
@given(tables((3, 2), calm), tables((4, 2), calm), memory_values, masks)
def test_masked_attention(q: Array, k: Array, v: Array, mask: Array) -> None:
    """What a mask hides has a weight of exactly 0, and the rest is as if it were not there."""
    z = attend(given_table(q, "Q"), given_table(k, "K"), given_table(v, "V"), given_table(mask, "mask"))
    assert (step(z, "weights")[mask == 0] == 0).all()
    for row in range(3):
        seen = mask[row] == 1
        same(value(z)[row], plain_attention(q[row : row + 1], k[seen], v[seen])[0])


@few
@given(queries, keys, memory_values, st.sampled_from([[1, 1, 0, 0], [0, 1, 0, 1]]))
def test_a_mask_of_one_row_is_for_every_query(q: Array, k: Array, v: Array, mask: list[int]) -> None:
    z = attend(given_table(q, "Q"), given_table(k, "K"), given_table(v, "V"), given_table(mask, "mask"))
    weights = step(z, "weights")
    assert (weights[:, np.array(mask) == 0] == 0).all()
    same(weights.sum(axis=1), np.ones(3))


def test_attention_with_another_scale() -> None:
    q, k, v = (np.random.default_rng(n).normal(size=(3, 4)) for n in range(3))
    z = attend(given_table(q, "Q"), given_table(k, "K"), given_table(v, "V"), None, scale=1.0)
    same(value(z), plain_attention(2 * q, k, v))


def test_the_roles_of_attention() -> None:
    """What a lesson or a planted mistake looks for."""
    x = given_table(np.eye(2))
    z = attention_head(x, x, Weights(), 2, causal_mask(Dim(2)), bias=False)
    roles = [n.role for n in toposort([z]) if n.role not in ("", "input", "weight", "constant")]
    softmax_roles = ["shift", "shifted", "exp", "total"]
    assert roles == ["mask", "scores", "scale", "mask", *softmax_roles, "attention", "heads"]


def head_alone(x: Array, memory: Array, weight: Drawn, prefix: str, seen: Array | None) -> Array:
    q, k, v = (
        data @ weight[f"{prefix}W_{name}"] + weight[f"{prefix}b_{name}"]
        for name, data in (("Q", x), ("K", memory), ("V", memory))
    )
    return plain_attention(q, k, v, seen)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [False, True])
def test_multi_head(heads: int, causal: bool) -> None:
    """Each head is attention of its own; with their outputs side by side, W_O joins them. One head is attention."""
    weight, x = Drawn(), np.random.default_rng(1).normal(size=(3, 4))
    node = given_table(x)
    mask = causal_mask(Dim(3)) if causal else None
    seen = np.tril(np.ones((3, 3))) if causal else None
    result = join_heads(multi_head(node, node, weight, heads, mask, bias=True), weight, 4, bias=True)
    each = [head_alone(x, x, weight, f"head{h}.", seen) for h in range(1, heads + 1)]
    assert {z.shape for z in each} == {(3, 4 // heads)}
    same(value(result), np.hstack(each) @ weight["W_O"] + weight["b_O"])


def test_attention_to_a_memory() -> None:
    """Queries from the decoder, keys and values from the encoder, which may be longer."""
    weight, rng = Drawn(), np.random.default_rng(2)
    x, memory = rng.normal(size=(2, 4)), rng.normal(size=(5, 4))
    z = multi_head(given_table(x), given_table(memory, "memory"), weight, 2, None, bias=True)
    same(value(z), np.hstack([head_alone(x, memory, weight, f"head{h}.", None) for h in (1, 2)]))


@few
@given(tables((4, 4), calm), tables((4, 4), calm), st.integers(1, 3))
def test_no_word_sees_those_to_come(x: Array, change: Array, later: int) -> None:
    """Whatever is changed in later rows of a causal model, the earlier rows stay, to the last bit."""
    node = given_table(x)
    z = join_heads(multi_head(node, node, Drawn(), 2, causal_mask(Dim(4)), bias=True), Drawn(), 4, bias=True)
    changed = np.vstack([x[:later], x[later:] + change[later:]])
    np.testing.assert_array_equal(value(z, {node: changed})[:later], value(z)[:later])


def test_without_a_mask_words_do_see_those_to_come() -> None:
    """The property above can fail."""
    x = np.eye(4)
    node = given_table(x)
    z = multi_head(node, node, Drawn(), 2, None, bias=True)
    assert not np.allclose(value(z, {node: np.vstack([x[:3], x[3:] + 1])})[:3], value(z)[:3])


def test_causal_mask() -> None:
    words = Labels("words", ("a", "b", "c"))
    mask = causal_mask(Dim(3, words))
    assert value(mask).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert (mask.shape[0].labels, mask.shape[1].labels) == (words, words)


@pytest.mark.parametrize("width", [1, 2, 5, 6, 9])
def test_sinusoidal_positions(width: int) -> None:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i + 1) = cos of the same; an odd width ends with a sine."""
    result = value(sinusoidal(position_column(Dim(7)), width))
    assert result.shape == (7, width)
    for position in range(7):
        for column in range(width):
            angle = position / 10000 ** ((column - column % 2) / width)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert result[position, column] == pytest.approx(expected, abs=1e-12)


def test_positions_take_the_labels_of_their_tokens() -> None:
    words = Labels("words", ("a", "b"))
    column = position_column(Dim(2, words))
    assert value(column).tolist() == [[0], [1]]
    assert [size.labels for size in sinusoidal(column, 4).shape] == [words, None]


def test_embedding() -> None:
    table = np.arange(12.0).reshape(4, 3)
    ids = given_table([[2], [0], [2]], "ids")
    assert value(embed(given_table(table, "E"), ids, "words")).tolist() == table[[2, 0, 2]].tolist()
    same(value(embed(given_table(table, "E"), ids, "words", scale=9)), 3 * table[[2, 0, 2]])


def test_residual() -> None:
    result = residual(given_table([[1, 2]]), given_table([[10, 20]], "change"), "sum")
    assert value(result).tolist() == [[11, 22]]
    assert (result.name, result.role) == ("sum", "residual")
