"""A tokenizer: normalize the text, split it into words, cut each into pieces, give each its id; and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from byhand.tokenizers.byte_map import LETTER_OF_BYTE
from byhand.tokenizers.characters import is_space
from byhand.tokenizers.decoding import Decoder, with_spaces
from byhand.tokenizers.encoding import Encoding, Model
from byhand.tokenizers.letters import Letters, Span
from byhand.tokenizers.normalization import Normalizer, unchanged
from byhand.tokenizers.special import AddedTokens, Slot, Template
from byhand.tokenizers.splitting import Splitter, whole
from byhand.tokenizers.unigram import Unigram


@dataclass(frozen=True)
class Tokenizer:
    """The stages of a tokenizer. about: what each does, for people."""

    model: Model
    normalize: Normalizer = unchanged
    split: Splitter = whole
    decoder: Decoder = with_spaces
    added: AddedTokens = field(default_factory=AddedTokens)
    template: Template = field(default_factory=Template)
    left_out: frozenset[str] = frozenset()
    """Pieces that a decoded text leaves out (SentencePiece's control pieces)."""
    about: dict[str, str] = field(default_factory=dict, compare=False)

    @cached_property
    def vocabulary(self) -> dict[int, str]:
        """The piece of each id."""
        added = {
            t.id: self.normalize(Letters.typed(t.text)).text if t.normalized else t.text for t in self.added.tokens
        }
        return {n: text for text, n in self.model.ids.items()} | added

    def id_of(self, piece: str) -> int | None:
        """Return the id of a piece, None for one that the vocabulary lacks."""
        return self.added.ids.get(piece, self.model.ids.get(piece))

    def encode(self, text: str, pair: str | None = None, special: bool = False) -> Encoding:
        """Return the pieces of a text, or of a pair of texts. special: with the special tokens that the model expects.

        Time: linear in the text, but for the pieces of a single word, which take n log n.
        """
        encodings = {"A": self._encode(text)}
        if pair is not None:
            encodings["B"] = self._encode(pair)
        slots = self.template.single if pair is None else self.template.pair
        if not special:
            slots = tuple(slot for slot in slots if not slot.tokens)
        encoding = self._assembled(slots, encodings)
        return replace(encoding, decoded=self.decode(encoding.ids))

    def decode(self, ids: Iterable[int], special: bool = True) -> str:
        """Return the text of ids. special: also what the special tokens are called. Unknown ids are left out."""
        pieces = [self.vocabulary[n] for n in ids if n in self.vocabulary]
        hidden = self.left_out if special else self.left_out | self.added.special
        return "".join(self.decoder([piece for piece in pieces if piece not in hidden]))

    def words(self, text: str) -> tuple[str, list[Letters]]:
        """Return the normalized text, and its parts; an added token is a part of its own."""
        parts = self.added.cut_out(Letters.typed(text), self.normalize)
        words = [[p.letters] if p.token else self.split(p.letters) for p in parts]
        return "".join(p.letters.text for p in parts), [word for each in words for word in each if word.text]

    def _encode(self, text: str) -> Encoding:
        parts = self.added.cut_out(Letters.typed(text), self.normalize)
        tokens: list[str] = []
        ids: list[int] = []
        offsets: list[Span] = []
        words: list[str] = []
        special: set[int] = set()
        score = 0.0 if isinstance(self.model, Unigram) else None
        for part in parts:
            if part.token:
                special.add(len(tokens))
                tokens.append(part.letters.text)
                ids.append(part.token.id)
                offsets.append(part.letters.span(0, len(part.letters)))
                words.append(part.token.text)
                continue
            for word in self.split(part.letters):
                if not word.text:
                    continue
                words.append(word.text)
                for piece in self.model.pieces(word.text):
                    tokens.append(piece.text)
                    ids.append(piece.id)
                    offsets.append(word.span(piece.start, piece.end))
                if isinstance(self.model, Unigram) and score is not None:
                    score += self.model.best_path(word.text)[1]
        normalized = "".join(part.letters.text for part in parts)
        if self.template.trim:
            offsets = list(_trimmed(tokens, offsets, self.template.prefix_space))
        none = (0,) * len(ids)
        return Encoding(
            tuple(tokens), tuple(ids), tuple(offsets), none, frozenset(special), normalized, tuple(words), score
        )

    def _assembled(self, slots: tuple[Slot, ...], encodings: dict[str, Encoding]) -> Encoding:
        tokens: list[str] = []
        ids: list[int] = []
        offsets: list[Span] = []
        segments: list[int] = []
        special: set[int] = set()
        for slot in slots:
            special_before = len(tokens)
            if slot.tokens:
                special |= set(range(special_before, special_before + len(slot.tokens)))
                tokens += [text for text, _ in slot.tokens]
                ids += [n for _, n in slot.tokens]
                offsets += [(0, 0)] * len(slot.tokens)
                segments += [slot.segment] * len(slot.tokens)
            elif slot.text in encodings:
                part = encodings[slot.text]
                special |= {special_before + n for n in part.special}
                tokens += part.tokens
                ids += part.ids
                offsets += part.offsets
                segments += [slot.segment] * len(part.ids)
        scores = [each.score for each in encodings.values() if each.score is not None]
        return Encoding(
            tuple(tokens),
            tuple(ids),
            tuple(offsets),
            tuple(segments),
            frozenset(special),
            "\n".join(each.normalized for each in encodings.values()),
            tuple(word for each in encodings.values() for word in each.words),
            sum(scores) if scores else None,
        )


SPACE = LETTER_OF_BYTE[ord(" ")]


def _trimmed(tokens: list[str], offsets: list[Span], prefix_space: bool) -> Iterator[Span]:
    """Yield the offsets without the spaces at the ends of each piece, as GPT-2's post-processor does."""
    for n, (token, (start, end)) in enumerate(zip(tokens, offsets, strict=True)):
        blank = [letter == SPACE or is_space(letter) for letter in token]
        before = blank.index(False) if False in blank else len(blank)
        after = blank[::-1].index(False) if False in blank else len(blank)
        if before == 1 and prefix_space and (n == 0 or start == 0):
            before = 0  # the one that was put there; where there are more, none was
        first = min(start + before, end)
        yield first, max(end - after, first) if after and end >= after else end
