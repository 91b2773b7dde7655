"""BART (Lewis et al. 2020): the 2017 transformer with learned positions and a norm on the embeddings, to mend text."""

from dataclasses import replace

from byhand.core.graph import Node
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, words
from byhand.language.blocks import norm
from byhand.language.decoder_only import add_positions
from byhand.language.generation import word_logits
from byhand.language.options import Options, variant
from byhand.language.translation import Embed, translate
from byhand.layers.linear import embed
from byhand.models.encoder_decoder import transformer

BART = variant(
    Options(activation="gelu", norm_place="post"),
    without="layers parallel embedding_norm logit_cap heads d_ff",
    encoder_heads=2,
    decoder_heads=2,
    encoder_layers=1,
    decoder_layers=1,
    encoder_d_ff=8,
    decoder_d_ff=8,
)
"""The differences from GPT-2; encoder and decoder have their own sizes."""


def embedding(table: Node, ids: Node, weight: Weights, o: Options) -> Node:
    """Return norm(E[word] + P[position]); each side has its own P. (V, d), (T, 1) -> (T, d)"""
    x = embed(table, ids, "words", scale=o.d_model if o.scale_embedding else None)
    return norm(add_positions(x, weight, o, "P", "sum", "words"), weight, "norm", o).named("x")


def side(o: Options, heads: int, d_ff: int) -> Options:
    """Return the options of one side's layers, those of 2017 with biases."""
    return replace(o, heads=heads, d_ff=d_ff, final_norms=o.norm_place != "post")


def encoder(x: Node, mask: Node, weight: Weights, o: Options) -> Node:
    return transformer.encoder(x, mask, weight, side(o, o.encoder_heads, o.encoder_d_ff))


def decoder(x: Node, memory: Node, mask: Node, weight: Weights, o: Options) -> Node:
    return transformer.decoder(x, memory, mask, weight, side(o, o.decoder_heads, o.decoder_d_ff))


def output(x: Node, table: Node, weight: Weights, o: Options) -> Node:
    return word_logits(x, table, weight, o, bias=True)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, ("[START]",)),)


def build(
    o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies, embed: Embed = embedding
) -> Graph:
    side(o, o.encoder_heads, o.encoder_d_ff).check()
    side(o, o.decoder_heads, o.decoder_d_ff).check()
    return translate(inputs, vocabularies(o), weight, o, embed, encoder, decoder, output)


def both(**sizes: int) -> dict[str, int]:
    """Return the same sizes for both sides."""
    return {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in sizes.items()}


SIZES: dict[str, dict[str, int]] = {
    "small": {},
    "medium": {"d_model": 6} | both(heads=3, layers=2, d_ff=12),
    "large": {"vocab": 12, "d_model": 8} | both(layers=2, d_ff=16),
}

ARCHITECTURE = Architecture(
    name="bart",
    title="BART",
    family="encoder-decoder",
    source="Lewis et al. 2020",
    about="reads a damaged sentence and writes it whole",
    options=BART,
    build=build,
    sizes=SIZES,
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=8189,
)
