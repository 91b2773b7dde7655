"""Special and added tokens: those that a text may contain as they are, and those that a model expects around a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from byhand.tokenizers.characters import is_space, is_word
from byhand.tokenizers.letters import Letters


@dataclass(frozen=True)
class AddedToken:
    """A token that is cut out of a text before it is split.

    normalized: it is looked for after the normalization. single_word: only where no word goes on beside it. lstrip,
    rstrip: it takes the white space on that side with it.
    """

    text: str
    id: int
    special: bool = True
    normalized: bool = False
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False


@dataclass(frozen=True)
class Found:
    """A part of a text: an added token, or what stands between them (token None)."""

    letters: Letters
    token: AddedToken | None = None


@dataclass(frozen=True)
class AddedTokens:
    """The added tokens of a tokenizer."""

    tokens: tuple[AddedToken, ...] = ()

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each."""
        return {token.text: token.id for token in self.tokens}

    @cached_property
    def special(self) -> frozenset[str]:
        """The special ones' texts."""
        return frozenset(token.text for token in self.tokens if token.special)

    def cut_out(self, letters: Letters, normalize: Callable[[Letters], Letters]) -> list[Found]:
        """Return the text in order: added tokens, and the normalized rest between them."""
        rough = self._cut(letters, self._as_typed, str)
        parts: list[Found] = []
        for part in rough:
            if part.token:
                parts.append(part)
            else:
                rest = normalize(part.letters)
                parts += self._cut(rest, self._after, lambda text: normalize(Letters.typed(text)).text)
        return parts

    @cached_property
    def _as_typed(self) -> tuple[AddedToken, ...]:
        return tuple(token for token in self.tokens if not token.normalized)

    @cached_property
    def _after(self) -> tuple[AddedToken, ...]:
        return tuple(token for token in self.tokens if token.normalized)

    def _cut(self, letters: Letters, tokens: Sequence[AddedToken], form: Callable[[str], str]) -> list[Found]:
        named = {form(token.text): token for token in tokens if token.text}
        named.pop("", None)
        if not named or not letters.text:
            return [Found(letters)] if letters.text else []
        pattern = re.compile("|".join(re.escape(text) for text in sorted(named, key=len, reverse=True)))
        parts: list[Found] = []
        place = 0
        for match in pattern.finditer(letters.text):
            token, (start, end) = named[match[0]], match.span()
            if start < place or (token.single_word and _within_word(letters.text, start, end)):
                continue
            while token.lstrip and start > place and is_space(letters.text[start - 1]):
                start -= 1
            while token.rstrip and end < len(letters) and is_space(letters.text[end]):
                end += 1
            if start > place:
                parts.append(Found(letters.part(place, start)))
            parts.append(Found(letters.part(start, end), token))
            place = end
        if place < len(letters):
            parts.append(Found(letters.part(place, len(letters))))
        return parts


def _within_word(text: str, start: int, end: int) -> bool:
    return (start > 0 and is_word(text[start - 1])) or (end < len(text) and is_word(text[end]))


Part = tuple[str, int] | tuple[str, int, int]


@dataclass(frozen=True)
class Slot:
    """A place in a template: the first text (A), the second (B), or special tokens; with its segment's id."""

    text: str
    segment: int
    tokens: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Template:
    """Which special tokens a model expects around one text, and around two."""

    single: tuple[Slot, ...] = (Slot("A", 0),)
    pair: tuple[Slot, ...] = (Slot("A", 0), Slot("B", 1))
    trim: bool = False
    """Offsets leave out the spaces at a piece's ends (GPT-2's byte level)."""
    prefix_space: bool = False
    """A space was put in front of the text, and does not count where offsets are trimmed."""
