"""Read a SentencePiece model (.model), and encode as that library does: ▁ for a space, and no split into words.

The file is one message of protocol buffers, of which a few fields are needed: forty lines read them within bounds, so
that neither a library for the whole format nor one that runs a file's contents in C++ is needed for it. Source: Kudo
and Richardson (2018), "SentencePiece"; sentencepiece_model.proto for the fields' numbers.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from byhand.errors import ByhandError
from byhand.files import read_bytes
from byhand.tokenizers.bpe import MergeStep, merged
from byhand.tokenizers.decoding import Decoder, from_byte_pieces
from byhand.tokenizers.encoding import Piece
from byhand.tokenizers.letters import Letters, Span, build
from byhand.tokenizers.normalization import Normalizer
from byhand.tokenizers.splitting import META
from byhand.tokenizers.tokenizer import Tokenizer
from byhand.tokenizers.unigram import Unigram

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE_PIECE = 1, 2, 3, 4, 5, 6
KINDS = {1: "unigram", 2: "bpe", 3: "word", 4: "char"}
MOST_BYTES = 100_000_000
MOST_PIECES = 2_000_000

Value = int | bytes


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield the number and the value of each field of a message: an int, or bytes (a text, a message, a float)."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("a field of an unknown kind")
        if size > len(data) - place:
            raise ValueError("it ends in the middle of a field")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(data):
            raise ValueError("it ends in the middle of a number")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, place
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


@dataclass(frozen=True)
class Pieces:
    """What a model's file says: its pieces with score and kind, and its settings."""

    pieces: tuple[tuple[str, float, int], ...]
    kind: str
    byte_fallback: bool
    charsmap: bytes
    dummy_prefix: bool
    remove_extra_spaces: bool
    escape_spaces: bool
    suffix: bool
    unknown_text: str


def read(path: Path) -> Tokenizer:
    """Read a SentencePiece model. ByhandError for a file that is none, is cut off or too large."""
    if path.stat().st_size > MOST_BYTES:
        raise ByhandError(f"{path} is larger than {MOST_BYTES:,} bytes, too large for a SentencePiece model.")
    try:
        return tokenizer_of(parse(read_bytes(path, "tokenizer", MOST_BYTES)))
    except (ValueError, struct.error) as error:
        raise ByhandError(f"{path} is no SentencePiece model ({error}): save or copy the file again.") from None


def parse(data: bytes) -> Pieces:
    """Return the contents of a model's file. Raises ValueError for bytes that are no such message."""
    pieces: list[tuple[str, float, int]] = []
    trainer: dict[int, Value] = {}
    normalizer: dict[int, Value] = {}
    for number, value in fields(data):
        if number == 1:
            if len(pieces) == MOST_PIECES:
                raise ValueError(f"more than {MOST_PIECES:,} pieces")
            pieces.append(_piece(dict(fields(_bytes(value)))))
        elif number == 2:
            trainer = dict(fields(_bytes(value)))
        elif number == 3:
            normalizer = dict(fields(_bytes(value)))
    kind = trainer.get(3, 1)
    if not pieces or not trainer:
        raise ValueError("it has no pieces" if not pieces else "it does not say how it was trained")
    if kind not in KINDS:
        raise ValueError(f"its type has the unknown number {kind!r}")
    return Pieces(
        tuple(pieces),
        KINDS[int(kind)],
        bool(trainer.get(35, 0)),
        _bytes(normalizer.get(2, b"")),
        bool(normalizer.get(3, 1)),
        bool(normalizer.get(4, 1)),
        bool(normalizer.get(5, 1)),
        bool(trainer.get(24, 0)),
        _bytes(trainer.get(44, b" \xe2\x81\x87 ")).decode(),
    )


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number stands where a text or a message should")
    return value


def _piece(values: dict[int, Value]) -> tuple[str, float, int]:
    text, kind = _bytes(values.get(1, b"")).decode(), values.get(3, NORMAL)
    (score,) = struct.unpack("<f", _bytes(values.get(2, b"\0\0\0\0")))
    return text, float(score), int(kind) if isinstance(kind, int) else NORMAL


def tokenizer_of(model: Pieces) -> Tokenizer:
    """Return the tokenizer of a model's pieces and settings. ByhandError for one of whole words."""
    ids = {text: n for n, (text, _, _) in enumerate(model.pieces)}
    unknown = next((n for n, (_, _, kind) in enumerate(model.pieces) if kind == UNKNOWN), None)
    if unknown is None:
        raise ValueError("it has no unknown piece")
    of_kind = {k: frozenset(text for text, _, kind in model.pieces if kind == k) for k in range(1, 7)}
    always = of_kind[USER_DEFINED]
    if model.kind == "unigram":
        rule: Unigram | ScoredBpe = Unigram(
            tuple((text, score) for text, score, _ in model.pieces),
            unknown,
            model.byte_fallback,
            single=True,
            matched=of_kind[NORMAL] | always,
            always=always,
        )
    elif model.kind in ("bpe", "char"):
        listed = of_kind[NORMAL] | always | of_kind[UNUSED]
        scores = {text: score for text, score, _ in model.pieces if text in listed}
        if model.kind == "char":
            scores = {text: score for text, score in scores.items() if len(text) == 1 or text in always}
        rule = ScoredBpe(ids, scores, unknown, of_kind[UNUSED], always, model.byte_fallback)
    else:
        raise ByhandError("byhand does not read SentencePiece models of the type word: choose one of bpe or unigram.")
    return Tokenizer(
        rule,
        normalizer_of(model, always),
        decoder=_decoder(model, model.pieces[unknown][0]),
        left_out=of_kind[CONTROL],
        about={
            "algorithm": f"SentencePiece {model.kind}",
            "normalized": "white space becomes ▁" + (", and one ▁ is put in front" if model.dummy_prefix else ""),
            "split": "not split: SentencePiece's pieces may be anywhere in the text, and ▁ stands for a space",
        },
    )


@dataclass(frozen=True)
class ScoredBpe:
    """SentencePiece's BPE: neighbours that form a piece are merged, the one with the highest score first.

    unused: pieces that are only used on the way to others. always: pieces that are never cut.
    """

    ids: dict[str, int]
    scores: dict[str, float]
    unknown: int
    unused: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    byte_fallback: bool = False
    _parts: dict[str, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def pieces(self, word: str) -> list[Piece]:
        """Return the pieces of a text."""
        start = [Piece(word[a:b], self.ids.get(word[a:b], self.unknown), a, b) for a, b in self._symbols(word)]
        found: list[Piece] = []
        for piece in merged(start, self._find, self.ids):
            found += self._used(piece)
        return joined_unknown(found, self.scores.keys(), self.unknown, self.ids if self.byte_fallback else None)

    def steps(self, word: str) -> list[MergeStep]:
        """Return the symbols of a text, and after each merge: of the leftmost pair with the highest score."""
        symbols = [word[start:end] for start, end in self._symbols(word)]
        steps = [MergeStep(None, None, tuple(symbols))]
        while True:
            found = [(made[0], n) for n, pair in enumerate(itertools.pairwise(symbols)) if (made := self._find(*pair))]
            if not found:
                return steps
            rank, n = min(found)
            pair = (symbols[n], symbols[n + 1])
            symbols[n : n + 2] = [pair[0] + pair[1]]
            steps.append(MergeStep(int(rank), pair, tuple(symbols)))

    def _symbols(self, word: str) -> Iterator[Span]:
        start = 0
        while start < len(word):
            longest = max((len(text) for text in self.always if word.startswith(text, start)), default=1)
            yield start, start + longest
            start += longest

    def _find(self, a: str, b: str) -> tuple[float, str] | None:
        if a in self.always or b in self.always:
            return None
        new = a + b
        score = self.scores.get(new)
        if score is not None and new in self.unused:
            self._parts[new] = (a, b)
        return None if score is None else (-score, new)

    def _used(self, piece: Piece) -> list[Piece]:
        """Return the piece, or where it is unused the two of which it was made."""
        if piece.text not in self.unused or piece.text not in self._parts:
            return [piece]
        a, b = self._parts[piece.text]
        middle = piece.start + len(a)
        first = Piece(a, self.ids.get(a, self.unknown), piece.start, middle)
        second = Piece(b, self.ids.get(b, self.unknown), middle, piece.end)
        return [*self._used(first), *self._used(second)]


def joined_unknown(found: list[Piece], known: object, unknown: int, ids: dict[str, int] | None) -> list[Piece]:
    """Return the pieces with neighbouring unknown ones as one, or with ids: as their bytes."""
    written: list[Piece] = []
    for piece in found:
        if piece.text in known:  # type: ignore[operator]  # a set, or the keys of a dictionary
            written.append(piece)
        elif ids is not None:
            for n, letter in enumerate(piece.text):
                names = [f"<0x{byte:02X}>" for byte in letter.encode("utf-8", errors="replace")]
                written += [Piece(x, ids.get(x, unknown), piece.start + n, piece.start + n + 1) for x in names]
        elif written and written[-1].id == unknown:
            last = written.pop()
            written.append(Piece(last.text + piece.text, unknown, last.start, piece.end))
        else:
            written.append(Piece(piece.text, unknown, piece.start, piece.end))
    return written


def normalizer_of(model: Pieces, always: frozenset[str] = frozenset()) -> Normalizer:
    """Return SentencePiece's normalization: its table of replacements, white space as ▁, one ▁ in front."""
    table = CharsMap(model.charsmap) if model.charsmap else None
    space = META if model.escape_spaces else " "

    def normalize(letters: Letters) -> Letters:
        parts = list(_replaced(letters, table, always))
        while model.remove_extra_spaces and parts and parts[0][0] == " ":
            del parts[0]
        if not parts:
            return Letters("", ())
        start, end = parts[0][1][0], parts[-1][1][1]
        pairs: list[tuple[str, Span]] = [(space, (start, start))] if model.dummy_prefix and not model.suffix else []
        after_space = model.remove_extra_spaces
        for new, span in parts:
            for letter in new.lstrip(" ") if after_space else new:
                pairs.append((space if letter == " " else letter, span))
            after_space = model.remove_extra_spaces and (new.endswith(" ") if new else after_space)
        while model.remove_extra_spaces and pairs and pairs[-1][0] == space:
            pairs.pop()
        if model.dummy_prefix and model.suffix:
            pairs.append((space, (end, end)))
        return build(pairs)

    return normalize


def _replaced(letters: Letters, table: CharsMap | None, always: frozenset[str]) -> Iterator[tuple[str, Span]]:
    """Yield what the table makes of each part of the text, and the part's span."""
    place = 0
    text = letters.text
    while place < len(text):
        protected = max((len(each) for each in always if text.startswith(each, place)), default=0)
        if protected:
            for n in range(place, place + protected):
                yield text[n], letters.spans[n]
            place += protected
            continue
        size, new = table.longest(text, place) if table else (0, "")
        if size == 0:
            yield text[place], letters.spans[place]
            place += 1
        else:
            yield new, letters.span(place, place + size)
            place += size


class CharsMap:
    """SentencePiece's table of replacements: a double-array trie of UTF-8, and the texts that its values point to.

    The trie is that of the library darts-clone: 32-bit units with label, leaf and offset.
    """

    def __init__(self, blob: bytes) -> None:
        (size,) = struct.unpack_from("<I", blob)
        if size % 4 or size + 4 > len(blob):
            raise ValueError("its table of replacements is cut off")
        self._units = struct.unpack_from(f"<{size // 4}I", blob, 4)
        self._texts = blob[4 + size :]
        self._kept: dict[str, bool] = {}

    @cached_property
    def _first(self) -> int:
        return _offset(self._units[0]) if self._units else 0

    def longest(self, text: str, start: int) -> tuple[int, str]:
        """Return how many letters of the text from a place on the table replaces, and by what; 0 for none."""
        if not self._units:
            return 0, ""
        place, found, new = self._first, 0, ""
        for n in range(start, min(len(text), start + 64)):
            for byte in text[n].encode("utf-8", errors="replace"):
                place ^= byte
                if place >= len(self._units):
                    return found, new
                unit = self._units[place]
                if unit & 0x800000FF != byte:
                    return found, new
                place ^= _offset(unit)
            if unit >> 8 & 1:
                if place >= len(self._units):
                    return found, new
                found, new = n + 1 - start, self._text(self._units[place] & 0x7FFFFFFF)
        return found, new

    def _text(self, place: int) -> str:
        end = self._texts.find(b"\0", place)
        return self._texts[place : end if end >= 0 else len(self._texts)].decode("utf-8", errors="replace")


def _offset(unit: int) -> int:
    return unit >> 10 << ((unit & 1 << 9) >> 6)


def _decoder(model: Pieces, unknown: str) -> Decoder:
    """Return SentencePiece's way back: ▁ becomes a space, but not at the start; unknown pieces become ⁇."""

    def decode(pieces: list[str]) -> list[str]:
        texts = from_byte_pieces(pieces) if model.byte_fallback else pieces
        written: list[str] = []
        at_start = model.dummy_prefix or model.remove_extra_spaces
        for text in texts:
            if text == unknown:
                written.append(model.unknown_text)
                at_start = False
                continue
            if at_start and text.startswith(META):
                text = text[1:]
                at_start = model.remove_extra_spaces
            elif text:
                at_start = False
            written.append(text.replace(META, " "))
            at_start = at_start and not text
        return written

    return decode
