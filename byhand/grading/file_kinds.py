"""Names the files that are handed in by mistake, and how to mend it."""

from __future__ import annotations

import re
from pathlib import Path

from byhand.errors import ByhandError

LOOKED_AT = 512
STARTS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"{\\rtf": "a text document (RTF)",
    b"Rar!": "a packed folder (RAR)",
    b"7z\xbc\xaf": "a packed folder (7z)",
    b"\x1f\x8b": "a packed file (gzip)",
}
HEIC = re.compile(rb".{4}ftyp(heic|heix|mif1|msf1)", re.DOTALL)
PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|\?xml)", re.IGNORECASE)
KEY = re.compile(rb'\s*\{\s*"byhand"\s*:')
MEND = "hand in the workbook (.xlsx) with the answers in it"
SAVE = "open it in a spreadsheet program and save it as an Excel workbook (.xlsx)"


def refuse_other_kinds(path: Path) -> None:
    """ByhandError for a file that says what it is, and is no workbook; what cannot be read is left to the reader."""
    if path.is_symlink():
        raise ByhandError(f"{path} is a link to another file: name the file itself.")
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except (OSError, ValueError):
        return
    kind = next((kind for mark, kind in STARTS.items() if start.startswith(mark)), "")
    if HEIC.match(start):
        kind = "a picture (HEIC)"
    if kind:
        raise ByhandError(f"{path} is {kind}: {MEND}.")
    if KEY.match(start):
        raise ByhandError(f"{path} is a key or a list of byhand's own, no student's work: {MEND}.")
    if PAGE.match(start):
        raise ByhandError(f"{path} is a web page or an XML file: {SAVE}.")
    if start and not start.startswith((b"PK", b"\xd0\xcf\x11\xe0")) and _is_text(start):
        raise ByhandError(f"{path} is a text or CSV file: {SAVE}.")


def _is_text(start: bytes) -> bool:
    """UTF-8 or UTF-16 without signs that no text has."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not re.search(rb"[\x00-\x08\x0e-\x1f]", start)
