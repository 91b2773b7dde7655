"""The lessons of a page that goes on writing: the same model with one more word, and one more, and one more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from byhand.core.graph import fold
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.few_words import few_words
from byhand.lessons.lesson import Lesson

MOST_WORDS = 8
"""The most words that a page goes on to write."""


def longer_lessons(lesson: Lesson) -> Iterator[Lesson]:
    """Yield the lesson with 1, 2, 3 ... more words, as long as the model has room; none of one that writes no words.

    The words are those of the lesson and then the first of the vocabulary, which the page replaces.
    """
    graph, recipe = lesson.graph, lesson.recipe
    if "generate" not in lesson.architecture.takes or graph.prompt is None or recipe.generate > 1 or recipe.backward:
        return
    field = "target_ids" if "target_ids" in lesson.architecture.takes else "ids"
    text = "target_prompt" if field == "target_ids" else "prompt"
    ids = [int(n) for n in fold([graph.prompt], graph.given)[graph.prompt][:, 0]]
    ids = [lesson.shown[n] for n in ids] if lesson.shown else ids
    first = lesson.shown[0] if lesson.shown else 0
    for more in range(1, MOST_WORDS + 1):
        try:
            given: dict[str, Any] = {field: [*ids, *([first] * more)], text: None}
            yield few_words(build(replace(recipe, **given)), lesson.shown)
        except ByhandError:
            return
