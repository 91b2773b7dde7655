"""What a recipe states of how its weights were learnt: the text, the settings, and the losses on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any

from byhand.decoding import check_keys, record
from byhand.errors import ByhandError
from byhand.lessons.build import before_learning, model_of
from byhand.lessons.corpus import Corpus, corpus, corpus_of_ids
from byhand.lessons.recipe import Recipe
from byhand.lessons.training import Learnt, TrainingOptions

MOST_POINTS = 60
"""The most steps whose losses are recorded, closer together at the start, where the loss falls fastest."""
LONGEST_TEXT = 100_000
"""The most characters of a text that a recipe states, so that it can still be read."""


@dataclass(frozen=True)
class TrainingRecord:
    """A training that was done.

    text: its lines, or sequences: their ids. tokens: how lines are cut. hold_out: the share that was only tried. start:
    the numbers with which the model began, if they are not drawn or a folder's. curve: [steps taken, loss], and the
    held-out loss if there is one, to six digits; the last after all steps.
    """

    options: TrainingOptions
    text: list[str] = field(default_factory=list)
    sequences: list[list[int]] = field(default_factory=list)
    tokens: str = "words"
    hold_out: float = 0.0
    start: dict[str, Any] = field(default_factory=dict)
    curve: list[list[float]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """The number of steps that were taken."""
        return int(self.curve[-1][0]) if self.curve else self.options.steps

    def as_table(self) -> dict[str, Any]:
        """Return the record as the table `training` of a recipe, without what is as usual."""
        usual = asdict(TrainingOptions()) | {f.name: [] for f in fields(self)} | {"tokens": "words", "hold_out": 0.0}
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "options"}
        curve = own.pop("curve")
        table = own | asdict(self.options) | {"curve": curve}
        always = ("steps", "optimizer", "lr")
        return {
            name: value
            for name, value in table.items()
            if value is not None and (name in always or (value != usual[name] and value != {}))
        }


def record_of(recipe: Recipe) -> TrainingRecord | None:
    """Return a recipe's record of its training; None if it states no text. ByhandError for one that cannot be."""
    table = dict(recipe.training)
    if not table:
        return None
    where = "the recipe's [training]"
    names = {f.name for f in fields(TrainingOptions)}
    check_keys(table, [*sorted(names), *(f.name for f in fields(TrainingRecord) if f.name != "options")], where)
    options = record(TrainingOptions, {name: table.pop(name) for name in names & table.keys()}, where)
    stated = record(TrainingRecord, table | {"options": asdict(options)}, where)
    if any(len(point) != (3 if stated.hold_out else 2) for point in stated.curve):
        each = "[steps, loss, held-out loss]" if stated.hold_out else "[steps, loss]"
        raise ByhandError(f"Each point of the curve in {where} must be {each}.")
    steps = [point[0] for point in stated.curve]
    if any(n < 0 or n % 1 for n in steps) or any(n >= after for n, after in pairwise(steps)):
        raise ByhandError(f"The steps of the curve in {where} must be whole numbers that grow from point to point.")
    return stated if stated.text or stated.sequences else None


def recorded(corpus: Corpus, learnt: Learnt, options: TrainingOptions, share: float) -> dict[str, Any]:
    """Return the table `training` of a recipe for a training that was done; empty for a text that is too long.

    share: of the examples that were held out.
    """
    text, sequences = corpus.source.get("text", []), corpus.source.get("sequences", [])
    if sum(map(len, text)) > LONGEST_TEXT or sum(map(len, sequences)) > LONGEST_TEXT // 10:
        return {}
    losses = [*learnt.losses, learnt.final]
    last = len(losses) - 1
    shares = (n / MOST_POINTS for n in range(MOST_POINTS + 1))
    places = sorted({round(share**1.5 * last) for share in shares}) if last > MOST_POINTS else range(last + 1)
    curve = [[n, *(float(f"{x:.6g}") for x in (losses[n], *learnt.held_out[n : n + 1]))] for n in places]
    start = corpus.recipe.set
    return TrainingRecord(options, hold_out=share, start=start, curve=curve, **corpus.source).as_table()


def start_of(recipe: Recipe, stated: TrainingRecord) -> Recipe:
    """Return the recipe of the model before it learnt, for one sequence after the other."""
    own = {name: getattr(recipe, name) for name in ("title", "size", "seed", "words", "target_words", "lora")}
    return before_learning(Recipe(recipe.model, **own, set=stated.start))


def corpus_of(recipe: Recipe, stated: TrainingRecord) -> Corpus:
    """Return the examples from which a recipe's weights were learnt."""
    start = start_of(recipe, stated)
    architecture, sizes = model_of(start)
    if stated.sequences:
        return corpus_of_ids(stated.sequences, start, architecture, sizes)
    return corpus("\n".join(stated.text), start, architecture, sizes, stated.tokens)
