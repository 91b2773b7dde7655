"""The published worked examples, and how they are turned from columns to our rows."""

import json
from pathlib import Path

import numpy as np

from byhand.core.gradients import gradients
from byhand.core.graph import fold, source

CASES = {case["id"]: case for case in json.loads((Path(__file__).parents[1] / "data" / "cases.json").read_text())}
CLOSE = 1e-9


def turned(table):
    """Columns of the spreadsheet to our rows."""
    return np.array(table, dtype=np.float64).T


def given(name, table):
    return source(name, turned(table), "input")


def with_bias(letter, matrix):
    """[W | b] of the spreadsheet as our W and b."""
    matrix = np.array(matrix, dtype=np.float64)
    return {f"W_{letter}": matrix[:, :-1].T, f"b_{letter}": matrix[:, -1][None]}


def tables(*outputs):
    """Every named table that the outputs need."""
    return {node.name: value for node, value in fold(outputs).items() if node.name}


def backward(losses, *wrt):
    """Every named table of the sum of the losses, and of its gradients for `wrt`."""
    loss = losses.sum(1).sum(0).named("loss")
    return tables(loss, *gradients(loss, wrt).gradients.values())


def close(got, expected):
    expected = np.atleast_2d(turned(expected))
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=CLOSE)
