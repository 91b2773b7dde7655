"""The proved pages that come with the package, so that a derivation is shown without proving it again."""

from __future__ import annotations

from importlib.resources import files

from byhand.derivations.topics import find_topic
from byhand.documents.document import Document
from byhand.documents.stored import from_json

FOLDER = files("byhand.derivations") / "pages"
"""One JSON file for each topic, written by `python -m byhand.derivations.rebuild`."""


def derive(name: str) -> Document:
    """Return the page of the topic of that name. ByhandError if there is none."""
    return from_json((FOLDER / f"{find_topic(name).name}.json").read_text("utf-8"))
