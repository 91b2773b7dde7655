"""DistilBERT (Sanh et al. 2019): BERT with half the layers and without segments, trained to imitate BERT."""

from byhand.language.masked import encoder_only
from byhand.language.options import variant
from byhand.models.encoder import bert

DISTILBERT = variant(bert.BERT, without="segments")
"""The differences from BERT."""


ARCHITECTURE = encoder_only(
    name="distilbert",
    title="DistilBERT",
    source="Sanh et al. 2019",
    about="BERT with half the layers and no segments",
    options=DISTILBERT,
    build=bert.build,
    takes=frozenset({"ids", "mask"}),
    vocabularies=bert.vocabularies,
    seed=14590,
)
