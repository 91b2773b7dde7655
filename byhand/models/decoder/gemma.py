"""Gemma and Gemma 2 (Gemma Team 2024): Llama with gains 1 + γ and a scaled embedding, then soft caps."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.models.decoder import llama

GEMMA = replace(
    llama.LLAMA,
    head_dim=4,
    norm_from_one=True,
    eps=1e-6,
    activation="gelu_tanh",
    scale_embedding=True,
    tied=True,
)
"""The differences from Llama."""

GEMMA2 = replace(GEMMA, layers=2, attention="alternating", norm_place="both", score_cap=50.0, logit_cap=30.0)
"""The differences from Gemma."""

ARCHITECTURE = decoder_only(
    name="gemma",
    title="Gemma",
    source="Gemma Team 2024",
    about="Llama with a scaled embedding, gains from 1 on, and a gate of GELU",
    options=GEMMA,
    seed=28759,
    sizes=llama.ARCHITECTURE.sizes,
)

ARCHITECTURE2 = decoder_only(
    name="gemma2",
    title="Gemma 2",
    source="Gemma Team 2024",
    about="norms before and after, soft caps, and a window in every other layer",
    options=GEMMA2,
    seed=7423,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 3, "d_ff": 16},
    },
)
