"""Open the zip archive of an .xlsx file after checking that it is safe: its sizes, its names, and no entities."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from byhand.errors import ByhandError

MOST_BYTES = 100_000_000
MOST_UNPACKED = 500_000_000
MOST_PARTS = 5_000
LARGEST_RATIO = 100
"""The largest ratio of a part's unpacked to its packed size; in real workbooks, sheets have 5 to 20."""
SMALL_PART = 10_000_000
"""The unpacked size up to which any ratio is allowed: Gnumeric's list of styles may be a 130th of its size."""
LONGEST_TOKEN = 1_000_000
"""The most bytes before the first element of an XML part, and of a tag."""

_ZIP, _OLE = b"PK", bytes.fromhex("d0cf11e0a1b11ae1")
_MEMBER = b"PK\x01\x02"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DAMAGE = (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)

SAVE_AGAIN = "open it in a spreadsheet program and save it again as .xlsx"


@contextmanager
def open_archive(path: Path, may_declare: tuple[str, ...] = ()) -> Iterator[ZipFile]:
    """Open the zip archive of a workbook after checking that it is safe to unpack.

    Raises ByhandError for a missing file, a folder, an .xls, a password, a damaged file, too many or too large parts, a
    part that unpacks to many times its size, unsafe or repeated names, and a document type in an XML part.
    may_declare: the ends of the names of parts that may declare one.
    """
    _check_file(path)
    try:
        with ZipFile(path) as archive:
            _check_parts(path, archive.infolist())
            for part in archive.infolist():
                if not part.filename.endswith(may_declare):
                    with archive.open(part) as stream:
                        _check_prolog(path, part.filename, stream)
            yield archive
    except _DAMAGE as reason:
        raise damaged(path, reason) from None


def check_archive(path: Path, may_declare: tuple[str, ...] = ()) -> None:
    """Raise ByhandError for a zip archive that is not safe to unpack, as `open_archive` does."""
    with open_archive(path, may_declare):
        pass


def damaged(path: Path, reason: Exception | str) -> ByhandError:
    """Return the error for a damaged file."""
    why = clause(str(reason)) or type(reason).__name__
    return ByhandError(f"{path} is cut short or damaged ({why}): get it again, or {SAVE_AGAIN}.")


def clause(reason: str) -> str:
    """Return a library's message as a clause for an error sentence."""
    return " ".join(reason.split())[:200].rstrip(".").replace(". ", "; ")


def feed(parser: expat.XMLParserType, stream: IO[bytes]) -> Iterator[None]:
    """Parse a part piece by piece, with a yield after each piece, so that the caller can stop.

    Raises ValueError for a tag or comment without end, ExpatError for invalid XML.
    """
    count = 0
    while piece := stream.read(65_536):
        parser.Parse(piece)
        count += len(piece)
        if count - parser.CurrentByteIndex > LONGEST_TOKEN:
            raise ValueError("a tag without end")
        yield
    parser.Parse(b"", True)


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ByhandError(f"{path} is a folder: name a workbook (.xlsx) in it.")
        if not path.is_file():
            raise ByhandError(f"{path} is no ordinary file: name a workbook (.xlsx).")
        with path.open("rb") as file:
            start = file.read(8)
            if start.startswith(_OLE):
                raise ByhandError(_refusal_of_ole(path, file))
            _check_size(path, size)
            members = sum(piece.count(_MEMBER) for piece in iter(lambda: file.read(1_000_000), b""))
    except FileNotFoundError:
        raise ByhandError(f"There is no file {path}: check its name and folder.") from None
    except (OSError, ValueError) as reason:
        raise ByhandError(f"{path} cannot be read ({reason}): check its name and its permissions.") from None
    if not size:
        raise ByhandError(f"{path} is empty: get it again.")
    if not start.startswith(_ZIP):
        raise ByhandError(f"{path} is no Excel workbook: name an .xlsx file, or {SAVE_AGAIN}.")
    if members > MOST_PARTS:  # before the zip's directory is read, since an entry takes a thousand bytes of memory
        raise ByhandError(f"{path} holds {members:,} parts, more than {MOST_PARTS:,}: {SAVE_AGAIN}.")


def _refusal_of_ole(path: Path, file: IO[bytes]) -> str:
    if _ENCRYPTED in file.read(MOST_BYTES):
        return f"{path} is locked with a password: open it in a spreadsheet program and save it without one."
    return f"{path} is an old Excel file (.xls): {SAVE_AGAIN}."


def _check_size(path: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise ByhandError(f"{path} has {size:,} bytes, more than {MOST_BYTES:,}: remove pictures or split it.")


def _check_parts(path: Path, parts: list[ZipInfo]) -> None:
    names: set[str] = set()
    for part in parts:
        _check_part(path, part)
        name = part.filename.casefold()
        if name in names:
            raise ByhandError(f"{path} holds two parts called {part.filename!r}: {SAVE_AGAIN}.")
        names.add(name)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED:
        raise ByhandError(f"{path} would unpack to {unpacked:,} bytes, more than {MOST_UNPACKED:,}: split it.")


def _check_part(path: Path, part: ZipInfo) -> None:
    name = PurePosixPath(part.filename)
    if name.is_absolute() or ".." in name.parts or set(part.filename) & set("\\:"):
        raise ByhandError(f"{path} holds a part with the unsafe name {part.filename!r}: ask its author for a new copy.")
    if part.flag_bits & 1:
        raise ByhandError(f"{path} is locked with a password: unpack it with the password and zip it without one.")
    if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ByhandError(f"{path} is packed in a way that no spreadsheet program writes: {SAVE_AGAIN}.")
    if part.file_size > max(SMALL_PART, LARGEST_RATIO * part.compress_size):
        raise ByhandError(
            f"{path} holds a part that unpacks to more than {LARGEST_RATIO} times its size ({part.filename}), "
            f"as a zip bomb does: {SAVE_AGAIN}."
        )


class _PrologEnd(Exception):
    """Stops the parser at the first element, or at a document type (True)."""


def _check_prolog(path: Path, name: str, stream: IO[bytes]) -> None:
    """Raise ByhandError for an XML part that declares a document type, in any encoding. Other files pass."""
    parser = expat.ParserCreate()

    def stop(doctype: bool) -> None:
        raise _PrologEnd(doctype)

    parser.StartDoctypeDeclHandler = lambda *_: stop(True)
    parser.StartElementHandler = lambda *_: stop(False)
    try:
        for _ in range(LONGEST_TOKEN // 64):
            piece = stream.read(64)  # small: the parser goes on to the end of a piece, and entities multiply
            parser.Parse(piece, not piece)
            if not piece:
                return
    except expat.ExpatError:
        return
    except LookupError as reason:  # an encoding that nobody knows
        raise damaged(path, reason) from None
    except _PrologEnd as at:
        if at.args[0]:
            raise ByhandError(
                f"{path} declares a document type in {name}, which no spreadsheet program does: {SAVE_AGAIN}."
            ) from None
        return
    raise damaged(path, f"{name} begins with {LONGEST_TOKEN:,} bytes that are no element")
