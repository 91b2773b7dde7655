"""Two models side by side: what differs in their options, and what each costs."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from byhand.graph import toposort
from byhand.lesson import Lesson, Recipe
from byhand.models.architecture import used
from byhand.models.cost import multiplications
from byhand.recipe import build, find

LONGEST = 4
"""Words of the prompt that both are given, or fewer where one has fewer words or places."""


@dataclass(frozen=True)
class Cost:
    """What a model costs with a prompt of `words`, None where it takes none.

    multiplications: of one pass. cached: of the next word from a cache, which then holds so many numbers; None where
    it does not write word by word.
    """

    words: int | None
    parameters: int
    multiplications: int
    cached: int | None
    cache: int | None


def compare(names: tuple[str, str]) -> list[tuple[Lesson, Cost]]:
    """Each model with its cost, both for prompts of the same length."""
    recipes = [find(name) for name in names]
    lessons = [build(recipe) for recipe in recipes]
    count = min(LONGEST, *(_room(lesson) for lesson in lessons))
    return [(lesson, _cost(lesson, recipe, count)) for lesson, recipe in zip(lessons, recipes, strict=True)]


def _room(lesson: Lesson) -> int:
    """How many words may be given, and one more be written."""
    vocabularies = lesson.architecture.vocabularies(lesson.options)
    words = [len(vocabulary.words) for vocabulary in vocabularies]
    return max(1, min([LONGEST, *words, getattr(lesson.options, "max_positions", LONGEST + 1) - 1]))


def _cost(lesson: Lesson, recipe: Recipe, count: int) -> Cost:
    takes = lesson.architecture.takes
    plain = Recipe(recipe.model, size=recipe.size, set=recipe.set, seed=recipe.seed)
    given: dict[str, Any] = {name: list(range(count)) for name in ("ids", "target_ids") if name in takes}
    once = build(replace(plain, **given))
    parameters = sum(int(n.shape[0] * n.shape[1]) for n in once.tables.values() if n.role == "weight")
    outputs = once.graph.outputs if once.graph.logits is None else [once.graph.logits]
    pass_ = multiplications(toposort(outputs))
    if "generate" not in takes:
        return Cost(count if given else None, parameters, pass_, None, None)
    numbers = build(replace(plain, **given, generate=2, cache=True)).numbers()
    cached, kept = (int(numbers[f"cache.{name}"][0, 0]) for name in ("with", "numbers_kept"))
    return Cost(count, parameters, pass_, cached, kept)


def differing(lessons: list[Lesson]) -> dict[str, list[Any]]:
    """The options that are not the same in both, None where a model has no such option."""
    both = [used(made.options) for made in lessons]
    names = dict.fromkeys([*both[0], *both[1]])
    return {name: [o.get(name) for o in both] for name in names if both[0].get(name) != both[1].get(name)}


def as_json(found: list[tuple[Lesson, Cost]]) -> str:
    """For programs: each model's options and cost, and the names of the options that differ."""
    models = [
        {
            "name": made.recipe.model,
            "family": made.architecture.family,
            "source": made.architecture.source,
            "options": used(made.options),
            **{f.name: getattr(cost, f.name) for f in fields(cost)},
        }
        for made, cost in found
    ]
    return json.dumps({"models": models, "differs": list(differing([made for made, _ in found]))}) + "\n"


def rows_of(found: list[tuple[Lesson, Cost]]) -> list[tuple[str, str, str]]:
    """For people: what is compared, and what it is in the one and in the other."""
    lessons = [made for made, _ in found]
    rows: list[tuple[str, list[Any]]] = [
        ("family", [made.architecture.family for made in lessons]),
        ("source", [made.architecture.source for made in lessons]),
        *differing(lessons).items(),
    ]
    words = found[0][1].words or found[1][1].words
    prompt = f" ({words} word{'s' if words != 1 else ''})" if words else ""
    costs = {
        "parameters": "parameters",
        "multiplications": f"multiplications{prompt}",
        "cached": "for the next word, with a cache",
        "cache": "numbers in the cache",
    }
    rows += [(title, [getattr(cost, name) for _, cost in found]) for name, title in costs.items()]
    return [(title, _said(one), _said(other)) for title, (one, other) in rows]


def _said(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
