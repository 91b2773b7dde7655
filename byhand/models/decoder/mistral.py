"""Mistral (Jiang et al. 2023): Llama, each word seeing only the last few."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.models.decoder import llama

MISTRAL = replace(llama.LLAMA, attention="window")
"""The differences from Llama."""


ARCHITECTURE = decoder_only(
    name="mistral",
    title="Mistral",
    source="Jiang et al. 2023",
    about="Llama with a sliding window: each word sees only the last few",
    options=MISTRAL,
    seed=27658,
    sizes=llama.ARCHITECTURE.sizes,
)
