"""Later families with many sizes and switches: logits as transformers computed them for the same random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.checkpoints import write
from support.made_families import CONFIGS, ENDINGS, FILE, IDS
from support.made_weights import state_of

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

FEW = ("gemma3 by kind", "gpt_oss limit", "cohere", "albert")
MADE = np.load(FILE)


@pytest.mark.parametrize("name", [n if n in FEW else pytest.param(n, marks=pytest.mark.slow) for n in CONFIGS])
def test_its_logits_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    config: dict[str, Any] = json.loads(str(MADE[f"{name}.config"]))
    folder = write(tmp_path / "made", config, state_of(json.loads(str(MADE[f"{name}.shapes"]))))
    logits = build(Recipe(str(folder), ids=IDS)).numbers()["logits"]
    np.testing.assert_allclose(logits, MADE[f"{name}.logits"], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "name", [n if n == "BertForMultipleChoice" else pytest.param(n, marks=pytest.mark.slow) for n in ENDINGS]
)
def test_it_ends_as_in_transformers(name: str, tmp_path: Path) -> None:
    """In its last table, in classes, tags, a choice or the ends of an answer; and in a workbook too."""
    config: dict[str, Any] = json.loads(str(MADE[f"{name}.config"]))
    folder = write(tmp_path / "made", config, state_of(json.loads(str(MADE[f"{name}.shapes"]))))
    lesson = build(Recipe(str(folder), ids=IDS))
    ending = (lesson.graph.logits or lesson.graph.outputs[0]).name
    np.testing.assert_allclose(lesson.numbers()[ending], MADE[f"{name}.logits"], rtol=0, atol=1e-10)
