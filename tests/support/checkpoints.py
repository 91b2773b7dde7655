"""Made-up checkpoints: small configs of every key, random tensors, folders; and the numbers that one gives."""

import json

import numpy as np
from safetensors.numpy import save_file

from byhand.core.graph import fold
from byhand.core.weights import Weights
from byhand.language.architecture import Inputs
from support import oracles
from support.made_weights import state_of as state_of

CLOSE = 1e-10
GPT2 = {
    "model_type": "gpt2",
    "vocab_size": 11,
    "n_positions": 9,
    "n_embd": 6,
    "n_layer": 2,
    "n_head": 3,
    "n_inner": 10,
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "tie_word_embeddings": True,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
}
BERT = {
    "model_type": "bert",
    "vocab_size": 11,
    "max_position_embeddings": 9,
    "type_vocab_size": 3,
    "hidden_size": 6,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 10,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "tie_word_embeddings": True,
}
TORCH = {
    "model_type": "torch.nn.Transformer",
    "vocab_size": 11,
    "d_model": 6,
    "nhead": 3,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
    "dim_feedforward": 10,
    "activation": "relu",
    "norm_first": False,
    "final_norms": True,
    "shared_embeddings": True,
    "scale_embedding": False,
    "layer_norm_eps": 1e-5,
}


def write(folder, config, state):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(state, folder / "model.safetensors")
    return folder


def without(config, *keys):
    return {key: value for key, value in config.items() if key not in keys}


def shard(folder, state):
    """The weights in two files with an index, as save_pretrained does it with large models."""
    (folder / "model.safetensors").unlink()
    names = sorted(state)
    halves = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, part in halves.items():
        save_file({name: state[name] for name in part}, folder / file)
    index = {"metadata": {}, "weight_map": {name: file for file, part in halves.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


CONFIGS = {config["model_type"]: config for config in (GPT2, BERT, TORCH)}


def whole(tmp_path, kind, **change):
    config = CONFIGS[kind]
    shapes = {
        "gpt2": oracles.gpt2_shapes,
        "bert": oracles.bert_shapes,
        "torch.nn.Transformer": lambda config: oracles.torch_shapes(config, False, False),
    }[kind](config)
    return write(tmp_path / "made_up", config | change, state_of(shapes))


def numbers(checkpoint, **inputs):
    """Every named table of the built model."""
    weights = Weights(arrays=checkpoint.arrays)
    graph = checkpoint.architecture.build(checkpoint.options, weights, Inputs(**inputs))
    assert set(weights.nodes) == set(checkpoint.arrays)
    return {node.name: value for node, value in fold(graph.outputs).items() if node.name}


def close(tables, name, expected):
    assert tables[name].shape == expected.shape, name
    np.testing.assert_allclose(tables[name], expected, rtol=0, atol=CLOSE, err_msg=name)


def heads_close(tables, scope, expected):
    for h, weights in enumerate(expected):
        close(tables, f"{scope}.head{h + 1}.weights", weights)
