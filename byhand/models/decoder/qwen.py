"""Qwen3 (Yang et al. 2025): Llama, with every query and key normed before it is rotated."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.models.decoder import llama

QWEN = replace(llama.LLAMA, head_dim=4, head_norm=True, eps=1e-6, tied=True)
"""The differences from Llama."""


ARCHITECTURE = decoder_only(
    name="qwen",
    title="Qwen3",
    source="Yang et al. 2025",
    about="Llama with each query and key normed, in heads of their own size",
    options=QWEN,
    seed=34369,
    sizes=llama.ARCHITECTURE.sizes,
)
