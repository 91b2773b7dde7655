"""A local checkpoint folder: its config.json and safetensors, neither of which is trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from byhand.core.graph import Array
from byhand.decoding import json_value
from byhand.errors import ByhandError
from byhand.files import open_file, read_bytes

WEIGHTS = "model.safetensors"
LONGEST_JSON = 50_000_000
"""The most bytes of config.json, and of an index of shards."""
INDEX = "model.safetensors.index.json"
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
FLOATS = ("F64", "F32", "F16", "BF16")


def read_config(folder: Path) -> dict[str, Any]:
    """Return the object in config.json."""
    if not os.path.isdir(folder):  # unlike Path.is_dir, never raises
        raise ByhandError(f"{folder} is not a folder; give the one that holds config.json and {WEIGHTS}.")
    if not os.path.isfile(folder / "config.json"):
        raise ByhandError(f"{folder} has no config.json; save the model with save_pretrained, which writes it.")
    return read_json(folder / "config.json")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file."""
    values = parse_json(path)
    if not isinstance(values, dict):
        raise ByhandError(f"{path} must hold one JSON object, {{...}}; save the model again.")
    return values


def parse_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    data = read_bytes(path, path.name, LONGEST_JSON, "copy it again")
    return json_value(data, str(path), "mend it there or save the model again")


def brief(value: Any) -> str:
    """Return a value as JSON, shortened if it is long."""
    if isinstance(value, dict | list) and value:
        return "{...}" if isinstance(value, dict) else "[...]"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "…"


LARGEST_SIZE = 1_000_000_000
"""The largest size that a config.json may state: no tensor in a file is as wide."""


class Config:
    """config.json, one key at a time; a key that is not there has the default."""

    def __init__(self, values: Mapping[str, Any], also: Mapping[str, str]) -> None:
        """`also` has second names of keys."""
        self._values = dict(values) | {key: values[name] for key, name in also.items() if values.get(name) is not None}

    def with_values(self, **values: Any) -> Config:
        """Return the same config with other values of these keys."""
        return Config(self._values | values, {})

    def get(self, key: str, default: Any) -> Any:
        """Return the value of a key, or the default; without a default the key must be there."""
        if default is None and key not in self._values:
            raise ByhandError(f"config.json does not say {key}; add it.")
        return self._values.get(key, default)

    def size(self, key: str, default: int | None = None) -> int:
        """Return a whole number above 0."""
        value = self.get(key, default)
        if type(value) is not int or value < 1:
            raise ByhandError(f"{key} in config.json must be a whole number above 0, not {brief(value)}; mend it.")
        if value > LARGEST_SIZE:
            raise ByhandError(f"{key} in config.json must be at most {LARGEST_SIZE:,}, not {brief(value)}; mend it.")
        return value

    def size_or_null(self, key: str, default: int, null: int | None = None) -> int:
        """Return a whole number above 0; null stands for the default, or for `null`."""
        if self.get(key, default) is None:
            return default if null is None else null
        return self.size(key, default)

    def side(self, key: str, default: int) -> int:
        """Return the side of a square: a size, or twice the same in a list."""
        value = self.get(key, default)
        if not isinstance(value, list):
            return self.size(key, default)
        if len(value) != 2 or value[0] != value[1]:
            raise ByhandError(
                f"{key} in config.json is no square, and byhand cuts squares out of squares; "
                "choose a checkpoint with one number there."
            )
        return Config({key: value[0]}, {}).size(key)

    def token(self, key: str, default: int, vocab: int) -> int:
        """Return the id of a word of the vocabulary."""
        value = self.get(key, default)
        if type(value) is not int or not 0 <= value < vocab:
            raise ByhandError(f"{key} in config.json must be from 0 to {vocab - 1}, not {brief(value)}; mend it.")
        return value

    def size_or_zero(self, key: str, default: int) -> int:
        """Return a whole number from 0, where 0 stands for none."""
        return 0 if self.get(key, default) == 0 else self.size(key, default)

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number above 0."""
        value = self.get(key, default)
        if type(value) not in (int, float) or not 0 < value < 1e15:
            raise ByhandError(f"{key} in config.json must be a number above 0, not {brief(value)}; mend it.")
        return float(value)

    def number_or_zero(self, key: str) -> float:
        """Return a number above 0, or 0 if it is 0, null or absent."""
        return self.number(key) if self._values.get(key) else 0.0

    def number_or_null(self, key: str, default: float | None) -> float | None:
        """Return a number above 0, or None for null."""
        value = self._values.get(key, default)
        return None if value is None else self.number(key, default)

    def inner(self, key: str) -> Config | None:
        """Return the object under a key; None if it is null, empty or absent."""
        value = self._values.get(key)
        if value is None or value == {}:
            return None
        if not isinstance(value, dict):
            raise ByhandError(f"{key} in config.json must be an object, {{...}}, not {brief(value)}; mend it.")
        return Config(value, {})

    def words(self, key: str, choices: Mapping[str, str], count: int) -> tuple[str, ...]:
        """Return our names for `count` words in a list; none if the list is null or absent."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) != count:
            raise ByhandError(f"{key} in config.json must be a list of {brief(count)}, one a layer; mend it.")
        return tuple(Config({key: word}, {}).choice(key, "", choices) for word in value)

    def numbers(self, key: str, most: int) -> tuple[float, ...]:
        """Return a list of numbers above 0, at most so many."""
        value = self.get(key, None)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise ByhandError(f"{key} in config.json must be a list of numbers above 0, not {brief(value)}; mend it.")
        return tuple(Config({key: number}, {}).number(key) for number in value)

    def whole_numbers(self, key: str, most: int) -> tuple[int, ...] | None:
        """Return a list of whole numbers from 0, at most so many; None if it is null or absent."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > most or not all(type(n) is int and n >= 0 for n in value):
            raise ByhandError(
                f"{key} in config.json must be a list of whole numbers from 0, not {brief(value)}; mend it."
            )
        return tuple(value)

    def heads(self, key: str, default: int, width: str, d_model: int) -> int:
        """Return the number of heads, which must divide the width of the model."""
        heads = self.size(key, default)
        if d_model % heads:
            raise ByhandError(
                f"{width} = {brief(d_model)} does not divide by {key} = {brief(heads)}; mend config.json."
            )
        return heads

    def epsilon(self, key: str, default: float) -> float:
        """Return a number between 0 and 1."""
        value = self.get(key, default)
        if type(value) not in (int, float) or not 0 < value < 1:
            raise ByhandError(f"{key} in config.json must be a number between 0 and 1, not {brief(value)}; mend it.")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key, default)
        if type(value) is not bool:
            raise ByhandError(f"{key} in config.json must be true or false, not {brief(value)}; mend it.")
        return value

    def choice(self, key: str, default: str, choices: Mapping[str, str]) -> str:
        """Return our name for one of the known words."""
        value = self.get(key, default)
        if not isinstance(value, str) or value not in choices:
            raise ByhandError(
                f"{key} in config.json is {brief(value)}, which byhand does not compute; "
                f"choose a checkpoint with one of {', '.join(choices)}."
            )
        return choices[value]

    def only(self, key: str, computed: Any) -> None:
        """Refuse a feature that byhand does not compute: the key must be absent, null or the one value."""
        value = self._values.get(key)
        if value is not None and value != computed:
            raise ByhandError(
                f"config.json has {key} = {brief(value)}, which byhand does not compute; "
                f"choose a checkpoint with {key} = {brief(computed)}."
            )


COMPILED, PARALLEL = "_orig_mod", "module"
"""What torch.compile, and training on several devices, write before the names of a model's tensors."""


def unwrapped(name: str) -> str:
    """Return a tensor's name as the model itself has it."""
    parts = [part for part in name.split(".") if part != COMPILED]
    while len(parts) > 1 and parts[0] == PARALLEL:
        parts = parts[1:]
    return ".".join(parts)


class Tensors:
    """The tensors of files: shapes and types come from the files' headers; numbers are read on demand.

    A name is what the model itself calls the tensor, without what a compiler or a trainer wrapped around it.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.kinds: dict[str, str] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._files: dict[str, Path] = {}
        self._stored: dict[str, str] = {}
        for path in files:
            self._read_header(path)

    def _read_header(self, path: Path) -> None:
        try:
            with safe_open(path, "np") as file:
                for stored in file.keys():  # noqa: SIM118 -- it is no mapping
                    header, name = file.get_slice(stored), unwrapped(stored)
                    if self._stored.get(name, stored) != stored:
                        raise ByhandError(f"The weights have {name} twice, also as {stored}; save the model again.")
                    self.kinds[name], self.shapes[name] = header.get_dtype(), tuple(header.get_shape())
                    self._files[name], self._stored[name] = path, stored
        except (OSError, SafetensorError) as error:
            raise ByhandError(f"{path} is not a whole safetensors file ({error}); copy or download it again.") from None

    def find(self, spellings: Iterable[str]) -> str:
        """Return the first spelling of a tensor's name that the files use."""
        first, *others = spellings
        for name in (first, *others):
            if name in self.shapes:
                return name
        raise ByhandError(
            f"The weights have no tensor {first}, which config.json asks for; "
            "mend config.json, or save the model again with its language-model head."
        )

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise ByhandError for a tensor whose shape is not as in config.json, or whose type byhand does not read."""
        if self.shapes[name] != shape:
            raise ByhandError(
                f"Tensor {name} is {times(self.shapes[name])}, but config.json makes it {times(shape)}; mend "
                "config.json, or put back the one that was saved with these weights."
            )
        if self.kinds[name] not in FLOATS:
            raise ByhandError(
                f"Tensor {name} holds {self.kinds[name]} numbers, and byhand reads only {', '.join(FLOATS)}; "
                "save the model again as float32."
            )

    def arrays(self, names: Iterable[str]) -> dict[str, Array]:
        """Return the numbers of each tensor, in float64."""
        arrays: dict[str, Array] = {}
        wanted = set(names)
        for path in sorted({self._files[name] for name in wanted}):
            arrays |= self._read(path, sorted(name for name in wanted if self._files[name] == path))
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ByhandError(f"Tensor {name} holds a number that is not finite; train or save the model again.")
        return arrays

    def _read(self, path: Path, names: list[str]) -> dict[str, Array]:
        halves = {name: self._stored[name] for name in names if self.kinds[name] == "BF16"}
        with safe_open(path, "np") as file:
            arrays = {n: np.asarray(file.get_tensor(self._stored[n]), np.float64) for n in names if n not in halves}
        return arrays | (_bfloat16(path, halves) if halves else {})


def _bfloat16(path: Path, names: Mapping[str, str]) -> dict[str, Array]:
    """Return tensors in bfloat16, which numpy lacks: its 16 bits are the upper half of a float32's.

    names: of each tensor, as the file stores it.
    """
    arrays = {}
    with open_file(path) as file:
        start = 8 + int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(start - 8))
        for name, stored in names.items():
            first, last = header[stored]["data_offsets"]
            file.seek(start + first)
            upper = np.frombuffer(file.read(last - first), "<u2").astype("<u4") << 16
            arrays[name] = upper.view("<f4").astype(np.float64).reshape(header[stored]["shape"])
    return arrays


def times(shape: tuple[int, ...]) -> str:
    """Return a shape as people read it: 4×2."""
    return "×".join(map(brief, shape)) or "a single number"


def weight_files(folder: Path) -> list[Path]:
    """Return the folder's safetensors: one file, or the shards that an index names."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / INDEX).is_file():
        return _shards(folder)
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
    if pickles:
        raise ByhandError(
            f"{folder} has its weights only as a pickle ({pickles[0]}), which byhand never opens because a pickle can "
            "run any program; where the model was made, call model.save_pretrained(folder, safe_serialization=True)."
        )
    raise ByhandError(f"{folder} has no {WEIGHTS}; save the model with save_pretrained, which writes it.")


def _shards(folder: Path) -> list[Path]:
    """Return the files that the index names, which must be in the folder."""
    files = read_json(folder / INDEX).get("weight_map")
    if not isinstance(files, dict) or not all(isinstance(f, str) and Path(f).name == f for f in files.values()):
        raise ByhandError(f"{folder / INDEX} must map each tensor to a file of its folder; save the model again.")
    shards = sorted({folder / file for file in files.values()})
    for shard in shards:
        if not shard.is_file():
            raise ByhandError(f"{folder} lacks {shard.name}, which {INDEX} names; copy or download it too.")
    return shards
