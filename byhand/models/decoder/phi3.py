"""Phi-3 (Abdin et al. 2024): Llama whose files join queries, keys and values, and the two halves of the gate."""

from byhand.language.decoder_only import decoder_only
from byhand.language.options import variant
from byhand.models.decoder import llama

PHI3 = variant(llama.LLAMA)
"""Llama's options: joined matrices are products side by side. Long texts turn slower (LongRoPE, section 2)."""

ARCHITECTURE = decoder_only(
    name="phi3",
    title="Phi-3",
    source="Abdin et al. 2024",
    about="Llama with joined projections, made long by LongRoPE",
    options=PHI3,
    seed=15387,
    sizes=llama.ARCHITECTURE.sizes,
)
