"""Simulated students: each mistake is named, nobody who is right is called wrong or accused, garbage accuses nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.misconceptions import CASES, inference, states, variants
from support.misconceptions.transformer import head, softmax
from support.simulated_students import PLANTED, Class, both_named, built, class_of, named, pairs, verdicts

from byhand.core.graph import fold, toposort
from byhand.exercises.distinct_mistakes import on_other_ways
from byhand.exercises.recipe import find, ready_made
from byhand.lessons.recipe import read_toml

SEEDS = 200
SOME = ["attention-head", "causal-mask", "softmax", "layer-norm", "gradient-step"]
slow = pytest.mark.sweep


def numbers_only(name: str) -> bool:
    return name not in ("find-the-wrong-score", "who-looks-at-whom", "softmax-exactly")


each = pytest.mark.parametrize(
    ("name", "seeds"), [*((n, 4) for n in SOME), *(pytest.param(n, SEEDS, marks=slow) for n in PLANTED)]
)


@each
def test_each_mistake_is_named(name: str, seeds: int) -> None:
    """On every way that is right: also where e^x is worked out without taking the largest score off first."""
    of = class_of(name, seeds)
    for misconception, changed in [*of.told, *on_other_ways(of.problem, of.told)]:
        found, tried = Counter[bool](), 0
        for n, rows in enumerate(of.planted(changed)):
            if all(np.isfinite(row).all() for row in rows):
                found[named(of.mark(n, of.asked(rows))) == {misconception.name}] += 1
                tried += 1
        assert found[True] >= 0.99 * tried, (misconception.name, found)


def pencil(of: Class, n: int, places: dict[str, int]) -> list[Any]:
    """Who rounds these tables and works on with what is left; the answers as they then come out."""
    values: dict[Any, Any] = {}
    shown = {}
    with np.errstate(all="ignore"):
        for node in toposort(q.node for q in of.problem.questions):
            given = of.made[n].numbers.get(node, node.data)
            table = given if given is not None else node.op.value(*(values[a] for a in node.args), **node.attrs)
            shown[node] = table
            values[node] = np.round(table, places[node.name]) if given is None and node.name in places else table
    found = [q.cells(np.broadcast_to(shown[q.node], q.node.shape)) for q in of.problem.questions]
    kinds = [q.ask.kind for q in of.problem.questions]
    return [right if kind == "wrong cell" else row for kind, row, right in zip(kinds, found, of.right(n), strict=True)]


@pytest.mark.parametrize(
    ("name", "seeds"),
    [*((n, 10) for n in SOME), *(pytest.param(n, SEEDS, marks=slow) for n in ready_made() if n != "softmax-exactly")],
)
def test_nobody_who_is_right_is_called_wrong_or_accused(name: str, seeds: int) -> None:
    """Exact, rounded as asked or to more places, or worked on with the rounded answers; where numbers are asked."""
    of = class_of(name, seeds)
    places = {q.node.name: q.ask.places for q in of.problem.questions}
    for n in range(seeds):
        for more in (0, 1, 4):
            rows = zip(of.right(n), (q.ask.places for q in of.problem.questions), strict=True)
            assert set(verdicts(of.mark(n, [np.round(row, k + more) for row, k in rows]))) == {"RIGHT"}
        assert set(verdicts(of.mark(n, of.right(n)))) == {"RIGHT"}
        for more in (0, 1):
            carried = pencil(of, n, {name: k + more for name, k in places.items()})
            marks = of.mark(n, of.asked(carried))
            assert set(verdicts(marks)) <= {"RIGHT", "FOLLOWS"}, (n, more)
            assert sum(mark.points for mark in marks) == pytest.approx(of.problem.exercise.points)


@pytest.mark.parametrize(
    ("name", "seeds"),
    [*((n, 10) for n in SOME), *(pytest.param(n, SEEDS, marks=slow) for n in ready_made() if numbers_only(n))],
)
def test_who_rounds_every_number_on_the_way_is_told_so(name: str, seeds: int) -> None:
    """To as many places as the answers need, or more: then nothing is wrong, and nobody is accused."""
    of = class_of(name, seeds)
    asked = max(q.ask.places for q in of.problem.questions)
    verdict = Counter[str]()
    for more in (0, 1, 2):
        tables = {node.name: asked + more for node in of.problem.needed if node.name and node.data is None}
        for n in range(seeds):
            marks = of.mark(n, of.asked(pencil(of, n, tables)))
            verdict.update(verdicts(marks))
            assert not named(marks)
    assert verdict["WRONG"] + verdict["SLIP"] <= 0.005 * verdict.total(), verdict


def random_answers(of: Class, n: int, chance: np.random.Generator) -> list[Any]:
    """Of the size of the right ones, and a little beyond."""
    found = []
    for question, row in zip(of.problem.questions, of.right(n), strict=True):
        if question.ask.kind in ("choice", "wrong cell"):
            found.append(chance.integers(1, 4, size=row.shape).astype(float))
        else:
            wide = max(1.0, float(np.abs(row).max()))
            found.append(np.round(chance.uniform(-2 * wide, 2 * wide, size=row.shape), 2))
    return found


@slow
def test_random_answers_accuse_nobody() -> None:
    """Fewer than 1 of 100, over all exercises; of a single number asked, every mistake is one of few that there are."""
    chance, accused, tried = np.random.default_rng(5), Counter[str](), 0
    for name in ready_made():
        of = class_of(name, 100)
        for n in range(100):
            accused[name] += bool(named(of.mark(n, random_answers(of, n, chance))))
            tried += 1
    assert accused.total() < 0.01 * tried, accused


@pytest.mark.parametrize("place", [-50.0, -1.0, 9.0, 10.0, 1e9, 1e300, 2.5])
def test_a_place_that_no_table_has_is_wrong(place: float) -> None:
    """What would be looked up there follows from it, and is no number."""
    asks = [{"table": name, "places": 0} for name in ("position", "sum")]
    of = built(find("roberta"), {**read_toml(find("roberta")), "ask": asks}, 1)
    rows = of.right(0)
    rows[0][0] = place
    assert verdicts(of.mark(0, rows))[:2] in (["WRONG", "RIGHT"], ["SLIP", "RIGHT"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attention-head", "softmax"])
def test_two_mistakes_are_both_named_in_a_few(name: str) -> None:
    found = both_named(name, 2, 12)
    assert found[True] >= 0.8 * found.total() > 0, found


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("layer-norm", "norm-without-root", "mean-not-subtracted"),
        ("cross-attention", "softmax-not-normalised", "terms-added"),
        ("which-answer-is-better", "rejected-less-chosen", "terms-added"),
        ("change-a-fact", "value-added-whole", "key-not-divided"),
        ("distillation", "temperature-left-out", "teacher-and-student-swapped"),
        ("loss", "loss-log-base-10", "sums-multiplied"),
        ("most-frequent-pair", "counts-forgotten", "last-of-ties"),
    ],
)
def test_what_follows_tells_of_mistakes_that_earn_nothing(name: str, one: str, other: str) -> None:
    """A copy of X, one number in every cell, or two numbers of one digit earn nothing; what comes after tells of both.

    So does a sheet that two mistakes explain from end to end.
    """
    of = class_of(name, 6)
    [changed] = [both for first, second, both in pairs(of) if (first, second) == (one, other)]
    found = Counter[bool]()
    for n, rows in enumerate(of.planted(changed)):
        marks = of.mark(n, of.asked(rows))
        found[{one, other} <= named(marks)] += 1
        assert not any(mark.points for mark in marks if mark.verdict.name == "WRONG")
    assert found[True] >= 5, found


@slow
def test_two_mistakes_are_both_named() -> None:
    """9 of 10, over all exercises that have several tables to tell them from."""
    found = Counter[bool]()
    for name in PLANTED:
        found += both_named(name, 10, 40)
    assert found[True] >= 0.9 * found.total() > 1000, found


def with_tables(of: Class, n: int) -> dict[str, Any]:
    """The student's given tables for a case of plain numpy: each with a leading axis."""
    return {name: np.asarray(table)[None] for name, table in of.tables(n).items()}


def of_head(causal: bool, **steps: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda t: head(t, t["X"], causal=causal, **steps)


HEAD: dict[str, dict[str, Any]] = {
    "scores-not-scaled": {"scale": lambda s, d_k, d: s},
    "scores-divided-by-d_k": {"scale": lambda s, d_k, d: s / d_k},
    "scores-multiplied": {"scale": lambda s, d_k, d: s * np.sqrt(d_k)},
    "softmax-base-2": {"soft": lambda s, keep: softmax(s, 2)},
    "softmax-over-columns": {"soft": lambda s, keep: softmax(s, axis=-2)},
    "queries-and-keys-swapped": {"dot": lambda q, k: k @ q.swapaxes(-1, -2)},
    "softmax-over-the-whole-table": {"soft": lambda s, keep: np.exp(s) / np.exp(s).sum((-1, -2), keepdims=True)},
    "softmax-not-normalised": {"soft": lambda s, keep: np.exp(s)},
    "keys-for-values": {"gather": lambda w, q, k, v: w @ k},
    "queries-for-values": {"gather": lambda w, q, k, v: w @ q},
    "attention-transposed": {"gather": lambda w, q, k, v: w.swapaxes(-1, -2) @ v},
}
"""The steps of one head, each done otherwise in plain numpy, and powers of e without the largest score taken off."""
MASKS = ["mask-missing", "mask-wrong-triangle", "mask-after-the-softmax", "mask-with-zero", "scores-not-scaled"]
NORMS = ["norm-without-root", "mean-not-subtracted", "mean-added", "gain-left-out", "shift-left-out"]
ORACLES: list[tuple[str, str, Callable[[Any], dict[str, Any]]]] = [
    *(("attention-head", name, of_head(False, **steps)) for name, steps in HEAD.items()),
    *(("causal-mask", name, CASES[name][1]) for name in MASKS),
    *(("layer-norm", name, CASES[name][1]) for name in [*NORMS, "gain-and-shift-swapped", "sample-variance"]),
    *(("temperature", name, CASES[name][1]) for name in ("temperature-left-out", "softmax-over-columns")),
    *(("matrix-product", name, CASES[name][1]) for name in ("terms-added", "sums-multiplied", "last-term-dropped")),
    *(("feed-forward", name, CASES[name][1]) for name in ("relu-as-absolute-value", "bias-left-out")),
]
TAUGHT = {
    "mistral": "mistral",
    "gemma2": "gemma2",
    "gemma": "gemma",
    "bloom": "bloom",
    "t5": "t5",
    "lstm-cell": "lstm",
    "recurrent-step": "rnn",
    "selective-scan": "mamba",
    "delta-rule": "delta",
    "attention-sink": "sink",
    "linear-attention": "linear",
    "mixtral": "mixtral",
    "switch": "switch",
    "nearest-context": "knn-lm",
    "nearest-chunk": "retro",
    "additive-attention": "seq2seq",
    "running-softmax": "flash",
    "keep-or-refuse": "speculative",
    "four-bits": "few bits",
    "change-a-fact": "fact",
    "find-the-block": "paged",
    "patch-a-prompt": "patch",
}
"""Exercises, and the subject whose mistakes in plain numpy fit their tables."""
PLAIN = [
    *((name, *rest) for name, rest in (variants.CASES | states.CASES | inference.CASES).items()),
    *variants.MORE,
    *states.MORE,
]
PARTS = [
    ("lstm-cell", "state-left-out"),
    ("switch", "capacity-one-too-few"),
    ("switch", "queue-without-the-word-itself"),
    ("keep-or-refuse", "chance-above-one"),
    ("keep-or-refuse", "what-the-draft-has-more"),
    ("four-bits", "zero-point-forgotten"),
]
"""Those of which the plain numpy gives one table of several that change, or that the exercise does not tell apart."""
GUESSED = [("mistral", "window-one-too-narrow")]
"""Those whose answers are a guess: with nobody before it in the window, a word takes all of itself."""
LATER = [
    (to, name, case)
    for to, subject in TAUGHT.items()
    for name, of, case in PLAIN
    if of == subject and (to, name) not in [*PARTS, *GUESSED]
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mistake", "case"), ORACLES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_mistake_that_is_made_in_plain_numpy_is_named(name: str, mistake: str, case: Any) -> None:
    of, found = class_of(name, 10), 0
    assert mistake in {m.name for m, _ in of.told}
    for n in range(10):
        values = fold(of.problem.outputs, of.made[n].numbers)
        tables = {q.node.name: values[q.node] for q in of.problem.questions}
        with np.errstate(all="ignore"):
            tables |= {k: v[0] for k, v in case(with_tables(of, n)).items()}
        if name == "layer-norm":
            variance = varied(mistake, of.tables(n)["X"])
            root = variance if mistake == "norm-without-root" else np.sqrt(variance)
            tables |= {"norm.variance": variance, "norm.root": root}
        found += named(of.mark(n, of.asked([q.cells(tables[q.node.name]) for q in of.problem.questions]))) == {mistake}
    assert found == 10


@pytest.mark.parametrize(
    ("name", "mistake", "case"),
    [pytest.param(*one, marks=() if one[0] == "mistral" else pytest.mark.slow) for one in LATER],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_later_mistake_that_is_made_in_plain_numpy_is_named(name: str, mistake: str, case: Any) -> None:
    """Where the plain numpy says nothing of an asked table, it is right, or follows from those between."""
    of = class_of(name, 10)
    asked = [q.node for q in of.problem.questions]
    for n in range(10):
        right = {k.name: v for k, v in fold([*of.problem.outputs, *asked], of.made[n].numbers).items() if k.name}
        with np.errstate(all="ignore"):
            wrong = case({name: np.asarray(table)[None] for name, table in right.items()})
        between = [k for k in toposort(asked) if k.name in wrong and k not in asked]
        own = {k: np.broadcast_to(wrong[k.name][0], k.shape) for k in between}
        values = fold(asked, {**of.made[n].numbers, **own})
        rows = [
            np.broadcast_to(wrong[node.name][0] if node.name in wrong else values[node], node.shape) for node in asked
        ]
        cells = [question.cells(row) for question, row in zip(of.problem.questions, rows, strict=True)]
        assert named(of.mark(n, of.asked(cells))) == {mistake}


def varied(mistake: str, x: Any) -> Any:
    """What stands for the variance, of somebody who makes this mistake."""
    return {
        "sample-variance": x.var(-1, ddof=1, keepdims=True),
        "mean-not-subtracted": (x**2).mean(-1, keepdims=True),
        "mean-added": ((x + x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True),
    }.get(mistake, x.var(-1, keepdims=True))


def test_signs_that_are_turned_in_a_whole_table_are_no_numbers_in_each_others_cells() -> None:
    """Where 12 and −12 stand in one table, both explain the two; the others tell which it is."""
    of, pairs_of_signs = class_of("attention-head", 40), 0
    for n in range(40):
        scores = of.right(n)[0]
        if any(x and -x in scores for x in scores.tolist()):
            marks = of.mark(n, [-scores, *of.right(n)[1:]])
            pairs_of_signs += 1
            assert "two-cells-swapped" not in named(marks)
            assert not any("changed places" in mark.sentence for mark in marks)
    assert pairs_of_signs >= 3
