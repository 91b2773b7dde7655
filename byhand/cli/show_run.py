"""The output of `byhand run`: generated words, the result and the tables, as text, JSON, CSV or npz."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from byhand.cli.terminal import render, wrap
from byhand.core.graph import times
from byhand.core.number_text import in_table
from byhand.errors import ByhandError, quoted
from byhand.files import check_place, replacing, save
from byhand.lessons.lesson import Lesson, describe
from byhand.lessons.tables import MOST_COLUMNS, Table, table_of

ANSWER = "answer"
"""The name for the words that a model generates, even if it has no table of that name."""
MOST_PROBABLE = 8
"""The number of words that are printed for each position, if the vocabulary is large."""
FORMATS = ("text", "json", "csv", "npz")


def show_run(lesson: Lesson, names: Sequence[str], form: str) -> Iterator[str]:
    """Yield the output of a computed model in pieces.

    names: the tables; by default all of them, or for text the result and a list. form: text, json or csv. ByhandError
    for an unknown table.
    """
    if form == "json":
        yield from _json(lesson, names)
    elif form == "csv":
        yield from _csv(lesson, names)
    elif names:
        for n, name in enumerate(names):
            yield ("\n" if n else "") + "\n".join(_table_lines(_table(lesson, name))) + "\n"
    else:
        yield _overview(lesson)


def save_run(lesson: Lesson, names: Sequence[str], form: str, path: Path, force: bool) -> None:
    """Write the output to a file. form: also npz, with each table by name, and NAME.rows and NAME.columns."""
    check_place(path, force)
    if form != "npz":
        with replacing(path) as file:
            for piece in show_run(lesson, names, form):
                file.write(piece.encode())
        return
    arrays: dict[str, Any] = {}
    for name in names or lesson.tables:
        table = _table(lesson, name)
        arrays |= {name: table.values, f"{name}.rows": np.array(table.rows), f"{name}.columns": np.array(table.columns)}
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    save(path, data.getvalue())


def format_of(form: str | None, as_json: bool, path: Path | None) -> str:
    """Return the format that the options name, or else the file's suffix. ByhandError if the options contradict."""
    by_name = {".json": "json", ".csv": "csv", ".npz": "npz", ".txt": "text"}.get(path.suffix.lower()) if path else None
    if as_json and form not in (None, "json"):
        raise ByhandError(f"--json and --format {form} contradict each other: give one.")
    if path and path.suffix and not (as_json or form or by_name):
        raise ByhandError(
            f"run writes .txt, .json, .csv and .npz, not {quoted(path.suffix)}: name such a file, or give --format "
            "(`byhand workbook` writes .xlsx)."
        )
    name = "json" if as_json else form or by_name or "text"
    if name not in FORMATS:
        raise ByhandError(f"There is no format {quoted(name)}; there are: {', '.join(FORMATS)}.")
    if name == "npz" and path is None:
        raise ByhandError("npz is not for the terminal: name a file with -o, such as -o tables.npz.")
    return name


def _table(lesson: Lesson, name: str) -> Table:
    """Return a table; `answer` also stands for the generated words of a model without such a table."""
    if name == ANSWER and name not in lesson.tables and lesson.graph.written:
        numbers = lesson.numbers()
        ids = np.concatenate([numbers[node.name] for node in lesson.graph.written])
        return Table(ANSWER, ids, tuple(lesson.words), ("1",))
    return table_of(lesson, name)


def _json(lesson: Lesson, names: Sequence[str]) -> Iterator[str]:
    """Yield one JSON object table by table, so that a large model's numbers are not all in memory as text."""
    about = {} if names else {"model": lesson.recipe.model, **_training_results(lesson)}
    if lesson.graph.report and not names:
        about |= lesson.graph.report(lesson.numbers())
    if lesson.graph.written and not names:
        about |= {"written": lesson.words}
        about |= {"text": lesson.texts[1]} if lesson.texts else {}
    yield json.dumps(about)[:-1] + (", " if about else "") + '"tables": {'
    numbers = lesson.numbers()
    for n, name in enumerate(names or numbers):
        values = numbers[name] if name in numbers else _table(lesson, name).values
        yield (", " if n else "") + f"{json.dumps(name)}: {json.dumps(values.tolist())}"
    yield "}}\n"


def _csv(lesson: Lesson, names: Sequence[str]) -> Iterator[str]:
    """Yield CSV: a single table with column labels, or for several a line for each number."""
    if len(names) == 1:
        yield _table(lesson, names[0]).csv()
        return
    yield "table,row,column,value\n"
    for name in names or lesson.tables:
        yield _table(lesson, name).csv_lines()


def _overview(lesson: Lesson) -> str:
    """Return the generated words, the result, and the names of the other tables."""
    title, sizes = describe(lesson)
    result = table_of(lesson, (lesson.graph.probabilities or lesson.graph.outputs[0]).name)
    most_probable = lesson.graph.probabilities is not None and result.shape[1] > MOST_COLUMNS
    example = max(lesson.tables, key=lambda name: name.count("."))
    return (
        render(f"{title}\n{sizes}\n")
        + _generated_words(lesson)
        + "\n".join(_most_probable(result) if most_probable else _table_lines(result))
        + "\n"
        + _losses(lesson)
        + f"\nOther tables, with --show NAME, such as --show {example}:\n"
        + "\n".join(_names_by_part(lesson))
        + "\n"
    )


def _generated_words(lesson: Lesson) -> str:
    """Return the prompt, and the words that the model generates after it."""
    if not lesson.words:
        return ""
    pieces = wrap(f"{' '.join(lesson.prompt)} → ", " ".join(lesson.words)) + "\n"
    if (texts := lesson.texts) is not None:
        before, written = ("".join(c if c.isprintable() else repr(c)[1:-1] for c in text) for text in texts)
        pieces += wrap("as a text: ", f"{before} → {written}") + "\n"
    return pieces + "\n"


def _table_lines(table: Table) -> list[str]:
    """Return the lines of a table with its labels; if it is cut, the last line says how to print all of it."""
    lines = repr(table).splitlines()
    if lines[-1].startswith("(the first"):
        lines[-1] = lines[-1].replace("numbers)", "numbers; --json prints all)")
    return lines


def _most_probable(probabilities: Table) -> list[str]:
    """Return for each position the most probable words, if the vocabulary is too large for a row."""
    lines = [f"{probabilities.name}  {times(probabilities.shape)}, the {MOST_PROBABLE} most probable words of each row"]
    longest = max(map(len, probabilities.rows))
    for label, row in zip(probabilities.rows, probabilities.values, strict=True):
        best = np.argsort(-row, kind="stable")[:MOST_PROBABLE]
        words = ", ".join(f"{probabilities.columns[n]} {in_table(float(row[n]))}" for n in best)
        lines.append(wrap(f"{label:>{longest}}  ", words))
    return [*lines, "(--json or --format npz has all)"]


def _names_by_part(lesson: Lesson) -> list[str]:
    """Return the tables' names by part; gradients, updates and further steps on a line for each kind only."""
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
    lines = [wrap(f"  {part}: " if part else "  ", ", ".join(names), 4) for part, names in parts.items()]
    return lines + [f"  {kind}" for start, kind in kinds.items() if any(n.startswith(start) for n in lesson.tables)]


def _training_results(lesson: Lesson) -> dict[str, Any]:
    """Return the losses, and for each parameter (or tensor of a checkpoint) the gradient and the updated weights."""
    training, numbers = lesson.graph.training, lesson.numbers()
    if training is None:
        return {}
    losses = [float(numbers[loss.name][0, 0]) for loss in training.losses]
    results: dict[str, Any] = {"loss": losses[0]}
    results |= {"losses": losses} if len(losses) > 1 else {}
    for name, nodes in (("gradients", training.gradients), ("updated", training.updated)):
        arrays = lesson.assemble({path: numbers[node.name] for path, node in nodes.items()})
        results |= {name: {path: array.tolist() for path, array in arrays.items()}} if nodes else {}
    return results


def _losses(lesson: Lesson) -> str:
    training, numbers = lesson.graph.training, lesson.numbers()
    if training is None:
        return ""
    losses = ", ".join(f"{numbers[loss.name][0, 0]:.6f}" for loss in training.losses)
    return render(f"\n{'loss at each step' if len(training.losses) > 1 else 'loss'}: {losses}")
