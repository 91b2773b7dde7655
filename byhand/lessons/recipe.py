"""A recipe: everything that decides what is built, and how it is read from a TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, nearest, quoted
from byhand.models import MODELS, Alias, resolve


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is built. The same recipe gives the same numbers and the same file.

    model: a name from `byhand models`, or a checkpoint's folder. size: settings of its options, and `name` for a
    named size. pixels: the file of a picture. set: tables or cells to change, as in {"layer1.head1.W_Q[1,2]": 5}.
    targets: for the backward pass, the word (or its id) that should follow at each position, "_" for none.
    temperature, top_k, top_p, beams, cache: how the words are chosen (see Decoding).
    batch: further rows, each with an ids or prompt, targets ... of its own. lr: the optimizer's learning rate.
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
    orientation: str = "rows"
    set: dict[str, Any] = field(default_factory=dict)

    def given(self, names: Iterable[str]) -> list[str]:
        """Those of the keys that this recipe sets to something else than their default."""
        plain = Recipe(self.model)
        return [name for name in names if getattr(self, name) != getattr(plain, name)]


OF_A_ROW = ("ids", "prompt", "target_ids", "target_prompt", "segment_ids", "mask", "pixels", "targets")
LEARNING = ("targets", "label_smoothing", "optimizer", "lr", "train_steps")
"""The settings of the backward pass."""
LONGEST_FILE = 1_000_000
"""The bytes of a recipe's file."""


def find(text: str) -> Recipe:
    """What MODEL on the command line stands for: a recipe's file or name, a checkpoint's folder, or a model's name."""
    if text.casefold().endswith(".toml"):
        return read_recipe(Path(text))
    if text in ready_made() and text not in MODELS:
        return read_recipe(ready_made()[text])
    named = model_named(text, Path())
    return Recipe(named.model, size=dict(named.size))


def note_on(text: str) -> str:
    """What to say of a MODEL that stands for another one: which is built, and with which options."""
    if text.casefold().endswith(".toml") or text in ready_made():
        return ""
    named = model_named(text, Path())
    options = "".join(f" --size {name}={str(value).casefold()}" for name, value in named.size.items())
    return f"{named.about}: byhand builds {named.model}{options}." if named.about else ""


def ready_made() -> dict[str, Path]:
    """The recipes that come with byhand, by name."""
    return {path.stem: path for path in sorted(ready_made_folder().glob("*.toml"))}


def ready_made_folder() -> Path:
    """The folder of the recipes that come with byhand: inside the installed package, or beside it in a clone."""
    package = Path(__file__).parents[1]
    installed = package / "_worksheets"
    return installed if installed.is_dir() else package.parent / "worksheets"


def model_named(text: str, beside: Path) -> Alias:
    """The model of a name, however it is spelled, or the path of a checkpoint's folder; and what the name says more."""
    if text in MODELS:
        return Alias(text)
    folder = os.path.join(beside, text)  # "./gpt2" stays another than the model's name
    if "/" in text or (text and os.path.isdir(folder)):  # unlike Path.is_dir, never raises
        return Alias(folder)
    return resolve(text)


def read_recipe(path: Path) -> Recipe:
    """A recipe from its TOML file."""
    table = read_toml(path)
    known = {f.name: f for f in fields(Recipe)}
    for name, value in table.items():
        if name not in known:
            raise ByhandError(f"The recipe {path} has an unknown key {quoted(name)}; {nearest(name, known)}.")
        check_kind(path, name, str(known[name].type), value)
    for row in table.get("batch", []):
        for name in row.keys() & set(OF_A_ROW):
            check_kind(path, name, str(known[name].type), row[name])
    if "model" not in table:
        raise ByhandError(f'The recipe {path} names no model: add a line such as model = "gpt2".')
    named = model_named(table["model"], path.parent)
    table |= {"model": named.model, "size": {**named.size, **table.get("size", {})}}
    for row in (table, *table.get("batch", [])):
        if "pixels" in row:
            row["pixels"] = os.path.join(path.parent, row["pixels"])
    return Recipe(**table)


def read_toml(path: Path) -> dict[str, Any]:
    """What a recipe's file holds. ByhandError for a file that cannot be read, or is no TOML."""
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


def check_kind(path: Path, name: str, kind: str, value: Any) -> None:
    """ByhandError unless a value of a recipe is of the kind that a type's text names."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    items = value if isinstance(value, list) else [value]
    numbers = all(isinstance(v, int) and not isinstance(v, bool) for v in items)
    kinds = {
        "list[float": (isinstance(value, list) and all(type(v) in (int, float) for v in items), "a list of numbers"),
        "list[dict": (isinstance(value, list) and all(isinstance(v, dict) for v in items), "a list of tables"),
        "list[int | str": (isinstance(value, list) and all(isinstance(v, int | str) for v in items), "a list of words"),
        "list[str": (isinstance(value, list) and all(isinstance(v, str) for v in items), "a list of words"),
        "list": (isinstance(value, list) and numbers, "a list of whole numbers"),
        "str": (isinstance(value, str), "a text"),
        "int": (whole, "a whole number"),
        "float": (whole or isinstance(value, float), "a number"),
        "bool": (isinstance(value, bool), "true or false"),
        "dict": (isinstance(value, dict), "a table of settings"),
    }
    fits, wanted = next(found for start, found in kinds.items() if kind.startswith(start))
    if not fits:
        raise ByhandError(f"In the recipe {path}, '{name}' must be {wanted}, not {quoted(value)}.")
