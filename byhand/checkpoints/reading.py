"""Read a local Hugging Face folder, config.json and model.safetensors, as one of our models with its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.adapter import adapter_in, base_of
from byhand.checkpoints.endings import ending_of
from byhand.checkpoints.family import Family, Piece
from byhand.checkpoints.folder import Config, Tensors, brief, read_config, weight_files
from byhand.checkpoints.folder_words import words_of_files, words_of_folder
from byhand.checkpoints.rotary import check_scaling
from byhand.core.graph import Array
from byhand.core.labels import Labels
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture

NEVER = ("pruned_heads", "per_layer_config", "quantization_config")
"""Keys of a config that change layers or weights in ways that byhand does not compute."""


ABOUT = "The weights are the checkpoint's own."


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's model: its architecture, options and weights.

    arrays: by the path of each weight (see Weights), in float64. pieces: where in the checkpoint each was found.
    about: where the numbers come from, in a sentence. folder: of the config, which an adapter may have elsewhere.
    """

    architecture: Architecture
    options: Any
    arrays: dict[str, Array]
    pieces: dict[str, Piece]
    about: str = ABOUT
    folder: Path = Path()


def read(folder: Path) -> Checkpoint:
    """Read the model in a local folder. Every name and shape is checked before any number is read."""
    folder = Path(folder)
    adapter = adapter_in(folder)
    folder = base_of(folder, adapter)
    values, tensors = read_config(folder), Tensors(weight_files(folder))
    family = _family(values, tensors)
    config = Config(values, family.also)
    for key in NEVER:
        config.only(key, {})
    options = family.options(config, tensors)
    _check_rotary(options)
    ending = ending_of(config, options, family, tensors, folder)
    if ending is not None:
        family, options = ending.of(family, options)
    pieces = {path: _located(piece, family, tensors) for path, piece in family.pieces(options)}
    used = {piece.tensor for piece in pieces.values()}
    _refuse_leftovers(used, family, tensors)
    _refuse_other_copies(used, family, tensors)
    if getattr(options, "tied", False):
        _refuse_contradictions(family, tensors)
    numbers = tensors.arrays(used & tensors.shapes.keys())
    numbers |= {p.tensor: np.zeros(p.shape) for p in pieces.values() if p.tensor not in numbers}
    about = ABOUT if adapter is None else adapter.change(numbers, family)
    arrays = {path: piece.of(numbers[piece.tensor]) for path, piece in pieces.items()}
    words = _words(family.vocabularies(options), folder)
    architecture = family.architecture.with_words(words) if words else family.architecture
    return Checkpoint(architecture, options, arrays, pieces, about, folder)


def _check_rotary(options: Any) -> None:
    """Raise ByhandError if the scaling of rotary positions does not fit the heads."""
    for name in ("scaling", "local_scaling"):
        check_scaling(getattr(options, name, None), getattr(options, "turning_share", 0))


def _words(vocabularies: tuple[Labels, ...], folder: Path) -> tuple[Labels, ...]:
    """Return the vocabularies with the words of the folder's tokenizer, or of a file for each of two vocabularies."""
    if not vocabularies or any(v is not vocabularies[0] for v in vocabularies):
        lists = words_of_files(folder, tuple(len(v.words) for v in vocabularies))
        return (
            tuple(Labels(v.name, words) for v, words in zip(vocabularies, lists, strict=True))
            if lists
            else vocabularies
        )
    words = words_of_folder(folder, len(vocabularies[0].words))
    return (Labels(vocabularies[0].name, words),) * len(vocabularies) if words else vocabularies


def assemble(checkpoint: Checkpoint, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return arrays by our paths (such as gradients) as whole tensors, with the checkpoint's names and shapes."""
    tensors: dict[str, Array] = {}
    for path, array in arrays.items():
        piece = checkpoint.pieces[path]
        if piece.tensor not in tensors:
            tensors[piece.tensor] = np.zeros(piece.shape)
        piece.of(tensors[piece.tensor])[...] = array
    return tensors


def _family(values: Mapping[str, Any], tensors: Tensors) -> Family:
    kind = values.get("model_type")
    if kind is None and {"n_embd", "n_layer", "block_size"} <= values.keys():
        kind = "nanogpt"
    if kind is None:
        raise ByhandError(f"config.json does not say model_type; add it, as one of {', '.join(FAMILIES)}.")
    if not isinstance(kind, str) or kind not in FAMILIES:
        from byhand.checkpoints.nearest import nearest_family

        raise ByhandError(
            f"config.json has model_type {brief(kind)}, which byhand does not read; {nearest_family(tensors)}."
        )
    family = FAMILIES[kind]
    return FAMILIES[family.form(tensors)] if family.form and family.form(tensors) else family


def _located(piece: Piece, family: Family, tensors: Tensors) -> Piece:
    """Return the piece with its tensor's name as the files spell it, checked against them."""
    if piece.tensor in family.zeros and piece.tensor not in tensors.shapes:
        return piece
    name = tensors.find(family.spelled(piece.tensor))
    tensors.check(name, piece.shape)
    return replace(piece, tensor=name)


def _refuse_leftovers(used: set[str], family: Family, tensors: Tensors) -> None:
    """Raise ByhandError for a tensor in the model's body that has no place in ours, so that ours would differ."""
    for name in tensors.shapes:
        if name not in used and name.startswith(family.body) and not name.endswith(family.buffers):
            raise ByhandError(
                f"The weights have a tensor {name}, for which config.json has no place; "
                "mend config.json (does it say the right number of layers?) or remove the tensor."
            )


def _refuse_contradictions(family: Family, tensors: Tensors) -> None:
    """Raise ByhandError for tied tensors that are stored twice and differ: transformers 4 ties them, 5 does not."""
    for copy, name in _different(family.tied, set(), family, tensors):
        raise ByhandError(
            f"config.json ties {copy} to {name}, but the weights have other numbers for it; "
            f"set tie_word_embeddings to false in config.json to use them, or remove {copy}."
        )


def _refuse_other_copies(used: set[str], family: Family, tensors: Tensors) -> None:
    """Raise ByhandError for copies of one tensor that differ."""
    for copy, name in _different(family.copies, used, family, tensors):
        raise ByhandError(
            f"The weights have other numbers in {copy} than in {name}, which byhand computes as one; "
            f"choose a checkpoint with one embedding, or remove {copy}."
        )


def _different(
    pairs: tuple[tuple[str, str], ...], used: set[str], family: Family, tensors: Tensors
) -> Iterator[tuple[str, str]]:
    """Return the pairs (copy, original) that are both stored and differ, except where the copy itself is used."""
    for given, original in pairs:
        for copy in (name for name in family.spelled(given) if name in tensors.shapes and name not in used):
            name = tensors.find(family.spelled(original))
            tensors.check(copy, tensors.shapes[name])
            numbers = tensors.arrays([copy, name])
            if not np.array_equal(numbers[copy], numbers[name]):
                yield copy, name
