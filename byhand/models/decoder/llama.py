"""Llama (Touvron et al. 2023): RMS norms, rotary positions, a gated feed-forward, heads that share keys and values."""

from dataclasses import dataclass

from byhand.language import blocks
from byhand.language.decoder_only import decoder_only


@dataclass(frozen=True)
class Options(blocks.Options):
    """What changed since GPT-2."""

    kv_heads: int = 1
    positions: str = "rotary"
    norm: str = "rms"
    activation: str = "silu"
    gated: bool = True
    attention_bias: bool = False
    join_bias: bool = False
    mlp_bias: bool = False
    tied: bool = False


ARCHITECTURE = decoder_only(
    name="llama",
    title="Llama",
    source="Touvron et al. 2023",
    about="RMS norm, rotary positions, gated feed-forward, shared keys",
    options=Options,
    seed=15387,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 2, "d_ff": 16},
    },
)
