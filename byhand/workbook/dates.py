"""Which cells a file shows as dates or times, though it holds numbers in them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zipfile import ZipFile

from byhand.workbook.cells import parse

BUILT_IN = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""The formats with a number of their own that show a date or a time (ECMA-376, 18.8.30)."""
MOST_STYLES = 65_000
"""Excel's own limit is 64,000."""
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general|standard', re.IGNORECASE)


def date_styles(archive: ZipFile, part: str) -> frozenset[str]:
    """The numbers of the cell styles that show a date or a time."""
    if not part:
        return frozenset()
    reader = _Styles()
    parse(archive, part, reader.start, reader.end, lambda text: None, lambda: reader.finished)
    return frozenset(str(n) for n, code in enumerate(reader.codes) if reader.is_date(code))


class _Styles:
    """Reads as far as the last cell style, and no further."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.codes: list[str] = []
        self.inside = self.finished = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        if local == "numFmt":
            self.own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif local == "cellXfs":
            self.inside = True
        elif local == "xf" and self.inside:
            self.codes.append(attributes.get("numFmtId", "0"))
        if len(self.codes) + len(self.own) > MOST_STYLES:
            raise ValueError(f"more than {MOST_STYLES:,} styles")

    def end(self, tag: str) -> None:
        if tag.endswith(" cellXfs"):
            self.finished, self.inside = True, False

    def is_date(self, code: str) -> bool:
        return shows_date(self.own[code]) if code in self.own else code.isdigit() and int(code) in BUILT_IN


@lru_cache(1000)
def shows_date(code: str) -> bool:
    """Whether a number format, such as d-mmm or [h]:mm, shows a date or a time."""
    return re.search("[dmyhs]", _NO_LETTERS.sub("", code[:500]), re.IGNORECASE) is not None


def day(number: float, epoch: int) -> str:
    """What a number of days is as a date: 2026-01-02; nothing where it is none."""
    try:
        start = datetime(1904, 1, 1) if epoch == 1904 else datetime(1899, 12, 30)
        return (start + timedelta(days=number)).strftime("%Y-%m-%d") if number >= 1 else ""
    except (OverflowError, ValueError):
        return ""
