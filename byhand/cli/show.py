"""What the terminal shows of a computed model: its tables, their numbers, and what is learnt."""

from __future__ import annotations

import json
import re
from typing import Any

from rich.table import Table

from byhand.cli.terminal import line_of, rendered
from byhand.core.graph import INFINITE, Array, Node, times
from byhand.core.labels import word
from byhand.lessons.lesson import Lesson, describe

MOST_ROWS, MOST_COLUMNS = 60, 30
"""What is printed of a table."""
SHORT = 1e12
"""A number of fewer digits is written out."""
FULL_WIDTH = 10_000
"""Letters a line for a table of numbers: one that the terminal breaks is better than numbers that are cut."""


def show_run(lesson: Lesson, name: str | None, as_json: bool) -> str:
    """A computed model: every table as JSON, one table, or the result and the names of the rest."""
    numbers = lesson.numbers()
    if name is not None:
        node = lesson.table(name)
        if as_json:
            return json.dumps({"tables": {name: numbers[name].tolist()}}) + "\n"
        return rendered(f"{name}  {times(node.shape)}") + _grid(node, numbers)
    if as_json:
        tables = {n: numbers[n].tolist() for n in lesson.tables}
        return json.dumps({"model": lesson.recipe.model, **_learnt(lesson, numbers), "tables": tables}) + "\n"
    title, sizes = describe(lesson)
    result = lesson.graph.probabilities or lesson.graph.outputs[0]
    return (
        rendered(f"{title}\n{sizes}\n\n{result.name}  {times(result.shape)}")
        + _grid(result, numbers)
        + _losses(lesson, numbers)
        + "\nOther tables, with --show NAME, such as --show "
        + f"{max(lesson.tables, key=lambda name: name.count('.'))}:\n"
        + "\n".join(_grouped(lesson))
        + "\n"
    )


def _grouped(lesson: Lesson) -> list[str]:
    """The tables' names, part by part; of gradients, updates and further steps, as many again, only the kinds."""
    kinds = {"grad.": "the gradient of each: grad.NAME", "updated.": "the updated weights: updated.NAME"}
    if "step2.loss" in lesson.tables:
        kinds["step2."] = "further training steps: step2.NAME and so on"
    elif any(n.startswith("step2.") for n in lesson.tables):
        kinds["step2."] = "further words: step2.NAME and so on"
    parts: dict[str, list[str]] = {}
    for name in lesson.tables:
        if not re.match(r"(step\d+\.)?(grad|updated)\.|step\d+\.", name):
            part, _, symbol = name.rpartition(".")
            parts.setdefault(part, []).append(symbol)
    lines = [line_of(f"  {part}: " if part else "  ", ", ".join(names), 4) for part, names in parts.items()]
    return lines + [f"  {kind}" for start, kind in kinds.items() if any(n.startswith(start) for n in lesson.tables)]


def _learnt(lesson: Lesson, numbers: dict[str, Array]) -> dict[str, Any]:
    """The loss of each step, and by parameter (a checkpoint's own tensors) gradients and updated weights."""
    training = lesson.graph.training
    if training is None:
        return {}
    losses = [float(numbers[loss.name][0, 0]) for loss in training.losses]
    found: dict[str, Any] = {"loss": losses[0]}
    found |= {"losses": losses} if len(losses) > 1 else {}
    for name, nodes in (("gradients", training.gradients), ("updated", training.updated)):
        arrays = lesson.assemble({path: numbers[node.name] for path, node in nodes.items()})
        found |= {name: {path: array.tolist() for path, array in arrays.items()}} if nodes else {}
    return found


def _losses(lesson: Lesson, numbers: dict[str, Array]) -> str:
    training = lesson.graph.training
    if training is None:
        return ""
    losses = ", ".join(f"{numbers[loss.name][0, 0]:.6f}" for loss in training.losses)
    return rendered(f"\n{'loss at each step' if len(training.losses) > 1 else 'loss'}: {losses}")


def _grid(node: Node, numbers: dict[str, Array]) -> str:
    """A table's numbers with their labels, as far as people read them."""
    shown = numbers[node.name][:MOST_ROWS, :MOST_COLUMNS]
    grid = Table(box=None, pad_edge=False)
    grid.add_column("", justify="right", no_wrap=True)
    for j in range(shown.shape[1]):
        grid.add_column(_label(node, 1, j, numbers), justify="right", no_wrap=True)
    for i, row in enumerate(shown):
        grid.add_row(_label(node, 0, i, numbers), *(_shown(v) for v in row))
    text = rendered(grid, width=FULL_WIDTH)
    if shown.shape == node.shape:
        return text
    return text + rendered(f"(the first {times(shown.shape)} of {times(node.shape)} numbers; --json prints all)")


def _label(node: Node, axis: int, i: int, numbers: dict[str, Array]) -> str:
    return word(node.shape[axis].of, i, numbers) or str(i + 1)


def _shown(value: float) -> str:
    if abs(value) >= SHORT:
        return "−∞" if value < -INFINITE else f"{value:.4e}"
    return f"{value + 0.0:.0f}" if value == round(value) else f"{value:.4f}"
