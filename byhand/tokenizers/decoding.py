"""From pieces back to a text."""

from __future__ import annotations

import re
from collections.abc import Callable

from byhand.tokenizers.byte_map import text_of

Decoder = Callable[[list[str]], list[str]]
"""A step from pieces to texts; the text is what is left, joined."""
BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
CLEANED = {" .": ".", " ?": "?", " !": "!", " ,": ",", " ' ": "'", " n't": "n't", " 'm": "'m", " do not": " don't"} | {
    " 's": "'s",
    " 've": "'ve",
    " 're": "'re",
}
"""What WordPiece's decoder takes away before signs of English."""


def with_spaces(pieces: list[str]) -> list[str]:
    """Return the pieces with a space between them: for vocabularies that say nothing of spaces."""
    return [" ".join(pieces)]


def by_end_of_word(suffix: str) -> Decoder:
    """Return the decoder in which the end of a word becomes a space, and nothing at the end of the text."""
    return lambda pieces: [p.replace(suffix, "" if n == len(pieces) - 1 else " ") for n, p in enumerate(pieces)]


def from_bytes(pieces: list[str]) -> list[str]:
    """Return the text of pieces that are written in GPT-2's letters for bytes."""
    return [text_of(pieces)]


def for_wordpiece(prefix: str, cleanup: bool) -> Decoder:
    """Return the decoder that puts a space before each piece that does not continue a word."""

    def decode(pieces: list[str]) -> list[str]:
        texts = []
        for n, piece in enumerate(pieces):
            text = piece if n == 0 else piece[len(prefix) :] if piece.startswith(prefix) else f" {piece}"
            if cleanup:
                for old, new in CLEANED.items():
                    text = text.replace(old, new)
            texts.append(text)
        return texts

    return decode


def from_metaspace(mark: str, in_front: bool) -> Decoder:
    """Return the decoder in which ▁ becomes a space. in_front: those of the first piece are left out."""
    return lambda pieces: [p.replace(mark, "" if n == 0 and in_front else " ") for n, p in enumerate(pieces)]


def from_byte_pieces(pieces: list[str]) -> list[str]:
    """Return the pieces with runs of <0xE2> and the like as text; each byte of a run that is no UTF-8 as U+FFFD."""
    texts: list[str] = []
    run = bytearray()

    def end_run() -> None:
        if run:
            try:
                texts.append(run.decode("utf-8"))
            except UnicodeDecodeError:
                texts.extend("\ufffd" for _ in run)
            run.clear()

    for piece in pieces:
        if match := BYTE.fullmatch(piece):
            run.append(int(match[1], 16))
        else:
            end_run()
            texts.append(piece)
    end_run()
    return texts


def fused(pieces: list[str]) -> list[str]:
    """Return the pieces as one text."""
    return ["".join(pieces)]


def stripped(content: str, start: int, stop: int) -> Decoder:
    """Return the decoder that takes a letter away, up to so many times at the start and at the end of each piece."""

    def strip(piece: str) -> str:
        first = 0
        while first < min(start, len(piece)) and piece[first] == content:
            first += 1
        end = len(piece)
        while len(piece) - end < stop and end > first and piece[end - 1] == content:
            end -= 1
        return piece[first:end]

    return lambda pieces: [strip(piece) for piece in pieces]


def replacing(old: str, new: str) -> Decoder:
    """Return the decoder that replaces a text in each piece."""
    return lambda pieces: [piece.replace(old, new) if old else piece for piece in pieces]


def one_after_another(decoders: list[Decoder]) -> Decoder:
    """Return the decoder that does several, in order."""

    def decode(pieces: list[str]) -> list[str]:
        for decoder in decoders:
            pieces = decoder(pieces)
        return pieces

    return decode
