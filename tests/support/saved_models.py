"""Built-in models with words of their own that are saved as folders, and what is given to each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

SIZES: dict[str, dict[str, Any]] = {
    "bart": {},
    "marian": {},
    "t5": {},
    "gpt2": {},
    "gpt-neox": {},
    "bloom": {"d_ff": 16},
    "llama": {},
    "mistral": {},
    "qwen": {},
    "gemma": {},
    "gemma2": {},
    "deepseek": {},
    "bert": {},
    "roberta": {},
    "distilbert": {},
    "vit": {},
    "mixtral": {},
    "mamba": {},
    "gemma3": {},
    "gpt-oss": {},
    "qwen3-moe": {"layers": 2, "dense_layers": 1},
    "olmo2": {},
    "phi3": {},
    "smollm3": {},
    "command-r": {"head_norm": True},
    "falcon": {"heads": 4, "kv_heads": 2, "d_model": 8, "shared_norm": False},
    "opt": {"d_embed": 3},
    "gpt-j": {},
    "gpt3": {"score_scale": 1.0, "attention_bias": False},
    "albert": {"layers": 4, "layer_groups": 2},
}
"""The models that transformers has too, and what each needs to be saved."""
WORDS = ["the", "cat", "sat", "on", "a", "mat", "."]
TEXT = "the cat sat on a mat"
REFERENCES = Path(__file__).parents[1] / "data" / "saved" / "logits.npz"


def recipe(model: str) -> Recipe:
    """The model with random weights, which are the same on every computer."""
    words = [] if model == "vit" else WORDS
    return Recipe(model, size=SIZES[model], seed=7, words=words)


def inputs(model: str, first: int) -> dict[str, Any]:
    """What the model reads, under the keys of a recipe. first: the id of the first of WORDS."""
    if model == "vit":
        return {"pixels": "0120/1300/0011/2002"}
    ids = [first + n for n in (0, 1, 2, 3, 4, 5)]
    more = {"target_ids": [0, first + 2, first + 1]} if "target_ids" in MODELS[model].takes else {}
    return {"ids": ids, **more}


def first_word(model: str, words: tuple[str, ...]) -> int:
    """The id of the first of WORDS."""
    return words.index(WORDS[0]) if model != "vit" else 0


def references() -> dict[str, np.ndarray[Any, Any]]:
    """What transformers gave: `model.logits`, `model.tensors` (names and shapes), and `model.ids` of TEXT."""
    with np.load(REFERENCES) as stored:
        return dict(stored)
