"""Many answers at once: a JSON list of what students typed, each with its key and rule, and the list of verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from byhand.answers.judge import Judgement, Outcome, judge
from byhand.answers.rules import Rule, Settings, rule_from, settings_from
from byhand.errors import ByhandError, quoted

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
