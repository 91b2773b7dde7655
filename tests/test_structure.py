"""The shape of the house: which way imports point, who may import what, and what each file must say of itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

import byhand

PACKAGE = Path(byhand.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(["byhand", *(parts[:-1] if parts[-1] == "__init__" else parts)])


MODULES = {dotted(path): name_of(path) for path in FILES}


@cache
def trees() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text("utf-8")) for path in FILES}


@cache
def imports_of(file: str) -> frozenset[str]:
    return frozenset(imported(trees()[file]))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, wherever in it; of this package, the file that it comes from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which way they point"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module or "" for name in inner)


ORDER = [
    "errors decoding files folder_lock processes escaping translations text_encoding",
    "notation",
    "tokenizers",
    "core",
    "glossary layers misconceptions",
    "language models checkpoints",
    "lessons",
    "xlsx workbook documents code",
    "explanations derivations",
    "page",
    "exercises answers",
    "grading",
    "api",
    "cli __main__",
]
"""A part may import from the lines above, and from its own line."""
RANK = {"": 0} | {part: rank for rank, line in enumerate(ORDER) for part in line.split()}


def part(module: str) -> str:
    return [*module.split("."), ""][1]


def own_part(file: str) -> str:
    own = part("byhand." + file.removesuffix(".py").replace("/", "."))
    return "api" if own == "__init__" else own  # the package itself offers what the Python face does


def test_every_part_has_its_place_in_the_order() -> None:
    assert sorted({own_part(file) for file in trees()} - RANK.keys()) == []


def test_imports_point_one_way() -> None:
    upward = [
        f"{file} imports {module}"
        for file in trees()
        for module in imports_of(file)
        if module.split(".")[0] == "byhand" and RANK.get(part(module), len(ORDER)) > RANK[own_part(file)]
    ]
    assert upward == []


def test_imports_make_no_circle() -> None:
    """Between any two files, also those of one line of ORDER. Raises CycleError with the circle."""
    needs = {module: imports_of(file) & set(MODULES) - {module} for module, file in MODULES.items()}
    order = list(TopologicalSorter(needs).static_order())
    assert set(order) == set(MODULES)
    assert order.index("byhand.core.graph") < order.index("byhand.core.ops") < order.index("byhand.layers.attention")


def importers(library: str) -> set[str]:
    return {file for file in trees() if library in {module.split(".")[0] for module in imports_of(file)}}


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("tokenizers", ("tokenizers/hugging_face.py",)),
        ("xlsxwriter", ("xlsx/writer.py", "xlsx/sheet_xml.py")),
        ("openpyxl", ("xlsx/formulas.py",)),
        ("ironcalc", ("xlsx/ironcalc_engine.py",)),
        ("sympy", ("core/arithmetic/exact.py",)),
    ],
)
def test_a_library_is_imported_in_its_one_place(library: str, places: tuple[str, ...]) -> None:
    """XlsxWriter also where its internals are used; SymPy also in explain/ and grading/."""
    allowed = {
        file
        for file in importers(library)
        if library == "sympy" and file.startswith(("derivations/", "explanations/", "notation/", "grading/"))
    }
    assert importers(library) - allowed == (set(places) & set(trees()))


@pytest.mark.parametrize("library", ["torch", "transformers", "pickle", "marshal", "shelve", "dill"])
def test_libraries_that_nothing_imports(library: str) -> None:
    assert not importers(library)


def started_with(module: str) -> set[str]:
    """What a fresh Python has loaded after importing the module."""
    command = [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def entry_point() -> str:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    return project["project"]["scripts"]["byhand"].partition(":")[0]


def test_the_command_line_starts_without_what_it_may_not_need() -> None:
    """`byhand --help` must not pay for SymPy, nor for a spreadsheet engine."""
    module = entry_point()
    if find_spec(module) is None:
        pytest.skip(f"{module} is not written yet")
    loaded = started_with(module)
    assert module in loaded
    assert not loaded & {"sympy", "openpyxl", "ironcalc"}


def test_a_model_starts_with_numpy_alone() -> None:
    loaded = started_with("byhand.models.decoder.gpt2")
    assert {"byhand.models", "numpy"} <= loaded
    assert not loaded & {"sympy", "xlsxwriter", "openpyxl", "ironcalc", "click", "rich"}


def test_a_file_is_one_idea() -> None:
    long = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {file: lines for file, lines in long.items() if lines > 600} == {}


def test_a_file_says_its_idea_in_one_sentence() -> None:
    first = {file: (ast.get_docstring(tree) or "").partition("\n")[0] for file, tree in trees().items()}
    assert {file: line for file, line in first.items() if not re.fullmatch(r"[^a-z\s].*[.]", line)} == {}
    assert {file: line for file, line in first.items() if re.search(r"[.!?] [A-Z]", line)} == {}


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """The functions, classes and methods that other files may use."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                methods = (m for m in node.body if isinstance(m, Function) and not m.name.startswith("_"))
                yield from ((f"{node.name}.{m.name}", m) for m in methods)


def says_itself(node: Function | ast.ClassDef) -> bool:
    """Five lines that a name and types explain, or a class that is a list of fields."""
    fields = isinstance(node, ast.ClassDef) and all(isinstance(line, ast.AnnAssign) for line in node.body)
    return fields or (node.end_lineno or 0) - node.body[0].lineno < 5


def test_what_is_public_has_a_docstring() -> None:
    """All but what says itself, and a model's `build`, which Architecture.build describes once for all of them."""
    silent = [
        f"{file}: {name}"
        for file, tree in trees().items()
        for name, node in public_definitions(tree)
        if not ast.get_docstring(node) and not says_itself(node) and not name.startswith("build")
    ]
    assert silent == []


def forbidden_calls(tree: ast.AST) -> set[str]:
    """What of a file would run text as code."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    called = {getattr(n.func, "id", "") for n in calls}
    methods = {getattr(n.func, "attr", "") for n in calls}
    keywords = {k.arg for n in calls for k in n.keywords}
    return (
        called & {"eval", "exec", "compile", "__import__"}
        | (called | methods) & {"sympify", "parse_expr"}
        | keywords & {"allow_pickle"}
    )


def test_nothing_runs_text_as_code() -> None:
    assert {file: found for file, tree in trees().items() if (found := forbidden_calls(tree))} == {}


@pytest.mark.parametrize(
    ("line", "forbidden"),
    [
        ("eval('1')", {"eval"}),
        ("x = sympy.sympify(text)", {"sympify"}),
        ("parse_expr(text)", {"parse_expr"}),
        ("np.load(path, allow_pickle=True)", {"allow_pickle"}),
        ("re.compile('a')", set()),
    ],
)
def test_what_runs_text_as_code_is_seen(line: str, forbidden: set[str]) -> None:
    assert forbidden_calls(ast.parse(line)) == forbidden


def test_operations_are_registered_in_two_places() -> None:
    """Those of numbers, which all models have, and those of pieces of words, which only models of pieces import."""
    calls = {
        file
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("register", "graph.register")
    }
    assert calls == {"core/ops.py", "core/piece_ops.py"}


# The tests themselves

TESTS = Path(__file__).parent


def test_no_test_imports_from_another_test() -> None:
    """What tests share is in support/."""
    shared = [
        f"{path.relative_to(TESTS)} imports {module}"
        for path in TESTS.rglob("*.py")
        for module in re.findall(r"^from (\S*\btest_\S*) import", path.read_text("utf-8"), re.MULTILINE)
        if module != path.stem
    ]
    assert shared == []
