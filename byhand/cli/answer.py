"""The command that judges typed answers: answer."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from byhand.cli.main import BadInput
from byhand.cli.options import AnyPath, Settings
from byhand.cli.streams import on_terminal


class AnswerCommand(click.Command):
    """A command whose argument may begin with a minus sign: -0.5, -inf, or --."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; two minus signs in the place of an answer are the answer, not the end of the options."""
        if args[:1] == ["--"] and len(args) != 2:
            args = [*args[1:], "--", "--"]
        elif args[-1:] == ["--"]:
            args = [*args, "--"]
        return super().parse_args(ctx, args)


@click.command(cls=AnswerCommand, context_settings={"ignore_unknown_options": True})
@click.argument("student", required=False)
@click.option("--key", metavar="EXPR", help="The right answer: a number, an expression, a list or a table.")
@click.option("--rule", metavar="RULE", help="When an answer is right.  [default: exact]")
@click.option("--setting", "settings", type=Settings(), multiple=True, help="How answers are read.")
@click.option("--batch", type=AnyPath(), metavar="FILE", help="Judge a JSON list of {student, key, rule}.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def answer(
    ctx: click.Context,
    student: str | None,
    key: str | None,
    rule: str | None,
    settings: tuple[tuple[str, str], ...],
    batch: Path | None,
    as_json: bool,
) -> None:
    """Judge one typed answer, and say how it was read.

    STUDENT is what was typed: 0.5, 0,5, 1/2, 50%, √2/2, e^2/(1+e^2), LaTeX, =EXP(2)/(1+EXP(2)), [[1,2],[3,4]] or
    1 2; 3 4. It is never run. Exits with 1 unless it is right.

    --batch takes a JSON list of {"student": ..., "key": ..., "rule": "dp:2", "settings": {...}} and prints a list of
    {"verdict": right, wrong, unreadable, blank or ask, "read_as": ...} in the same order.

    \b
    Rules
        dp:N, sf:N     as near as if rounded to N decimal places or N figures
        abs:T, rel:T   within T of the key, or within that share of it
        margin:T:N     as marking judges numbers: within T, or rounded to N places
        exact, equiv   the same number; the same expression in letters
        form:NAME      written so, too: lowest, fraction, decimal, percent ...
        unit:NAME      a number with its unit: unit:byte
        text           the same word; text:casefold in small or large letters
        pieces         the same pieces of a word: low er, low|er or ["low","er"]

    \b
    Settings
        decimal=point|comma    log=natural|base10|base2    orientation=any|strict
        percent=yes|no    mixed=yes|no    allow_infinity=no|yes    vars=x,y
        strip_words=points,EUR    words to leave out before and after an answer

    \b
    Examples
        byhand answer "0,88" --key "exp(2)/(1+exp(2))" --rule dp:2
        byhand answer "1 0; 1/2 50%" --key "[[1,0],[0.5,0.5]]" --json
        byhand answer "-log(1/2)" --key "ln(2)" --setting log=natural
    """
    if batch is not None:
        if student is not None or key is not None or rule is not None or settings:
            raise BadInput("--batch judges what FILE lists: leave the answer, --key, --rule and --setting out.")
        _judge_all(batch)
        return
    if student is None or key is None:
        raise click.UsageError(
            f"Missing {'argument' if student is None else 'option'} '{'STUDENT' if student is None else '--key'}'.", ctx
        )
    from byhand.answers.judge import judge_text

    judgement = judge_text(student, key, rule or "exact", settings)
    click.echo(judgement.json_text() if as_json else judgement.text())
    ctx.exit(0 if judgement.right else 1)


def _judge_all(path: Path) -> None:
    """Print the verdicts. BadInput, after them, if an entry could not be judged."""
    from byhand.answers.judge import judge_entries, read_entries, refusal, verdicts_json

    entries = read_entries(path)
    bar = click.progressbar(entries, label="Judging", file=sys.stderr) if on_terminal() else nullcontext(entries)
    with bar as each:
        verdicts, errors = judge_entries(each)
    click.echo(verdicts_json(verdicts))
    if errors:
        raise BadInput(refusal(path, errors))
