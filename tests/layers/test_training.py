"""Training steps against PyTorch's: losses, every gradient, every updated parameter; in numpy and in workbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from support.gradient_models import differences
from support.lessons import numbers_of, overwriting_refused
from support.selection import by_turns, in_every_program
from support.training_references import (
    CLOSE,
    ENCODER,
    GPT2,
    LOSSES,
    RECIPES,
    RUNS,
    UPDATES,
    assert_all_as_pytorch,
    expected_of,
    expected_parameters,
    training_of,
)

from byhand.core.graph import Array, Node, fold
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import Contents, read
from byhand.xlsx.recalculate import recalculate_books
from byhand.xlsx.verify import compare


@cache
def made(folder: str, run: str) -> Lesson:
    optimizer, rate, steps = RUNS[run]
    return build(RECIPES[folder](optimizer, rate, steps))


BOTH = pytest.mark.parametrize("folder", [GPT2, ENCODER])


@BOTH
@pytest.mark.parametrize("run", RUNS)
def test_numbers(folder: str, run: str) -> None:
    lesson = made(folder, run)
    assert_all_as_pytorch(lesson, folder, run, lesson.numbers().__getitem__)


@BOTH
def test_the_logits_are_those_that_pytorch_made_the_loss_from(folder: str) -> None:
    values = made(folder, "sgd").numbers()
    for name, expected in zip(["logits", "row2.logits"], expected_of(folder)["logits"], strict=True):
        np.testing.assert_allclose(values[name], expected, rtol=0, atol=CLOSE)


def test_the_gradient_of_the_input() -> None:
    numbers = made(ENCODER, "sgd").numbers()
    for name, expected in zip(["grad.X", "grad.row2.X"], expected_of(ENCODER)["grad_input"], strict=True):
        np.testing.assert_allclose(numbers[name], expected, rtol=0, atol=CLOSE)


@BOTH
@pytest.mark.parametrize("run", RUNS)
def test_every_number_that_pytorch_gave_is_compared(folder: str, run: str) -> None:
    """A parameter more or less, or one that PyTorch left as it was, would be seen."""
    kinds = {name.partition(".")[0] for name in expected_of(folder)}
    asked = {"grad", "grad_norm", "logits", "labels", *LOSSES[run], *UPDATES[run].values()}
    others = {"input_ids", "x", "grad_input", *LOSSES["sgd"], *LOSSES["adam"], "sgd", "adam", "adam_step2"}
    assert asked <= kinds <= asked | others
    stored = load_file(Path(__file__).parents[1] / "data" / folder / "model.safetensors")
    assert expected_parameters(folder, "grad").keys() == stored.keys()
    for kind in UPDATES[run].values():
        for name, array in expected_parameters(folder, kind).items():
            assert (array != stored[name]).any(), name


# In workbooks


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Contents]:
    folder = tmp_path_factory.mktemp("training")

    @cache
    def write(name: str, run: str, turned: bool = False) -> Contents:
        path = folder / f"{name} {run} {turned}.xlsx"
        with overwriting_refused():
            lesson = made(name, run)
            orientation = "columns" if turned else "rows"
            write_lesson(replace(lesson, recipe=replace(lesson.recipe, orientation=orientation)), path)
        return read(path)

    return write


EVERY = [(folder, run) for folder in (GPT2, ENCODER) for run in RUNS]


def check(books: Mapping[tuple[str, str], Contents], engine: str, columns: bool = False) -> None:
    """LibreOffice starts once for all of them."""
    for ((folder, run), book), fresh in zip(
        books.items(), recalculate_books(list(books.values()), engine), strict=True
    ):
        lesson = made(folder, run)
        assert_all_as_pytorch(lesson, folder, run, lambda name, b=book, f=fresh: numbers_of(b, name, f, columns))
        report = compare(book, fresh, engine)
        assert report.ok, "\n".join(report.lines())


@pytest.mark.parametrize(
    ("folder", "run"),
    [(ENCODER, "sgd"), pytest.param(GPT2, "adam", marks=pytest.mark.slow)],
)
@pytest.mark.slow
def test_ironcalc_trains_as_pytorch_does(folder: str, run: str, written: Callable[..., Contents]) -> None:
    check({(folder, run): written(folder, run)}, "ironcalc")


@pytest.mark.slow
@in_every_program
def test_every_program_trains_in_every_way(written: Callable[..., Contents], engine: str, whole: bool) -> None:
    """SGD with rows, Adam with columns."""
    for turned in (False, True):
        kinds = EVERY[turned::2]
        check({of: written(*of, turned) for of in (kinds if whole else by_turns(kinds, engine))}, engine, turned)


# Without PyTorch


def numpy_adam(loss: Node, weights: list[Node], rate: float, steps: int) -> list[float]:
    """The losses of Adam (Kingma and Ba 2015, algorithm 1) on slopes that are measured, not derived.

    By wide steps: the last bits of the losses, which differ from processor to processor, are divided by h, and Adam
    divides once more by a slope's own size.
    """
    now = {w: np.array(w.data) for w in weights}
    means = {w: (np.zeros(w.shape), np.zeros(w.shape)) for w in weights}
    losses = []
    for t in range(1, steps + 1):
        losses.append(fold([loss], now)[loss].item())
        slopes = {w: differences(loss, w, now, h=1e-3) for w in weights}
        for w in weights:
            m, v = means[w]
            m, v = 0.9 * m + 0.1 * slopes[w], 0.999 * v + 0.001 * slopes[w] ** 2
            means[w] = m, v
            now[w] = now[w] - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return losses


def test_three_steps_of_adam_on_measured_slopes() -> None:
    """The built-in model: what the engine unrolls is what a loop in numpy does with the loss alone.

    Where a gradient is 0 in truth (the biases of keys), its measured sign is chance, but so is its effect.
    """
    lesson = build(Recipe("gpt2", ids=[3, 1, 4], backward=True, optimizer="adam", lr=0.05, train_steps=3))
    training, numbers = training_of(lesson), lesson.numbers()
    weights = [n for n in lesson.tables.values() if n.role == "weight"]
    got = [numbers[loss.name].item() for loss in training.losses]
    expected = numpy_adam(training.losses[0], weights, 0.05, 3)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert got[0] > got[1] > got[2]


def numpy_cross_entropy(logits: Array, targets: list[int], smoothing: float) -> float:
    """The mean over the targets that count (Szegedy et al. 2016, section 7)."""
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = []
    for row, target in zip(p, targets, strict=True):
        if target >= 0:
            wanted = np.full(len(row), smoothing / len(row))
            wanted[target] += 1 - smoothing
            losses.append(-np.sum(wanted * np.log(row)))
    return float(np.mean(losses))


@pytest.mark.parametrize("smoothing", [0, 0.1, 0.6])
@pytest.mark.parametrize("targets", [[1, 4, -1], [-1, -1, 0], [2, 2, 7]])
def test_smoothing_and_ignored_targets(smoothing: float, targets: list[int]) -> None:
    given = ["_" if t < 0 else t for t in targets]
    lesson = build(Recipe("gpt2", ids=[3, 1, 4], backward=True, targets=given, label_smoothing=smoothing))
    numbers = lesson.numbers()
    expected = numpy_cross_entropy(numbers["logits"], targets, smoothing)
    assert abs(numbers["loss"].item() - expected) < 1e-12
    assert numbers["loss.n"].item() == sum(t >= 0 for t in targets)
    smoothed = (1 - smoothing) * np.eye(8)[targets] + smoothing / 8
    p = np.exp(numbers["logits"]) / np.exp(numbers["logits"]).sum(1, keepdims=True)
    counts = np.array(targets)[:, None] >= 0
    np.testing.assert_allclose(numbers["grad.logits"], counts * (p - smoothed) / counts.sum(), atol=1e-14)


def test_a_batch_counts_every_target_alike() -> None:
    """Its loss is the mean over all targets, not the mean of the rows' means."""
    rows = [{"ids": [3, 1, 4], "targets": [1, 4, 2]}, {"ids": [2, 6], "targets": ["_", 5]}]
    lesson = build(Recipe("gpt2", backward=True, batch=rows[1:], **rows[0]))
    alone = [build(Recipe("gpt2", backward=True, **row)).numbers() for row in rows]
    sums = [one["loss"].item() * one["loss.n"].item() for one in alone]
    numbers = lesson.numbers()
    assert abs(numbers["loss"].item() - sum(sums) / 4) < 1e-14
    gradients = [3 / 4 * alone[0]["grad.wte"] + 1 / 4 * alone[1]["grad.wte"]]
    np.testing.assert_allclose(numbers["grad.wte"], gradients[0], atol=1e-14)
    assert sorted(n for n in lesson.tables if lesson.tables[n].role == "weight") == sorted(
        n for n in build(Recipe("gpt2")).tables if build(Recipe("gpt2")).tables[n].role == "weight"
    )
