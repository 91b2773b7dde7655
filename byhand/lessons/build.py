"""Builds a lesson from a recipe: options, weights, graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from byhand.core.graph import Array, Scope, current_scope, scope
from byhand.core.weights import Weights
from byhand.errors import ByhandError, nearest, quoted
from byhand.language.architecture import Architecture, Graph, check_sizes, heads_of, used
from byhand.language.options import CHOICES, FROM_ZERO
from byhand.lessons.inputs import inputs_of, rows_of
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import LEARNING, Recipe
from byhand.models import MODELS, architecture

LARGEST = 100_000
"""The largest number that a size may be, before anything is built from it."""
LONGEST_TITLE = 100


def build(recipe: Recipe) -> Lesson:
    """Build a recipe's graph. ByhandError for whatever in it cannot be."""
    if recipe.orientation not in ("rows", "columns"):
        raise ByhandError(f"Orientation is rows or columns, not {quoted(recipe.orientation)}.")
    if len(recipe.title) > LONGEST_TITLE or not recipe.title.isprintable():
        raise ByhandError(f"A title is one line of at most {LONGEST_TITLE} letters, not {quoted(recipe.title)}.")
    learns = bool(recipe.backward or recipe.given(LEARNING))
    if learns:
        from byhand.lessons.backward import check_learning, learn

        check_learning(recipe)
    model = _loaded(recipe) if recipe.model not in MODELS else _drawn(recipe)
    rows = rows_of(recipe, model.architecture)
    graphs, scopes = _graphs(model, rows)
    graph = graphs[0]
    if learns:  # else its settings were refused
        graph = learn(recipe, model.architecture, model.weights, list(zip(scopes, graphs, rows, strict=True)))
    lesson = Lesson(recipe, model.architecture, model.options, graph, model.assemble, model.weights.origin)
    if recipe.set:
        from byhand.lessons.overrides import change, check_lookups

        for name, value in recipe.set.items():
            change(lesson, name, value)
        check_lookups(lesson)
    lesson.numbers()
    return lesson


@dataclass(frozen=True)
class _Model:
    """What a recipe's model is built from."""

    architecture: Architecture
    options: Any
    weights: Weights
    assemble: Callable[[Mapping[str, Array]], dict[str, Array]] = dict


def _drawn(recipe: Recipe) -> _Model:
    found = architecture(recipe.model)
    weights = Weights(_seed(found.seed if recipe.seed is None else recipe.seed))
    return _Model(found, options_of(found, recipe.size), weights)


def _loaded(recipe: Recipe) -> _Model:
    from byhand.checkpoints import reading

    if recipe.seed is not None:
        raise ByhandError("A checkpoint has its own weights: leave --seed out.")
    loaded = reading.read(Path(recipe.model))
    options = _with_tokens(loaded.options, recipe.size)
    assemble = partial(reading.assemble, loaded)
    return _Model(loaded.architecture, options, Weights(arrays=loaded.arrays), assemble)


def _with_tokens(options: Any, size: dict[str, Any]) -> Any:
    """A checkpoint's options; where its input is a table, its number of rows may be chosen."""
    if set(size) - ({"tokens"} & {f.name for f in fields(options)}):
        raise ByhandError("A checkpoint has its own sizes: leave --size out.")
    return replace(options, **{name: _setting(name, value, 1) for name, value in size.items()})


def _graphs(model: _Model, rows: list[Recipe]) -> tuple[list[Graph], list[Scope]]:
    """The model's graph for each row of the batch, all with the same weights and words."""
    found = model.architecture
    inputs = [inputs_of(row, found, model.options) for row in rows]
    if len(rows) > 1:
        words = found.vocabularies(model.options)
        found = found.speaking(words) if words else found
    graphs, scopes = [found.build(model.options, model.weights, inputs[0])], [current_scope()]
    for n, given in enumerate(inputs[1:], 2):
        with scope(f"row{n}", f"Sentence {n}", repeats=True) as row:
            graphs.append(found.build(model.options, model.weights, given))
            scopes.append(row)
    return graphs, scopes


def _seed(seed: int) -> int:
    if seed < 0:
        raise ByhandError(f"A seed is a whole number from 0, not {quoted(seed)}.")
    return seed


def settings_of(found: Architecture) -> dict[str, Any]:
    """The options that `--size` may set, with their defaults: numbers and words that the model has a use for."""
    return {k: v for k, v in used(found.options()).items() if isinstance(v, bool | int | float | str)}


def options_of(found: Architecture, settings: dict[str, Any]) -> Any:
    """The model's options with some of them set; `name` chooses one of its named sizes first."""
    settings = dict(settings)
    size = str(settings.pop("name", "small"))
    default = found.options()
    known = settings_of(found)
    if size in known:
        raise ByhandError(f"--size {size} needs a value, such as --size {size}={str(known[size]).casefold()}.")
    if size not in found.sizes:
        raise ByhandError(f"{found.name} has no size {quoted(size)}; {nearest(size, found.sizes)}.")
    for name in settings:
        if name not in known:
            raise ByhandError(f"{found.name} has no size {quoted(name)}; {nearest(name, known)}.")
    chosen = found.sizes[size] | {name: _setting(name, value, known[name]) for name, value in settings.items()}
    options = replace(default, **chosen)
    width = getattr(options, "d_model", 1)
    for heads in heads_of(options):
        if width % heads:
            raise ByhandError(f"d_model {width} does not divide into {heads} heads: choose a multiple of {heads}.")
    check_sizes(options)
    return options


def _setting(name: str, value: Any, default: Any) -> Any:
    """One setting, from text or TOML, as its default's kind."""
    text = str(value).casefold()
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise ByhandError(f"{name} is true or false, not {quoted(value)}.")
        return text == "true"
    if isinstance(default, str):
        if text not in CHOICES[name]:
            raise ByhandError(f"{name} cannot be {quoted(value)}; {nearest(text, CHOICES[name])}.")
        return text
    try:
        number = type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ByhandError(f"{name} is {kind}, not {quoted(value)}.") from None
    least = 0 if isinstance(default, float) or name.endswith("layers") or name in FROM_ZERO else 1
    if not least <= number <= LARGEST:
        raise ByhandError(f"{name} is {quoted(number)}, but must be from {least} to {LARGEST:,}.")
    return number
