"""The backward pass on the command line: what `run` and `workbook` print and write, and every refusal."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import answer, byhand
from support.training_references import DATA, GPT2, expected_of, expected_parameters

from byhand.cli.options import recipe_from
from byhand.cli.workbooks import workbook
from byhand.lessons.build import build
from byhand.lessons.command import command
from byhand.lessons.recipe import Recipe, read_recipe


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(line: str) -> dict[str, Any]:
    return dict(json.loads(answer(f"byhand run {line} --json")))


# What is printed


def test_json_of_gradients() -> None:
    found = printed("gpt2 --ids 3,1,4 --backward --targets 1,4,_")
    assert list(found) == ["model", "loss", "gradients", "written", "tables"]
    numbers = build(Recipe("gpt2", ids=[3, 1, 4], targets=[1, 4, "_"], backward=True)).numbers()
    assert found["model"] == "gpt2"
    assert found["loss"] == numbers["loss"].item()
    assert list(found["tables"]) == list(numbers)
    weights = printed("gpt2 --ids 3,1,4")["tables"].keys() & set(found["gradients"])
    assert weights == set(found["gradients"])
    for name, gradient in found["gradients"].items():
        assert gradient == numbers[f"grad.{name}"].tolist()
        assert np.shape(gradient) == np.shape(found["tables"][name])


def test_json_of_updates() -> None:
    found = printed("gpt2 --ids 3,1,4 --backward --targets 1,4,_ --optimizer sgd --lr 0.5")
    assert list(found) == ["model", "loss", "gradients", "updated", "written", "tables"]
    assert found["updated"].keys() == found["gradients"].keys()
    for name, updated in found["updated"].items():
        by_hand = np.array(found["tables"][name]) - 0.5 * np.array(found["gradients"][name])
        np.testing.assert_allclose(updated, by_hand, rtol=0, atol=1e-15)


def test_json_of_several_steps() -> None:
    """The weights after the last of them, and the loss before each."""
    found = printed("gpt2 --backward --optimizer adamw --train-steps 3 --label-smoothing 0.1")
    assert list(found) == ["model", "loss", "losses", "gradients", "updated", "written", "tables"]
    assert found["losses"] == [found["tables"][f"{at}loss"][0][0] for at in ("", "step2.", "step3.")]
    assert found["loss"] == found["losses"][0]
    assert found["updated"]["wte"] == found["tables"]["step3.updated.wte"]
    assert found["tables"]["weight_decay"] == [[0.01]]
    assert found["tables"]["label_smoothing"] == [[0.1]]


def test_json_without_the_backward_pass_has_the_words_and_the_tables() -> None:
    assert list(printed("gpt2")) == ["model", "written", "tables"]


def test_json_of_a_part() -> None:
    """Its input has a gradient among the tables; it has no weights."""
    found = printed("softmax --backward")
    assert list(found) == ["model", "loss", "tables"]
    assert np.shape(found["tables"]["grad.X"]) == np.shape(found["tables"]["X"])


def test_a_checkpoint_answers_in_its_own_names_and_shapes() -> None:
    """As PyTorch does, for the batch of the reference."""
    e = expected_of(GPT2)
    rows = " ".join(
        f"--ids {','.join(map(str, ids))} --targets {','.join('_' if t < 0 else str(t) for t in [*labels[1:], -100])}"
        for ids, labels in zip(e["input_ids"].tolist(), e["labels"].tolist(), strict=True)
    )
    line = f"{shlex.quote(str(DATA / GPT2))} {rows} --backward --optimizer sgd --lr 0.1"
    found = printed(line)
    assert abs(found["loss"] - e["loss"]) < 1e-9
    for kind, ours in {"grad": "gradients", "sgd": "updated"}.items():
        expected = expected_parameters(GPT2, kind)
        assert found[ours].keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_allclose(found[ours][name], array, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("targets", ["cat,sat,_", "1,sat,_", " cat , 4 ,_", "1,4,_"])
def test_targets_are_words_or_their_ids(targets: str) -> None:
    found = printed(f"gpt2 --ids 3,1,4 --backward --targets '{targets}'")
    assert found["tables"]["loss.targets"] == [[1], [4], [-1]]


def test_without_targets_each_word_is_to_be_followed_by_the_next() -> None:
    assert printed("gpt2 --ids 3,1,4 --backward")["tables"]["loss.targets"] == [[1], [4], [-1]]


def test_a_batch_is_ids_and_targets_again() -> None:
    found = printed("gpt2 --backward --ids 3,1,4 --targets 1,4,_ --ids 2,6 --targets _,5")
    alone = [
        printed("gpt2 --backward --ids 3,1,4 --targets 1,4,_"),
        printed("gpt2 --backward --ids 2,6 --targets _,5"),
    ]
    assert abs(found["loss"] - (2 * alone[0]["loss"] + alone[1]["loss"]) / 3) < 1e-14
    assert found["tables"]["row2.ids"] == [[2], [6]]
    for name, gradient in found["gradients"].items():
        parts = [np.array(one["gradients"][name]) for one in alone]
        np.testing.assert_allclose(gradient, (2 * parts[0] + parts[1]) / 3, atol=1e-14)


def test_a_batch_of_prompts() -> None:
    found = printed("gpt2 --backward --prompt 'the cat sat' --prompt 'a dog'")
    assert found["tables"]["row2.ids"] == [[3], [2]]
    assert found["tables"]["row2.loss.targets"] == [[2], [-1]]


def test_run_prints_the_loss_and_of_gradients_only_how_they_are_named() -> None:
    text = answer("byhand run gpt2 --backward --optimizer sgd --train-steps 2")
    numbers = build(Recipe("gpt2", backward=True, optimizer="sgd", train_steps=2)).numbers()
    assert f"loss at each step: {numbers['loss'].item():.6f}, {numbers['step2.loss'].item():.6f}\n" in text
    flat = " ".join(text.split())
    for said in ("the gradient of each: grad.NAME", "the updated weights: updated.NAME", "further training steps"):
        assert said in flat
    assert "grad.wte" not in flat
    assert f"\nloss: {numbers['loss'].item():.6f}\n" in answer("byhand run gpt2 --backward")


@pytest.mark.parametrize("name", ["grad.layer1.head1.Q", "step2.updated.wte", "updated.wte.m_hat", "step2.loss"])
def test_one_table_can_be_shown(name: str) -> None:
    line = "byhand run gpt2 --backward --optimizer adam --train-steps 2"
    assert answer(f"{line} --show {name}").startswith(f"{name}  ")
    assert list(json.loads(answer(f"{line} --show {name} --json"))["tables"]) == [name]


def test_a_workbook_of_a_training_is_verified(here: Path) -> None:
    said = answer("byhand workbook multi-head --backward --optimizer sgd --lr 0.1 --train-steps 2 -o m.xlsx")
    assert re.fullmatch(r"Wrote m\.xlsx: [\d,]+ live cells\. Check them with: byhand verify m\.xlsx\n", said)
    assert byhand("byhand verify m.xlsx").exit_code == 0


# The command that a workbook shows

RECIPES = [
    Recipe("gpt2", backward=True),
    Recipe("gpt2", ids=[3, 1], targets=[1, "_"], backward=True, label_smoothing=0.1, orientation="columns"),
    Recipe("gpt2", prompt="the cat", targets=["dog", "_"], backward=True, optimizer="adam", lr=0.5, train_steps=2),
    Recipe("gpt2", ids=[3, 1], backward=True, batch=[{"ids": [2, 4]}, {"ids": [5, 5, 5]}], set={"wte[1,1]": 2}),
    Recipe("gpt2", ids=[3], targets=[1], backward=True, batch=[{"ids": [2, 4], "targets": ["_", 0]}], seed=3),
    Recipe("bert", ids=[3], segment_ids=[1], mask=[1], targets=[1], backward=True, optimizer="momentum"),
    Recipe("attention", backward=True, optimizer="adamw", size={"causal": True}),
    Recipe("transformer", prompt="chat noir", target_prompt="black", targets=[2], backward=True),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=command)
def test_the_command_in_a_workbook_makes_the_same_one(recipe: Recipe, here: Path) -> None:
    again = parsed(command(recipe), here)
    ours, theirs = build(recipe), build(again)
    assert ours.recipe.orientation == again.orientation
    assert list(ours.tables) == list(theirs.tables)
    made = theirs.numbers()
    for name, numbers in ours.numbers().items():
        np.testing.assert_array_equal(numbers, made[name])


def parsed(line: str, here: Path) -> Recipe:
    """The recipe that the command line makes of these words."""
    context = workbook.make_context("workbook", shlex.split(line)[2:])
    options = dict(context.params)
    for name in ("output", "force", "no_words", "lesson", "projector"):
        options.pop(name)
    return recipe_from(options.pop("model"), options.pop("sizes"), options.pop("changes"), **options)


def test_a_file_and_the_command_line_say_the_same(here: Path) -> None:
    text = """
        model = "gpt2"
        ids = [3, 1, 4]
        targets = ["cat", 4, "_"]
        backward = true
        optimizer = "adam"
        lr = 1
        train_steps = 2
        [[batch]]
        ids = [2, 6]
        targets = ["_", 5]
    """
    (here / "r.toml").write_text(text)
    line = (
        "gpt2 --ids 3,1,4 --targets cat,4,_ --ids 2,6 --targets _,5 --backward --optimizer adam --lr 1 --train-steps 2"
    )
    from_file, from_line = printed("r.toml"), printed(line)
    assert from_file["losses"] == from_line["losses"]
    assert from_file["tables"] == from_line["tables"]
    assert read_recipe(here / "r.toml").lr == 1


# Refusals

WORDS8 = "the, cat, dog, a, sat, ran, on, mat"
WORDS_ARE = f"the words are {WORDS8}."
LEAVE = "leave them out, and the gradient of its result is a given table."
NEEDS = "is for an optimizer: add one, such as --backward --optimizer sgd."
RIGHT = "say with --targets what is right, such as --targets thing,action,other."
SAY = "say with --targets what belongs at each position, such as --targets _,4,_ for the second of three."
NONE = "No target counts: give at least one word with --targets."
SGD = "--backward --optimizer sgd"
PROMPT = "run gpt2 --backward --ids 3,1,4"
REFUSALS = {
    # what does not go together
    "run gpt2 --targets 1,4,_": "--targets belongs to the backward pass: add --backward.",
    "workbook gpt2 --label-smoothing 0.1": "--label-smoothing belongs to the backward pass: add --backward.",
    "run gpt2 --optimizer sgd": "--optimizer belongs to the backward pass: add --backward.",
    "run gpt2 --backward --lr 0.1": f"--lr {NEEDS}",
    "workbook gpt2 --train-steps 2": f"--train-steps {NEEDS}",
    "run gpt2 --backward --generate 2": "--backward follows one pass through the model: leave --generate out.",
    "run gpt2 --ids 3,1 --ids 2,4": (
        "More than one prompt makes a batch, which --backward is for: add it, or give one prompt."
    ),
    # optimizers and their settings
    "run gpt2 --backward --optimizer ''": "There is no optimizer ''; there are: sgd, momentum, adam, adamw.",
    "run gpt2 --backward --optimizer momentm": "There is no optimizer 'momentm'; the nearest is momentum.",
    f"run gpt2 {SGD} --lr 0": "--lr is a number above 0 and up to 1000, not 0.0.",
    f"run gpt2 {SGD} --lr -1": "--lr is a number above 0 and up to 1000, not -1.0.",
    f"run gpt2 {SGD} --lr nan": "--lr is a number above 0 and up to 1000, not nan.",
    f"run gpt2 {SGD} --lr inf": "--lr is a number above 0 and up to 1000, not inf.",
    f"workbook gpt2 {SGD} --lr 1000.5": "--lr is a number above 0 and up to 1000, not 1000.5.",
    "run gpt2 --backward --label-smoothing 1": "--label-smoothing is from 0 to below 1, not 1.0.",
    "run gpt2 --backward --label-smoothing -0.1": "--label-smoothing is from 0 to below 1, not -0.1.",
    "run gpt2 --backward --label-smoothing nan": "--label-smoothing is from 0 to below 1, not nan.",
    f"run gpt2 {SGD} --train-steps 0": "--train-steps is the number of steps, at least 1, not 0.",
    f"workbook gpt2 {SGD} --train-steps -3": "--train-steps is the number of steps, at least 1, not -3.",
    "run positions --backward": "positions has nothing to learn: choose a model with weights.",
    f"run softmax {SGD}": "softmax has no weights for an optimizer to change: leave --optimizer out.",
    # targets
    f"{PROMPT} --targets 1,4": "--targets has 2 entries, but there are 3 positions: give one for each, _ for none.",
    f"{PROMPT} --targets 1,4,8": "The target '8' is not in the vocabulary, which has ids 0 to 7; _ stands for none.",
    f"{PROMPT} --targets 1,4,{'9' * 30}": (
        f"The target '{'9' * 30}' is not in the vocabulary, which has ids 0 to 7; _ stands for none."
    ),
    f"{PROMPT} --targets 1,4,-1": f"The target '-1' is not in the vocabulary; the words are {WORDS8}.",
    f"{PROMPT} --targets 1,4,1.5": f"The target '1.5' is not in the vocabulary; the words are {WORDS8}.",
    f"{PROMPT} --targets ²,_,_": f"The target '²' is not in the vocabulary; the words are {WORDS8}.",
    f"{PROMPT} --targets ,,": f"The target '' is not in the vocabulary; the words are {WORDS8}.",
    f"{PROMPT} --targets 1,4,catt": "The target 'catt' is not in the vocabulary; the nearest is cat; " + WORDS_ARE,
    f"{PROMPT} --targets _,_,_": NONE,
    "run gpt2 --backward --ids 3": NONE,
    "run vit --backward --targets horse": (
        "The target 'horse' is not among the classes; there are: standing, lying, slanting."
    ),
    "run vit --backward --targets 3": (
        "The target '3' is not among the classes, which have ids 0 to 2; _ stands for none."
    ),
    "run vit --backward --targets _": "No target counts: give at least one class with --targets.",
    "run vit --backward --targets 1,2": (
        "--targets has 2 entries, but there is 1 position: give one for each, _ for none."
    ),
    "workbook bert --backward": f"bert does not write word by word: {SAY}",
    "run encoder-layer --backward": f"encoder-layer finds classes, not words that follow: {RIGHT}",
    "run attention --backward --targets 1,2,3": f"attention predicts no words, so it takes no --targets: {LEAVE}",
    "workbook softmax --backward --label-smoothing 0.1": (
        f"softmax predicts no words, so it takes no --label-smoothing: {LEAVE}"
    ),
    # batches
    "run embedding --backward --ids 1 --ids 2": f"embedding predicts no words, so it takes no second prompt: {LEAVE}",
    "run attention --backward --ids 1 --ids 2": "attention takes no --ids; it takes --size, --seed and --set.",
    f"{PROMPT} --ids 2,4 --targets 1,_,_": ("--targets is given once for 2 rows of a batch: give it once for each."),
    "run gpt2 --backward --targets 1,_ --targets 2,_": (
        "Row 2 of the batch has no prompt: give it an --ids or --prompt of its own."
    ),
    f"{PROMPT} --ids 99": "Id 99 is not in the vocabulary, which has ids 0 to 7.",
    f"{PROMPT}{' --ids 1,2' * 100}": "A batch has at most 100 rows, not 101: choose some of them.",
    "run row.toml": "Row 2 of the batch has an unknown key 'target'; the nearest is targets.",
    "run rows.toml": "In the recipe rows.toml, 'ids' must be a list of whole numbers, not 5.",
    "run tables.toml": "In the recipe tables.toml, 'batch' must be a list of tables, not [1].",
    "run words.toml": "In the recipe words.toml, 'targets' must be a list of words, not 'cat'.",
    "run flag.toml": "In the recipe flag.toml, 'backward' must be true or false, not 1.",
    "run rate.toml": "In the recipe rate.toml, 'lr' must be a number, not 'fast'.",
}
FILES = {
    "row": 'backward = true\nids = [1]\n[[batch]]\nids = [2]\ntarget = ["_"]',
    "rows": "backward = true\nids = [1]\n[[batch]]\nids = 5",
    "tables": "batch = [1]",
    "words": 'targets = "cat"',
    "flag": "backward = 1",
    "rate": 'lr = "fast"',
}


def refusal(line: str) -> str:
    """What stderr says of it. Nothing else is printed, and nothing is written."""
    before = sorted(Path().rglob("*"))
    result = byhand(f"byhand {line}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert sorted(Path().rglob("*")) == before
    return result.stderr


@pytest.mark.parametrize("line", REFUSALS)
def test_bad_input_gets_one_sentence_with_the_fix(line: str, here: Path) -> None:
    for name, text in FILES.items():
        (here / f"{name}.toml").write_text(f'model = "gpt2"\n{text}\n')
    assert refusal(line) == f"Error: {REFUSALS[line]}\n"


def test_more_steps_than_can_be_unrolled_are_refused_with_the_most_that_can_be() -> None:
    said = refusal(f"workbook gpt2 {SGD} --train-steps 1000000")
    found = re.fullmatch(
        r"Error: 1,000,000 training steps of this model are more than byhand unrolls: "
        r"choose at most --train-steps (\d+)\.\n",
        said,
    )
    assert found
    most = int(found[1])
    assert 100 < most < 1000
    assert "choose at most" in refusal(f"run gpt2 {SGD} --train-steps {most + 1}")


def test_a_rate_that_leads_to_no_number_is_refused() -> None:
    assert refusal("run feed-forward --backward --optimizer sgd --lr 1000 --train-steps 99").endswith(
        "would hold a number that is not finite (from a division by 0, or too large): choose other sizes, or other "
        "numbers with --set.\n"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"run gpt2 {SGD} --lr fast", "Invalid value for '--lr': 'fast' is not a valid float."),
        (f"run gpt2 {SGD} --train-steps many", "Invalid value for '--train-steps': 'many' is not a valid integer."),
        ("run gpt2 --label-smoothing x", "Invalid value for '--label-smoothing': 'x' is not a valid float."),
    ],
)
def test_bad_usage(line: str, sentence: str) -> None:
    assert refusal(line).endswith(f"\n\nError: {sentence}\n")
