"""`byhand answer`: what it prints, its exit codes, its batches and its refusals."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from support.answer_files import PAIRS, SIGMOID, wanted
from support.commands import byhand

KEY = f'--key "{SIGMOID}" --rule dp:4'


def test_an_answer_that_is_right() -> None:
    result = byhand(f'byhand answer "0,88" --key "{SIGMOID}" --rule dp:2')
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Read as 0.88 (decimal comma). It is right.\n"


def test_as_json() -> None:
    result = byhand(f'byhand answer "0.1192" {KEY} --json')
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout) == {
        "verdict": "wrong",
        "read_as": "0.1192",
        "sentence": "That is one minus the answer.",
        "mistake": "complement",
    }


@pytest.mark.parametrize(
    ("student", "code", "said"),
    [
        ("-0.8808", 1, "Read as -0.8808. A minus sign is missing, or one too many."),
        ("-inf", 1, "It could not be read: infinity is no number here."),
        ("--", 1, "It could not be read: two signs follow one another."),
        ("-", 1, "It could not be read: it is not finished."),
        ("", 1, "There is no answer."),
        ("--5", 1, "It could not be read: two signs follow one another."),
        ("\x1b[31m0.88", 1, "It could not be read: it holds the character U+001B (without a name), "),
        ("0.8807...", 1, "Read as 0.8807…. A person must decide: the digits go on, and those that are written fit."),
    ],
)
def test_an_answer_that_is_not_right_exits_with_1(student: str, code: int, said: str) -> None:
    result = byhand(f"byhand answer {shlex.quote(student)} {KEY}")
    assert (result.exit_code, result.stderr) == (code, "")
    assert result.stdout.startswith(said)
    assert result.stdout.count("\n") == 1


def test_an_answer_may_stand_after_the_options() -> None:
    assert byhand(f"byhand answer {KEY} -- 0.8808").exit_code == 0
    assert byhand(f"byhand answer {KEY} --").exit_code == 1


def test_settings() -> None:
    line = "byhand answer 12.288 --key 12288"
    assert byhand(line).exit_code == 1
    assert byhand(f"{line} --setting decimal=comma").exit_code == 0
    assert byhand("byhand answer 'log(8)' --key 3 --setting log=base2 --setting percent=no").exit_code == 0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("1 --key 1+", "The key '1+' cannot be read: it is not finished."),
        ("1 --key =1", "The key '=1' cannot be read: a key is written as mathematics, without =."),
        ("1 --key x --rule dp:2", "The key 'x' has the letters x: choose the rule equiv."),
        ("1 --key 1/0", "The key '1/0' cannot be read: a division by zero."),
        ("1 --key qk --rule equiv", "'qk' may be one name or a product: write *, or give the setting vars."),
        ("1 --key 'fun(x)' --rule equiv", "'fun' is not a function that is read here."),
        ("1 --key 1 --rule dp", "The rule dp lacks its n: give one such as dp:2, "),
        ("1 --key 1 --rule dp:x", "The rule dp takes a whole number from 0 to 40, not 'x'."),
        ("1 --key 1 --rule dp:99", "The rule dp takes a whole number from 0 to 40, not 99."),
        ("1 --key 1 --rule sf:0", "The rule sf takes a whole number from 1 to 40, not 0."),
        ("1 --key 1 --rule abs:-1", "The rule abs takes a tolerance such as 0.01, from 0 upwards, not '-1'."),
        ("1 --key 1 --rule exact:2", "The rule exact takes nothing after a colon: leave '2' out."),
        ("1 --key 1 --rule exat", "'exat' is no rule (the nearest are exact and text): give one such as dp:2, "),
        ("1 --key 1 --rule unit:byt", "There is no unit 'byt': the nearest are byte and bytes."),
        ("1 --key 1 --rule unit", "The rule unit lacks its unit: give one such as dp:2, "),
        ("1 --key 1 --rule form:nice", "There is no form 'nice': there are: same, whole, fraction, lowest, "),
        ("1 --key a --rule text:x", "text takes casefold, or nothing, not 'x'."),
        ("1 --key 1 --setting decmal=comma", "There is no setting 'decmal': the nearest is decimal"),
        ("1 --key 1 --setting decimal=x", "The setting decimal is point or comma, not 'x'."),
        ("1 --key 1 --setting percent=x", "The setting percent is true or false, not 'x'."),
        ("1 --key 1 --setting vars=1", "The setting vars is a list of letters such as x,y, not '1'."),
        ("1 --key 1 --batch x.json", "--batch judges what FILE lists: leave the answer, --key, "),
        ("--batch none.json", "There is no list of answers none.json: check its name and folder."),
    ],
)
def test_what_the_teacher_must_mend(line: str, sentence: str) -> None:
    result = byhand(f"byhand answer {line}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("line", "missing"), [("--key 1", "argument 'STUDENT'"), ("1", "option '--key'")])
def test_bad_usage(line: str, missing: str) -> None:
    result = byhand(f"byhand answer {line}")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: Missing {missing}.\n")


def batch(folder: Path, entries: Any) -> Any:
    file = folder / "batch.json"
    file.write_text(entries if isinstance(entries, str) else json.dumps(entries), "utf-8")
    return byhand(f"byhand answer --batch {shlex.quote(str(file))}")


def test_a_batch_is_judged_in_order(tmp_path: Path) -> None:
    result = batch(tmp_path, PAIRS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [entry["verdict"] for entry in json.loads(result.stdout)] == [wanted(pair) for pair in PAIRS]
    bare = [{name: pair[name] for name in ("student", "key", "rule", "settings") if name in pair} for pair in PAIRS]
    assert batch(tmp_path, bare).stdout == result.stdout


def test_a_batch_takes_short_rules_and_may_be_empty(tmp_path: Path) -> None:
    result = batch(tmp_path, [{"student": "0,88", "key": SIGMOID, "rule": "dp:2"}])
    assert json.loads(result.stdout)[0]["read_as"] == "0.88 (decimal comma)"
    assert batch(tmp_path, []).stdout == "[]\n"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (3, "3 is no answer: give {student, key, rule}."),
        ({"key": "1", "rule": "exact"}, "The student is missing: give it as a text in quotes."),
        ({"student": True, "key": "1", "rule": "exact"}, "The student is True: give it as a text in quotes."),
        ({"student": "1", "key": 1, "rule": "exact"}, "The key is 1: give it as a text in quotes."),
        ({"student": "1", "key": "1"}, 'The rule is missing: give one such as "dp:2".'),
        ({"student": "1", "key": "1", "rule": {"n": 2}}, "{'n': 2} is no rule: give one such as dp:2, "),
        ({"student": "1", "key": "1", "rule": {"type": "dp", "n": True}}, "The rule dp takes a whole number "),
        ({"student": "1", "key": "1", "rule": {"type": "dp", "n": 1, "m": 1}}, "The rule dp takes no 'm': give "),
        ({"student": "1", "key": "1", "rule": "exact", "settings": [1]}, "The settings are [1]: give names with "),
        ({"student": "1", "key": "1", "rule": "exact", "settings": {"a": 1}}, "There is no setting 'a': there are: "),
        ({"student": "1", "key": "1/0", "rule": "exact"}, "The key '1/0' cannot be read: a division by zero."),
    ],
)
def test_an_entry_that_cannot_be_judged_is_named_and_the_others_are_judged(
    entry: Any, sentence: str, tmp_path: Path
) -> None:
    good = {"student": "1", "key": "1", "rule": "exact"}
    result = batch(tmp_path, [good, entry, good])
    assert result.exit_code == 2
    verdicts = json.loads(result.stdout)
    assert [found["verdict"] for found in verdicts] == ["right", "ask", "right"]
    assert f"Entry 2: {sentence}" in verdicts[1]["sentence"]
    assert "Entry 2: " in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    ["", "{}", "nan", '{"a": 1}', "[NaN]", "[1e5", "\x00", "[" * 100_000, '"a"', "[Infinity]", "q1: 1", "[1] [2]"],
)
def test_a_file_that_is_no_list_is_refused(text: str, tmp_path: Path) -> None:
    result = batch(tmp_path, text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "batch.json" in result.stderr
    assert result.stderr.count("\n") == 1


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "batch.json").write_bytes(b"\xff\xfe[\x80]")
    result = byhand(f"byhand answer --batch {tmp_path / 'batch.json'}")
    assert result.exit_code == 2
    assert "is not JSON" in result.stderr


def test_a_lone_surrogate_in_a_batch_is_an_answer_that_is_not_read(tmp_path: Path) -> None:
    result = batch(tmp_path, '[{"student": "\\ud800", "key": "1", "rule": "exact"}]')
    assert json.loads(result.stdout)[0]["verdict"] == "unreadable"
