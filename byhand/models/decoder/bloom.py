"""BLOOM (Le Scao et al. 2022): ALiBi, which lets scores fall with distance, and a norm right after the embedding."""

from dataclasses import dataclass

from byhand.language import blocks
from byhand.language.decoder_only import decoder_only


@dataclass(frozen=True)
class Options(blocks.Options):
    """What changed since GPT-2."""

    positions: str = "alibi"
    embedding_norm: bool = True
    activation: str = "gelu_bloom"


ARCHITECTURE = decoder_only(
    name="bloom",
    title="BLOOM",
    source="Le Scao et al. 2022",
    about="ALiBi: no positions, but scores that fall with distance",
    options=Options,
    seed=38683,
)
