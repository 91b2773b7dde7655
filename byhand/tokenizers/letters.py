"""A text under change, in which each letter remembers the part of the typed text that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Span = tuple[int, int]
"""The places of the first letter and after the last one, in the text as typed."""


@dataclass(frozen=True)
class Letters:
    """A text and, for each of its letters, the span of the typed text that it stands for."""

    text: str
    spans: tuple[Span, ...]

    @classmethod
    def typed(cls, text: str) -> Letters:
        """Return the text as it was typed: each letter stands for itself."""
        return cls(text, tuple((n, n + 1) for n in range(len(text))))

    def __len__(self) -> int:
        return len(self.text)

    def part(self, start: int, end: int) -> Letters:
        """Return the letters from start to end."""
        return Letters(self.text[start:end], self.spans[start:end])

    def span(self, start: int, end: int) -> Span:
        """Return the span of the typed text for which the letters from start to end stand."""
        if start >= end:
            place = self.spans[start][0] if start < len(self.spans) else (self.spans[-1][1] if self.spans else 0)
            return place, place
        return self.spans[start][0], self.spans[end - 1][1]

    def mapped(self, change: Callable[[str], str]) -> Letters:
        """Return the text with each letter replaced by what the function returns for it: none, one or several."""
        return build((new, span) for letter, span in zip(self.text, self.spans, strict=True) for new in change(letter))

    def prepended(self, start: str) -> Letters:
        """Return the text with some letters in front, which stand for what the first letter stands for."""
        if not self.text:
            return self
        return Letters(start + self.text, (self.spans[0],) * len(start) + self.spans)

    def appended(self, end: str) -> Letters:
        """Return the text with some letters at its end, which stand for what the last letter stands for."""
        if not self.text:
            return self
        return Letters(self.text + end, self.spans + (self.spans[-1],) * len(end))

    def replaced(self, start: int, end: int, new: str) -> Letters:
        """Return the text with other letters in the place of those from start to end."""
        middle = Letters(new, (self.spans[end - 1],) * len(new)) if end > start else Letters("", ())
        return joined([self.part(0, start), middle, self.part(end, len(self))])


def build(pairs: object) -> Letters:
    """Return the letters of pairs (letter, span)."""
    listed = list(pairs)  # type: ignore[call-overload]  # any iterable of pairs
    return Letters("".join(letter for letter, _ in listed), tuple(span for _, span in listed))


def joined(parts: list[Letters]) -> Letters:
    """Return several texts as one."""
    return Letters("".join(part.text for part in parts), tuple(span for part in parts for span in part.spans))
