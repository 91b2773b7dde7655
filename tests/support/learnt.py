"""What a built-in model knows of the text that it has learnt: its loss, the floor, the words that it gets right."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cache
from math import log
from typing import Any

import numpy as np

from byhand.core.graph import Array
from byhand.core.roles import Role
from byhand.lessons.build import before_learning, build, learnt_folder, learnt_model, model_of
from byhand.lessons.corpus import Corpus, corpus, ready_made_texts
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

BORROWED = {"knn-lm": "gpt2", "logit-lens": "gpt2", "activation-patching": "gpt2"}
"""Models that take the weights of another, and learn nothing of their own."""
LEARNT = [path.stem for path in sorted(learnt_folder().glob("*.toml")) if path.stem not in BORROWED]
"""The built-in models that have learnt a text."""


@dataclass(frozen=True)
class Knowledge:
    """loss: the mean over all targets, in nats. floor: for a reader who knows the text. right: of `total`."""

    text: str
    weights: int
    grid: float
    largest: float
    loss: float
    floor: float
    right: int
    total: int


def command_of(model: str) -> list[str]:
    """Return the command that taught a model, the first line of its file."""
    with (learnt_folder() / f"{model}.toml").open(encoding="utf-8") as file:
        return shlex.split(file.readline().removeprefix("# "))


@cache
def text_of(model: str) -> Corpus:
    """Return the text that a model has learnt, as examples in its own words."""
    learnt = learnt_model(model)
    assert learnt is not None
    text = ready_made_texts()[command_of(model)[2]].read_text(encoding="utf-8")
    recipe = before_learning(Recipe(model, words=learnt.words, target_words=learnt.target_words))
    return corpus(text, recipe, *model_of(recipe), "words")


def lessons_of(model: str, **changes: Any) -> list[tuple[dict[str, Any], Lesson]]:
    """Return each example, and the model's lesson of it."""
    examples = [dict(example) for example in text_of(model).examples]
    recipe = Recipe(model, **changes)
    return [(e, build(replace(recipe, **{k: v for k, v in e.items() if k != "targets"}))) for e in examples]


def logits_of(lesson: Lesson) -> Array:
    assert lesson.graph.logits is not None
    table: Array = lesson.numbers()[lesson.graph.logits.name]
    return table


def _read_until(example: dict[str, Any], place: int) -> Hashable:
    """Return all that a model has read when it answers at a place."""
    if "pixels" in example:
        return str(example["pixels"])
    if "target_ids" in example:
        return (*example["ids"], "→", *example["target_ids"][: place + 1])
    if -1 in example["targets"]:
        return (*example["ids"], place)
    return tuple(example["ids"][: place + 1])


def counts(examples: list[dict[str, Any]]) -> dict[Hashable, Counter[int]]:
    """Return how often each answer follows what is read, in the text."""
    counted: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for example in examples:
        for place, target in enumerate(example["targets"]):
            if target >= 0:
                counted[_read_until(example, place)][target] += 1
    return counted


def knowledge(model: str, **changes: Any) -> Knowledge:
    """Return what a model knows of its text. changes: of its recipe, such as a head's weights set to 0."""
    lessons = lessons_of(model, **changes)
    counted = counts([example for example, _ in lessons])
    losses, floors, right = [], [], 0
    for example, lesson in lessons:
        for place, (target, scores) in enumerate(zip(example["targets"], logits_of(lesson), strict=True)):
            if target < 0:
                continue
            answers = counted[_read_until(example, place)]
            losses.append(float(np.log(np.exp(scores - scores[target]).sum())))
            floors.append(log(answers.total() / answers[target]))
            right += answers[int(scores.argmax())] == max(answers.values())
    command = command_of(model)
    largest = max(float(np.abs(table).max()) for table in _learnt_weights(model).values())
    grid = float(command[command.index("--grid") + 1]) if "--grid" in command else 0.0
    size = sum(table.size for table in _learnt_weights(model).values())
    return Knowledge(
        command[2], size, grid, largest, float(np.mean(losses)), float(np.mean(floors)), right, len(losses)
    )


def _learnt_weights(model: str) -> dict[str, Array]:
    learnt = learnt_model(model)
    assert learnt is not None
    return learnt.weights


def says_what_its_text_says(model: str) -> bool:
    """Return whether the answer to a model's own example, in its last place, is one that the text has there."""
    learnt = learnt_model(model)
    assert learnt is not None
    counted = counts([dict(example) for example in text_of(model).examples])
    lesson = build(Recipe(model))
    scores = logits_of(lesson)
    example = {"targets": [], **learnt.example}
    place = len(scores) - 1
    if "mask" in example:
        example["ids"] = [index for index, seen in zip(example["ids"], example["mask"], strict=True) if seen]
    if "pixels" in example:
        example["pixels"] = text_of(model).examples[1]["pixels"]  # the drawn text of the same bar
        assert np.array_equal(lesson.numbers()["picture"], learnt.example["pixels"][0])
    elif lesson.graph.look_at is not None:
        place, example["targets"] = lesson.graph.look_at, [-1]
    return int(scores[place].argmax()) in counted[_read_until(example, place)]


KINDS = {"the": "article", "a": "article", "cat": "noun", "dog": "noun", "mat": "noun", "on": "preposition"}
"""The kinds of the words of the text animals; the others are verbs."""


def experts_of(model: str) -> dict[str, list[set[int]]]:
    """Return the experts to which a mixture sends each word of its text, by the kind of the word."""
    found: dict[str, list[set[int]]] = defaultdict(list)
    words = text_of(model).recipe.words
    for example, lesson in lessons_of(model):
        gates = next(name for name, node in lesson.tables.items() if node.role is Role.GATES)
        for index, row in zip(example["ids"], lesson.numbers()[gates], strict=True):
            found[KINDS.get(words[index], "verb")].append({int(n) + 1 for n in np.flatnonzero(row)})
    return dict(found)


def row(model: str) -> str:
    """Return the line of docs/learnt.md on a model."""
    k = knowledge(model)
    return (
        f"| {MODELS[model].title} (`{model}`) | {k.text} | {k.weights} | {k.grid or 'none'} | {k.largest:g} "
        f"| {k.loss:.2f} | {k.floor:.2f} | {k.right} of {k.total} |"
    )


if __name__ == "__main__":
    for name in LEARNT:
        print(row(name), flush=True)
