"""The list of exercises, and the report on a new set, in the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table

from byhand.cli.terminal import render
from byhand.errors import ByhandError, quoted
from byhand.exercises.class_set import SetOptions, SetResult
from byhand.exercises.formats import OWN_KEY, answer_files, student_files
from byhand.exercises.recipe import Exercise, read_exercise, ready_made, ready_made_exams
from byhand.exercises.roster import number_of_students


def list_exercises(as_json: bool, word: str = "") -> str:
    """Return the list of ready-made exercises, in order of level: name, level, minutes, points, and what each teaches.

    word: list only exercises with this word in the name, title, model or sentence. ByhandError if there are none.
    """
    exercises = [read_exercise(path) for path in (ready_made() | ready_made_exams()).values()]
    matches = sorted((e for e in exercises if _has(e, word)), key=lambda e: (e.level, e.minutes, e.name))
    if not matches:
        raise ByhandError(f"No ready-made exercise has the word {quoted(word)}: `byhand exercise --list` names all.")
    names = ("name", "level", "minutes", "points", "teaches")
    rows = [{name: getattr(exercise, name) for name in names} for exercise in matches]
    if as_json:
        return json.dumps({"exercises": rows}) + "\n"
    grid = Table(box=None, pad_edge=False)
    for name in names:
        text = name in ("name", "teaches")
        grid.add_column(name, justify="left" if text else "right", no_wrap=name == "name", overflow="fold")
    for row in rows:
        grid.add_row(*(f"{row[name]:g}" if name == "points" else str(row[name]) for name in names))
    return render(grid)


def _has(exercise: Exercise, word: str) -> bool:
    """Return whether the word stands in the name, title, model or sentence of an exercise."""
    about = " ".join((exercise.name, exercise.title, exercise.build.model, exercise.teaches))
    return word.casefold() in about.casefold()


def describe_set(options: SetOptions, result: SetResult, as_json: bool) -> str:
    """Return the report on a new set: where the files are, and how much work the exercise is."""
    if as_json:
        return json.dumps(_facts(options, result)) + "\n"
    facts = _facts(options, result)
    existing = f"; {result.kept:,} were there already" if result.kept else ""
    lines = [
        f"Wrote {result.written:,} {'file' if result.written == 1 else 'files'} to {result.folder.path}{existing}.",
        f"By hand, about {result.exercise.minutes} minutes: {facts['multiplications']:,} products and quotients, "
        f"{facts['additions']:,} sums and differences, {facts['functions']:,} powers and roots; "
        f"largest number {facts['largest']:.4g}, {facts['whole']:.0%} of all numbers whole.",
    ]
    if student_files(options.formats, options.practice):
        lines.insert(1, f"Hand out what is in {result.folder.students}.")
    if OWN_KEY in student_files(options.formats, options.practice):
        lines.insert(
            2,
            f"With NAME.xlsx and NAME{OWN_KEY.suffix} in one folder, a student can check alone: byhand check NAME.xlsx",
        )
    if options.roster.column:
        lines.insert(
            1, f"{number_of_students(result.students)}, by the column {options.roster.column!r} of the roster."
        )
    lines[2:2] = options.roster.notes
    if result.versions:
        tables = ", ".join(map(str, answer_files(result.folder.path, options.formats).values()))
        counts = ", ".join(f"{version} for {count:,}" for version, count in result.versions.items())
        lines.insert(2, f"Versions: {counts}. The answers of each, for marking on paper, are in {tables}.")
    return "\n".join([*lines, *result.notes, *_where_from(options, result)]) + "\n"


def _where_from(options: SetOptions, result: SetResult) -> list[str]:
    """Return the sentences on the key and on what the numbers are drawn from."""
    keys, seed = result.folder.key.parent, result.seed
    sentences = [f"With a copy of {keys}, the same command makes the same files on any machine."]
    if seed is not None:
        warning = "" if options.practice else " Whoever knows the seed knows all answers: leave --seed out for an exam."
        sentences = [f"Seed {seed}: with --seed {seed}, the same command makes the same files anywhere.{warning}"]
    if result.folder.is_open_to_others:
        sentences.append(f"Others on this computer can read {keys}, since its disk has no owners of files: move it.")
    return [*sentences, f"The key is {result.folder.key}: whoever has {keys} has all answers, so do not hand it out."]


def _facts(options: SetOptions, result: SetResult) -> dict[str, Any]:
    work = result.problem.work()
    return {
        "exercise": result.exercise.name,
        "seed": result.seed,
        "versions": result.versions,
        "students": result.students,
        "ids": options.roster.column,
        "notes": [*options.roster.notes, *result.notes],
        "written": result.written,
        "kept": result.kept,
        "folder": str(result.folder.students),
        "key": str(result.folder.key),
        "multiplications": work.multiplications,
        "additions": work.additions,
        "functions": work.functions,
        "largest": result.sizes.largest,
        "whole": result.sizes.whole / max(result.sizes.cells, 1),
    }
