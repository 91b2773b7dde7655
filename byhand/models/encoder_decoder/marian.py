"""Marian (Junczys-Dowmunt et al. 2018): the 2017 transformer for translation, with all sines before the cosines."""

from byhand.core.graph import Node
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies
from byhand.language.decoder_only import ADDED_POSITIONS, add_positions
from byhand.language.options import Options, variant
from byhand.layers.linear import embed
from byhand.models.encoder_decoder import bart
from byhand.models.encoder_decoder.transformer import vocabularies

MARIAN = variant(
    bart.BART, target_vocab=8, positions="sinusoidal", activation="relu", shared_embeddings=True, scale_embedding=True
)
"""The differences from BART."""


def embedding(table: Node, ids: Node, weight: Weights, o: Options) -> Node:
    """Return E[word] * sqrt(d) + PE, with all sines before the cosines. (V, d), (T, 1) -> (T, d)"""
    added = o.positions in ADDED_POSITIONS
    x = embed(table, ids, "words" if added else "x", scale=o.d_model if o.scale_embedding else None)
    return add_positions(x, weight, o, "P", "x", halves=True)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    return bart.build(o, weight, inputs, vocabularies, embedding)


ARCHITECTURE = Architecture(
    name="marian",
    title="Marian",
    family="encoder-decoder",
    source="Tiedemann and Thottingal 2020",
    about="the 2017 transformer as translators run it",
    options=MARIAN,
    build=build,
    sizes=bart.SIZES,
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=15187,
)
