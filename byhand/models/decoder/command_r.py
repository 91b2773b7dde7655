"""Command R (Cohere 2024): attention and feed-forward in parallel from one norm without a shift, logits scaled."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import variant
from byhand.models.decoder import llama

COMMAND_R = variant(
    replace(llama.LLAMA, norm="layer", parallel=True, interleaved=True, tied=True),
    shared_norm=True,
    norm_weights="gain",
    norm_heads="own",
    logit_scale=0.5,
)
"""The differences from Llama. The trained model scales by 0.0625; Command R+ norms queries and keys (head_norm)."""

ARCHITECTURE = decoder_only(
    name="command-r",
    title="Command R",
    source="Cohere 2024",
    about="parallel branches from one norm without a shift, logits scaled",
    options=COMMAND_R,
    seed=12436,
    sizes=llama.ARCHITECTURE.sizes,
)
