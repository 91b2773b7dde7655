"""A formula of a topic tied to a layer: at some place, with numbers for its letters, both give one number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from byhand.core.gradients import gradients
from byhand.core.graph import Node, fold, source, toposort
from byhand.derivations.terms import Letter, Term
from support.derivations import derivations

Array = np.ndarray
Numbers = dict[str, Array | float]


@dataclass(frozen=True)
class Tie:
    """A formula of a topic at some place, with numbers for its letters, and what the layer gives there."""

    term: Term
    layer: float
    numbers: Numbers
    at: dict[str, int] = field(default_factory=dict)

    def value(self, term: Term | None = None) -> float:
        return evaluated(self.term if term is None else term, self.at, self.numbers)


def evaluated(term: Term, at: dict[str, int], numbers: Numbers) -> float:
    letters: dict[str, Letter] = {a.name: a for a in term.letters}
    value = term.at({letters[name]: n for name, n in at.items() if name in letters})
    for f in value.atoms(sympy.Derivative):  # of a function of which nothing is known
        value = value.xreplace(
            {f: sympy.Symbol(f"{f.expr.func}_{f.variables[0]}".replace("f_", "slope_").replace("x_", ""))}
        )
    value = value.xreplace({f: sympy.Symbol(f.func.__name__) for f in value.atoms(AppliedUndef)})
    point = {symbol: sympy.Float(number(str(symbol), numbers)) for symbol in value.free_symbols}
    value = sympy.N(value.xreplace(point))
    return float(value) if value.is_real else math.nan


def number(letter: str, numbers: Numbers) -> float:
    """The number for x, or in a table for x_1 or W_1_2."""
    name, *places = letter.split("_")
    table = np.asarray(numbers[letter] if letter in numbers else numbers[name])
    return float(table[tuple(int(n) - 1 for n in places)] if table.ndim else table)


def given(name: str, data: Array) -> Node:
    return source(name, np.atleast_2d(data), role="input")


def numbers_of(node: Node) -> Array:
    return fold([node])[node]


def inside(node: Node, name: str) -> Array:
    """The numbers of the table of that name on the way to a node."""
    (found,) = (n for n in toposort([node]) if n.name == name or n.name.endswith(f".{name}"))
    return numbers_of(found)


def one(table: Array) -> float:
    """The number of a table of one cell."""
    return float(table.item())


def backward(out: Node, upstream: Array, wrt: Node) -> Array:
    """The gradient that the graph's own backward pass gives."""
    loss = (out * given("G", upstream)).sum(0).sum(1).named("loss")
    return numbers_of(gradients(loss, [wrt]).gradients[wrt])


def each(term: Term, layer: Array, numbers: Numbers, names: str, **sizes: int) -> Iterator[Tie]:
    """A tie for each cell of the layer's table: the letters in `names` count along its axes."""
    for spot in product(*map(range, layer.shape)):
        yield Tie(
            term, float(layer[spot]), numbers, sizes | {a: n + 1 for a, n in zip(names.split(), spot, strict=True)}
        )


def claim(topic: str, title: str) -> list[Term]:
    """The lines of a derivation."""
    return [line.term for line in next(a for a in derivations(topic) if a.title == title).lines]
