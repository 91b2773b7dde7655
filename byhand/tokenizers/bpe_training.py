"""Learning byte pairs: the most frequent pair of neighbouring symbols becomes one symbol, again and again.

Source: Sennrich, Haddow and Birch (2016), Algorithm 1; Gage (1994). Pairs are counted as in that algorithm: each two
neighbours once for each time that the word occurs, so that aaa has the pair (a, a) twice.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from byhand.errors import ByhandError
from byhand.tokenizers.bpe import Pair, merge

Ties = Literal["first", "ids"]
"""Which of equally frequent pairs is merged. first: the one counted first, word by word from the left (Sennrich's
program); ids: the one with the smallest id of its first symbol, then of its second (the tokenizers library)."""
EndOfWord = Literal["own", "last", "none"]
END = "</w>"
MOST_TIES = 1_000
"""The most tied pairs of a step that are listed."""

WordCounts = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class LearnedMerge:
    """One merge: the pair, how often it stood in the words, and the other pairs that stood there as often."""

    pair: Pair
    count: int
    tied_with: tuple[Pair, ...]
    new: str


@dataclass(frozen=True)
class Round:
    """What a person sees of one merge: all pairs with their counts, in the order counted, and the words after it."""

    step: LearnedMerge
    counts: dict[Pair, int]
    words: tuple[tuple[str, ...], ...]


class NewPiece(Protocol):
    """One merge: the pair that was joined, and the piece that it became."""

    @property
    def pair(self) -> Pair: ...
    @property
    def new(self) -> str: ...


Step = TypeVar("Step", bound=NewPiece)


@dataclass(frozen=True)
class LearnedMerges(Generic[Step]):
    """What was learnt. initial: the symbols at the start, in the order of their ids. exhausted: no pair was left."""

    initial: tuple[str, ...]
    steps: tuple[Step, ...]
    words: tuple[tuple[tuple[str, ...], int], ...]
    exhausted: bool = False

    @property
    def merges(self) -> tuple[Pair, ...]:
        """The pairs, in the order learnt."""
        return tuple(step.pair for step in self.steps)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The initial symbols and those that the merges made, each once."""
        return tuple(dict.fromkeys([*self.initial, *(step.new for step in self.steps)]))


class LearnedBpe(LearnedMerges[LearnedMerge]):
    """What byte pairs taught: each merge with the count of its pair."""


def symbols_of(word: str, end_of_word: EndOfWord, suffix: str = END) -> list[str]:
    """Return the symbols of a word at the start: its letters, and the end of the word as own symbol or on the last."""
    if end_of_word == "own":
        return [*word, suffix]
    if end_of_word == "last" and word:
        return [*word[:-1], word[-1] + suffix]
    return list(word)


def initial_symbols(words: Sequence[Sequence[str]], first: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the symbols of the words in the order of their ids.

    first: symbols that come before all (an alphabet). The others follow in the order of their characters' codes.
    """
    return tuple(dict.fromkeys([*first, *sorted({symbol for word in words for symbol in word})]))


def learn(
    counts: WordCounts,
    merges: int,
    end_of_word: EndOfWord = "last",
    ties: Ties = "first",
    initial: Sequence[str] = (),
    all_ties: bool = True,
) -> LearnedBpe:
    """Learn up to so many merges from words and their counts. Ends early where no pair is left.

    initial: symbols whose ids come first (an alphabet). all_ties: list the pairs that each step's pair was tied with.
    """
    words = [symbols_of(word, end_of_word) for word, _ in counts]
    symbols = initial_symbols(words, initial)
    state = _Counts(words, [count for _, count in counts], symbols, ties)
    steps: list[LearnedMerge] = []
    while len(steps) < merges and (best := state.best()) is not None:
        pair, count = best
        tied = state.tied(pair, count) if all_ties else ()
        steps.append(LearnedMerge(pair, count, tied, pair[0] + pair[1]))
        state.merge(pair)
    done = tuple((tuple(word), count) for word, (_, count) in zip(state.words, counts, strict=True))
    return LearnedBpe(symbols, tuple(steps), done, exhausted=len(steps) < merges)


def rounds(learned: LearnedBpe, counts: WordCounts, end_of_word: EndOfWord) -> Iterator[Round]:
    """Yield each merge with all counts before it and the words after it, counted anew: what a person writes down."""
    words = [symbols_of(word, end_of_word) for word, _ in counts]
    for step in learned.steps:
        table = count_pairs(words, [count for _, count in counts])
        words = [merge(word, step.pair, step.new) for word in words]
        yield Round(step, table, tuple(map(tuple, words)))


def count_pairs(words: Sequence[Sequence[str]], counts: Sequence[int]) -> dict[Pair, int]:
    """Return how often each pair of neighbours occurs, in the order in which they are counted."""
    table: dict[Pair, int] = {}
    for word, count in zip(words, counts, strict=True):
        for pair in itertools.pairwise(word):
            table[pair] = table.get(pair, 0) + count
    return table


def check_counts(counts: WordCounts) -> None:
    """Raise ByhandError if there is no word to learn from."""
    if not any(word and count > 0 for word, count in counts):
        raise ByhandError("There is nothing to train on: give a text with at least one word.")


@dataclass
class _Counts:
    """The counts of all pairs, kept up to date: a merge only looks at the words that have its pair.

    places: for each pair, the words that have it. level: for each count, the pairs with it; with a heap that gives the
    next pair by the rule for ties, and one that gives the largest count.
    """

    words: list[list[str]]
    weights: list[int]
    symbols: Sequence[str]
    ties: Ties
    counts: dict[Pair, int] = field(default_factory=dict)
    places: dict[Pair, set[int]] = field(default_factory=dict)
    levels: dict[int, set[Pair]] = field(default_factory=dict)
    heaps: dict[int, list[tuple[tuple[int, int], Pair]]] = field(default_factory=dict)
    largest: list[int] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = {symbol: n for n, symbol in enumerate(self.symbols)}
        for number, word in enumerate(self.words):
            for pair in itertools.pairwise(word):
                self.counts[pair] = self.counts.get(pair, 0) + self.weights[number]
                self.places.setdefault(pair, set()).add(number)
        for pair, count in self.counts.items():
            self._enter(pair, count)

    def _key(self, pair: Pair) -> tuple[int, int]:
        if self.ties == "ids":
            return self.ids[pair[0]], self.ids[pair[1]]
        number = min(self.places[pair])
        word = self.words[number]
        return number, next(n for n in range(len(word) - 1) if (word[n], word[n + 1]) == pair)

    def _enter(self, pair: Pair, count: int) -> None:
        if count <= 0:
            return
        if count not in self.levels:
            self.levels[count], self.heaps[count] = set(), []
            heapq.heappush(self.largest, -count)
        self.levels[count].add(pair)
        heapq.heappush(self.heaps[count], (self._key(pair), pair))

    def _leave(self, pair: Pair, count: int) -> None:
        level = self.levels.get(count)
        if level is not None:
            level.discard(pair)
            if not level:
                del self.levels[count], self.heaps[count]

    def best(self) -> tuple[Pair, int] | None:
        """Return the pair to merge and its count; None where no pair is left."""
        while self.largest:
            count = -self.largest[0]
            if count not in self.levels:
                heapq.heappop(self.largest)
                continue
            heap = self.heaps[count]
            while True:
                key, pair = heap[0]
                if pair not in self.levels[count]:
                    heapq.heappop(heap)
                elif (now := self._key(pair)) != key:
                    heapq.heapreplace(heap, (now, pair))
                else:
                    return pair, count
        return None

    def tied(self, pair: Pair, count: int) -> tuple[Pair, ...]:
        """Return the other pairs with this count, in the order of the rule for ties."""
        others = [(self._key(other), other) for other in self.levels[count] if other != pair]
        return tuple(other for _, other in heapq.nsmallest(MOST_TIES, others))

    def merge(self, pair: Pair) -> None:
        """Merge the pair in all words, and change the counts of the pairs that this changes."""
        new = pair[0] + pair[1]
        self.ids.setdefault(new, len(self.ids))
        changes: dict[Pair, int] = {}
        for number in self.places[pair]:
            before = self.words[number]
            after = merge(before, pair, new)
            self.words[number] = after
            old_pairs, new_pairs = set(), set()
            for each in itertools.pairwise(before):
                changes[each] = changes.get(each, 0) - self.weights[number]
                old_pairs.add(each)
            for each in itertools.pairwise(after):
                changes[each] = changes.get(each, 0) + self.weights[number]
                new_pairs.add(each)
            for each in old_pairs - new_pairs:
                if each != pair:
                    self.places[each].discard(number)
            for each in new_pairs - old_pairs:
                self.places.setdefault(each, set()).add(number)
        self.places[pair] = {
            n for n in self.places[pair] if pair in zip(self.words[n], self.words[n][1:], strict=False)
        }
        for each, change in changes.items():
            count = self.counts.get(each, 0)
            if change or self.ties == "first":
                self._leave(each, count)
                self.counts[each] = count + change
                self._enter(each, count + change)
