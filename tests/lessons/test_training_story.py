"""What a recipe states of its training: the floor of its text, what was learnt, and the first step."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.core.graph import fold
from byhand.errors import ByhandError
from byhand.lessons.build import build, model_of
from byhand.lessons.corpus import corpus, held_out
from byhand.lessons.learnt import recipe_file, with_weights
from byhand.lessons.lesson import Lesson
from byhand.lessons.measures import best_share, floor, loss_of, share_right
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.lessons.training import Learnt, TrainingOptions, train
from byhand.lessons.training_story import Story, story_of

TEXT = "the cat sat.\nthe dog ran.\na dog sat.\na cat ran.\n"
PAIRS = "le chat\tthe cat\nle chat\ta cat\nla maison\tthe house\n"


def learnt_recipe(
    model: str = "gpt2", text: str = TEXT, tokens: str = "words", share: float = 0.0, **settings: Any
) -> tuple[Recipe, Learnt]:
    recipe = Recipe(model)
    read = corpus(text, recipe, *model_of(recipe), tokens)
    options = TrainingOptions(**({"steps": 20, "lr": 0.03} | settings))
    learnt = train(read.recipe, *held_out_pair(read, share, options))
    return with_weights(read, learnt, options, "text.txt", share), learnt


def held_out_pair(read: Any, share: float, options: TrainingOptions) -> tuple[Any, ...]:
    to_learn, aside = held_out(read, share, options.seed)
    return to_learn, options, aside


def story(recipe: Recipe) -> tuple[Lesson, Story]:
    lesson = build(recipe)
    it = story_of(lesson)
    assert it is not None
    return lesson, it


@pytest.mark.slow
def test_the_floor_of_sentences_is_counted_by_hand() -> None:
    """After "the" and after "a" one of two words follows; all else follows from what stands before it."""
    _, of = story(learnt_recipe()[0])
    assert floor(of.beginnings) == pytest.approx(4 * log(2) / 12, rel=1e-14)
    assert best_share(of.beginnings) == 10 / 12
    assert [(b.before, [c.word for c in b.continuations.values()]) for b in of.beginnings][:3] == [
        ("the", ["cat", "dog"]),
        ("the cat", ["sat"]),
        ("the cat sat", ["."]),
    ]


@pytest.mark.parametrize(
    ("model", "text", "tokens", "expected"),
    [
        ("t5", PAIRS, "words", 2 * log(2) / 6),
        ("bert", "the cat\na cat\n", "words", 2 * log(2) / 4),
        ("gpt2", "a b\tb a\na b\tb b\n", "words", 2 * log(2) / 4),
        ("gpt2", "ab\nac\nac\n", "chars", -(2 * log(2 / 3) + log(1 / 3)) / 9),
    ],
)
def test_the_floor_is_counted_given_all_that_a_model_may_look_at(
    model: str, text: str, tokens: str, expected: float
) -> None:
    _, of = story(learnt_recipe(model, text, tokens, steps=2)[0])
    assert floor(of.beginnings) == pytest.approx(expected, rel=1e-12)


def test_the_floor_is_that_of_a_plain_count() -> None:
    names = "anna\nhanna\njohanna\nemma\nemil\nemilia\nnina\n"
    _, of = story(learnt_recipe("rnn", names, "chars", steps=2)[0])
    marked = [f"^{name}^" for name in names.split()]
    before = Counter(name[:n] for name in marked for n in range(1, len(name)))
    pairs = Counter((name[:n], name[n]) for name in marked for n in range(1, len(name)))
    entropy = -sum(k * log(k / before[start]) for (start, _), k in pairs.items()) / sum(pairs.values())
    assert floor(of.beginnings) == pytest.approx(entropy, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt2", "t5", "bert", "rnn"])
def test_the_measures_are_those_of_the_training(model: str) -> None:
    recipe, learnt = learnt_recipe(model, PAIRS if model == "t5" else TEXT)
    _, of = story(recipe)
    assert loss_of(of.before) == pytest.approx(learnt.losses[0], rel=1e-12)
    assert loss_of(of.after) == pytest.approx(learnt.final, rel=1e-12)
    assert 0 <= share_right(of.before) <= share_right(of.after) <= 1
    assert [point[0] for point in of.stated.curve] == list(range(21))


def test_what_is_held_out_is_measured_apart() -> None:
    recipe, learnt = learnt_recipe(share=0.25)
    _, of = story(recipe)
    assert len(of.aside) == 1
    assert loss_of(of.held_out(of.after)) == pytest.approx(learnt.held_out[-1], rel=1e-12)
    assert loss_of(of.learnt_from(of.after)) == pytest.approx(learnt.final, rel=1e-12)
    assert of.stated.curve[-1][2] == pytest.approx(learnt.held_out[-1], rel=1e-5)
    without = replace(recipe, training={name: v for name, v in recipe.training.items() if name != "curve"})
    ends = [[0, learnt.losses[0], learnt.held_out[0]], [20, learnt.final, learnt.held_out[-1]]]
    assert story(without)[1].curve == [pytest.approx(end, rel=1e-12) for end in ends]


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("gpt2", {"optimizer": "adam"}),
        ("gpt2", {"optimizer": "adamw", "weight_decay": 0.2, "batch_size": 2, "warmup": 1}),
        ("t5", {"optimizer": "sgd"}),
    ],
)
def test_the_first_step_is_the_trainings(model: str, settings: dict[str, Any]) -> None:
    text = "le chat\tthe cat\n" if model == "t5" else TEXT
    recipe, learnt = learnt_recipe(model, text, **settings, steps=1)
    lesson, of = story(recipe)
    assert of.step is not None
    assert of.step.whole
    numbers = fold(of.step.graph.outputs)
    training = of.step.training
    assert numbers[training.losses[0]].item() == pytest.approx(learnt.losses[0], rel=1e-12)
    for path, updated in training.updated.items():
        np.testing.assert_allclose(numbers[updated], learnt.weights[path], rtol=0, atol=1e-6, err_msg=path)
    names = {node.name for node in numbers if node.name and not node.role.traits.shared}
    assert all(name.startswith("first_step.") for name in names)
    assert not names & lesson.tables.keys()


def test_a_large_first_step_is_shown_with_one_sequence() -> None:
    text = "".join(f"w{n} w{n + 1} w{n + 2}\n" for n in range(12))
    _, of = story(learnt_recipe(text=text, steps=1)[0])
    assert of.step is not None
    assert not of.step.whole
    assert of.step.examples == [0]


def test_a_recipe_tells_all_of_its_training_again(tmp_path: Path) -> None:
    recipe, _ = learnt_recipe(share=0.25, optimizer="adamw", weight_decay=0.1, cosine=True)
    path = tmp_path / "learnt.toml"
    path.write_text(recipe_file(recipe))
    again = read_recipe(path)
    assert again.training == recipe.training
    (_, one), (_, other) = story(recipe), story(again)
    assert one.stated == other.stated
    assert one.after == other.after
    assert one.stated.options.weight_decay == 0.1


def test_weights_that_were_learnt_on_begin_where_the_first_training_ended() -> None:
    recipe, first = learnt_recipe()
    plain = replace(recipe, ids=None, learnt="", training={})
    read = corpus(TEXT, plain, *model_of(plain), "words")
    options = TrainingOptions(steps=3)
    learnt = train(read.recipe, read.examples, options)
    _, of = story(with_weights(read, learnt, options, "more.txt"))
    assert loss_of(of.before) == pytest.approx(first.final, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": "letters"}, "There are no tokens 'letters'"),
        ({"optimizer": "lion"}, "There is no optimizer 'lion'"),
        ({"lines": ["a"]}, "has an unknown key 'lines'"),
        ({"text": "the cat"}, "'text' must be a list of words, not 'the cat'"),
        ({"curve": [[1.0]]}, "Each point of the curve"),
        ({"curve": [[0, 1, 1]]}, "Each point of the curve in the recipe's [training] must be [steps, loss]."),
        ({"curve": [[0, 1], [0, 1]]}, "must be whole numbers that grow"),
        ({"curve": [[-1, 1]]}, "must be whole numbers that grow"),
        ({"step": 3}, "has an unknown key 'step'; the nearest is steps"),
        ({"curve": ["x"]}, "'curve' must be a list of lists of numbers"),
        ({"text": ["the"]}, "No line of the text has two words"),
    ],
)
def test_a_training_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    recipe, _ = learnt_recipe(steps=1)
    with pytest.raises(ByhandError) as refusal:
        story_of(build(replace(recipe, training=recipe.training | change)))
    assert message in str(refusal.value)
