"""BLOOM (Le Scao et al. 2022): ALiBi, which lets scores fall with distance, and a norm right after the embedding."""

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, variant

BLOOM = variant(
    Options(positions="alibi", embedding_norm=True, activation="gelu_bloom"),
    residual_after_norm=False,
)
"""The differences from GPT-2; the first of its models add a branch to what its norm made (residual_after_norm)."""


ARCHITECTURE = decoder_only(
    name="bloom",
    title="BLOOM",
    source="Le Scao et al. 2022",
    about="ALiBi: no positions, but scores that fall with distance",
    options=BLOOM,
    seed=38683,
)
