"""The commands that write workbooks and check them: workbook, verify, gallery."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from byhand.cli.options import (
    AnyPath,
    ModelCommand,
    NewFile,
    NewFolder,
    model_options,
    orientation_option,
    recipe_from,
    stem_of,
)
from byhand.cli.progress import bar_of, with_progress
from byhand.cli.streams import on_terminal


@click.command(cls=ModelCommand)
@model_options
@click.option("-o", "--output", type=NewFile(), help="The file to write.  [default: MODEL.xlsx]")
@click.option("--title", help="The workbook's title.")
@orientation_option
@click.option("--lesson", is_flag=True, help="Sheets in the order of a course, each with the question that it answers.")
@click.option("--projector", is_flag=True, help="Large numbers, one band of tables on a screen.")
@click.option("--no-words", is_flag=True, help="Leave out the sentences that say what each table and step is for.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def workbook(output: Path | None, force: bool, no_words: bool, lesson: bool, projector: bool, **options: Any) -> None:
    """Write a model as a live workbook.

    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand workbook gpt2 -o gpt2.xlsx
        byhand workbook gpt2 --prompt "the cat sat" --generate 3 -o story.xlsx
        byhand workbook attention --orientation columns -o head.xlsx
        byhand workbook deepseek --generate 2 --cache -o cache.xlsx
        byhand workbook gpt2 --backward --optimizer adam -o training.xlsx
        byhand workbook gpt2 --lesson -o lesson.xlsx
    """
    from byhand.lessons.build import build
    from byhand.workbook.build import check_place, write_lesson

    recipe = recipe_from(**options)
    path = output or Path(f"{stem_of(options['model'])}.xlsx")
    check_place(path, force)
    shown = {"words": not no_words, "course": lesson, "projector": projector}
    cells = write_lesson(build(recipe), path, with_progress, **shown)
    click.echo(f"Wrote {path}: {cells:,} live cells. Check them with: {shlex.join(['byhand', 'verify', str(path)])}")


@click.command()
@click.argument("file", type=AnyPath())
@click.option(
    "--engine",
    default="ironcalc",
    show_default=True,
    type=click.Choice(["ironcalc", "libreoffice", "gnumeric"]),
    help="The program that recalculates.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, file: Path, engine: str, as_json: bool) -> None:
    """Recalculate a workbook and compare its results.

    Exits with 1 if any cell differs or shows an error.

    \b
    Examples
        byhand verify gpt2.xlsx
        byhand verify gpt2.xlsx --engine libreoffice
    """
    import json

    from byhand.xlsx.verify import verify as verify_book

    if on_terminal():
        click.echo(f"Recalculating in {engine} ...", err=True)
    report = verify_book(file, engine)
    click.echo(json.dumps(report.as_json()) if as_json else "\n".join(report.lines()))
    ctx.exit(0 if report.ok else 1)


@click.command()
@click.argument("recipes", type=AnyPath(), required=False)
@click.option(
    "-o",
    "--output",
    "folder",
    type=NewFolder(),
    default=Path("gallery"),
    show_default=True,
    help="The folder to make.",
)
@click.option("--check", is_flag=True, help="List the files that are out of date; writes nothing.")
@click.pass_context
def gallery(ctx: click.Context, recipes: Path | None, folder: Path, check: bool) -> None:
    """Build the ready-made workbooks, with pages and pictures.

    Each has a page to explore and a picture, and README.md lists them all.
    RECIPES is a folder of recipes (.toml); by default, the ready-made recipes are built.
    With --check, formulas, texts and styles are compared exactly, and stored numbers within 1e-12 (within 1e-9 after
    steps of Adam): their last digits depend on the processor and on the version of numpy.

    \b
    Examples
        byhand gallery
        byhand gallery --check
    """
    from byhand.lessons.recipe import ready_made_folder
    from byhand.page.build import page_html
    from byhand.workbook import gallery as books

    source = recipes or ready_made_folder()
    if check:
        messages = books.outdated(source, folder, page_html)
        click.echo(
            "\n".join(messages)
            if messages
            else "Every workbook is up to date (numbers within 1e-12, after steps of Adam 1e-9)."
        )
        ctx.exit(1 if messages else 0)
    with bar_of(2 * len(books.recipes(source)), "Building") as advance:
        lines = list(books.rebuild(source, folder, advance, page_html))
    click.echo("\n".join(lines))
