"""What to build, as a recipe: a model, its sizes, its inputs, and how to show it."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import ByhandError, nearest, quoted
from byhand.graph import Array, Node, fold, toposort
from byhand.labels import Labels
from byhand.layers import ACTIVATIONS
from byhand.models import MODELS, architecture
from byhand.models.architecture import Architecture, Graph, Inputs, check_sizes
from byhand.weights import Weights

LARGEST = 100_000
"""The largest number that a size may be, before anything is built from it."""
FARTHEST = 100_000_000
"""The largest number that `set` puts into a cell; spreadsheets know no sine of much larger ones."""
LONGEST_TITLE = 100
LONGEST_FILE = 1_000_000
"""The bytes of a recipe's file."""


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
        """The numbers of every named table. ByhandError where one is none that can be computed with."""
        with np.errstate(all="ignore"):
            values = fold(self.graph.outputs)
        for name, node in self.tables.items():
            if not np.isfinite(values[node]).all():
                raise ByhandError(
                    f"{name} would hold a number that is not finite (from a division by 0, or too large): "
                    "choose other sizes, or other numbers with --set."
                )
        return {name: values[node] for name, node in self.tables.items()}


def find(text: str) -> Recipe:
    """What MODEL on the command line stands for: a recipe's file or name, a checkpoint's folder, or a model's name."""
    if text.casefold().endswith(".toml"):
        return read_recipe(Path(text))
    if text in ready_made() and text not in MODELS:
        return read_recipe(ready_made()[text])
    return Recipe(_model(text, Path()))


def ready_made() -> dict[str, Path]:
    """The recipes that come with byhand, by name."""
    here = Path(__file__).parent
    folder = here / "_worksheets" if (here / "_worksheets").is_dir() else here.parent / "worksheets"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _model(text: str, beside: Path) -> str:
    """A model's name as it is, or the path of a checkpoint's folder."""
    if text in MODELS:
        return text
    folder = os.path.join(beside, text)  # "./gpt2" stays another than the model's name
    if "/" in text or (text and os.path.isdir(folder)):  # unlike Path.is_dir, never raises
        return folder
    return architecture(text).name


def read_recipe(path: Path) -> Recipe:
    """A recipe from its TOML file."""
    table = _read_toml(path)
    known = {f.name: f for f in fields(Recipe)}
    for name, value in table.items():
        if name not in known:
            raise ByhandError(f"The recipe {path} has an unknown key {quoted(name)}; {nearest(name, known)}.")
        _check_kind(path, name, str(known[name].type), value)
    if "model" not in table:
        raise ByhandError(f'The recipe {path} names no model: add a line such as model = "gpt2".')
    return Recipe(**table | {"model": _model(table["model"], path.parent)})


def _read_toml(path: Path) -> dict[str, Any]:
    if not os.path.isfile(path):
        raise ByhandError(f"There is no recipe {path}: check its name and folder.")
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_FILE + 1)
        if len(text) > LONGEST_FILE:
            raise ByhandError(f"{path} is no recipe, which has at most {LONGEST_FILE:,} bytes: name another file.")
        return tomllib.loads(text.decode("utf-8-sig"))
    except OSError as error:
        raise ByhandError(f"The recipe {path} cannot be read ({error.strerror}): mend its permissions.") from None
    except (ValueError, RecursionError) as error:
        raise ByhandError(f"The recipe {path} is not TOML ({error}): mend it there.") from None


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
        raise ByhandError(f"In the recipe {path}, '{name}' must be {wanted[start]}, not {quoted(value)}.")


def build(recipe: Recipe) -> Lesson:
    """Build a recipe's graph. ByhandError for whatever in it cannot be."""
    if recipe.orientation not in ("rows", "columns"):
        raise ByhandError(f"Orientation is rows or columns, not {quoted(recipe.orientation)}.")
    if len(recipe.title) > LONGEST_TITLE or not recipe.title.isprintable():
        raise ByhandError(f"A title is one line of at most {LONGEST_TITLE} letters, not {quoted(recipe.title)}.")
    if recipe.model in MODELS:
        found = architecture(recipe.model)
        options = options_of(found, recipe.size)
        weights = Weights(_seed(found.seed if recipe.seed is None else recipe.seed))
    else:
        from byhand.models import checkpoint

        if recipe.size:
            raise ByhandError("A checkpoint has its own sizes: leave --size out.")
        if recipe.seed is not None:
            raise ByhandError("A checkpoint has its own weights: leave --seed out.")
        loaded = checkpoint.read(Path(recipe.model))
        found, options, weights = loaded.architecture, loaded.options, Weights(arrays=loaded.arrays)
    inputs = _inputs(recipe, found, options)
    graph = found.build(options, weights, inputs)
    lesson = Lesson(recipe, found, options, graph)
    for name, value in recipe.set.items():
        _change(lesson, name, value)
    _check_lookups(lesson)
    lesson.numbers()
    return lesson


def _seed(seed: int) -> int:
    if seed < 0:
        raise ByhandError(f"A seed is a whole number from 0, not {quoted(seed)}.")
    return seed


def options_of(found: Architecture, settings: dict[str, Any]) -> Any:
    """The model's options with some of them set; `name` chooses one of its named sizes first."""
    settings = dict(settings)
    size = str(settings.pop("name", "small"))
    default = found.options()
    known = {f.name: getattr(default, f.name) for f in fields(found.options)}
    if size in known:
        raise ByhandError(f"--size {size} needs a value, such as --size {size}={str(known[size]).casefold()}.")
    if size not in found.sizes:
        raise ByhandError(f"{found.name} has no size {quoted(size)}; {nearest(size, found.sizes)}.")
    for name in settings:
        if name not in known:
            raise ByhandError(f"{found.name} has no size {quoted(name)}; {nearest(name, known)}.")
    chosen = found.sizes[size] | {name: _setting(name, value, known[name]) for name, value in settings.items()}
    options = replace(default, **chosen)
    heads, width = getattr(options, "heads", 1), getattr(options, "d_model", 1)
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
        if text not in ACTIVATIONS:
            raise ByhandError(f"There is no {name} {quoted(value)}; {nearest(text, ACTIVATIONS)}.")
        return text
    try:
        number = type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ByhandError(f"{name} is {kind}, not {quoted(value)}.") from None
    least = 0 if isinstance(default, float) or name.endswith("layers") else 1
    if not least <= number <= LARGEST:
        raise ByhandError(f"{name} is {quoted(number)}, but must be from {least} to {LARGEST:,}.")
    return number


def _inputs(recipe: Recipe, found: Architecture, options: Any) -> Inputs:
    """The recipe's inputs, checked against what the model takes."""
    _check_taken(recipe, found)
    vocabularies = found.vocabularies(options)
    ids = _ids("--ids", recipe.ids, "--prompt", recipe.prompt, vocabularies[:1])
    target_ids = _ids("--target-ids", recipe.target_ids, "--target-prompt", recipe.target_prompt, vocabularies[-1:])
    inputs = Inputs(ids, target_ids, recipe.segment_ids, recipe.mask, recipe.generate)
    if inputs.generate < 1:
        raise ByhandError(f"--generate is the number of words to write, at least 1, not {quoted(inputs.generate)}.")
    found.check(options, inputs)
    return inputs


INPUTS = {"ids": "ids", "prompt": "ids", "target_ids": "target_ids", "target_prompt": "target_ids"}
INPUTS |= {name: name for name in ("segment_ids", "mask", "generate")}
"""An input of a recipe -> what of Architecture.takes it is."""


def _check_taken(recipe: Recipe, found: Architecture) -> None:
    nothing = Recipe(recipe.model)
    for name, what in INPUTS.items():
        if getattr(recipe, name) != getattr(nothing, name) and what not in found.takes:
            taken = [_option(other) for other, of in INPUTS.items() if of in found.takes]
            raise ByhandError(
                f"{found.name} takes no {_option(name)}; it takes {', '.join(taken) or '--size, --seed and --set'}."
            )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


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
        ids = _ids_of(text, vocabulary)
    assert ids is not None
    if not ids:
        raise ByhandError(f"The prompt is empty: give some of {', '.join(vocabulary[:12])} with {text_option}.")
    wrong = next((i for i in ids if not 0 <= i < len(vocabulary)), None)
    if wrong is not None:
        raise ByhandError(f"Id {quoted(wrong)} is not in the vocabulary, which has ids 0 to {len(vocabulary) - 1}.")
    return ids


def _ids_of(text: str, vocabulary: tuple[str, ...]) -> list[int]:
    """The ids of words; where no word is written like that, large and small letters are the same."""
    known = {word.casefold(): i for i, word in reversed(list(enumerate(vocabulary)))}
    exact = {word: i for i, word in reversed(list(enumerate(vocabulary)))}
    ids = [exact.get(word, known.get(word.casefold())) for word in text.split()]
    for word, found in zip(text.split(), ids, strict=True):
        if found is None:
            raise ByhandError(f"{quoted(word)} is not in the vocabulary; {nearest(word, vocabulary)}.")
    return [i for i in ids if i is not None]


def _change(lesson: Lesson, name: str, value: Any) -> None:
    """Put other numbers into a given table: all of it, or one cell NAME[row,column] counted from 1."""
    cell = re.fullmatch(r"(.+)\[ *(\d{1,7}) *, *(\d{1,7}) *\]", name)
    if "[" in name and not cell:
        raise ByhandError(f"{quoted(name)} names no cell: write NAME[row,column], each counted from 1.")
    if isinstance(value, dict) and not cell and name not in lesson.tables:
        raise ByhandError(f'Put the whole name of a table in quotes, as in "{name}.{next(iter(value), "W")}" = 1.')
    node = lesson.table(cell[1] if cell else name)
    if node.data is None:
        raise ByhandError(f"{node.name} is computed: set one of the tables that it is computed from.")
    if node.role == "tokens":
        raise ByhandError(f"{node.name} holds words: change them with --ids or --prompt.")
    if node.role == "constant":
        raise ByhandError(f"{node.name} is a constant of the whole model: change a size, a weight or an input instead.")
    numbers = _numbers(name, value)
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


def _numbers(name: str, value: Any) -> Array:
    """A number, a row or rows of numbers, from whatever JSON or TOML may hold."""
    rows = value if isinstance(value, list) and all(isinstance(row, list) for row in value) else [value]
    for v in (v for row in rows for v in (row if isinstance(row, list) else [row])):
        if not isinstance(v, int | float) or isinstance(v, bool) or not abs(v) <= FARTHEST:
            raise ByhandError(f"{name} takes numbers from -{FARTHEST:,} to {FARTHEST:,}, not {quoted(value)}.")
    if isinstance(value, list) and len({len(row) for row in rows}) > 1:
        raise ByhandError(f"The rows of {name} are not equally long in {quoted(value)}: give each as many numbers.")
    return np.array(rows if isinstance(value, list) else value, dtype=np.float64)


def _check_lookups(lesson: Lesson) -> None:
    """ByhandError where a table of positions or segments holds a number that is no row of what is looked up."""
    for node in toposort(lesson.graph.outputs):
        if node.op.name == "lookup" and node.args[1].data is not None:
            table, rows = node.args
            for row in node.args[1].data.flat:
                if row % 1 or not 0 <= row < table.shape[0]:
                    raise ByhandError(
                        f"{rows.label} holds {row:g}, which is no row of {table.label}: "
                        f"it takes whole numbers from 0 to {table.shape[0] - 1}."
                    )


def command(recipe: Recipe) -> str:
    """The command line that makes the same workbook."""
    model = recipe.model if recipe.model in MODELS else f"./{os.path.basename(os.path.abspath(recipe.model))}"
    words = ["byhand", "workbook", model, *(f"--size={k}={v}" for k, v in recipe.size.items())]
    for f in fields(Recipe):
        value = getattr(recipe, f.name)
        if f.name in ("model", "size", "set") or value in (None, f.default):
            continue
        words += [_option(f.name), ",".join(map(str, value)) if isinstance(value, list) else str(value)]
    words += [word for name, value in recipe.set.items() for word in ("--set", f"{name}={value}")]
    return shlex.join(words)


def describe(lesson: Lesson) -> tuple[str, str]:
    """A title for people, and a line of sizes: decoder only · 1 layer · 2 heads · d_model 4."""
    size = {"name": "small"} | lesson.recipe.size
    named = size["name"] if set(size) == {"name"} and lesson.recipe.model in MODELS else ""
    title = lesson.recipe.title or f"{lesson.architecture.title} by hand" + (f", {named}" if named else "")
    options = {f.name: getattr(lesson.options, f.name) for f in fields(lesson.options)}
    parts = [lesson.architecture.family]
    for name in ("encoder_layers", "decoder_layers", "layers", "heads"):
        if name in options:
            what = name.replace("_", " ")
            parts.append(f"{options[name]} {what[:-1] if options[name] == 1 else what}")
    parts += [f"{name} {options[name]}" for name in ("d_model", "d_k", "d_ff", "width") if name in options]
    return title, " · ".join(parts)
