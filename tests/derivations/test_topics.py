"""The topics: all that were asked for, and their claims held against numpy, which knows no algebra."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.commands import answer, byhand
from support.derivations import derivations

from byhand.derivations.derivation import About, Derivation
from byhand.derivations.stored_pages import derive
from byhand.derivations.terms import Letter, Term, Where
from byhand.derivations.topics import TOPICS
from byhand.documents.document import Table
from byhand.notation.text import text

Array = np.ndarray

ASKED = """softmax cross-entropy log-sum-exp layer-norm rms-norm attention why-sqrt-d causal-mask multi-head linear relu
gelu silu swiglu sinusoidal rotary residual adam sampling""".split()


def test_every_topic_that_was_asked_for_is_there() -> None:
    assert set(ASKED) <= set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_a_topic_says_itself_in_a_sentence_with_its_source(topic: object) -> None:
    assert re.fullmatch(r"[A-Z].*\.", topic.summary)
    assert re.search(r"\b(19|20)\d\d\b", topic.source)


def test_the_list_names_every_topic() -> None:
    lines = answer("byhand derive --list")
    assert re.findall(r"(?m)^([a-z][\w-]+) ", lines) == ["name", *TOPICS]


def test_the_list_for_programs() -> None:
    listed = json.loads(answer("byhand derive --list --json"))["topics"]
    assert [t["name"] for t in listed] == list(TOPICS)
    assert all(t["about"] == TOPICS[t["name"]].summary and t["source"] == TOPICS[t["name"]].source for t in listed)


def test_the_list_needs_no_sympy() -> None:
    code = "import sys; from byhand.cli.main import main; main(['derive', '--list'], standalone_mode=0); "
    code += "print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "byhand.derivations.topics" in loaded
    assert "sympy" not in loaded


# Claims, against numpy


def claim(topic: str, title: str) -> Derivation:
    return next(a for a in derivations(topic) if a.title == title)


def sizes(made: Term, **given: int) -> Where:
    """The letters of a line by their names."""
    letters: dict[str, Letter] = {a.name: a for a in made.letters}
    return {letters[name]: n for name, n in given.items() if name in letters}


def last_line(topic: str, title: str, tables: dict[str, Array], **given: int) -> float:
    """What the last line of a derivation comes to, with numbers for x_1, x_2, ..., W_1_1, ..."""
    made = claim(topic, title).lines[-1].term
    point = {}
    value = made.at(sizes(made, **given))
    for symbol in value.free_symbols:
        name, *at = str(symbol).split("_")
        point[symbol] = float(tables[name][tuple(int(n) - 1 for n in at)])
    return float(value.xreplace(point))


def slope(f: Callable[[Array], float], x: Array, at: tuple[int, ...]) -> float:
    """A central difference."""
    step = np.zeros_like(x)
    step[at] = 1e-6
    return (f(x + step) - f(x - step)) / 2e-6


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


RNG = np.random.default_rng(3)
near = pytest.approx


@pytest.mark.parametrize("i", [1, 2, 3])
@pytest.mark.parametrize("j", [1, 2, 3])
def test_the_softmax_jacobian(i: int, j: int) -> None:
    x = RNG.normal(size=3)
    found = last_line("softmax", "The Jacobian", {"x": x}, n=3, i=i, j=j)
    assert found == near(slope(lambda v: softmax(v)[i - 1], x, (j - 1,)), rel=1e-6)


@pytest.mark.parametrize("j", [1, 2, 3, 4])
def test_the_gradient_of_the_loss_with_and_without_smoothing(j: int) -> None:
    z, e, w, n = RNG.normal(size=4), 0.1, 2, 4
    plain = last_line("cross-entropy", "The gradient is p − y", {"z": z}, n=n, j=j, w=w)
    assert plain == near(slope(lambda v: -math.log(softmax(v)[w - 1]), z, (j - 1,)), rel=1e-6)
    y = np.full(n, e / n)
    y[w - 1] += 1 - e
    title = "With label smoothing the gradient is p − y too"
    smooth = last_line("cross-entropy", title, {"z": z, "ε": np.array(e)}, n=n, j=j, w=w)
    assert smooth == near(slope(lambda v: -float(y @ np.log(softmax(v))), z, (j - 1,)), rel=1e-6)


@pytest.mark.parametrize("i", [1, 2, 3, 4])
@pytest.mark.slow
def test_the_gradients_of_the_norms(i: int) -> None:
    x, g, e = RNG.normal(size=4), RNG.normal(size=4), 1e-2
    given = {"x": x, "g": g, "ε": np.array(e)}
    layer = last_line("layer-norm", "The gradient in closed form", given, n=4, i=i)
    assert layer == near(slope(lambda v: float(g @ ((v - v.mean()) / np.sqrt(v.var() + e))), x, (i - 1,)), rel=1e-5)
    rms = last_line("rms-norm", "The gradient in closed form", given, n=4, i=i)
    assert rms == near(slope(lambda v: float(g @ (v / np.sqrt((v * v).mean() + e))), x, (i - 1,)), rel=1e-5)


Q, K, V, G = (RNG.normal(size=(3, 2)) for _ in range(4))


def loss_of(q: Array, k: Array, v: Array) -> float:
    return float((G * (softmax(q @ k.T / math.sqrt(2)) @ v)).sum())


@pytest.mark.slow
def test_attention_forward() -> None:
    z = softmax(Q @ K.T / math.sqrt(2)) @ V
    assert last_line("attention", "In components", {"Q": Q, "K": K, "V": V}, T=3, d_k=2, i=2, c=1) == near(z[1, 0])


@pytest.mark.slow
def test_attention_backward() -> None:
    """Step by step as the page says: A, D, E, and from them the three gradients."""
    A = softmax(Q @ K.T / math.sqrt(2))
    S, D = Q @ K.T / math.sqrt(2), G @ V.T
    where = {"T": 3, "d_k": 2}
    title, given = "The gradient of the scores, called E", {"S": S, "D": D}
    E = np.array([[last_line("attention", title, given, T=3, i=i, j=j) for j in (1, 2, 3)] for i in (1, 2, 3)])
    for at in ((1, 1), (3, 2)):
        spot = (at[0] - 1, at[1] - 1)
        to_q = last_line("attention", "The gradient of Q", {"E": E, "K": K}, **where, i=at[0], a=at[1])
        to_k = last_line("attention", "The gradient of K", {"E": E, "Q": Q}, **where, j=at[0], a=at[1])
        to_v = last_line("attention", "The gradient of V", {"A": A, "G": G}, **where, j=at[0], c=at[1])
        assert to_q == near(slope(lambda q: loss_of(q, K, V), Q, spot), rel=1e-5)
        assert to_k == near(slope(lambda k: loss_of(Q, k, V), K, spot), rel=1e-5)
        assert to_v == near(slope(lambda v: loss_of(Q, K, v), V, spot), rel=1e-5)
    weights = last_line("attention", "The gradient of the weights, called D", {"G": G, "V": V}, **where, i=2, j=3)
    assert weights == near(D[1, 2])


def test_the_variance_of_a_dot_product() -> None:
    """Of many draws, whatever the distribution; and scaled."""
    draws = RNG.uniform(-math.sqrt(3), math.sqrt(3), size=(2, 200_000, 3))
    scores = (draws[0] * draws[1]).sum(axis=1)
    assert scores.var() == near(last_line("why-sqrt-d", "The variance of a score is d_k", {}, d_k=3), rel=0.02)
    scaled = last_line("why-sqrt-d", "Divided by √d_k, the variance is 1", {}, d_k=3)
    assert (scores / math.sqrt(3)).var() == near(scaled, rel=0.02)


def test_rotary_scores_by_complex_numbers() -> None:
    """A pair of columns as a complex number: to turn is to multiply by e^(i φ)."""
    q, k, m, n, t = RNG.normal(size=2), RNG.normal(size=2), 7, 4, 0.3
    turned = [complex(*pair) * np.exp(1j * at * t) for pair, at in ((q, m), (k, n))]
    given = {"q": q, "k": k, "m": np.array(m), "n": np.array(n), "θ": np.array(t)}
    made = claim("rotary", "The score depends on m − n alone").lines[-1].term.at({})[0, 0]
    names = {s: str(s).split("_") for s in made.free_symbols}
    value = made.xreplace({s: float(given[a][tuple(int(b) - 1 for b in at)]) for s, (a, *at) in names.items()})
    assert float(value) == near((turned[0] * turned[1].conjugate()).real)


def test_bias_correction_by_running_adam() -> None:
    """Constant gradients: the corrected average is the gradient at every step."""
    average, beta = 0.0, 0.9
    for t in range(1, 5):
        average = beta * average + (1 - beta) * 2.5
        given = {"β": np.array(beta), "mean": np.array(2.5)}
        assert average == near(last_line("adam", "The mean of the average is too small", given, t=t))


def test_the_bounds_of_gelu_are_what_is_measured() -> None:
    """With a grid ten times as fine; the number that the page names is the largest difference."""
    x = np.linspace(-6, 6, 12_001)
    share = 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    found = abs(x * share - 0.5 * x * (1 + np.tanh(u))).max()
    made = claim("gelu", "The two forms differ by less than 0.0005")
    relation = made.lines[1].relation
    assert isinstance(relation, About)
    assert found == near(relation.measured(*(line.term.at({}) for line in made.lines)), rel=1e-3)
    assert found < float(relation.within.at({})) < 0.0005
    assert f"{found:.6f}" in made.claim


def test_the_numbers_at_the_end_are_exact() -> None:
    """Scores 0, ln 2, ln 5: the Jacobian in 64ths."""
    *_, jacobian = [b for b in derive("softmax").blocks if isinstance(b, Table)]
    p = [Fraction(1, 8), Fraction(2, 8), Fraction(5, 8)]
    shown = [[text(cell) for cell in row] for row in jacobian.cells]
    right = [[p[i] * ((i == j) - p[j]) for j in range(3)] for i in range(3)]
    assert [[Fraction(t.replace("−", "-").replace(" ", "")) for t in row] for row in shown] == right


# Refusals


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("derive sofmax", "There is no topic 'sofmax'; the nearest is softmax (`byhand derive --list` lists all)."),
        ("derive norm -o page.txt", "There is no topic 'norm'; the nearest are rms-norm and layer-norm"),
        ("derive", "Name a topic, such as softmax: `byhand derive --list` lists all."),
        ("derive softmax --json", "--json goes with --list: for a page choose a --format."),
    ],
)
def test_a_refusal_is_one_sentence_and_writes_nothing(line: str, sentence: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        result = byhand(f"byhand {line}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {sentence}")
    assert not list(tmp_path.iterdir())


def test_a_page_is_printed_and_written(tmp_path: Path) -> None:
    printed = answer("byhand derive relu")
    assert "max" in printed
    path = tmp_path / "relu.txt"
    answer(f"byhand derive relu -o {path}")
    assert path.read_text("utf-8").split() == printed.split()
    assert byhand(f"byhand derive relu -o {path}").exit_code == 2
    answer(f"byhand derive relu -o {path} --force")
