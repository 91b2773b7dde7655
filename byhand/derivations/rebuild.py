"""Proves every topic and stores its page: `python -m byhand.derivations.rebuild`, after any change to a derivation."""

from __future__ import annotations

import json
from pathlib import Path

from byhand.derivations.topic_page import prove
from byhand.derivations.topics import TOPICS
from byhand.documents.stored import to_json
from byhand.files import save

FILE = Path(__file__).parent / "pages.json"


def rebuild() -> None:
    """Write the pages of all topics, by name."""
    pages = ",\n".join(f"{json.dumps(name)}: {to_json(prove(name))}" for name in TOPICS)
    save(FILE, f"{{{pages}}}\n".encode())


if __name__ == "__main__":
    rebuild()
