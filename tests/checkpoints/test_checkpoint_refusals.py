"""Every refusal of a checkpoint: one sentence that says what is wrong and how to mend it."""

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support import oracles
from support.checkpoints import BERT, CONFIGS, GPT2, TORCH, shard, state_of, whole, without, write

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.reading import read
from byhand.errors import ByhandError

DATA = Path(__file__).parents[1] / "data"
KINDS = ", ".join(FAMILIES)


def refusal(folder):
    """What read says of the folder: one sentence."""
    with pytest.raises(ByhandError) as error:
        read(folder)
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def folder(tmp_path):
    """A whole GPT-2, to be broken."""
    return write(tmp_path / "made_up", GPT2, state_of(oracles.gpt2_shapes(GPT2)))


def configured(folder, **change):
    (folder / "config.json").write_text(json.dumps(GPT2 | change))
    return folder


def test_refuses_what_is_no_folder(folder):
    for path in (folder / "model.safetensors", folder / "nowhere", folder / ("x" * 300), Path("a\0b")):
        assert refusal(path) == f"{path} is not a folder; give the one that holds config.json and model.safetensors."


def test_refuses_a_folder_without_config(folder):
    (folder / "config.json").unlink()
    assert refusal(folder) == f"{folder} has no config.json; save the model with save_pretrained, which writes it."


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{'a': 1}", b"\xff\xfe", b"[" * 100_000, b'{"n_layer": ' + b"9" * 5000 + b"}"]
)
def test_refuses_a_config_that_is_not_json(folder, text):
    (folder / "config.json").write_bytes(text)
    sentence = refusal(folder)
    assert sentence.startswith(f"{folder}/config.json is not JSON (")
    assert sentence.endswith("): mend it there or save the model again.")


@pytest.mark.parametrize("text", ["[]", "3", "null", '"gpt2"'])
def test_refuses_a_config_that_is_no_object(folder, text):
    (folder / "config.json").write_text(text)
    assert refusal(folder) == f"{folder}/config.json must hold one JSON object, {{...}}; save the model again."


def test_refuses_a_config_that_cannot_be_read(folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("byhand.files.os.open", refuse)
    assert refusal(folder) == (
        f"The config.json {folder}/config.json cannot be read (permission denied): mend its permissions."
    )


def test_refuses_a_folder_without_weights(folder):
    (folder / "model.safetensors").unlink()
    assert (
        refusal(folder) == f"{folder} has no model.safetensors; save the model with save_pretrained, which writes it."
    )


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "last.ckpt", "model.pkl"])
def test_never_opens_a_pickle(folder, name):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert refusal(folder) == (
        f"{folder} has its weights only as a pickle ({name}), which byhand never opens because a pickle can run any "
        "program; where the model was made, call model.save_pretrained(folder, safe_serialization=True)."
    )


def test_refuses_weights_that_are_cut_or_no_safetensors(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    broken = [whole[:cut] for cut in (0, 5, 8, 40, 1000, len(whole) // 2, len(whole) - 1)]
    broken += [
        whole + b"\0",
        b"version https://git-lfs.github.com/spec/v1\n",
        b"\xff" * 64,
        whole[:8] + b"[" + whole[9:],
    ]
    for text in broken:
        path.write_bytes(text)
        sentence = refusal(folder)
        assert sentence.startswith(f"{path} is not a whole safetensors file (")
        assert sentence.endswith("); copy or download it again.")


def test_refuses_a_broken_index(folder):
    state = load_file(folder / "model.safetensors")
    shard(folder, state)
    (folder / "model-2.safetensors").unlink()
    assert refusal(folder) == (
        f"{folder} lacks model-2.safetensors, which model.safetensors.index.json names; copy or download it too."
    )
    index = folder / "model.safetensors.index.json"
    for text in ("{}", '{"weight_map": ["a"]}', '{"weight_map": {"a": 3}}', '{"weight_map": {"a": "../b"}}'):
        index.write_text(text)
        assert refusal(folder) == f"{index} must map each tensor to a file of its folder; save the model again."


@pytest.mark.parametrize(
    ("kind", "said"), [("xlnet", '"xlnet"'), ("\ud800", r'"\ud800"'), (3, "3"), (["gpt2"], "[...]")]
)
def test_refuses_other_architectures(folder, kind, said):
    assert refusal(configured(folder, model_type=kind)) == (
        f"config.json has model_type {said}, which byhand does not read; its tensors have the names of "
        f'"gpt2", so if it computes the same, write that as model_type; choose a checkpoint of one of {KINDS}.'
    )


def test_refuses_a_config_without_model_type(folder):
    for config in (without(GPT2, "model_type"), GPT2 | {"model_type": None}):
        (folder / "config.json").write_text(json.dumps(config))
        assert refusal(folder) == (f"config.json does not say model_type; add it, as one of {KINDS}.")


@pytest.mark.parametrize(
    ("config", "key", "value", "said", "good"),
    [
        (GPT2, "add_cross_attention", True, "true", "false"),
        (GPT2, "pruned_heads", {"0": [1]}, "{...}", "{}"),
        (BERT, "add_cross_attention", True, "true", "false"),
        (TORCH, "bias", False, "false", "true"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_features_that_it_does_not_compute(tmp_path, config, key, value, said, good):
    shapes = {"gpt2": oracles.gpt2_shapes, "bert": oracles.bert_shapes}.get(config["model_type"])
    state = state_of(shapes(config) if shapes else oracles.torch_shapes(config, False, False))
    assert refusal(write(tmp_path / "made_up", config | {key: value}, state)) == (
        f"config.json has {key} = {said}, which byhand does not compute; choose a checkpoint with {key} = {good}."
    )
    for harmless in (None, json.loads(good)):
        read(write(tmp_path / "made_up", config | {key: harmless}, state))


@pytest.mark.parametrize(("value", "said"), [("mish", '"mish"'), (None, "null"), (["relu"], "[...]"), (True, "true")])
def test_refuses_other_activations(folder, value, said):
    assert refusal(configured(folder, activation_function=value)) == (
        f"activation_function in config.json is {said}, which byhand does not compute; choose a checkpoint with one of "
        "relu, relu2, silu, swish, quick_gelu, gelu, gelu_python, gelu_new, gelu_fast, gelu_accurate, "
        "gelu_pytorch_tanh, gelu_python_tanh."
    )


def test_refuses_other_positions_and_two_sizes_of_a_shared_vocabulary(tmp_path):
    state = state_of(oracles.torch_shapes(TORCH, False, False))
    folder = write(tmp_path / "made_up", TORCH | {"positional": "learned"}, state)
    assert refusal(folder) == (
        'positional in config.json is "learned", which byhand does not compute; choose a checkpoint with one of '
        "sinusoidal, sin on even and cos on odd feature indices, sinusoidal."
    )
    folder = write(tmp_path / "made_up", TORCH | {"tgt_vocab_size": 12}, state)
    assert refusal(folder) == (
        "config.json has shared_embeddings, but vocab_size = 11 and tgt_vocab_size = 12; mend one of them."
    )
    folder = write(tmp_path / "made_up", without(TORCH, "vocab_size"), state)
    assert refusal(folder) == "config.json does not say vocab_size; add it."


NO_SIZE = [0, -1, 2.0, 1.5, "3", True, [2], {"a": 2}, float("nan"), float("inf")]
SIZES = {
    "gpt2": ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner"),
    "bert": (
        "vocab_size",
        "max_position_embeddings",
        "type_vocab_size",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
    ),
    "torch.nn.Transformer": (
        "vocab_size",
        "d_model",
        "nhead",
        "num_encoder_layers",
        "num_decoder_layers",
        "dim_feedforward",
        "tgt_vocab_size",
    ),
}


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in SIZES.items() for key in keys])
def test_refuses_nonsense_sizes(tmp_path, kind, key):
    for value in NO_SIZE + ([] if key == "n_inner" else [None]):
        said = {list: "[...]", dict: "{...}"}.get(type(value)) or json.dumps(value)
        assert (
            refusal(whole(tmp_path, kind, **{key: value}))
            == f"{key} in config.json must be a whole number above 0, not {said}; mend it."
        )


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in SIZES.items() for key in keys])
@pytest.mark.parametrize("value", [10**9, 10**30, 10**4000], ids=["1e9", "1e30", "1e4000"])
def test_refuses_huge_sizes_before_it_allocates(tmp_path, kind, key, value):
    sentence = refusal(whole(tmp_path, kind, **{key: value}))
    assert len(sentence) < 500
    assert "mend" in sentence


@pytest.mark.parametrize(
    ("kind", "key"),
    [("gpt2", "layer_norm_epsilon"), ("bert", "layer_norm_eps"), ("torch.nn.Transformer", "layer_norm_eps")],
)
def test_refuses_nonsense_epsilons(tmp_path, kind, key):
    for value in (0, -1e-5, 1, "1e-5", True, None, [], float("nan"), float("inf"), 10**400):
        sentence = refusal(whole(tmp_path, kind, **{key: value}))
        assert sentence.startswith(f"{key} in config.json must be a number between 0 and 1, not ")
    assert refusal(whole(tmp_path, kind, **{key: "1e-5"})).endswith('not "1e-5"; mend it.')


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("gpt2", "tie_word_embeddings"),
        ("gpt2", "scale_attn_weights"),
        ("gpt2", "scale_attn_by_inverse_layer_idx"),
        ("bert", "tie_word_embeddings"),
        ("torch.nn.Transformer", "norm_first"),
        ("torch.nn.Transformer", "final_norms"),
        ("torch.nn.Transformer", "shared_embeddings"),
        ("torch.nn.Transformer", "scale_embedding"),
    ],
)
def test_refuses_nonsense_flags(tmp_path, kind, key):
    for value, said in ((1, "1"), ("true", '"true"'), (None, "null")):
        assert (
            refusal(whole(tmp_path, kind, **{key: value}))
            == f"{key} in config.json must be true or false, not {said}; mend it."
        )


@pytest.mark.parametrize(
    ("kind", "heads", "width"),
    [
        ("gpt2", "n_head", "n_embd"),
        ("bert", "num_attention_heads", "hidden_size"),
        ("torch.nn.Transformer", "nhead", "d_model"),
    ],
)
def test_refuses_heads_that_do_not_divide(tmp_path, kind, heads, width):
    assert (
        refusal(whole(tmp_path, kind, **{heads: 4})) == f"{width} = 6 does not divide by {heads} = 4; mend config.json."
    )


@pytest.mark.parametrize("kind", CONFIGS)
def test_refuses_when_any_tensor_is_missing(tmp_path, kind):
    folder = whole(tmp_path, kind)
    state = load_file(folder / "model.safetensors")
    for name in state:
        save_file(without(state, name), folder / "model.safetensors")
        assert refusal(folder) == (
            f"The weights have no tensor {name}, which config.json asks for; "
            "mend config.json, or save the model again with its language-model head."
        )


def test_refuses_when_an_untied_output_layer_is_missing(tmp_path):
    for kind, name in (("gpt2", "lm_head.weight"), ("bert", "cls.predictions.decoder.weight")):
        assert f"no tensor {name}, " in refusal(whole(tmp_path, kind, tie_word_embeddings=False))
    config = TORCH | {"shared_embeddings": False}
    state = state_of(oracles.torch_shapes(config, False, False))
    assert "no tensor generator.weight, " in refusal(write(tmp_path / "made_up", config, state))


@pytest.mark.parametrize("kind", CONFIGS)
def test_refuses_when_any_tensor_has_another_shape(tmp_path, kind):
    folder = whole(tmp_path, kind)
    state = load_file(folder / "model.safetensors")
    for name, array in state.items():
        wider = np.zeros((*array.shape[:-1], array.shape[-1] + 1), np.float32)
        save_file(state | {name: wider}, folder / "model.safetensors")
        stored, due = ("×".join(map(str, shape)) for shape in (wider.shape, array.shape))
        assert refusal(folder) == (
            f"Tensor {name} is {stored}, but config.json makes it {due}; mend config.json, "
            "or put back the one that was saved with these weights."
        )
    save_file(state | {name: np.zeros((), np.float32)}, folder / "model.safetensors")
    assert f"Tensor {name} is a single number, but" in refusal(folder)


def test_refuses_tensors_that_are_not_floats_or_not_finite(folder):
    state = load_file(folder / "model.safetensors")
    name = "transformer.wpe.weight"
    save_file(state | {name: np.ones((9, 6), np.int64)}, folder / "model.safetensors")
    assert refusal(folder) == (
        f"Tensor {name} holds I64 numbers, and byhand reads only F64, F32, F16, BF16; save the model again as float32."
    )
    for value in (np.nan, np.inf):
        save_file(state | {name: np.full((9, 6), value, np.float32)}, folder / "model.safetensors")
        assert refusal(folder) == f"Tensor {name} holds a number that is not finite; train or save the model again."


@pytest.mark.parametrize(
    ("kind", "change", "name"),
    [
        ("gpt2", {"n_layer": 1}, "transformer.h.1."),
        ("bert", {"num_hidden_layers": 1}, "bert.encoder.layer.1."),
        ("torch.nn.Transformer", {"num_encoder_layers": 1}, "transformer.encoder.layers.1."),
        ("torch.nn.Transformer", {"num_decoder_layers": 1}, "transformer.decoder.layers.1."),
        ("torch.nn.Transformer", {"final_norms": False}, "transformer."),
    ],
)
def test_refuses_layers_that_the_config_does_not_have(tmp_path, kind, change, name):
    sentence = refusal(whole(tmp_path, kind, **change))
    assert sentence.startswith(f"The weights have a tensor {name}")
    assert sentence.endswith(
        ", for which config.json has no place; "
        "mend config.json (does it say the right number of layers?) or remove the tensor."
    )


def test_refuses_tied_tensors_with_different_numbers(tmp_path):
    state = state_of(oracles.gpt2_shapes(GPT2)) | {"lm_head.weight": np.zeros((11, 6), np.float32)}
    assert refusal(write(tmp_path / "gpt2", GPT2, state)) == (
        "config.json ties lm_head.weight to transformer.wte.weight, but the weights have other numbers for it; "
        "set tie_word_embeddings to false in config.json to use them, or remove lm_head.weight."
    )
    state = state_of(oracles.bert_shapes(BERT)) | {"cls.predictions.decoder.bias": np.zeros(11, np.float32)}
    assert refusal(write(tmp_path / "bert", BERT, state)) == (
        "config.json ties cls.predictions.decoder.bias to cls.predictions.bias, but the weights have other numbers "
        "for it; set tie_word_embeddings to false in config.json to use them, or remove cls.predictions.decoder.bias."
    )


def reads_or_refuses(folder):
    """Whether it is read; any error but ours is raised."""
    try:
        read(folder)
    except ByhandError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", "bert", "torch_transformer"])
def test_no_nonsense_in_any_key_gets_past(tmp_path, name):
    folder = shutil.copytree(DATA / name, tmp_path / name)
    config = json.loads((folder / "config.json").read_text())
    read_with = {}
    for key in config:
        for value in (None, True, -1, 1.5, "x", [{}], {"a": [1]}, 10**30, float("nan")):
            (folder / "config.json").write_text(json.dumps(config | {key: value}))
            read_with.setdefault(key, []).append(reads_or_refuses(folder))
    assert not any(read_with["vocab_size"] + read_with["model_type"])
    assert all(read_with["pad_token_id"])


def test_no_flipped_byte_of_the_header_gets_past(folder):
    path = folder / "model.safetensors"
    whole, draw = path.read_bytes(), np.random.default_rng(0)
    (length,) = struct.unpack("<Q", whole[:8])
    read_with = []
    for at, value in zip(draw.integers(0, 8 + length, 300), draw.integers(0, 256, 300), strict=True):
        path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
        read_with.append(reads_or_refuses(folder))
    assert not all(read_with)
