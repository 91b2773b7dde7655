"""T5 (Raffel et al. 2020): an encoder-decoder whose scores get a learned number for each distance, normed before."""

from dataclasses import replace

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, token_ids
from byhand.core.ops import sqrt
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, words
from byhand.language.decoder_only import embedding
from byhand.language.endings import end
from byhand.language.generation import word_logits
from byhand.language.options import Options, variant
from byhand.language.translation import translate
from byhand.models.encoder_decoder import transformer

T5 = variant(
    transformer.TRANSFORMER,
    without="target_vocab shared_embeddings output_bias",
    head_dim=2,
    positions="relative",
    norm="rms",
    norm_place="pre",
    final_norms=True,
    mlp_bias=False,
    scale_embedding=False,
    score_scale=1.0,
    scale_output=True,
    eps=1e-6,
)
"""The differences from the transformer of 2017. scale_output: logits are of x / √d."""


def output(x: Node, table: Node, weight: Weights, o: Options) -> Node:
    """Return the logits of the decoder's output; tied embeddings scale it by 1 / √d first. (T, d) -> (T, V)"""
    if o.scale_output:
        with scope("", "rescale", equation="x / √d", source="Raffel et al. 2020"):
            x = (x / sqrt(o.d_model)).named("rescaled")
    return word_logits(x, table, weight, o)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, ("<pad>",)),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    o.check()
    return translate(inputs, vocabularies(o), weight, o, embedding, transformer.encoder, transformer.decoder, output)


def build_encoder(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    """Build the encoder alone, whose last table stands for the sentence."""
    o.check()
    (words,) = vocabularies(o)
    with scope("encoder", "Encoder"):
        ids = token_ids("ids", inputs.ids or example_ids([1, 2, 5], len(words.words)), words)
        seen = inputs.mask or [1] * int(ids.shape[0])
        mask = source("source_mask", seen, role="mask", columns=ids.shape[0].labels)
        with page("", "Input"):
            x = embedding(weight("E", Dim(o.vocab, words), o.d_model), ids, weight, o)
        x = transformer.encoder(x, mask, weight, o)
    return end(x, weight, o, mask)


ARCHITECTURE = Architecture(
    name="t5",
    title="T5",
    family="encoder-decoder",
    source="Raffel et al. 2020",
    about="turns a text into a text; positions are distances",
    options=T5,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 12},
        "large": {"vocab": 12, "d_model": 8, "head_dim": 4, "encoder_layers": 2, "decoder_layers": 2, "d_ff": 16},
    },
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=36948,
)

ENCODER = replace(ARCHITECTURE, title="T5 (encoder)", build=build_encoder, takes=frozenset({"ids", "mask"}))
"""What a checkpoint without a decoder is."""
