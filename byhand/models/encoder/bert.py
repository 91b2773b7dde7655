"""BERT (Devlin et al. 2019): an encoder that sees both sides and fills in the masked words."""

from dataclasses import replace

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels, token_ids
from byhand.core.ops import lookup
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Graph, Inputs, Vocabularies, example_ids, words
from byhand.language.blocks import norm
from byhand.language.decoder_only import numbered_from_0, position_table
from byhand.language.masked import ENCODER, encoder_only, fill_in, padding_mask
from byhand.language.options import Options, variant
from byhand.layers.linear import embed, linear
from byhand.layers.positions import position_column, sinusoidal

BLANK = "[MASK]"
ALBERT = "Lan et al. 2020, section 3.1"
SPECIAL = ("[PAD]", "[CLS]", "[SEP]", BLANK)


BERT = variant(ENCODER, vocab=10, segments=2)
"""An encoder with segments, which distinguish two sentences."""


def embedding(table: Node, ids: Node, segment_ids: Node | None, position: Node, weight: Weights, o: Options) -> Node:
    """Return norm(E[word] + P[position] + S[segment]), without S if there are no segments. (T, 1) -> (T, d)"""
    word = embed(table, ids, "words")
    waves = sinusoidal(position, o.d_model) if o.positions == "sinusoidal" else None
    added = {"learned": "positions", "sinusoidal": "positions"}.get(o.positions, "")
    titles = [title for title in (added, "" if segment_ids is None else "segments") if title]
    terms = ["E[word]", *({"learned": ["P[position]"], "sinusoidal": ["PE"]}.get(o.positions, []))]
    terms += [] if segment_ids is None else ["S[segment]"]
    about = {"equation": " + ".join(terms), "source": "Devlin et al. 2019, figure 2"}
    look = Look.INPUT if added else None
    with scope("", "".join(f"+ {title} " for title in titles).strip(), **about, look=look):
        summed = word
        if o.positions == "learned":
            summed = summed + lookup(position_table(weight, "P", o), position).named("places", role="positions")
        if waves is not None:
            summed = summed + waves
        if segment_ids is not None:
            texts = numbered_from_0(weight("S", o.segments, o.d_model), "segments", "segment")
            summed = summed + lookup(texts, segment_ids).named("segments")
        if titles:
            summed.named("sum")  # three of (T, d)
    return norm(summed, weight, "norm", o).named("x")


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, SPECIAL),)


def segment_column(segments: list[int], words: object, role: str) -> Node:
    """Return which text each word is of, as a column. (T, 1)"""
    meaning = "0 for the words of the first text, 1 for those of the second"
    return source("segment_ids", [[s] for s in segments], role, rows=words, meaning=meaning)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    ids = inputs.ids or example_ids([1, 4, 3, 2, 0], o.vocab, o.max_positions)
    tokens = token_ids("ids", ids, vocabulary)
    given = inputs.segment_ids or [0] * len(ids)
    labels = tokens.shape[0].labels
    segment_ids = segment_column(given, labels, "input") if o.segments else None
    mask = padding_mask(tokens, inputs)
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_embed or o.d_model)
        narrow = replace(o, d_model=o.d_embed) if o.d_embed else o
        x = embedding(table, tokens, segment_ids, position_column(tokens.shape[0]), weight, narrow)
        if o.d_embed:
            with scope("", "widen", equation="x W_in + b", column_equation="W_in x + b", source=ALBERT):
                x = linear(x.named("narrow"), weight, "in", o.d_model).named("x")
    return fill_in(x, table, tokens, mask, weight, o, o.activation, BLANK)


ARCHITECTURE = encoder_only(
    name="bert",
    title="BERT",
    source="Devlin et al. 2019",
    about="fills in masked words, seeing those on both sides",
    options=BERT,
    build=build,
    vocabularies=vocabularies,
    seed=3079,
)
