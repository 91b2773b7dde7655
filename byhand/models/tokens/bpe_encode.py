"""A word cut by byte pairs (Sennrich et al. 2016): the merges that were learnt, one after the other, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, Node, page, scope, source
from byhand.core.labels import Labels, Pieces, Typed
from byhand.core.ops import below, lookup, maximum, where
from byhand.core.piece_ops import spelled, tally
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.options import option
from byhand.language.pieces import MOST_MERGES, Merge, base_of, joined_by, letters_of, pair_numbers
from byhand.language.typed_words import ALPHABETS, alphabet, counted_words, typed_letters, words_of
from byhand.models.tokens import bpe
from byhand.tokenizers.bpe_training import learn

TEXT = "lowest newer"
MOST_TYPED = 12


@dataclass(frozen=True)
class Options:
    merges: int = 8
    end_of_word: str = option("own", choices=("own", "last", "none"))
    letters: str = option("latin", choices=ALPHABETS)
    features: int = option(0, zero="no embedding")


def learnt_merges(words: tuple[tuple[str, int], ...], o: Options) -> list[tuple[str, str]]:
    """Return the merges that these words teach, of ties the pair counted first."""
    return list(learn(words, o.merges, o.end_of_word, all_ties=False).merges)  # type: ignore[arg-type]  # as checked


def numbers_of_merges(merges: list[tuple[str, str]], letters: tuple[str, ...]) -> Array:
    """Return the numbers of each merge's two pieces: of letters, then of what earlier merges make. (M, 2)"""
    numbers = {letter: n for n, letter in enumerate(letters, 1)}
    rows = []
    for left, right in merges:
        rows.append([numbers[left], numbers[right]])
        numbers.setdefault(left + right, len(letters) + len(rows))
    return np.array(rows, dtype=np.float64)


def given_merge(merges: Node, pieces: Pieces, n: int, base: int) -> Merge:
    """Return a merge of the table, counted from 0."""
    row = merges.rows(n, n + 1)
    left, right = row.columns(0, 1).named("left", role="ids"), row.columns(1, 2).named("right", role="ids")
    pieces.merges.append((left, right))
    pair = (base * left + right).named("merged_pair", role="pairs")
    return Merge(pair, left, right, pair, pair, pair)


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    words = counted_words(Inputs(word_counts=inputs.word_counts), bpe.EXAMPLE)
    typed_text = [word for word, _ in counted_words(Inputs(), words_of(TEXT if inputs.text is None else inputs.text))]
    if len(typed_text) > MOST_TYPED or o.merges > MOST_MERGES:
        raise ByhandError(f"A workbook shows at most {MOST_TYPED} words and {MOST_MERGES} merges: choose fewer.")
    merges = learnt_merges(words, o)
    if not merges:
        raise ByhandError("These words have no pair of letters to merge: give longer ones with --word-counts.")
    letters = alphabet([*(word for word, _ in words), *typed_text], o.letters)
    with page("", "Merges", equation="learnt from other words, in this order", source=bpe.PAPER):
        typed = typed_letters("ids", typed_text, letters, o.end_of_word, width=2)
        pieces, ids = typed.pieces, typed.ids
        order = Labels("merges", tuple(f"merge {n + 1}" for n in range(len(merges))))
        numbers = numbers_of_merges(merges, pieces.letters)
        table = source("merges", numbers, "ids", rows=order, columns=Labels("sides", ("left", "right")))
        shown = [spelled(table, pieces=pieces).named("merges_in_letters", role="pieces"), letters_of(ids, pieces)]
    base = base_of(len(pieces.letters) + len(merges))
    steps = [ids]
    for n in range(len(merges)):
        name = f"merge{n + 1}"
        with page(name, f"Merge {n + 1}", equation="join the pair everywhere, from the left", source=bpe.PAPER):
            with scope("", "the pair", equation="its number"):
                merge = given_merge(table, pieces, n, base)
            with scope("", "the words so far", equation="pieces by their numbers", below=True):
                pairs = pair_numbers(ids, base)
            marked = joined_by(ids, pairs, merge, len(pieces.letters) + n + 1)
            ids = marked.named("ids", role="ids")
            shown.append(letters_of(ids, pieces))
            steps.append(ids)
    graph = _result(typed, ids, steps, merges, shown)
    return replace(graph, outputs=[*graph.outputs, *embedded(ids, pieces, weight, o)]) if o.features else graph


def embedded(ids: Node, pieces: Pieces, weight: Weights, o: Options) -> list[Node]:
    """Return the sum of each word's rows of the embedding, one feature after the other. (W, L) -> (W, 1) each"""
    with page("", "Embedding", equation="the sum of the numbers of a word's pieces"):
        sums = []
        for n in range(o.features):
            table = weight(f"E_{n + 1}", len(pieces.letters) + o.merges, 1)
            rows = where(ids, lookup(table, maximum(ids - 1, 0)), 0).named(f"looked_up_{n + 1}")
            sums.append(rows.sum(1).named(f"sum_{n + 1}"))
        return sums


def _result(typed: Typed, ids: Node, steps: list[Node], merges: list[tuple[str, str]], shown: list[Node]) -> Graph:
    """Return the graph with the way of each word from its letters to its pieces, and the pieces by number."""
    pieces, tables = typed.pieces, []
    after = Labels("steps", ("letters", *(f"merge {n + 1}" for n in range(len(merges)))))
    with page("", "Merge by merge", equation="each word after each merge"):
        for n in range(len(typed.words)):
            with scope("", f"word {n + 1}", equation="after each merge", below=True):
                way = below(*(step.rows(n, n + 1) for step in steps))
                way.shape = (Dim(len(steps), after), way.shape[1])
                tables.append(spelled(way, pieces=pieces).named(f"way_{n + 1}", role="pieces"))
    with page("", "Pieces", equation="letters, then what each merge makes"):
        every = np.arange(1.0, len(pieces.letters) + len(merges) + 1)[:, None]
        numbers = source("number", every, "ids", rows=pieces)
        once = source("once", np.ones((len(typed.words), 1)), "given", rows=typed)
        used = tally(ids, once, numbers).named("used", role="counts")
    words = shown[-1]

    def report(tables: Mapping[str, Array]) -> dict[str, Any]:
        cut = [[pieces.spell(x, tables) for x in row if x] for row in tables[ids.name].tolist()]
        return {"merges": [list(pair) for pair in merges], "words": dict(zip(typed.words, cut, strict=True))}

    cut = tuple((words, row) for row in range(len(typed.words)))
    return Graph([words, *tables, *shown, used], typed=((typed, None),), cut=cut, report=report)


ARCHITECTURE = Architecture(
    name="bpe-encode",
    title="A word cut by byte pairs",
    family="tokens",
    source=bpe.PAPER,
    about="typed words, merged in the order that was learnt",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"merges": 12}, "large": {"merges": 16}},
    takes=frozenset({"text", "word_counts"}),
)
