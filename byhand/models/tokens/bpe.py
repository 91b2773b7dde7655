"""Byte pairs (Gage 1994; Sennrich et al. 2016): the most frequent pair of neighbours becomes a piece, over and over."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.core.graph import outside, page, scope
from byhand.core.ops import beside, spelled
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.options import option
from byhand.language.pieces import base_of, letters_of, merged, most_frequent, pair_counts, pair_numbers, result
from byhand.language.typed_words import alphabet, counted_words, counts_table, typed_letters

PAPER = "Sennrich et al. 2016"
EXAMPLE = (("low", 5), ("lower", 2), ("newest", 6), ("widest", 3))
"""The words of the paper's program (Sennrich et al. 2016, algorithm 1)."""
MOST_MERGES = 40
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


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    words = counted_words(inputs, EXAMPLE)
    if o.merges > MOST_MERGES:
        raise ByhandError(f"A workbook shows at most {MOST_MERGES} merges, not {o.merges:,}: choose fewer.")
    letters = alphabet([word for word, _ in words])
    base = 0
    merges, steps = [], []
    for n in range(1, o.merges + 1):
        about = {"equation": "the most frequent pair becomes one piece", "source": PAPER}
        with scope(f"merge{n}"), page("", f"Merge {n}", **about):
            if n == 1:
                typed = typed_letters("ids", [word for word, _ in words], letters, o.end_of_word, width=2)
                ids, pieces = typed.ids, typed.pieces
                base = base_of(len(pieces.letters) + o.merges)
                with outside():
                    counts = counts_table("words", [count for _, count in words], typed)
            with scope("", "the words so far", equation="pieces by their numbers"):
                ids = ids if n == 1 else ids.named("ids", role="ids")
                steps.append(letters_of(ids, pieces))
            with scope("", "count the pairs", equation="Σ (times in the word) · (count of the word)", below=True):
                pairs = pair_numbers(ids, base)
                times = pair_counts(pairs, counts, o.overlaps)
            with scope("", TIES[o.ties], equation="the largest count", below=True):
                merge = most_frequent(pairs, times, base, o.ties)
            pieces.merges.append((merge.left, merge.right))
            steps.append(spelled(beside(merge.left, merge.right), pieces=pieces).named("merge", role="pieces"))
            ids = merged(ids, pairs, merge, len(pieces.letters) + n)
            merges.append(merge)
    return result(typed, counts, ids, merges, steps)


ARCHITECTURE = Architecture(
    name="bpe",
    title="Byte-pair encoding",
    family="tokens",
    source=PAPER,
    about="learns pieces of words: the most frequent pair of neighbours becomes one, over and over",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"merges": 10}, "large": {"merges": 16}},
    takes=frozenset({"text", "word_counts"}),
)
