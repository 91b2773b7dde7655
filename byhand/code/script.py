"""A lesson as a script: numpy or PyTorch, one line for each table, and one function for each step that is repeated."""

from __future__ import annotations

import keyword
import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from functools import cached_property
from itertools import groupby

import numpy as np

from byhand.code import literals
from byhand.code.formatting import formatted
from byhand.code.steps import Step, base_of, operands, read_by, readers_of, repeated_steps
from byhand.core import ops
from byhand.core.captions import equation, titles
from byhand.core.expressions import OWN, Expression, Numpy, Whole
from byhand.core.graph import Array, Node, Op, Scope, named_like, rewrite, toposort
from byhand.core.labels import Labels
from byhand.errors import ByhandError
from byhand.lessons.lesson import Lesson, describe

FEW = 32
"""The most numbers of a table that stays in a script whose numbers lie in a file beside it."""
LONGEST_LINE, MOST_COLUMNS = 88, 100
"""The longest line that ruff leaves as it is, and the longest one of a comment."""
USED = {"erf", "float", "globals", "keep", "len", "math", "np", "print", "step", "sys", "table", "torch", "vocabulary"}
"""What a script calls and imports, after which no step and no table of a step is called."""
ASKED = """for name in sys.argv[1:] if __name__ == "__main__" else []:
    print(f"{name} =\\n{globals().get(name.replace('.', '_'))}")
"""
CHANGE = """
# For the check at the end: a given table, a row, a column and by how much the number changes
given, change = list(globals()), globals().get("change")
if change:
    globals()[change[0]][change[1], change[2]] += change[3]
"""
TRAINED = """if __name__ == "__main__":
    PREDICTION
    for name in sys.argv[1:]:
        if name != "--check":
            print(f"{name} =\\n{globals().get(name.replace('.', '_'))}")
"""
CHECK = """
# Each gradient beside the slope of the loss, by central differences
if __name__ == "__main__" and "--check" in sys.argv:
    from runpy import run_path

    for name in [name for name in given if f"grad_{name}" in globals()]:
        slopes = np.zeros(globals()[name].shape)
        for place in np.ndindex(slopes.shape):
            changes = ((name, *place, step) for step in (1e-5, -1e-5))
            up, down = (run_path(__file__, {"change": c})["LOSS"].item() for c in changes)
            slopes[place] = (up - down) / 2e-5
        print(f"{name}: {abs(slopes - globals()[f'grad_{name}']).max():.1e}")
"""


def variable(name: str) -> str:
    """Return the variable of a table: its dotted name with underscores, and one more after a word of the language."""
    text = re.sub(r"\W", "_", name)
    return f"{text}_" if keyword.iskeyword(text) else text


GRADIENT = Op(
    "gradient",
    shape=lambda x: x,
    value=np.zeros_like,
    cell=lambda k, i, x: x[i],
    vjp=lambda g, out, x: (None,),
    maths=lambda x: x,
    code=lambda k, node, x: Expression(f"{x.text}.grad"),
    examples=(),
)
"""The gradient of a table, which PyTorch leaves beside it: no operation of a lesson, only of its script."""
STEPS = {ops.greater, ops.equal, ops.one_hot, ops.argmax}
"""The operations whose result does not change with a small change of their arguments."""
BACKWARD = """for value in list(globals().values()):
    if torch.is_tensor(value) and value.requires_grad:
        value.retain_grad()
LOSS.backward(retain_graph=True)"""
DETACHED = """
for name, value in list(globals().items()):
    if torch.is_tensor(value):
        globals()[name] = value.detach()
"""
"""So that numbers alone are printed."""


def by_autograd(lesson: Lesson) -> list[Node]:
    """Return the lesson's tables with each gradient of the first step as the one that the library finds."""
    training = lesson.graph.training
    if training is None:
        return lesson.graph.outputs
    gradients = training.backward.gradients
    smooth: set[Node] = set()  # a comparison is not: no gradient flows through it
    for node in toposort(lesson.graph.outputs):
        if (node.op.given and node in gradients) or (node.op not in STEPS and not smooth.isdisjoint(node.args)):
            smooth.add(node)
    found = {gradient: table for table, gradient in gradients.items() if table in smooth and gradient.args}

    def rule(node: Node, copy: Node) -> Node:
        if node not in found:
            return copy
        gradient = named_like(node, Node(GRADIENT, (found[node],), {}, node.shape))
        gradient.serial = node.serial
        return gradient

    new = rewrite(lesson.graph.outputs, rule)
    return [new.get(node, node) for node in lesson.graph.outputs]


class Script:
    """A lesson's tables as lines of a program for one library of arrays.

    file: the name of a file (.npz) from which the script reads its larger tables; `beside` then holds them, once the
    text has been made.
    """

    def __init__(self, lesson: Lesson, library: Numpy, file: str = "") -> None:
        self.lesson, self.k, self.file = lesson, library, file
        self.beside: dict[str, Array] | None = {} if file else None
        self.nodes = toposort(by_autograd(lesson) if self.is_torch else lesson.graph.outputs)
        self.names = {node: variable(node.name) for node in self.nodes if node.name}
        self.set_steps(repeated_steps(self.nodes))
        self.made_in: dict[Node, tuple[str, str]] = {}
        """The statement of each table that has another one than `computed` says, and the function that it stands in."""
        self.shapes_in: dict[str, dict[str, Node]] = {}
        """The tables that a function makes by their names there, if they have the same shapes in all its calls."""

    def set_steps(self, kinds: dict[Hashable, list[Step]]) -> None:
        """Choose the steps that become functions: not those with a table whose name a script or Python uses."""
        symbols = {
            kind: {t.symbol for step in steps for t in (*step.inside, *step.arguments)} for kind, steps in kinds.items()
        }
        not_names = USED | set(keyword.kwlist)
        self.kinds = kinds = {kind: steps for kind, steps in kinds.items() if symbols[kind].isdisjoint(not_names)}
        self.ends = {step.result: step for steps in kinds.values() for step in steps}
        self.within_steps = {table for step in self.ends.values() for table in step.inside}

    @property
    def is_torch(self) -> bool:
        """Whether the library finds gradients by itself."""
        return self.k.module == "torch"

    backward = BACKWARD
    """The lines that find gradients."""

    @property
    def has_check(self) -> bool:
        """Whether the script can compare gradients with differences."""
        return self.lesson.graph.training is not None and not self.is_torch

    @cached_property
    def followed(self) -> set[Node]:
        """The tables whose gradients the library finds."""
        return {node.args[0] for node in self.nodes if node.op is GRADIENT}

    @cached_property
    def indices(self) -> set[Node]:
        """The given tables that are read as indices alone."""
        readers: dict[Node, list[Node]] = defaultdict(list)
        for node in self.nodes:
            for argument in node.args:
                readers[argument].append(node)

        def only(node: Node) -> bool:
            return bool(readers[node]) and all(
                (reader.op is ops.lookup and reader.args[0] is not node)
                or reader.op is ops.one_hot
                or (reader.op.view and not reader.name and only(reader))
                for reader in readers[node]
            )

        given = (node for node in self.nodes if node.name and node.op.given and only(node))
        return {node for node in given if (self.data(node) % 1 == 0).all()}

    def data(self, node: Node) -> Array:
        """Return the numbers of a given table."""
        data = self.lesson.graph.given.get(node, node.data)
        return node.op.value(**node.attrs) if data is None else data

    def expression(self, node: Node, names: dict[Node, str]) -> Expression:
        """Return the formula of a table over those that have names."""
        arguments = [self.read(argument, names) for argument in operands(node)]
        if node.op.code is not None:
            formula: Expression = node.op.code(self.k, node, *arguments)
        elif node.op.cellwise:
            formula = node.op.cell(self.k, (0, 0), *map(Whole, arguments), **node.attrs)
        else:
            raise ByhandError(f"{node.label} has no form in a program yet: leave it out.")
        is_fixed = self.followed and node.name and not node.role.traits.followed
        return formula.method("detach") if is_fixed else formula

    def read(self, node: Node, names: dict[Node, str]) -> Expression:
        """Return a table as it is read in a formula: by its name, or its own formula."""
        if node in names:
            return Expression(names[node], whole=node in self.indices)
        return self.expression(node, names)

    # Lines

    def is_line(self, node: Node) -> bool:
        """Return whether a table is computed by a line of its own."""
        return bool(node.name) and not node.op.given and node not in self.within_steps

    def tables_read(self, node: Node) -> list[Node]:
        """Return the named tables that the line of a table reads."""
        return [base_of(table) for table in self.ends[node].arguments] if node in self.ends else read_by(node)

    @cached_property
    def readers(self) -> dict[Node, set[Node]]:
        """The tables whose lines read each table."""
        readers: dict[Node, set[Node]] = defaultdict(set)
        for node in filter(self.is_line, self.nodes):
            for table in self.tables_read(node):
                readers[table].add(node)
        return readers

    def given(self, node: Node) -> str:
        """Return the line of a table of given numbers."""
        name, data = self.names[node], self.data(node)
        if node in self.indices:
            return f"{name} = {self.k.module}.{self.k.array}({data.astype(int).tolist()})"
        follow = ".requires_grad_()" if node in self.followed else ""
        if self.beside is not None and data.size > FEW:
            self.beside[name] = data
            return f"{name} = {self.k.loaded.replace('NAME', repr(name))}{follow}"
        return f"{name} = {literals.table(data)}{follow}"

    def lines(self) -> Iterator[tuple[str, Node]]:
        """Yield each statement of the model with the table that it makes, in the model's order."""
        backward = True
        in_calls = {step.arguments[n] for step in self.ends.values() for n in self.owned[step.kind]}
        for node in self.nodes:
            if not node.name or node in self.within_steps or node in in_calls:
                continue
            if node in self.ends:
                yield self.call(self.ends[node]), node
            elif node.op.given:
                yield self.given(node), node
            elif backward and node.op is GRADIENT and (training := self.lesson.graph.training):
                backward = False
                yield f"{self.backward.replace('LOSS', self.names[training.losses[0]])}\n{self.computed(node)}", node
            else:
                yield self.computed(node), node

    def computed(self, node: Node) -> str:
        """Return the line of a computed table."""
        return self.statement(node, self.names[node], self.names)

    def statement(self, node: Node, name: str, names: dict[Node, str]) -> str:
        """Return the line of a computed table under a name; two where it is another one and both have long names."""
        formula = self.expression(node, names)
        if formula.number is not None:
            return f"{name} = {literals.table(np.array([[formula.number]]))}"
        if formula.text.isidentifier() and len(name) + len(formula.text) > LONGEST_LINE:
            return f"same = {formula.text}\n{name} = same"
        return f"{name} = {formula.text}"

    def call(self, step: Step) -> str:
        """Return the line that calls a step's function."""
        own = {step.arguments[n] for n in self.owned[step.kind]}
        taken = (step.arguments[n] for n in self.parameters(step.kind))
        read = [self.held(table) if table in own else self.read(table, self.names).text for table in taken]
        arguments = [repr(variable(step.place.path)), *read]
        return f"{self.names[step.result]} = {self.functions[step.kind]}({', '.join(arguments)})"

    def held(self, table: Node) -> str:
        """Return what a call holds in place of a table's name: its numbers."""
        return literals.table(self.data(table), indent=8)

    @cached_property
    def owned(self) -> dict[Hashable, list[int]]:
        """Which arguments' numbers the calls of each kind of step hold: rows that nothing else reads, as a norm's γ."""
        readers = readers_of(self.nodes)

        def is_own(step: Step, n: int) -> bool:
            table = step.arguments[n]
            inside = {*step.inside, step.result}
            return table.op.given and table.scope is step.place and readers[table] <= inside

        found = {
            kind: [n for n in self.parameters(kind) if all(is_own(step, n) for step in steps)]
            for kind, steps in self.kinds.items()
        }
        rows = {
            kind: all(step.arguments[n].shape[0] == 1 for step in self.kinds[kind] for n in owned)
            for kind, owned in found.items()
        }
        return {kind: owned if rows[kind] else [] for kind, owned in found.items()}

    # Functions

    @property
    def reserved(self) -> set[str]:
        """The names that no step has."""
        arguments = {table.symbol for step in self.ends.values() for table in step.arguments}
        return {*self.names.values(), *(table.symbol for table in self.within_steps), *arguments, *USED}

    @cached_property
    def functions(self) -> dict[Hashable, str]:
        """The name of each kind of step."""
        taken = self.reserved
        found: dict[Hashable, str] = {}
        for kind, steps in self.kinds.items():
            stem = re.sub(r"\W+", "_", steps[0].place.title.casefold()).strip("_") or "step"
            stem += "_backward" if is_gradient(steps[0].result) else ""
            name = next(n for n in (stem, *(f"{stem}_{i}" for i in range(2, 1000))) if n not in taken)
            taken.add(name)
            found[kind] = name
        return found

    def parameters(self, kind: Hashable) -> list[int]:
        """Return which arguments of a kind of step its function takes; it reads those that are always the same."""
        steps = self.kinds[kind]
        first = steps[0].arguments
        always = [len({step.arguments[n] for step in steps}) == 1 and first[n].op.given for n in range(len(first))]
        return [n for n, same in enumerate(always) if not same]

    def function(self, kind: Hashable) -> str:
        """Return the text of a function."""
        steps = self.kinds[kind]
        first = steps[0]
        taken = {self.functions[kind], *USED}
        names = {argument: self.names[argument] for argument in first.arguments if argument.name}
        for table in first.inside:
            names[table] = fresh(variable(table.symbol), taken)
        for n in self.parameters(kind):
            symbols = {_argument(base_of(step.arguments[n]), step) for step in steps}
            names[first.arguments[n]] = fresh(variable(symbols.pop()) if len(symbols) == 1 else "x", taken)
        parameters = [names[first.arguments[n]] for n in self.parameters(kind)]
        body = [f"{names[table]} = {self.expression(table, names).text}" for table in first.inside]
        kept = " ".join(names[table] for table in (*(first.arguments[n] for n in self.owned[kind]), *first.inside))
        title = f"The gradients of {first.place.title}" if is_gradient(first.result) else first.place.title
        said = literals.docstring(about(first.place) or title)
        result = self.expression(first.result, names).text
        lines = [said, *body, f'keep(step, "{kept}", locals())', f"return {result}"]
        head = f"def {self.functions[kind]}({', '.join(['step', *parameters])}):"
        return "\n    ".join([head, *lines])

    # The whole

    def text(self) -> str:
        """Return the script."""
        lines = dict(self.lines())
        body = "\n".join(self.in_sections(lines))
        end = f"{DETACHED if self.followed else ''}{self.prediction()}\n{ASKED}"
        if self.has_check and (training := self.lesson.graph.training):
            loss = self.names[training.losses[0]]
            end = TRAINED.replace("PREDICTION", self.prediction()) + CHECK.replace("LOSS", loss)
        return self.laid_out([*self.head(), f"{self.words()}\n{body}\n{end}"], lines)

    def laid_out(self, parts: list[str], lines: dict[str, Node]) -> str:
        """Return the script of some functions and what follows them, after the docstring and the imports."""
        body = "\n\n\n".join(parts)
        needs_math = self.is_torch and re.search(r"\bmath\.", body)
        imports = f"import math\n{self.imports()}" if needs_math else self.imports()
        return self.with_shapes(formatted(f"{self.docstring()}\n\n{imports}\n\n\n{body}"), lines)

    def in_sections(self, lines: dict[str, Node]) -> Iterator[str]:
        """Yield the lines, with a heading before those of each page."""
        for n, (place, block) in enumerate(self.sections(lines)):
            if place and len(block) > 1:
                yield f"\n{literals.comment(self.heading(place))}"
            elif n and len(block) > 1:
                yield ""
            yield from side_by_side(block)
            if not n and self.has_check:
                yield CHANGE

    def sections(self, lines: dict[str, Node]) -> Iterator[tuple[Scope | None, dict[str, Node]]]:
        """Yield the lines of each page in the model's order; indices, and what is given and on no page, come first.

        All that is given comes first where a check changes it.
        """
        first = {node for node in lines.values() if self.has_check or not self.page(node) or node in self.indices}
        shared = {line: node for line, node in lines.items() if node.op.given and node in first}
        yield None, dict(sorted(shared.items(), key=lambda item: item[1] not in self.indices))
        rest = [(line, node) for line, node in lines.items() if line not in shared]
        for place, group in groupby(rest, lambda item: self.page(item[1])):
            yield place, dict(group)

    def page(self, node: Node) -> Scope | None:
        """Return the sheet under whose title a table's line stands."""
        return node.page

    def head(self) -> list[str]:
        """Return the functions of the script."""
        functions = [self.function(kind) for kind in self.kinds]
        return [self.table_function(), *self.own_functions(), *([KEEP] if self.kinds else []), *functions]

    def own_functions(self) -> list[str]:
        """Return the functions that the lines written so far call and no library has, such as those on pieces."""
        array = f"{self.k.module}.{self.k.array}"
        return [OWN[name].replace("ARRAY", array) for name in OWN if name in self.k.own_functions]

    def docstring(self) -> str:
        """Return the title, the sizes and the source."""
        title, sizes = (literals.sentence(text) for text in describe(self.lesson))
        sizes = sizes.partition(" · ")[2] or sizes
        source = literals.sentence(self.lesson.architecture.source)
        line = f'"""{title}: {sizes} ({source})."""'
        return line if len(line) <= MOST_COLUMNS else literals.docstring(f"{title} ({source}).", f"{sizes}.")

    def imports(self) -> str:
        """Return the lines that import what the script needs, and open the file with its larger tables."""
        functions = {node.op.function.sympy for node in self.nodes if node.op.function}
        lines = self.k.imports(functions)
        if not self.file:
            return lines
        lines = lines.replace("import sys\n", "import sys\nfrom pathlib import Path\n", 1)
        if self.k.module != "np":
            lines = lines.replace("\nimport torch", "\nimport numpy as np\nimport torch", 1)
        return f"{lines}\n\nwith np.load(Path(__file__).with_name({self.file!r})) as file:\n    npz = dict(file)"

    def words(self) -> str:
        """Return the lines of the vocabularies; the first is that of the prediction."""
        labels = self.vocabulary
        return literals.words("vocabulary", labels.words) if labels else ""

    @cached_property
    def vocabulary(self) -> Labels | None:
        node = self.lesson.graph.probabilities
        labels = getattr(node.shape[1], "labels", None) if node else None
        return labels if isinstance(labels, Labels) else None

    def table_function(self) -> str:
        """Return the function that reads the numbers of a table."""
        return (
            "def table(text):  # rows end with a semicolon; a number after a stroke divides all\n"
            '    rows, _, over = text.partition("/")\n'
            f"    return {self.k.from_rows} / float(over or 1)"
        )

    def heading(self, place: Scope) -> str:
        """Return the title of a page, its equation and its source."""
        return f"{', '.join(titles(place))}{about(place, ': ')}"

    def prediction(self) -> str:
        """Return the lines that print what the first sheet shows."""
        node = self.lesson.graph.probabilities
        if node is None or self.vocabulary is None:
            return f"print({self.names[self.lesson.graph.outputs[0]]})"
        row = self.lesson.graph.look_at
        chosen = f"{self.names[node]}[{-1 if row is None else row}]"
        return f"print({{word: round(p, 4) for word, p in zip(vocabulary, {chosen}.tolist())}})"

    def with_shapes(self, script: str, lines: dict[str, Node]) -> str:
        """Return the script with the shapes of products and tables at the ends of lines, where there is room."""
        shared = {self.names[node]: node for node in lines.values() if not node.op.given}
        nodes = shared
        done = script.split("\n")
        for n, line in enumerate(done):
            if line and not line.startswith(" "):
                nodes = self.shapes_in.get(line.partition("(")[0].removeprefix("def "), shared)
            name, equals, formula = line.strip().partition(" = ")
            if not (equals and name in nodes) or formula.endswith(("(", "[")):
                continue
            for comment in (_product(nodes[name]), _shape(nodes[name].shape)):
                if comment and len(line) + 4 + len(comment) <= LONGEST_LINE:
                    done[n] = f"{line}  # {comment}"
                    break
        return "\n".join(done)


KEEP = """def keep(step, names, tables):  # mean of layer1_norm1 becomes layer1_norm1_mean
    globals().update({f"{step}_{name}": tables[name] for name in names.split()})"""


def side_by_side(lines: Mapping[str, Node]) -> Iterator[str]:
    """Yield the lines; given tables that follow each other share one where there is room."""
    waiting = ""
    for line, node in lines.items():
        is_given = node.op.given and ("table(" in line or ".array(" in line or ".tensor(" in line)
        if waiting and is_given and len(both := _beside(waiting, line)) <= LONGEST_LINE:
            waiting = both
            continue
        if waiting:
            yield waiting
        waiting = line if is_given else ""
        if not is_given:
            yield line
    if waiting:
        yield waiting


def _beside(first: str, second: str) -> str:
    """Return one assignment for two: a, b = 1, 2."""
    (names, numbers), (name, number) = (line.split(" = ", 1) for line in (first, second))
    return f"{names}, {name} = {numbers}, {number}"


def is_gradient(table: Node) -> bool:
    """Return whether a table is the gradient of another."""
    return "grad" in table.name.split(".")


def _argument(table: Node, step: Step) -> str:
    """Return what a step's function calls an argument: its symbol, with more where a table inside has that."""
    if is_gradient(table):
        return f"grad_{table.symbol}"
    own = {inside.symbol for inside in step.inside}
    return ".".join(table.name.split(".")[-2:]) if table.symbol in own else table.symbol


def fresh(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def about(place: Scope, before: str = "") -> str:
    """Return a step's equation and source: softmax(Q Kᵀ / √d_k) V (Vaswani et al. 2017, eq. 1). Some have neither."""
    formula = equation(place, turned=False)
    about = f"{formula} ({place.source})" if formula and place.source else formula or place.source
    return f"{before}{about}" if about else ""


def _product(node: Node) -> str:
    """Return the shapes of the first product in a formula: (3, 4) @ (4, 2) -> (3, 2)."""
    todo = [node]
    while todo:
        other = todo.pop()
        if other.op is ops.matmul:
            return f"{_shape(other.args[0].shape)} @ {_shape(other.args[1].shape)} -> {_shape(node.shape)}"
        todo += [argument for argument in other.args if not argument.name]
    return ""


def _shape(shape: tuple[int, int]) -> str:
    return f"({int(shape[0])}, {int(shape[1])})"
