"""Each recipe of the gallery as a script without byhand: numpy's, each in a process of its own, and PyTorch's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.commands import STRICT, answer
from support.lessons import GALLERY, WORKSHEETS

from byhand.code.script import variable

TORCH = os.environ.get("BYHAND_TORCH_PYTHON", "")
"""A Python that has PyTorch, named in the environment; what needs it is skipped elsewhere."""
RUNNER = """
import runpy, sys
sys.modules["byhand"] = None  # importing it fails
import numpy as np
for name in sys.argv[1:]:
    found = {k: v for k, v in runpy.run_path(name).items() if type(v).__name__ in ("ndarray", "Tensor")}
    np.savez(f"{name}-tables.npz", **{k: np.asarray(getattr(v, "detach", lambda: v)()) for k, v in found.items()})
"""


def run_in(folder: Path, python: Path | str, recipes: list[str], library: str) -> None:
    """Write the scripts of some recipes, run them in one process, and leave the tables of each beside it."""
    for recipe in recipes:
        path = WORKSHEETS / f"{recipe}.toml"
        answer(f"byhand code {path} --as {library} -o {folder}/{recipe}.py --weights {folder}/{recipe}.npz")
    (folder / "runner").write_text(RUNNER)
    run = [str(python), *STRICT, "runner", *(f"{recipe}.py" for recipe in recipes)]
    subprocess.run(run, cwd=folder, check=True, capture_output=True)


def differences(folder: Path, recipe: str) -> dict[str, float]:
    """Return how far each table that a script left is from what `byhand run --json` says, for its size."""
    tables = json.loads(answer(f"byhand run {WORKSHEETS}/{recipe}.toml --json"))["tables"]
    found = {}
    with np.load(folder / f"{recipe}.py-tables.npz") as left:
        for name, numbers in tables.items():
            wanted, there = np.array(numbers, float), left[variable(name)]
            assert there.shape == wanted.shape, name
            found[name] = float((abs(there - wanted) / np.maximum(1, abs(wanted))).max())
    return found


@pytest.mark.sweep
@pytest.mark.parametrize("recipe", GALLERY)
def test_numpy_computes_a_recipe(recipe: str, tmp_path: Path) -> None:
    """A gradient of 0 that Adam divides by its own size is a quotient of rounding errors: there 1e-9 is allowed."""
    run_in(tmp_path, sys.executable, [recipe], "numpy")
    near = 1e-9 if GALLERY[recipe].optimizer == "adam" else 1e-12
    assert {name: d for name, d in differences(tmp_path, recipe).items() if not d <= near} == {}
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", f"{recipe}.py"]
        checked = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout
    longest = max((tmp_path / f"{recipe}.py").read_text().split("\n"), key=len)
    assert len(longest) <= 100, longest


@pytest.mark.sweep
@pytest.mark.skipif(not TORCH, reason="needs PyTorch: BYHAND_TORCH_PYTHON names a Python that has it")
def test_pytorch_computes_the_recipes(tmp_path: Path) -> None:
    """Tables are within 1e-10, and gradients, which autograd found, within 1e-9; after Adam (see above) within 1e-8."""
    run_in(tmp_path, TORCH, list(GALLERY), "torch")
    far = []
    for recipe, about in GALLERY.items():
        for name, difference in differences(tmp_path, recipe).items():
            is_after_adam = about.optimizer == "adam" and ("updated" in name.split(".") or name.startswith("step"))
            near = 1e-8 if is_after_adam else 1e-9 if about.backward and "grad" in name.split(".") else 1e-10
            if not difference <= near:
                far.append((recipe, name, difference))
    assert far == []
