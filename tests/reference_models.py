"""What transformers computed for the models in tests/data, by the names of our tables."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from byhand.graph import Array
from byhand.lesson import Recipe

DATA = Path(__file__).parent / "data"
ENCODERS = ("roberta", "distilbert", "vit")
TRANSLATORS: tuple[str, ...] = ("bart", "marian", "t5", "t5_v1_1")


@cache
def expected_of(folder: str) -> dict[str, Array]:
    return dict(np.load(DATA / folder / "expected.npz"))


def expected_tables(folder: str, row: int) -> dict[str, Array]:
    """Every table of one prompt of the batch that the reference has."""
    e = expected_of(folder)
    if folder in TRANSLATORS:
        found = dict(sides(e, row, final_norms=folder.startswith("t5")))
    else:
        found = dict(stack("layer{}", e["layer_out"][:, row], e["attentions"][:, row]))
        found["x"] = e["hidden_states"][0, row]
    return found | {"logits": e["logits"][row].reshape(-1, e["logits"].shape[-1])}


def sides(e: dict[str, Array], row: int, final_norms: bool) -> Iterator[tuple[str, Array]]:
    for side, inner in (("encoder", ""), ("decoder", ".self")):
        layers, weights = e[f"{side}_layer_out"][:, row], e[f"{side}_attentions"][:, row]
        yield from stack(f"{side}.layer{{}}", layers, weights, inner)
        yield f"{side}.x", e[f"{side}_hidden_states"][0, row]
        if final_norms:
            yield f"{side}.final_norm", e[f"{side}_hidden_states"][-1, row]
    yield from heads("decoder.layer{}.cross", e["cross_attentions"][:, row])


def stack(path: str, layers: Array, weights: Array, inner: str = "") -> Iterator[tuple[str, Array]]:
    for n, output in enumerate(layers, 1):
        yield f"{path.format(n)}.output", output
    yield from heads(path + inner, weights)


def heads(path: str, weights: Array) -> Iterator[tuple[str, Array]]:
    for n, layer in enumerate(weights, 1):
        for h, head in enumerate(layer, 1):
            yield f"{path.format(n)}.head{h}.weights", head


_pictures = Path(mkdtemp(prefix="byhand-pictures-"))
atexit.register(shutil.rmtree, _pictures, ignore_errors=True)
INPUTS = {"ids": "input_ids", "mask": "attention_mask", "target_ids": "decoder_input_ids"}


def recipe_of(folder: str, row: int, place: Path | None = None, **more: Any) -> Recipe:
    """The reference's folder, or another with the same model, and one of its prompts."""
    e = expected_of(folder)
    inputs: dict[str, Any] = {ours: e[theirs][row].tolist() for ours, theirs in INPUTS.items() if theirs in e}
    if "pixel_values" in e:
        inputs["pixels"] = str(_pictures / f"{folder}{row}.npy")
        np.save(inputs["pixels"], e["pixel_values"][row])
    return Recipe(str(place or DATA / folder), **inputs | more)
