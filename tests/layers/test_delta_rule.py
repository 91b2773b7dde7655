"""The gated delta rule against Qwen3-Next's layer in transformers, and what it is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.made_delta import FILE, SIZES

from byhand.core.graph import Array, fold, source
from byhand.core.weights import Weights
from byhand.layers.delta_rule import delta_rule
from byhand.models.state_space.delta_net import ARCHITECTURE, mixer


def weights_of(made: dict[str, Array], keys: int, values: int, d_k: int, d_v: int) -> dict[str, Array]:
    """By our paths: transformers joins a key's group in one matrix, and the columns of all convolutions in another."""
    each = values // keys
    joined, gates = made["in_proj_qkvz.weight"], made["in_proj_ba.weight"]
    taps = made["conv1d.weight"][:, 0].T
    arrays = {"W_O": made["out_proj.weight"].T}
    for g in range(keys):
        rows = joined[g * (2 * d_k + 2 * each * d_v) : (g + 1) * (2 * d_k + 2 * each * d_v)]
        place = f"keys{g + 1}" if keys < values else f"head{g + 1}"
        for n, letter in enumerate("QK"):
            arrays[f"{place}.W_{letter}"] = rows[n * d_k : (n + 1) * d_k].T
            first = n * keys * d_k + g * d_k
            arrays[f"{place}.taps_{letter}"] = taps[:, first : first + d_k]
        for e in range(each):
            h, start = g * each + e, 2 * d_k + e * d_v
            arrays[f"head{h + 1}.W_V"] = rows[start : start + d_v].T
            arrays[f"head{h + 1}.W_Z"] = rows[start + each * d_v : start + each * d_v + d_v].T
            first = 2 * keys * d_k + h * d_v
            arrays[f"head{h + 1}.taps_V"] = taps[:, first : first + d_v]
            arrays[f"head{h + 1}.W_beta"] = gates[2 * g * each + e][:, None]
            arrays[f"head{h + 1}.W_decay"] = gates[2 * g * each + each + e][:, None]
            arrays[f"head{h + 1}.b_decay"] = made["dt_bias"][h].reshape(1, 1)
            arrays[f"head{h + 1}.A_log"] = made["A_log"][h].reshape(1, 1)
            arrays[f"head{h + 1}.norm.gamma"] = made["norm.weight"][None]
    return {path: table.astype(np.float64) for path, table in arrays.items()}


@pytest.mark.parametrize("name", SIZES)
def test_the_layer_is_qwen3_nexts(name: str) -> None:
    file = np.load(FILE)
    keys, values, d_k, d_v, reach = SIZES[name]
    made = {key.partition(":")[2]: file[key] for key in file.files if key.startswith(f"{name}:")}
    x = source("x", file[f"{name}.x"], "input")
    o = replace(ARCHITECTURE.options, d_model=5, heads=values, key_heads=keys, d_k=d_k, d_v=d_v, d_conv=reach)
    weights = Weights(arrays=weights_of(made, keys, values, d_k, d_v))
    y = mixer(x, weights, o)
    assert set(weights.nodes) == set(weights.arrays or ())
    np.testing.assert_allclose(fold([y])[y], file[f"{name}.y"], rtol=0, atol=1e-10)


def test_the_rule_overwrites_what_a_key_had() -> None:
    """With α = β = 1 and a key of length 1, the state says the last value for it, not the sum of all."""
    k = source("K", [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "input")
    v = source("V", [[3.0], [5.0], [-2.0]], "input")
    one = source("one", [[1.0], [1.0], [1.0]], "input")
    y = delta_rule(k, k, v, one, one)
    np.testing.assert_allclose(fold([y])[y], v.data)
