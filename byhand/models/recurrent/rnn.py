"""A recurrent network (Elman 1990): reads word by word, with one row of numbers as its memory."""

from byhand.core.graph import Node
from byhand.core.weights import Weights
from byhand.language.recurrent import Options, recurrent
from byhand.layers.recurrence import RNN, rnn_step, start, unroll


def layer(x: Node, weight: Weights, o: Options) -> list[Node]:
    """Return h_t = tanh(x_t W + h_{t-1} U + b), from h_0 = 0 on. (T, e) -> T of (1, d)"""
    step = rnn_step(weight, int(x.shape[1]), o.d_model)
    return [h for (h,) in unroll(step, x, start(o.d_model, "h_0"), RNN)]


ARCHITECTURE = recurrent(
    name="rnn",
    title="A recurrent network",
    source="Elman 1990",
    about="reads word by word; its memory is one row of numbers",
    options=Options(),
    layer=layer,
    seed=2005,
)
