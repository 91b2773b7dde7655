"""What to build, as a recipe: a model, its sizes, its inputs, and how to show it."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, nearest
from byhand.graph import Node, fold, toposort
from byhand.labels import Labels
from byhand.layers import ACTIVATIONS
from byhand.models import MODELS, architecture
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.weights import Weights

LARGEST = 1_000_000
"""The largest number that a size may be, before anything is built from it."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is built. The same recipe gives the same numbers and the same file.

    model: a name from `byhand models`, or a checkpoint's folder. size: settings of its options, and `name` for a
    named size. set: tables or cells to change, as in {"layer1.head1.W_Q[1,2]": 5}.
    """

    model: str
    title: str = ""
    size: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    prompt: str | None = None
    ids: list[int] | None = None
    target_prompt: str | None = None
    target_ids: list[int] | None = None
    segment_ids: list[int] | None = None
    mask: list[int] | None = None
    generate: int = 1
    orientation: str = "rows"
    set: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A recipe that has been built."""

    recipe: Recipe
    architecture: Architecture
    options: Any
    graph: Graph

    @property
    def tables(self) -> dict[str, Node]:
        """Every named table, in the model's order."""
        return {n.name: n for n in toposort(self.graph.outputs) if n.name}

    def table(self, name: str) -> Node:
        if name not in self.tables:
            raise ByhandError(f"There is no table '{name}' in {self.architecture.name}; {nearest(name, self.tables)}.")
        return self.tables[name]

    def numbers(self) -> dict[str, Any]:
        """The numbers of every named table."""
        values = fold(self.graph.outputs)
        return {name: values[node] for name, node in self.tables.items()}


def find(text: str) -> Recipe:
    """What MODEL on the command line stands for: a recipe's file, a checkpoint's folder, or a model's name."""
    if text.endswith(".toml"):
        return read_recipe(Path(text))
    if text not in MODELS and ("/" in text or Path(text).is_dir()):
        return Recipe(text)
    architecture(text)
    return Recipe(text)


def read_recipe(path: Path) -> Recipe:
    """A recipe from its TOML file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ByhandError(f"There is no recipe {path}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ByhandError(f"Cannot read the recipe {path}: {error}.") from None
    known = {f.name: f for f in fields(Recipe)}
    for name, value in table.items():
        if name not in known:
            raise ByhandError(f"The recipe {path} has an unknown key '{name}'; {nearest(name, known)}.")
        _check_kind(path, name, str(known[name].type), value)
    if "model" not in table:
        raise ByhandError(f'The recipe {path} names no model: add a line such as model = "gpt2".')
    if table["model"] not in MODELS and (path.parent / table["model"]).is_dir():
        table["model"] = str(path.parent / table["model"])
    return Recipe(**table)


def _check_kind(path: Path, name: str, kind: str, value: Any) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    numbers = isinstance(value, list) and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
    fits = {"str": isinstance(value, str), "int": whole, "dict": isinstance(value, dict), "list": numbers}
    wanted = {
        "str": "a text",
        "int": "a whole number",
        "dict": "a table of settings",
        "list": "a list of whole numbers",
    }
    start = next(k for k in fits if kind.startswith(k))
    if not fits[start]:
        raise ByhandError(f"In the recipe {path}, '{name}' must be {wanted[start]}, not {value!r}.")


def build(recipe: Recipe) -> Lesson:
    """Build a recipe's graph. ByhandError for whatever in it cannot be."""
    if recipe.orientation not in ("rows", "columns"):
        raise ByhandError(f"Orientation is rows or columns, not '{recipe.orientation}'.")
    if recipe.model in MODELS:
        found = architecture(recipe.model)
        options, weights = (
            options_of(found, recipe.size),
            Weights(_seed(found.seed if recipe.seed is None else recipe.seed)),
        )
    else:
        from byhand.models import checkpoint

        if recipe.size:
            raise ByhandError("A checkpoint has its own sizes: leave --size out.")
        loaded = checkpoint.read(Path(recipe.model))
        found, options, weights = loaded.architecture, loaded.options, Weights(arrays=loaded.arrays)
    inputs = _inputs(recipe, found, options)
    graph = found.build(options, weights, inputs)
    lesson = Lesson(recipe, found, options, graph)
    for name, value in recipe.set.items():
        _change(lesson, name, value)
    return lesson


def _seed(seed: int) -> int:
    if seed < 0:
        raise ByhandError(f"A seed is a whole number from 0, not {seed}.")
    return seed


def options_of(found: Architecture, settings: dict[str, Any]) -> Any:
    """The model's options with some of them set; `name` chooses one of its named sizes first."""
    settings = dict(settings)
    size = settings.pop("name", "small")
    if size not in found.sizes:
        raise ByhandError(f"{found.name} has no size '{size}'; {nearest(str(size), found.sizes)}.")
    default = found.options()
    known = {f.name: getattr(default, f.name) for f in fields(found.options)}
    for name in settings:
        if name not in known:
            raise ByhandError(f"{found.name} has no size '{name}'; {nearest(name, known)}.")
    chosen = found.sizes[size] | {name: _setting(name, value, known[name]) for name, value in settings.items()}
    options = replace(default, **chosen)
    heads, width = getattr(options, "heads", 1), getattr(options, "d_model", 1)
    if width % heads:
        raise ByhandError(f"d_model {width} does not divide into {heads} heads: choose a multiple of {heads}.")
    return options


def _setting(name: str, value: Any, default: Any) -> Any:
    """One setting, from text or TOML, as its default's kind."""
    text = str(value).casefold()
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise ByhandError(f"{name} is true or false, not '{value}'.")
        return text == "true"
    if isinstance(default, str):
        if text not in ACTIVATIONS:
            raise ByhandError(f"There is no {name} '{value}'; {nearest(text, ACTIVATIONS)}.")
        return text
    try:
        number = type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ByhandError(f"{name} is {kind}, not '{value}'.") from None
    least = 0 if isinstance(default, float) or name.endswith("layers") else 1
    if not least <= number <= LARGEST:
        raise ByhandError(f"{name} is {number}, but must be from {least} to {LARGEST:,}.")
    return number


def _inputs(recipe: Recipe, found: Architecture, options: Any) -> Inputs:
    """The recipe's inputs, checked against what the model takes."""
    vocabularies = found.vocabularies(options)
    ids = _ids("--ids", recipe.ids, "--prompt", recipe.prompt, vocabularies[:1])
    target_ids = _ids("--target-ids", recipe.target_ids, "--target-prompt", recipe.target_prompt, vocabularies[-1:])
    inputs = Inputs(ids, target_ids, recipe.segment_ids, recipe.mask, recipe.generate)
    for name in ("ids", "target_ids", "segment_ids", "mask"):
        if getattr(inputs, name) is not None and name not in found.takes:
            raise ByhandError(_takes_no(found, "--" + name.replace("_", "-")))
    if inputs.generate != 1 and "generate" not in found.takes:
        raise ByhandError(_takes_no(found, "--generate"))
    if inputs.generate < 1:
        raise ByhandError(f"--generate is the number of words to write, at least 1, not {inputs.generate}.")
    found.check(options, inputs)
    return inputs


def _takes_no(found: Architecture, option: str) -> str:
    taken = [f"--{name.replace('_', '-')}" for name in sorted(found.takes)]
    return f"{found.name} takes no {option}; it takes {', '.join(taken) or '--size, --seed and --set'}."


def _ids(
    option: str, ids: list[int] | None, text_option: str, text: str | None, words: tuple[Labels, ...]
) -> list[int] | None:
    """Ids from ids or from words, in the range of the vocabulary."""
    if ids is not None and text is not None:
        raise ByhandError(f"Give {option} or {text_option}, not both.")
    if not words or (ids is None and text is None):
        return ids if text is None else []
    vocabulary = words[0].words
    if text is not None:
        ids = [_word(word, vocabulary) for word in text.split()]
    assert ids is not None
    if not ids:
        raise ByhandError(f"The prompt is empty: give some of {', '.join(vocabulary[:12])} with {text_option}.")
    wrong = next((i for i in ids if not 0 <= i < len(vocabulary)), None)
    if wrong is not None:
        raise ByhandError(f"Id {wrong} is not in the vocabulary, which has ids 0 to {len(vocabulary) - 1}.")
    return ids


def _word(word: str, vocabulary: tuple[str, ...]) -> int:
    folded = [w.casefold() for w in vocabulary]
    if word.casefold() not in folded:
        raise ByhandError(f"'{word}' is not in the vocabulary; {nearest(word, vocabulary)}.")
    return vocabulary.index(word) if word in vocabulary else folded.index(word.casefold())


def _change(lesson: Lesson, name: str, value: Any) -> None:
    """Put other numbers into a given table: all of it, or one cell NAME[row,column] counted from 1."""
    cell = re.fullmatch(r"(.+)\[(\d{1,7}),(\d{1,7})\]", name)
    node = lesson.table(cell[1] if cell else name)
    if node.data is None:
        raise ByhandError(f"{node.name} is computed: set one of the tables that it is computed from.")
    if node.role == "tokens":
        raise ByhandError(f"{node.name} holds words: change them with --ids or --prompt.")
    try:
        import numpy as np

        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = None
    if numbers is None or not np.isfinite(numbers).all():
        raise ByhandError(f"{name} needs numbers, not {value!r}.")
    data = node.data.copy()
    if cell:
        row, column = int(cell[2]), int(cell[3])
        if not (1 <= row <= data.shape[0] and 1 <= column <= data.shape[1] and numbers.ndim == 0):
            raise ByhandError(
                f"{node.name} has rows 1 to {data.shape[0]} and columns 1 to {data.shape[1]}, one number a cell."
            )
        data[row - 1, column - 1] = numbers
    else:
        if numbers.shape not in (data.shape, ()):
            raise ByhandError(f"{node.name} is {data.shape[0]}×{data.shape[1]}: give as many numbers, or one for all.")
        data[...] = numbers
    node.data = data


def command(recipe: Recipe) -> str:
    """The command line that makes the same workbook."""
    model = Path(recipe.model).name
    words = ["byhand", "workbook", model, *(f"--size={k}={v}" for k, v in recipe.size.items())]
    for f in fields(Recipe):
        value = getattr(recipe, f.name)
        if f.name in ("model", "title", "size", "set") or value in (None, f.default):
            continue
        option = f"--{f.name.replace('_', '-')}"
        words += [option, ",".join(map(str, value)) if isinstance(value, list) else str(value)]
    words += [word for name, value in recipe.set.items() for word in ("--set", f"{name}={value}")]
    return shlex.join(words)


def describe(lesson: Lesson) -> tuple[str, str]:
    """A title for people, and a line of sizes: decoder only · 1 layer · 2 heads · d_model 4."""
    size = lesson.recipe.size.get("name", "small")
    named = "small" if not lesson.recipe.size else size if set(lesson.recipe.size) == {"name"} else ""
    title = lesson.recipe.title or f"{lesson.architecture.title} by hand" + (f", {named}" if named else "")
    options = {f.name: getattr(lesson.options, f.name) for f in fields(lesson.options)}
    parts = [lesson.architecture.family]
    for name in ("encoder_layers", "decoder_layers", "layers", "heads"):
        if name in options:
            what = name.replace("_", " ")
            parts.append(f"{options[name]} {what[:-1] if options[name] == 1 else what}")
    parts += [f"{name} {options[name]}" for name in ("d_model", "d_k", "d_ff", "width") if name in options]
    return title, " · ".join(parts)
