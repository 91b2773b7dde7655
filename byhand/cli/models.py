"""The command that lists the models: models."""

from __future__ import annotations

import click

from byhand.cli.main import BadInput, completion_of, note_alias


def is_model(text: str) -> bool:
    """Return whether the text is a model's name, or a recipe or a folder."""
    from byhand.errors import ByhandError
    from byhand.lessons.recipe import find

    try:
        find(text)
    except ByhandError:
        return text.endswith(".toml") or "/" in text
    return True


@click.command()
@click.argument("model", required=False, shell_complete=completion_of("model"))
@click.option(
    "--compare", "pair", nargs=2, metavar="A B", help="Compare two models: their differences, and their costs."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def models(model: str | None, pair: tuple[str, str] | None, as_json: bool) -> None:
    """List the models by family or by a word, or a MODEL's options.

    \b
    Examples
        byhand models
        byhand models "decoder only"
        byhand models sink
        byhand models llama
        byhand models --compare gpt2 rnn
    """
    if model and pair:
        raise BadInput("Name one model, or two with --compare, not both.")
    if model and not is_model(model):
        from byhand.cli.lists import list_some

        some = list_some(model, as_json)
        if some is not None:
            click.echo(some, nl=False)
            return
    if model or pair:
        from byhand.cli.show_models import show_comparison, show_model

        for name in pair or (model or "",):
            note_alias(name)
        text = show_comparison(pair, as_json) if pair else show_model(model or "", as_json)
    else:
        from byhand.cli.lists import list_models

        text = list_models(as_json)
    click.echo(text, nl=False)
