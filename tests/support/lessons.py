"""Whole workbooks for tests, each built once a worker, and what can be found in one."""

from __future__ import annotations

import atexit
import re
import shutil
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from math import lcm
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import openpyxl
import pytest
from _pytest.mark import ParameterSet
from hypothesis import assume
from hypothesis import strategies as st

from byhand.core.graph import Array, Node, fold
from byhand.errors import ByhandError
from byhand.language.architecture import Architecture, options_of, settings_of
from byhand.language.options import Option, option_records
from byhand.lessons.build import build
from byhand.lessons.first_step import with_first_step
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.models import MODELS
from byhand.workbook.build import write_lesson
from byhand.workbook.gallery import recipes
from byhand.xlsx import writer
from byhand.xlsx.cells import Cell, Value
from byhand.xlsx.reader import Contents, read
from support.selection import often

WORKSHEETS = Path(__file__).parents[2] / "worksheets"
GALLERY = {path.stem: read_recipe(path) for path in recipes(WORKSHEETS)}
MEDIUM = {f"{model}-medium": Recipe(model, size={"name": "medium"}) for model in ("gpt2", "bert", "transformer")}
TURNED = {
    f"{name} turned": replace(GALLERY[name], orientation="columns")
    for name in GALLERY
    if GALLERY[name].orientation == "rows" and not GALLERY[name].learnt
}
"""What is learnt is laid out as its model is, and the pages about its training are the same in both orientations."""
WORD_BY_WORD = {"activation-patching"}
"""Models whose second prompt has as many words as the first."""
SET_BY_HAND = {
    *("positions", "induction-head", "circuits", "rasp-reverse", "rasp-histogram", "rasp-sort"),
    *("bpe", "bpe-encode", "wordpiece", "wordpiece-encode", "unigram", "token-costs"),
    *("speculative-decoding", "quantisation", "paged-cache", "fact"),
}
"""Models without weights to draw or to learn."""
UPRIGHT = GALLERY | MEDIUM | {"transformer-writes": Recipe("transformer", generate=3)}
"""One book of each lesson, for what does not depend on the orientation."""
BOOKS = UPRIGHT | TURNED
FEW = {
    *"softmax attention attention-columns layernorm-backward gpt2 bert transformer mixtral mamba vit".split(),
    "attention turned",
}
"""Models and books of every kind that there is, by which the rest stand."""
FEWEST = {"softmax", "attention-columns", "layernorm-backward", "gpt2", "mamba", "attention turned"}
"""Of those the ones that do most of what can be done, for what takes seconds each."""


LEARNT = {"learnt-two-words-back", "learnt-drinks-rnn"}
"""Learnt books by which the other learnt ones stand: with heads, and without."""


def sweep(names: Iterable[str], some: Collection[str] = FEW) -> list[ParameterSet]:
    """All of them where the slow tests run, too; by default a few of each kind. Of learnt books, a sweep takes most."""
    names = list(names)
    rare = [name for name in names if name in GALLERY and GALLERY[name].learnt and name not in LEARNT | set(some)]
    marked = often((name for name in names if name not in rare), some)
    return [*marked, *(pytest.param(name, marks=pytest.mark.sweep) for name in rare)]


_folder = Path(mkdtemp(prefix="byhand-lessons-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


@cache
def lesson(name: str) -> Lesson:
    return build((GALLERY | BOOKS)[name])


@cache
def shown(name: str) -> Lesson:
    """The lesson with all tables that its workbook shows: of a learnt model the first training step's too."""
    return with_first_step(lesson(name))


@cache
def path_of(name: str) -> Path:
    """Its workbook, freshly built. AssertionError if one of its cells is written over another."""
    path = _folder / f"{name}.xlsx"
    with overwriting_refused():
        write_lesson(lesson(name), path)
    return path


@cache
def book_of(name: str) -> Contents:
    return read(path_of(name))


@lru_cache(maxsize=8)
def opened(name: str) -> openpyxl.Workbook:
    """Its workbook as openpyxl sees it: what is stored, with the fonts of each part of a text. Each takes megabytes."""
    return load(path_of(name), data_only=True, rich_text=True)


def load(path: Path, **options: bool) -> openpyxl.Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it does not know data bars
        return openpyxl.load_workbook(path, **options)


def turned(name: str) -> bool:
    return (GALLERY | BOOKS)[name].orientation == "columns"


def place(reference: str) -> list[list[Cell]]:
    """The cells of a defined name's range: 'Layer 1'!$A$1:$B$2."""
    sheet, _, cells = reference.rpartition("!")
    sheet = sheet.removeprefix("'").removesuffix("'").replace("''", "'")
    first, _, last = cells.replace("$", "").partition(":")
    (top, left), (bottom, right) = position(first), position(last or first)
    return [[(sheet, row, column) for column in range(left, right + 1)] for row in range(top, bottom + 1)]


def position(address: str) -> tuple[int, int]:
    """B3 to (2, 1)."""
    letters, number = re.fullmatch(r"([A-Z]+)([0-9]+)", address).groups()
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - 64
    return int(number) - 1, column - 1


def cells_of(book: Contents, table: str, columns: bool = False) -> list[list[Cell]]:
    """Where each cell of a named table is, row by row of the model's table.

    columns: shown transposed, but for what is typed on the home page, which is the same in both orientations.
    """
    grid = place(book.names[table if table in book.names else f"table.{table}"])
    return [list(line) for line in zip(*grid, strict=True)] if columns and grid[0][0][0] != "Contents" else grid


INFINITE = -1e29
"""Less than any number but those that stand for −∞."""


def numbers_of(book: Contents, table: str, fresh: Mapping[Cell, Value] | None = None, columns: bool = False) -> Array:
    """The numbers of a named table: fresh ones where there are some, else what the file stores."""
    fresh = fresh or {}
    grid = cells_of(book, table, columns)
    return np.array([[fresh.get(cell, book.values.get(cell)) for cell in line] for line in grid], dtype=float)


def texts_of(book: Contents, table: str, fresh: Mapping[Cell, Value], columns: bool = False) -> list[list[str]]:
    """The pieces of words that a named table shows, in letters; an empty text where there is none."""
    grid = cells_of(book, table, columns)
    return [[str(fresh.get(cell, book.values.get(cell)) or "") for cell in line] for line in grid]


def undecided(made: Lesson) -> bool:
    """Whether the two largest of which a model takes one differ by rounding, so that each program may take another."""
    choices = [(n.args[0], n.attrs["axis"]) for n in made.tables.values() if n.op.name == "argmax"]
    numbers = fold([node for node, _ in choices])
    ranked = [np.sort(np.moveaxis(numbers[node], axis, 1))[:, -2:] for node, axis in choices]
    return any(((np.diff(best) < 1e-9) & (best % 1 > 0)).any() for best in ranked)


def drop_downs(name: str) -> list[tuple[str, list[Cell]]]:
    """Of the home page, those that take their words from a range: that range, and their cells."""
    found = []
    for rule in opened(name)["Contents"].data_validations.dataValidation:
        assert rule.type == "list"
        if "!" in rule.formula1:
            parts = sorted(rule.sqref.ranges, key=lambda part: (part.min_row, part.min_col))
            cells = [("Contents", row - 1, column - 1) for part in parts for row, column in part.cells]
            found.append((rule.formula1, cells))
    return found


def products(node: Node) -> list[Node]:
    """The matrix products that its formula holds."""
    found = [node] if node.op.name == "matmul" else []
    for argument in node.args:
        if not argument.name:
            found += products(argument)
    return found


class Once(dict[int, Any]):
    """The cells of a row, none of which may be written twice."""

    def __setitem__(self, column: int, cell: Any) -> None:
        assert column not in self, f"column {column} holds {self[column]}, and is to hold {cell}"
        super().__setitem__(column, cell)


class OnceWorksheet(writer.PlainWorksheet):
    def __init__(self) -> None:
        super().__init__()
        self.table = defaultdict(Once)


@contextmanager
def overwriting_refused() -> Iterator[None]:
    """While it lasts, AssertionError where a cell of a workbook is written over another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "PlainWorksheet", OnceWorksheet)
        yield


def _setting(draw: st.DrawFn, name: str, default: Any, about: Option) -> Any:
    if isinstance(default, bool):
        return draw(st.booleans())
    if isinstance(default, str):
        return draw(st.sampled_from(sorted(about.choices)))
    if isinstance(default, float):
        return draw(st.sampled_from(sorted({default, *FLOATS.get(name, ())})))
    return draw(st.integers(*SIZES.get(name, (1, 8))))


SIZES = {"vocab": (4, 20), "target_vocab": (4, 20), "heads": (1, 4), "segments": (1, 3), "max_positions": (10, 12)}
SIZES |= dict.fromkeys(("d_model", "width", "d_k", "d_ff"), (2, 8))
SIZES |= dict.fromkeys(("layers", "encoder_layers", "decoder_layers"), (0, 2))
SIZES |= {"encoder_heads": (1, 4), "decoder_heads": (1, 4), "image": (4, 8), "patch": (1, 4), "channels": (1, 3)}
SIZES |= {"merges": (1, 4), "pieces": (1, 14), "longest": (1, 6), "points": (1, 8)}
SIZES |= {"buckets": (4, 9), "farthest": (5, 20)}
SIZES |= {"kv_heads": (0, 1), "head_dim": (4, 4), "turning": (2, 2), "experts": (2, 4), "chosen": (1, 2)}
SIZES |= dict.fromkeys(("expert_groups", "groups_chosen", "shared"), (1, 1)) | {"dense_layers": (0, 1)}
FLOATS = {"temperature": (0.5, 2.0), "base": (2.0,)}


def fits(found: Architecture, size: dict[str, Any]) -> bool:
    """Whether the options go together."""
    try:
        build(Recipe(found.name, size=size))
    except ByhandError:
        return False
    return True


@st.composite
def recipes_at_random(draw: st.DrawFn) -> Recipe:
    """Any model with any of its options, small."""
    model = draw(st.sampled_from(sorted(MODELS)))
    found = MODELS[model]
    about = option_records(found.options)
    size = {name: _setting(draw, name, default, about[name]) for name, default in settings_of(found).items()}
    heads = lcm(*(value for name, value in size.items() if about[name].counts == "heads"))
    size |= {"d_model": heads * draw(st.integers(-(-2 // heads), max(8 // heads, 1)))} if "d_model" in size else {}
    assume(fits(found, size))
    vocabularies = found.vocabularies(options_of(found, size))
    inputs: dict[str, Any] = {}
    for name, words in (("ids", vocabularies[:1]), ("target_ids", vocabularies[-1:])):
        if name in found.takes:
            ids = st.integers(0, len(words[0].words) - 1)
            least, most = (len(inputs["ids"]),) * 2 if name == "target_ids" and model in WORD_BY_WORD else (1, 8)
            inputs[name] = draw(st.lists(ids, min_size=least, max_size=most))
    length = len(inputs.get("ids", ()))
    if "mask" in found.takes:
        bits = st.lists(st.integers(0, 1), min_size=length, max_size=length)
        inputs["mask"] = draw(bits.filter(lambda mask: 1 in mask))
    if "segment_ids" in found.takes:
        segments = st.integers(0, size["segments"] - 1)
        inputs["segment_ids"] = draw(st.lists(segments, min_size=length, max_size=length))
    if "word_counts" in found.takes:
        words = st.lists(st.text("aabc", min_size=1, max_size=6), min_size=1, max_size=4, unique=True)
        inputs["word_counts"] = [(word, draw(st.integers(0, 9))) for word in draw(words)]
    if "generate" in found.takes:
        inputs["generate"] = draw(st.integers(1, 3))
    orientation, seed = draw(st.sampled_from(["rows", "columns"])), draw(st.integers(0, 9))
    return Recipe(model, size=size, seed=seed, orientation=orientation, **inputs)


def legal_name(name: str) -> bool:
    """Excel's rules: letters, digits, dots and underscores, none that is a cell's address in either of its styles."""
    address = r"[A-Z]{1,3}[0-9]+|R[0-9]*|C[0-9]*|R[0-9]*C[0-9]*"
    well_formed = re.fullmatch(r"[^\W\d][\w.]{0,254}", name)
    return bool(well_formed) and not re.fullmatch(address, name, re.IGNORECASE)
