"""Exercise recipes: those that come with byhand are whole, and one that cannot be is refused in a sentence."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from byhand.errors import ByhandError
from byhand.exercises.distinct_mistakes import mistakes
from byhand.exercises.problem import Problem, problem
from byhand.exercises.recipe import KINDS, Ask, PartialCredit, exercise_of, find, read_exercise, ready_made
from byhand.models import MODELS

SUBJECTS = """
dot-product matrix-product relu softmax temperature positions attention-head causal-mask multi-head layer-norm
feed-forward encoder-block decoder-block cross-attention next-word loss softmax-gradient gradient-step tiny-gpt
""".split()
"""What there must be at least."""
HEAD = """
model = "attention"
size = { tokens = 3, d_model = 3, d_k = 4 }
title = "One head"
teaches = "Looking."
minutes = 20
level = 3
"""
ASK = '[[ask]]\ntable = "weights"\n'
HERE = Path("mine.toml")
KEYS = (
    "model, size, words, target_words, word_counts, ids, prompt, target_ids, target_prompt, mask, targets, backward, "
    "optimizer, lr, set, learnt, title, teaches, minutes, level, ask, text, draw, whole, show, largest, attend, "
    "mistakes, marks, language, without, in_words"
)
ASK_KEYS = "table, kind, cell, rows, columns, cells, points, places, tolerance, hint, text, strip_words"
BEYOND = "write a number from -1,000,000,000,000,000 to 1,000,000,000,000,000."
NO_SIZES = {"0.0": "0.0", "nan": "nan", "inf": "inf", "-1.5": "-1.5", "1e308": "1e+308"}
"""Numbers that points, a tolerance and a largest number cannot be, as they are written and read."""


def problem_of(text: str) -> Problem:
    return problem(exercise_of(tomllib.loads(text), HERE))


def refusal(text: str) -> str:
    """Why such a recipe is refused, by the recipe itself or by the model that it asks for."""
    with pytest.raises(ByhandError) as refused:
        mistakes(problem_of(text))
    return str(refused.value)


def asked(lines: str) -> str:
    """Why a question is refused that holds these lines."""
    return refusal(f"{HEAD}[[ask]]\n{lines}\n")


def test_there_is_an_exercise_for_each_subject() -> None:
    assert len(ready_made()) >= 20
    assert set(SUBJECTS) <= set(ready_made())


STEPS_OF_OTHERS = {
    "albert": "bert",
    "falcon": "gpt-neox",
    "gopher": "transformer-xl",
    "gpt-j": "gpt-neox",
    "gpt3": "gemma3",
    "opt": "tiny-gpt",
    "phi3": "llama",
    "qwen3-moe": "mixtral",
    "token-costs": "order-of-merges",
}
"""Models without an exercise, and the one that asks their steps: they put together what other models have too."""


def test_every_model_has_an_exercise() -> None:
    asked_of = {read_exercise(path).build.model for path in ready_made().values()}
    assert set(MODELS) - asked_of == set(STEPS_OF_OTHERS)
    assert set(STEPS_OF_OTHERS.values()) <= set(ready_made())


@pytest.mark.parametrize("name", ready_made())
def test_a_ready_made_exercise_says_what_it_is(name: str) -> None:
    """Its title, what it teaches in one sentence on one line, its minutes and its level; and its graph can be built."""
    table = tomllib.loads(find(name).read_text("utf-8"))
    exercise = read_exercise(find(name))
    assert (exercise.name, exercise.title) == (name, table["title"])
    assert exercise.teaches == table["teaches"]
    assert exercise.teaches.endswith(".")
    assert exercise.teaches.isprintable()
    assert 1 <= exercise.minutes <= 180
    assert exercise.level in (1, 2, 3, 4, 5)
    assert exercise.points == sum(row.get("points", 1) for row in table["ask"]) > 0
    built = problem(exercise)
    assert [q.node.name for q in built.questions] == [row["table"] for row in table["ask"]]
    assert built.drawn


def test_titles_are_told_apart() -> None:
    titles = [read_exercise(path).title for path in ready_made().values()]
    assert len(set(titles)) == len(titles)


def test_each_kind_of_question_is_asked_by_some_exercise_or_can_be() -> None:
    kinds = {ask.kind for path in ready_made().values() for ask in read_exercise(path).asks}
    assert kinds >= set(KINDS) - {"cell"}
    assert problem_of(f"{HEAD}{ASK}kind = 'cell'\ncell = [2, 1]").questions[0].indices == [(1, 0)]


def test_a_recipe_holds_what_its_file_says() -> None:
    exercise = exercise_of(
        tomllib.loads(
            HEAD + 'whole = ["scaled"]\nshow = ["Q"]\nlargest = 40\nattend = [0.5, 0.9]\ntext = "Look."\n'
            'mistakes = ["scores-not-scaled"]\n[draw]\nX = "-1..2"\nweight = [0, 0.5]\n'
            '[[ask]]\ntable = "Z"\nkind = "cell"\ncell = [1, 2]\nplaces = 3\ntolerance = 0.01\nhint = "h"\ntext = "t"'
        ),
        HERE,
    )
    assert exercise.name == "mine"
    assert exercise.asks == (Ask("Z", "cell", (1, 2), 1, 3, 0.01, "h", "t"),)
    assert exercise.draw == {"X": (-1.0, 0.0, 1.0, 2.0), "weight": (0.0, 0.5)}
    assert (exercise.whole, exercise.show, exercise.mistakes) == (("scaled",), ("Q",), ("scores-not-scaled",))
    assert (exercise.largest, exercise.attend, exercise.text) == (40, (0.5, 0.9), "Look.")
    assert exercise.build.size == {"tokens": 3, "d_model": 3, "d_k": 4}


def test_an_answer_may_be_off_by_half_a_unit_of_its_last_place() -> None:
    ask = Ask("weights")
    margins = [replace(ask, places=places).margin for places in (0, 1, 2, 3)]
    assert margins == pytest.approx([0.2, 0.05, 0.005, 0.0005])
    assert replace(ask, places=0, tolerance=0.3).margin == 0.3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            f"{HEAD}attends = 9\n{ASK}",
            f"The exercise mine.toml has an unknown key 'attends'; the nearest is attend; there are: {KEYS}.",
        ),
        (f"{HEAD}orientation = 'rows'\n{ASK}", None),
        (ASK, "The exercise mine.toml has no 'model': add it (a ready-made one shows how)."),
        (HEAD, "The exercise mine.toml has no 'ask': add it (a ready-made one shows how)."),
        (f"{HEAD}ask = []", "The exercise mine.toml asks nothing: add a table [[ask]] that names one."),
        (f"{HEAD}[ask]\ntable = 'Z'", "In the exercise mine.toml, 'ask' must be a list of tables, not {'table': 'Z'}."),
        (
            f"{HEAD}largest = '9'\n{ASK}",
            "In the exercise mine.toml, 'largest' must be a number above 0, at most 100,000,000, not '9'.",
        ),
        (f"{HEAD}whole = 'Z'\n{ASK}", "In the exercise mine.toml, 'whole' must be a list of words, not 'Z'."),
        (f"{HEAD}whole = [1]\n{ASK}", "In the exercise mine.toml, 'whole' must be a list of words, not [1]."),
        (f"{HEAD}show = [1]\n{ASK}", "In the exercise mine.toml, 'show' must be a list of words, not [1]."),
        (f"{HEAD}mistakes = [1]\n{ASK}", "In the exercise mine.toml, 'mistakes' must be a list of words, not [1]."),
        (
            f"{HEAD}attend = [0.4]\n{ASK}",
            "In the exercise mine.toml, attend is the least and the most, each 0 to 1, such as [0.4, 0.98], not [0.4].",
        ),
        (
            f"{HEAD}whole = ['scaling']\n{ASK}",
            "In the exercise mine, whole: there is no table 'scaling'; the nearest is scaled.",
        ),
        (
            f"{HEAD}show = ['weight']\n{ASK}",
            "In the exercise mine, show: there is no table 'weight'; the nearest is weights.",
        ),
        (
            f"{HEAD}mistakes = ['mask-mising']\n{ASK}",
            "In the exercise mine, mistakes: there is no misconception 'mask-mising'; the nearest is mask-missing.",
        ),
        (
            f"{HEAD}mistakes = ['relu-as-absolute-value']\n{ASK}",
            "In the exercise mine, mistakes: 'relu-as-absolute-value' changes nothing that is asked: leave it out, or "
            "ask for a table that it changes.",
        ),
    ],
)
def test_what_a_recipe_may_not_be(text: str, why: str | None) -> None:
    said = refusal(text)
    if why is None:
        assert said.startswith("The exercise mine.toml has an unknown key 'orientation'; ")
    else:
        assert said == why


@pytest.mark.parametrize("name", ["title", "teaches", "minutes", "level"])
def test_what_a_recipe_must_say(name: str) -> None:
    lines = [line for line in HEAD.splitlines() if not line.startswith(name)]
    said = refusal("\n".join([*lines, ASK]))
    assert said == f"The exercise mine.toml has no '{name}': add it (a ready-made one shows how)."


@pytest.mark.parametrize("name", ["title", "teaches"])
@pytest.mark.parametrize("value", ["", " ", "two\nlines", "\x00", "x" * 301])
def test_what_a_title_may_not_be(name: str, value: str) -> None:
    line = next(line for line in HEAD.splitlines() if line.startswith(name))
    said = refusal(HEAD.replace(line, f"{name} = {json.dumps(value)}") + ASK)
    assert said.startswith(f"In the exercise mine.toml, {name} is one line of 1 to 300 letters, not '")


@pytest.mark.parametrize("value", ["\x00", "x" * 5001])
def test_what_a_text_may_not_be(value: str) -> None:
    ending = "has at most 5,000 letters and no control characters, not '"
    assert refusal(f"{HEAD}text = {json.dumps(value)}\n{ASK}").startswith(f"In the exercise mine.toml, text {ending}")
    for name in ("text", "hint"):
        said = asked(f"table = 'Z'\n{name} = {json.dumps(value)}")
        assert said.startswith(f"In question 1 of the exercise mine.toml, {name} {ending}")


def test_cells_are_lists_of_numbers() -> None:
    assert asked("table = 'Z'\ncells = 3") == (
        "In question 1 of the exercise mine.toml, 'cells' must be a list of lists of whole numbers, not 3."
    )


@pytest.mark.parametrize("level", [0, 6, -1])
def test_levels(level: int) -> None:
    said = refusal(HEAD.replace("level = 3", f"level = {level}") + ASK)
    assert said == f"In the exercise mine.toml, 'level' must be a whole number from 1 to 5, not {level}."


def test_an_exercise_takes_a_minute_at_least() -> None:
    for minutes in (0, 10**9):
        said = refusal(HEAD.replace("minutes = 20", f"minutes = {minutes}") + ASK)
        assert said == f"In the exercise mine.toml, 'minutes' must be a whole number from 1 to 1,440, not {minutes}."
    said = refusal(HEAD.replace("minutes = 20", "minutes = 2.5") + ASK)
    assert said == "In the exercise mine.toml, 'minutes' must be a whole number from 1 to 1,440, not 2.5."


@pytest.mark.parametrize("value", NO_SIZES)
def test_what_the_largest_number_may_not_be(value: str) -> None:
    said = refusal(f"{HEAD}largest = {value}\n{ASK}")
    bounds = "a number above 0, at most 100,000,000"
    assert said == f"In the exercise mine.toml, 'largest' must be {bounds}, not {NO_SIZES[value]}."


@pytest.mark.parametrize("attend", ["[0.9, 0.4]", "[0, 1e9]", "[-1, 1]"])
def test_what_a_word_may_not_attend_to(attend: str) -> None:
    said = refusal(f"{HEAD}attend = {attend}\n{ASK}")
    assert said.startswith("In the exercise mine.toml, attend is the least and the most, each 0 to 1, ")


@pytest.mark.parametrize("name", ["points", "tolerance", "places", "minutes", "largest"])
def test_a_number_of_hundreds_of_digits_is_refused_in_a_sentence(name: str) -> None:
    huge = "9" * 400
    heads = {"minutes": HEAD.replace("= 20", f"= {huge}"), "largest": f"{HEAD}largest = {huge}\n"}
    said = refusal(heads[name] + ASK) if name in heads else asked(f"table = 'Z'\n{name} = {huge}")
    assert name in said
    assert len(said) < 200


def test_a_model_that_there_is_not() -> None:
    said = refusal(HEAD.replace('"attention"', '"atention"') + ASK)
    assert said.startswith("There is no model 'atention'; the nearest is attention ")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            "kind = 'table'",
            'Question 1 of the exercise mine.toml names no table: add a line such as table = "weights".',
        ),
        (
            "table = 'weights'\npoint = 2",
            "Question 1 of the exercise mine.toml has an unknown key 'point'; the nearest is points; "
            f"there are: {ASK_KEYS}.",
        ),
        (
            "table = 'weights'\nkind = 'tabel'",
            "Question 1 of the exercise mine.toml has an unknown kind 'tabel'; the nearest is table.",
        ),
        (
            "table = 'weights'\nkind = 'cell'\ncell = [0, 1]",
            "Question 1 of the exercise mine.toml: cell is a row and a column, each counted from 1, not [0, 1].",
        ),
        (
            "table = 'weights'\nkind = 'cell'\ncell = [1]",
            "Question 1 of the exercise mine.toml: cell is a row and a column, each counted from 1, not [1].",
        ),
        (
            "table = 'weights'\ncell = 'A1'",
            "In question 1 of the exercise mine.toml, 'cell' must be a list of whole numbers, not 'A1'.",
        ),
        (
            "table = 'weights'\nkind = 'cell'\ncell = [4, 1]",
            "In the exercise mine, question 1: weights has 3 rows and 3 columns, so no cell 4,1.",
        ),
        (
            "table = 'Z'\nkind = 'cell'\ncell = [1, 5]",
            "In the exercise mine, question 1: Z has 3 rows and 4 columns, so no cell 1,5.",
        ),
        (
            "table = 'weights'\ncell = [1, 2]",
            'Question 1 of the exercise mine.toml asks for more than a cell: leave cell out, or give it kind = "cell".',
        ),
        *(
            (
                f"table = 'weights'\nplaces = {places}",
                f"In question 1 of the exercise mine.toml, 'places' must be a whole number from 0 to 9, not {places}.",
            )
            for places in ("10", "-1", "1.5")
        ),
        *(
            (
                f"table = 'weights'\n{name} = {value}",
                f"In the exercise mine.toml, 'ask[1].{name}' is {read}: {BEYOND}"
                if value in ("nan", "inf", "1e308")
                else f"In question 1 of the exercise mine.toml, '{name}' must be a number above 0, at most 1,000, "
                f"not {read}.",
            )
            for name in ("points", "tolerance")
            for value, read in NO_SIZES.items()
        ),
        (
            "table = 'weigths'",
            "In the exercise mine, question 1: there is no table 'weigths'; the nearest is weights.",
        ),
        ("table = 'X'", "In the exercise mine, question 1: X is given, not asked."),
        ("table = 'W_Q'\nkind = 'choice'", "In the exercise mine, question 1: W_Q is given, not asked."),
        (
            "table = 'weights'\nkind = 'missing'",
            "In the exercise mine, question 1: weights is computed: a missing number is one of a given table.",
        ),
    ],
)
def test_what_a_question_may_not_be(lines: str, why: str) -> None:
    assert asked(lines) == why


def test_the_question_that_is_wrong_is_counted() -> None:
    said = refusal(f"{HEAD}{ASK}[[ask]]\ntable = 'Z'\nplaces = 10")
    assert said == "In question 2 of the exercise mine.toml, 'places' must be a whole number from 0 to 9, not 10."
    said = refusal(f"{HEAD}{ASK}[[ask]]\ntable = 'Y'")
    assert said.startswith("In the exercise mine, question 2: there is no table 'Y'; there are: ")


@pytest.mark.parametrize(
    "numbers",
    [
        '"3..0"',
        '"a..b"',
        '"5"',
        "3",
        "[]",
        '["1"]',
        '"0..1000"',
        '"0..99999999999999"',
        "{ a = 1 }",
        "[1, true]",
        "[1e9]",
        f'"{10**400}..{10**400}"',
    ],
)
def test_what_numbers_may_not_be(numbers: str) -> None:
    said = refusal(f"{HEAD}[draw]\nX = {numbers}\n{ASK}")
    assert said == "In the exercise mine.toml, 'X' is drawn from numbers such as \"0..3\" or [-1, 0, 1]."


@pytest.mark.parametrize(("numbers", "place", "read"), [("[0, nan]", 2, "nan"), ("[-inf]", 1, "-inf")])
def test_numbers_without_end_are_refused(numbers: str, place: int, read: str) -> None:
    said = refusal(f"{HEAD}[draw]\nX = {numbers}\n{ASK}")
    assert said == (
        f"In the exercise mine.toml, 'draw.X[{place}]' is {read}: "
        "write a number from -1,000,000,000,000,000 to 1,000,000,000,000,000."
    )


def test_only_tables_are_drawn() -> None:
    said = refusal(f"{HEAD}[draw]\nY = [1, 2]\n{ASK}")
    assert said.startswith("In the exercise mine, draw: there is no table 'Y'; ")


def test_what_is_asked_is_not_drawn() -> None:
    said = refusal(f"{HEAD}[draw]\nweights = [1, 2]\n{ASK}")
    assert said == "In the exercise mine, weights is asked: do not draw its numbers."


def test_an_exercise_may_begin_at_a_computed_table() -> None:
    """Its numbers are drawn, so nothing before it is given, drawn or asked."""
    built = problem_of(f'{HEAD}[draw]\nscores = "-9..9"\n{ASK}')
    assert [node.name for node in built.drawn] == ["scores"]
    assert [node.name for node in built.needed if node.data is not None and node.name] == ["scores"]
    assert "Q" not in built.lesson.tables


def test_an_exercise_that_there_is_not() -> None:
    with pytest.raises(ByhandError) as refused:
        find("sofmax")
    assert str(refused.value) == (
        "There is no exercise 'sofmax'; the nearest is softmax (`byhand exercise --list` lists all)."
    )
    with pytest.raises(ByhandError) as refused:
        read_exercise(find("nowhere.toml"))
    assert str(refused.value) == "There is no recipe nowhere.toml: check its name and folder."


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("title = \n")
    with pytest.raises(ByhandError) as refused:
        read_exercise(path)
    assert str(refused.value) == (
        f"The recipe {path} is not TOML (Invalid value (at line 1, column 9)): mend it there."
    )


def test_what_wrong_answers_are_worth() -> None:
    assert problem_of(HEAD + ASK).exercise.partial_credit == PartialCredit(
        follows=1.0, mistake=0.5, rounded=0.5, slip=0.5
    )
    some = problem_of(f"{HEAD}[marks]\nmistake = 0.25\nfollows = 1\n{ASK}").exercise
    assert some.partial_credit == PartialCredit(1.0, 0.25, 0.5, 0.5)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "slips = 0.5",
            "The table [marks] of the exercise mine.toml has an unknown key 'slips'; the nearest is slip; "
            "there are: follows, mistake, rounded, slip.",
        ),
        (
            "slip = 1.5",
            "In the table [marks] of the exercise mine.toml, 'slip' must be a number from 0 to 1, not 1.5.",
        ),
        (
            "slip = nan",
            f"In the exercise mine.toml, 'marks.slip' is nan: {BEYOND}",
        ),
        (
            "rounded = -1",
            "In the table [marks] of the exercise mine.toml, 'rounded' must be a number from 0 to 1, not -1.",
        ),
        (
            "mistake = true",
            "In the table [marks] of the exercise mine.toml, 'mistake' must be a number from 0 to 1, not True.",
        ),
    ],
)
def test_shares_that_cannot_be_are_refused(line: str, reason: str) -> None:
    assert refusal(f"{HEAD}[marks]\n{line}\n{ASK}") == reason


def test_an_exercise_takes_a_model_that_has_learnt(tmp_path: Path) -> None:
    """Its words and weights are the recipe's, for everybody; a key has all of them, whatever becomes of the recipe."""
    from byhand.exercises.recipe import exercise_table
    from byhand.lessons.recipe import find as find_lesson

    made, lesson = read_exercise(find("learnt-scores")), find_lesson("learnt-names")
    assert (made.build.model, made.build.words, made.build.set) == ("gpt2", lesson.words, lesson.set)
    table = exercise_table(find("learnt-scores"))
    assert table["set"] == lesson.set
    assert exercise_of(table, tmp_path / "again.toml").build == made.build
