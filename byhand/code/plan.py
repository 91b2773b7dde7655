"""A model cut into the classes and methods of a module: which block is which, and where each weight is read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable

from byhand.code.blocks import Block, Item, Written, blocks, ordered
from byhand.code.registered import Registered, common_prefix
from byhand.code.script import GRADIENT, Script, variable
from byhand.code.steps import base_of, outside_tables, repeated_steps
from byhand.core.expressions import Numpy
from byhand.core.graph import Node, toposort
from byhand.lessons.lesson import Lesson


class Plan(Script):
    """A lesson cut into the blocks of a module. core: what makes the logits; weights: those that a module registers.

    prefixes: the blocks that are classes, with the names of their modules. written: the blocks as code, once they are.
    """

    def __init__(self, lesson: Lesson, library: Numpy, file: str = "") -> None:
        super().__init__(lesson, library, file)
        assert lesson.graph.logits is not None
        name = re.sub(r"^step\d+\.", "", lesson.graph.logits.name)  # the first word's, where the model writes several
        self.logits = next(node for node in self.nodes if node.name == name)
        self.core = set(toposort([self.logits]))
        backward = {node for node in self.nodes if node.op is GRADIENT}
        for node in self.nodes:
            if not backward.isdisjoint(node.args):
                backward.add(node)
        self.set_steps(repeated_steps([node for node in self.nodes if node not in backward]))
        numbers = {node.name: self.data(node) for node in self.nodes if node.name and node.op.given}
        self.registered = Registered.of(lesson, numbers)
        self.weights = {node for node in self.nodes if node.name in self.registered.pieces}
        self.root = blocks([node for node in self.nodes if self.is_line(node) and node in self.core])
        for block in [self.root, *reversed(list(self.root.inner))]:
            self.items(block)  # dissolves those that cannot be called in any order
        self.prefixes = self._prefixes()
        self.written: dict[Block, Written] = {}
        self.shapes_of: dict[str, dict[str, Node]] = {}

    @property
    def reserved(self) -> set[str]:
        """The names that no step has."""
        parts = [node.name.split(".") for node in self.nodes if node.name]
        return super().reserved | {variable(".".join(name[n:])) for name in parts for n in range(len(name))}

    # What a block reads

    def parts_read(self, block: Block) -> set[Node]:
        """Return the parts of tables that a block takes: of each table of which it reads one part alone."""
        inside = list(block.whole)
        inside += [table for node in inside if node in self.ends for table in self.ends[node].inside]
        read = outside_tables(sorted(inside, key=lambda node: node.serial))
        return {table for table in read if not table.name and base_of(table) not in self.weights}

    def outside_of(self, node: Node, parts: set[Node]) -> list[Node]:
        """Return the named tables, and those of the parts, in a table's formula."""
        return [table for table in outside_tables([node]) if table in parts or table.name] + [
            base_of(table) for table in outside_tables([node]) if table not in parts and not table.name
        ]

    def items(self, block: Block) -> list[Item]:
        """Return the tables of a block and the blocks inside in an order in which they can be computed."""
        return ordered(block, self.tables_read)

    def is_read_outside(self, node: Node, inside: set[Node]) -> bool:
        """Return whether the model reads a table outside of a block."""
        return node is self.logits or any(other in self.core for other in self.readers[node] - inside)

    def parameters(self, kind: Hashable) -> list[int]:
        """Return which arguments of a kind of step its function takes; a weight is always one."""
        first = self.kinds[kind][0].arguments
        usual = set(super().parameters(kind))
        return [n for n, table in enumerate(first) if n in usual or table in self.weights]

    def home(self, weight: Node) -> Block | None:
        """Return the innermost block around all tables that are made with a weight."""
        chains = []
        around = {node: block for block in [self.root, *self.root.inner] for node in block.tables}
        for reader in self.readers[weight]:
            if reader in self.core:
                chain, block = [], around.get(reader)
                while block is not None:
                    chain.append(block)
                    block = block.parent
                chains.append(chain)
        return next((b for b in chains[0] if all(b in chain for chain in chains)), None) if chains else None

    def weights_at(self, block: Block) -> list[Node]:
        """Return the weights whose home is a block."""
        return [weight for weight in self.weights if self.home(weight) is block]

    def weight_text(self, weight: Node, owner: Block) -> str:
        """Return how a method of a class reads a weight."""
        return self.registered.read(weight.name, self.prefixes[owner])

    def count(self, module: str) -> int:
        """Return how many modules a list of modules has."""
        return len(self.registered.tree(module))

    # Classes

    def _prefixes(self) -> dict[Block, str]:
        """Return the blocks that are modules of their own, with those modules' names."""
        tensors: dict[Block, set[str]] = defaultdict(set)
        for weight in self.weights:
            block = self.home(weight)
            while block is not None:
                tensors[block].add(self.registered.pieces[weight.name].tensor)
                block = block.parent
        prefixes = {block: self._module_of(tensors[block]) for block in self.root.inner if tensors[block]}
        found = {self.root: ""}
        for block in reversed(list(self.root.inner)):
            prefix = prefixes.get(block, "")
            around, others = block.parent, set(prefixes) - {block, *block.inner}
            while around is not None and around not in found:
                around = around.parent
            while around is not None:
                others.discard(around)
                around = around.parent
            shared = any(tensor.startswith(f"{prefix}.") for other in others for tensor in tensors[other])
            if prefix and not shared and prefix not in found.values():
                found[block] = prefix
        return found

    def _module_of(self, tensors: set[str]) -> str:
        """Return the name of the module that holds these tensors, and is no list."""
        prefix = common_prefix(tensors)
        while any(name.isdigit() for name in self.registered.tree(prefix)):
            prefix = prefix.rpartition(".")[0]
        return prefix
