"""Misconceptions about pieces of words: how pairs are counted, which is chosen, and in which order words are cut."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from byhand.core.graph import Node, toposort
from byhand.core.labels import Typed
from byhand.core.ops import (
    argmax,
    below,
    beside,
    div,
    equal,
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
from byhand.core.piece_ops import apart, at_places, find, joined_places, spelled, take, tally
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


def path_of(whole: str, *others: str) -> Callable[[Node], tuple[Node, ...] | None]:
    """Return what matches the path of a word in a part of the model with these tables, and returns the tables."""

    def find_tables(node: Node) -> tuple[Node, ...] | None:
        if node.op is not spelled or node.symbol != "path":
            return None
        part = node.name.rpartition(".")[0]
        there = {n.name: n for n in toposort([node])}
        tables = [there.get(f"{part}.{name}") for name in (whole, *others)]
        return tuple(tables) if all(tables) else None  # type: ignore[arg-type]  # none of them is None

    return find_tables


def longest_from_the_left(edges: Node) -> Node:
    """Return the pieces where each step takes the longest from the left. (L, L) -> (1, L)"""
    size = int(edges.shape[0])
    place, pieces = stretch(0, rows=1, columns=1), []
    for _ in range(size):
        row = lookup(below(edges, stretch(0, rows=1, columns=size)), place)
        last = last_largest(greater(row, 0), 1)
        pieces.append(where(greater(size - 0.5, place), take(row, last), 0))
        place = where(greater(size - 0.5, place), last + 1, place)
    return beside(*pieces) if size > 1 else pieces[0]


def longest_from_the_right(edges: Node, length: Node) -> Node:
    """Return the pieces where each step takes the longest from the right, in their order. (L, L), (1, 1) -> (1, L)"""
    size = int(edges.shape[0])
    place, pieces = length, []
    for _ in range(size):
        row = lookup(edges.T, maximum(place - 1, 0))
        first = argmax(greater(row, 0), axis=1)
        pieces.append(where(place, take(row, first), 0))
        place = where(place, first, 0)
    return beside(*reversed(pieces)) if size > 1 else pieces[0]


def fewest_pieces(edges: Node, length: Node) -> Node:
    """Return the way with the fewest pieces; of several, the longest last piece. (L, L), (1, 1) -> (1, L)"""
    size = int(edges.shape[0])
    least, came = [stretch(0, rows=1, columns=1)], []
    for n in range(1, size + 1):
        arriving = edges.rows(0, n).columns(n - 1, n).T
        before = beside(*least) if n > 1 else least[0]
        ways = where(arriving, before - 1, -2 * size)
        came.append(argmax(ways, axis=1))
        least.append(ways.max(1))
    place, pieces = length, []
    for _ in range(size):
        letter = maximum(place - 1, 0)
        start = lookup(below(*came) if size > 1 else came[0], letter)
        pieces.append(where(place, take(lookup(edges, start), letter), 0))
        place = where(place, start, 0)
    return beside(*reversed(pieces)) if size > 1 else pieces[0]


def longest_of_the_pieces(start: Node, merges: Node) -> Node:
    """Return the words where each step takes the longest piece from the left, whatever the merges. (W, L) -> (W, L)"""
    assert merges.data is not None
    typed = start.shape[0].labels
    assert isinstance(typed, Typed)
    count, width = int(start.shape[0]), int(start.shape[1])
    letters: dict[int, tuple[int, ...]] = {n: (n,) for n in range(1, len(typed.pieces.letters) + 1)}
    for n, (left, right) in enumerate(merges.data.astype(int).tolist(), len(letters) + 1):
        letters[n] = letters[left] + letters[right]
    best, length = [], []
    for at in range(width):
        piece, long = start.columns(at, at + 1), stretch(1, rows=count, columns=1)
        for n, of in sorted(letters.items(), key=lambda item: len(item[1])):
            if 1 < len(of) <= width - at:
                same = [equal(start.columns(at + k, at + k + 1), letter) for k, letter in enumerate(of)]
                here = reduce(mul, same)
                piece, long = where(here, n, piece), where(here, len(of), long)
        best.append(piece)
        length.append(long)
    place, taken = stretch(0, rows=count, columns=1), []
    for _ in range(width):
        is_open = greater(width - 0.5, place)
        letter = where(is_open, place, width - 1)
        taken.append(where(is_open, take(beside(*best), letter), 0))
        place = where(is_open, place + take(beside(*length), letter), place)
    return beside(*taken)


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
        "longest-piece-for-merges",
        "You took the longest piece from the left, as WordPiece does; BPE joins pairs, in the order of its merges.",
        (in_order_of_the_text, longest_of_the_pieces),
    ),
    mistake(
        "longest-piece-from-the-right",
        "You took the longest piece from the right; WordPiece begins at the left of the word.",
        (path_of("edge", "length", "longest"), lambda edges, length, longest: longest_from_the_right(edges, length)),
    ),
    mistake(
        "fewest-pieces",
        "You took the way with the fewest pieces; WordPiece takes the longest piece each time, whatever is left.",
        (path_of("edge", "length", "longest"), lambda edges, length, longest: fewest_pieces(edges, length)),
    ),
    mistake(
        "longest-piece-first",
        "You took the longest piece each time; compare all ways, for the likeliest may begin with a short piece.",
        (best_at_the_end, longest_first),
        (path_of("edge", "p"), lambda edges, p: longest_from_the_left(edges)),
    ),
    mistake(
        "all-ways-for-the-best",
        "You added up all ways up to a letter; the best way is the largest of them alone.",
        (Pattern(max_, piece(symbol="ways_*"), symbol="best_*"), lambda ways: ways.sum(1)),
    ),
)
