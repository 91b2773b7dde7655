"""Falcon (Almazrouei et al. 2023): one key and value for all heads, and attention beside feed-forward."""

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, variant

FALCON = variant(
    Options(
        kv_heads=1,
        positions="rotary",
        activation="gelu",
        parallel=True,
        attention_bias=False,
        join_bias=False,
        mlp_bias=False,
    ),
    shared_norm=True,
    divide_bias=True,
)
"""The differences from GPT-2, in the 7B model. The 40B model has a norm for each branch (shared_norm=false) and some
keys and values (kv_heads); its forerunner has ALiBi, whose distances are divided by √d_k too."""

ARCHITECTURE = decoder_only(
    name="falcon",
    title="Falcon",
    source="Almazrouei et al. 2023",
    about="one key and value for all heads, attention and feed-forward in parallel",
    options=FALCON,
    seed=15387,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 2, "d_ff": 16},
    },
)
