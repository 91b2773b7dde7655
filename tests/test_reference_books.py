"""Checkpoints as workbooks: what spreadsheet programs compute from their weights is what PyTorch computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lessons import numbers_of

from byhand.graph import Array
from byhand.lesson import Recipe
from byhand.recipe import build
from byhand.workbook.build import write_lesson
from byhand.workbook.read import Book, read
from byhand.workbook.recalculate import recalculate_books
from byhand.workbook.verify import compare

DATA = Path(__file__).parent / "data"
FOLDERS = ("gpt2", "bert", "transformer2017", "torch_transformer")
DECODERS = ("gpt_neox", "bloom", "llama", "mistral", "qwen3", "gemma", "gemma2", "mixtral", "deepseek_v3")
ROUTED = {"mixtral": (1, 2), "deepseek_v3": (2,)}
"""The layers with experts."""
CLOSE = 1e-9
INPUTS = {
    **{name: {"ids": "input_ids"} for name in ("gpt2", *DECODERS)},
    "bert": {"ids": "input_ids", "segment_ids": "token_type_ids", "mask": "attention_mask"},
    "transformer2017": {"ids": "src_ids", "target_ids": "tgt_ids", "mask": "src_mask"},
}
INPUTS["torch_transformer"] = INPUTS["transformer2017"]


@cache
def expected_of(folder: str) -> dict[str, Array]:
    return dict(np.load(DATA / folder / "expected.npz"))


def expected_tables(folder: str, row: int) -> dict[str, Array]:
    """What PyTorch computed for one prompt of the batch, by the names of our tables."""
    e = expected_of(folder)
    if folder in ("gpt2", "bert", *DECODERS):
        found = dict(stack("layer{}", e["layer_out"][:, row], e["attentions"][:, row]))
        found["x"] = e["hidden_states"][0, row]
        if folder != "bert":
            found["final_norm"] = e["hidden_states"][-1, row]
    else:
        found = {}
        for side in ("encoder", "decoder"):
            found[f"{side}.x"] = e[f"{side}_embedding"][row]
            inner = ".self" if side == "decoder" else ""
            layers, weights = e[f"{side}_layer_out"][:, row], e[f"{side}_attentions"][:, row]
            found |= stack(f"{side}.layer{{}}", layers, weights, inner)
            last = "final_norm" if folder == "torch_transformer" else f"layer{len(layers)}.output"
            found[f"{side}.{last}"] = e[f"{side}_output"][row]
        found |= heads("decoder.layer{}.cross", e["cross_attentions"][:, row])
    for n, layer in enumerate(ROUTED.get(folder, ())):
        found[f"layer{layer}.router_logits"] = e["router_logits"][n].reshape(2, 6, -1)[row]
    return found | {"logits": e["logits"][row]}


def beginning(tables: dict[str, Array], words: int) -> dict[str, Array]:
    """What a decoder computes for the prompt's first words, which see none of the others."""
    return {name: t[:words, :words] if name.endswith(".weights") else t[:words] for name, t in tables.items()}


def stack(path: str, layers: Array, weights: Array, inner: str = "") -> Iterator[tuple[str, Array]]:
    for n, output in enumerate(layers, 1):
        yield f"{path.format(n)}.output", output
    yield from heads(path + inner, weights)


def heads(path: str, weights: Array) -> Iterator[tuple[str, Array]]:
    for n, layer in enumerate(weights, 1):
        for h, head in enumerate(layer, 1):
            yield f"{path.format(n)}.head{h}.weights", head


def recipe_of(folder: str, row: int, **more: Any) -> Recipe:
    inputs = {ours: expected_of(folder)[theirs][row].tolist() for ours, theirs in INPUTS[folder].items()}
    return Recipe(str(DATA / folder), **inputs, **more)


def differences(
    book: Book, fresh: dict[Any, Any], expected: dict[str, Array], columns: bool = False
) -> dict[str, float]:
    """The tables that are not PyTorch's, and by how much."""
    found = {}
    for table, numbers in expected.items():
        ours = numbers_of(book, table, fresh, columns)
        assert ours.shape == numbers.shape, table
        apart = float(np.abs(ours - numbers).max())
        if not apart <= CLOSE:
            found[table] = apart
    return found


Written = Callable[..., Book]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("references")

    @cache
    def write(name: str, row: int, orientation: str = "rows") -> Book:
        path = folder / f"{name} {row} {orientation}.xlsx"
        write_lesson(build(recipe_of(name, row, orientation=orientation)), path)
        return read(path)

    return write


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("folder", [*FOLDERS, *DECODERS])
def test_every_number_that_pytorch_gave_is_compared(folder: str, row: int) -> None:
    compared = {number for table in expected_tables(folder, row).values() for number in table.flat}
    for key, array in expected_of(folder).items():
        if key == "router_logits":
            array = array.reshape(len(array), 2, 6, -1)
        if array.dtype == np.float64 and not key.startswith(("greedy", "router_topk", "logits_gelu")):
            one_prompt = array.take(row, axis=0 if array.ndim == 3 else 1)
            assert set(one_prompt.flat) <= compared, key


def test_ironcalc_computes_what_pytorch_did_with_two_words(tmp_path: Path) -> None:
    books = []
    for folder in DECODERS:
        recipe = recipe_of(folder, 0)
        assert recipe.ids is not None
        write_lesson(build(replace(recipe, ids=recipe.ids[:2])), tmp_path / f"{folder}.xlsx")
        books.append(read(tmp_path / f"{folder}.xlsx"))
    for folder, book, values in zip(DECODERS, books, recalculate_books(books), strict=True):
        assert differences(book, values, beginning(expected_tables(folder, 0), 2)) == {}, folder


def check(books: list[tuple[str, int, bool, Book]], engine: str) -> None:
    fresh = recalculate_books([book for *_, book in books], engine)
    for (folder, row, columns, book), values in zip(books, fresh, strict=True):
        assert differences(book, values, expected_tables(folder, row), columns) == {}, (folder, row, engine)
        report = compare(book, values, engine)
        assert report.ok, "\n".join(report.lines())


def test_every_program_computes_what_pytorch_did(written: Written, engine: str) -> None:
    """LibreOffice starts once for all of them."""
    check([(folder, 0, False, written(folder, 0)) for folder in FOLDERS], engine)


def test_with_tokens_as_columns_too(written: Written) -> None:
    check([("torch_transformer", 0, True, written("torch_transformer", 0, "columns"))], "ironcalc")


@pytest.mark.slow
def test_every_program_computes_the_other_prompts_in_both_orientations(written: Written, engine: str) -> None:
    """IronCalc, which is fast, both with rows and with columns; the others by turns."""
    every = [(folder, 1, columns) for folder in (*FOLDERS, *DECODERS) for columns in (False, True)]
    others = every if engine == "ironcalc" else [kind for n, kind in enumerate(every) if n % 4 in (0, 3)]
    check([(*other, written(*other[:2], "columns" if other[2] else "rows")) for other in others], engine)


LATER = [pytest.param(name, marks=pytest.mark.slow) for name in DECODERS]


@pytest.mark.parametrize("folder", ["gpt2", *LATER, "transformer2017", "torch_transformer"])
def test_a_story_takes_the_words_that_pytorch_took(folder: str, tmp_path: Path) -> None:
    """Greedy decoding from the reference's own beginning."""
    e = expected_of(folder)
    prompt, given = "ids" if folder in ("gpt2", *DECODERS) else "target_ids", e["greedy_ids"]
    steps = e["greedy_logits"].shape[1]
    start = given.shape[1] - steps
    recipe = replace(recipe_of(folder, 0, generate=steps), **{prompt: given[0, :start].tolist()})
    path = tmp_path / "story.xlsx"
    write_lesson(build(recipe), path)
    book = read(path)
    (fresh,) = recalculate_books([book])
    for step in range(1, steps + 1):
        at = "" if step == 1 else f"step{step}."
        assert numbers_of(book, f"{at}next", fresh).item() == given[0, start + step - 1]
        logits = numbers_of(book, f"{at}logits", fresh)[-1]
        np.testing.assert_allclose(logits, e["greedy_logits"][0, step - 1], rtol=0, atol=CLOSE)
