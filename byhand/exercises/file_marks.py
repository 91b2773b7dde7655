"""The mark of a student's file, by which a later run of the set knows that the file belongs to it.

A workbook has it as a keyword in its properties, which spreadsheet programs keep; a page and a PDF have it at their
end. The mark is a keyed hash under the set's secret: nothing about the secret or the student's numbers follows from it.
"""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from byhand.files import open_file

NAME = "byhand"
MARK = re.compile(rb"byhand ([0-9a-f]{32})\b")
LONGEST = 65_536
"""The most bytes in which a mark is looked for."""
PROPERTIES = "docProps/core.xml"


def keyword(mark: str) -> str:
    """Return a mark as it stands in a file."""
    return f"{NAME} {mark}"


def marked(data: bytes, suffix: str, mark: str) -> bytes:
    """Return a page, Markdown or a PDF with its mark at the end, where it is not shown."""
    texts = {".html": f"<!-- {keyword(mark)} -->\n", ".pdf": f"\n% {keyword(mark)}\n"}
    return data + texts.get(suffix, texts[".html"]).encode()


def mark_of(path: Path) -> str | None:
    """Return the mark of a file; None for a file without one, and for one that cannot be read."""
    try:
        if path.suffix == ".xlsx":
            with ZipFile(path) as archive, archive.open(PROPERTIES) as part:
                text = part.read(LONGEST)
        else:
            with open_file(path) as file:
                file.seek(max(0, path.stat().st_size - LONGEST))
                text = file.read()
    except (OSError, BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError):
        return None
    found = MARK.findall(text)
    return found[-1].decode() if found else None
