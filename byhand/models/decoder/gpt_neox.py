"""GPT-NeoX (Black et al. 2022): attention and feed-forward beside each other, and a part of each head that turns."""

from dataclasses import dataclass

from byhand.language import blocks
from byhand.language.decoder_only import decoder_only


@dataclass(frozen=True)
class Options(blocks.Options):
    """What changed since GPT-2."""

    d_model: int = 8
    positions: str = "rotary"
    rotary_share: float = 0.5
    activation: str = "gelu"
    parallel: bool = True
    tied: bool = False


ARCHITECTURE = decoder_only(
    name="gpt-neox",
    title="GPT-NeoX",
    source="Black et al. 2022",
    about="attention and feed-forward in parallel, a part of each head rotary",
    options=Options,
    seed=12436,
    sizes={
        "small": {},
        "medium": {"layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 12, "heads": 3, "layers": 2, "d_ff": 16},
    },
)
