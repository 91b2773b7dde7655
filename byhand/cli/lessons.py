"""The commands that compute a model and explain it: run, explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.main import BadInput
from byhand.cli.options import (
    ModelCommand,
    NewFile,
    Place,
    document_options,
    model_options,
    orientation_option,
    recipe_from,
)

if TYPE_CHECKING:  # `byhand --help` must not pay for it
    from byhand.lessons.lesson import Lesson


@click.command(cls=ModelCommand)
@model_options
@click.option("--show", "names", multiple=True, metavar="NAME", help="Print this table; repeatable.")
@click.option("--format", "form", metavar="FORMAT", help="text, json, csv or npz.  [default: as FILE ends, or text]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every table, in full precision.")
@click.option("-o", "--output", type=NewFile("tables.npz"), help="The file to write.  [default: the terminal]")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def run(
    names: tuple[str, ...], form: str | None, as_json: bool, output: Path | None, force: bool, **options: Any
) -> None:
    """Compute a model and print its tables.

    The words that a model generates come first; `--show answer` prints only them. CSV and npz also have the labels.

    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand run gpt2 --prompt "the cat sat"
        byhand run gpt2 --ids 0,1,4 --show layer1.head1.weights
        byhand run gpt2 --ids 0,1,4 --set "layer1.head1.W_Q[1,2]=5" --json
        byhand run gpt2 --prompt "the cat" --generate 3 --top-p 0.9
        byhand run gpt2 --show layer1.head1.Q --show layer1.head1.K --format csv
        byhand run gpt2 -o tables.npz
        byhand run gpt2 --backward --targets 1,4,_ --optimizer adam --lr 0.1
    """
    from byhand import api
    from byhand.cli.show_run import format_of, save_run, show_run

    output_format = format_of(form, as_json, output)
    lesson = api.build(recipe_from(**options))
    if output is not None:
        save_run(lesson, names, output_format, output, force)
        click.echo(f"Wrote {output}.")
        return
    for piece in show_run(lesson, names, output_format):
        click.echo(piece, nl=False)


@click.command(cls=ModelCommand)
@model_options
@click.option("--step", metavar="NAME", help="Explain one table, by its name in the workbook.")
@click.option("--cell", type=Place(), help="Explain one cell of it, step by step: row and column, from 1.")
@click.option("--exact", is_flag=True, help="Give exact values too: fractions, roots and powers of e.")
@orientation_option
@document_options
def explain(
    step: str | None,
    cell: tuple[int, int] | None,
    exact: bool,
    format_name: str | None,
    output: Path | None,
    force: bool,
    **options: Any,
) -> None:
    """Work out a model on paper: rules in letters, numbers, results.

    With -o FILE.html, each step is linked to its cell on FILE.page.html (see byhand page).
    Without --step, the whole lesson is explained in order. A --cell always has its exact value too, if it has one.
    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand explain gpt2 -o lesson.html
        byhand explain gpt2 --step layer1.head1.weights
        byhand explain gpt2 --step layer1.head1.scores --cell 2,1
        byhand explain softmax --exact -o softmax.pdf
    """
    from byhand.documents.output import chosen, hand_out
    from byhand.explanations.handout import explain as handout
    from byhand.files import together
    from byhand.lessons.build import build
    from byhand.lessons.few_words import few_words

    form = chosen(output, format_name, force)
    if cell and not step:
        raise BadInput("--cell is a cell of one table: name the table with --step.")
    lesson = few_words(build(recipe_from(**options)))
    with together(*([_page_of(output)] if output else [])):
        page = _page_beside(lesson, output, force) if output and form == "html" else None
        sentence = hand_out(handout(lesson, step, cell, exact, page.name if page else ""), form, output)
    click.echo(sentence, nl=False)
    if page:
        click.echo(f"Wrote {page}: the page to which each step is linked.")


def _page_of(output: Path) -> Path:
    return output.with_suffix(".page.html")


def _page_beside(lesson: Lesson, output: Path, force: bool) -> Path | None:
    """Write the lesson's page beside its explanation, and return its path; None of a model too large for a page."""
    from byhand.errors import ByhandError
    from byhand.files import check_place
    from byhand.page.build import page_html, save_page

    path = _page_of(output)
    check_place(path, force)
    try:
        html = page_html(lesson)
    except ByhandError:
        return None
    save_page(html, path)
    return path
