"""Words that are chosen otherwise than as the most probable: held against all stories, and retyped in workbooks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook
from support.editing import edited
from support.lessons import cells_of, numbers_of

from byhand.core.graph import Array, fold, source
from byhand.language.generation import rank
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.workbook.build import write_lesson
from byhand.xlsx.cells import Cell
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import Values, recalculate
from byhand.xlsx.verify import verify

WRITERS = [name for name, found in MODELS.items() if "generate" in found.takes]
ONE_PROMPT = [name for name in WRITERS if "target_ids" not in MODELS[name].takes]


def log_p(model: str, ids: list[int], size: dict[str, Any]) -> Array:
    """The logarithms of the probabilities of the next word, from the model's logits."""
    logits = build(Recipe(model, ids=ids, size=size)).numbers()["logits"][-1]
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def all_stories(model: str, ids: list[int], steps: int, vocab: int) -> dict[tuple[int, ...], float]:
    """Every continuation, with the sum of the logarithms of its words' probabilities."""
    size = {"vocab": vocab}
    after = {()} | {s for n in range(1, steps) for s in product(range(vocab), repeat=n)}
    known = {story: log_p(model, [*ids, *story], size) for story in after}
    return {
        story: sum(known[story[:n]][story[n]] for n in range(steps)) for story in product(range(vocab), repeat=steps)
    }


@pytest.mark.parametrize("model", ["gpt2", "rnn", "mamba"])
def test_two_beams_of_two_words_find_the_best_story(model: str) -> None:
    """Where the vocabulary has two words, two beams leave none out that two steps can make."""
    stories = all_stories(model, [0, 1], 2, 2)
    tables = build(Recipe(model, ids=[0, 1], generate=2, beams=2, size={"vocab": 2})).numbers()
    best, second = sorted(stories, key=lambda story: -stories[story])[:2]
    assert tuple(tables["answer"][:, 0]) == best
    found = [tables[f"step2.choose.beam{n}.score"].item() for n in (1, 2)]
    np.testing.assert_allclose(found, [stories[best], stories[second]], rtol=0, atol=1e-10)


@pytest.mark.parametrize("model", ["gpt2", "lstm"])
def test_a_beam_is_never_better_than_the_best_nor_worse_than_it_says(model: str) -> None:
    stories = all_stories(model, [0, 1], 3, 3)
    tables = build(Recipe(model, ids=[0, 1], generate=3, beams=2, size={"vocab": 3})).numbers()
    score = tables["step3.choose.beam1.score"].item()
    assert score <= max(stories.values()) + 1e-10
    assert abs(score - stories[tuple(int(i) for i in tables["answer"][:, 0])]) < 1e-10


def drawn(logits: Array, u: float, t: float, k: int, p: float) -> int:
    """Of the k most probable words (Fan et al. 2018), the fewest that make p (Holtzman et al. 2020), the one at u."""
    order = np.argsort(-logits, kind="stable")[:k]
    shares = np.exp((logits[order] - logits.max()) / t)
    shares /= shares.sum()
    count = int((np.cumsum(shares) < p).sum()) + 1
    right = np.cumsum(shares[:count] / shares[:count].sum())
    return int(order[int((right <= u).sum())])


def with_typed(path: Path, changes: dict[Cell, float], engine: str) -> Values:
    """The book's cells with these numbers typed; before LibreOffice, openpyxl has saved it."""
    if engine == "ironcalc":
        return edited(path, changes, engine)
    with pytest.warns(UserWarning, match="extension"):
        copy = load_workbook(path)
    for (sheet, row, column), number in changes.items():
        copy[sheet].cell(row + 1, column + 1).value = number
    copy.save(path.with_name("copy.xlsx"))
    return recalculate(path.with_name("copy.xlsx"), engine)


@pytest.mark.parametrize("engine", ["ironcalc", pytest.param("libreoffice", marks=pytest.mark.slow)])
def test_uniform_numbers_are_retyped(engine: str, tmp_path: Path, needs: Callable[[str], None]) -> None:
    """The words that they draw, and those after them, follow."""
    needs(engine)
    path, t, k, p = tmp_path / "draws.xlsx", 3.0, 6, 0.75
    write_lesson(build(Recipe("gpt2", seed=12588, ids=[0, 1], generate=2, temperature=t, top_k=k, top_p=p)), path)
    book, seen = read(path), set()
    cells = [cells_of(book, name)[0][0] for name in ("choose.uniform", "step2.choose.uniform")]
    for u in ((0.02, 0.9), (0.5, 0.1), (0.97, 0.97)):
        fresh = with_typed(path, dict(zip(cells, u, strict=True)), engine)
        words = [int(numbers_of(book, name, fresh).item()) for name in ("choose.next", "step2.choose.next")]
        first = build(Recipe("gpt2", seed=12588, ids=[0, 1])).numbers()["logits"][-1]
        second = build(Recipe("gpt2", seed=12588, ids=[0, 1, words[0]])).numbers()["logits"][-1]
        assert words == [drawn(first, u[0], t, k, p), drawn(second, u[1], t, k, p)]
        seen.add(tuple(words))
    assert len(seen) == 3


def test_rounding_does_not_rank_words() -> None:
    """Programs add in another order: of words that are equal but for that, the earlier is first."""
    for noise in (1e-15, -1e-15, 0.0):
        z = source("z", [[1.0], [2.0], [2.0 + noise], [3.0], [2.0 + 1e-6]], "result")
        place = rank(z)
        assert fold([place])[place][:, 0].tolist() == [4, 2, 3, 0, 1]


WAYS: dict[str, dict[str, Any]] = {
    "cache": {"generate": 3, "cache": True},
    "draws": {"generate": 2, "temperature": 1.7, "top_k": 4, "top_p": 0.8},
    "beams": {"generate": 2, "beams": 2},
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", WRITERS)
def test_every_writer_writes_a_right_book_in_every_way(model: str, way: str, tmp_path: Path) -> None:
    write_lesson(build(Recipe(model, **WAYS[way])), tmp_path / "book.xlsx")
    report = verify(tmp_path / "book.xlsx", "ironcalc")
    assert report.ok, "\n".join(report.lines())
