"""A text as examples to learn from: its words, and for each line what a model reads and what it should answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import ByhandError, nearest_word, quoted
from byhand.language.architecture import Architecture, position_count
from byhand.lessons.drawn_pictures import picture_of, rows_of
from byhand.lessons.own_words import LONGEST_WORD, class_names, names_classes, special_words
from byhand.lessons.recipe import Recipe, ready_made_folder
from byhand.lessons.splitting import LINE_END, Splitting, splitting
from byhand.lessons.training import Example
from byhand.models import MODELS

MOST_TEXT = 5_000_000
"""The most characters in a text."""
MOST_WORDS = 2_000
"""The largest vocabulary that is made from a text: a sheet has a column for each word."""
TO = "→"
"""Stands between a text and its translation where both are shown."""
NONE = -1
"""The target of a position without one."""


Place = tuple[int, int]
"""An example's number, and a position in it."""


@dataclass(frozen=True)
class Corpus:
    """The examples of a text.

    recipe: the model's, with the text's words. lines: the tokens of each sequence, as they are read. asked: for each
    token of a line, the example and the position in it where it is to be found; None for one that is given. notes: what
    a reader should know of how the text was read. source: the text's lines and how they are cut, or its ids, under the
    keys of a recipe's training.
    """

    recipe: Recipe
    examples: list[Example]
    lines: list[list[str]]
    asked: list[list[Place | None]]
    notes: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)


def ready_made_texts() -> dict[str, Path]:
    """Return the texts that come with byhand, by name."""
    return {path.stem: path for path in sorted((ready_made_folder() / "texts").glob("*.txt"))}


def read_text(data: bytes, name: str) -> str:
    """Return a text's characters. ByhandError for one that is empty, too long, or no text in UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except ValueError:
        text = "\0"
    if "\0" in text:
        raise ByhandError(f"{name} is not a text in UTF-8: give a text file, saved as UTF-8.")
    if len(text) > MOST_TEXT:
        raise ByhandError(f"{name} has more than {MOST_TEXT:,} characters: give a shorter text.")
    if not text.split():
        raise ByhandError(f"{name} is empty: give a text with a few lines to learn from.")
    return text


def corpus(text: str, recipe: Recipe, architecture: Architecture, options: Any, tokens: str) -> Corpus:
    """Return the examples of a text for a model: text to go on with, words to fill in, or pairs to translate.

    recipe: the model's. options: its sizes, of which the number of words is not used. tokens: words, chars or bpe:40.
    ByhandError for a model that does not learn from text, and for a text that does not fit the model.
    """
    task = _task(architecture)
    lines = [line.strip() for line in text.strip().splitlines()]
    own_words = bool(recipe.words) or recipe.model not in MODELS
    reader = _Reader(architecture, options, splitting(tokens, [line for line in lines if line]), own_words)
    notes: tuple[str, ...] = ()
    if recipe.lora and not own_words:
        reader = replace(reader, own_words=reader.knows(lines))
        notes = () if reader.own_words else (NOTHING_TO_ADAPT.format(architecture.name),)
    if task is not _pictures:
        lines = [line for line in lines if line]
    read = task(reader, recipe, lines)
    return replace(read, source={"text": lines, "tokens": tokens}, notes=(*notes, *read.notes))


NOTHING_TO_ADAPT = (
    "The text has words that {} has not learnt, so the weights that are frozen are random ones: "
    "adapt a model that knows its words, such as a recipe from `byhand train` or a checkpoint."
)


def corpus_of_ids(sequences: Any, recipe: Recipe, architecture: Architecture, options: Any) -> Corpus:
    """Return the examples of lists of ids: of n ids, the first n - 1 are read, and the last n - 1 are the answers."""
    if not isinstance(sequences, list) or not sequences:
        raise ByhandError("The file of ids must hold a list of lists such as [[0, 1, 4], [0, 2, 5]].")
    vocabularies = architecture.vocabularies(options)
    if _task(architecture) is not _text_to_go_on_with or not vocabularies:
        raise ByhandError(f"{architecture.name} does not write word by word: give it a text, not --ids-file.")
    count = len(vocabularies[0].words)
    for n, ids in enumerate(sequences, 1):
        if not isinstance(ids, list) or len(ids) < 2 or not all(type(i) is int for i in ids):
            raise ByhandError(f"Sequence {n} of the ids must be a list of at least two whole numbers.")
        wrong = next((i for i in ids if not 0 <= i < count), None)
        if wrong is not None:
            raise ByhandError(f"Sequence {n} has the id {quoted(wrong)}, but the vocabulary has ids 0 to {count - 1}.")
    room = position_count(options)
    cut, notes = _cut([(ids, 0) for ids in sequences], room)
    return replace(_continued(recipe, cut, vocabularies[0].words, notes), source={"sequences": sequences})


Task = Callable[["_Reader", Recipe, list[str]], Corpus]


def _task(architecture: Architecture) -> Task:
    takes = architecture.takes
    if {"ids", "target_ids"} <= takes:
        return _pairs
    if {"ids", "generate"} <= takes:
        return _text_to_go_on_with
    if "ids" in takes and any(_is_mask(word) for word in _special(architecture)):
        return _words_to_fill_in
    if "pixels" in takes and names_classes(architecture):
        return _pictures
    raise ByhandError(
        f"{architecture.name} does not learn from a text: choose a language model, such as --model gpt2, bert or vit."
    )


def _special(architecture: Architecture) -> tuple[str, ...]:
    vocabularies = architecture.vocabularies(architecture.options)
    return special_words(vocabularies[0]) if vocabularies else ()


def _is_mask(word: str) -> bool:
    return word.casefold() in ("[mask]", "<mask>")


@dataclass(frozen=True)
class _Reader:
    """Turns lines into ids, for a model whose words are its own or are taken from the text."""

    architecture: Architecture
    options: Any
    splitting: Splitting
    own_words: bool

    def split(self, line: str) -> list[str]:
        """Return a line's tokens."""
        return self.splitting.split(line)

    def knows(self, lines: Iterable[str]) -> bool:
        """Return whether all words of the lines are among the model's own."""
        words = {word for vocabulary in self.architecture.vocabularies(self.options) for word in vocabulary.words}
        sides = (side for line in lines for side in line.split("\t"))
        return all(words.issuperset(self.split(side)) for side in sides)

    @property
    def room(self) -> int | None:
        return position_count(self.options)

    def vocabulary(self, place: int, lines: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], list[str]]:
        """Return all words of a vocabulary, and those that the recipe must name; in the order of the text."""
        vocabularies = self.architecture.vocabularies(self.options)
        if self.own_words:
            return vocabularies[place].words, []
        special = special_words(vocabularies[place])
        read = dict.fromkeys(word for line in lines for word in line)
        own = [word for word in [*self.splitting.pieces, *read] if word not in special]
        own = list(dict.fromkeys(own))
        if len(own) > MOST_WORDS:
            raise ByhandError(
                f"The text has {len(own):,} different words, and a sheet has room for {MOST_WORDS:,}: "
                "give a shorter text, or choose --tokens chars."
            )
        too_long = next((word for word in own if len(word) > LONGEST_WORD or not word.isprintable()), None)
        if too_long is not None:
            raise ByhandError(f"The text has a word that cannot be one, {quoted(too_long)}: mend it there.")
        return (*special, *own), own

    def ids(self, line: Sequence[str], words: Sequence[str]) -> list[int]:
        """Return the ids of a line's words. ByhandError for one that the model does not know."""
        known = {word: n for n, word in reversed(list(enumerate(words)))}
        for word in line:
            if word not in known:
                raise ByhandError(f"{quoted(word)} is not among the model's words; {nearest_word(word, words)}.")
        return [known[word] for word in line]


def _text_to_go_on_with(reader: _Reader, recipe: Recipe, lines: list[str]) -> Corpus:
    """Each line is read, and each of its words but the first is to be predicted; of a line with a tab, those after it.

    The text before a tab is a question, such as letters to sort, and the text after it is the answer.
    """
    split = [_question_and_answer(reader, n, line) for n, line in enumerate(lines, 1)]
    words, own = reader.vocabulary(0, [tokens for tokens, _ in split])
    read = [(reader.ids(tokens, words), asked) for tokens, asked in split]
    short = sum(len(ids) < 2 for ids, _ in read)
    read = [(ids, asked) for ids, asked in read if len(ids) > 1]
    if not read:
        raise ByhandError("No line of the text has two words: give a text whose lines go on after their first word.")
    longest = max((len(ids) - 1 for ids, asked in read if asked), default=0)
    if reader.room is not None and longest > reader.room:
        raise ByhandError(
            f"A question with its answer takes {longest} positions, but the model has {reader.room}: "
            f"shorten it, or add --size max_positions={longest}."
        )
    cut, notes = _cut(read, reader.room)
    if short:
        notes = (f"{short} line{'s' * (short > 1)} of one word left out.", *notes)
    recipe = replace(recipe, words=own or recipe.words)
    return _continued(recipe, cut, words, notes)


def _continued(recipe: Recipe, sequences: Sequences, words: Sequence[str], notes: tuple[str, ...]) -> Corpus:
    """Return the corpus whose sequences are read word by word."""
    examples = [_following(ids, asked) for ids, asked in sequences]
    asked: list[list[Place | None]] = [
        [None, *(None if target == NONE else (n, m) for m, target in enumerate(example["targets"]))]
        for n, example in enumerate(examples)
    ]
    return Corpus(recipe, examples, [[words[i] for i in ids] for ids, _ in sequences], asked, notes)


def _question_and_answer(reader: _Reader, number: int, line: str) -> tuple[list[str], int]:
    """Return a line's tokens, and how many of them are a question; none of a line without a tab."""
    sides = line.split("\t")
    if len(sides) == 1:
        return reader.split(line), 0
    if len(sides) != 2 or not all(map(str.strip, sides)):
        raise ByhandError(f"Line {number} has more than one tab: write a question, a tab, and its answer.")
    question, answer = (_inner(reader.split(side)) for side in sides)
    return [*question, *answer], len(question)


def _following(ids: Sequence[int], asked: int = 0) -> Example:
    """Return the example that reads all ids but the last; of `asked` ids of a question only the last has a target."""
    targets = [NONE if n < asked else i for n, i in enumerate(ids)]
    return {"ids": list(ids[:-1]), "targets": targets[1:]}


Sequences = Sequence[tuple[Sequence[int], int]]
"""Ids, and how many of them are a question."""


def _cut(sequences: Sequences, room: int | None) -> tuple[Sequences, tuple[str, ...]]:
    """Return sequences of at most room + 1 ids; the next one begins with the last id of the one before."""
    longer = 0 if room is None else sum(len(ids) > room + 1 for ids, _ in sequences)
    if room is None or not longer:
        return sequences, ()
    cut = [(ids[at : at + room + 1], asked) for ids, asked in sequences for at in range(0, len(ids) - 1, room)]
    what = "1 line is" if longer == 1 else f"{longer} lines are"
    return cut, (f"{what} longer than the model's {room} positions and cut: {len(cut)} sequences in all.",)


def _words_to_fill_in(reader: _Reader, recipe: Recipe, lines: list[str]) -> Corpus:
    """Of each line, each word is hidden once and to be found, between the marks of the text's begin and end.

    A line with a tab is a class and a text: only the class, which stands before the text, is hidden.
    """
    split = [_inner(reader.split(line)) for line in lines]
    classes = [_class_of(reader, n, line) for n, line in enumerate(lines, 1)]
    words, own = reader.vocabulary(0, split)
    special = special_words(reader.architecture.vocabularies(reader.architecture.options)[0])
    mask = next(n for n, word in enumerate(words) if _is_mask(word))
    begin, end = (words.index(next(w for w in special if w in marks)) for marks in (BEGINS, ENDS))
    examples: list[Example] = []
    shown: list[list[str]] = []
    asked: list[list[Place | None]] = []
    left_out = 0
    for line, of_class in zip(split, classes, strict=True):
        ids = [begin, *reader.ids(line, words), end]
        if reader.room is not None and len(ids) > reader.room:
            left_out += 1
            continue
        hidden_words = 1 if of_class else len(ids) - 2
        given: list[Place | None] = [None] * (len(ids) - 1 - hidden_words)
        asked.append([None, *((len(examples) + n, n + 1) for n in range(hidden_words)), *given])
        for n in range(1, hidden_words + 1):
            hidden = [*ids[:n], mask, *ids[n + 1 :]]
            examples.append({"ids": hidden, "targets": [i if m == n else NONE for m, i in enumerate(ids)]})
        shown.append([words[i] for i in ids])
    if not examples:
        raise ByhandError(f"No line fits the model's {reader.room} positions: shorten them, or enlarge the model.")
    notes = (f"{left_out} lines longer than the model's {reader.room} positions left out.",) if left_out else ()
    return Corpus(replace(recipe, words=own or recipe.words), examples, shown, asked, notes)


def _class_of(reader: _Reader, number: int, line: str) -> str:
    """Return the class before a line's tab; an empty text of a line without a tab."""
    if "\t" not in line:
        return ""
    of_class, *texts = line.split("\t")
    if len(texts) != 1 or not texts[0].strip() or len(_inner(reader.split(of_class))) != 1:
        raise ByhandError(f"Line {number} is no class with its text: write the class as one word, a tab, and the text.")
    return of_class.strip()


BEGINS, ENDS = ("[CLS]", "<s>"), ("[SEP]", "</s>")
"""The marks that stand before and after a text."""


def _pairs(reader: _Reader, recipe: Recipe, lines: list[str]) -> Corpus:
    """Each line is a source, a tab and its target: the target's words are to be written one by one."""
    pairs = []
    for n, line in enumerate(lines, 1):
        sides = line.split("\t")
        if len(sides) != 2 or not all(map(str.strip, sides)):
            raise ByhandError(f"Line {n} is no pair: write the source, a tab, and the target.")
        pairs.append((_inner(reader.split(sides[0])), _inner(reader.split(sides[1]))))
    vocabularies = reader.architecture.vocabularies(reader.options)
    two = len(vocabularies) > 1 and vocabularies[0] is not vocabularies[1]
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    words, own = reader.vocabulary(0, sources if two else [line for pair in pairs for line in pair])
    target_words, own_targets = reader.vocabulary(-1, targets) if two else (words, [])
    examples: list[Example] = []
    for source, target in zip(sources, targets, strict=True):
        ids, following = reader.ids(source, words), reader.ids(target, target_words)
        if reader.room is not None and max(len(ids), len(following)) > reader.room:
            raise ByhandError(
                f"{quoted(' '.join(source))} or its target has more than the model's {reader.room} positions: "
                f"shorten it, or add --size max_positions={max(len(ids), len(following))}."
            )
        examples.append({"ids": ids, "target_ids": [0, *following[:-1]], "targets": following})
    recipe = replace(recipe, words=own or recipe.words, target_words=own_targets or recipe.target_words)
    asked: list[list[Place | None]] = [
        [*[None] * (len(source) + 1), *((n, m) for m in range(len(target)))] for n, (source, target) in enumerate(pairs)
    ]
    return Corpus(recipe, examples, [[*source, TO, *target] for source, target in pairs], asked)


def _inner(tokens: list[str]) -> list[str]:
    """Return a line's tokens without the marks of its end, which a pair does not need."""
    return [token for token in tokens if token != LINE_END]


def _pictures(reader: _Reader, recipe: Recipe, lines: list[str]) -> Corpus:
    """Pictures with an empty line between, each a line with its class, and a line for each row of pixels."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    wrong = next((block[0] for block in blocks if len(block) < 2), None)
    if wrong is not None:
        raise ByhandError(
            f"{quoted(wrong)} is no class with its picture: write the class, below it a line of . and # for each row "
            "of pixels, and an empty line before the next."
        )
    names = list(dict.fromkeys(" ".join(block[0].split()).replace(" ", "_") for block in blocks))
    options, own = reader.options, recipe.words or names
    if reader.own_words and recipe.model not in MODELS and not recipe.words:
        own = list(class_names(options))
    unknown = next((name for name in names if name not in own), None)
    if unknown is not None:
        raise ByhandError(f"{quoted(unknown)} is not among the model's classes; {nearest_word(unknown, own)}.")
    pictures = ["/".join(block[1:]) for block in blocks]
    height, width = picture_of(pictures[0], options.channels).shape[1:]
    if height != width:
        raise ByhandError(f"The first picture has {height} rows and {width} columns of pixels: make it a square.")
    if height % options.patch:
        fits = next(n for n in range(2, height + 1) if height % n == 0) if height > 1 else 1
        raise ByhandError(
            f"A picture of {height}×{height} is not cut into patches of {options.patch}×{options.patch}: "
            f"add --size patch={fits}, or draw it larger."
        )
    if recipe.model in MODELS:
        recipe = replace(recipe, words=own, size={"image": height} | recipe.size)
    examples: list[Example] = []
    for block, picture in zip(blocks, pictures, strict=True):
        if picture_of(picture, options.channels).shape[1:] != (height, width):
            raise ByhandError(
                f"A picture of class {quoted(block[0])} is not of {height}×{width} pixels as the first is."
            )
        examples.append({"pixels": picture, "targets": [own.index("_".join(block[0].split()))]})
    shown = [[*rows_of(picture), TO, own[e["targets"][0]]] for picture, e in zip(pictures, examples, strict=True)]
    asked: list[list[Place | None]] = [[*[None] * (len(line) - 1), (n, 0)] for n, line in enumerate(shown)]
    return Corpus(recipe, examples, shown, asked)


def held_out(corpus: Corpus, share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Return the examples to learn from, and a share of them, drawn at random, that are only tried."""
    aside = set(set_aside(corpus, share, seed))
    return (
        [e for n, e in enumerate(corpus.examples) if n not in aside],
        [e for n, e in enumerate(corpus.examples) if n in aside],
    )


def set_aside(corpus: Corpus, share: float, seed: int) -> list[int]:
    """Return the numbers of the examples that are held out."""
    if not 0 <= share < 1:
        raise ByhandError(f"--hold-out is a share below 100%, not {share:.0%}.")
    count = round(share * len(corpus.examples))
    if share and not 0 < count < len(corpus.examples):
        raise ByhandError(
            f"--hold-out {share:.0%} of {len(corpus.examples)} sequences leaves nothing to learn or nothing to try: "
            "give a longer text or another share."
        )
    return [int(n) for n in np.random.default_rng(seed).permutation(len(corpus.examples))[:count]]
