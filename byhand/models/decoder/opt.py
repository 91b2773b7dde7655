"""OPT (Zhang et al. 2022): GPT-3's layers with ReLU; small models widen a narrower embedding."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, variant

OPT = variant(replace(Options(), activation="relu"), d_embed=0, norm_weights="both")
"""The differences from GPT-2."""

ARCHITECTURE = decoder_only(
    name="opt",
    title="OPT",
    source="Zhang et al. 2022",
    about="GPT-2 with ReLU, and in one size a narrower embedding",
    options=OPT,
    seed=12588,
)
