"""The command that lists what can be built."""

from __future__ import annotations

import click

from byhand.cli.main import BadInput, completing, say_what_is_built


@click.command()
@click.argument("model", required=False, shell_complete=completing("model"))
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
    if model and compared:
        raise BadInput("Name one model, or two with --compare, not both.")
    if model or compared:
        from byhand.cli.show_models import show_comparison, show_model

        for name in compared or (model or "",):
            say_what_is_built(name)
        text = show_comparison(compared, as_json) if compared else show_model(model or "", as_json)
    else:
        from byhand.cli.lists import list_models

        text = list_models(as_json)
    click.echo(text, nl=False)
