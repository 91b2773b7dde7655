"""Which of many parameters the default run takes, and which CI takes; a sweep takes all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar
from zlib import crc32

import pytest
from _pytest.mark import ParameterSet

Thing = TypeVar("Thing")


def often(names: Iterable[str], some: Collection[str], every: int = 1) -> list[ParameterSet]:
    """Return all names; those that are not among `some` are marked slow, so that only CI runs them.

    For what takes seconds each, CI takes every second (or third …) of those, and a sweep the others.
    """
    names = list(names)
    assert set(some) & set(names), "the default run would take none of them"
    others = [name for name in names if name not in some]
    marks = {name: pytest.mark.sweep if n % every else pytest.mark.slow for n, name in enumerate(others)}
    return [pytest.param(name, marks=marks.get(name, ())) for name in names]


def by_turns(things: Sequence[Thing], engine: str) -> Sequence[Thing]:
    """Return what CI gives to an engine: IronCalc, which is fast, gets all, Gnumeric a third, LibreOffice a sixth."""
    return {"ironcalc": things, "libreoffice": things[::6], "gnumeric": things[1::3]}[engine]


in_every_program = pytest.mark.parametrize(
    "whole", [False, pytest.param(True, marks=pytest.mark.sweep)], ids=["by turns", "all"]
)
"""For a test that gives many books to each program: by turns where CI runs it, all to all in a sweep."""


LATER = re.compile(
    r"\b(gemma3|olmo2|smollm3|phi3|command-r|cohere|falcon|gpt-j|gptj|opt|gpt3|gopher|albert|qwen3-moe|qwen3_moe"
    r"|gpt-oss|gpt_oss|llama_(?:dynamic|llama3|yarn))\b"
)
"""Later families, as models and as folders: options of the one decoder, each of which other models try too."""
ALWAYS = re.compile(
    "/(test_reference_models|test_made_families|test_learnt_models|test_models|test_checkpoint_index).py"
    "|what_pytorch_did|every_prompt"
)
"""The tests that CI takes for each of them: their own numbers."""


def is_left_to_the_sweep(test: str, every: int) -> bool:
    """Return whether CI leaves out a test, by its full name: a sweep takes it.

    every: of how many tests of its kind CI takes one: of slow tests of one book every fourth, each test other books, of
    those of one exercise, model or derivation every third. Of all tests of later families it takes every fifth.
    """
    if ALWAYS.search(test):
        return False
    later = LATER.search(test.partition("[")[2])
    return crc32(test.encode()) % (5 if later else every) > 0
