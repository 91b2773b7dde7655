"""Checkpoints: what is read from them, and made-up ones against numpy."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand.checkpoints.reading import assemble, read
from byhand.core.weights import Weights
from byhand.language.architecture import Inputs
from byhand.language.options import option_values
from byhand.models.decoder import gpt2
from byhand.models.encoder import bert
from byhand.models.encoder_decoder import transformer

DATA = Path(__file__).parents[1] / "data"
FOLDERS = ("gpt2", "bert", "transformer2017", "torch_transformer")


@pytest.mark.parametrize("name", FOLDERS)
def test_the_words_are_numbered_and_the_graph_is_labelled_with_them(name):
    checkpoint = read(DATA / name)
    vocabularies = checkpoint.architecture.vocabularies(checkpoint.options)
    sizes = {"torch_transformer": (12, 14), "transformer2017": (13, 13)}.get(name, (13,))
    assert [v.words for v in vocabularies] == [tuple(f"t{i}" for i in range(size)) for size in sizes]
    graph = checkpoint.architecture.build(checkpoint.options, Weights(arrays=checkpoint.arrays), Inputs(ids=[1, 2]))
    assert graph.probabilities.shape[1].labels is vocabularies[-1]


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
        assert list(option_values(checkpoint.options)) == list(option_values(architecture.options))
        assert {array.dtype for array in checkpoint.arrays.values()} == {np.dtype(np.float64)}
