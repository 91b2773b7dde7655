"""Folders of checkpoints with a tokenizer of their own, and as many pieces as wanted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from byhand.checkpoints.folder import WEIGHTS
from support.tokenizer_oracles import stored

REFERENCE = Path(__file__).parents[1] / "data"


def folder_of(tmp_path: Path, model: str, vocabulary: int, files: dict[str, Any]) -> Path:
    """A reference checkpoint with another vocabulary, of random embeddings, and a tokenizer's files."""
    folder = tmp_path / model
    shutil.copytree(REFERENCE / model, folder)
    config = json.loads((folder / "config.json").read_text())
    before = config["vocab_size"]
    sizes = {key: vocabulary for key in ("vocab_size", "decoder_vocab_size") if config.get(key) == before}
    (folder / "config.json").write_text(json.dumps(config | sizes))
    random_, tensors = np.random.default_rng(0), load_file(folder / WEIGHTS)
    for name, tensor in tensors.items():
        axis = 1 if tensor.shape[:1] == (1,) else 0  # a bias is stored with one row, too
        if tensor.shape[axis : axis + 1] == (before,):
            shape = (*tensor.shape[:axis], vocabulary, *tensor.shape[axis + 1 :])
            tensors[name] = (random_.integers(-1024, 1024, shape) / 1024).astype(np.float32)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    for name, content in files.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
    return folder


def large(tmp_path: Path, vocabulary: int) -> Path:
    """GPT-2 with many more pieces than its tokenizer learnt: letters that no text has."""
    tokenizer = stored("bpe_bytelevel.tokenizer")
    pieces = tokenizer["model"]["vocab"]
    for n in range(vocabulary - len(pieces)):
        pieces[f"{chr(0x4E00 + n % 20_000)}{n}"] = len(pieces)
    return folder_of(tmp_path, "gpt2", vocabulary, {"tokenizer.json": tokenizer})
