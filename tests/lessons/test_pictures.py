"""Pictures: PNG files made here byte by byte, .npy files, and what is refused."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.editing import edited
from support.lessons import cells_of

from byhand.cli.main import main
from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.pictures import read_picture
from byhand.lessons.recipe import Recipe
from byhand.workbook.build import write_lesson
from byhand.xlsx.reader import read

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, depth: int, colour: int, lines: list[bytes], more: bytes = b"", interlaced: int = 0
) -> bytes:
    """Each line begins with its filter."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    packed = zlib.compress(b"".join(lines))
    halves = chunk(b"IDAT", packed[:5]) + chunk(b"IDAT", packed[5:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + halves + chunk(b"IEND", b"")


def filtered(pixels: np.ndarray, kinds: list[int]) -> list[bytes]:
    """Lines of bytes (height, width, samples) under one filter each, by the specification's own formulas."""
    height, width, samples = pixels.shape
    x = pixels.reshape(height, -1).astype(int)
    lines = []
    for y, kind in enumerate(kinds):
        line = [kind]
        for i in range(width * samples):
            a = x[y, i - samples] if i >= samples else 0
            b = x[y - 1, i] if y else 0
            c = x[y - 1, i - samples] if y and i >= samples else 0
            p = a + b - c
            pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            paeth = a if pa <= pb and pa <= pc else b if pb <= pc else c
            line.append((x[y, i] - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
        lines.append(bytes(line))
    return lines


def saved(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("colour", "samples"), [(GREY, 1), (COLOUR, 3), (GREY_ALPHA, 2), (COLOUR_ALPHA, 4)])
def test_every_filter_of_every_kind_of_pixel(tmp_path: Path, colour: int, samples: int) -> None:
    pixels = np.random.default_rng(colour).integers(0, 256, (6, 5, samples))
    data = png(5, 6, 8, colour, filtered(pixels, [4, 1, 2, 3, 4, 0]))
    seen = pixels[..., : 1 if samples < 3 else 3] / 127.5 - 1
    got = read_picture(saved(tmp_path, data), seen.shape[-1])
    np.testing.assert_allclose(got, np.moveaxis(seen, -1, 0), rtol=0, atol=1e-15)


def test_grey_stands_for_each_colour(tmp_path: Path) -> None:
    got = read_picture(saved(tmp_path, png(2, 1, 8, GREY, [bytes([0, 0, 255])])), 3)
    np.testing.assert_array_equal(got, [[[-1, 1]]] * 3)


def test_few_bits_and_many(tmp_path: Path) -> None:
    one = png(10, 1, 1, GREY, [bytes([0, 0b10110000, 0b01000000])])
    np.testing.assert_array_equal(read_picture(saved(tmp_path, one), 1), [[[1, -1, 1, 1, -1, -1, -1, -1, -1, 1]]])
    four = png(3, 1, 4, GREY, [bytes([0, 0x0F, 0x50])])
    np.testing.assert_allclose(read_picture(saved(tmp_path, four), 1), [[[-1, 1, -1 / 3]]])
    sixteen = png(2, 1, 16, GREY, [bytes([0]) + struct.pack(">HH", 0, 65535)])
    np.testing.assert_array_equal(read_picture(saved(tmp_path, sixteen), 1), [[[-1, 1]]])


def test_a_palette(tmp_path: Path) -> None:
    colours = chunk(b"PLTE", bytes([0, 0, 0, 255, 0, 255]))
    got = read_picture(saved(tmp_path, png(2, 1, 2, PALETTE, [bytes([0, 0b01000000])], colours)), 3)
    np.testing.assert_array_equal(got, [[[1, -1]], [[-1, -1]], [[1, -1]]])


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def test_an_array_as_it_is(tmp_path: Path) -> None:
    numbers = np.arange(12).reshape(3, 2, 2) - 4
    np.testing.assert_array_equal(read_picture(saved(tmp_path, npy(numbers)), 3), numbers)


GOOD = png(2, 1, 8, GREY, [bytes([0, 0, 255])])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "There is no picture"),
        (b"", "is neither a .npy file of numbers nor a PNG"),
        (b"GIF89a", "is neither a .npy file of numbers nor a PNG"),
        (npy([["a"]]), "must hold one table of numbers of channels × height × width"),
        (npy(np.zeros((2, 2))), "must hold one table of numbers of channels × height × width"),
        (npy(np.full((1, 2, 2), np.nan)), "holds a number that is not finite"),
        (GOOD[:20], "is no whole PNG"),
        (GOOD[:40], "is no whole PNG"),
        (GOOD[:50], "is no whole PNG"),
        (GOOD[:-2], "is no whole PNG"),
        (GOOD[:-12], "is no whole PNG"),
        (GOOD[:20] + b"\x07" + GOOD[21:], "is no whole PNG"),
        (png(2, 1, 8, 5, []), "is no whole PNG"),
        (png(2, 1, 8, GREY, [bytes([9, 0, 0])]), "is no whole PNG"),
        (png(2, 2, 8, GREY, [bytes([0, 0, 0])]), "is no whole PNG"),
        (png(2, 1, 7, GREY, [bytes([0, 0, 0])]), "is no whole PNG"),
        (png(2, 1, 8, PALETTE, [bytes([0, 0, 9])], chunk(b"PLTE", bytes(3))), "is no whole PNG"),
        (png(2, 1, 8, GREY, [bytes(3)], interlaced=1), "is interlaced"),
        (png(5000, 1, 8, GREY, [bytes(5001)]), "is 5000×1: choose one of at most 512 pixels a side"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "none.png" if data is None else saved(tmp_path, data)
    with pytest.raises(ByhandError, match=re.escape(said)):
        read_picture(path, 1)


def test_a_picture_on_the_command_line(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.arange(16).reshape(1, 4, 4))
    result = CliRunner().invoke(main, ["run", "vit", "--pixels", str(tmp_path / "p.npy"), "--show", "patches"])
    rows = [line.split()[2:] for line in result.stdout.splitlines()[2:]]
    assert rows == [list(r.split()) for r in ("0 1 4 5", "2 3 6 7", "8 9 12 13", "10 11 14 15")]


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["run", "vit", "--pixels", str(saved(tmp_path, GOOD))])
    assert result.exit_code == 2
    assert "The picture is 1×1×2 (channels × height × width), but the model sees 1×4×4" in result.stderr


def test_a_model_that_reads_words_takes_no_picture(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["run", "bert", "--pixels", str(saved(tmp_path, GOOD))])
    assert (result.exit_code, "bert takes no --pixels" in result.stderr) == (2, True)


def test_a_recipe_names_a_picture_beside_itself(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.ones((1, 4, 4)))
    (tmp_path / "r.toml").write_text('model = "vit"\npixels = "p.npy"\n')
    result = CliRunner().invoke(main, ["run", str(tmp_path / "r.toml"), "--show", "picture"])
    assert result.stdout.splitlines()[2].split() == ["1"] * 5


def test_the_home_page_says_which_class_and_follows_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "vit.xlsx"
    made = build(Recipe("vit"))
    write_lesson(made, path)
    book = read(path)
    (at,) = [cell for cell, text in book.values.items() if text == "The model's answer"]
    _, row, column = at
    assert [book.values["Contents", row + 1 + n, column] for n in range(3)] == ["standing", "lying", "slanting"]
    changed = build(Recipe("vit", set={"picture[1,1]": 3}))
    values = edited(path, {cells_of(book, "picture")[0][0]: 3.0})
    shown = [values["Contents", row + 1 + n, column + 1] for n in range(3)]
    np.testing.assert_allclose(shown, changed.numbers()["probabilities"][0], rtol=0, atol=1e-9)
    assert not np.allclose(shown, made.numbers()["probabilities"][0])
