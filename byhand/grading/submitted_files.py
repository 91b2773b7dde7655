"""The files that a class has handed in: in a folder, or in the zip file that Moodle, Canvas or a student makes."""

from __future__ import annotations

import os
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from byhand.errors import ByhandError
from byhand.exercises.formats import FORMATS, STUDENTS, student_files
from byhand.exercises.keys import KEYS
from byhand.exercises.roster import clean
from byhand.files import OF_DISKS, temporary_folder
from byhand.grading.owners import MOST_FILES, submissions
from byhand.xlsx.archive import LARGEST_RATIO, MOST_BYTES, SMALL_PART

MOST_UNPACKED = 2_000_000_000
"""The most bytes of all files in a zip file of a class."""
DEEPEST = 2
"""Zip files within zip files that are unpacked: a student's in that of a class."""
BOOK_PARTS = ("[Content_Types].xml", "mimetype", "Index/Document.iwa")
"""A part that shows that a zip file is a document and no folder of files."""
PIECE = 1 << 20


@dataclass(frozen=True)
class SubmittedFile:
    """A file that was handed in. name: in the folder, zip files being folders too. path: where it can be read.

    left_out: why it is not read, to follow its name; an empty text if it is.
    """

    name: str
    path: Path
    left_out: str = ""

    @property
    def is_closed_zip(self) -> bool:
        """Whether it is a zip file that is not unpacked, which may hold the files of a whole class."""
        return bool(self.left_out) and self.name.lower().endswith(".zip")


@contextmanager
def submitted_files(place: Path) -> Iterator[dict[str, SubmittedFile]]:
    """Yield the files that were handed in, by their names in the folder or the zip file `place`.

    Zip files are unpacked into a folder that is removed at the end, within bounds and never outside it. What cannot be
    unpacked safely is left out: a part of a zip file, or a whole one within the folder. Raises ByhandError for a place
    that is neither, one that cannot be unpacked, or one without files.
    """
    if place.is_file() and _is_zip_of_files(place):
        with temporary_folder() as folder:
            try:
                left_out = _unpack(place, folder)
            except _Refused as why:
                raise ByhandError(f"{place} {why}") from None
            closed = {name: SubmittedFile(name, place, why) for name, why in left_out.items()}
            yield _some(place, {**closed, **dict(_expanded(folder, "", DEEPEST - 1, folder))})
        return
    if not place.is_dir():
        what = "is neither a folder nor a zip file" if place.exists() else "is not there"
        raise ByhandError(f"{place} {what}: name the folder or the zip file with what was handed in.")
    with temporary_folder() as folder:
        yield _some(place, dict(_expanded(place, "", DEEPEST, folder)))


def _some(place: Path, files: dict[str, SubmittedFile]) -> dict[str, SubmittedFile]:
    if not files:
        raise ByhandError(f"{place} holds no files: name the folder or the zip file with what was handed in.")
    return files


def _expanded(folder: Path, prefix: str, depth: int, temporary: Path) -> Iterator[tuple[str, SubmittedFile]]:
    """Yield the name and the place of each file in a folder, and of each in its zip files."""
    for path in submissions(folder):
        if _was_handed_out(path, folder):
            continue
        name = prefix + path.relative_to(folder).as_posix()
        plain = path.suffix.lower() == ".zip" and not path.is_symlink() and path.is_file()
        if depth and plain and _is_zip_of_files(path):
            target = temporary / f"zip-{sha256(os.fsencode(name)).hexdigest()[:16]}" / name
            try:
                target.mkdir(parents=True)
                left_out = _unpack(path, target)
            except _Refused as why:
                yield name, SubmittedFile(name, path, str(why))
                continue
            for part, why_not in left_out.items():
                yield f"{name}/{part}", SubmittedFile(f"{name}/{part}", path, why_not)
            yield from _expanded(target, f"{name}/", depth - 1, temporary)
        else:
            yield name, SubmittedFile(name, path)


def _was_handed_out(path: Path, folder: Path) -> bool:
    """Whether a file is a sheet or key that byhand wrote beside a workbook in the set's own folder."""
    whole = folder.resolve()
    if whole.name != STUDENTS or not (whole.parent / KEYS / "set.json").is_file():
        return False
    others = (kind.suffix for kind in student_files(tuple(FORMATS), practice=True) if kind.folder == STUDENTS)
    bare = next((path.name.removesuffix(s) for s in others if s != ".xlsx" and path.name.endswith(s)), "")
    return bool(bare) and path.with_name(f"{bare}.xlsx").is_file()


def _is_zip_of_files(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                return False
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return False
    if all(name.endswith(".npy") for name in names):
        return False  # answers that a notebook has saved
    return bool(names) and not any(name in BOOK_PARTS for name in names) and not _is_part_of_a_book(names)


def _is_part_of_a_book(names: list[str]) -> bool:
    """Whether a zip file was meant as a document: it holds parts of one, and no spreadsheet."""
    return any(name.startswith(("xl/", "word/", "ppt/", "_rels/")) for name in names)


class _Refused(Exception):
    """A zip file, or a part of one, is not unpacked. The message follows its name, and says what to do."""


def _unpack(path: Path, folder: Path) -> dict[str, str]:
    """Write the files of a zip file into a folder; return why others are left out, by their names in it.

    Raises _Refused for a zip file of which nothing can be unpacked.
    """
    left_out: dict[str, str] = {}
    times = Counter[str]()
    with _refusing_damage(), ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_size(members)
        for member in members:
            name = clean(member.filename)
            times[name] += 1
            try:
                with _refusing_damage():
                    _write_member(archive, member, folder)
            except _Refused as why:
                again = f" ({times[name]})" if times[name] > 1 else ""
                left_out[name + again] = str(why)
    if len(left_out) == len(members) > 1 and len(set(left_out.values())) == 1:
        raise _Refused(next(iter(left_out.values())))  # such as a password, which is said once
    return left_out


@contextmanager
def _refusing_damage() -> Iterator[None]:
    """Raise _Refused for what goes wrong with a zip file; errors of the disk, which say nothing of it, are left."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as reason:
        if isinstance(reason, OSError) and reason.errno in OF_DISKS:
            raise
        why = (reason.strerror if isinstance(reason, OSError) else None) or str(reason)
        why = "it is damaged" if isinstance(reason, BadZipFile) else why  # its message says a name
        raise _Refused(f"cannot be unpacked ({clean(why)[:200].rstrip('.')}): get it again.") from None


def _check_size(members: list[ZipInfo]) -> None:
    if len(members) > MOST_FILES:
        raise _Refused(f"holds more than {MOST_FILES:,} files: name the zip file of one class.")
    if sum(member.file_size for member in members if member.file_size <= MOST_BYTES) > MOST_UNPACKED:
        raise _Refused(f"would unpack to more than {MOST_UNPACKED:,} bytes: unpack it by hand.")


def _parts(member: ZipInfo) -> list[str]:
    """Return the folders and the name of a file in a zip file; some programs of Windows write them with backslashes."""
    return [part for part in member.filename.replace("\\", "/").split("/") if part != "."]


def _write_member(archive: ZipFile, member: ZipInfo, folder: Path) -> None:
    """Write one file, with its time, by which the latest of several is chosen. Raises _Refused for one that harms."""
    parts = _parts(member)
    if not all(parts) or ".." in parts or ":" in parts[0][:2]:
        raise _Refused("has a name that leads out of its folder: unpack it by hand.")
    if member.flag_bits & 1:
        raise _Refused("is locked with a password: unpack it by hand.")
    if member.file_size > max(SMALL_PART, LARGEST_RATIO * member.compress_size) or member.file_size > MOST_BYTES:
        raise _Refused(f"unpacks to {member.file_size:,} bytes, as a zip bomb does: unpack it by hand.")
    target = folder.joinpath(*parts)
    if target.exists():
        raise _Refused("has the same name as another file in its zip file: unpack it by hand.")
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    try:
        with archive.open(member) as source, target.open("xb") as file:
            while piece := source.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise ValueError("a file is longer than the zip file says")
                file.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    try:
        moment = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(target, (moment, moment))
    except (OverflowError, ValueError, OSError):
        return  # a date that never was


def digest(path: Path) -> str:
    """Return the digest of a file's bytes; an empty text for a special or too large file."""
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        return ""
    hashed = sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            hashed.update(piece)
    return hashed.hexdigest()
