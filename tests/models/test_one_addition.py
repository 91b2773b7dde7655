"""A new model is a page and its line in the index, and a new option is a field: no command needs a second place."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import answer, refusal

import byhand.models
from byhand.models import INDEX, MODELS, Entry
from byhand.xlsx.reader import read

PAGE = '''
"""A model that is only here."""

from dataclasses import dataclass

from byhand.core.graph import page
from byhand.language.architecture import Architecture, Graph
from byhand.language.decoder_only import decoder_only
from byhand.language.options import Options, option, own, variant
from byhand.language.parts import table_of_input


@dataclass(frozen=True)
class MoreOptions(Options):
    """With an option that no other model has."""

    louder: int = own(0, zero="as loud as ever")


ARCHITECTURE = decoder_only(
    name="my-model",
    title="My model",
    source="Nobody 2026",
    about="does what no other does",
    options=variant(MoreOptions(positions="alibi"), norm="rms", louder=0),
    seed=1,
)


@dataclass(frozen=True)
class OwnOptions:
    """Options of its own kind."""

    tokens: int = option(2)
    flavour: str = option("sweet", choices=("sweet", "sour"))
    acid: int = option(3, matters=("flavour", "sour"))


def build(o, weight, inputs):
    with page("", "Taste"):
        x = table_of_input(weight, o.tokens, 2)
        return Graph([(x * (o.acid if o.flavour == "sour" else 1)).named("taste", role="result")])


PART = Architecture(
    "my-part", "My part", "part", "Nobody 2026", "tastes", OwnOptions(), build, {"small": {}, "large": {"tokens": 5}}
)
'''


@pytest.fixture(autouse=True)
def page(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page in a folder beside the others, and its models in the index."""
    Path("my_page.py").write_text(PAGE, "utf-8")
    monkeypatch.setattr(byhand.models, "__path__", [*byhand.models.__path__, str(here)])
    monkeypatch.setitem(INDEX, "my-model", Entry("my-model", "mine", "does what no other does", "my_page"))
    monkeypatch.setitem(INDEX, "my-part", Entry("my-part", "mine", "tastes", "my_page"))
    yield
    sys.modules.pop("byhand.models.my_page", None)


def test_the_list_has_it() -> None:
    assert re.search(r"\nmine +my-model, my-part\n", answer("byhand models"))
    assert answer("byhand models mine").startswith("mine\n  my-model  does what no other does\n  my-part   tastes\n")
    assert MODELS["my-model"].title == "My model"


def test_every_command_that_takes_a_model_takes_it() -> None:
    assert answer("byhand models my-model").startswith("My model (Nobody 2026), decoder only")
    assert "probabilities" in answer("byhand run My_Model --prompt 'the cat'")
    assert "layer1.head1.scores" in answer("byhand explain my-model --step layer1.head1.scores")
    answer("byhand workbook my-model --backward --optimizer adam -o mine.xlsx")
    assert read(Path("mine.xlsx"))
    assert "My model" not in answer("byhand models --compare gpt2 my-model")
    assert "my-model" in answer("byhand models --compare gpt2 my-model")


def test_an_option_says_in_its_field_what_every_command_says_of_it() -> None:
    listed = answer("byhand models my-model")
    assert re.search(r"\n  louder +0 +\(as loud as ever\)\n", listed)
    assert "louder" not in answer("byhand models gpt2")
    answer("byhand run my-model --size louder=0")
    assert "louder is -1, but must be from 0 to 100,000." in refusal("run my-model --size louder=-1")
    assert "gpt2 has no size 'louder'" in refusal("run gpt2 --size louder=1")
    compared = answer("byhand models --compare gpt2 my-model --json")
    assert '"louder": 0' in compared
    assert compared.count('"louder"') == 1  # 0 does nothing, so that the two do not differ in it


def test_options_of_a_kind_of_their_own() -> None:
    listed = answer("byhand models my-part")
    assert re.search(r"\n  flavour +sweet +or sour\n", listed)
    assert re.search(r"\n  acid +3 +\(of no use with the other options\)\n", listed)
    assert "(of no use" not in answer("byhand models my-part --json")
    sour = answer("byhand run my-part --size flavour=sour,tokens=3 --json")
    assert sour != answer("byhand run my-part --size tokens=3 --json")
    assert "flavour cannot be 'salty'; there are: sweet, sour." in refusal("run my-part --size flavour=salty")
    assert "tokens is 0, but must be from 1 to 100,000." in refusal("run my-part --size tokens=0")
