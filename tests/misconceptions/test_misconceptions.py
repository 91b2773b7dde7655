"""Every misconception: planted and held against plain numpy, told from the key and from every other, in every model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from support.misconceptions import CASES, MORE, RIGHT, Case, transformer
from support.selection import often

from byhand.core.graph import Array, Node, fold, labels_of, source, toposort
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.misconceptions import MISCONCEPTIONS, applicable, mistaken
from byhand.models import MODELS

DRAWS = 6
LLAMA = {"vocab": 5, "d_model": 4, "heads": 1, "kv_heads": 1, "d_ff": 4, "theta": 100, "eps": 1e-12}
RECIPES = {
    "softmax": Recipe("softmax", size={"temperature": 2}),
    "softmax in base 3": Recipe("softmax", size={"temperature": 2, "base": 3}),
    "attention": Recipe("attention", size={"causal": True, "bias": True}),
    "wide attention": Recipe("attention", size={"causal": True, "d_model": 5, "d_k": 3}),
    "attention backward": Recipe("attention", backward=True),
    "multi-head": Recipe("multi-head"),
    "layernorm": Recipe("layernorm"),
    "feed-forward": Recipe("feed-forward"),
    "feed-forward with gelu": Recipe("feed-forward", size={"activation": "gelu"}),
    "positions": Recipe("positions"),
    "embedding": Recipe("embedding"),
    "encoder-layer": Recipe("encoder-layer"),
    "gpt2": Recipe("gpt2"),
    "transformer": Recipe("transformer"),
    "bert": Recipe("bert"),
    "loss": Recipe("gpt2", backward=True),
    "step": Recipe("encoder-layer", backward=True, optimizer="sgd", targets=[0, 2, 1]),
}
SUBJECTS = ["product", *RECIPES]
ELSEWHERE = {
    "open attention": Recipe("attention", size={"bias": True}),
    "layernorm with a large ε": Recipe("layernorm", size={"eps": 1}),
    "rotary": Recipe("llama", size=LLAMA, ids=[0, 1, 2]),
    "rotary pairs": Recipe("llama", size=LLAMA | {"interleaved": True}, ids=[0, 1, 2]),
    "marian": Recipe("marian", size={"d_model": 4}),
    "bloom": Recipe("bloom", size={"heads": 4}, ids=[0, 1, 2]),
    "t5": Recipe("t5", size={"d_model": 2, "heads": 1}, ids=[1, 2, 5]),
    "transformer-xl": Recipe("transformer-xl", size={"d_model": 4, "heads": 1}, ids=[0, 1]),
    "mistral": Recipe("mistral", size={"window": 2}, ids=[0, 1, 2, 3]),
    "gemma": Recipe("gemma", size={"eps": 0}, ids=[0, 1]),
    "gemma2": Recipe("gemma2", size={"layers": 1, "score_cap": 2}, ids=[0, 1, 2]),
    "sink": Recipe("gpt-oss", size={"layers": 1, "global_every": 1}, ids=[0, 1, 2], seed=3),
    "near and far": Recipe("gemma3", size={"window": 2}, ids=[0, 1, 2, 3]),
    "some turn": Recipe("smollm3", ids=[0, 1, 2]),
    "parallel": Recipe("command-r", ids=[0, 1, 2]),
    "norms after": Recipe("olmo2", ids=[0, 1, 2]),
    "shared keys": Recipe("gpt2", size={"heads": 4, "kv_heads": 2, "head_dim": 2}, ids=[0, 1]),
    "seq2seq": Recipe("seq2seq-attention", size={"bidirectional": False, "bridge": False}),
    "rnn": Recipe("rnn", size={"d_embed": 2, "d_model": 2}, ids=[0, 1]),
    "lstm": Recipe("lstm", size={"d_embed": 2, "d_model": 2}, ids=[1]),
    "delta": Recipe("delta-net", size={"d_conv": 1}, ids=[0, 1], seed=3),
    "mamba": Recipe("mamba", size={"d_inner": 2, "d_state": 1, "d_conv": 1}, ids=[0, 1]),
    "linear": Recipe("linear-attention", size={"tokens": 3}),
    "mixtral": Recipe("mixtral", ids=[0, 1, 2]),
    "switch": Recipe("switch", size={"experts": 2, "capacity_factor": 1}, ids=[0, 1, 2, 3]),
    "knn-lm": Recipe("knn-lm", size={"layers": 0, "stored": 4, "max_positions": 4, "mix": 0.25}, ids=[1, 2]),
    "retro": Recipe("retro", ids=[0, 1]),
    "reverse": Recipe("rasp-reverse", size={"vocab": 5, "max_positions": 5}, ids=[0, 1, 2, 3, 4]),
    "sort": Recipe("rasp-sort", size={"vocab": 5, "max_positions": 5}, ids=[3, 1, 1, 0, 4]),
    "pairs": Recipe("bpe", size={"merges": 1}),
    "pairs apart": Recipe(
        "bpe",
        size={"merges": 1, "end_of_word": "none", "overlaps": "apart"},
        word_counts=[("aaab", 4), ("abaa", 3), ("babb", 2)],
    ),
    "scores": Recipe("wordpiece", size={"merges": 1}),
    "merges": Recipe(
        "bpe-encode",
        size={"merges": 3, "end_of_word": "none", "letters": "words"},
        word_counts=[("bca", 5), ("bc", 4), ("aab", 3), ("ab", 2)],
        prompt="abca aabc",
    ),
    "more merges": Recipe(
        "bpe-encode",
        size={"merges": 4, "end_of_word": "none", "letters": "words"},
        word_counts=[("bc", 9), ("abc", 5), ("ab", 4), ("ca", 3)],
        prompt="cab abcab",
    ),
    "longest matches": Recipe(
        "wordpiece-encode",
        size={"merges": 9},
        word_counts=[("abc", 8), ("ccbb", 7), ("caacb", 3), ("aaa", 2), ("bacb", 9)],
        prompt="aaaaaa",
    ),
    "lattice": Recipe("unigram", set={"frequency[8,1]": 1}),
    "lora": Recipe("lora"),
    "adapted": Recipe("linear", lora=1, set={"alpha": 2}),
    "dropout": Recipe("dropout", size={"p": 0.2}),
    "clipping": Recipe("gradient-clipping"),
    "distillation": Recipe("distillation"),
    "balance": Recipe("balance-loss"),
    "clip": Recipe("clip"),
    "reward": Recipe("reward-model"),
    "dpo": Recipe("dpo"),
    "grpo": Recipe("grpo"),
    "roberta": Recipe("roberta", ids=[0, 4, 1, 3, 2]),
    "flash": Recipe("flash-attention"),
    "speculative": Recipe("speculative-decoding", size={"guesses": 2}),
    "few bits": Recipe("quantisation"),
    "fact": Recipe("fact", size={"vocab": 4}),
    "paged": Recipe("paged-cache", size={"tokens": 5, "shared": 0}),
    "patch": Recipe(
        "activation-patching",
        size={"vocab": 5, "d_model": 4, "heads": 1, "max_positions": 2},
        ids=[0, 1],
        target_ids=[2, 1],
    ),
}
"""Where the misconceptions about later models are planted; what else can go wrong there is planted in SUBJECTS."""
QUICK = ("product", "softmax", "attention", "layernorm", "positions", "encoder-layer")
MOSTLY_SLOW = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SUBJECTS]


@cache
def outputs_of(subject: str) -> list[Node]:
    if subject == "product":
        a, b = (source(name, np.eye(3), role="input") for name in "AB")
        return [(a @ b).named("C", role="result")]
    return build((RECIPES | ELSEWHERE)[subject]).graph.outputs


def drawn(subject: str, draws: int = DRAWS) -> dict[Node, Array]:
    """Small whole numbers for each table that a student is given, `draws` times at once."""
    random = np.random.default_rng(7)
    given = {}
    wide = {"few bits": {"W": (-15, 15)}, "fact": {"V": (-5, 5), "wanted": (-6, 6), "K": (1, 3)}}.get(subject, {})
    for node in toposort(outputs_of(subject)):
        lowest, highest = ({"X": (0, 3), "gamma": (1, 3)} | wide).get(node.symbol, (-2, 2))
        if (node.role in ("input", "weight") and node.symbol not in ("T", "segment_ids")) or (
            node.symbol in wide and node.data is not None
        ):
            given[node] = random.integers(lowest, highest, size=(draws, *node.shape), endpoint=True).astype(float)
    return given


def named(values: Mapping[Node, Array]) -> dict[str, Array]:
    return {node.name: numbers for node, numbers in values.items() if node.name}


@cache
def key(subject: str) -> dict[str, Array]:
    return named(fold(outputs_of(subject), drawn(subject)))


@cache
def answers(subject: str, name: str) -> dict[str, Array]:
    """The student's tables: the key's, but for those that the misconception changes."""
    wrong = mistaken(outputs_of(subject), MISCONCEPTIONS[name])
    with np.errstate(all="ignore"):
        values = fold(wrong.values(), drawn(subject))
    return key(subject) | {right.name: values[table] for right, table in wrong.items() if right.name}


def offered(subject: str) -> list[str]:
    return [m.name for m in applicable(outputs_of(subject))]


def gap(first: Mapping[str, Array], second: Mapping[str, Array]) -> float:
    """The largest difference between two students' tables; of a number and none, infinite."""
    assert first.keys() == second.keys()
    largest = 0.0
    for name in first:
        x, y = np.broadcast_arrays(first[name], second[name])
        with np.errstate(all="ignore"):
            distance = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0, np.abs(x - y))
        largest = max(largest, float(np.nan_to_num(distance, nan=np.inf).max()))
    return largest


def agree(found: Mapping[str, Array], case: Case, subject: str) -> None:
    with np.errstate(all="ignore"):
        expected = case(key(subject))
    assert expected
    for table, numbers in expected.items():
        np.testing.assert_allclose(
            *np.broadcast_arrays(found[table], numbers), rtol=1e-9, atol=1e-9, equal_nan=True, err_msg=table
        )


@pytest.mark.parametrize("subject", RIGHT)
def test_the_oracle_knows_the_right_way(subject: str) -> None:
    agree(key(subject), RIGHT[subject], subject)


@pytest.mark.parametrize("name", often(MISCONCEPTIONS, list(MISCONCEPTIONS)[::3]))
def test_planted_it_gives_what_the_description_says(name: str) -> None:
    subject, case = CASES[name]
    assert name in offered(subject)
    agree(answers(subject, name), case, subject)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n not in transformer.CASES else ()) for n in CASES]
)
def test_its_case_is_that_of_no_other(name: str) -> None:
    """So that a rewrite which does another's work is seen."""
    subject, case = CASES[name]
    for other in {*offered(subject)} - {name}:
        with pytest.raises(AssertionError):
            agree(answers(subject, other), case, subject)
    with pytest.raises(AssertionError):
        agree(key(subject), case, subject)


@pytest.mark.parametrize(("name", "subject", "case"), MORE, ids=lambda value: value if isinstance(value, str) else "")
def test_planted_elsewhere(name: str, subject: str, case: Case) -> None:
    agree(answers(subject, name), case, subject)


def test_each_has_a_case_and_a_sentence_of_its_own() -> None:
    assert CASES.keys() == MISCONCEPTIONS.keys()
    sentences = [m.sentence for m in MISCONCEPTIONS.values()]
    assert len(set(sentences)) == len(sentences) >= 30
    assert all(name == m.name and re.fullmatch("[a-z0-9_-]+", name) for name, m in MISCONCEPTIONS.items())


@pytest.mark.parametrize("name", MISCONCEPTIONS)
def test_a_sentence_is_one_that_a_tutor_would_say(name: str) -> None:
    """What you did, then what belongs there; short enough to be read in a cell's note."""
    sentence = MISCONCEPTIONS[name].sentence
    assert re.fullmatch(r"(You|Your|A minus) [^.!]+\.", sentence)
    assert 40 < len(sentence) <= 130


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_differs_from_the_key(subject: str) -> None:
    for name in offered(subject):
        assert gap(answers(subject, name), key(subject)) > 0.01, name


@pytest.mark.slow
@pytest.mark.parametrize("subject", MOSTLY_SLOW)
def test_no_two_give_the_same_answers(subject: str) -> None:
    same = [
        (first, second)
        for first, second in combinations(offered(subject), 2)
        if gap(answers(subject, first), answers(subject, second)) < 0.001
    ]
    assert not same


OFFERED = {
    "product": {"last-term-dropped", "factors-swapped"},
    "softmax": {"softmax-over-columns", "softmax-base-2"},
    "attention": {"mask-missing", "keys-for-values", "scores-not-scaled"},
}
"""Some that each subject must offer."""
NOT_OFFERED = {
    "softmax": {"scores-not-scaled", "mask-missing", "softmax-base-e", "norm-without-root"},
    "attention backward": {"mask-missing", "mask-wrong-triangle", "heads-in-wrong-order", "bias-left-out"},
    "layernorm": {"norm-before-the-sublayer", "residual-left-out"},
    "feed-forward": {"relu-for-gelu"},
    "feed-forward with gelu": {"relu-as-absolute-value"},
    "positions": {"positions-left-out", "embedding-not-scaled"},
    "encoder-layer": {"norm-after-the-residual", "residual-from-the-norm", "loss-sign", "positions-from-one"},
    "gpt2": {"norm-before-the-sublayer", "sine-and-cosine-swapped", "embedding-not-scaled", "gradient-added"},
    "bert": {"mask-wrong-triangle", "mask-on-the-diagonal-too", "norm-after-the-residual"},
    "loss": {"gradient-added", "learning-rate-left-out", "gradient-through-all-of-relu"},
    "step": {"loss-of-the-word-itself"},
}
"""What cannot be made there."""


def test_what_is_offered() -> None:
    for subject, names in OFFERED.items():
        assert names <= set(offered(subject)), subject
    for subject, names in NOT_OFFERED.items():
        assert names <= MISCONCEPTIONS.keys()
        assert not names & set(offered(subject)), subject


NOT_OFFERED_AT = [
    ("attention", {"d_k": 1}, {"scores-not-scaled", "scores-divided-by-d_k", "scores-multiplied"}),
    ("attention", {"d_model": 4, "d_k": 4}, {"scores-divided-by-root-of-d_model"}),
    ("attention", {"d_model": 16, "d_k": 4}, {"scores-divided-by-root-of-d_model"}),
    ("gpt2", {"scale_scores": "false"}, {"scores-not-scaled", "scores-divided-by-d_k", "scores-multiplied"}),
    ("gpt2", {"max_positions": 3}, {"positions-from-one"}),
    ("multi-head", {"heads": 1}, {"heads-in-wrong-order"}),
    ("layernorm", {"width": 1}, {"sample-variance"}),
    ("attention", {"tokens": 1}, {"queries-and-keys-swapped", "attention-transposed", "mask-wrong-triangle"}),
    ("softmax", {"rows": 1}, {"softmax-over-the-whole-table"}),
    ("softmax", {"base": 2}, {"softmax-base-2"}),
    ("softmax", {"base": 10}, {"softmax-base-10"}),
]


@pytest.mark.parametrize(("model", "size", "names"), NOT_OFFERED_AT)
def test_where_the_numbers_cannot_differ_it_is_not_offered(
    model: str, size: dict[str, object], names: set[str]
) -> None:
    assert names <= MISCONCEPTIONS.keys()
    assert not names & {m.name for m in applicable(build(Recipe(model, size=size)).graph.outputs)}


def test_a_dot_product_has_no_other_way_round() -> None:
    x, y = source("x", np.ones((1, 3)), "input"), source("y", np.ones((3, 1)), "input")
    assert {m.name for m in applicable([(x @ y).named("product")])} == {
        "sums-multiplied",
        "terms-added",
        "last-term-dropped",
        "minus-signs-lost",
    }


def shown(outputs: list[Node]) -> list[object]:
    return [(n, n.op, n.args, n.name, n.role, n.scope, n.shape, n.attrs) for n in toposort(outputs)]


BUILT = {name: Recipe(name) for name in MODELS} | {
    "gpt2 of two layers, trained": Recipe("gpt2", size={"layers": 2}, backward=True, optimizer="adam", train_steps=2),
    "a pre-norm transformer": Recipe("transformer", size={"norm_place": "pre", "encoder_layers": 2, "heads": 1}),
    "a batch": Recipe("gpt2", ids=[0, 1, 4], backward=True, batch=[{"ids": [0, 1]}, {"ids": [2, 3, 1]}]),
    "a transformer that writes": Recipe("transformer", generate=2, size={"activation": "gelu", "decoder_layers": 2}),
}


@pytest.mark.parametrize("subject", often(BUILT, SUBJECTS))
def test_in_every_model_tables_keep_their_names_shapes_and_roles(subject: str) -> None:
    outputs = build(BUILT[subject]).graph.outputs
    before = shown(outputs)
    for misconception in applicable(outputs):
        wrong = mistaken(outputs, misconception)
        for right, table in wrong.items():
            assert table is not right
            if right.name:
                assert (table.name, table.role, table.shape) == (right.name, right.role, right.shape)
                assert [labels_of(d) for d in table.shape] == [labels_of(d) for d in right.shape]
                assert table.scope is right.scope
        students = [wrong.get(n, n) for n in outputs]
        names = [n.name for n in toposort(students) if n.name]
        assert len(set(names)) == len(names), misconception.name
        with np.errstate(all="ignore"):
            for node, numbers in fold([*wrong.values(), *students]).items():
                assert numbers.shape == node.shape
    assert shown(outputs) == before, "the right graph stays as it was"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_only_a_total_of_nothing_gives_no_number(subject: str) -> None:
    """Without an exponential, a row of scores may add up to 0."""
    for name in {*offered(subject)} - {"softmax-without-exponential"}:
        assert all(np.isfinite(numbers).all() for numbers in answers(subject, name).values()), name


@pytest.mark.parametrize("subject", ["attention", "layernorm", "step"])
def test_a_thousand_draws_at_once_are_a_thousand_draws(subject: str) -> None:
    draws = 50 if subject == "step" else 1000
    given, outputs = drawn(subject, draws), outputs_of(subject)
    for misconception in applicable(outputs):
        wrong = mistaken(outputs, misconception)
        with np.errstate(all="ignore"):
            together = fold(wrong.values(), given)
            alone = fold(wrong.values(), {node: numbers[-1] for node, numbers in given.items()})
        for table in wrong.values():
            last = np.broadcast_to(together[table], (draws, *table.shape))[-1]
            np.testing.assert_allclose(last, alone[table], rtol=1e-9, atol=1e-9)


def test_the_same_mistake_is_made_in_every_head_and_layer() -> None:
    outputs = build(Recipe("transformer", size={"encoder_layers": 2})).graph.outputs
    scales = [n for n in toposort(outputs) if n.role == "scale"]
    assert len(scales) == 8
    wrong = mistaken(outputs, MISCONCEPTIONS["scores-divided-by-d_k"])
    assert all(wrong[n].args[0] is wrong.get(n.args[0], n.args[0]) for n in scales)
    assert all(wrong[n].args[1].attrs == {"value": 2} for n in scales)


def test_what_does_not_depend_on_the_mistake_is_shared() -> None:
    outputs = outputs_of("attention")
    changed = {n.symbol for n in mistaken(outputs, MISCONCEPTIONS["keys-for-values"])}
    assert changed == {"Z"}
