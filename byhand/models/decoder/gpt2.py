"""GPT-2 (Radford et al. 2019): a decoder that predicts the next word, with a norm before each sublayer."""

from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, variant

GPT2 = variant(Options(), scale_scores=True, scale_by_layer=False)
"""GPT-2's options; `scale_scores` and `scale_by_layer` are the two switches in Hugging Face's config."""

ARCHITECTURE = decoder_only(
    name="gpt2",
    title="GPT-2",
    source="Radford et al. 2019",
    about="predicts the next word from the words before it",
    options=GPT2,
    names=("wte", "wpe"),
    seed=12588,
)
