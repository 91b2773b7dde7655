"""Models set by hand: each does what it says for whatever is typed in."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.editing import edited
from support.examples import examples
from support.lessons import numbers_of

from byhand.core.graph import Array, fold
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.models.inside import induction
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read

PROGRAMS = {
    "rasp-reverse": lambda ids: ids[::-1],
    "rasp-histogram": lambda ids: [ids.count(i) for i in ids],
    "rasp-sort": sorted,
}
"""What each program computes, as Python says it."""


def answers(model: str, inputs: list[tuple[int, ...]], vocab: int) -> Array:
    """The program's answer to each of many inputs of one length, all worked out at once."""
    length = len(inputs[0])
    made = build(Recipe(model, size={"vocab": vocab, "max_positions": length}, ids=list(inputs[0])))
    ids = np.array(inputs, dtype=float)[:, :, None]
    values = fold(made.graph.outputs, {made.table("ids"): ids})
    return np.broadcast_to(values[made.table("answer")], ids.shape)[..., 0]


@pytest.mark.parametrize(("vocab", "length"), [(4, 4), (2, 8), (6, 3), (3, 1), (5, 5)])
@pytest.mark.parametrize("model", PROGRAMS)
def test_a_program_is_right_on_all_inputs_of_its_size(model: str, vocab: int, length: int) -> None:
    inputs = list(product(range(vocab), repeat=length))
    wanted = [PROGRAMS[model](list(ids)) for ids in inputs]
    np.testing.assert_array_equal(answers(model, inputs, vocab), wanted)


@examples(30)
@given(st.sampled_from(sorted(PROGRAMS)), st.lists(st.integers(0, 25), min_size=1, max_size=60))
def test_a_program_is_right_on_long_inputs(model: str, ids: list[int]) -> None:
    """Beyond 48 words, 1 / (1 / n) is no longer n in floating point."""
    assert answers(model, [tuple(ids)], 26)[0].tolist() == PROGRAMS[model](ids)


def test_a_workbook_answers_what_is_typed_in(tmp_path: Path) -> None:
    """Other words in the drop-downs of the home page, and the sheet worked out anew."""
    for model, program in PROGRAMS.items():
        path = tmp_path / f"{model}.xlsx"
        made = build(Recipe(model))
        write_lesson(made, path)
        words, book = made.architecture.vocabularies(made.options)[0].words, read(path)
        prompt = [("Contents", 5, 1 + n) for n in range(4)]
        assert [book.values[cell] for cell in prompt] == [words[int(i)] for i in made.numbers()["ids"][:, 0]]
        for ids in ([2, 2, 0, 1], [3, 3, 3, 0]):
            fresh = edited(path, {cell: words[i] for cell, i in zip(prompt, ids, strict=True)})
            assert numbers_of(book, "answer", fresh)[:, 0].tolist() == program(ids)


@pytest.mark.parametrize("typed", ["z", None])
def test_a_word_that_is_not_in_the_list_is_told_on_the_home_page(tmp_path: Path, typed: str | None) -> None:
    path = tmp_path / "book.xlsx"
    write_lesson(build(Recipe("rasp-sort")), path)
    sign, first, again = ("Contents", 7, 1), ("Contents", 5, 1), ("Input", 3, 1)
    assert read(path).values.get(sign, "") == ""
    sentence = "Not in the list: an unknown word counts as a; choose another."
    changed = edited(path, {first: typed})
    assert (changed[sign], changed[again], changed["Contents", 6, 1]) == (sentence, sentence, "unknown")
    assert not any(str(value).startswith("#") for value in changed.values())
    assert edited(path, {first: "c"})[sign] == ""


# The induction head


@examples(60)
@given(st.permutations(range(9)), st.integers(1, 9), st.data())
def test_an_induction_head_predicts_the_repeated_word(order: list[int], length: int, data: st.DataObject) -> None:
    """A random pattern, once whole and then once more up to some place: the next word is the pattern's."""
    pattern = order[:length]
    place = data.draw(st.integers(1, length))
    ids = [*pattern, *pattern[:place]]
    made = build(Recipe("induction-head", size={"vocab": 9, "max_positions": 18}, ids=ids))
    tables = made.numbers()
    for t in range(length, len(ids)):
        assert tables["probabilities"][t].argmax() == pattern[(t + 1) % length]
        assert tables["probabilities"][t].max() > 0.99
    assert tables["next"].item() == pattern[place % length]


def test_its_first_head_looks_at_the_word_before() -> None:
    weights = build(Recipe("induction-head")).numbers()["layer1.weights"]
    np.testing.assert_allclose(weights[1:], np.eye(len(weights))[:-1], rtol=0, atol=1e-10)


def test_where_a_word_was_followed_by_two_others_it_predicts_both() -> None:
    p = build(Recipe("induction-head", ids=[0, 1, 0, 2, 0])).numbers()["probabilities"][-1]
    assert p[1] == pytest.approx(p[2])
    assert p[1] > 0.4


def test_it_goes_on_with_the_pattern() -> None:
    tables = build(
        Recipe("induction-head", size={"vocab": 4, "max_positions": 8}, ids=[2, 0, 3, 2], generate=4)
    ).numbers()
    written = [tables[name].item() for name in ("next", "step2.next", "step3.next", "step4.next")]
    assert written == [0, 3, 2, 0]


# Circuits


@pytest.mark.parametrize("size", [{}, {"vocab": 5, "max_positions": 4}])
def test_circuits_are_the_products_of_the_paper(size: dict[str, int]) -> None:
    """Elhage et al. 2021 write columns; here W_QK is W_Q W_Kᵀ, and W_OV is W_V W_O."""
    tables = build(Recipe("circuits", size=size)).numbers()
    w = induction.weights_of(induction.Options(**({"vocab": 3, "max_positions": 3} | size)))
    qk = [w[f"layer{n}.W_Q"] @ w[f"layer{n}.W_K"].T for n in (1, 2)]
    ov = [w[f"layer{n}.W_V"] @ w[f"layer{n}.W_O"] for n in (1, 2)]
    for n in (0, 1):
        at = f"layer{n + 1}."
        np.testing.assert_allclose(tables[f"{at}W_QK"], qk[n], rtol=0, atol=1e-10)
        np.testing.assert_allclose(tables[f"{at}W_OV"], ov[n], rtol=0, atol=1e-10)
        np.testing.assert_allclose(tables[f"{at}QK"], w["E"] @ qk[n] @ w["E"].T, rtol=0, atol=1e-10)
        np.testing.assert_allclose(tables[f"{at}QK_places"], w["P"] @ qk[n] @ w["P"].T, rtol=0, atol=1e-10)
        np.testing.assert_allclose(tables[f"{at}OV"], w["E"] @ ov[n] @ w["W_U"], rtol=0, atol=1e-10)
    through = w["E"] @ qk[1] @ (w["E"] @ ov[0]).T
    np.testing.assert_allclose(tables["QK_through"], through, rtol=0, atol=1e-10)
    norm = np.linalg.norm
    wanted = [
        norm(ov[0] @ qk[1]) / norm(ov[0]) / norm(qk[1]),
        norm(qk[1] @ ov[0].T) / norm(ov[0]) / norm(qk[1]),
        norm(ov[0] @ ov[1]) / norm(ov[0]) / norm(ov[1]),
    ]
    np.testing.assert_allclose(tables["composition"][0], wanted, rtol=0, atol=1e-10)


def test_the_second_head_reads_the_first_by_its_keys_alone() -> None:
    tables = build(Recipe("circuits")).numbers()
    q, k, v = tables["composition"][0]
    assert k > 0.2
    assert q == v == 0
    assert (tables["QK_through"].argmax(1) == np.arange(3)).all()
    assert not tables["layer2.QK"].any()


def test_sizes_of_the_stream_name_every_feature() -> None:
    o = MODELS["induction-head"].options
    stream = induction.Stream(o.vocab, o.max_positions)
    assert len(stream.labels.words) == stream.width == len(set(stream.labels.words))
