"""ALBERT (Lan et al. 2020): BERT whose layers share their weights, with a small embedding made wider."""

from dataclasses import replace

from byhand.language.masked import encoder_only
from byhand.language.options import variant
from byhand.models.encoder import bert

ALBERT = variant(replace(bert.BERT, layers=2, activation="gelu_tanh"), d_embed=3, layer_groups=1)
"""The differences from BERT. layer_groups: so many groups of layers, each with its own weights."""

ARCHITECTURE = encoder_only(
    name="albert",
    title="ALBERT",
    source="Lan et al. 2020",
    about="BERT whose layers share their weights, with a small embedding made wider",
    options=ALBERT,
    build=bert.build,
    vocabularies=bert.vocabularies,
    seed=3079,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "d_embed": 4, "heads": 3, "d_ff": 12},
        "large": {"vocab": 14, "d_model": 8, "d_embed": 4, "layers": 4, "layer_groups": 2, "d_ff": 16},
    },
)
