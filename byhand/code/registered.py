"""The weights of a module under a checkpoint's own names: which tensor each is in, and how code reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.checkpoints import FAMILIES
from byhand.checkpoints.family import Piece
from byhand.checkpoints.saving import kind_of
from byhand.core.graph import Array, Node
from byhand.core.roles import Role
from byhand.errors import ByhandError
from byhand.lessons.lesson import Lesson

Tree = dict[str, "Tree | tuple[int, ...]"]
"""The tensors of a module by the parts of their names; a tuple is the shape of one."""


METHODS = {
    "apply",
    "buffers",
    "children",
    "double",
    "eval",
    "float",
    "forward",
    "half",
    "modules",
    "to",
    "train",
    "type",
}
"""What torch.nn.Module has already, so that no module within one is called that."""


def pieces_of(lesson: Lesson, weights: Mapping[str, Node]) -> dict[str, Piece]:
    """Return where each weight is: in its folder's tensors, or in those that its family has; else in one of its own."""
    pieces = dict(lesson.pieces)
    if not pieces:
        try:
            pieces = dict(FAMILIES[kind_of(lesson.recipe.model)].pieces(lesson.options))
        except (ByhandError, TypeError):  # no checkpoint has the form of this model
            pieces = {}
    if weights.keys() <= pieces.keys():
        found = {name: pieces[name] for name in pieces if name in lesson.tables}
        if all(_shape(found[name]) == weights[name].shape for name in weights):
            return found
    return {
        name: Piece(".".join(f"{part}_" if part in METHODS else part for part in name.split(".")), _sizes(node))
        for name, node in weights.items()
    }


def _sizes(node: Node) -> tuple[int, int]:
    return int(node.shape[0]), int(node.shape[1])


def _shape(piece: Piece) -> tuple[int, int]:
    """Return the shape of the part that is our weight."""
    rows, columns = piece.of(np.broadcast_to(0.0, piece.shape)).shape
    return rows, columns


@dataclass(frozen=True)
class Registered:
    """The weights that a module registers. pieces: of each table, by its name. tensors: whole, by theirs."""

    pieces: Mapping[str, Piece]
    tensors: Mapping[str, Array]

    @classmethod
    def of(cls, lesson: Lesson, numbers: Mapping[str, Array]) -> Registered:
        """Return those of a lesson; numbers: of its given tables, by name."""
        weights = {name: node for name, node in lesson.tables.items() if node.role is Role.WEIGHT and node.op.given}
        pieces = pieces_of(lesson, weights)
        tensors: dict[str, Array] = {}
        for name, piece in pieces.items():
            whole = tensors.setdefault(piece.tensor, np.zeros(piece.shape))
            piece.of(whole)[...] = numbers[name]
        return cls(pieces, tensors)

    def read(self, name: str, prefix: str, holder: str = "self") -> str:
        """Return the expression of a weight; prefix: the name of the module that is its holder."""
        piece = self.pieces[name]
        whole = f"{holder}{accessor(without(piece.tensor, prefix))}"
        sizes: tuple[int, ...] = piece.table or piece.shape
        if piece.table:
            whole += f".reshape({piece.table[0]}, {piece.table[1]})"
        columns = _cut(piece.columns, sizes[-1])
        rows = "None" if len(sizes) == 1 else _cut(piece.rows, sizes[0])
        index = f"[{rows}, {columns}]" if columns != ":" else f"[{rows}]" if rows != ":" else ""
        return f"{whole}{index}{'.T' if piece.transposed else ''}"

    def tree(self, prefix: str) -> Tree:
        """Return the tensors of the module with this name."""
        whole: Tree = {}
        for tensor, numbers in self.tensors.items():
            if not prefix or tensor.startswith(f"{prefix}."):
                *modules, last = without(tensor, prefix).split(".")
                place = whole
                for module in modules:
                    inner = place.setdefault(module, {})
                    assert isinstance(inner, dict)
                    place = inner
                place[last] = numbers.shape
        return whole

    def turned(self, module: str) -> bool:
        """Return whether the matrix of a module is stored as (out, in), like that of a linear layer."""
        return any(piece.transposed for piece in self.pieces.values() if piece.tensor == f"{module}.weight")


def without(name: str, prefix: str) -> str:
    """Return a dotted name without its beginning."""
    return name[len(prefix) + 1 :] if prefix else name


def accessor(name: str) -> str:
    """Return how an attribute is read: h.0.attn is .h[0].attn."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in name.split("."))


def _cut(part: slice, size: int) -> str:
    start, stop, step = part.indices(size)
    if step > 1:
        return f"{start or ''}::{step}" if stop == size else f"{start}:{stop}:{step}"
    return ":" if (start, stop) == (0, size) else f"{start}:{stop}"


def common_prefix(tensors: Iterable[str]) -> str:
    """Return the module that holds all these tensors."""
    parts = [tensor.split(".")[:-1] for tensor in tensors]
    shared = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return ".".join(shared)


def in_terms_of(letter: str, numbers: Sequence[int], texts: Sequence[str]) -> str | None:
    """Return one text for all, in which a number that differs is computed from a letter; None if there is none.

    numbers: what the letter is for each text. For 1 and 2, "[0:4]" and "[4:8]" are "[4 * h - 4:4 * h]".
    """
    if len(set(texts)) == 1:
        return texts[0]
    cut = [re.split(r"(?<![A-Za-z_\d])(\d+)", text) for text in texts]
    if len({len(parts) for parts in cut}) > 1:
        return None
    said = []
    for parts in zip(*cut, strict=True):
        if len(set(parts)) == 1:
            said.append(parts[0])
        elif all(part.isdigit() for part in parts):
            step, left = divmod(int(parts[1]) - int(parts[0]), numbers[1] - numbers[0])
            start = int(parts[0]) - step * numbers[0]
            if left or any(start + step * n != int(part) for n, part in zip(numbers, parts, strict=True)):
                return None
            product = letter if step == 1 else f"{step} * {letter}"
            said.append(f"{product} {'-' if start < 0 else '+'} {abs(start)}" if start else product)
        else:
            return None
    return "".join(said)
