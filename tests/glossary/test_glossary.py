"""The glossary has a sentence for every table that a ready-made book shows, and each sentence can be read by itself."""

from __future__ import annotations

import pytest
from support.lessons import GALLERY, lesson, sweep

from byhand.core.captions import symbol
from byhand.core.roles import Look, Role
from byhand.glossary import STEPS, SUBJECTS, TABLES, entry_of, meaning, step_meaning
from byhand.lessons.build import build
from byhand.lessons.recipe import Recipe
from byhand.translations import in_language
from byhand.workbook.about import About
from byhand.workbook.book import Book
from byhand.workbook.steps import steps


@pytest.mark.parametrize("name", sweep(GALLERY))
def test_every_table_of_a_book_has_an_entry(name: str) -> None:
    missing = {
        (node.symbol, str(node.role)): path
        for path, node in lesson(name).tables.items()
        if node.role.traits.look is not Look.GRADIENT and node.role is not Role.UPDATED and not entry_of(node)
    }
    assert missing == {}


@pytest.mark.parametrize("name", sweep(GALLERY))
def test_every_step_of_a_book_has_an_entry(name: str) -> None:
    made = lesson(name)
    book = Book(made.graph, About("", "", ""))
    shown = {step.scope for step in steps(book)} | {page.scope for page in book.pages if page.scope.title}
    assert {scope.title for scope in shown if not step_meaning(scope)} == set()


def test_no_entry_is_in_two_subjects() -> None:
    assert sum(len(subject.TABLES) for subject in SUBJECTS) == len(TABLES)
    assert sum(len(subject.STEPS) for subject in SUBJECTS) == len(STEPS)


def test_every_role_has_words() -> None:
    assert [role for role in Role if not role.words] == []


def test_a_sentence_is_one_plain_sentence() -> None:
    """With a capital and a full stop, short enough for a note, and not the symbol explained by itself."""
    for key, text in (TABLES | STEPS).items():
        assert text[0].isupper() or text[0].isdigit() or text.startswith("e to"), key
        assert text.endswith("."), key
        assert len(text) <= 120, key
        assert text.count(". ") == 0, key
        assert text.rstrip(".").casefold() not in (key.casefold(), f"the {key}".casefold()), key


def test_gradients_are_explained_by_the_table_that_they_are_about() -> None:
    tables = lesson("gpt2-backward").tables
    node = tables["grad.layer1.head1.W_Q"]
    assert meaning(node, symbol(node)) == (
        "How much the loss grows when a number of W_Q grows by a little; learning goes the other way."
    )
    new = tables["updated.layer1.head1.W_Q"]
    assert meaning(new, symbol(new)).startswith("W_Q after a step of learning")


WRONG_ELSEWHERE = {
    "balance-loss": {"best1": "pair"},
    "bpe": {"merge1.ids": "all words that", "merge1.most": "all:", "compression": "letters a"},
    "delta-net": {
        "layer1.mixed": "expert",
        "layer1.head1.beta": "norm",
        "layer1.head1.V_mixed": "look at it",
        "layer1.head1.Z": "gathered",
    },
    "dpo": {"beta": "norm"},
    "dropout": {"mask": "seen"},
    "fact": {"match": "decoder", "edited.k": "drawn", "before.written": "head", "before.stream": "sublayer"},
    "flash-attention": {"queries1.keys1.P": "position", "times_fewer": "multiplications"},
    "gpt2-beams": {"step2.choose.from1.sum": "stands for a word", "choose.beam1.place": "place of"},
    "gpt2-cache": {"cache.kept": "chosen", "cache.saved": "share"},
    "gpt2-training": {"beta1": "norm"},
    "knn-lm": {"lookup.chosen": "expert"},
    "linear-attention": {"weighed_1": "expert", "total_1": "add up"},
    "linformer": {"E": "embeddings", "F": "keys"},
    "lora": {"A": "state", "count": "pair", "share": "probability"},
    "mamba": {"layer1.z": "divisor", "layer1.W_O": "heads"},
    "paged-cache": {"counts": "letter", "used": "letter", "text1.inside": "continues"},
    "quantisation": {"int8.q": "teacher", "int8.restored": "answer", "mxfp4.step": "number of the step"},
    "retro": {"B": "state", "chunk1.mean": "each word's numbers"},
    "rnn": {"layer1.W": "each word's row"},
    "roberta": {"counted": "loss"},
    "seq2seq-attention": {"decoder.keys": "stored", "decoder.y": "What is read"},
    "speculative-decoding": {"q": "teacher", "u": "state branch", "count": "pair", "p_word": "at each guess"},
    "switch": {"layer1.share": "probability"},
    "token-costs": {"bytes": "one number", "pieces_known": "each text", "words": "occurs"},
}
"""Tables whose symbols mean something else in other models, with a word of what they mean there."""


@pytest.mark.parametrize("name", sweep(WRONG_ELSEWHERE, {"delta-net"}))
def test_a_symbol_with_two_meanings_has_the_one_of_its_place(name: str) -> None:
    tables = lesson(name).tables
    said = {table: meaning(tables[table], symbol(tables[table])) for table in WRONG_ELSEWHERE[name]}
    assert {table: text for table, text in said.items() if WRONG_ELSEWHERE[name][table] in text} == {}


STEPS_WRONG_ELSEWHERE = {
    "delta-net": {"Values 1": "neurons"},
    "gpt2-cache": {"Step 2": "state"},
    "llama": {"Positions": "fillers", "Input": "places"},
    "retro": {"keys": "fact"},
    "seq2seq-attention": {"keys": "fact"},
    "token-costs": {"The texts": "1 long"},
    "transformer-xl": {"Words": "letter", "Memory": "holds words"},
    "unigram": {"Word 1": "kept"},
}
"""Steps and pages whose titles mean something else in other models, with a word of what they mean there."""


@pytest.mark.parametrize("name", sweep(STEPS_WRONG_ELSEWHERE, {"gpt2-cache"}))
def test_a_title_with_two_meanings_has_the_one_of_its_model(name: str) -> None:
    scopes = {scope.title: scope for node in lesson(name).tables.values() for scope in node.scope.outward}
    said = {title: step_meaning(scopes[title]) for title in STEPS_WRONG_ELSEWHERE[name]}
    assert {title: text for title, text in said.items() if STEPS_WRONG_ELSEWHERE[name][title] in text or not text} == {}


def test_a_german_solution_says_what_a_table_is_for() -> None:
    tables = lesson("gpt2-backward").tables
    node, gradient = tables["layer1.head1.K"], tables["grad.layer1.head1.W_Q"]
    with in_language("de"):
        assert meaning(node, symbol(node)) == "Die Keys: woran jedes Wort gefunden werden kann."
        assert meaning(gradient, symbol(gradient)).startswith("Wie viel der Verlust wächst, wenn eine Zahl von W_Q")
        assert step_meaning(node.scope).startswith("Jedes Wort schaut")


def test_adapters_of_any_model_are_explained_as_adapters() -> None:
    tables = build(Recipe("gpt2", lora=1)).tables
    for name in ("layer1.head1.lora.A_Q", "layer1.lora.A_1"):
        assert "small tables" in meaning(tables[name], symbol(tables[name]))


CHOSEN_BY_OPTIONS = {"momentum", "slower", "slowness", "sum in Embedding", "weight_decay"}
"""Tables of optimizers, of longer texts and of pieces with embeddings, which no ready-made book has."""


@pytest.mark.slow
def test_every_entry_is_used() -> None:
    """A symbol or a title that changes would leave its entry without a table."""
    lessons = [*map(lesson, GALLERY), build(Recipe("gpt2", lora=1))]
    tables = [node for made in lessons for node in made.tables.values()]
    assert TABLES.keys() - {entry_of(node) for node in tables} == CHOSEN_BY_OPTIONS
    said = {step_meaning(scope) for scope in {scope for node in tables for scope in node.scope.outward}}
    assert {title for title, sentence in STEPS.items() if sentence not in said} == set()
