"""The inputs of a recipe, for each row of a batch: words or ids, checked against the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from byhand.core.labels import Labels
from byhand.errors import ByhandError, nearest, nearest_word, quoted
from byhand.language.architecture import Architecture, Decoding, Inputs
from byhand.lessons.recipe import OF_A_ROW, Recipe, option

INPUTS = {"ids": "ids", "prompt": "ids", "target_ids": "target_ids", "target_prompt": "target_ids"}
INPUTS |= {name: name for name in ("segment_ids", "mask", "generate", "pixels", "word_counts")}
"""A recipe's input -> its name in Architecture.takes."""
DECODING = ("temperature", "top_k", "top_p", "beams", "cache")
MOST_ROWS = 100
MOST_DRAWN = 1_000_000
MOST_SORTED = 2_000
"""The largest vocabulary to sample from: ranking compares each word with every other."""


def batch_rows(recipe: Recipe, architecture: Architecture) -> list[Recipe]:
    """Return the recipe of each row of the batch."""
    if recipe.batch and not recipe.backward:
        raise ByhandError("More than one prompt makes a batch, which --backward is for: add it, or give one prompt.")
    if len(recipe.batch) >= MOST_ROWS:
        raise ByhandError(f"A batch has at most {MOST_ROWS} rows, not {len(recipe.batch) + 1}: choose some of them.")
    given = {name for name in OF_A_ROW if getattr(recipe, name) is not None}
    for n, row in enumerate(recipe.batch, 2):
        unknown = next((name for name in row if name not in OF_A_ROW), None)
        if unknown:
            raise ByhandError(
                f"Row {n} of the batch has an unknown key {quoted(unknown)}; {nearest(unknown, OF_A_ROW)}."
            )
        if "ids" in architecture.takes and not {"ids", "prompt"} & set(row):
            raise ByhandError(f"Row {n} of the batch has no prompt: give it an --ids or --prompt of its own.")
        if set(row) != given:
            raise ByhandError(
                f"Row {n} of the batch has {_listed(set(row))}, but the first has {_listed(given)}: "
                "give the same of every row."
            )
    nothing: dict[str, Any] = dict.fromkeys(OF_A_ROW)
    first = replace(recipe, batch=[])
    return [first, *(replace(first, **(nothing | row)) for row in recipe.batch)]


def _listed(names: set[str]) -> str:
    return " and ".join(name for name in OF_A_ROW if name in names) or "none"


def inputs_of(recipe: Recipe, architecture: Architecture, options: Any) -> Inputs:
    """Return the recipe's inputs, checked against the model."""
    _check_taken(recipe, architecture)
    vocabularies = architecture.vocabularies(options)
    prompt = recipe.prompt
    if prompt is not None and recipe.training and vocabularies:
        from byhand.lessons.splitting import prompt_in_tokens

        prompt = prompt_in_tokens(prompt, recipe.training, vocabularies[0].words)
    ids = _ids("--ids", recipe.ids, "--prompt", prompt, vocabularies[:1])
    target_ids = _ids("--target-ids", recipe.target_ids, "--target-prompt", recipe.target_prompt, vocabularies[-1:])
    pixels = None
    if recipe.pixels is not None:
        from byhand.lessons.pictures import picture

        pixels = picture(recipe.pixels, options.channels)
    decoding = decoding_of(recipe, architecture)
    text = recipe.prompt if "text" in architecture.takes else None
    counts = tuple(recipe.word_counts) or None
    inputs = Inputs(ids, target_ids, recipe.segment_ids, recipe.mask, recipe.generate, pixels, decoding, text, counts)
    if inputs.generate < 1:
        raise ByhandError(f"--generate is the number of words to write, at least 1, not {quoted(inputs.generate)}.")
    if inputs.decoding.samples and len(vocabularies[-1].words) > MOST_SORTED:
        raise ByhandError(
            f"byhand draws from at most {MOST_SORTED:,} words: leave out --temperature, --top-k and --top-p."
        )
    architecture.check(options, inputs)
    return inputs


def decoding_of(recipe: Recipe, architecture: Architecture) -> Decoding:
    """Return the decoding settings. Raises ByhandError if one is out of range, or two do not fit each other."""
    given = recipe.given(DECODING)
    if given and "generate" not in architecture.takes:
        raise ByhandError(f"{architecture.name} does not write word by word: leave {option(given[0])} out.")
    if given and recipe.backward:
        raise ByhandError(f"--backward follows one pass through the model: leave {option(given[0])} out.")
    t, k, p = recipe.temperature, recipe.top_k, recipe.top_p
    if t == 0:  # the limit of ever smaller temperatures: the most probable word, whatever else is set
        t = k = p = None
    if t is not None and not 0.01 <= t <= 100:
        raise ByhandError(f"--temperature is from 0.01 to 100, not {quoted(t)}.")
    if k is not None and k < 1:
        raise ByhandError(f"--top-k is how many words may be drawn, at least 1, not {quoted(k)}.")
    if k is not None and k > MOST_DRAWN:
        raise ByhandError(f"--top-k is at most {MOST_DRAWN:,}, not {quoted(k)}.")
    if p is not None and not 0 < p <= 1:
        raise ByhandError(f"--top-p is above 0 and up to 1, not {quoted(p)}.")
    if recipe.beams not in (1, 2):
        raise ByhandError(f"--beams is 1 or 2, not {quoted(recipe.beams)}.")
    if recipe.beams == 2 and len(given) > 1:
        raise ByhandError(f"--beams does not go with {option(next(n for n in given if n != 'beams'))}: choose one.")
    if recipe.cache and recipe.generate < 2:
        raise ByhandError("--cache is for a story: add --generate with at least 2 words.")
    return Decoding(t, k, p, recipe.beams, recipe.cache, recipe.seed or 0)


def _check_taken(recipe: Recipe, architecture: Architecture) -> None:
    for name in recipe.given(INPUTS):
        if INPUTS[name] not in architecture.takes and not (name == "prompt" and "text" in architecture.takes):
            accepted = [option(other) for other, of in INPUTS.items() if of in architecture.takes]
            accepted += ["--prompt"] if "text" in architecture.takes else []
            listed = ", ".join(accepted) or "--size, --seed and --set"
            raise ByhandError(f"{architecture.name} takes no {option(name)}; it takes {listed}.")


def _ids(
    option: str, ids: list[int] | None, text_option: str, text: str | None, words: tuple[Labels, ...]
) -> list[int] | None:
    """Return the ids, given as ids or as words. Raises ByhandError for one that is not in the vocabulary."""
    if ids is not None and text is not None:
        raise ByhandError(f"Give {option} or {text_option}, not both.")
    if not words or (ids is None and text is None):
        return ids if text is None else []
    vocabulary = words[0].words
    if text is not None:
        ids = _ids_of(text, vocabulary)
    assert ids is not None
    if not ids:
        raise ByhandError(f"The prompt is empty: give some of {', '.join(vocabulary[:12])} with {text_option}.")
    wrong = next((i for i in ids if not 0 <= i < len(vocabulary)), None)
    if wrong is not None:
        raise ByhandError(f"Id {quoted(wrong)} is not in the vocabulary, which has ids 0 to {len(vocabulary) - 1}.")
    return ids


def _ids_of(text: str, vocabulary: tuple[str, ...]) -> list[int]:
    """Return the ids of words: exact matches first, else ignoring case."""
    folded = {word.casefold(): i for i, word in reversed(list(enumerate(vocabulary)))}
    exact = {word: i for i, word in reversed(list(enumerate(vocabulary)))}
    ids = [exact.get(word, folded.get(word.casefold())) for word in text.split()]
    for word, index in zip(text.split(), ids, strict=True):
        if index is None:
            raise ByhandError(f"{quoted(word)} is not in the vocabulary; {nearest_word(word, vocabulary)}.")
    return [i for i in ids if i is not None]
