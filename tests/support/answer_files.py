"""Typed answers with their verdicts, and hostile texts: policy and figures computed elsewhere, to 50 digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from byhand.answers.judge import Judgement, judge
from byhand.answers.rules import rule_from, settings_from

FOLDER = Path(__file__).parents[1] / "data" / "answers"
PAIRS: list[dict[str, Any]] = json.loads((FOLDER / "pairs.json").read_text("utf-8"))
HOSTILE: list[dict[str, Any]] = json.loads((FOLDER / "hostile.json").read_text("utf-8"))
SIGMOID = "exp(2)/(1+exp(2))"


def verdict(student: str, key: str, rule: Any = "exact", **settings: Any) -> Judgement:
    return judge(student, key, rule_from(rule), settings_from(settings))


def outcome(student: str, key: str, rule: Any = "exact", **settings: Any) -> str:
    return str(verdict(student, key, rule, **settings).outcome)


def wanted(pair: dict[str, Any]) -> str:
    if pair["status"] != "marked":
        return {"invalid": "unreadable", "blank": "blank"}[pair["status"]]
    return "right" if pair["should_match"] else "wrong"


def text_of(hostile: dict[str, Any], canary: str) -> str:
    build = hostile.get("build")
    if build is None:
        return str(hostile["payload"]).replace("{CANARY}", canary)
    times = build["times"]
    tail = build.get("suffix", "") + build.get("suffix_repeat", "") * times
    return str(build["prefix"] + build["repeat"] * times + tail)
