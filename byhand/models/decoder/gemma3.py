"""Gemma 3 (Gemma Team 2025): layers with a window, every sixth without, each kind with a rotary base of its own."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import variant
from byhand.models.decoder import gemma

GEMMA3 = variant(
    replace(gemma.GEMMA2, head_norm=True, score_cap=0.0, logit_cap=0.0, theta=1_000_000.0),
    global_every=2,
    local_theta=10_000.0,
)
"""The differences from Gemma 2: queries and keys are normed in place of soft caps (section 2)."""

ARCHITECTURE = decoder_only(
    name="gemma3",
    title="Gemma 3",
    source="Gemma Team 2025",
    about="a window in most layers, a rotary base for each kind, normed queries and keys",
    options=GEMMA3,
    seed=7423,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 3, "global_every": 3, "d_ff": 12},
        "large": {
            "vocab": 12,
            "d_model": 8,
            "heads": 4,
            "kv_heads": 2,
            "layers": 6,
            "global_every": 6,
            "d_ff": 16,
            "window": 3,
        },
    },
)
