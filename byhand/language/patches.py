"""A picture as rows: it is cut into patches, which are read like words."""

from __future__ import annotations

from math import isqrt
from typing import Any
from zlib import crc32

import numpy as np

from byhand.core.graph import Array, Dim, Node, current_scope, scope
from byhand.core.labels import Labels
from byhand.core.ops import below, beside
from byhand.core.weights import Weights
from byhand.errors import ByhandError
from byhand.language.architecture import MOST_NUMBERS, Inputs

MOST_LINES = 20_000
"""The most lines of pixels in all patches."""


def check_patches(o: Any) -> None:
    """Raise ByhandError if a patch does not fit into the picture, or there are too many patches."""
    count = (o.image // o.patch) ** 2
    most = min(MOST_LINES // (o.patch * o.channels), isqrt(MOST_NUMBERS // (o.heads * max(o.layers, 1))))
    if not 1 <= count <= most:
        raise ByhandError(
            f"A picture of {o.image}×{o.image} has {count:,} patches of {o.patch}×{o.patch}: "
            f"choose sizes that make at least 1, and at most {most:,}."
        )


def patches(picture: list[Node], size: int) -> Node:
    """Return the patches of size × size as rows: line by line, channel by channel. C of (H, W) -> (N, C * size^2)"""
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


def pixels(o: Any, weight: Weights, inputs: Inputs) -> Array:
    """Return the given picture, or small whole numbers from the seed. (channels, image, image)"""
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
