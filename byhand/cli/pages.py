"""The command that writes a lesson as a page to explore: page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from byhand.cli.options import ModelCommand, NewFile, model_options, orientation_option, recipe_from, stem_of


@click.command(cls=ModelCommand)
@model_options
@click.option("-o", "--output", type=NewFile("model.html"), help="The file to write.  [default: MODEL.html]")
@click.option("--title", help="The page's title.")
@orientation_option
@click.option("--part", metavar="NAME", help="Only one part, such as layer1 or layer1.head2: for a large model.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def page(output: Path | None, force: bool, part: str | None, show: bool, **options: Any) -> None:
    """Write a model as one HTML file to explore, offline.

    Rest the mouse on a number to see what it is made of; change words and weights, and everything follows.
    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand page gpt2 -o gpt2.html
        byhand page gpt2 --prompt "the cat sat" --open -o cat.html
        byhand page attention --backward -o attention.html
        byhand page gpt2 --size large --part layer1.head1 -o head.html
    """
    from byhand.lessons.build import build
    from byhand.lessons.few_words import few_words
    from byhand.page.build import check_name, write_page

    recipe = recipe_from(**options)
    path = output or Path(f"{stem_of(options['model'])}.html")
    check_name(path, force)
    size = write_page(few_words(build(recipe)), path, part)
    click.echo(f"Wrote {path}: {max(1, size // 1000):,} kB. Open it in any browser; it needs no network.")
    if show:
        click.launch(path.absolute().as_uri())
