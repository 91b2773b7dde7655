"""Words with how often each is there, from a text on the command line or from a JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from byhand.errors import ByhandError, quoted
from byhand.files import read_bytes

MOST_BYTES = 1_000_000
EXAMPLE = "low:5,lower:2"


def read_word_counts(text: str) -> list[tuple[str, int]]:
    """Return words and counts from low:5,lower:2 (a word without a number is there once), from JSON, or from its file.

    ByhandError for anything else.
    """
    if text.casefold().endswith(".json"):
        return _from_json(_read(Path(text)), text)
    if text.lstrip().startswith("["):
        return _from_json(text, "--word-counts")
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, colon, number = part.rpartition(":")
        word, number = (word, number) if colon else (part, "1")
        if not number.strip().isdecimal():
            raise ByhandError(f"{quoted(part)} is no word with its count: write it as in {EXAMPLE}.")
        pairs.append((word.strip(), int(number[:20])))
    if not pairs:
        raise ByhandError(f"--word-counts names no word: give at least one, as in {EXAMPLE}.")
    return pairs


def _read(path: Path) -> str:
    data = read_bytes(path, "list of words", MOST_BYTES, "give fewer words")
    try:
        return data.decode("utf-8-sig")
    except ValueError:
        raise ByhandError(f"{path} is not a text in UTF-8: save it as one.") from None


def _from_json(text: str, where: str) -> list[tuple[str, int]]:
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, list) or not pairs or not all(_is_pair(pair) for pair in pairs):
        raise ByhandError(f'{where} is no list of words with counts: write it as in [["low", 5], ["lower", 2]].')
    return [(word, count) for word, count in pairs]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and type(pair[1]) is int
