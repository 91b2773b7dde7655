"""PyTorch's training references as byhand builds them: GPT-2 from its folder, an encoder layer from byhand's layers."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache, reduce
from operator import add
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from byhand.graph import Array, Dim, Node, page, scope, source
from byhand.labels import Labels, token_ids
from byhand.layers import cross_entropy, feed_forward, join_heads, layer_norm, linear, multi_head, residual
from byhand.lesson import Recipe
from byhand.models.architecture import Graph
from byhand.training import train
from byhand.weights import Weights

DATA = Path(__file__).parent / "data"
GPT2, ENCODER = "gpt2_train", "torch_encoder_train"


@cache
def expected_of(folder: str) -> dict[str, Array]:
    return dict(np.load(DATA / folder / "grads.npz"))


def expected_parameters(folder: str, kind: str) -> dict[str, Array]:
    """PyTorch's grad, sgd, adam or adam_step2 of every parameter, by its name there."""
    start = f"{kind}."
    return {name.removeprefix(start): a for name, a in expected_of(folder).items() if name.startswith(start)}


def gpt2_recipe(optimizer: str | None, lr: float | None, steps: int = 1, **more: object) -> Recipe:
    """Each position's target is the next label; -100 is none."""
    e = expected_of(GPT2)
    rows = [
        {"ids": ids.tolist(), "targets": [*("_" if t < 0 else int(t) for t in labels[1:]), "_"]}
        for ids, labels in zip(e["input_ids"], e["labels"], strict=True)
    ]
    settings = {"backward": True, "optimizer": optimizer, "lr": lr, "train_steps": steps}
    return Recipe(str(DATA / GPT2), **rows[0], batch=rows[1:], **settings, **more)


HEADS, WIDTH, HIDDEN, CLASSES = 2, 8, 16, 4
PLACES = {"out_proj": "O", "linear1": "1", "linear2": "2", "head": "head"}


def encoder_arrays() -> dict[str, Array]:
    """byhand's weights from the file's: the fused projection by letters and heads, matrices as x W."""
    state = {name: a.astype(np.float64) for name, a in load_file(DATA / ENCODER / "model.safetensors").items()}
    arrays = {}
    fused = (state["layer.self_attn.in_proj_weight"], state["layer.self_attn.in_proj_bias"])
    for letter, weight, bias in zip("QKV", *(np.split(a, 3) for a in fused), strict=True):
        for h, (w, b) in enumerate(zip(np.split(weight, HEADS), np.split(bias, HEADS), strict=True), 1):
            arrays |= {f"head{h}.W_{letter}": w.T, f"head{h}.b_{letter}": b[None]}
    for name, array in state.items():
        place, _, kind = name.removeprefix("layer.").removeprefix("self_attn.").rpartition(".")
        if place in PLACES:
            arrays |= {f"W_{PLACES[place]}": array.T} if kind == "weight" else {f"b_{PLACES[place]}": array[None]}
        elif place:
            arrays[f"{place}.{'gamma' if kind == 'weight' else 'beta'}"] = array[None]
    return arrays


def encoder_state(arrays: dict[str, Array]) -> dict[str, Array]:
    """The other way about: by PyTorch's names, in PyTorch's shapes."""
    fused = {}
    for kind in "Wb":
        parts = [arrays[f"head{h}.{kind}_{letter}"].T for letter in "QKV" for h in range(1, HEADS + 1)]
        fused[kind] = np.concatenate(parts)
    state = {"layer.self_attn.in_proj_weight": fused["W"], "layer.self_attn.in_proj_bias": fused["b"][:, 0]}
    for place, ours in PLACES.items():
        where = {"out_proj": "layer.self_attn.", "head": ""}.get(place, "layer.")
        state |= {f"{where}{place}.weight": arrays[f"W_{ours}"].T, f"{where}{place}.bias": arrays[f"b_{ours}"][0]}
    for norm in ("norm1", "norm2"):
        state |= {f"layer.{norm}.weight": arrays[f"{norm}.gamma"][0], f"layer.{norm}.bias": arrays[f"{norm}.beta"][0]}
    return state


def encoder_graph(optimizer: str | None, settings: dict[str, float], steps: int) -> Graph:
    """A post-norm encoder layer and a linear head over the classes, for a batch of two."""
    e = expected_of(ENCODER)
    weight, classes = Weights(arrays=encoder_arrays()), Labels("classes", tuple("abcd"))
    places = Labels("places", tuple(f"place {n}" for n in range(1, 6)))
    inputs, outputs, sums, counts = [], [], [], []
    for n, (numbers, labels) in enumerate(zip(e["x"], e["labels"], strict=True), 1):
        with scope(f"row{n}", f"Row {n}", again=True) if n > 1 else nullcontext():
            x, logits = _encoder(numbers, weight, places, classes)
            with page("", "Loss"), scope("loss"):
                losses, counted = cross_entropy(logits, token_ids("targets", labels.tolist(), classes, optional=True))
                sums.append(losses.sum(0).named("sum"))
                counts.append(counted.sum(0).named("n"))
        inputs.append(x)
        outputs.append(logits)
    with page("", "Loss of the batch"):
        loss = (reduce(add, sums) / reduce(add, counts)).named("loss", role="result")
    training = train(loss, weight.nodes, inputs, outputs, optimizer, settings, steps)
    return Graph([*outputs, loss, *training.outputs], training=training)


def _encoder(numbers: Array, weight: Weights, places: Labels, classes: Labels) -> tuple[Node, Node]:
    with page("", "Input"):
        x = source("x", numbers, role="input", rows=places)
    z = multi_head(x, x, weight, HEADS, None, bias=True)
    with page("", "Layer"):
        x1 = layer_norm(residual(x, join_heads(z, weight, WIDTH, bias=True), "residual1"), weight, "norm1", 1e-5)
        x2 = layer_norm(residual(x1, feed_forward(x1, weight, HIDDEN, "relu"), "residual2"), weight, "norm2", 1e-5)
    with page("", "Output"):
        return x, linear(x2, weight, "head", Dim(CLASSES, classes)).named("logits", role="result")
