"""The documentation: its commands run when pasted, the files that it names are there, and the site builds offline."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import byhand

from byhand.models import MODELS

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.slow
def test_every_command_runs_when_pasted(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, as a reader does; a check that finds a blank answer exits with 1."""
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            result = byhand(line)
            assert result.exit_code == (1 if line.startswith("byhand check") else 0), f"{line}\n{result.output}"
            assert "Traceback" not in result.output


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_the_files_that_it_names_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for name in re.findall(r"`((?:byhand|tests)/[\w/]+\.py)`", text):
        assert (ROOT / name).is_file(), name
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (page.parent / link).exists(), link


def test_the_folders_that_contributing_names_are_all_there_are() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("| folder |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:])))
    assert named == {path.parent.name for path in (ROOT / "byhand").glob("*/__init__.py")}


def test_the_index_of_pages_has_every_model_with_its_picture() -> None:
    text = (ROOT / "docs" / "pages.md").read_text("utf-8")
    for name in MODELS:
        assert f'<a href="live/{name}.html">' in text, f"{name}: tests/support/page_pictures.py draws its picture"
        assert (ROOT / "docs" / "pictures" / "pages" / f"{name}.jpg").stat().st_size < 40_000


@pytest.mark.slow
def test_the_site_builds_offline(tmp_path: Path) -> None:
    """With every warning an error: a page that is left out, a link that leads nowhere, a name without a docstring."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "learn the transformer by computing it" in index
    reference = (tmp_path / "site" / "reference" / "index.html").read_text("utf-8")
    assert "byhand.Lesson" in reference
    assert "byhand.build" in reference
    assert "byhandRules" in (tmp_path / "site" / "pages" / "live" / "gpt2.html").read_text("utf-8")
    shutil.rmtree(tmp_path / "site")
