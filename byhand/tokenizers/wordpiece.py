"""WordPiece: the longest piece of the vocabulary with which the word begins, then the longest that continues it.

Source: Wu et al. (2016), "Google's Neural Machine Translation System", section 4.1; Schuster and Nakajima (2012),
"Japanese and Korean Voice Search"; the matching is that of BERT's released code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from byhand.tokenizers.encoding import Piece


@dataclass(frozen=True)
class MatchStep:
    """One step of the match: the rest of the word, what was tried in order, and the piece, if one was in the list."""

    rest: str
    tried: tuple[str, ...]
    piece: str | None


@dataclass(frozen=True)
class WordPiece:
    """A vocabulary. prefix: what marks a piece that continues a word. longest_word: a longer one is unknown."""

    ids: dict[str, int]
    prefix: str = "##"
    unknown: str = "[UNK]"
    longest_word: int = 100

    @cached_property
    def longest_piece(self) -> int:
        """The letters of the longest piece: no longer one need be tried."""
        return max(map(len, self.ids), default=0)

    def pieces(self, word: str) -> list[Piece]:
        """Return the pieces of a word; one unknown piece for a word with a part that no piece matches."""
        if not word:
            return []
        found: list[Piece] = []
        start = 0
        while start < len(word) and len(word) <= self.longest_word:
            piece = self._longest(word, start)
            if piece is None:
                break
            found.append(piece)
            start = piece.end
        if start < len(word) or len(word) > self.longest_word:
            return [Piece(self.unknown, self.ids[self.unknown], 0, len(word))] if self.unknown in self.ids else []
        return found

    def steps(self, word: str) -> list[MatchStep]:
        """Return each step of the match from the left, as a person does it."""
        steps: list[MatchStep] = []
        start = 0
        while start < len(word) <= self.longest_word:
            piece = self._longest(word, start)
            end = piece.end if piece else start + 1
            tried = tuple(self._text(word, start, n) for n in range(len(word), end - 1, -1))
            steps.append(MatchStep(self._text(word, start, len(word)), tried, piece.text if piece else None))
            if piece is None:
                break
            start = piece.end
        return steps

    def _longest(self, word: str, start: int) -> Piece | None:
        for end in range(min(len(word), start + self.longest_piece), start, -1):
            text = self._text(word, start, end)
            if text in self.ids:
                return Piece(text, self.ids[text], start, end)
        return None

    def _text(self, word: str, start: int, end: int) -> str:
        return (self.prefix if start else "") + word[start:end]
