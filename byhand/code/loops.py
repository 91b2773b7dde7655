"""A numpy script of many layers: blocks that are alike, such as layers and heads, become one function and its calls."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from byhand.code import literals
from byhand.code.blocks import Block, Item, blocks, ordered
from byhand.code.script import KEEP, USED, Script, about, fresh, variable
from byhand.code.steps import base_of, outside_tables
from byhand.core import ops
from byhand.core.captions import titles
from byhand.core.expressions import Numpy
from byhand.core.graph import Node, Scope
from byhand.lessons.lesson import Lesson

FEWEST = 3
"""From how many blocks that are alike they become a function."""
MOST_READ = 8
"""The most tables that such a function takes."""
WORTHWHILE = 0.7
"""The most lines that functions may leave of one for each table; where they leave more, these read better."""
PLACE, WEIGHTS, STREAM = "place", "w", "stream"
"""What a function calls its place and the weights there, and what passes through a loop over layers."""
WEIGHTS_OF = """def weights_of(place):  # W_O of layer1 is layer1_W_O
    start = f"{place}_"
    names = [name for name in globals() if name.startswith(start)]
    return SimpleNamespace(**{name.removeprefix(start): globals()[name] for name in names})"""

Line = tuple[str, list[Item]]
"""A statement, and the table that it makes or the blocks that it calls."""


@dataclass
class Call:
    """A block as a call. reads: the tables, or parts of tables, that it takes; returns: those that others read."""

    function: str
    reads: list[Node]
    returns: list[Node]


@dataclass
class Context:
    """Where a statement stands. names: of the tables there; place, weights: of the variables with its block's."""

    block: Block
    names: dict[Node, str]
    place: str = PLACE
    weights: str = WEIGHTS

    def local(self, table: Node) -> str:
        """Return the name of a table of the block."""
        return variable(self.block.relative(table.name))

    def placed(self, path: str) -> str:
        """Return the name of a place inside the block, as an expression."""
        if not self.block.path:
            return f'f"{path}"' if "{" in path else repr(path)
        return f'f"{{{self.place}}}_{path}"' if path else self.place


def with_loops(plain: Script) -> Script:
    """Return a script in numpy with loops over its layers; with functions for heads alone where it is much shorter so.

    A lesson that learns has none: its gradients read the tables inside of the layers.
    """
    if plain.lesson.graph.training is not None or not _has_alike(plain):
        return plain
    looped = LoopScript(plain.lesson, plain.k, plain.file)
    is_shorter = looped.count <= WORTHWHILE * sum(map(plain.is_line, plain.nodes))
    return looped if looped.has_layers or is_shorter else plain


def _has_alike(script: Script) -> bool:
    """Return whether enough blocks have a like name and as many tables; only these are compared line by line."""
    root = blocks([node for node in script.nodes if script.is_line(node)])
    sizes = Counter((block.kind.rpartition(".")[2], len(list(block.whole))) for block in root.inner)
    return any(count >= FEWEST for count in sizes.values())


class LoopScript(Script):
    """A script in which at least FEWEST blocks that are alike are calls of one function."""

    def __init__(self, lesson: Lesson, library: Numpy, file: str = "") -> None:
        super().__init__(lesson, library, file)
        self.calls: dict[Block, Call] = {}
        self.texts: dict[str, str] = {}
        """The functions of blocks, by their names; those inside first."""
        self.has_layers = False
        """Whether it has a loop over layers."""
        self.root = blocks([node for node in self.nodes if self.is_line(node)])
        self._write_functions()
        self.main = self._body(Context(self.root, dict(self.names)))
        self.made_in |= {items[0]: ("", line) for line, items in self.main if isinstance(items[0], Node)}

    @property
    def count(self) -> int:
        """Return how many lines the functions have, and the tables and calls outside of them."""
        return sum(text.count("\n") for text in self.texts.values()) + len(self.root.tables) + len(self.root.children)

    @cached_property
    def reserved(self) -> set[str]:
        """The names that no step has."""
        parts = [node.name.split(".") for node in self.nodes if node.name]
        return super().reserved | {variable(".".join(name[n:])) for name in parts for n in range(len(name))}

    @property
    def owned(self) -> dict[Hashable, list[int]]:
        """Which arguments' numbers the calls of each kind of step hold: none of those that functions read by name."""
        return {kind: [] for kind in self.kinds}

    # Functions

    def _write_functions(self) -> None:
        """Write a function for each text of enough blocks, those inside first; other blocks dissolve."""
        for block in [self.root, *reversed(list(self.root.inner))]:
            ordered(block, self.tables_read)  # dissolves those that cannot be called in any order
        while level := [
            block for block in self.root.inner if block not in self.calls and self.calls.keys() >= set(block.children)
        ]:
            alike: dict[str, list[Block]] = defaultdict(list)
            reads = {block: self._reads(block) for block in level}
            for block in level:
                names = {table: f"argument{n}" for n, table in enumerate(reads[block])}
                lines = self._body(self._context(block, names))
                alike["\n".join(line for line, _ in lines)].append(block)
            for members in alike.values():
                if len(members) < FEWEST or not self._function(members, [reads[block] for block in members]):
                    for block in members:
                        block.dissolve()

    def _context(self, block: Block, names: dict[Node, str]) -> Context:
        """Return the context of a block's function; names: of its arguments."""
        taken = {variable(block.relative(node.name)) for node in block.tables}
        weights = fresh(WEIGHTS, taken)
        own = {node: f"{weights}.{variable(block.relative(node.name))}" for node in self._given[block.path]}
        return Context(block, own | names, fresh(PLACE, taken), weights)

    @cached_property
    def _given(self) -> dict[str, list[Node]]:
        """The given tables in each place, by its path."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            path = node.name if node.op.given else ""
            while path := path.rpartition(".")[0]:
                found[path].append(node)
        return found

    def _reads(self, block: Block) -> list[Node]:
        """Return what a block reads that is neither made nor given in it: of a table with one part read, that part."""
        own = {*block.whole, *self._given[block.path]}
        read: dict[Node, dict[Node, None]] = defaultdict(dict)
        for item in ordered(block, self.tables_read):
            for part in self._parts(item):
                if base_of(part) not in own:
                    read[base_of(part)].setdefault(part)
        return [next(iter(parts)) if len(parts) == 1 else base for base, parts in read.items()]

    def _parts(self, item: Item) -> list[Node]:
        """Return the tables, or parts of tables, in the text of a line or a call."""
        if isinstance(item, Block):
            return self.calls[item].reads
        if item in self.ends:
            step = self.ends[item]
            return [step.arguments[n] for n in self.parameters(step.kind)]
        return outside_tables([item])

    def _returns(self, block: Block) -> list[Node]:
        """Return the tables of a block that others read."""
        inside = set(block.whole)
        asked = {self.lesson.graph.probabilities, self.lesson.graph.outputs[0]}
        return [n for n in sorted(inside, key=lambda n: n.serial) if n in asked or not self.readers[n] <= inside]

    def _function(self, members: list[Block], reads: list[list[Node]]) -> bool:
        """Write the function of some blocks; return False where it would read too much, or two things of one name."""
        shared = {tables[0] for tables in zip(*reads, strict=True) if len(set(tables)) == 1 and tables[0].op.given}
        returns = [self._returns(block) for block in members]
        symbols = {
            tuple(block.relative(node.name) for node in made) for block, made in zip(members, returns, strict=True)
        }
        taken_reads = [[table for table in tables if table not in shared] for tables in reads]
        first = members[0]
        local = {variable(first.relative(node.name)) for node in first.tables}
        functions = {*self.functions.values(), *self.texts}
        foreign = {self.names[table] for table in shared if table.name}
        if len(symbols) > 1 or len(taken_reads[0]) > MOST_READ or not local.isdisjoint(USED | functions | foreign):
            return False
        stem = variable(first.kind.rpartition(".")[2])
        name = fresh(stem, self.reserved | functions)
        context = self._context(first, {table: self.names[table] for table in shared})
        taken = local | {context.weights, context.place, *functions, *foreign, name}
        names = {table: fresh(variable(base_of(table).symbol), taken) for table in taken_reads[0]}
        context.names |= names
        lines = self._body(context)
        for block, tables, made in zip(members, taken_reads, returns, strict=True):
            self.calls[block] = Call(name, tables, made)
        self.texts[name] = self._text(name, members, context, list(names.values()), lines)
        self._remember(name, members, lines)
        return True

    def _remember(self, function: str, members: list[Block], lines: list[Line]) -> None:
        """Note which statement of a function makes each table of its blocks, and the shapes there."""
        tables = {
            variable(members[0].relative(node.name)): (node, line)
            for line, (node, *_) in lines
            if isinstance(node, Node)
        }
        shapes = []
        for block in members:
            own = {variable(block.relative(node.name)): node for node in block.tables}
            for name, node in own.items():
                self.made_in[node] = (function, tables[name][1])
            shapes.append({name: _sizes(node) for name, node in own.items()})
        alike = all(other == shapes[0] for other in shapes)
        self.shapes_in[function] = {name: node for name, (node, _) in tables.items()} if alike else {}

    def _text(self, name: str, members: list[Block], context: Context, parameters: list[str], lines: list[Line]) -> str:
        """Return the text of a function."""
        first = members[0]
        body: list[str] = []
        page: Scope | None = None
        for line, items in lines:
            table = items[0]
            if isinstance(table, Node):
                is_own = table.page is not None and bool(table.page.name) and table.page.path == first.path
                if table.page and table.page is not page and not is_own:
                    body += [*([""] if body else []), *literals.comment(_heading(table.page)).split("\n")]
                page = table.page
            body += line.split("\n")
        if any(name.startswith(f"{context.weights}.") for name in context.names.values()):
            body.insert(0, f"{context.weights} = weights_of({context.place})")
        kept = [context.local(items[0]) for _, items in lines if isinstance(items[0], Node)]
        body.append(f"keep({context.place}, {literals.strings(kept, ' ', indent=13)}, locals())")
        returns = [context.names[table] for table in self.calls[first].returns]
        body += [f"return {', '.join(returns)}"] if returns else []
        places = [place for block in (first, members[-1]) if (place := _scope(block))]
        where = " to ".join(", ".join(titles(place)) for place in places)
        said = literals.docstring(*filter(None, (about(places[0]), where)))
        head = f"def {name}({', '.join([context.place, *parameters])}):"
        return "\n    ".join([head, said, *body])

    # Statements

    def _body(self, context: Context) -> list[Line]:
        """Return the statements of a block."""
        items, lines = ordered(context.block, self.tables_read), list[Line]()
        while items:
            item = items[0]
            if isinstance(item, Node):
                lines.append((self._statement(item, context), [item]))
                items = items[1:]
                continue
            run = [item]
            for other in items[1:]:
                if isinstance(other, Node) or self.calls[other].function != self.calls[item].function:
                    break
                run.append(other)
            called = self._loop(run, context) or self._call(item, context)
            lines.append(called)
            items = items[len(called[1]) :]
        return lines

    def _statement(self, node: Node, context: Context) -> str:
        """Return the line of a table."""
        name = context.local(node)
        if node in self.ends:
            step = self.ends[node]
            path = variable(context.block.relative(step.place.path)) if step.place.path != context.block.path else ""
            arguments = [context.placed(path), *(self.read(part, context.names).text for part in self._parts(node))]
            text = f"{name} = {self.functions[step.kind]}({', '.join(arguments)})"
        else:
            text = self.statement(node, name, context.names)
        context.names[node] = name
        return text

    def _call(self, block: Block, context: Context) -> Line:
        """Return the call of one block."""
        call = self.calls[block]
        place = context.placed(variable(context.block.relative(block.path)))
        text = f"{call.function}({', '.join([place, *(self.read(table, context.names).text for table in call.reads)])})"
        for table in call.returns:
            context.names[table] = context.local(table)
        names = ", ".join(context.names[table] for table in call.returns)
        return (f"{names} = {text}" if names else text), [block]

    def _loop(self, run: Sequence[Block], context: Context) -> Line | None:
        """Return calls that follow each other as a loop; None where they are few, or differ in more than one table."""
        stem, number = variable(context.block.relative(run[0].path)).removesuffix(str(run[0].number)), run[0].number
        places = [variable(context.block.relative(block.path)) for block in run]
        returns = [self.calls[block].returns for block in run]
        if len(run) < FEWEST or places != [f"{stem}{number + n}" for n in range(len(run))]:
            return None
        if any(len(tables) != 1 for tables in returns):
            return None
        place = context.placed(f"{stem}{{n}}")
        numbers = f"for n in range({number}, {number + len(run)})"
        line = self._chain(run, context, place, numbers) or self._row(run, context, place, numbers)
        return (line, list(run)) if line else None

    def _chain(self, run: Sequence[Block], context: Context, place: str, numbers: str) -> str:
        """Return the loop over layers, each of which reads what the one before it returns; nothing for others."""
        calls = [self.calls[block] for block in run]
        passed = [n for n, table in enumerate(calls[1].reads) if table is calls[0].returns[0]]
        if len(passed) != 1:
            return ""
        n = passed[0]
        for (before, after), block in zip(pairwise(calls), run[1:], strict=True):
            if after.reads != [*calls[0].reads[:n], before.returns[0], *calls[0].reads[n + 1 :]]:
                return ""
            if not self.readers[before.returns[0]] <= set(block.whole):
                return ""
        self.has_layers = True
        start = self.read(calls[0].reads[n], context.names).text
        stream = context.names[calls[-1].returns[0]] = fresh(STREAM, self._taken(context))
        reads = [stream if i == n else self.read(t, context.names).text for i, t in enumerate(calls[0].reads)]
        space = "" if context.block.path else "\n"
        return (
            f"{space}{stream} = {start}\n{numbers}:\n    {stream} = {calls[0].function}({', '.join([place, *reads])})"
        )

    def _row(self, run: Sequence[Block], context: Context, place: str, numbers: str) -> str:
        """Return the list of heads that read the same and are joined by one line; nothing for others."""
        call = self.calls[run[0]]
        made = [self.calls[block].returns[0] for block in run]
        joints = {_joint(self.readers[table], made) for table in made}
        joint = joints.pop()
        if joint is None or joints or any(self.calls[block].reads != call.reads for block in run):
            return ""
        listed = fresh(f"{call.function}s", self._taken(context))
        join = "hstack" if joint.op is ops.beside else "vstack"
        context.names[joint] = f"{self.k.module}.{join}({listed})"
        reads = [self.read(table, context.names).text for table in call.reads]
        return f"{listed} = [{call.function}({', '.join([place, *reads])}) {numbers}]"

    def _taken(self, context: Context) -> set[str]:
        """Return the names that no variable of a statement's own may have."""
        return {*self.reserved, *self.texts, *context.names.values()}

    # The whole

    def lines(self) -> Iterator[tuple[str, Node]]:
        """Yield each statement with the table that it makes, or the first that it returns."""
        left = dict.fromkeys(node for node in self.nodes if node.name and node.op.given)
        for text, items in self.main:
            made = [node for item in items for node in ([item] if isinstance(item, Node) else item.whole)]
            read = {table for node in made for table in self.tables_read(node)}
            for table in [table for table in left if table in read]:
                del left[table]
                if self.beside is None or not self._is_inside(table):
                    yield self.given(table), table
                else:
                    self.beside[self.names[table]] = self.data(table)
            yield text, made[0]

    def _called(self, node: Node) -> Block | None:
        """Return the block around a table that the script itself calls."""
        blocks = (block for block in self.calls if block.parent is self.root)
        return next((block for block in blocks if node.name.startswith(f"{block.path}.")), None)

    def _is_inside(self, table: Node) -> bool:
        """Return whether a given table is read by its place alone, in a function."""
        called = self._called(table)
        return called is not None and table not in self.indices and self.readers[table] <= set(called.whole)

    def page(self, node: Node) -> Scope | None:
        """Return the sheet of a table; of one in a function, its block."""
        called = self._called(node)
        return _scope(called) if called else super().page(node)

    def head(self) -> list[str]:
        """Return the functions of the script."""
        table, *others = super().head()
        keep = [] if KEEP in others else [KEEP]
        return [table, *keep, WEIGHTS_OF, *others, *self.texts.values()]

    def imports(self) -> str:
        """Return the lines that import what the script needs; a file's tables become variables at once."""
        lines = super().imports().replace("\n\nimport numpy", "\nfrom types import SimpleNamespace\n\nimport numpy", 1)
        return f"{lines}\nglobals().update(npz)" if self.file else lines


def _joint(readers: set[Node], tables: list[Node]) -> Node | None:
    """Return the join of some tables, in this order, in the line of the one table that reads them."""
    todo = list(readers) if len(readers) == 1 else []
    while todo:
        node = todo.pop()
        if node.op in (ops.beside, ops.below) and list(node.args) == tables:
            return node
        todo += [argument for argument in node.args if not argument.name]
    return None


def _scope(block: Block) -> Scope | None:
    """Return the scope of a block."""
    scopes = (scope for node in block.whole for scope in node.scope.outward)
    return next((scope for scope in scopes if scope.name and scope.path == block.path), None)


def _sizes(node: Node) -> tuple[int, int]:
    return (node.shape[0], node.shape[1])


def _heading(page: Scope) -> str:
    return f"{titles(page)[-1]}{about(page, ': ')}"
