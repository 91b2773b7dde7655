"""Classes of texts and of small pictures: how they are written, learnt, and kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.commands import answer, refusal

from byhand.errors import ByhandError
from byhand.lessons.build import build, model_of
from byhand.lessons.corpus import Corpus, corpus
from byhand.lessons.drawn_pictures import is_drawn, picture_of
from byhand.lessons.learnt import with_weights
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.lessons.training import TrainingOptions, train

BARS = """
standing
.#..
.#..
.#..
.#..

standing
...#
...#
...#
...#

lying
....
####
....
....


lying
0000
0000
0000
1111
"""
TEXTS = "animal\tthe cat sat\nanimal\ta dog sat\nthing\tthe sun sat\nthing\ta stone sat\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("bars.txt").write_text(BARS)
    return tmp_path


def read(model: str, text: str) -> Corpus:
    recipe = Recipe(model)
    return corpus(text, recipe, *model_of(recipe), "words")


@pytest.mark.parametrize(
    ("drawn", "numbers"),
    [
        (".#/#.", [[0, 1], [1, 0]]),
        ("01\n90\n", [[0, 1], [9, 0]]),
        ("0 0.5/-1 2", [[0, 0.5], [-1, 2]]),
    ],
)
def test_a_drawn_picture_is_its_numbers(drawn: str, numbers: list[list[float]]) -> None:
    assert is_drawn(drawn)
    np.testing.assert_array_equal(picture_of(drawn), [numbers])


def test_channels_stand_below_each_other() -> None:
    np.testing.assert_array_equal(picture_of(".#/#./11/11", 2), [[[0, 1], [1, 0]], [[1, 1], [1, 1]]])


@pytest.mark.parametrize("name", ["cat.png", "folder/cat.npy", "#", "0101", ""])
def test_a_file_is_no_drawn_picture(name: str) -> None:
    assert not is_drawn(name)


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        ("...#/.#", "Row 2 of a picture has 2 pixels, but the first has 4"),
        ("..#x/....", "'..#x' is no row of a picture: 'x' is none of . # and 0 to 9."),
        ("0 1 -/0 0 0", "'0 1 -' is no row of a picture"),
        ("/", "A picture of 0 rows has no 1 channels"),
        ("#" * 65 + "/" + "#" * 65, "A drawn picture has at most 64 rows and columns"),
    ],
)
def test_what_is_no_picture_is_refused(drawn: str, message: str) -> None:
    with pytest.raises(ByhandError) as error:
        picture_of(drawn)
    assert message in str(error.value)


def test_a_vit_learns_what_stands_and_what_lies() -> None:
    learning = read("vit", BARS)
    assert learning.recipe.words == ["standing", "lying"]
    assert [e["targets"] for e in learning.examples] == [[0], [0], [1], [1]]
    options = TrainingOptions(150, lr=0.03)
    recipe = with_weights(learning, train(learning.recipe, learning.examples, options), options, "bars.txt")
    for example in learning.examples:
        lesson = build(Recipe("vit", size=recipe.size, words=recipe.words, pixels=example["pixels"], set=recipe.set))
        assert [lesson.numbers()["probabilities"][0].argmax()] == example["targets"]
        assert lesson.graph.logits is not None
        assert lesson.graph.logits.shape[1].labels.words == ("standing", "lying")


def test_the_picture_is_as_large_as_it_is_drawn() -> None:
    drawn = "".join(f"{name}\n" + "\n".join([row * 6] * 6) + "\n\n" for name, row in (("dark", "."), ("light", "#")))
    learning = read("vit", drawn)
    assert learning.recipe.size == {"image": 6}
    assert (
        build(Recipe("vit", size={"image": 6}, pixels=learning.examples[1]["pixels"])).numbers()["picture"].sum() == 36
    )


def test_an_encoder_learns_the_class_that_stands_before_a_text() -> None:
    learning = read("bert", TEXTS)
    assert [line[1] for line in learning.lines] == ["animal", "animal", "thing", "thing"]
    assert all(e["targets"].count(-1) == len(e["ids"]) - 1 and e["targets"][1] >= 0 for e in learning.examples)
    learnt = train(learning.recipe, learning.examples, TrainingOptions(60, lr=0.01))
    assert learnt.final < 0.5


@pytest.mark.slow
def test_what_is_learnt_of_pictures_is_kept_in_files() -> None:
    line = "byhand train bars.txt --model vit --steps 60 --lr 0.03 -o bars.toml --save folder --json"
    report = json.loads(answer(line))
    assert report["final_loss"] < report["losses"][0]
    recipe = read_recipe(Path("bars.toml"))
    assert recipe.pixels == ".#../.#../.#../.#.."
    assert recipe.training["text"][:2] == ["standing", ".#.."]
    answer("byhand workbook bars.toml -o bars.xlsx")
    assert "gets the stored result of all" in answer("byhand verify bars.xlsx")
    drawn = json.loads(answer("byhand run ./folder --pixels '..../####/..../....' --json"))
    ours = json.loads(answer("byhand run bars.toml --pixels '..../####/..../....' --json"))
    np.testing.assert_allclose(drawn["tables"]["logits"], ours["tables"]["logits"], rtol=0, atol=1e-5)
    again = json.loads(answer("byhand train bars.txt --model ./folder --steps 1 --json"))
    assert again["losses"][0] == pytest.approx(report["final_loss"], abs=1e-5)


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        (
            "vit",
            "standing\n.#\n.#\n\n.#\n",
            "'.#' is no class with its picture: write the class, below it a line of . and #",
        ),
        ("vit", "a\n.#.\n.#.\n", "The first picture has 2 rows and 3 columns of pixels: make it a square."),
        ("vit", "a\n.#\n.#\n\nb\n...\n...\n...\n", "A picture of class 'b' is not of 2×2 pixels as the first is."),
        ("vit", "a\n...\n...\n...\n", "A picture of 3×3 is not cut into patches of 2×2: add --size patch=3"),
        ("vit", "a\n.x\n..\n", "'.x' is no row of a picture: 'x' is none of . # and 0 to 9."),
        ("bert", "big animal\tthe cat\n", "Line 1 is no class with its text: write the class as one word, a tab"),
        ("bert", "a\tb\nx\ty\tz\n", "Line 2 is no class with its text"),
    ],
)
def test_what_has_no_class_is_refused(model: str, text: str, message: str) -> None:
    Path("wrong.txt").write_text(text)
    assert message in refusal(f"train wrong.txt --model {model}")


def test_a_class_that_a_folder_does_not_have_is_refused() -> None:
    answer("byhand train bars.txt --model vit --steps 1 --save folder --json")
    Path("other.txt").write_text("round\n.##.\n#..#\n#..#\n.##.\n")
    assert "'round' is not among the model's classes" in refusal("train other.txt --model ./folder")
