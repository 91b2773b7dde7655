"""A language model as a torch.nn.Module: its weights registered under a checkpoint's names, a class for each layer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from byhand.code import literals
from byhand.code.blocks import Block, Written
from byhand.code.bodies import Body, method
from byhand.code.plan import Plan
from byhand.code.registered import Tree, in_terms_of
from byhand.code.script import ASKED, DETACHED, KEEP, about, side_by_side, variable
from byhand.core.expressions import Numpy
from byhand.core.graph import Array, Node
from byhand.core.roles import Role
from byhand.lessons.lesson import Lesson

PARTS = '''class Parts(nn.Module):
    """Modules by their names, and parameters by their names and shapes."""

    def __init__(self, /, **parts):
        super().__init__()
        for name, part in parts.items():
            is_shape = isinstance(part, tuple)
            setattr(self, name, nn.Parameter(torch.zeros(part)) if is_shape else part)'''
KEEP_ALL = """def keep(step, names, found):  # mean of layer1_norm1 becomes layer1_norm1_mean
    for name in names.split():
        tables[f"{step}_{name}".lstrip("_")] = found[name]"""
RUN = """
tables = {}  # all that keep() is given
model = Model()
shapes = model.state_dict()
model.load_state_dict({name: w.view_as(shapes[name]) for name, w in weights.items()})
LOGITS = model(INPUTS)"""
BACKWARD = """for value in [*tables.values(), *globals().values()]:
    if torch.is_tensor(value) and value.requires_grad:
        value.retain_grad()
LOSS.backward(retain_graph=True)"""
ALL = "globals().update(tables)\n"


def as_table(tensor: Array) -> Array:
    """Return a tensor with any number of axes as a table, the first of them its rows; a vector as one row."""
    return tensor.reshape(1, -1) if tensor.ndim == 1 else tensor.reshape(len(tensor), -1)


def has_module(lesson: Lesson) -> bool:
    """Return whether a lesson is written as a module: a model that makes logits with weights, not a part of one."""
    learns = any(node.role is Role.WEIGHT and node.op.given for node in lesson.tables.values())
    return lesson.graph.logits is not None and learns and lesson.architecture.family not in ("part", "tokens")


class ModuleScript(Plan):
    """A lesson as a module of PyTorch; what follows the logits, such as a loss, is a line for each table."""

    backward = BACKWARD

    def __init__(self, lesson: Lesson, library: Numpy, file: str = "") -> None:
        super().__init__(lesson, library, file)
        self.classes: list[str] = []
        self._write_classes()
        for node in self.core:
            if node in self.names and node is not self.logits and not (node.op.given and node not in self.weights):
                self.names[node] = f"tables[{self.names[node]!r}]"

    def _write_classes(self) -> None:
        """Write the classes, those inside first. Blocks of one text become one class."""
        blocks_by_depth: dict[int, list[Block]] = defaultdict(list)
        for block in self.prefixes:
            blocks_by_depth[block.path.count(".") if block.path else -1].append(block)
        for depth in sorted(blocks_by_depth, reverse=True):
            alike: dict[str, list[Block]] = defaultdict(list)
            for block in sorted(blocks_by_depth[depth], key=lambda block: (block.kind, block.number)):
                if block is not self.root:
                    alike[self._class(block, "", set())].append(block)
            for members in alike.values():
                reads = [self.written[block].reads for block in members]
                is_shared = [
                    bool(t.name) and t.op.given and t not in self.weights and all(other[n] is t for other in reads)
                    for n, t in enumerate(reads[0])
                ]
                name = self._class_name(members[0])
                self.classes.append(
                    self._class(members[0], name, {t for t, s in zip(reads[0], is_shared, strict=True) if s})
                )
                for block, tables in zip(members, reads, strict=True):
                    returns = self.written[block].returns
                    self.written[block] = Written(
                        name, [t for t, s in zip(tables, is_shared, strict=True) if not s], returns
                    )
        given = {node for node in self.core if node.op.given and node.name and node not in self.weights}
        self.inputs = [node for node in self.nodes if node in given and node.role in (Role.TOKENS, Role.INPUT)]
        self.classes.append(self._class(self.root, "Model", given - set(self.inputs)))

    def _class_name(self, block: Block) -> str:
        """Return the name of a class: of encoder.layer1, Layer, or EncoderLayer after another Layer."""
        used = {text.split("(")[0].removeprefix("class ") for text in self.classes} | {"Parts", "Model"}
        parts = [part.capitalize() for part in re.split(r"[._]", block.kind) if part]
        candidates = ["".join(parts[-n:]) for n in range(1, len(parts) + 1)]
        candidates += [f"{candidates[-1]}{n}" for n in range(2, 1000)]
        return next(name for name in candidates if name not in used)

    def _class(self, block: Block, name: str, shared: set[Node]) -> str:
        """Return the text of a class. shared: the given tables that it reads as the script's own."""
        is_root = block is self.root
        place = "" if is_root else "{self.place}"
        methods = self._methods(block, place, shared, numbered=not name)
        body = Body(self, block, block, place, shared, numbered=not name)
        made = body.write()
        if is_root:
            made.reads = [node for node in self.inputs if node in made.reads]
        self.written[block] = made
        self.shapes_of[f"{name}.forward"] = body.tables
        lines = [
            literals.docstring(self._about(block)),
            "",
            f"def __init__(self{'' if is_root else ', place'}):",
            "    super().__init__()",
            *([] if is_root else ["    self.place = place"]),
            *(f"    {line}" for line in self._registrations(block)),
        ]
        for text in methods:
            lines += ["", *text.split("\n")]
        lines += ["", f"def forward({', '.join(['self', *(body.names[table] for table in made.reads)])}):"]
        lines += [f"    {line}" for line in body.lines]
        return "\n".join([f"class {name}(nn.Module):", *(f"    {line}" if line else "" for line in lines)])

    def _methods(self, owner: Block, place: str, shared: set[Node], numbered: bool) -> list[str]:
        """Return the methods of a class, for blocks that are alike and no classes; others stay where they are."""
        for child in list(owner.children):
            if child not in self.prefixes:
                if any(inner in self.prefixes for inner in child.inner):
                    child.dissolve()
                    return self._methods(owner, place, shared, numbered)
                for inner in list(child.inner):
                    inner.dissolve()
        alike: dict[tuple[str, str], list[Block]] = defaultdict(list)
        for child in owner.children:
            if child not in self.prefixes:
                body = Body(self, child, owner, "PLACE", set(), [], numbered=True)
                self.written[child] = body.write()
                stem = owner.relative(child.path).removesuffix(str(child.number))
                alike[stem, "\n".join(body.lines)].append(child)
        texts, used = [], {"forward", "place", *self.registered.tree(self.prefixes[owner])}
        for (path, _), members in alike.items():
            if len(members) < 2:
                members[0].dissolve()
                continue
            stem = variable(re.sub(r"\d+", "", path))
            name = next(n for n in (stem, *(f"{stem}_{i}" for i in range(2, 1000))) if n not in used)
            used.add(name)
            texts.append(method(self, members, owner, place, shared, name, numbered))
        return texts

    def _about(self, block: Block) -> str:
        """Return the sentence of a class."""
        if block is self.root:
            return f"{self.lesson.architecture.title}: {self.lesson.architecture.about}."
        words = re.sub(r"[._]", " ", block.kind).split()
        scopes = (scope for node in block.whole for scope in node.scope.outward if scope.path == block.path)
        said = next((text for scope in scopes if scope.page and (text := about(scope))), "")
        return said or f"One {words[-1]} of the {' '.join(words[:-1]) or 'model'}; place: its name."

    # What a class registers

    def _registrations(self, block: Block) -> Iterator[str]:
        """Yield the lines that make the parameters and modules of a class."""
        prefix = self.prefixes[block]
        for name, part in self.registered.tree(prefix).items():
            made = self._part(f"{prefix}.{name}" if prefix else name, part, block)
            yield (
                f"self.{name} = nn.Parameter(torch.zeros{made})" if isinstance(part, tuple) else f"self.{name} = {made}"
            )

    def _part(self, whole: str, part: Tree | tuple[int, ...], owner: Block) -> str:
        """Return the expression that makes a module; of a tensor, its shape."""
        if isinstance(part, tuple):
            return f"({', '.join(map(str, part))}{',' * (len(part) == 1)})"
        for block, prefix in self.prefixes.items():
            if prefix == whole and block is not owner:
                place = variable(owner.relative(block.path))
                return f'{self.written[block].name}({"" if owner is self.root else "f"}"{self._before(owner)}{place}")'
        if set(part) == {str(n) for n in range(len(part))}:
            made = [self._part(f"{whole}.{n}", part[str(n)], owner) for n in range(len(part))]
            marked = [re.sub(r"(\d+)\"\)$", r" \1 )", text) for text in made]
            text = in_terms_of("n", range(1, len(made) + 1), marked) if len(made) > 1 else None
            if text is None:
                return f"nn.ModuleList([{', '.join(made)}])"
            text = re.sub(r"\((f?)\"(.*) n \)$", r'(f"\2{n}")', text)
            return f"nn.ModuleList({text} for {'n' if '{n}' in text else '_'} in range(1, {len(made) + 1}))"
        matrix = part.get("weight", ())
        is_turned = self.registered.turned(whole)
        if isinstance(matrix, tuple) and len(matrix) == 2:
            if is_turned and part.keys() <= {"weight", "bias"} and part.get("bias", matrix[:1]) == matrix[:1]:
                return f"nn.Linear({matrix[1]}, {matrix[0]}{'' if 'bias' in part else ', bias=False'})"
            if not is_turned and part.keys() == {"weight"}:
                return f"nn.Embedding({matrix[0]}, {matrix[1]})"
        inside = (f"{name}={self._part(f'{whole}.{name}', inner, owner)}" for name, inner in part.items())
        return f"Parts({', '.join(inside)})"

    def _before(self, owner: Block) -> str:
        return "" if owner is self.root else "{place}_"

    # The whole

    def lines(self) -> Iterator[tuple[str, Node]]:
        """Yield each statement after the model's call with the table that it makes; first what the model is given."""
        in_core = set(self.root.whole) | {w for w in self.weights if self.home(w) is not None}
        in_core |= {node for step in self.ends.values() if step.result in in_core for node in step.inside}
        for line, node in super().lines():
            if node not in in_core:
                yield line, node

    def given(self, node: Node) -> str:
        """Return the line of a table of given numbers; of a weight that the model does not read, of its parameter."""
        if node in self.weights:
            return f"{self.names[node]} = {self.registered.read(node.name, '', 'model')}"
        return super().given(node)

    def held(self, table: Node) -> str:
        """Return what a call holds in place of a table's name: its numbers, or a parameter of the model."""
        return self.registered.read(table.name, "", "model") if table in self.weights else super().held(table)

    def head(self) -> list[str]:
        """Return the functions and classes of the script."""
        table, *functions = (text for text in super().head() if text != KEEP)  # written once
        return [table, KEEP_ALL, *functions, PARTS, *self.classes]

    def imports(self) -> str:
        """Return the lines that import what the script needs."""
        return super().imports().replace("\nimport torch\n", "\nimport torch\nfrom torch import nn\n")

    def state(self) -> str:
        """Return the lines with the numbers of all parameters, by their names."""
        if self.beside is not None:
            self.beside |= self.registered.tensors
            names = list(self.registered.tensors)
            return f"weights = {{name: {self.k.loaded.replace('NAME', 'name')} for name in {names}}}"
        rows = (
            f"{name!r}: {literals.table(as_table(whole), indent=8)}," for name, whole in self.registered.tensors.items()
        )
        return "\n".join(["weights = {", *rows, "}"])

    def text(self) -> str:
        """Return the script."""
        lines = dict(self.lines())
        first = {line: node for line, node in lines.items() if node.op.given and node not in self.weights}
        rest = {line: node for line, node in lines.items() if line not in first}
        run = RUN.replace("LOGITS", self.names[self.logits])
        run = run.replace("INPUTS", ", ".join(self.names[node] for node in self.written[self.root].reads))
        body = [self.words(), *side_by_side(first), "", self.state(), run, *self.in_sections(rest)]
        end = f"{ALL}{DETACHED}{self.prediction()}\n{ASKED}"
        return self.laid_out([*self.head(), "\n".join([*body, end])], lines)
