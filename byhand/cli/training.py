"""The command that trains a model: train."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.main import BadInput, completion_of
from byhand.cli.options import AnyPath, NewFile, NewFolder, Words
from byhand.cli.streams import on_terminal, standard_input

if TYPE_CHECKING:
    from byhand.lessons.corpus import Corpus
    from byhand.lessons.recipe import Recipe


class Share(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """A share: 10% or 0.1."""

    name = "SHARE"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the share as a number."""
        if isinstance(value, float):
            return value
        try:
            return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
        except ValueError:
            self.fail(f"{value!r:.40} is not a share such as 10% or 0.1.", param, ctx)


@click.command()
@click.argument("text", required=False, metavar="[TEXT]")
@click.option("--model", default="gpt2", show_default=True, shell_complete=completion_of("model"), help="What learns.")
@click.option("--size", "sizes", multiple=True, metavar="SIZE", help="small, medium, large, or NAME=VALUE,...")
@click.option("--words", type=Words(), help="The words of the model; by default, those of the text.")
@click.option(
    "--tokens", default="words", show_default=True, metavar="KIND", help="How lines are cut: words, chars, bpe:MERGES."
)
@click.option("--ids-file", type=AnyPath(), metavar="FILE.json", help="Lists of ids in place of TEXT.")
@click.option("--steps", type=int, default=300, show_default=True, help="The number of training steps.")
@click.option("--batch-size", type=int, metavar="N", help="Sequences a step.  [default: all]")
@click.option("--optimizer", metavar="NAME", default="adam", show_default=True, help="sgd, momentum, adam or adamw.")
@click.option("--lr", type=float, metavar="RATE", help="The learning rate.")
@click.option("--weight-decay", type=float, metavar="D", help="How fast weights shrink, with adamw.")
@click.option("--warmup", type=int, default=0, metavar="N", help="Steps in which the rate grows from 0.")
@click.option("--cosine", is_flag=True, help="Let the rate fall to 0 along a cosine.")
@click.option("--grid", type=float, metavar="G", help="Every weight ends as a multiple of G, such as 0.5.")
@click.option("--largest", type=float, metavar="W", help="The largest weight on the grid.")
@click.option("--hold-out", type=Share(), default=0.0, metavar="SHARE", help="Sequences that are only tried: 10%.")
@click.option("--lora", type=int, metavar="RANK", help="Learn adapters of this rank alone; all weights are frozen.")
@click.option("--seed", type=int, help="Begin with other weights, and in another order.")
@click.option(
    "-o", "--output", type=NewFile("learnt.toml"), help="What is learnt, as a workbook (.xlsx) or a recipe (.toml)."
)
@click.option("--save", "folder", type=NewFolder(), help="A checkpoint's folder, as transformers reads.")
@click.option("--json", "as_json", is_flag=True, help="Print the loss before each step as JSON.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def train(
    text: str | None, output: Path | None, folder: Path | None, as_json: bool, force: bool, **options: Any
) -> None:
    """Train a model on a text.

    TEXT is a file with a line for each sequence, - for standard input, or a text that comes with byhand: sentences,
    names, phrases or bars. With a tab in a line, what stands before it is given, and what follows it is to be learnt: a
    question and its answer, or a text and its translation. BERT and its like learn words that are hidden in turn; ViT
    learns small pictures, each its class and a line of . and # for each row of pixels. --model is a name from `byhand
    models`, a recipe, or a folder with a checkpoint. Ctrl-C ends the training early and keeps what is learnt.

    \b
    Examples
        byhand train sentences --lr 0.03 -o learnt.toml
        byhand train sentences --lr 0.03 -o learnt.xlsx
        byhand train sentences --model rnn --lr 0.03 --grid 0.5 --json
        byhand train names --tokens chars --hold-out 20% -o names.toml
        byhand train phrases --model t5 --lr 0.03 --save translator
        byhand train bars --model vit --lr 0.03 -o bars.toml
    """
    import json
    import shutil

    from byhand.errors import ByhandError
    from byhand.files import check_place, save
    from byhand.lessons.build import build
    from byhand.lessons.corpus import held_out
    from byhand.lessons.learnt import check_can_be_saved, recipe_file, save_folder, with_weights
    from byhand.lessons.training import TrainingOptions
    from byhand.lessons.training import train as learn
    from byhand.workbook.build import write_lesson

    if output is not None:
        if output.suffix.casefold() not in (".toml", ".xlsx"):
            raise BadInput(f"What is learnt is written as .toml or .xlsx: name such a file with -o, not {output}.")
        check_place(output, force)
    if folder is not None:
        from byhand.checkpoints.saving import check_new_folder

        check_new_folder(folder)
    seed = options.pop("seed")
    settings = TrainingOptions(
        **{name: options[name] for name in TrainingOptions.__dataclass_fields__ if name in options}, seed=seed or 0
    )
    read = _corpus(text, seed, **options)
    if folder is not None:
        check_can_be_saved(read.recipe)
    for note in read.notes:
        click.echo(note, err=True)
    to_learn, aside = held_out(read, options["hold_out"], settings.seed)
    with _Progress(settings.steps) as advance:
        learnt = learn(read.recipe, to_learn, settings, aside, advance)
    if learnt.stopped:
        click.echo(f"Stopped after {len(learnt.losses)} steps; what is learnt so far is kept.", err=True)
    recipe = with_weights(read, learnt, settings, text or str(options["ids_file"]), options["hold_out"])
    if output is not None and not recipe.training:
        click.echo("The text is too long to be kept beside the weights: there is no page Training.", err=True)
    if folder is not None:
        save_folder(recipe, folder)
    try:
        if output is not None and output.suffix.casefold() == ".toml":
            save(output, recipe_file(recipe).encode())
        elif output is not None:
            write_lesson(build(recipe), output)
    except ByhandError:
        if folder is not None:  # so that the same line can be given again
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if as_json:
        report = {"losses": learnt.losses, "final_loss": learnt.final, "steps": len(learnt.losses)}
        report |= {"held_out": learnt.held_out} if aside else {}
        report |= {} if learnt.unrounded is None else {"loss_off_the_grid": learnt.unrounded}
        click.echo(json.dumps(report))
        return
    rounding = "" if learnt.unrounded is None else f" (before rounding {learnt.unrounded:.4f})"
    first = learnt.losses[0] if learnt.losses else learnt.final
    click.echo(
        f"Loss {first:.4f} → {learnt.final:.4f}{rounding} in {len(learnt.losses)} steps of {settings.optimizer}."
    )
    if aside:
        click.echo(f"On the {len(aside)} sequences held out: {learnt.held_out[0]:.4f} → {learnt.held_out[-1]:.4f}.")
    if learnt.final > first:
        click.echo("The loss has grown: try a smaller --lr.", err=True)
    if output is None and folder is None:
        click.echo("Nothing is kept: name a file with -o learnt.xlsx or -o learnt.toml, or a --save folder.", err=True)
    for written in filter(None, (output, folder)):
        click.echo(f"Wrote {written}.")


def _corpus(text: str | None, seed: int | None, ids_file: Path | None, tokens: str, **options: Any) -> Corpus:
    """Return the examples of TEXT, or of the file of ids."""
    from dataclasses import replace

    from byhand.cli.options import recipe_from
    from byhand.lessons.build import before_learning, model_of
    from byhand.lessons.corpus import corpus, corpus_of_ids

    if (text is None) == (ids_file is None):
        raise BadInput("Give a text or --ids-file, one of them.")
    recipe: Recipe = recipe_from(options["model"], options["sizes"], (), words=options["words"], lora=options["lora"])
    recipe = recipe if seed is None else replace(recipe, seed=seed)
    architecture, sizes = model_of(before_learning(recipe))
    if ids_file is not None:
        return corpus_of_ids(_ids(ids_file), recipe, architecture, sizes)
    assert text is not None
    return corpus(_text(text), recipe, architecture, sizes, tokens)


def _text(name: str) -> str:
    from byhand.files import read_bytes
    from byhand.lessons.corpus import MOST_TEXT, read_text, ready_made_texts

    if name.casefold().endswith(".toml"):
        raise BadInput(f"{name} is a recipe, no text: name it with --model, and a text beside it.")
    if name == "-":
        return read_text(standard_input(4 * MOST_TEXT), "the standard input")
    path = ready_made_texts().get(name, Path(name))
    return read_text(read_bytes(path, "text", 4 * MOST_TEXT, "give a shorter text"), name)


def _ids(path: Path) -> Any:
    from byhand.decoding import json_value
    from byhand.files import read_bytes

    data = read_bytes(path, "list of ids", 100_000_000, "give a shorter list")
    return json_value(data, str(path), "give lists of ids such as [[0, 1, 4], [0, 2, 5]]")


class _Progress:
    """Shows on a terminal's stderr how far the training is, the loss, and the time that is left."""

    def __init__(self, steps: int) -> None:
        self.bar: Any = None
        self.steps = steps

    def __enter__(self) -> Any:
        if not on_terminal():
            return lambda step, loss: None
        self.bar = click.progressbar(
            length=self.steps,
            label="Training",
            file=sys.stderr,
            item_show_func=lambda loss: f"loss {loss:.4f}" if loss is not None else "",
        )
        self.bar.__enter__()
        return lambda step, loss: self.bar.update(1, loss)

    def __exit__(self, *error: Any) -> None:
        if self.bar:
            self.bar.__exit__(*error)
