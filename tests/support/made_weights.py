"""Random tensors, exact in float32, of which only the shapes need be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def state_of(shapes: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
    """The tensors, drawn one after the other."""
    draw = np.random.default_rng(seed)
    return {name: draw.integers(-1024, 1024, shape).astype(np.float32) / 1024 for name, shape in shapes.items()}
