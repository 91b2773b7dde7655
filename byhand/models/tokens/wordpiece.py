"""WordPiece (Schuster and Nakajima 2012): the pair that makes the text likelier by most becomes a piece."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import Node, scope
from byhand.core.ops import maximum, where
from byhand.core.piece_ops import tally
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.options import option
from byhand.language.pieces import Merge, largest, learn, pair_counts
from byhand.language.typed_words import ALPHABETS, counted_words

PAPER = "Schuster and Nakajima 2012"
EXAMPLE = (("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5))
"""The words of the course of Hugging Face."""


@dataclass(frozen=True)
class Options:
    merges: int = 4
    letters: str = option("latin", choices=ALPHABETS)


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    def choose(ids: Node, pairs: Node, counts: Node, base: int) -> Merge:
        with scope("", "count the pieces", equation="how often each piece is there", below=True):
            pieces = where(ids, tally(ids, counts, ids), 0).named("piece_count", role="counts")
        with scope("", "count the pairs", equation="Σ (times in the word) · (count of the word)", below=True):
            pairs = pairs.named("pair")
            times = pair_counts(pairs, counts, "counted")
        with scope("", "the score of each pair", equation="count / (count of left · count of right)", below=True):
            width = int(ids.shape[1])
            product = pieces.columns(0, width - 1) * pieces.columns(1, width)  # 0 after the end of a word
            score = (times / maximum(product, 1)).named("score", role="counts")
        with scope("", "the largest score; of ties, the first in reading order", equation="max", below=True):
            return largest(pairs, score, base, "first")

    about = {"equation": "the pair of the largest score is joined", "source": PAPER}
    return learn(counted_words(inputs, EXAMPLE), o.merges, "inside", o.letters, about, choose)


ARCHITECTURE = Architecture(
    name="wordpiece",
    title="WordPiece",
    family="tokens",
    source=PAPER,
    about="a pair's count, divided by those of its two pieces",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"merges": 8}, "large": {"merges": 12}},
    takes=frozenset({"text", "word_counts"}),
)
