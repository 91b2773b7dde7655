"""One encoder layer that names the class of each word (Vaswani et al. 2017, section 3.1, with a linear classifier)."""

from dataclasses import dataclass

from byhand.core.graph import Dim, page, scope
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.blocks import Places
from byhand.layers.attention import softmax
from byhand.layers.linear import linear
from byhand.models.encoder_decoder import transformer
from byhand.models.parts.building_blocks import table_of_input

CLASSES = ("thing", "action", "other")


@dataclass(frozen=True)
class Options:
    tokens: int = 3
    d_model: int = 4
    heads: int = 2
    d_ff: int = 8
    classes: int = 3
    activation: str = "relu"
    norm_place: str = "post"
    attention_bias: bool = False
    eps: float = 1e-5


def classes(count: int) -> Labels:
    return Labels("classes", tuple(CLASSES[i] if i < len(CLASSES) else f"class{i + 1}" for i in range(count)))


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    layer = transformer.Options(
        d_model=o.d_model,
        heads=o.heads,
        d_ff=o.d_ff,
        activation=o.activation,
        norm_place=o.norm_place,
        attention_bias=o.attention_bias,
        join_bias=o.attention_bias,
        eps=o.eps,
    )
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
    x = transformer.attention(x, None, Places({layer.attention: None}), weight, layer, 1)
    x = transformer.feed(x, weight, layer, 2)
    with page("", "Output"):
        with scope("", "classes", equation="x W + b", column_equation="W x + b"):
            logits = linear(x, weight, "class", Dim(o.classes, classes(o.classes))).named("logits", role="result")
        return Graph([softmax(logits).named("probabilities", role="result")], logits=logits)


ARCHITECTURE = Architecture(
    name="encoder-layer",
    title="One encoder layer",
    family="part",
    source="Vaswani et al. 2017",
    about="attention, residuals, norms, feed-forward; a class for a word",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 4, "d_model": 6, "heads": 3, "d_ff": 12},
        "large": {"tokens": 6, "d_model": 8, "d_ff": 16, "classes": 4},
    },
    seed=1435,
)
