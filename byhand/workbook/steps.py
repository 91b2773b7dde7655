"""The steps of a model: what a contents page lists and a diagram draws, and which of them read which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from byhand.core.captions import shapes
from byhand.core.graph import Node, Scope
from byhand.core.roles import Look, Role
from byhand.workbook.book import Book
from byhand.workbook.layout import floating, sides
from byhand.workbook.page import Block, Page, key

BEFORE_TITLES = {Look.GRADIENT: "∂ ", Look.UPDATED: "update · "}
"""The text before the title of a page that is a single step."""


@dataclass(frozen=True)
class Step:
    """One step of the model. block: its first table. result: its last table."""

    scope: Scope
    page: Page
    block: Block
    result: Node


def steps(book: Book) -> list[Step]:
    """Return the model's steps in order: the outermost scopes with an equation, and pages that are single steps."""
    blocks_of: dict[Scope, list[Block]] = {}
    for page in (page for page in book.pages if book.in_model(page.scope)):
        computed = [b for b in page.blocks if b.home and not floating(b.node) and b.node not in book.repeated]
        for block, following in zip(computed, [*computed[1:], None], strict=True):
            scope = next((s for s in reversed(block.node.scope.outward) if s.equation), None)
            if scope:
                blocks_of.setdefault(scope, []).append(block)
                if following and following.node.scope in scope.outward and key(block.node) in following.reads:
                    blocks_of[scope].append(following)  # the result, named by whoever called for the step
    return [Step(scope, blocks[0].page, blocks[0], blocks[-1].node) for scope, blocks in blocks_of.items()]


def title_of_step(step: Step) -> str:
    """Return the text of the step's box. A page that is a single step has its kind before its title."""
    if not step.scope.page:
        return step.scope.title
    before = BEFORE_TITLES.get(look_of_step(step)) or ("attention · " if _is_attention(step) else "")
    return f"{before}{step.scope.title.casefold()}"


def _is_attention(step: Step) -> bool:
    """Return whether the step is a whole page with attention weights."""
    return step.scope.page and any(block.node.role is Role.ATTENTION for block in step.page.blocks)


def look_of_step(step: Step) -> Look:
    """Return the look of the step's box: the outermost scope's that has one, else attention's or the usual one."""
    look = next((place.look for place in reversed(step.scope.outward) if place.look), None)
    return look or (Look.ATTENTION if _is_attention(step) else Look.COMPUTED)


def shapes_of_step(step: Step, turned: bool) -> tuple[str, str]:
    """Return the shapes of the step's first input (empty if there is none) and of its result: 3×4 and 3×2."""
    left, above = sides(step.block.node)
    read = next((node for node in (*left, *above) if node.shape != (1, 1)), None)
    return (_shape(read, turned) if read else ""), _shape(step.result, turned)


def _shape(node: Node, turned: bool) -> str:
    return shapes(node, turned).rpartition("→ ")[2].strip("()")


def tables_of(groups: Sequence[Sequence[Step]], book: Book) -> dict[Node, int]:
    """Return the number of the group of steps to which each computed table belongs, if it belongs to one."""
    of_scope = {(step.page, step.scope): n for n, group in enumerate(groups) for step in group}
    numbers: dict[Node, int] = {}
    for page in book.pages:
        for block in page.blocks:
            scope = next((s for s in reversed(block.node.scope.outward) if s.equation), None)
            if block.home and block.node.data is None and scope and (page, scope) in of_scope:
                numbers[block.node] = of_scope[page, scope]
    return numbers


def groups_read(node: Node, number_of: Mapping[Node, int]) -> set[int]:
    """Return the groups whose tables a table reads, directly or through tables of no group."""
    numbers: set[int] = set()
    todo, visited = list(node.args), set()
    while todo:
        argument = todo.pop()
        if argument in visited:
            continue
        visited.add(argument)
        if argument in number_of:
            numbers.add(number_of[argument])
        elif argument.data is None:
            todo += argument.args
    return numbers
