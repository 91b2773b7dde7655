"""Llama (Touvron et al. 2023): RMS norms, rotary positions, a gated feed-forward, heads that share keys and values."""

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options

LLAMA = Options(
    kv_heads=1,
    positions="rotary",
    norm="rms",
    activation="silu",
    gated=True,
    attention_bias=False,
    join_bias=False,
    mlp_bias=False,
    tied=False,
)
"""The differences from GPT-2."""


ARCHITECTURE = decoder_only(
    name="llama",
    title="Llama",
    source="Touvron et al. 2023",
    about="RMS norm, rotary positions, gated feed-forward, shared keys",
    options=LLAMA,
    seed=15387,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 2, "d_ff": 16},
    },
)
