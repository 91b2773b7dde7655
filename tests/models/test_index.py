"""The index of models: what it says of each is what the model's page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.selection import often

import byhand.models
from byhand.language.architecture import Architecture
from byhand.models import INDEX, MODELS

FOLDER = Path(byhand.models.__file__).parent


@pytest.mark.parametrize("name", often(INDEX, list(INDEX)[::6]))
def test_the_index_says_what_the_page_says(name: str) -> None:
    entry, model = INDEX[name], MODELS[name]
    assert isinstance(model, Architecture)
    assert (entry.name, entry.family, entry.about) == (model.name, model.family, model.about)


def test_families_stand_together() -> None:
    families = [entry.family for entry in INDEX.values()]
    changes = [a for a, b in zip(families, [*families[1:], ""], strict=True) if a != b]
    assert len(changes) == len(set(families))


def test_the_folder_holds_nothing_but_pages() -> None:
    """Each file is the page of a model or a few; what pages share is in language/."""
    files = {path for path in FOLDER.rglob("*.py") if path.name != "__init__.py"}
    pages = {FOLDER / f"{entry.page.replace('.', '/')}.py" for entry in INDEX.values()}
    assert files == pages
    assert max(len(path.read_text("utf-8").splitlines()) for path in files) <= 150
