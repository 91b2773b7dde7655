"""SmolLM3 (Bakouch et al. 2025): Llama, with every fourth layer without positions (NoPE: Yang et al. 2025)."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import variant
from byhand.models.decoder import llama

SMOLLM3 = variant(replace(llama.LLAMA, layers=2, tied=True, eps=1e-6), no_positions_every=2)
"""The differences from Llama; the trained model has no positions in every fourth layer."""

ARCHITECTURE = decoder_only(
    name="smollm3",
    title="SmolLM3",
    source="Bakouch et al. 2025",
    about="Llama with some layers that have no positions",
    options=SMOLLM3,
    seed=15387,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "d_ff": 12},
        "large": {
            "vocab": 12,
            "d_model": 8,
            "heads": 4,
            "kv_heads": 2,
            "layers": 4,
            "no_positions_every": 4,
            "d_ff": 16,
        },
    },
)
