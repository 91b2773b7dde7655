"""Unigram (Kudo 2018): pieces with probabilities; the likeliest way to cut a word, a step of EM, a piece's worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import Array, Node, page, scope, source
from byhand.core.ops import beside, greater, log, where
from byhand.core.piece_ops import spelled, tally
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.lattice import (
    PLACE,
    Lattice,
    Vocabulary,
    best_path,
    expected,
    lattice,
    or_one,
    use_of_pieces,
    without,
)
from byhand.language.typed_words import alphabet, counted_words, counts_table, typed_letters
from byhand.tokenizers.unigram_training import substrings

EXAMPLE = (("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5))
"""The words of the course of Hugging Face."""
MOST_WORDS, LONGEST = 12, 7
BASE = 100
BEST_WAY = "the likeliest way to cut the word"


@dataclass(frozen=True)
class Options:
    pieces: int = 13
    longest: int = 3


def seeds(words: tuple[tuple[str, int], ...], o: Options) -> list[tuple[str, int]]:
    """Return the pieces to start from: the letters, and the longer parts of words that make up most of the text."""
    table = {part: count for part, count in substrings(words, o.longest).items() if count > 0}
    letters = [part for part in table if len(part) == 1]
    longer = sorted((part for part in table if len(part) > 1), key=lambda part: (-table[part] * len(part), part))
    return [(part, table[part]) for part in [*letters, *longer[: max(o.pieces - len(letters), 0)]]]


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    words = counted_words(inputs, EXAMPLE)
    if len(words) > MOST_WORDS or max(len(word) for word, _ in words) > LONGEST:
        raise ByhandError(
            f"A workbook shows the lattices of at most {MOST_WORDS} words of {LONGEST} letters: "
            "give fewer or shorter ones."
        )
    names, times = [word for word, _ in words], [count for _, count in words]
    letters, size = alphabet(names, "latin"), max(map(len, names))
    pieces = seeds(words, o)
    with page("", "Words", equation="letters by their numbers"):
        typed_words = typed_letters("word_letters", names, letters, "none")
        counts = counts_table("words", times, typed_words)
        shown = [spelled(typed_words.ids, pieces=typed_words.pieces).named("letters", role="pieces")]
        numbered = np.arange(1.0, len(letters) + 2)[:, None]
        each = source("letter_number", numbered, "ids", rows=typed_words.pieces)
        shown.append(tally(typed_words.ids, counts, each).named("letter_count", role="counts"))
    with page("", "Pieces", equation="p = how often / all together", source=PLACE):
        of_pieces = typed_letters("piece_letters", [text for text, _ in pieces], letters, "none", size, typed_words)
        frequency = counts_table("frequency", [count for _, count in pieces], of_pieces)
        numbers = source("number", np.arange(1.0, len(pieces) + 1)[:, None], "ids", rows=of_pieces)
        powers = source("powers", float(BASE) ** np.arange(size)[:, None], "given")
        codes = (of_pieces.ids @ powers).named("code", role="pairs")
        total = frequency.sum(0).named("all_pieces", role="counts")
        p = (frequency / or_one(total)).named("p", role="counts")
    vocabulary = Vocabulary(of_pieces, numbers, codes, p, BASE)
    lattices, paths, shares = [], [], []
    for n in range(len(words)):
        with page(f"word{n + 1}", f"Word {n + 1}", equation=BEST_WAY, source=PLACE):
            ids = typed_words.ids.rows(n, n + 1).named("letters", role="ids")
            of = lattice(ids, vocabulary)
            paths.append(best_path(of, of_pieces))
            shares.append(expected(of))
            lattices.append(of)
    loss, new = estimate(lattices, shares, counts, vocabulary)
    costs = dropping(lattices, counts, vocabulary)

    def report(tables: Mapping[str, Array]) -> dict[str, Any]:
        cut = [[of_pieces.spell(x, tables) for x in tables[path.name][0] if x] for path in paths]
        return {
            "loss": float(tables[loss.name][0, 0]),
            "words": dict(zip(names, cut, strict=True)),
            "pieces": dict(zip(of_pieces.words, tables[new.name][:, 0].tolist(), strict=True)),
            "costs": dict(zip(of_pieces.words, tables[costs.name][:, 0].tolist(), strict=True)),
        }

    return Graph(
        [*paths, new, loss, costs, *shown, *(of.letters for of in lattices)],
        typed=((typed_words, counts), (of_pieces, frequency)),
        cut=tuple((path, 0) for path in paths),
        report=report,
    )


def estimate(lattices: list[Lattice], shares: list[Node], counts: Node, of: Vocabulary) -> tuple[Node, Node]:
    """Return the loss, and the pieces' probabilities after one step of EM. (1, 1), (K, 1)

    A word that cannot be cut adds nothing to the loss.
    """
    with page("", "One step of EM", equation="new p = expected use / all together", source=PLACE):
        with scope("", "the loss", equation="−Σ count · ln (sum of all ways)"):
            ways = [one.all_ways for one in lattices]
            logs = log(or_one(beside(*ways) if len(ways) > 1 else ways[0])).named("logs_of_ways")
            loss = (-(logs @ counts)).named("loss", role="losses")
        with scope("", "expected use", equation="Σ count · (expected use in the word)", below=True):
            columns = [
                use_of_pieces(one, share, of).named(f"use_{n}", role="counts")
                for n, (one, share) in enumerate(zip(lattices, shares, strict=True), 1)
            ]
            use = (beside(*columns) @ counts if len(columns) > 1 else columns[0] * counts).named("use", role="counts")
            total = use.sum(0).named("all_uses", role="counts")
        with scope("", "new probabilities", equation="its share of all uses", below=True):
            return loss, (use / or_one(total)).named("new_p", role="counts")


def dropping(lattices: list[Lattice], counts: Node, of: Vocabulary) -> Node:
    """Return by how much the loss of the best ways grows if a piece is dropped; 0 for single letters. (K, 1)"""
    costs = []
    for n, one in enumerate(lattices, 1):
        with page(f"drop{n}", f"Drop, word {n}", equation="the best way without the piece"):
            best = or_one(one.at_end(one.best)).named("best")
            left = without(one, of).named("without", role="counts")
            ratio = best / where(left, left, best)
            costs.append(log(ratio).named("cost", role="counts"))
    with page("", "Drop a piece", equation="Σ count · ln (best way / best way without)", source=PLACE):
        grown = (beside(*costs) @ counts if len(costs) > 1 else costs[0] * counts).named("grown")
        return where(greater(of.codes, BASE - 1), grown, 0).named("cost", role="losses")


ARCHITECTURE = Architecture(
    name="unigram",
    title="Unigram",
    family="tokens",
    source="Kudo 2018",
    about="pieces with probabilities: the likeliest way to cut a word",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"pieces": 16}, "large": {"pieces": 20, "longest": 4}},
    takes=frozenset({"text", "word_counts"}),
)
