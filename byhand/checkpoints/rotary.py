"""The rotary positions of a config, in either of its two forms."""

from __future__ import annotations

import math
from typing import Any

from byhand.checkpoints.folder import Config, brief
from byhand.errors import ByhandError
from byhand.layers.positions import Scaling

KINDS = {
    "default": "",
    "linear": "linear",
    "dynamic": "dynamic",
    "llama3": "llama3",
    "yarn": "yarn",
    "longrope": "longrope",
    "su": "longrope",
}
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
    return _rotation(rope_config, config, theta, positions, share)


def rope_by_kind(config: Config, theta: float, local_theta: float, positions: int) -> dict[str, Any]:
    """Return the options where layers with a window have a base of their own, as in Gemma 3.

    transformers 5 writes `rope_parameters` of each kind of layer; before, `rope_theta` and `rope_scaling` are those of
    layers that see all words, and `rope_local_base_freq` is the base of the others.
    """
    both = config.inner("rope_parameters") or Config({}, {})
    for key in ("rope_theta", "rope_type"):
        if both.get(key, ""):
            raise ByhandError(
                "rope_parameters in config.json must say what full_attention and sliding_attention have; mend it."
            )
    wide = config.inner("rope_scaling") or both.inner("full_attention") or Config({}, {})
    near = both.inner("sliding_attention") or Config({}, {})
    wide_theta = (both.inner("full_attention") or config).number("rope_theta", config.number("rope_theta", theta))
    local = config.number("rope_local_base_freq", local_theta)
    of_all = _rotation(wide, Config({}, {}), wide_theta, positions, None, config)
    of_near = _rotation(near, Config({}, {}), local, positions, None, config)
    return of_all | {"local_theta": of_near["theta"], "local_scaling": of_near["scaling"]}


def _rotation(
    rope_config: Config, config: Config, theta: float, positions: int, share: float | None, whole: Config | None = None
) -> dict[str, Any]:
    """Return the options of one rotation. whole: the config that says how long texts are, if not `config`."""
    theta = rope_config.number("rope_theta", config.number("rope_theta", theta))
    if share is None:
        for place in (rope_config, config):
            place.only("partial_rotary_factor", 1.0)
    else:
        share = rope_config.number("partial_rotary_factor", share)
    scaling = _scaling(rope_config, whole or config, positions)
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
    longest = config.size("max_position_embeddings", positions)
    if kind == "dynamic":
        return Scaling(kind, rope_config.number("factor"), original=longest)
    if kind == "linear":
        return Scaling(kind, rope_config.number("factor"))
    original = _original(rope_config, config, positions)
    factor = rope_config.number_or_null("factor", None)
    if factor is None:
        factor = rope_config.number("factor") if kind == "llama3" else longest / original
    if kind == "longrope":
        return _longrope(rope_config, factor, original)
    if kind == "llama3":
        return Scaling(
            kind, factor, rope_config.number("low_freq_factor"), rope_config.number("high_freq_factor"), original
        )
    slow, fast = (rope_config.number_or_null(key, None) for key in ("beta_slow", "beta_fast"))
    whole = rope_config.flag("truncate", True)
    return Scaling(kind, factor, slow or 1.0, fast or 32.0, original, whole, _size(rope_config, factor))


MOST_PAIRS = 10_000


def _longrope(rope_config: Config, factor: float, original: int) -> Scaling:
    """Return LongRoPE's numbers of each pair, and its factor on queries and keys (Ding et al. 2024)."""
    short, long = (rope_config.numbers(f"{kind}_factor", MOST_PAIRS) for kind in ("short", "long"))
    if len(short) != len(long):
        raise ByhandError("short_factor and long_factor in config.json must be lists of one length; mend them.")
    size = rope_config.number_or_null("attention_factor", None)
    if size is None:
        size = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 and original > 1 else 1.0
    return Scaling("longrope", factor, original=original, size=size, short=short, long=long)


def share_of(key: str, turning: int, width: int) -> float:
    """Return which share of a head's features turn, if so many do."""
    if turning > width:
        raise ByhandError(f"{key} = {brief(turning)} in config.json is more than a head's {width} features; mend it.")
    share = turning / width
    return share if int(width * share) == turning else math.nextafter(share, 2.0)


def check_scaling(scaling: Scaling | None, share: int) -> None:
    """Raise ByhandError for a scaling that does not fit so many features of a head that turn."""
    if scaling is None:
        return
    if scaling.kind == "dynamic" and share <= 2:
        raise ByhandError(
            f"config.json has rope_type dynamic, for which more than 2 features of a head must turn, not {share}; "
            "choose a checkpoint with wider heads."
        )
    if scaling.kind == "longrope" and len(scaling.short) != (share + 1) // 2:
        raise ByhandError(
            f"short_factor and long_factor in config.json have {len(scaling.short)} numbers, but {(share + 1) // 2} "
            "pairs of a head turn; mend them."
        )


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
