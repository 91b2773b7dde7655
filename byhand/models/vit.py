"""ViT (Dosovitskiy et al. 2021): a picture cut into patches, each a word, and a class token that says what it shows."""

from dataclasses import dataclass
from math import isqrt
from typing import ClassVar
from zlib import crc32

import numpy as np

from byhand.errors import ByhandError
from byhand.graph import Array, Dim, Node, current_scope, page, scope, source
from byhand.labels import Labels
from byhand.layers import linear, position_column, sinusoidal, softmax
from byhand.models import blocks
from byhand.models.architecture import MOST_NUMBERS, Architecture, Graph, Inputs
from byhand.models.blocks import block, divided, grouped_attention, norm, places_of, plain_feed
from byhand.ops import below, beside, stretch
from byhand.weights import Weights

MOST_LINES = 20_000
"""Lines of pixels in all patches."""
KINDS = ("cat", "dog", "bird")


@dataclass(frozen=True)
class Options(blocks.Options):
    """Sizes of the picture, and what is not GPT-2's; `labels` are the classes' names, where a checkpoint has them."""

    image: int = 4
    patch: int = 2
    channels: int = 1
    classes: int = 3
    labels: tuple[str, ...] = ()
    attention: str = "full"
    activation: str = "gelu"
    eps: float = 1e-12

    unused: ClassVar[frozenset[str]] = frozenset(
        {"vocab", "max_positions", "tied", "embedding_norm", "scale_embedding", "logit_cap"}
    )


def check(o: Options) -> None:
    """ByhandError for a patch that does not fit into the picture, or too many of them."""
    count = (o.image // o.patch) ** 2
    most = min(MOST_LINES // (o.patch * o.channels), isqrt(MOST_NUMBERS // (o.heads * max(o.layers, 1))))
    if not 1 <= count <= most:
        raise ByhandError(
            f"A picture of {o.image}×{o.image} has {count:,} patches of {o.patch}×{o.patch}: "
            f"choose sizes that make at least 1, and at most {most:,}."
        )


def patches(picture: list[Node], size: int) -> Node:
    """Squares of size × size as rows: line by line, channel by channel. C of (H, W) -> (N, C * size^2)"""
    height, width = (int(side) // size for side in picture[0].shape)
    places = [(i * size, j * size) for i in range(height) for j in range(width)]
    with scope("", "patches", equation="each square of the picture as a row", source="Dosovitskiy et al. 2021, eq. 1"):
        lines = [
            [c.rows(y, y + 1).columns(x, x + size) for c in picture for y in range(top, top + size)]
            for top, x in places
        ]
        rows = below(*(beside(*line) for line in lines)) if len(lines) > 1 else beside(*lines[0])
        rows.shape = (Dim(len(places), Labels("patches", names(height, width))), rows.shape[1])
        return rows.named("patches", role="input")


def names(height: int, width: int) -> tuple[str, ...]:
    return tuple(f"patch {i + 1},{j + 1}" for i in range(height) for j in range(width))


def embedding(rows: Node, weight: Weights, o: Options) -> Node:
    """[class; patches W + b] + P (eq. 1). (N, C * size^2) -> (N + 1, d)"""
    labels = rows.shape[0].of
    assert isinstance(labels, Labels)
    with scope("", "patches as words", equation="x W + b", column_equation="W x + b"):
        words = linear(rows, weight, "patch", o.d_model).named("words")
    tokens = Dim(rows.shape[0] + 1, Labels("tokens", ("class", *labels.words)))
    waves = sinusoidal(position_column(tokens), o.d_model) if o.positions == "sinusoidal" else None
    added = {"learned": " + P", "sinusoidal": " + PE"}.get(o.positions, "")
    title, about = "class token + positions" if added else "class token", f"[class; words]{added}"
    with scope("", title, equation=about, source="Dosovitskiy et al. 2021, eq. 1"):
        sequence = below(weight("class_token", 1, o.d_model), words)
        if waves is not None:
            return (sequence + waves).named("x")
        if o.positions == "learned":
            return (sequence + weight("P", tokens, o.d_model)).named("x")  # (N + 1, d) + (N + 1, d)
        return stretch(sequence, rows=tokens, columns=o.d_model).named("x")


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    o.check()
    check(o)
    own = tuple(KINDS[i] if i < len(KINDS) else f"class{i}" for i in range(o.classes))
    kinds = Labels("classes", o.labels or own)
    with page("", "Picture"):
        channels = [
            source("picture" if o.channels == 1 else f"channel{n}", numbers, role="input")
            for n, numbers in enumerate(pixels(o, weight, inputs), 1)
        ]
        rows = patches(channels, o.patch)
    with page("", "Input"):
        x = embedding(rows, weight, o)
    places = places_of(x.shape[0], weight, o)
    for n in range(1, o.layers + 1):
        with scope(f"layer{n}", f"Layer {n}"):
            x = block(x, weight, o, n, places, grouped_attention, plain_feed)
    with page("", "Output"):
        if o.norm_place != "post":
            x = norm(x, weight, "final_norm", o)
        with scope("", "logits", equation="x[class] W + b", column_equation="W x[class] + b"):
            logits = linear(x.rows(0, 1), weight, "class", Dim(o.classes, kinds)).named("logits", role="result")
        return Graph([softmax(divided(logits, o.temperature)).named("probabilities", role="result")], logits=logits)


def pixels(o: Options, weight: Weights, inputs: Inputs) -> Array:
    """The given picture, or small whole numbers from the seed. (channels, image, image)"""
    shape = (o.channels, o.image, o.image)
    if inputs.pixels is None:
        row = [crc32(place.encode())] if (place := current_scope().path) else []
        return np.random.default_rng([weight.seed, *shape, *row]).integers(0, 4, size=shape).astype(float)
    if inputs.pixels.shape != shape:
        raise ByhandError(
            f"The picture is {'×'.join(map(str, inputs.pixels.shape))} (channels × height × width), "
            f"but the model sees {'×'.join(map(str, shape))}: cut or scale the picture to that."
        )
    return inputs.pixels


ARCHITECTURE = Architecture(
    name="vit",
    title="ViT",
    family="encoder only",
    source="Dosovitskiy et al. 2021",
    about="says what a picture shows, whose patches it reads like words",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"channels": 3, "d_model": 6, "heads": 3, "layers": 2, "d_ff": 12},
        "large": {"image": 6, "channels": 3, "d_model": 8, "layers": 2, "d_ff": 16},
    },
    takes=frozenset({"pixels"}),
)
