"""GPT-NeoX (Black et al. 2022): parallel attention and feed-forward, and rotary positions in a part of each head."""

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options

GPT_NEOX = Options(d_model=8, positions="rotary", rotary_share=0.5, activation="gelu", parallel=True, tied=False)
"""The differences from GPT-2."""


ARCHITECTURE = decoder_only(
    name="gpt-neox",
    title="GPT-NeoX",
    source="Black et al. 2022",
    about="attention and feed-forward in parallel, a part of each head rotary",
    options=GPT_NEOX,
    seed=12436,
    sizes={
        "small": {},
        "medium": {"layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 12, "heads": 3, "layers": 2, "d_ff": 16},
    },
)
