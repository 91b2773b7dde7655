"""One addition, one place: what an operation is, is said in its record and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import byhand

PACKAGE = Path(byhand.__file__).parent
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}


def names_of_operations(tree: ast.AST) -> Iterator[str]:
    """Where an operation's name is read (`x.op.name`, `op.name`), or an operation is looked up by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "name":
            owner = node.value
            if getattr(owner, "attr", getattr(owner, "id", "")) == "op":
                yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("OPS"):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("file", sorted(set(TREES) - {"core/graph.py"}))
def test_operations_are_not_told_apart_by_their_names(file: str) -> None:
    """By a field of their record or, where one is meant for its mathematics, by identity: `node.op is ops.matmul`."""
    assert not [*names_of_operations(TREES[file])]


def test_a_name_that_is_read_would_be_seen() -> None:
    planted = ast.parse('kind = node.op.name\nfound = op.name in ("add", "sub")\nother = OPS["add"]')
    assert len([*names_of_operations(planted)]) == 3
