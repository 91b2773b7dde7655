"""The files that a class has handed in: in a folder, or in the zip file that Moodle, Canvas or a student makes."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
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


@contextmanager
def submitted_files(place: Path) -> Iterator[dict[str, Path]]:
    """Yield the files that were handed in, by their names in the folder or the zip file `place`.

    Zip files are unpacked into a folder that is removed at the end, within bounds and never outside it. Raises
    ByhandError for a place that is neither, a zip file that is not safe, or one without files. A zip file within the
    folder that cannot be unpacked is yielded as it is, so that the reader of workbooks says why.
    """
    if place.is_file() and _is_zip_of_files(place):
        with temporary_folder() as folder:
            _unpack(place, folder)
            yield _some(place, dict(_expanded(folder, "", DEEPEST - 1, folder)))
        return
    if not place.is_dir():
        what = "is neither a folder nor a zip file" if place.exists() else "is not there"
        raise ByhandError(f"{place} {what}: name the folder or the zip file with what was handed in.")
    with temporary_folder() as folder:
        yield _some(place, dict(_expanded(place, "", DEEPEST, folder)))


def _some(place: Path, files: dict[str, Path]) -> dict[str, Path]:
    if not files:
        raise ByhandError(f"{place} holds no files: name the folder or the zip file with what was handed in.")
    return files


def _expanded(folder: Path, prefix: str, depth: int, temporary: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the path of each file in a folder, and of each in its zip files."""
    for path in submissions(folder):
        if _was_handed_out(path, folder):
            continue
        name = prefix + path.relative_to(folder).as_posix()
        plain = path.suffix.lower() == ".zip" and not path.is_symlink() and path.is_file()
        if depth and plain and _is_zip_of_files(path):
            target = temporary / f"zip-{sha256(os.fsencode(name)).hexdigest()[:16]}" / path.name
            try:
                target.mkdir(parents=True)
                _unpack(path, target)
            except (ByhandError, OSError) as error:
                if isinstance(error, OSError) and error.errno in OF_DISKS:
                    raise
                yield name, path
                continue
            yield from _expanded(target, f"{name}/", depth - 1, temporary)
        else:
            yield name, path


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


def _unpack(path: Path, folder: Path) -> None:
    """Write the files of a zip file into a folder. Raises ByhandError for one that is not safe to unpack."""
    try:
        with ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check_members(path, members)
            for member in members:
                _write_member(archive, member, folder)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as reason:
        if isinstance(reason, OSError) and reason.errno in OF_DISKS:
            raise  # which says nothing of the file
        raise ByhandError(
            f"{path} cannot be unpacked ({clean(str(reason))[:200].rstrip('.')}): download it again."
        ) from None


def _check_members(path: Path, members: list[ZipInfo]) -> None:
    if len(members) > MOST_FILES:
        raise ByhandError(f"{path} holds more than {MOST_FILES:,} files: name the zip file of one class.")
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise ByhandError(f"{path} would unpack to more than {MOST_UNPACKED:,} bytes: unpack it by hand.")
    for member in members:
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in name.parts[0][:2]:
            raise ByhandError(
                f"{path} holds a file with the unsafe name {clean(member.filename)!r}: unpack it by hand."
            )
        if member.flag_bits & 1:
            raise ByhandError(f"{path} is locked with a password: unpack it, and name the folder.")
        if member.file_size > max(SMALL_PART, LARGEST_RATIO * member.compress_size) or member.file_size > MOST_BYTES:
            raise ByhandError(
                f"{path} holds a file that unpacks to {member.file_size:,} bytes ({clean(member.filename)}), "
                "as a zip bomb does: unpack it by hand."
            )


def _write_member(archive: ZipFile, member: ZipInfo, folder: Path) -> None:
    """Write one file, with its time, by which the latest of several is chosen."""
    target = folder.joinpath(*PurePosixPath(member.filename).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with archive.open(member) as source, target.open("xb") as file:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise ValueError("a file is longer than the zip file says")
            file.write(piece)
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
