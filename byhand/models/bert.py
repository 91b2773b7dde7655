"""BERT (Devlin et al. 2019): an encoder that sees both sides and fills in the masked words."""

from dataclasses import dataclass
from typing import ClassVar

from byhand.graph import Dim, Node, page, scope, source
from byhand.labels import Labels, token_ids
from byhand.layers import ACTIVATIONS, embed, linear, position_column, sinusoidal, softmax
from byhand.models import blocks
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.blocks import block, divided, grouped_attention, norm, places_of, plain_feed
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import lookup
from byhand.weights import Weights

BLANK = "[MASK]"
SPECIAL = ("[PAD]", "[CLS]", "[SEP]", BLANK)


@dataclass(frozen=True)
class Options(blocks.Options):
    """What is not GPT-2's. segments: 0 for none."""

    vocab: int = 10
    segments: int = 2
    attention: str = "full"
    norm_place: str = "post"
    activation: str = "gelu"
    eps: float = 1e-12

    unused: ClassVar[frozenset[str]] = frozenset({"embedding_norm", "scale_embedding", "logit_cap"})


def embedding(table: Node, ids: Node, segment_ids: Node | None, position: Node, weight: Weights, o: Options) -> Node:
    """norm(E[word] + P[position] + S[segment]), without S where there are no segments (figure 2). (T, 1) -> (T, d)"""
    word = embed(table, ids, "words")
    waves = sinusoidal(position, o.d_model) if o.positions == "sinusoidal" else None
    added = {"learned": "positions", "sinusoidal": "positions"}.get(o.positions, "")
    titles = [title for title in (added, "" if segment_ids is None else "segments") if title]
    terms = ["E[word]", *({"learned": ["P[position]"], "sinusoidal": ["PE"]}.get(o.positions, []))]
    terms += [] if segment_ids is None else ["S[segment]"]
    source = "Devlin et al. 2019, figure 2"
    with scope("", "".join(f"+ {title} " for title in titles).strip(), equation=" + ".join(terms), source=source):
        summed = word
        if o.positions == "learned":
            places = weight("P", o.max_positions, o.d_model)
            summed = summed + lookup(places, position).named("places", role="positions")
        if waves is not None:
            summed = summed + waves
        if segment_ids is not None:
            summed = summed + lookup(weight("S", o.segments, o.d_model), segment_ids).named("segments")
        if titles:
            summed.named("sum")  # three of (T, d)
    return norm(summed, weight, "norm", o).named("x")


def masked_word_head(x: Node, weight: Weights, o: Options, activation: str) -> Node:
    """norm(act(x W + b)): the word that belongs at each place, as an embedding. (T, d) -> (T, d)"""
    if o.norm_place != "post":
        x = norm(x, weight, "final_norm", o)
    with scope("head"):
        with scope("", "transform", equation="act(x W + b)", column_equation="act(W x + b)"):
            hidden = linear(x, weight, "T", o.d_model).named("transform")
            active = ACTIVATIONS[activation][0](hidden).named("active", role="activation")
        return norm(active, weight, "norm", o)


def predict(x: Node, table: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node]:
    """x E^T + b, and its softmax. (T, d) -> (T, V), (T, V)"""
    words = Dim(o.vocab, vocabulary)
    with scope("", "logits", equation="x Eᵀ + b", column_equation="E x + b"):
        out = table.T if o.tied else weight("W_vocab", o.d_model, words)
        logits = (x @ out + weight("b_vocab", 1, words)).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
    return logits, softmax(divided(logits, o.temperature)).named("probabilities", role="result")


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab, SPECIAL),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    o.check()
    (vocabulary,) = vocabularies(o)
    ids = inputs.ids or example([1, 4, 3, 2, 0], o.vocab, o.max_positions)
    tokens = token_ids("ids", ids, vocabulary)
    given = inputs.segment_ids or [0] * len(ids)
    labels = tokens.shape[0].of
    segment_ids = source("segment_ids", [[s] for s in given], role="input", rows=labels) if o.segments else None
    mask = padding_mask(tokens, inputs)
    with page("", "Input"):
        table = weight("E", Dim(o.vocab, vocabulary), o.d_model)
        x = embedding(table, tokens, segment_ids, position_column(tokens.shape[0]), weight, o)
    return encode(x, table, tokens, mask, weight, o, o.activation)


def padding_mask(tokens: Node, inputs: Inputs) -> Node:
    """1 where a word may be seen: as given, or all; of the model's own example, all but the fifth. (1, T)"""
    count = int(tokens.shape[0])
    seen = inputs.mask or ([1, 1, 1, 1, 0][:count] if inputs.ids is None else [1] * count)
    return source("padding_mask", seen, role="mask", columns=tokens.shape[0].of)


def encode(
    x: Node,
    table: Node,
    tokens: Node,
    mask: Node,
    weight: Weights,
    o: Options,
    head_activation: str,
    blank: str = BLANK,
) -> Graph:
    """The layers, and the words that belong in the blanks. (T, d), (V, d), (T, 1), (1, T) -> (T, V)"""
    places = places_of(x.shape[0], weight, o, mask)
    for n in range(1, o.layers + 1):
        with scope(f"layer{n}", f"Layer {n}"):
            x = block(x, weight, o, n, places, grouped_attention, plain_feed)
    with page("", "Masked-word head"):
        x = masked_word_head(x, weight, o, head_activation)
    vocabulary = table.shape[0].of
    assert isinstance(vocabulary, Labels)
    with page("", "Output"):
        logits, probabilities = predict(x, table, vocabulary, weight, o)
    assert tokens.data is not None
    words = [vocabulary.words[int(i)] for i in tokens.data[:, 0]]
    return Graph([probabilities], probabilities, words.index(blank) if blank in words else None, logits)


ARCHITECTURE = Architecture(
    name="bert",
    title="BERT",
    family="encoder only",
    source="Devlin et al. 2019",
    about="fills in masked words, seeing those on both sides",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"vocab": 14, "d_model": 8, "layers": 2, "d_ff": 16, "max_positions": 12},
    },
    takes=frozenset({"ids", "segment_ids", "mask"}),
    vocabularies=vocabularies,
    seed=3079,
)
