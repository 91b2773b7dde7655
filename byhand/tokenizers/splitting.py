"""The parts into which a text is split before its pieces are found; no piece crosses from one part to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from byhand.tokenizers.byte_map import LETTER_OF_BYTE
from byhand.tokenizers.characters import is_punctuation, is_space, is_word, kind
from byhand.tokenizers.letters import Letters, Span

Splitter = Callable[[Letters], list[Letters]]
META = "▁"
"""What stands for a space in Unigram's and SentencePiece's pieces (U+2581)."""
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
Prepend = Literal["always", "first", "never"]


def whole(letters: Letters) -> list[Letters]:
    """Return the text as its one part."""
    return [letters] if letters.text else []


def by_groups(group: Callable[[str], str]) -> Splitter:
    """Return the function that splits between letters of different groups, and leaves out the group ""."""

    def split(letters: Letters) -> list[Letters]:
        parts: list[Letters] = []
        groups = [group(letter) for letter in letters.text]
        start = 0
        for n in range(1, len(groups) + 1):
            if n == len(groups) or groups[n] != groups[start]:
                if groups[start]:
                    parts.append(letters.part(start, n))
                start = n
        return parts

    return split


words_and_signs = by_groups(lambda letter: "word" if is_word(letter) else "" if is_space(letter) else "signs")
r"""Runs of letters and numbers, and runs of other signs: \w+|[^\w\s]+."""
at_spaces = by_groups(lambda letter: "" if is_space(letter) else "word")
"""What stands between white space."""


def for_bert(letters: Letters) -> list[Letters]:
    """Return what stands between white space, with each punctuation mark by itself."""
    parts: list[Letters] = []
    for part in at_spaces(letters):
        start = 0
        for n, letter in enumerate(part.text):
            if is_punctuation(letter):
                if start < n:
                    parts.append(part.part(start, n))
                parts.append(part.part(n, n + 1))
                start = n + 1
        if start < len(part):
            parts.append(part.part(start, len(part)))
    return parts


def gpt2_parts(text: str) -> list[tuple[int, int]]:
    r"""Return the places of the parts of GPT-2's pattern, from and to.

    The pattern: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    """
    kinds = [kind(letter) for letter in text]
    found: list[tuple[int, int]] = []
    n = 0
    while n < len(text):
        end = _gpt2_part(text, kinds, n)
        found.append((n, end))
        n = end
    return found


def _gpt2_part(text: str, kinds: list[str], n: int) -> int:
    for ending in CONTRACTIONS:
        if text.startswith(ending, n):
            return n + len(ending)
    first = n + 1 if text[n] == " " and n + 1 < len(text) else n
    if kinds[first] != "S":
        return _end_of_run(kinds, first)
    end = _end_of_run(kinds, n)
    return end if end == len(text) or end == n + 1 else end - 1


def _end_of_run(kinds: list[str], start: int) -> int:
    end = start + 1
    while end < len(kinds) and kinds[end] == kinds[start]:
        end += 1
    return end


def in_bytes(letters: Letters) -> Letters:
    """Return the text with each byte of its UTF-8 as one letter."""
    return letters.mapped(lambda each: "".join(LETTER_OF_BYTE[b] for b in each.encode("utf-8", errors="replace")))


def for_byte_level(add_prefix_space: bool, use_pattern: bool = True) -> Splitter:
    """Return GPT-2's split, then bytes as letters. add_prefix_space: a text that begins with no space gets one."""

    def split(letters: Letters) -> list[Letters]:
        if add_prefix_space and not letters.text.startswith(" "):
            letters = letters.prepended(" ")
        places = gpt2_parts(letters.text) if use_pattern else [(0, len(letters))] if letters.text else []
        return [in_bytes(letters.part(start, end)) for start, end in places]

    return split


def for_metaspace(mark: str = META, scheme: Prepend = "always", split: bool = True) -> Splitter:
    """Return the function that writes each space as ▁, puts one in front, and splits before each.

    scheme: whether one is put in front of each part of the text, of the text alone, or not at all.
    """

    def split_there(letters: Letters) -> list[Letters]:
        letters = letters.mapped(lambda each: mark if each == " " else each)
        at_start = bool(letters.spans) and letters.spans[0][0] == 0
        if (scheme == "always" or (scheme == "first" and at_start)) and not letters.text.startswith(mark):
            letters = letters.prepended(mark)
        if not split:
            return whole(letters)
        starts = [n for n, letter in enumerate(letters.text) if n == 0 or letter == mark]
        ends = [*starts[1:], len(letters)][: len(starts)]  # none of an empty text
        return [letters.part(start, end) for start, end in zip(starts, ends, strict=True)]

    return split_there


def one_after_another(splitters: list[Splitter]) -> Splitter:
    """Return the function that splits each part of one split by the next."""

    def split(letters: Letters) -> list[Letters]:
        parts = whole(letters)
        for splitter in splitters:
            parts = [new for part in parts for new in splitter(part)]
        return parts

    return split


def at_places(letters: Letters, places: list[Span]) -> list[Letters]:
    """Return the parts at given places."""
    return [letters.part(start, end) for start, end in places if start < end]
