"""A model is a graph of tables: nodes, the operations that make them, and how to walk and evaluate them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from byhand.core.arithmetic import Function
from byhand.core.roles import Look, Role
from byhand.errors import ByhandError
from byhand.notation.tree import Maths

if TYPE_CHECKING:  # a model that is only computed needs no program
    from byhand.core.expressions import Expression

Array = NDArray[np.float64]
INFINITE = 1e29
"""A number larger than this, such as the −1e30 of a mask, means ∞."""


class Dim(int):
    """A size with labels for what it counts, such as the words of a vocabulary; None for features.

    Shape rules pass it on, so every table has labels for its rows and columns.
    """

    labels: object

    def __new__(cls, size: int, labels: object = None) -> Dim:
        dim = super().__new__(cls, size)
        dim.labels = labels
        return dim


def labels_of(size: int) -> object:
    """Return what a size counts; None for features, and for a plain number."""
    return getattr(size, "labels", None)


Shape = tuple[Dim, Dim]


def never(**settings: Any) -> bool:
    """Return False; the default of `by_row`."""
    return False


def always(**settings: Any) -> bool:
    """Return True, for operations that work row by row whatever their settings."""
    return True


@dataclass(frozen=True, eq=False)
class Op:
    """One operation, whole. Call it with nodes (or plain numbers) to get a node.

    shape: the shape of the result from the shapes of the arguments; raises ValueError with the reason.
    value: numpy arrays to a numpy array; broadcasts over leading axes.
    cell: (arithmetic, (row, column), *tables) to one cell, in that arithmetic.
    vjp: (gradient of the result, result, *arguments) to the gradient of each argument, as graph; None where nothing
    flows. A gradient may still be stretched or unsummed: gradients.py fits it to its argument.
    maths: (*arguments as trees) to the formula as it is written on paper; column_maths: the same where tokens are
    columns, if that differs.
    code: (a library of arrays, the node, *arguments as expressions) to the expression of a program; not for operations
    that are cellwise, whose cell rule says it (see expressions.py).
    sides: where a picture of the operation puts each argument: "left" of the result (the default) or "above" it.
    view: the result only rearranges cells of its arguments, so a sheet needs no cells for it.
    given: the numbers are given, not computed.
    function: the function of one number that is applied to each cell, if the operation is that.
    cellwise: a cell is made from the same cell of each argument. by_row: (settings) to whether a row is made from the
    same row of each argument (or from its only row).
    finite: the result is a finite number also where an argument is −∞, as e^−∞ is 0.
    counting: its arguments are counts, or numbers of things such as places, through which no gradient flows.
    examples: ((shapes of the arguments), settings) for the tests to run; never empty.
    """

    name: str
    shape: Callable[..., Shape]
    value: Callable[..., Array]
    cell: Callable[..., Any]
    vjp: Callable[..., tuple[Node | None, ...]]
    maths: Callable[..., Maths]
    examples: tuple[tuple[tuple[Shape, ...], dict[str, Any]], ...]
    sides: tuple[str, ...] = ()
    column_maths: Callable[..., Maths] | None = None
    code: Callable[..., Expression] | None = None
    view: bool = False
    given: bool = False
    function: Function | None = None
    cellwise: bool = False
    by_row: Callable[..., bool] = never
    finite: bool = False
    counting: bool = False

    def __call__(self, *args: Node | float, **attrs: Any) -> Node:
        nodes = tuple(a if isinstance(a, Node) else OPS["constant"](value=float(a)) for a in args)
        try:
            shape = self.shape(*(n.shape for n in nodes), **attrs)
        except ValueError as reason:
            tables = " and ".join(f"{n.label} ({times(n.shape)})" for n in nodes)
            raise ByhandError(f"{self.name} cannot take {tables}: {reason}.") from None
        return Node(self, nodes, attrs, shape)


OPS: dict[str, Op] = {}


def register(name: str, **rules: Any) -> Op:
    """Add an operation to the registry."""
    OPS[name] = Op(name, **rules)
    return OPS[name]


@dataclass(frozen=True, eq=False)
class Scope:
    """A named region of the model: its name and its caption.

    title: its name in words. equation, source: of a step of the model, its formula and the paper's; column_equation:
    the formula for tokens as columns, where it differs.
    page: the tables inside have a sheet of their own. repeats: a repetition, whose weights are those of the first time.
    shares: in place of its name in those of weights, so that scopes with the same share them.
    below: the step stands below the one before it, not beside. look: the colours of its box in the model's picture,
    and of those of the steps inside; nothing where these follow from what the step computes.
    """

    name: str
    parent: Scope | None = None
    title: str = ""
    equation: str = ""
    column_equation: str = ""
    source: str = ""
    page: bool = False
    repeats: bool = False
    shares: str = ""
    below: bool = False
    look: Look | None = None

    @cached_property
    def outward(self) -> list[Scope]:
        """This scope, then the ones around it."""
        return [self, *self.parent.outward] if self.parent else [self]

    @cached_property
    def innermost_page(self) -> Scope | None:
        return next((s for s in self.outward if s.page), None)

    @cached_property
    def backward(self) -> Scope:
        """The scope for the gradients of the tables here."""
        if self.parent is None:
            return Scope("grad", None, "Backward", look=Look.GRADIENT)
        equation = "∂x = ∂loss / ∂x" if self.page else ""
        return Scope(self.name, self.parent.backward, self.title, equation, page=self.page)

    def equation_as(self, turned: bool) -> str:
        """Return the step's formula for tokens as rows, or (turned) as columns."""
        return (self.column_equation if turned else "") or self.equation

    @cached_property
    def path(self) -> str:
        return ".".join(s.name for s in reversed(self.outward) if s.name)


_OUTSIDE = Scope("")
_scope: ContextVar[Scope] = ContextVar("scope", default=_OUTSIDE)


@contextmanager
def scope(name: str = "", title: str = "", **about: Any) -> Iterator[Scope]:
    """Open a scope: names given inside begin with `name.`; `about` is its caption (see Scope)."""
    inner = Scope(name, _scope.get(), title, **about)
    token = _scope.set(inner)
    try:
        yield inner
    finally:
        _scope.reset(token)


@contextmanager
def within(place: Scope) -> Iterator[None]:
    """Go back to a scope: names given inside begin with its path, whatever scopes are open."""
    token = _scope.set(place)
    try:
        yield
    finally:
        _scope.reset(token)


def outside() -> AbstractContextManager[None]:
    """Leave all scopes: names given inside have no prefix."""
    return within(_OUTSIDE)


def page(name: str, title: str, **about: Any) -> AbstractContextManager[Scope]:
    """Open a scope with a sheet of its own."""
    return scope(name, title, page=True, **about)


def current_scope() -> Scope:
    return _scope.get()


_serials = count()


class Node:
    """A 2-D table: an operation on other tables, or (op `source`) numbers that are given.

    name: its dotted path; only named nodes get cells on a sheet. role: its kind, such as a weight or a result.
    meaning: of a single number, what it is for.
    """

    __slots__ = ("args", "attrs", "data", "meaning", "name", "op", "role", "scope", "serial", "shape")

    def __init__(self, op: Op, args: tuple[Node, ...], attrs: dict[str, Any], shape: Shape) -> None:
        self.op, self.args, self.attrs, self.shape = op, args, attrs, shape
        self.name, self.role, self.meaning = "", Role.NONE, ""
        self.scope = _scope.get()
        self.data: Array | None = None
        self.serial = next(_serials)

    def named(self, name: str, role: str = Role.NONE) -> Node:
        """Name the node in the open scope, which gives it cells, and return it; a second name replaces the first."""
        self.scope = _scope.get()
        self.name = ".".join(filter(None, (self.scope.path, name)))
        self.role = Role(role) or self.role
        return self

    def with_role(self, role: str) -> Node:
        """Change the role while the model is built, and return the node; nodes made from it are not affected."""
        self.role = Role(role)
        return self

    @property
    def symbol(self) -> str:
        """The last part of its name, as in captions."""
        return self.name.rpartition(".")[2]

    @property
    def label(self) -> str:
        return self.name or self.op.name

    @property
    def look(self) -> Look:
        """The style of its cells."""
        traits = self.role.traits
        return traits.given_look if self.op.given else traits.look

    @property
    def holds_infinity(self) -> bool:
        """Whether one of its given numbers means −∞."""
        return self.data is not None and bool((self.data < -INFINITE).any())

    @property
    def page(self) -> Scope | None:
        """The innermost page around it; None outside every page."""
        return self.scope.innermost_page

    def __repr__(self) -> str:
        return f"<{self.label} {times(self.shape)}>"

    def __add__(self, other: Node | float) -> Node:
        return OPS["add"](self, other)

    def __radd__(self, other: float) -> Node:
        return OPS["add"](other, self)

    def __sub__(self, other: Node | float) -> Node:
        return OPS["sub"](self, other)

    def __rsub__(self, other: float) -> Node:
        return OPS["sub"](other, self)

    def __mul__(self, other: Node | float) -> Node:
        return OPS["mul"](self, other)

    def __rmul__(self, other: float) -> Node:
        return OPS["mul"](other, self)

    def __truediv__(self, other: Node | float) -> Node:
        return OPS["div"](self, other)

    def __rtruediv__(self, other: float) -> Node:
        return OPS["div"](other, self)

    def __matmul__(self, other: Node) -> Node:
        return OPS["matmul"](self, other)

    def __neg__(self) -> Node:
        return OPS["negate"](self)

    @property
    def T(self) -> Node:
        """The transpose, simplified: (Aᵀ)ᵀ is A, and (A B)ᵀ is Bᵀ Aᵀ."""
        if not self.name and self.op is OPS["transpose"]:
            return self.args[0]
        if not self.name and self.op is OPS["matmul"]:
            return self.args[1].T @ self.args[0].T
        return OPS["transpose"](self)

    def sum(self, axis: int) -> Node:
        return OPS["sum"](self, axis=axis)

    def max(self, axis: int) -> Node:
        return OPS["max"](self, axis=axis)

    def mean(self, axis: int) -> Node:
        return OPS["mean"](self, axis=axis)

    def rows(self, start: int, stop: int) -> Node:
        return OPS["rows"](self, start=start, stop=stop)

    def columns(self, start: int, stop: int) -> Node:
        return OPS["columns"](self, start=start, stop=stop)


def times(shape: tuple[int, int]) -> str:
    """Return a shape as text: 3×4."""
    return f"{shape[0]}×{shape[1]}"


def source(name: str, data: Any, role: str, rows: object = None, columns: object = None, meaning: str = "") -> Node:
    """Return a table of given numbers, named in the open scope; `rows` and `columns` are its labels (see Dim)."""
    array = np.atleast_2d(np.asarray(data, dtype=np.float64))
    node = OPS["source"](shape=(Dim(array.shape[0], rows), Dim(array.shape[1], columns))).named(name, role)
    node.data, node.meaning = array, meaning
    return node


def move_into(tables: Iterable[Node], outer: Scope) -> dict[Scope, Scope]:
    """Put tables, and the scopes in which they were made, inside another scope; their names then begin with its name.

    For a graph that has just been built and that nobody else holds, since its tables are changed in place. Returns what
    each scope has become.
    """
    moved: dict[Scope, Scope] = {}

    def inside(place: Scope) -> Scope:
        if place not in moved:
            moved[place] = replace(place, parent=inside(place.parent) if place.parent else outer)
            if "backward" in vars(place):
                vars(moved[place])["backward"] = inside(place.backward)
        return moved[place]

    for node in tables:
        node.scope = inside(node.scope)
        node.name = f"{outer.path}.{node.name}" if node.name else ""
    return moved


def toposort(outputs: Iterable[Node]) -> list[Node]:
    """Return every node that the outputs need, in the order of their making."""
    needed: set[Node] = set()
    todo = list(outputs)
    while todo:
        node = todo.pop()
        if node not in needed:
            needed.add(node)
            todo.extend(node.args)
    return sorted(needed, key=lambda node: node.serial)


def rewrite(outputs: Iterable[Node], rule: Callable[[Node, Node], Node]) -> dict[Node, Node]:
    """Return old table -> new table, for each one that `rule` changes or that depends on a changed one.

    rule: (a node, its copy that reads the changed tables) to the table that replaces the node; the copy itself where
    it changes nothing. What does not depend on a changed table is shared, not copied.
    """
    new: dict[Node, Node] = {}
    for node in toposort(outputs):
        copy = named_like(node, _reading(node, new)) if any(a in new for a in node.args) else node
        result = rule(node, copy)
        if result is not node:
            new[node] = result
    return new


def _reading(node: Node, new: Mapping[Node, Node]) -> Node:
    return Node(node.op, tuple(new.get(a, a) for a in node.args), node.attrs, node.shape)


def named_like(old: Node, new: Node) -> Node:
    """Return a copy of the new table with the name, role, scope and shape of the old one."""
    copy = Node(new.op, new.args, new.attrs, old.shape)
    copy.name, copy.role, copy.scope = old.name, old.role, old.scope
    copy.data, copy.meaning, copy.serial = new.data, new.meaning, new.serial
    return copy


def copy_with(outputs: Iterable[Node], replaced: Mapping[Node, Node], prefix: str) -> dict[Node, Node]:
    """Return old table -> new table, for each replaced one and for a copy of each table that depends on one.

    The copies' names begin with `prefix`. What does not depend on a replaced table is shared, not copied.
    """

    def rule(node: Node, copy: Node) -> Node:
        if node in replaced:
            return replaced[node]
        if copy is not node and node.name:
            copy.name = f"{prefix}.{node.name}"
        return copy

    return dict(replaced) | rewrite(outputs, rule)


def fold(outputs: Iterable[Node], given: Mapping[Node, Array] | None = None) -> dict[Node, Array]:
    """Return the numbers of every node that the outputs need. `given` replaces the numbers of any node, source or not.

    Arrays may have leading axes (many draws, many students): every rule broadcasts over them.
    """
    given = given or {}
    values: dict[Node, Array] = {}
    for node in toposort(outputs):
        if node in given:
            values[node] = given[node]
        elif node.data is not None:
            values[node] = node.data
        else:
            values[node] = node.op.value(*(values[a] for a in node.args), **node.attrs)
    return values
