"""Build the ready-made workbooks: for a folder of recipes, the workbook and the picture of each, and an index."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from byhand.errors import ByhandError
from byhand.files import holds, save, swept, temporary_folder
from byhand.folder_lock import locked
from byhand.lessons.build import build
from byhand.lessons.lesson import Lesson, describe
from byhand.lessons.recipe import Recipe, read_recipe
from byhand.models import MODELS
from byhand.workbook.build import write_lesson
from byhand.workbook.previews import Preview, Previews

PageOf = Callable[[Lesson], str]
"""Makes the page of a lesson, as HTML."""


PICTURES = "pictures"
"""The folder of the pictures, in that of the workbooks."""


def recipes(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ByhandError(f"There are no recipes (.toml) in {folder}: name a folder that holds some.")
    return paths


def rebuild(
    source: Path,
    folder: Path,
    advance: Callable[[int], object] = lambda steps: None,
    page_of: PageOf | None = None,
) -> Iterator[str]:
    """Write the workbook and the picture of every recipe in `source`, and an index; yield a line after each.

    The folder is made if it does not exist. Pictures are drawn while further workbooks are built. advance: called after
    each of the two steps of a recipe. page_of: makes the page to explore of a lesson, which is written too. Raises
    ByhandError if another run is at work in the folder.
    """
    with locked(folder, folder):
        for place in (folder, folder / PICTURES):
            swept(place)
        yield from _rebuild(source, folder, advance, page_of)


def _rebuild(source: Path, folder: Path, advance: Callable[[int], object], page_of: PageOf | None) -> Iterator[str]:
    lessons, cells = {}, {}
    with Previews(advance) as previews:
        for path in recipes(source):
            lessons[path] = build(read_recipe(path))
            book = folder / f"{path.stem}.xlsx"
            cells[path] = write_lesson(lessons[path], book)
            if page_of:
                save(book.with_suffix(".html"), page_of(lessons[path]).encode())
            previews.add(Preview(book, _preview_sheet(lessons[path]), _picture(folder, path)))
            advance(1)
            yield f"{book.name}: {cells[path]:,} live cells"
        yield previews.finish()
    save(folder / "README.md", _index(lessons, cells).encode())
    yield "README.md"


def outdated(source: Path, folder: Path, page_of: PageOf | None = None) -> list[str]:
    """Return a line for each workbook, page, picture or index in the folder that is missing or out of date."""
    messages = []
    lessons = {path: build(read_recipe(path)) for path in recipes(source)}
    cells = {}
    with temporary_folder() as temporary:
        for path, lesson in lessons.items():
            fresh = temporary / f"{path.stem}.xlsx"
            cells[path] = write_lesson(lesson, fresh)
            if not same_contents(fresh, folder / fresh.name, closeness(lesson.recipe)):
                messages.append(f"{path.stem}.xlsx is out of date.")
            page = folder / f"{path.stem}.html"
            if page_of and not holds(page, page_of(lesson).encode()):
                messages.append(f"{page.name} is out of date.")
            if not _picture(folder, path).exists():
                messages.append(f"{path.stem}.png is missing.")
    index = folder / "README.md"
    if not holds(index, _index(lessons, cells).encode()):
        messages.append("README.md is out of date.")
    return messages


CLOSE = 1e-12
"""The largest difference of two stored numbers: absolute, or relative to the larger."""
CLOSE_AFTER_ADAM = 1e-9
"""The same after Adam, which divides a gradient by its own size: a gradient that is 0 up to rounding gives 1e-10."""


def closeness(recipe: Recipe) -> float:
    """Return the largest difference between two machines' numbers in a recipe's workbook."""
    optimizers = {recipe.optimizer, recipe.training.get("optimizer")}
    return CLOSE_AFTER_ADAM if optimizers & {"adam", "adamw"} else CLOSE


def same_contents(one: Path, other: Path, close: float = CLOSE) -> bool:
    """Return whether two workbooks hold equal formulas, texts and styles, and numbers that differ by at most `close`.

    Stored results may differ in their last digits, since processors and versions of numpy compute `exp` and sums in
    different ways. The bytes of the files may differ, since versions of the compressor differ.
    """
    try:
        with ZipFile(one) as a, ZipFile(other) as b:
            return a.namelist() == b.namelist() and all(_same_part(a.read(n), b.read(n), close) for n in a.namelist())
    except (OSError, BadZipFile):
        return False


STORED = re.compile(rb"(?:(?<=<v>)|(?<=<c:v>))[^<]*")
"""The stored number or text of a cell, and of a point of a chart."""


def _same_part(one: bytes, other: bytes, close: float) -> bool:
    """Return whether two files in the workbooks are equal but for stored numbers, and these are close."""
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
    return folder / PICTURES / f"{recipe.stem}.png"


def _preview_sheet(lesson: Lesson) -> int:
    """Return the number of the sheet that the picture shows.

    It is the home page of a model that predicts words; else the first page with an equation, or that page's gradients.
    """
    if lesson.graph.probabilities is not None:
        return 0
    pages = list(dict.fromkeys(n.page for n in lesson.tables.values() if n.page and not n.op.given))
    forward = [page for page in pages if page.backward in pages] or pages
    best = next((page for page in forward if page.equation), forward[0])
    return pages.index(best.backward if best.backward in pages else best) + 1


def _index(lessons: dict[Path, Lesson], cells: dict[Path, int]) -> str:
    """Return the index: the families with a picture each, and then the workbooks of each family."""
    order = list(dict.fromkeys(model.family for model in MODELS.values()))
    families: dict[str, list[Path]] = {family: [] for family in order}
    for path, lesson in lessons.items():
        families[lesson.architecture.family].append(path)
    families = {family: paths for family, paths in families.items() if paths}
    lines = [
        "# Ready-made workbooks",
        "",
        "Each is made from a recipe (`byhand workbook NAME` makes one alone) and proven in three spreadsheet",
        "programs. `byhand gallery` makes all of them, `byhand gallery --check` says what is out of date.",
        "",
        "| family | workbooks | one of them |",
        "|---|---|---|",
    ]
    for family, paths in families.items():
        link = f"[{family}](#{family.replace(' ', '-')})"
        lines.append(f"| {link} | {len(paths)} | ![{family}](pictures/{paths[0].stem}.png) |")
    for family, paths in families.items():
        lines += ["", f"## {family[:1].upper()}{family[1:]}"]
        for path in paths:
            lines += _entry(path.stem, lessons[path], cells[path])
    return "\n".join(lines) + "\n"


def _entry(name: str, lesson: Lesson, cells: int) -> list[str]:
    """Return the lines about a workbook."""
    title, sizes = describe(lesson)
    return [
        "",
        f"### [{title}]({name}.xlsx)",
        "",
        f"{lesson.architecture.about[:1].upper()}{lesson.architecture.about[1:]} ({lesson.architecture.source}).",
        f"{sizes.capitalize()}; {cells:,} live cells; `byhand workbook {name}`.",
        f"[A page to explore]({name}.html) in a browser: `byhand page {name}`.",
        "",
        f"![{title}](pictures/{name}.png)",
    ]
