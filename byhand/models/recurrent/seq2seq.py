"""A translator with attention (Bahdanau et al. 2015): its decoder attends to every word of the encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from byhand.core.graph import Dim, Node, page, scope
from byhand.core.labels import Labels, token_ids
from byhand.core.ops import beside, tanh
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs, Vocabularies, example_ids, words
from byhand.language.generation import linear_predictions, write_words
from byhand.layers.alignment import ADDITIVE, GENERAL, alignment_tables, attend_back
from byhand.layers.linear import embed, multiplied
from byhand.layers.recurrence import annotate, cell, first_state, stack_rows, unroll


@dataclass(frozen=True)
class Options:
    """additive: Bahdanau's scores, else Luong's general ones. bridge: the decoder starts from a layer of its own."""

    vocab: int = 6
    target_vocab: int = 6
    d_embed: int = 3
    d_model: int = 2
    d_attention: int = 2
    additive: bool = True
    bidirectional: bool = True
    bridge: bool = True
    lstm: bool = False
    two_biases: bool = False
    temperature: float = 1.0

    @property
    def d_memory(self) -> int:
        """The width of an annotation."""
        return self.d_model * (2 if self.bidirectional else 1)


def decoder(
    ids: Node, vocabulary: Labels, memory: Node, ends: Sequence[Node], weight: Weights, o: Options
) -> tuple[Node, list[Node]]:
    """Return the input of the output layer, a row a step, and the alignment of the steps.

    (T, 1), (S, 2d) -> (T, d + 2d + e), or (T, d) with general scores
    """
    with page("", "Input"):
        y = embed(weight("E", Dim(o.target_vocab, vocabulary), o.d_embed), ids, "y")
    with page("", "Start"):
        state = first_state(ends, weight, o)
        look = attend_back(memory, weight, o)
    step = cell(weight, o.d_embed + (o.d_memory if o.additive else 0), o, "s")

    def with_context(t: int, x: Node, state: Sequence[Node]) -> tuple[Node, ...]:
        """Return the next state, attention weights and context. Additive attention precedes the step."""
        carried = state[: 2 if o.lstm else 1]
        if o.additive:
            weights, context = look(t, state[0])
            return *step(t, beside(x, context), carried), weights, context
        carried = step(t, x, carried)
        return *carried, *look(t, carried[0])

    steps = unroll(with_context, y, state, ADDITIVE if o.additive else GENERAL, pages=True)
    tokens = ids.shape[0]
    looked = alignment_tables([weights for *_, weights, _ in steps], tokens, o.bidirectional)
    with page("", "Read-out", equation="[s; context; y]" if o.additive else "tanh([context; s] W)"):
        states, contexts = stack_rows([s for s, *_ in steps], tokens), stack_rows([row[-1] for row in steps], tokens)
        if o.additive:
            return beside(states, contexts, y).named("readout"), looked
        product = multiplied(beside(contexts, states), weight, "W_c", o.d_model)
        return tanh(product).named("readout", role="state"), looked  # Luong et al. 2015, eq. 5


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return words("vocabulary", o.vocab), words("target_vocabulary", o.target_vocab, ("[START]",))


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    source_words, target_words = vocabularies(o)
    with scope("encoder", "Encoder"):
        ids = token_ids("ids", inputs.ids or example_ids([0, 1, 4], o.vocab), source_words)
        with page("", "Input"):
            x = embed(weight("E", Dim(o.vocab, source_words), o.d_embed), ids, "x")
        memory, ends = annotate(x, weight, o)
    shown: list[Node] = []

    def forward(ids: Node) -> tuple[Node, Node, Node]:
        with scope("decoder", "Decoder"):
            x, looked = decoder(ids, target_words, memory, ends, weight, o)
        shown.extend(looked)
        return linear_predictions(x, target_words, weight, temperature=o.temperature)

    with scope("decoder", "Decoder"):
        target_ids = token_ids("ids", inputs.target_ids or example_ids([0, 1, 2], o.target_vocab), target_words)
    graph = write_words(forward, target_ids, target_words, inputs)
    return replace(graph, outputs=[*graph.outputs, *shown])


ARCHITECTURE = Architecture(
    name="seq2seq-attention",
    title="Translation with attention",
    family="before",
    source="Bahdanau et al. 2015",
    about="looks back, at each step, at every word that it has read",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 8, "target_vocab": 8, "d_model": 3, "d_attention": 3},
        "large": {"vocab": 12, "target_vocab": 12, "d_embed": 4, "d_model": 4, "d_attention": 4, "lstm": True},
    },
    takes=frozenset({"ids", "target_ids", "generate"}),
    vocabularies=vocabularies,
    seed=29376,
)
