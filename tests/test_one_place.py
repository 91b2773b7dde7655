"""One addition, one place: what an operation is, is said in its record and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import byhand
from byhand.core.graph import source
from byhand.core.roles import Look, Role
from byhand.workbook.style import ROLES

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


def roles_as_text(tree: ast.AST) -> Iterator[str]:
    """Where the role of a table is compared with text."""
    for node in ast.walk(tree):
        pieces = [*ast.walk(node)] if isinstance(node, ast.Compare) else []
        texts = [p for p in pieces if isinstance(p, ast.Constant) and isinstance(p.value, str)]
        if texts and any(getattr(p, "attr", "") == "role" for p in pieces):
            yield ast.unparse(node)


@pytest.mark.parametrize("file", sorted(TREES))
def test_roles_are_members_of_their_enum(file: str) -> None:
    """`node.role is Role.SCORES`, which a misspelling cannot pass; `named(...)` checks its text."""
    assert not [*roles_as_text(TREES[file])]


def test_a_role_as_text_would_be_seen() -> None:
    planted = ast.parse('a = node.role == "scores"\nb = node.args[0].role in ("a", "b")\nc = node.role is Role.MASK')
    assert len([*roles_as_text(planted)]) == 2


def test_an_unknown_role_is_refused_at_once() -> None:
    table = source("x", [[1.0]], "input")
    with pytest.raises(ValueError, match=r"^'scrores' is no role: add it to Role in core/roles\.py, or take one of in"):
        (table + 1).named("y", role="scrores")
    with pytest.raises(ValueError, match="'inptu' is no role"):
        source("x", [[1.0]], "inptu")
    assert Role("scores") is Role.SCORES
    assert table.role is Role.INPUT


def test_roles_say_what_they_are() -> None:
    assert len({role.words for role in Role}) == len(Role)
    assert {role.traits.look for role in Role} | {role.traits.given_look for role in Role} <= set(ROLES)
    assert set(ROLES) == set(Look)


def test_a_name_that_is_read_would_be_seen() -> None:
    planted = ast.parse('kind = node.op.name\nfound = op.name in ("add", "sub")\nother = OPS["add"]')
    assert len([*names_of_operations(planted)]) == 3
