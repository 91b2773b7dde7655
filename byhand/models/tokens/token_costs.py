"""What a text costs in tokens: pieces a word against the size of the vocabulary, of three texts by byte-level BPE.

The pieces are learnt from an English text, as those of most published models are, mostly. What the text seldom holds,
numbers and other alphabets, stays in small pieces (Sennrich et al. 2016; Radford et al. 2019, section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from byhand.core.graph import Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import maximum
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.lattice import or_one
from byhand.language.three_texts import LEARNT_FROM, TEXTS
from byhand.tokenizers.bpe import Bpe
from byhand.tokenizers.byte_map import BYTE_OF_LETTER
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.training import train

PAPER = "Radford et al. 2019, section 2.2"
YOURS = "yours"
MOST_LETTERS, MOST_MERGES, MOST_POINTS, FIRST_WORDS, BYTES = 2_000, 200, 40, 3, 256


@dataclass(frozen=True)
class Options:
    """points: how many sizes of the vocabulary are compared, besides that of the bytes alone."""

    merges: int = 120
    points: int = 8


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    texts = TEXTS | ({YOURS: inputs.text} if inputs.text is not None else {})
    if o.merges > MOST_MERGES or o.points > MOST_POINTS:
        raise ByhandError(f"A workbook compares at most {MOST_POINTS} sizes, up to {MOST_MERGES} merges: choose fewer.")
    if not texts.get(YOURS, "a").split() or len(texts.get(YOURS, "")) > MOST_LETTERS:
        raise ByhandError(f"Give a text of 1 to {MOST_LETTERS:,} letters with at least one word.")
    sizes = sorted({round(o.merges * n / o.points) for n in range(o.points + 1)})
    cutters = dict(zip(sizes, tokenizers(sizes), strict=True))
    names = Labels("texts", tuple(texts))
    with page("", "The texts", equation="what stands in each text"):
        about = {
            "letters": [len(text) for text in texts.values()],
            "bytes": [len(text.encode()) for text in texts.values()],
            "words": [len(text.split()) for text in texts.values()],
        }
        tables = {name: source(name, np.array([n]).T, "counts", rows=names) for name, n in about.items()}
        bytes_a_letter = (tables["bytes"] / maximum(tables["letters"], 1)).named("bytes_a_letter")
    with page("", "Compression", equation="pieces a word = pieces / words", source=PAPER):
        counts = np.array([[len(cutters[size].encode(text).ids) for size in sizes] for text in texts.values()])
        vocabulary = Labels("sizes", tuple(str(BYTES + size) for size in sizes))
        merges = source("merges", np.array([sizes]), "counts", columns=vocabulary)
        known = (merges + BYTES).named("pieces_known")
        pieces = source("pieces", counts, "counts", rows=names, columns=vocabulary)
        with scope("", "pieces a word", equation="columns: how many pieces the vocabulary has", below=True):
            compression = (pieces / maximum(tables["words"], 1)).named("pieces_a_word")
        with scope("", "against English", equation="how many times as many", below=True):
            times = (compression / or_one(compression.rows(0, 1))).named("times_as_many")
        with scope("", "letters a piece", equation="letters / pieces", below=True):
            length = (tables["letters"] / maximum(pieces, 1)).named("letters_a_piece")
    shown = [first_words(n, text, cutters[sizes[-1]]) for n, text in enumerate(texts.values(), 1)]
    return Graph([compression, times, length, bytes_a_letter, known, *shown], curves=(compression,))


def tokenizers(sizes: list[int]) -> list[Tokenizer]:
    """Return byte-level tokenizers with so many of the merges that the English text teaches."""
    whole = train(LEARNT_FROM, "bpe-bytes", merges=max(sizes), all_ties=False).tokenizer
    assert isinstance(whole.model, Bpe)
    return [replace(whole, model=replace(whole.model, merges=whole.model.merges[:n], _kept={})) for n in sizes]


def first_words(n: int, text: str, tokenizer: Tokenizer) -> Node:
    """Return the mean bytes of a piece, over the pieces of a text's first words, which the page lists. (1, 1)"""
    cut = tokenizer.encode(" ".join(text.split()[:FIRST_WORDS])).tokens
    with page(f"text{n}", f"Text {n}, cut", equation="Ġ is a space; <CE> a byte, part of a letter"):
        rows = Labels("pieces", tuple(f"{at}: {in_letters(piece)}" for at, piece in enumerate(cut, 1)))
        size = source("bytes", np.array([[len(piece)] for piece in cut]), "counts", rows=rows)
        number = source("count", np.array([[len(cut)]]), "given")
        return (size.sum(0) / maximum(number, 1)).named("bytes_a_piece")


def in_letters(piece: str) -> str:
    """Return a piece of bytes as people read it, with Ġ for a space, or its bytes where they are no whole letters."""
    data = bytes(BYTE_OF_LETTER[letter] for letter in piece)
    try:
        return data.decode().replace(" ", "Ġ")
    except UnicodeDecodeError:
        return "".join(f"<{byte:02X}>" for byte in data)


ARCHITECTURE = Architecture(
    name="token-costs",
    title="What a text costs in tokens",
    family="tokens",
    source=PAPER,
    about="pieces a word against the size of the vocabulary, of English, numbers and Greek",
    options=Options(),
    build=build,
    sizes={"small": {}, "medium": {"merges": 160, "points": 10}, "large": {"merges": 200, "points": 12}},
    takes=frozenset({"text"}),
)
