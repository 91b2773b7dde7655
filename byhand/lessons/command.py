"""The command line that builds a recipe's workbook again, or its explanation."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

from byhand.lessons.drawn_pictures import is_drawn
from byhand.lessons.recipe import KEYS, Recipe, option
from byhand.models import MODELS

WRITTEN_OTHERWISE = ("model", "size", "batch", "set", "learnt", "training")
"""The keys of a recipe that have no command-line option of the same form."""

LEARNT = "learnt.toml"
"""What the file is called to which the weights can be written that have just been learnt."""


def command(recipe: Recipe, does: str = "workbook") -> str:
    """Return the command line for the same workbook, or (`does`) for another command on the same lesson.

    A recipe whose weights are learnt is named by its file, and followed by what is not as there.
    """
    if recipe.learnt and not recipe.origin:
        return f"byhand {does} {LEARNT}"
    base = recipe.origin.recipe if recipe.origin else Recipe(recipe.model)
    name = recipe.origin.name if recipe.origin else _model(recipe)
    sizes = {key: value for key, value in recipe.size.items() if base.size.get(key) != value}
    words = ["byhand", does, name, *(f"--size={key}={value}" for key, value in sizes.items())]
    for key in KEYS:
        if getattr(recipe, key) == getattr(base, key) or getattr(recipe, key) is None:
            continue
        if key not in WRITTEN_OTHERWISE and (key != "title" or does == "workbook"):
            words += _option(key, getattr(recipe, key))
    for row in recipe.batch:
        for key, value in row.items():
            words += _option(key, value)
    for table, value in recipe.set.items():
        if base.set.get(table) != value:
            words += ["--set", f"{table}={value}"]
    return shlex.join(words)


def _model(recipe: Recipe) -> str:
    """Return a model's name, or a checkpoint's folder without the folders above it."""
    return recipe.model if recipe.model in MODELS else f"./{os.path.basename(os.path.abspath(recipe.model))}"


def _option(key: str, value: Any) -> list[str]:
    """Return the words of one option; a picture is given by its file name without folders."""
    if value is True:
        return [option(key)]
    if key == "pixels" and not is_drawn(value):
        value = os.path.basename(value)
    if key == "word_counts":
        return [option(key), json.dumps(value, ensure_ascii=False)]
    if isinstance(value, list) and any(isinstance(word, str) and "," in word for word in value):
        return [option(key), json.dumps(value, ensure_ascii=False)]
    return [option(key), ",".join(map(str, value)) if isinstance(value, list) else str(value)]
