"""GPT-J (Wang and Komatsuzaki 2021): attention and feed-forward side by side, both of one norm."""

from dataclasses import replace

from byhand.language.decoder_only import decoder_only
from byhand.language.options import variant
from byhand.models.decoder import gpt_neox

GPT_J = variant(
    replace(gpt_neox.GPT_NEOX, activation="gelu_tanh", interleaved=True, attention_bias=False, join_bias=False),
    shared_norm=True,
    logit_bias=True,
)
"""The differences from GPT-NeoX, which came after it: pairs of neighbours turn, and the output layer has a bias."""

ARCHITECTURE = decoder_only(
    name="gpt-j",
    title="GPT-J",
    source="Wang and Komatsuzaki 2021",
    about="attention and feed-forward in parallel from one norm, pairs of neighbours rotary",
    options=GPT_J,
    seed=12436,
    sizes=gpt_neox.ARCHITECTURE.sizes,
)
