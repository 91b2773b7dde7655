"""Answers as people have typed them elsewhere, which other programs read wrongly or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from support.answer_files import outcome, verdict

from byhand.grading.submission import read_typed

ANSWERS = [
    ("\\frac{e}{2e+1}", "e/(2*e+1)", "exact", "right", {}),
    ("1/(2e+1)", "1/(2*e+1)", "exact", "right", {}),
    ("e^2/(e^2+2e+1)", "e^2/(e^2+2*e+1)", "exact", "right", {}),
    ("\\ln(2e+1)", "ln(2*e+1)", "exact", "right", {}),
    ("ln(2e+1)", "ln(2*e+1)", "exact", "right", {}),
    ("2e+1", "20", "exact", "right", {}),
    ("2e+1", "2*e+1", "exact", "unreadable", {}),
    ("5e-3", "0.005", "exact", "right", {}),
    ("5 e-3", "0.005", "exact", "unreadable", {}),
    ("5 E-3", "0.005", "exact", "unreadable", {}),
    ("1/(2e-1)", "1/(2*e-1)", "exact", "unreadable", {}),
    ("\\frac{1}{2e-1}", "1/(2*e-1)", "exact", "right", {}),
    ("(e-1)/(2e-1)", "(e-1)/(2*e-1)", "exact", "right", {}),
    ("3*5e-3", "0.015", "exact", "unreadable", {}),
    ("2.5e-3", "0.0025", "exact", "right", {}),
    ("4*2.5e-3", "0.01", "exact", "right", {}),
    ("2e+01", "20", "exact", "right", {}),
    ("1+2e+01", "21", "exact", "right", {}),
    ("1/sqrt(4+1e-5)", "1/sqrt(4+1/100000)", "exact", "right", {}),
    ("\\begin{bmatrix}{1}&{2}\\\\{3}&{4}\\end{bmatrix}", "[[1,2],[3,4]]", "exact", "right", {}),
    ("1\\frac{1}{2}", "3/2", "exact", "right", {}),
    ("1\\frac{1}{2}", "3/2", "exact", "unreadable", {"mixed": "no"}),
    ("1 1/2", "3/2", "exact", "right", {}),
    ("1½", "3/2", "exact", "right", {}),
    ("-1\\tfrac12", "-3/2", "exact", "right", {}),
    ("2x\\frac{1}{2}", "x", "equiv", "right", {}),
    ("e^2\\frac{1}{2}", "e^2/2", "exact", "right", {}),
    ("\\left(\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right)", "[[1,2],[3,4]]", "exact", "right", {}),
    ("0{,}5", "1/2", "exact", "right", {}),
    ("\\boxed{0.5}", "1/2", "exact", "right", {}),
    ("{1\\over 2}", "1/2", "exact", "right", {}),
    ("\\begin{pmatrix}1&2\\\\[4pt]3&4\\end{pmatrix}", "[[1,2],[3,4]]", "exact", "right", {}),
    ("1/3 = 0.333", "1/3", "exact", "right", {}),
    ("1/3 = 0.333", "1/3", "dp:3", "right", {}),
    ("1/3 = 0.34", "1/3", "dp:3", "ask", {}),
    ("5\\,\\text{byte}", "5", "unit:byte", "right", {}),
    ("'0.5", "1/2", "exact", "right", {}),
    ('"0.5"', "1/2", "exact", "right", {}),
    ("‘0.5’", "1/2", "exact", "right", {}),
    ("«0,5»", "1/2", "exact", "right", {}),
    ("about 0.12", "0.12", "dp:2", "right", {}),
    ("12 points", "12", "exact", "right", {}),
    ("0.12 (rounded)", "0.12", "dp:2", "right", {}),
    ("={1,2;3,4}", "[[1,2],[3,4]]", "exact", "right", {}),
    ("1x10^-3", "0.001", "exact", "right", {}),
    ("1x10⁻³", "0.001", "exact", "right", {}),
    ("1\t2 3\n4 5\t6", "[[1,2,3],[4,5,6]]", "exact", "right", {}),
    ("1 \t 2\n3\t 4", "[[1,2],[3,4]]", "exact", "right", {}),
    ("12 EUR", "12", "exact", "right", {"strip_words": "EUR,euro"}),
    ("12 EUR", "12", "exact", "unreadable", {}),
    ("Z_{1,2} = 3", "3", "exact", "right", {}),
    ("x = 0.5", "1/2", "exact", "right", {}),
    ("0٫5", "1/2", "exact", "right", {}),
    ("１，５", "3/2", "exact", "right", {}),
    ("1’000.5", "1000.5", "exact", "right", {}),
    ("（1，2）", "[1,2]", "exact", "right", {}),
    ("1，2；3，4", "[[1,2],[3,4]]", "exact", "right", {}),
    ("0.12 (2 d.p.)", "0.12", "dp:2", "right", {}),
    ("≈ 0.12", "0.12", "dp:2", "right", {}),
    ("≈ \\frac12", "1/2", "exact", "right", {}),
    ("p ≈ 0.12", "0.12", "dp:2", "right", {}),
    ("The answer is 0.5", "0.5", "exact", "right", {}),
    ("0.5 = 1/2", "1/2", "exact", "right", {}),
    ("50% = 0.5", "1/2", "exact", "right", {}),
    ("0.5 = x", "1/2", "exact", "right", {}),
    ("Q·K = 1*2+3*4 = 14", "14", "exact", "right", {}),
    ("softmax(x)_1 = 0.88", "0.88", "exact", "right", {}),
    ("e = 0.5", "0.5", "exact", "right", {}),
    ("ln 2 = 0.693", "ln(2)", "exact", "right", {}),
    ("ln 2 ≈ 0.693", "ln(2)", "exact", "right", {}),
    ("2/3 ≈ 0.666", "2/3", "exact", "right", {}),
    ("2/3 = 0.666", "2/3", "exact", "ask", {}),
    ("x=2x+1", "2*x+1", "equiv", "unreadable", {}),
    ("1\t\t2\n3\t\t4", "[[1,2],[3,4]]", "exact", "right", {}),
    ("| 1 | 2 |\n| 3 | 4 |", "[[1,2],[3,4]]", "exact", "right", {}),
    ("c(1,2,3)", "[1,2,3]", "exact", "right", {}),
    ("['0.5', '0.25']", "[0.5,0.25]", "exact", "right", {}),
    ("1.234.567", "1234567", "exact", "right", {}),
    ("1,23,456", "123456", "exact", "right", {}),
    ("[1,23,456]", "[1,23,456]", "exact", "right", {}),
    ("$5e-3$", "0.005", "exact", "unreadable", {}),
    ("$2e+1$", "2*e+1", "exact", "right", {}),
    ("\\num{5e-3}", "0.005", "exact", "right", {}),
    ("\\SI{5}{\\kilo\\byte}", "5000", "unit:byte", "right", {}),
    ("5~\\mathrm{kB}", "5000", "unit:byte", "right", {}),
    ("\\left\\{1,2\\right\\}", "[1,2]", "exact", "right", {}),
    ("\\begin{pmatrix}0{,}5&1{,}5\\end{pmatrix}", "[0.5,1.5]", "exact", "right", {}),
    ("0.\\dot{1}4285\\dot{7}", "1/7", "exact", "right", {}),
    ("10\\,000", "10000", "exact", "right", {}),
    ("\\log_28", "3", "exact", "right", {}),
    ("\\mathbf{\\frac{1}{2}}", "1/2", "exact", "right", {}),
    ("\\matrix{1&2\\cr 3&4}", "[[1,2],[3,4]]", "exact", "right", {}),
    ("\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}^{\\mathrm T}", "[[1,3],[2,4]]", "exact", "right", {}),
    ("\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "-2", "exact", "unreadable", {}),
    ("0.5<sup>2</sup>", "0.25", "exact", "right", {}),
    ("0.5&nbsp;", "0.5", "exact", "right", {}),
    ("1&2\\\\3&4", "[[1,2],[3,4]]", "exact", "right", {}),
    ("1 & 2", "1", "exact", "unreadable", {}),
]
"""An answer, the key, the rule, the verdict and the settings."""


@pytest.mark.parametrize(("student", "key", "rule", "found", "settings"), ANSWERS)
def test_a_reported_answer(student: str, key: str, rule: str, found: str, settings: dict[str, Any]) -> None:
    assert outcome(student, key, rule, **settings) == found


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("2e+1", "2e+1 may be 2*e + 1 or 2*10^1: write the one that is meant"),
        ("5 e-3", "5 e-3 is not clear: write 5e-3, or 5*e - 3"),
        ("1/(3e-2)", "3e-2 may be 3*e - 2 or 3*10^(-2): write the one that is meant"),
        (r"1\frac{1}{2}", "mixed numbers are not read in this item: write one fraction"),
        ("1 & 2", "2 numbers stand where one is asked for"),
        ("x1", "'x1' is not a number, nor a function that is read here"),
    ],
)
def test_a_reason_says_why_and_names_what_is_there(student: str, reason: str) -> None:
    assert verdict(student, "2*e+1", mixed="no").read_as == f"not read: {reason}"


def test_sides_that_differ_go_to_a_person() -> None:
    assert read_typed("1/3 = 0.333").value == 1 / 3
    assert read_typed("1/3 = 0.34").value is None
    assert read_typed("1/3 = 0.34").read_as == "its sides are not equal (1/3 and 0.34)"
