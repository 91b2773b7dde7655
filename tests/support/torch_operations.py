"""What torch computed of single operations and optimizers (data/ops.npz, described in data/ops.json)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / "data"
ARRAYS = np.load(DATA / "ops.npz")
OPERATIONS = json.loads((DATA / "ops.json").read_text())["operations"]
CLOSE = 1e-12


def case(name: str) -> dict[str, NDArray[np.float64]]:
    """Return the arrays of one operation, by their own names."""
    return {key.removeprefix(f"{name}."): ARRAYS[key] for key in OPERATIONS[name]["arrays"]}
