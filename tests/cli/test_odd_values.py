"""Any value at any place of any file that byhand reads: read, or one sentence with the fix, never a traceback."""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from support.examples import examples
from support.kinds_of_files import FILES

from byhand.errors import ByhandError

ODD: tuple[Any, ...] = (
    1e308, -1e308, math.inf, -math.inf, math.nan, 10**400, -(10**400), 2**63, -(2**63) - 1, -1, 0, 0.5, True, None,
    "", "x" * 5_000, "\x00", "\n", "1e400", "nan", [], {}, [[]], [None], [math.inf], {"": 0}, {"a": {"b": []}},
    [10**400], "‮", "=1+1", "../../x", [1] * 3_000,
)  # fmt: skip
"""Values that are of another kind, or beyond all bounds."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a table of TOML or JSON, with the first two of a list."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def with_value(table: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(table)
    if not path:
        return value
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


SAMPLE = 23
"""By default, one of so many values at one of the places is tried."""


def cases(name: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
    table = FILES[name][1]()
    yield from ((place, value) for place in places(table) for value in ODD)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FILES)
def test_any_value_at_any_place(name: str, every: bool, tmp_path: Path) -> None:
    file, table, written, read = FILES[name]
    path = tmp_path / file
    step = (1 if every else SAMPLE) * (SAMPLE if name == "learnt" else 1)  # whose table has thousands of places
    for n, (place, value) in enumerate(cases(name)):
        if n % step:
            continue
        path.write_text(written(with_value(table(), place, value)), "utf-8", "surrogatepass")
        try:
            read(path)
        except ByhandError:
            continue
        except Exception as error:
            raise AssertionError(f"{name}: {place} = {str(value)[:60]}") from error


@pytest.mark.parametrize("name", FILES)
def test_any_text_is_no_file(name: str, tmp_path: Path) -> None:
    """Half a file, another's content, brackets without an end, bytes that are no text."""
    file, table, written, read = FILES[name]
    whole = written(table()).encode("utf-8", "surrogatepass")
    path = tmp_path / file
    halves = [whole[: len(whole) * n // 7] for n in range(7)]
    odd = [
        b"[" * 100_000,
        b"{" * 1_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        b"null",
        b"0",
        b'""',
        b"a." * 5_000,
        b"[[[]]]",
    ]
    for data in [*halves, *odd, b"\x00" * 100, whole + b"\n]"]:
        path.write_bytes(data)
        try:
            read(path)
        except ByhandError:
            pass
        except UnicodeDecodeError:
            assert name in ("exercise", "exam", "decisions")  # which this test reads as text itself
        except Exception as error:
            raise AssertionError(f"{name}: {data[:40]!r}") from error


# Any table


def values() -> st.SearchStrategy[Any]:
    """Any value of JSON, most of them small; the kinds of files write them as they can."""
    numbers = st.one_of(st.integers(-3, 9), st.integers(), st.floats(), st.sampled_from([10**400, 2**63, 1e308]))
    leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=9), st.sampled_from(ODD))
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))


names = st.text(max_size=6)


@st.composite
def tables(draw: st.DrawFn, example: Any) -> Any:
    """An example of a kind of file with some places changed, lost, or doubled under another name; or any value."""
    if draw(st.integers(0, 5)) == 0:
        return copy.deepcopy(draw(values()))
    table = copy.deepcopy(example)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(places(table))))
        if not path:
            continue
        inner = table
        for name in path[:-1]:
            inner = inner[name]
        change = draw(st.sampled_from(["set", "like", "lose", "double"]))
        if change == "lose":
            del inner[path[-1]]
        elif change == "like":  # a value from elsewhere in the same file, of which many are nearly right
            other = table
            for name in draw(st.sampled_from(list(places(table)))):
                other = other[name]
            inner[path[-1]] = copy.deepcopy(other)
        elif change == "double" and isinstance(inner, dict):
            inner[draw(names | st.sampled_from(sorted(map(str, inner))))] = copy.deepcopy(inner[path[-1]])
        else:
            inner[path[-1]] = copy.deepcopy(draw(values()))  # which another change may change again
    return table


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_any_table_is_read_or_refused(name: str) -> None:
    file, table, written, read = FILES[name]
    example = table()

    @given(tables(example))
    @examples(40, suppress_health_check=list(HealthCheck))
    def any_table(drawn: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, file)
            path.write_text(written(drawn), "utf-8", "surrogatepass")
            try:
                read(path)
            except ByhandError as error:
                sentence = str(error)
                assert sentence.endswith((".", "?", "!", ")")), sentence
                assert len(sentence) < 2_000, sentence[:300]

    any_table()
