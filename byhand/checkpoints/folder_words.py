"""The words of a checkpoint's folder: what its tokenizer's files call each id."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from byhand.checkpoints.folder import read_json
from byhand.errors import ByhandError
from byhand.files import read_bytes

MOST_BYTES = 100_000_000
"""The most bytes of a tokenizer's file; one with 250,000 words has about 20 million."""

TWO_FILES = ("vocab.json", "target_vocab.json")
"""The files of a translator with a vocabulary for each text, as Marian has them."""

Ids = dict[str, int]


def words_of_folder(folder: Path, count: int) -> tuple[str, ...] | None:
    """Return the words of a folder's tokenizer for ids 0 to count - 1, or None if the folder has none.

    An id that the tokenizer does not name is called t and its number, as in a folder without a tokenizer.
    """
    for name, read in READERS.items():
        path = folder / name
        if os.path.isfile(path):
            return _words(path, read, count)
    return None


def words_of_files(folder: Path, counts: Sequence[int]) -> list[tuple[str, ...]]:
    """Return the words of a source and of its translation, from TWO_FILES; none if the folder does not have both."""
    paths = [folder / name for name in TWO_FILES]
    if len(counts) != len(paths) or not all(map(os.path.isfile, paths)):
        return []
    return [_words(path, _vocab_json, count) for path, count in zip(paths, counts, strict=True)]


def _words(path: Path, read: Callable[[Path], Ids], count: int) -> tuple[str, ...]:
    if path.stat().st_size > MOST_BYTES:
        raise ByhandError(f"{path} is larger than {MOST_BYTES:,} bytes: remove it to go on without words.")
    words = [f"t{n}" for n in range(count)]
    for word, n in read(path).items():
        if 0 <= n < count:
            words[n] = word
    return tuple(words)


def _tokenizer_json(path: Path) -> Ids:
    tokenizer = read_json(path)
    model = tokenizer.get("model")
    listed = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(listed, dict):
        ids = _checked(listed, path)
    elif isinstance(listed, list) and all(isinstance(entry, list) and entry for entry in listed):
        ids = _checked({str(entry[0]): n for n, entry in enumerate(listed)}, path)
    else:
        raise ByhandError(f"{path} lists no vocabulary: save the tokenizer again, or remove the file.")
    for added in tokenizer.get("added_tokens") or ():
        if isinstance(added, dict) and isinstance(added.get("content"), str) and type(added.get("id")) is int:
            ids[added["content"]] = added["id"]
    return ids


def _vocab_json(path: Path) -> Ids:
    return _checked(read_json(path), path)


def _vocab_txt(path: Path) -> Ids:
    try:
        lines = read_bytes(path, "vocabulary", MOST_BYTES).decode().split("\n")
    except ValueError as error:
        raise ByhandError(f"{path} cannot be read as a text in UTF-8 ({error}): save the tokenizer again.") from None
    return {word: n for n, line in enumerate(lines) if (word := line.rstrip("\r"))}


def _sentencepiece(path: Path) -> Ids:
    from byhand.tokenizers.sentencepiece import read

    return dict(read(path).model.ids)


def _checked(listed: Mapping[str, Any], path: Path) -> Ids:
    if not all(type(n) is int for n in listed.values()):
        raise ByhandError(f"{path} must give each word its id, a whole number: save the tokenizer again.")
    return dict(listed)


READERS: dict[str, Callable[[Path], Ids]] = {
    "tokenizer.json": _tokenizer_json,
    "vocab.json": _vocab_json,
    "vocab.txt": _vocab_txt,
    "tokenizer.model": _sentencepiece,
    "spiece.model": _sentencepiece,
    "sentencepiece.bpe.model": _sentencepiece,
}
"""The files that name the ids, the first that is there counts."""
