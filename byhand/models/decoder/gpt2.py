"""GPT-2 (Radford et al. 2019): a decoder that predicts the next word, each layer normed before its parts."""

from dataclasses import dataclass

from byhand.language import blocks
from byhand.language.decoder_only import decoder_only


@dataclass(frozen=True)
class Options(blocks.Options):
    """What blocks.Options has already, and how transformers may divide the scores instead of by √d_k."""

    scale_scores: bool = True
    scale_by_layer: bool = False

    def divisor(self, layer: int) -> float | None:
        """The layer's number as a further divisor of its scores, as Mistral's GPT-2 has it."""
        if self.scale_scores and not self.scale_by_layer:
            return super().divisor(layer)
        scale = (self.score_scale or self.d_k**0.5) if self.scale_scores else 1.0
        return scale * (layer if self.scale_by_layer else 1)


ARCHITECTURE = decoder_only(
    name="gpt2",
    title="GPT-2",
    source="Radford et al. 2019",
    about="predicts the next word from the words before it",
    options=Options,
    names=("wte", "wpe"),
    seed=12588,
)
