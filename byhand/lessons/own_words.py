"""A recipe's own words, in place of those that a model or a checkpoint has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from byhand.core.labels import Labels
from byhand.errors import ByhandError, quoted
from byhand.language.architecture import WORDS, Architecture
from byhand.language.options import option_values
from byhand.lessons.recipe import Recipe, option

SIZES = {"words": "vocab", "target_words": "target_vocab"}
"""A recipe's list of words -> the option of a built-in model that is their number."""
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
        if not vocabularies or SIZES[name] not in options or (name == "target_words" and len(vocabularies) < 2):
            raise ByhandError(f"{architecture.name} takes no words of this kind: leave {option(name)} out.")
        vocabulary = vocabularies[-1 if name == "target_words" else 0]
        count = len(_with_special(vocabulary, getattr(recipe, name)))
        if str(size.get(SIZES[name], count)) != str(count):
            raise ByhandError(
                f"{option(name)} makes {count} words, but --size says {SIZES[name]}={size[SIZES[name]]}: leave it out."
            )
        size[SIZES[name]] = count
    return size


def with_own_words(recipe: Recipe, architecture: Architecture, options: Any) -> Architecture:
    """Return the architecture with the recipe's own words. ByhandError if their number is not the model's."""
    own = recipe.given(SIZES)
    if not own:
        return architecture
    vocabularies = list(architecture.vocabularies(options))
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
    try:
        with path.open("rb") as file:
            data = file.read(MOST_IN_FILE + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ByhandError(
            f"The words in {path} cannot be read ({error.strerror}): check its name and folder."
        ) from None
    except ValueError:
        raise ByhandError(f"{path} is not a text in UTF-8: save it as one, with one word a line.") from None
    if len(data) > MOST_IN_FILE:
        raise ByhandError(f"{path} is larger than {MOST_IN_FILE:,} bytes: give a shorter list of words.")
    return [line.strip() for line in text.splitlines() if line.strip()]
