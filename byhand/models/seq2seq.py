"""A translator with attention (Bahdanau et al. 2015): its decoder looks back at every word that the encoder read."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.graph import Dim, Node, page, scope
from byhand.labels import Labels, token_ids
from byhand.layers import embed, linear, softmax
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.generate import next_word, write
from byhand.models.vocabulary import Vocabularies, words
from byhand.ops import beside, tanh
from byhand.recurrence import LSTM, RNN, Step, lstm_step, rnn_step, rows_of, start, unrolled
from byhand.weights import Weights

PLACE = "Bahdanau et al. 2015, section 3.1"
ADDITIVE = {"equation": "score = tanh(H W_k + sₜ₋₁ W_q) v", "source": PLACE}
GENERAL = {"equation": "score = sₜ (H W_k)ᵀ", "source": "Luong et al. 2015, section 3.1"}


@dataclass(frozen=True)
class Options:
    """additive: scores as Bahdanau's, else Luong's general ones. bridge: the decoder starts from a layer of its own."""

    vocab: int = 6
    target_vocab: int = 6
    d_embed: int = 2
    d_model: int = 2
    d_attention: int = 2
    additive: bool = True
    bidirectional: bool = True
    bridge: bool = True
    lstm: bool = False
    two_biases: bool = False

    @property
    def d_memory(self) -> int:
        """How wide an annotation is."""
        return self.d_model * (2 if self.bidirectional else 1)


def cell(weight: Weights, ins: int, o: Options, name: str) -> Step:
    """One step of the kind of network that the options choose; h goes by `name`."""
    return lstm_step(weight, ins, o.d_model, o.two_biases, name) if o.lstm else rnn_step(weight, ins, o.d_model, name)


def encoder(x: Node, weight: Weights, o: Options) -> tuple[Node, list[Node]]:
    """The annotations h_j, and the last state of each direction (section 3.2). (S, e) -> (S, 2d), (1, 2d) ..."""
    sides = (("forward", "Forward"), ("backward", "Backward")) if o.bidirectional else (("", "Words"),)
    rows, ends = [], []
    for side, title in sides:
        with page(side, title, source="Bahdanau et al. 2015, section 3.2"):
            state = start(o.d_model, "h_0", *(["c_0"] if o.lstm else []))
            step = cell(weight, o.d_embed, o, "h")
            states = unrolled(step, x, state, LSTM if o.lstm else RNN, side == "backward")
        rows.append([h for h, *_ in states])
        ends.append(states[0 if side == "backward" else -1])
    with page("", "Annotations", equation="H = [forward; backward]" if o.bidirectional else "H"):
        memory = beside(*(rows_of(side, x.shape[0]) for side in rows)).named("H")
        return memory, [beside(*parts) for parts in zip(*ends, strict=True)]


def first_state(ends: Sequence[Node], weight: Weights, o: Options) -> list[Node]:
    """Where the decoder starts: a layer of the encoder's last h, or its last state itself. (1, 2d) -> (1, d)"""
    if not (o.bridge or o.bidirectional):
        return list(ends)
    with scope("", "start", equation="s₀ = tanh([forward; backward] W + b)"):
        return [
            tanh(linear(ends[0], weight, f"{name}0", o.d_model)).named(f"{name}_0", role="state")
            for name in ("sc" if o.lstm else "s")
        ]


def decoder(ids: Node, vocabulary: Labels, memory: Node, ends: Sequence[Node], weight: Weights, o: Options) -> Node:
    """The words so far to what the output layer reads, a row a step. (T, 1), (S, 2d) -> (T, d + 2d + e) or (T, d)"""
    with page("", "Input"):
        y = embed(weight("E", Dim(o.target_vocab, vocabulary), o.d_embed), ids, "y")
    with page("", "Steps"):
        state = first_state(ends, weight, o)
        with scope("", "keys", equation="keys = H W_k"):
            width = o.d_attention if o.additive else o.d_model
            keys = linear(memory, weight, "k", width, bias=False).named("keys")  # (S, 2d) @ (2d, a) -> (S, a)
        if o.additive:
            w_q, v = weight("W_q", o.d_model, o.d_attention), weight("v", o.d_attention, 1)
        step = cell(weight, o.d_embed + (o.d_memory if o.additive else 0), o, "s")

        def look(t: int, s: Node) -> Node:
            """softmax(scores) H: the words of the encoder, by how much they matter now. (1, d) -> (1, 2d)"""
            if o.additive:
                query = (s @ w_q).named(f"query_{t}")  # (1, d) @ (d, a) -> (1, a)
                scores = (tanh(keys + query).named(f"match_{t}") @ v).T  # (S, a) @ (a, 1) -> (S, 1), turned
            else:
                scores = s @ keys.T  # (1, d) @ (d, S) -> (1, S)
            with scope(f"attend_{t}"):
                weights = softmax(scores.named("scores", role="scores")).named("weights", role="attention")
            return (weights @ memory).named(f"context_{t}", role="heads")  # (1, S) @ (S, 2d) -> (1, 2d)

        def with_context(t: int, x: Node, state: Sequence[Node]) -> tuple[Node, ...]:
            carried = state[: 2 if o.lstm else 1]
            if o.additive:
                context = look(t, state[0])
                return *step(t, beside(x, context), carried), context
            carried = step(t, x, carried)
            return *carried, look(t, carried[0])

        steps = unrolled(with_context, y, state, ADDITIVE if o.additive else GENERAL)
    with page("", "Read-out", equation="[s; context; y]" if o.additive else "tanh([context; s] W)"):
        states, contexts = (rows_of([row[n] for row in steps], ids.shape[0]) for n in (0, -1))
        if o.additive:
            return beside(states, contexts, y).named("readout")
        product = beside(contexts, states) @ weight("W_c", o.d_memory + o.d_model, o.d_model)
        return tanh(product).named("readout", role="state")  # Luong et al. 2015, eq. 5


def vocabularies(o: Options) -> tuple[Labels, ...]:
    return words("vocabulary", o.vocab), words("target_vocabulary", o.target_vocab, ("[START]",))


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    source_words, target_words = vocabularies(o)
    with scope("encoder", "Encoder"):
        ids = token_ids("ids", inputs.ids or example([0, 1, 4], o.vocab), source_words)
        with page("", "Input"):
            x = embed(weight("E", Dim(o.vocab, source_words), o.d_embed), ids, "x")
        memory, ends = encoder(x, weight, o)

    def forward(ids: Node) -> tuple[Node, Node, Node]:
        with scope("decoder", "Decoder"):
            x = decoder(ids, target_words, memory, ends, weight, o)
        with page("", "Output"):
            with scope("", "logits", equation="x W + b", column_equation="W x + b"):
                logits = linear(x, weight, "vocab", Dim(o.target_vocab, target_words)).named("logits", role="result")
            return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, target_words)

    with scope("decoder", "Decoder"):
        target_ids = token_ids("ids", inputs.target_ids or example([0, 1, 2], o.target_vocab), target_words)
    return write(forward, target_ids, target_words, inputs)


ARCHITECTURE = Architecture(
    name="seq2seq-attention",
    title="Translation with attention",
    family="before",
    source="Bahdanau et al. 2015",
    about="looks back, at each step, at every word that it has read",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 8, "target_vocab": 8, "d_embed": 3, "d_model": 3, "d_attention": 3},
        "large": {"vocab": 12, "target_vocab": 12, "d_embed": 4, "d_model": 4, "d_attention": 4, "lstm": True},
    },
    takes=frozenset({"ids", "target_ids", "generate"}),
    vocabularies=vocabularies,
    seed=1,
)
