"""Published worked examples, each from the spreadsheet that teachers use, composed of byhand's own layers.

Most are written in columns, with the bias as a matrix's last column; here they are turned, once, as they come in.
"""

import numpy as np
import pytest
from support.published_examples import CASES, CLOSE, backward, close, given, tables, turned, with_bias

from byhand.core.graph import Dim, scope, source
from byhand.core.ops import alternate, beside, cos, exp, mean_square, power, sin, sqrt, where
from byhand.core.optimizers import OPTIMIZERS
from byhand.core.weights import Weights
from byhand.layers.activations import relu
from byhand.layers.attention import attend, attention_head, join_heads, softmax
from byhand.layers.feed_forward import feed_forward
from byhand.layers.linear import linear, residual
from byhand.layers.losses import cross_entropy
from byhand.layers.masks import causal_mask
from byhand.layers.norms import layer_norm
from byhand.layers.positions import position_column


@pytest.mark.parametrize("base", ["e", "base3"])
@pytest.mark.parametrize("size", [4, 6, 10])
def test_softmax(base, size):
    case = CASES[f"softmax_{base}_{size}"]
    x = source("x", case["inputs"]["x"], "input")
    got = tables(softmax(x, base=3 if base == "base3" else None))
    close(got["softmax.p"], [[p] for p in case["output"]["softmax"]])
    powers = np.array(case["steps"]["exp"])
    np.testing.assert_allclose(got["softmax.exp"], (powers / powers.max())[None], rtol=0, atol=CLOSE)


def test_temperature():
    """The draw that follows rounds to two decimals, which is no part of a model."""
    case = CASES["temperature_sampling_5"]
    x, t = source("x", case["inputs"]["logits"], "input"), source("T", case["inputs"]["T"], "input")
    got = tables(softmax((x / t).named("divided")))
    close(got["divided"], [[z] for z in case["steps"]["z_over_T"]])
    close(got["softmax.p"], [[p] for p in case["output"]["prob_unrounded"]])
    np.testing.assert_array_equal(got["softmax.p"].round(2)[0], case["steps"]["prob_rounded2"])


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_self_attention(size):
    """Its V is wider than its K, so the head is put together from the projections."""
    case = CASES[f"self_attention_{size}"]
    weight = Weights(arrays={f"W_{x}": turned(case["weights"][f"W{x.lower()}"]) for x in "QKV"})
    x = given("X", case["inputs"]["X"])
    q, k, v = (linear(x, weight, name, len(case["steps"][name]), bias=False).named(name) for name in "QKV")
    got = tables(attend(q, k, v, None))
    for name in "QKV":
        close(got[name], case["steps"][name])
    close(got["scores"], case["steps"]["KtQ"])
    close(got["scaled"], case["steps"]["scaled"])
    close(got["weights"], case["steps"]["A"])
    close(got["Z"], case["output"]["Z"])


def heads(x, memory, weight, count, d_k, mask):
    """Heads whose width is not the model's divided by their number."""
    outputs = []
    for h in range(1, count + 1):
        with scope(f"head{h}"):
            outputs.append(attention_head(x, memory, weight, d_k, mask, bias=False))
    return beside(*outputs)


def split_heads(prefix, q, k, v, d_k):
    """The heads' weights from matrices that hold them below each other."""
    stacked = {"Q": turned(q), "K": turned(k), "V": turned(v)}
    return {
        f"{prefix}head{h + 1}.W_{letter}": matrix[:, h * d_k : (h + 1) * d_k]
        for letter, matrix in stacked.items()
        for h in range(matrix.shape[1] // d_k)
    }


def test_multi_head_attention():
    case = CASES["multihead_attention_3h"]
    w, steps = case["weights"], case["steps"]
    arrays = {f"head{h + 1}.W_{x}": turned(w[f"W{x.lower()}{h}"]) for h in range(3) for x in "QKV"}
    weight = Weights(arrays=arrays | {"W_O": turned(w["Wo"])})
    x = given("X", case["inputs"]["X"])
    joined = heads(x, x, weight, 3, 3, None).named("concat")
    got = tables(join_heads(joined, weight, 5, bias=False))
    for h in range(3):
        for ours, theirs in {
            "Q": "Q",
            "K": "K",
            "V": "V",
            "scaled": "scores_scaled",
            "weights": "A",
            "Z": "head",
        }.items():
            close(got[f"head{h + 1}.{ours}"], steps[f"{theirs}{h}"])
    close(got["concat"], steps["concat"])
    close(got["attention"], case["output"]["output"])


@pytest.mark.parametrize("size", ["small", "medium"])
def test_transformer_block(size):
    case = CASES[f"transformer_block_{size}"]
    weight = Weights(arrays=with_bias("1", case["weights"]["W1_b1"]) | with_bias("2", case["weights"]["W2_b2"]))
    x, a = given("X", case["inputs"]["X"]), given("A", case["inputs"]["A"])
    z = (a @ x).named("Z")
    got = tables(relu(feed_forward(z, weight, len(case["weights"]["W1_b1"]), "relu")).named("Y"))
    for ours, theirs in {"Z": "Z", "hidden": "H1", "relu": "A1", "ffn": "H2"}.items():
        close(got[ours], case["steps"][theirs])
    close(got["Y"], case["output"]["Y"])
    published = turned(case["output"]["workbook_Y"])
    assert (np.abs(got["Y"] - published).max() > 1) == (size == "medium")


def test_mlp():
    case = CASES["mlp_small"]
    x = given("X", case["inputs"]["X"])
    arrays = {}
    for n in range(1, 5):
        arrays |= with_bias(f"{n}", case["weights"][f"W{n}_b{n}"])
    weight = Weights(arrays=arrays)
    for n in range(1, 5):
        z = linear(x, weight, f"{n}", arrays[f"W_{n}"].shape[1]).named(f"Z{n}")
        x = (relu(z) if n < 4 else 1 / (1 + exp(0 - z))).named(f"A{n}")
    got = tables(x)
    for name, expected in case["steps"].items():
        close(got[name], expected)
    close(got["A4"], case["output"]["Y"])


def test_layer_norm_forward():
    """Its gain and shift are one number for all features."""
    case = CASES["jh_layernorm_fwd_bwd"]
    arrays = {f"norm.{name}": np.full((1, 3), case["weights"][name]) for name in ("gamma", "beta")}
    x = given("x", case["inputs"]["x"])
    got = tables(layer_norm(x, Weights(arrays=arrays), "norm", case["inputs"]["eps"]))
    steps = case["steps"]
    close(got["norm.mean"], [[steps["mu"]]])
    close(got["norm.variance"], [[steps["var_population"]]])
    close(1 / got["norm.root"], [[steps["ivar"]]])
    close(got["norm.normalised"], steps["xhat"])
    close(got["norm"], case["output"]["out"])


def test_layer_norm_backward():
    """Its gain and shift are one number for all features, so their gradients are the sums of byhand's."""
    case = CASES["jh_layernorm_fwd_bwd"]
    arrays = {f"norm.{name}": np.full((1, 3), case["weights"][name]) for name in ("gamma", "beta")}
    weight, x = Weights(arrays=arrays), given("x", case["inputs"]["x"])
    out = layer_norm(x, weight, "norm", case["inputs"]["eps"])
    got = backward(out * given("dout", case["inputs"]["dout"]), x, *weight.nodes.values())
    output = case["output"]
    close(got["grad.x"], output["dx"])
    close(got["grad.norm.gamma"].sum(1, keepdims=True), [[output["dgamma"]]])
    close(got["grad.norm.beta"].sum(1, keepdims=True), [[output["dbeta"]]])
    close(got["grad.norm"], case["inputs"]["dout"])


def test_smoothed_output_layer():
    """The cross-entropy of one of two positions, so half of it counts; W is the words' embedding, as rows."""
    case = CASES["jh_output_ce_labelsmooth"]
    inputs = case["inputs"]
    arrays = {"W_out": turned(case["weights"]["W"]), "b_out": turned(case["weights"]["b"])}
    weight, x = Weights(arrays=arrays), given("x", inputs["x"])
    logits = linear(x, weight, "out", 4).named("logits")
    losses, _ = cross_entropy(logits, source("target", [[3]], "tokens"), source("epsilon", 0.1, "constant"))
    got = backward(losses * inputs["scale"], x, *weight.nodes.values())
    close(got["smoothed"], inputs["y_smoothed"])
    close(got["logits"], case["steps"]["logits"])
    close(np.exp(got["log_p"]), case["steps"]["yhat"])
    close(got["losses"], [[case["steps"]["cost"]]])
    close(got["loss"], [[case["output"]["scaled_cost"]]])
    for ours, theirs in {"logits": "dlogits", "W_out": "dW", "b_out": "db", "x": "dx"}.items():
        close(got[f"grad.{ours}"], case["output"][theirs])


def test_backpropagation():
    """The loss is summed over the batch. 14 of the 46 numbers that the workbook shows for the weights are wrong."""
    case = CASES["backprop_mlp_3layer"]
    arrays = {}
    for n in "123":
        arrays |= {f"W_{n}": turned(case["weights"][f"W{n}"]), f"b_{n}": turned(case["weights"][f"b{n}"])}
    weight = Weights(arrays=arrays)
    x = hidden = given("X", case["inputs"]["X"])
    for n in "123":
        z = linear(hidden, weight, n, arrays[f"W_{n}"].shape[1]).named(f"Z{n}")
        hidden = relu(z).named(f"A{n}") if n < "3" else z
    targets = np.argmax(turned(case["inputs"]["target"]), axis=1)
    losses, _ = cross_entropy(hidden, source("targets", targets[:, None], "tokens"))
    got = backward(losses, x, *weight.nodes.values())
    for name in ("Z1", "A1", "Z2", "A2", "Z3"):
        close(got[name], case["steps"][name])
    close(np.exp(got["log_p"]), case["output"]["Y"])
    close(got["loss"], [[case["steps"]["loss_sum"]]])
    correct, shown = case["output"]["gradients_correct"], case["output"]["gradients_in_workbook"]
    for theirs, expected in correct.items():
        ours = f"{theirs[1]}_{theirs[2]}" if theirs[1] in "Wb" else theirs[1:]
        close(got[f"grad.{ours}"], expected)
    wrong = [np.abs(got[f"grad.{d[1]}_{d[2]}"] - turned(table)) > CLOSE for d, table in shown.items()]
    assert (sum(w.sum() for w in wrong), sum(w.size for w in wrong)) == (14, 46)


def test_mean_squared_error():
    """The workbook's own gradient is a copy of another table."""
    case = CASES["autoencoder_mse"]
    y, x = (given(name, case["inputs"][name]) for name in "YX")
    error = (y - x).named("error")
    got = backward(mean_square(error, axis=1) / 2, y)  # over 2 rows of 4: the mean of 8
    close(got["error"], case["steps"]["err"])
    close(got["loss"], [[case["output"]["mse"]]])
    close(got["grad.Y"], case["output"]["grad_correct_2err_over_8"])
    assert np.abs(got["grad.Y"] - turned(case["output"]["workbook_loss_gradients"])).max() > 1


def test_adam_step():
    """The third step, from the means after the second."""
    case = CASES["jh_adam_step"]
    given_ = case["inputs"]
    constants = {"learning_rate": "lr", "beta1": "beta1", "beta2": "beta2", "adam_eps": "eps"}
    constants = {ours: source(ours, given_[theirs], "setting") for ours, theirs in constants.items()}
    w, gradient = given("theta", given_["theta"]), given("g", given_["grad_sum_2_examples"])
    before = {name: given(f"{name}0", given_[name]) for name in "mv"}
    new, _ = OPTIMIZERS["adam"].step(w, gradient, before, given_["t"], constants)
    got = tables(new.named("new"))
    steps = case["steps"]
    for ours, theirs in {"m": "m1", "v": "v1", "m_hat": "mhat", "v_hat": "vhat"}.items():
        close(got[ours], steps[theirs])
    close(got["new"], case["output"]["theta_new"])


def test_projections():
    case = CASES["jh_qkv_projection"]
    arrays = {f"W_{x}": turned(case["weights"][f"W{x}"]) for x in "QKV"}
    arrays |= {f"b_{x}": turned(case["weights"][f"B{x}"]) for x in "QKV"}
    x = given("x", case["inputs"]["x0"])
    got = tables(attention_head(x, x, Weights(arrays=arrays), 4, causal_mask(Dim(1)), bias=True))
    for letter in "QKV":
        close(got[letter], case["output"][f"{letter}0"])
    close(got["scaled"], [[case["output"]["score00_scaled"]]])


class FullStack:
    """The whole encoder-decoder with the odd choices of its spreadsheet, which are none of byhand's layers.

    Its norm divides by the sample's standard deviation plus 0.001, a second ReLU follows the feed-forward part, its
    mask adds -99, positions and features are swapped in its positional encoding, and its padding is not masked.
    """

    def __init__(self, case, positions):
        self.inputs, w = case["inputs"], case["weights"]
        self.positions = positions
        arrays = split_heads("enc.", w["enc_Wq"], w["enc_Wk"], w["enc_Wv"], 3)
        arrays |= split_heads("dec.", w["dec_Wq"], w["dec_Wk"], w["dec_Wv"], 3)
        arrays |= split_heads("cross.", w["dec_Cq"], w["dec_Ck"], w["dec_Cv"], 3)
        for ours, theirs in {"enc": "enc_Wo", "dec": "dec_Wo", "cross": "dec_Co"}.items():
            arrays[f"{ours}.W_O"] = turned(w[theirs])
        for side in ("enc", "dec"):
            for n in "12":
                arrays |= {f"{side}.{name}": array for name, array in with_bias(n, w[f"{side}_F{n}"]).items()}
        for name in ("enc_gb1", "enc_gb2", "dec_gb1", "dec_gb2", "dec_gb3"):
            gain = np.array(w[name], dtype=np.float64)
            arrays |= {f"{name}.gamma": np.diag(gain)[None], f"{name}.beta": gain[:, -1][None]}
        arrays |= {"E_enc": turned(w["E_enc"]), "E_dec": turned(w["E_dec"])} | with_bias("vocab", w["dec_U"])
        self.weight = Weights(arrays=arrays)

    def embedded(self, side):
        words = given(f"{side}_onehot", self.inputs[f"{side}_onehot"])
        table = self.weight(f"E_{side}", words.shape[1], len(self.inputs[f"PE_{side}"]))
        return (words @ table + self.positions(side, *words.shape[:1], table.shape[1])).named(f"x_{side}")

    def norm(self, x, name):
        with scope(name):
            deviation = x - x.mean(1)
            spread = sqrt(mean_square(deviation, axis=1) * (x.shape[1] / (x.shape[1] - 1))) + 0.001
            gamma, beta = self.weight("gamma", 1, x.shape[1]), self.weight("beta", 1, x.shape[1])
        return (deviation / spread * gamma + beta).named(name)

    def head(self, x, memory, mask):
        """byhand's head, but that the mask takes 99 from the scores in place of hiding them."""
        q, k, v = (linear(side, self.weight, n, 3, bias=False) for side, n in ((x, "Q"), (memory, "K"), (memory, "V")))
        if mask is None:
            return attend(q, k, v, None)
        weights = softmax(q @ k.T / sqrt(3) + where(mask, 0, -99)).named("weights")
        return weights @ v

    def attention(self, x, memory, name, count, mask=None):
        with scope(name):
            outputs = []
            for h in range(1, count + 1):
                with scope(f"head{h}"):
                    outputs.append(self.head(x, memory, mask))
            return residual(x, join_heads(beside(*outputs), self.weight, x.shape[1], bias=False), "sum")

    def feed(self, x, side):
        with scope(side):
            return residual(x, relu(feed_forward(x, self.weight, 12, "relu")), "fed")

    def build(self):
        x = self.embedded("enc")
        x = self.norm(self.attention(x, x, "enc", 2), "enc_gb1")
        memory = self.norm(self.feed(x, "enc"), "enc_gb2")
        x = self.embedded("dec")
        x = self.norm(self.attention(x, x, "dec", 3, causal_mask(x.shape[0])), "dec_gb1")
        x = self.norm(self.attention(x, memory, "cross", 2), "dec_gb2")
        x = self.norm(self.feed(x, "dec"), "dec_gb3")
        logits = linear(x, self.weight, "vocab", 24).named("logits")
        return tables(softmax(logits).named("prob"))


FULL = CASES["encdec_full_stack"]
BASE = {"enc": 100, "dec": 10}


def standard_positions(side, length, width):
    """As in the paper, with the spreadsheet's base in place of 10000."""
    angle = position_column(Dim(length)) / power(BASE[side], source("2i", np.arange(0, width, 2), "given") / width)
    return alternate(sin(angle), cos(angle), width=width).named(f"PE_{side}")


def swapped_positions(side, length, width):
    """The spreadsheet's: k / base^(t / d) for feature k of position t, both from 1; cosines on odd k, sines on even."""
    rate = power(BASE[side], (position_column(Dim(length)) + 1) / width)
    odd, even = (source(f"k{first}", np.arange(first, width + 2, 2)[: (width + 1) // 2], "given") for first in (1, 2))
    return alternate(cos(odd / rate), sin(even / rate), width=width).named(f"PE_{side}")


def test_full_stack():
    got = FullStack(FULL, swapped_positions).build()
    steps = FULL["steps"]
    for side in ("enc", "dec"):
        close(got[f"PE_{side}"], FULL["inputs"][f"PE_{side}"])
    names = {"x_enc": "xe", "enc_gb1": "enc_n1", "enc_gb2": "enc", "x_dec": "xd", "dec_gb1": "dec_n1"}
    for ours, theirs in (names | {"dec_gb2": "dec_n2", "dec_gb3": "dec", "logits": "logits"}).items():
        close(got[ours], steps[theirs])
    for ours, theirs in {"enc": "enc_A", "dec": "dec_A", "cross": "cross_A"}.items():
        for h, columns in enumerate(steps[theirs]):
            close(got[f"{ours}.head{h + 1}.weights"], columns)
    close(got["prob"], FULL["output"]["prob"])
    np.testing.assert_allclose(got["prob"][5], FULL["output"]["next_token_probs_col5"], rtol=0, atol=CLOSE)


def test_full_stack_with_positions_that_are_not_swapped():
    """What the spreadsheet would predict were its positional encoding the paper's."""
    got = FullStack(FULL, standard_positions).build()
    np.testing.assert_allclose(got["prob"][5], FULL["output"]["prob_if_PE_were_standard"], rtol=0, atol=CLOSE)
    assert np.abs(got["prob"] - turned(FULL["output"]["prob"])).max() > 0.1
    assert np.abs(got["PE_enc"] - turned(FULL["inputs"]["PE_enc"])).max() > 1


HERE = """
softmax_e_4 softmax_e_6 softmax_e_10 softmax_base3_4 softmax_base3_6 softmax_base3_10 temperature_sampling_5
self_attention_small self_attention_medium self_attention_large multihead_attention_3h
transformer_block_small transformer_block_medium mlp_small encdec_full_stack jh_layernorm_fwd_bwd jh_qkv_projection
backprop_mlp_3layer autoencoder_mse jh_output_ce_labelsmooth jh_adam_step
lstm_small mamba_s6_small mlstm_2steps
""".split()


def test_every_case_is_compared():
    assert sorted(HERE) == sorted(CASES)
