"""What heads do: their looks counted place by place, their removal by weights of 0; and heads that are set by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from byhand.core.graph import Array
from byhand.lessons.build import build, model_of
from byhand.lessons.corpus import Corpus, corpus
from byhand.lessons.heads import Findings, Head, Look, Score, heads_of, measure, thing
from byhand.lessons.recipe import Recipe
from byhand.lessons.training import Loss

TEXT = "the cat sat on the mat.\nthe dog saw the cat.\na dog ran.\n"
PAIRS = "la maison noire\tthe black house\nle chat\tthe cat\n"


def text_of(model: str, text: str = TEXT, **size: Any) -> Corpus:
    recipe = Recipe(model, size=size, seed=3)
    return corpus(text, recipe, *model_of(recipe), "words")


def numbers_of(read: Corpus) -> list[dict[str, Array]]:
    """Every table of the lesson of each example."""
    own = ("ids", "target_ids")
    return [build(replace(read.recipe, **{k: v for k, v in e.items() if k in own})).numbers() for e in read.examples]


@pytest.fixture(scope="module")
def gpt2() -> tuple[Corpus, Findings]:
    read = text_of("gpt2", layers=2)
    return read, measure(read.recipe, read.examples)


def test_every_head_is_measured(gpt2: tuple[Corpus, Findings]) -> None:
    names = ["layer1.head1", "layer1.head2", "layer2.head1", "layer2.head2"]
    assert [head.name for head in gpt2[1].heads] == names
    assert [head.title for head in gpt2[1].heads][:2] == ["Layer 1 · Head 1", "Layer 1 · Head 2"]


@pytest.mark.parametrize(
    ("pattern", "there"),
    [
        ("itself", lambda ids, i, j: i == j),
        ("before", lambda ids, i, j: j == i - 1),
        ("back2", lambda ids, i, j: j == i - 2),
        ("first", lambda ids, i, j: j == 0),
        ("same", lambda ids, i, j: ids[i] == ids[j] and i != j),
    ],
)
def test_the_share_of_a_look_is_counted_place_by_place(gpt2: tuple[Corpus, Findings], pattern: str, there: Any) -> None:
    read, found = gpt2
    for head in found.heads:
        shares, evens, choices = [], [], 0
        for example, numbers in zip(read.examples, numbers_of(read), strict=True):
            ids, weights = example["ids"], numbers[f"{head.name}.weights"]
            for i in range(1, len(ids)):  # the first word sees only itself
                choices += 1
                places = [j for j in range(i + 1) if there(ids, i, j)]
                if places:
                    shares.append(sum(weights[i, j] for j in places))
                    evens.append(len(places) / (i + 1))
        if len(shares) < choices / 4:
            assert head.share(pattern) == 0
            continue
        (look,) = (look for look in head.looks if look.pattern == pattern)
        expected = (np.mean(shares), np.mean(evens), len(shares) / choices)
        assert (look.share, look.even, look.chances) == pytest.approx(expected, abs=1e-12)


def test_looks_are_in_order(gpt2: tuple[Corpus, Findings]) -> None:
    for head in gpt2[1].heads:
        shares = [look.share - 0.1 * (look.pattern == "word") for look in head.looks]
        assert shares == pytest.approx(sorted(shares, reverse=True))
        assert head.look is head.looks[0]


HEADS = {"gpt2": "layer1.head2", "llama": "layer1.head1", "transformer": "decoder.layer1.cross.head1"}


@pytest.mark.parametrize("model", HEADS)
def test_a_head_that_is_removed_adds_nothing(model: str) -> None:
    """Its values are all 0 then: the same as weights of 0 that make them."""
    read = text_of(model, PAIRS if "target_ids" in build(Recipe(model)).architecture.takes else TEXT)
    found, name = measure(read.recipe, read.examples), HEADS[model]
    tables = build(read.recipe).tables
    silent = {f"{name}.{w}": 0.0 for w in ("W_V", "b_V") if f"{name}.{w}" in tables}
    if not silent:  # shared values: the rows of W_O that read this head
        width = int(tables[f"{name}.Z"].shape[1])
        silent = {f"layer1.W_O[{i},{j}]": 0.0 for i in range(1, width + 1) for j in range(1, 5)}
    loss = Loss(replace(read.recipe, set=silent), read.examples)
    assert found.head(name).without.loss == pytest.approx(loss.value(loss.start()), abs=1e-12)
    assert found.score.loss == pytest.approx(
        Loss(read.recipe, read.examples).value(Loss(read.recipe, read.examples).start())
    )
    assert found.head(name).without.loss != pytest.approx(found.score.loss, abs=1e-6)


def test_the_share_of_right_answers_is_counted(gpt2: tuple[Corpus, Findings]) -> None:
    read, found = gpt2
    right = [
        int(np.argmax(row)) == target
        for example, numbers in zip(read.examples, numbers_of(read), strict=True)
        for row, target in zip(numbers["logits"], example["targets"], strict=True)
    ]
    assert found.score.right == pytest.approx(np.mean(right))


def test_what_its_removal_hits_most_is_an_answer(gpt2: tuple[Corpus, Findings]) -> None:
    words = {word for line in gpt2[0].lines for word in line[1:]}
    for head in gpt2[1].heads:
        word, before, after = head.hit
        assert word in words
        mean = head.without.loss - gpt2[1].score.loss
        assert after - before >= mean - 1e-12, "at least the mean over all answers"


def test_a_head_without_queries_looks_evenly() -> None:
    read = text_of("gpt2")
    changes = {"layer1.head1.W_Q": 0.0, "layer1.head1.W_K": 0.0, "layer1.head1.b_Q": [[0.0, 0.0]]}
    even = measure(replace(read.recipe, set=changes), read.examples).head("layer1.head1")
    for look in even.looks:
        assert look.share == pytest.approx(look.even), look


def test_cross_attention_has_places_of_another_text() -> None:
    read = text_of("transformer", "a b c\tc b a\nb c a\ta c b\n")
    found = measure(read.recipe, read.examples)
    cross = found.head("decoder.layer1.cross.head1")
    numbers = numbers_of(read)
    weights = np.array([n["decoder.layer1.cross.head1.weights"] for n in numbers])
    assert cross.share("mirror") == pytest.approx(np.mean([weights[:, i, 2 - i] for i in range(3)]))
    assert cross.share("place") == pytest.approx(np.mean([weights[:, i, i] for i in range(3)]))
    assert "before" not in {look.pattern for look in cross.looks}
    own = found.head("encoder.layer1.head1")
    assert "mirror" not in {look.pattern for look in own.looks}


def test_the_steps_of_an_unrolled_decoder_are_one_head() -> None:
    read = text_of("seq2seq-attention", PAIRS)
    (head,) = measure(read.recipe, read.examples).heads
    assert head.name == "decoder.attend"
    weights = [n["decoder.alignment"] for n in numbers_of(read)]
    assert head.share("first") == pytest.approx(np.mean([row[0] for table in weights for row in table]))


def test_models_without_attention_have_no_heads() -> None:
    for model in ("rnn", "mamba"):
        read = text_of(model)
        assert measure(read.recipe, read.examples).heads == ()


def test_every_look_has_words() -> None:
    patterns = "itself before back2 back3 after place place_after place_before mirror first last same after_same next"
    for pattern in patterns.split():
        assert thing(Look(pattern, 1.0, 0.5, 1.0)).split()[0] in ("the", "two", "three")
    assert thing(Look("word", 1.0, 0.5, 1.0, "cat")) == "the word “cat”"
    assert Head("h", "H", (), Score(0.0, 1.0), ("a", 0.0, 0.0)).look is None


def test_heads_are_found_in_every_model_that_learns_words() -> None:
    for model, count in {"gpt2": 2, "bert": 2, "t5": 6, "deepseek": 2, "transformer-xl": 4, "rnn": 0}.items():
        assert len(heads_of(build(Recipe(model)))) == count, model
