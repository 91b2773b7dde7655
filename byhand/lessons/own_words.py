"""A recipe's own words, in place of those that a model or a checkpoint has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from byhand.core.graph import Dim, Node, toposort
from byhand.core.labels import Labels, Tokens
from byhand.errors import ByhandError, quoted
from byhand.files import read_bytes
from byhand.language.architecture import WORDS, Architecture
from byhand.language.options import option_values
from byhand.lessons.recipe import Recipe, option

SIZES = {"words": "vocab", "target_words": "target_vocab"}
"""A recipe's list of words -> the option of a built-in model that is their number."""
COUNTED_BY = ("vocab", "tokens", "rows")
"""The options of a part without a vocabulary that are the number of its words, the first that it has."""
LONGEST_WORD = 40
MOST_IN_FILE = 10_000_000
"""The most bytes in a file of words."""


def special_words(vocabulary: Labels) -> tuple[str, ...]:
    """Return the words that a model itself needs, which stand first: [START], [MASK]."""
    count = next((n for n, word in enumerate(vocabulary.words) if word == WORDS[0]), 0)
    return vocabulary.words[:count]


def sizes_for_words(recipe: Recipe, architecture: Architecture) -> dict[str, Any]:
    """Return a built-in model's size settings, with the number of the recipe's own words.

    ByhandError if the model has no words, or if `size` says another number.
    """
    size = dict(recipe.size)
    own = recipe.given(SIZES)
    if not own:
        return size
    options = option_values(architecture.options)
    vocabularies = architecture.vocabularies(architecture.options)
    for name in own:
        _check_words(recipe, name)
        if name == "words" and names_classes(architecture):
            _set_size(recipe, size, name, "classes", len(recipe.words))
            continue
        if not vocabularies and name == "words" and (counted := [o for o in COUNTED_BY if o in options]):
            _set_size(recipe, size, name, counted[0], len(recipe.words))
            continue
        if not vocabularies or SIZES[name] not in options or (name == "target_words" and len(vocabularies) < 2):
            raise ByhandError(f"{architecture.name} takes no words of this kind: leave {option(name)} out.")
        vocabulary = vocabularies[-1 if name == "target_words" else 0]
        _set_size(recipe, size, name, SIZES[name], len(_with_special(vocabulary, getattr(recipe, name))))
    return size


def names_classes(architecture: Architecture) -> bool:
    """Return whether a model has no words but classes, whose names are an option of it."""
    return {"classes", "labels"} <= option_values(architecture.options).keys()


def class_names(options: Any) -> tuple[str, ...]:
    """Return the names of a model's classes, as its options state them."""
    return tuple(options.labels) or tuple(f"class{n}" for n in range(options.classes))


def classes_named(recipe: Recipe, architecture: Architecture, options: Any) -> Any:
    """Return a model's options with the recipe's words as the names of its classes, if it has such."""
    if not (recipe.words and names_classes(architecture)):
        return options
    if len(recipe.words) != options.classes:
        raise ByhandError(
            f"--words names {len(recipe.words)} classes, but the model has {options.classes}: give each one name."
        )
    return replace(options, labels=tuple(recipe.words))


def _set_size(recipe: Recipe, size: dict[str, Any], name: str, counted_by: str, count: int) -> None:
    """Set the option that is the number of words. ByhandError if `size` says another number."""
    if str(size.get(counted_by, count)) != str(count):
        there, words = f"{counted_by}={_shown(size[counted_by])}", "1 word" if count == 1 else f"{count} words"
        raise ByhandError(
            f"{option(name)} makes {words}, but --size says {there}: name as many words, or leave {counted_by} out."
        )
    size[counted_by] = count


def _shown(value: object) -> str:
    """Return a setting for a message: as it was given, unless it is long or no plain text."""
    return str(value) if len(str(value)) < LONGEST_WORD and str(value).isprintable() else quoted(value)


def with_own_words(recipe: Recipe, architecture: Architecture, options: Any) -> Architecture:
    """Return the architecture with the recipe's own words. ByhandError if their number is not the model's."""
    own = recipe.given(SIZES)
    if not own:
        return architecture
    vocabularies = list(architecture.vocabularies(options))
    if not vocabularies:
        return architecture  # a part without a vocabulary, whose tables get the words when they are built
    is_shared = len(vocabularies) > 1 and vocabularies[0] is vocabularies[1]
    if is_shared and "target_words" in own:
        raise ByhandError(
            f"{architecture.name} has one vocabulary for both texts: leave --target-words out, "
            "or give a built-in model --size shared_embeddings=false."
        )
    for name in own:
        _check_words(recipe, name)
        places = [0, 1] if is_shared else [0] if name == "words" else [1]
        if places[-1] >= len(vocabularies):
            raise ByhandError(f"{architecture.name} takes no words of this kind: leave {option(name)} out.")
        for place in places:
            vocabulary = vocabularies[place]
            words = _with_special(vocabulary, getattr(recipe, name))
            if len(words) != len(vocabulary.words):
                raise ByhandError(
                    f"{option(name)} makes {len(words)} words, but the model has {len(vocabulary.words)}: "
                    "give each of its ids one word."
                )
            vocabularies[place] = Labels(vocabulary.name, words)
    if is_shared:
        vocabularies[1] = vocabularies[0]
    return architecture.with_words(tuple(vocabularies))


def label_with_words(outputs: Iterable[Node], own: Sequence[str]) -> None:
    """Put own words in place of those that label the tables of a part without a vocabulary, in place.

    ByhandError if a table has more rows or columns than there are words.
    """
    labels: dict[object, object] = {}

    def own_label(label: object) -> object:
        if label not in labels:
            labels[label] = label
            if isinstance(label, Labels) and label.words == tuple(WORDS[: len(label.words)]):
                labels[label] = Labels(label.name, _first_words(own, len(label.words)))
            if isinstance(label, Tokens) and isinstance(vocabulary := own_label(label.vocabulary), Labels):
                labels[label] = replace(label, vocabulary=vocabulary)
        return labels[label]

    for node in toposort(outputs):
        rows, columns = (Dim(size, own_label(size.labels)) for size in node.shape)
        node.shape = (rows, columns)


def _first_words(own: Sequence[str], count: int) -> tuple[str, ...]:
    if count > len(own):
        raise ByhandError(f"--words names {len(own)} words, but {count} label a table: name as many.")
    return tuple(own[:count])


def _with_special(vocabulary: Labels, own: Sequence[str]) -> tuple[str, ...]:
    """Return own words after the model's special ones, unless they begin with these themselves."""
    special = special_words(vocabulary)
    return tuple(own) if tuple(own[: len(special)]) == special else (*special, *own)


def _check_words(recipe: Recipe, name: str) -> None:
    words = getattr(recipe, name)
    if not words:
        raise ByhandError(f"{option(name)} names no word: give at least one, such as the,cat,sat.")
    for word in words:
        if not word or word.split() != [word] or not word.isprintable() or len(word) > LONGEST_WORD:
            raise ByhandError(
                f"{option(name)}: {quoted(word)} cannot be a word, which has 1 to {LONGEST_WORD} letters, no blanks: "
                "change it."
            )
    if len(set(words)) < len(words):
        twice = Counter(words).most_common(1)[0][0]
        raise ByhandError(f"{option(name)} has {quoted(twice)} twice: name each word once.")


def read_words(path: Path) -> list[str]:
    """Return the words in a text file, one a line. ByhandError for a file that cannot be read."""
    data = read_bytes(path, "list of words", MOST_IN_FILE, "give a shorter list of words")
    try:
        text = data.decode("utf-8-sig")
    except ValueError:
        raise ByhandError(f"{path} is not a text in UTF-8: save it as one, with one word a line.") from None
    return [line.strip() for line in text.splitlines() if line.strip()]
