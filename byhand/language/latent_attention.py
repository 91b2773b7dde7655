"""Multi-head latent attention (DeepSeek-AI 2024, section 2.1.1): keys and values from one small latent row a word.

Letters as in the paper: D projects down to a latent, U up from it; R is the rotary part, C the other part.
"""

from __future__ import annotations

from typing import Any

from byhand.core.graph import Node, page
from byhand.core.ops import beside
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.blocks import PositionInfo
from byhand.layers.attention import attend
from byhand.layers.linear import linear
from byhand.layers.norms import rms_norm
from byhand.layers.positions import rotate

LATENT = "DeepSeek-AI 2024, section 2.1.1"


def latent_attention(x: Node, weight: Weights, o: Any, layer: int, info: PositionInfo) -> Node:
    """Return the heads of multi-head latent attention (equations 1 to 11). (T, d) -> (T, heads * value_dim)"""
    for_latents = "the same for the norms of latents"
    own_eps = o.eps if o.latent_eps == o.eps else weight.constant("latent_eps", o.latent_eps, for_latents)

    def latent(name: str, width: int) -> Node:
        down = linear(x, weight, f"D{name}", width, o.attention_bias).named(f"D{name}")
        return rms_norm(down, weight, f"c_{name}", own_eps).with_role("latent")

    with page("latent", "Latents", equation="c = norm(x W_D), K_R = x W_KR", source=LATENT):
        c_q = latent("Q", o.query_latent) if o.query_latent else x
        c_kv = latent("KV", o.latent)
        k_r = turned("K_R", linear(x, weight, "KR", o.turning, o.attention_bias), info, o.rotation(layer))
    mask, outputs = info.masks[o.kind(layer)], []
    for h in range(1, o.heads + 1):
        with page(f"head{h}", f"Head {h}", **blocks.equations(o, layer, info, mask is not None)):
            q_c = linear(c_q, weight, "UQ", o.head_dim, bias=False).named("Q_C")
            q_r = turned("Q_R", linear(c_q, weight, "QR", o.turning, bias=False), info, o.rotation(layer))
            k_c = linear(c_kv, weight, "UK", o.head_dim, bias=False).named("K_C")
            v = linear(c_kv, weight, "UV", o.value_dim, bias=False).named("V")
            q, k = beside(q_c, q_r).named("Q"), beside(k_c, k_r).named("K")  # (T, head_dim + turning)
            outputs.append(attend(q, k, v, mask, **blocks.scoring(o, layer, h, info)))
    return beside(*outputs)


def turned(name: str, x: Node, info: PositionInfo, rotation: str) -> Node:
    """Return the rotary part of a query or key. (T, turning) -> (T, turning)"""
    named, angles = x.named(name), info.angles.get(rotation)
    return named if angles is None else rotate(named, angles, name)
