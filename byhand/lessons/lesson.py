"""A lesson: a model that was built from a recipe, with all its tables."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.graph import Array, Node, fold, toposort
from byhand.core.labels import word
from byhand.errors import ByhandError, near, nearest, quoted
from byhand.language.architecture import Architecture, Graph
from byhand.language.options import option_values
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

if TYPE_CHECKING:  # most lessons have none
    from byhand.checkpoints.family import Piece
    from byhand.tokenizers.tokenizer import Tokenizer


@dataclass(frozen=True)
class Lesson:
    """A recipe that has been built.

    assemble: turns arrays by the paths of weights into a checkpoint's own tensors; for a built-in model it is dict.
    weights: where the weights come from, in a sentence. tokenizer: of a checkpoint's folder, if it has one. shown: the
    ids of the words that the tables have, where these are not all; note: the sentence that says so. pieces: where each
    weight is in the checkpoint, if it is one.
    """

    recipe: Recipe
    architecture: Architecture
    options: Any
    graph: Graph
    assemble: Callable[[Mapping[str, Array]], dict[str, Array]] = dict
    weights: str = ""
    tokenizer: Tokenizer | None = None
    shown: tuple[int, ...] = ()
    note: str = ""
    pieces: Mapping[str, Piece] = field(default_factory=dict)

    @cached_property
    def tables(self) -> dict[str, Node]:
        """Every named table, in the model's order."""
        return {n.name: n for n in toposort(self.graph.outputs) if n.name}

    def table(self, name: str) -> Node:
        """Return the table with this dotted name. Raises ByhandError if there is none."""
        if name not in self.tables:
            raise self.no_table(name)
        return self.tables[name]

    def no_table(self, name: str) -> ByhandError:
        """Return the error for an unknown name: the names that are likely meant, and the command that lists all."""
        last = name.rpartition(".")[2].casefold()
        alike = [other for other in self.tables if other.rpartition(".")[2].casefold() == last][:3]
        candidates = alike or near(name, self.tables)
        where = f"`byhand run {shlex.quote(self.recipe.model)}` lists all"
        more = f"; {nearest(name, candidates, 0.0)} ({where})" if candidates else f": {where}"
        return ByhandError(f"There is no table {quoted(name)} in {self.architecture.name}{more}.")

    @property
    def words(self) -> list[str]:
        """The words that the model writes after its prompt, in order; none of a model that writes no words."""
        return self._words_of(self.graph.written)

    @property
    def prompt(self) -> list[str]:
        """The words that the model reads before it writes: of a translator, its translation so far."""
        return self._words_of([self.graph.prompt] if self.graph.prompt else [])

    @property
    def texts(self) -> tuple[str, str] | None:
        """The text that the model reads and the text that it adds, decoded; None without a tokenizer."""
        if self.tokenizer is None or self.graph.prompt is None:
            return None
        from byhand.lessons.folder_text import text_of

        numbers = self.numbers()
        before, written = (
            [self.shown[int(n)] if self.shown else int(n) for ids in columns for n in numbers[ids.name][:, 0]]
            for columns in ([self.graph.prompt], self.graph.written)
        )
        return text_of(self.tokenizer, before, written)

    def _words_of(self, columns: Iterable[Node]) -> list[str]:
        """Return the words of columns of ids, one column after the other."""
        numbers = self.numbers()
        return [word(ids.shape[0].labels, n, numbers) for ids in columns for n in range(int(ids.shape[0]))]

    def numbers(self) -> dict[str, Any]:
        """Return the numbers of every named table. Raises ByhandError if one is not finite."""
        return dict(self._computed)

    @cached_property
    def _computed(self) -> dict[str, Any]:
        with np.errstate(all="ignore"):
            values = fold(self.graph.outputs, self.graph.given)
        for name, node in self.tables.items():
            if not np.isfinite(values[node]).all():
                raise ByhandError(
                    f"{name} would hold a number that is not finite (from a division by 0, or too large): "
                    "choose other sizes, or other numbers with --set."
                )
        return {name: values[node] for name, node in self.tables.items()}


def describe(lesson: Lesson) -> tuple[str, str]:
    """Return the lesson's title, and a line of sizes: decoder only · 1 layer · 2 heads · d_model 4."""
    size = {"name": "small"} | lesson.recipe.size
    named = size["name"] if set(size) == {"name"} and lesson.recipe.model in MODELS else ""
    title = lesson.recipe.title or f"{lesson.architecture.title} by hand" + (f", {named}" if named else "")
    options = option_values(lesson.options)
    parts = [lesson.architecture.family]
    for name in ("encoder_layers", "decoder_layers", "layers", "heads", "encoder_heads", "decoder_heads"):
        if name in options:
            what = name.replace("_", " ")
            parts.append(f"{options[name]} {what[:-1] if options[name] == 1 else what}")
    parts += [
        f"{name} {options[name]}"
        for name in ("d_model", "d_k", "d_ff", "encoder_d_ff", "decoder_d_ff", "width")
        if name in options
    ]
    return title, " · ".join(parts + _training(lesson.recipe))


def _training(recipe: Recipe) -> list[str]:
    steps = f"{recipe.train_steps} step{'s' if recipe.train_steps > 1 else ''} of {recipe.optimizer}"
    return ["backward", steps] if recipe.optimizer else ["backward"] * recipe.backward
