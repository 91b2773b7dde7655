"""Learning WordPiece's vocabulary: the pair whose joining makes the training text likelier by most becomes a piece.

The score of a pair is count(a b) / (count(a) · count(b)). With one probability for each piece, joining a and b changes
the logarithm of the text's likelihood by about log P(ab) − log P(a) − log P(b) for each occurrence, and the score is
the ratio inside, up to the size of the text. Source: Schuster and Nakajima (2012), section 3; Wu et al. (2016), 4.1.
Google has not published its trainer; this is the rule as the course of Hugging Face teaches it. (The trainer of the
tokenizers library learns WordPiece's pieces by BPE's counts.)
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from byhand.tokenizers.bpe import Pair, merge
from byhand.tokenizers.bpe_training import MOST_TIES, LearnedMerges, WordCounts, count_pairs


@dataclass(frozen=True)
class ScoredMerge:
    """One joining: the pair, its count, the counts of its two pieces, its score, and the pairs with the same score."""

    pair: Pair
    count: int
    first_count: int
    second_count: int
    tied_with: tuple[Pair, ...]
    new: str

    @property
    def score(self) -> Fraction:
        """count / (count of the first · count of the second)."""
        return Fraction(self.count, self.first_count * self.second_count)


class LearnedWordPiece(LearnedMerges[ScoredMerge]):
    """What WordPiece's training taught: each merge with the score of its pair."""


def pieces_of(word: str, prefix: str = "##") -> list[str]:
    """Return the pieces of a word at the start: its letters, all but the first with the prefix."""
    return [(prefix if n else "") + letter for n, letter in enumerate(word)]


def joined(pair: Pair, prefix: str = "##") -> str:
    """Return the piece that a pair becomes: h and ##ug become hug."""
    return pair[0] + pair[1].removeprefix(prefix)


def learn(counts: WordCounts, merges: int, prefix: str = "##") -> LearnedWordPiece:
    """Learn up to so many joinings from words and their counts. Of equal scores, the pair counted first is taken."""
    words = [pieces_of(word, prefix) for word, _ in counts]
    weights = [count for _, count in counts]
    initial = tuple(sorted({piece for word in words for piece in word}))
    state = _Scores(words, weights)
    steps: list[ScoredMerge] = []
    while len(steps) < merges and state.pairs:
        pair, tied = state.best()
        steps.append(
            ScoredMerge(
                pair, state.pairs[pair], state.pieces[pair[0]], state.pieces[pair[1]], tied, joined(pair, prefix)
            )
        )
        state.join(pair, steps[-1].new)
    done = tuple((tuple(word), count) for word, count in zip(state.words, weights, strict=True))
    return LearnedWordPiece(initial, tuple(steps), done, exhausted=len(steps) < merges)


class _Scores:
    """The counts of pieces and pairs, kept up to date."""

    def __init__(self, words: list[list[str]], weights: Sequence[int]) -> None:
        self.words, self._weights = words, weights
        self.pairs = {pair: count for pair, count in count_pairs(words, weights).items() if count}
        self.pieces: dict[str, int] = {}
        self._places: dict[Pair, set[int]] = {}
        for number, word in enumerate(words):
            for piece in word:
                self.pieces[piece] = self.pieces.get(piece, 0) + weights[number]
            for pair in itertools.pairwise(word):
                self._places.setdefault(pair, set()).add(number)

    def best(self) -> tuple[Pair, tuple[Pair, ...]]:
        """Return the pair with the largest score, and those with the same, in the order in which they are counted."""
        pieces = self.pieces
        floats = {(a, b): count / (pieces[a] * pieces[b]) for (a, b), count in self.pairs.items()}
        near = max(floats.values()) * (1 - 1e-12)
        exact = {pair: self._exact(pair) for pair, score in floats.items() if score >= near}
        largest = max(exact.values())
        tied = sorted((pair for pair, score in exact.items() if score == largest), key=self._place)
        return tied[0], tuple(tied[1 : MOST_TIES + 1])

    def _exact(self, pair: Pair) -> Fraction:
        return Fraction(self.pairs[pair], self.pieces[pair[0]] * self.pieces[pair[1]])

    def _place(self, pair: Pair) -> tuple[int, int]:
        number = min(self._places[pair])
        word = self.words[number]
        return number, next(n for n in range(len(word) - 1) if (word[n], word[n + 1]) == pair)

    def join(self, pair: Pair, new: str) -> None:
        """Join the pair in all words."""
        for number in list(self._places[pair]):
            self._count(number, -1)
            self.words[number] = merge(self.words[number], pair, new)
            self._count(number, 1)

    def _count(self, number: int, sign: int) -> None:
        word, weight = self.words[number], sign * self._weights[number]
        for piece in word:
            self.pieces[piece] = self.pieces.get(piece, 0) + weight
        for pair in itertools.pairwise(word):
            count = self.pairs.get(pair, 0) + weight
            if count:
                self.pairs[pair] = count
            else:
                self.pairs.pop(pair, None)
            places = self._places.setdefault(pair, set())
            places.add(number) if sign > 0 else places.discard(number)
