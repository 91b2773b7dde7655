"""An LSTM language model (Hochreiter and Schmidhuber 1997): gates decide what a cell keeps, and what it shows."""

from dataclasses import dataclass

from byhand.graph import Dim, Node, page, scope
from byhand.labels import Labels, token_ids
from byhand.layers import embed, linear, softmax
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.generate import next_word, write
from byhand.models.vocabulary import Vocabularies, words
from byhand.recurrence import LSTM, lstm_step, rows_of, start, unrolled
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    vocab: int = 7
    d_embed: int = 3
    d_model: int = 3
    layers: int = 1
    two_biases: bool = False


def forward(ids: Node, vocabulary: Labels, weight: Weights, o: Options) -> tuple[Node, Node, Node]:
    """Words to the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        x = embed(weight("E", Dim(o.vocab, vocabulary), o.d_embed), ids, "x")
    for layer in range(1, o.layers + 1):
        with page(f"layer{layer}", f"Layer {layer}", source="Hochreiter and Schmidhuber 1997"):
            step = lstm_step(weight, int(x.shape[1]), o.d_model, o.two_biases)
            states = unrolled(step, x, start(o.d_model, "h_0", "c_0"), LSTM)
            x = rows_of([h for h, _ in states], ids.shape[0]).named("H", role="state")  # T of (1, d) -> (T, d)
    with page("", "Output"):
        with scope("", "logits", equation="H W + b", column_equation="W H + b"):
            logits = linear(x, weight, "vocab", Dim(o.vocab, vocabulary)).named("logits", role="result")
        return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, vocabulary)


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return (words("vocabulary", o.vocab),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    ids = token_ids("ids", inputs.ids or example([0, 1, 4], o.vocab), vocabulary)
    return write(lambda ids: forward(ids, vocabulary, weight, o), ids, vocabulary, inputs)


ARCHITECTURE = Architecture(
    name="lstm",
    title="LSTM",
    family="before",
    source="Hochreiter and Schmidhuber 1997",
    about="gates decide what a cell keeps, and what it shows",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 8, "d_embed": 4, "d_model": 4},
        "large": {"vocab": 12, "d_embed": 6, "d_model": 6, "layers": 2},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
    seed=3500,
)
