"""Misconceptions about pieces of words: how pairs are counted, which is chosen, and in which order words are cut."""

from __future__ import annotations

from byhand.core.graph import Node, toposort
from byhand.core.labels import Typed
from byhand.core.ops import (
    argmax,
    below,
    beside,
    div,
    greater,
    int_,
    lookup,
    max_,
    maximum,
    mul,
    one_hot,
    stretch,
    where,
)
from byhand.core.piece_ops import apart, at_places, find, joined_places, take, tally
from byhand.misconceptions.patterns import ANY, Pattern, itself, piece
from byhand.misconceptions.rewriting import mistake

counted = Pattern(tally)
"""How often each is there, each word as often as its count says: (lines, counts, what is counted)."""
apart_only = Pattern(where, Pattern(apart), ANY, piece(), symbol="counted")
"""The pairs without those that overlap the one before: (pairs,)."""
pair_counts = Pattern(where, piece(symbol="pair"), Pattern(tally, ANY, piece(), ANY), symbol="count")
"""How often each pair is there: (pairs, counts)."""
first_of_row = Pattern(take, piece(), Pattern(argmax, piece()), symbol="its_pair")
"""The first of the most frequent pairs of each row: (pairs, counts)."""
first_of_all = Pattern(where, piece(), Pattern(lookup, piece(), Pattern(argmax, piece())), symbol="best_pair")
"""The first of the most frequent pairs of all: (count of it, pair of each row, largest count of each row)."""
score = Pattern(div, piece(), Pattern(maximum, Pattern(mul, piece(), ANY)), symbol="score")
"""count / (count of left · count of right): (count, count of left)."""


def ones(count: int) -> Node:
    return stretch(1, rows=count, columns=1)


def base_of(pairs: Node) -> float:
    """Return the number by which a pair's left piece is multiplied."""
    return float(pairs.args[1].args[0].args[0].attrs["value"])


def across_words(pairs: Node, counts: Node) -> Node:
    """Return how often each pair stands across the end of a word, where the words are written one after the other."""
    base, count = base_of(pairs), int(pairs.shape[0])
    last_pair = take(pairs, maximum(greater(pairs, 0).sum(1) - 1, 0))
    last, first = last_pair - base * int_(last_pair / base), int_(pairs.columns(0, 1) / base)
    extra = tally(base * last + first, counts - 1, pairs)
    if count > 1:
        following = base * last.rows(0, count - 1) + first.rows(1, count)
        extra = extra + tally(following, ones(count - 1), pairs)
    return where(pairs, extra, 0)


def last_largest(x: Node, axis: int) -> Node:
    """Return the place of the largest of each row (axis 1) or column (axis 0), from 0: of equals the last."""
    size = int(x.shape[axis])
    if size == 1:
        return argmax(x, axis=axis)
    single = [x.columns(n, n + 1) if axis == 1 else x.rows(n, n + 1) for n in reversed(range(size))]
    return size - 1 - argmax((beside if axis == 1 else below)(*single), axis=axis)


def in_order_of_the_text(node: Node) -> tuple[Node, ...] | None:
    """Match the words after the last merge of a table of merges: (the letters, the merges)."""
    nodes = toposort([node])
    merges = next((n for n in nodes if n.symbol == "merges" and n.data is not None), None)
    start = next((n for n in nodes if n.symbol == "ids" and n.data is not None), None)
    if merges is None or start is None or node.op is not at_places or node.symbol != "ids":
        return None
    step = node.name.rpartition(".")[0].rpartition(".")[2]  # in an exam, the name of a part stands before it
    return (start, merges) if step == f"merge{int(merges.shape[0])}" else None


def joined_from_the_left(start: Node, merges: Node) -> Node:
    """Return the words where each step joins the first pair of the text that is any of the merges."""
    count, width = int(merges.shape[0]), int(start.shape[1])
    typed = start.shape[0].labels
    assert isinstance(typed, Typed)
    base, first = 1000, len(typed.pieces.letters) + 1
    known = base * merges.columns(0, 1) + merges.columns(1, 2)
    new = below(*(stretch(first + n, rows=1, columns=1) for n in range(count))) if count > 1 else ones(1) * first
    ids, nothing = start, stretch(0, rows=start.shape[0], columns=1)
    for _ in range(width - 1):
        made = find(base * ids.columns(0, width - 1) + ids.columns(1, width), known, new)
        made = where(ids.columns(1, width), made, 0)
        begins = one_hot(argmax(greater(made, 0), axis=1), width=width - 1) * greater(made, 0)
        ids = at_places(where(beside(begins, nothing), beside(made, nothing), ids), joined_places(begins))
    return ids


def best_at_the_end(node: Node) -> tuple[Node, ...] | None:
    """Match the best product up to the last letter of a word: (the probabilities of its pieces,)."""
    if node.op is not max_ or not node.symbol.startswith("best_"):
        return None
    names = node.name.rpartition(".")[0]
    table = next((n for n in toposort([node]) if n.name == f"{names}.p"), None)
    is_last = table is not None and node.symbol == f"best_{int(table.shape[1])}"
    return (table,) if is_last and table is not None else None


def longest_first(p: Node) -> Node:
    """Return the product of the pieces where each step takes the longest from the left. (L, L) -> (1, 1)"""
    size = int(p.shape[0])
    place, product = stretch(0, rows=1, columns=1), stretch(1, rows=1, columns=1)
    for _ in range(size):
        row = lookup(below(p, stretch(0, rows=1, columns=size)), place)
        last = last_largest(greater(row, 0), 1)
        is_open = greater(size - 0.5, place)
        product = where(is_open, product * take(row, last), product)
        place = where(is_open, last + 1, place)
    return product


PIECES = (
    mistake(
        "counts-forgotten",
        "You counted each word once; a word counts as often as it is in the text, so multiply by its count.",
        (counted, lambda lines, counts, x: tally(lines, ones(int(lines.shape[0])), x)),
    ),
    mistake(
        "overlapping-pairs-counted-twice",
        "You counted pairs that share a letter twice; aaa has the pair aa once, for only one of them can be joined.",
        (apart_only, lambda pairs: pairs),
    ),
    mistake(
        "pair-across-words",
        "You counted pairs across the end of a word; both pieces of a pair stand in the same word.",
        (itself(pair_counts), lambda count, pairs, counts: count + across_words(pairs, counts)),
    ),
    mistake(
        "last-of-ties",
        "You took the last of the pairs that are equally frequent; of ties, the first in reading order is joined.",
        (first_of_row, lambda pairs, counts: take(pairs, last_largest(counts, 1))),
        (first_of_all, lambda best, pairs, most: where(best, lookup(pairs, last_largest(most, 0)), 0)),
    ),
    mistake(
        "count-for-score",
        "You took the pair's count, as BPE does; WordPiece divides it by the counts of both pieces.",
        (score, lambda count, left: count),
    ),
    mistake(
        "score-by-one-piece",
        "You divided by the count of the left piece alone; divide by the product of both pieces' counts.",
        (score, lambda count, left: count / maximum(left, 1)),
    ),
    mistake(
        "merges-in-order-of-the-text",
        "You joined pairs in the order of the text; the merge that was learnt first goes first, everywhere.",
        (in_order_of_the_text, joined_from_the_left),
    ),
    mistake(
        "longest-piece-first",
        "You took the longest piece each time; compare all ways, for the likeliest may begin with a short piece.",
        (best_at_the_end, longest_first),
    ),
    mistake(
        "all-ways-for-the-best",
        "You added up all ways up to a letter; the best way is the largest of them alone.",
        (Pattern(max_, piece(symbol="ways_*"), symbol="best_*"), lambda ways: ways.sum(1)),
    ),
)
