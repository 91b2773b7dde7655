"""A training as its pages tell it: the text, the model's guesses before and after, and the first step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from byhand.core.graph import Array
from byhand.core.labels import Labels
from byhand.lessons.build import model_of
from byhand.lessons.corpus import Corpus, set_aside
from byhand.lessons.first_step import FirstStep, first_step
from byhand.lessons.lesson import Lesson
from byhand.lessons.measures import Beginning, Guess, beginnings, guesses, loss_of
from byhand.lessons.training import Loss
from byhand.lessons.training_record import TrainingRecord, corpus_of, record_of, start_of


@dataclass(frozen=True)
class Story:
    """What a recipe states of its training, and what was learnt: all that the pages show.

    before, after: the model's guesses at the examples, with the weights before and after. aside: the numbers of the
    examples that were held out. weights: of each weight the numbers before it learnt, by its name.
    """

    stated: TrainingRecord
    corpus: Corpus
    step: FirstStep | None
    before: list[dict[int, Guess]]
    after: list[dict[int, Guess]]
    aside: set[int]
    beginnings: list[Beginning]
    given: str
    weights: dict[str, Array]

    @property
    def curve(self) -> list[list[float]]:
        """The losses on the way as the recipe states them; else those before the first step and after the last."""
        if self.stated.curve:
            return self.stated.curve
        ends = ((0, self.before), (self.stated.steps, self.after))
        aside = [[loss_of(self.held_out(of))] if self.aside else [] for _, of in ends]
        return [[n, loss_of(self.learnt_from(of)), *more] for (n, of), more in zip(ends, aside, strict=True)]

    def learnt_from(self, of: list[dict[int, Guess]]) -> list[dict[int, Guess]]:
        """Return the guesses at examples that were not held out."""
        return [guess for n, guess in enumerate(of) if n not in self.aside]

    def held_out(self, of: list[dict[int, Guess]]) -> list[dict[int, Guess]]:
        """Return the guesses at examples that were held out."""
        return [guess for n, guess in enumerate(of) if n in self.aside]


def story_of(lesson: Lesson) -> Story | None:
    """Return what a lesson's recipe states of its training; None if it states none, or shows a backward pass itself."""
    stated = record_of(lesson.recipe)
    if stated is None or lesson.recipe.backward:
        return None
    corpus = corpus_of(lesson.recipe, stated)
    start = start_of(lesson.recipe, stated)
    architecture, options = model_of(start)
    untrained = Loss(start, corpus.examples)
    trained = Loss(replace(start, set=lesson.recipe.set), corpus.examples)
    before, after = (guesses(loss, corpus.examples, loss.start()) for loss in (untrained, trained))
    aside = set(set_aside(corpus, stated.hold_out, stated.options.seed)) if stated.hold_out else set()
    logits = trained.lesson.graph.logits
    assert logits is not None
    answers = logits.shape[1].labels
    assert isinstance(answers, Labels)
    words = [*(vocabulary.words for vocabulary in architecture.vocabularies(options)), answers.words]
    inside = [n for n in range(len(corpus.examples)) if n not in aside]
    found = beginnings(architecture, words, [corpus.examples[n] for n in inside], [after[n] for n in inside])
    kinds = {
        "the whole picture": "pixels" in architecture.takes,
        "the source and the words of its target before it": "target_ids" in architecture.takes,
        "all words before it in its sequence": "generate" in architecture.takes,
    }
    given = next((text for text, fits in kinds.items() if fits), "all other words of its line")
    weights = untrained.tables(untrained.start())
    return Story(stated, corpus, first_step(lesson, stated, corpus), before, after, aside, found, given, weights)
