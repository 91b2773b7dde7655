"""What the name of a handed-in file says: whose it is, and which of several is the latest."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from byhand.exercises.roster import clean

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)(?:_late)?_(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_COPY = re.compile(
    r"(?:copy of |kopie von |copie de )|(?:[ _-]+(?:copy|kopie|copie))?(?:[ _]*\(\d+\)|-\d+)?$", re.IGNORECASE
)
_AGAIN = re.compile(r"(?:-|\()(\d{1,6})\)?$")


@dataclass(frozen=True)
class FileName:
    """system: the learning system that has made the name, or nothing. person, number: whom it names so.

    stem: the name that the student gave the file, without its ending. order: higher for what was handed in later.
    """

    stem: str
    system: str = ""
    person: str = ""
    number: str = ""
    order: tuple[int, int] = (0, 0)


def read_name(path: Path) -> FileName:
    """Moodle: Name_12345_assignsubmission_file_/book.xlsx; Canvas: name_late_101_9001_book-1.xlsx; or just a name."""
    for part in (path.name, path.parent.name, path.parent.parent.name):
        if found := _MOODLE.fullmatch(part):
            stem = Path(found["rest"]).stem if part == path.name else path.stem
            return FileName(stem, "Moodle", found["name"], found["user"], (0, _again(stem)))
    if found := _CANVAS.fullmatch(path.name):
        stem = Path(found["rest"]).stem
        return FileName(stem, "Canvas", found["name"], found["user"], (int(found["file"][:18]), _again(stem)))
    return FileName(path.stem, order=(0, _again(path.stem)))


def _again(stem: str) -> int:
    """The number that systems add to a file that is handed in again."""
    found = _AGAIN.search(stem)
    return int(found[1]) if found else 0


def plain_stem(stem: str) -> str:
    """Without what programs add to the name of a copy: Copy of, (1), -2."""
    return _COPY.sub("", stem).strip()


def folded(text: str) -> str:
    """Equal for texts that a person would call the same id: in size of letters, and in how accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", clean(text)).casefold())


def letters(text: str) -> str:
    """Only the letters and digits of a name, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def spellings(name: str) -> set[str]:
    """A person's name as systems write it: its words without spaces, beginning at any of them: lovelaceada."""
    words = [word for word in map(letters, re.split(r"[\s,]+", name)) if word]
    return {"".join(words[n:] + words[:n]) for n in range(len(words))}
