"""The built-in models with their own seeds: what their examples say."""

import pytest
from support.learnt import BORROWED, LEARNT
from support.lessons import SET_BY_HAND

from byhand.language.architecture import Architecture
from byhand.language.options import Options
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS


def writes(model: Architecture) -> bool:
    """Whether it is a decoder-only model made of the common blocks."""
    return isinstance(model.options, Options) and model.takes == {"ids", "generate"}


SAID = {
    **{name: ["cat", "sat", "on"] for name, model in MODELS.items() if writes(model)},
    "transformer": ["the", "cat", "sat"],
    **{name: ["the", "cat", "sat"] for name in ("bart", "marian", "t5")},
    "sparse-transformer": [None, None, None, "the", "mat", None],
    "retro": ["cat", None, None, "mat", "mat"],
    "seq2seq-attention": ["the", "cat", "sat"],
    "roberta": [None, "the", "cat", None, None],
}
"""The most probable word at each position of the model's own example; None where any will do."""


@pytest.mark.parametrize("model", sorted(SAID.keys() - {*LEARNT, *BORROWED}))
def test_the_own_example_makes_sense(model: str) -> None:
    lesson = build(Recipe(model))
    words = lesson.architecture.vocabularies(lesson.options)[-1].words
    probabilities = lesson.numbers()["probabilities"]
    for wanted, row in zip(SAID[model], probabilities, strict=True):
        assert wanted in (None, words[int(row.argmax())])


def test_embeddings_are_distinct() -> None:
    for model, name in (("gpt2", "wte"), ("transformer", "encoder.E"), ("bert", "E")):
        for seed in range(20):
            rows = build(Recipe(model, seed=seed)).numbers()[name].tolist()
            assert len({tuple(x - row[0] for x in row) for row in rows}) == len(rows)


@pytest.mark.parametrize("name", sorted(set(MODELS) - SET_BY_HAND))
def test_the_models_own_example_has_something_to_follow(name: str) -> None:
    """No computed table of its own numbers is all zeros, but differences that are to be 0."""
    lesson = build(Recipe(name))
    numbers = lesson.numbers()
    tables = lesson.tables  # one in which 0 is an empty cell may be empty, as after the end of a short word
    followed = {k for k, node in tables.items() if node.op.name != "source" and not node.role.traits.blank}
    computed = {k: t for k, t in numbers.items() if k in followed and t.size > 1}
    assert not [k for k, table in computed.items() if not table.any() and not k.endswith(("shifted", "difference"))]
