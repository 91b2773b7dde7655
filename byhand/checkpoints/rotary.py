"""The rotary positions of a config, in either of its two forms."""

from __future__ import annotations

import math
from typing import Any

from byhand.checkpoints.folder import Config, brief
from byhand.errors import ByhandError
from byhand.layers.positions import Scaling

KINDS = {"default": "", "linear": "linear", "llama3": "llama3", "yarn": "yarn"}
BY_LAYER = ("full_attention", "sliding_attention")
ORIGINAL = "original_max_position_embeddings"


def rope(config: Config, theta: float, positions: int, share: float | None = None) -> dict[str, Any]:
    """Return the options from `rope_parameters` (transformers 5), or `rope_theta` and `rope_scaling` (before).

    share: the share of a head's features that rotate; None if the model always rotates all.
    """
    rope_config = config.inner("rope_scaling") or config.inner("rope_parameters") or Config({}, {})
    if any(rope_config.get(kind, 0) for kind in BY_LAYER):
        raise ByhandError(
            "rope_parameters in config.json are others for each kind of layer, which byhand does not compute; "
            "choose a checkpoint with the same for all."
        )
    theta = rope_config.number("rope_theta", config.number("rope_theta", theta))
    if share is None:
        for place in (rope_config, config):
            place.only("partial_rotary_factor", 1.0)
    else:
        share = rope_config.number("partial_rotary_factor", share)
    scaling = _scaling(rope_config, config, positions)
    if scaling is not None and scaling.kind == "yarn" and theta <= 1:
        raise ByhandError(f"rope_theta in config.json must be above 1 for YaRN, not {brief(theta)}; mend it.")
    return {"theta": theta, "rotary_share": share or 1.0, "scaling": scaling}


def _scaling(rope_config: Config, config: Config, positions: int) -> Scaling | None:
    key = "rope_type" if rope_config.get("rope_type", "") else "type"
    kind = rope_config.choice(key, "default", KINDS)
    if key == "rope_type":
        rope_config.only("type", rope_config.get(key, ""))
    if not kind:
        return None
    factor = rope_config.number("factor")
    if kind == "linear":
        return Scaling(kind, factor)
    original = _original(rope_config, config, positions)
    if kind == "llama3":
        return Scaling(
            kind, factor, rope_config.number("low_freq_factor"), rope_config.number("high_freq_factor"), original
        )
    slow, fast = (rope_config.number_or_null(key, None) for key in ("beta_slow", "beta_fast"))
    whole = rope_config.flag("truncate", True)
    return Scaling(kind, factor, slow or 1.0, fast or 32.0, original, whole, _size(rope_config, factor))


def _original(rope_config: Config, config: Config, positions: int) -> int:
    """Return the length of text in the first training, which may stand in two places."""
    inside, outside = (place.get(ORIGINAL, 0) for place in (rope_config, config))
    if inside and outside and inside != outside:
        raise ByhandError(
            f"config.json has {ORIGINAL} = {brief(outside)}, but {brief(inside)} for its rotary positions; "
            "remove one of them."
        )
    place = rope_config if inside else config
    return place.size(ORIGINAL, config.size("max_position_embeddings", positions))


def magnitude(factor: float, weight: float) -> float:
    """Return YaRN's factor on attention for a factor on the length (Peng et al. 2023, section 3.4)."""
    return 0.1 * weight * math.log(factor) + 1 if factor > 1 else 1.0


def _size(rope_config: Config, factor: float) -> float:
    """Return YaRN's factor on queries and keys."""
    given = rope_config.number_or_null("attention_factor", None)
    if given is not None:
        return given
    one, all_dims = (rope_config.number_or_zero(key) for key in ("mscale", "mscale_all_dim"))
    if one and all_dims:
        return magnitude(factor, one) / magnitude(factor, all_dims)
    return magnitude(factor, 1.0)
