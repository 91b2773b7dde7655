"""The words that an option of a model may be."""

from collections.abc import Iterable, Mapping

from byhand.layers import ACTIVATIONS
from byhand.masks import MASKS

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
