"""The parts of a decoder-only model, as its options choose them; all models of the kind are made of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from byhand.core.graph import Dim, Node, page, scope, within
from byhand.core.ops import beside, sqrt
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.options import Options
from byhand.layers.attention import attend, attention_equations, join_heads
from byhand.layers.feed_forward import feed_forward, gated_feed_forward
from byhand.layers.linear import linear, residual
from byhand.layers.masks import attention_mask
from byhand.layers.norms import layer_norm, rms_norm
from byhand.layers.positions import Rotary, alibi, distances, relative_biases, rotary, rotate, scores_by_distance


@dataclass(frozen=True)
class PositionInfo:
    """What attention knows of positions, the same in every layer.

    masks: by kind of attention, (T, T); None where every word sees all. angles: of rotary positions, `global` and
    `local`. distance: of each key from each query, for ALiBi, (T, T). biases: of relative positions, added to the
    scores, (T, T) for each head.
    """

    masks: dict[str, Node | None]
    angles: Mapping[str, Rotary] = field(default_factory=dict)
    distance: Node | None = None
    biases: tuple[Node, ...] = ()


Attention = Callable[[Node, Weights, Any, int, PositionInfo], Node]
"""(x, weights, options, the layer's number, its positions) -> the heads of the layer, side by side. (T, heads * d_v)"""
Turn = tuple[str, Node | None]
"""A kind of head: how its title ends, and its mask."""
Feed = Callable[[Node, Weights, Any, int], Node]
"""(x, weights, options, the layer's number) -> the feed-forward of each word. (T, d) -> (T, d)"""


def position_info(tokens: Dim, weight: Weights, o: Options, padding: Node | None = None) -> PositionInfo:
    """Return masks, rotary angles, distances and biases; `padding` (1, T) is 0 at padding."""
    biases: tuple[Node, ...] = ()
    rotations = {o.rotation(layer) for layer in range(1, o.layers + 1)} if o.turning_share else set()
    angles: dict[str, Rotary] = {}
    with page("", "Relative positions" if o.positions == "relative" else "Positions"):
        if "global" in rotations:
            angles["global"] = rotary(tokens, o.angle_width, o.turning_share, o.theta, o.interleaved, o.scaling)
        distance = distances(tokens) if o.positions == "alibi" else None
        if o.positions == "relative":
            both_ways = o.attention == "full"
            biases = tuple(relative_biases(tokens, weight, o.heads, o.buckets, o.farthest, both_ways))
    if "local" in rotations:
        with page("local", "Positions in windows"):
            theta = o.local_theta or o.theta
            angles["local"] = rotary(tokens, o.angle_width, o.turning_share, theta, o.interleaved, o.local_scaling)
    kinds = dict.fromkeys(o.kind(layer) for layer in range(1, o.layers + 1))
    masks = {kind: attention_mask(kind, tokens, o.window) for kind in kinds}
    if padding is not None:
        with page("", "Padding"):
            masks = {kind: _combine_masks(mask, padding, kind) for kind, mask in masks.items()}
    return PositionInfo(masks, angles, distance, biases)


def _combine_masks(mask: Node | None, padding: Node, kind: str) -> Node:
    """Return 1 where a query may see a key that is not padding. (T, T), (1, T) -> (T, T)"""
    if mask is None:
        return padding
    with page("", "Words that are seen", equation="mask × padding"):
        return (mask * padding).named(f"{kind}_and_padding", role="mask")


def norm(x: Node, weight: Weights, name: str, o: Options) -> Node:
    """Return the layer norm or RMS norm of x. (T, d) -> (T, d)"""
    if o.norm == "layer":
        return layer_norm(x, weight, name, o.eps, o.norm_weights)
    return rms_norm(x, weight, name, o.eps, o.norm_from_one)


def query_or_key(
    letter: str, x: Node, weight: Weights, o: Options, turn: Rotary | None, gain: Node | None, whole: Node | None = None
) -> Node:
    """Return x W_Q or x W_K, normed and rotated if the options say so. (T, d) -> (T, d_k)

    gain: of a norm that heads share. whole: this head's columns of a table that is made for all heads together.
    """
    own = linear(x, weight, letter, o.d_k, o.attention_bias) if whole is None else whole
    y = own.named(letter)  # (T, d) @ (d, d_k) -> (T, d_k)
    if gain is not None:
        y = rms_norm(y, weight, f"{letter.lower()}_norm", o.eps, o.norm_from_one, gain)
    elif o.head_norm and o.norm_heads == "own":
        y = norm(y, weight, f"{letter.lower()}_norm", o)
    return y if turn is None else rotate(y, turn, letter)


def together(letter: str, x: Node, weight: Weights, o: Options, count: int) -> list[Node | None]:
    """Return the queries or keys of each of `count` heads, normed as one row of all. (T, d) -> count of (T, d_k)"""
    if not (o.head_norm and o.norm_heads == "together"):
        return [None] * count
    y = linear(x, weight, letter, count * o.d_k, o.attention_bias).named(f"{letter}_all")
    y = norm(y, weight, f"{letter.lower()}_norm", o)
    return [y.columns(n * o.d_k, (n + 1) * o.d_k) for n in range(count)]


def grouped_attention(
    x: Node,
    weight: Weights,
    o: Options,
    layer: int,
    info: PositionInfo,
    memory: Node | None = None,
    turns: Sequence[Turn] = (),
    source: str = "",
) -> Node:
    """Return the heads of a layer, which share keys and values in groups (Ainslie et al. 2023, figure 2).

    (T, d) -> (T, heads * d_k). Each head has its own page. With as many groups as heads it is multi-head attention:
    every head has its own keys and values. memory: (S, d), where keys and values come from; by default x.
    turns: the kinds of heads, in rotation (head 1 has the first); by default all heads are of the layer's kind.
    source: of the equation on the pages, if it is not the usual one.
    """
    kv_input = x if memory is None else memory
    gains = {name: _shared_gain(name, weight, o) for name in ("q_norm", "k_norm")}
    turn = info.angles.get(o.rotation(layer))
    with page("", "Queries and keys", equation="norm(x W_Q), norm(x W_K)"):
        queries = together("Q", x, weight, o, o.heads)
        keys = together("K", kv_input, weight, o, o.groups)

    def keys_and_values(group: int) -> tuple[Node, Node]:
        k = query_or_key("K", kv_input, weight, o, turn, gains["k_norm"], keys[group])
        return k, linear(kv_input, weight, "V", o.d_k, o.attention_bias).named("V")  # (T, d) @ (d, d_k) -> (T, d_k)

    shared = []
    for g in range(1, o.groups + 1 if o.groups < o.heads else 1):
        with page(f"group{g}", f"Keys and values {g}", equation="K = x W_K, V = x W_V"):
            shared.append(keys_and_values(g - 1))
    by_distance = None
    if o.distance_rows != "none":
        by_distance = weight("D", 2 * o.max_positions - 1, o.d_k)
    turns, outputs = turns or [("", info.masks[o.kind(layer)])], []
    for h in range(1, o.heads + 1):
        kind, mask = turns[(h - 1) % len(turns)]
        about = equations(o, layer, info, mask is not None) | ({"source": source} if source else {})
        with page(f"head{h}", f"Head {h}{kind}", **about):
            q = query_or_key("Q", x, weight, o, turn, gains["q_norm"], queries[h - 1])
            k, v = shared[(h - 1) * o.groups // o.heads] if shared else keys_and_values(h - 1)
            added = {"sink": weight("sink", 1, 1)} if o.sink else {}
            if by_distance is not None:
                added["bias"] = scores_by_distance(q, k, by_distance, o.distance_rows == "both") / sqrt(o.d_k)
            outputs.append(attend(q, k, v, mask, **scoring(o, layer, h, info) | added))
    return beside(*outputs)


def scoring(o: Options, layer: int, head: int, info: PositionInfo) -> dict[str, Any]:
    """Return the `scale`, `cap` and `bias` of a head's scores, as layers.attend takes them."""
    bias = None if info.distance is None else alibi(info.distance, head, o.heads)
    if bias is not None and o.divide_bias:
        bias = bias / sqrt(o.d_k)
    if info.biases:
        bias = info.biases[head - 1]
    return {"scale": o.divisor(layer), "cap": o.score_cap or None, "bias": bias}


def _shared_gain(name: str, weight: Weights, o: Options) -> Node | None:
    """Return the gain of the norm on queries or keys, which all heads of the layer share. (1, d_k)"""
    if not o.head_norm or o.norm_heads != "alike":
        return None
    with scope(name):
        return weight("gamma", 1, o.d_k, fill=0 if o.norm_from_one else 1)


def equations(o: Options, layer: int, info: PositionInfo, masked: bool) -> dict[str, str]:
    """Return the equation and source for the page of a head of this layer."""
    added, source = "", ""
    if info.biases:
        added, source = " + bias", "Raffel et al. 2020, section 2.1"
    elif info.distance is not None:
        added = " + m × distance / √d_k" if o.divide_bias else " + m × distance"
        source = "Press et al. 2022, section 3"
    divisor = o.divisor(layer)
    divided = " / √d_k" if divisor is None else "" if divisor == 1 else f" / {divisor:.4g}"
    return attention_equations(masked, divided, bool(o.score_cap), added, source, o.sink)


def plain_feed(x: Node, weight: Weights, o: Options, layer: int, d_ff: int = 0) -> Node:
    """Return the feed-forward, plain or gated; `d_ff` replaces the options'. (T, d) -> (T, d_ff) -> (T, d)"""
    network = gated_feed_forward if o.gated else feed_forward
    return network(x, weight, d_ff or o.d_ff, o.activation, bias=o.mlp_bias)


def block(
    x: Node, weight: Weights, o: Options, layer: int, info: PositionInfo, attention: Attention, feed: Feed
) -> Node:
    """Return x + attention(norm(x)), then x + ffn(norm(x)). (T, d) -> (T, d)

    norm_place: pre, post, both (before and after) or after (of what is added); parallel adds both branches at once.
    """
    with page("", "Norm"):
        y = _normed_before(x, weight, 1, o)
    z = attention(y, weight, o, layer, info)
    with page("", "Attention"):
        attention_out = normed_after(join_heads(z, weight, o.d_model, o.join_bias), weight, 1, o)
        if not o.parallel:
            x = _joined(y if o.residual_after_norm else x, attention_out, "residual", weight, 1, o)
    with page("", "Second norm" if o.feeds_apart(layer) else "Feed-forward") as place:
        if not (o.parallel and o.shared_norm):
            y = _normed_before(x, weight, 2, o)
    with page("", "Experts") if o.feeds_apart(layer) else within(place):
        ffn_out = normed_after(feed(y, weight, o, layer), weight, 2, o)
        if not o.parallel:
            return _joined(y if o.residual_after_norm else x, ffn_out, "output", weight, 2, o)
        with scope(
            "",
            "⊕ residual",
            equation="x + attention(x) + ffn(x)",
            source="Black et al. 2022, section 2.1",
            look=Look.SHOWN,
        ):
            total = (x + (attention_out + ffn_out)).named(
                "residual" if o.norm_place == "post" else "output", role="residual"
            )
        return norm(total, weight, "norm2", o).named("output") if o.norm_place == "post" else total


def _normed_before(x: Node, weight: Weights, n: int, o: Options) -> Node:
    """Return what the n-th branch of a layer reads, normed if norm_place is pre or both. (T, d) -> (T, d)"""
    return norm(x, weight, f"norm{n}", o) if o.norm_place in ("pre", "both") else x


def normed_after(change: Node, weight: Weights, n: int, o: Options) -> Node:
    """Return the n-th branch of a layer, normed if norm_place is both or after. (T, d) -> (T, d)"""
    return norm(change, weight, f"post_norm{n}", o) if o.norm_place in ("both", "after") else change


def _joined(x: Node, change: Node, name: str, weight: Weights, n: int, o: Options) -> Node:
    """Return x + change, normed afterwards if norm_place is post, as in 2017."""
    if o.norm_place != "post":
        return residual(x, change, name)
    return norm(residual(x, change, f"residual{n}"), weight, f"norm{n}", o).named("output" if n == 2 else f"norm{n}")


def attention_sublayer(
    x: Node, memory: Node | None, info: PositionInfo, weight: Weights, o: Options, n: int, layer: int = 1
) -> Node:
    """Return norm(x + MultiHead(x, memory, memory)); without a memory, of x itself. (T, d), (S, d) -> (T, d)"""
    with page("", "Norm"):
        y = _normed_before(x, weight, n, o)
    z = grouped_attention(y, weight, o, layer, info, memory)
    with page("", "Attention"):
        return add_and_norm(x, join_heads(z, weight, o.d_model, o.join_bias), weight, o, n)


def feed_sublayer(x: Node, weight: Weights, o: Options, n: int) -> Node:
    """Return norm(x + FFN(x)). (T, d) -> (T, d)"""
    with page("", "Feed-forward"):
        y = _normed_before(x, weight, n, o)
        return add_and_norm(x, plain_feed(y, weight, o, 1), weight, o, n).named("output")


def add_and_norm(x: Node, change: Node, weight: Weights, o: Options, n: int) -> Node:
    """Return x + change, normed afterwards if norm_place is post. (T, d) -> (T, d)"""
    x = residual(x, normed_after(change, weight, n, o), f"residual{n}")
    return norm(x, weight, f"norm{n}", o) if o.norm_place == "post" else x
