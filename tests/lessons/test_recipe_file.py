"""What a recipe's file says: the whole of a recipe, what is refused in it, and what options put in its place."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from support.checkpoints import CONFIGS, whole
from support.lessons import GALLERY

from byhand.cli.options import recipe_from
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.command import command
from byhand.lessons.lesson import describe
from byhand.lessons.recipe import Recipe, find, read_recipe, ready_made
from byhand.models import MODELS


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


ADAPTERS = """
model = "gpt2"
backward = true
lora = 2
"""


def test_a_file_asks_for_adapters(tmp_path: Path) -> None:
    made = in_file(tmp_path / "adapters.toml", ADAPTERS)
    assert made == Recipe("gpt2", backward=True, lora=2)
    adapted = set(build(made).tables) - set(build(Recipe("gpt2", backward=True)).tables)
    assert any(name.startswith("layer1.") and "lora" in name.casefold() for name in adapted), adapted


WRITING = """
model = "rnn"
generate = 3
temperature = 1.5
top_k = 3
top_p = 0.9
cache = true
beams = 1
"""


def test_a_file_says_how_words_are_chosen(tmp_path: Path) -> None:
    made = in_file(tmp_path / "writing.toml", WRITING)
    assert made == Recipe("rnn", generate=3, temperature=1.5, top_k=3, top_p=0.9, cache=True)
    assert {"step3.choose.uniform", "cache.saved"} <= set(build(made).tables)


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
    tried = (FULL + LEARNING + ADAPTERS + WRITING).replace("=", " ").replace("]", " ").replace("[", " ").split()
    assert {f.name for f in fields(Recipe)} - {"origin"} - set(tried) == {
        "words",
        "target_words",
        "learnt",
        "training",
        "target_prompt",
        "segment_ids",
        "pixels",
        "all_words",
        "word_counts",
    }


LEARNT = """
model = "gpt2"
words = ["a", "b"]
ids = [0, 1]
learnt = "The weights are learnt from a text."

[set]
"layer1.b_O" = [[1, 2, 3, 4]]
"""


def test_the_command_of_learnt_weights_names_their_file(tmp_path: Path) -> None:
    """The weights would be longer than a command line; what is not as in the file follows its name."""
    recipe = in_file(tmp_path / "learnt.toml", LEARNT)
    assert command(recipe) == "byhand workbook learnt.toml"
    other = replace(recipe, ids=None, prompt="b a", set=recipe.set | {"layer1.b_O[1,2]": 5})
    assert command(other, "explain") == "byhand explain learnt.toml --prompt 'b a' --set 'layer1.b_O[1,2]=5'"
    assert in_file(tmp_path / "plain.toml", 'model = "gpt2"\nids = [1]').origin is None


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
    "model, title, size, seed, words, target_words, word_counts, prompt, ids, target_prompt, "
    "target_ids, segment_ids, mask, pixels, targets, batch, "
    "generate, temperature, top_k, top_p, beams, cache, backward, label_smoothing, "
    "optimizer, lr, train_steps, lora, orientation, all_words, learnt, training, set"
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
    'model = "gtp2"': "There is no model 'gtp2'; the nearest is gpt2 (`byhand models` lists all).",
    'model = "r.toml"': "There is no model 'r.toml': `byhand models` lists all.",
    'model = "a/b"': "a/b is not a folder; give the one that holds config.json and model.safetensors.",
    MODEL + "modle = 1": f"The recipe r.toml has an unknown key 'modle'; the nearest is model; there are: {KEYS}.",
    MODEL + "speed = 1": (f"The recipe r.toml has an unknown key 'speed'; the nearest is seed; there are: {KEYS}."),
    MODEL + '"日本" = 1': f"The recipe r.toml has an unknown key '日本'; there are: {KEYS}.",
    MODEL + "[size]\nname = ['small']": ("gpt2 has no size \"['small']\"; the nearest is small."),
    MODEL + "[size]\nd_model = 8.0": "d_model is a whole number, not 8.0.",
    MODEL + "[size]\nd_model = [8]": "d_model is a whole number, not [8].",
    MODEL + "[size]\ntied = 1": "tied is true or false, not 1.",
    MODEL + "[size]\neps = nan": (
        "In the recipe r.toml, 'size.eps' is nan: write a number from -1,000,000,000,000,000 to 1,000,000,000,000,000."
    ),
    MODEL + "[size]\nactivation = 1979-05-27": (
        "In the recipe r.toml, 'size.activation' is a date or a time: write a text in quotes."
    ),
    MODEL + "[set]\nwte = 1979-05-27": ("In the recipe r.toml, 'set.wte' is a date or a time: write a text in quotes."),
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

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ByhandError) as error:
        read_recipe(path)
    assert str(error.value) == f"The recipe {path} cannot be read (permission denied): mend its permissions."


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


def test_a_recipe_with_options_is_another_recipe() -> None:
    recipe = GALLERY["gpt2-writes"]
    assert replace(recipe, generate=2) == recipe_from("gpt2-writes", (), (), generate=2)
