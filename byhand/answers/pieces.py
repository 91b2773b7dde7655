"""Answers that are pieces of a word: `low er`, `low|er` or `["low", "er"]`, compared piece by piece with the key."""

from __future__ import annotations

import json

from byhand.answers.characters import strip_invisible
from byhand.answers.limits import Unreadable

LONGEST, MOST = 10_000, 1_000
BAR = "|"


def read_pieces(text: str) -> list[str]:
    """Return the pieces that are typed: between bars, or else between blanks, or in a list of JSON.

    Raises Unreadable for a list that is not one of texts, and for a text without end.
    """
    if len(text) > LONGEST:
        raise Unreadable("it is too long")
    text = strip_invisible(text).strip()
    if text.startswith("[") and text.endswith("]") and '"' in text:
        pieces = _from_json(text)
    elif BAR in text:
        pieces = [piece.strip() for piece in text.split(BAR)]
        pieces = pieces[1 if not pieces[0] else 0 : len(pieces) - (not pieces[-1])]
    else:
        pieces = text.replace(",", " ").split() if ", " in text else text.split()
    if len(pieces) > MOST:
        raise Unreadable("it has too many pieces")
    if not all(pieces):
        raise Unreadable("a piece between two bars is empty")
    return pieces


def _from_json(text: str) -> list[str]:
    try:
        pieces = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is no list of pieces") from None
    if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
        raise Unreadable("it is no list of pieces")
    return pieces


def compare_pieces(student: list[str], key: list[str]) -> tuple[int, str]:
    """Return how many pieces are right in their places, and the sentence for the student."""
    right = sum(a == b for a, b in zip(student, key, strict=False))
    if student == key:
        return right, "It is right."
    if "".join(student) == "".join(key):
        return right, "The letters are right, but they are cut at other places."
    return right, "These are not the pieces."


def shown(pieces: list[str]) -> str:
    """Return pieces as one text: low | er."""
    return f" {BAR} ".join(pieces)
