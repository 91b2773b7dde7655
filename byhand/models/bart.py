"""BART (Lewis et al. 2020): the 2017 transformer with learned positions and a norm on the embeddings, to mend text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from byhand.graph import Node, page
from byhand.labels import Labels
from byhand.layers import embed
from byhand.models import blocks, transformer
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.blocks import norm
from byhand.models.language_model import with_places
from byhand.models.translate import translate
from byhand.models.vocabulary import Vocabularies, words
from byhand.weights import Weights

Embedded = Callable[[Node, Node], Node]
"""Embeddings (V, d) and ids (T, 1) to what enters the first layer (T, d)."""


@dataclass(frozen=True)
class Options(blocks.Options):
    """What is not GPT-2's: sizes for each side."""

    encoder_heads: int = 2
    decoder_heads: int = 2
    encoder_layers: int = 1
    decoder_layers: int = 1
    encoder_d_ff: int = 8
    decoder_d_ff: int = 8
    activation: str = "gelu"
    norm_place: str = "post"

    unused: ClassVar[frozenset[str]] = transformer.Options.unused | {"heads", "d_ff"}


def embedding(table: Node, ids: Node, weight: Weights, o: Options) -> Node:
    """norm(E[word] + P[position]), a P for each side. (V, d), (T, 1) -> (T, d)"""
    with page("", "Input"):
        x = embed(table, ids, "words", scale=o.d_model if o.scale_embedding else None)
        return norm(with_places(x, weight, o, "P", "sum", "words"), weight, "norm", o).named("x")


def of_2017(o: Options, heads: int, d_ff: int) -> transformer.Options:
    """One side's layers, which are the transformer's with biases."""
    sizes = {"heads": heads, "d_ff": d_ff, "encoder_layers": o.encoder_layers, "decoder_layers": o.decoder_layers}
    return transformer.Options(**blocks.shared(o) | sizes, output_bias=True, final_norms=o.norm_place != "post")


def translator(o: Options, weight: Weights, inputs: Inputs, spoken: tuple[Labels, ...], embedded: Embedded) -> Graph:
    """The two sides, each beginning with its words as `embedded` writes them."""
    encoder, decoder = of_2017(o, o.encoder_heads, o.encoder_d_ff), of_2017(o, o.decoder_heads, o.decoder_d_ff)
    encoder.check()
    decoder.check()

    def encode(table: Node, ids: Node, mask: Node) -> Node:
        return transformer.encoder(embedded(table, ids), mask, weight, encoder)

    def decode(table: Node, ids: Node, memory: Node, mask: Node) -> Node:
        return transformer.decoder(embedded(table, ids), memory, mask, weight, decoder)

    def output(x: Node, table: Node) -> tuple[Node, Node]:
        return transformer.output(x, table, spoken[-1], weight, decoder)

    return translate(inputs, spoken, weight, o.d_model, encode, decode, output)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, ("[START]",)),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    return translator(o, weight, inputs, vocabularies(o), lambda table, ids: embedding(table, ids, weight, o))


def both(**sizes: int) -> dict[str, int]:
    """The same sizes for the two sides."""
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
    options=Options,
    build=build,
    sizes=SIZES,
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=8189,
)
