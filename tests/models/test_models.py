"""The built-in models as they come: rows that differ, and tables that are not all zeros."""

import pytest
from support.lessons import SET_BY_HAND

from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS


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
