"""Packs the parts of a workbook into a zip, those that are packed already as they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from byhand.xlsx.writer import CREATED

VERSION, UTF_8 = 20, 1 << 11
DATE = (CREATED.year - 1980) << 9 | CREATED.month << 5 | CREATED.day
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True)
class Member:
    """A part of an archive as it stands there: deflated, with what its headers say of it."""

    name: bytes
    deflated: bytes
    size: int
    crc: int

    @classmethod
    def packed(cls, name: bytes, data: bytes, level: int) -> Member:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(name, packer.compress(data) + packer.flush(), len(data), zlib.crc32(data))

    @classmethod
    def taken(cls, archive: ZipFile, info: ZipInfo, level: int) -> Member:
        """A part of a zip that is open, without unpacking it where it is deflated."""
        name = info.filename.encode()
        if info.compress_type != ZIP_DEFLATED or archive.fp is None:
            return cls.packed(name, archive.read(info), level)
        archive.fp.seek(info.header_offset)
        *_, name_length, extra_length = _LOCAL.unpack(archive.fp.read(_LOCAL.size))
        archive.fp.seek(name_length + extra_length, 1)
        return cls(name, archive.fp.read(info.compress_size), info.file_size, info.CRC)


def archived(members: Sequence[Member]) -> bytes:
    """A zip of parts that are packed already; `zipfile` could only pack them again (APPNOTE.TXT, 4.3.6)."""
    found, directory, offset = [], [], 0
    for m in members:
        told = struct.pack(
            "<HHHHHLLLHH", VERSION, UTF_8, ZIP_DEFLATED, 0, DATE, m.crc, len(m.deflated), m.size, len(m.name), 0
        )
        found += [b"PK\3\4", told, m.name, m.deflated]
        directory.append(
            b"PK\1\2" + struct.pack("<H", VERSION) + told + struct.pack("<HHHLL", 0, 0, 0, 0, offset) + m.name
        )
        offset += 4 + len(told) + len(m.name) + len(m.deflated)
    index = b"".join(directory)
    end = struct.pack("<HHHHLLH", 0, 0, len(members), len(members), len(index), offset, 0)
    return b"".join([*found, index, b"PK\5\6", end])
