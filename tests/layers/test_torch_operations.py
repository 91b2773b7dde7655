"""Single operations against the numbers of torch and of the formulas (ops.npz)."""

import numpy as np
import pytest
from support.torch_operations import CLOSE, OPERATIONS, case

from byhand.core.gradients import gradients
from byhand.core.graph import Dim, fold, source
from byhand.core.ops import log, mean_square, where
from byhand.core.ops import tanh as tanh_op
from byhand.core.weights import Weights
from byhand.layers import attention
from byhand.layers.activations import gelu, gelu_tanh, relu, silu
from byhand.layers.attention import NEG_INF, attend, join_heads, multi_head, softmax
from byhand.layers.feed_forward import gated_feed_forward
from byhand.layers.losses import cross_entropy
from byhand.layers.masks import causal_mask
from byhand.layers.norms import layer_norm, rms_norm
from byhand.layers.positions import alibi, distances, position_column, rotary, rotate, sinusoidal


def folded(build, *arrays):
    """The numbers of every named table of build(tables): an array's last two axes are a table, the rest are draws."""
    arrays = [np.atleast_2d(np.asarray(a, dtype=np.float64)) for a in arrays]
    tables = [source(f"given{n}", a[(0,) * (a.ndim - 2)], "input") for n, a in enumerate(arrays)]
    result = build(*tables).named("result")
    values = fold([result], dict(zip(tables, arrays, strict=True)))
    return {node.name: value for node, value in values.items() if node.name}


def close(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("name", ["softmax", "softmax_large"])
def test_softmax(name):
    c = case(name)
    close(folded(softmax, c["x"])["result"], c["out"])


@pytest.mark.parametrize("name", ["softmax_temperature_low", "softmax_temperature_high"])
def test_temperature(name):
    c = case(name)
    close(folded(lambda x, t: softmax(x / t), c["x"], c["temperature"])["result"], c["out"])


def test_masked_softmax_is_exactly_zero_where_masked():
    c = case("softmax_masked")
    got = folded(lambda x, keep: softmax(where(keep, x, NEG_INF)), c["x"], ~c["mask"])["result"]
    close(got, c["out"])
    assert (got[c["mask"]] == 0).all()


@pytest.mark.parametrize("name", ["layer_norm", "layer_norm_plain", "layer_norm_small"])
def test_layer_norm(name):
    c = case(name)
    arrays = {"norm.gamma": c["weight"], "norm.beta": c["bias"]} if "weight" in c else None
    close(folded(lambda x: layer_norm(x, Weights(arrays=arrays), "norm", 1e-5), c["x"])["result"], c["out"])


@pytest.mark.parametrize(
    ("name", "activation"),
    [("relu", relu), ("gelu", gelu), ("gelu_tanh", gelu_tanh), ("tanh", tanh_op)],
)
def test_activations(name, activation):
    c = case(name)
    close(folded(activation, c["x"])["result"], c["out"][None])


def test_attention():
    c = case("attention")
    got = folded(lambda q, k, v: attend(q, k, v, None), c["q"], c["k"], c["v"])
    close(got["scaled"], c["scores"])
    close(got["weights"], c["weights"])
    close(got["result"], c["out"])


def seen(name, length):
    """1 where a query sees a key, of the cases that have a mask."""
    query, key = np.indices((length, length))
    return {
        "attention_causal": key <= query,
        "attention_sliding_window": (key <= query) & (query - 3 < key),
        "attention_bool_mask": case("attention_bool_mask")["keep"],
    }[name]


@pytest.mark.parametrize("name", ["attention_causal", "attention_sliding_window", "attention_bool_mask"])
def test_attention_with_a_mask(name):
    c = case(name)
    got = folded(attend, c["q"], c["k"], c["v"], seen(name, 5))
    close(got["weights"], c["weights"])
    close(got["result"], c["out"])
    assert ((got["weights"] == 0) == (c["weights"] == 0)).all()


def test_the_causal_mask_is_the_one_of_causal_attention():
    np.testing.assert_array_equal(causal_mask(Dim(5)).data, seen("attention_causal", 5))


def test_cross_attention():
    c = case("attention_cross")
    got = folded(lambda q, k, v: attend(q, k, v, None), c["q"], c["k"], c["v"])
    close(got["weights"], c["weights"])
    close(got["result"], c["out"])


def test_attention_with_a_bias_on_the_scores():
    c = case("attention_additive_bias")
    biased = folded(
        lambda q, k, v, bias: softmax(q @ k.T / 2 + bias).named("weights") @ v,
        *(c[key] for key in ("q", "k", "v", "bias")),
    )
    close(biased["weights"], c["weights"])
    close(biased["result"], c["out"])


@pytest.mark.parametrize("head", range(4))
def test_query_heads_that_share_a_key_head(head):
    c = case("attention_gqa_causal")
    q, k, v = c["q"][:, head], c["k"][:, head // 2], c["v"][:, head // 2]
    got = folded(attend, q, k, v, np.tri(5))
    close(got["weights"], c["weights"][:, head])
    close(got["result"], c["out"][:, head])


def test_multi_head_attention():
    c = case("multihead_attention_causal")
    arrays = {"W_O": c["out_proj_weight"].T, "b_O": c["out_proj_bias"]}
    for letter, weight, bias in zip(
        "QKV", np.split(c["in_proj_weight"], 3), np.split(c["in_proj_bias"], 3), strict=True
    ):
        for h in (0, 1):
            arrays[f"head{h + 1}.W_{letter}"] = weight[4 * h : 4 * h + 4].T
            arrays[f"head{h + 1}.b_{letter}"] = bias[4 * h : 4 * h + 4]

    def build(x, mask):
        weight = Weights(arrays=arrays)
        return join_heads(multi_head(x, x, weight, 2, mask, bias=True), weight, 8, bias=True)

    got = folded(build, c["x"], np.tri(5))
    for h in (0, 1):
        close(got[f"head{h + 1}.weights"], c["weights"][:, h])
    close(got["result"], c["out"])


@pytest.mark.parametrize("name", ["sinusoidal_a", "sinusoidal_b"])
def test_positions(name):
    expected = case(name)["interleaved"]
    length, width = expected.shape
    got = folded(lambda: sinusoidal(position_column(Dim(length)), width))
    close(got["result"], expected)


@pytest.mark.parametrize("name", ["sinusoidal_a", "sinusoidal_b"])
def test_positions_in_halves(name):
    """The other order of the same columns: sines, then cosines."""
    expected = case(name)["halves"]
    got = folded(lambda: sinusoidal(position_column(Dim(len(expected))), expected.shape[1]))["result"]
    close(np.concatenate([got[:, ::2], got[:, 1::2]], axis=1), expected)


def entropies(logits, labels, smoothing=None):
    """Every table of the cross-entropy and its mean; labels of -100 are none."""
    epsilon = None if smoothing is None else source("epsilon", smoothing, "constant")

    def build(x, targets):
        losses, counted = cross_entropy(x, targets, epsilon)
        return losses.sum(0) / counted.sum(0)

    return folded(build, logits, np.maximum(labels, -1)[:, None])


def test_cross_entropy():
    c = case("cross_entropy")
    got = entropies(c["logits"], c["labels"])
    close(got["result"].squeeze(), c["mean"])
    close(got["losses"][:, 0], c["each"])
    close(got["losses"].sum(), c["sum"])
    close(np.exp(got["result"]).squeeze(), c["perplexity"])


def test_the_gradient_of_cross_entropy():
    c = case("cross_entropy")
    logits, targets = source("logits", c["logits"], "input"), source("targets", c["labels"][:, None], "tokens")
    gradient = gradients(cross_entropy(logits, targets)[0].mean(0), [logits]).gradients[logits]
    close(fold([gradient])[gradient], c["grad_logits"])


def test_cross_entropy_without_the_ignored():
    c = case("cross_entropy_ignore")
    assert (c["labels"] == -100).any()
    got = entropies(c["logits"], c["labels"])
    close(got["result"].squeeze(), c["mean"])
    assert (got["losses"][c["labels"] == -100] == 0).all()


def test_smoothed_cross_entropy():
    c = case("cross_entropy_label_smoothing")
    close(entropies(c["logits"], c["labels"], 0.1)["result"].squeeze(), c["mean"])


def test_log_softmax():
    c = case("log_softmax")
    close(entropies(c["x"], np.zeros(3))["log_p"], c["out"])


def test_logsumexp():
    c = case("logsumexp")
    got = entropies(c["x"], np.zeros(3))
    close((got["max"] + np.log(got["total"]))[:, 0], c["out"])


def test_kl_divergence():
    c = case("kl_divergence")
    got = folded(lambda a, b: (softmax(a) * (log(softmax(a)) - log(softmax(b)))).sum(1).mean(0), c["a"], c["b"])
    close(got["result"].squeeze(), c["out"])


def test_mean_squared_error():
    c = case("mse")
    got = folded(lambda x, y: mean_square(x - y, axis=1).mean(0), c["pred"], c["target"])
    close(got["result"].squeeze(), c["mean"])


def value(node):
    return fold([node])[node]


def table(data, name="x"):
    return source(name, np.atleast_2d(data), "input")


@pytest.mark.parametrize(("name", "eps"), [("rms_norm", 1e-6), ("rms_norm_small", 1e-5)])
def test_rms_norm(name, eps):
    c = case(name)
    for x, out in zip(c["x"].reshape(-1, 8), c["out"].reshape(-1, 8), strict=True):
        close(value(rms_norm(table(x), Weights(arrays={"norm.gamma": c["weight"]}), "norm", eps)), out[None])


def test_silu():
    c = case("silu")
    close(value(silu(table(c["x"]))), c["out"][None])


def test_swiglu():
    c = case("swiglu")
    weights = {f"W_{name}": c[f"w_{name}"].T for name in ("gate", "up", "down")}
    for x, out in zip(c["x"], c["out"], strict=True):
        close(value(gated_feed_forward(table(x), Weights(arrays=weights), 16, "silu")), out)


def turned(x, **how):
    """x of each head, (1, heads, T, d)."""
    width = x.shape[-1]
    angles = rotary(Dim(x.shape[-2]), width, how.pop("turned", width), 10000.0, **how)
    return np.array([[value(rotate(table(head), angles, "Q")) for head in x[0]]])


@pytest.mark.parametrize(("name", "interleaved"), [("rope_half", False), ("rope_interleaved", True)])
def test_rotary_positions(name, interleaved):
    c = case(name)
    for letter in "qk":
        close(turned(c[letter], interleaved=interleaved), c[f"{letter}_out"])


def test_the_scores_of_rotary_positions():
    c = case("rope_interleaved_offset")
    q, k = (turned(c[letter], interleaved=True) for letter in "qk")
    close(q @ k.swapaxes(-1, -2), c["scores"])


def test_partial_rotary_positions():
    c = case("rope_partial")
    close(turned(c["x"], turned=4), c["out"])


@pytest.mark.parametrize("heads", [2, 3, 4, 6, 8, 12])
def test_alibi(heads):
    """The bias wherever a key may be seen."""
    c, distance = case(f"alibi_{heads}_heads"), distances(Dim(5))
    for h, bias in enumerate(c["bias"], 1):
        seen = np.tri(5, dtype=bool)
        close(value(alibi(distance, h, heads))[seen], bias[seen])


HERE = """
softmax softmax_large softmax_temperature_low softmax_temperature_high softmax_masked
layer_norm layer_norm_plain layer_norm_small relu gelu gelu_tanh tanh
attention attention_causal attention_bool_mask attention_additive_bias attention_sliding_window attention_gqa_causal
attention_cross multihead_attention_causal sinusoidal_a sinusoidal_b
cross_entropy cross_entropy_ignore cross_entropy_label_smoothing log_softmax logsumexp kl_divergence mse
rms_norm rms_norm_small silu swiglu rope_half rope_interleaved rope_interleaved_offset rope_partial
alibi_2_heads alibi_3_heads alibi_4_heads alibi_6_heads alibi_8_heads alibi_12_heads
""".split()
NOT_YET = """
quick_gelu sigmoid softplus elu leaky_relu mish geglu glu reglu
t5_buckets_default_bidirectional t5_buckets_default_causal t5_buckets_small_bidirectional t5_buckets_small_causal
t5_buckets_long_bidirectional t5_buckets_long_causal
binary_cross_entropy_with_logits
top_k_1 top_k_3 top_k_5 top_p_0_3 top_p_0_7 top_p_0_9 top_p_0_95 min_p_0_1 temperature_top_k_top_p
noam_schedule clip_grad_norm lstm_cell gru_cell rnn_cell conv2d_patches
causal_depthwise_conv1d
""".split()
OPTIMIZERS = "adam adamw sgd sgd_momentum".split()
"""In core/test_optimizers.py."""


def test_every_operation_is_compared_or_known_to_be_missing():
    """Whoever adds a layer that is NOT_YET here finds its numbers waiting."""
    assert sorted(HERE + OPTIMIZERS + NOT_YET) == sorted(OPERATIONS)
    assert not [name for name in NOT_YET if hasattr(attention, name)]
