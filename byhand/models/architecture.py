"""What an architecture is to the rest of byhand: its options, its inputs, and the function that builds its graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from byhand.graph import Node
from byhand.labels import Labels
from byhand.weights import Weights


@dataclass(frozen=True)
class Inputs:
    """What is put into a model; None stands for the model's own example."""

    ids: list[int] | None = None
    target_ids: list[int] | None = None
    segment_ids: list[int] | None = None
    mask: list[int] | None = None
    generate: int = 1


@dataclass(frozen=True)
class Graph:
    """A built model: the tables that it ends in, and what the home page shows of it.

    probabilities: (T, V), of which the last row is the prediction; look_at: the position shown first, from 0.
    """

    outputs: list[Node]
    probabilities: Node | None = None
    look_at: int | None = None


@dataclass(frozen=True)
class Architecture:
    """A model that can be built.

    options: a dataclass of sizes and choices with the small model's values as defaults.
    sizes: what `--size NAME` changes in them. takes: the inputs that it reads, of those of Inputs.
    vocabularies: the words of its ids and (if other) of its target ids, from its options.
    """

    name: str
    title: str
    family: str
    source: str
    about: str
    options: type[Any]
    build: Callable[[Any, Weights, Inputs], Graph]
    sizes: dict[str, dict[str, Any]] = field(default_factory=dict)
    takes: frozenset[str] = frozenset()
    vocabularies: Callable[[Any], tuple[Labels, ...]] = lambda options: ()
