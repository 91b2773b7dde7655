"""Every operation's cell rule as JavaScript, computed by a browser, against definitions that are not byhand's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from support.examples import IN_CI
from support.op_cases import CASES, definition
from support.strategies import DOMAINS, given_tables

from byhand.core import ops
from byhand.core.arithmetic.javascript import Index, Undecided, rule
from byhand.core.graph import Node, source
from byhand.page.build import own_file

DRAWS = 20 if IN_CI else 3
TIGHT, LOOSE = 1e-12, 1e-10
OTHERWISE = {"erf", "power"}
"""Functions that a browser computes in another way than Python."""


def numbers(op: Any, n: int, shape: tuple[int, int], random: np.random.Generator) -> Any:
    """Some numbers that argument n of an operation may be."""
    if op.name in ("one_hot", "lookup") and (n == 1 or op.name == "one_hot"):
        return random.integers(0, 3, shape).astype(float)
    if op.name == "where" and n == 0:
        return random.integers(0, 2, shape).astype(float)
    if op.name in ("apart", "joined_places") or (op.name == "take" and n == 1):
        return random.integers(0, 2, shape).astype(float)
    if op.name == "at_places" and n == 1:
        return random.integers(1, 5, shape).astype(float)
    if op.name in ("argmax", "greater", "equal", "tally", "total_of", "find", "spans"):
        return random.integers(-2, 3, shape).astype(float)
    positive = op.name in ("sqrt", "log", "div") or (op.name == "power" and n == 0)
    least = 0.125 if positive else -9 if op.name in DOMAINS else -99
    return random.uniform(least, 9, shape)


def in_browser(visit: Any, cases: list[tuple[Node, list[Any]]]) -> list[Any]:
    """The tables of these nodes, cell by cell, by the page's own functions."""
    parts = []
    for node, arrays in cases:
        inputs = {argument: n for n, argument in enumerate(node.args)}
        tables = json.dumps([a.tolist() for a in arrays])
        parts.append(f"made({tables},(t)=>{rule(node, inputs.get)},{node.shape[0]},{node.shape[1]})")
    script = f"""(() => {{ {own_file("lesson.js")} {own_file("erf.js")}
      const {{sum,max,argmax,pick,choose,max2,test}} = FUNCTIONS;
      const made = (tables, rule, rows, columns) => {{
        const cell = rule((n, i, j) => tables[n][i][j]);
        const line = (i) => Array.from({{ length: columns }}, (_, j) => cell(i, j));
        return Array.from({{ length: rows }}, (_, i) => line(i));
      }};
      return [{",".join(parts)}]; }})()"""
    return [np.array(table) for table in visit.tab.evaluate(script)]


def test_every_operation_in_a_browser(visit: Any) -> None:
    """The rule in JavaScript agrees with the textbook's definition."""
    random = np.random.default_rng(1)
    cases, expected = [], []
    for case in CASES:
        op, shapes, attrs = case.values
        for _ in range(DRAWS):
            arrays = [numbers(op, n, shape, random) for n, shape in enumerate(shapes)]
            cases.append((op(*given_tables(arrays), **attrs), arrays))
            expected.append((op.name, definition(op, arrays, attrs)))
    for (name, right), got in zip(expected, in_browser(visit, cases), strict=True):
        bound = LOOSE if name in OTHERWISE else TIGHT
        np.testing.assert_allclose(got, right, rtol=bound, atol=bound, err_msg=name)


def test_erf_to_the_last_digits(visit: Any) -> None:
    """From far left to far right, and where it is 1."""
    import mpmath

    at = [n / 50 for n in range(-400, 401)] + [2.4999999, 2.5, 5.9999999, 6.0, 1e-300, -1e-9]
    got = visit.tab.evaluate(f"(() => {{ {own_file('erf.js')} return {json.dumps(at)}.map(erf); }})()")
    for x, y in zip(at, got, strict=True):
        assert y == pytest.approx(float(mpmath.erf(x)), rel=1e-14, abs=1e-15), x


def table(name: str, rows: int, columns: int) -> Node:
    return source(name, np.zeros((rows, columns)), "given")


def test_a_rule_is_one_short_expression_for_a_table_of_any_size() -> None:
    x, w = table("x", 50, 768), table("w", 768, 768)
    assert rule(x @ w, {x: 3, w: 7}.get) == "(i,j)=>sum(768,k=>t(3,i,k)*t(7,k,j))"
    assert rule(x @ w.T, {x: 3, w: 7}.get) == "(i,j)=>sum(768,k=>t(3,i,k)*t(7,j,k))"


def test_a_rule_is_split_where_its_cells_differ() -> None:
    x, y = table("x", 2, 3), table("y", 2, 2)
    assert rule(ops.beside(x, y), {x: 0, y: 1}.get) == "(i,j)=>(j<3?t(0,i,j):t(1,i,j-3))"
    even, odd = table("even", 2, 2), table("odd", 2, 2)
    by_turns = ops.alternate(even, odd, width=4)
    assert rule(by_turns, {even: 0, odd: 1}.get) == "(i,j)=>(j%2===0?t(0,i,j/2):t(1,i,(j-1)/2))"
    assert rule(by_turns.columns(1, 4), {even: 0, odd: 1}.get) == "(i,j)=>(j%2===0?t(1,i,j/2):t(0,i,(j+1)/2))"


def test_lines_inside_lines_have_variables_of_their_own() -> None:
    x, y, z = table("x", 2, 3), table("y", 3, 4), table("z", 4, 5)
    expected = "(i,j)=>sum(4,k=>sum(3,l=>t(0,i,l)*t(1,l,k))*t(2,k,j))"
    assert rule(x @ y @ z, {x: 0, y: 1, z: 2}.get) == expected


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("(a-b)*c", lambda a, b, c: (a - b) * c),
        ("a-(b-c)", lambda a, b, c: a - (b - c)),
        ("a/(b*c)", lambda a, b, c: a / (b * c)),
        ("(-(a+b))/c", lambda a, b, c: -(a + b) / c),
        ("a+(-b)", lambda a, b, c: a + -b),
    ],
)
def test_brackets_stand_where_they_must(text: str, made: Any) -> None:
    nodes = {table(letter, 1, 1): n for n, letter in enumerate("abc")}
    expression = rule(made(*nodes), nodes.get).removeprefix("(i,j)=>")
    for n, letter in enumerate("abc"):
        expression = expression.replace(f"t({n},0,0)", letter)
    assert expression == text


def test_an_index_is_never_taken_for_a_number_that_it_may_not_be() -> None:
    index = Index("j", 0, 5)
    for ask in (lambda: index < 3, lambda: index % 2, lambda: int(index)):
        with pytest.raises(Undecided):
            ask()
    with pytest.raises(TypeError):
        assert index == 3
    assert (index < 6, (index + 4) < 4, int(Index("j", 2, 2) - 1), Index("j", 1, 5, 2) % 2) == (True, False, 1, 1)
