"""Checkpoints with other options, names, kinds of numbers and files, made up and held against numpy."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from support import oracles
from support.checkpoints import BERT, CLOSE, GPT2, TORCH, close, heads_close, numbers, shard, state_of, without, write

from byhand.checkpoints.reading import read
from byhand.models.decoder import gpt2
from byhand.models.encoder import bert

DATA = Path(__file__).parents[1] / "data"
FOLDERS = ("gpt2", "bert", "transformer2017", "torch_transformer")


IDS, TARGETS, SEGMENTS, MASK = [3, 10, 0, 7, 7], [1, 9, 4], [0, 2, 1, 1, 0], [1, 1, 0, 1, 0]


def float64(state):
    return {name: array.astype(np.float64) for name, array in state.items()}


def gpt2_close(folder, config, state):
    """What is read from the folder computes what numpy does with this config and state."""
    expected = oracles.gpt2(float64(state), config, IDS)
    tables = numbers(read(folder), ids=IDS)
    for n, hidden in enumerate(expected["hidden"]):
        close(tables, f"layer{n}.output" if n else "x", hidden)
    for n, weights in enumerate(expected["attentions"]):
        heads_close(tables, f"layer{n + 1}", weights)
    close(tables, "logits", expected["logits"])


def bert_close(folder, config, state):
    expected = oracles.bert(float64(state), config, IDS, SEGMENTS, MASK)
    tables = numbers(read(folder), ids=IDS, segment_ids=SEGMENTS, mask=MASK)
    for n, hidden in enumerate(expected["hidden"]):
        close(tables, f"layer{n}.output" if n else "x", hidden)
    for n, weights in enumerate(expected["attentions"]):
        heads_close(tables, f"layer{n + 1}", weights)
    close(tables, "logits", expected["logits"])


def torch_close(folder, config, state):
    expected = oracles.torch_transformer(float64(state), config, IDS, TARGETS, MASK)
    tables = numbers(read(folder), ids=IDS, target_ids=TARGETS, mask=MASK)
    for side in ("encoder", "decoder"):
        for n, hidden in enumerate(expected[side]):
            close(tables, f"{side}.layer{n}.output" if n else f"{side}.x", hidden)
    for kind, scope in (
        ("encoder", "encoder.layer{}"),
        ("self", "decoder.layer{}.self"),
        ("cross", "decoder.layer{}.cross"),
    ):
        for n, weights in enumerate(expected["attentions"][kind]):
            heads_close(tables, scope.format(n + 1), weights)
    close(tables, "logits", expected["logits"])


def test_the_oracles_are_right():
    """On the reference numbers, before anything is held against them."""
    for name in FOLDERS:
        config = json.loads((DATA / name / "config.json").read_text())
        state, e = float64(load_file(DATA / name / "model.safetensors")), np.load(DATA / name / "expected.npz")
        for row in (0, 1):
            if name == "gpt2":
                got = oracles.gpt2(state, config, e["input_ids"][row])
            elif name == "bert":
                got = oracles.bert(
                    state, config, *(e[k][row] for k in ("input_ids", "token_type_ids", "attention_mask"))
                )
            else:
                got = oracles.torch_transformer(state, config, *(e[k][row] for k in ("src_ids", "tgt_ids", "src_mask")))
            np.testing.assert_allclose(got["logits"], e["logits"][row], rtol=0, atol=CLOSE)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tie_word_embeddings": False},
        {"n_inner": None},
        {"n_head": 6},
        {"n_head": 1},
        {"n_embd": 12, "n_head": 4},
        {"n_embd": 5, "n_head": 1, "n_inner": 7},
        {"n_layer": 3},
        {"n_layer": 1},
        {"scale_attn_weights": False},
        {"scale_attn_by_inverse_layer_idx": True},
        {"scale_attn_weights": False, "scale_attn_by_inverse_layer_idx": True, "n_layer": 3},
        {"activation_function": "relu"},
        {"activation_function": "gelu"},
        {"activation_function": "gelu_pytorch_tanh"},
        {"activation_function": "gelu_fast"},
        {"layer_norm_epsilon": 0.01},
    ],
    ids=str,
)
def test_gpt2_variations(tmp_path, change):
    config = GPT2 | change
    state = state_of(oracles.gpt2_shapes(config))
    gpt2_close(write(tmp_path / "made_up", config, state), config, state)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tie_word_embeddings": False},
        {"num_attention_heads": 6},
        {"hidden_size": 12, "num_attention_heads": 4},
        {"hidden_size": 5, "num_attention_heads": 1, "intermediate_size": 7},
        {"num_hidden_layers": 3},
        {"hidden_act": "relu"},
        {"hidden_act": "gelu_new"},
        {"hidden_act": "gelu_pytorch_tanh"},
        {"hidden_act": "gelu_fast"},
        {"layer_norm_eps": 0.01},
    ],
    ids=str,
)
def test_bert_variations(tmp_path, change):
    config = BERT | change
    state = state_of(oracles.bert_shapes(config))
    bert_close(write(tmp_path / "made_up", config, state), config, state)


@pytest.mark.parametrize(
    ("change", "generator", "bias"),
    [
        ({}, False, False),
        ({}, True, False),
        ({}, True, True),
        ({}, False, True),
        ({"model_type": "transformer2017", "final_norms": False, "scale_embedding": True}, False, False),
        ({"shared_embeddings": False, "tgt_vocab_size": 10}, True, True),
        ({"shared_embeddings": False, "tgt_vocab_size": 10}, True, False),
        ({"shared_embeddings": False, "scale_embedding": True}, True, True),
        ({"norm_first": True}, False, False),
        ({"norm_first": True, "final_norms": False}, True, True),
        ({"activation": "gelu"}, False, False),
        ({"nhead": 6, "num_encoder_layers": 1, "num_decoder_layers": 3}, False, False),
        ({"d_model": 5, "nhead": 1, "dim_feedforward": 7}, False, False),
        ({"d_model": 12, "nhead": 4, "num_encoder_layers": 3, "num_decoder_layers": 1}, True, True),
        ({"layer_norm_eps": 0.01}, False, False),
    ],
    ids=str,
)
def test_torch_variations(tmp_path, change, generator, bias):
    config = TORCH | change
    state = state_of(oracles.torch_shapes(config, generator, bias))
    torch_close(write(tmp_path / "made_up", config, state), config, state)


def test_missing_keys_have_the_librarys_defaults(tmp_path):
    config = GPT2 | {"n_embd": 12, "n_head": 12, "n_inner": None}
    state = state_of(oracles.gpt2_shapes(config))
    kept = {key: config[key] for key in ("model_type", "vocab_size", "n_positions", "n_embd", "n_layer")}
    gpt2_close(write(tmp_path / "gpt2", kept, state), config, state)

    config = BERT | {"hidden_size": 12, "num_attention_heads": 12, "type_vocab_size": 2}
    state = state_of(oracles.bert_shapes(config))
    gone = ("hidden_act", "layer_norm_eps", "type_vocab_size", "num_attention_heads", "tie_word_embeddings")
    folder = write(tmp_path / "bert", without(config, *gone), state)
    assert read(folder).options == replace(
        bert.BERT, vocab=11, max_positions=9, d_model=12, heads=12, layers=2, d_ff=10
    )

    config = TORCH | {"d_model": 8, "nhead": 8}
    state = state_of(oracles.torch_shapes(config, False, False))
    gone = ("nhead", "activation", "norm_first", "final_norms", "layer_norm_eps", "scale_embedding")
    torch_close(write(tmp_path / "torch", without(config, *gone), state), config, state)

    config = config | {"model_type": "transformer2017", "final_norms": False, "scale_embedding": True}
    state = state_of(oracles.torch_shapes(config, False, False))
    torch_close(write(tmp_path / "2017", without(config, *gone, "shared_embeddings"), state), config, state)


def test_the_defaults_of_whole_configs():
    """Of the published sizes, which no test builds."""
    from byhand.checkpoints import FAMILIES
    from byhand.checkpoints.folder import Config

    nothing = Config({}, {})
    assert FAMILIES["gpt2"].options(nothing, None) == replace(
        gpt2.GPT2, vocab=50257, max_positions=1024, d_model=768, heads=12, layers=12, d_ff=3072
    )
    assert FAMILIES["bert"].options(nothing, None) == replace(
        bert.BERT, vocab=30522, max_positions=512, d_model=768, heads=12, layers=12, d_ff=3072
    )


def test_gpt2_reads_the_other_names_of_its_keys(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2))
    config = without(GPT2, "n_embd", "n_head", "n_layer", "n_positions")
    config |= {"hidden_size": 6, "num_attention_heads": 3, "num_hidden_layers": 2, "max_position_embeddings": 9}
    gpt2_close(write(tmp_path / "made_up", config, state), GPT2, state)


def test_gpt2_without_prefix_and_with_old_buffers(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2))
    stored = {name.removeprefix("transformer."): array for name, array in state.items()}
    for n in range(2):
        stored[f"h.{n}.attn.bias"] = np.tri(9, dtype=np.uint8)[None, None]
        stored[f"h.{n}.attn.masked_bias"] = np.array(-1e4, np.float32)
    gpt2_close(write(tmp_path / "made_up", GPT2, stored), GPT2, state)


def test_bert_without_prefix_with_old_names_buffers_and_pooler(tmp_path):
    state = state_of(oracles.bert_shapes(BERT))
    stored = {}
    for name, array in state.items():
        name = name.removeprefix("bert.")
        stored[name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")] = array
    stored["embeddings.position_ids"] = np.arange(9)[None]
    stored |= {"pooler.dense.weight": np.ones((6, 6), np.float32), "pooler.dense.bias": np.ones(6, np.float32)}
    stored["cls.seq_relationship.weight"] = np.ones((2, 6), np.float32)
    bert_close(write(tmp_path / "made_up", BERT, stored), BERT, state)


def test_an_output_layer_stored_although_tied_is_the_embedding(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2))
    stored = state | {"lm_head.weight": state["transformer.wte.weight"].copy()}
    gpt2_close(write(tmp_path / "gpt2", GPT2, stored), GPT2, state)
    state = state_of(oracles.bert_shapes(BERT))
    stored = state | {
        "cls.predictions.decoder.weight": state["bert.embeddings.word_embeddings.weight"].copy(),
        "cls.predictions.decoder.bias": state["cls.predictions.bias"].copy(),
    }
    bert_close(write(tmp_path / "bert", BERT, stored), BERT, state)


@pytest.mark.parametrize("tied", [True, False])
def test_berts_output_bias_under_its_other_name(tmp_path, tied):
    config = BERT | {"tie_word_embeddings": tied}
    state = state_of(oracles.bert_shapes(config))
    stored = without(state, "cls.predictions.bias") | {"cls.predictions.decoder.bias": state["cls.predictions.bias"]}
    bert_close(write(tmp_path / "made_up", config, stored), config, state)


def test_an_untied_bert_computes_with_the_decoders_bias(tmp_path):
    """As BertLMPredictionHead of transformers 5 does; its own bias is then a leftover."""
    config = BERT | {"tie_word_embeddings": False}
    state = state_of(oracles.bert_shapes(config))
    stored = state | {"cls.predictions.decoder.bias": state["cls.predictions.bias"]}
    stored["cls.predictions.bias"] = np.zeros(11, np.float32)
    bert_close(write(tmp_path / "made_up", config, stored), config, state)


def bfloat16_file(path, state):
    """Written by hand, since numpy has no such kind: the upper halves of float32."""
    header, data = {}, b""
    for name, array in state.items():
        half = (array.view("<u4") >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": [len(data), len(data) + len(half)]}
        data += half
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_other_kinds_of_numbers(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2))
    gpt2_close(write(tmp_path / "f64", GPT2, float64(state)), GPT2, state)
    half = {name: array.astype(np.float16) for name, array in state.items()}
    gpt2_close(write(tmp_path / "f16", GPT2, half), GPT2, half)
    brief = {name: (array.view("<u4") >> 16 << 16).view("<f4") for name, array in state.items()}
    folder = write(tmp_path / "bf16", GPT2 | {"torch_dtype": "bfloat16"}, state)
    bfloat16_file(folder / "model.safetensors", brief)
    gpt2_close(folder, GPT2, brief)
    assert any((brief[name] != state[name]).any() for name in state)


def test_shards(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2))
    folder = write(tmp_path / "made_up", GPT2, state)
    shard(folder, state)
    gpt2_close(folder, GPT2, state)


def test_a_folder_given_as_text_and_a_config_with_a_byte_order_mark(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2))
    folder = write(tmp_path / "made_up", GPT2, state)
    (folder / "config.json").write_text(json.dumps(GPT2), encoding="utf-8-sig")
    assert read(str(folder)).options.d_model == 6
