"""How words are chosen: by chance, by two beams, and from a cache, which changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support.editing import edited
from support.examples import examples
from support.lessons import numbers_of
from support.oracles import softmax
from support.selection import often

from byhand.cli.main import main
from byhand.core.graph import Array, fold, source, toposort
from byhand.core.labels import Labels
from byhand.errors import ByhandError
from byhand.language.architecture import Decoding
from byhand.language.beams import story
from byhand.language.generation import sample_word, uniform_number
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.models import MODELS
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read
from byhand.xlsx.recalculate import recalculate_books
from byhand.xlsx.verify import compare

WRITERS = [name for name, found in MODELS.items() if "generate" in found.takes]


def choices(made: Lesson) -> list[int]:
    """The words that were written, in order."""
    return [int(made.numbers()[name].item()) for name in made.tables if name.rpartition(".")[2] == "next"]


# The cache


@pytest.mark.slow
@pytest.mark.parametrize("model", WRITERS)
def test_the_cache_changes_nothing(model: str) -> None:
    tables = build(Recipe(model, generate=4, cache=True)).numbers()
    assert np.abs(tables["cache.differences"]).max() < 1e-10
    assert (tables["cache.with"] < tables["cache.without"]).all()
    assert (tables["cache.saved"] == tables["cache.without"] - tables["cache.with"]).all()


@pytest.mark.parametrize("model", often(WRITERS, ["gpt2", "transformer", "mamba", "mixtral"]))
def test_the_cache_changes_nothing_in_larger_models(model: str) -> None:
    """But for the room that Switch's experts have for words, which grows with the prompt: here there is enough."""
    size = {"name": "medium"} | ({"capacity_factor": 8.0} if model == "switch" else {})
    tables = build(Recipe(model, size=size, ids=[1, 2], generate=4, cache=True)).numbers()
    assert np.abs(tables["cache.differences"]).max() < 1e-10


def test_what_is_kept() -> None:
    """2 × T × d a layer of GPT-2, whatever the heads; h of an RNN; h and c of an LSTM; h and the taps of Mamba."""

    def kept(model: str, **size: Any) -> list[float]:
        return build(Recipe(model, size=size, generate=3, cache=True)).numbers()["cache.numbers_kept"][:, 0].tolist()

    assert kept("gpt2") == [2 * t * 4 for t in (4, 5)]
    assert kept("gpt2", layers=3, d_model=6, heads=3) == [2 * t * 6 * 3 for t in (4, 5)]
    assert kept("llama", kv_heads=1) == [2 * t * 2 for t in (4, 5)]
    assert kept("rnn", layers=2) == [6, 6]
    assert kept("lstm", layers=2, d_model=4) == [16, 16]
    assert kept("mamba", d_inner=5, d_state=3, d_conv=3) == [5 * 3 + 2 * 5] * 2


def test_the_cache_does_not_compute_what_it_keeps() -> None:
    """With the tables of the last step given, the new logits need no row of theirs."""
    made = build(Recipe("gpt2", generate=2, cache=True))
    new = made.table("step2.cached.logits")
    assert new.shape[0] == 1
    assert made.table("step2.cached.layer1.head1.Q").shape[0] == 1
    assert made.table("step2.cached.layer1.head1.K_all").shape[0] == 4
    old = {node for node in toposort([new]) if node.name == "layer1.head1.K"}
    assert old
    needed = {node.name for node in toposort([new])} - {None, ""}
    assert not needed & {"step2.layer1.head1.K", "step2.layer1.head1.Q", "step2.x"}


# By chance


def drawn(logits: Array, u: float, t: float = 1.0, k: int | None = None, p: float | None = None) -> int:
    """The word, as the papers choose it: sorted, cut, and the inverse of the distribution function."""
    order = sorted(range(len(logits)), key=lambda n: (-logits[n], n))
    order = order[:k]
    shares = softmax(np.array([logits[n] for n in order]) / t)
    if p is not None:
        count = next(n for n in range(1, len(order) + 1) if shares[:n].sum() >= p or n == len(order))
        order, shares = order[:count], shares[:count] / shares[:count].sum()
    right = np.cumsum(shares)
    return order[min(int(np.searchsorted(right, u, side="right")), len(order) - 1)]


LOGITS = st.lists(st.integers(-30, 30), min_size=1, max_size=9)
SETTINGS = st.tuples(
    st.sampled_from([None, 0.5, 1.0, 3.0]), st.sampled_from([None, 1, 2, 5]), st.sampled_from([None, 0.3, 0.9, 0.95])
)


@examples(150)
@given(LOGITS, SETTINGS, st.integers(1, 99))
def test_a_word_is_drawn_as_the_papers_say(
    numbers: list[int], chosen: tuple[float | None, int | None, float | None], hundredths: int
) -> None:
    logits = np.array(numbers) / 10
    t, k, p = chosen
    u = hundredths / 100 + 1e-7  # not on a border
    vocabulary = Labels("words", tuple(map(str, range(len(numbers)))))
    table = source("logits", [logits - 1, logits], "result", columns=vocabulary)
    made = sample_word(table, vocabulary, Decoding(t, k, None if p is None else p + 1e-7), 1)
    cell = next(node for node in toposort([made]) if node.symbol == "uniform")
    got = fold([made], {cell: np.array([[u]])})[made].item()
    assert got == drawn(logits, u, t or 1.0, k, None if p is None else p + 1e-7)


def test_top_1_is_greedy() -> None:
    for model in ("gpt2", "rnn", "transformer"):
        assert choices(build(Recipe(model, generate=3, top_k=1))) == choices(build(Recipe(model, generate=3)))


def test_the_published_draw() -> None:
    """Its workbook rounds before it adds up, which does not change the word."""
    cases = json.loads((Path(__file__).parents[1] / "data" / "cases.json").read_text())
    case = next(c for c in cases if c["id"] == "temperature_sampling_5")
    words = Labels("words", tuple(case["inputs"]["vocab"]))
    logits = source("logits", [case["inputs"]["logits"]], "result", columns=words)
    made = sample_word(logits, words, Decoding(temperature=case["inputs"]["T"]), 1)
    nodes = {node.symbol: node for node in toposort([made]) if node.name}
    values = fold([made], {nodes["uniform"]: np.array([[case["inputs"]["r"]]])})
    np.testing.assert_allclose(values[nodes["p"]][:, 0], case["output"]["prob_unrounded"], rtol=0, atol=1e-12)
    assert words.words[int(values[made].item())] == case["output"]["sampled"]


def test_the_seed_draws_the_uniform_numbers() -> None:
    assert len({uniform_number(seed, step) for seed in range(5) for step in range(5)}) > 15
    assert all(0 < uniform_number(seed, 1) < 1 for seed in range(300))
    tables = [build(Recipe("gpt2", generate=2, temperature=1.0, seed=seed)).numbers() for seed in (3, 3, 4)]
    names = ("choose.uniform", "step2.choose.uniform")
    first, again, other = ([table[name].item() for name in names] for table in tables)
    assert first == again == [uniform_number(3, 1), uniform_number(3, 2)] != other


def test_a_uniform_number_can_be_retyped(tmp_path: Path) -> None:
    path = tmp_path / "draws.xlsx"
    made = build(Recipe("gpt2", temperature=5.0, top_p=0.99))
    write_lesson(made, path)
    book = read(path)
    sheet, place = book.names["choose.uniform"].rsplit("!", 1)
    column, row = place.replace("$", "")[0], int("".join(c for c in place.split(":")[0] if c.isdigit()))
    cell = (sheet.strip("'"), row - 1, ord(column) - 65)
    logits, written = made.numbers()["logits"][-1], set()
    for u in (0.05, 0.35, 0.65, 0.93):
        (word,) = numbers_of(book, "choose.next", edited(path, {cell: u}))[0]
        assert word == drawn(logits, u, 5.0, p=0.99)
        written.add(word)
    assert len(written) > 2


# Two beams


def stories(model: str, ids: list[int], steps: int) -> list[tuple[float, list[int]]]:
    """Beam search with two beams, as Sutskever et al. 2014 describe it, one pass through the model at a time."""
    beams: list[tuple[float, list[int]]] = [(0.0, [])]
    for _ in range(steps):
        grown = []
        for score, words in beams:
            logits = build(Recipe(model, ids=ids + words)).numbers()["logits"][-1]
            log_p = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
            grown += [(score + log_p[n], [*words, n]) for n in range(len(logits))]
        beams = sorted(grown, key=lambda beam: -beam[0])[:2]
    return beams


@pytest.mark.parametrize("model", ["gpt2", "rnn", "lstm"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_two_beams_are_the_two_best_stories(model: str, steps: int) -> None:
    made = build(Recipe(model, ids=[0, 3], generate=steps, beams=2))
    (score, words), (other, _) = stories(model, [0, 3], steps)
    tables = made.numbers()
    assert tables["answer"][:, 0].tolist() == words
    at = "choose" if steps == 1 else f"step{steps}.choose"
    got = [tables[f"{at}.beam{n}.score"].item() if f"{at}.beam{n}.score" in tables else None for n in (1, 2)]
    np.testing.assert_allclose([s for s in got if s is not None], [score, other][: sum(s is not None for s in got)])


@pytest.mark.parametrize("place", range(6))
def test_a_place_among_the_candidates_is_a_beam_and_its_word(place: int) -> None:
    """Three words after each of two beams: 0 to 2 go on from the first, 3 to 5 from the second."""
    first, second = source("first", [[7], [8]], "tokens"), source("second", [[9], [6]], "tokens")
    ids = story(source("place", [[place]], "given"), [(first, first, None), (second, second, None)], 3)
    before = [7, 8] if place < 3 else [9, 6]
    assert fold([ids])[ids].ravel().tolist() == [*before, place % 3]


@pytest.mark.slow
def test_every_writer_takes_every_way_of_choosing() -> None:
    for model in WRITERS:
        for way in ({"beams": 2}, {"temperature": 1.5, "top_k": 3, "top_p": 0.9, "cache": True}):
            made = build(Recipe(model, generate=2, **way))
            words = len(made.architecture.vocabularies(made.options)[-1].words)
            assert all(0 <= choice < words for choice in choices(made))


def test_workbooks_are_right(engine: str, tmp_path: Path) -> None:
    """LibreOffice starts once for all of them."""
    books = []
    for n, way in enumerate(({"cache": True}, {"beams": 2}, {"temperature": 2.0, "top_k": 5, "top_p": 0.9})):
        write_lesson(build(Recipe("rnn", generate=2, **way)), tmp_path / f"{n}.xlsx")
        books.append(read(tmp_path / f"{n}.xlsx"))
    for book, fresh in zip(books, recalculate_books(books, engine), strict=True):
        report = compare(book, fresh, engine)
        assert report.ok, "\n".join(report.lines())


# Refusals

STORY = Recipe("gpt2", generate=3)
REFUSED: list[tuple[Recipe, str]] = [
    (replace(STORY, temperature=-1.0), "--temperature is from 0.01 to 100, not -1.0."),
    (replace(STORY, temperature=float("nan")), "--temperature is from 0.01 to 100, not nan."),
    (replace(STORY, top_k=0), "--top-k is how many words may be drawn, at least 1, not 0."),
    (replace(STORY, top_p=1.5), "--top-p is above 0 and up to 1, not 1.5."),
    (replace(STORY, beams=3), "--beams is 1 or 2, not 3."),
    (replace(STORY, beams=2, top_k=2), "--beams does not go with --top-k: choose one."),
    (replace(STORY, generate=1, cache=True), "--cache is for a story: add --generate with at least 2 words."),
    (Recipe("bert", top_k=2), "bert does not write word by word: leave --top-k out."),
    (
        Recipe("gpt2", top_p=0.5, backward=True),
        "--backward follows one pass through the model: leave --top-p out.",
    ),
]


@pytest.mark.parametrize(("recipe", "sentence"), REFUSED)
def test_settings_that_cannot_be_are_refused(recipe: Recipe, sentence: str) -> None:
    with pytest.raises(ByhandError) as error:
        build(recipe)
    assert str(error.value) == sentence


def test_the_command_line_takes_them() -> None:
    command = [
        "run",
        "gpt2",
        "--generate",
        "2",
        "--temperature",
        "2",
        "--top-k",
        "3",
        "--top-p",
        ".9",
        "--cache",
        "--json",
    ]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0
    assert "cache.saved" in json.loads(result.output)["tables"]
    for drop in product((True, False), repeat=2):
        extra = [["--beams", "2"], ["--generate", "2"]]
        words = [word for keep, part in zip(drop, extra, strict=True) if keep for word in part]
        assert CliRunner().invoke(main, ["run", "rnn", *words]).exit_code == 0
