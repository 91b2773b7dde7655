"""A lesson with only the words that matter of a large vocabulary: a sheet has no room for 50,000 rows."""

from __future__ import annotations

import numpy as np

from byhand.core.graph import toposort
from byhand.core.labels import Labels
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.lessons.build import with_few_words
from byhand.lessons.lesson import Lesson
from byhand.models import MODELS

MOST_WORDS = 1_000
"""The largest vocabulary that is shown whole."""
MOST_PROBABLE = 24
"""How many of the most probable words are shown: as many as the home page has room for."""
MOST_PROBABLE_ELSEWHERE = 4
"""How many of the most probable words of each other position, or of each further step, are shown."""
MOST_SPECIAL = 8
MOST_ALIKE = 4
"""How many words that are spelled alike are offered for each word of the prompt."""
MOST_SHOWN = 250
"""The most words that are shown: a formula chooses among no more numbers. Those of the prompt are among the first."""
MARKS = "Ġ▁#"


def few_words(lesson: Lesson, shown: tuple[int, ...] = ()) -> Lesson:
    """Return the lesson with the words that matter, if it is a checkpoint's with a large vocabulary; else itself.

    shown: their ids, if they are known. Those of the prompt, the written and the special ones, the most probable at
    each position, the most probable next first, and words that are spelled like the prompt's.
    """
    recipe = lesson.recipe
    vocabulary = _vocabulary(lesson)
    if recipe.model in MODELS or recipe.all_words or recipe.backward or recipe.batch or vocabulary is None:
        return lesson
    if lesson.shown or len(vocabulary.words) <= MOST_WORDS or "pixels" in lesson.architecture.takes:
        return lesson
    chosen = shown or _chosen(lesson, vocabulary)
    return with_few_words(lesson, chosen, _note(lesson, vocabulary, chosen))


def _vocabulary(lesson: Lesson) -> Labels | None:
    """Return the vocabulary of a model that has one for all its texts."""
    vocabularies = lesson.architecture.vocabularies(lesson.options)
    same = bool(vocabularies) and all(v.words == vocabularies[0].words for v in vocabularies)
    return vocabularies[0] if same and hasattr(lesson.options, "vocab") else None


def _chosen(lesson: Lesson, vocabulary: Labels) -> tuple[int, ...]:
    numbers = lesson.numbers()
    chosen: dict[int, None] = {}
    graph, count = lesson.graph, len(vocabulary.words)
    if (row := _predicted(lesson, count)) is not None:
        chosen |= dict.fromkeys(_largest(row, MOST_PROBABLE))
    read = [n for n in toposort(graph.outputs) if n.role is Role.TOKENS and n.name]
    typed = [int(n) for node in read for n in numbers[node.name].flat if n >= 0]
    chosen |= dict.fromkeys(typed)
    if len(chosen) > MOST_SHOWN:
        raise ByhandError(
            f"The prompt has {len(chosen):,} different words, more than a workbook of a large vocabulary shows "
            f"({MOST_SHOWN}): give a shorter one, or --all-words."
        )
    tables = [numbers[n.name] for n in graph.outputs if n.name and int(n.shape[1]) == count]
    for row in (row for table in tables for row in table):
        chosen |= dict.fromkeys(_largest(row, MOST_PROBABLE_ELSEWHERE))
    if lesson.tokenizer is not None:
        special = [token.id for token in lesson.tokenizer.added.tokens if token.special and token.id < count]
        chosen |= dict.fromkeys(special[:MOST_SPECIAL])
    chosen |= dict.fromkeys(_alike([vocabulary.words[n] for n in typed], vocabulary))
    return tuple(chosen)[:MOST_SHOWN]


def _predicted(lesson: Lesson, count: int) -> np.ndarray | None:
    """Return the probabilities of the vocabulary's words where they are looked at first; None if it predicts none."""
    graph = lesson.graph
    if graph.probabilities is None or int(graph.probabilities.shape[1]) != count:
        return None
    p = lesson.numbers()[graph.probabilities.name]
    row: np.ndarray = p[p.shape[0] - 1 if graph.look_at is None else graph.look_at]
    return row


def _largest(row: np.ndarray, count: int) -> list[int]:
    """Return the places of the largest numbers, the largest first; of equal ones the first."""
    few = np.argpartition(-row, min(count, row.size - 1))[: count + 1]
    return [int(n) for n in sorted(few, key=lambda n: (-row[n], n))[:count]]


def _alike(words: list[str], vocabulary: Labels) -> list[int]:
    """Return words that are spelled like others: with capitals, another mark, or a letter or two more."""
    plain = {word.strip(MARKS).casefold() for word in words} - {""}
    found: dict[str, list[int]] = {word: [] for word in plain}
    sizes = {len(word) for word in plain}
    for n, word in enumerate(vocabulary.words):
        bare = word.strip(MARKS).casefold()
        for size in sizes:
            if size <= len(bare) <= size + 2 and (start := bare[:size]) in found and len(found[start]) < MOST_ALIKE:
                found[start].append(n)
    return [n for places in found.values() for n in places]


def _note(lesson: Lesson, vocabulary: Labels, chosen: tuple[int, ...]) -> str:
    """Return the sentences that say which words are shown, and how probable the first is among all."""
    row = _predicted(lesson, len(vocabulary.words))
    if row is None:
        return (
            f"{len(chosen)} of the {len(vocabulary.words):,} words are here: those of the prompt and words like them. "
            "Other sheets number the words that are here from 0. With --all-words all are shown."
        )
    best = int(np.argmax(row))
    return (
        f"{len(chosen)} of the {len(vocabulary.words):,} words are here: those of the prompt and words like them, and "
        f"the most probable ones. Probabilities are shares among these; among all, {vocabulary.words[best]} has "
        f"{row[best]:.3g}. Other sheets number the words that are here from 0. With --all-words all are shown."
    )
