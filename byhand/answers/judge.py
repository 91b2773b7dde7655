"""One typed answer, judged: right, wrong, could not be read, blank, or for a person to decide."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from byhand.answers.compare import Found, compared, in_form, judged_words
from byhand.answers.keys import Key, key_from
from byhand.answers.printing import read_as
from byhand.answers.reading import Reading, read
from byhand.answers.rules import NeedsPerson, Rule, Settings, parted
from byhand.answers.tokens import Unreadable, stripped
from byhand.answers.tree import Apply, walked


class Outcome(StrEnum):
    """What is said of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    BLANK = "blank"
    ASK = "ask"


@dataclass(frozen=True)
class Judgement:
    """read_as: how the answer was read; or why it could not be. sentence: what the student is told, without the key.

    mistake: the error's name, where it is one worth naming. entries, right_entries: of a list or table.
    """

    outcome: Outcome
    read_as: str
    sentence: str
    mistake: str = ""
    entries: int = 0
    right_entries: int = 0

    @property
    def right(self) -> bool:
        return self.outcome is Outcome.RIGHT

    def text(self) -> str:
        """For people: how it was read, then the verdict."""
        if self.outcome in (Outcome.UNREADABLE, Outcome.BLANK) or not self.read_as:
            return self.sentence
        return f"Read as {self.read_as}. {self.sentence}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = {"verdict": str(self.outcome), "read_as": self.read_as, "sentence": self.sentence}
        more = {"mistake": self.mistake, "entries": self.entries, "right_entries": self.right_entries}
        return told | {name: value for name, value in more.items() if value}

    def json_text(self) -> str:
        return json.dumps(self.as_json())


def judge(student: str, key: str, rule: Rule, settings: Settings | None = None) -> Judgement:
    """The verdict on what a student has typed. Raises ByhandError for a key that cannot be used."""
    settings = settings or Settings()
    if rule.type == "text":
        right, how, mistake, sentence = judged_words(student, key, rule.casefold)
        if not how:
            return _blank()
        return Judgement(Outcome.RIGHT if right else Outcome.WRONG, how, sentence, mistake)
    return judge_by_key(student, key_from(key, rule, settings), rule, settings)


def judge_by_key(student: str, key: Key, rule: Rule, settings: Settings | None = None) -> Judgement:
    """The same, by a key that has been read before."""
    settings = settings or Settings()
    if not stripped(student):
        return _blank()
    try:
        return _judged(student, key, rule, settings)
    except Unreadable as refusal:
        return Judgement(Outcome.UNREADABLE, f"not read: {refusal}", f"It could not be read: {refusal}.")
    except NeedsPerson as doubt:
        return Judgement(Outcome.ASK, "", f"A person must decide: {doubt}.")


def _blank() -> Judgement:
    return Judgement(Outcome.BLANK, "blank", "There is no answer.")


def _judged(student: str, key: Key, rule: Rule, settings: Settings) -> Judgement:
    number, unit = parted(student) if rule.type == "unit" else (student, "")
    reading = read(number, key.asked, key.meaning, settings)
    found = compared(reading, key, rule, unit)
    how = read_as(reading, found.value, unit)
    if found.same and not settings.percent and _has_percent(reading):
        found = Found(False, found.value, "wrong-form", "The value is right, but a percentage is not taken here.")
    if found.same and rule.type == "form" and not in_form(reading, student, key, rule.form):
        found = Found(False, found.value, "wrong-form", "The value is right, but not in the form that is asked for.")
    if found.same is None:
        return Judgement(Outcome.ASK, how, f"A person must decide: {found.doubt}.")
    outcome = Outcome.RIGHT if found.same else Outcome.WRONG
    many = len(reading.entries) if reading.shape not in (None, (1, 1)) else 0
    sentence = "It is right." if found.same else found.sentence or "That is not the answer."
    return Judgement(outcome, how, sentence, found.mistake, many, found.right_entries if many else 0)


def _has_percent(reading: Reading) -> bool:
    return any(isinstance(n, Apply) and n.op == "percent" for entry in reading.entries for n in walked(entry))
