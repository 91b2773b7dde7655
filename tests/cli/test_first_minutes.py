"""What people try in their first minutes: the words that a model writes, tables, formats, spellings, completion."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from byhand.cli.main import main
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == code, result.output
    return result


def printed(*words: str) -> str:
    return call(*words).output


STORY = ("run", "gpt2", "--prompt", "the cat", "--generate", "3")


def test_a_model_that_writes_says_which_words() -> None:
    """They are the most probable words of the three tables of probabilities."""
    tables = json.loads(printed(*STORY, "--json"))
    vocabulary = printed(*STORY).splitlines()[6].split()
    expected = [
        vocabulary[int(np.argmax(tables["tables"][f"{step}probabilities"][-1]))] for step in ("", "step2.", "step3.")
    ]
    assert tables["written"] == expected
    assert f"the cat → {' '.join(expected)}" in printed(*STORY).splitlines()


@pytest.mark.parametrize("more", [(), ("--beams", "2"), ("--temperature", "2")])
def test_show_answer_prints_the_written_words(more: tuple[str, ...]) -> None:
    written = json.loads(printed(*STORY, *more, "--json"))["written"]
    _, _, *rows = printed(*STORY, *more, "--show", "answer").splitlines()
    assert [row.split()[0] for row in rows] == written


def test_answer_is_unknown_where_no_words_are_written() -> None:
    assert "There is no table 'answer' in softmax" in call("run", "softmax", "--show", "answer", code=2).stderr


def test_every_table_that_is_named_is_shown() -> None:
    names = ["layer1.head1.Q", "layer1.head1.K"]
    one, other = (printed("run", "gpt2", "--show", name) for name in names)
    assert printed("run", "gpt2", "--show", names[0], "--show", names[1]) == f"{one}\n{other}"
    assert list(json.loads(printed("run", "gpt2", "--show", names[1], "--show", names[0], "--json"))["tables"]) == [
        names[1],
        names[0],
    ]


def test_csv_of_one_table_has_labels() -> None:
    numbers = json.loads(printed("run", "gpt2", "--show", "layer1.head1.weights", "--json"))["tables"]
    first, *lines = csv.reader(io.StringIO(printed("run", "gpt2", "--show", "layer1.head1.weights", "--format", "csv")))
    assert first == ["", "the", "cat", "sat"]
    assert [[float(x) for x in line[1:]] for line in lines] == numbers["layer1.head1.weights"]


def test_csv_of_several_tables_has_a_line_for_each_number() -> None:
    tables = json.loads(printed("run", "softmax", "--json"))["tables"]
    lines = list(csv.DictReader(io.StringIO(printed("run", "softmax", "--format", "csv"))))
    assert {line["table"] for line in lines} == set(tables)
    assert len(lines) == sum(np.size(numbers) for numbers in tables.values())
    total = [float(line["value"]) for line in lines if line["table"] == "softmax.total"]
    assert total == np.ravel(tables["softmax.total"]).tolist()


def test_npz_holds_every_table_with_its_labels() -> None:
    tables = json.loads(printed("run", "gpt2", "--json"))["tables"]
    assert printed("run", "gpt2", "-o", "tables.npz") == "Wrote tables.npz.\n"
    with np.load("tables.npz") as stored:
        assert set(stored.files) == {f"{name}{part}" for name in tables for part in ("", ".rows", ".columns")}
        for name, numbers in tables.items():
            np.testing.assert_array_equal(stored[name], numbers)
        assert stored["layer1.head1.weights.rows"].tolist() == ["the", "cat", "sat"]


def test_a_format_that_cannot_be() -> None:
    assert "npz is not for the terminal" in call("run", "gpt2", "--format", "npz", code=2).stderr
    assert "There is no format 'xml'" in call("run", "gpt2", "--format", "xml", code=2).stderr
    assert "contradict each other" in call("run", "gpt2", "--format", "csv", "--json", code=2).stderr
    Path("tables.npz").write_text("mine")
    assert "exists already" in call("run", "gpt2", "-o", "tables.npz", code=2).stderr
    assert Path("tables.npz").read_text() == "mine"


def test_of_a_large_vocabulary_the_most_probable_words_are_printed() -> None:
    """Not 200 columns, of which most are 0.0000."""
    words = ("run", "gpt2", "--size", "vocab=200")
    numbers = np.array(json.loads(printed(*words, "--json"))["tables"]["probabilities"])
    text = printed(*words)
    assert "the 8 most probable words of each row" in text
    lines = "\n".join(text.splitlines()).partition("most probable words of each row\n")[2]
    for row in numbers:
        assert f"{np.sort(row)[-1]:.4f}" in lines
        assert f"{np.sort(row)[-8]:.4f}" in lines
    assert max(map(len, text.splitlines())) <= 80


def test_a_size_takes_several_settings_at_once() -> None:
    once = printed("run", "gpt2", "--size", "d_model=8,heads=4", "--json")
    assert once == printed("run", "gpt2", "--size", "d_model=8", "--size", "heads=4", "--json")


def test_temperature_0_is_greedy() -> None:
    assert printed(*STORY, "--temperature", "0") == printed(*STORY)
    assert printed(*STORY, "--temperature", "0", "--top-k", "2") == printed(*STORY)


@pytest.mark.parametrize("command", [(), ("run",), ("exercise",), ("derive",), ("grade",)])
def test_h_is_help(command: tuple[str, ...]) -> None:
    assert printed(*command, "-h") == printed(*command, "--help")


def test_the_list_of_exercises_takes_a_word() -> None:
    every = {line["name"] for line in json.loads(printed("exercise", "--list", "--json"))["exercises"]}
    some = {line["name"] for line in json.loads(printed("exercise", "--list", "softmax", "--json"))["exercises"]}
    assert {name for name in every if "softmax" in name} <= some < every
    assert "No ready-made exercise has the word 'zebra'" in call("exercise", "--list", "zebra", code=2).stderr


@pytest.mark.parametrize(
    ("typed", "some"),
    [
        ("byhand run gp", {"gpt2"}),
        ("byhand models lla", {"llama"}),
        ("byhand exercise attention-h", {"attention-head"}),
        ("byhand derive layer", {"layer-norm"}),
    ],
)
def test_the_tab_key_offers_names(typed: str, some: set[str]) -> None:
    environment = {"_BYHAND_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": "2"}
    result = CliRunner().invoke(main, [], prog_name="byhand", env={**os.environ, **environment})
    offered = {line.partition(",")[2] for line in result.output.splitlines()}
    assert some <= offered
    assert all(name.startswith(typed.split()[-1]) for name in offered)


def test_it_is_said_what_the_weights_are() -> None:
    assert "drawn at random" in printed("models")
    assert "The weights are learnt from animals" in " ".join(printed("models", "gpt2").split())
    drawn = build(Recipe("gpt2", seed=5)).weights
    assert drawn == "The weights are small numbers drawn at random (seed 5): the model has learnt nothing."
    assert "The weights are set by hand." in printed("models", "layernorm")
