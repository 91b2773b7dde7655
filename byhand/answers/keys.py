"""The teacher's key, read once, and the letters of its item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from byhand.answers.characters import GREEK, clean_answer
from byhand.answers.equality import Sampled, constant_value
from byhand.answers.grammar import Grammar, Meaning, operation_of
from byhand.answers.latex import from_latex, looks_like_latex
from byhand.answers.layout import layout_of
from byhand.answers.limits import Unreadable
from byhand.answers.powers_of_ten import Source, clarified, evidence_of
from byhand.answers.reading import AskedShape, Reading
from byhand.answers.rules import Rule, Settings
from byhand.answers.tokens import Comma, Token, tokens
from byhand.answers.tree import Infinite, Number, letters_in
from byhand.errors import ByhandError, quoted

SYMBOLIC = ("equiv", "exact")


@dataclass(frozen=True)
class Key:
    """A right answer. text: as the teacher wrote it. meaning: how students' answers are read."""

    text: str
    reading: Reading
    meaning: Meaning
    asked: AskedShape

    @cached_property
    def symbolic(self) -> bool:
        return bool(self.meaning.variables) and any(letters_in(tree) for tree in self.reading.entries)

    @cached_property
    def values(self) -> list[Any]:
        """The values of the entries of a key without letters: a Fraction, an mpmath real, or an Infinite."""
        return [entry if isinstance(entry, Infinite) else constant_value(entry) for entry in self.reading.entries]

    def sampled(self, place: int, letters: frozenset[str] = frozenset()) -> Sampled:
        """Return an entry that can be evaluated at fixed points of its own and these letters."""
        known: dict[tuple[int, frozenset[str]], Sampled] = self._samples
        if (place, letters) not in known:
            if len(known) > 500:
                known.clear()
            names = self.meaning.variables | letters if self.symbolic or letters else frozenset()
            known[place, letters] = Sampled(self.reading.entries[place], names)
        return known[place, letters]

    @cached_property
    def _samples(self) -> dict[tuple[int, frozenset[str]], Sampled]:
        return {}


@lru_cache(maxsize=4096)
def key_from(text: str, rule: Rule, settings: Settings) -> Key:
    """Read a key. Raises ByhandError for a key that cannot be read or that does not fit the rule."""
    meaning = Meaning(frozenset(settings.vars), False, settings.log, True, True)
    try:
        reading, meaning = _read(text, meaning)
        key = _asked(text, reading, meaning, rule, settings)
        if not key.symbolic:
            _ = key.values
    except Unreadable as refusal:
        raise ByhandError(f"The key {quoted(text)} cannot be read: {refusal}.") from None
    if key.symbolic and rule.type not in SYMBOLIC:
        letters = ", ".join(sorted({name for tree in reading.entries for name in letters_in(tree)}))
        raise ByhandError(f"The key {quoted(text)} has the letters {letters}: choose the rule equiv.")
    return key


def _read(text: str, meaning: Meaning) -> tuple[Reading, Meaning]:
    """Read a key: decimals with a point, and commas or else blanks between entries."""
    cleared = clean_answer(text)
    latex = looks_like_latex(cleared)
    cleared = from_latex(cleared).strip() if latex else cleared
    if cleared.startswith("="):
        raise Unreadable("a key is written as mathematics, without =")
    first: Unreadable | None = None
    for blanks in (False, True):
        words = tokens(cleared, Comma.SEPARATES, not blanks)
        end = words.pop()
        try:
            known = replace(meaning, variables=meaning.variables | _letters([*words, end], meaning))
            source = Source.LATEX if latex else Source.KEYBOARD
            evidence = evidence_of(words, source, known.variables, other=False)
            layout = layout_of(words, blanks, False) if words else None
            cells = layout.rows if layout else [[words]]
            rows = tuple(
                tuple(Grammar([*clarified(cell, evidence)[0], end], known).whole() for cell in row) for row in cells
            )
            return Reading(rows, (len(rows), len(rows[0])) if layout else None), known
        except Unreadable as refusal:
            first = first or refusal
    assert first is not None
    raise first


def _letters(words: list[Token], meaning: Meaning) -> frozenset[str]:
    """Return the names in a key that stand for numbers."""
    letters = set()
    for word, after in pairwise(words):
        name = word.text
        if word.kind != "name" or name in meaning.variables or operation_of(name, meaning.log):
            continue
        if name in ("e", "pi", "Pi", "PI") or name.lower() in ("inf", "infinity", "oo", "nan"):
            continue
        stem = name.partition("_")[0]
        if len(stem) > 1 and stem not in GREEK.values() and "_" not in name:
            if after.text == "(":
                raise Unreadable("{name} is not a function that is read here", name=quoted(name))
            raise Unreadable(
                "{name} may be one name or a product: write *, or give the setting vars", name=quoted(name)
            )
        letters.add(name)
    return frozenset(letters)


def _asked(text: str, reading: Reading, meaning: Meaning, rule: Rule, settings: Settings) -> Key:
    infinity = settings.allow_infinity or any(isinstance(entry, Infinite) for entry in reading.entries)
    whole = all(isinstance(entry, Number) and entry.places == 0 for entry in reading.entries)
    sides = whole and reading.shape is not None and reading.shape[0] == 1 and text.strip().startswith("(")
    free = rule.type in SYMBOLIC and bool(meaning.variables) and not settings.vars
    free = free or (rule.type == "equiv" and not settings.vars)
    students = Meaning(meaning.variables, free, settings.log, infinity, settings.mixed)
    return Key(text, reading, students, AskedShape(reading.shape, sides, settings.orientation == "strict"))
