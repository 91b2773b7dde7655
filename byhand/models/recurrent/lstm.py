"""An LSTM language model (Hochreiter and Schmidhuber 1997): gates control a cell's state and output."""

from byhand.core.graph import Node
from byhand.core.weights import Weights
from byhand.language.options import variant
from byhand.language.recurrent import Options, recurrent
from byhand.layers.recurrence import LSTM, lstm_step, start, unroll

LSTM_OPTIONS = variant(Options(), two_biases=False)
"""two_biases: one for the word and one for the state before, as in torch.nn.LSTM."""


def layer(x: Node, weight: Weights, o: Options) -> list[Node]:
    """Return h_t = o tanh(c_t) with c_t = f c_{t-1} + i g, from zeros on. (T, e) -> T of (1, d)"""
    step = lstm_step(weight, int(x.shape[1]), o.d_model, o.two_biases)
    return [h for h, _ in unroll(step, x, start(o.d_model, "h_0", "c_0"), LSTM)]


ARCHITECTURE = recurrent(
    name="lstm",
    title="LSTM",
    source="Hochreiter and Schmidhuber 1997",
    about="gates decide what a cell keeps, and what it shows",
    options=LSTM_OPTIONS,
    layer=layer,
    seed=3500,
)
