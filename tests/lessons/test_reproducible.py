"""The same workbook again, to the byte: from the command that it prints, and in another process."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from hypothesis import given
from support.checkpoints import whole
from support.commands import byhand
from support.examples import examples
from support.lessons import FEWEST, GALLERY, load, path_of, recipes_at_random, sweep

from byhand.lessons.build import build
from byhand.lessons.command import command
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson

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


@pytest.mark.slow
@pytest.mark.parametrize("name", [*sweep(GALLERY, FEWEST), *(n for n in RECIPES if n not in GALLERY)])
def test_the_command_makes_the_same_book(name: str, tmp_path: Path) -> None:
    book = path_of(name).read_bytes() if name in GALLERY else book_of(RECIPES[name], tmp_path)
    assert book_from(command(RECIPES[name]), tmp_path) == book


@given(recipe=recipes_at_random())
@examples(6)
@pytest.mark.slow
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


# The same everywhere

CHILD = """
import hashlib, json, sys
from pathlib import Path
from byhand.lessons.build import build
from byhand.lessons.recipe import find
from byhand.workbook.build import write_lesson
path = Path(sys.argv[1], "book.xlsx")
hashes = {}
for name in json.load(sys.stdin):
    write_lesson(build(find(name)), path)
    hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
print(json.dumps(hashes))
"""


@pytest.mark.slow
def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the order in which Python goes through its sets, and in whatever place and language.

    A few of each kind: whether all are as they were made elsewhere once, test_gallery.py asks.
    """
    names = sorted({"gpt2-cache", "attention-backward", "transformer", "rasp-sort"})
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
    one, other = (json.loads(child.communicate(json.dumps(names))[0]) for child in children)
    assert set(one) == set(names)
    assert one == other
    assert len(set(one.values())) == len(names)
