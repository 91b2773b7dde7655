"""Learn the transformer by computing it: models as tables, live spreadsheets, worked steps, exercises and marks.

>>> import byhand
>>> lesson = byhand.build("gpt2", prompt="the cat sat")
>>> lesson["probabilities"].shape
(3, 8)

The command line `byhand` does the same; docs/python.md is the guide.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from byhand.answers.judge import Judgement
    from byhand.api import (
        Document,
        Lesson,
        Page,
        build,
        derive,
        explain,
        grade,
        judge,
        make_exercises,
        model_names,
        train,
    )
    from byhand.errors import ByhandError
    from byhand.lessons.recipe import Recipe
    from byhand.lessons.tables import Table

__all__ = [
    "ByhandError",
    "Document",
    "Judgement",
    "Lesson",
    "Page",
    "Recipe",
    "Table",
    "build",
    "derive",
    "explain",
    "grade",
    "judge",
    "make_exercises",
    "model_names",
    "train",
]

_PLACES = {
    "ByhandError": "byhand.errors",
    "Judgement": "byhand.answers.judge",
    "Recipe": "byhand.lessons.recipe",
    "Table": "byhand.lessons.tables",
}
"""The module of each name that is not in byhand.api; a name is loaded on first use, to start quickly."""


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'byhand' has no attribute {name!r}")
    return getattr(import_module(_PLACES.get(name, "byhand.api")), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
