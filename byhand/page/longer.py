"""The lessons of a page that goes on writing: the same model with one more word, and one more, and one more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from byhand.core.graph import Node, fold
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.few_words import few_words
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe

MOST_WORDS = 8
"""The most words that a page goes on to write."""
MOST_WORDS_BACKWARD = 3
"""The same with gradients, of which a page is several times as large."""

Slot = list[tuple[Node, int]]
"""The cells that hold the id of a written word, as tables with their rows."""


def longer_lessons(lesson: Lesson) -> Iterator[tuple[Lesson, list[Slot]]]:
    """Yield the lesson with 1, 2, 3 ... more words, and where each stands; none of one that writes no words.

    The words are the first of the vocabulary, which the page replaces. A lesson that writes several words itself
    writes more of them.
    """
    graph, recipe = lesson.graph, lesson.recipe
    if "generate" not in lesson.architecture.takes or graph.prompt is None or recipe.beams > 1:
        return
    ids = [int(n) for n in fold([graph.prompt], graph.given)[graph.prompt][:, 0]]
    ids = [lesson.shown[n] for n in ids] if lesson.shown else ids
    first = lesson.shown[0] if lesson.shown else 0
    for more in range(1, 1 + (MOST_WORDS_BACKWARD if recipe.backward else MOST_WORDS)):
        changed: dict[str, Any] = {"generate": recipe.generate + more}
        if recipe.generate == 1:
            changed = _with_ids(recipe, "target_ids" in lesson.architecture.takes, [*ids, *([first] * more)], more)
        try:
            longer = few_words(build(replace(recipe, **changed)), lesson.shown)
        except ByhandError:  # the model has no room for so many words
            return
        if recipe.generate > 1:
            yield longer, [[(node, 0)] for node in longer.graph.written[recipe.generate - 1 : -1]]
        else:
            yield longer, [_slot(longer, row) for row in range(len(ids), len(ids) + more)]


def _with_ids(recipe: Recipe, is_target: bool, ids: list[int], more: int) -> dict[str, Any]:
    """Return what differs in a recipe whose text goes on; of words that are added no target is known."""
    texts: dict[str, Any] = {"target_ids": ids, "target_prompt": None} if is_target else {"ids": ids, "prompt": None}
    return texts if recipe.targets is None else texts | {"targets": [*recipe.targets, *(["_"] * more)]}


def _slot(lesson: Lesson, row: int) -> Slot:
    """Return the cells of a word of the text: its own, and where it is what the word before it should lead to."""
    assert lesson.graph.prompt is not None
    slot = [(lesson.graph.prompt, row)]
    if lesson.graph.training and lesson.recipe.targets is None:
        targets = next(n for n in lesson.tables.values() if n.symbol == "targets" and n.role is Role.TOKENS)
        slot.append((targets, row - 1))
    return slot
