"""Gemma and Gemma 2 (Gemma Team 2024): Llama with other gains, a larger embedding, norms all round and soft caps."""

from dataclasses import dataclass

from byhand.language.decoder_only import decoder_only
from byhand.models.decoder import llama


@dataclass(frozen=True)
class Options(llama.Options):
    """What changed since Llama."""

    head_dim: int = 4
    norm_from_one: bool = True
    eps: float = 1e-6
    activation: str = "gelu_tanh"
    scale_embedding: bool = True
    tied: bool = True


@dataclass(frozen=True)
class Options2(Options):
    """What changed since Gemma."""

    layers: int = 2
    attention: str = "alternating"
    norm_place: str = "both"
    score_cap: float = 50.0
    logit_cap: float = 30.0


GEMMA = decoder_only(
    name="gemma",
    title="Gemma",
    source="Gemma Team 2024",
    about="Llama with a scaled embedding, gains from 1 on, and a gate of GELU",
    options=Options,
    seed=28759,
    sizes=llama.ARCHITECTURE.sizes,
)

GEMMA2 = decoder_only(
    name="gemma2",
    title="Gemma 2",
    source="Gemma Team 2024",
    about="norms before and after, soft caps, and a window in every other layer",
    options=Options2,
    seed=7423,
    sizes={
        "small": {},
        "medium": {"d_model": 8, "layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "heads": 4, "kv_heads": 2, "layers": 3, "d_ff": 16},
    },
)
