"""The words that an option of a model may be."""

from collections.abc import Iterable, Mapping

from byhand.layers.activations import ACTIVATIONS
from byhand.layers.masks import MASKS

CHOICES: Mapping[str, Iterable[str]] = {
    "activation": ACTIVATIONS,
    "positions": ("sinusoidal", "learned", "rotary", "alibi", "relative", "none"),
    "norm": ("layer", "rms"),
    "norm_place": ("pre", "post", "both"),
    "pattern": ("strided", "fixed"),
    "attention": (*MASKS, "alternating"),
}
"""Option -> its words. Of attention, alternating is a window in every other layer, from the first on."""

FROM_ZERO = frozenset({"kv_heads", "head_dim", "query_latent", "shared"})
"""Sizes of which 0 says that there is none, or as many as usual."""

OF_ZERO: Mapping[str, str] = {
    "base": "e",
    "score_scale": "√d_k",
    **dict.fromkeys(("score_cap", "logit_cap", "query_latent", "shared", "dense_layers"), "none"),
}
"""What 0 of a number stands for, where a reader would not know."""
IN_FULL: Mapping[str, str] = {"kv_heads": "groups", "head_dim": "d_k"}
"""Option -> the property of the options that holds its number, also where it is 0 for as many as usual."""
MATTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(("theta", "rotary_share", "interleaved", "scaling"), ("positions", ("rotary",))),
    **dict.fromkeys(("buckets", "farthest"), ("positions", ("relative",))),
    "max_positions": ("positions", ("learned",)),
    "norm_from_one": ("norm", ("rms",)),
    "window": ("attention", ("window", "strided", "alternating")),
}
"""Option -> another, and the words of that one with which it does something."""
WITHOUT: Mapping[str, object] = {"scale_scores": True}
"""Option -> what a model does that has no such option, where that is not nothing."""
