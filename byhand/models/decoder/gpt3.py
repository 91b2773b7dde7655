"""GPT-3 (Brown et al. 2020): GPT-2's layers, which see all words and only nearby ones by turns."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, variant

GPT3 = variant(replace(Options(), layers=2, attention="alternating"), global_every=2, global_first=True)
"""The differences from GPT-2 (section 2.1)."""

ARCHITECTURE = decoder_only(
    name="gpt3",
    title="GPT-3",
    source="Brown et al. 2020",
    about="GPT-2 whose layers see all words and only nearby ones by turns",
    options=GPT3,
    names=("wte", "wpe"),
    seed=12588,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "layers": 4, "d_ff": 16, "max_positions": 12, "window": 3},
    },
)
