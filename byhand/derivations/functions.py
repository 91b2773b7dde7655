"""The functions, derivatives, cases and tables that terms are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Expr

from byhand.derivations.terms import Definition, Letter, Op, Plain, Term, Variable, Where, constant, letter, term, total
from byhand.notation.tree import (
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Part,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Transposed,
    Words,
)

infinity = constant(sympy.oo, Name("∞"))
pi = constant(sympy.pi, Name("π"))

_EXP = Plain(lambda x: Power(Name("e"), x), sympy.exp)
_ROOT = Plain(Root, sympy.sqrt)


def exp(x: Term | int) -> Term:
    return Term(_EXP, (term(x),))


def root(x: Term | int) -> Term:
    return Term(_ROOT, (term(x),))


def function(name: str, value: Callable[..., Expr]) -> Callable[..., Term]:
    """Return a function of terms that is written with its name and its arguments in brackets."""
    op = Plain(lambda *args: Call(name, args), value)
    return lambda *args: Term(op, tuple(map(term, args)))


ln = function("ln", sympy.log)
tanh = function("tanh", sympy.tanh)
sin = function("sin", sympy.sin)
cos = function("cos", sympy.cos)
erf = function("erf", sympy.erf)
maximum = function("max", sympy.Max)
sigmoid = function("sigmoid", lambda x: 1 / (1 + sympy.exp(-x)))

_ABSOLUTE = Plain(lambda x: Call("abs", (x,)), sympy.Abs)
_DELTA = Plain(lambda i, j: Name("δ", (i, j)), lambda i, j: sympy.Integer(int(i == j)))


def absolute(x: Term) -> Term:
    return Term(_ABSOLUTE, (x,))


def delta(i: Term, j: Term) -> Term:
    """Return Kronecker's δ_ij: 1 where i = j, and 0 elsewhere."""
    return Term(_DELTA, (i, j))


@dataclass(frozen=True, eq=False)
class Choice(Op):
    """Values with their conditions, the last for all else; a condition is two terms and the relation between them."""

    signs: tuple[str, ...]

    def show(self, args: tuple[Term, ...]) -> Maths:
        cases: list[tuple[Maths, Maths]] = []
        for n, sign in enumerate(self.signs):
            value, left, right = args[3 * n : 3 * n + 3]
            cases.append((value.shown, Chain((left.shown, right.shown), (sign,))))
        return Cases((*cases, (args[-1].shown, Words("otherwise"))))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        cases = []
        for n, sign in enumerate(self.signs):
            value, left, right = (a.at(where) for a in args[3 * n : 3 * n + 3])
            cases.append((value, RELATIONS[sign](left, right)))
        return sympy.Piecewise(*cases, (args[-1].at(where), True))


RELATIONS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "=": sympy.Eq,
    ">": sympy.Gt,
    "<": sympy.Lt,
    "≤": sympy.Le,
    "≥": sympy.Ge,
}


def cases(*given: tuple[Term | int, Term, str, Term | int], otherwise: Term | int) -> Term:
    """Return values by conditions: cases((x, x, ">", 0), otherwise=0) is x where x > 0, else 0."""
    args = [term(part) for value, left, _, right in given for part in (value, left, right)]
    return Term(Choice(tuple(sign for _, _, sign, _ in given)), (*args, term(otherwise)))


@dataclass(frozen=True, eq=False)
class Derivative(Op):
    """∂f / ∂x, by a variable x."""

    def show(self, args: tuple[Term, ...]) -> Maths:
        of, by = args
        if isinstance(of.op, Definition | Variable | Unknown):
            return Quotient(_d(of.shown), _d(by.shown))
        return Product((Quotient(Name("∂"), _d(by.shown)), Sum((of.shown,))))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        of, by = (a.at(where) for a in args)
        return of.diff(by)


def _d(shown: Maths) -> Maths:
    assert isinstance(shown, Name)
    return Name(f"∂{shown.letters}", shown.below)


def d(of: Term, by: Term) -> Term:
    return Term(Derivative(), (of, by))


@dataclass(frozen=True, eq=False)
class Expectation(Op):
    """E[...] of polynomials in independent variables, by their moments: E[x], E[x²], ..."""

    name: str
    moments: dict[Variable, tuple[Term | int, ...]]

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Part(Name(self.name), (args[0].shown,))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        expanded = sympy.expand(args[0].at(where))
        return sum((self._mean(part, where) for part in sympy.Add.make_args(expanded)), sympy.Integer(0))

    def _mean(self, product: Expr, where: Where) -> Expr:
        """Return the mean of a product of independent factors: the product of their means."""
        result = sympy.Integer(1)
        for base, exponent in product.as_powers_dict().items():
            moments = self._of(base)
            result *= term(moments[int(exponent) - 1]).at(where) if moments else base**exponent
        return result

    def _of(self, symbol: Expr) -> tuple[Term | int, ...]:
        letters = str(symbol).partition("_")[0]
        return next((m for v, m in self.moments.items() if symbol.is_Symbol and v.name == letters), ())


def expectation(moments: dict[Variable, tuple[Term | int, ...]], name: str = "E") -> Callable[[Term], Term]:
    """Return the operator E for variables with these moments; all others are fixed numbers."""
    op = Expectation(name, moments)
    return lambda x: Term(op, (x,))


@dataclass(frozen=True, eq=False)
class WholeTable(Op):
    """A table as one bold letter: W, n rows and m columns of w[i, j]."""

    name: str
    rows: Letter | int
    columns: Letter | int
    cell: Callable[[Term, Term], Term]

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Name(self.name, tuple(a.shown for a in args), bold=True)

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        """Return the values of its cells as a SymPy matrix."""

        def count(of: Letter | int) -> int:
            return of if isinstance(of, int) else where[of]

        def cell(i: int, j: int) -> Expr:
            return self.cell(*(term(int(n) + 1) for n in (i, j))).at(where)

        return sympy.ImmutableMatrix(count(self.rows), count(self.columns), cell)

    def letters(self, args: tuple[Term, ...]) -> frozenset[Letter]:
        sides = frozenset(side for side in (self.rows, self.columns) if isinstance(side, Letter))
        return super().letters(args) | sides | self.cell(term(1), term(1)).letters


def table(name: str, rows: Term | int, columns: Term | int, cell: Callable[[Term, Term], Term]) -> Term:
    """Return a whole table by its cells; `rows` or `columns` is 1 for a single row or column."""
    sides = [n if isinstance(n, int) else letter(n) for n in (rows, columns)]
    return Term(WholeTable(name, sides[0], sides[1], cell))


_TRANSPOSED = Plain(Transposed, lambda x: x.T)
_MATMUL = Plain(lambda *factors: Product(factors, "·"), lambda *x: sympy.prod(x[1:], start=x[0]))


def transposed(x: Term) -> Term:
    return Term(_TRANSPOSED, (x,))


def dot(*factors: Term) -> Term:
    """Return the product of tables: A · B · C."""
    return Term(_MATMUL, factors)


_CELL = Plain(lambda x, i, j: Part(x, (i, j)), lambda x, i, j: x[int(i) - 1, int(j) - 1])


def cell(x: Term, i: Term | int, j: Term | int) -> Term:
    """Return one cell of a table that a formula makes: (A · B)[i, j]."""
    return Term(_CELL, (x, term(i), term(j)))


def grid(*rows: tuple[Term | int, ...]) -> Term:
    """Return a small matrix, written out."""
    width = len(rows[0])

    def show(*cells: Maths) -> Maths:
        return Grid(tuple(tuple(cells[k : k + width]) for k in range(0, len(cells), width)))

    def value(*cells: Expr) -> Expr:
        return sympy.ImmutableMatrix(len(rows), width, cells)

    return Term(Plain(show, value), tuple(term(c) for row in rows for c in row))


@dataclass(frozen=True, eq=False)
class Unknown(Op):
    """A function of n variables of which nothing is known: f_i(x_1, ..., x_n)."""

    name: str
    of: Variable
    count: Term

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Name(self.name, tuple(a.shown for a in args))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        places = range(1, int(self.count.at(where)) + 1)
        name = "_".join([self.name, *(str(a.at(where)) for a in args)])
        return sympy.Function(name)(*(self.of[n].at(where) for n in places))

    def letters(self, args: tuple[Term, ...]) -> frozenset[Letter]:
        return super().letters(args) | self.count.letters

    def __getitem__(self, at: Term) -> Term:
        return Term(self, (at,))


def mean(over: Term, body: Term) -> Term:
    """Return the mean over a place: the sum divided by how many there are."""
    upto = letter(over).upto
    assert upto
    return total(over, body) / upto
