"""Byte-pair encoding of a word: its symbols are merged pair by pair, in the order in which the merges were learnt.

Source: Sennrich, Haddow and Birch (2016), "Neural Machine Translation of Rare Words with Subword Units", section 3.2;
Gage (1994), "A New Algorithm for Data Compression".
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from byhand.errors import ByhandError
from byhand.tokenizers.encoding import Piece

Pair = tuple[str, str]
MOST_KEPT = 10_000
"""The most words whose pieces are kept for the next time that they occur."""


@dataclass(frozen=True)
class MergeStep:
    """One merge in a word: the rank of the pair from 0 (none for the start), and the symbols after it."""

    rank: int | None
    pair: Pair | None
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class Bpe:
    """A vocabulary and its merges.

    ids: of each symbol. merges: the pairs in the order learnt. suffix: what marks the last letter of a word (</w>).
    suffix_apart: the mark is a symbol of its own. prefix: what marks a letter that is not the first (##). unknown: the
    piece for a letter without an id; without one, such letters are left out. fuse_unknown: unknown neighbours become
    one piece. byte_fallback: an unknown letter becomes pieces such as <0xE2>, one a byte. whole_first: a word that is
    a piece stays whole.
    """

    ids: dict[str, int]
    merges: Sequence[Pair]
    suffix: str = ""
    suffix_apart: bool = False
    prefix: str = ""
    unknown: str | None = None
    fuse_unknown: bool = False
    byte_fallback: bool = False
    whole_first: bool = False
    _kept: dict[str, list[Piece]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def ranks(self) -> Mapping[Pair, tuple[int, str]]:
        """The rank of each pair, and the symbol that it becomes."""
        cut = len(self.prefix)
        return {pair: (n, pair[0] + pair[1][cut:]) for n, pair in enumerate(self.merges)}

    def pieces(self, word: str) -> list[Piece]:
        """Return the pieces of a word. Time: n log n for a word of n letters."""
        if (known := self._kept.get(word)) is None:
            known = self._merged(word)
            if len(self._kept) < MOST_KEPT and len(word) <= 100:
                self._kept[word] = known
        return known

    def steps(self, word: str) -> list[MergeStep]:
        """Return the symbols of a word, and after each merge: of the pair learnt first, everywhere from the left.

        Time: n for each merge; for words that a person looks at.
        """
        symbols = [piece.text for piece in self._start(word)]
        steps = [MergeStep(None, None, tuple(symbols))]
        while ranked := [self.ranks[pair] for pair in itertools.pairwise(symbols) if pair in self.ranks]:
            rank, new = min(ranked)
            pair = self.merges[rank]
            symbols = merge(symbols, pair, new)
            steps.append(MergeStep(rank, pair, tuple(symbols)))
        return steps

    def _merged(self, word: str) -> list[Piece]:
        if self.whole_first and word in self.ids:
            return [Piece(word, self.ids[word], 0, len(word))]
        return merged(self._start(word), lambda a, b: self.ranks.get((a, b)), self.ids)

    def _start(self, word: str) -> list[Piece]:
        """Return the symbols with which a word begins: its letters with their marks."""
        found: list[Piece] = []
        for n, letter in enumerate(word):
            last = n == len(word) - 1
            text = (self.prefix if n else "") + letter + (self.suffix if last and not self.suffix_apart else "")
            if text in self.ids:
                found.append(Piece(text, self.ids[text], n, n + 1))
            else:
                self._add_unknown(found, text, n)
        if self.suffix_apart and self.suffix and word and self.suffix in self.ids:
            found.append(Piece(self.suffix, self.ids[self.suffix], len(word), len(word)))
        return found

    def _add_unknown(self, found: list[Piece], text: str, n: int) -> None:
        names = [f"<0x{byte:02X}>" for byte in text.encode("utf-8", errors="replace")] if self.byte_fallback else []
        if names and all(name in self.ids for name in names):
            found += [Piece(name, self.ids[name], n, n + 1) for name in names]
        elif self.unknown is not None:
            if self.unknown not in self.ids:
                raise ByhandError(f"The vocabulary lacks {self.unknown!r}, the piece for unknown letters: add it.")
            if self.fuse_unknown and found and found[-1].text == self.unknown:
                found[-1] = Piece(self.unknown, self.ids[self.unknown], found[-1].start, n + 1)
            else:
                found.append(Piece(self.unknown, self.ids[self.unknown], n, n + 1))


def merged(
    start: list[Piece], find: Callable[[str, str], tuple[float, str] | None], ids: Mapping[str, int]
) -> list[Piece]:
    """Return the pieces with neighbours merged, the pair of the lowest rank first, of equal ones the leftmost.

    find: the rank of two neighbours and what they become, None where they stay. Time: n log n for n pieces.
    """
    parts: list[Piece | None] = list(start)
    before = list(range(-1, len(parts) - 1))
    after = [*range(1, len(parts)), -1]
    waiting: list[tuple[float, int, int, str, str, str]] = []

    def consider(left: int, right: int) -> None:
        a, b = parts[left], parts[right]
        if a and b and (found := find(a.text, b.text)):
            heapq.heappush(waiting, (found[0], left, right, a.text, b.text, found[1]))

    for place in range(len(parts) - 1):
        consider(place, place + 1)
    while waiting:
        _, left, right, a_text, b_text, new = heapq.heappop(waiting)
        a, b = parts[left], parts[right]
        if a is None or b is None or after[left] != right or (a.text, b.text) != (a_text, b_text):
            continue
        parts[left], parts[right] = Piece(new, ids[new], a.start, b.end), None
        after[left] = after[right]
        if after[left] >= 0:
            before[after[left]] = left
            consider(left, after[left])
        if before[left] >= 0:
            consider(before[left], left)
    return [part for part in parts if part]


def merge(symbols: Sequence[str], pair: Pair, new: str) -> list[str]:
    """Return the symbols with each occurrence of the pair as one, from the left, none used twice."""
    merged: list[str] = []
    n = 0
    while n < len(symbols):
        if n + 1 < len(symbols) and symbols[n] == pair[0] and symbols[n + 1] == pair[1]:
            merged.append(new)
            n += 2
        else:
            merged.append(symbols[n])
            n += 1
    return merged
