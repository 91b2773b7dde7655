"""The command line: options in, sentences and tables out; the work is done elsewhere, and imported only when needed."""

from __future__ import annotations

import errno
import io
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from byhand.cli.answer import answer
from byhand.cli.marking import check, grade
from byhand.cli.options import NewFile, Place, document_options, model_options, orientation_option, recipe_from
from byhand.cli.progress import bar_of, with_progress
from byhand.errors import ByhandError, quoted

LONGEST_SENTENCE = 1_000


class BadInput(click.ClickException):
    """Its sentence is printed on one line, without letters that would steer a terminal, and exits with 2."""

    exit_code = 2

    def __init__(self, sentence: str) -> None:
        line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sentence)
        if len(line) > LONGEST_SENTENCE:
            line = f"{line[: LONGEST_SENTENCE // 2]} … {line[-LONGEST_SENTENCE // 2 :]}"
        super().__init__(line)


class Commands(click.Group):
    """Turns a ByhandError, and what the system refuses, into a sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was named."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a console that knows no ∞ shows a question mark
        try:
            return super().invoke(ctx)
        except ByhandError as error:
            raise BadInput(str(error)) from None
        except MemoryError:
            raise BadInput("This takes more memory than there is: choose smaller sizes or fewer words.") from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            place = quoted(error.filename) if error.filename else "the output"
            raise BadInput(f"Cannot use {place}: {_reason(error)}; choose another place.") from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


@click.group(cls=Commands)
@click.version_option(package_name="byhand")
def main() -> None:
    """Learn the transformer by computing it: live spreadsheets in which every number is a formula.

    \b
    Start with
        byhand models
        byhand workbook gpt2 -o gpt2.xlsx
        byhand verify gpt2.xlsx
    """


for command in (answer, check, grade):
    main.add_command(command)


@main.command()
@click.argument("model", required=False)
@click.option("--compare", "compared", nargs=2, metavar="A B", help="What differs between two, and what each costs.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def models(model: str | None, compared: tuple[str, str] | None, as_json: bool) -> None:
    """What can be built, by family; or one MODEL with its options.

    \b
    Examples
        byhand models
        byhand models llama
        byhand models --compare gpt2 rnn
    """
    from byhand.cli.show_models import list_models, show_comparison, show_model

    if model and compared:
        raise ByhandError("Name one model, or two with --compare, not both.")
    if model:
        click.echo(show_model(model, as_json), nl=False)
    else:
        click.echo(show_comparison(compared, as_json) if compared else list_models(as_json), nl=False)


@main.command()
@model_options
@click.option("--show", metavar="NAME", help="Print one table.")
@click.option("--json", "as_json", is_flag=True, help="For programs: every table, in full precision.")
def run(show: str | None, as_json: bool, **options: Any) -> None:
    """Compute a model and print its tables.

    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand run gpt2 --prompt "the cat sat"
        byhand run gpt2 --ids 0,1,4 --show layer1.head1.weights
        byhand run gpt2 --ids 0,1,4 --set "layer1.head1.W_Q[1,2]=5" --json
        byhand run gpt2 --prompt "the cat" --generate 3 --top-p 0.9
        byhand run gpt2 --backward --targets 1,4,_ --optimizer adam --lr 0.1
    """
    from byhand.cli.show import show_run
    from byhand.lessons.build import build

    click.echo(show_run(build(recipe_from(**options)), show, as_json), nl=False)


@main.command()
@model_options
@click.option("-o", "--output", type=NewFile(), help="The file to write.  [default: MODEL.xlsx]")
@click.option("--title", help="The workbook's title.")
@orientation_option
@click.option("--force", is_flag=True, help="Write over an existing file.")
def workbook(output: Path | None, force: bool, **options: Any) -> None:
    """Write a model as a live workbook.

    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand workbook gpt2 -o gpt2.xlsx
        byhand workbook gpt2 --prompt "the cat sat" --generate 3 -o story.xlsx
        byhand workbook attention --orientation columns -o head.xlsx
        byhand workbook deepseek --generate 2 --cache -o cache.xlsx
        byhand workbook gpt2 --backward --optimizer adam -o training.xlsx
    """
    from byhand.lessons.build import build
    from byhand.workbook.build import check_place, write_lesson

    recipe = recipe_from(**options)
    path = output or Path(f"{_stem(options['model'])}.xlsx")
    check_place(path, force)
    cells = write_lesson(build(recipe), path, with_progress)
    click.echo(f"Wrote {path}: {cells:,} live cells. Check them with: {shlex.join(['byhand', 'verify', str(path)])}")


def _stem(model: str) -> str:
    """What the workbook of MODEL is called: as its recipe's file, its checkpoint's folder, or the model."""
    path = Path(os.path.abspath(model))
    return path.stem if path.suffix.casefold() == ".toml" else path.name


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    default="ironcalc",
    show_default=True,
    type=click.Choice(["ironcalc", "libreoffice", "gnumeric"]),
    help="The program that recalculates.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def verify(ctx: click.Context, file: Path, engine: str, as_json: bool) -> None:
    """Recalculate a workbook and compare each cell with its result.

    Exits with 1 if any cell differs or holds an error.

    \b
    Examples
        byhand verify gpt2.xlsx
        byhand verify gpt2.xlsx --engine libreoffice
    """
    import json

    from byhand.xlsx.verify import verify as verify_book

    if sys.stderr.isatty():
        click.echo(f"Recalculating in {engine} ...", err=True)
    report = verify_book(file, engine)
    click.echo(json.dumps(report.as_json()) if as_json else "\n".join(report.lines()))
    ctx.exit(0 if report.ok else 1)


@main.command()
@model_options
@click.option("--step", metavar="NAME", help="One table, with all its cells: the name that the workbook shows.")
@click.option("--cell", type=Place(), help="One cell of it, round by round: row and column, counted from 1.")
@click.option("--exact", is_flag=True, help="With fractions, roots and powers of e, where a cell has such a value.")
@orientation_option
@document_options
def explain(
    step: str | None,
    cell: tuple[int, int] | None,
    exact: bool,
    said: str | None,
    output: Path | None,
    force: bool,
    **options: Any,
) -> None:
    """Work a model on paper: rules in letters, numbers, results.

    Without --step the whole lesson, in order; one --cell always has its exact value too, where there is one.
    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand explain gpt2 -o lesson.html
        byhand explain gpt2 --step layer1.head1.weights --exact
        byhand explain gpt2 --step layer1.head1.scores --cell 2,1
        byhand explain softmax --exact -o softmax.pdf
    """
    from byhand.documents.formats import chosen, hand_out
    from byhand.explanations.handout import explain as handout
    from byhand.lessons.build import build

    form = chosen(output, said, force)
    if cell and not step:
        raise ByhandError("--cell is a cell of one table: name the table with --step.")
    click.echo(hand_out(handout(build(recipe_from(**options)), step, cell, exact), form, output), nl=False)


@main.command()
@click.argument("topic", required=False)
@document_options
@click.option("--list", "listed", is_flag=True, help="Name every topic.")
@click.option("--json", "as_json", is_flag=True, help="The list for programs.")
def derive(topic: str | None, said: str | None, output: Path | None, force: bool, listed: bool, as_json: bool) -> None:
    """Derive the mathematics of a TOPIC, each line checked.

    \b
    Examples
        byhand derive --list
        byhand derive softmax
        byhand derive attention -o attention.html
        byhand derive layer-norm -o layer-norm.pdf
    """
    from byhand.derivations.topics import find_topic

    if as_json and topic is not None:
        raise ByhandError("--json goes with --list: for a page choose a --format.")
    if listed or as_json:
        from byhand.cli.show import list_topics

        click.echo(list_topics(as_json), nl=False)
        return
    if topic is None:
        raise ByhandError("Name a topic, such as softmax: `byhand derive --list` lists all.")
    from byhand.documents.formats import chosen, hand_out

    name = find_topic(topic).name
    form = chosen(output, said, force)
    from byhand.derivations.stored_pages import derive as page

    click.echo(hand_out(page(name), form, output), nl=False)


@main.command()
@click.argument("recipe", required=False)
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), help="The folder to make.  [default: RECIPE's name]"
)
@click.option("--roster", type=click.Path(path_type=Path), help="The class: a CSV file with a column of ids.")
@click.option("--count", type=int, metavar="N", help="N numbered students, where there is no roster.")
@click.option("--seed", type=int, help="The same seed makes the same files.  [default: another each time, and told]")
@click.option(
    "--format",
    "formats",
    default="xlsx,html",
    show_default=True,
    metavar="NAME,...",
    help="Of xlsx, html, pdf, moodle, canvas.",
)
@click.option(
    "--self-check", "practice", is_flag=True, help="For practice: each answer shows at once whether it is right."
)
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Processes.  [default: as many as pay]")
@click.option("--force", is_flag=True, help="Put the set in the place of another that the folder holds.")
@click.option("--list", "listed", is_flag=True, help="What there is ready-made; writes nothing.")
@click.option("--lint", "linted", is_flag=True, help="Draw many variants and say what is wrong; writes nothing.")
@click.option("--seeds", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="How many, for --lint.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def exercise(
    ctx: click.Context, /, recipe: str | None, listed: bool, linted: bool, seeds: int, as_json: bool, **options: Any
) -> None:
    """Make an exercise for each student, with numbers of their own.

    They can be worked out by hand, and every usual mistake shows. RECIPE is a name from `byhand exercise --list`, or a
    recipe (.toml). The folder's students/ is to be handed out, its keys/ holds the answers. Stopped, it continues
    when the same line is given again.

    \b
    Examples
        byhand exercise --list
        byhand exercise attention-head --self-check -o practice
        byhand exercise attention-head --count 30 --seed 7 -o quiz
        byhand exercise softmax --count 3 --format xlsx,html,moodle
        byhand exercise softmax --lint
    """
    from byhand.cli.show_exercises import exercises_told, set_told

    if listed:
        click.echo(exercises_told(as_json), nl=False)
        return
    if recipe is None:
        raise click.UsageError("Missing argument 'RECIPE'.", ctx)
    if linted:
        import json

        from byhand.grading.lint_marks import lint_recipe

        found = lint_recipe(recipe, seeds)
        click.echo(json.dumps(found.as_json()) if as_json else "\n".join(found.lines()))
        ctx.exit(0 if found.ok else 1)
    from byhand.exercises.class_set import make_set, ordered

    order = ordered(recipe, **options)
    with bar_of(len(order.roster.students), "Making") as advance:
        report = make_set(order, advance)
    click.echo(set_told(order, report, as_json), nl=False)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("worksheets"))
@click.option("--check", is_flag=True, help="Say which workbooks are out of date; write nothing.")
@click.pass_context
def gallery(ctx: click.Context, folder: Path, check: bool) -> None:
    """Rebuild the workbooks and pictures of a folder of recipes.

    With --check, formulas, texts and styles are compared exactly, and stored numbers within 1e-12 (within 1e-9 after
    steps of Adam): their last digits depend on the processor and on the version of numpy.

    \b
    Examples
        byhand gallery
        byhand gallery --check
    """
    from byhand.workbook.gallery import outdated, rebuild, recipes

    if check:
        late = outdated(folder)
        click.echo(
            "\n".join(late)
            if late
            else "Every workbook is up to date (numbers within 1e-12, after steps of Adam 1e-9)."
        )
        ctx.exit(1 if late else 0)
    with bar_of(2 * len(recipes(folder)), "Building") as advance:
        lines = list(rebuild(folder, advance))
    click.echo("\n".join(lines))
