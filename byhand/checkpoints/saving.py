"""Write a model with its weights as a checkpoint's folder: config.json, model.safetensors and tokenizer.json."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as safetensors

from byhand.checkpoints import FAMILIES, reading
from byhand.checkpoints.family import Family
from byhand.checkpoints.folder import WEIGHTS
from byhand.checkpoints.folder_words import TWO_FILES
from byhand.core.graph import Array
from byhand.core.labels import Labels
from byhand.errors import ByhandError
from byhand.files import clear_leftovers, temporary_name
from byhand.language.options import Options

END = "</w>"
"""Ends the last piece of a word, where pieces are merged."""
BLANK = "␣"
"""The word for a blank, where each character is a word."""


def kind_of(model: str) -> str:
    """Return the `model_type` under which a built-in model is saved. ByhandError if there is none."""
    for kind in FAMILIES:
        family = FAMILIES[kind]
        if family.architecture.name == model and family.config is not None:
            return kind
    raise ByhandError(f"{model} has no form as a checkpoint: leave --save out, and write a recipe with -o learnt.toml.")


def save(
    folder: Path,
    model: str,
    options: Any,
    weights: Mapping[str, Array],
    words: tuple[Labels, ...],
    merges: Sequence[tuple[str, str]] = (),
) -> None:
    """Write a built-in model as a folder that byhand and transformers read. The folder must be new or empty.

    weights: by our paths, written as 32-bit numbers. words: the vocabularies, as a tokenizer or, of two, a list each.
    merges: those of byte pairs, where the words are their pieces.
    ByhandError for a model, or options of it, that no config states.
    """
    kind = kind_of(model)
    family = FAMILIES[kind]
    assert family.config is not None
    config = {"model_type": kind, **family.config(options)}
    tensors = _tensors(family, options, weights)
    with _new_folder(folder) as unfinished:
        (unfinished / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        _write_tensors(unfinished, tensors)
        if words and all(vocabulary is words[0] for vocabulary in words):
            tokenizer = json.dumps(_tokenizer(words[0].words, merges), ensure_ascii=False, indent=2)
            (unfinished / "tokenizer.json").write_text(tokenizer + "\n", encoding="utf-8")
        elif len(words) == len(TWO_FILES):
            for name, vocabulary in zip(TWO_FILES, words, strict=True):
                ids = {word: n for n, word in enumerate(vocabulary.words)}
                (unfinished / name).write_text(json.dumps(ids, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        _check(unfinished, options, weights)


TOKENIZERS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "target_vocab.json",
    "merges.txt",
    "vocab.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
"""The files of a folder that say how texts become ids."""


def save_again(source: Path, folder: Path, weights: Mapping[str, Array]) -> None:
    """Write a checkpoint's folder with other weights, by our paths, and its own config and tokenizer."""
    checkpoint = reading.read(source)
    tensors = reading.assemble(checkpoint, checkpoint.arrays | dict(weights))
    with _new_folder(folder) as unfinished:
        shutil.copyfile(checkpoint.folder / "config.json", unfinished / "config.json")
        for name in TOKENIZERS:
            if (source / name).is_file():
                shutil.copyfile(source / name, unfinished / name)
        _write_tensors(unfinished, tensors)


def check_new_folder(folder: Path) -> None:
    """Raise ByhandError unless a folder can be made there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ByhandError(f"{folder} is not empty: choose a new folder with --save.")
    if not folder.absolute().parent.is_dir():
        raise ByhandError(f"There is no folder {folder.absolute().parent}: make it first, or save elsewhere.")
    if not os.access(folder.absolute().parent, os.W_OK):
        raise ByhandError(f"The folder {folder.absolute().parent} cannot be written: choose another with --save.")
    clear_leftovers(folder)


def _write_tensors(folder: Path, tensors: Mapping[str, Array]) -> None:
    narrow = {name: np.ascontiguousarray(whole, dtype=np.float32) for name, whole in tensors.items()}
    (folder / WEIGHTS).write_bytes(safetensors(narrow, {"format": "pt"}))


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder that gets its name only once it is whole."""
    check_new_folder(folder)
    unfinished = temporary_name(folder)
    try:
        unfinished.mkdir()
        yield unfinished
        if folder.is_dir():
            folder.rmdir()
        unfinished.rename(folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ByhandError(f"Cannot write the folder {folder}: {reason}; choose another with --save.") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _tensors(family: Family, options: Any, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return whole tensors in the family's layout, each with our weights in their places."""
    tensors: dict[str, Array] = {}
    for path, piece in family.pieces(options):
        whole = tensors.setdefault(piece.tensor, np.zeros(piece.shape))
        if path in weights:
            piece.of(whole)[...] = weights[path]
        elif piece.tensor not in family.zeros and not _is_bias(path):
            raise _has_no_place(f"the weight {path}")
    return tensors


def _is_bias(path: str) -> bool:
    """Return whether the weight is added, so that a model without it is the same as with zeros."""
    return path.rpartition(".")[2].startswith(("b_", "bh_"))


def _has_no_place(what: str) -> ByhandError:
    return ByhandError(f"A checkpoint of this kind cannot state {what}: write a recipe with -o learnt.toml instead.")


def _check(folder: Path, options: Any, weights: Mapping[str, Array]) -> None:
    """Raise ByhandError unless the folder reads as the same model; other weights than ours are 0."""
    try:
        back = reading.read(folder)
    except ByhandError as error:
        raise _has_no_place(f"these sizes ({error})") from None
    for path in sorted(weights.keys() - back.arrays.keys()):
        raise _has_no_place(f"the weight {path}")
    for field in fields(options):
        ours, theirs = (_in_effect(o, field.name) for o in (options, back.options))
        if ours != theirs and not (field.name in FREE or field.name.endswith(("bias", "biases"))):
            raise _has_no_place(f"the option {field.name} = {getattr(options, field.name) or ours}")


FREE = ("labels", "max_positions", "segments", "target_vocab")
"""Options that may differ without another result: names, and sizes of which the weights say more."""
EFFECTIVE = {"kv_heads": "groups", "head_dim": "d_k"}
"""Options whose 0 stands for another number, and the property that has it."""
OF_LAYERS: dict[str, Callable[[Options, int], object]] = {
    **dict.fromkeys(("attention", "layer_kinds", "global_every", "global_first"), Options.kind),
    **dict.fromkeys(("no_positions_every", "no_positions"), lambda o, layer: bool(o.rotation(layer))),
    **dict.fromkeys(("dense_layers", "dense_list"), Options.feeds_apart),
}
"""Options that say something of each layer in one form or another, and what they say of it."""


def _in_effect(options: Any, name: str) -> Any:
    if name == "score_scale" and not options.score_scale:
        return options.d_k**0.5
    if name == "shared_norm":
        return options.parallel and options.shared_norm
    if name == "local_theta":
        return options.local_theta or options.theta
    if name in OF_LAYERS and isinstance(options, Options):
        return [OF_LAYERS[name](options, n) for n in range(1, options.layers + 1)]
    return getattr(options, EFFECTIVE.get(name, name), getattr(options, name))


def _tokenizer(words: tuple[str, ...], merges: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return a tokenizer.json in which each of the words is a token: cut at blanks, at each character, or merged."""
    marks = [n for n, word in enumerate(words) if len(word) > 2 and (word[0], word[-1]) in {("[", "]"), ("<", ">")}]
    one_by_one = all(len(word) == 1 for n, word in enumerate(words) if n not in marks)
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    always = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": n, "content": words[n], **added} for n in marks],
        "post_processor": None,
    }
    ids = {word: n for n, word in enumerate(words)}
    if merges:
        return {
            **always,
            "normalizer": None,
            "pre_tokenizer": {"type": "Whitespace"},
            "decoder": {"type": "BPEDecoder", "suffix": END},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": END,
                "fuse_unk": False,
                "byte_fallback": False,
                "vocab": ids,
                "merges": [list(pair) for pair in merges],
            },
        }
    return {
        **always,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": BLANK} if one_by_one else None,
        "pre_tokenizer": (
            {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False}
            if one_by_one
            else {"type": "WhitespaceSplit"}
        ),
        "decoder": {"type": "Fuse"} if one_by_one else None,
        "model": {"type": "WordLevel", "vocab": ids, "unk_token": words[0]},
    }
