"""Plain second implementations of how pieces are learnt: everything counted anew in each round, as on paper."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data" / "tokenizers"
"""Tokenizers and encodings that the libraries tokenizers, sentencepiece and subword-nmt made (README there)."""

Counts = list[tuple[str, int]]
Pair = tuple[str, str]


def stored(name: str) -> Any:
    """What a file of the reference says."""
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


def join(symbols: list[str], pair: Pair, new: str) -> list[str]:
    done: list[str] = []
    rest = symbols
    while rest:
        if tuple(rest[:2]) == pair:
            done, rest = [*done, new], rest[2:]
        else:
            done, rest = [*done, rest[0]], rest[1:]
    return done


def pairs_of(words: list[list[str]], counts: Counts) -> dict[Pair, int]:
    table: dict[Pair, int] = {}
    for word, (_, count) in zip(words, counts, strict=True):
        for n in range(len(word) - 1):
            pair = (word[n], word[n + 1])
            table[pair] = table.get(pair, 0) + count
    return table


def bpe(
    words: list[list[str]], counts: Counts, merges: int, alphabet: list[str] | None = None
) -> list[tuple[Pair, int, set[Pair]]]:
    """Each merge with its count and the pairs that it was tied with.

    Of equal ones the pair counted first; with an alphabet, the one with the smallest ids.
    """
    ids = {symbol: n for n, symbol in enumerate(alphabet or ())}
    steps = []
    for _ in range(merges):
        table = pairs_of(words, counts)
        if not table:
            break
        most = max(table.values())
        tied = [pair for pair, count in table.items() if count == most]
        best = min(tied, key=lambda pair: (ids[pair[0]], ids[pair[1]])) if alphabet else tied[0]
        ids.setdefault("".join(best), len(ids))
        steps.append((best, most, set(tied) - {best}))
        words = [join(word, best, "".join(best)) for word in words]
    return steps


def wordpiece(counts: Counts, merges: int) -> list[tuple[Pair, Fraction, set[Pair]]]:
    """Each joining with its score, count(a b) / (count(a) count(b)), and those with the same score."""
    words = [[letter if n == 0 else f"##{letter}" for n, letter in enumerate(word)] for word, _ in counts]
    steps = []
    for _ in range(merges):
        table = pairs_of(words, counts)
        if not table:
            break
        single: dict[str, int] = {}
        for word, (_, count) in zip(words, counts, strict=True):
            for piece in word:
                single[piece] = single.get(piece, 0) + count
        scores = {(a, b): Fraction(count, single[a] * single[b]) for (a, b), count in table.items()}
        best = max(scores.values())
        tied = [pair for pair, score in scores.items() if score == best]
        steps.append((tied[0], best, set(tied[1:])))
        words = [join(word, tied[0], tied[0][0] + tied[0][1].removeprefix("##")) for word in words]
    return steps


def cuts(word: str, pieces: set[str]) -> list[list[str]]:
    """All ways to cut a word into pieces."""
    found = []
    for places in itertools.product([False, True], repeat=len(word) - 1):
        ends = [n + 1 for n, cut in enumerate(places) if cut] + [len(word)]
        cut = [word[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        if set(cut) <= pieces:
            found.append(cut)
    return found


def unigram_counts(counts: Counts, scores: dict[str, float]) -> tuple[dict[str, float], float]:
    """The expected count of each piece over all ways to cut each word, and the loss −Σ count log P(word)."""
    expected = dict.fromkeys(scores, 0.0)
    loss = 0.0
    for word, count in counts:
        ways = cuts(word, set(scores))
        weights = [math.prod(math.exp(scores[piece]) for piece in way) for way in ways]
        loss -= count * math.log(sum(weights))
        for way, weight in zip(ways, weights, strict=True):
            for piece in way:
                expected[piece] += count * weight / sum(weights)
    return expected, loss


def best_score(word: str, scores: dict[str, float]) -> float:
    return max((sum(scores[piece] for piece in way) for way in cuts(word, set(scores))), default=-math.inf)
