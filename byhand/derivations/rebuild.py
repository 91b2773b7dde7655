"""Proves every topic and stores its page: `python -m byhand.derivations.rebuild`, after any change to a derivation."""

from __future__ import annotations

from pathlib import Path

from byhand.derivations.topic_page import prove
from byhand.derivations.topics import TOPICS
from byhand.documents.stored import to_json
from byhand.files import save

FOLDER = Path(__file__).parent / "pages"


def rebuild() -> None:
    """Write the page of each topic, and remove those of topics that are no longer there."""
    FOLDER.mkdir(exist_ok=True)
    for name in TOPICS:
        save(FOLDER / f"{name}.json", to_json(prove(name)).encode())
    for path in FOLDER.glob("*.json"):
        if path.stem not in TOPICS:
            path.unlink()


if __name__ == "__main__":
    rebuild()
