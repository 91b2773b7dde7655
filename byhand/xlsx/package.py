"""The parts of an .xlsx file and what refers to what: read, changed, and packed again."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from zipfile import ZipFile

from byhand.xlsx.packed import Member, archived
from byhand.xlsx.splice import MOST_BYTES, Element, Part

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENTS = "[Content_Types].xml"
DRAWING = "application/vnd.openxmlformats-officedocument.vmlDrawing"
LEVEL = 1
"""How hard what has changed is packed."""


@dataclass(frozen=True)
class Relation:
    """target: the part's name in the package; outside it, as the file says it."""

    id: str
    kind: str
    target: str
    outside: bool
    element: Element


class Package:
    """An open workbook's parts. ValueError for whatever in them is not as the format says."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._parts: dict[str, Part] = {}
        self._new: dict[str, bytes] = {}
        self._dropped: set[str] = set()
        self._given: set[tuple[str, str]] = set()
        self.names = archive.namelist()
        self._contents = self.part(CONTENTS)
        self._known = self._contents.elements()
        defaults = (e.attributes for e in self._known if e.local == "Default")
        self._endings = {told.get("Extension", "").casefold() for told in defaults}

    def part(self, name: str) -> Part:
        """A part, to be read or changed; the same one each time."""
        if name not in self._parts:
            if name not in self.names:
                raise ValueError(f"it has no {name}")
            if self._archive.getinfo(name).file_size > MOST_BYTES:
                raise ValueError(f"{name} is longer than {MOST_BYTES:,} bytes")
            self._parts[name] = Part(self._archive.read(name))
        return self._parts[name]

    def relations(self, name: str) -> list[Relation]:
        """What a part refers to; the whole package, where the name is empty."""
        rels = _rels(name)
        if rels not in self.names:
            return []
        folder = posixpath.dirname(name)
        return [_relation(e, folder) for e in self.part(rels).elements() if e.local == "Relationship"]

    def relate(self, name: str, kind: str, target: str) -> str:
        """Refer from a part to another; the reference's id."""
        rels = _rels(name)
        taken = {(rels, relation.id) for relation in self.relations(name)} | self._given
        id = next(id for n in range(1, len(taken) + 2) if (rels, id := f"byhand{n}") not in taken)
        path = posixpath.relpath(target, posixpath.dirname(name))
        told = f'Relationship Id="{id}" Type="{RELATIONS}/{kind}" Target="{path}"/>'.encode()
        if rels in self.names:
            part = self.part(rels)
            root = part.elements()[0]
            part.append(root, b"<" + part.prefixed(root, "") + told)
        else:
            before = self._new.get(rels, f"{HEAD}{NO_RELATIONS}".encode())
            end = b"</Relationships>"
            self._new[rels] = before.replace(end, b"<" + told + end)
        self._given.add((rels, id))
        return id

    def add(self, name: str, data: bytes, content_type: str) -> None:
        """A new part, and what it is."""
        self._new[name] = data
        self._told("Override", f'PartName="/{name}" ContentType="{content_type}"')

    def add_drawing(self, name: str, data: bytes) -> None:
        """A new part with the boxes of notes, which every program knows by its ending."""
        self._new[name] = data
        if "vml" not in self._endings:
            self._endings.add("vml")
            self._told("Default", f'Extension="vml" ContentType="{DRAWING}"')

    def drop(self, name: str) -> None:
        """Take a part out, and what says what it is."""
        self._dropped.add(name)
        for e in self._known:
            if e.local == "Override" and e.attributes.get("PartName", "").lstrip("/") == name:
                self._contents.remove(e)

    def free(self, pattern: str) -> str:
        """A name of the form xl/comments{}.xml that no part has."""
        taken = {name.casefold() for name in (*self.names, *self._new)}
        return next(name for n in range(1, len(taken) + 2) if (name := pattern.format(n)).casefold() not in taken)

    def _told(self, tag: str, attributes: str) -> None:
        root = self._known[0]
        self._contents.append(root, b"<" + self._contents.prefixed(root, tag) + f" {attributes}/>".encode())

    def packed(self) -> bytes:
        """The workbook with all its changes."""
        members = []
        for info in self._archive.infolist():
            name = info.filename
            if name in self._parts and (data := self._parts[name].changed()) != self._parts[name].data:
                members.append(Member.packed(name.encode(), data, LEVEL))
            elif name not in self._dropped and not info.is_dir():
                members.append(Member.taken(self._archive, info, LEVEL))
        members += [Member.packed(name.encode(), data, LEVEL) for name, data in self._new.items()]
        return archived(members)


NO_RELATIONS = f'<Relationships xmlns="{PACKAGE}/relationships"></Relationships>'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _rels(name: str) -> str:
    folder, file = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _relation(element: Element, folder: str) -> Relation:
    told = element.attributes
    outside = told.get("TargetMode", "") == "External"
    target = told.get("Target", "")
    if not outside:
        target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    return Relation(told.get("Id", ""), told.get("Type", "").rpartition("/")[2], target, outside, element)


ACTIVE = re.compile(
    r"(?i)vbaproject|macrosheets|dialogsheets|activex|ctrlprops|externallinks|embeddings|connections|querytables"
    r"|webextensions|customui|model/|\.bin$|\.exe$|\.dll$"
)
PRINTER = re.compile(r"(?i)xl/printerSettings/[^/]+\.bin")
"""What a program stores of a printer: a .bin, and harmless."""


def active(package: Package) -> str:
    """What in a workbook runs or reaches outside, in a few words; nothing where there is none."""
    for name in package.names:
        if ACTIVE.search(name) and not PRINTER.fullmatch(name):
            return "macros, controls or links to other files"
    for name in package.names:
        if name.endswith(".rels") and b"External" in package.part(name).data:
            return "links to places outside"
    for name in package.names:
        if name.startswith("xl/worksheets/") and name.endswith(".xml") and REACHES.search(package.part(name).data):
            return "formulas that reach outside"
    return ""


REACHES = re.compile(
    rb"(?i)<(?:\w+:)?f\b[^>]*>[^<]*(?:\||\b(?:webservice|filterxml|rtd|call|register|exec|dde|import\w+|image|hyperlink)\s*\()"
)
"""A formula that asks another program or a server for something."""
