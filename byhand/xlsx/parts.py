"""The parts of a workbook: texts and numbers as XML, and parts in a zip file that is the same for the same parts."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from byhand.core.number_text import in_full
from byhand.escaping import escaped

LEVEL = 1
"""The compression level: low, since a class may have thousands of workbooks."""
ESCAPE_LIKE = re.compile(r"(?=_x[0-9A-Fa-f]{4}_)")
"""Text that a spreadsheet would read as an escaped character."""


def xml_text(value: float | str) -> str:
    """Return a value as it stands in the XML."""
    if isinstance(value, str):
        return escaped(ESCAPE_LIKE.sub("_x005F", value))
    return in_full(value)


def text_xml(text: str) -> str:
    """Return the element of a text, which keeps blanks and line breaks at its ends."""
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{space}>{xml_text(text)}</t>"


def part_info(name: str) -> ZipInfo:
    """Return the zip entry of a part, with a fixed date, so that the same recipe gives the same bytes."""
    about = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    about.compress_type = ZIP_DEFLATED
    return about


def zipped(parts: Mapping[str, str], before: bytes = b"") -> bytes:
    """Return a zip file of the parts. before: a zip file of others, which are not compressed again."""
    stream = io.BytesIO(before)
    with ZipFile(stream, "a", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, text in parts.items():
            archive.writestr(part_info(name), text, compresslevel=LEVEL)
    return stream.getvalue()
