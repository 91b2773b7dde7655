"""The two simplest vocabularies: of whole words, and of single letters."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.tokenizers.encoding import Piece


@dataclass(frozen=True)
class WholeWords:
    """Each word is a piece; a word without an id is the unknown piece, or left out where there is none."""

    ids: dict[str, int]
    unknown: str | None = "<unk>"

    def pieces(self, word: str) -> list[Piece]:
        """Return the word as its one piece."""
        text = word if word in self.ids else self.unknown
        return [Piece(text, self.ids[text], 0, len(word))] if word and text is not None and text in self.ids else []


@dataclass(frozen=True)
class Characters:
    """Each letter is a piece; a letter without an id is the unknown piece."""

    ids: dict[str, int]
    unknown: str | None = "<unk>"

    def pieces(self, word: str) -> list[Piece]:
        """Return the word's letters."""
        named = [(n, letter if letter in self.ids else self.unknown) for n, letter in enumerate(word)]
        return [Piece(t, self.ids[t], n, n + 1) for n, t in named if t is not None and t in self.ids]
