"""What each head of a model has learnt, measured on examples: where it looks, and what its removal costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from byhand.core.captions import titles
from byhand.core.evaluation import Evaluator
from byhand.core.graph import INFINITE, Array, Node, toposort
from byhand.core.labels import Labels, Tokens
from byhand.core.roles import Role
from byhand.lessons.lesson import Lesson
from byhand.lessons.recipe import Recipe
from byhand.lessons.training import Example, Loss
from byhand.lessons.training_record import corpus_of, record_of, start_of
from byhand.translations import _

Flags = NDArray[np.bool_]
Where = Callable[[NDArray[np.int_], NDArray[np.int_], int], Flags]
"""Where a pattern is: of query i, key j, and n keys."""
MOST_EXAMPLES = 1000
"""The most sequences on which heads are measured."""
LEAST_CHANCES = 0.25
"""What a head is said to look at must be there to be looked at in this share of the cases."""

WORD_MORE = 0.1
"""By so much the share of a single word must be larger than that of a place to come before it."""


@dataclass(frozen=True)
class Score:
    """How well a model answers: its mean loss (nats), and the share of its answers that are right."""

    loss: float
    right: float


@dataclass(frozen=True)
class Look:
    """One thing that a head may look at: the mean share of its weight there.

    pattern: see `thing`. word: the one that is looked at, for the pattern `word`. even: the share if it looked
    at all that it may see alike. chances: the share of the cases in which there is such a thing.
    """

    pattern: str
    share: float
    even: float
    chances: float
    word: str = ""


@dataclass(frozen=True)
class Head:
    """A head, measured. name: dotted, such as layer1.head2. title: Layer 1 · Head 2.

    looks: what it may look at, the largest share first, single words a little later. without: the score when its output
    is all 0. hit: the answer whose loss its removal raises most, with its mean loss before and after.
    """

    name: str
    title: str
    looks: tuple[Look, ...]
    without: Score
    hit: tuple[str, float, float]

    @property
    def look(self) -> Look | None:
        """What it looks at most; None if there is nothing that it could choose."""
        return self.looks[0] if self.looks else None

    def share(self, pattern: str, word: str = "") -> float:
        """Return the share of its weight on a pattern; 0 where there is no such thing."""
        return next((look.share for look in self.looks if (look.pattern, look.word) == (pattern, word)), 0.0)


@dataclass(frozen=True)
class Findings:
    """A model on so many sequences: its score, and each of its heads in the model's order."""

    sequences: int
    score: Score
    heads: tuple[Head, ...]

    def head(self, name: str) -> Head:
        """Return the head of this name. KeyError if there is none."""
        return {head.name: head for head in self.heads}[name]


def measure(recipe: Recipe, examples: Sequence[Example]) -> Findings:
    """Measure a recipe's model, with the weights that it has, on examples."""
    groups = [_Group(group.lesson, group.given) for group in Loss(recipe, examples).groups]
    before = np.concatenate([group.losses({}) for group in groups])
    answers = [answer for group in groups for answer in group.answers]
    heads = tuple(_head(place, groups, before, answers) for place in groups[0].heads)
    return Findings(len(examples), _score(groups, {}, before), heads)


def findings_of(recipe: Recipe) -> Findings | None:
    """Measure a recipe's model on the text that it learnt; None if the recipe states none, or the model has no heads.

    Of a very long text, the first sequences.
    """
    stated = record_of(recipe)
    if stated is None or recipe.backward:
        return None
    corpus = corpus_of(recipe, stated)
    found = measure(replace(start_of(recipe, stated), set=recipe.set), corpus.examples[:MOST_EXAMPLES])
    return found if found.heads else None


def _score(groups: Sequence[_Group], removed: Mapping[str, bool], losses: Array) -> Score:
    right = np.concatenate([group.right(removed) for group in groups])
    return Score(float(losses.mean()), float(right.mean()))


def _head(name: str, groups: Sequence[_Group], before: Array, answers: Sequence[str]) -> Head:
    removed = {name: True}
    after = np.concatenate([group.losses(removed) for group in groups])
    sums: dict[tuple[str, str], Array] = {}
    cases = 0
    for group in groups:
        for key, numbers in group.looks(name).items():
            sums[key] = sums.get(key, np.zeros(3)) + numbers
        cases += group.choices(name)
    looks = [
        Look(pattern, float(share / there), float(even / there), float(there / cases), word)
        for (pattern, word), (share, even, there) in sums.items()
        if there >= LEAST_CHANCES * cases
    ]
    looks.sort(key=lambda look: -round(look.share - WORD_MORE * bool(look.word), 9))
    return Head(name, groups[0].title(name), tuple(looks), _score(groups, removed, after), _hit(before, after, answers))


def _hit(before: Array, after: Array, answers: Sequence[str]) -> tuple[str, float, float]:
    """Return the answer whose mean loss grows most, and its mean loss before and after."""
    places: dict[str, list[int]] = {}
    for n, answer in enumerate(answers):
        places.setdefault(answer, []).append(n)
    means = {answer: (float(before[at].mean()), float(after[at].mean())) for answer, at in places.items()}
    answer = max(means, key=lambda a: round(means[a][1] - means[a][0], 9))
    return answer, *means[answer]


@dataclass
class _Place:
    """The tables of a head: its attention weights, and their products with the values. Of a decoder that is unrolled,
    those of each step."""

    weights: list[Node] = field(default_factory=list)
    found: list[Node] = field(default_factory=list)


class _Group:
    """Examples of the same sizes, with the numbers of the graph that they share."""

    def __init__(self, lesson: Lesson, given: Mapping[Node, Array]) -> None:
        self.lesson, self.given = lesson, given
        self.heads = heads_of(lesson)
        assert lesson.graph.logits is not None
        self._logits = lesson.graph.logits
        targets = next(n for n in given if n.symbol == "targets" and n.role is Role.TOKENS)
        self.targets = given[targets][..., 0].astype(int)  # (examples, T)
        words = self._logits.shape[1].labels
        assert isinstance(words, Labels)
        self.answers = [words.words[i] for i in self.targets[self.targets >= 0]]
        self._computed: dict[tuple[str, ...], Array] = {}
        tables = [node for place in self.heads.values() for node in place.weights]
        masked = [self.lesson.tables.get(_beside(node, "masked")) for node in tables]
        ids = [
            of.ids for node in tables for of in (node.shape[0].labels, node.shape[1].labels) if isinstance(of, Tokens)
        ]
        wanted = list(dict.fromkeys([*tables, *(m for m in masked if m is not None), *ids]))
        self._numbers = dict(zip(wanted, Evaluator(wanted, list(given))(given), strict=True)) if wanted else {}

    def title(self, head: str) -> str:
        """Return a head's place in the model: Layer 1 · Head 2."""
        node = self.heads[head].weights[0]
        return " · ".join(titles(node.page)) if node.page is not None else head

    def logits(self, removed: Mapping[str, bool]) -> Array:
        """Return the logits with some heads' outputs all 0. (examples, T, V)"""
        key = tuple(removed)
        if key not in self._computed:
            nothing = {node: np.zeros(node.shape) for head in removed for node in self.heads[head].found}
            given = {**self.given, **nothing}
            logits = Evaluator([self._logits], list(given))(given)[0]
            self._computed[key] = np.broadcast_to(logits, (*self.targets.shape, logits.shape[-1]))
        return self._computed[key]

    def losses(self, removed: Mapping[str, bool]) -> Array:
        """Return the loss of each answer, in nats. (answers,)"""
        logits = self.logits(removed)[self.targets >= 0]
        shifted = logits - logits.max(-1, keepdims=True)
        right = self.targets[self.targets >= 0]
        return np.asarray(np.log(np.exp(shifted).sum(-1)) - shifted[np.arange(len(right)), right])

    def right(self, removed: Mapping[str, bool]) -> Array:
        """Return whether each answer is the most probable word. (answers,)"""
        return np.asarray((self.logits(removed).argmax(-1) == self.targets)[self.targets >= 0])

    def choices(self, head: str) -> int:
        """Return in how many cases the head has more than one place to look at."""
        return int((self._visible(head).sum(-1) > 1).sum())

    def looks(self, head: str) -> dict[tuple[str, str], Array]:
        """Return, for each thing to look at, the sums of its weight and of its even share, and the number of cases."""
        weights, visible = self._stacked(self.heads[head].weights), self._visible(head)
        may_choose = visible.sum(-1) > 1
        sums = {}
        for key, where in self._patterns(head, weights.shape):
            there = (where & visible).any(-1) & may_choose
            if there.any():
                share = (weights * where).sum(-1)[there].sum()
                even = ((where & visible).sum(-1) / np.maximum(visible.sum(-1), 1))[there].sum()
                sums[key] = np.array([share, even, there.sum()])
        return sums

    def _stacked(self, nodes: Sequence[Node]) -> Array:
        """Return the numbers of tables, one below the other. (examples, T, S)"""
        count = len(self.targets)
        tables = [np.broadcast_to(self._numbers[n], (count, *self._numbers[n].shape[-2:])) for n in nodes]
        return np.concatenate(tables, axis=1)

    def _visible(self, head: str) -> Flags:
        """Return which keys each query may see. (examples, T, S)"""
        nodes = self.heads[head].weights
        masked = [self.lesson.tables.get(_beside(node, "masked")) for node in nodes]
        if any(m is None for m in masked):
            return np.ones(self._stacked(nodes).shape, dtype=bool)
        return np.asarray(self._stacked([m for m in masked if m is not None]) > -INFINITE)

    def _patterns(self, head: str, shape: tuple[int, ...]) -> Iterator[tuple[tuple[str, str], Flags]]:
        """Yield what a head may look at, and where that is. (examples, T, S)"""
        count, rows, columns = shape
        queries, keys = self._words(head, 0, rows), self._words(head, 1, columns)
        node = self.heads[head].weights[0]
        alike = queries is not None and keys is not None and _tokens(node, 0) is _tokens(node, 1)
        i, j = np.arange(rows)[:, None], np.arange(columns)[None, :]
        for pattern, where in ((OF_ONE_TEXT if alike else OF_TWO_TEXTS) | OF_BOTH).items():
            yield (pattern, ""), np.broadcast_to(where(i, j, columns), shape)
        if keys is None:
            return
        if alike and queries is not None:
            same = queries[:, :, None] == keys[:, None, :]
            yield ("same", ""), same & (i != j)
            before = np.concatenate([np.full((count, 1), None), keys[:, :-1]], axis=1)
            yield ("after_same", ""), (queries[:, :, None] == before[:, None, :]) & (i != j - 1)
        if self.targets.shape[1] == rows:
            words = self._logits.shape[1].labels
            assert isinstance(words, Labels)
            following = np.array([*words.words, None], dtype=object)[self.targets]
            yield ("next", ""), following[:, :, None] == keys[:, None, :]
        for word in dict.fromkeys(map(str, keys.ravel().tolist())):
            yield ("word", word), np.broadcast_to((keys == word)[:, None, :], shape)

    def _words(self, head: str, axis: int, size: int) -> Array | None:
        """Return the words of a head's queries (axis 0) or keys (axis 1), (examples, size); None if they have none."""
        tokens = _tokens(self.heads[head].weights[0], axis)
        if tokens is None or tokens.ids not in self._numbers:
            return None
        ids = self._numbers[tokens.ids][..., 0].astype(int)
        words = np.array([*tokens.vocabulary.words, None], dtype=object)[ids]
        return np.broadcast_to(words, (len(self.targets), size)) if words.shape[-1] == size else None


def _tokens(node: Node, axis: int) -> Tokens | None:
    of = node.shape[axis].labels
    return of if isinstance(of, Tokens) else None


def _beside(node: Node, symbol: str) -> str:
    """Return the name of another table in the same place."""
    return f"{node.name.rpartition('.')[0]}.{symbol}"


def heads_of(lesson: Lesson) -> dict[str, _Place]:
    """Return the heads of a lesson by name: attention weights that are multiplied by values.

    The steps of a decoder that is unrolled, attend_1 and attend_2, are one head.
    """
    nodes = toposort([*lesson.graph.outputs, *([lesson.graph.logits] if lesson.graph.logits else [])])
    places: dict[str, _Place] = {}
    for node in nodes:
        weights = next((a for a in node.args if a.name and a.role is Role.ATTENTION), None)
        if node.role is Role.HEADS and weights is not None:
            place = weights.name.rpartition(".")[0]
            name = re.sub(r"_\d+$", "", place) if weights.shape[0] == 1 else place
            places.setdefault(name, _Place()).weights.append(weights)
            places[name].found.append(node)
    return {name: place for name, place in places.items() if _same_width(place)}


def _same_width(place: _Place) -> bool:
    return all(a.shape[1] == b.shape[1] for a, b in pairwise(place.weights))


OF_ONE_TEXT: dict[str, Where] = {
    "itself": lambda i, j, n: i == j,
    "before": lambda i, j, n: j == i - 1,
    "back2": lambda i, j, n: j == i - 2,
    "back3": lambda i, j, n: j == i - 3,
    "after": lambda i, j, n: j == i + 1,
}
"""The patterns within one text."""
OF_TWO_TEXTS: dict[str, Where] = {
    "place": lambda i, j, n: i == j,
    "place_after": lambda i, j, n: j == i + 1,
    "place_before": lambda i, j, n: j == i - 1,
    "mirror": lambda i, j, n: j == n - 1 - i,
    "last": lambda i, j, n: j + 0 * i == n - 1,
}
"""The patterns of queries from one text, and keys from another."""
OF_BOTH: dict[str, Where] = {"first": lambda i, j, n: j + 0 * i == 0}


def thing(look: Look) -> str:
    """Return what a head looks at, in words."""
    words = {
        "itself": _("the word itself"),
        "before": _("the word before"),
        "back2": _("two words back"),
        "back3": _("three words back"),
        "after": _("the word after"),
        "place": _("the word at the same place"),
        "place_after": _("the word one place further on"),
        "place_before": _("the word one place before"),
        "mirror": _("the word as far from the end as this one is from the start"),
        "first": _("the first word"),
        "last": _("the last word"),
        "same": _("the same word elsewhere"),
        "after_same": _("the word after the same word"),
        "next": _("the word that is to be written"),
        "word": _("the word “{word}”").format(word=look.word),
    }
    return words[look.pattern]
