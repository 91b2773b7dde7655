"""Qwen3 (Yang et al. 2025): Llama, with every query and key normed before it turns."""

from dataclasses import dataclass

from byhand.language.decoder_only import decoder_only
from byhand.models.decoder import llama


@dataclass(frozen=True)
class Options(llama.Options):
    """What changed since Llama."""

    head_dim: int = 4
    head_norm: bool = True
    eps: float = 1e-6
    tied: bool = True


ARCHITECTURE = decoder_only(
    name="qwen",
    title="Qwen3",
    source="Yang et al. 2025",
    about="Llama with each query and key normed, in heads of their own size",
    options=Options,
    seed=34369,
    sizes=llama.ARCHITECTURE.sizes,
)
