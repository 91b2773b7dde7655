"""Two models side by side: their different options, and the cost of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from byhand.core.arithmetic.counts import work
from byhand.core.graph import toposort
from byhand.core.roles import Role
from byhand.language.options import Option, effective_options, in_words, option_records, option_values
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe, find

LONGEST = 4
"""The most words in the prompt of both models."""


@dataclass(frozen=True)
class Cost:
    """The cost of a model with a prompt of `words` words, or None if it takes no prompt.

    multiplications: of one pass. cached: of the next word with a cache, which then holds so many
    numbers; None where it does not write word by word.
    """

    words: int | None
    parameters: int
    multiplications: int
    cached: int | None
    cache: int | None


def compare(names: tuple[str, str]) -> list[tuple[Lesson, Cost]]:
    """Return each model with its cost, for prompts of the same length."""
    recipes = [find(name) for name in names]
    lessons = [build(recipe) for recipe in recipes]
    count = min(LONGEST, *(_room(lesson) for lesson in lessons))
    return [(lesson, _cost(lesson, recipe, count)) for lesson, recipe in zip(lessons, recipes, strict=True)]


def _room(lesson: Lesson) -> int:
    """Return the length of the longest prompt after which one more word can be written."""
    vocabularies = lesson.architecture.vocabularies(lesson.options)
    words = [len(vocabulary.words) for vocabulary in vocabularies]
    return max(1, min([LONGEST, *words, getattr(lesson.options, "max_positions", LONGEST + 1) - 1]))


def _cost(lesson: Lesson, recipe: Recipe, count: int) -> Cost:
    takes = lesson.architecture.takes
    tokens = {"tokens": count} if "ids" not in takes and "tokens" in option_values(lesson.options) else {}
    plain = Recipe(recipe.model, size=recipe.size | tokens, set=recipe.set, seed=recipe.seed)
    given: dict[str, Any] = {name: list(range(count)) for name in ("ids", "target_ids") if name in takes}
    once = build(replace(plain, **given))
    parameters = sum(int(n.shape[0] * n.shape[1]) for n in once.tables.values() if n.role is Role.WEIGHT)
    pass_ = work(toposort([once.graph.logits or once.graph.outputs[0]])).multiplications
    words = count if given or tokens else None
    if "generate" not in takes:
        return Cost(words, parameters, pass_, None, None)
    numbers = build(replace(plain, **given, generate=2, cache=True)).numbers()
    cached, cache_size = (int(numbers[f"cache.{name}"][0, 0]) for name in ("with", "numbers_kept"))
    return Cost(words, parameters, pass_, cached, cache_size)


def differences(lessons: list[Lesson]) -> dict[str, list[Any]]:
    """Return the options that differ, with their values; None where a model lacks the option.

    To lack an option is the same as not to use it. The number of tokens is not compared: it belongs to the input.
    """
    both = [effective_options(lesson.options) for lesson in lessons]
    names = [name for name in dict.fromkeys([*both[0], *both[1]]) if name != "tokens"]
    about = records_of_options(lessons)
    values = {name: [o.get(name) for o in both] for name in names}
    return {name: pair for name, pair in values.items() if len({_effect(about[name], value) for value in pair}) > 1}


def records_of_options(lessons: list[Lesson]) -> dict[str, Option]:
    """Return the record of each option that any of the lessons has."""
    return {name: about for lesson in lessons for name, about in option_records(lesson.options).items()}


def _effect(about: Option, value: Any) -> Any:
    """Return the effect of a value, the same for a missing option (None) and one that is not used."""
    return (about.without if value is None else value) or None


def as_json(compared: list[tuple[Lesson, Cost]]) -> str:
    """Return JSON: each model's options and cost, and the names of the options that differ."""
    models = [
        {
            "name": lesson.recipe.model,
            "family": lesson.architecture.family,
            "source": lesson.architecture.source,
            "options": option_values(lesson.options),
            **{f.name: getattr(cost, f.name) for f in fields(cost)},
        }
        for lesson, cost in compared
    ]
    return json.dumps({"models": models, "differs": list(differences([lesson for lesson, _ in compared]))}) + "\n"


def comparison_rows(compared: list[tuple[Lesson, Cost]]) -> list[tuple[str, str, str]]:
    """Return the rows of a table for people: what is compared, and its value in either model."""
    lessons, costs = [lesson for lesson, _ in compared], [cost for _, cost in compared]
    rows: list[tuple[str, list[Any]]] = [
        ("family", [lesson.architecture.family for lesson in lessons]),
        ("source", [lesson.architecture.source for lesson in lessons]),
        *differences(lessons).items(),
    ]
    about = records_of_options(lessons)
    lines = [
        (title, in_words(one, about.get(title, Option())), in_words(other, about.get(title, Option())))
        for title, (one, other) in rows
        if one != other
    ]
    alike = len({cost.words for cost in costs}) == 1
    passes = [f"{cost.multiplications:,}{'' if alike else _of_words(cost.words)}" for cost in costs]
    counted = [("parameters", [f"{cost.parameters:,}" for cost in costs])]
    counted.append((f"multiplications{_of_words(costs[0].words) if alike else ''}", passes))
    if any(cost.cached for cost in costs):
        longer = max(cost.words or 0 for cost in costs if cost.cached) + 1
        counted.append((f"of word {longer} alone, from a cache", [in_words(cost.cached) for cost in costs]))
        counted.append((f"numbers in the cache{_of_words(longer)}", [in_words(cost.cache) for cost in costs]))
    return lines + [(title, one, other) for title, (one, other) in counted]


def _of_words(count: int | None) -> str:
    return f" ({count} word{'s' if count != 1 else ''})" if count else ""
