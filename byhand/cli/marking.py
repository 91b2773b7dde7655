"""The commands that mark one submission or a class: check, grade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from byhand.cli.options import AnyPath, NewFolder
from byhand.cli.progress import bar_of

KEY = click.option("--key", type=AnyPath(), required=True, help="The set's folder, its keys folder, or its key.json.")


@click.command()
@click.argument("submission", type=AnyPath())
@click.option(
    "--key",
    type=AnyPath(),
    help="The set's folder, its keys folder, or its key.json.  [default: the one beside the submission]",
)
@click.option("--reveal", is_flag=True, help="Show the answers too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, submission: Path, key: Path | None, reveal: bool, as_json: bool) -> None:
    """Mark one SUBMISSION: a verdict for each cell, and why.

    Without --key, the key is looked for beside it: NAME.key.json of a set for practice, key.json, or a folder keys. The
    right answers are shown only with --reveal. Exits with 0 if all is right, and with 1 if not.

    \b
    Examples
        byhand check practice/students/student.xlsx
        byhand check practice/students/student.xlsx --key practice
        byhand check practice/students/student.xlsx --key practice --reveal
    """
    from byhand.cli.show_marks import check_file
    from byhand.grading.key_beside import key_beside

    report, all_right = check_file(submission, key or key_beside(submission), reveal, as_json)
    click.echo(report, nl=False)
    ctx.exit(0 if all_right else 1)


@click.command()
@click.argument("submissions", type=AnyPath(), metavar="DIR")
@KEY
@click.option("-o", "--output", "folder", type=NewFolder(), required=True, help="The folder to make.")
@click.option(
    "--roster",
    "rosters",
    type=AnyPath(),
    multiple=True,
    help="A class list from Moodle (for e-mail addresses) or Canvas (for its ids); repeatable.",
)
@click.option("--id-column", default="", metavar="NAME", help="The rosters' column of ids.  [default: as found]")
@click.option("--encoding", default="", metavar="NAME", help="The rosters' encoding, such as gbk.  [default: as found]")
@click.option(
    "--format", "formats", default="xlsx,html", show_default=True, metavar="NAME,...", help="The feedback: xlsx, html."
)
@click.option(
    "--decide",
    type=AnyPath(),
    help="A file of decisions on single students, as the output folder's decisions.toml.",
)
@click.option("--anonymous", is_flag=True, help="Mark under pseudonyms; keys/pseudonyms.csv says who is who.")
@click.option(
    "--answers", "show_answers", is_flag=True, help="After the deadline: feedback works the steps with own numbers."
)
@click.option("--gradescope", is_flag=True, help="Write a results.json for each student too.")
@click.option("--title", default="", help="The name of the assignment.  [default: the exercise's title]")
@click.option("--canvas-id", default="", metavar="N", help="The assignment's number in Canvas.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N", help="The number of processes.  [default: one for each core]"
)
@click.option("--force", is_flag=True, help="Replace other marks in the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def grade(submissions: Path, as_json: bool, **options: Any) -> None:
    """Mark a class: grades, feedback for each student, and a report.

    DIR holds the submissions, in any files and folders, or is the zip file that Moodle or Canvas makes. grades.csv can
    be imported into Moodle, and grades_canvas.csv into Canvas; feedback/ has a marked workbook and a page for each
    student; report.html says what to talk about in the next lesson. Files that cannot be read, or that a person must
    look at, are listed with reasons and have no grade until you decide, in the folder's decisions.toml; the rest is
    graded. If the command is stopped, the same command continues it.

    \b
    Examples
        byhand grade quiz/students --key quiz -o marks
        byhand grade quiz/students --key quiz -o marks --gradescope --json
        byhand grade quiz/students --key quiz -o nameless --anonymous
    """
    from byhand.cli.show_marks import class_report
    from byhand.grading.class_marks import grade_files, grading_options
    from byhand.grading.submitted_files import submitted_files

    settings = grading_options(submissions, **options)
    with submitted_files(submissions) as files, bar_of(len(files), "Marking") as advance:
        outcome = grade_files(settings, files, advance)
    click.echo(class_report(outcome, as_json), nl=False)
