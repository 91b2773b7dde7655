"""Write a graph or a lesson as an .xlsx file."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from byhand import files
from byhand.code.statements import Statements
from byhand.core.captions import defined_name
from byhand.errors import ByhandError, TooLarge
from byhand.language.architecture import Graph
from byhand.lessons.command import command
from byhand.lessons.few_words import few_words
from byhand.lessons.lesson import Lesson, describe
from byhand.models import MODELS
from byhand.workbook.about import About
from byhand.workbook.book import Book, PageWriter, range_of, tab_colour
from byhand.workbook.charts import write_charts
from byhand.workbook.glossary_page import write_glossary
from byhand.workbook.guide import write_map, write_tries
from byhand.workbook.home_page import plan, write_home
from byhand.workbook.page import Page
from byhand.workbook.steps import steps
from byhand.xlsx.writer import BookFile, Sheet, Span

if TYPE_CHECKING:  # most workbooks are of models that have not been trained
    from byhand.workbook.training_pages import TrainingPages

FEW_STEPS = 2
"""A workbook of so many steps opens at them, since its contents page would be nearly empty."""
Progress = Callable[[list[Page]], Iterable[Page]]
"""Passes the pages on one by one, and may show the progress."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause garbage collection, since a workbook is a million small objects that all live until it is saved."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@collector_paused()
def write_workbook(
    graph: Graph,
    about: About,
    path: Path,
    turned: bool = False,
    progress: Progress = iter,
    training: TrainingPages | None = None,
) -> int:
    """Write the graph as a live workbook (turned: tokens as columns) and return the number of its formula cells.

    training: pages about how the weights were learnt. TooLarge if the model does not fit on sheets, ByhandError if
    the file cannot be written; then there is no file.
    """
    if training is None:
        book = Book(graph, about, turned)
    else:
        book = Book(training.graph_with(graph), about, turned, front=training.pages, apart=training.apart)
        training.plan(book)
    place = plan(book)
    file = BookFile(path, about.title)
    pages = [book.home, *book.front, *book.pages, *book.back]
    sheets = {page: file.sheet(book.sheet_names[page], tab_colour(page)) for page in pages}
    saved = iter(progress(book.pages))
    for page in book.pages:
        PageWriter(book, file, sheets[page], page).write(partial(_around, book, sheets[page], page))
        sheets[page].before_rows(partial(_begin, book, saved))
    for page in book.back:
        write_glossary(book, sheets[page])
    if training is not None:
        training.write(book, sheets)
    write_home(book, file, sheets[book.home], place)
    if len(steps(book)) <= FEW_STEPS and not book.front:
        sheets[book.pages[0]].show_first()
    for node, block in book.homes.items():
        file.name(defined_name(node), range_of(book, block))
    file.save()
    next(saved, None)
    return file.formula_cells


def _around(book: Book, sheet: Sheet, page: Page, width: float) -> tuple[list[Span], int]:
    """Write what stands around the tables of a page: charts, the map, and what to try; see Around."""
    spans, end = write_charts(book, sheet, page, width)
    if not book.about.guide:
        return spans, end
    end = max(end, write_map(book, sheet, page, width))
    return [*spans, *write_tries(book, sheet, page, spans)], end


def _begin(book: Book, saved: Iterator[Page]) -> None:
    """Do what comes before a sheet is saved: the sheet before it is done."""
    book.forget_addresses()
    next(saved, None)


def write_lesson(
    lesson: Lesson,
    path: Path,
    progress: Progress = iter,
    words: bool = True,
    course: bool = False,
    projector: bool = False,
) -> int:
    """Write a lesson as a workbook, and return the number of its formula cells. words: say what everything is for.

    course: put the sheets in the order of a course, each with the question that it answers. projector: show numbers
    large, with one band of tables on a screen.

    Of a large vocabulary, only the words that matter are in it (see few_words), unless the recipe asks for all.
    """
    lesson = few_words(lesson)
    title, subtitle = describe(lesson)
    explain = command(lesson.recipe, "explain")
    about = About(
        title,
        subtitle,
        f"Made by byhand: {command(lesson.recipe)}",
        explain,
        lesson.weights,
        tuple(f"{sentence.rstrip('.')}." for sentence in lesson.note.split(". ")) if lesson.note else (),
        lesson.shown,
        _smaller(lesson),
        words,
        guide=True,
        course=course,
        projector=projector,
        code=Statements(lesson).of,
        model=lesson.recipe.model,
    )
    turned = lesson.recipe.orientation == "columns"
    training = _training(lesson)
    try:
        return write_workbook(lesson.graph, about, path, turned, progress, training)
    except TooLarge:
        if training is None or training.story.step is None:
            raise
    shorter = training.without_step()  # whose tables may take more than a sheet bears, where the model's do not
    return write_workbook(lesson.graph, about, path, turned, progress, shorter)


def _smaller(lesson: Lesson) -> str:
    """Return the advice for a model that is too large for a workbook."""
    if lesson.recipe.model in MODELS:
        return "smaller sizes with --size"
    if lesson.recipe.all_words:
        return "fewer words, by leaving --all-words out"
    return "a smaller checkpoint or a shorter prompt"


def _training(lesson: Lesson) -> TrainingPages | None:
    """Return the pages about a lesson's training; None if its recipe states none."""
    if not lesson.recipe.training:
        return None
    from byhand.lessons.heads import findings_of
    from byhand.lessons.splitting import pieces_learnt
    from byhand.lessons.training_story import story_of
    from byhand.workbook.training_pages import TrainingPages

    story = story_of(lesson)
    learned = pieces_learnt(lesson.recipe.training)
    return TrainingPages(story, findings_of(lesson.recipe), learned) if story else None


def check_place(path: Path, force: bool) -> None:
    """Raise ByhandError unless a workbook may be written to the path. force: it may replace a file."""
    if path.suffix.lower() != ".xlsx":
        raise ByhandError(f"A workbook's name ends in .xlsx: write {path.with_suffix('.xlsx')} instead of {path}.")
    files.check_place(path, force)
