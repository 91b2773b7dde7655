"""The names that people type for a model, however they are spelled, and what is built under each."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import byhand, refusal

import byhand as face
from byhand.lessons.build import build
from byhand.lessons.recipe import find, read_recipe
from byhand.models import ALIASES, INDEX, resolve


@pytest.mark.parametrize("name", INDEX)
def test_every_spelling_of_a_name_is_the_model(name: str) -> None:
    for spelling in (name, name.upper(), name.replace("-", "_"), name.replace("-", ""), name.title()):
        assert resolve(spelling).model == name
        assert find(spelling).model == name


def test_no_two_names_are_spelled_alike() -> None:
    folded = [name.replace("-", "") for name in (*INDEX, *ALIASES)]
    assert len(set(folded)) == len(folded)


@pytest.mark.parametrize(
    ("spelling", "model"),
    [
        ("GPT-2", "gpt2"),
        ("gpt_2", "gpt2"),
        ("GPT2", "gpt2"),
        ("Llama", "llama"),
        ("gpt3", "gpt3"),
        ("GPT-3", "gpt3"),
        ("GPT_J", "gpt-j"),
        ("llama2", "llama"),
        ("Llama-3", "llama"),
        ("qwen2", "llama"),
        ("Qwen3", "qwen"),
        ("mT5", "t5"),
        ("DeepSeek-V3", "deepseek"),
        ("deepseek_v3", "deepseek"),
    ],
)
def test_a_name_that_people_type(spelling: str, model: str) -> None:
    assert build(find(spelling)).architecture.name == model


def test_a_family_with_other_options_is_built_with_them() -> None:
    qwen2, mt5 = (build(find(name)) for name in ("qwen2", "mt5"))
    assert ("layer1.head1.b_Q" in qwen2.tables, "layer1.b_O" in qwen2.tables) == (True, False)
    assert {"encoder.layer1.W_gate", "W_vocab"} <= set(mt5.tables)
    assert "rescaled" not in mt5.tables


@pytest.mark.parametrize("command", ["run", "explain", "models", "workbook"])
def test_every_command_takes_it_and_says_what_is_built(command: str, here: Path) -> None:
    result = byhand(f"byhand {command} Qwen-2")
    assert result.exit_code == 0
    assert (
        "Qwen2 is Llama with a bias on queries, keys and values: byhand builds llama --size attention_bias=true."
        in result.stderr
    )
    assert not byhand(f"byhand {command} GPT-2").stderr


def test_a_size_of_ones_own_goes_before_that_of_the_name(here: Path) -> None:
    Path("own.toml").write_text('model = "qwen-2"\nsize = {attention_bias = false, layers = 2}\n')
    assert read_recipe(Path("own.toml")).size == {"attention_bias": False, "layers": 2}
    assert face.build("qwen2", size={"layers": 2}).options.attention_bias


def test_two_names_side_by_side() -> None:
    assert byhand("byhand models --compare GPT-2 Llama").exit_code == 0


def test_a_folder_of_that_name_goes_first(here: Path) -> None:
    Path("GPT-2").mkdir()
    assert "config.json" in refusal("run GPT-2")


@pytest.mark.usefixtures("here")
def test_an_unknown_name_is_refused() -> None:
    assert "There is no model 'gpt9'; the nearest " in refusal("run gpt9")
