"""What the built-in models have learnt: the words of their texts, on a grid, and only where nothing else is asked."""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
from support.commands import answer
from support.learnt import BORROWED, LEARNT, Knowledge, command_of, experts_of, knowledge, row, says_what_its_text_says
from support.lessons import sweep

from byhand.core.graph import fold
from byhand.lessons.build import before_learning, build, learnt_folder, learnt_model
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS

FEW = {"gpt2"}
CLOSE = 0.2
"""How far above the floor of its text a model's loss is at most, in nats."""
OUT_OF_REACH = {"mistral": 1}
"""The words that a model cannot know: a window of two words does not reach from "on" to the beginning of the line."""
each = pytest.mark.parametrize("model", sweep(LEARNT, FEW))


@each
def test_a_model_knows_its_text(model: str) -> None:
    """Every word that the text decides; of several that may follow, one of the most frequent."""
    known = knowledge(model)
    assert known.right == known.total - OUT_OF_REACH.get(model, 0)
    assert known.loss < known.floor + CLOSE


@each
def test_random_weights_know_nothing(model: str) -> None:
    known = knowledge(model, seed=1)
    assert known.right < known.total
    assert known.loss > known.floor + 0.5


@each
def test_the_page_of_the_learnt_models_says_so(model: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "learnt.md"
    assert row(model) in page.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("model", LEARNT)
def test_every_weight_is_on_its_grid(model: str) -> None:
    command, learnt = command_of(model), learnt_model(model)
    assert learnt is not None
    weights = np.concatenate([table.ravel() for table in learnt.weights.values()])
    grid, largest = (float(command[command.index(name) + 1]) for name in ("--grid", "--largest"))
    assert np.array_equal(np.rint(weights / grid) * grid, weights)
    assert np.abs(weights).max() <= largest


@pytest.mark.parametrize("model", LEARNT)
def test_a_file_is_the_recipe_that_its_command_writes(model: str) -> None:
    """The command names the model and the words, and every weight that training changes is there."""
    table = tomllib.loads((learnt_folder() / f"{model}.toml").read_text(encoding="utf-8"))
    command = command_of(model)
    assert table["model"] == model == command[command.index("--model") + 1]
    assert table["words"] == command[command.index("--words") + 1].split(",")
    drawn = build(before_learning(Recipe(model)))
    weights = {name for name, node in drawn.tables.items() if node.role == "weight"}
    assert set(table["set"]) == weights


@pytest.mark.parametrize(("model", "lender"), BORROWED.items())
def test_a_model_that_trains_nothing_has_the_weights_of_its_base(model: str, lender: str) -> None:
    one, other = learnt_model(model), learnt_model(lender)
    assert one is not None
    assert other is not None
    assert one.weights.keys() == other.weights.keys()
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in other.weights)


@pytest.mark.parametrize("model", LEARNT)
def test_the_own_example_is_of_the_text(model: str) -> None:
    """What the model answers to it is what the text says there."""
    assert says_what_its_text_says(model)


def test_mixtral_sends_every_article_to_one_expert_and_the_rest_elsewhere() -> None:
    """Expert 1 reads all articles, and one noun beside them; the verbs and "on" go to expert 3, and no article does."""
    kinds = experts_of("mixtral")
    assert all(1 in chosen for chosen in kinds["article"])
    assert sum(1 in chosen for kind in ("noun", "verb", "preposition") for chosen in kinds[kind]) == 1
    assert all(3 in chosen for chosen in kinds["verb"] + kinds["preposition"])
    assert not any(3 in chosen for chosen in kinds["article"])


def test_switch_has_an_expert_for_each_kind_of_word() -> None:
    """Of the three experts one reads nearly all articles, one most nouns, and one the verbs, which it alone reads."""
    kinds = experts_of("switch")
    assert [sum({1} == chosen for chosen in kinds["article"]), len(kinds["article"])] == [5, 6]
    assert [sum({2} == chosen for chosen in kinds["noun"]), len(kinds["noun"])] == [3, 4]
    assert all({3} == chosen for chosen in kinds["verb"])
    assert not any(3 in chosen for kind in ("article", "noun", "preposition") for chosen in kinds[kind])


def test_deepseek_sends_the_verbs_to_a_pair_of_their_own() -> None:
    """Beside the shared expert: all verbs to 1 and 4, where no other word goes, and no article to 4."""
    kinds = experts_of("deepseek")
    assert all({1, 4} == chosen for chosen in kinds["verb"])
    assert not any({1, 4} == chosen for kind in ("article", "noun", "preposition") for chosen in kinds[kind])
    assert not any(4 in chosen for chosen in kinds["article"])


def test_transformer_xl_uses_its_memory() -> None:
    """After "sat on" the article follows from the segment before: without memory it is the same guess both times."""
    answers = []
    for prompt in ("the cat sat on", "a dog sat on"):
        lesson = build(Recipe("transformer-xl", prompt=prompt))
        assert lesson.graph.logits is not None
        memories = [node for node in lesson.tables.values() if node.role == "memory"]
        assert memories
        nothing = {node: np.zeros(tuple(map(int, node.shape))) for node in memories}
        scores = [fold([lesson.graph.logits], given)[lesson.graph.logits][-1] for given in ({}, nothing)]
        answers.append([lesson.architecture.vocabularies(lesson.options)[0].words[int(row.argmax())] for row in scores])
    (with_cat, alone), (with_dog, also_alone) = answers
    assert (with_cat, with_dog) == ("a", "the")
    assert alone == also_alone


@pytest.mark.slow
@pytest.mark.parametrize("model", ["rnn", "vit"])
def test_a_stored_command_teaches_the_same_again(model: str) -> None:
    """Not to the last digit, which is the processor's; the quickest two stand for all."""
    known, again = knowledge(model), json.loads(answer(shlex.join([*command_of(model), "--json"])))
    assert again["final_loss"] < known.loss + 0.1


def test_only_the_usual_sizes_have_learnt() -> None:
    learnt = build(Recipe("gpt2"))
    assert "learnt from animals" in learnt.weights
    for other in (Recipe("gpt2", seed=1), Recipe("gpt2", size={"layers": 2}), Recipe("gpt2", words=["a", "b"])):
        assert "drawn at random" in build(other).weights
    for same in (
        Recipe("gpt2", size={"name": "small"}),
        Recipe("gpt2", size={"temperature": 2}),
        Recipe("gpt2", words=list("abcdefgh")),
    ):
        assert build(same).weights == learnt.weights
    renamed = build(Recipe("gpt2", words=list("abcdefgh"), prompt="a b", generate=2))
    assert renamed.words == ["e", "g"]  # the sat and on of the text


def test_one_number_of_a_learnt_model_can_be_changed() -> None:
    changed = build(Recipe("gpt2", set={"layer1.W_O[1,2]": 5}))
    differs = [n for n, t in changed.numbers().items() if not np.array_equal(t, build(Recipe("gpt2")).numbers()[n])]
    assert differs[0] == "layer1.W_O"
    assert "layer1.head1.Q" not in differs


def test_training_begins_with_random_weights() -> None:
    """What a model has learnt before does not help with another text of as many words."""
    assert before_learning(Recipe("gpt2")) == Recipe("gpt2", seed=MODELS["gpt2"].seed)
    assert before_learning(Recipe("gpt2", seed=3)) == Recipe("gpt2", seed=3)


def test_what_is_measured_can_fail() -> None:
    """Without its attention a model that needs it is wrong."""
    without = knowledge("gpt2", set={"layer1.W_O": 0})
    assert isinstance(without, Knowledge)
    assert without.right < without.total
