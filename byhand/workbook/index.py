"""What an .xlsx file says of itself: its sheets, its defined names, and which part of it holds what."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from zipfile import ZipFile

from byhand.workbook.cells import parse

LARGEST_INDEX = 4_000_000
"""The bytes of a part that lists sheets, names or other parts."""
MOST_SHEETS = 500
STRICT = "http://purl.oclc.org/ooxml/"
ROOT, RELATIONS = "_rels/.rels", "_rels"


@dataclass(frozen=True)
class SheetPart:
    """A sheet, and the part that holds its cells."""

    name: str
    part: str
    hidden: bool


@dataclass
class Index:
    """names: without those that programs make for themselves; one that a sheet keeps to itself is called sheet!name.

    strings, styles: the parts, if any. epoch: the year in which the numbers of days begin, 1900 or 1904.
    strict: the file is of the strict kind of Office Open XML, whose sheets have other tags.
    """

    sheets: list[SheetPart] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    strings: str = ""
    styles: str = ""
    epoch: int = 1900
    strict: bool = False


def index_of(archive: ZipFile) -> Index:
    """Raises ValueError, KeyError or ExpatError for what is none."""
    book = next((part for kind, part in _relations(archive, "").values() if kind == "officeDocument"), "")
    if not book:
        raise ValueError("it names no workbook")
    links = _relations(archive, book)
    parts = dict(links.values())
    reader = _Workbook({key: part for key, (_, part) in links.items()})
    _read(archive, book, reader.start, reader.end, reader.data)
    index = reader.index
    index.strings, index.styles = parts.get("sharedStrings", ""), parts.get("styles", "")
    index.names = {reader.full(local, name): text for local, name, text in reader.names}
    if len({sheet.name.casefold() for sheet in index.sheets}) < len(index.sheets):
        raise ValueError("two sheets have the same name")
    return index


def _read(
    archive: ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda tag: None,
    data: Callable[[str], None] = lambda text: None,
) -> None:
    if archive.getinfo(part).file_size > LARGEST_INDEX:
        raise ValueError(f"{part} is longer than {LARGEST_INDEX:,} bytes")
    parse(archive, part, start, end, data)


def _relations(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: by its key the kind and the other part. Addresses outside the file are left out."""
    folder, name = posixpath.split(part)
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = posixpath.basename(attributes.get("Type", "")), target

    _read(archive, posixpath.join(folder, RELATIONS, f"{name}.rels") if part else ROOT, start)
    return found


def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


class _Workbook:
    """Reads the part that lists the sheets and the names."""

    def __init__(self, parts: dict[str, str]) -> None:
        self.index, self.parts = Index(), parts
        self.names: list[tuple[str, str, str]] = []
        self.text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, local = tag.rpartition(" ")
        if local == "workbook":
            self.index.strict = space.startswith(STRICT)
        elif local == "workbookPr":
            self.index.epoch = 1904 if attributes.get("date1904") in ("1", "true") else 1900
        elif local == "sheet":
            self._sheet(attributes)
        elif local == "definedName":
            self.names.append((attributes.get("localSheetId", ""), attributes.get("name", ""), ""))
            self.text = []

    def _sheet(self, attributes: dict[str, str]) -> None:
        key = next((value for name, value in attributes.items() if name.endswith(" id")), "")
        hidden = attributes.get("state", "visible") != "visible"
        self.index.sheets.append(SheetPart(attributes["name"], self.parts[key], hidden))
        if len(self.index.sheets) > MOST_SHEETS:
            raise ValueError(f"more than {MOST_SHEETS} sheets")

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        if self.text is not None and _local(tag) == "definedName":
            local, name, _ = self.names[-1]
            self.names[-1] = local, name, "".join(self.text)
            self.text = None

    def full(self, local: str, name: str) -> str:
        """A name as others may call it."""
        return f"{self.index.sheets[int(local)].name}!{name}" if local else name
