"""The texts about a workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from byhand.core.graph import Node


@dataclass(frozen=True)
class About:
    """The texts about a workbook. explain: the command that works out its tables, without --step NAME.

    code: of each table its line, or an empty text. words: whether to say what each table and step is for. guide:
    whether the sheets have a map, arrows and what to try. course: whether they stand in the order of a course, each
    with the question that it answers.
    projector: whether numbers are large, with one band on a screen.
    weights: where the weights come from, in a sentence. note: sentences under the prompt. ids: of the words, where the
    book has only some of a vocabulary's. smaller: advice if the model is too large for a workbook.
    model: its name, by which a page says why some of its numbers are equal; nothing is said without.
    """

    title: str
    subtitle: str
    command: str
    explain: str = ""
    weights: str = ""
    note: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    smaller: str = "smaller sizes with --size"
    words: bool = True
    guide: bool = False
    course: bool = False
    projector: bool = False
    code: Callable[[Node], str] = lambda table: ""
    model: str = ""
