"""Learning a unigram vocabulary: from many pieces to few, by EM and by dropping what the text misses least.

Source: Kudo (2018), section 3.2. Start from the frequent substrings; estimate the pieces' probabilities by EM (the
expected counts over all ways to cut each word); drop the pieces whose loss raises the loss of the text least; repeat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from byhand.tokenizers.bpe_training import WordCounts
from byhand.tokenizers.unigram import Unigram

EM_ROUNDS = 2
"""How often the probabilities are estimated between two droppings, as in the SentencePiece library."""
LONGEST_PIECE = 16
MOST_SEEDS = 100_000
SHRINKING = 0.75
"""The share of the pieces that one dropping keeps."""
SMALLEST = 1e-12
"""The smallest expected count that a letter is given, so that each text of the letters has a probability."""


@dataclass(frozen=True)
class EmStep:
    """One step of EM: the expected count of each piece, their sum, the new scores, and the loss before the step.

    loss: −Σ count · log P(word), where P sums over all ways to cut the word.
    """

    expected: dict[str, float]
    total: float
    scores: dict[str, float]
    loss: float


@dataclass(frozen=True)
class Dropping:
    """One round: the loss, and what dropping each piece costs. dropped: the pieces that go."""

    loss: float
    costs: dict[str, float]
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class LearnedUnigram:
    """What was learnt: the pieces with their scores, likeliest first, and the rounds."""

    scores: tuple[tuple[str, float], ...]
    rounds: tuple[Dropping, ...]
    losses: tuple[float, ...]


def model_of(scores: Mapping[str, float]) -> Unigram:
    """Return the model of pieces with scores; no piece stands for unknown letters."""
    return Unigram(tuple(scores.items()), unknown=None)


def scores_of(counts: Mapping[str, float]) -> dict[str, float]:
    """Return the logarithm of each piece's share of all counts."""
    total = math.fsum(counts.values())
    return {piece: math.log(count / total) for piece, count in counts.items() if count > 0}


def substrings(counts: WordCounts, longest: int = LONGEST_PIECE) -> dict[str, int]:
    """Return how often each substring of the words occurs, in the order in which they are counted."""
    table: dict[str, int] = {}
    for word, count in counts:
        for start in range(len(word)):
            for end in range(start + 1, min(start + longest, len(word)) + 1):
                part = word[start:end]
                table[part] = table.get(part, 0) + count
    return table


def em_step(counts: WordCounts, scores: Mapping[str, float]) -> EmStep:
    """Return one step of EM on words and their counts.

    E: the expected count of each piece, over all paths of each word. M: its share of the sum. A piece that is expected
    nowhere goes; a single letter stays.
    """
    model = model_of(scores)
    expected: dict[str, float] = dict.fromkeys(scores, 0.0)
    loss = 0.0
    for word, count in counts:
        if word:
            each, log_probability = model.expected_counts(word)
            loss -= count * log_probability
            for piece, share in each.items():
                expected[piece] += count * share
    kept = {p: max(e, SMALLEST) if len(p) == 1 else e for p, e in expected.items() if e > SMALLEST or len(p) == 1}
    return EmStep(expected, math.fsum(expected.values()), scores_of(kept), loss)


def best_loss(counts: WordCounts, scores: Mapping[str, float]) -> float:
    """Return −Σ count · log P(best path of the word): the loss with Viterbi's paths alone."""
    model = model_of(scores)
    return -math.fsum(count * model.best_path(word)[1] for word, count in counts if word)


def dropping_costs(counts: WordCounts, scores: Mapping[str, float]) -> dict[str, float]:
    """Return by how much the loss with best paths grows where each piece is dropped and the other scores stay.

    Only the words whose best path has the piece change. A single letter is never dropped and has no cost.
    """
    model = model_of(scores)
    users: dict[str, list[tuple[str, int, float]]] = {}
    for word, count in counts:
        path, score = model.best_path(word) if word else ([], 0.0)
        for piece in {edge.text for edge in path}:
            users.setdefault(piece, []).append((word, count, score))
    costs: dict[str, float] = {}
    for piece in scores:
        if len(piece) > 1:
            changed = users.get(piece, ())
            costs[piece] = math.fsum(
                count * (score - model.best_path(word, piece)[1]) for word, count, score in changed
            )
    return costs


def learn(counts: WordCounts, size: int) -> LearnedUnigram:
    """Learn a vocabulary of so many pieces; the single letters are always in it.

    Starts from the substrings that occur twice or more, the most frequent times longest first.
    """
    table = substrings(counts)
    letters = [part for part in table if len(part) == 1]
    longer = [part for part, count in table.items() if len(part) > 1 and count > 1]
    longer.sort(key=lambda part: (-table[part] * len(part), part))
    scores = scores_of({part: float(table[part]) for part in [*letters, *longer[:MOST_SEEDS]]})
    rounds: list[Dropping] = []
    losses: list[float] = []
    while True:
        for _ in range(EM_ROUNDS):
            step = em_step(counts, scores)
            losses.append(step.loss)
            scores = step.scores
        if len(scores) <= size:
            break
        costs = dropping_costs(counts, scores)
        keep = max(size, int(len(scores) * SHRINKING))
        order = sorted(costs, key=lambda piece: (costs[piece], piece))
        dropped = tuple(order[: len(scores) - keep])
        rounds.append(Dropping(best_loss(counts, scores), costs, dropped))
        gone = set(dropped)
        scores = {piece: score for piece, score in scores.items() if piece not in gone}
        if not dropped:
            break
    ordered = tuple(sorted(scores.items(), key=lambda each: (-each[1], each[0])))
    return LearnedUnigram(ordered, tuple(rounds), tuple(losses))
