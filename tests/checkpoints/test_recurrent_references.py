"""LSTM language models, translators with attention and Mamba of other sizes, against numpy; and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import recurrent_oracles as second
from support.checkpoints import state_of, write

from byhand.core.graph import Array
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

DATA = Path(__file__).parents[1] / "data"
CLOSE = 1e-10
LSTM = {"model_type": "lstm_lm", "vocab_size": 9, "embed_dim": 3, "hidden_size": 5, "num_layers": 3}
BOTH = {"model_type": "lstm_seq2seq", "src_vocab_size": 7, "tgt_vocab_size": 9, "embed_dim": 3, "hidden_size": 4}
FORMS: dict[str, dict[str, Any]] = {
    "additive, both ways": BOTH | {"attention": "bahdanau", "bidirectional": True, "attention_size": 5},
    "additive, one way": BOTH | {"attention": "bahdanau", "bidirectional": False, "attention_size": 5},
    "general, one way": BOTH | {"attention": "luong_general", "bidirectional": False},
    "general, both ways": BOTH | {"attention": "luong_general", "bidirectional": True},
}
MAMBA = {
    "model_type": "mamba",
    "vocab_size": 9,
    "hidden_size": 6,
    "num_hidden_layers": 2,
    "intermediate_size": 10,
    "state_size": 3,
    "conv_kernel": 3,
    "time_step_rank": 4,
    "use_bias": True,
    "use_conv_bias": False,
    "tie_word_embeddings": False,
    "layer_norm_epsilon": 1e-4,
    "hidden_act": "silu",
}


def lstm_shapes(name: str, ins: int, width: int, ending: str) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {f"{name}.bias_{x}{ending}": (4 * width,) for x in ("ih", "hh")}
    return shapes | {
        f"{name}.weight_ih{ending}": (4 * width, ins),
        f"{name}.weight_hh{ending}": (4 * width, width),
    }


def torch_lstm(
    state: dict[str, Array], name: str, ending: str, x: Array, h: Array, c: Array
) -> list[tuple[Array, ...]]:
    """torch.nn.LSTM as its documentation writes it: gates i, f, g, o."""
    states = []
    for row in x:
        z = state[f"{name}.weight_ih{ending}"] @ row + state[f"{name}.weight_hh{ending}"] @ h
        z = z + state[f"{name}.bias_ih{ending}"] + state[f"{name}.bias_hh{ending}"]
        i, f, g, o = np.split(z, 4)
        c = second.sigmoid(f) * c + second.sigmoid(i) * np.tanh(g)
        h = second.sigmoid(o) * np.tanh(c)
        states.append((h, c))
    return states


def test_an_lstm_of_other_sizes(tmp_path: Path) -> None:
    shapes: dict[str, tuple[int, ...]] = {"embed.weight": (9, 3), "out.weight": (9, 5), "out.bias": (9,)}
    for n in range(3):
        shapes |= lstm_shapes("lstm", 5 if n else 3, 5, f"_l{n}")
    state = state_of(shapes)
    x = np.asarray(state["embed.weight"], dtype=float)[[4, 0, 8, 8]]
    for n in range(3):
        x = np.array([h for h, _ in torch_lstm(state, "lstm", f"_l{n}", x, np.zeros(5), np.zeros(5))])
    tables = build(Recipe(str(write(tmp_path / "m", LSTM, state)), ids=[4, 0, 8, 8])).numbers()
    wanted = x @ state["out.weight"].T + state["out.bias"]
    np.testing.assert_allclose(tables["logits"], wanted, rtol=0, atol=CLOSE)


def seq2seq_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    d, e, both = config["hidden_size"], config["embed_dim"], config["bidirectional"]
    memory, additive = (2 * d if both else d), config["attention"] == "bahdanau"
    shapes: dict[str, tuple[int, ...]] = {
        "src_embed.weight": (config["src_vocab_size"], e),
        "tgt_embed.weight": (config["tgt_vocab_size"], e),
    }
    shapes |= lstm_shapes("encoder", e, d, "_l0")
    shapes |= lstm_shapes("encoder", e, d, "_l0_reverse") if both else {}
    shapes |= lstm_shapes("decoder", e + memory if additive else e, d, "")
    if both or additive:
        shapes |= {f"init_{n}.weight": (d, memory) for n in "hc"} | {f"init_{n}.bias": (d,) for n in "hc"}
    if additive:
        a = config["attention_size"]
        shapes |= {"W_q.weight": (a, d), "W_k.weight": (a, memory), "v.weight": (1, a)}
    else:
        shapes |= {"W_a.weight": (d, memory), "W_c.weight": (d, memory + d)}
    read = d + memory + e if additive else d
    return shapes | {
        "out.weight": (config["tgt_vocab_size"], read),
        "out.bias": (config["tgt_vocab_size"],),
    }


def torch_seq2seq(state: dict[str, Array], config: dict[str, Any], ids: list[int], target_ids: list[int]) -> Array:
    """As the reference's README.md describes the two."""
    state = {name: np.asarray(array, dtype=float) for name, array in state.items()}
    zeros = np.zeros(config["hidden_size"])
    x = state["src_embed.weight"][ids]
    ahead = torch_lstm(state, "encoder", "_l0", x, zeros, zeros)
    memory, last = np.array([h for h, _ in ahead]), ahead[-1][0]
    if config["bidirectional"]:
        back = torch_lstm(state, "encoder", "_l0_reverse", x[::-1], zeros, zeros)[::-1]
        memory = np.hstack((memory, [h for h, _ in back]))
        last = np.concatenate((last, back[0][0]))
    s, c = ahead[-1]
    if "init_h.weight" in state:
        s, c = (np.tanh(state[f"init_{n}.weight"] @ last + state[f"init_{n}.bias"]) for n in "hc")
    logits = []
    for y in state["tgt_embed.weight"][target_ids]:
        if config["attention"] == "bahdanau":
            scores = np.tanh(memory @ state["W_k.weight"].T + state["W_q.weight"] @ s) @ state["v.weight"][0]
            context = second.softmax(scores) @ memory
            ((s, c),) = torch_lstm(state, "decoder", "", np.concatenate((y, context))[None], s, c)
            read = np.concatenate((s, context, y))
        else:
            ((s, c),) = torch_lstm(state, "decoder", "", y[None], s, c)
            context = second.softmax(memory @ state["W_a.weight"].T @ s) @ memory
            read = np.tanh(state["W_c.weight"] @ np.concatenate((context, s)))
        logits.append(state["out.weight"] @ read + state["out.bias"])
    return np.array(logits)


@pytest.mark.parametrize("form", FORMS)
def test_a_translator_of_other_sizes(form: str, tmp_path: Path) -> None:
    config, ids, target_ids = FORMS[form], [4, 0, 6], [1, 8, 8, 2]
    state = state_of(seq2seq_shapes(config))
    tables = build(Recipe(str(write(tmp_path / "m", config, state)), ids=ids, target_ids=target_ids)).numbers()
    np.testing.assert_allclose(tables["logits"], torch_seq2seq(state, config, ids, target_ids), rtol=0, atol=CLOSE)


def mamba_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    v, d, wide = config["vocab_size"], config["hidden_size"], config["intermediate_size"]
    n, rank = config["state_size"], config["time_step_rank"]
    shapes: dict[str, tuple[int, ...]] = {"backbone.embeddings.weight": (v, d), "backbone.norm_f.weight": (d,)}
    for layer in range(config["num_hidden_layers"]):
        at = f"backbone.layers.{layer}"
        shapes |= {
            f"{at}.norm.weight": (d,),
            f"{at}.mixer.in_proj.weight": (2 * wide, d),
            f"{at}.mixer.in_proj.bias": (2 * wide,),
            f"{at}.mixer.conv1d.weight": (wide, 1, config["conv_kernel"]),
            f"{at}.mixer.x_proj.weight": (rank + 2 * n, wide),
            f"{at}.mixer.dt_proj.weight": (wide, rank),
            f"{at}.mixer.dt_proj.bias": (wide,),
            f"{at}.mixer.A_log": (wide, n),
            f"{at}.mixer.D": (wide,),
            f"{at}.mixer.out_proj.weight": (d, wide),
            f"{at}.mixer.out_proj.bias": (d,),
        }
    return shapes | {"lm_head.weight": (v, d)}


def test_a_mamba_of_other_sizes(tmp_path: Path) -> None:
    """Biases, no bias of the convolution, an output layer of its own."""
    state = state_of(mamba_shapes(MAMBA))
    whole = {name: np.asarray(array, dtype=float) for name, array in state.items()}
    w: dict[str, Array] = {"E": whole["backbone.embeddings.weight"], "W_vocab": whole["lm_head.weight"].T}
    w["final_norm.gamma"] = whole["backbone.norm_f.weight"]
    for n in range(2):
        at, p = f"backbone.layers.{n}.mixer", f"layer{n + 1}."
        w[f"{p}norm.gamma"] = whole[f"backbone.layers.{n}.norm.weight"]
        for k, name in enumerate("xz"):
            part = slice(10 * k, 10 * k + 10)
            w[f"{p}W_{name}"], w[f"{p}b_{name}"] = (whole[f"{at}.in_proj.{x}"][part].T for x in ("weight", "bias"))
        w[f"{p}w"] = whole[f"{at}.conv1d.weight"][:, 0].T
        for name, part in (("low", slice(0, 4)), ("B", slice(4, 7)), ("C", slice(7, 10))):
            w[f"{p}W_{name}"] = whole[f"{at}.x_proj.weight"][part].T
        w[f"{p}W_delta"], w[f"{p}b_delta"] = whole[f"{at}.dt_proj.weight"].T, whole[f"{at}.dt_proj.bias"]
        w[f"{p}A_log"], w[f"{p}D"] = whole[f"{at}.A_log"], whole[f"{at}.D"]
        w[f"{p}W_O"], w[f"{p}b_O"] = whole[f"{at}.out_proj.weight"].T, whole[f"{at}.out_proj.bias"]
    ids = [4, 0, 8, 8, 1]
    wanted = second.mamba(w, ids, {"layers": 2, "eps": 1e-4, "zoh": False, "tied": False})
    tables = build(Recipe(str(write(tmp_path / "m", MAMBA, state)), ids=ids)).numbers()
    np.testing.assert_allclose(tables["logits"], wanted, rtol=0, atol=CLOSE)


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "gru": ("mamba", {"hidden_act": "relu"}, 'hidden_act in config.json is "relu", which byhand does not compute'),
    "both ways": ("lstm_lm", {"bidirectional": True}, "config.json has bidirectional = true"),
    "projection": ("lstm_lm", {"proj_size": 3}, "config.json has proj_size = 3"),
    "dot": ("seq2seq_luong", {"attention": "dot"}, 'attention in config.json is "dot"'),
    "deep": ("seq2seq_luong", {"num_layers": 2}, "config.json has num_layers = 2"),
    "fed": ("seq2seq_luong", {"input_feeding": True}, "config.json has input_feeding = true"),
    "widths": ("mamba", {"state_size": 5}, "x_proj.weight is 10×16, but config.json makes it 12×16"),
    "layers": ("lstm_lm", {"num_layers": 1}, "The weights have a tensor lstm.bias_hh_l1"),
    "one way": ("seq2seq_bahdanau", {"bidirectional": False}, "config.json makes it"),
    "rank": ("mamba", {"time_step_rank": "many"}, "time_step_rank in config.json must be a whole number"),
    "nothing": ("lstm_lm", {"hidden_size": None}, "hidden_size in config.json must be a whole number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_computed_is_refused_with_a_sentence(case: str, tmp_path: Path) -> None:
    folder, change, sentence = REFUSED[case]
    copy = shutil.copytree(DATA / folder, tmp_path / folder)
    config = json.loads((copy / "config.json").read_text()) | change
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ByhandError) as error:
        build(Recipe(str(copy)))
    assert sentence in str(error.value)
