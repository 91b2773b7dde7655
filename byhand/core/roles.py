"""The role of a table (input, weight, gradient ...) and the style of its cells that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """The style of a cell; the legend of a workbook says what each means."""

    INPUT = "input"
    WEIGHT = "weight"
    COMPUTED = "computed"
    SHOWN = "shown"
    ATTENTION = "attention"
    RESULT = "result"
    GRADIENT = "gradient"
    UPDATED = "updated"
    ANSWER = "answer"
    SCRATCH = "scratch"


@dataclass(frozen=True)
class Traits:
    """The properties of a role.

    look: the style of computed cells. given_look, given_words: the style of cells whose numbers are
    given, and what the table is called then. shared: a number of the whole model, which lives on the home page.
    followed: whether gradients flow through the table. blank: whether 0 stands for nothing, and its cell looks empty.
    shaded: whether a larger number has a darker cell.
    """

    look: Look = Look.COMPUTED
    given_look: Look = Look.INPUT
    given_words: str = "given"
    shared: bool = False
    followed: bool = True
    blank: bool = False
    shaded: bool = False


class Role(StrEnum):
    """The role of a table: its name, a description in `words`, and its properties (see Traits)."""

    words: str
    traits: Traits

    def __new__(cls, value: str, words: str = "", traits: Traits = Traits()) -> Role:
        role = str.__new__(cls, value)
        role._value_ = value
        role.words, role.traits = words, traits
        return role

    @classmethod
    def _missing_(cls, value: object) -> Role | None:
        raise ValueError(f"{value!r} is no role: add it to Role in core/roles.py, or take one of {', '.join(cls)[2:]}.")

    NONE = "", "a step on the way"

    # What is given
    INPUT = "input", "what is put into the model"
    TOKENS = (
        "tokens",
        "the words of a text",
        Traits(given_look=Look.COMPUTED, given_words="the words, by their numbers in the vocabulary"),
    )
    WEIGHT = "weight", "what the model has learnt", Traits(given_look=Look.WEIGHT, given_words="weights")
    FROZEN = (
        "frozen",
        "a weight that learns no more",
        Traits(given_look=Look.WEIGHT, given_words="frozen weights", followed=False),
    )
    MASK = "mask", "which words may be seen", Traits(given_words="1 where a word may be seen, 0 where not")
    CONSTANT = (
        "constant",
        "a number that the whole model shares",
        Traits(given_words="a constant of the model", shared=True),
    )
    SETTING = "setting", "a number that a reader may choose", Traits(shared=True)
    GIVEN = "given", "a table that is given beside the input"
    FEATURES = "features", "what stands for a query or a key in place of its exponentials"

    # Positions
    POSITIONS = "positions", "what the place of a word adds"
    RATE = "rate", "how fast an angle grows from place to place"
    TURNED = "turned", "a table whose pairs have changed places, the first with a minus"
    ROTATED = "rotated", "a table whose pairs are turned by the angles of their places"

    # Attention
    LATENT = "latent", "a short row from which keys and values are made"
    SCORES = "scores", "how well each query fits each key"
    SCALE = "scale", "scores divided by √d_k"
    TEMPERATURE = "temperature", "scores divided by the temperature"
    CAP = "cap", "scores that a soft cap keeps small"
    BIAS = "bias", "scores with what is added for the distance"
    ATTENTION = "attention", "how much each query looks at each key", Traits(look=Look.ATTENTION)
    HEADS = "heads", "what a head found: its weights times its values"

    # Softmax, norms and losses
    SHIFT = "shift", "the largest of each row, which a softmax takes away", Traits(followed=False)
    SHIFTED = "shifted", "each number less the largest of its row"
    EXP = "exp", "e to the power of each number"
    TOTAL = "total", "the sum of each row"
    SOFTMAX = "softmax", "the shares of a row, which add up to 1"
    LOG_SOFTMAX = "log_softmax", "the logarithms of those shares"
    MEAN = "mean", "the mean of each row"
    DEVIATION = "deviation", "each number less the mean of its row"
    VARIANCE = "variance", "the mean square of the deviations"
    MEAN_SQUARE = "mean_square", "the mean of the squares of each row"
    ROOT = "root", "what a norm divides by"
    NORM = "norm", "each number over its row's root"
    LOSSES = "losses", "the loss of each word"

    # Layers
    RESIDUAL = "residual", "a sublayer's result added to what came in"
    ACTIVATION = "activation", "what an activation function lets through"
    GATES = "gates", "the share of each chosen expert"
    GATE = "gate", "how much passes, or what may pass"
    STATE = "state", "what is carried from word to word"
    STEP_SIZE = "step_size", "how far a state moves with each word"
    MEMORY = "memory", "what is remembered of the text before, without learning from it again", Traits(followed=False)
    REMEMBERED = "remembered", "what is kept for the text that follows"

    # Pieces of words
    IDS = "ids", "pieces by their numbers", Traits(given_words="the letters, by their numbers", blank=True)
    PIECES = "pieces", "pieces of words"
    PAIRS = "pairs", "what stands side by side, by number", Traits(blank=True)
    COUNTS = "counts", "how often", Traits(given_words="how often each is there", blank=True, shaded=True)

    # Results and learning
    RESULT = "result", "a result of the model", Traits(look=Look.RESULT)
    GRADIENT = "gradient", "how the loss changes with each number", Traits(look=Look.GRADIENT)
    SHARE = "share", "one page's part of a gradient", Traits(look=Look.GRADIENT)
    UPDATED = "updated", "a weight after a training step", Traits(look=Look.UPDATED)
