"""What a checkpoint ends in, if not in words: a base model's last table, pooled as its folder says, or another head."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from byhand.checkpoints.class_names import names
from byhand.checkpoints.family import Family, Pieces, linear
from byhand.checkpoints.folder import Config, Tensors, brief, parse_json, read_json
from byhand.errors import ByhandError
from byhand.language.endings import CHOICE, CLASSES, POOLINGS, SPAN, TABLE, TAGS
from byhand.language.options import variant

HEADS = {
    "SequenceClassification": CLASSES,
    "MultipleChoice": CHOICE,
    "TokenClassification": TAGS,
    "QuestionAnswering": SPAN,
}
"""How the names of transformers' classes end, after For -> the ending."""
OF_LANGUAGE, UNKNOWN = ("LM", "PreTraining", "Generation"), "unknown"
"""How the tasks end whose head is one of words."""
OF_WORDS = ("W_vocab", "b_vocab", "head.")
"""How the paths of the weights begin with which a model turns its last table into words."""
MODULES, MOST_MODULES = "modules.json", 20


@dataclass(frozen=True)
class Ending:
    """The ending's options, and the weights that it has beside those of the model's body."""

    options: Mapping[str, Any]
    weights: tuple[tuple[str, str, int, bool], ...] = ()

    def of(self, family: Family, options: Any) -> tuple[Family, Any]:
        """Return the family that ends so, and its options."""
        architecture = family.base or family.architecture
        architecture = replace(architecture, takes=architecture.takes - {"generate", "target_ids"})
        family = replace(family, architecture=architecture, pieces=self.pieces(family), tied=())
        return family, variant(options, **self.options)

    def pieces(self, family: Family) -> Callable[[Any], Pieces]:
        """Return the weights of the family's body and of the ending, in the order of the files."""

        def pieces(o: Any) -> Pieces:
            for path, piece in family.pieces(o):
                if not path.startswith((*OF_WORDS, *family.unread)):
                    yield path, piece
            for name, theirs, width, biased in self.weights:
                yield from linear("", name, theirs, o.d_model, width, biased)

        return pieces


def ending_of(config: Config, options: Any, family: Family, tensors: Tensors, folder: Path) -> Ending | None:
    """Return what the checkpoint ends in; None for words. Raises ByhandError for a head that is not computed."""
    pooling, normalised = pooling_of(folder)
    if not family.ends:
        if pooling:
            raise ByhandError(
                f"{folder / MODULES} pools what this kind of model does not have; remove it to read words."
            )
        return None
    kind = _kind(config)
    if kind in (CLASSES, CHOICE, TAGS, SPAN):
        return _head(kind, config, options, family, tensors)
    if kind == UNKNOWN and not _says_words(options, family, tensors):
        raise ByhandError(
            f"config.json calls the checkpoint a {_class_of(config)}, whose head byhand does not compute; "
            f"it reads words, a body alone, and {', '.join(HEADS)}."
        )
    if kind != TABLE and not pooling:
        return None
    return Ending({"ending": TABLE, "pooling": pooling, "normalised": normalised})


def _kind(config: Config) -> str:
    """Return the ending that the name of the model's class in config.json stands for; empty for words."""
    name = _class_of(config)
    _, other, task = name.rpartition("For")
    if name.endswith("Model") and not name.endswith(("LMHeadModel", "DoubleHeadsModel")):
        return TABLE
    return HEADS.get(task, UNKNOWN if other and not task.endswith(OF_LANGUAGE) else "")


def _class_of(config: Config) -> str:
    """Return the name of the model's class in config.json; empty if it does not say."""
    classes = config.get("architectures", []) or []
    return classes[0] if isinstance(classes, list) and classes and isinstance(classes[0], str) else ""


def _says_words(options: Any, family: Family, tensors: Tensors) -> bool:
    """Return whether any tensor is there with which the model turns its last table into words."""
    small = family.architecture.options  # the names are the same, and a config may ask for a billion layers
    if hasattr(small, "tied"):
        small = replace(small, tied=options.tied)
    head = [piece for path, piece in family.pieces(small) if path.startswith(OF_WORDS)]
    return not head or any(name in tensors.shapes for piece in head for name in family.spelled(piece.tensor))


def _head(kind: str, config: Config, options: Any, family: Family, tensors: Tensors) -> Ending:
    """Return a head of classes, of one choice, of tags, or of the two ends of an answer."""
    if kind not in family.ends:
        raise ByhandError(
            f"The checkpoint ends in {kind}, which byhand does not compute for this kind of model; "
            f"it reads words{', '.join(['', *(k for k in family.ends if k != TABLE)])}."
        )
    places = family.ends[kind]
    weights: list[tuple[str, str, int, bool]] = []
    labels = ("score",) if kind == CHOICE else names(config)
    for name, theirs in places.items():
        width = {"pool": options.d_model, "span": 2}.get(name, len(labels))
        (bias,) = [n for n in family.spelled(f"{theirs}.bias") if n in tensors.shapes][:1] or [""]
        weights.append((name, theirs, width, bool(bias)))
    problem = config.get("problem_type", "") or ""
    about = {
        "ending": kind,
        "labels": labels,
        "pool_activation": family.pooler if "pool" in places else "",
        "class_bias": weights[-1][3],
        "several_classes": problem == "multi_label_classification",
    }
    if kind in (CLASSES, TAGS) and problem == "regression" and len(labels) > 1:
        raise ByhandError(
            'config.json has problem_type = "regression" with several labels, which byhand does not compute.'
        )
    return Ending(about, tuple(weights))


def pooling_of(folder: Path) -> tuple[tuple[str, ...], bool]:
    """Return how the folder of a sentence encoder pools, and whether it makes the length 1; nothing if it does not say.

    modules.json lists the steps, as sentence-transformers writes it. Raises ByhandError for a step not computed.
    """
    if not os.path.isfile(folder / MODULES):
        return (), False
    steps, ways, normalised = parse_json(folder / MODULES), tuple[str, ...](), False
    if not isinstance(steps, list) or len(steps) > MOST_MODULES:
        raise ByhandError(f"{folder / MODULES} must be a list of steps; save the model again.")
    for step in steps:
        kind, path = (step.get(key) for key in ("type", "path")) if isinstance(step, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(path, str) or Path(path).name != path:
            raise ByhandError(f"{folder / MODULES} must give each step its type and its folder; save the model again.")
        name = kind.rpartition(".")[2]
        if name == "Pooling":
            ways = tuple(_ways(read_json(folder / path / "config.json")))
        elif name == "Normalize":
            normalised = True
        elif name != "Transformer":
            raise ByhandError(
                f"{folder / MODULES} has a step {brief(name)}, which byhand does not compute; it pools and makes the "
                "length 1. Remove the step to read the model without it."
            )
    return ways, normalised


def _ways(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ways of pooling that a config of Pooling turns on, in the order in which they stand side by side."""
    said = config.get("pooling_mode")
    on = (
        {said}
        if isinstance(said, str)
        else {way for way in said if isinstance(way, str)}
        if isinstance(said, list)
        else set()
    )
    for way, key in [(way, f"pooling_mode_{_OLD.get(way, way)}") for way in POOLINGS]:
        if config.get(key) is True or way in on:
            yield way


_OLD = {"cls": "cls_token"} | {way: f"{way}_tokens" for way in ("max", "mean", "mean_sqrt_len", "weightedmean")}
"""How the switches of a config of Pooling call the ways."""
