"""Small pictures as numbers: drawn in a text, a .npy of channels × height × width, or a PNG."""

from __future__ import annotations

import math
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy

from byhand.core.graph import Array
from byhand.errors import ByhandError, quoted
from byhand.files import read_bytes
from byhand.lessons.drawn_pictures import is_drawn, picture_of

LARGEST_FILE = 20_000_000
"""The most bytes in a picture's file."""
LARGEST_SIDE = 512
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Colour type -> numbers for each pixel: grey, colour, palette, grey with alpha, colour with alpha."""
DEPTHS = {0: (1, 2, 4, 8, 16), 3: (1, 2, 4, 8)} | dict.fromkeys((2, 4, 6), (8, 16))
"""Colour type -> allowed numbers of bits."""
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""Version of .npy -> the function that reads its header."""


def picture(given: str, channels: int) -> Array:
    """Return the numbers of a picture that is drawn in a text, or of the file that the text names."""
    if is_drawn(given) and not os.path.isfile(given):
        return picture_of(given, channels)
    return read_picture(Path(given), channels)


def read_picture(path: Path, channels: int) -> Array:
    """Return a picture's numbers; of a PNG from -1 (black) to 1, without alpha. (channels, height, width)"""
    if not os.path.isfile(path):
        raise ByhandError(f"There is no picture {quoted(str(path))}: give a .npy file or a small PNG with --pixels.")
    data = read_bytes(path, "picture", LARGEST_FILE, "choose a smaller one")
    if not data.startswith(SIGNATURE):
        return _numpy(path, data)
    try:
        picture = _png(path, data)
    except (struct.error, zlib.error, ValueError, IndexError, KeyError):
        raise ByhandError(f"The picture {path} is no whole PNG: save it again.") from None
    return np.repeat(picture, channels, axis=0) if len(picture) == 1 else picture


def _numpy(path: Path, data: bytes) -> Array:
    """Return the array of a .npy file (numpy.lib.format). numpy reads only the header: nothing in the file is run."""
    try:
        file = BytesIO(data)
        shape, by_columns, dtype = HEADERS[npy.read_magic(file)](file)
        if dtype.kind not in "biuf" or len(shape) != 3:
            raise ByhandError(
                f"{path} must hold one table of numbers of channels × height × width: save that with numpy."
            )
        rest = data[file.tell() :]
        count = math.prod(shape)
        if not 0 <= count * dtype.itemsize <= len(rest):
            raise ValueError(count)
        numbers = np.frombuffer(rest[: count * dtype.itemsize], dtype)
        array = numbers.reshape(shape, order="F" if by_columns else "C").astype(np.float64)
    except (ValueError, KeyError, TypeError, SyntaxError, TokenError, OverflowError, RecursionError, MemoryError):
        raise ByhandError(f"{path} is neither a .npy file of numbers nor a PNG: save it with numpy.save.") from None
    if not np.isfinite(array).all():
        raise ByhandError(f"{path} holds a number that is not finite: mend it and save it again.")
    return array


def _png(path: Path, data: bytes) -> Array:
    """Return the numbers of a PNG (its specification, sections 7, 9 and 11). Raises ValueError or the like."""
    chunks = _chunks(data)
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if depth not in DEPTHS[colour]:
        raise ValueError(depth)
    if interlaced:
        raise ByhandError(f"The picture {path} is interlaced, which byhand does not read: save it without that.")
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ByhandError(
            f"The picture {path} is {width}×{height}: choose one of at most {LARGEST_SIDE:,} pixels a side."
        )
    bits = depth * SAMPLES[colour]
    line = 1 + (width * bits + 7) // 8
    raw = zlib.decompressobj().decompress(chunks[b"IDAT"], line * height)
    lines = _unfiltered(np.frombuffer(raw, np.uint8).reshape(height, line), max(bits // 8, 1))
    samples = _samples(lines, depth)[:, : width * SAMPLES[colour]].reshape(height, width, SAMPLES[colour])
    if colour == 3:
        palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
        samples, depth = palette[samples[..., 0]], 8
    seen = samples[..., : 1 if colour in (0, 4) else 3]
    numbers: Array = np.moveaxis(seen, -1, 0).astype(np.float64)
    return numbers / float(2**depth - 1) * 2 - 1


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the data of each kind of chunk. Raises struct.error for a file cut off, ValueError for damage."""
    chunks: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        held = data[at + 8 : at + 8 + length]
        if struct.unpack_from(">I", data, at + 8 + length)[0] != zlib.crc32(kind + held):
            raise ValueError(kind)
        chunks[kind] = chunks.get(kind, b"") + held
        at += 12 + length
    return chunks if b"IEND" in chunks else {}


def _unfiltered(lines: np.ndarray, step: int) -> np.ndarray:
    """Return the bytes of each line, with its filter undone; `step` is the bytes of a pixel."""
    above = np.zeros(lines.shape[1] - 1, np.uint8)
    rows = []
    for kind, left in zip(lines[:, 0].tolist(), lines[:, 1:], strict=True):
        if kind == 1:
            line = _summed(left, step)
        elif kind in (0, 2):
            line = left + above if kind else left
        else:
            line = np.array(_guessed(kind, left.tolist(), above.tolist(), step), np.uint8)
        rows.append(line)
        above = line
    return np.array(rows, np.uint8)


def _summed(left: np.ndarray, step: int) -> np.ndarray:
    """Return each byte plus that of the pixel before (filter 1)."""
    line = left.copy()
    for first in range(step):
        line[first::step] = np.cumsum(left[first::step], dtype=np.uint8)
    return line


def _guessed(kind: int, left: list[int], above: list[int], step: int) -> list[int]:
    """Return each byte plus the average of those before and above (filter 3), or plus Paeth's choice (filter 4)."""
    line: list[int] = []
    for i, (byte, b) in enumerate(zip(left, above, strict=True)):
        a, c = (line[i - step], above[i - step]) if i >= step else (0, 0)
        line.append((byte + {3: (a + b) // 2, 4: _nearest(a, b, c)}[kind]) % 256)
    return line


def _nearest(a: int, b: int, c: int) -> int:
    """Return left, above or above left: the one nearest to a + b - c (Paeth)."""
    return min((a, b, c), key=lambda value: abs(a + b - c - value))


def _samples(lines: np.ndarray, depth: int) -> np.ndarray:
    """Return the numbers of `depth` bits in each line of bytes."""
    if depth == 8:
        return lines
    if depth == 16:
        return lines.view(">u2")
    bits = np.unpackbits(lines, axis=1).reshape(len(lines), -1, depth)
    return bits @ (1 << np.arange(depth)[::-1])
