"""A recipe to a lesson: its model with the options that it sets, the model's graph, and what it learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from byhand.core.graph import Array, Scope, current_scope, scope
from byhand.core.weights import Weights
from byhand.errors import ByhandError, nearest, quoted
from byhand.language.architecture import Architecture, Graph, check_sizes, heads_of
from byhand.language.options import Option, option_records, option_values
from byhand.lessons.inputs import batch_rows, inputs_of
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import LEARNING, Recipe
from byhand.models import MODELS

LARGEST = 100_000
"""The largest number that a size may be, before anything is built from it."""
LONGEST_TITLE = 100


def build(recipe: Recipe) -> Lesson:
    """Build a recipe's lesson. ByhandError for whatever in it cannot be."""
    _check(recipe)
    model = _drawn(recipe) if recipe.model in MODELS else _loaded(recipe)
    rows = batch_rows(recipe, model.architecture)
    graphs = _graphs(model, rows)
    graph = _with_learning(recipe, model, graphs, rows) if recipe.backward else graphs[0][1]
    lesson = Lesson(recipe, model.architecture, model.options, graph, model.assemble, model.weights.origin)
    _override(lesson)
    lesson.numbers()
    return lesson


def _check(recipe: Recipe) -> None:
    """ByhandError for settings that are wrong whatever the model."""
    if recipe.orientation not in ("rows", "columns"):
        raise ByhandError(f"Orientation is rows or columns, not {quoted(recipe.orientation)}.")
    if len(recipe.title) > LONGEST_TITLE or not recipe.title.isprintable():
        raise ByhandError(f"A title is one line of at most {LONGEST_TITLE} letters, not {quoted(recipe.title)}.")
    if recipe.backward or recipe.given(LEARNING):
        from byhand.lessons.backward import check_learning

        check_learning(recipe)


@dataclass(frozen=True)
class _Model:
    """What a recipe's graph is built from; assemble as in Lesson."""

    architecture: Architecture
    options: Any
    weights: Weights
    assemble: Callable[[Mapping[str, Array]], dict[str, Array]] = dict


def _drawn(recipe: Recipe) -> _Model:
    """A model of the index, whose weights are drawn."""
    found = MODELS[recipe.model]
    seed = found.seed if recipe.seed is None else recipe.seed
    if seed < 0:
        raise ByhandError(f"A seed is a whole number from 0, not {quoted(seed)}.")
    return _Model(found, options_of(found, recipe.size), Weights(seed))


def _loaded(recipe: Recipe) -> _Model:
    """A checkpoint, with its own weights and sizes; where its input is a table, its number of rows may be chosen."""
    from byhand.checkpoints import reading

    if recipe.seed is not None:
        raise ByhandError("A checkpoint has its own weights: leave --seed out.")
    loaded = reading.read(Path(recipe.model))
    if set(recipe.size) - ({"tokens"} & option_values(loaded.options).keys()):
        raise ByhandError("A checkpoint has its own sizes: leave --size out.")
    tokens = {name: parse_setting(name, value, 1, Option()) for name, value in recipe.size.items()}
    assemble = partial(reading.assemble, loaded)
    return _Model(loaded.architecture, replace(loaded.options, **tokens), Weights(arrays=loaded.arrays), assemble)


def _graphs(model: _Model, rows: list[Recipe]) -> list[tuple[Scope, Graph]]:
    """The model's graph for each row of the batch in a scope of its own, all with the same weights and words."""
    found = model.architecture
    inputs = [inputs_of(row, found, model.options) for row in rows]
    if len(rows) > 1:
        words = found.vocabularies(model.options)
        found = found.with_words(words) if words else found
    graphs = [(current_scope(), found.build(model.options, model.weights, inputs[0]))]
    for n, given in enumerate(inputs[1:], 2):
        with scope(f"row{n}", f"Sentence {n}", repeats=True) as row:
            graphs.append((row, found.build(model.options, model.weights, given)))
    return graphs


def _with_learning(recipe: Recipe, model: _Model, graphs: list[tuple[Scope, Graph]], rows: list[Recipe]) -> Graph:
    """The first row's graph, with the loss of all rows, its gradients, and the optimizer's steps."""
    from byhand.lessons.backward import learn

    batch = [(place, graph, row) for (place, graph), row in zip(graphs, rows, strict=True)]
    return learn(recipe, model.architecture, model.weights, batch)


def _override(lesson: Lesson) -> None:
    """Put the recipe's own numbers into tables of the lesson."""
    if lesson.recipe.set:
        from byhand.lessons.overrides import check_lookups, override

        for name, value in lesson.recipe.set.items():
            override(lesson, name, value)
        check_lookups(lesson)


def settings_of(found: Architecture) -> dict[str, Any]:
    """Return the options that `--size` may set, with their defaults: numbers, words, true and false."""
    return {k: v for k, v in option_values(found.options).items() if isinstance(v, bool | int | float | str)}


def options_of(found: Architecture, settings: dict[str, Any]) -> Any:
    """Return the model's options with some of them set; `name` chooses one of its named sizes first."""
    settings = dict(settings)
    size = str(settings.pop("name", "small"))
    defaults, about = settings_of(found), option_records(found.options)
    if size in defaults:
        raise ByhandError(f"--size {size} needs a value, such as --size {size}={str(defaults[size]).casefold()}.")
    if size not in found.sizes:
        raise ByhandError(f"{found.name} has no size {quoted(size)}; {nearest(size, found.sizes)}.")
    for name in settings:
        if name not in defaults:
            raise ByhandError(f"{found.name} has no size {quoted(name)}; {nearest(name, defaults)}.")
    given = {name: parse_setting(name, value, defaults[name], about[name]) for name, value in settings.items()}
    chosen = found.sizes[size] | given
    options = replace(found.options, **chosen)
    width = getattr(options, "d_model", 1)
    for heads in heads_of(options):
        if width % heads:
            raise ByhandError(f"d_model {width} does not divide into {heads} heads: choose a multiple of {heads}.")
    check_sizes(options)
    return options


def parse_setting(name: str, value: Any, default: Any, about: Option) -> Any:
    """Return one setting, from text or TOML, as its default's kind. ByhandError unless it is one that may be."""
    text = str(value).casefold()
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise ByhandError(f"{name} is true or false, not {quoted(value)}.")
        return text == "true"
    if isinstance(default, str):
        if text not in about.choices:
            raise ByhandError(f"{name} cannot be {quoted(value)}; {nearest(text, about.choices)}.")
        return text
    try:
        number = type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ByhandError(f"{name} is {kind}, not {quoted(value)}.") from None
    least = 0 if isinstance(default, float) or about.zero or about.counts == "layers" else 1
    if not least <= number <= LARGEST:
        raise ByhandError(f"{name} is {quoted(number)}, but must be from {least} to {LARGEST:,}.")
    return number
