"""What tokenizing a text gives: its pieces, their ids, and where each stands in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from byhand.tokenizers.letters import Span


@dataclass(frozen=True)
class Piece:
    """A piece of a word: its text as the vocabulary has it, its id, and its letters from start to end in the word."""

    text: str
    id: int
    start: int
    end: int


@dataclass(frozen=True)
class Encoding:
    """A text in pieces. offsets: the letters of the text for which each stands. special: its special tokens' places.

    normalized: the text before it is split. words: its parts, none of which a piece crosses. score: the sum of the
    pieces' scores (log probabilities), where the model has scores.
    """

    tokens: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    offsets: tuple[Span, ...] = ()
    segments: tuple[int, ...] = ()
    special: frozenset[int] = frozenset()
    normalized: str = ""
    words: tuple[str, ...] = ()
    score: float | None = None
    decoded: str = field(default="", compare=False)


class Model(Protocol):
    """A vocabulary and the rule by which a word is cut into its pieces."""

    @property
    def ids(self) -> dict[str, int]:
        """The id of each piece."""

    def pieces(self, word: str) -> list[Piece]:
        """Return the pieces of a word."""
