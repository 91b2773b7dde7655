"""A text as XML and HTML hold it."""

from __future__ import annotations

import re
from html import escape

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML file may hold, not even escaped."""


def escaped(text: str) -> str:
    """Return a text for between tags or inside an attribute, without what no XML file may hold."""
    return escape(NOT_XML.sub("", text))
