"""The command that writes a lesson as a script: code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from byhand.cli.options import ModelCommand, NewFile, model_options, recipe_from


@click.command(cls=ModelCommand)
@model_options
@click.option(
    "--as",
    "library",
    default="numpy",
    show_default=True,
    type=click.Choice(["numpy", "torch", "notebook"]),
    help="The library of the script; or a notebook with numpy.",
)
@click.option("-o", "--output", type=NewFile("model.py"), help="The file to write.  [default: the terminal]")
@click.option("--weights", type=NewFile("model.npz"), help="A file beside the script for its larger tables.")
@click.option("--force", is_flag=True, help="Replace existing files.")
def code(output: Path | None, library: str, weights: Path | None, force: bool, **options: Any) -> None:
    """Write a model as a script that computes the same numbers.

    A line makes a table, under the table's name: layer1.head1.Q is layer1_head1_Q. The script needs numpy or PyTorch
    alone. `python FILE TABLE ...` prints tables; with --backward, `python FILE --check` compares each gradient with the
    slope of the loss.
    MODEL is a name from `byhand models`, a recipe (.toml), or a folder with a checkpoint.

    \b
    Examples
        byhand code attention
        byhand code gpt2 --prompt "the cat sat" -o gpt2.py
        byhand code gpt2 --backward --as torch -o gpt2-torch.py
        byhand code gpt2 --as notebook -o gpt2.ipynb
    """
    from byhand.cli.main import BadInput
    from byhand.code.build import script, write_notebook, write_script
    from byhand.lessons.build import build

    lesson = build(recipe_from(**options))
    if library == "notebook":
        if output is None or weights is not None:
            raise BadInput("A notebook is written to a file and holds its numbers: give -o FILE.ipynb, not --weights.")
        write_notebook(lesson, output, force)
        click.echo(f"Wrote {output}. Open it in Jupyter, or in any program that runs notebooks.")
        return
    if output is None:
        if weights is not None:
            raise BadInput("Give -o FILE.py with --weights: the script reads the file beside itself.")
        click.echo(script(lesson, library)[0], nl=False)
        return
    write_script(lesson, output, library, weights, force)
    click.echo(f"Wrote {output}{f' and {weights}' if weights else ''}. Run it with: python {output}")
