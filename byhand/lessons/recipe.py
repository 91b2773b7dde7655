"""A recipe: everything that decides what is built, and its reader from a TOML file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError
from byhand.models import MODELS, Alias, resolve


@dataclass(frozen=True)
class Origin:
    """The file of a recipe with learnt weights: its name on the command line, and the recipe as the file has it."""

    name: str
    recipe: Any


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is built. The same recipe gives the same numbers and the same file.

    model: a name from `byhand models`, or a checkpoint's folder. size: settings of its options, and `name` for a
    named size. words, target_words: the vocabulary, in place of the model's own; target_words for a translator's second
    one. word_counts: the words that pieces are learnt from, each with how often it is there. pixels: the file of a
    picture, or a small picture itself (see drawn_pictures). set: tables or cells to change, as in
    {"layer1.head1.W_Q[1,2]": 5}.
    targets: for the backward pass, the word (or its id) that should follow at each position, "_" for none.
    temperature, top_k, top_p, beams, cache: how the words are chosen (see Decoding).
    lora: the rank of adapters beside each linear layer, which alone can learn; 0 for none.
    learnt: how the weights in `set` were learnt, in a sentence. training: the text and the settings of that, see
    TrainingRecord.
    batch: further rows, each with an ids or prompt, targets ... of its own. lr: the optimizer's learning rate.
    all_words: show every word of a large vocabulary in a workbook, a page or an explanation.
    origin: no key, but where the recipe was read, for the commands that build it again.
    """

    model: str
    title: str = ""
    size: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    words: list[str] = field(default_factory=list)
    target_words: list[str] = field(default_factory=list)
    word_counts: list[tuple[str, int]] = field(default_factory=list)
    prompt: str | None = None
    ids: list[int] | None = None
    target_prompt: str | None = None
    target_ids: list[int] | None = None
    segment_ids: list[int] | None = None
    mask: list[int] | None = None
    pixels: str | None = None
    targets: list[int | str] | None = None
    batch: list[dict[str, Any]] = field(default_factory=list)
    generate: int = 1
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    beams: int = 1
    cache: bool = False
    backward: bool = False
    label_smoothing: float = 0.0
    optimizer: str | None = None
    lr: float | None = None
    train_steps: int = 1
    lora: int = 0
    orientation: str = "rows"
    all_words: bool = False
    learnt: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    set: dict[str, Any] = field(default_factory=dict)
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def given(self, names: Iterable[str]) -> list[str]:
        """Return those of the keys whose value is not the default."""
        plain = Recipe(self.model)
        return [name for name in names if getattr(self, name) != getattr(plain, name)]


KEYS = tuple(f.name for f in fields(Recipe) if f.name != "origin")
"""The keys of a recipe's file."""
OF_A_ROW = ("ids", "prompt", "target_ids", "target_prompt", "segment_ids", "mask", "pixels", "targets")
LEARNING = ("targets", "label_smoothing", "optimizer", "lr", "train_steps")
"""The settings of the backward pass."""
LONGEST_FILE = 1_000_000
"""The most bytes in a recipe's file."""


def option(name: str) -> str:
    """Return the command-line option of a recipe's key."""
    return f"--{name.replace('_', '-')}"


OPTION = re.compile(r"--([a-z][a-z-]*[a-z])\b")
SIZE_OPTION = re.compile(r"--size (\w+)=(\w+)")


@contextmanager
def in_file(where: str) -> Iterator[None]:
    """Speak of a file's keys, not of a command's options, in what is wrong with its recipe, and name the file."""
    try:
        yield
    except ByhandError as error:
        message = SIZE_OPTION.sub(r"size = { \1 = \2 }", str(error))
        message = OPTION.sub(lambda found: found[1].replace("-", "_"), message)
        colon = "," if str(error).startswith("--") else ":"
        raise ByhandError(f"In {where}{colon} {message}") from None


def find(text: str) -> Recipe:
    """Return the recipe for MODEL on the command line: a recipe's file or name, a model's name, or a folder."""
    if text.casefold().endswith(".toml"):
        return read_recipe(Path(text))
    if text in ready_made() and text not in MODELS:
        return read_recipe(ready_made()[text])
    named = model_named(text, Path())
    return Recipe(named.model, size=dict(named.size))


def note_on(text: str) -> str:
    """Return a note for a MODEL that is another name: which model is built, and with which options."""
    if text.casefold().endswith(".toml") or text in ready_made():
        return ""
    named = model_named(text, Path())
    options = "".join(f" --size {name}={str(value).casefold()}" for name, value in named.size.items())
    return f"{named.about}: byhand builds {named.model}{options}." if named.about else ""


def ready_made() -> dict[str, Path]:
    """Return the recipes that come with byhand, by name."""
    return {path.stem: path for path in sorted(ready_made_folder().glob("*.toml"))}


def ready_made_folder() -> Path:
    """Return the folder of the recipes that come with byhand: inside the installed package, or beside it in a clone."""
    package = Path(__file__).parents[1]
    installed = package / "_worksheets"
    return installed if installed.is_dir() else package.parent / "worksheets"


def model_named(text: str, beside: Path) -> Alias:
    """Return the model of a name in any spelling, or the path of a checkpoint's folder; and the options of the name."""
    if text in MODELS:
        return Alias(text)
    folder = os.path.join(beside, text)  # "./gpt2" stays another than the model's name
    if "/" in text or (text and os.path.isdir(folder)):  # unlike Path.is_dir, never raises
        return Alias(folder)
    return resolve(text)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from its TOML file."""
    from byhand.decoding import check_keys, record  # what a model's name stands for needs no decoder

    table, where = read_toml(path), f"the recipe {path}"
    check_keys(table, KEYS, where)
    if "model" not in table:
        raise ByhandError(f'The recipe {path} names no model: add a line such as model = "gpt2".')
    read = record(Recipe, table, where)
    named = model_named(read.model, path.parent)
    for row in read.batch:
        record(Recipe, {"model": read.model} | {name: row[name] for name in OF_A_ROW if name in row}, where)
        if "pixels" in row:
            row["pixels"] = _picture(row["pixels"], path.parent)
    pixels = None if read.pixels is None else _picture(read.pixels, path.parent)
    found = replace(read, model=named.model, size={**named.size, **read.size}, pixels=pixels)
    if not read.learnt:
        return found
    own = path == ready_made().get(path.stem)
    return replace(found, origin=Origin(path.stem if own else path.name, found))


def _picture(pixels: str, beside: Path) -> str:
    """Return a drawn picture as it is, or a picture's file with its folder."""
    from byhand.lessons.drawn_pictures import is_drawn

    return pixels if is_drawn(pixels) else os.path.join(beside, pixels)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises ByhandError if it cannot be read, or is not TOML."""
    from byhand.files import read_bytes  # as above

    if not os.path.isfile(path):
        raise ByhandError(f"There is no recipe {path}: check its name and folder.")
    data = read_bytes(path, "recipe", LONGEST_FILE)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ByhandError(f"The recipe {path} is not TOML ({error}): mend it there.") from None
