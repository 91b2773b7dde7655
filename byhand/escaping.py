"""Text for XML and HTML files."""

from __future__ import annotations

import re
from html import escape

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow, not even escaped."""
TO_ESCAPE = re.compile("[\"&'<>]|" + NOT_XML.pattern)


def escaped(text: str) -> str:
    """Return a text escaped for an element or attribute, without characters that XML does not allow."""
    return escape(NOT_XML.sub("", text)) if TO_ESCAPE.search(text) else text
