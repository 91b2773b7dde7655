"""Gopher (Rae et al. 2021): GPT-2 with RMS norms, and Transformer-XL's scores by distance in place of positions."""

import numpy as np

from byhand.core.graph import Node, page, source
from byhand.core.ops import beside
from byhand.core.weights import Weights
from byhand.language.blocks import PositionInfo
from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, variant
from byhand.layers.positions import sinusoidal
from byhand.models.efficient import transformer_xl

GOPHER = variant(
    Options(positions="none", norm="rms", attention_bias=False),
    without="positions max_positions theta rotary_share interleaved scaling buckets farthest kv_heads head_norm "
    "score_scale score_cap",
    positions="none",
)
"""The differences from GPT-2 (section 3.1); scores have a term for the distance of key and query."""


def attention(x: Node, weight: Weights, o: Options, layer: int, info: PositionInfo) -> Node:
    """Return the heads of a layer, whose scores add content and distance (Dai et al. 2019, section 3.3).

    (T, d) -> (T, heads * d_k)
    """
    words, mask = x.shape[0], info.masks[o.kind(layer)]
    with page("", "Relative positions"):
        far = source("distance", np.arange(words - 1, -words, -1)[:, None], role="given")
        places = sinusoidal(far, o.d_model)  # (2 T - 1, d)
    heads = []
    for n in range(1, o.heads + 1):
        with page(f"head{n}", f"Head {n}", **transformer_xl.HEAD):
            heads.append(transformer_xl.head(x, x, mask, places, weight, o))
    return beside(*heads)


ARCHITECTURE = decoder_only(
    name="gopher",
    title="Gopher",
    source="Rae et al. 2021",
    about="GPT-2 with RMS norms, and scores by distance in place of positions",
    options=GOPHER,
    seed=12588,
    attention=attention,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "layers": 2, "d_ff": 16},
    },
)
