"""The command that makes an exercise for each student."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from byhand.cli.main import completing
from byhand.cli.progress import bar_of


@click.command()
@click.argument("recipe", required=False, shell_complete=completing("exercise"))
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), help="The folder to make.  [default: RECIPE's name]"
)
@click.option("--roster", type=click.Path(path_type=Path), help="The class: a CSV file with a column of ids.")
@click.option("--count", type=int, metavar="N", help="N numbered students, where there is no roster.")
@click.option(
    "--seed", type=int, help="The same seed makes the same files.  [default: another each time, which is printed]"
)
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
@click.option(
    "--list", "listed", is_flag=True, help="What there is ready-made, or what has RECIPE as a word; writes nothing."
)
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
        byhand exercise --list softmax
        byhand exercise attention-head --self-check -o practice
        byhand exercise attention-head --count 30 --seed 7 -o quiz
        byhand exercise softmax --count 3 --format xlsx,html,moodle
        byhand exercise softmax --lint
    """
    from byhand.cli.show_exercises import describe_set, list_exercises

    if listed:
        click.echo(list_exercises(as_json, recipe or ""), nl=False)
        return
    if recipe is None:
        raise click.UsageError("Name an exercise, such as softmax: `byhand exercise --list` lists all.", ctx)
    if linted:
        import json

        from byhand.grading.lint_marks import lint_recipe

        report = lint_recipe(recipe, seeds)
        click.echo(json.dumps(report.as_json()) if as_json else "\n".join(report.lines()))
        ctx.exit(0 if report.ok else 1)
    from byhand.exercises.class_set import make_set, set_options

    chosen = set_options(recipe, **options)
    with bar_of(len(chosen.roster.students), "Making") as advance:
        result = make_set(chosen, advance)
    click.echo(describe_set(chosen, result, as_json), nl=False)
