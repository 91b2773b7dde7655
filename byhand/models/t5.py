"""T5 (Raffel et al. 2020): an encoder-decoder whose scores get a learned number for each distance, normed before."""

from dataclasses import dataclass
from typing import ClassVar

from byhand.graph import Node, page, scope
from byhand.labels import Labels
from byhand.layers import softmax
from byhand.models import transformer
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.blocks import divided
from byhand.models.language_model import embedding
from byhand.models.translate import translate
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import sqrt
from byhand.weights import Weights


@dataclass(frozen=True)
class Options(transformer.Options):
    """What changed since 2017. scale_output: logits are of x / √d."""

    head_dim: int = 2
    positions: str = "relative"
    norm: str = "rms"
    norm_place: str = "pre"
    final_norms: bool = True
    mlp_bias: bool = False
    scale_embedding: bool = False
    score_scale: float = 1.0
    scale_output: bool = True
    eps: float = 1e-6

    unused: ClassVar[frozenset[str]] = transformer.Options.unused | {
        "target_vocab",
        "shared_embeddings",
        "output_bias",
    }


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, ("<pad>",)),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)

    def embedded(table: Node, ids: Node) -> Node:
        with page("", "Input"):
            return embedding(table, ids, weight, o, "P")

    def output(x: Node, table: Node) -> tuple[Node, Node]:
        with scope("", "logits", equation="x Eᵀ" if o.tied else "x W", column_equation="E x" if o.tied else "W x"):
            if o.scale_output:
                x = (x / sqrt(o.d_model)).named("rescaled")
            out = table.T if o.tied else weight("W_vocab", o.d_model, table.shape[0])
            logits = (x @ out).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return logits, softmax(divided(logits, o.temperature)).named("probabilities", role="result")

    return translate(
        inputs,
        (vocabulary,),
        weight,
        o.d_model,
        lambda table, ids, mask: transformer.encoder(embedded(table, ids), mask, weight, o),
        lambda table, ids, memory, mask: transformer.decoder(embedded(table, ids), memory, mask, weight, o),
        output,
    )


ARCHITECTURE = Architecture(
    name="t5",
    title="T5",
    family="encoder-decoder",
    source="Raffel et al. 2020",
    about="turns a text into a text; positions are distances",
    options=Options,
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
