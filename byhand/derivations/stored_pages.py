"""The proved pages that come with the package, so that a derivation is shown without proving it again."""

from __future__ import annotations

import json
from importlib.resources import files

from byhand.derivations.topics import find_topic
from byhand.documents.document import Document
from byhand.documents.stored import from_json

FILE = files("byhand.derivations") / "pages.json"
"""The pages by the names of their topics, written by `python -m byhand.derivations.rebuild`."""


def derive(name: str) -> Document:
    """Return the page of the topic of that name. ByhandError if there is none."""
    return from_json(json.loads(FILE.read_text("utf-8"))[find_topic(name).name])
