"""DistilBERT (Sanh et al. 2019): BERT with half the layers and without segments, taught by the larger one."""

from dataclasses import dataclass
from typing import ClassVar

from byhand.language.masked import encoder_only
from byhand.models.encoder import bert


@dataclass(frozen=True)
class Options(bert.Options):
    """What changed since BERT."""

    segments: int = 0

    unused: ClassVar[frozenset[str]] = bert.Options.unused | {"segments"}


ARCHITECTURE = encoder_only(
    name="distilbert",
    title="DistilBERT",
    source="Sanh et al. 2019",
    about="BERT with half the layers and no segments",
    options=Options,
    build=bert.build,
    takes=frozenset({"ids", "mask"}),
    vocabularies=bert.vocabularies,
    seed=14590,
)
