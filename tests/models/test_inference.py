"""What is done with a trained model: each part against the exact result, published tables or plain numpy."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from byhand.core.gradients import gradients
from byhand.core.graph import Array, Node, fold, source
from byhand.errors import ByhandError
from byhand.layers import quantisation
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models.inference import flash_attention


@pytest.mark.parametrize("causal", [False, True])
def test_flash_attention_is_exact_attention_for_every_tile_size(causal: bool) -> None:
    """Tables of normal numbers, whose maxima come in any tile, and scores too large to be exponentiated as they are."""
    random = np.random.default_rng(3)
    for tokens, (queries, keys) in product((1, 5), product(range(1, 7), repeat=2)):
        size = {"tokens": tokens, "d_k": 3, "query_tile": queries, "key_tile": keys, "causal": causal}
        made = build(Recipe("flash-attention", size=size))
        q, k, v = (random.normal(scale=scale, size=(8, tokens, 3)) for scale in (30, 30, 1))
        found = fold(made.graph.outputs, {made.table(n): x for n, x in zip("QKV", (q, k, v), strict=True)})
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(3)
        scores = np.where(np.tri(tokens) > 0, scores, -np.inf) if causal else scores
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        wanted = weights / weights.sum(-1, keepdims=True) @ v
        np.testing.assert_allclose(found[made.table("Z")], wanted, rtol=1e-12, atol=1e-12)
        rows = [found[n] for n in found if n.name.endswith(".L")]
        sums = scores.max(-1, keepdims=True) + np.log(weights.sum(-1, keepdims=True))
        np.testing.assert_allclose(np.concatenate(rows, axis=-2), sums, rtol=1e-12)


def test_gradients_through_the_tiles_are_those_of_exact_attention() -> None:
    """The running maximum is taken for a number, as in every softmax."""
    for size in ({}, {"key_tile": 1, "causal": True}):
        made = build(Recipe("flash-attention", size=size))
        both, learnt = [], [made.table(w) for w in ("W_Q", "W_K", "W_V")]
        for name in ("Z", "exact.Z"):
            loss = (made.table(name) * made.table(name)).sum(0).sum(1).named("loss")
            found = gradients(loss, learnt).gradients
            values = fold([found[w] for w in learnt])
            both.append([values[found[w]] for w in learnt])
        for tiled, exact in zip(*both, strict=True):
            np.testing.assert_allclose(tiled, exact, rtol=1e-9, atol=1e-12)


def test_the_numbers_that_move_are_those_of_a_plain_loop() -> None:
    """Each number that a loop over tiles loads or stores, counted one by one (Dao 2023, algorithm 1)."""
    for tokens, queries, keys, causal in product((1, 4, 7), (1, 2, 5), (1, 3, 8), (False, True)):
        o = flash_attention.Options(tokens, 4, 2, queries, keys, causal)
        read = dict.fromkeys("QKV", 0)
        for first in range(0, tokens, queries):
            rows = range(first, min(first + queries, tokens))
            read["Q"] += len(rows) * 2
            for start in range(0, tokens, keys):
                columns = range(start, min(start + keys, tokens))
                if not causal or any(column <= row for row in rows for column in columns):
                    read["K"] += len(columns) * 2
                    read["V"] += len(columns) * 2
        found = flash_attention.moved(o, tokens, (queries, keys))
        assert {name: found[name][2] for name in "QKV"} == read
        assert [found["Z"][3], found["L"][3], found["scores"][2]] == [tokens * 2, tokens, 0]
        assert sum(n[0] + n[1] for n in found.values()) == 4 * tokens * 2 + 4 * tokens**2


def test_words_that_are_guessed_and_checked_are_distributed_as_the_targets_own() -> None:
    """100,000 draws: each written word beside the target's probabilities after the word before it, by a chi-square."""
    count, words = 100_000, 4
    made = build(Recipe("speculative-decoding"))
    random = np.random.default_rng(8)
    given = {made.table(name): random.random((count, 3, 1)) for name in ("u", "r")}
    written = fold(made.graph.outputs, given | {made.table("last.u"): random.random((count, 1, 1))})
    words_written = written[made.table("written")]
    found = np.where(words_written.any(-1), words_written.argmax(-1), -1)
    scores = made.numbers()["target"]
    target = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    before = np.full(count, int(made.numbers()["ids"][-1, 0]))
    for place in range(4):
        among = found[:, place] >= 0
        for word in range(words):
            after = found[among & (before == word), place]
            if len(after):
                expected = target[word] * len(after)
                assert ((np.bincount(after, minlength=words) - expected) ** 2 / expected).sum() < 21.1  # 1 in 10,000
        before = found[:, place]
    kept = (found >= 0).sum(1) - 1
    agreement = made.numbers()["agreement"][0, 0]
    assert abs((kept > 0).mean() - agreement) < 0.01


def test_a_draft_that_is_the_target_is_always_kept() -> None:
    made = build(Recipe("speculative-decoding"))
    same = {made.table("draft"): made.numbers()["target"], made.table("r"): np.full((3, 1), 0.999)}
    values = fold(made.graph.outputs, same)
    assert values[made.table("kept")].sum() == 3
    assert np.isfinite(values[made.table("residual")]).all()
    assert values[made.table("written")].sum() == 4


FP4 = (0, 0.5, 1, 1.5, 2, 3, 4, 6)
"""The numbers of E2M1 without their sign, by their code (OCP Microscaling Formats 1.0, section 5.3.3)."""


def tables_of(made: Node) -> dict[str, Array]:
    return {n.name: x for n, x in fold([made]).items() if n.name}


def given(w: Array) -> Node:
    return source("W", w, "input")


def test_mxfp4_rounds_to_the_numbers_of_the_specification() -> None:
    """Each number, each middle between two (to the even code), just beside them, and beyond the largest."""
    codes = range(len(FP4))
    middles = [(FP4[n] + FP4[n + 1]) / 2 for n in codes[:-1]]
    to_even = [FP4[n] if n % 2 == 0 else FP4[n + 1] for n in codes[:-1]]
    tiny = 1e-6
    pairs = [(x, x) for x in FP4] + list(zip(middles, to_even, strict=True)) + [(6.5, 6), (7.9, 6)]
    pairs += [(m - tiny, FP4[n]) for n, m in enumerate(middles)] + [
        (m + tiny, FP4[n + 1]) for n, m in enumerate(middles)
    ]
    for power in (-20, -1, 0, 7):
        scale = 2.0**power
        w = np.array([[4.0 * scale, sign * x * scale] for x, _ in pairs for sign in (1, -1)])
        found = tables_of(quantisation.mxfp4(given(w), 2))
        np.testing.assert_array_equal(found["scale"], scale)
        wanted = [sign * y * scale for _, y in pairs for sign in (1, -1)]
        np.testing.assert_array_equal(found["restored"][:, 1], wanted)


def test_mxfp4_is_what_ml_dtypes_makes_of_a_block() -> None:
    """Blocks of 32 as in the specification: the exponent by frexp, the elements by ml_dtypes' own rounding."""
    random = np.random.default_rng(4)
    w = random.normal(size=(300, 64)) * 2.0 ** random.integers(-30, 30, size=(300, 1))
    w = np.where(random.random(w.shape) < 0.1, 0, w).astype(np.float32).astype(float)
    w[0] = 0
    w[1, :32] = np.ldexp(1.0, 5) * np.linspace(-1, 1, 32)
    found = tables_of(quantisation.mxfp4(given(w), 32))
    for n in (0, 1):
        block = w[:, 32 * n : 32 * n + 32]
        largest = np.abs(block).max(1, keepdims=True)
        shared = np.where(largest > 0, np.frexp(largest)[1] - 1, 0) - 2
        elements = np.ldexp(block, -shared).astype(ml_dtypes.float4_e2m1fn).astype(float)
        np.testing.assert_array_equal(found["element"][:, 32 * n : 32 * n + 32], elements)
        np.testing.assert_array_equal(found["scale"][:, n : n + 1], np.exp2(shared))
        stored = np.exp2(shared).astype(ml_dtypes.float8_e8m0fnu).astype(float)
        np.testing.assert_array_equal(found["restored"][:, 32 * n : 32 * n + 32], elements * stored)


def test_a_shared_exponent_is_exact_beside_every_power_of_2() -> None:
    """Where a logarithm is rounded, the exponent is still the largest one that fits."""
    powers = np.exp2(np.arange(-125.0, 126.0))[:, None]
    for w, less in ((powers, 0), (np.nextafter(powers, 0), 1), (np.nextafter(powers, np.inf), 0)):
        found = tables_of(quantisation.mxfp4(given(w), 1))["exponent"]
        np.testing.assert_array_equal(found, np.arange(-125.0, 126.0)[:, None] - less)


def test_int8_is_what_torch_makes_of_it() -> None:
    known = json.loads((Path(__file__).parents[1] / "data" / "int8.json").read_text("utf-8"))
    w = np.array(known["w"])
    found = tables_of(quantisation.int8(given(w)))
    np.testing.assert_allclose(found["scale"][:, 0], known["scale"], rtol=1e-6)
    np.testing.assert_array_equal(found["zero.point"][:, 0], known["zero_point"])
    assert np.mean(found["q"] == np.array(known["q"])) > 0.99  # torch's scale is a float32
    assert np.abs(found["q"] - np.array(known["q"])).max() <= 1
    assert np.abs(found["restored"] - w).max(1, keepdims=True).max() <= found["scale"].max() * (0.5 + 1e-9)


def test_int4_in_groups_is_a_plain_loop() -> None:
    random = np.random.default_rng(5)
    w = np.round(random.normal(size=(20, 10)), 2)
    w[0, :4] = 0
    found = tables_of(quantisation.int4(given(w), 4))["restored"]
    for row, start in product(range(20), (0, 4, 8)):
        group = w[row, start : start + 4]
        scale = np.abs(group).max() / 7 or 1
        np.testing.assert_allclose(found[row, start : start + 4], scale * np.rint(group / scale), atol=1e-12)


def test_halves_go_to_the_even_number() -> None:
    halves = np.arange(-9.5, 10)[None]
    found = fold([made := quantisation.to_even(given(halves))])[made]
    np.testing.assert_array_equal(found, np.rint(halves))


def test_what_fewer_bits_do_to_the_next_word() -> None:
    """The small page's own point: 8 bits keep the word, and 4 with a shared exponent change it."""
    tables = build(Recipe("quantisation")).numbers()
    for row, name in enumerate(("W", "int8.restored", "int4.restored", "mxfp4.restored")):
        logits = tables["x"] @ tables[name].T
        p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        np.testing.assert_allclose(tables["probabilities"][row], p[0], rtol=1e-12)
        exact = tables["probabilities"][0]
        assert abs(tables["distance"][row, 0] - (exact * np.log(exact / p[0])).sum()) < 1e-12
    assert tables["next"][:, 0].tolist() == [2, 2, 2, 0]
    errors = [tables[f"{name}.restored"] - tables["W"] for name in ("int8", "int4", "mxfp4")]
    sizes = [tables[f"{name}.root_mean_square"].item() for name in ("int8", "int4", "mxfp4")]
    np.testing.assert_allclose(sizes, [np.sqrt((e * e).mean()) for e in errors])
    assert sizes[0] < sizes[1] < sizes[2]


def test_the_lens_reads_every_depth_as_the_model_reads_its_end() -> None:
    """The last row is GPT-2's own prediction; every row is the stream, normed and multiplied by the embeddings."""
    asked = (("the cat sat", {}, 3), ("a dog", {"layers": 2}, 5), ("a dog", {"parallel": True}, 2))
    for prompt, size, depths in asked:
        tables = build(Recipe("logit-lens", prompt=prompt, size=size)).numbers()
        end = build(Recipe("gpt2", prompt=prompt, size=size, seed=12588 if size else None)).numbers()["probabilities"]
        np.testing.assert_allclose(tables["probabilities"][-1], end[-1], rtol=1e-12, atol=1e-15)
        x = tables["stream"]
        assert len(x) == depths
        y = x - x.mean(1, keepdims=True)
        y = y / np.sqrt((y * y).mean(1, keepdims=True) + 1e-5) * tables["final_norm.gamma"] + tables["final_norm.beta"]
        logits = y @ tables["wte"].T
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        np.testing.assert_allclose(tables["probabilities"], p, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(tables["distance"][:, 0], (p[-1] * np.log(p[-1] / p)).sum(1), atol=1e-9)


def test_what_is_carried_over_replaces_the_other_runs_own() -> None:
    """Against GPT-2 itself, in which the rows of the heads or of the feed-forward are replaced as numbers."""
    right, other = build(Recipe("gpt2", prompt="the dog")).numbers(), build(Recipe("gpt2", prompt="a dog"))
    wrong = other.numbers()
    made = build(Recipe("activation-patching", prompt="the dog", target_prompt="a dog"))
    for marks, kind in product(([0, 0], [0, 1], [1, 1]), ("heads", "feed")):
        column = np.array(marks, dtype=float)[:, None]
        nothing = np.zeros((2, 1))
        given = {made.table(f"patched.layer1.carry_{n}"): column if n == kind else nothing for n in ("heads", "feed")}
        values = fold(made.graph.outputs, given)
        found = values[made.table("probabilities")]
        np.testing.assert_allclose(found[0], right["probabilities"][-1], rtol=1e-12)
        np.testing.assert_allclose(found[1], wrong["probabilities"][-1], rtol=1e-12)
        names = ["layer1.head1.Z", "layer1.head2.Z"] if kind == "heads" else ["layer1.ffn"]
        carried = {other.table(n): np.where(column, right[n], wrong[n]) for n in names}
        wanted = fold(other.graph.outputs, carried)[other.table("probabilities")][-1]
        np.testing.assert_allclose(found[2], wanted, rtol=1e-12)
        lead = np.log(found[:, right["next"].astype(int).item()] / found[:, wrong["next"].astype(int).item()])
        restored = (lead - lead[1]) / (lead[0] - lead[1])
        np.testing.assert_allclose(values[made.table("restored")][:, 0], restored, rtol=1e-9, atol=1e-9)
    with pytest.raises(ByhandError, match="The prompts have 3 and 2 words"):
        build(Recipe("activation-patching", prompt="the cat sat", target_prompt="a dog"))


def test_blocks_hold_what_was_written_in_any_order() -> None:
    """Of every size, both texts find their own keys, shared blocks are stored once, and attention is the exact one."""
    for tokens, shared, block in product((1, 4, 5), (0, 1, 3, 4), (1, 2, 3)):
        if shared > tokens:
            continue
        made = build(Recipe("paged-cache", size={"tokens": tokens, "shared": shared, "block": block}))
        tables = made.numbers()
        assert not tables["text1.difference"].any()
        assert not tables["text2.difference"].any()
        first, second = (tables[f"text{n}.block_table"][:, 0].tolist() for n in (1, 2))
        assert first[: shared // block] == second[: shared // block]
        assert not set(first[shared // block :]) & set(second[shared // block :])
        assert len(tables["K_cache"]) == len({*first, *second}) * block
        for n in (1, 2):
            q, k, v = (tables[f"text{n}.{name}"] for name in ("q", "K", "V"))
            weights = np.exp(q @ k.T / np.sqrt(2))
            np.testing.assert_allclose(tables[f"text{n}.Z"], weights / weights.sum() @ v, rtol=1e-12)
        words = 2 * tokens - shared // block * block
        np.testing.assert_allclose(tables["used"][:, 0], [2 * tokens / 16, words / len(tables["K_cache"])])
    with pytest.raises(ByhandError, match="at most 4 are shared"):
        build(Recipe("paged-cache", size={"shared": 5}))


def test_a_fact_is_said_erased_and_changed() -> None:
    """Against plain numpy; what is changed is said exactly for its own key, and others follow by what they share."""
    for facts, edited in ((3, 1), (4, 3), (6, 6)):
        tables = build(Recipe("fact", size={"vocab": 2 * facts, "edited": edited})).numbers()
        at, said = edited - 1, np.arange(facts) + facts
        assert tables["before.next"][:, 0].tolist() == said.tolist()
        erased = tables["erased.next"][:, 0].tolist()
        assert erased[at] != said[at]
        assert erased[:at] + erased[at + 1 :] == [*said[:at], *said[at + 1 :]]
        assert tables["edited.next"][at, 0] == facts + edited % facts
        k = np.maximum(tables["K"][at], 0)[None]
        v = tables["V"] + k.T @ (tables["edited.wanted"] - k @ tables["V"]) / (k @ k.T)
        np.testing.assert_allclose(tables["edited.V"], v, rtol=1e-12)
        np.testing.assert_allclose(k @ tables["edited.V"], tables["edited.wanted"], atol=1e-12)
