"""Any value at any place of any file that byhand reads: read, or one sentence with the fix, never a traceback."""

from __future__ import annotations

import copy
import json
import math
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from byhand.answers.judge import judge_entries, read_entries
from byhand.checkpoints.reading import read as read_checkpoint
from byhand.errors import ByhandError
from byhand.exercises.keys import read_key
from byhand.exercises.recipe import read_exercise
from byhand.exercises.roster import read_roster
from byhand.exercises.set_folder import _read_set_file, digest_of
from byhand.grading.decisions import read_decisions
from byhand.grading.marks_folder import Journal
from byhand.lessons.build import build
from byhand.lessons.recipe import read_recipe
from byhand.tokenizers.hugging_face import read as read_tokenizer
from byhand.tokenizers.training import read_counts

HERE = Path(__file__).parents[2]
KEY = "tests/data/old_sets/softmax/keys/key.json"
ODD: tuple[Any, ...] = (
    1e308, -1e308, math.inf, -math.inf, math.nan, 10**400, -(10**400), 2**63, -(2**63) - 1, -1, 0, 0.5, True, None,
    "", "x" * 5_000, "\x00", "\n", "1e400", "nan", [], {}, [[]], [None], [math.inf], {"": 0}, {"a": {"b": []}},
    [10**400], "‮", "=1+1", "../../x", [1] * 3_000,
)  # fmt: skip
"""Values that are of another kind, or beyond all bounds."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a table of TOML or JSON, with the first two of a list."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def with_value(table: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(table)
    if not path:
        return value
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


def toml(value: Any) -> str:
    """A value as TOML writes it; None as a date, which JSON lacks."""
    if value is None:
        return "1979-05-27T07:32:00Z"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, int):
        return hex(value) if value > 0 else str(value) if abs(value) < 10**15 else "-1e400"
    return (
        json.dumps(value, ensure_ascii=False).replace("NaN", "nan").replace("Infinity", "inf")
        if isinstance(value, float)
        else json.dumps(value, ensure_ascii=False)
    )


def as_toml(table: Any) -> str:
    return "\n".join(f"{json.dumps(str(k))} = {toml(v)}" for k, v in table.items()) if isinstance(table, dict) else "x"


def as_json(table: Any) -> str:
    return json.dumps(table)


def as_csv(table: Any) -> str:
    rows = table if isinstance(table, list) else [[table]]
    return "\n".join(
        ",".join(json.dumps(cell) for cell in row) if isinstance(row, list) else json.dumps(row) for row in rows
    )


RECIPE = {
    "model": "gpt2", "title": "T", "size": {"layers": 1, "eps": 1e-5, "activation": "relu", "gated": False},
    "seed": 1, "words": ["a", "b", "c"], "prompt": "a b", "generate": 2, "temperature": 0.5, "top_k": 2,
    "top_p": 0.9, "orientation": "rows", "set": {"wpe[1,1]": 2, "layer1.W_O": [[1, 0, 0, 1]] * 4},
}  # fmt: skip
LEARNING = {
    "model": "gpt2", "ids": [1, 2], "targets": [2, "_"], "backward": True, "label_smoothing": 0.1,
    "optimizer": "adam", "lr": 0.1, "train_steps": 1, "batch": [{"ids": [0, 1], "targets": ["_", 3]}],
}  # fmt: skip
ANSWERS = [{"student": "0,5", "key": "1/2", "rule": "dp:2", "settings": {"decimal": "comma"}, "vars": ["x"]}]


def of_recipe(path: Path) -> None:
    build(read_recipe(path))


def of_exercise(path: Path) -> None:
    exercise = read_exercise(path)
    digest_of(exercise.name, tomllib.loads(path.read_text()))


def of_answers(path: Path) -> None:
    judge_entries(read_entries(path))


def of_journal(path: Path) -> None:
    with Journal(path) as journal:
        list(journal.all(["a.xlsx"]))


def of_config(path: Path) -> None:
    shutil.copy(HERE / "tests/data/gpt2/model.safetensors", path.parent)
    read_checkpoint(path.parent)


def of_decisions(path: Path) -> None:
    read_decisions(path.read_text(), str(path), read_key(HERE / KEY))


def of_counts(path: Path) -> None:
    read_counts(str(path))


DECISIONS = {
    "attempts": "last", "late_rule": "10 % a day", "everyone": {"cells": {"1": "right"}},
    "files": {"a.xlsx": "student-001"},
    "students": {"student-001": {"grade": 2, "comment": "x", "late": "1 day", "cells": {"1 X16": 0.5}}},
}  # fmt: skip
TOKENIZER = {
    "version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"], "unk_token": "a"},
    "added_tokens": [{"id": 3, "content": "<s>", "special": True}], "normalizer": {"type": "Lowercase"},
    "pre_tokenizer": {"type": "Whitespace"}, "decoder": None, "post_processor": None,
}  # fmt: skip


def table_of(path: str) -> Any:
    text = (HERE / path).read_text()
    return tomllib.loads(text) if path.endswith(".toml") else json.loads(text)


FILES: dict[str, tuple[str, Any, Callable[[Any], str], Callable[[Path], Any]]] = {
    "recipe": ("r.toml", lambda: RECIPE, as_toml, of_recipe),
    "learning": ("l.toml", lambda: LEARNING, as_toml, of_recipe),
    "exercise": ("e.toml", lambda: table_of("exercises/softmax.toml"), as_toml, of_exercise),
    "exam": ("x.toml", lambda: table_of("exercises/exams/midterm.toml"), as_toml, of_exercise),
    "key": ("key.json", lambda: table_of(KEY), as_json, read_key),
    "set": ("set.json", lambda: table_of(KEY.replace("key.json", "set.json")), as_json, _read_set_file),
    "answers": ("a.json", lambda: ANSWERS, as_json, of_answers),
    "roster": ("c.csv", lambda: [["id", "name"], ["1", "A"]], as_csv, read_roster),
    "config": ("config.json", lambda: table_of("tests/data/gpt2/config.json"), as_json, of_config),
    "decisions": ("d.toml", lambda: DECISIONS, as_toml, of_decisions),
    "counts": ("w.json", lambda: [["low", 5], ["lower", 2]], as_json, of_counts),
    "tokenizer": ("tokenizer.json", lambda: TOKENIZER, as_json, read_tokenizer),
    "journal": ("j.jsonl", lambda: {"file": "a.xlsx", "digest": "", "marks": {"cells": []}}, as_json, of_journal),
}
SAMPLE = 23
"""By default, one of so many values at one of the places is tried."""


def cases(name: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
    table = FILES[name][1]()
    yield from ((place, value) for place in places(table) for value in ODD)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FILES)
def test_any_value_at_any_place(name: str, every: bool, tmp_path: Path) -> None:
    file, table, written, read = FILES[name]
    path = tmp_path / file
    for n, (place, value) in enumerate(cases(name)):
        if not every and n % SAMPLE:
            continue
        path.write_text(written(with_value(table(), place, value)), "utf-8", "surrogatepass")
        try:
            read(path)
        except ByhandError:
            continue
        except Exception as error:
            raise AssertionError(f"{name}: {place} = {str(value)[:60]}") from error


@pytest.mark.parametrize("name", FILES)
def test_any_text_is_no_file(name: str, tmp_path: Path) -> None:
    """Half a file, another's content, brackets without an end, bytes that are no text."""
    file, table, written, read = FILES[name]
    whole = written(table()).encode("utf-8", "surrogatepass")
    path = tmp_path / file
    halves = [whole[: len(whole) * n // 7] for n in range(7)]
    odd = [
        b"[" * 100_000,
        b"{" * 1_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        b"null",
        b"0",
        b'""',
        b"a." * 5_000,
        b"[[[]]]",
    ]
    for data in [*halves, *odd, b"\x00" * 100, whole + b"\n]"]:
        path.write_bytes(data)
        try:
            read(path)
        except ByhandError:
            pass
        except UnicodeDecodeError:
            assert name in ("exercise", "exam", "decisions")  # which this test reads as text itself
        except Exception as error:
            raise AssertionError(f"{name}: {data[:40]!r}") from error
