"""A word cut by WordPiece (Wu et al. 2016): from the left, each time the longest piece that is in the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.graph import Array, Dim, Node, page, scope, source
from byhand.core.labels import Labels, Typed
from byhand.core.ops import beside, equal, greater, lookup, maximum, where
from byhand.core.piece_ops import find, spans, spelled, take, tally
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.typed_words import INSIDE, alphabet, counted_words, typed_letters, words_of
from byhand.models.tokens import wordpiece
from byhand.tokenizers.wordpiece_training import learn, pieces_of

PAPER = "Wu et al. 2016"
TEXT = "hugs bugs bum"
UNKNOWN_WORD = "[UNK]"
MOST_TYPED, LONGEST, MOST_PIECES, BASE = 12, 7, 80, 100
"""Words and letters of a book; with more letters, a part's number has more digits than a spreadsheet keeps."""


@dataclass(frozen=True)
class Options:
    merges: int = 4


def vocabulary_of(words: tuple[tuple[str, int], ...], merges: int) -> list[str]:
    """Return the piece for words that cannot be cut, the letters of words, and what so many merges make of them."""
    letters = {piece for word, _ in words for piece in pieces_of(word, INSIDE)}
    made = [step.new for step in learn(words, merges, INSIDE).steps]
    return [UNKNOWN_WORD, *sorted(letters, key=lambda piece: (piece.startswith(INSIDE), piece)), *made]


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    words = counted_words(Inputs(word_counts=inputs.word_counts), wordpiece.EXAMPLE)
    names = [word for word, _ in counted_words(Inputs(), words_of(TEXT if inputs.text is None else inputs.text))]
    pieces = list(dict.fromkeys(vocabulary_of(words, o.merges)))
    if len(names) > MOST_TYPED or max(map(len, names)) > LONGEST or len(pieces) > MOST_PIECES:
        raise ByhandError(
            f"A workbook shows at most {MOST_TYPED} words of {LONGEST} letters, and {MOST_PIECES} pieces: choose fewer."
        )
    if max(len(piece.removeprefix(INSIDE)) for piece in pieces) > LONGEST:
        raise ByhandError(f"A workbook shows pieces of at most {LONGEST} letters: choose fewer merges.")
    letters = alphabet([*names, *pieces], "latin")
    with page("", "Words", equation="letters by their numbers"):
        typed = typed_letters("word_letters", names, letters, "none", width=2)
        shown = [spelled(typed.ids, pieces=typed.pieces).named("letters", role="pieces")]
        every = source("letter_number", np.arange(1.0, len(letters) + 2)[:, None], "ids", rows=typed.pieces)
        once = source("once", np.ones((len(names), 1)), "given", rows=typed)
        shown.append(tally(typed.ids, once, every).named("letter_count", role="counts"))
    with page("", "Pieces", equation="the letters of a piece as one number", source=PAPER):
        of_pieces, numbers, codes = numbered(pieces, letters, typed)
    paths = []
    for n in range(len(names)):
        with page(f"word{n + 1}", f"Word {n + 1}", equation="from the left, the longest piece each time", source=PAPER):
            ids = typed.ids.rows(n, n + 1).named("letters", role="ids")
            path, edges = longest_match(ids, of_pieces, numbers, codes)
            paths.append(path)
            shown.append(edges)

    def report(tables: Mapping[str, Array]) -> dict[str, Any]:
        cut = [[of_pieces.spell(x, tables) for x in tables[path.name][0] if x] for path in paths]
        return {"vocabulary": pieces, "words": dict(zip(names, cut, strict=True))}

    return Graph(
        [*paths, *shown],
        typed=((typed, None), (of_pieces, None)),
        cut=tuple((path, 0) for path in paths),
        report=report,
    )


def numbered(pieces: list[str], letters: str, like: Typed) -> tuple[Typed, Node, Node]:
    """Return pieces that are typed, their numbers from 1, and their letters as one number each. (K, 1) each

    The number of a piece inside a word, which is written with ## in front, is below 0.
    """
    width = len(INSIDE) + LONGEST
    of = typed_letters("piece_letters", pieces, letters, "none", width, like)
    numbers = source("number", np.arange(1.0, len(pieces) + 1)[:, None], "ids", rows=of)
    powers = source("powers", float(BASE) ** np.arange(LONGEST)[:, None], "given")
    mark = letters.find(INSIDE[0]) + 1
    marked = (equal(of.ids.columns(0, 1), mark) * equal(of.ids.columns(1, 2), mark)).named("inside", role="counts")
    first = (of.ids.columns(0, LONGEST) @ powers).named("from_the_first_letter", role="pairs")
    third = (of.ids.columns(len(INSIDE), width) @ powers).named("from_the_third_letter", role="pairs")
    return of, numbers, where(marked, -third, first).named("code", role="pairs")


def longest_match(ids: Node, of: Typed, numbers: Node, codes: Node) -> tuple[Node, Node]:
    """Return the pieces of a word in order, and the piece in each part of the word. (1, L) -> (1, L), (L, L)

    A word in which some letter begins no piece is the piece for unknown words.
    """
    size = int(ids.shape[1])
    starts = Labels("starts", tuple(f"from {n + 1}" for n in range(size)))
    ends = Labels("ends", tuple(f"to {n + 1}" for n in range(size)))
    signs = np.array([[1.0], *[[-1.0]] * (size - 1)])
    with scope("", "the pieces in the word", equation="each part that is a piece; inside, one with ##", source=PAPER):
        length = greater(ids, 0).sum(1).named("length")
        sign = source("sign", signs, "given")
        parts = (spans(ids, base=BASE) * sign).named("part", role="pairs")
        parts.shape = (Dim(size, starts), Dim(size, ends))
        edges = where(parts, find(parts, codes, numbers), 0).named("edge", role="ids")
        letters = spelled(edges, pieces=of).named("piece", role="pieces")
    with scope(
        "", "the longest piece from each letter", equation="its last letter; 0 where no piece begins", below=True
    ):
        counted = "the place of each letter in the word, counted from 1"
        places = source("places", np.arange(1.0, size + 1)[None, :], "given", columns=ends, meaning=counted)
        last = where(edges, places, 0).named("last_letters", role="ids")
        reach = last.max(1).named("longest", role="ids")
    at, taken, lost = source("start", np.zeros((1, 1)), "given"), [], []
    for n in range(1, size + 1):
        equation = "go on after the piece, until the word is over"
        with scope("", f"piece {n}", equation=equation, below=True):
            inside, letter = greater(length, at), where(greater(size, at), at, size - 1)
            stop = where(inside, lookup(reach, letter), 0).named(f"to_{n}", role="ids")
            row = lookup(edges, letter).named(f"pieces_from_{n}", role="ids")
            taken.append(where(stop, take(row, maximum(stop - 1, 0)), 0).named(f"piece_{n}", role="ids"))
            lost.append((inside * equal(stop, 0)).named(f"lost_{n}", role="counts"))
            at = where(stop, stop, size).named(f"start_{n + 1}", role="ids")
    with scope("", "the pieces of the word", equation="[UNK] where some letter begins no piece", below=True):
        unknown = (beside(*lost).sum(1) if size > 1 else lost[0]).named("unknown", role="counts")
        whole = source("unknown_word", np.array([[1.0] + [0.0] * (size - 1)]), "ids")
        path = where(unknown, whole, beside(*taken) if size > 1 else taken[0])
        path.shape = (Dim(1), Dim(size))
        return spelled(path.named("pieces", role="ids"), pieces=of).named("path", role="pieces"), letters


ARCHITECTURE = Architecture(
    name="wordpiece-encode",
    title="A word cut by WordPiece",
    family="tokens",
    source=PAPER,
    about="typed words, from the left, each time the longest piece",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"merges": 6}, "large": {"merges": 10}},
    takes=frozenset({"text", "word_counts"}),
)
