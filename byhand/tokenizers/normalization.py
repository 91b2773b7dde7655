"""What is done to a text before it is split: small letters, Unicode's normal forms, accents, control characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Literal

from byhand.tokenizers.characters import is_chinese, is_control, is_mark, is_nonspacing, is_space
from byhand.tokenizers.letters import Letters, Span, build
from byhand.tokenizers.unicode_tables import NEWER_SMALL_LETTERS, NOT_TAKEN_APART

Normalizer = Callable[[Letters], Letters]
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def unchanged(letters: Letters) -> Letters:
    """Return the text as it is."""
    return letters


def lower_case(letters: Letters) -> Letters:
    """Return the text in small letters, each letter by itself (so a Greek final sigma is an ordinary one)."""
    if letters.text.isascii():
        return Letters(letters.text.lower(), letters.spans)
    return letters.mapped(lambda each: NEWER_SMALL_LETTERS.get(each) or each.lower())


def strip_marks(letters: Letters) -> Letters:
    """Return the text without combining marks."""
    return letters if letters.text.isascii() else letters.mapped(lambda each: "" if is_mark(each) else each)


def strip_accents_of_bert(letters: Letters) -> Letters:
    """Return the text decomposed (NFD) and without its nonspacing marks."""
    if letters.text.isascii():
        return letters
    return normal_form("NFD")(letters).mapped(lambda each: "" if is_nonspacing(each) else each)


def normal_form(form: Form) -> Normalizer:
    """Return the function that brings a text to one of Unicode's normal forms.

    A composed letter stands for what its first part stood for; all parts of one that is taken apart stand for it.
    """

    def normalize(letters: Letters) -> Letters:
        if letters.text.isascii() or unicodedata.is_normalized(form, letters.text):
            return letters
        pairs: list[tuple[str, Span]] = []
        for start, end in _groups(form, letters.text):
            pairs += _normal_group(form, letters.part(start, end))
        return build(pairs)

    return normalize


def _groups(form: Form, text: str) -> list[tuple[int, int]]:
    """Return the parts of a text that do not change each other: a letter with the marks that follow."""
    starts = [n for n, letter in enumerate(text) if n == 0 or not _joins(form, letter)]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def _joins(form: Form, letter: str) -> bool:
    """Return whether a letter may move, or be composed with one before it."""
    first = _apart(form, letter)[0]
    return unicodedata.combining(first) != 0 or first in COMPOSED_WITH_THE_LETTER_BEFORE


COMPOSED_WITH_THE_LETTER_BEFORE = frozenset(
    [chr(n) for n in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))]
    + list("\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1b35")
    + list("\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930")
)
"""Letters that are no marks and yet are composed with the one before: Korean vowels and finals, Indic vowel signs."""


def _apart(form: Form, letter: str) -> str:
    """Return a letter taken apart."""
    if "K" not in form or letter in NOT_TAKEN_APART:
        return unicodedata.normalize("NFD", letter)
    return unicodedata.normalize("NFKD", letter)


def _normal_group(form: Form, group: Letters) -> list[tuple[str, Span]]:
    """Return the normal form of such a part.

    Each letter stands for the next of the old letters that goes into it; one into which none goes (the second part of a
    letter that is taken apart) stands for what the one before it stands for. So it is in the tokenizers library.
    """
    parts: list[tuple[str, int]] = []
    for old in group.text:
        apart = _apart(form, old)
        parts += [(new, 1 if n == 0 else 0) for n, new in enumerate(apart)]
    ordered: list[tuple[str, int]] = []
    run: list[tuple[str, int]] = []
    for each in [*parts, ("", 0)]:
        if each[0] and unicodedata.combining(each[0]):
            run.append(each)
        else:
            ordered += [*sorted(run, key=lambda pair: unicodedata.combining(pair[0])), each]
            run = []
    ordered.pop()
    if form in ("NFC", "NFKC"):
        ordered = _composed(ordered)
    found: list[tuple[str, Span]] = []
    place = 0
    for letter, used in ordered:
        found.append((letter, group.spans[max(0, min(place if used else place - 1, len(group) - 1))]))
        place += used
    return found


def _composed(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return letters and marks in canonical order composed, with the sum of the numbers beside them (UAX 15)."""
    done: list[tuple[str, int]] = []
    starter: int | None = None
    last = 0
    for letter, used in parts:
        order = unicodedata.combining(letter)
        if starter is not None and (last < order or (last == 0 and starter == len(done) - 1)):
            both = unicodedata.normalize("NFC", done[starter][0] + letter)
            if len(both) == 1:
                done[starter] = (both, done[starter][1] + used)
                continue
        if order == 0:
            starter = len(done)
        last = order
        done.append((letter, used))
    return done


def clean_for_bert(letters: Letters) -> Letters:
    """Return the text without control characters, each white space as a plain space."""

    def clean(letter: str) -> str:
        if letter in "\0\ufffd" or is_control(letter):
            return ""
        return " " if is_space(letter) else letter

    return letters.mapped(clean)


def bert(clean_text: bool, chinese: bool, strip_accents: bool | None, lowercase: bool) -> Normalizer:
    """Return BERT's normalization: clean text, spaces around Chinese characters, no accents, small letters.

    strip_accents: None does it where letters are made small.
    """
    steps: list[Normalizer] = []
    if clean_text:
        steps.append(clean_for_bert)
    if chinese:
        steps.append(lambda letters: letters.mapped(lambda each: f" {each} " if is_chinese(each) else each))
    if strip_accents or (strip_accents is None and lowercase):
        steps.append(strip_accents_of_bert)
    if lowercase:
        steps.append(lower_case)
    return one_after_another(steps)


def one_after_another(steps: list[Normalizer]) -> Normalizer:
    """Return the function that does several, in order."""

    def normalize(letters: Letters) -> Letters:
        for step in steps:
            letters = step(letters)
        return letters

    return normalize


def strip(left: bool, right: bool) -> Normalizer:
    """Return the function that removes white space at a text's start and end."""

    def normalize(letters: Letters) -> Letters:
        start, end = 0, len(letters)
        while left and start < end and is_space(letters.text[start]):
            start += 1
        while right and end > start and is_space(letters.text[end - 1]):
            end -= 1
        return letters.part(start, end)

    return normalize


def replace_text(old: str, new: str) -> Normalizer:
    """Return the function that replaces one text by another, from the left."""

    def normalize(letters: Letters) -> Letters:
        if not old or old not in letters.text:
            return letters
        pairs: list[tuple[str, Span]] = []
        place = 0
        while (found := letters.text.find(old, place)) >= 0:
            pairs += zip(letters.text[place:found], letters.spans[place:found], strict=True)
            place = found + len(old)
            pairs += [(letter, letters.spans[place - 1]) for letter in new]
        pairs += zip(letters.text[place:], letters.spans[place:], strict=True)
        return build(pairs)

    return normalize


def prepend(start: str) -> Normalizer:
    """Return the function that puts a text in front."""
    return lambda letters: letters.prepended(start)
