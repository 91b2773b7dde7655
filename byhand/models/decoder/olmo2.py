"""OLMo 2 (OLMo Team 2024): Llama with norms after each branch only, and queries and keys normed over all heads."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import variant
from byhand.models.decoder import llama

OLMO2 = variant(replace(llama.LLAMA, norm_place="after", head_norm=True), norm_heads="together")
"""The differences from Llama: what a branch adds is normed, not what it reads (section 3.1)."""

ARCHITECTURE = decoder_only(
    name="olmo2",
    title="OLMo 2",
    source="OLMo Team 2024",
    about="norms after each branch, queries and keys normed over all heads at once",
    options=OLMO2,
    seed=15387,
    sizes=llama.ARCHITECTURE.sizes,
)
