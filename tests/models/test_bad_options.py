"""Options that cannot be, or not together: one sentence, exit code 2, nothing else."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from byhand.cli.main import COMMANDS, main
from byhand.models import MODELS

SENTENCES = {
    "run gpt2 --generate 2 --cache --beams 2": "--beams does not go with --cache: choose one.",
    "run gpt2 --beams 2 --temperature 1": "--beams does not go with --temperature: choose one.",
    "run gpt2 --generate 0": "--generate is the number of words to write, at least 1, not 0.",
    "run gpt2 --generate 100000": (
        "100,000 steps through 2 heads are more than byhand unrolls (4,000 heads): choose a smaller --generate."
    ),
    "run mamba --generate 400 --cache": (
        "400 times up to 400 words, one after the other, are more than byhand unrolls (4,000 in all): "
        "choose a smaller --generate."
    ),
    "run gpt2 --top-p nan": "--top-p is above 0 and up to 1, not nan.",
    "run gpt2 --temperature inf": "--temperature is from 0.01 to 100, not inf.",
    "run vit --beams 2": "vit does not write word by word: leave --beams out.",
    "run performer --cache": "performer does not write word by word: leave --cache out.",
    "run bert --generate 2": "bert takes no --generate; it takes --ids, --prompt, --segment-ids, --mask.",
    "run gpt2 --pixels x.png": "gpt2 takes no --pixels; it takes --ids, --prompt, --generate.",
    "run gpt2 --size vocab=3000 --top-k 2": (
        "byhand draws from at most 2,000 words: leave out --temperature, --top-k and --top-p."
    ),
    "run gpt2 --show scores": (
        "There is no table 'scores' in gpt2; the nearest are layer1.head2.scores and layer1.head1.scores "
        "(`byhand run gpt2` lists all)."
    ),
    "run gpt2 --show zzz": "There is no table 'zzz' in gpt2: `byhand run gpt2` lists all.",
    "explain gpt2 --step zzz": "There is no table 'zzz' in gpt2: `byhand run gpt2` lists all.",
    "run gpt2 --size norm=rmz": "norm cannot be 'rmz'; the nearest is rms.",
    "models gpt2 --compare gpt2 llama": "Name one model, or two with --compare, not both.",
    "models lamma": "There is no model 'lamma'; the nearest is llama (`byhand models` lists all).",
}


@pytest.mark.parametrize("line", SENTENCES)
def test_it_is_said_in_a_sentence(line: str) -> None:
    result = CliRunner().invoke(main, shlex.split(line))
    assert (result.exit_code, result.stderr, result.stdout) == (2, f"Error: {SENTENCES[line]}\n", "")


def npy_header(text: bytes, version: bytes = b"\x01\x00") -> bytes:
    filled = text + b" " * (117 - len(text)) + b"\n"
    return b"\x93NUMPY" + version + len(filled).to_bytes(2, "little") + filled


class Touches:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (Path.touch, (self.path,))


NUMBERS = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }"
HOSTILE = {
    "more than memory": npy_header((NUMBERS % ("<f8", (1, 10**11, 4))).encode()),
    "more than a number holds": npy_header((NUMBERS % ("<f8", (10**23, 4, 4))).encode()),
    "less than nothing": npy_header((NUMBERS % ("<f8", (1, 4, -4))).encode()) + bytes(128),
    "two less than nothings": npy_header((NUMBERS % ("<f8", (1, -4, -4))).encode()) + bytes(128),
    "cut off": npy_header((NUMBERS % ("<f8", (1, 4, 4))).encode()) + bytes(100),
    "brackets": npy_header(b"(" * 5000),
    "code": npy_header(b"__import__('os').getcwd()"),
    "another version": npy_header((NUMBERS % ("<f8", (1, 4, 4))).encode(), b"\x09\x00") + bytes(128),
    "letters": npy_header((NUMBERS % ("<U9", (1, 4, 4))).encode()) + bytes(9 * 64),
    "an archive": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_picture_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "p.npy").write_bytes(HOSTILE[kind])
    result = CliRunner().invoke(main, ["run", "vit", "--pixels", str(tmp_path / "p.npy")])
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "p.npy" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    made = tmp_path / "made"
    np.save(tmp_path / "p.npy", np.array([[[Touches(made)]]], dtype=object), allow_pickle=True)
    result = CliRunner().invoke(main, ["run", "vit", "--pixels", str(tmp_path / "p.npy")])
    assert (result.exit_code, made.exists()) == (2, False)


@pytest.mark.parametrize("kind", ["<f4", ">f8", "<i2", "|b1", "<f2", "|u1"])
@pytest.mark.parametrize("by_columns", [False, True])
def test_numbers_of_any_kind_are_read(kind: str, by_columns: bool, tmp_path: Path) -> None:
    numbers = np.arange(16).reshape(1, 4, 4).astype(kind)
    np.save(tmp_path / "p.npy", np.asfortranarray(numbers) if by_columns else numbers)
    result = CliRunner().invoke(main, ["run", "vit", "--pixels", str(tmp_path / "p.npy"), "--show", "picture"])
    rows = [[float(n) for n in line.split()[1:]] for line in result.stdout.splitlines()[2:]]
    assert rows == numbers[0].astype(float).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_models_stand_side_by_side_in_80_columns(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with some of the others."""
    monkeypatch.setenv("COLUMNS", "80")
    names = list(MODELS)
    for step in (1, 7, 18):
        other = names[(names.index(model) + step) % len(names)]
        result = CliRunner().invoke(main, ["models", "--compare", model, other])
        assert result.exit_code == 0
        assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = CliRunner().invoke(main, [*command.split(), "--help"]).output
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.partition("Commands:")[2]
