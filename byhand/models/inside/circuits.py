"""The QK and OV circuits of an attention-only model's heads, as tables of words (Elhage et al. 2021)."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from byhand.core.graph import Dim, Node, Scope, page, scope
from byhand.core.labels import Labels
from byhand.core.ops import beside, sqrt, stretch
from byhand.core.roles import Look
from byhand.core.weights import Weights
from byhand.language.architecture import Architecture, Graph, Inputs
from byhand.models.inside import induction
from byhand.models.inside.induction import tables_of

PLACE = "Elhage et al. 2021"
PAIRS = f"{PLACE}, two-layer models"
SHARE = "|A B| / (|A| |B|)"


@dataclass(frozen=True)
class Options:
    vocab: int = 3
    max_positions: int = 3


@dataclass(frozen=True)
class Head:
    """A head's matrices, and for each word its query (V, k) and the head's output for it (V, d)."""

    w_k: Node
    w_qk: Node
    w_ov: Node
    asked: Node
    written: Node
    tables: list[Node]


def circuits(layer: int, about: str, w: Mapping[str, Node]) -> Head:
    """Return a head's circuits: attention between words, E W_QK Eᵀ, and its effect on the logits, E W_OV W_U."""
    w_q, w_k, w_v, w_o = (w[f"layer{layer}.W_{x}"] for x in "QKVO")
    e, p = w["E"], w["P"]

    def part(title: str) -> AbstractContextManager[Scope]:
        return page(f"layer{layer}", f"Layer {layer} ({about}): {title}", source=f"{PLACE}, one-layer models")

    with part("QK of words"), scope("", "QK circuit of words", equation="(E W_Q) (E W_K)ᵀ"):
        asked, offered = (e @ w_q).named("asked"), (e @ w_k).named("offered")  # (V, d) @ (d, k) -> (V, k)
        words = (asked @ offered.T).named("QK", role="scores")  # (V, k) @ (k, V) -> (V, V)
    with part("QK of places"), scope("", "QK circuit of places", equation="(P W_Q) (P W_K)ᵀ"):
        here, there = (p @ w_q).named("asked_there"), (p @ w_k).named("offered_there")  # (P, d) @ (d, k) -> (P, k)
        places = (here @ there.T).named("QK_places", role="scores")  # (P, k) @ (k, P) -> (P, P)
    with part("OV"), scope("", "OV circuit", equation="E W_V W_O W_U"):
        written = ((e @ w_v).named("taken") @ w_o).named("written")  # (V, v) @ (v, d) -> (V, d)
        ov = (written @ w["W_U"]).named("OV", role="result")  # (V, d) @ (d, V) -> (V, V)
    with part("matrices"), scope("", "whole matrices", equation="W_Q W_Kᵀ, W_V W_O"):
        w_qk, w_ov = (w_q @ w_k.T).named("W_QK"), (w_v @ w_o).named("W_OV")  # (d, k) @ (k, d) -> (d, d)
    return Head(w_k, w_qk, w_ov, asked, written, [words, places, ov, w_qk])


def size(x: Node, name: str) -> Node:
    """Return the Frobenius norm: the root of the sum of all squares. (m, n) -> (1, 1)"""
    return sqrt((x * x).sum(1).named(f"squares_{name}").sum(0)).named(f"size_{name}")


def composition(first: Head, second: Head) -> Node:
    """Return how strongly the second head's Q, K or V reads the first one's output: |A B| / (|A| |B|). -> (1, 3)"""
    pairs = {"Q": (first.w_ov, second.w_qk), "K": (second.w_qk, first.w_ov.T), "V": (first.w_ov, second.w_ov)}
    with page("", "Sizes", equation="|A| = √ Σ a²"):
        ov, qk, last = size(first.w_ov, "OV_1"), size(second.w_qk, "QK_2"), size(second.w_ov, "OV_2")
    whole, shares = {"Q": ov * qk, "K": qk * ov, "V": ov * last}, []
    for name, (a, b) in pairs.items():
        with page("", f"{name}-composition", source=PAIRS), scope("", f"{name}-composition", equation=SHARE):
            product = size((a @ b).named(f"product_{name}"), name)  # (d, d) @ (d, d) -> (d, d)
            shares.append((product / whole[name]).named(f"by_{name}"))
    with page("", "Composition", equation="how much each way carries", source=PAIRS):
        names = Labels("composition", tuple(f"by {name}" for name in pairs))
        return stretch(beside(*shares), rows=1, columns=Dim(3, names)).named("composition", role="result")


def build(o: Options, weight: Weights, inputs: Inputs) -> Graph:
    (words,) = induction.vocabularies(o)
    w = tables_of(o, words, Labels("places", tuple(f"place {n + 1}" for n in range(o.max_positions))))
    first, second = circuits(1, "before", w), circuits(2, "after", w)
    with page(
        "",
        "Through both heads",
        equation="(E W_Q²) (E W_OV¹ W_K²)ᵀ",
        source=f"{PLACE}, K-composition",
        look=Look.ATTENTION,
    ):
        offered = (first.written @ second.w_k).named("offered_through")  # (V, d) @ (d, k) -> (V, k)
        through = (second.asked @ offered.T).named("QK_through", role="scores")  # (V, k) @ (k, V) -> (V, V)
    return Graph([composition(first, second), through, *first.tables, *second.tables])


ARCHITECTURE = Architecture(
    name="circuits",
    title="Circuits",
    family="looking inside",
    source="Elhage et al. 2021",
    about="what two heads read and write, and how they work together",
    options=Options(),
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 4, "max_positions": 4},
        "large": {"vocab": 6, "max_positions": 6},
    },
)
