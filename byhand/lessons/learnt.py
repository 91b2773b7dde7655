"""What training gave, as a recipe: the model with its learnt weights and words, small enough to read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from byhand.checkpoints.saving import save, save_again
from byhand.core.graph import Array
from byhand.core.number_text import in_full
from byhand.files import temporary_folder
from byhand.lessons.build import model_of, weights_of
from byhand.lessons.corpus import Corpus
from byhand.lessons.recipe import KEYS, Recipe
from byhand.lessons.splitting import merges_of
from byhand.lessons.training import Example, Learnt, TrainingOptions
from byhand.lessons.training_record import recorded
from byhand.models import MODELS


def with_weights(corpus: Corpus, learnt: Learnt, options: TrainingOptions, text: str, share: float = 0.0) -> Recipe:
    """Return the corpus's recipe with the learnt weights, how they were learnt, and a prompt from its first line.

    text: its name. share: of the examples that were held out.
    Where the first line is a question with its answer, the question is the prompt, and the model writes the answer.
    """
    prompt = _prompt(corpus.examples[0])
    weights = {path: _numbers(table) for path, table in learnt.weights.items()}
    steps, last = len(learnt.losses), learnt.final
    start = learnt.losses[0] if learnt.losses else last
    sentence = (
        f"The {'adapters' if corpus.recipe.lora else 'weights'} are learnt from {Path(text).name}: "
        f"{len(corpus.examples)} sequences, {steps:,} step{'s' * (steps != 1)} of {options.optimizer}, "
        f"loss {start:.4g} → {last:.4g}."
    )
    training = recorded(corpus, learnt, options, share)
    return replace(corpus.recipe, **prompt, learnt=sentence, training=training, set=corpus.recipe.set | weights)


LONGEST_ANSWER = 8
"""The most words that a model writes after a question: each is a whole pass through the model."""


def _prompt(example: Example) -> dict[str, Any]:
    """Return the keys of a recipe for what the model reads of an example."""
    prompt: dict[str, Any] = {key: value for key, value in example.items() if key in ("ids", "target_ids", "pixels")}
    targets = example["targets"]
    asked = next(n for n, target in enumerate(targets) if target >= 0)
    if (
        "ids" in prompt
        and "target_ids" not in prompt
        and asked
        and min(targets[asked:]) >= 0
        and len(targets) - asked <= LONGEST_ANSWER
    ):
        prompt |= {"ids": prompt["ids"][: asked + 1], "generate": len(targets) - asked}
    return prompt


def _numbers(table: Array) -> list[list[float]]:
    return [[float(x) + 0.0 for x in row] for row in table]


def check_can_be_saved(recipe: Recipe) -> None:
    """Raise ByhandError if a recipe's model has no form as a checkpoint: better before it is trained than after."""
    if recipe.model in MODELS:
        with temporary_folder() as folder:
            save_folder(recipe, folder / "tried")


def save_folder(recipe: Recipe, folder: Path) -> None:
    """Write a recipe's model with its weights as a checkpoint's folder, in Hugging Face's layout; adapters merged."""
    weights = weights_of(recipe)
    if recipe.model not in MODELS:
        save_again(Path(recipe.model), folder, weights)
        return
    architecture, options = model_of(recipe)
    save(folder, recipe.model, options, weights, architecture.vocabularies(options), merges_of(recipe.training))


def recipe_file(recipe: Recipe) -> str:
    """Return a recipe as a TOML file, a line for each row of a table."""
    changed = ["model", *recipe.given(KEYS)]
    lines = [f"{name} = {_value(getattr(recipe, name))}" for name in changed if name not in TABLES]
    for table in TABLES:
        if entries := getattr(recipe, table):
            lines += ["", f"[{table}]"]
            lines += [
                f"{_key(name)} = {_text(value) if name == 'text' else _value(value)}" for name, value in entries.items()
            ]
    return "\n".join(lines) + "\n"


TABLES = ("training", "set")
"""The keys of a recipe that are tables at the end of its file."""


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _text(lines: list[str]) -> str:
    """Return the lines of a text, each on a line of its own."""
    return "[\n" + "".join(f"  {_value(line)},\n" for line in lines) + "]"


def _value(value: Any) -> str:
    """Return a value as TOML: texts, numbers, lists, tables of numbers a row a line, and settings."""
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, float):
        return in_full(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())} }}"
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        rows = "".join(f"  {_value(row)},\n" for row in value)
        return f"[\n{rows}]" if len(value) > 1 else f"[{_value(value[0])}]"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
