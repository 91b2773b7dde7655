"""Questions whose answer is a word in its pieces: the keys, what may be typed, and how it is marked."""

from __future__ import annotations

import json
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from byhand.errors import ByhandError
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.cuts import LARGEST, Cuts
from byhand.exercises.draw import Student, Variant, variants
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import exercise_of, find, read_exercise
from byhand.exercises.roster import numbered
from byhand.grading.marking import Grader, load_key
from byhand.grading.verdicts import Verdict

CUTS = Cuts(("l", "o", "w", "e", "r", "lo", "low", "er", "##er"))


@pytest.mark.parametrize("pieces", [["low", "er"], ["lo", "w", "e", "r"], ["low", "##er"], ["l"]])
def test_a_cut_is_a_number_and_back(pieces: list[str]) -> None:
    assert CUTS.pieces(CUTS.number(pieces)) == pieces
    assert " ".join(pieces) in CUTS.spellings(CUTS.number(pieces))
    assert json.dumps(pieces) in CUTS.spellings(CUTS.number(pieces))


def test_other_pieces_and_long_texts_are_other_numbers() -> None:
    right = CUTS.number(["low", "er"])
    for other in (["lower"], ["low", "ER"], ["er", "low"], ["low"], ["l", "ow", "er"], ["x"], ["low", "er", "x"]):
        assert CUTS.number(other) != right
    assert CUTS.number(["l"] * 10_000) == LARGEST


def class_of(name: str, count: int = 8) -> tuple[Problem, list[Variant]]:
    built = problem(read_exercise(find(name)))
    return built, variants(built, [], 3, [Student(f"s{n}") for n in range(count)])


def keys(built: Problem, variant: Variant) -> list[list[str]]:
    found = zip(built.questions, variant.answers, strict=True)
    return [question.cuts.pieces(cut) for question, answers in found if question.cuts for cut in answers]


def letters_of(variant: Variant, name: str, letters: str) -> list[str]:
    (ids,) = [table for node, table in variant.numbers.items() if node.name == name]
    return ["".join(letters[int(n) - 1] for n in row) for row in ids]


def test_keys_of_merges_are_those_of_a_plain_program() -> None:
    built, made = class_of("order-of-merges")
    for variant in made:
        words = letters_of(variant, "ids", "abcd")
        for word, key in zip(words, keys(built, variant), strict=True):
            pieces = [*word]
            for left, right in ("b", "c"), ("a", "bc"), ("a", "b"), ("c", "a"):
                n = 0
                while n < len(pieces) - 1:
                    if pieces[n : n + 2] == [left, right]:
                        pieces[n : n + 2] = [left + right]
                    n += 1
            assert key == pieces


def test_keys_of_longest_matches_are_those_of_a_plain_program() -> None:
    built, made = class_of("longest-match", 2)
    question = built.questions[0]
    assert question.cuts is not None
    alphabet = "".join(sorted({*"abcdefghijklmnopqrstuvwxyz#[UNK]"}))
    for variant in made:
        for word, key in zip(letters_of(variant, "word_letters", alphabet), keys(built, variant), strict=True):
            pieces, at = list[str](), 0
            while at < len(word):
                mark = "##" if at else ""
                end = next(n for n in range(len(word), at, -1) if mark + word[at:n] in question.cuts.texts)
                pieces, at = [*pieces, mark + word[at:end]], end
            assert key == pieces


def test_keys_of_likeliest_cuts_are_the_best_of_all_ways() -> None:
    built, made = class_of("likeliest-cut")
    for variant in made:
        named = {node.name: table for node, table in (variant.values | variant.numbers).items()}
        edge, chance = named["word2.edge"], named["word2.chance"]
        ways = []
        for count in range(4):
            for cut in combinations((1, 2, 3), count):
                places = [*zip((0, *cut), (*cut, 4), strict=True)]
                product = 1.0
                for a, b in places:
                    product *= chance[a, b - 1] if edge[a, b - 1] else 0
                ways.append((product, ["pugs"[a:b] for a, b in places]))
        assert keys(built, variant) == [max(ways)[1]]


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cuts") / "set"
    make_set(SetOptions(find("order-of-merges"), folder, numbered(1), seed=1, formats=("xlsx",)))
    return folder


def marked(folder: Path, tmp_path: Path, typed: list[Any]) -> list[tuple[Verdict, str, str]]:
    """Return verdict, mistake and reading of each answer, typed into the student's workbook."""
    key = json.loads((folder / "keys" / "key.json").read_bytes())
    ((question,), (file,)) = key["questions"], (folder / "students").glob("*.xlsx")
    book = openpyxl.load_workbook(file)
    for cell, text in zip(question["cells"], typed, strict=True):
        book[question["sheet"]][cell] = text
    book.save(tmp_path / file.name)
    with Grader(load_key(folder)) as grader:
        marks = grader.mark(tmp_path / file.name).marks
    return [(cell.verdict, cell.mistake, cell.typed.read_as) for cell in marks.cells]


def right_cuts(folder: Path) -> list[list[str]]:
    key = json.loads((folder / "keys" / "key.json").read_bytes())
    (student,) = key["students"].values()
    built = problem(read_exercise(find("order-of-merges")))
    assert built.questions[0].cuts is not None
    return [built.questions[0].cuts.pieces(cut) for cut in student["answers"][0]]


@pytest.mark.slow
def test_a_cut_may_be_typed_in_three_ways(handed_out: Path, tmp_path: Path) -> None:
    one, two, three = right_cuts(handed_out)
    typed = [" ".join(one), "|".join(two), json.dumps(three)]
    assert [verdict for verdict, _, _ in marked(handed_out, tmp_path, typed)] == [Verdict.RIGHT] * 3
    formula = f'="{one[0]}"&" {" ".join(one[1:])}"'
    assert marked(handed_out, tmp_path, [formula, *typed[1:]])[0][0] is Verdict.RIGHT


@pytest.mark.slow
def test_what_is_no_cut_earns_nothing(handed_out: Path, tmp_path: Path) -> None:
    built, (one, two, three) = problem(read_exercise(find("order-of-merges"))), right_cuts(handed_out)
    assert built.questions[0].cuts is not None
    code = built.questions[0].cuts.number(one)
    typed = [code, "".join(two), ""]
    assert [v for v, _, _ in marked(handed_out, tmp_path, typed)] == [Verdict.WRONG, Verdict.WRONG, Verdict.BLANK]
    found = marked(handed_out, tmp_path, ["[" * 2000 + '"', True, "|".join(["a"] * 999)])
    assert all(verdict in (Verdict.UNREADABLE, Verdict.WRONG) for verdict, _, _ in found)
    assert three


HEAD = (
    'model = "bpe-encode"\ntitle = "T"\nteaches = "t"\nminutes = 9\nlevel = 3\n'
    'size = { merges = 2, end_of_word = "none" }\n[draw]\nids = "1..3"\n'
)


def problem_of(text: str) -> Problem:
    return problem(exercise_of(tomllib.loads(text), Path("own.toml")))


@pytest.mark.parametrize(
    ("asks", "message"),
    [
        ('table = "merge1.pair"\nkind = "cut"', "holds no pieces in letters, so no cut is asked for in it"),
        ('table = "merge2.letters"\nkind = "cut"\nplaces = 2', "asks for pieces: leave places out"),
        ('table = "merge2.letters"\nkind = "cut"\ncolumns = [1]', "leave columns out"),
        ('table = "merge2.letters"\nkind = "cut"\nrows = [9]', "so no row 9"),
    ],
)
def test_a_recipe_that_asks_for_no_cut_is_refused(asks: str, message: str) -> None:
    with pytest.raises(ByhandError, match=message):
        problem_of(f"{HEAD}[[ask]]\n{asks}\n")


def test_too_many_pieces_for_one_number_are_refused() -> None:
    with pytest.raises(ByhandError, match="choose fewer pieces, or shorter words"):
        problem_of(f'{HEAD}[[ask]]\ntable = "merge2.letters"\nkind = "cut"\n'.replace("merges = 2", "merges = 30"))
