"""Two attention-only layers, set by hand, that copy a repeated pattern (Elhage et al. 2021; Olsson et al. 2022)."""

from dataclasses import dataclass
from typing import Any

from byhand.graph import Node, page, scope
from byhand.labels import Labels, token_ids
from byhand.layers import attend, attention_equations, causal_mask, embed, position_column, residual, softmax
from byhand.models.architecture import Architecture, Graph, Inputs, example
from byhand.models.generate import next_word, write
from byhand.models.hand_set import letter, tables_of
from byhand.models.vocabulary import Vocabularies
from byhand.ops import lookup
from byhand.weights import Weights


@dataclass(frozen=True)
class Options:
    vocab: int = 3
    max_positions: int = 6


def head(x: Node, layer: int, about: str, w: dict[str, Node], mask: Node) -> Node:
    """x + softmax(Q Kᵀ) V W_O: one head a layer, whose scores are not scaled. (T, d) -> (T, d)"""
    name, title = f"layer{layer}", f"Layer {layer}"
    products, column_products = "x W_Q, x W_K, x W_V", "W_Q x, W_K x, W_V x"
    with page(name, f"{title}: Q, K, V"), scope("", "Q, K, V", equation=products, column_equation=column_products):
        q, k, v = ((x @ w[f"{name}.W_{part}"]).named(part) for part in "QKV")  # (T, d) @ (d, k) -> (T, k)
    with page(name, f"{title}: {about}", **attention_equations(True, divided="")):
        z = attend(q, k, v, mask, scale=1)
    with page(name, f"{title}: written"):
        return residual(x, (z @ w[f"{name}.W_O"]).named("written"), "output")  # (T, V) @ (V, d) -> (T, d)


def forward(ids: Node, vocabulary: Labels, w: dict[str, Node]) -> tuple[Node, Node, Node]:
    """Words to the logits and probabilities of the word after each, and the next word. (T, 1) -> 2 (T, V), (1, 1)"""
    with page("", "Input"):
        words = embed(w["E"], ids, "words")
        with scope("", "+ positions", equation="E[word] + P[position]"):
            x = (words + lookup(w["P"], position_column(ids.shape[0]))).named("x")
    mask = causal_mask(ids.shape[0])
    x = head(x, 1, "before", w, mask)
    x = head(x, 2, "after", w, mask)
    with page("", "Output"):
        with scope("", "logits", equation="x W_U", column_equation="W_U x"):
            logits = (x @ w["W_U"]).named("logits", role="result")  # (T, d) @ (d, V) -> (T, V)
        return logits, softmax(logits).named("probabilities", role="result"), next_word(logits, vocabulary)


def vocabularies(o: Any) -> tuple[Labels, ...]:
    return (Labels("vocabulary", tuple(letter(n) for n in range(o.vocab))),)


def build(o: Options, weight: Weights, inputs: Inputs, vocabularies: Vocabularies = vocabularies) -> Graph:
    (vocabulary,) = vocabularies(o)
    room = o.max_positions - inputs.generate + 1
    ids = token_ids("ids", inputs.ids or example([2, 0, 1, 2, 0], o.vocab, room), vocabulary)
    tables = tables_of(o, vocabulary)
    return write(lambda ids: forward(ids, vocabulary, tables), ids, vocabulary, inputs)


ARCHITECTURE = Architecture(
    name="induction-head",
    title="An induction head",
    family="looking inside",
    source="Elhage et al. 2021",
    about="two heads set by hand: one marks the word before, one copies",
    options=Options,
    build=build,
    sizes={
        "small": {},
        "medium": {"vocab": 5, "max_positions": 10},
        "large": {"vocab": 10, "max_positions": 16},
    },
    takes=frozenset({"ids", "generate"}),
    vocabularies=vocabularies,
)
