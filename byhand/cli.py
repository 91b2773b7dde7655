"""The command line: options in, sentences and tables out; the work is done elsewhere, and imported only when needed."""

from __future__ import annotations

import errno
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.errors import ByhandError, quoted

if TYPE_CHECKING:
    from byhand.lesson import Recipe


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


class Numbers(click.ParamType):  # type: ignore[type-arg]
    """A list of whole numbers: 3,1,4."""

    name = "N,N,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[int]:
        try:
            return [int(word) for word in value.replace(",", " ").split()]
        except ValueError:
            self.fail(f"{quoted(value)} is not a list of whole numbers such as 3,1,4.", param, ctx)


class Targets(click.ParamType):  # type: ignore[type-arg]
    """A list of words or their ids, with _ for none: 1,4,_."""

    name = "ID,ID,_"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[str]:
        return [word.strip() for word in value.split(",")]


class Settings(click.ParamType):  # type: ignore[type-arg]
    """NAME=VALUE."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        name, equals, setting = value.partition("=")
        if not (name and equals and setting):
            self.fail(f"{quoted(value)} is not of the form NAME=VALUE.", param, ctx)
        return name.strip(), setting.strip()


class NewFile(click.ParamType):  # type: ignore[type-arg]
    """The path of a file to be written."""

    name = "FILE"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        if not value.strip("./") or os.path.isdir(value):
            self.fail(f"{quoted(value)} is a folder: name a file in it, such as model.xlsx.", param, ctx)
        return Path(value)


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which every command that builds a model chooses it."""
    options = [
        click.argument("model"),
        click.option("--ids", type=Numbers(), multiple=True, help="The prompt as ids of the vocabulary."),
        click.option("--prompt", multiple=True, help="The prompt as words of the vocabulary."),
        click.option("--target-ids", type=Numbers(), multiple=True, help="The decoder's words so far, as ids."),
        click.option("--target-prompt", multiple=True, help="The decoder's words so far, as words."),
        click.option("--segment-ids", type=Numbers(), multiple=True, help="The segment of each word (BERT)."),
        click.option("--mask", type=Numbers(), multiple=True, help="1 for a word that may be seen, 0 for padding."),
        click.option("--generate", type=int, metavar="N", help="Write N words, each from those before it."),
        click.option("--size", "sizes", multiple=True, metavar="SIZE", help="small, medium or large, or NAME=VALUE."),
        click.option("--seed", type=int, help="Draws other weights."),
        click.option(
            "--set",
            "changes",
            type=Settings(),
            multiple=True,
            help="Changes a table: NAME[1,2]=5 or NAME=[[1,0],[0,1]].",
        ),
        click.option("--backward", is_flag=True, default=None, help="Adds the loss and every gradient."),
        click.option(
            "--targets",
            type=Targets(),
            multiple=True,
            help="The word, or its id, that should follow at each position; _ for none. Repeated, with --ids: a batch.",
        ),
        click.option("--label-smoothing", type=float, metavar="E", help="The share of the target that all words get."),
        click.option("--optimizer", metavar="NAME", help="sgd, momentum, adam or adamw: adds the updated weights."),
        click.option("--lr", type=float, metavar="RATE", help="The optimizer's learning rate."),
        click.option("--train-steps", type=int, metavar="K", help="Takes K steps, one after the other."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def recipe_from(model: str, sizes: tuple[str, ...], changes: tuple[tuple[str, str], ...], **options: Any) -> Recipe:
    """The recipe that MODEL names, with what the options say in place of its own."""
    from dataclasses import replace

    from byhand.inputs import OF_A_ROW
    from byhand.recipe import find

    recipe = find(model)
    size = dict(recipe.size)
    for text in sizes:
        name, equals, value = text.partition("=")
        size |= {name.strip(): value.strip()} if equals else {"name": text}
    rows = _rows(options)
    given = {name: value for name, value in options.items() if value is not None and name not in OF_A_ROW} | rows[0]
    given |= {"batch": rows[1:]} if rows[0] else {}
    for words, ids in (("prompt", "ids"), ("target_prompt", "target_ids")):
        given |= {ids: None} if words in given and ids not in given else {}
        given |= {words: None} if ids in given and words not in given and given[ids] is not None else {}
    return replace(recipe, size=size, set=recipe.set | {name: _value(text) for name, text in changes}, **given)


def _rows(options: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs that are repeated for each row of a batch, row by row."""
    from byhand.inputs import OF_A_ROW

    given = {name: list(options[name]) for name in OF_A_ROW if options.get(name)}
    count = max(map(len, given.values()), default=1)
    for name, values in given.items():
        if len(values) != count:
            raise ByhandError(
                f"--{name.replace('_', '-')} is given {len(values)} times for {count} rows of a batch: "
                "give it once for each."
            )
    return [{name: values[n] for name, values in given.items()} for n in range(count)]


def _value(text: str) -> Any:
    """A number or a table of numbers, as JSON writes them; any other text is left for the check to refuse."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def with_progress(things: list[Any]) -> Iterator[Any]:
    """The things one by one, with a bar on stderr where a person looks on."""
    if not sys.stderr.isatty():
        yield from things
        return
    with click.progressbar(things, label="Writing", file=sys.stderr) as bar:
        yield from bar


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def models(as_json: bool) -> None:
    """What can be built, by family, with source and size.

    \b
    Example
        byhand models
    """
    from byhand.show import list_models

    click.echo(list_models(as_json), nl=False)


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
        byhand run gpt2 --ids 3,1,4 --backward --targets 1,4,_ --optimizer adam --lr 0.1
    """
    from byhand.recipe import build
    from byhand.show import show_run

    click.echo(show_run(build(recipe_from(**options)), show, as_json), nl=False)


@main.command()
@model_options
@click.option("-o", "--output", type=NewFile(), help="The file to write.  [default: MODEL.xlsx]")
@click.option("--title", help="The workbook's title.")
@click.option(
    "--orientation", type=click.Choice(["rows", "columns"]), help="Tokens as rows (the default) or as columns."
)
@click.option("--force", is_flag=True, help="Write over an existing file.")
def workbook(output: Path | None, force: bool, **options: Any) -> None:
    """Write a model as a live workbook.

    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand workbook gpt2 -o gpt2.xlsx
        byhand workbook gpt2 --prompt "the cat sat" --generate 3 -o story.xlsx
        byhand workbook attention --orientation columns -o head.xlsx
        byhand workbook gpt2 --backward --targets cat,sat,_ --optimizer adam --train-steps 3 -o training.xlsx
    """
    from byhand.recipe import build
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
    """Recalculate a workbook and compare every cell with its stored result.

    Exits with 1 if any cell differs or holds an error.

    \b
    Examples
        byhand verify gpt2.xlsx
        byhand verify gpt2.xlsx --engine libreoffice
    """
    import json

    from byhand.workbook.verify import verify as verify_book

    if sys.stderr.isatty():
        click.echo(f"Recalculating in {engine} ...", err=True)
    report = verify_book(file, engine)
    click.echo(json.dumps(report.as_json()) if as_json else "\n".join(report.lines()))
    ctx.exit(0 if report.ok else 1)


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
    default="xlsx",
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
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def exercise(ctx: click.Context, /, recipe: str | None, listed: bool, as_json: bool, **options: Any) -> None:
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
    """
    from byhand.exercises.tell import exercises_told, set_told

    if listed:
        click.echo(exercises_told(as_json), nl=False)
        return
    if recipe is None:
        raise click.UsageError("Missing argument 'RECIPE'.", ctx)
    from byhand.exercises.class_set import make_set
    from byhand.exercises.order import ordered

    order = ordered(recipe, **options)
    with bar_of(len(order.roster.students), "Making") as advance:
        report = make_set(order, advance)
    click.echo(set_told(order, report, as_json), nl=False)


@contextmanager
def bar_of(count: int, label: str) -> Iterator[Callable[[int], object]]:
    """What is told of each step how far it goes, with a bar on stderr where a person looks on."""
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    with click.progressbar(length=count, label=label, file=sys.stderr) as bar:
        yield bar.update


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("worksheets"))
@click.option("--check", is_flag=True, help="Say which workbooks are out of date; write nothing.")
@click.pass_context
def gallery(ctx: click.Context, folder: Path, check: bool) -> None:
    """Rebuild the workbooks and pictures of a folder of recipes.

    \b
    Examples
        byhand gallery
        byhand gallery --check
    """
    from byhand.gallery import outdated, rebuild

    if check:
        late = outdated(folder)
        click.echo("\n".join(late) if late else "Every workbook is up to date.")
        ctx.exit(1 if late else 0)
    for line in rebuild(folder):
        click.echo(line)
