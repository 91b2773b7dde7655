"""The options that commands share, and the recipe that they describe."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.main import BadInput, completion_of, note_alias

if TYPE_CHECKING:  # `byhand --help` must not pay for it
    from byhand.lessons.recipe import Recipe


def _quoted(value: object) -> str:
    from byhand.errors import quoted

    return quoted(value)


class Numbers(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """A list of whole numbers: 3,1,4."""

    name = "N,N,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[int]:
        try:
            return [int(word) for word in value.replace(",", " ").split()]
        except ValueError:
            self.fail(f"{_quoted(value)} is not a list of whole numbers such as 3,1,4.", param, ctx)


class Targets(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """A list of words or their ids, with _ for none: 1,4,_."""

    name = "ID,ID,_"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[str]:
        return [word.strip() for word in value.split(",")]


class Words(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """A list of words: the,cat,sat; or as JSON, ["the", ","], for words with a comma."""

    name = "WORD,WORD,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[str]:
        """Return the words of the list."""
        import json

        if not value.lstrip().startswith('["'):
            return [word.strip() for word in value.split(",")]
        try:
            words = json.loads(value)
        except (ValueError, RecursionError):
            words = None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.fail(f"{_quoted(value)} is not a list of words such as the,cat,sat.", param, ctx)
        return words


class WordCounts(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """Words with how often each is there: low:5,lower:2; or a JSON file, [["low", 5], ["lower", 2]]."""

    name = "WORD:N,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[tuple[str, int]]:
        from byhand.lessons.word_counts import read_word_counts

        return read_word_counts(value)


class Settings(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """A setting: NAME=VALUE."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        name, equals, setting = value.partition("=")
        if not (name and equals and setting):
            self.fail(f"{_quoted(value)} is not of the form NAME=VALUE.", param, ctx)
        return name.strip(), setting.strip()


class Place(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """A cell of a table: its row and its column, from 1."""

    name = "R,C"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        try:
            row, column = (int(word) for word in value.split(","))
        except ValueError:
            self.fail(f"{_quoted(value)} is no cell such as 2,1: a row and a column, each counted from 1.", param, ctx)
        return row, column


class AnyPath(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """The path of a file or a folder. An empty one is refused, which would be the current folder."""

    name = "PATH"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        """Return the path."""
        if isinstance(value, str) and not value.strip():
            self.fail("the path is empty: name a file or a folder.", param, ctx)
        return Path(value)


class NewFolder(AnyPath):
    """The path of a folder to make, or to go on with."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        """Return the path."""
        from byhand.files import check_name

        path = super().convert(value, param, ctx)
        check_name(path)
        return path


class NewFile(click.ParamType):  # type: ignore[type-arg]  # no generic class in click 8.1
    """The path of a file to write. The error for a folder has an example of a name."""

    name = "FILE"

    def __init__(self, example: str = "model.xlsx") -> None:
        self.example = example

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        if not value.strip("./") or os.path.isdir(value):
            self.fail(f"{_quoted(value)} is a folder: name a file in it, such as {self.example}.", param, ctx)
        return Path(value)


class HeadedOption(click.Option):
    """An option that stands under a heading of its own in the help of a ModelCommand."""

    def __init__(self, *args: Any, heading: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.heading = heading


class ModelCommand(click.Command):
    """A command that builds a model: its help lists its own options first, then those of all models under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                heading = param.heading if isinstance(param, HeadedOption) else "Options"
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument MODEL and the options of all commands that build a model."""
    text, writing, model, learning = (
        partial(click.option, cls=HeadedOption, heading=heading)
        for heading in ("The text", "The words that it writes", "The model and its numbers", "Learning")
    )
    options = [
        click.argument("model", shell_complete=completion_of("model")),
        text("--ids", type=Numbers(), multiple=True, help="The prompt as ids of the vocabulary."),
        text("--prompt", multiple=True, help="The prompt as words of the vocabulary."),
        text("--words", type=Words(), help="Your own words, in place of the model's."),
        text("--words-file", metavar="FILE", help="The same from a text file, one word a line."),
        text(
            "--word-counts",
            type=WordCounts(),
            help="The words that pieces are learnt from, with their counts, or a JSON file of them.",
        ),
        text("--all-words", is_flag=True, default=None, help="Show every word of a large vocabulary in a workbook."),
        text("--target-words", type=Words(), help="Your own words of a translator's second vocabulary."),
        text("--target-ids", type=Numbers(), multiple=True, help="The decoder's words so far, as ids."),
        text("--target-prompt", multiple=True, help="The decoder's words so far, as words."),
        text("--segment-ids", type=Numbers(), multiple=True, help="The segment of each word (BERT)."),
        text("--mask", type=Numbers(), multiple=True, help="1 for a word, 0 for padding."),
        text(
            "--pixels",
            multiple=True,
            metavar="FILE",
            help="A picture (ViT): a .npy file, a small PNG, or rows such as .#../.#..",
        ),
        writing("--generate", type=int, metavar="N", help="Write N words, each from those before it."),
        writing(
            "--temperature",
            type=float,
            metavar="T",
            help="Draw each word; a larger T gives more variety, 0 is greedy.",
        ),
        writing("--top-k", type=int, metavar="K", help="Draw from the K most probable words."),
        writing("--top-p", type=float, metavar="P", help="Draw from the fewest words whose probabilities add up to P."),
        writing("--beams", type=int, metavar="2", help="Search with two beams."),
        writing(
            "--cache", is_flag=True, default=None, help="Compute each step from a cache too, and show what it saves."
        ),
        model("--size", "sizes", multiple=True, metavar="SIZE", help="small, medium, large, or NAME=VALUE,..."),
        model("--seed", type=int, help="Random weights in place of learnt ones; other uniform numbers."),
        model(
            "--set",
            "changes",
            type=Settings(),
            multiple=True,
            help="Change a table: NAME[1,2]=5 or NAME=[[1,0],[0,1]].",
        ),
        learning("--backward", is_flag=True, default=None, help="Add the loss and every gradient."),
        learning(
            "--targets",
            type=Targets(),
            multiple=True,
            help="The word, or its id, that should follow at each position; _ for none. Repeated, with --ids: a batch.",
        ),
        learning("--label-smoothing", type=float, metavar="E", help="The share of the target that all words get."),
        learning("--optimizer", metavar="NAME", help="Add the updated weights: sgd, momentum, adam or adamw."),
        learning("--lr", type=float, metavar="RATE", help="The optimizer's learning rate."),
        learning(
            "--lora", type=int, metavar="RANK", help="Freeze the weights; adapters of this rank beside them can learn."
        ),
        learning("--train-steps", type=int, metavar="K", help="Take K training steps."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def orientation_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option for the orientation of tables."""
    choice = click.Choice(["rows", "columns"])
    return click.option("--orientation", type=choice, help="Tokens as rows (the default) or as columns.")(command)


def document_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of all commands that write a document: its format and its file."""
    options = [
        click.option(
            "--format",
            "format_name",
            metavar="FORMAT",
            help="md, txt, tex, html or pdf.  [default: as FILE ends, or txt]",
        ),
        click.option("-o", "--output", type=NewFile("page.html"), help="The file to write.  [default: the terminal]"),
        click.option("--force", is_flag=True, help="Replace an existing file."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def stem_of(model: str) -> str:
    """Return the name of MODEL's file: that of its recipe's file, its checkpoint's folder, or the model."""
    path = Path(os.path.abspath(model))
    return path.stem if path.suffix.casefold() == ".toml" else path.name


def recipe_from(model: str, sizes: tuple[str, ...], changes: tuple[tuple[str, str], ...], **options: Any) -> Recipe:
    """Return the recipe of MODEL, changed by the options."""
    from dataclasses import replace

    from byhand.lessons.recipe import OF_A_ROW, find

    note_alias(model)
    recipe = find(model)
    if (path := options.pop("words_file", None)) is not None:
        from byhand.lessons.own_words import read_words

        if options.get("words") is not None:
            raise BadInput("Give --words or --words-file, not both.")
        options["words"] = read_words(Path(path))
    size = dict(recipe.size)
    for text in (part.strip() for given in sizes for part in given.split(",")):
        name, equals, value = text.partition("=")
        size |= {name.strip(): value.strip()} if equals else {"name": text}
    rows = _rows(options)
    given = {name: value for name, value in options.items() if value is not None and name not in OF_A_ROW} | rows[0]
    given |= {"batch": rows[1:]} if rows[0] else {}
    for words, ids in (("prompt", "ids"), ("target_prompt", "target_ids")):
        given |= {ids: None} if words in given and ids not in given else {}
        given |= {words: None} if ids in given and words not in given and given[ids] is not None else {}
    return replace(recipe, size=size, set=recipe.set | {name: _value(text) for name, text in changes}, **given)


def _rows(options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the inputs of each row of a batch. BadInput if an option is not repeated as often as the others."""
    from byhand.lessons.recipe import OF_A_ROW

    given = {name: list(options[name]) for name in OF_A_ROW if options.get(name)}
    count = max(map(len, given.values()), default=1)
    for name, values in given.items():
        if len(values) != count:
            raise BadInput(
                f"--{name.replace('_', '-')} is given {'once' if len(values) == 1 else f'{len(values)} times'} "
                f"for {count} rows of a batch: "
                "give it once for each."
            )
    return [{name: values[n] for name, values in given.items()} for n in range(count)]


def _value(text: str) -> Any:
    """Return a JSON number or table of numbers; another text is returned as it is, and fails a later check."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
