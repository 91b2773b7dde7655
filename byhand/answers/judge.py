"""One typed answer, or a list of them, judged: right, wrong, could not be read, blank, or for a person to decide."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from byhand.answers.compare import Found, compared, in_form, judged_words
from byhand.answers.keys import Key, key_from
from byhand.answers.reading import Reading, read, read_as
from byhand.answers.rules import NeedsPerson, Rule, Settings, parted, rule_from, settings_from
from byhand.answers.tokens import Unreadable, stripped
from byhand.answers.tree import Apply, walked
from byhand.errors import ByhandError, quoted

UNDECIDED = "A person must decide"
"""How the sentence begins where nobody but a person can judge."""


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
        return Judgement(Outcome.ASK, "", f"{UNDECIDED}: {doubt}.")


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
        return Judgement(Outcome.ASK, how, f"{UNDECIDED}: {found.doubt}.")
    outcome = Outcome.RIGHT if found.same else Outcome.WRONG
    many = len(reading.entries) if reading.shape not in (None, (1, 1)) else 0
    sentence = "It is right." if found.same else found.sentence or "That is not the answer."
    return Judgement(outcome, how, sentence, found.mistake, many, found.right_entries if many else 0)


def _has_percent(reading: Reading) -> bool:
    return any(isinstance(n, Apply) and n.op == "percent" for entry in reading.entries for n in walked(entry))


LARGEST_FILE = 200_000_000
_TEXTS = ("student", "key")


def entries_of(path: Path) -> list[Any]:
    """What the file lists. Raises ByhandError unless it is a JSON list."""
    if path.is_file() and path.stat().st_size > LARGEST_FILE:
        raise ByhandError(f"{path} is larger than {LARGEST_FILE:,} bytes: judge it in parts.")
    data = path.read_bytes()
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:80] if str(error) else "it is nested too deep"
        raise ByhandError(f"{path} is not JSON in UTF-8 ({reason}): give a list of answers.") from None
    if not isinstance(found, list):
        raise ByhandError(f"{path} holds no list: put the answers between [ and ].")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def judged(entries: Iterable[Any]) -> tuple[list[Judgement], list[str]]:
    """A verdict for each entry, in order, and what is wrong with those that could not be judged."""
    verdicts: list[Judgement] = []
    refused: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            verdicts.append(judged_entry(entry))
        except ByhandError as error:
            refused.append(f"Entry {number}: {error}")
            verdicts.append(Judgement(Outcome.ASK, "", refused[-1], "not-judged"))
    return verdicts, refused


def judged_entry(entry: Any) -> Judgement:
    """Raises ByhandError for an entry that lacks something, or whose key cannot be used."""
    if not isinstance(entry, Mapping):
        raise ByhandError(f"{quoted(entry)} is no answer: give {{student, key, rule}}.")
    for name in _TEXTS:
        if not isinstance(entry.get(name), str):
            what = f"is {quoted(entry[name])}" if name in entry else "is missing"
            raise ByhandError(f"The {name} {what}: give it as a text in quotes.")
    if "rule" not in entry:
        raise ByhandError('The rule is missing: give one such as "dp:2".')
    settings = entry.get("settings") or {}
    if not isinstance(settings, Mapping):
        raise ByhandError(f"The settings are {quoted(settings)}: give names with values.")
    letters = {"vars": entry["vars"]} if entry.get("vars") else {}
    return judge(entry["student"], entry["key"], rule_from(entry["rule"]), settings_from(letters | dict(settings)))


def as_json(verdicts: list[Judgement]) -> str:
    """The list as JSON, a verdict a line."""
    lines = ",\n".join(verdict.json_text() for verdict in verdicts)
    return f"[\n{lines}\n]" if lines else "[]"


def refusal(path: Path, refused: list[str]) -> str:
    """One sentence for all the entries that could not be judged."""
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return f"In {path}, {refused[0].rstrip('.')}{more}."


def one(student: str, key: str, rule: str, settings: tuple[tuple[str, str], ...]) -> Judgement:
    """The verdict on a single answer, with its rule and settings as texts."""
    chosen: Settings = settings_from(dict(settings))
    asked: Rule = rule_from(rule)
    return judge(student, key, asked, chosen)
