"""The reference folders: their prompts as recipes, and what PyTorch computed by the names of our tables."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from byhand.core.graph import Array
from byhand.lessons.recipe import Recipe

DATA = Path(__file__).parents[1] / "data"
SHARED = [Path(__file__).parents[3] / "shared" / name for name in ("reference", "families")]
NO_MODELS = {"tokenizers"}
INPUTS = {
    "input_ids": "ids",
    "src_ids": "ids",
    "attention_mask": "mask",
    "src_mask": "mask",
    "token_type_ids": "segment_ids",
    "decoder_input_ids": "target_ids",
    "tgt_ids": "target_ids",
    "pixel_values": "pixels",
}
WRITTEN = ("greedy_ids", "greedy_logits")
ASIDE = {"logits_gelu_tanh_full_constant"}
"""What BLOOM would compute with another constant than its own."""
SIDES = ("encoder", "decoder", "cross")


def folders(place: Path) -> list[str]:
    """Those of models, by their name."""
    return sorted(path.parent.name for path in place.glob("*/config.json"))


def place_of(name: str) -> Path:
    """Where the reference is: among what was shared, or else the project's own copy."""
    return next((place / name for place in SHARED if (place / name).is_dir()), DATA / name)


FOLDERS = [name for name in folders(DATA) if (DATA / name / "expected.npz").is_file()]
WRITERS = [name for name in FOLDERS if "greedy_ids" in np.load(DATA / name / "expected.npz").files]


@cache
def expected_of(folder: str) -> dict[str, Array]:
    return dict(np.load(place_of(folder) / "expected.npz"))


def expected_tables(folder: str, row: int) -> dict[str, Array]:
    """Every table of one prompt of the batch that the reference has."""
    e = expected_of(folder)
    keys = [key for key in e if key not in (*INPUTS, *WRITTEN, *ASIDE)]
    return {table: numbers for key in keys for table, numbers in tables(key, e, row)}


def tables(key: str, e: dict[str, Array], row: int) -> Iterator[tuple[str, Array]]:
    """What one array has of a prompt; KeyError where it is not known what that is."""
    side, _, kind = key.partition("_") if key.startswith(SIDES) else ("", "", key)
    path = f"{side}." if side else ""
    if kind == "logits":
        yield "logits", e[key][row].reshape(-1, e[key].shape[-1])
    elif kind in ("embedding", "embeddings"):
        yield f"{path}x", e[key][row]
    elif kind == "hidden_states":
        first, *others = e[key][:, row]
        yield f"{path}x", first
        yield from last(path, others.pop(), e, row)
        yield from layers(f"{path}layer{{}}.output", np.array(others))
    elif kind == "output" and f"{path}layer_out".replace(".", "_") in e:
        yield from last(path, e[key][row], e, row)
    elif kind == "layer_out":
        yield from layers(f"{path}layer{{}}.{'H' if 'h_n' in e else 'output'}", e[key][:, row])
    elif kind == "attentions":
        part = {"": "", "encoder": "encoder.", "decoder": "decoder.", "cross": "decoder."}[side]
        inner = {"decoder": ".self", "cross": ".cross"}.get(side, "")
        for n, layer in enumerate(e[key][:, row], 1):
            yield from layers(f"{part}layer{n}{inner}.head{{}}.weights", layer)
    elif kind.startswith("router"):
        yield from routed(kind, e, row)
    else:
        yield from recurrent(key, e, row)


def layers(path: str, numbers: Array) -> Iterator[tuple[str, Array]]:
    """Each layer's (or head's, or step's) under its number."""
    yield from ((path.format(n), np.atleast_2d(table)) for n, table in enumerate(numbers, 1))


def last(path: str, numbers: Array, e: dict[str, Array], row: int) -> Iterator[tuple[str, Array]]:
    """The last layer's output where it is that, else what the final norm made of it."""
    if "layer_out" not in e and "encoder_layer_out" not in e:
        yield f"{path}layer{len(e['hidden_states']) - 1}.output", numbers
        return
    outputs = e[f"{path}layer_out".replace(".", "_")][:, row]
    plain = np.array_equal(numbers, outputs[-1])
    yield f"{path}layer{len(outputs)}.output" if plain else f"{path}final_norm", numbers


def routed(kind: str, e: dict[str, Array], row: int) -> Iterator[tuple[str, Array]]:
    """The first layers may have no experts."""

    def of(key: str) -> Array:
        array = e[key]
        prompt: Array = array.reshape(len(array), 2, -1, array.shape[-1])[:, row]
        return prompt

    chosen, gates = of("router_topk_index"), np.zeros_like(of("router_logits"))
    np.put_along_axis(gates, chosen, of("router_topk_weights"), axis=2)
    made = {
        "router_logits": ("router_logits", of("router_logits")),
        "router_topk_weights": ("gates", gates),
        "router_topk_index": ("load", (gates != 0).sum(1, keepdims=True)),
    }
    name, found = made[kind]
    first = len(e["layer_out"]) - len(found) + 1
    yield from ((f"layer{n}.{name}", table) for n, table in enumerate(found, first))


def recurrent(key: str, e: dict[str, Array], row: int) -> Iterator[tuple[str, Array]]:
    """Of LSTM models, and of translators with attention."""
    if key in ("h_n", "c_n"):
        yield from layers(f"layer{{}}.{key[0]}_{e['input_ids'].shape[1]}", e[key][:, row])
    elif key in ("decoder_init_h", "decoder_init_c"):
        state = key[-1]
        bridged = {"h": "decoder.s_0", "c": "decoder.c_0"}[state]
        from_encoder = f"encoder.{state}_{e['src_ids'].shape[1]}"
        yield from_encoder if "attentional_h" in e else bridged, e[key][row][None]
    elif key in ("encoder_out", "attentional_h"):
        yield {"encoder_out": "encoder.H", "attentional_h": "decoder.readout"}[key], e[key][row]
    else:
        names = {"decoder_h": "s_{}", "decoder_c": "c_{}", "context": "context_{}"}
        names |= {"scores": "attend_{}.scores", "attention": "attend_{}.weights"}
        yield from layers(f"decoder.{names[key]}", e[key][row])


_made = Path(mkdtemp(prefix="byhand-references-"))
atexit.register(shutil.rmtree, _made, ignore_errors=True)


def folder_of(name: str, form: str = "config.json") -> Path:
    """The reference's folder as a user would have it, with one form of its config."""
    if form == "config.json":
        return place_of(name)
    folder = _made / name
    if not folder.is_dir():
        folder.mkdir()
        (folder / "model.safetensors").symlink_to(place_of(name) / "model.safetensors")
        shutil.copy(place_of(name) / form, folder / "config.json")
    return folder


def forms_of(name: str) -> list[str]:
    return sorted(path.name for path in (place_of(name)).glob("config*.json"))


def recipe_of(name: str, row: int, form: str = "config.json", **more: Any) -> Recipe:
    """One of its prompts."""
    e = expected_of(name)
    inputs: dict[str, Any] = {ours: e[theirs][row].tolist() for theirs, ours in INPUTS.items() if theirs in e}
    if "pixels" in inputs:
        inputs["pixels"] = str(_made / f"{name}{row}.npy")
        np.save(inputs["pixels"], e["pixel_values"][row])
    return Recipe(str(folder_of(name, form)), **inputs | more)


def story_of(name: str, row: int, form: str = "config.json") -> tuple[Recipe, list[int]]:
    """The beginning from which the reference wrote greedily, and the words that it wrote."""
    e = expected_of(name)
    prompt = "target_ids" if any(INPUTS.get(key) == "target_ids" for key in e) else "ids"
    ids, steps = e["greedy_ids"][row].tolist(), e["greedy_logits"].shape[1]
    return recipe_of(name, row, form, generate=steps, **{prompt: ids[:-steps]}), ids[-steps:]
