"""A prompt in the pieces of a checkpoint's own tokenizer, and what the model writes as a text again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from byhand.core.labels import Labels
from byhand.errors import ByhandError, nearest_word, quoted
from byhand.language.architecture import Architecture
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.whole import WholeWords

MARKS = ("Ġ", "▁", "##", "</w>")
"""What pieces of words begin or end with; a vocabulary without them is one of whole words."""
TEXTS = (("prompt", "ids"), ("target_prompt", "target_ids"))


def tokenizer_of_folder(folder: Path, target: bool = False) -> Tokenizer | None:
    """Return the tokenizer of a checkpoint's folder; None if it has none. Raises ByhandError for a damaged one.

    target: of the language that is translated into, where the folder has one of its own for it.
    """
    from byhand.tokenizers.hugging_face import IN_FOLDERS, has_tokenizer
    from byhand.tokenizers.marian import SOURCE, TARGET

    if not os.path.isdir(folder) or not has_tokenizer(folder):
        return None
    names = (*IN_FOLDERS, SOURCE, TARGET, "merges.txt", "tokenizer_config.json")
    state = tuple((n, (folder / n).stat().st_mtime_ns) for n in names if os.path.isfile(folder / n))
    has_own = not os.path.isfile(folder / "tokenizer.json") and os.path.isfile(folder / TARGET)
    return _read(folder, state, target and has_own)


@lru_cache(4)
def _read(folder: Path, state: tuple[tuple[str, int], ...], target: bool) -> Tokenizer:
    from byhand.tokenizers.hugging_face import read, read_marian
    from byhand.tokenizers.marian import TARGET

    return read_marian(folder, TARGET) if target else read(folder)


def in_ids(recipe: Recipe, architecture: Architecture, options: Any) -> Recipe:
    """Return the recipe of a checkpoint with its texts as ids, by the folder's own tokenizer.

    A text that a model reads has the special tokens that the model expects; one that it continues ends as it was typed.
    The recipe is unchanged for a built-in model, own words, and a folder without a tokenizer.
    """
    vocabularies = architecture.vocabularies(options)
    if recipe.model in MODELS or recipe.words or not vocabularies or "ids" not in architecture.takes:
        return recipe
    rows = [{name: getattr(recipe, name) for names in TEXTS for name in names}, *recipe.batch]
    if not any(row.get(text) is not None and row.get(ids) is None for row in rows for text, ids in TEXTS):
        return recipe
    if any(vocabulary.words != vocabularies[0].words for vocabulary in vocabularies):
        return recipe
    words = vocabularies[0]
    try:
        tokenizer = tokenizer_of_folder(Path(recipe.model))
    except ByhandError:
        if any(mark in word for word in words.words for mark in MARKS):
            raise
        return recipe  # words that are whole need no tokenizer
    if tokenizer is None:
        return recipe
    first, *batch = [_row(row, recipe, tokenizer, architecture, words) for row in rows]
    return replace(recipe, **first, batch=batch)


def _row(
    row: dict[str, Any], recipe: Recipe, tokenizer: Tokenizer, architecture: Architecture, words: Labels
) -> dict[str, Any]:
    """Return a row of a batch with its texts as ids."""
    changed = dict(row)
    for name, ids in TEXTS:
        text = row.get(name)
        if text is None or row.get(ids) is not None:
            continue
        changed[name] = None
        translation = "target_ids" in architecture.takes
        read = name == "prompt" and (translation or "generate" not in architecture.takes)
        start = name == "target_prompt"
        own = tokenizer_of_folder(Path(recipe.model), target=True) if start else None
        changed[ids] = _ids(text, own or tokenizer, words, read, start=start, folder=Path(recipe.model))
    return changed


def _ids(text: str, tokenizer: Tokenizer, words: Labels, read: bool, start: bool, folder: Path) -> list[int]:
    """Return the ids of a text. read: it has special tokens at its end too; start: it begins a translation."""
    encoding = tokenizer.encode(text, special=not start)
    ids = list(encoding.ids)
    if isinstance(tokenizer.model, WholeWords):
        _check_known(tokenizer, encoding.words, words)
    if not read:
        while ids and len(ids) - 1 in encoding.special and encoding.offsets[len(ids) - 1] == (0, 0):
            ids.pop()  # what ends a text would end the story
    if start and (first := _start_token(folder)) is not None:
        ids.insert(0, first)
    return ids


def _check_known(tokenizer: Tokenizer, typed: Iterable[str], words: Labels) -> None:
    """Raise ByhandError for a word that a vocabulary of whole words lacks."""
    for word in typed:
        if tokenizer.id_of(word) is None:
            raise ByhandError(f"{quoted(word)} is not in the vocabulary; {nearest_word(word, words.words)}.")


def _start_token(folder: Path) -> int | None:
    """Return the token with which a translator's answer begins, by the folder's config.json."""
    from byhand.checkpoints.folder import read_config

    value = read_config(folder).get("decoder_start_token_id")
    return value if type(value) is int else None


def text_of(tokenizer: Tokenizer | None, before: list[int], written: list[int]) -> tuple[str, str] | None:
    """Return the text that a model reads and the text that it adds; None without a tokenizer."""
    if tokenizer is None:
        return None
    first = tokenizer.decode(before, special=False)
    whole = tokenizer.decode([*before, *written], special=False)
    return first, whole[len(first) :] if whole.startswith(first) else tokenizer.decode(written, special=False)
