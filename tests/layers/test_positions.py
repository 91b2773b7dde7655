"""Rotary positions, ALiBi and masks: their papers' equations, and the laws for which they were made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.decoder_oracles import slopes
from support.examples import examples

from byhand.core.graph import Array, Dim, fold, source
from byhand.layers.attention import attend
from byhand.layers.masks import MASKS, attention_mask, causal_mask, strided_mask, window_mask
from byhand.layers.positions import Scaling, alibi, distances, position_column, rotary, rotate, sinusoidal, slope
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe

few = examples(25)


def value(node: Any) -> Array:
    return fold([node])[node]


def table(data: Any, name: str = "Q") -> Any:
    return source(name, data, "input")


def turned(x: Array, **how: Any) -> Array:
    tokens, width = x.shape
    return value(rotate(table(x), rotary(Dim(tokens), width, how.pop("turned", width), **how), "Q"))


widths = st.sampled_from([2, 4, 6])


@pytest.mark.parametrize("width", range(1, 8))
def test_sines_and_cosines_of_any_width(width: int) -> None:
    """Of an odd width one sine more than cosines: by turns as in the paper, or in halves as Marian's are."""
    rates = [10000 ** (-2 * i / width) for i in range((width + 1) // 2)]
    sines = [[math.sin(row * rate) for rate in rates] for row in range(5)]
    cosines = [[math.cos(row * rate) for rate in rates[: width // 2]] for row in range(5)]
    halves = value(sinusoidal(position_column(Dim(5)), width, halves=True))
    np.testing.assert_allclose(halves, np.hstack([sines, cosines]), rtol=0, atol=1e-12)
    turns = value(sinusoidal(position_column(Dim(5)), width))
    np.testing.assert_allclose(turns[:, ::2], sines, rtol=0, atol=1e-12)
    np.testing.assert_allclose(turns[:, 1::2], np.reshape(cosines, (5, width // 2)), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("whole", "pairs"), [(True, (20, 46)), (False, (20.9444, 45.0269))])
def test_yarn_slows_the_pairs_of_llama_2_as_published(whole: bool, pairs: tuple[float, float]) -> None:
    """Of 128 features and 4,096 words: 64 ln(4096 / (32 · 2π)) / ln 10000, and with 1 for 32 (Peng et al. 2023)."""
    scaling = Scaling("yarn", 16.0, low=1.0, high=32.0, original=4096, whole=whole)
    assert scaling.pairs(128, 10000.0) == pytest.approx(pairs, abs=1e-4)


@few
@given(seed=st.integers(0, 999), width=widths, interleaved=st.booleans(), rest=st.sampled_from([0, 2]))
def test_rotary_scores_depend_on_the_distance_alone(seed: int, width: int, interleaved: bool, rest: int) -> None:
    """The same query and key at every place: q_m · k_n is a function of m - n."""
    draw = np.random.default_rng(seed)
    q, k = (np.repeat(draw.normal(size=(1, width + rest)), 6, axis=0) for _ in range(2))
    how = {"theta": 100.0, "interleaved": interleaved, "turned": width}
    scores = turned(q, **how) @ turned(k, **how).T
    for distance in range(-5, 6):
        along = np.diagonal(scores, distance)
        np.testing.assert_allclose(along, along[0], rtol=0, atol=1e-12)
    assert np.ptp(scores) > 0


@few
@given(seed=st.integers(0, 999), interleaved=st.booleans())
def test_rotary_turns_each_pair_as_a_complex_number(seed: int, interleaved: bool) -> None:
    """x e^(i m θ) with θ_n = theta^(-2n/d) (Su et al. 2021, section 3.2); lengths stay."""
    x = np.random.default_rng(seed).normal(size=(5, 6))
    first, second = (slice(0, None, 2), slice(1, None, 2)) if interleaved else (slice(0, 3), slice(3, 6))
    angle = np.arange(5)[:, None] * 50.0 ** (-2 * np.arange(3) / 6)
    expected = (x[:, first] + 1j * x[:, second]) * np.exp(1j * angle)
    made = turned(x, theta=50.0, interleaved=interleaved)
    np.testing.assert_allclose(made[:, first] + 1j * made[:, second], expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose((made**2).sum(1), (x**2).sum(1), rtol=1e-12)


def test_only_a_part_of_a_head_turns() -> None:
    x = np.random.default_rng(0).normal(size=(4, 6))
    part = turned(x, theta=10.0, turned=2)
    np.testing.assert_array_equal(part[:, 2:], x[:, 2:])
    np.testing.assert_allclose(part[:, :2], turned(x[:, :2], theta=10.0), rtol=0, atol=1e-15)


def test_scaled_rotary_positions() -> None:
    """Linear: place 6 of a text three times as long is place 2. llama3: slow pairs are slowed down, fast ones kept."""
    x = np.tile(np.random.default_rng(1).normal(size=(1, 4)), (7, 1))
    short, long = turned(x, theta=10.0), turned(x, theta=10.0, scaling=Scaling("linear", 3.0))
    np.testing.assert_allclose(long[6], short[2], rtol=0, atol=1e-14)
    kept = rotary(Dim(2), 8, 8, 1e4, scaling=Scaling("llama3", 8.0, 1.0, 4.0, 32))
    (rate,) = [numbers for node, numbers in fold([kept.cos]).items() if node.symbol == "slower"]
    wave = [2 * math.pi, 20 * math.pi, 200 * math.pi, 2000 * math.pi]
    smooth = (32 / wave[0] - 1) / 3
    wanted = [2 * math.pi / wave[0] if wave[0] < 8 else (1 - smooth) / 8 + smooth]
    wanted += [2 * math.pi / length / 8 for length in wave[1:]]
    np.testing.assert_allclose(rate[0], wanted, rtol=1e-12)


@pytest.mark.parametrize("heads", range(1, 21))
def test_alibi_slopes_of_any_number_of_heads(heads: int) -> None:
    np.testing.assert_allclose([slope(h, heads) for h in range(1, heads + 1)], slopes(heads), rtol=1e-14)


def test_alibi_slopes_as_the_paper_lists_them() -> None:
    """Section 3: for 8 heads 1/2 to 1/256; for 16 heads in steps of the square root."""
    assert [slope(h, 8) for h in range(1, 9)] == [2.0**-n for n in range(1, 9)]
    assert [slope(h, 16) for h in (1, 2, 16)] == [2**-0.5, 0.5, 2.0**-8]


def test_alibi_depends_on_the_distance_alone() -> None:
    bias = value(alibi(distances(Dim(6)), 2, 4))
    for i in range(6):
        for j in range(6):
            assert bias[i, j] == (j - i) / 16


@pytest.mark.parametrize("model", ["gpt2", "llama", "bloom", "bert", "t5"])
@pytest.mark.parametrize("positions", ["rotary", "alibi", "relative"])
def test_a_models_scores_depend_on_the_distance_alone(model: str, positions: str) -> None:
    """Of one word, said again and again."""
    n = build(Recipe(model, size={"positions": positions}, ids=[3] * 6)).numbers()
    head = "encoder.layer1.head1." if model == "t5" else "layer1.head1."
    scores = next(n[head + name] for name in ("biased", "scaled", "scores") if head + name in n)
    for distance in range(-5, 6):
        along = np.diagonal(scores, distance)
        np.testing.assert_allclose(along, along[0], rtol=0, atol=1e-12)
    assert np.ptp(scores) > 1e-3


@few
@given(seed=st.integers(0, 999), window=st.integers(1, 8))
def test_a_window_is_full_attention_with_its_mask(seed: int, window: int) -> None:
    """Each query by itself, over the keys that it sees."""
    draw = np.random.default_rng(seed)
    q, k, v = (draw.normal(size=(6, 3)) for _ in range(3))
    made = value(attend(table(q), table(k), table(v), window_mask(Dim(6), window)))
    for i in range(6):
        seen = slice(max(0, i - window + 1), i + 1)
        e = np.exp(k[seen] @ q[i] / math.sqrt(3))
        np.testing.assert_allclose(made[i], e @ v[seen] / e.sum(), rtol=0, atol=1e-12)


def test_masks_as_they_are_drawn() -> None:
    """Child et al. 2019, figure 3 (b): strided, here with a stride of 3."""
    rows = ["1......", "11.....", "111....", "1111...", ".1111..", "..1111.", "1..1111"]
    drawn = [[float(c == "1") for c in row] for row in rows]
    assert value(strided_mask(Dim(7), 3)).tolist() == drawn
    assert np.array_equal(value(window_mask(Dim(4), 4)), value(causal_mask(Dim(4))))
    assert np.array_equal(value(window_mask(Dim(4), 1)), np.eye(4))
    assert attention_mask("full", Dim(4), 2) is None
    for kind in set(MASKS) - {"full"}:
        mask = attention_mask(kind, Dim(5), 2)
        assert mask is not None
        assert (value(mask).sum(1) >= 1).all()


@pytest.mark.parametrize("window", [3, 5])
def test_a_model_whose_window_holds_the_prompt_is_the_causal_one(window: int) -> None:
    wide = build(Recipe("mistral", size={"window": window})).numbers()
    causal = build(Recipe("mistral", size={"attention": "causal"})).numbers()
    np.testing.assert_array_equal(wide["logits"], causal["logits"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("llama", {"kv_heads": 0}), ("llama", {"kv_heads": 2})),
        (("mistral", {"attention": "causal"}), ("llama", {})),
        (("gemma2", {"score_cap": 1e5, "logit_cap": 1e5}), ("gemma2", {"score_cap": 0, "logit_cap": 0})),
    ],
)
def test_options_that_come_to_the_same(one: Any, other: Any) -> None:
    a, b = (build(Recipe(model, size=size, seed=5)).numbers()["logits"] for model, size in (one, other))
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)
