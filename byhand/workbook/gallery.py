"""The ready-made workbooks: from a folder of recipes to one with their workbooks, a picture of each, and an index."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from byhand.errors import ByhandError
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson, describe
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.workbook.build import write_lesson
from byhand.workbook.previews import Preview, Previews


def recipes(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.toml"))
    if not found:
        raise ByhandError(f"There are no recipes (.toml) in {folder}: name a folder that holds some.")
    return found


def rebuild(source: Path, folder: Path, advance: Callable[[int], object] = lambda steps: None) -> Iterator[str]:
    """Write the workbook of every recipe in `source`, its picture, and an index; yields a line for each as it is done.

    The folder is made where there is none. Pictures are drawn while further workbooks are built. advance: is called
    after each of two steps a recipe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lessons, cells = {}, {}
    with Previews(advance) as previews:
        for path in recipes(source):
            lessons[path] = build(read_recipe(path))
            book = folder / f"{path.stem}.xlsx"
            cells[path] = write_lesson(lessons[path], book)
            previews.add(Preview(book, _telling_sheet(lessons[path]), _picture(folder, path)))
            advance(1)
            yield f"{book.name}: {cells[path]:,} live cells"
        yield previews.finish()
    (folder / "README.md").write_text(_index(lessons, cells), encoding="utf-8")
    yield "README.md"


def outdated(source: Path, folder: Path) -> list[str]:
    """A line for each workbook, picture or index in the folder that its recipe in `source` would now make otherwise."""
    late = []
    lessons = {path: build(read_recipe(path)) for path in recipes(source)}
    cells = {}
    with tempfile.TemporaryDirectory() as temporary:
        for path, lesson in lessons.items():
            fresh = Path(temporary, path.stem + ".xlsx")
            cells[path] = write_lesson(lesson, fresh)
            if not same_contents(fresh, folder / fresh.name, closeness(lesson.recipe)):
                late.append(f"{path.stem}.xlsx is out of date.")
            if not _picture(folder, path).exists():
                late.append(f"{path.stem}.png is missing.")
    index = folder / "README.md"
    if not index.exists() or index.read_text(encoding="utf-8") != _index(lessons, cells):
        late.append("README.md is out of date.")
    return late


CLOSE = 1e-12
"""How far two stored numbers may lie apart: absolutely, or relative to the larger."""
CLOSE_AFTER_ADAM = 1e-9
"""Adam divides a gradient by its own size, and so makes up to 1e-10 of one that is 0 but for rounding."""


def closeness(recipe: Recipe) -> float:
    """Return how far apart two machines may compute the numbers of a recipe's workbook."""
    return CLOSE_AFTER_ADAM if recipe.optimizer in ("adam", "adamw") else CLOSE


def same_contents(one: Path, other: Path, close: float = CLOSE) -> bool:
    """Whether two workbooks hold the same formulas, texts and styles exactly, and the same numbers within `close`.

    Stored results may differ in their last digits, since processors and versions of numpy compute `exp` and sums in
    different ways; the bytes of the file may differ by the compressor that wrote them.
    """
    try:
        with ZipFile(one) as a, ZipFile(other) as b:
            return a.namelist() == b.namelist() and all(_same_part(a.read(n), b.read(n), close) for n in a.namelist())
    except (OSError, BadZipFile):
        return False


STORED = re.compile(rb"(?:(?<=<v>)|(?<=<c:v>))[^<]*")
"""The stored number or text of a cell, and of a point of a chart."""


def _same_part(one: bytes, other: bytes, close: float) -> bool:
    """Whether all but the stored numbers of two parts is equal, and these are close."""
    if one == other:
        return True
    pairs = zip(STORED.findall(one), STORED.findall(other), strict=False)
    return STORED.sub(b"", one) == STORED.sub(b"", other) and all(_close(*pair, close) for pair in pairs)


def _close(one: bytes, other: bytes, close: float) -> bool:
    try:
        return math.isclose(float(one), float(other), rel_tol=close, abs_tol=close)
    except ValueError:
        return one == other


def _picture(folder: Path, recipe: Path) -> Path:
    return folder / "pictures" / f"{recipe.stem}.png"


def _telling_sheet(lesson: Lesson) -> int:
    """Which sheet: the home page of a model that is spoken to in words; else the first part that has a formula.

    Of a part that is followed backward, the page of its gradients.
    """
    if lesson.graph.probabilities is not None:
        return 0
    pages = list(dict.fromkeys(n.page for n in lesson.tables.values() if n.page and not n.op.given))
    forward = [page for page in pages if page.backward in pages] or pages
    telling = next((page for page in forward if page.equation), forward[0])
    return pages.index(telling.backward if telling.backward in pages else telling) + 1


def _index(lessons: dict[Path, Lesson], cells: dict[Path, int]) -> str:
    lines = [
        "# Ready-made workbooks",
        "",
        "Each is made from a recipe (`byhand workbook NAME` makes one alone) and proven in three spreadsheet",
        "programs. `byhand gallery` makes all of them, `byhand gallery --check` says what is out of date.",
    ]
    for path, lesson in sorted(lessons.items(), key=lambda item: item[1].architecture.family != "part"):
        title, sizes = describe(lesson)
        lines += [
            "",
            f"## [{title}]({path.stem}.xlsx)",
            "",
            f"{lesson.architecture.about[:1].upper()}{lesson.architecture.about[1:]} ({lesson.architecture.source}).",
            f"{sizes.capitalize()}; {cells[path]:,} live cells; `byhand workbook {path.stem}`.",
            "",
            f"![{title}](pictures/{path.stem}.png)",
        ]
    return "\n".join(lines) + "\n"
