"""What a cache holds, by the papers' formulas, and what a comparison counts, by hand and from the shapes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from byhand.cli.main import main
from byhand.core.arithmetic.counts import work
from byhand.core.graph import toposort
from byhand.lessons.build import build
from byhand.lessons.comparison import compare
from byhand.lessons.recipe import Recipe

STEPS = 4
PROMPT = 3


def kept(model: str, **size: Any) -> list[int]:
    """How many numbers each step has from the cache, its own word's among them."""
    made = build(Recipe(model, size=size, ids=[0, 1, 2], generate=STEPS, cache=True)).numbers()
    assert np.abs(made["cache.differences"]).max() < 1e-10
    return [int(n) for n in made["cache.numbers_kept"][:, 0]]


WORDS = range(PROMPT + 1, PROMPT + STEPS)


@pytest.mark.parametrize(
    ("model", "size", "numbers"),
    [
        ("gpt2", {"d_model": 6, "heads": 3, "layers": 2}, [2 * 6 * 2 * t for t in WORDS]),
        ("bloom", {"layers": 2}, [2 * 4 * 2 * t for t in WORDS]),
        ("llama", {"heads": 4, "kv_heads": 2, "d_model": 8}, [2 * 2 * 2 * t for t in WORDS]),
        ("llama", {"heads": 4, "kv_heads": 1, "d_model": 8, "layers": 2}, [2 * 2 * 2 * t for t in WORDS]),
        ("gemma", {"kv_heads": 1, "head_dim": 6}, [2 * 6 * t for t in WORDS]),
        ("mistral", {}, [2 * 2 * min(t, 2) for t in WORDS]),
        ("mistral", {"window": 5, "layers": 2}, [2 * 2 * 2 * min(t, 5) for t in WORDS]),
        ("mistral", {"window": 1}, [2 * 2] * (STEPS - 1)),
        ("gemma2", {"window": 3}, [2 * 4 * (min(t, 3) + t) for t in WORDS]),
        ("deepseek", {}, [(2 + 2) * t for t in WORDS]),
        ("deepseek", {"latent": 3, "turning": 4, "heads": 4, "layers": 2}, [(3 + 4) * 2 * t for t in WORDS]),
        ("deepseek", {"attention": "window", "window": 2}, [(2 + 2) * 2] * (STEPS - 1)),
        ("mixtral", {}, [2 * 2 * t for t in WORDS]),
        ("rnn", {"d_model": 5, "layers": 2}, [2 * 5] * (STEPS - 1)),
        ("lstm", {"d_model": 5}, [2 * 5] * (STEPS - 1)),
        ("mamba", {"d_inner": 5, "d_state": 3, "d_conv": 3}, [5 * 3 + 2 * 5] * (STEPS - 1)),
    ],
)
def test_the_papers_formula(model: str, size: dict[str, Any], numbers: list[int]) -> None:
    """Keys and values of each layer; of a window, only its words (Jiang et al. 2023, section 2); of multi-head latent
    attention, the latent and the key that turns (DeepSeek-V2, table 1); of a state, the same for any text."""
    assert kept(model, **size) == numbers


def counted(model: str, **size: Any) -> tuple[list[int], list[int], list[int], list[int]]:
    """The numbers kept, and the multiplications with the cache, without it and saved, for each step."""
    made = build(Recipe(model, size=size, ids=[0, 1, 2], generate=6, cache=True)).numbers()
    assert np.abs(made["cache.differences"]).max() < 1e-10
    names = ("numbers_kept", "with", "without", "saved")
    kept, alone, whole, saved = ([int(n) for n in made[f"cache.{name}"][:, 0]] for name in names)
    return kept, alone, whole, saved


LONGER = range(PROMPT + 1, PROMPT + 6)
NEAR_WORDS = {
    "strided": lambda t, stride: min(t, stride + 1),
    "fixed": lambda t, stride: (t - 1) % stride + 1,
}
"""How many words the last of t words sees near by: up to a stride back, or in its block (Child et al. 2019, 4.2)."""


@pytest.mark.slow
@pytest.mark.parametrize("pattern", NEAR_WORDS)
@pytest.mark.parametrize("stride", [2, 3])
def test_far_words_are_kept_and_near_ones_are_dropped(pattern: str, stride: int) -> None:
    """One head sees near words, and keeps no others; the other comes back to every word or may do so, and keeps all.

    Counted by hand for d = 4, a width of heads of 2, f = 8 and v = 8: each key that is met costs a product of two
    numbers, a division by √d_k, one by the total, and two products with its value.
    """
    kept, alone, whole, saved = counted("sparse-transformer", pattern=pattern, stride=stride)
    met = [NEAR_WORDS[pattern](t, stride) + t for t in LONGER]
    assert kept == [2 * 2 * keys for keys in met]
    d, f, v = 4, 8, 8
    others = 3 * (3 * d + 2) + 4 * d * d + 2 * d * f + (4 * f + 1) + d * v
    assert alone == [others + keys * (2 * 2 + 2) for keys in met]
    assert saved == [all_of_it - new for all_of_it, new in zip(whole, alone, strict=True)]


@pytest.mark.parametrize("stride", [2, 3])
def test_a_strided_head_keeps_every_word(stride: int) -> None:
    """A word that is out of sight comes back when it is whole strides away: all are kept, and all are met."""
    strided = counted("mistral", attention="strided", window=stride)
    assert strided[0] == [2 * 2 * t for t in LONGER]
    assert strided == counted("mistral", attention="causal")
    near = counted("mistral", attention="window", window=stride)
    each = 2 * (2 * 2 + 2)
    assert [a - b for a, b in zip(strided[1], near[1], strict=True)] == [each * (t - stride) for t in LONGER]


def test_an_encoders_words_are_kept_once() -> None:
    """Keys and values of the decoder's words, and of the three that were read."""
    assert kept("transformer") == [2 * 4 * t + 2 * 4 * 3 for t in WORDS]


def test_deepseek_computes_no_key_and_no_value_again() -> None:
    """W_UK is absorbed into the query and W_UV comes after the sum (DeepSeek-V2, section 2.1.2)."""
    made = build(Recipe("deepseek", generate=2, cache=True))
    names = [name.removeprefix("step2.cached.") for name in made.tables if name.startswith("step2.cached.")]
    assert {"layer1.latent.c_KV_all", "layer1.latent.K_R_rotated_all", "layer1.head1.Z_latent"} <= set(names)
    assert not [name for name in names if name.rpartition(".")[2] in ("K_C", "K", "V", "K_all", "V_all")]
    tables, at = made.numbers(), "step2.cached.layer1.head1."
    up = tables["layer1.head1.W_UK"]
    keys = np.hstack(
        [tables["step2.cached.layer1.latent.c_KV_all"] @ up, tables["step2.cached.layer1.latent.K_R_rotated_all"]]
    )
    np.testing.assert_allclose(tables[f"{at}scores"], tables[f"{at}Q"] @ keys.T, rtol=0, atol=1e-12)


def test_words_out_of_sight_are_not_met() -> None:
    made = build(Recipe("mistral", generate=3, cache=True, size={"window": 2}))
    assert made.table("step3.cached.layer1.head1.scores").shape == (1, 2)
    assert made.table("step3.cached.layer1.group1.V_seen").shape[0] == 2


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_transformer_xl_remembers_a_segment_that_it_has_left(layers: int) -> None:
    """A new segment costs as much each time: what the layers made of the last one is there (Dai et al. 2019, 3.2)."""
    tables = build(Recipe("transformer-xl", size={"layers": layers}, generate=6, cache=True)).numbers()
    cost = tables["cache.with"][:, 0].tolist()
    assert cost[0] == cost[2] == cost[4]
    assert cost[1] == cost[3]
    assert np.abs(tables["cache.differences"]).max() < 1e-10


def test_switch_says_that_its_room_grows() -> None:
    page = build(Recipe("switch", generate=3, cache=True)).table("cache.saved").page
    assert page is not None
    assert "capacity grows with the text" in page.equation
    quiet = build(Recipe("mixtral", generate=3, cache=True)).table("cache.saved").page
    assert quiet is not None
    assert quiet.equation == "saved = without − with"


def test_the_difference_names_both() -> None:
    node = build(Recipe("gpt2", generate=2, cache=True)).table("step2.cached.apart")
    assert [a.symbol for a in node.args] == ["with_cache", "without_cache"]


# Comparisons

NORM = {"layer": 2, "rms": 1}


def decoder(v: int, d: int, h: int, g: int, d_k: int, f: int, **o: Any) -> int:
    """The numbers in the weights of a decoder-only model of one layer, from the shapes in its paper."""
    bias = o.get("bias", False)
    attention = d * d_k * (h + 2 * g) + h * d_k * d + bias * ((h + 2 * g) * d_k + d)
    feed = (3 if o.get("gated") else 2) * d * f + bias * (f + d)
    norms = NORM[o.get("norm", "layer")] * d * 3
    return v * d * (1 if o.get("tied") else 2) + o.get("places", 0) * d + attention + feed + norms


PARAMETERS = {
    "gpt2": decoder(8, 4, 2, 2, 2, 8, bias=True, tied=True, places=8),
    "llama": decoder(8, 4, 2, 1, 2, 8, gated=True, norm="rms"),
    "mistral": decoder(8, 4, 2, 1, 2, 8, gated=True, norm="rms"),
    "bloom": decoder(8, 4, 2, 2, 2, 8, bias=True, tied=True) + 2 * 4,  # a norm of the embeddings
    "gpt-neox": decoder(8, 8, 2, 2, 4, 8, bias=True),
    "rnn": 8 * 3 + 3 * 3 + 3 * 3 + 3 + 3 * 8 + 8,
    "lstm": 8 * 3 + 4 * (3 * 3 + 3 * 3 + 3) + 3 * 8 + 8,
}
"""The RNNs have an embedding of 3, a state of 3, and an output layer with a bias."""


@pytest.mark.parametrize("model", PARAMETERS)
def test_parameters_are_those_of_the_shapes(model: str) -> None:
    ((_, cost), _) = compare((model, "softmax"))
    assert cost.parameters == PARAMETERS[model]


def test_multiplications_counted_by_hand() -> None:
    """Of GPT-2 and of an RNN with four words: products and quotients of two numbers."""
    t, d, h, f, v = 4, 4, 2, 8, 8
    norms = 3 * t * (3 * d + 2)  # a square, a quotient and a gain for each number, and two means, in three norms
    attention = 4 * t * d * d + 2 * t * t * d + 2 * h * t * t  # Q K V O; scores and Z; / √d_k and / total
    gelu = 4 * t * f + 1  # 0.044715 x³, √(2/π) ×, 0.5 x, × (1 + tanh); 2 / π once
    counted = norms + attention + 2 * t * d * f + gelu + t * d * v
    rnn = t * (3 * 3 + 3 * 3) + t * 3 * 8
    (_, gpt2), (_, found) = compare(("gpt2", "rnn"))
    assert (gpt2.words, gpt2.multiplications, found.multiplications) == (4, counted, rnn)
    alone = norms // t + 4 * d * d + 2 * 5 * d + 2 * h * 5 + 2 * d * f + 4 * f + d * v
    assert (gpt2.cached, found.cached) == (alone + 1, 3 * 3 + 3 * 3 + 3 * 8)


def test_what_is_beside_the_result_is_not_counted() -> None:
    """Of linear attention its sums: not the exact attention, nor the recurrence, that they are held against."""
    ((_, cost), (_, exact)) = compare(("linear-attention", "attention"))
    t, d, k = 4, 4, 2
    assert (cost.words, exact.words) == (t, t)
    assert exact.multiplications == 3 * t * d * k + 2 * t * t * k + 2 * t * t
    everything = work(toposort(build(Recipe("linear-attention", size={"tokens": t})).graph.outputs)).multiplications
    assert cost.multiplications < everything


def said(*names: str) -> dict[str, list[str]]:
    result = CliRunner().invoke(main, ["models", "--compare", *names])
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()[1:] if line]
    return {line[0]: line[1:] for line in lines}


def test_what_is_as_usual_is_said_in_full() -> None:
    assert said("gpt2", "llama")["kv_heads"] == ["2", "1"]
    assert "head_dim" not in said("gpt2", "t5")
    assert said("gemma2", "gpt2")["score_cap"] == ["50.0", "none"]
    assert said("t5", "transformer")["score_scale"] == ["1.0", "√d_k"]


def test_what_does_nothing_is_not_said() -> None:
    """A window belongs to attention with one, θ to rotary positions; not to have a switch is to have it off."""
    assert said("mistral", "gpt2")["window"] == ["2", "–"]
    assert "window" not in said("llama", "gpt2")
    assert said("llama", "gpt2")["theta"] == ["10000.0", "–"]
    assert "theta" not in said("bloom", "gpt2")
    assert not {"scale_scores", "scale_by_layer", "two_biases"} & (said("gpt2", "llama") | said("rnn", "lstm")).keys()


def test_words_are_those_of_both() -> None:
    """A picture has none, and a part takes as many as the model beside it."""
    assert said("gpt2", "vit")["multiplications"][:3] == ["1,129", "(4", "words)"]
    assert said("gpt2", "attention")["multiplications"][:2] == ["(4", "words)"]


def test_a_model_with_its_options() -> None:
    lines = CliRunner().invoke(main, ["models", "llama"]).output.splitlines()
    found = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ")}
    assert found["kv_heads"] == ["1"]
    assert found["head_dim"] == ["0", "(2)"]
    assert found["positions"] == ["rotary", "or", "sinusoidal,", "learned,", "alibi,", "relative,", "none"]
    assert found["window"][0] == "2"
    assert "(of no use with the other options)" in next(line for line in lines if line.startswith("  window"))
    assert lines[-1] == "Build it: byhand workbook llama"
    told = json.loads(CliRunner().invoke(main, ["models", "llama", "--json"]).output)
    assert (told["name"], told["takes"]) == ("llama", ["--ids", "--prompt", "--generate"])
