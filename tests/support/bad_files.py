"""Every kind of file that a class hands in and that cannot simply be graded."""

from __future__ import annotations

import io
import os
import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl

from byhand.exercises.keys import Key
from support.class_submissions import a_set, answered, spots

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def with_part(book: bytes, name: str, data: bytes) -> bytes:
    """The book with one part more, or another in its place."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(book)) as source, ZipFile(stream, "w", ZIP_DEFLATED) as target:
        for other in source.namelist():
            if other != name:
                target.writestr(other, source.read(other))
        target.writestr(name, data)
    return stream.getvalue()


def with_text(book: bytes, name: str, old: str, new: str) -> bytes:
    with ZipFile(io.BytesIO(book)) as archive:
        text = archive.read(name).decode()
    assert re.search(old, text)
    return with_part(book, name, re.sub(old, new, text, count=1).encode())


def many_parts() -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for n in range(6_000):
            archive.writestr(str(n), b"")
    return stream.getvalue()


def damaged(book: bytes) -> dict[str, bytes]:
    """What cannot be read at all."""
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><worksheet>&a;</worksheet>'
    return {
        "empty": b"",
        "text": b"my answers are 1, 2 and 3",
        "cut in half": book[: len(book) // 2],
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "old Excel": OLE + bytes(1_000),
        "locked": OLE + bytes(100) + "EncryptedPackage".encode("utf-16-le") + bytes(100),
        "a bomb": with_part(book, "xl/worksheets/sheet2.xml", b" " * 60_000_000),
        "many parts": many_parts(),
        "entities": with_part(book, "xl/worksheets/sheet2.xml", laughs),
        "no workbook": with_part(with_part(b"PK\5\6" + bytes(18), "word/document.xml", b"<w/>"), "a.xml", b"<a/>"),
        "a bad address": with_text(book, "xl/worksheets/sheet2.xml", r'r="B1"', 'r="ZZZZZ1"'),
        "noise": b"PK\3\4" + zlib.compress(random.Random(1).randbytes(2_000)),
    }


def no_files(path: Path) -> dict[str, Callable[[], object]]:
    """What has the name of a file and is none."""
    return {
        "a folder": path.mkdir,
        "a link": lambda: path.symlink_to("/etc/passwd"),
        "a pipe": lambda: os.mkfifo(path),
    }


LOOK = ("another's book", "another's answers", "altered numbers", "no id")


def look(what: str, folder: Path, key: Key, student: str, other: str) -> bytes:
    """A book that can be read, and that a person must look at."""
    if what == "another's book":
        return answered(folder, key, other)
    if what == "another's answers":
        answers = key.students[other].answers
        return answered(folder, key, student, lambda n, c, right: round(answers[n][c], key.questions[n].places + 2))
    if what == "no id":
        return with_text(answered(folder, key, student), "xl/worksheets/sheet1.xml", f">{student}<", "><")
    book = openpyxl.load_workbook(io.BytesIO(answered(folder, key, student)))
    book[spots(key)[0][0][0]]["C14"].value = 99
    altered = io.BytesIO()
    book.save(altered)
    return altered.getvalue()


def another_exercise(scratch: Path) -> bytes:
    a_set(scratch / "other", 1, "relu", formats=("xlsx",))
    return (scratch / "other" / "students" / "s001.xlsx").read_bytes()
