"""What a config says of rotary positions, in either of its two forms."""

from __future__ import annotations

from typing import Any

from byhand.models.folder import Config
from byhand.positions import Scaling

KINDS = {"default": "", "linear": "linear", "llama3": "llama3"}


def rope(config: Config, theta: float, share: float = 1.0) -> dict[str, Any]:
    """Our options from `rope_parameters` (transformers 5), or `rope_theta` and `rope_scaling` (before), or defaults."""
    said = config.inner("rope_parameters") or config.inner("rope_scaling") or Config({}, {})
    theta = said.number("rope_theta", config.number("rope_theta", theta))
    share = said.number("partial_rotary_factor", config.number("partial_rotary_factor", share))
    return {"theta": theta, "rotary_share": share, "scaling": _scaling(said, config)}


def _scaling(said: Config, config: Config) -> Scaling | None:
    key = "rope_type" if said.get("rope_type", "") else "type"
    kind = said.choice(key, "default", KINDS)
    if not kind:
        return None
    factor = said.number("factor")
    if kind == "linear":
        return Scaling(kind, factor)
    original = said.size("original_max_position_embeddings", config.size("max_position_embeddings", 2048))
    return Scaling(kind, factor, said.number("low_freq_factor"), said.number("high_freq_factor"), original)
