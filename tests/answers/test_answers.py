"""Typed answers: the pairs that others have decided, and more of the same kinds."""

from __future__ import annotations

from typing import Any

import pytest
from support.answer_files import PAIRS, SIGMOID, outcome, verdict, wanted

from byhand.answers.judge import judge
from byhand.answers.rules import rule_from, settings_from


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["id"] for pair in PAIRS])
def test_every_pair_is_judged_as_it_should_be(pair: dict[str, Any]) -> None:
    found = judge(pair["student"], pair["key"], rule_from(pair["rule"]), settings_from(pair.get("settings", {})))
    assert found.outcome == wanted(pair), found


@pytest.mark.parametrize(
    "student",
    [
        "0,8808",
        "8.808×10⁻¹",
        "8.808 x 10^-1",
        r"8.808\times10^{-1}",
        r"\frac{e^{2}}{1+e^{2}}",
        r"$\dfrac{e^2}{1+e^2}$",
        "σ(2)",
        "1/(1+e^-2)",
        "EXP(2)/(1+EXP(2))",
        "ℯ^2/(1+ℯ^2)",
        "e**2/(1+e**2)",
        "p = 0.8808",
        "P(cat) = 0.8808",
        "０．８８０８",
        "٠٫٨٨٠٨",
        "0.8808...",
        "= 0.8808",
        "=ROUND(EXP(2)/(1+EXP(2)),4)",
        "0.1+0.7808",
        "[0.8808]",
        "np.exp(2)/(1+np.exp(2))",
        "88.08 percent",
        "$0.8808$",
    ],
)
def test_ways_to_type_a_probability(student: str) -> None:
    assert outcome(student, SIGMOID, "dp:4") == "right"


@pytest.mark.parametrize(
    "student",
    [
        "E^2/(1+E^2)",
        "0.8808±0.0001",
        "<0.8808",
        "half",
        "0.8808, 0.1192",
        "0.88/",
        "88 08",
        "lg 8",
        "LOG(8)",
        "1.5.2",
        "1..2",
        "0.8808f",
        "sin^-1(2)",
        "√2x",
        "1e",
        "2e+",
        "12%5",
        "0.1(6)",
        "3//7",
        "++1",
        "=A1",
        "=Key!B4",
        "=RAND()",
        '=INDIRECT("A1")',
        "=1+2+",
        "=TRUE",
        "ln",
        "sqrt",
        "exp2",
        "ld 8",
        "x^2",
        "tan(pi/2)",
        "Err:502",
        "0·8808",
        "np.load(2)",
    ],
)
def test_what_is_not_read_is_not_called_wrong(student: str) -> None:
    assert outcome(student, SIGMOID, "dp:4") == "unreadable"


@pytest.mark.parametrize("student", ["", " ", "\t\n", "\u200b", "\ufeff", "\u00a0"])
@pytest.mark.parametrize("rule", ["exact", "equiv", "unit:byte", "text"])
def test_blank(student: str, rule: str) -> None:
    assert outcome(student, "1", rule) == "blank"


@pytest.mark.parametrize(
    ("student", "key", "settings", "right"),
    [
        ("1,234", "1234", {}, True),
        ("1,234", "1.234", {}, False),
        ("1,234", "1.234", {"decimal": "comma"}, True),
        ("1.234,5", "1234.5", {}, True),
        ("1.234.567", "1234567", {"decimal": "comma"}, True),
        ("0.881", "0.881", {"decimal": "comma"}, True),
        ("1,234,567.8", "1234567.8", {}, True),
        ("12 288", "12288", {}, True),
        ("12 288", "[12, 288]", {}, True),
        ("1,234", "[1, 234]", {}, True),
        ("1 3/7", "[1, 3/7]", {}, True),
        ("1 3/7", "10/7", {}, True),
        ("-1 3/7", "-10/7", {}, True),
        ("1½", "3/2", {}, True),
        ("0.(3)", "1/3", {}, True),
        (r"0.1\overline{6}", "1/6", {}, True),
        ("0.3̅", "1/3", {}, True),
        ("log(8)", "3", {"log": "base2"}, True),
        ("log_2 8", "3", {}, True),
        ("=LOG(100)", "2", {}, True),
        ("=SUM(1,5;2)", "7/2", {"decimal": "comma"}, True),
        ("12^1/2", "sqrt(12)", {}, False),
        (r"\sqrt[3]{-8}", "-2", {}, True),
        ("2√3", "sqrt(12)", {}, True),
        ("5!", "120", {}, True),
        ("-∞", "-inf", {"allow_infinity": True}, True),
        ("inf", "-inf", {"allow_infinity": True}, False),
        ("float('-inf')", "-inf", {"allow_infinity": True}, True),
        ("-np.inf", "-inf", {"allow_infinity": True}, True),
        ("math.log(e)", "1", {"log": "base10"}, True),
        ("-1e9", "-inf", {"allow_infinity": True}, False),
        ("pi+10^(-400)", "pi", {}, False),
        ("pi+exp(-1000)", "pi", {}, False),
        ("3.14159265358979323846264338327950288419716939937510582097494", "pi", {}, False),
        ("exp(200)+1/2-exp(200)", "1/2", {}, True),
    ],
)
def test_numbers(student: str, key: str, settings: dict[str, Any], right: bool) -> None:
    assert outcome(student, key, "exact", **settings) == ("right" if right else "wrong")


@pytest.mark.parametrize(
    ("student", "key", "found"),
    [
        ("qk/√d", "q*k/sqrt(d)", "right"),
        (r"\frac{q\cdot k}{\sqrt d}", "q*k/sqrt(d)", "right"),
        ("qk^2", "q*k^2", "right"),
        ("qk^2", "(q*k)^2", "wrong"),
        ("sech²x", "1/cosh(x)^2", "right"),
        ("y=2x+1", "2*x+1", "right"),
        ("x=2x+1", "2*x+1", "unreadable"),
        ("1/2x", "x/2", "right"),
        ("1/2x", "1/(2*x)", "wrong"),
        ("γ(x)+β", "beta+gamma*x", "right"),
        (r"\gamma x+\beta", "beta+gamma*x", "right"),
        ("-pln(p)", "-p*ln(p)", "right"),
        ("-p ln p", "-p*ln(p)", "right"),
        ("σ(x)(1-σ(x))", "sigmoid(x)*(1-sigmoid(x))", "right"),
        ("√dₖ", "sqrt(d_k)", "right"),
        ("ReLU(x)", "max(0,x)", "right"),
        ("x2", "x^2", "unreadable"),
        ("f(x)", "x", "unreadable"),
        ("x+1/10^40", "x", "wrong"),
        ("1/(x-x)", "x", "unreadable"),
        ("ln(x^2)", "2*ln(x)", "right"),
        ("2ln(x)", "ln(x^2)", "ask"),
        ("sqrt(x)^2", "x", "ask"),
        ("0.333...", "1/3", "ask"),
        ("-0.333...", "-1/3", "ask"),
        ("-0.333...", "1/3", "wrong"),
        ("0.333...", "-1/3", "wrong"),
        ("0.334...", "1/3", "wrong"),
        ("exp(x)+1/10^40", "exp(x)", "wrong"),
        ("1/(sqrt(2)^2-2)", "x", "unreadable"),
        ("1/(ln(6)-ln(3)-ln(2))", "x", "unreadable"),
        ("1/(exp(ln(7))-7)", "x", "unreadable"),
        ("q^T k/√d", "q*k/sqrt(d)", "unreadable"),
        ("2E+I", "2*E+I", "right"),
        ("NS", "S*N", "right"),
        ("αβ", "alpha*beta", "right"),
        ("max(x,-x)", "|x|", "right"),
    ],
)
def test_expressions(student: str, key: str, found: str) -> None:
    assert outcome(student, key, "equiv") == found


def test_the_letters_of_an_item_may_be_told() -> None:
    assert outcome("2z+1", "2*x+1", "equiv") == "wrong"
    assert outcome("2z+1", "2*x+1", "equiv", vars=["x"]) == "unreadable"
    assert outcome("ab", "ab", "equiv", vars=["ab"]) == "right"


PROBABILITIES = "[1/(1+e), e/(1+e)]"
TABLE = "[[1,2],[3,4]]"


@pytest.mark.parametrize(
    "student",
    [
        "(0.2689, 0.7311)",
        "{0.2689, 0.7311}",
        "⟨0.2689, 0.7311⟩",
        "0.2689; 0.7311",
        "0,2689; 0,7311",
        "0,2689 0,7311",
        "[[0.2689],[0.7311]]",
        "(0.2689, 0.7311)^T",
        "np.array([0.2689, 0.7311])",
        "26.89% 73.11%",
        "0.2689\t0.7311",
        "tensor([0.2689, 0.7311], dtype=torch.float32)",
        r"\begin{bmatrix}0.2689\\0.7311\end{bmatrix}",
        "0.2689\n0.7311",
        "p = [0.2689, 0.7311]",
        "[1/(1+e) e/(1+e)]",
        "[.2689 .7311]",
        r"\left(0.2689, 0.7311\right)",
    ],
)
def test_ways_to_type_a_list(student: str) -> None:
    assert outcome(student, PROBABILITIES, "dp:4") == "right"


@pytest.mark.parametrize(
    "student",
    [
        "((1,2),(3,4))",
        "[1,2],[3,4]",
        "(1,2),(3,4)",
        "[[1 2]\n [3 4]]",
        "tensor([[1., 2.],\n        [3., 4.]])",
        "1,2\n3,4",
        "[1, 2; 3, 4]",
        "[[1,3],[2,4]]^T",
        "{1,2;3,4}",
        "1 2\r\n3 4\r\n",
        "1\t2\n3\t4\n",
        "1,0 2,0; 3,0 4,0",
        r"\begin{array}{cc}1&2\\3&4\end{array}",
        r"\begin{pmatrix}1 & 2\\ 3 & 4\\ \end{pmatrix}",
        "[[1-0 2][3 4]]",
    ],
)
def test_ways_to_type_a_table(student: str) -> None:
    assert outcome(student, TABLE) == "right"


@pytest.mark.parametrize(
    ("student", "key", "found"),
    [
        ("[[1,2],[3,]]", TABLE, "unreadable"),
        ("1\t2\n3\t\n", TABLE, "unreadable"),
        ("[[1,2],[3,x]]", TABLE, "unreadable"),
        ("[[1,2],[3]]", "(2,3)", "unreadable"),
        ("[1,2,3,4]", TABLE, "wrong"),
        ("1", TABLE, "wrong"),
        ("[1 -2]", "[-1]", "wrong"),
        ("[1 - 2]", "[-1]", "right"),
        ("[1 - 2]", "[1,-2]", "wrong"),
        ("[0]*10", "0", "unreadable"),
        ("2 x 3", "(2,3)", "right"),
        ("2*3", "(2,3)", "unreadable"),
        ("3x2", "(2,3)", "wrong"),
        ("6", "(2,3)", "wrong"),
        ("2x3", "6", "unreadable"),
        ("[[0.5,-inf],[0.5,0.5]]", "[[0.5,-inf],[0.5,0.5]]", "right"),
    ],
)
def test_lists_tables_and_shapes(student: str, key: str, found: str) -> None:
    assert outcome(student, key) == found


@pytest.mark.parametrize(
    ("student", "found"),
    [
        ("4096 bytes", "right"),
        ("4 KiB", "right"),
        ("4.096 kB", "right"),
        ("0,00390625 MiB", "right"),
        ("0.032768 Mbit", "right"),
        ("4096 Bytes", "right"),
        ("32768 bits", "right"),
        ("2^12 B", "right"),
        ("4 kB", "wrong"),
        ("4096 b", "wrong"),
        ("4 s", "wrong"),
        ("4096", "unreadable"),
        ("4 KB", "ask"),
        *((text, "ask") for text in ("32 Kb", "32 Kbit", "4 Kbyte", "4 Kbytes", "32.768 Kbit", "4.096 Kbytes")),
        ("4 furlongs", "unreadable"),
    ],
)
def test_units(student: str, found: str) -> None:
    assert outcome(student, "4096", "unit:byte") == found


@pytest.mark.parametrize(
    ("student", "key", "form", "right"),
    [
        ("6/14", "3/7", "lowest", False),
        ("3/7", "3/7", "lowest", True),
        ("-3/7", "-3/7", "lowest", True),
        ("0.5", "1/2", "fraction", False),
        ("2/4", "1/2", "fraction", True),
        ("50%", "1/2", "percent", True),
        ("0.50", "1/2", "decimal", True),
        ("1/2", "1/2", "decimal", False),
        ("1 1/2", "3/2", "mixed", True),
        ("1.2e4", "12000", "scientific", True),
        ("12e3", "12000", "scientific", False),
        ("12000", "12000", "whole", True),
        ("1.2 × 10^4", "12000", "scientific", True),
        ("6/14", "3/7", "same", False),
        ("√2/2", "sqrt(2)/2", "same", True),
        ("1/√2", "sqrt(2)/2", "same", False),
        ("3/8", "3/7", "lowest", False),
    ],
)
def test_forms(student: str, key: str, form: str, right: bool) -> None:
    found = verdict(student, key, f"form:{form}")
    assert found.right is right
    assert (found.mistake == "wrong-form") is (not right and student != "3/8")


@pytest.mark.parametrize(
    ("student", "found", "mistake"),
    [
        (" CAT ", "right", ""),
        ('"cat"', "right", ""),
        ("cat.", "right", ""),
        ("cats", "wrong", ""),
        ("cаt", "wrong", "look-alike"),
        ("ｃａｔ", "wrong", "look-alike"),
        ("c\u200bat", "wrong", ""),
    ],
)
def test_words(student: str, found: str, mistake: str) -> None:
    judged = verdict(student, "cat", "text:casefold")
    assert (judged.outcome, judged.mistake) == (found, mistake)
    assert outcome("Cat", "cat", "text") == "wrong"
    assert verdict("Cat", "cat", "text").mistake == "case"


@pytest.mark.parametrize(
    ("student", "key", "rule", "mistake"),
    [
        ("-0.8808", SIGMOID, "dp:4", "sign"),
        ("88.08", SIGMOID, "dp:4", "percent"),
        ("0.8808%", SIGMOID, "dp:4", "percent"),
        ("8.808", SIGMOID, "dp:4", "power-of-ten"),
        ("0.00088080", SIGMOID, "dp:4", "power-of-ten"),
        ("0.1192", SIGMOID, "dp:4", "complement"),
        ("0.88", SIGMOID, "dp:4", "too-few-digits"),
        ("0.8807", SIGMOID, "dp:4", "cut-off"),
        ("0.8809", SIGMOID, "dp:4", "last-digit"),
        ("1.1353", SIGMOID, "dp:4", "reciprocal"),
        ("0.7071", "sqrt(2)/2", "exact", "wrong-form"),
        ("[[1,3],[2,4]]", TABLE, "exact", "transposed"),
        ("[[3,4],[1,2]]", TABLE, "exact", "order"),
        ("[[-1,-2],[-3,-4]]", TABLE, "exact", "sign"),
        ("2X+1", "2*x+1", "equiv", "case"),
        ("s-p", "p-s", "equiv", "sign"),
        ("0.31", SIGMOID, "dp:4", ""),
        ("0.88 to 2 dp", SIGMOID, "dp:4", "too-few-digits"),
    ],
)
def test_errors_worth_naming(student: str, key: str, rule: str, mistake: str) -> None:
    found = verdict(student, key, rule)
    assert (found.outcome, found.mistake) == ("wrong", mistake)


def test_of_a_table_it_is_said_how_many_entries_are_right() -> None:
    found = verdict("[[1,2],[3,5]]", TABLE)
    assert (found.entries, found.right_entries, found.sentence) == (4, 3, "1 of its 4 entries is wrong.")


@pytest.mark.parametrize(
    ("student", "key", "settings", "how"),
    [
        ("0,88", SIGMOID, {}, "0.88 (decimal comma)"),
        ("88%", SIGMOID, {}, "0.88 (from 88%)"),
        ("1 3/7", "2", {}, "1 3/7 = 10/7 (mixed number)"),
        ("12,288", "2", {}, "12288 (commas between thousands)"),
        ("12.288", "2", {"decimal": "comma"}, "12288 (points between thousands)"),
        ("log(100)", "2", {"log": "base10"}, "log(100, 10) = 2 (log to base 10)"),
        ("log 2", "2", {}, "ln(2) = 0.6931471806 (log is natural)"),
        ("=-2^2", "2", {}, "(-2)^2 = 4 (as a spreadsheet formula)"),
        ("x = 0.5", "2", {}, "0.5 (x = left out)"),
        ("1/2x", "x", {}, "(1/2)*x"),
        ("1 2; 3 4", TABLE, {}, "[[1, 2], [3, 4]]"),
        ("4 KiB", "4096", {}, "4 KiB"),
    ],
)
def test_every_verdict_says_how_the_answer_was_read(student: str, key: str, settings: dict[str, Any], how: str) -> None:
    rule = "unit:byte" if "K" in student else "equiv" if key == "x" else "abs:0.1"
    assert verdict(student, key, rule, **settings).read_as == how
