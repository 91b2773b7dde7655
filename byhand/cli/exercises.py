"""The command that makes an exercise for each student: exercise."""

from __future__ import annotations

from typing import Any

import click

from byhand.cli.main import completion_of
from byhand.cli.options import AnyPath, NewFolder
from byhand.cli.progress import bar_of


@click.command()
@click.argument("recipe", required=False, shell_complete=completion_of("exercise"))
@click.option("-o", "--output", "folder", type=NewFolder(), help="The folder to make.  [default: RECIPE's name]")
@click.option("--roster", type=AnyPath(), help="The class: a CSV file with a column of ids.")
@click.option("--id-column", default="", metavar="NAME", help="The roster's column of ids.  [default: as found]")
@click.option("--encoding", default="", metavar="NAME", help="The roster's encoding, such as gbk.  [default: as found]")
@click.option("--count", type=int, metavar="N", help="N numbered students, in place of a roster.")
@click.option(
    "--seed",
    type=int,
    help="The same seed makes the same files, for anybody who knows it.  [default: a new secret, in the set's keys/]",
)
@click.option(
    "--format",
    "formats",
    default="xlsx,html",
    show_default=True,
    metavar="NAME,...",
    help="One or more of xlsx, page, notebook, html, pdf, md, moodle, canvas, qti (2.1), qti3 (3.0).",
)
@click.option(
    "--variants",
    type=click.IntRange(1, 1000),
    metavar="K",
    help="In files for learning systems, K variants for the class in place of one for each student.  "
    "[default: one each; 6 in Canvas for more than 30 students]",
)
@click.option(
    "--versions",
    type=click.IntRange(2, 26),
    metavar="N",
    help="N versions (A, B, ...) for the class in place of numbers for each student, with a table of the answers.",
)
@click.option(
    "--self-check", "practice", is_flag=True, help="For practice: the workbook shows at once which answers are right."
)
@click.option("--language", metavar="CODE", help="What the class reads: en, de or zh.  [default: the recipe's]")
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="The number of processes.  [default: as needed]")
@click.option("--force", is_flag=True, help="Replace another set in the folder.")
@click.option("--list", "list_only", is_flag=True, help="List the ready-made exercises, or those with the word RECIPE.")
@click.option("--lint", "lint_only", is_flag=True, help="Check the recipe with many variants; writes nothing.")
@click.option(
    "--seeds", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="The variants for --lint."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def exercise(
    ctx: click.Context,
    /,
    recipe: str | None,
    list_only: bool,
    lint_only: bool,
    seeds: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Make an exercise for each student, with numbers of their own.

    The numbers are easy to work with by hand, and each usual mistake gives answers of its own. RECIPE is a name from
    `byhand exercise --list`, or a recipe (.toml). Hand out the folder's students/; its keys/ holds the answers. If the
    command is stopped, the same command continues it.

    \b
    Examples
        byhand exercise --list
        byhand exercise --list softmax
        byhand exercise attention-head --self-check -o practice
        byhand exercise attention-head --count 30 --seed 7 -o quiz
        byhand exercise softmax --count 3 --format xlsx,html,moodle
        byhand exercise softmax --count 30 --versions 2 --format html -o paper
        byhand exercise softmax --lint
    """
    from byhand.cli.show_exercises import describe_set, list_exercises

    if list_only:
        click.echo(list_exercises(as_json, recipe or ""), nl=False)
        return
    if recipe is None:
        raise click.UsageError("Name an exercise, such as softmax: `byhand exercise --list` lists all.", ctx)
    if lint_only:
        import json

        from byhand.grading.lint_marks import lint_recipe

        report = lint_recipe(recipe, seeds)
        click.echo(json.dumps(report.as_json()) if as_json else "\n".join(report.lines()))
        ctx.exit(0 if report.ok else 1)
    from byhand.exercises.class_set import make_set, set_options

    set_settings = set_options(recipe, **options)
    with bar_of(len(set_settings.roster.students), "Making") as advance:
        result = make_set(set_settings, advance)
    click.echo(describe_set(set_settings, result, as_json), nl=False)
