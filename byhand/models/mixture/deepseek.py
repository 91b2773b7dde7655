"""DeepSeek-V3 (DeepSeek-AI 2024): keys and values from one small latent, and experts with a shared one."""

from functools import partial

from byhand.core.graph import Node, page, scope
from byhand.core.weights import Weights
from byhand.language import blocks
from byhand.language.decoder_only import decoder_only
from byhand.language.latent_attention import latent_attention
from byhand.language.mixtures import build_mixture
from byhand.language.options import Options, variant
from byhand.layers.experts import best_scores, experts_of, load_of, mixture, route, scale_gates
from byhand.models.decoder import llama

EXPERTS = "DeepSeek-AI 2024, section 2.1.2"


DEEPSEEK = variant(
    llama.LLAMA,
    without="kv_heads rotary_share head_norm",
    head_dim=2,
    turning=2,
    value_dim=2,
    query_latent=3,
    latent=2,
    latent_eps=1e-6,
    experts=4,
    chosen=2,
    shared=1,
    expert_groups=1,
    groups_chosen=1,
    normed_gates=True,
    gate_scale=2.5,
    expert_d_ff=4,
    dense_layers=0,
    interleaved=True,
    eps=1e-6,
)
"""The differences from Llama.

query_latent: the width of the queries' latent, 0 if they come from x itself. head_dim: of the part of a query without
rotary positions; turning: of the rotary part; value_dim: of a value. dense_layers: the number of first layers with one
feed-forward. expert_groups, groups_chosen: experts are chosen within the best groups. gate_scale: the sum of the gates.
"""


def feed(x: Node, weight: Weights, o: Options, layer: int, also: list[Node]) -> Node:
    """Return the sum of the shared expert and the chosen ones (equations 12 to 16). (T, d) -> (T, d)"""
    if not o.feeds_apart(layer):
        return blocks.plain_feed(x, weight, o, layer)
    with page("", "Router"):
        bias = weight("b_router", 1, experts_of(o.experts), fill=0).with_role("given")  # moved by the load, not learnt
        logits = route(x, weight, o.experts, EXPERTS)
        gates, chosen = best_scores(logits, bias, o.chosen, o.expert_groups, o.groups_chosen)
        gates = scale_gates(gates, o.normed_gates, o.gate_scale)
        also.append(load_of(chosen))

    def expert(x: Node) -> Node:
        return blocks.plain_feed(x, weight, o, layer, o.expert_d_ff)

    with page("shared", "Shared expert"):
        always = blocks.plain_feed(x, weight, o, layer, o.expert_d_ff * o.shared) if o.shared else None
    mixed = mixture(x, gates, expert, "mixed" if o.shared else "ffn", EXPERTS)
    if always is None:
        return mixed
    with scope("", "shared and chosen", equation="shared(x) + Σ gate × FFN(x)", source=EXPERTS):
        return (always + mixed).named("ffn")


ARCHITECTURE = decoder_only(
    name="deepseek",
    title="DeepSeek-V3",
    source="DeepSeek-AI 2024",
    about="keys and values from a small latent, a shared expert and chosen ones",
    options=DEEPSEEK,
    seed=7676,
    build=partial(build_mixture, feed, attention=latent_attention),
    sizes={
        "small": {},
        "medium": {"d_model": 6, "layers": 2, "dense_layers": 1, "d_ff": 8},
        "large": {
            "vocab": 12,
            "d_model": 8,
            "layers": 2,
            "dense_layers": 1,
            "d_ff": 12,
            "experts": 6,
            "expert_groups": 2,
            "expert_d_ff": 6,
        },
    },
)
