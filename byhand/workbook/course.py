"""The order of a lesson: a head first, then all heads, the block, the whole; and the question of each page."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.core.captions import titles
from byhand.core.roles import Look, Role
from byhand.workbook.page import Page


def course_order(pages: Sequence[Page]) -> list[Page]:
    """Return the pages in the order of a course: the first layer from its first head on, then what stands around it."""
    learning = [page for page in pages if _look(page) in (Look.GRADIENT, Look.UPDATED)]
    forward = [page for page in pages if page not in learning]
    core = next((page for page in forward if attends(page)), None)
    if core is None:
        core = next((page for page in forward if page.scope.parent and len(titles(page.scope)) > 1), None)
    if core is None:
        return list(pages)
    layer = titles(core.scope)[:-1]
    inside = [page for page in forward if layer and titles(page.scope)[: len(layer)] == layer and page is not core]
    heads = [page for page in inside if attends(page)]
    block = [page for page in inside if page not in heads]
    around = [page for page in forward if page is not core and page not in inside]
    return [core, *heads, *block, *around, *learning]


def attends(page: Page) -> bool:
    """Return whether a page has attention weights."""
    return any(block.node.role is Role.ATTENTION and block.home for block in page.blocks)


def _look(page: Page) -> Look | None:
    return next((place.look for place in reversed(page.scope.outward) if place.look), None)


QUESTIONS = {
    "input": "How does a word become numbers?",
    "positions": "How does the model know where a word stands?",
    "norm": "Why are all words brought to one size?",
    "second norm": "Why are all words brought to one size?",
    "attention": "How do several heads become one answer, and why is it added?",
    "feed-forward": "What does each word do by itself?",
    "experts": "Who works on which word?",
    "output": "How do numbers become a word?",
    "loss": "How wrong is the model?",
    "mix": "How does a word meet the few before it?",
    "select": "What decides what is remembered?",
    "scan": "What is carried from word to word?",
    "gate": "What may pass in the end?",
    "layer": "What is carried from word to word?",
    "picture": "How does a picture become rows?",
}
"""The title of a page, in small letters and without its number -> the question that it answers."""


def question(page: Page, earlier: Sequence[Page]) -> str:
    """Return the question that a page answers. earlier: the pages before it in the lesson."""
    look = _look(page)
    if look is Look.GRADIENT:
        return "What should change here, and which way?"
    if look is Look.UPDATED:
        return "What does one step of learning do?"
    if attends(page) and "Cross" in titles(page.scope):
        return "How does one text ask another?"
    if attends(page):
        before = any(attends(other) for other in earlier)
        return "Why look in more than one way?" if before else "How does a word find what other words know?"
    title = page.scope.title.casefold().rstrip("0123456789 ")
    return QUESTIONS.get(title, f"What happens in “{page.scope.title}”?")
