"""The judge of typed answers: right, wrong, unreadable, blank, or for a person to decide."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from byhand.answers.characters import strip_invisible
from byhand.answers.compare import Comparison, compare, compare_words, has_form
from byhand.answers.keys import Key, key_from
from byhand.answers.limits import Unreadable
from byhand.answers.pieces import compare_pieces, read_pieces, shown
from byhand.answers.reading import Reading, describe_reading, plain_unit_text, read
from byhand.answers.rules import NeedsPerson, Rule, Settings, rule_from, settings_from, split_unit
from byhand.answers.tree import Apply, nodes_of
from byhand.decoding import json_value
from byhand.errors import ByhandError, quoted
from byhand.files import read_bytes

UNDECIDED = "A person must decide"
"""The first words of the sentence on an answer that only a person can judge."""


class Outcome(StrEnum):
    """The verdict on an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    BLANK = "blank"
    NEEDS_PERSON = "ask"


@dataclass(frozen=True)
class Judgement:
    """The verdict on an answer and its reason.

    read_as: how the answer was read, or why it could not be. sentence: for the student; it never reveals the key.
    mistake: the name of a known error. entries, right_entries: how many entries a list or table has, and how many
    of them are right.
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
        """Return the reading and the verdict as text for people."""
        if self.outcome in (Outcome.UNREADABLE, Outcome.BLANK) or not self.read_as:
            return self.sentence
        return f"Read as {self.read_as}. {self.sentence}"

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready data."""
        verdict = {"verdict": str(self.outcome), "read_as": self.read_as, "sentence": self.sentence}
        more = {"mistake": self.mistake, "entries": self.entries, "right_entries": self.right_entries}
        return verdict | {name: value for name, value in more.items() if value}

    def json_text(self) -> str:
        return json.dumps(self.as_json())


def judge(student: str, key: str, rule: Rule, settings: Settings | None = None) -> Judgement:
    """Judge a typed answer. Raises ByhandError for a key that cannot be used."""
    settings = settings or Settings()
    if rule.type == "text":
        right, read_as, mistake, sentence = compare_words(student, key, rule.casefold)
        if not read_as:
            return _blank()
        return Judgement(Outcome.RIGHT if right else Outcome.WRONG, read_as, sentence, mistake)
    if rule.type == "pieces":
        return _judge_pieces(student, key)
    return judge_by_key(student, key_from(key, rule, settings), rule, settings)


def _judge_pieces(student: str, key: str) -> Judgement:
    """Judge an answer that is a list of pieces of a word. Raises ByhandError for a key that is none."""
    try:
        wanted = read_pieces(key)
    except Unreadable as reason:
        raise ByhandError(f"The key {quoted(key)} cannot be used: {reason}.") from None
    if not wanted:
        raise ByhandError("The key names no piece: give some, such as --key 'low er'.")
    if not strip_invisible(student).strip():
        return _blank()
    try:
        pieces = read_pieces(student)
    except Unreadable as refusal:
        return Judgement(Outcome.UNREADABLE, f"not read: {refusal}", f"It could not be read: {refusal}.")
    right, sentence = compare_pieces(pieces, wanted)
    outcome = Outcome.RIGHT if pieces == wanted else Outcome.WRONG
    return Judgement(outcome, shown(pieces), sentence, "", len(pieces), right)


def judge_by_key(student: str, key: Key, rule: Rule, settings: Settings | None = None) -> Judgement:
    """Judge an answer by a key that is already read."""
    settings = settings or Settings()
    if not strip_invisible(student):
        return _blank()
    try:
        return _judge_read(student, key, rule, settings)
    except Unreadable as refusal:
        return Judgement(Outcome.UNREADABLE, f"not read: {refusal}", f"It could not be read: {refusal}.")
    except NeedsPerson as doubt:
        return Judgement(Outcome.NEEDS_PERSON, "", f"{UNDECIDED}: {doubt}.")


def _blank() -> Judgement:
    return Judgement(Outcome.BLANK, "blank", "There is no answer.")


def _judge_read(student: str, key: Key, rule: Rule, settings: Settings) -> Judgement:
    """Read an answer and compare it with its key. Raises Unreadable or NeedsPerson."""
    number, unit = split_unit(plain_unit_text(student)) if rule.type == "unit" else (student, "")
    reading = read(number, key.asked, key.meaning, settings)
    if reading.doubt:
        raise NeedsPerson(reading.doubt)
    comparison = compare(reading, key, rule, unit)
    if reading.twofold and not comparison.same and _right_otherwise(number, key, rule, settings, unit):
        raise Unreadable(reading.twofold)
    read_as = describe_reading(reading, comparison.value, unit)
    if comparison.same and not settings.percent and _has_percent(reading):
        comparison = Comparison(
            False, comparison.value, "wrong-form", "The value is right, but a percentage is not taken here."
        )
    if comparison.same and rule.type == "form" and not has_form(reading.last or reading, student, key, rule.form):
        if reading.last and has_form(reading, student, key, rule.form):
            raise NeedsPerson("only one of its sides has the form that is asked for")
        comparison = Comparison(
            False, comparison.value, "wrong-form", "The value is right, but not in the form that is asked for."
        )
    if comparison.same is None:
        return Judgement(Outcome.NEEDS_PERSON, read_as, f"{UNDECIDED}: {comparison.doubt}.")
    outcome = Outcome.RIGHT if comparison.same else Outcome.WRONG
    many = len(reading.entries) if reading.shape not in (None, (1, 1)) else 0
    sentence = "It is right." if comparison.same else comparison.sentence or "That is not the answer."
    return Judgement(outcome, read_as, sentence, comparison.mistake, many, comparison.right_entries if many else 0)


def _right_otherwise(number: str, key: Key, rule: Rule, settings: Settings, unit: str) -> bool:
    """Whether the answer is right if 2e+1 has its other meaning."""
    try:
        return bool(compare(read(number, key.asked, key.meaning, settings, other=True), key, rule, unit).same)
    except Unreadable:
        return False


def _has_percent(reading: Reading) -> bool:
    return any(isinstance(n, Apply) and n.op == "percent" for entry in reading.entries for n in nodes_of(entry))


LARGEST_FILE = 100_000_000
_TEXTS = ("student", "key")


def read_entries(path: Path) -> list[Any]:
    """Read a list of answers. Raises ByhandError unless the file is a JSON list."""
    data = read_bytes(path, "list of answers", LARGEST_FILE, "judge it in parts")
    entries = json_value(data, str(path), "give a list of answers, or judge it in parts", every_number_finite=True)
    if not isinstance(entries, list):
        raise ByhandError(f"{path} holds no list: put the answers between [ and ].")
    return entries


def judge_entries(entries: Iterable[Any]) -> tuple[list[Judgement], list[str]]:
    """Return a verdict for each entry, in order, and a sentence for each entry that could not be judged."""
    verdicts: list[Judgement] = []
    refused: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            verdicts.append(judge_entry(entry))
        except ByhandError as error:
            refused.append(f"Entry {number}: {error}")
            verdicts.append(Judgement(Outcome.NEEDS_PERSON, "", refused[-1], "not-judged"))
    return verdicts, refused


def judge_entry(entry: Any) -> Judgement:
    """Judge one entry of a list. Raises ByhandError for an incomplete entry or a key that cannot be used."""
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


def verdicts_json(verdicts: list[Judgement]) -> str:
    """Return the list as JSON, a verdict a line."""
    lines = ",\n".join(verdict.json_text() for verdict in verdicts)
    return f"[\n{lines}\n]" if lines else "[]"


def refusal(path: Path, refused: list[str]) -> str:
    """Return one sentence about the entries that could not be judged."""
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return f"In {path}, {refused[0].rstrip('.')}{more}."


def judge_text(student: str, key: str, rule: str, settings: tuple[tuple[str, str], ...]) -> Judgement:
    """Judge one answer by a rule and settings given as texts. Raises ByhandError."""
    chosen: Settings = settings_from(dict(settings))
    asked: Rule = rule_from(rule)
    return judge(student, key, asked, chosen)
