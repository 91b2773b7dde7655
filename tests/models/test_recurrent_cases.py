"""Published worked examples of models that carry a state, composed of byhand's own layers."""

import numpy as np
from support.published_examples import CASES, CLOSE, close, given, tables, turned

from byhand.core.graph import source
from byhand.core.ops import exp, maximum
from byhand.core.weights import Weights
from byhand.layers.recurrence import LSTM, lstm_step, selective_scan, sigmoid, softplus, unroll


def test_lstm():
    """One matrix a gate for [x; h; 1], the gates in another order than torch's."""
    case, names = CASES["lstm_small"], {"i": "Wi", "f": "Wf", "g": "Wg_candidate", "o": "Wo"}
    arrays = {}
    for gate, name in names.items():
        matrix = turned(case["weights"][name])
        arrays |= {f"W_{gate}": matrix[:3], f"U_{gate}": matrix[3:5], f"b_{gate}": matrix[5:]}
    x, (h, c) = given("X", case["inputs"]["X"]), (given(name, case["inputs"][name]) for name in ("h0", "c0"))
    states = unroll(lstm_step(Weights(arrays=arrays), 3, 2), x, (h, c), LSTM)
    got = tables(*(h for h, _ in states))
    for t in range(4):
        close(got[f"c_{t + 1}"], [[row[t]] for row in case["steps"]["C"]])
        close(got[f"h_{t + 1}"], [[row[t]] for row in case["output"]["H"]])


def test_mamba():
    """A and B both by zero-order hold; the workbook's own y has a logarithm to base 10 and two slipped references."""
    case = CASES["mamba_s6_small"]
    x, a = given("x", case["inputs"]["x"]), source("A", case["weights"]["A"], "input")
    b, c = ((x @ given(f"W_{name}", case["weights"][f"s{name}"])).named(name) for name in "BC")
    steps = x @ given("W_delta", case["weights"]["sDelta"]) + given("p", case["weights"]["delta_param"])
    delta = softplus(steps).named("delta")
    got = tables(selective_scan(x, delta, a, b, c, zoh=True).named("y"))
    for ours, theirs in {"B": "B", "C": "C", "delta": "Delta_ln"}.items():
        close(got[ours], case["steps"][theirs])
    for t in range(3):
        for ours, theirs in {"Abar": "Abar", "Bbar": "Bbar"}.items():
            wanted = [channel[t] for channel in case["steps"][theirs]]
            np.testing.assert_allclose(got[f"{ours}_{t + 1}"], wanted, rtol=0, atol=CLOSE)
        np.testing.assert_allclose(got[f"h_{t + 1}"], case["steps"]["h_by_t_d_n"][t], rtol=1e-12, atol=CLOSE)
    close(got["y"], case["output"]["y_correct"])
    assert np.abs(got["y"] - turned(case["output"]["y_in_workbook"])).max() > 1


def test_mlstm():
    """A matrix for a memory (Beck et al. 2024, eq. 19 to 27); the workbook's own normaliser takes i for q."""
    case = CASES["mlstm_2steps"]
    w = {name: turned(matrix) for name, matrix in case["weights"].items()}
    memory, n = source("C0", w["C0"].T, "input"), source("n0", w["n0"], "input")
    x = given("x", case["inputs"]["x"])
    for t in range(2):
        row = x.rows(t, t + 1)

        def read(name, row=row):
            return row @ source(name, w[name], "weight")

        i, f, o = exp(read("Wi")), sigmoid(read("Wf")), sigmoid(read("Wo"))
        q, k, v = read("Wq"), read("Wk_scaled"), read("Wv")
        memory = f * memory + i * (v.T @ k)
        n = f * n + i * k
        reach = n @ q.T
        reach = maximum(maximum(reach, -reach), 1)
        got = tables((o * ((memory @ q.T).T / reach)).named("h"))
        close(got["h"], [[line[t]] for line in case["output"]["h_correct"]])
