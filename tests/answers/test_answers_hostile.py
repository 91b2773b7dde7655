"""Hostile texts: nothing is run, nothing takes long, nothing that steers a screen is said again, nothing is right."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from support.answer_files import HOSTILE, SIGMOID, text_of, verdict
from support.commands import byhand
from support.examples import examples

from byhand.answers.judge import Outcome
from byhand.answers.limits import LONGEST
from byhand.grading.submission import read_typed

KEYS = [(SIGMOID, "dp:4"), ("pi", "exact"), ("[[1,2],[3,4]]", "exact"), ("2*x+1", "equiv"), ("4096", "unit:byte")]
KEYS += [("3/7", "form:lowest"), ("cat", "text"), ("(2,3)", "exact"), ("12345.678", "sf:5"), ("100", "rel:0.001")]
READ = {"H138", "H139", "H162", "H164", "H169"}
"""Other scripts' digits, and formulas of numbers after blanks: these are read, as what they are."""


@pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile["id"] for hostile in HOSTILE])
def test_a_hostile_text_is_an_answer_that_is_not_right(hostile: dict[str, Any], tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    text = text_of(hostile, str(canary))
    started = time.process_time()
    for key, rule in KEYS:
        found = verdict(text, key, rule)
        said = json.dumps(found.as_json()) + found.text()
        assert found.outcome is not Outcome.RIGHT
        assert found.text().isprintable()
        assert "unexpected" not in said.casefold()
        assert len(found.text()) < 2 * LONGEST + 500
        if rule == "dp:4" and hostile["id"] not in READ:
            assert found.outcome is Outcome.UNREADABLE
    assert time.process_time() - started < hostile["limit_s"] * len(KEYS)
    assert read_typed(text).value is None or hostile["id"] in READ
    assert not canary.exists()


def test_a_batch_of_hostile_texts_is_judged_whole(tmp_path: Path) -> None:
    texts = [text_of(hostile, str(tmp_path / "canary")) for hostile in HOSTILE]
    entries = [{"student": text, "key": SIGMOID, "rule": {"type": "dp", "n": 4}} for text in [*texts, "0.8808"]]
    (tmp_path / "batch.json").write_text(json.dumps(entries))
    result = byhand(f"byhand answer --batch {tmp_path / 'batch.json'}")
    assert (result.exit_code, result.stderr) == (0, "")
    verdicts = [entry["verdict"] for entry in json.loads(result.stdout)]
    assert len(verdicts) == len(entries)
    assert verdicts.count("right") == 1
    assert verdicts[-1] == "right"
    assert not (tmp_path / "canary").exists()


def test_what_is_computed_on_the_way_stays_small() -> None:
    """Sums and products of the largest numbers that are computed: bounded time, bounded memory."""
    large = ["+".join(["9^9999"] * 120), "*".join(["9^9999"] * 120), "+".join(f"(1/{n})^3000" for n in range(2, 90))]
    large += ["*".join(["170!"] * 160), "exp(9999)^9999", "1" + "*exp(9999)" * 99, "sqrt(" * 30 + "2" + ")" * 30]
    large += [
        "+".join([f"exp({n}/7)" for n in range(80)]),
        "sin(10^9999)",
        "cosh(99999)",
        "(((9^9999)^9)^9)^9",
        "170!!",
    ]
    large += [
        "1/(9^9999+1/9^9999)",
        "(1+10^(-9999))^9999",
        "7e-3878...",
        "=ROUND(EXP(99999),60)",
        "=9^9^9",
        "=FACT(170)^99",
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for text in large:
        for key, rule in [("pi", "exact"), ("x", "equiv"), ("7", "sf:3")]:
            started = time.process_time()
            assert verdict(text, key, rule).outcome is not Outcome.RIGHT
            assert time.process_time() - started < 1, text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1" + " " * LONGEST + "+1", "it is longer than 2000 characters"),
        ("+".join("1" * 251), "it has more than 500 numbers, names and signs"),
        ("(" * 65 + "1" + ")" * 65, "brackets or powers are nested more than 64 deep"),
        ("9" * 61, "a number has more than 60 digits"),
        ("1e10001", "a power of ten is too large"),
        ("2^10001", "an exponent is too large"),
        ("exp(100001)", "an exponent is too large"),
        ("171!", "a factorial of what is no whole number from 0 to 170"),
        ("2^10000" + "*2^10000" * 40, "a number on the way is too large, or too near to 0"),
    ],
)
def test_each_bound_says_itself(text: str, reason: str) -> None:
    assert verdict(text, SIGMOID, "dp:4").read_as == f"not read: {reason}"


PIECES = [
    *"0123456789.,;:+-*/^()[]{}|!%=~<>√∞'\"\\_&#@$ \n\txpiqkde…−×²½\u0305\u202e\ud800\x00",
    "e^",
    "sqrt(",
    "ln ",
    "exp(",
]
PIECES += [
    "\\frac{",
    "}{",
    "\\sqrt[3]",
    "^2",
    "1e5",
    "e-3",
    "0.(3)",
    "...",
    "x ",
    "sin^2",
    "max(",
    "[[",
    "]]",
    "^T",
    "π",
    "λ",
]
PIECES += [
    "x_1",
    "_{",
    "log_",
    "=SUM(",
    "=ROUND(",
    "PI()",
    "9^",
    "99999",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "\\\\",
    "inf",
]
PIECES += [
    "\\over ",
    "\\begin{array}{cc}",
    "\\end{array}",
    "\\\\[4pt]",
    "\\boxed{",
    "\\text{",
    "\\num{",
    "\\overline{",
    "{,}",
]
PIECES += [
    "2e+1",
    "x10^",
    "about ",
    "(rounded)",
    " points",
    "| 1 | 2 |\n",
    "<sup>",
    "&nbsp;",
    "**",
    "\u202d",
    "\u2067",
    "≈",
]
PIECES += ["nan", "kB", "12 288", "1,234", "x=", "tensor(", " by ", "|x|"]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


@given(text=texts, key=st.sampled_from(KEYS), comma=st.sampled_from(["point", "comma"]))
@examples(120, suppress_health_check=[HealthCheck.too_slow])
@example(text="(" * 3000, key=KEYS[0], comma="point")
@example(text="[" * 300, key=KEYS[2], comma="comma")
@example(text="√" * 400, key=KEYS[0], comma="point")
@example(text="ln " * 400, key=KEYS[3], comma="point")
@example(text="|" * 400, key=KEYS[0], comma="point")
@example(text="2^" * 200 + "2", key=KEYS[0], comma="point")
@example(text="1," * 240 + "1", key=KEYS[2], comma="comma")
@example(text="=" + "-" * 400 + "1", key=KEYS[0], comma="point")
@example(text="max(2)", key=KEYS[0], comma="point")
def test_any_text_gets_a_verdict(text: str, key: tuple[str, str], comma: str) -> None:
    """No exception but the reader's own refusal, and nothing that a terminal or a file cannot bear."""
    found = verdict(text, *key, decimal=comma)
    assert found.text().isprintable()
    found.text().encode()
    cell = read_typed(text)
    assert cell.value is None or cell.value == cell.value
    assert cell.text.isprintable()
    assert cell.read_as.isprintable()
