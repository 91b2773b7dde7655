"""Terms: formulas that are written once and read twice, as a tree for print and as a SymPy expression for proofs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import sympy
from sympy import Expr

from byhand.derivations.proof import Share
from byhand.notation.tree import Maths, Name, Negative, Number, Over, Power, Product, Quotient, Sum

Where = Mapping["Letter", int]
"""An instance: a number for each letter for a size or a place, such as n = 3, i = 2."""


class Op(ABC):
    """An operation of terms: how it is shown, and its value, both made from its arguments."""

    @abstractmethod
    def show(self, args: tuple[Term, ...]) -> Maths:
        """Return the formula as a tree; printers decide the brackets."""

    @abstractmethod
    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        """Return a SymPy expression or matrix, without letters for sizes and places."""

    def letters(self, args: tuple[Term, ...]) -> frozenset[Letter]:
        """Return the letters for which an instance must have a number."""
        return frozenset().union(*(a.letters for a in args))


@dataclass(frozen=True, eq=False)
class Term:
    """A formula, built by operators as it would be written: exp(x[i]) / total(j, exp(x[j]))."""

    op: Op
    args: tuple[Term, ...] = ()

    @property
    def shown(self) -> Maths:
        return self.op.show(self.args)

    @property
    def letters(self) -> frozenset[Letter]:
        return self.op.letters(self.args)

    def at(self, where: Where) -> Expr:
        """Return its value on an instance."""
        return self.op.value(self.args, where)

    def __add__(self, other: Term | int) -> Term:
        return Term(PLUS, (*_parts(PLUS, self), *_parts(PLUS, term(other))))

    def __radd__(self, other: int) -> Term:
        return term(other) + self

    def __neg__(self) -> Term:
        return Term(MINUS, (self,))

    def __sub__(self, other: Term | int) -> Term:
        return self + -term(other)

    def __rsub__(self, other: int) -> Term:
        return term(other) - self

    def __mul__(self, other: Term | int) -> Term:
        if self.op is MINUS:
            return -(self.args[0] * other)
        return Term(TIMES, (*_parts(TIMES, self), *_parts(TIMES, term(other))))

    def __rmul__(self, other: int) -> Term:
        return term(other) * self

    def __truediv__(self, other: Term | int) -> Term:
        if self.op is MINUS:
            return -(self.args[0] / other)
        return Term(OVER, (self, term(other)))

    def __rtruediv__(self, other: int) -> Term:
        return term(other) / self

    def __pow__(self, other: Term | int) -> Term:
        return Term(POWER, (self, term(other)))


def _parts(op: Op, made: Term) -> tuple[Term, ...]:
    return made.args if made.op is op else (made,)


@dataclass(frozen=True, eq=False)
class Plain(Op):
    """An operation whose tree and value are functions of the trees and values of its arguments."""

    shows: Callable[..., Maths]
    values: Callable[..., Expr]

    def show(self, args: tuple[Term, ...]) -> Maths:
        return self.shows(*(a.shown for a in args))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        return self.values(*(a.at(where) for a in args))


def _add(*values: Expr) -> Expr:
    first, *others = values
    for value in others:
        first = first + value
    return first


PLUS = Plain(lambda *terms: Sum(terms), _add)
MINUS = Plain(Negative, lambda x: -x)
TIMES = Plain(lambda *factors: Product(factors), lambda *x: sympy.prod(x))
OVER = Plain(Quotient, lambda top, bottom: top / bottom)
POWER = Plain(Power, lambda base, exponent: base**exponent)


def constant(value: Expr, shown: Maths) -> Term:
    return Term(Plain(lambda: shown, lambda: value))


def term(value: Term | int) -> Term:
    """Return a whole number as a term; a term as it is."""
    return value if isinstance(value, Term) else constant(sympy.Integer(value), Number(str(value)))


zero, one = term(0), term(1)


@dataclass(frozen=True, eq=False)
class Letter(Op):
    """A letter for a size (n), with the sizes that are tried, or for a place that runs from 1 to a size (i)."""

    name: str
    sizes: tuple[int, ...] = ()
    upto: Term | None = None

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Name(self.name)

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        return sympy.Integer(where[self])

    def letters(self, args: tuple[Term, ...]) -> frozenset[Letter]:
        return frozenset({self}) | (self.upto.letters if self.upto else frozenset())


def size(name: str, *sizes: int) -> Term:
    return Term(Letter(name, sizes or (2, 3, 4)))


def places(names: str, upto: Term) -> tuple[Term, ...]:
    """Return letters that run from 1 to a size: i, j = places("i j", n)."""
    return tuple(Term(Letter(name, upto=upto)) for name in names.split())


def letter(made: Term) -> Letter:
    """Return the letter that a term is."""
    assert isinstance(made.op, Letter)
    return made.op


@dataclass(frozen=True, eq=False)
class Variable(Op):
    """A letter for numbers that are real, positive, negative, or a share (between 0 and 1): x, x[i], W[i, j]."""

    name: str
    assumption: str = "real"

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Name(self.name, tuple(a.shown for a in args))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        name = "_".join([self.name, *(str(a.at(where)) for a in args)])
        return (
            Share(name, positive=True) if self.assumption == "share" else sympy.Symbol(name, **{self.assumption: True})
        )

    def __getitem__(self, at: Term | int | tuple[Term | int, ...]) -> Term:
        return Term(self, _places(at))


def _places(at: Term | int | tuple[Term | int, ...]) -> tuple[Term, ...]:
    return tuple(map(term, at if isinstance(at, tuple) else (at,)))


def number(name: str, assumption: str = "real") -> Term:
    """Return a letter for a number: c."""
    return Term(Variable(name, assumption))


@dataclass(frozen=True, eq=False)
class Definition(Op):
    """A letter that stands for a formula: p[i], where p_i is e^x_i / Σ_j e^x_j."""

    name: str
    body: Callable[..., Term]
    found: dict[object, Expr] = field(default_factory=dict)

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Name(self.name, tuple(a.shown for a in args))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        """Return the value of the formula, worked out once for each instance."""
        at = tuple(int(a.at(where)) for a in args)
        key = (at, frozenset((a, where[a]) for a in self.free(len(args)) if a in where))
        if key not in self.found:
            self.found[key] = self.body(*map(term, at)).at(where)
        return self.found[key]

    @cache  # noqa: B019  a definition is never thrown away
    def free(self, count: int) -> frozenset[Letter]:
        """Return the letters that stand in the formula besides its own places."""
        return self.body(*(term(1) for _ in range(count))).letters

    def letters(self, args: tuple[Term, ...]) -> frozenset[Letter]:
        return super().letters(args) | self.free(len(args))

    def __getitem__(self, at: Term | int | tuple[Term | int, ...]) -> Term:
        return Term(self, _places(at))


def defined(name: str, body: Term) -> Term:
    """Return a letter that stands for a formula without places: L."""
    return Term(Definition(name, lambda: body))


@dataclass(frozen=True, eq=False)
class Total(Op):
    """Σ over a place, from 1 to its size or to where its second argument says; Π likewise."""

    over: Letter
    sign: str = "Σ"
    join: Callable[..., Expr] = field(default=_add)

    def show(self, args: tuple[Term, ...]) -> Maths:
        body, *end = args
        below: Maths = Name(self.over.name)
        return Over(self.sign, body.shown, below, end[0].shown if end else None)

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        body, *end = args
        assert self.over.upto
        last = int((end[0] if end else self.over.upto).at(where))
        return self.join(*(body.at({**where, self.over: n}) for n in range(1, last + 1)))

    def letters(self, args: tuple[Term, ...]) -> frozenset[Letter]:
        assert self.over.upto
        return super().letters(args) - {self.over} | self.over.upto.letters


def total(over: Term, body: Term, last: Term | None = None) -> Term:
    """Return Σ_j, with j from 1 to its size, or to `last`."""
    return Term(Total(letter(over)), (body, last) if last else (body,))


def largest(over: Term, body: Term) -> Term:
    """Return max_j, with j from 1 to its size."""
    return Term(Total(letter(over), "max", sympy.Max), (body,))


def product(over: Term, body: Term) -> Term:
    """Return Π_j, with j from 1 to its size."""
    return Term(Total(letter(over), "Π", lambda *x: sympy.prod(x)), (body,))
