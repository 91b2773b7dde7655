"""The statements of one block of a module: a line for each table, and a call for each block inside."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from byhand.code import literals
from byhand.code.blocks import Block, Item, Written
from byhand.code.plan import Plan
from byhand.code.registered import accessor, in_terms_of, without
from byhand.code.script import USED, about, fresh, variable
from byhand.code.steps import base_of
from byhand.core.captions import titles
from byhand.core.graph import Node, Scope

STREAM = "stream"
"""What passes through a loop over layers."""
LETTER = "h"
"""What a method calls the number of its head."""


class Body:
    """The statements of a block.

    owner: the block of the class; place: how the name of the block begins, in an f-string. shared: the given tables
    that are read as the script's own. weight_texts: how the weights are read, in order, where that is known; a weight
    without a text is an argument. numbered: whether arguments are called by their numbers, so that equal blocks have
    one text.
    """

    def __init__(
        self,
        script: Plan,
        block: Block,
        owner: Block,
        place: str,
        shared: set[Node],
        weight_texts: Sequence[str | None] | None = None,
        *,
        numbered: bool = False,
    ) -> None:
        self.numbered = numbered
        self.script, self.block, self.owner, self.place, self.shared = script, block, owner, place, shared
        self.weight_texts = weight_texts
        self.whole = set(block.whole)
        self.parts = set() if block is script.root else script.parts_read(block)
        self.names: dict[Node, str] = {}
        self.taken = {*USED, *script.functions.values(), *(self.local(node) for node in block.tables)}
        self.taken |= {self.local(weight) for weight in script.weights_at(block)}
        self.reads: list[Node] = []
        self.weights: list[Node] = []
        self.kept: list[str] = []
        self.lines: list[str] = []
        self.methods: list[str] = []
        self.tables: dict[str, Node] = {}
        self.page: Scope | None = None

    def local(self, table: Node) -> str:
        """Return the name of a table of the block."""
        return variable(self.block.relative(table.name))

    def placed(self, path: str) -> str:
        """Return the name of a place inside the block, as an expression."""
        name = "_".join(filter(None, (self.place, variable(self.block.relative(path)) if path else "")))
        if name == "{self.place}":
            return "self.place"
        return f'f"{name}"' if "{" in name else repr(name)

    def write(self) -> Written:
        """Write the statements; return what the block reads and returns."""
        items = self.script.items(self.block)
        n = 0
        while n < len(items):
            item = items[n]
            if isinstance(item, Node):
                self.table(item)
            elif run := self.loop(items[n:]):
                n += run
                continue
            else:
                self.call(item)
            n += 1
        returns = [node for node in self.block.whole if self.script.is_read_outside(node, self.whole)]
        returns.sort(key=lambda node: node.serial)
        if self.kept:
            self.lines.append(f"keep({self.placed('')}, {literals.strings(self.kept, ' ', indent=13)}, locals())")
        self.lines.append(f"return {', '.join(self.names[node] for node in returns)}")
        return Written("", self.reads, returns, self.weights)

    # What a statement reads

    def name(self, table: Node) -> str:
        """Return the name under which a statement reads a table; a weight of the block gets its own line before."""
        if table in self.names:
            return self.names[table]
        base = base_of(table)
        if base is not table and table not in self.parts:  # a part of a table that is read here
            self.name(base)
            return self.script.expression(table, self.names).text
        if table in self.script.weights and self.script.home(table) is self.block:
            name = self.names[table] = self.local(table)
            text = self.weight(table)
            self.kept.append(name)
            if text is None:  # an argument
                return name
            self.lines.append(f"{name} = {text}")
        elif table in self.shared:
            name = self.names[table] = self.script.names[table]
        else:
            self.reads.append(table)
            stem = f"argument{len(self.reads)}" if self.numbered else self.argument_name(base)
            name = self.names[table] = fresh(stem, self.taken)
        return name

    def argument_name(self, table: Node) -> str:
        """Return what an argument is called: by its symbol, or its whole name where that is taken."""
        if self.block is self.script.root:
            return self.script.names[table]
        around = [part for part in table.name.split(".")[:-1] if not part[-1].isdigit()]
        name = variable(table.symbol)
        return variable(".".join([*around, table.symbol])) if name in self.taken else name

    def weight(self, table: Node) -> str | None:
        """Return how a weight of the block is read; None where it is an argument."""
        self.weights.append(table)
        if self.weight_texts is None:
            return self.script.weight_text(table, self.owner)
        return self.weight_texts[len(self.weights) - 1] if self.weight_texts else f"weight{len(self.weights)}"

    # Statements

    def table(self, node: Node) -> None:
        """Write the line of a table."""
        self.heading(node)
        name = self.local(node)
        if node in self.script.ends:
            step = self.script.ends[node]
            owned = self.script.owned[step.kind]
            taken = []
            for n in self.script.parameters(step.kind):
                argument = step.arguments[n]
                if n in owned and argument in self.script.weights and self.script.home(argument) is self.block:
                    taken.append(self.weight(argument) or self.name(argument))
                elif n in owned and argument not in self.script.weights:
                    taken.append(self.script.held(argument))
                else:
                    taken.append(self.name(argument))
            function = self.script.functions[step.kind]
            self.lines.append(f"{name} = {function}({', '.join([self.placed(step.place.path), *taken])})")
        else:
            for table in self.script.outside_of(node, self.parts):
                self.name(table)
            formula = self.script.expression(node, self.names)
            self.lines.append(f"{name} = {formula.text}")
        self.names[node] = name
        self.tables[name] = node
        self.kept.append(name)

    def heading(self, node: Node) -> None:
        """Write the title of a sheet before its first table."""
        page = node.page
        is_own = page is not None and bool(page.name) and page.path == self.block.path
        if page is not None and page is not self.page and self.block is self.owner and not is_own:
            self.lines += [
                *([""] if self.lines else []),
                *literals.comment(f"{titles(page)[-1]}{about(page, ': ')}").split("\n"),
            ]
        self.page = page

    def call(self, block: Block) -> None:
        """Write the call of a block inside."""
        made = self.script.written[block]
        if block in self.script.prefixes:
            function = self.member(block)
            arguments = [self.name(table) for table in made.reads]
        else:
            function = f"self.{made.name}"
            arguments = [str(block.number), *(self.argument(table) for table in made.reads)]
        self.assign(made.returns, f"{function}({', '.join(arguments)})")

    def argument(self, table: Node) -> str:
        """Return what a method is given: a table, or a weight of its own that is not read like those of its kind."""
        if table in self.script.weights and self.script.home(table) not in (self.block, None):
            home = self.script.home(table)
            if home is not None and home.parent is self.block:
                return self.script.weight_text(table, self.owner)
        return self.name(table)

    def member(self, block: Block) -> str:
        prefix = self.script.prefixes[self.owner]
        return f"self{accessor(without(self.script.prefixes[block], prefix))}"

    def assign(self, returns: list[Node], text: str) -> None:
        """Write what a call returns under names of this block."""
        for node in returns:
            self.names[node] = fresh(self.local(node), self.taken)
        self.lines.append(f"{', '.join(self.names[node] for node in returns)} = {text}")

    def loop(self, items: Sequence[Item]) -> int:
        """Write layers that follow each other as a loop, and return how many they are; 0 if they are none."""
        layers: list[Block] = []
        for item in items:
            if not isinstance(item, Block) or item not in self.script.prefixes:
                break
            layers.append(item)
        if len(layers) < 2:
            return 0
        listed, _, first = self.script.prefixes[layers[0]].rpartition(".")
        if [self.script.prefixes[block] for block in layers] != [f"{listed}.{n}" for n in range(len(layers))]:
            return 0
        made = [self.script.written[block] for block in layers]
        if first != "0" or self.script.count(listed) != len(layers) or len({m.name for m in made}) > 1:
            return 0
        if any(len(m.returns) != 1 for m in made):
            return 0
        passed = [n for n, table in enumerate(made[1].reads) if table is made[0].returns[0]]
        if len(passed) != 1:
            return 0
        n = passed[0]
        for before, after in pairwise(made):
            others = [table for i, table in enumerate(before.reads) if i != n]
            if after.reads[n] is not before.returns[0] or [t for i, t in enumerate(after.reads) if i != n] != others:
                return 0
            if self.script.is_read_outside(before.returns[0], set(layers[made.index(after)].whole)):
                return 0
        around = [part for part in layers[0].path.split(".") if not part[-1].isdigit()]
        stream = fresh("_".join([*around, STREAM]), self.taken)
        start = self.name(made[0].reads[n])
        arguments = [stream if i == n else self.name(table) for i, table in enumerate(made[0].reads)]
        holder = f"self{accessor(without(listed, self.script.prefixes[self.owner]))}"
        self.lines += [f"{stream} = {start}", f"for layer in {holder}:"]
        self.lines += [f"    {stream} = layer({', '.join(arguments)})"]
        self.names[made[-1].returns[0]] = stream
        return len(layers)


def method(
    script: Plan, members: list[Block], owner: Block, place: str, shared: set[Node], name: str, numbered: bool
) -> str:
    """Write some blocks that are alike, such as heads, as one method, and return its text."""
    numbers = [block.number for block in members]
    made = [script.written[block] for block in members]
    texts: list[str | None] = []
    arguments: list[list[Node]] = []
    for weights in zip(*(m.weights for m in made), strict=True):
        text = in_terms_of(LETTER, numbers, [script.weight_text(w, owner) for w in weights])
        texts.append(text)
        if text is None:
            arguments.append(list(weights))
    reads = list(zip(*(m.reads for m in made), strict=True))
    same = {tables[0] for tables in reads if tables[0] in shared and len(set(tables)) == 1}
    first = members[0]
    place = "_".join(filter(None, (place, variable(owner.relative(first.path)).removesuffix(str(first.number)))))
    body = Body(script, first, owner, f"{place}{{{LETTER}}}", same, texts, numbered=numbered)
    written = body.write()
    parameters = [body.names[table] for table in written.reads] + [body.names[weights[0]] for weights in arguments]
    for n, m in enumerate(made):
        m.name = name
        m.reads = [tables[n] for tables in reads if tables[0] not in same] + [weights[n] for weights in arguments]
    script.shapes_of[name] = body.tables
    said = next(
        (about(s) for node in first.tables for s in node.scope.outward if s.path == first.path and about(s)), ""
    )
    lines = [literals.docstring(said), *body.lines] if said else body.lines
    head = f"def {name}({', '.join(['self', LETTER, *parameters])}):"
    return "\n    ".join([head, *lines])
