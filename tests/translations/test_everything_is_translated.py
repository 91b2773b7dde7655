"""What students see is in the catalogues: written in a language that marks what comes from there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from support.catalogue import has_words, messages
from support.pseudo_language import CODE, in_pseudo_language, outside, texts_of
from support.selection import often

from byhand.core.labels import Typed
from byhand.exercises.class_set import SetOptions, make_set
from byhand.exercises.problem import Problem
from byhand.exercises.recipe import find, ready_made, ready_made_exams
from byhand.exercises.roster import numbered

RECIPES = sorted({*ready_made(), *ready_made_exams()})
WORD = re.compile(r"[A-Za-z]{3,}")
MATHS = set(
    "softmax softplus exp sin cos tanh erf max argmax mean sum mod mask cap gate score"
    " FFN Concat ReLU GELU SiLU elu sublayer count find total place apart spans int logits".split()
)
MATHS |= set("min clip sigmoid ref size".split())
MATHS |= set("aggregate select selector width indices tokens places all".split())
"""Names of functions, those of the language RASP too."""
AUTHORS = {"nostalgebraist"}
"""Who signs in small letters."""
FORMS = set("NUMERICAL NUMERICALS MULTICHOICE SHORTANSWER SHORTANSWER_C".split())
"""Names of kinds of fields in Moodle's own notation."""


def names_of(problem: Problem) -> set[str]:
    """The words of table names, of vocabularies and of the student: they are the same in every language."""
    lesson = problem.lesson
    words = {word for vocabulary in lesson.architecture.vocabularies(lesson.options) for word in vocabulary.words}
    for node in lesson.tables.values():
        words |= {node.name, node.symbol}
        words |= {word for dim in node.shape for word in getattr(getattr(dim, "labels", None), "words", ())}
    return {part for word in words for part in WORD.findall(word)}


def drawn_words(built: Problem) -> set[str]:
    """The words of all lengths that are drawn letter by letter, and the pieces of such words."""
    typed = [(dim.labels, numbers) for node, numbers in built.drawn.items() for dim in node.shape]
    letters = {of.pieces.typed[int(x) - 1] for of, numbers in typed if isinstance(of, Typed) for x in numbers}
    longest = max((int(node.shape[1]) for node in built.drawn), default=0)
    return {"".join(word) for n in range(2, longest + 1) for word in product(letters, repeat=n)} if letters else set()


def unknown(texts: Iterable[str], names: set[str]) -> set[str]:
    return {
        f"{match[0]}: …{left[max(0, match.start() - 40) : match.end() + 40]}…".replace("\n", " ")
        for left in map(outside, texts)
        for match in WORD.finditer(left)
        if match[0] not in names
    }


@cache
def in_catalogues() -> set[str]:
    return {text for message in messages() for text in ([message] if isinstance(message, str) else message)}


@pytest.mark.slow
@pytest.mark.parametrize("name", often(RECIPES, {"softmax", "llama", "find-the-wrong-score"}, every=2))
def test_all_that_a_class_sees_is_in_the_catalogues(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marked = in_pseudo_language(monkeypatch)
    formats = ("xlsx", "html", "moodle", "canvas", "qti")
    if name in ("softmax-exactly", "wordpiece-score"):  # Canvas cannot mark four places
        formats = ("xlsx", "html", "moodle", "qti")
    options = SetOptions(
        find(name),
        tmp_path / "set",
        numbered(2),
        seed=1,
        formats=formats,
        practice=True,
        jobs=1,
        language=CODE,
        versions=2 if name in ready_made_exams() else None,
    )
    result = make_set(options)
    names = (
        names_of(result.problem)
        | drawn_words(result.problem)
        | MATHS
        | FORMS
        | AUTHORS
        | {"student1", "student", "byhand", "check", *name.split("-")}
    )
    missing: dict[str, list[str]] = {}
    for path in sorted((tmp_path / "set").rglob("*")):
        if path.suffix in (".xlsx", ".html", ".md", ".xml", ".zip") and "secret" not in path.name:
            found = unknown(texts_of(path.name, path.read_bytes()), names)
            if found:
                missing[path.name] = sorted(found)
    assert missing == {}
    assert {text for text in marked.texts if has_words(text)} - in_catalogues() == set()
