"""Checkpoints: every number of the reference models, and where each tensor goes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from checkpoints import CLOSE, close, heads_close, numbers
from safetensors.numpy import load_file

from byhand.models import bert, gpt2, transformer
from byhand.models.architecture import Inputs
from byhand.models.checkpoint import assemble, read
from byhand.weights import Weights

DATA = Path(__file__).parent / "data"
FOLDERS = ("gpt2", "bert", "transformer2017", "torch_transformer")
FORMS = [(name, form.name) for name in FOLDERS for form in sorted((DATA / name).glob("config*.json"))]


def reference(tmp_path, name, form):
    """The reference folder as a user would have it, with one form of its config."""
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(DATA / name / "model.safetensors", folder)
    shutil.copy(DATA / name / form, folder / "config.json")
    return read(folder), np.load(DATA / name / "expected.npz")


def each_row(names):
    return [
        pytest.param(name, form, row, id=f"{name}-{form}-{row}")
        for name, form in FORMS
        if name in names
        for row in (0, 1)
    ]


@pytest.mark.parametrize(("name", "form", "row"), each_row(["gpt2"]))
def test_gpt2_reference(tmp_path, name, form, row):
    checkpoint, e = reference(tmp_path, name, form)
    tables = numbers(checkpoint, ids=e["input_ids"][row].tolist())
    close(tables, "x", e["hidden_states"][0, row])
    for n in range(2):
        close(tables, f"layer{n + 1}.output", e["layer_out"][n, row])
        heads_close(tables, f"layer{n + 1}", e["attentions"][n, row])
    close(tables, "layer1.output", e["hidden_states"][1, row])
    close(tables, "final_norm", e["hidden_states"][2, row])
    close(tables, "logits", e["logits"][row])


@pytest.mark.parametrize(("name", "form", "row"), each_row(["bert"]))
def test_bert_reference(tmp_path, name, form, row):
    checkpoint, e = reference(tmp_path, name, form)
    keys = {"ids": "input_ids", "segment_ids": "token_type_ids", "mask": "attention_mask"}
    tables = numbers(checkpoint, **{ours: e[theirs][row].tolist() for ours, theirs in keys.items()})
    close(tables, "x", e["hidden_states"][0, row])
    for n in range(2):
        close(tables, f"layer{n + 1}.output", e["hidden_states"][n + 1, row])
        heads_close(tables, f"layer{n + 1}", e["attentions"][n, row])
    close(tables, "logits", e["logits"][row])


@pytest.mark.parametrize(("name", "form", "row"), each_row(["transformer2017", "torch_transformer"]))
def test_transformer_reference(tmp_path, name, form, row):
    checkpoint, e = reference(tmp_path, name, form)
    ids, target_ids, mask = (e[key][row].tolist() for key in ("src_ids", "tgt_ids", "src_mask"))
    tables = numbers(checkpoint, ids=ids, target_ids=target_ids, mask=mask)
    for side in ("encoder", "decoder"):
        outputs = e[f"{side}_layer_out"][:, row]
        close(tables, f"{side}.x", e[f"{side}_embedding"][row])
        for n, output in enumerate(outputs):
            close(tables, f"{side}.layer{n + 1}.output", output)
        last = "final_norm" if checkpoint.options.final_norms else f"layer{len(outputs)}.output"
        close(tables, f"{side}.{last}", e[f"{side}_output"][row])
    for kind, key in (("", "encoder"), (".self", "decoder"), (".cross", "cross")):
        for n, expected in enumerate(e[f"{key}_attentions"][:, row]):
            heads_close(tables, f"{'decoder' if kind else 'encoder'}.layer{n + 1}{kind}", expected)
    close(tables, "logits", e["logits"][row])


@pytest.mark.parametrize(("name", "form", "row"), each_row(["gpt2", "transformer2017", "torch_transformer"]))
def test_greedy_reference(tmp_path, name, form, row):
    checkpoint, e = reference(tmp_path, name, form)
    ids = e["greedy_ids"][row].tolist()
    if name == "gpt2":
        tables = numbers(checkpoint, ids=ids[:3], generate=4)
    else:
        given = {"ids": e["src_ids"][row].tolist(), "mask": e["src_mask"][row].tolist()}
        tables = numbers(checkpoint, **given, target_ids=ids[:1], generate=4)
    for step, expected in enumerate(e["greedy_logits"][row], start=1):
        prefix = "" if step == 1 else f"step{step}."
        np.testing.assert_allclose(tables[f"{prefix}logits"][-1], expected, rtol=0, atol=CLOSE)
        assert tables[f"{prefix}next"] == ids[step - 5]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_words_are_numbered_and_the_graph_is_labelled_with_them(name):
    checkpoint = read(DATA / name)
    vocabularies = checkpoint.architecture.vocabularies(checkpoint.options)
    sizes = {"torch_transformer": (12, 14), "transformer2017": (13, 13)}.get(name, (13,))
    assert [v.words for v in vocabularies] == [tuple(f"t{i}" for i in range(size)) for size in sizes]
    graph = checkpoint.architecture.build(checkpoint.options, Weights(arrays=checkpoint.arrays), Inputs(ids=[1, 2]))
    assert graph.probabilities.shape[1].of is vocabularies[-1]


@pytest.mark.parametrize("name", FOLDERS)
def test_assemble_puts_every_tensor_back(name):
    checkpoint = read(DATA / name)
    whole = assemble(checkpoint, checkpoint.arrays)
    tensors = load_file(DATA / name / "model.safetensors")
    assert set(whole) == set(tensors)
    for tensor, array in tensors.items():
        np.testing.assert_array_equal(whole[tensor], array, strict=False)
        assert whole[tensor].shape == array.shape


def test_assemble_leaves_zero_where_nothing_is_given():
    checkpoint = read(DATA / "gpt2")
    tensors = assemble(checkpoint, {"layer2.head2.b_V": np.arange(1.0, 5.0)[None]})
    assert set(tensors) == {"transformer.h.1.attn.c_attn.bias"}
    np.testing.assert_array_equal(tensors["transformer.h.1.attn.c_attn.bias"], [0.0] * 20 + [1.0, 2.0, 3.0, 4.0])


def test_a_piece_says_where_a_head_is():
    piece = read(DATA / "torch_transformer").pieces["decoder.layer1.cross.head2.W_K"]
    assert piece.tensor == "transformer.decoder.layers.0.multihead_attn.in_proj_weight"
    assert (piece.rows, piece.columns, piece.transposed) == (slice(12, 16), slice(None), True)


def test_the_weights_of_a_checkpoint_build_the_architecture_that_it_names():
    kinds = [gpt2.ARCHITECTURE, bert.ARCHITECTURE, transformer.ARCHITECTURE, transformer.ARCHITECTURE]
    for name, architecture in zip(FOLDERS, kinds, strict=True):
        checkpoint = read(DATA / name)
        assert checkpoint.architecture.name == architecture.name
        assert isinstance(checkpoint.options, architecture.options)
        assert {array.dtype for array in checkpoint.arrays.values()} == {np.dtype(np.float64)}
