"""The command that cuts texts into pieces, and learns how: tokenize."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.cli.main import BadInput
from byhand.cli.options import AnyPath
from byhand.cli.streams import standard_input

if TYPE_CHECKING:  # `byhand --help` must not pay for it
    from byhand.tokenizers.bpe_training import EndOfWord, Ties
    from byhand.tokenizers.training import Algorithm, Trained

ALGORITHMS = ("words", "chars", "bpe", "bpe-bytes", "wordpiece", "unigram")
PATH = AnyPath()
MOST_LETTERS = 2_000_000
"""The most letters of a text that is cut, which takes some 400 bytes of memory for each."""


@click.command()
@click.argument("text", required=False)
@click.option("--tokenizer", "source", type=PATH, metavar="FILE|FOLDER", help="The tokenizer's file, or its folder.")
@click.option("--train", "corpus", metavar="FILE", help="Learn the pieces from a text: a file, or a ready-made text.")
@click.option(
    "--word-counts", metavar="FILE.json", help='Learn them from [["low", 5], ["lower", 2]], in a file or here.'
)
@click.option("--algorithm", type=click.Choice(ALGORITHMS), help="What is learnt.  [default: bpe]")
@click.option("--merges", type=int, metavar="N", help="How many merges are learnt.  [default: 10]")
@click.option("--vocab", "vocabulary", type=int, metavar="N", help="How many pieces there are in all.")
@click.option(
    "--end-of-word",
    type=click.Choice(["own", "last", "none"]),
    help="Where BPE has </w>: a symbol of its own, on the last letter, or nowhere.  [default: last]",
)
@click.option(
    "--ties",
    type=click.Choice(["first", "ids"]),
    help="Which of equally frequent pairs BPE merges: the one counted first, or that of the smallest ids.  "
    "[default: first with --word-counts, ids with --train]",
)
@click.option("--keep-case", is_flag=True, help="Learn capitals too (bpe, wordpiece).")
@click.option("--pair", metavar="TEXT", help="A second text, as for BERT.")
@click.option("--special-tokens", is_flag=True, help="Add the special tokens that the model expects.")
@click.option("--text-file", type=PATH, metavar="FILE", help="The text from a file; - for the standard input.")
@click.option("--steps", is_flag=True, help="Show each merge, or each column of the lattice, with its numbers.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def tokenize(
    text: str | None,
    source: Path | None,
    corpus: str | None,
    word_counts: str | None,
    algorithm: Algorithm | None,
    merges: int | None,
    vocabulary: int | None,
    end_of_word: EndOfWord | None,
    ties: Ties | None,
    keep_case: bool,
    pair: str | None,
    special_tokens: bool,
    text_file: Path | None,
    steps: bool,
    as_json: bool,
) -> None:
    """Cut TEXT into pieces, step by step.

    The pieces are those of a file, or are learnt from a text.
    A tokenizer's file is a tokenizer.json, vocab.txt, vocab.json with merges.txt beside it, or a SentencePiece .model.

    \b
    With --json
        TEXT         {"tokens": [...], "ids": [...],
                      "offsets": [[from, to], ...], "decoded": "..."}
        --train ...  {"merges": [[a, b], ...], "vocabulary": [...],
                      "steps": [{"pair", "count", "tied_with"}, ...]}

    \b
    Examples
        byhand tokenize "the dog sat" --train sentences --merges 8
        byhand tokenize low --word-counts '[["low", 5], ["lower", 2]]' --merges 4
        byhand tokenize "a dog" --train phrases --algorithm unigram --steps
        byhand tokenize --train phrases --algorithm wordpiece --vocab 40 --json
    """
    from byhand.cli.show_tokens import encoding_json, show_encoding, show_training, training_json

    if text_file is not None:
        text = _text_of(text, text_file)
    if (letters := len(text or "") + len(pair or "")) > MOST_LETTERS:
        raise BadInput(f"The text has {letters:,} letters, more than the {MOST_LETTERS:,} to cut at once: give a part.")
    sources = [each for each in (source, corpus, word_counts) if each is not None]
    if len(sources) != 1:
        raise BadInput(
            "Say where the pieces come from: --tokenizer FILE, --train FILE or --word-counts FILE.json"
            + (", one of them." if sources else ".")
        )
    trained: Trained | None = None
    if source is not None:
        from byhand.tokenizers.hugging_face import read

        _refuse_training_options(
            algorithm=algorithm,
            merges=merges,
            vocab=vocabulary,
            end_of_word=end_of_word,
            ties=ties,
            keep_case=keep_case,
        )
        if text is None:
            raise BadInput("Give the text to cut into pieces, in quotation marks.")
        tokenizer = read(source)
    else:
        trained = _trained(corpus, word_counts, algorithm or "bpe", merges, vocabulary, end_of_word, ties, keep_case)
        tokenizer = trained.tokenizer
    encoding = None if text is None else tokenizer.encode(text, pair, special_tokens)
    if as_json:
        import json

        values = training_json(trained) if trained else {}
        values |= encoding_json(encoding) if encoding else {}
        click.echo(json.dumps(values, ensure_ascii=False))
        return
    if trained:
        click.echo(show_training(trained, steps), nl=encoding is not None)
    if encoding is not None and text is not None:
        click.echo(show_encoding(tokenizer, text, pair, encoding, steps), nl=False)


def _text_of(text: str | None, path: Path) -> str:
    if text is not None:
        raise BadInput("Give the text or --text-file, not both.")
    from byhand.text_encoding import decode
    from byhand.tokenizers.training import MOST_BYTES, read_text

    if str(path) == "-":
        data = standard_input(MOST_BYTES)
        if len(data) > MOST_BYTES:
            raise BadInput(f"The standard input has more than {MOST_BYTES:,} bytes: give a part of it.")
        return decode(data).text
    return read_text(path)


def _text_file(name: str) -> Path:
    """Return the place of a text to learn from: the file, or the ready-made text of this name."""
    if os.path.isfile(name):
        return Path(name)
    from byhand.lessons.corpus import ready_made_texts

    return ready_made_texts().get(name, Path(name))


def _refuse_training_options(**options: object) -> None:
    for name, value in options.items():
        if value is not None and value is not False:
            raise BadInput(f"--{name.replace('_', '-')} is for learning, with --train or --word-counts: leave it out.")


def _trained(
    corpus: str | None,
    word_counts: str | None,
    algorithm: Algorithm,
    merges: int | None,
    vocabulary: int | None,
    end_of_word: EndOfWord | None,
    ties: Ties | None,
    keep_case: bool,
) -> Trained:
    from byhand.tokenizers.training import read_counts, read_text, train, train_on_counts

    if corpus is not None:
        return train(
            read_text(_text_file(corpus)),
            algorithm,
            merges=merges,
            vocabulary=vocabulary,
            end_of_word=end_of_word,
            ties=ties,
            keep_case=keep_case,
        )
    assert word_counts is not None
    return train_on_counts(
        read_counts(word_counts), algorithm, merges=merges, vocabulary=vocabulary, end_of_word=end_of_word, ties=ties
    )
