"""Marian (Junczys-Dowmunt et al. 2018): the 2017 transformer as translators run it, sines before cosines."""

from dataclasses import asdict, dataclass

from byhand.graph import Node, page, scope
from byhand.labels import Labels
from byhand.layers import embed, position_column, sinusoidal
from byhand.models import bart
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.vocabulary import Vocabularies, words
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    vocab: int = 8
    target_vocab: int = 8
    d_model: int = 4
    encoder_heads: int = 2
    decoder_heads: int = 2
    encoder_layers: int = 1
    decoder_layers: int = 1
    encoder_d_ff: int = 8
    decoder_d_ff: int = 8
    activation: str = "relu"
    shared_embeddings: bool = True
    scale_embedding: bool = True
    tied: bool = True
    eps: float = 1e-5


def embedding(table: Node, ids: Node, o: Options) -> Node:
    """E[word] * sqrt(d) + PE, whose sines are all before its cosines. (V, d), (T, 1) -> (T, d)"""
    with page("", "Input"):
        x = embed(table, ids, "words", scale=o.d_model if o.scale_embedding else None)
        encoding = sinusoidal(position_column(ids.shape[0]), o.d_model, halves=True)
        with scope("", "+ positions", equation="words + PE"):
            return (x + encoding).named("x")


def vocabularies(o: Options) -> tuple[Labels, ...]:
    shared = words("vocabulary", o.vocab, ("[START]",))
    return shared, (shared if o.shared_embeddings else words("target_vocabulary", o.target_vocab, ("[START]",)))


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    settings = asdict(o)
    del settings["target_vocab"], settings["shared_embeddings"]
    like_bart = bart.Options(**settings)
    return bart.translator(like_bart, weight, inputs, vocabularies(o), lambda table, ids: embedding(table, ids, o))


ARCHITECTURE = Architecture(
    name="marian",
    title="Marian",
    family="encoder-decoder",
    source="Tiedemann and Thottingal 2020",
    about="the 2017 transformer as translators run it",
    options=Options,
    build=build,
    sizes=bart.SIZES,
    takes=frozenset({"ids", "target_ids", "mask", "generate"}),
    vocabularies=vocabularies,
    seed=15187,
)
