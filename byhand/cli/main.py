"""The entry of the command line: each command is imported only when it is needed."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import IO, Any

import click

COMMANDS = {
    "answer": "answer",
    "check": "marking",
    "code": "code",
    "derive": "derivations",
    "exercise": "exercises",
    "explain": "lessons",
    "gallery": "workbooks",
    "grade": "marking",
    "models": "models",
    "page": "pages",
    "run": "lessons",
    "tokenize": "tokenize",
    "train": "training",
    "verify": "workbooks",
    "workbook": "workbooks",
}
"""Each command, and the module of this folder with its function."""
LONGEST_SENTENCE = 1_000


def completion_of(what: str) -> Callable[[click.Context, click.Parameter, str], Any]:
    """Return the completion of a model, a topic or an exercise, which is imported only when the tab key is pressed."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
        return getattr(import_module("byhand.cli.completion"), f"complete_{what}")(ctx, param, incomplete)

    return complete


def note_alias(model: str) -> None:
    """Print a note on stderr if the name is an alias: which model is built."""
    from byhand.lessons.recipe import note_on

    if note := note_on(model):
        click.echo(note, err=True)


class BadInput(click.ClickException):
    """An error whose sentence is printed on one line, without control characters; the exit code is 2."""

    exit_code = 2

    def __init__(self, sentence: str) -> None:
        line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sentence)
        if len(line) > LONGEST_SENTENCE:
            line = f"{line[: LONGEST_SENTENCE // 2]} … {line[-LONGEST_SENTENCE // 2 :]}"
        super().__init__(line)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence, if there is room for it."""
        with suppress(OSError):
            super().show(file)


class Commands(click.Group):
    """The commands, each imported when it is named; an error becomes one sentence and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in alphabetical order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, and return it. UsageError, with the nearest name, for an unknown name."""
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:
                return None
            from byhand.errors import nearest, quoted

            raise click.UsageError(f"There is no command {quoted(cmd_name)}; {nearest(cmd_name, COMMANDS)}.", ctx)
        command: click.Command = getattr(import_module(f"byhand.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what stands before the command's name; --help and --version print and end."""
        try:
            return super().parse_args(ctx, args)
        except OSError as error:
            raise _unusable(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the named command."""
        from byhand.errors import ByhandError

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a console without ∞ shows a question mark
        try:
            return super().invoke(ctx)
        except ByhandError as error:
            raise BadInput(str(error)) from None
        except MemoryError:
            raise BadInput("This takes more memory than there is: choose smaller sizes or fewer words.") from None
        except OSError as error:
            raise _unusable(error) from None


def _unusable(error: OSError) -> Exception:
    """Return what to raise for a place that the system refuses; a pipe that is closed is click's to handle."""
    from byhand.errors import quoted
    from byhand.files import reason_of

    if error.errno == errno.EPIPE:
        return error
    place = quoted(error.filename) if error.filename else "the output"
    return BadInput(f"Cannot use {place}: {reason_of(error)}; choose another place.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="byhand")
def main() -> None:
    """Learn the transformer by computing it: live spreadsheets in which every number is a formula.

    \b
    Start with
        byhand models
        byhand workbook gpt2 -o gpt2.xlsx
        byhand verify gpt2.xlsx
    """
