"""Byte pairs (Gage 1994; Sennrich et al. 2016): the most frequent pair of neighbours becomes a piece, over and over."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Node, scope
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.options import option
from byhand.language.pieces import Merge, largest, learn, pair_counts
from byhand.language.typed_words import ALPHABETS, counted_words

PAPER = "Sennrich et al. 2016"
EXAMPLE = (("low", 5), ("lower", 2), ("newest", 6), ("widest", 3))
"""The words of the paper's program (Sennrich et al. 2016, algorithm 1)."""
TIES = {
    "first": "the most frequent pair; of ties, the first in reading order",
    "smallest": "the most frequent pair; of ties, the one with the smallest numbers",
}


@dataclass(frozen=True)
class Options:
    merges: int = 6
    end_of_word: str = option("own", choices=("own", "last", "none"))
    ties: str = option("first", choices=("first", "smallest"))
    overlaps: str = option("counted", choices=("counted", "apart"))
    letters: str = option("latin", choices=ALPHABETS)


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    def choose(ids: Node, pairs: Node, counts: Node, base: int) -> Merge:
        with scope("", "count the pairs", equation="Σ (times in the word) · (count of the word)", below=True):
            pairs = pairs.named("pair")
            times = pair_counts(pairs, counts, o.overlaps)
        with scope("", TIES[o.ties], equation="the largest count", below=True):
            return largest(pairs, times, base, o.ties)

    about = {"equation": "the most frequent pair becomes one piece", "source": PAPER}
    return learn(counted_words(inputs, EXAMPLE), o.merges, o.end_of_word, o.letters, about, choose)


ARCHITECTURE = Architecture(
    name="bpe",
    title="Byte-pair encoding",
    family="tokens",
    source=PAPER,
    about="the most frequent pair of neighbours becomes one piece",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"merges": 10}, "large": {"merges": 16}},
    takes=frozenset({"text", "word_counts"}),
)
