"""`byhand explain`: every format and every model, by every name, and one sentence for what is not there."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from support.commands import answer, byhand, examples
from support.lessons import FEWEST, lesson, sweep
from support.selection import often

from byhand.models import MODELS

STEP = "--seed 12588 --step layer1.head1.weights"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_step_on_the_terminal() -> None:
    """Text that a person reads: no markup and no LaTeX."""
    text = answer(f"byhand explain gpt2 {STEP} --exact")
    assert text.startswith("layer1.head1.weights\n====================\n\nGPT-2 by hand, small · Layer 1 · Head 1 ·")
    assert "= exp₂₁ / total₂ = " in text
    assert "e^(" in text
    assert re.search(r"\n    cat +0\.7109 +0\.2891 +0\n", text)
    assert not re.search(r"[\\$`|]|(?m:^ *#)", text)  # a line of code ends in a comment


def test_a_step_as_markdown() -> None:
    text = answer(f"byhand explain gpt2 {STEP} --exact --format md")
    assert text.startswith("# layer1.head1.weights\n\n*GPT-2 by hand, small · Layer 1 · Head 1 ·")
    assert r"\frac{\mathrm{exp}_{21}}{\mathrm{total}_{2}}" in text
    assert "e^{" in text
    assert "| **cat** | $0.7109$ | $0.2891$ | $0$ |" in text


def test_without_exact_there_are_decimals_only() -> None:
    assert "√" not in answer("byhand explain gpt2 --step layer1.head1.Q")
    assert "√" in answer("byhand explain gpt2 --step layer1.head1.Q --exact")


def test_one_cell_round_by_round_and_exactly() -> None:
    text = answer("byhand explain gpt2 --seed 12588 --step layer1.head1.scaled --cell 2,1")
    assert text.startswith("layer1.head1.scaled, row 2 (cat), column 1 (the)\n")
    assert "\nStep by step\n" in text
    assert "\nExactly\n" in text


@pytest.mark.parametrize("model", sweep(MODELS, FEWEST))
def test_every_model_is_explained(model: str) -> None:
    text = answer(f"byhand explain {model} --format md")
    headings = re.findall(r"^#### (.+)$", text, re.MULTILINE)
    assert len(headings) >= 2


LEARNING = "gpt2 --backward --targets cat,sat,_ --optimizer adam"


@pytest.mark.parametrize("suffix", ["md", "tex", "html", "pdf"])
@pytest.mark.parametrize("model", often(["softmax --exact", LEARNING], ["softmax --exact"]))
def test_every_format_of_a_whole_lesson(model: str, suffix: str) -> None:
    page = "Wrote lesson.page.html: the page to which each step is linked.\n" if suffix == "html" else ""
    assert answer(f"byhand explain {model} -o lesson.{suffix}") == f"Wrote lesson.{suffix}.\n{page}"
    assert Path("lesson.page.html").exists() == bool(page)
    data = Path(f"lesson.{suffix}").read_bytes()
    if suffix == "pdf":
        assert data.startswith(b"%PDF")
        return
    text = data.decode()
    assert "\N{REPLACEMENT CHARACTER}" not in text
    if suffix == "html":
        ET.fromstring(re.sub(r"<(meta|link)([^>]*[^/])>", r"<\1\2/>", text.partition("\n")[2]))
        assert "<script" not in text
        assert "http" not in re.sub(r'xmlns="[^"]*"', "", text)


def test_the_same_lesson_gives_the_same_bytes() -> None:
    """A page that explains has the name of the page to which its steps are linked, and nothing else of its own name."""
    for folder in ("a", "b"):
        Path(folder).mkdir()
        for suffix in ("html", "pdf"):
            answer(f"byhand explain softmax -o {folder}/lesson.{suffix}")
    assert {path.name for path in Path("a").iterdir()} == {"lesson.html", "lesson.page.html", "lesson.pdf"}
    for path in Path("a").iterdir():
        assert path.read_bytes() == Path("b", path.name).read_bytes()
    answer("byhand explain softmax -o other.html")
    own, other = Path("a/lesson.html").read_bytes(), Path("other.html").read_bytes()
    assert b'href="lesson.page.html#' in own
    assert own.replace(b'href="lesson.page.html#', b'href="other.page.html#') == other
    assert Path("other.page.html").read_bytes() == Path("a/lesson.page.html").read_bytes()


def test_a_workbooks_name_of_a_table_is_understood() -> None:
    assert answer("byhand explain softmax --step table.X") == answer("byhand explain softmax --step X")


def test_tokens_as_columns_as_in_the_workbook() -> None:
    text = answer("byhand explain attention --orientation columns --step Q --cell 1,3")
    assert text.startswith("Q, row 1, column 3 (")
    from_recipe = answer("byhand explain attention-columns --step Q --cell 1,3")
    assert from_recipe.partition("    Q = ")[1:] == text.partition("    Q = ")[1:] != ("", "")


def test_gradients_like_any_other_table() -> None:
    text = answer("byhand explain gpt2 --backward --targets cat,sat,_ --step grad.layer1.head1.W_Q")
    assert text.startswith("grad.layer1.head1.W_Q\n")
    assert "∂W_Q" in text


@pytest.mark.parametrize("line", examples(byhand("byhand explain --help").stdout))
def test_the_examples_of_the_help(line: str) -> None:
    assert answer(line)


REFUSALS = {
    "gpt2 --step layer1.head1.wieghts": "no table 'layer1.head1.wieghts' in gpt2; the nearest are layer1.head1.weights",
    "gpt2 --step layer1.head1": "layer1.head1 is a part of the model: choose one of its tables, layer1.head1.W_Q",
    "gpt2 --step grad.loss": "no table 'grad.loss'",
    "gpt2 --step layer1.head1.Q --cell 4,1": "has rows 1 to 3 and columns 1 to 2: there is no cell 4,1.",
    "gpt2 --step layer1.head1.Q --cell 0,1": "there is no cell 0,1.",
    "gpt2 --step layer1.head1.Q --cell 1": "is no cell such as 2,1",
    "gpt2 --step layer1.head1.Q --cell a,b": "is no cell such as 2,1",
    "gpt2 --cell 1,1": "name the table with --step",
    "gtp2": "the nearest is gpt2",
    "gpt2 --format doc": "There is no format 'doc'; there are: md, txt, tex, html, pdf.",
    "gpt2 --format pdf": "A PDF is not for the terminal",
    "gpt2 -o lesson.docx": "has no suffix of a format",
    "gpt2 -o nowhere/lesson.html": "There is no folder nowhere",
    "gpt2 -o .": "is a folder",
    "gpt2 --ids 99 --step x": "Id 99 is not in the vocabulary",
}


@pytest.mark.parametrize("line", REFUSALS)
def test_what_is_not_there_gets_one_sentence_and_no_file(line: str) -> None:
    result = byhand(f"byhand explain {line}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert REFUSALS[line] in result.stderr
    assert len(result.stderr.strip().splitlines()[-1]) < 600
    assert list(Path().iterdir()) == []


def test_a_file_is_not_written_over_unless_forced() -> None:
    Path("lesson.md").write_text("mine")
    result = byhand("byhand explain softmax -o lesson.md")
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert Path("lesson.md").read_text() == "mine"
    answer("byhand explain softmax -o lesson.md --force")
    assert Path("lesson.md").read_text() != "mine"


def test_the_command_in_a_workbooks_note_works() -> None:
    for step in list(lesson("gpt2").tables)[::9]:
        if lesson("gpt2").tables[step].role != "constant":
            assert answer(f"byhand explain gpt2 --step {step}").startswith(f"{step}\n")
