"""Build a lesson from a recipe: choose the model and its options, build its graph, train it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.graph import Array, Scope, current_scope, scope, toposort
from byhand.core.labels import Labels
from byhand.core.roles import Role
from byhand.core.weights import Weights
from byhand.errors import ByhandError, quoted
from byhand.language.architecture import Architecture, Graph, Inputs, options_of
from byhand.language.options import Option, option_values, parse_setting
from byhand.layers.linear import merged_weights
from byhand.lessons.inputs import batch_rows, inputs_of
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import LEARNING, Recipe, ready_made_folder
from byhand.models import MODELS

if TYPE_CHECKING:  # most lessons have none
    from byhand.checkpoints.family import Piece
    from byhand.tokenizers.tokenizer import Tokenizer

LONGEST_TITLE = 100
EXAMPLE = ("ids", "target_ids", "segment_ids", "mask", "pixels")
"""The keys of a stored recipe that are the model's example: what it reads if nothing else is given."""


def build(recipe: Recipe) -> Lesson:
    """Build a recipe's lesson. Raises ByhandError if the recipe is invalid."""
    _check(recipe)
    model = _model(recipe)
    given = recipe if recipe.model in MODELS else _with_ids(recipe, model)
    rows = batch_rows(given, model.architecture)
    graphs = _graphs(model, rows)
    if recipe.lora and not model.weights.learning:
        raise ByhandError(f"{recipe.model} has no linear layer for LoRA to adapt: leave --lora out.")
    graph = _with_learning(given, model, graphs, rows) if recipe.backward else graphs[0][1]
    origin = recipe.learnt or model.weights.origin
    lesson = Lesson(
        recipe,
        model.architecture,
        model.options,
        graph,
        model.assemble,
        origin,
        _tokenizer(recipe),
        pieces=model.pieces,
    )
    if recipe.words and not model.architecture.vocabularies(model.options):
        from byhand.lessons.own_words import label_with_words

        label_with_words(graph.outputs, recipe.words)
    _override(lesson, model.weights)
    lesson.numbers()
    return lesson


def _model(recipe: Recipe) -> _Model:
    model = _built_in_model(recipe) if recipe.model in MODELS else _checkpoint_model(recipe)
    if not (recipe.words or recipe.target_words):
        return model
    from byhand.lessons.own_words import classes_named, with_own_words

    options = classes_named(recipe, model.architecture, model.options)
    return replace(model, architecture=with_own_words(recipe, model.architecture, options), options=options)


def _with_ids(recipe: Recipe, model: _Model) -> Recipe:
    """Return a checkpoint's recipe with its texts as ids of the folder's own tokenizer."""
    from byhand.lessons.folder_text import in_ids

    return in_ids(recipe, model.architecture, model.options)


def _tokenizer(recipe: Recipe) -> Tokenizer | None:
    """Return the tokenizer of a checkpoint's folder; None where there is none, or it cannot be read."""
    if recipe.model in MODELS or recipe.words:
        return None
    from byhand.lessons.folder_text import tokenizer_of_folder

    try:
        return tokenizer_of_folder(Path(recipe.model))
    except ByhandError:  # what it is needed for has said so
        return None


def with_few_words(lesson: Lesson, shown: tuple[int, ...], note: str) -> Lesson:
    """Return a checkpoint's lesson with only some words of its vocabulary: those rows of its embeddings and logits.

    shown: their ids, among them those of the prompt. Which axis of a weight is the vocabulary's is found by building
    the model once with random weights for so many words.
    """
    model = _model(lesson.recipe)
    vocabularies = model.architecture.vocabularies(model.options)
    words = Labels(vocabularies[0].name, tuple(vocabularies[0].words[n] for n in shown))
    architecture = model.architecture.with_words((words,) * len(vocabularies))
    sizes = {name: len(shown) for name in ("vocab", "target_vocab") if hasattr(model.options, name)}
    options = replace(model.options, **sizes)
    place = {n: new for new, n in enumerate(shown)}
    read = [node for node in toposort(lesson.graph.outputs) if node.role is Role.TOKENS and node.data is not None]
    ids = [[place[int(n)] for n in node.data[:, 0]] for node in read if node.data is not None]
    given = inputs_of(_with_ids(lesson.recipe, model), model.architecture, model.options)
    inputs = replace(given, ids=ids[0], target_ids=ids[1] if len(ids) > 1 else None)
    probe = Weights()
    architecture.build(options, probe, inputs)
    arrays = dict(model.weights.arrays or {})
    for path, node in probe.nodes.items():
        array = np.atleast_2d(arrays[path]) if path in arrays else None
        for axis in (0, 1):
            if array is not None and array.shape[axis] != node.shape[axis]:
                array = np.take(array, shown, axis)
        arrays |= {path: array} if array is not None else {}
    weights = Weights(arrays=arrays, about=model.weights.about)
    few = Lesson(
        lesson.recipe, architecture, options, architecture.build(options, weights, inputs), dict, lesson.weights
    )
    _override(few, weights)
    few.numbers()
    return replace(few, tokenizer=lesson.tokenizer, shown=shown, note=note)


def weights_of(recipe: Recipe) -> dict[str, Array]:
    """Return the weights of a recipe's model by path, with the recipe's own numbers and what adapters add in them."""
    model = _model(recipe)
    rows = batch_rows(replace(recipe, batch=[]), model.architecture)
    ((_, graph),) = _graphs(model, rows)
    _override(Lesson(recipe, model.architecture, model.options, graph), model.weights)
    return merged_weights(model.weights)


def model_of(recipe: Recipe) -> tuple[Architecture, Any]:
    """Return the architecture of a recipe, with its words, and its sizes; without its graph."""
    model = _model(recipe)
    return model.architecture, model.options


def _check(recipe: Recipe) -> None:
    """Raise ByhandError for settings that no model allows."""
    if recipe.orientation not in ("rows", "columns"):
        raise ByhandError(f"Orientation is rows or columns, not {quoted(recipe.orientation)}.")
    if recipe.lora < 0:
        raise ByhandError(f"--lora is the rank of the adapters, at least 1, not {quoted(recipe.lora)}.")
    if len(recipe.title) > LONGEST_TITLE or not recipe.title.isprintable():
        raise ByhandError(f"A title is one line of at most {LONGEST_TITLE} letters, not {quoted(recipe.title)}.")
    if recipe.backward or recipe.given(LEARNING):
        from byhand.lessons.backward import check_learning

        check_learning(recipe)


@dataclass(frozen=True)
class _Model:
    """A model before its graph is built; assemble and pieces as in Lesson.

    example: inputs in place of the model's own example.
    """

    architecture: Architecture
    options: Any
    weights: Weights
    assemble: Callable[[Mapping[str, Array]], dict[str, Array]] = dict
    example: Mapping[str, Any] = field(default_factory=dict)
    pieces: Mapping[str, Piece] = field(default_factory=dict)


def _built_in_model(recipe: Recipe) -> _Model:
    """Return a built-in model with the weights that it has learnt, or with random ones."""
    architecture = MODELS[recipe.model]
    seed = architecture.seed if recipe.seed is None else recipe.seed
    if seed < 0:
        raise ByhandError(f"A seed is a whole number from 0, not {quoted(seed)}.")
    size = recipe.size
    if recipe.words or recipe.target_words:
        from byhand.lessons.own_words import sizes_for_words

        size = sizes_for_words(recipe, architecture)
    options = options_of(architecture, size)
    learnt = _learnt(recipe, options)
    if learnt is None:
        return _Model(architecture, options, Weights(seed, rank=recipe.lora))
    usual = [list(vocabulary.words) for vocabulary in architecture.vocabularies(options)]
    if learnt.words and learnt.words not in usual and not recipe.given(("words", "target_words")):
        from byhand.lessons.own_words import classes_named, with_own_words

        named = replace(recipe, words=learnt.words, target_words=learnt.target_words)
        options = classes_named(named, architecture, options)
        architecture = with_own_words(named, architecture, options)
    weights = Weights(learnt.seed, learnt.weights, learnt.about, recipe.lora)
    return _Model(architecture, options, weights, example=learnt.example)


@dataclass(frozen=True)
class LearntModel:
    """What a built-in model has learnt: its weights by path, the words of its text, and an example.

    example: some of the fields of Inputs. about: how the weights were learnt, in a sentence. seed: gives what is drawn
    beside the weights, such as the texts of a database.
    """

    weights: dict[str, Array]
    words: list[str]
    target_words: list[str]
    example: dict[str, Any]
    about: str
    seed: int


def learnt_folder() -> Path:
    """Return the folder of the stored recipes."""
    return ready_made_folder() / "learnt"


@cache
def learnt_model(name: str) -> LearntModel | None:
    """Return what a built-in model has learnt; None for one that has learnt nothing."""
    path = learnt_folder() / f"{name}.toml"
    if not path.is_file():
        return None
    table = tomllib.loads(path.read_text("utf-8"))  # a file of ours
    weights = {name: np.atleast_2d(np.array(numbers, dtype=np.float64)) for name, numbers in table["set"].items()}
    example = {key: table[key] for key in EXAMPLE if key in table}
    if "pixels" in example:
        from byhand.lessons.drawn_pictures import picture_of

        example["pixels"] = picture_of(example["pixels"])
    words, target_words = table.get("words", []), table.get("target_words", [])
    return LearntModel(weights, words, target_words, example, table["learnt"], table["seed"])


def _learnt(recipe: Recipe, options: Any) -> LearntModel | None:
    """Return what the recipe's model has learnt, if the recipe asks for no other sizes and no random weights.

    The temperature is no size: it changes how sure the model is, not what it has learnt.
    """
    if recipe.seed is not None or recipe.model not in MODELS:
        return None
    usual = MODELS[recipe.model].options
    if hasattr(options, "temperature"):
        options = replace(options, temperature=usual.temperature)
    return learnt_model(recipe.model) if options == usual else None


def before_learning(recipe: Recipe) -> Recipe:
    """Return the recipe of the same model with its random weights, before it has learnt anything.

    With adapters it is the recipe itself: what the model has learnt is frozen, and the adapters begin at 0.
    """
    if recipe.seed is not None or recipe.model not in MODELS or recipe.lora:
        return recipe
    return replace(recipe, seed=MODELS[recipe.model].seed)


def _checkpoint_model(recipe: Recipe) -> _Model:
    """Return a checkpoint's model with its weights and sizes; `tokens`, if it has that option, may be set."""
    from byhand.checkpoints import reading

    if recipe.seed is not None:
        raise ByhandError("A checkpoint has its own weights: leave --seed out.")
    loaded = reading.read(Path(recipe.model))
    if set(recipe.size) - ({"tokens"} & option_values(loaded.options).keys()):
        raise ByhandError("A checkpoint has its own sizes: leave --size out.")
    tokens = {name: parse_setting(name, value, 1, Option()) for name, value in recipe.size.items()}
    assemble = partial(reading.assemble, loaded)
    options, weights = (
        replace(loaded.options, **tokens),
        Weights(arrays=loaded.arrays, about=loaded.about, rank=recipe.lora),
    )
    return _Model(loaded.architecture, options, weights, assemble, pieces=loaded.pieces)


def _graphs(model: _Model, rows: list[Recipe]) -> list[tuple[Scope, Graph]]:
    """Return the scope and graph of each row of the batch; all share weights and vocabulary."""
    architecture = model.architecture
    inputs = [inputs_of(row, architecture, model.options) for row in rows]
    inputs = [replace(given, **_example(model, given)) for given in inputs]
    if len(rows) > 1:
        words = architecture.vocabularies(model.options)
        architecture = architecture.with_words(words) if words else architecture
    graphs = [(current_scope(), architecture.build(model.options, model.weights, inputs[0]))]
    for n, given in enumerate(inputs[1:], 2):
        with scope(f"row{n}", f"Sentence {n}", repeats=True) as row:
            graphs.append((row, architecture.build(model.options, model.weights, given)))
    return graphs


def _example(model: _Model, given: Inputs) -> dict[str, Any]:
    """Return the model's example for those inputs that are not given; a mask and segments only with its ids."""
    absent = {name: value for name, value in model.example.items() if getattr(given, name) is None}
    return {name: absent[name] for name in absent if given.ids is None or name == "target_ids"}


def _with_learning(recipe: Recipe, model: _Model, graphs: list[tuple[Scope, Graph]], rows: list[Recipe]) -> Graph:
    """Return the first row's graph, extended by the loss of all rows, its gradients and the optimizer's steps."""
    from byhand.lessons.backward import learn

    batch = [(place, graph, row) for (place, graph), row in zip(graphs, rows, strict=True)]
    return learn(recipe, model.architecture, model.weights, batch)


def _override(lesson: Lesson, weights: Weights) -> None:
    """Put the numbers of the recipe's `set` into the lesson's tables; a weight is named by its path, too."""
    if lesson.recipe.set:
        from byhand.lessons.overrides import check_lookups, override

        for name, value in lesson.recipe.set.items():
            weight = weights.nodes.get(name)
            override(lesson, weight.name if weight is not None and name not in lesson.tables else name, value)
        check_lookups(lesson)
