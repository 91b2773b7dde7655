"""The command line: what each command prints, what it writes, and that its examples run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.checkpoints import whole
from support.commands import PROGRAM, answer, byhand, examples, refusal
from support.lessons import sweep
from support.selection import often
from support.workbooks import altered

from byhand.cli.main import COMMANDS
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import INDEX, MODELS
from byhand.xlsx.reader import read

WORKSHEETS = Path(__file__).parents[2] / "worksheets"
COMMANDS = list(COMMANDS)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder, on a terminal of 80 letters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


# What is printed

ONE_ROW = 'softmax --size rows=1 --size width=3 --set "X=[1,2,3]"'


def test_run_prints_the_result_and_the_names_of_the_rest() -> None:
    assert answer(f"byhand run {ONE_ROW}") == (
        "Softmax by hand\n"
        "part · width 3\n"
        "\n"
        "probabilities  1×3\n"
        "          1       2       3\n"
        "the  0.0900  0.2447  0.6652\n"
        "\n"
        "Other tables, with --show NAME, such as --show softmax.max:\n"
        "  X, T, divided, probabilities\n"
        "  softmax: max, shifted, exp, total\n"
    )


def test_run_shows_one_table() -> None:
    assert answer(f"byhand run {ONE_ROW} --show X") == "X  1×3\n     1  2  3\nthe  1  2  3\n"


def test_tables_are_labelled_by_their_words() -> None:
    lines = answer('byhand run bert --prompt "[cls] cat" --show layer1.head1.weights').splitlines()
    assert lines[0] == "layer1.head1.weights  2×2"
    assert [lines[1].split(), *(line.split()[0] for line in lines[2:])] == [["[CLS]", "cat"], "[CLS]", "cat"]


def test_what_is_masked_is_shown_as_minus_infinity() -> None:
    lines = answer("byhand run gpt2 --ids 0,1 --show layer1.head1.masked").splitlines()
    assert lines[2].split()[2] == "−∞"
    assert "∞" not in lines[3]


@pytest.mark.parametrize(
    ("number", "shown"),
    [("0", "0"), ("-0.0", "0"), ("2.0", "2"), ("0.12345", "0.1235"), ("-1.5", "-1.5000"), ("1e8", "100000000")],
)
def test_numbers_are_shown_to_four_places_or_as_whole_ones(number: str, shown: str) -> None:
    table = answer(f"byhand run softmax --size rows=1 --size width=1 --set X={number} --show X")
    assert table.splitlines()[-1].split() == ["the", shown]


def test_numbers_of_many_digits_are_shown_in_powers_of_ten() -> None:
    assert "1.0000e+12" in answer("byhand run softmax --set X=1e8 --size temperature=0.0001 --show divided")


def test_no_number_is_cut_however_narrow_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    rows = answer("byhand run bert --show E").splitlines()[2:]
    assert [len(row.split()) for row in rows] == [5] * 10
    assert not any("…" in row for row in rows)


def test_of_a_large_table_the_beginning_is_shown() -> None:
    lines = answer("byhand run embedding --size vocab=70 --size d_model=40 --show E").splitlines()
    assert lines[-1] == "(the first 60×30 of 70×40 numbers; --json prints all)"
    assert len(lines) == 1 + 1 + 60 + 1
    assert len(lines[2].split()) == 1 + 30


def given_numbers(text: str) -> dict[str, Any]:
    """The tables in run's JSON, which holds only numbers that JSON knows."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return {name: np.array(table) for name, table in json.loads(text, parse_constant=refuse)["tables"].items()}


@pytest.mark.parametrize("model", sweep(MODELS))
def test_json_has_every_named_table_in_full_precision(model: str) -> None:
    tables, lesson = given_numbers(answer(f"byhand run {model} --json")), build(Recipe(model))
    assert list(tables) == list(lesson.tables)
    assert "logits" in tables or lesson.architecture.family in (
        "part",
        "tokens",
        "learning",
        "sparse and long",
        "inference",
        "looking inside",
    )
    for name, numbers in lesson.numbers().items():
        assert np.array_equal(tables[name], numbers), name
        assert tables[name].shape == lesson.tables[name].shape


def test_json_can_be_of_one_table() -> None:
    tables = given_numbers(answer("byhand run gpt2 --show logits --json"))
    assert list(tables) == ["logits"]


@pytest.mark.parametrize("line", ["softmax --size rows=50", "attention --size tokens=50"])
def test_a_part_may_have_more_rows_than_there_are_words(line: str) -> None:
    assert answer(f"byhand run {line} --show X").startswith("X  50×4\n")


def test_inputs_reach_the_model() -> None:
    line = (
        "byhand run transformer --ids 1,2,3 --mask 1,0,1 --target-ids 0,4 --generate 2 --size decoder_layers=2 "
        '--seed 5 --set "encoder.layer1.W_O[2,1]=7" --set encoder.layer1.b_1=0.5 --json'
    )
    tables = given_numbers(answer(line))
    assert tables["encoder.ids"].tolist() == [[1], [2], [3]]
    assert tables["encoder.source_mask"].tolist() == [[1, 0, 1]]
    assert tables["decoder.ids"].tolist() == [[0], [4]]
    assert tables["step2.ids"].tolist() == [[0], [4], *tables["next"].tolist()]
    assert "decoder.layer2.output" in tables
    assert tables["encoder.layer1.W_O"][1, 0] == 7
    assert (tables["encoder.layer1.b_1"] == 0.5).all()
    assert not np.array_equal(tables["encoder.E"], given_numbers(answer("byhand run transformer --json"))["encoder.E"])


def test_segments_reach_the_model() -> None:
    tables = given_numbers(answer("byhand run bert --ids 1,4,2 --segment-ids 0,1,1 --mask 1,1,0 --json"))
    assert tables["segment_ids"].tolist() == [[0], [1], [1]]
    assert tables["padding_mask"].tolist() == [[1, 1, 0]]


def test_a_prompt_is_words_in_small_or_large_letters() -> None:
    words, ids = (answer(f"byhand run gpt2 {prompt}") for prompt in ('--prompt "The  CAT mat"', "--ids 0,1,7"))
    assert words == ids


FAMILIES = list(dict.fromkeys(entry.family for entry in INDEX.values()))


def test_models_lists_the_families_in_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many of their models as fit in a terminal of 80 columns, and how many more there are."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = answer("byhand models").splitlines()
    assert len(lines) < 40
    for family, line in zip(FAMILIES, lines, strict=False):
        found = re.fullmatch(rf"{family} +([\w, -]+?)(?: and (\d+) more)?", line)
        assert found
        names = [entry.name for entry in INDEX.values() if entry.family == family]
        shown = found[1].split(", ")
        assert shown == names[: len(shown)]
        assert len(shown) + int(found[2] or 0) == len(names)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_lists_its_models_on_a_line_each(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    said = answer(f"byhand models '{family}'")
    assert said == answer(f"byhand models '{family.upper().replace(' ', '_')}'")
    first, *lines = said.splitlines()
    assert first == family
    members = [entry for entry in INDEX.values() if entry.family == family]
    for entry, line in zip(members, lines, strict=False):
        assert re.fullmatch(rf"  {entry.name} +{re.escape(entry.about)}", line)
    rows = json.loads(answer(f"byhand models '{family}' --json"))["models"]
    assert [row["name"] for row in rows] == [entry.name for entry in members]


def test_a_word_lists_the_models_that_it_describes() -> None:
    """In a name, in what is said of it, or in its source; a name of a model is that model."""
    assert [row["name"] for row in json.loads(answer("byhand models sink --json"))["models"]] == ["gpt-oss"]
    assert {"switch", "mixtral", "deepseek"} <= {
        row["name"] for row in json.loads(answer("byhand models experts --json"))["models"]
    }
    assert "performer" in answer("byhand models choromanski")
    assert answer("byhand models attention").startswith("One attention head (Vaswani")
    assert refusal("models sinkhorn").startswith("Error: There is no model 'sinkhorn'")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_list_of_models_is_whole_in_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = answer("byhand models").splitlines()
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)


def test_a_recipe_shows_its_own_sizes() -> None:
    assert re.search(r"d_model +8\n", answer("byhand models learnt-names"))


@pytest.mark.slow
def test_models_as_json() -> None:
    models = {row["name"]: row for row in json.loads(answer("byhand models --json"))["models"]}
    assert list(models) == list(MODELS)
    assert models["feed-forward"] == {
        "name": "feed-forward",
        "family": "part",
        "source": "Vaswani et al. 2017",
        "about": "the same small network for each word",
        "weights": 4 * 8 + 8 + 8 * 4 + 4,
        "tables": len(build(Recipe("feed-forward")).tables),
        "size": "d_model 4 · d_ff 8",
    }
    attention = 2 * 3 * (4 * 2 + 2) + 4 * 4 + 4
    feed_forward = 4 * 8 + 8 + 8 * 4 + 4
    assert models["gpt2"]["weights"] == 8 * 4 + 8 * 4 + attention + feed_forward + 3 * 2 * 4


def test_workbook_and_verify_say_what_they_did(here: Path) -> None:
    said = answer("byhand workbook softmax")
    cells = len(read(here / "softmax.xlsx").formulas)
    assert said == f"Wrote softmax.xlsx: {cells} live cells. Check them with: byhand verify softmax.xlsx\n"
    assert re.fullmatch(
        rf"softmax\.xlsx: IronCalc gets the stored result of all {cells} formulas "
        r"\((no difference|largest difference \d\.\de-1\d at '?[\w ]+'?![A-Z]+\d+)\)\.\n",
        answer("byhand verify softmax.xlsx"),
    )
    report = json.loads(answer("byhand verify softmax.xlsx --json"))
    assert {**report, "largest": None, "at": None} == {
        "file": "softmax.xlsx",
        "engine": "ironcalc",
        "ok": True,
        "cells": cells,
        "errors": [],
        "differing": [],
        "missing": [],
        "largest": None,
        "at": None,
        "tolerance": 1e-9,
    }
    assert report["largest"] <= 1e-9


def test_a_wrong_workbook_exits_with_1(here: Path) -> None:
    answer("byhand workbook softmax")
    altered(here / "softmax.xlsx", lambda xml: re.sub("<v>0.[0-9]+</v>", "<v>7</v>", xml, count=1), SHEET)
    wrong = byhand("byhand verify softmax.xlsx")
    assert (wrong.exit_code, wrong.stderr) == (1, "")
    assert re.search(r"1 give another result than the stored one .*\n.* stores 7.0, gives 0.", wrong.stdout)
    report = byhand("byhand verify softmax.xlsx --json")
    assert report.exit_code == 1
    assert json.loads(report.stdout)["ok"] is False


SHEET = "xl/worksheets/sheet2.xml"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("gpt2 --size medium", "gpt2.xlsx"),
        ("gpt2-writes", "gpt2-writes.xlsx"),
        ("mine.toml", "mine.xlsx"),
        ("folder/../mine.TOML", "mine.xlsx"),
        ("made_up", "made_up.xlsx"),
        ("./made_up/", "made_up.xlsx"),
        ("gpt2 -o other.XLSX", "other.XLSX"),
        ("gpt2 -o 'folder/a b.xlsx'", "folder/a b.xlsx"),
    ],
)
def test_a_workbook_is_called_after_what_it_is_made_of(here: Path, line: str, name: str) -> None:
    (here / "folder").mkdir()
    for recipe in ("mine.toml", "mine.TOML"):
        (here / recipe).write_text('model = "softmax"')
    whole(here, "gpt2")
    said = answer(f"byhand workbook {line}")
    assert said.startswith(f"Wrote {name}: ")
    assert shlex.split(said)[-3:] == ["byhand", "verify", name]
    assert (here / name).is_file()


def test_force_writes_over_a_file(here: Path) -> None:
    (here / "softmax.xlsx").write_bytes(b"old")
    answer("byhand workbook softmax --force")
    assert read(here / "softmax.xlsx").formulas


def draw_no_pictures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "which", lambda program: None)


def worksheets(here: Path, patch: pytest.MonkeyPatch) -> None:
    """One recipe in place of those that come with byhand."""
    (here / "recipes").mkdir()
    shutil.copy(WORKSHEETS / "softmax.toml", here / "recipes")
    patch.setattr("byhand.lessons.recipe.ready_made_folder", lambda: here / "recipes")


def test_gallery_says_what_it_writes_and_what_is_late(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worksheets(here, monkeypatch)
    draw_no_pictures(monkeypatch)
    late = byhand("byhand gallery --check")
    assert (late.exit_code, late.stderr) == (1, "")
    assert late.stdout == (
        "softmax.xlsx is out of date.\nsoftmax.html is out of date.\n"
        "softmax.png is missing.\nREADME.md is out of date.\n"
    )
    said = answer("byhand gallery")
    cells = len(read(here / "gallery" / "softmax.xlsx").formulas)
    assert said == (
        f"softmax.xlsx: {cells} live cells\n"
        "pictures: left as they are (drawing them takes libreoffice-calc and poppler-utils)\n"
        "README.md\n"
    )
    assert byhand("byhand gallery --check").stdout == "softmax.png is missing.\n"


def test_version() -> None:
    assert re.fullmatch(r"byhand, version \d+\.\d+\.\d+\n", answer("byhand --version"))


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_the_command_does_with_an_example(command: str) -> None:
    text = answer(f"byhand {command} --help")
    lines = examples(text)
    assert re.search(r"\n  Examples?\n      byhand ", text)
    assert all(line.startswith(f"byhand {command}") for line in lines)
    assert re.match(rf"Usage: byhand {command} .*\n\n  [A-Z].*\.\n", text)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is(command: str) -> None:
    """Text begins behind each option, or on the next line."""
    options = answer(f"byhand {command} --help").partition("Options:\n")[2]
    entries = re.split(r"(?m)^  (?=-)", options)[1:]
    assert entries
    assert all(re.search(r"\s{2,}[^-\s].*\.", entry, re.DOTALL) for entry in entries)


BEFORE = {
    "verify": ["byhand workbook gpt2"],
    "check": ["byhand exercise attention-head --self-check --format xlsx -o practice"],
    "grade": ["byhand exercise attention-head --count 3 --format xlsx -o quiz"],
}
"""What the examples of a help speak of."""


@pytest.mark.slow
@pytest.mark.parametrize("command", often(["", *COMMANDS], {"", *COMMANDS} - {"exercise", "verify"}))
def test_the_examples_of_a_help_run(
    command: str, here: Path, needs: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if command == "gallery":
        worksheets(here, monkeypatch)
        draw_no_pictures(monkeypatch)
    for line in BEFORE.get(command, ()):
        answer(line)
    monkeypatch.setattr("click.launch", lambda place: 0)  # no browser opens
    if command == "verify":
        needs("libreoffice")
    lines = examples(answer(f"byhand {command} --help"))
    assert lines
    for line in lines:
        result = byhand(line)
        no = result.stdout == "softmax.png is missing.\n" or command == "check"  # the book is blank
        assert (result.exit_code, result.stderr) == (no, ""), line
        assert result.stdout


def test_the_help_of_the_whole_names_every_command() -> None:
    listed = re.findall(r"(?m)^  ([a-z]+)  ", answer("byhand --help").partition("Commands:\n")[2])
    assert listed == COMMANDS


# Where the output goes


def program(line: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(f"{PROGRAM} {line}", shell=True, capture_output=True, timeout=600, **options)


def test_a_reader_that_stops_reading_is_told_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([PROGRAM, "run", "softmax"], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_full_disk_is_one_sentence() -> None:
    sentence = b"Error: Cannot use the output: no space left on device; choose another place.\n"
    for line in ("run softmax", "--help"):
        done = program(f"{line} > /dev/full")
        assert (done.returncode, done.stderr) == (2, sentence), line


@pytest.mark.slow
def test_streams_may_be_closed_and_errors_may_have_no_room() -> None:
    for line, code in {
        "workbook softmax -o closed.xlsx 2>&- >&-": 0,
        "tokenize --text-file - --train small.txt <&-": 2,
        "workbook nothing 2>/dev/full": 2,
    }.items():
        assert program(line).returncode == code, line
    assert Path("closed.xlsx").exists()


def test_a_console_with_few_letters_is_no_error() -> None:
    done = program("run gpt2 --ids 0,1 --show layer1.head1.masked", env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[2].split()[-1] == b"??"


@pytest.mark.slow
def test_bytes_that_are_no_text_are_no_error(here: Path) -> None:
    assert program(r"workbook softmax -o $(printf '\377.xlsx')").returncode == 0
    assert os.listdir(os.fsencode(here)) == [b"\xff.xlsx"]
    done = program(r"run gpt2 --prompt $(printf '\377')")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(rb"Error: '\udcff' is not in the vocabulary; ")


# One process


def test_the_shared_minus_infinity_stays_what_it_is() -> None:
    """Two models of one process share it."""
    byhand("byhand run gpt2 --set neg_inf=0")
    assert given_numbers(answer("byhand run gpt2 --json"))["neg_inf"].tolist() == [[-1e30]]
