"""Every reference folder, broken in every way: one sentence that says what is wrong, and quickly."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support.reference_models import DATA, folders

from byhand.checkpoints.reading import read
from byhand.core.graph import Array
from byhand.errors import ByhandError

FOLDERS = folders(DATA)
OPTIONAL = {("bart", "final_logits_bias"), ("marian", "final_logits_bias"), ("torch_transformer", "generator.bias")}
OPTIONAL |= {("t5_v1_1", "lm_head.weight")}
"""Tensors that a model may lack. In place of a T5's head, transformers 5 takes the embedding."""
NONSENSE: list[Any] = [None, 0, -1, 3, 7, 1.5, 10**9, 10**30, float("nan"), float("inf"), True, "", "auto", [], [1], {}]
NONSENSE += [{"rope_type": "yarn", "factor": 4.0}, {"rope_type": ["x"]}, {"factor": 1e14, "type": "linear"}, "9" * 500]
KEYS = ["rope_scaling", "rope_parameters", "rope_theta", "head_dim", "layer_types", "sliding_window", "num_labels"]
KEYS += ["id2label", "hidden_activation", "n_inner", "partial_rotary_factor", "n_embed", "decoder_vocab_size"]
KEYS += ["max_window_layers", "use_sliding_window", "time_step_rank", "num_decoder_layers", "transformers_version"]


@pytest.fixture
def folder(tmp_path: Path, name: str) -> Path:
    return Path(shutil.copytree(DATA / name, tmp_path / name))


def refused(folder: Path) -> str:
    """What read says of it."""
    before = time.process_time()
    with pytest.raises(ByhandError) as error:
        read(folder)
    assert time.process_time() - before < 4
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    assert len(sentence) < 700
    return sentence


def broken(tensor: Array) -> Iterator[Array | None]:
    """None stands for no tensor at all."""
    yield None
    yield tensor.reshape(*tensor.shape, 1)
    yield np.zeros((*tensor.shape[:-1], tensor.shape[-1] + 1), tensor.dtype)
    yield np.zeros(0, tensor.dtype)
    yield np.full_like(tensor, np.nan)
    yield tensor.astype(np.int8)


def tried(tensors: dict[str, Array], draw: random.Random) -> Iterator[tuple[str, Array | None]]:
    """One way for each of some tensors."""
    for key in draw.sample(sorted(tensors), 5):
        yield key, draw.choice(list(broken(tensors[key])))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_broken_tensor(name: str, folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    for key, tensor in tried(tensors, random.Random(name)):
        if tensor is not None or (name, key) not in OPTIONAL:
            left = {k: array for k, array in tensors.items() if k != key}
            save_file(left if tensor is None else left | {key: tensor}, folder / "model.safetensors")
            assert key in refused(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_every_broken_tensor(name: str, folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    for key, whole in tensors.items():
        left = {k: array for k, array in tensors.items() if k != key}
        for tensor in broken(whole):
            if tensor is not None or (name, key) not in OPTIONAL:
                save_file(left if tensor is None else left | {key: tensor}, folder / "model.safetensors")
                assert key in refused(folder)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_that_is_cut_or_not_json(name: str, folder: Path) -> None:
    weights, config = folder / "model.safetensors", folder / "config.json"
    whole = weights.read_bytes()
    for text in (whole[:7], whole[:100], whole[: len(whole) // 2], whole[:-1], whole + b"x", b"\xff" * 8 + whole[8:]):
        weights.write_bytes(text)
        assert "is not a whole safetensors file" in refused(folder)
    weights.write_bytes(whole)
    for text in (b"", b"{", b"[]", b"\xff\xfe\x00", b"[" * 100_000, b'{"model_type": "gru"}', b"{}"):
        config.write_bytes(text)
        refused(folder)


def nonsense(name: str, count: int) -> Iterator[dict[str, Any]]:
    """Configs of which one, two or three keys are something else."""
    draw = random.Random(f"{name} nonsense")
    given = json.loads((DATA / name / "config.json").read_text())
    for _ in range(count):
        config = dict(given)
        for key in draw.sample([*given, *KEYS], draw.choice([1, 1, 2, 3])):
            config[key] = draw.choice(NONSENSE)
        yield config


def check_nonsense(name: str, folder: Path, count: int) -> None:
    for config in nonsense(name, count):
        (folder / "config.json").write_text(json.dumps(config))
        before = time.process_time()
        try:
            read(folder)
        except ByhandError:
            refused(folder)
        assert time.process_time() - before < 8, config


@pytest.mark.parametrize("name", FOLDERS)
def test_a_config_of_nonsense(name: str, folder: Path) -> None:
    """What does not matter is let be; all else is one sentence."""
    check_nonsense(name, folder, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_many_configs_of_nonsense(name: str, folder: Path) -> None:
    check_nonsense(name, folder, 150)
