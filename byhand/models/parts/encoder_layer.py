"""One encoder layer that names the class of each word (Vaswani et al. 2017, section 3.1, with a linear classifier)."""

from dataclasses import replace

from byhand.core.graph import Dim, page, scope
from byhand.core.labels import Labels
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.blocks import PositionInfo, attention_sublayer, feed_sublayer
from byhand.language.options import Options, variant
from byhand.language.parts import table_of_input
from byhand.layers.attention import softmax
from byhand.layers.linear import linear

CLASSES = ("thing", "action", "other")


ENCODER_LAYER = variant(
    Options(names=()),
    tokens=3,
    d_model=4,
    heads=2,
    d_ff=8,
    classes=3,
    activation="relu",
    norm_place="post",
    attention_bias=False,
    eps=1e-5,
)


def classes(count: int) -> Labels:
    return Labels("classes", tuple(CLASSES[i] if i < len(CLASSES) else f"class{i + 1}" for i in range(count)))


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    layer = replace(o, join_bias=o.attention_bias)
    with page("", "Input"):
        x = table_of_input(weight, o.tokens, o.d_model)
    x = attention_sublayer(x, None, PositionInfo({layer.attention: None}), weight, layer, 1)
    x = feed_sublayer(x, weight, layer, 2)
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
    options=ENCODER_LAYER,
    build=build,
    sizes={
        "small": {},
        "medium": {"tokens": 4, "d_model": 6, "heads": 3, "d_ff": 12},
        "large": {"tokens": 6, "d_model": 8, "d_ff": 16, "classes": 4},
    },
    seed=205863,
)
