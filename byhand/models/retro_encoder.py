"""RETRO's encoder: a chunk's neighbours, each seeing itself and the chunk that found it (Borgeaud et al. 2022)."""

from dataclasses import replace
from typing import Any

import numpy as np

from byhand.graph import Dim, Node, page, scope, source
from byhand.models.blocks import Places, places_of
from byhand.models.language_model import embedding
from byhand.models.neighbours import Chunk
from byhand.models.transformer import attention, feed
from byhand.weights import Weights


def encoder_places(weight: Weights, o: Any) -> Places:
    """The neighbours of a chunk stand below each other, but each sees itself alone."""
    length = 2 * o.chunk
    places = places_of(Dim(o.read * length), weight, replace(o, attention="full", layer_kinds=()))
    own = np.arange(o.read * length) // length
    return replace(places, masks={"full": source("own", own[:, None] == own, role="mask") if o.read > 1 else None})


def encoded(chunk: Chunk, h: Node, table: Node, places: Places, weight: Weights, o: Any) -> Node:
    """The neighbours as the decoder reads them: they see themselves, and the chunk that found them (algorithm 1).

    (m, d) -> (k * 2m, d)
    """
    o = replace(o, attention="full", layer_kinds=())
    with page("", "Input"):
        place = np.tile(np.arange(2 * o.chunk), o.read)[:, None]
        x = embedding(table, chunk.neighbours, weight, o, "P", place)
        h.shape = (chunk.words.shape[0], h.shape[1])
        h.named("H")
    for n in range(1, o.encoder_layers + 1):
        with scope(f"layer{n}", f"Layer {n}" if o.encoder_layers > 1 else ""):
            with scope("self", "Self"):
                x = attention(x, None, places, weight, o, 1)
            with scope("cross", "Cross"):
                x = attention(x, h, Places({"full": None}), weight, o, 2)
            x = feed(x, weight, o, 3)
    return x
