"""What is built from a recipe: the tables that it changes, its size, its seed and its title."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.checkpoints import whole
from support.lessons import FEW, SET_BY_HAND, sweep

from byhand.cli.options import recipe_from
from byhand.core.graph import fold
from byhand.language.architecture import Architecture, options_of, settings_of
from byhand.language.options import Option, Options, option_records, option_values
from byhand.lessons.build import before_learning, build, learnt_model
from byhand.lessons.lesson import Lesson, describe
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

each_model = pytest.mark.parametrize("model", sweep(MODELS))


# Changes


@pytest.mark.parametrize("model", sweep(MODELS))
def test_set_is_a_change_of_the_table(model: str) -> None:
    """All of it, one cell, and one number for all: as if the weight had been another."""
    tables = build(Recipe(model)).tables
    first = {
        "rasp-reverse": "flip.place_key",  # with other places, its length would be 1 / 0
        "retro": "database.frozen",  # its entries are words, of which 2.5 is none
    }.get(model)
    chosen = (n for n in tables.values() if n.name == first or (not first and changeable(n)))
    node = next(chosen)
    name = node.name
    rows, columns = node.shape
    table = np.arange(rows * columns, dtype=float).reshape(rows, columns) / 8
    cell = node.data.copy()
    cell[rows - 1, 0] = 2.5
    changes = [
        (name, table.tolist(), table),
        (f"{name}[{rows},1]", 2.5, cell),
        (name, 3, np.full((rows, columns), 3.0)),
    ]
    for path, value, expected in changes:
        changed = build(Recipe(model, set={path: value})).numbers()
        direct = with_table(build(Recipe(model)), name, expected)
        assert np.array_equal(changed[name], expected)
        assert list(changed) == list(direct)
        assert all(np.array_equal(changed[t], direct[t]) for t in direct)


def changeable(node: Any) -> bool:
    return node.role in ("weight", "input", "given", "counts") and node.symbol != "segment_ids" and node.shape != (1, 1)


def with_table(lesson: Lesson, name: str, numbers: Any) -> dict[str, Any]:
    values = fold(lesson.graph.outputs, {**lesson.graph.given, lesson.tables[name]: numbers})
    return {path: values[node] for path, node in lesson.tables.items()}


def test_later_changes_come_on_top() -> None:
    changed = build(Recipe("gpt2", set={"wte": 1, "wte[2,3]": 5, "wte[ 2 , 4 ]": 6})).numbers()["wte"]
    assert changed[1].tolist() == [1, 1, 5, 6]
    assert changed.sum() == 8 * 4 + 4 + 5


def test_rows_stay_rows_in_a_square_table() -> None:
    table = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]
    assert build(Recipe("gpt2", set={"layer1.W_O": table})).numbers()["layer1.W_O"].tolist() == table


def test_a_row_of_numbers_may_be_a_list() -> None:
    numbers = build(Recipe("gpt2", set={"final_norm.beta": [1, 2, 3, 4]})).numbers()
    assert numbers["final_norm.beta"].tolist() == [[1, 2, 3, 4]]


# Sizes


def cells(lesson: Lesson, role: str = "") -> int:
    """Of all its tables, or of those with a role."""
    return sum(int(n.shape[0] * n.shape[1]) for n in lesson.tables.values() if n.role == role or not role)


@each_model
def test_each_named_size_is_larger_than_the_one_before(model: str) -> None:
    assert list(MODELS[model].sizes) == ["small", "medium", "large"]
    made = [build(Recipe(model, size={"name": size})) for size in MODELS[model].sizes]
    for less, more in pairwise(made):
        assert cells(less) < cells(more)
        assert cells(less, "weight") < cells(more, "weight") or not cells(more, "weight")
    assert all(np.isfinite(table).all() for lesson in made for table in lesson.numbers().values())


@pytest.mark.parametrize("model", ["bart", "transformer", "marian", "t5"])
def test_a_translator_has_room_for_each_text_by_itself(model: str) -> None:
    """Only the one that it writes grows; its own examples are cut to the positions that there are."""
    size = {"positions": "learned", "max_positions": 4}
    tables = build(Recipe(model, size=size, ids=[1, 2, 3, 1], generate=4, cache=True)).numbers()
    assert tables["encoder.ids"].shape == (4, 1)
    assert tables["step4.logits"].shape[0] == 4
    assert build(Recipe(model, size=size | {"max_positions": 1})).numbers()["encoder.ids"].shape == (1, 1)


@each_model
def test_the_small_size_is_what_is_built_when_none_is_named(model: str) -> None:
    found = MODELS[model]
    assert options_of(found, {}) == options_of(found, {"name": "small"}) == found.options


def test_a_size_may_be_named_and_then_changed() -> None:
    made = options_of(MODELS["gpt2"], {"heads": "1", "name": "medium", "tied": "FALSE"})
    assert (made.d_model, made.heads, made.layers, made.tied) == (6, 1, 2, False)


def made_of_blocks(found: Architecture) -> bool:
    return isinstance(found.options, Options) and found.family != "part"


SHARED = set(option_values(Options()))
"""What all decoder-only models have, which is tried with each of them only in the slow tests."""
OPTIONS = [
    pytest.param(
        model,
        option,
        marks=pytest.mark.slow if made_of_blocks(found) and option in SHARED - own else (),
    )
    for model, found in MODELS.items()
    for own in [SHARED if model == "gpt2" else set()]
    for option in settings_of(found)
]
LEARNED = ("bert", "roberta", "distilbert", "bart", "gpt2", "switch", "sparse-transformer", "albert", "opt", "gpt3")
"""Models whose positions are learned."""
LIKE_LLAMA = ("olmo2", "smollm3", "phi3", "command-r", "falcon", "gpt-oss")
"""Models with Llama's heads: all of a head turns, in pairs."""
WITHOUT_SCORES = ("linear-attention", "performer", "linformer")
"""Models that never meet each pair of words, to whose score something could be added."""
ONLY_WITH = {
    "scale_by_layer": {"layers": 2},
    "target_vocab": {"shared_embeddings": False},
    "max_positions": {"positions": "learned"},
    "theta": {"positions": "rotary", "head_dim": 8},
    "interleaved": {"positions": "rotary", "head_dim": 8},
    "rotary_share": {"positions": "rotary", "head_dim": 8},
    "window": {"attention": "window"},
    "buckets": {"positions": "relative", "attention": "full"},
    "farthest": {"positions": "relative", "attention": "full"},
    "attention": {"layers": 2},
    "norm_from_one": {"norm": "rms"},
    "bridge": {"bidirectional": False},
    "two_biases": {"lstm": True},
    "groups_chosen": {"expert_groups": 2},
    ("deepseek", "d_ff"): {"dense_layers": 1},
    ("deepseek", "theta"): {"turning": 4},
    ("deepseek", "interleaved"): {"turning": 4},
    ("deepseek", "positions"): {"turning": 4},
    **{(model, "heads"): {"d_model": 8} for model in ("llama", "mistral", "mixtral", *LIKE_LLAMA)},
    **{(model, "heads"): {"d_model": 16} for model in ("gpt-neox", "gpt-j")},
    ("retro", "kv_heads"): {"heads": 2},
    ("delta-net", "key_heads"): {"heads": 2},
    **{(model, "theta"): {"positions": "rotary", "d_k": 4} for model in WITHOUT_SCORES},
    ("sparse-transformer", "summaries"): {"pattern": "fixed"},
    **{(model, "max_positions"): {} for model in LEARNED},
}
"""Options that have a meaning only beside another, in every model or in one."""


@pytest.mark.parametrize(
    ("model", "option"),
    [
        pytest.param(*one.values, marks=one.marks if one.values[0] in FEW else pytest.mark.slow)
        for one in OPTIONS
        if one.values != ("unigram", "longest")  # its example has no longer piece
    ],
)
def test_every_option_changes_something(model: str, option: str) -> None:
    """Through --size, as text."""
    found = MODELS[model]
    wanted = ONLY_WITH.get((model, option), ONLY_WITH.get(option, {}))
    size = {name: value for name, value in wanted.items() if name in settings_of(found)}
    default = getattr(found.options, option)
    for value in other_values(option, default, option_records(found.options)[option]):
        if model in WITHOUT_SCORES and value in ("alibi", "relative"):
            continue  # refused: test_long_options.py
        recipe = recipe_from(model, (*(f"{k}={v}" for k, v in size.items()), f"{option}={value}"), ())
        assert getattr(build(recipe).options, option) == value
        assert differ(build(recipe), build(Recipe(model, size=size)))


def other_values(option: str, default: Any, about: Option) -> list[Any]:
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, str):
        return [name for name in about.choices if name != default]
    if isinstance(default, float):
        return [default / 2 if option in ("rotary_share", "mix", "p") else default + 3]
    if option == "d_model" or about.counts == "heads":
        return [default * 2]
    return [default + {"head_dim": 8, "turning": 2}.get(option, 1)]


def differ(one: Lesson, other: Lesson) -> bool:
    a, b = one.numbers(), other.numbers()
    return list(a) != list(b) or any(not np.array_equal(a[name], b[name]) for name in a)


# Seeds


SEEDS = 3


@each_model
def test_a_seed_draws_other_weights_and_always_the_same(model: str) -> None:
    drawn = [n.name for n in build(Recipe(model)).tables.values() if n.role in ("weight", "input")]
    tables = [build(Recipe(model, seed=seed)).numbers() for seed in range(SEEDS)]
    again = build(Recipe(model, seed=1)).numbers()
    assert all(np.array_equal(tables[1][name], again[name]) for name in again)
    kinds = [tuple(tables[seed][name].tobytes() for name in drawn) for seed in range(SEEDS)]
    assert bool(drawn) == (model not in SET_BY_HAND)
    assert len(set(kinds)) == (SEEDS if drawn else 1)


@each_model
def test_the_models_own_seed_is_used_when_none_is_given(model: str) -> None:
    assert not differ(build(before_learning(Recipe(model))), build(Recipe(model, seed=MODELS[model].seed)))
    assert learnt_model(model) or not differ(build(Recipe(model)), build(Recipe(model, seed=MODELS[model].seed)))


def test_a_weight_keeps_its_numbers_when_another_part_changes() -> None:
    one = build(Recipe("transformer", seed=3)).numbers()
    size = {"encoder_layers": 2, "d_ff": 3, "attention_bias": True}
    other = build(Recipe("transformer", seed=3, size=size)).numbers()
    assert np.array_equal(one["decoder.layer1.cross.head2.W_K"], other["decoder.layer1.cross.head2.W_K"])


# What a title says


@pytest.mark.parametrize(
    ("recipe", "title"),
    [
        (Recipe("gpt2"), "GPT-2 by hand, small"),
        (Recipe("gpt2", size={"name": "large"}), "GPT-2 by hand, large"),
        (Recipe("gpt2", size={"d_ff": 3}), "GPT-2 by hand"),
        (Recipe("gpt2", size={"name": "large", "d_ff": 3}), "GPT-2 by hand"),
        (Recipe("gpt2", title="Mine"), "Mine"),
    ],
)
def test_a_title_names_the_size_where_it_has_a_name(recipe: Recipe, title: str) -> None:
    assert describe(build(recipe))[0] == title


def test_a_checkpoint_has_no_named_size(tmp_path: Path) -> None:
    made = build(Recipe(str(whole(tmp_path, "gpt2"))))
    assert describe(made) == ("GPT-2 by hand", "decoder only · 2 layers · 3 heads · d_model 6 · d_ff 10")
