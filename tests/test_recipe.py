"""Recipes: their files, what options change in them, their sizes and seeds, and the command that makes the same."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openpyxl
import pytest
from checkpoints import CONFIGS, whole
from commands import byhand
from hypothesis import given, settings
from lessons import GALLERY, load, recipes_at_random

from byhand.cli import recipe_from
from byhand.errors import ByhandError
from byhand.layers import ACTIVATIONS
from byhand.lesson import Lesson, Recipe, command, describe
from byhand.models import MODELS, architecture
from byhand.recipe import build, find, options_of, read_recipe, ready_made
from byhand.workbook.build import write_lesson

each_model = pytest.mark.parametrize("model", MODELS)


def in_file(path: Path, text: str | bytes) -> Recipe:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_recipe(path)


# Files

FULL = """
model = "transformer"
title = "All there is"
seed = 4
prompt = "cat dog"
target_ids = [0, 3]
mask = [1, 0]
generate = 2
orientation = "columns"

[size]
name = "medium"
d_ff = 5
tied = false
eps = 1e-3

[set]
"encoder.layer1.W_O" = 2
"encoder.layer1.b_1[1,2]" = 0.5
"""


def test_a_file_holds_a_whole_recipe(tmp_path: Path) -> None:
    assert in_file(tmp_path / "full.toml", FULL) == Recipe(
        model="transformer",
        title="All there is",
        size={"name": "medium", "d_ff": 5, "tied": False, "eps": 1e-3},
        seed=4,
        prompt="cat dog",
        target_ids=[0, 3],
        mask=[1, 0],
        generate=2,
        orientation="columns",
        set={"encoder.layer1.W_O": 2, "encoder.layer1.b_1[1,2]": 0.5},
    )


def test_what_a_file_says_is_built(tmp_path: Path) -> None:
    made = build(in_file(tmp_path / "full.toml", FULL))
    o, numbers = made.options, made.numbers()
    assert (o.d_model, o.heads, o.d_ff, o.tied, o.eps) == (6, 3, 5, False, 1e-3)
    assert numbers["encoder.ids"].tolist() == [[2], [3]]
    assert numbers["encoder.source_mask"].tolist() == [[1, 0]]
    assert (numbers["encoder.layer1.W_O"] == 2).all()
    assert numbers["encoder.layer1.b_1"][0, 1] == 0.5
    assert "step2.logits" in numbers
    assert describe(made)[0] == "All there is"


LEARNING = """
model = "gpt2"
ids = [3, 1, 4]
targets = [1, "_", "cat"]
backward = true
label_smoothing = 0.1
optimizer = "adam"
lr = 0.5
train_steps = 2

[[batch]]
ids = [0, 1]
targets = ["_", 5]

[[batch]]
ids = [2]
targets = [0]
"""


def test_a_file_holds_a_backward_pass(tmp_path: Path) -> None:
    assert in_file(tmp_path / "learning.toml", LEARNING) == Recipe(
        model="gpt2",
        ids=[3, 1, 4],
        targets=[1, "_", "cat"],
        backward=True,
        label_smoothing=0.1,
        optimizer="adam",
        lr=0.5,
        train_steps=2,
        batch=[{"ids": [0, 1], "targets": ["_", 5]}, {"ids": [2], "targets": [0]}],
    )


def test_the_backward_pass_that_a_file_asks_for_is_built(tmp_path: Path) -> None:
    numbers = build(in_file(tmp_path / "learning.toml", LEARNING)).numbers()
    assert numbers["loss.targets"].tolist() == [[1], [-1], [1]]
    assert numbers["row2.ids"].tolist() == [[0], [1]]
    assert numbers["row2.loss.targets"].tolist() == [[-1], [5]]
    assert numbers["row3.loss.targets"].tolist() == [[0]]
    assert numbers["learning_rate"].item() == 0.5
    assert numbers["label_smoothing"].item() == 0.1
    assert "step2.updated.wte" in numbers
    assert "step3.loss" not in numbers


def test_every_part_of_a_recipe_is_tried_above() -> None:
    tried = (FULL + LEARNING).replace("=", " ").replace("]", " ").replace("[", " ").split()
    assert {f.name for f in fields(Recipe)} - set(tried) == {"target_prompt", "segment_ids"}


@pytest.mark.parametrize("text", ['\ufeffmodel = "gpt2"', 'model = "gpt2"\r\n', '# A comment\n\nmodel = "gpt2"'])
def test_what_editors_do_to_files_is_no_fault(text: str, tmp_path: Path) -> None:
    assert in_file(tmp_path / "r.toml", text) == Recipe("gpt2")


def test_a_checkpoint_is_looked_for_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = whole(tmp_path, "gpt2")
    recipe = in_file(tmp_path / "r.toml", f'model = "{folder.name}"')
    assert Path(recipe.model) == folder
    monkeypatch.chdir(tmp_path)
    assert Path(read_recipe(Path("r.toml")).model) == Path(folder.name)
    assert build(recipe).options.d_model == CONFIGS["gpt2"]["n_embd"]


def test_a_folder_called_like_a_model_is_meant_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(tmp_path, "bert").rename(tmp_path / "gpt2")
    monkeypatch.chdir(tmp_path)
    assert build(find("gpt2")).architecture.name == "gpt2"
    assert build(find("./gpt2")).architecture.name == "bert"


def test_recipes_that_come_with_byhand_are_found_by_name() -> None:
    assert set(ready_made()) == set(GALLERY)
    for name in set(ready_made()) - set(MODELS):
        assert find(name) == GALLERY[name]
    for name in MODELS:
        assert find(name) == Recipe(name)


MODEL = 'model = "gpt2"\n'
KEYS = (
    "model, title, size, seed, prompt, ids, target_prompt, target_ids, segment_ids, mask, targets, batch, generate, "
    "backward, label_smoothing, optimizer, lr, train_steps, orientation, set"
)
WHOLE, LIST, TEXT, TABLE = "a whole number", "a list of whole numbers", "a text", "a table of settings"
KINDS = {
    "model = 3": ("model", TEXT, "3"),
    "model = true": ("model", TEXT, "True"),
    'model = ["gpt2"]': ("model", TEXT, "['gpt2']"),
    MODEL + "title = 3": ("title", TEXT, "3"),
    MODEL + 'seed = "3"': ("seed", WHOLE, "'3'"),
    MODEL + "seed = 1.5": ("seed", WHOLE, "1.5"),
    MODEL + "seed = true": ("seed", WHOLE, "True"),
    MODEL + 'generate = "2"': ("generate", WHOLE, "'2'"),
    MODEL + 'prompt = ["the"]': ("prompt", TEXT, "['the']"),
    MODEL + 'ids = "1,2"': ("ids", LIST, "'1,2'"),
    MODEL + "ids = 1": ("ids", LIST, "1"),
    MODEL + "ids = [1.5]": ("ids", LIST, "[1.5]"),
    MODEL + "ids = [true]": ("ids", LIST, "[True]"),
    MODEL + "mask = [[1]]": ("mask", LIST, "[[1]]"),
    MODEL + 'size = "large"': ("size", TABLE, "'large'"),
    MODEL + "[[size]]\nd_model = 8": ("size", TABLE, "[{'d_model': 8}]"),
    MODEL + "set = 3": ("set", TABLE, "3"),
    MODEL + "orientation = 3": ("orientation", TEXT, "3"),
}
FILES: dict[str | bytes, str] = {
    "": 'The recipe r.toml names no model: add a line such as model = "gpt2".',
    "model": (
        "The recipe r.toml is not TOML (Expected '=' after a key in a key/value pair (at end of document)): "
        "mend it there."
    ),
    "model = gpt2": "The recipe r.toml is not TOML (Invalid value (at line 1, column 9)): mend it there.",
    MODEL * 2: "The recipe r.toml is not TOML (Cannot overwrite a value (at line 2, column 15)): mend it there.",
    b"\xff\xfe\0": (
        "The recipe r.toml is not TOML ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte): "
        "mend it there."
    ),
    b"PK\3\4": (
        "The recipe r.toml is not TOML (Expected '=' after a key in a key/value pair (at line 1, column 3)): "
        "mend it there."
    ),
    b"#" * 1_000_001: "r.toml is no recipe, which has at most 1,000,000 bytes: name another file.",
    'model = "gtp2"': "There is no model 'gtp2'; did you mean gpt2? (`byhand models` lists all).",
    'model = "r.toml"': f"There is no model 'r.toml'; there are: {', '.join(MODELS)} (`byhand models` lists all).",
    'model = "a/b"': "a/b is not a folder; give the one that holds config.json and model.safetensors.",
    MODEL + "modle = 1": "The recipe r.toml has an unknown key 'modle'; did you mean model?.",
    MODEL + "speed = 1": "The recipe r.toml has an unknown key 'speed'; did you mean seed or set or segment_ids?.",
    MODEL + '"日本" = 1': f"The recipe r.toml has an unknown key '日本'; there are: {KEYS}.",
    MODEL + "[size]\nname = ['small']": ("gpt2 has no size \"['small']\"; did you mean small?."),
    MODEL + "[size]\nd_model = 8.0": "d_model is a whole number, not 8.0.",
    MODEL + "[size]\nd_model = [8]": "d_model is a whole number, not [8].",
    MODEL + "[size]\ntied = 1": "tied is true or false, not 1.",
    MODEL + "[size]\neps = nan": "eps is nan, but must be from 0 to 100,000.",
    MODEL + "[size]\nactivation = 1979-05-27": (
        "There is no activation datetime.date(1979, 5, 27); there are: relu, gelu, gelu_tanh."
    ),
    MODEL + "[set]\nwte = 1979-05-27": (
        "wte takes numbers from -100,000,000 to 100,000,000, not datetime.date(1979, 5, 27)."
    ),
    MODEL + "[set]\nlayer1.W_O = 3": 'Put the whole name of a table in quotes, as in "layer1.W_O" = 1.',
    MODEL + 'orientation = "diagonal"': "Orientation is rows or columns, not 'diagonal'.",
    MODEL + f'title = "{"x" * 101}"': f"A title is one line of at most 100 letters, not '{'x' * 27}...{'x' * 28}'.",
    MODEL + 'title = "a\\nb"': "A title is one line of at most 100 letters, not 'a\\nb'.",
    MODEL + "seed = -1": "A seed is a whole number from 0, not -1.",
    MODEL + 'prompt = "the"\nids = [1]': "Give --ids or --prompt, not both.",
}
FILES |= {
    text: f"In the recipe r.toml, '{name}' must be {wanted}, not {got}." for text, (name, wanted, got) in KINDS.items()
}


@pytest.mark.parametrize("text", FILES, ids=lambda text: repr(text[:40]))
def test_a_wrong_file_gets_one_sentence(text: str | bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ByhandError) as error:
        build(in_file(Path("r.toml"), text))
    assert str(error.value) == FILES[text]


@pytest.mark.parametrize(
    "text",
    ["seed = " + "9" * 5000, "set = {a = " + "[" * 5000 + "]" * 5000 + "}", "[size" + ".a" * 5000, "[" * 5000],
    ids=["long number", "deep list", "deep table", "brackets"],
)
def test_a_file_that_is_made_to_hurt_is_not_toml(text: str, tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match=r"r\.toml is not TOML \(.*\): mend it there\."):
        in_file(tmp_path / "r.toml", text)


@pytest.mark.parametrize("kind", ["folder", "endless", "nothing"])
def test_what_is_no_file_is_not_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    if kind == "folder":
        path.mkdir()
    if kind == "endless":
        path.symlink_to("/dev/zero")
    with pytest.raises(ByhandError) as error:
        read_recipe(path)
    assert str(error.value) == f"There is no recipe {path}: check its name and folder."


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.toml"
    path.touch()

    def refuse(*args: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ByhandError) as error:
        read_recipe(path)
    assert str(error.value) == f"The recipe {path} cannot be read (Permission denied): mend its permissions."


# Options in place of what a recipe says


def with_options(path: Path, *sizes: str, changes: tuple[tuple[str, str], ...] = (), **options: Any) -> Recipe:
    return recipe_from(str(path), sizes, changes, **options)


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("seed = 3", {}, {"seed": 3}),
        ("seed = 3", {"seed": 0}, {"seed": 0}),
        ("ids = [1]", {"ids": ([2, 3],)}, {"ids": [2, 3]}),
        ("ids = [1]", {"prompt": ("cat",)}, {"prompt": "cat", "ids": None}),
        ('prompt = "cat"', {"ids": ([2],)}, {"ids": [2], "prompt": None}),
        ("ids = [1]", {"prompt": ("cat",), "ids": ([2],)}, {"prompt": "cat", "ids": [2]}),
        ("target_ids = [1]", {"target_prompt": ("cat",)}, {"target_prompt": "cat"}),
        ('target_prompt = "a"', {"target_ids": ([2],)}, {"target_ids": [2]}),
        ("ids = [1]\ntarget_ids = [2]", {"prompt": ("cat",)}, {"prompt": "cat", "target_ids": [2]}),
        ("ids = [1]", {"ids": ([2], [3, 4])}, {"ids": [2], "batch": [{"ids": [3, 4]}]}),
        ("ids = [1]\nbatch = [{ids = [2]}]", {"ids": ([3],)}, {"ids": [3], "batch": []}),
        ("ids = [1]\nbatch = [{ids = [2]}]", {"seed": 5}, {"seed": 5, "ids": [1], "batch": [{"ids": [2]}]}),
        ("backward = true", {"backward": None}, {"backward": True}),
        ("optimizer = 'sgd'\nlr = 1", {"lr": 0.5}, {"optimizer": "sgd", "lr": 0.5}),
        ("generate = 3", {"generate": 1}, {"generate": 1}),
        ('orientation = "columns"', {"orientation": "rows"}, {}),
        ('title = "One"', {"title": "Two"}, {"title": "Two"}),
    ],
)
def test_options_come_before_the_file(
    text: str, options: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    in_file(path := tmp_path / "r.toml", f'model = "transformer"\n{text}')
    assert with_options(path, **options) == Recipe("transformer", **expected)


def test_sizes_and_changes_are_added_to_the_files(tmp_path: Path) -> None:
    text = 'model = "gpt2"\nsize = {name = "large", d_ff = 3}\nset = {wte = 1, wpe = 2}'
    in_file(path := tmp_path / "r.toml", text)
    recipe = with_options(path, "medium", "d_model = 12", changes=(("wpe", "[[1, 2]]"), ("final_norm.beta", "-1e-3")))
    assert recipe.size == {"name": "medium", "d_ff": 3, "d_model": "12"}
    assert recipe.set == {"wte": 1, "wpe": [[1, 2]], "final_norm.beta": -0.001}


# The command that a workbook prints


def book_from(line: str, folder: Path) -> bytes:
    """The workbook that a command line makes."""
    made = byhand(f"{line} -o {shlex.quote(str(folder / 'again.xlsx'))} --force")
    assert made.exit_code == 0, made.output
    return (folder / "again.xlsx").read_bytes()


def book_of(recipe: Recipe, folder: Path) -> bytes:
    write_lesson(build(recipe), folder / "once.xlsx")
    return (folder / "once.xlsx").read_bytes()


RECIPES = GALLERY | {
    "sizes": Recipe("gpt2", size={"name": "medium", "d_ff": 3, "tied": False, "eps": 0.01, "activation": "relu"}),
    "words": Recipe("transformer", prompt="cat [start] .", target_prompt="dog", size={"vocab": 12}, mask=[1, 0, 1]),
    "ids": Recipe("bert", ids=[1, 4, 2], segment_ids=[0, 1, 1], mask=[1, 1, 0], seed=0),
    "story": Recipe("gpt2", ids=[2], generate=2, seed=12345678901234567890, orientation="columns"),
    "title": Recipe("softmax", title='Max\'s “soft” $HOME & `co` \\ "q" -o <x>'),
    "changes": Recipe(
        "feed-forward",
        set={
            "W_1[1,2]": -1.2345678901234567e-7,
            "b_1": [0.1, 1e-20, 3, 4, 5, 6, 7, 1e8],
            "W_2": 2,
            "b_2": [[1, 2, 3, 4 / 3]],
        },
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_command_makes_the_same_book(name: str, tmp_path: Path) -> None:
    book = book_of(RECIPES[name], tmp_path)
    assert book_from(command(RECIPES[name]), tmp_path) == book


@given(recipe=recipes_at_random())
@settings(max_examples=6, deadline=None)
def test_the_command_makes_the_same_book_of_any_recipe(recipe: Recipe) -> None:
    with TemporaryDirectory() as folder:
        book = book_of(recipe, Path(folder))
        assert book_from(command(recipe), Path(folder)) == book


def test_a_book_prints_the_command_on_its_first_page(tmp_path: Path) -> None:
    book = book_of(RECIPES["changes"], tmp_path)
    printed = printed_command(load(tmp_path / "once.xlsx"))
    assert printed == command(RECIPES["changes"])
    assert book_from(printed, tmp_path) == book


def printed_command(book: openpyxl.Workbook) -> str:
    texts = [cell.value for row in book.worksheets[0].iter_rows() for cell in row if isinstance(cell.value, str)]
    (text,) = (text for text in texts if text.startswith("Made by byhand: "))
    return text.removeprefix("Made by byhand: ")


def test_the_command_of_a_checkpoint_works_where_its_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of where else on the machine that is, so that the book is the same everywhere."""
    folder = whole(tmp_path, "gpt2")
    recipe = Recipe(str(folder), ids=[1, 2])
    book = book_of(recipe, tmp_path)
    monkeypatch.chdir(folder)
    assert book_of(Recipe("."), tmp_path) == book_of(Recipe(str(folder)), tmp_path)
    monkeypatch.chdir(tmp_path)
    assert command(recipe) == "byhand workbook ./made_up --ids 1,2"
    assert book_from(command(recipe), tmp_path) == book


# Changes


@each_model
def test_set_is_a_change_of_the_table(model: str) -> None:
    """All of it, one cell, and one number for all: as if the weight had been another."""
    name, node = next((name, node) for name, node in build(Recipe(model)).tables.items() if changeable(node))
    rows, columns = node.shape
    table = np.arange(rows * columns, dtype=float).reshape(rows, columns) / 8
    cell = node.data.copy()
    cell[rows - 1, 0] = 2.5
    changes = [
        (name, table.tolist(), table),
        (f"{name}[{rows},1]", 2.5, cell),
        (name, 3, np.full((rows, columns), 3.0)),
    ]
    for path, value, expected in changes:
        changed = build(Recipe(model, set={path: value})).numbers()
        direct = with_table(build(Recipe(model)), name, expected)
        assert np.array_equal(changed[name], expected)
        assert list(changed) == list(direct)
        assert all(np.array_equal(changed[t], direct[t]) for t in direct)


def changeable(node: Any) -> bool:
    return node.role in ("weight", "input", "given") and node.symbol != "segment_ids" and node.shape != (1, 1)


def with_table(lesson: Lesson, name: str, numbers: Any) -> dict[str, Any]:
    lesson.tables[name].data = numbers
    return lesson.numbers()


def test_later_changes_come_on_top() -> None:
    changed = build(Recipe("gpt2", set={"wte": 1, "wte[2,3]": 5, "wte[ 2 , 4 ]": 6})).numbers()["wte"]
    assert changed[1].tolist() == [1, 1, 5, 6]
    assert changed.sum() == 8 * 4 + 4 + 5


def test_rows_stay_rows_in_a_square_table() -> None:
    table = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]
    assert build(Recipe("gpt2", set={"layer1.W_O": table})).numbers()["layer1.W_O"].tolist() == table


def test_a_row_of_numbers_may_be_a_list() -> None:
    numbers = build(Recipe("gpt2", set={"final_norm.beta": [1, 2, 3, 4]})).numbers()
    assert numbers["final_norm.beta"].tolist() == [[1, 2, 3, 4]]


# Sizes


def cells(lesson: Lesson, role: str = "") -> int:
    """Of all its tables, or of those with a role."""
    return sum(int(n.shape[0] * n.shape[1]) for n in lesson.tables.values() if n.role == role or not role)


@each_model
def test_each_named_size_is_larger_than_the_one_before(model: str) -> None:
    assert list(MODELS[model].sizes) == ["small", "medium", "large"]
    made = [build(Recipe(model, size={"name": size})) for size in MODELS[model].sizes]
    for less, more in pairwise(made):
        assert cells(less) < cells(more)
        assert cells(less, "weight") < cells(more, "weight") or not cells(more, "weight")
    assert all(np.isfinite(table).all() for lesson in made for table in lesson.numbers().values())


@each_model
def test_the_small_size_is_what_is_built_when_none_is_named(model: str) -> None:
    found = architecture(model)
    assert options_of(found, {}) == options_of(found, {"name": "small"}) == found.options()


def test_a_size_may_be_named_and_then_changed() -> None:
    made = options_of(architecture("gpt2"), {"heads": "1", "name": "medium", "tied": "FALSE"})
    assert (made.d_model, made.heads, made.layers, made.tied) == (6, 1, 2, False)


OPTIONS = [(model, f.name) for model, found in MODELS.items() for f in fields(found.options)]
ONLY_WITH = {
    ("gpt2", "scale_by_layer"): {"layers": 2},
    ("transformer", "target_vocab"): {"shared_embeddings": False},
}
"""Options that have a meaning only beside another."""


@pytest.mark.parametrize(("model", "option"), OPTIONS)
def test_every_option_changes_something(model: str, option: str) -> None:
    """Through --size, as text."""
    found, size = architecture(model), ONLY_WITH.get((model, option), {})
    default = getattr(found.options(), option)
    for value in other_values(option, default):
        recipe = recipe_from(model, (*(f"{k}={v}" for k, v in size.items()), f"{option}={value}"), ())
        assert getattr(build(recipe).options, option) == value
        assert differ(build(recipe), build(Recipe(model, size=size)))


def other_values(option: str, default: Any) -> list[Any]:
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, str):
        return [name for name in ACTIVATIONS if name != default]
    if isinstance(default, float):
        return [default + 2]
    return [default * 2] if option in ("d_model", "heads") else [default + 1]


def differ(one: Lesson, other: Lesson) -> bool:
    a, b = one.numbers(), other.numbers()
    return list(a) != list(b) or any(not np.array_equal(a[name], b[name]) for name in a)


# Seeds


@each_model
def test_a_seed_draws_other_weights_and_always_the_same(model: str) -> None:
    drawn = [n.name for n in build(Recipe(model)).tables.values() if n.role in ("weight", "input")]
    tables = [build(Recipe(model, seed=seed)).numbers() for seed in range(6)]
    again = build(Recipe(model, seed=3)).numbers()
    assert all(np.array_equal(tables[3][name], again[name]) for name in again)
    kinds = [tuple(tables[seed][name].tobytes() for name in drawn) for seed in range(6)]
    assert len(set(kinds)) == (1 if model == "positions" else 6)


@each_model
def test_the_models_own_seed_is_used_when_none_is_given(model: str) -> None:
    assert not differ(build(Recipe(model)), build(Recipe(model, seed=architecture(model).seed)))


def test_a_weight_keeps_its_numbers_when_another_part_changes() -> None:
    one = build(Recipe("transformer")).numbers()
    other = build(Recipe("transformer", size={"encoder_layers": 2, "d_ff": 3, "attention_bias": True})).numbers()
    assert np.array_equal(one["decoder.layer1.cross.head2.W_K"], other["decoder.layer1.cross.head2.W_K"])


# The same everywhere

CHILD = """
import hashlib, json, sys
from pathlib import Path
from byhand.recipe import build, find
from byhand.workbook.build import write_lesson
path = Path(sys.argv[1], "book.xlsx")
hashes = {}
for name in json.load(sys.stdin):
    write_lesson(build(find(name)), path)
    hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
print(json.dumps(hashes))
"""


def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the order in which Python goes through its sets, and in whatever place and language."""
    (elsewhere := tmp_path / "elsewhere").mkdir()
    places = [(tmp_path, "0", "C.UTF-8", "UTC"), (elsewhere, "7", "de_DE.UTF-8", "Asia/Tokyo")]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, "."],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": language, "TZ": zone},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for folder, seed, language, zone in places
    ]
    one, other = (json.loads(child.communicate(json.dumps(list(GALLERY)))[0]) for child in children)
    assert set(one) == set(GALLERY)
    assert one == other
    assert len(set(one.values())) == len(GALLERY)


# What a title says


@pytest.mark.parametrize(
    ("recipe", "title"),
    [
        (Recipe("gpt2"), "GPT-2 by hand, small"),
        (Recipe("gpt2", size={"name": "large"}), "GPT-2 by hand, large"),
        (Recipe("gpt2", size={"d_ff": 3}), "GPT-2 by hand"),
        (Recipe("gpt2", size={"name": "large", "d_ff": 3}), "GPT-2 by hand"),
        (Recipe("gpt2", title="Mine"), "Mine"),
    ],
)
def test_a_title_names_the_size_where_it_has_a_name(recipe: Recipe, title: str) -> None:
    assert describe(build(recipe))[0] == title


def test_a_checkpoint_has_no_named_size(tmp_path: Path) -> None:
    made = build(Recipe(str(whole(tmp_path, "gpt2"))))
    assert describe(made) == ("GPT-2 by hand", "decoder only · 2 layers · 3 heads · d_model 6 · d_ff 10")


def test_a_recipe_with_options_is_another_recipe() -> None:
    recipe = GALLERY["gpt2-writes"]
    assert replace(recipe, generate=2) == recipe_from("gpt2-writes", (), (), generate=2)
