"""How a line of a text is cut into the tokens that a model learns: words, characters, or pieces learnt first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from byhand.errors import ByhandError, quoted

if TYPE_CHECKING:  # most texts are cut into words or characters
    from byhand.tokenizers.bpe_training import LearnedBpe
    from byhand.tokenizers.training import Trained

BLANK, LINE_END = "␣", "⏎"
"""How a blank and the end of a line are shown where each character is a word."""
TOKEN = re.compile(r"\w+(?:[’'-]\w+)*|[^\w\s]")
LEARNT = re.compile(r"bpe:([0-9]{1,6})")
"""Pieces that are learnt by so many merges."""

Split = Callable[[str], list[str]]


def words_of(line: str) -> list[str]:
    """Return the words and the punctuation marks of a line; a bracketed word such as [MASK] stays whole."""
    return [part for piece in line.split() for part in ([piece] if _is_special(piece) else TOKEN.findall(piece))]


def _is_special(piece: str) -> bool:
    return len(piece) > 2 and (piece[0], piece[-1]) in {("[", "]"), ("<", ">")}


def characters_of(line: str) -> list[str]:
    """Return the characters of a line, from a mark for the line's end to another."""
    return [LINE_END, *(BLANK if c.isspace() else c for c in line.strip()), LINE_END]


@dataclass(frozen=True)
class Splitting:
    """How lines are cut. pieces: all that they can be cut into, where those are learnt; else none."""

    split: Split
    pieces: tuple[str, ...] = ()


def splitting(tokens: str, lines: Sequence[str]) -> Splitting:
    """Return how lines are cut into words, chars, or bpe:40, the pieces of so many merges that these lines teach.

    ByhandError for another kind of token, and for more merges than the lines have pairs.
    """
    if tokens == "words":
        return Splitting(words_of)
    if tokens == "chars":
        return Splitting(characters_of)
    encode = byte_pairs(tokens, tuple(lines)).tokenizer.encode
    pieces = byte_pairs(tokens, tuple(lines)).vocabulary
    return Splitting(lambda line: list(encode(line).tokens), pieces)


@lru_cache(maxsize=4)
def byte_pairs(tokens: str, lines: tuple[str, ...]) -> Trained:
    """Return the byte pairs that lines teach, of so many merges as `tokens` says: bpe:40."""
    found = LEARNT.fullmatch(tokens)
    if not found:
        raise ByhandError(
            f"There are no tokens {quoted(tokens)}: choose words, chars, or pieces that are learnt, such as bpe:40."
        )
    from byhand.tokenizers.training import train

    return train("\n".join(line.replace("\t", "\n") for line in lines), "bpe", merges=int(found[1]), keep_case=True)


def pieces_learnt(training: Mapping[str, Any]) -> LearnedBpe | None:
    """Return what the text of a recipe's training taught about pieces; None where its tokens are none."""
    tokens, lines = training.get("tokens", "words"), training.get("text")
    if not lines or not isinstance(tokens, str) or not LEARNT.fullmatch(tokens):
        return None
    learned = byte_pairs(tokens, tuple(lines)).learned
    assert learned is not None
    return learned  # type: ignore[return-value]  # byte pairs learn byte pairs


def merges_of(training: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the merges of a recipe's training whose pieces were learnt; none of another."""
    tokens = training.get("tokens", "words")
    return byte_pairs(tokens, tuple(training["text"])).merges if LEARNT.fullmatch(tokens) else ()


def prompt_in_tokens(text: str, training: Mapping[str, Any], words: Sequence[str]) -> str:
    """Return a prompt for a model that learnt characters or pieces, with blanks between these; others as they are.

    training: a recipe's. words: the vocabulary; a prompt that is written in its words already stays so.
    """
    tokens, lines = training.get("tokens", "words"), training.get("text", [])
    if tokens == "words" or not isinstance(tokens, str) or set(text.split()) <= set(words):
        return text
    cut = splitting(tokens, lines).split(text)
    return " ".join(cut[:-1] if tokens == "chars" else cut)
