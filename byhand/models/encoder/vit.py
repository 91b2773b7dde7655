"""ViT (Dosovitskiy et al. 2021): an encoder of a picture's patches, with a class token for its content."""

from byhand.core.graph import Dim, Node, page, scope, source
from byhand.core.labels import Labels
from byhand.core.ops import below, stretch
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.language.blocks import block, grouped_attention, norm, plain_feed, position_info
from byhand.language.generation import probabilities
from byhand.language.masked import ENCODER
from byhand.language.options import Options, variant
from byhand.language.patches import check_patches, patches, pixels
from byhand.layers.linear import linear
from byhand.layers.positions import position_column, sinusoidal

KINDS = ("cat", "dog", "bird")


VIT = variant(
    ENCODER, without="vocab max_positions tied", norm_place="pre", image=4, patch=2, channels=1, classes=3, labels=()
)
"""An encoder of pictures; its norms stand before each sublayer, as in GPT-2."""


def embedding(rows: Node, weight: Weights, o: Options) -> Node:
    """Return [class; patches W + b] + P (eq. 1). (N, C * size^2) -> (N + 1, d)"""
    labels = rows.shape[0].labels
    assert isinstance(labels, Labels)
    with scope("", "patches as words", equation="x W + b", column_equation="W x + b"):
        words = linear(rows, weight, "patch", o.d_model).named("words")
    tokens = Dim(rows.shape[0] + 1, Labels("tokens", ("class", *labels.words)))
    waves = sinusoidal(position_column(tokens), o.d_model) if o.positions == "sinusoidal" else None
    added = {"learned": " + P", "sinusoidal": " + PE"}.get(o.positions, "")
    title, about = "class token + positions" if added else "class token", f"[class; words]{added}"
    look = Look.INPUT if added else None
    with scope("", title, equation=about, source="Dosovitskiy et al. 2021, eq. 1", look=look):
        sequence = stretch(below(weight("class_token", 1, o.d_model), words), rows=tokens, columns=o.d_model)
        if waves is not None:
            return (sequence + waves).named("x")
        return (sequence + weight("P", tokens, o.d_model) if o.positions == "learned" else sequence).named("x")


def kinds(o: Options) -> Dim:
    """Return the names of the classes."""
    usual = (KINDS[n] if n < len(KINDS) else f"class{n}" for n in range(o.classes))
    return Dim(o.classes, Labels("classes", o.labels or tuple(usual)))


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    o.check()
    check_patches(o)
    with page("", "Picture"):
        channels = [
            source("picture" if o.channels == 1 else f"channel{n}", numbers, role="input")
            for n, numbers in enumerate(pixels(o, weight, inputs), 1)
        ]
        rows = patches(channels, o.patch)
    with page("", "Input"):
        x = embedding(rows, weight, o)
    places = position_info(x.shape[0], weight, o)
    for n in range(1, o.layers + 1):
        with scope(f"layer{n}", f"Layer {n}"):
            x = block(x, weight, o, n, places, grouped_attention, plain_feed)
    with page("", "Output"):
        if o.norm_place != "post":
            x = norm(x, weight, "final_norm", o)
        with scope("", "logits", equation="x[class] W + b", column_equation="W x[class] + b", look=Look.RESULT):
            logits = linear(x.rows(0, 1), weight, "class", kinds(o)).named("logits", role="result")
        p = probabilities(logits, o.temperature)
    return Graph([p], p, logits=logits)


ARCHITECTURE = Architecture(
    name="vit",
    title="ViT",
    family="encoder only",
    source="Dosovitskiy et al. 2021",
    about="says what a picture shows, whose patches it reads like words",
    options=VIT,
    build=build,
    sizes={
        "small": {},
        "medium": {"channels": 3, "d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"image": 6, "channels": 3, "d_model": 8, "layers": 2, "d_ff": 16},
    },
    takes=frozenset({"pixels"}),
)
