"""DistilBERT (Sanh et al. 2019): BERT with half the layers and without segments, taught by the larger one."""

from dataclasses import dataclass
from typing import ClassVar

from byhand.labels import Labels
from byhand.models import bert
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.vocabulary import Vocabularies, words
from byhand.weights import Weights


@dataclass(frozen=True)
class Options(bert.Options):
    """What changed since BERT."""

    segments: int = 0

    unused: ClassVar[frozenset[str]] = bert.Options.unused | {"segments"}


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, bert.SPECIAL),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    return bert.build(o, weight, inputs, vocabularies)


ARCHITECTURE = Architecture(
    name="distilbert",
    title="DistilBERT",
    family="encoder only",
    source="Sanh et al. 2019",
    about="BERT with half the layers and no segments",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"vocab": 14, "d_model": 8, "layers": 2, "d_ff": 16, "max_positions": 12},
    },
    takes=frozenset({"ids", "mask"}),
    vocabularies=vocabularies,
    seed=14590,
)
