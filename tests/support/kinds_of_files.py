"""Every kind of file that byhand reads: an example of it, how it is written, and what reads it."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from byhand.answers.judge import judge_entries, read_entries
from byhand.checkpoints.reading import read as read_checkpoint
from byhand.cli.training import _ids
from byhand.exercises.keys import read_key
from byhand.exercises.recipe import read_exercise
from byhand.exercises.roster import read_roster
from byhand.exercises.set_folder import _read_set_file, digest_of
from byhand.grading.changes import _last
from byhand.grading.decisions import read_decisions
from byhand.grading.marks_folder import Journal, KeyRecord, MarksFolder
from byhand.lessons.build import build, model_of
from byhand.lessons.corpus import corpus_of_ids
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.tokenizers.hugging_face import read as read_tokenizer
from byhand.tokenizers.training import read_counts

HERE = Path(__file__).parents[2]
KEY = "tests/data/old_sets/softmax/keys/key.json"


def toml(value: Any) -> str:
    """A value as TOML writes it; None as a date, which JSON lacks."""
    if value is None:
        return "1979-05-27T07:32:00Z"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_text(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, int):
        return hex(value) if value > 0 else str(value) if abs(value) < 10**15 else "-1e400"
    return repr(value) if isinstance(value, float) else toml_text(value)


def toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_toml(table: Any) -> str:
    return "\n".join(f"{toml_text(str(k))} = {toml(v)}" for k, v in table.items()) if isinstance(table, dict) else "x"


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


def of_ids(path: Path) -> None:
    recipe = Recipe("gpt2")
    corpus_of_ids(_ids(path), recipe, *model_of(recipe))


def of_marks(path: Path) -> None:
    MarksFolder(path.parent, KeyRecord.of(read_key(HERE / KEY)))._before()


def of_last_run(path: Path) -> None:
    _last(path)


def of_words(path: Path) -> None:
    """A folder whose tokenizer is the vocabulary alone."""
    (path.parent / "merges.txt").write_text("#version: 0.2\na b\n")
    read_tokenizer(path.parent)


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


UNIGRAM = {
    "version": "1.0", "model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["a", -1.5]], "unk_id": 0},
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Strip"}]},
    "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"},
    "decoder": {"type": "Metaspace"}, "post_processor": None,
}  # fmt: skip
WORDPIECE = {
    "version": "1.0", "model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 1, "##b": 2}, "unk_token": "[UNK]"},
    "normalizer": {"type": "BertNormalizer", "lowercase": True}, "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}], "pair": []},
    "decoder": {"type": "WordPiece", "prefix": "##"},
}  # fmt: skip
RECORD = {
    "byhand": "class marks", "version": 1,
    "key": {"exercise": "softmax", "byhand": "1", "scheme": "", "numbers": {}, "answers": {}},
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
    "learnt": ("k.toml", lambda: table_of("worksheets/learnt-two-words-back.toml"), as_toml, of_recipe),
    "unigram": ("u.json", lambda: UNIGRAM, as_json, read_tokenizer),
    "wordpiece": ("p.json", lambda: WORDPIECE, as_json, read_tokenizer),
    "vocabulary": ("vocab.json", lambda: {"a": 0, "b": 1, "ab": 2}, as_json, of_words),
    "ids": ("i.json", lambda: [[0, 1, 2], [3, 1]], as_json, of_ids),
    "record of marks": ("marking.json", lambda: RECORD, as_json, of_marks),
    "last run": ("last-run.json", lambda: {"s001": {"status": "graded", "points": 2.0}}, as_json, of_last_run),
    "journal": ("j.jsonl", lambda: {"file": "a.xlsx", "digest": "", "marks": {"cells": []}}, as_json, of_journal),
}
