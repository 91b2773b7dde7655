"""Slips in writing a number down: each is named for what its digits show."""

from __future__ import annotations

import numpy as np
import pytest

from byhand.answers import slips
from byhand.answers.slips import find_slip
from byhand.core.graph import source


def said(answer: float, right: float, places: int) -> str:
    table = np.array([[right]])
    node = source("t", table, role="given")
    slip = find_slip(answer, node, (0, 0), places, 0.5 * 10.0**-places, {node: table})
    return slip.sentence if slip else ""


@pytest.mark.parametrize(
    ("answer", "right", "places", "sentence"),
    [
        (10.65, 0.1065, 4, slips.POINT),
        (1.065, 0.1065, 2, slips.POINT),
        (1.07, 0.1065, 2, slips.POINT),
        (0.011, 0.1065, 2, slips.POINT),
        (5, 0.5, 1, slips.POINT),
        (60, 6, 0, slips.POINT),
        (-338.5, -3.385, 2, slips.POINT),
        (1.1065, 0.1065, 4, slips.BEFORE_POINT),
        (1.11, 0.1065, 2, slips.BEFORE_POINT),
        (-7.25, -3.25, 2, slips.BEFORE_POINT),
        (10.1065, 0.1065, 4, slips.EXTRA),
        (12345, 1234, 0, slips.EXTRA),
        (134, 1234, 0, slips.MISSING),
        (1294, 1234, 0, slips.ONE_DIGIT),
        (0.17, 0.71, 2, slips.DIGITS),
        (0.72, 0.71, 2, slips.LAST),
        # what the digits do not show is not named
        (1.12, 0.1065, 2, ""),
        (0.01, 0.1065, 2, ""),
        (2.3, 2.7, 1, ""),
        (-1.1065, 0.1065, 4, ""),
        (4.2, 2.1, 1, ""),
        (17, 13, 0, ""),
    ],
)
def test_a_slip_is_named_where_digits_show_it(answer: float, right: float, places: int, sentence: str) -> None:
    assert said(answer, right, places) == sentence
