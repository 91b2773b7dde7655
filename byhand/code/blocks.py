"""A model cut into blocks, such as its layers and their heads: each becomes a class or a method of a module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from byhand.core.graph import Node

NUMBERED = re.compile(r"(.*[a-z_])(\d+)")


@dataclass(eq=False)
class Block:
    """A part of the model whose tables' names begin alike. tables: its own; children: the blocks inside."""

    path: str
    tables: list[Node] = field(default_factory=list)
    children: list[Block] = field(default_factory=list)
    parent: Block | None = None

    @property
    def whole(self) -> Iterator[Node]:
        """The tables of the block and of those inside."""
        yield from self.tables
        for child in self.children:
            yield from child.whole

    @property
    def inner(self) -> Iterator[Block]:
        """The blocks inside, the innermost first."""
        for child in self.children:
            yield from child.inner
            yield child

    @property
    def number(self) -> int:
        """Which one of its kind it is, from 1."""
        found = NUMBERED.fullmatch(self.path)
        return int(found[2]) if found else 1

    @property
    def kind(self) -> str:
        """Its path without numbers: layer.head."""
        return re.sub(r"\d+", "", self.path)

    def relative(self, name: str) -> str:
        """Return a dotted name without the block's own path."""
        return name[len(self.path) + 1 :] if self.path else name

    def dissolve(self) -> None:
        """Give its tables and the blocks inside to the block around it."""
        assert self.parent is not None
        self.parent.children.remove(self)
        self.parent.tables += self.tables
        for child in self.children:
            child.parent = self.parent
            self.parent.children.append(child)
        self.tables, self.children = [], []


@dataclass
class Written:
    """A block as code. name: of its class or method. reads: the tables that it takes; returns: those that it makes.

    weights: those that it reads of its module, in order.
    """

    name: str
    reads: list[Node]
    returns: list[Node]
    weights: list[Node] = field(default_factory=list)


def blocks(tables: list[Node]) -> Block:
    """Return the whole model as a block. Its blocks are the numbered scopes that have, or are, sheets."""
    paths = dict.fromkeys(path for node in tables for path in _numbered(node))
    root = Block("")
    known = {"": root}
    for path in sorted(paths, key=lambda path: path.count(".")):
        around = known[_around(path, known)]
        known[path] = Block(path, parent=around)
        around.children.append(known[path])
    for node in tables:
        known[_around(node.name, known)].tables.append(node)
    return root


def _numbered(node: Node) -> Iterator[str]:
    """Yield the paths of the numbered scopes around a table that are a sheet, or have one."""
    has_page = False
    for scope in node.scope.outward:
        has_page = has_page or scope.page
        if has_page and scope.name and NUMBERED.fullmatch(scope.name):
            yield scope.path


def _around(path: str, known: Mapping[str, Block]) -> str:
    """Return the path of the innermost block around a name."""
    while path:
        path = path.rpartition(".")[0]
        if path in known:
            return path
    return ""


Item = Node | Block


def ordered(block: Block, reads: Callable[[Node], Iterable[Node]]) -> list[Item]:
    """Return the tables and blocks of a block so that each comes after what it reads; blocks in a circle dissolve.

    reads: the tables that the line of a table reads.
    """
    while True:
        items: list[Item] = [*block.tables, *block.children]
        inside = {item: [item] if isinstance(item, Node) else list(item.whole) for item in items}
        owner = {node: item for item, nodes in inside.items() for node in nodes}
        place = {item: min(node.serial for node in nodes) for item, nodes in inside.items()}
        after = {
            item: {owner[table] for node in nodes for table in reads(node) if table in owner} - {item}
            for item, nodes in inside.items()
        }
        done: list[Item] = []
        left = sorted(items, key=place.__getitem__)
        while ready := next((item for item in left if after[item].isdisjoint(left)), None):
            left.remove(ready)
            done.append(ready)
        if not left:
            return done
        for item in left:
            if isinstance(item, Block):
                item.dissolve()
