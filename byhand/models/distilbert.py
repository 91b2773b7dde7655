"""DistilBERT (Sanh et al. 2019): BERT with half the layers and without segments, taught by the larger one."""

from dataclasses import asdict, dataclass

from byhand.labels import Labels
from byhand.models import bert
from byhand.models.architecture import Architecture, Graph, Inputs
from byhand.models.vocabulary import Vocabularies, words
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    vocab: int = 10
    max_positions: int = 8
    d_model: int = 4
    heads: int = 2
    layers: int = 1
    d_ff: int = 8
    activation: str = "gelu"
    tied: bool = True
    eps: float = 1e-12


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, bert.SPECIAL),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    return bert.build(bert.Options(**asdict(o), segments=0), weight, inputs, lambda _: vocabularies(o))


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
