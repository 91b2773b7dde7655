"""Two models side by side: what differs in their options, and what each costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from byhand.cli.main import main
from byhand.models import MODELS

DATA = Path(__file__).parents[1] / "data"


def compared(*names: str, more: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(main, ["models", "--compare", *names, *more])


def test_what_is_printed() -> None:
    result = compared("rnn", "lstm")
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert lines[0] == ["rnn", "lstm"]
    assert not any(line[:1] == ["two_biases"] for line in lines)  # an RNN has one bias, and so has this LSTM
    assert ["parameters", "77", "140"] in lines
    assert ["multiplications", "(4", "words)", "168", "456"] in lines
    assert ["of", "word", "5", "alone,", "from", "a", "cache", "42", "114"] in lines
    assert ["numbers", "in", "the", "cache", "(5", "words)", "3", "6"] in lines
    assert not any(line[:1] == ["vocab"] for line in lines)


def test_what_programs_get() -> None:
    found = json.loads(compared("gpt2", "llama", more=("--json",)).output)
    gpt2, llama = found["models"]
    assert (gpt2["name"], llama["name"]) == ("gpt2", "llama")
    assert gpt2["options"]["norm"] == "layer" != llama["options"]["norm"]
    assert {"norm", "positions", "gated"} <= set(found["differs"])
    assert "kv_heads" in found["differs"]  # 0, for as many as heads, and 1
    assert (gpt2["words"], gpt2["cache"]) == (4, 2 * 5 * 4)


def test_a_checkpoint_and_a_model_that_writes_nothing() -> None:
    found = json.loads(compared(str(DATA / "lstm_lm"), "bert", more=("--json",)).output)["models"]
    assert found[0]["parameters"] == 13 * 6 + 4 * 8 * (6 + 8 + 2) + 4 * 8 * (8 + 8 + 2) + 13 * 8 + 13
    assert found[0]["cache"] == 4 * 8
    assert found[1]["cache"] is found[1]["cached"] is None


def test_a_model_with_itself_differs_in_nothing() -> None:
    assert json.loads(compared("mamba", "mamba", more=("--json",)).output)["differs"] == []


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_compared(model: str) -> None:
    for result in (compared(model, "gpt2"), compared("rasp-sort", model, more=("--json",))):
        assert result.exit_code == 0
        assert result.output


def test_an_unknown_model_is_refused() -> None:
    result = compared("gpt2", "lsmt")
    assert result.exit_code == 2
    assert "There is no model 'lsmt'; the nearest is lstm" in result.output
