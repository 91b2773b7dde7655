"""What a model knows of the text that it learnt: each word's probability, and the floor that the text itself sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log

from byhand.core.graph import Array
from byhand.language.architecture import Architecture
from byhand.lessons.corpus import NONE, TO
from byhand.lessons.training import Example, Loss


@dataclass(frozen=True)
class Guess:
    """What a model expects where one word is to be found: the right word's probability, and whether it is the most."""

    p: float
    right: bool


def guesses(loss: Loss, examples: Sequence[Example], row: Array) -> list[dict[int, Guess]]:
    """Return the model's guess at each position with a target, for each example of the loss. row: the weights."""
    return [
        {
            n: Guess(float(p[n, target]), int(p[n].argmax()) == target)
            for n, target in enumerate(example["targets"])
            if target != NONE
        }
        for example, p in zip(examples, loss.probabilities(row), strict=True)
    ]


@dataclass
class Continuation:
    """A word that is right after the same text: how often it is, and the model's mean guess.

    before: the text. log_p: the mean of ln p. right: whether it is the model's most probable word.
    """

    before: str
    word: str
    count: int = 0
    log_p: float = 0.0
    right: bool = False

    @property
    def p(self) -> float:
        """The model's probability."""
        return exp(self.log_p)


@dataclass
class Beginning:
    """A text that stands before words to be found, and those words, the most frequent first."""

    before: str
    continuations: dict[int, Continuation] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of times that the text stands in the examples."""
        return sum(c.count for c in self.continuations.values())


def beginnings(
    architecture: Architecture,
    vocabularies: Sequence[Sequence[str]],
    examples: Sequence[Example],
    all_guesses: Sequence[dict[int, Guess]],
) -> list[Beginning]:
    """Return each text that a word of the examples follows, in the order of the examples.

    vocabularies: the model's words, and those of its answers last, such as classes.
    """
    found: dict[object, Beginning] = {}
    for example, places in zip(examples, all_guesses, strict=True):
        for n, guess in places.items():
            key, before = _before(architecture, vocabularies[0], vocabularies[-1], example, n)
            beginning = found.setdefault(key, Beginning(before))
            target = example["targets"][n]
            word = beginning.continuations.setdefault(target, Continuation(before, vocabularies[-1][target]))
            word.log_p += (log(max(guess.p, 1e-300)) - word.log_p) / (word.count + 1)
            word.count += 1
            word.right = guess.right
    for beginning in found.values():
        ordered = sorted(beginning.continuations.items(), key=lambda item: -item[1].count)
        beginning.continuations = dict(ordered)
    return list(found.values())


def _before(
    architecture: Architecture, words: Sequence[str], answers: Sequence[str], example: Example, n: int
) -> tuple[object, str]:
    """Return all that a model may use for position n: as a key, and as a text."""
    if "pixels" in example:
        return example["pixels"], example["pixels"]
    ids = example["ids"]
    if "target_ids" in example:
        given = example["target_ids"][: n + 1]
        return (tuple(ids), tuple(given)), _joined([*(words[i] for i in ids), TO, *(answers[i] for i in given[1:])])
    if "generate" in architecture.takes:
        return tuple(ids[: n + 1]), _joined([words[i] for i in ids[: n + 1]])
    return (tuple(ids), n), _joined([words[i] for i in ids])


def _joined(words: Sequence[str]) -> str:
    """Return words as a text, characters without blanks between."""
    return ("" if all(len(word) == 1 for word in words) else " ").join(words)


def floor(found: Sequence[Beginning]) -> float:
    """Return the conditional entropy of the examples' words, given all that stands before each: no loss is smaller.

    The mean of -ln(how often the word follows this text / how often this text stands there).
    """
    total = sum(b.count for b in found)
    return sum(-c.count * log(c.count / b.count) for b in found for c in b.continuations.values()) / total


def best_share(found: Sequence[Beginning]) -> float:
    """Return the largest share of words that can be guessed right: after each text its most frequent word."""
    return sum(max(c.count for c in b.continuations.values()) for b in found) / sum(b.count for b in found)


def share_right(all_guesses: Sequence[dict[int, Guess]]) -> float:
    """Return the share of words whose right one is the model's most probable."""
    every = [guess.right for places in all_guesses for guess in places.values()]
    return sum(every) / len(every)


def loss_of(all_guesses: Sequence[dict[int, Guess]]) -> float:
    """Return the mean of -ln p over all words."""
    every = [guess.p for places in all_guesses for guess in places.values()]
    return sum(-log(max(p, 1e-300)) for p in every) / len(every)
