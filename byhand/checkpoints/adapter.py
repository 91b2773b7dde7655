"""An adapter in a checkpoint's folder: LoRA's two narrow matrices for each weight that they change."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from byhand.checkpoints.family import Family
from byhand.checkpoints.folder import Config, Tensors, brief, read_json, times
from byhand.core.graph import Array
from byhand.errors import ByhandError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
ROOT = "base_model.model."
"""How peft's names begin, before the model's own."""
LORA = re.compile(r"(?P<place>.+)\.lora_(?P<letter>[AB])(?:\.default)?\.weight")


@dataclass(frozen=True)
class Adapter:
    """Two matrices A and B for some weights, of which W + scale × B A is used (Hu et al. 2022, eq. 3).

    turned: whether weights are stored as (in, out), as GPT-2's are. Tensors that are whole replace the model's.
    """

    folder: Path
    base: str
    rank: int
    alpha: float
    rooted: bool
    turned: bool
    tensors: Tensors

    def change(self, numbers: dict[str, Array], family: Family) -> str:
        """Add what the adapter has learnt to the model's tensors, by name; return what was done in a sentence.

        Raises ByhandError for a tensor of the adapter that has no place in the model.
        """
        learnt, parts, count = self.tensors.arrays(self.tensors.shapes), dict[str, dict[str, str]](), 0
        for name in self.tensors.shapes:
            match = LORA.fullmatch(name)
            if match:
                parts.setdefault(match["place"], {})[match["letter"]] = name
            elif "lora_" in name or not name.startswith(ROOT):
                raise ByhandError(
                    f"The adapter has {name}, which byhand does not compute; merge it into its model "
                    "(peft's merge_and_unload) and save that."
                )
            else:
                whole = name.removeprefix(ROOT).replace(".base_layer.", ".")  # a bias of a layer that is adapted
                place = self._place(whole, numbers, family)
                self._check(name, self.tensors.shapes[name], numbers[place].shape)
                numbers[place] = learnt[name]
        for place, two in parts.items():
            if two.keys() != {"A", "B"}:
                raise ByhandError(f"The adapter lacks lora_A or lora_B of {place}; save the adapter again.")
            name = self._place(f"{place.removeprefix(ROOT)}.weight", numbers, family)
            a, b = learnt[two["A"]], learnt[two["B"]]
            if a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
                raise ByhandError(f"The adapter's lora_A and lora_B of {place} do not fit each other; save it again.")
            change = b @ a if not self.turned else (b @ a).T  # (out, rank) @ (rank, in)
            self._check(two["B"], change.shape, numbers[name].shape)
            rank = int(a.shape[0])
            numbers[name] = numbers[name] + self.alpha / (math.sqrt(rank) if self.rooted else rank) * change
            count += 1
        return (
            f"The weights are the checkpoint's own, with an adapter added to {count} of them (LoRA, rank {self.rank})."
        )

    def _place(self, name: str, numbers: dict[str, Array], family: Family) -> str:
        """Return the name of the model's tensor that a tensor of the adapter changes."""
        for known in _spellings(name, family):
            if known in numbers:
                return known
        raise ByhandError(
            f"The adapter changes {name}, which the model beside it does not have; put it beside the model "
            f"that it was trained with ({brief(self.base)})."
        )

    def _check(self, name: str, shape: tuple[int, ...], whole: tuple[int, ...]) -> None:
        if shape != whole:
            raise ByhandError(
                f"The adapter's {name} makes {times(shape)} numbers of {times(whole)}; put it beside the model "
                f"that it was trained with ({brief(self.base)})."
            )


def _spellings(name: str, family: Family) -> Iterator[str]:
    """Yield the names that a tensor may have in the files, with and without what the whole model puts before it."""
    yield from family.spelled(name)
    for text, other in family.spellings:
        if not other and not name.startswith(text):
            yield text + name


def adapter_in(folder: Path) -> Adapter | None:
    """Return the adapter of a folder; None if it has none. Raises ByhandError for a kind that is not computed."""
    if not os.path.isfile(folder / CONFIG):
        return None
    config = Config(read_json(folder / CONFIG), {})
    name = f"{CONFIG} of {folder}"
    kind = config.get("peft_type", "")
    if kind != "LORA":
        raise ByhandError(
            f"{name} is of an adapter of kind {brief(kind)}, and byhand reads LoRA alone; merge it first."
        )
    for key in (
        "use_dora",
        "alpha_pattern",
        "layer_replication",
        "megatron_config",
        "trainable_token_indices",
        "use_bdlora",
    ):
        if config.get(key, 0):
            raise ByhandError(
                f"{name} has {key} = {brief(config.get(key, 0))}, which byhand does not compute; merge the adapter "
                "into its model (peft's merge_and_unload) and save that."
            )
    if not os.path.isfile(folder / WEIGHTS):
        raise ByhandError(f"{folder} has {CONFIG} but no {WEIGHTS}; save the adapter with save_pretrained.")
    base = config.get("base_model_name_or_path", "") or ""
    if not isinstance(base, str):
        raise ByhandError(f"base_model_name_or_path in {name} must be a text, not {brief(base)}; mend it.")
    return Adapter(
        folder,
        base,
        config.size("r", 8),
        config.number("lora_alpha", 8),
        config.flag("use_rslora", False),
        config.flag("fan_in_fan_out", False),
        Tensors([folder / WEIGHTS]),
    )


def base_of(folder: Path, adapter: Adapter | None) -> Path:
    """Return the folder of the model itself: this one, or the one that an adapter names, if it is on this machine."""
    if adapter is None or os.path.isfile(folder / "config.json"):
        return folder
    places = [folder / adapter.base, folder.parent / adapter.base] if adapter.base else []
    for place in places:
        if os.path.isfile(place / "config.json") and not os.path.samefile(place, folder):
            return place
    raise ByhandError(
        f"{folder} holds an adapter alone, and not the model that it changes ({brief(adapter.base)}): put that model's "
        "config.json and model.safetensors beside it."
    )
