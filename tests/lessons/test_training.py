"""Training: the losses of torch, step by step; texts as examples; weights on a grid; what cannot be learnt from."""

from __future__ import annotations

import gc
import json
import signal
import subprocess
import time
import tomllib
import tracemalloc
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.commands import PROGRAM, answer, byhand, refusal
from support.selection import often

from byhand.core.evaluation import Evaluator
from byhand.core.graph import fold
from byhand.errors import ByhandError
from byhand.lessons import training
from byhand.lessons.build import build, model_of
from byhand.lessons.corpus import Corpus, corpus, held_out
from byhand.lessons.grid import Grid
from byhand.lessons.learnt import with_weights
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.lessons.training import Loss, TrainingOptions, batches, train
from byhand.models import MODELS

DATA = Path(__file__).parents[1] / "data" / "training"
TEXT = "the cat sat.\nthe dog ran.\na dog sat.\na cat ran.\n"
LEARNERS = [name for name, model in MODELS.items() if {"generate", "ids"} <= model.takes and name != "induction-head"]


def text_of(model: str, text: str = TEXT, tokens: str = "words", **size: Any) -> Corpus:
    recipe = Recipe(model, size=size)
    return corpus(text, recipe, *model_of(recipe), tokens)


def next_words(sequences: list[list[int]]) -> list[dict[str, list[int]]]:
    return [{"ids": ids[:-1], "targets": ids[1:]} for ids in sequences]


@pytest.mark.parametrize("model", ["gpt2", "llama"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_every_loss_is_torchs(model: str, optimizer: str) -> None:
    reference = np.load(DATA / model / "training.npz")
    rate, steps, decay = reference[f"{optimizer}.settings"]
    options = TrainingOptions(int(steps), optimizer, float(rate), float(decay) if optimizer == "adamw" else None)
    sequences = reference["sequences"].tolist()
    recipe = Recipe(str(DATA / model))
    learnt = train(recipe, next_words(sequences), options)
    difference = np.abs(np.array(learnt.losses) - reference[f"{optimizer}.losses"])
    assert difference[:20].max() < 1e-10
    assert difference.max() < 1e-7
    loss = Loss(recipe, next_words(sequences))
    for ids, logits in zip(sequences, reference[f"{optimizer}.logits"], strict=True):
        lesson = build(Recipe(str(DATA / model), ids=ids[:-1]))
        given_weights = {lesson.tables[w.name]: learnt.weights[path] for path, w in loss.weights.items()}
        values = fold(lesson.graph.outputs, given_weights)
        assert lesson.graph.logits is not None
        np.testing.assert_allclose(values[lesson.graph.logits], logits, rtol=0, atol=1e-6)


@pytest.mark.parametrize("model", often(LEARNERS, LEARNERS[::4]))
def test_every_model_that_writes_words_learns(model: str) -> None:
    pairs = "la maison\tthe house\nle chat\tthe cat\n"
    read = text_of(model, pairs if "target_ids" in MODELS[model].takes else TEXT)
    learnt = train(read.recipe, read.examples, TrainingOptions(25, lr=0.03))
    assert learnt.final < 0.8 * learnt.losses[0]


def test_the_gradient_is_that_of_differences() -> None:
    read = text_of("gpt2", "the cat sat on the mat.\nthe dog ran.\n")
    assert len({len(e["ids"]) for e in read.examples}) == 2, "of two lengths"
    loss = Loss(read.recipe, read.examples)
    row = loss.start() + np.random.default_rng(0).normal(size=loss.start().size) / 10
    _, gradient = loss(row)
    for n in range(0, row.size, 17):
        step = np.zeros_like(row)
        step[n] = 1e-6
        assert gradient[n] == pytest.approx((loss.value(row + step) - loss.value(row - step)) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("most", [1, 2])
def test_in_parts_the_numbers_are_the_same(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where all examples at once would take more memory than is reasonable: one or two at a time."""
    read = text_of("gpt2", TEXT + "the cat sat on the mat.\n")
    at_once = Loss(read.recipe, read.examples)
    row = at_once.start()
    whole = *at_once(row), *at_once(row, [0, 2, 4, 3]), at_once.value(row), *at_once.probabilities(row)
    monkeypatch.setattr(training, "MOST_NUMBERS", most * max(group.numbers for group in at_once.groups))
    parts = Loss(read.recipe, read.examples)
    assert max(len(list(group._parts(None))) for group in parts.groups) >= 2
    again = *parts(row), *parts(row, [0, 2, 4, 3]), parts.value(row), *parts.probabilities(row)
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_each_position_counts_the_same_whatever_its_line() -> None:
    read = text_of("gpt2", "the cat sat on the mat.\nthe dog.\n")
    loss = Loss(read.recipe, read.examples)
    each = [loss(loss.start(), [n])[0] for n in range(2)]
    counts = [len(e["targets"]) for e in read.examples]
    assert loss.value(loss.start()) == pytest.approx(np.average(each, weights=counts), rel=1e-12)


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("gpt2", "the cat sat\na dog sat\nthe cat ran\n"),
        ("transformer", "a a a\ta a a\na b c\tc b a\nb b b\tb b b\n"),
        ("t5", "a b\tb a\nb b\ta a\na b\tb b\n"),
        ("bert", "the cat sat\nthe dog sat\n"),
        ("mixtral", "a a\na b\na a\n"),
    ],
)
def test_each_line_is_read_as_itself(model: str, text: str) -> None:
    """Even if the first and the last begin alike, or answers are like their questions."""
    read = text_of(model, text)
    loss = Loss(read.recipe, read.examples)
    for n, example in enumerate(read.examples):
        targets = ["_" if target < 0 else target for target in example["targets"]]
        alone = build(replace(read.recipe, backward=True, **{**example, "targets": targets}))
        assert loss(loss.start(), [n])[0] == pytest.approx(alone.numbers()["loss"].item(), abs=1e-12)


@given(st.integers(1, 6), st.integers(0, 3))
@settings(max_examples=10, deadline=None)
def test_batches_take_every_sequence_once_a_round(size: int, seed: int) -> None:
    order = batches(6, size, seed)
    if size == 6:
        assert next(order) is None
        return
    drawn = [n for _ in range(6) for n in next(order) or ()]
    for start in range(0, len(drawn) - 5, 6):
        assert sorted(drawn[start : start + 6]) == list(range(6))


def test_an_evaluator_gives_what_fold_gives() -> None:
    lesson = build(Recipe("gpt2", backward=True))
    weights = [n for n in lesson.tables.values() if n.role == "weight"]
    outputs = list(lesson.tables.values())
    other = {n: n.data + 0.5 for n in weights if n.data is not None}
    folded = fold(outputs, other)
    for node, value in zip(outputs, Evaluator(outputs, weights)(other), strict=True):
        np.testing.assert_array_equal(value, folded[node], err_msg=node.name)


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    options = TrainingOptions(steps=10, lr=1.0, warmup=4, cosine=True)
    rates = [options.rate_at(n) for n in range(1, 11)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == 1.0
    assert rates[7] == pytest.approx(0.5)
    assert all(a > b for a, b in pairwise(rates[4:]))


@pytest.mark.parametrize(("grid", "largest", "most"), [(0.5, None, 0.5), (1.0, 3.0, 0.55)])
def test_weights_end_on_the_grid_and_still_know_the_text(grid: float, largest: float | None, most: float) -> None:
    read = text_of("rnn")
    learnt = train(read.recipe, read.examples, TrainingOptions(150, lr=0.03, grid=grid, largest=largest))
    for table in learnt.weights.values():
        np.testing.assert_array_equal(table, np.rint(table / grid) * grid)
        assert largest is None or np.abs(table).max() <= largest
    assert learnt.final < most
    assert learnt.unrounded is not None


def test_weights_on_a_grid_of_tenths_have_one_decimal() -> None:
    row = Grid(0.1, 3.0, 61).fixed(np.linspace(-3, 3, 61) + 0.003, 1.0)
    assert [repr(float(x)) for x in row] == [f"{n / 10:.1f}" for n in range(-30, 31)]


def test_fewer_and_fewer_weights_come_onto_the_grid_and_at_half_the_rate() -> None:
    grid, row = Grid(0.5, None, 900), np.random.default_rng(0).normal(size=900)
    on_it = []
    for step in range(1, 101):
        row = grid.fixed(row, step / 100)
        on_it.append(int((row == np.rint(row / 0.5) * 0.5).sum()))
    assert on_it[39] == 0
    assert on_it[94] == 900, "the last steps improve what is left"
    more = np.diff([on_it[n] for n in (40, 50, 60, 70, 80, 90)])
    assert (more > 0).all()
    assert (np.diff(more) < 0).all()
    options = TrainingOptions(100, lr=1.0, grid=0.5)
    assert (options.rate_at(39), options.rate_at(41), options.rate_at(100)) == (1.0, 0.5, 0.5)
    falling = replace(options, cosine=True)
    assert falling.rate_at(20) == pytest.approx(0.5)
    assert falling.rate_at(10) > 0.8
    assert falling.rate_at(100) == 0.5


def test_a_grid_ends_where_no_single_step_helps() -> None:
    target = np.array([0.9, -2.2, 7.0])
    grid = Grid(0.5, 3.0, 3)
    row = grid.fixed(np.zeros(3), 1.0)
    assert grid.improved(row, lambda w: float(((w - target) ** 2).sum())).tolist() == [1.0, -2.0, 3.0]


QUESTIONS = {
    "sorting": "".join(f"{' '.join(letters)}\t{' '.join(sorted(letters))}\n" for letters in product("abc", repeat=3)),
    "reversing": "".join(f"{' '.join(letters)}\t{' '.join(letters[::-1])}\n" for letters in product("abc", repeat=3)),
}


@pytest.mark.slow
@pytest.mark.parametrize("task", QUESTIONS)
def test_questions_are_learnt_with_their_answers(task: str) -> None:
    read = text_of("gpt2", QUESTIONS[task])
    assert read.examples[1] == {"ids": [0, 0, 1, *read.examples[1]["ids"][3:]], "targets": read.examples[1]["targets"]}
    assert read.examples[1]["targets"][:2] == [-1, -1], "the question itself is not to be guessed"
    options = TrainingOptions(600, lr=0.02, cosine=True)
    learnt = train(read.recipe, read.examples, options)
    recipe = with_weights(read, learnt, options, f"{task}.txt")
    assert build(recipe).words == ["a", "a", "a"], "the first question, answered"
    right = 0
    for line in QUESTIONS[task].splitlines():
        question, answer = line.split("\t")
        right += build(replace(recipe, ids=None, prompt=question)).words == answer.split()
    assert right == 27


def test_a_line_with_a_tab_has_one_answer() -> None:
    with pytest.raises(ByhandError, match=r"Line 2 has more than one tab: write a question, a tab, and its answer."):
        text_of("gpt2", "a\tb\na\tb\tc\n")
    with pytest.raises(ByhandError, match=r"takes 9 positions, but the model has 8: .* --size max_positions=9"):
        text_of("gpt2", "a a a a a a\tb b b b\n")


def test_a_longer_text_is_cut_where_the_positions_end() -> None:
    read = text_of("gpt2", "a b c d e f g h i j k", max_positions=4)
    assert ["".join(line) for line in read.lines] == ["abcde", "efghi", "ijk"]
    assert "1 line is longer than the model's 4 positions and cut: 3 sequences in all." in read.notes


def test_characters_have_marks_for_blanks_and_line_ends() -> None:
    read = text_of("llama", "ab c\n", "chars")
    assert read.lines == [["⏎", "a", "b", "␣", "c", "⏎"]]


LOW = "low lower lowest\nnew newer newest\nwide wider widest\n"


def test_pieces_are_learnt_before_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("low.txt").write_text(LOW)
    report = json.loads(answer("byhand train low.txt --tokens bpe:12 --lr 0.03 -o low.toml --save folder --json"))
    assert report["final_loss"] < 0.1
    recipe = read_recipe(Path("low.toml"))
    assert {"low</w>", "lower</w>", "lowest</w>", "wide", "st</w>"} <= set(recipe.words)
    lesson = build(replace(recipe, ids=None, prompt="low lower"))
    assert lesson.prompt == ["low</w>", "lower</w>"]
    assert lesson.words == ["lowest</w>"]
    tokenizer = json.loads(Path("folder/tokenizer.json").read_text())
    assert tokenizer["model"]["type"] == "BPE"
    assert len(tokenizer["model"]["merges"]) == 12
    assert all(piece in tokenizer["model"]["vocab"] for pair in tokenizer["model"]["merges"] for piece in pair)
    assert tokenizer["model"]["vocab"] == {word: n for n, word in enumerate(recipe.words)}


def test_a_prompt_is_cut_as_the_text_was() -> None:
    recipe = text_of("rnn", "ab ba\n", "chars").recipe
    lesson = build(replace(recipe, training={"tokens": "chars", "text": ["ab ba"]}, prompt="ab"))
    assert lesson.prompt == ["⏎", "a", "b"]
    assert build(replace(lesson.recipe, prompt="⏎ b ␣")).prompt == ["⏎", "b", "␣"]


def test_words_and_punctuation_are_told_apart() -> None:
    read = text_of("gpt2", "Don’t stop, she said.\n", max_positions=9)
    assert read.lines == [["Don’t", "stop", ",", "she", "said", "."]]


def test_each_word_is_hidden_once() -> None:
    read = text_of("bert", "the cat sat\n")
    assert [e["targets"] for e in read.examples] == [[-1, 4, -1, -1, -1], [-1, -1, 5, -1, -1], [-1, -1, -1, 6, -1]]
    assert [e["ids"][e["targets"].index(max(e["targets"]))] for e in read.examples] == [3, 3, 3]


def test_a_share_is_held_out_and_only_tried() -> None:
    read = text_of("gpt2")
    to_learn, aside = held_out(read, 0.25, 0)
    assert len(to_learn) == 3
    assert len(aside) == 1
    learnt = train(read.recipe, to_learn, TrainingOptions(5), aside)
    assert len(learnt.held_out) == 6
    without = train(read.recipe, to_learn, TrainingOptions(5))
    assert without.losses == learnt.losses


def test_what_is_learnt_is_kept_when_it_is_stopped() -> None:
    read = text_of("gpt2")

    def stop(step: int, loss: float) -> None:
        if step == 7:
            raise KeyboardInterrupt

    learnt = train(read.recipe, read.examples, TrainingOptions(100), advance=stop)
    assert learnt.stopped
    assert len(learnt.losses) == 7
    assert learnt.final < learnt.losses[0]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_steps() -> None:
    read = text_of("gpt2")
    sizes = {}

    def measure(step: int, loss: float) -> None:
        if step in (20, 120):
            gc.collect()
            sizes[step] = tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        train(read.recipe, read.examples, TrainingOptions(120), advance=measure)
    finally:
        tracemalloc.stop()
    assert sizes[120] - sizes[20] < 100 * 100, "a hundred bytes for the loss of each step"


def test_the_default_model_learns_its_text_in_seconds() -> None:
    read = text_of("gpt2")
    start = time.process_time()
    train(read.recipe, read.examples, TrainingOptions(300, lr=0.03))
    assert time.process_time() - start < 10


@pytest.mark.slow
def test_an_interrupted_training_writes_what_it_has_learnt(text: Path) -> None:
    """With the signal that Ctrl-C sends, after the note that it writes before it trains, far from the last step."""
    line = "train poem.txt --size max_positions=2 --steps 1000000 -o learnt.toml --save folder --json"
    process = subprocess.Popen([str(PROGRAM), *line.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        assert "cut: 8 sequences in all." in process.stderr.readline()
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    report = json.loads(out)
    assert process.returncode == 0
    assert f"Stopped after {report['steps']} steps; what is learnt so far is kept." in err
    assert report["final_loss"] < report["losses"][0]
    assert build(read_recipe(Path("learnt.toml"))).recipe.training["steps"] == 1_000_000
    assert sorted(path.name for path in Path().iterdir()) == ["folder", "learnt.toml", "poem.txt"]


@pytest.mark.slow
def test_a_first_step_that_no_sheet_bears_is_left_out(text: Path) -> None:
    Path("long.txt").write_text("a b c d e f g h i j k l m n o p\n")
    assert "Wrote long.xlsx" in answer("byhand train long.txt --model retro --steps 2 -o long.xlsx")
    assert "gets the stored result of all" in answer("byhand verify long.xlsx")


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "poem.txt").write_text(TEXT)
    return tmp_path / "poem.txt"


def test_a_recipe_holds_what_was_learnt(text: Path) -> None:
    line = "byhand train poem.txt --steps 40 --lr 0.03 -o learnt.toml --json"
    report = json.loads(answer(line))
    recipe = read_recipe(Path("learnt.toml"))
    lesson = build(recipe)
    assert len(report["losses"]) == report["steps"] == 40
    assert lesson.prompt == ["the", "cat", "sat"]
    assert lesson.words == ["."]
    assert "learnt from poem.txt: 4 sequences, 40 steps of adam" in lesson.weights
    read = text_of("gpt2")
    loss = Loss(recipe, read.examples)
    assert loss.value(loss.start()) == pytest.approx(report["final_loss"], rel=1e-12)
    assert tomllib.loads(Path("learnt.toml").read_text())["words"][:3] == ["the", "cat", "sat"]


@pytest.mark.slow
def test_a_workbook_holds_what_was_learnt(text: Path) -> None:
    assert "Wrote learnt.xlsx" in answer("byhand train poem.txt --steps 20 --lr 0.03 -o learnt.xlsx")
    assert "gets the stored result of all" in answer("byhand verify learnt.xlsx")


def test_ids_in_place_of_a_text(text: Path) -> None:
    reference = np.load(DATA / "gpt2" / "training.npz")
    Path("ids.json").write_text(json.dumps(reference["sequences"].tolist()))
    rate = float(reference["sgd.settings"][0])
    line = f"byhand train --model {DATA / 'gpt2'} --ids-file ids.json --optimizer sgd --lr {rate!r} --steps 20 --json"
    np.testing.assert_allclose(json.loads(answer(line))["losses"], reference["sgd.losses"][:20], rtol=0, atol=1e-10)


def test_a_folder_holds_what_was_learnt_and_learns_on(text: Path) -> None:
    last = json.loads(answer("byhand train poem.txt --steps 30 --lr 0.03 --save learnt --json"))["final_loss"]
    assert build(Recipe("learnt", prompt="a dog")).words == ["sat"]
    again = json.loads(answer("byhand train poem.txt --model ./learnt --steps 5 --lr 0.01 --save more --json"))
    assert again["losses"][0] == pytest.approx(last, abs=1e-5)
    assert again["final_loss"] < last
    assert Path("more/config.json").read_text() == Path("learnt/config.json").read_text()
    assert build(Recipe("more", prompt="a dog")).prompt == ["a", "dog"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("poem.txt --save .", "is not empty: choose a new folder with --save"),
        ("poem.txt --save nowhere/deep", "There is no folder"),
        ("empty.txt", "empty.txt is empty"),
        ("one.txt", "No line of the text has two words"),
        ("binary.bin", "binary.bin is not a text in UTF-8"),
        ("nowhere.txt", "There is no text nowhere.txt: check its name and folder."),
        (".", "The text . is a folder: name a file in it."),
        ("", "Give a text or --ids-file, one of them."),
        ("poem.txt --ids-file ids.json", "Give a text or --ids-file, one of them."),
        ("poem.txt --model attention", "attention does not learn from a text"),
        ("poem.txt --model vit", "'the dog ran.' is no row of a picture"),
        ("poem.toml", "poem.toml is a recipe, no text: name it with --model"),
        ("poem.txt --tokens letters", "There are no tokens 'letters': choose words, chars, or pieces"),
        ("poem.txt --tokens bpe:900", "No pair is left after merge"),
        ("poem.txt --tokens bpe:", "There are no tokens 'bpe:'"),
        ("poem.txt --model rnn --save new", "rnn has no form as a checkpoint: leave --save out"),
        ("poem.txt --size positions=rotary --save new", "A checkpoint of this kind cannot state the weight"),
        ("poem.txt --model rasp-reverse", "rasp-reverse does not learn from a text"),
        ("poem.txt --model transformer", "Line 1 is no pair: write the source, a tab, and the target."),
        ("poem.txt --lr 1e9", "--lr is a number above 0 and up to 1000"),
        ("poem.txt --lr nan", "--lr is a number above 0 and up to 1000"),
        ("poem.txt --optimizer sgd --lr 1000 --steps 50", "the loss grows beyond all bounds: choose a smaller --lr"),
        ("poem.txt --grid 0", "--grid is the distance of two weights, above 0"),
        ("poem.txt --largest 3", "--largest is the largest weight on a --grid"),
        ("poem.txt --steps 0", "--steps is from 1 to"),
        ("poem.txt --batch-size 0", "--batch-size is at least 1"),
        ("poem.txt --optimizer lion", "There is no optimizer 'lion'"),
        ("poem.txt --weight-decay 0.1", "--weight-decay goes with --optimizer adamw"),
        ("poem.txt --hold-out 90%", "leaves nothing to learn or nothing to try"),
        ("poem.txt --hold-out 100%", "--hold-out is a share below 100%"),
        ("poem.txt --hold-out some", "is not a share such as 10% or 0.1"),
        ("poem.txt -o learnt.txt", "What is learnt is written as .toml or .xlsx"),
        ("poem.txt -o nowhere/learnt.toml", "There is no folder nowhere"),
        ("poem.txt --words the,cat", "is not among the model's words"),
        ("--ids-file ids.json", "Sequence 1 has the id 99, but the vocabulary has ids 0 to"),
        ("--ids-file poem.txt", "poem.txt is not JSON"),
        ("many.txt", "and a sheet has room for 2,000"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(options: str, message: str, text: Path) -> None:
    Path("empty.txt").write_text("\n \n")
    Path("one.txt").write_text("one\n")
    Path("many.txt").write_text(" ".join(f"w{n}" for n in range(2001)))
    Path("binary.bin").write_bytes(bytes(range(256)))
    Path("ids.json").write_text("[[1, 99]]")
    assert message in refusal(f"train {options}")


def test_what_is_not_kept_and_a_loss_that_grows_are_said(text: Path) -> None:
    kept = byhand("byhand train poem.txt --steps 2 --lr 0.03 -o learnt.toml").stderr
    assert "Nothing is kept" not in kept
    assert "has grown" not in kept
    lost = byhand("byhand train poem.txt --steps 2 --lr 100").stderr
    assert "Nothing is kept: name a file with -o" in lost
    assert "The loss has grown: try a smaller --lr." in lost


def test_a_note_says_how_the_text_was_read(text: Path) -> None:
    result = byhand("byhand train poem.txt --steps 2 --size max_positions=2")
    assert "4 lines are longer than the model's 2 positions and cut: 8 sequences in all." in result.stderr
