"""The command that derives the mathematics of a topic: derive."""

from __future__ import annotations

from pathlib import Path

import click

from byhand.cli.main import BadInput, completion_of
from byhand.cli.options import document_options


@click.command()
@click.argument("topic", required=False, shell_complete=completion_of("topic"))
@document_options
@click.option("--list", "list_only", is_flag=True, help="Name every topic.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def derive(
    topic: str | None, format_name: str | None, output: Path | None, force: bool, list_only: bool, as_json: bool
) -> None:
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
        raise BadInput("--json goes with --list: for a page choose a --format.")
    if list_only or as_json:
        from byhand.cli.lists import list_topics

        click.echo(list_topics(as_json), nl=False)
        return
    if topic is None:
        raise BadInput("Name a topic, such as softmax: `byhand derive --list` lists all.")
    from byhand.documents.output import chosen, hand_out

    name = find_topic(topic).name
    form = chosen(output, format_name, force)
    from byhand.derivations.stored_pages import derive as page

    click.echo(hand_out(page(name), form, output), nl=False)
