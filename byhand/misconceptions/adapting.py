"""Misconceptions about what is done while a model learns: adapters, dropout, clipping, and losses that compare."""

from __future__ import annotations

from byhand.core.graph import Node
from byhand.core.ops import add, div, exp, greater, matmul, maximum, mean, mul, negate, sqrt, sub, sum_, where
from byhand.core.roles import Role
from byhand.misconceptions.patterns import ANY, Pattern, bare, itself, piece
from byhand.misconceptions.rewriting import mistake

adapter = Pattern(mul, ANY, piece(matmul), symbol="change*")
"""α / r × (x A) B: (the product,)."""
adapted = Pattern(add, ANY, piece(mul, symbol="change*"))
"""x W + what the adapter adds: (what it adds,)."""
scaled_up = Pattern(div, piece(mul), Pattern(sub, ANY, piece(symbol="p")))
"""What dropout leaves / (1 − p): (what it leaves, p)."""
left = Pattern(mul, piece(), piece(symbol="mask"), symbol="left")
length = Pattern(sqrt, piece(), symbol="length")
clipped_gradient = Pattern(
    mul, piece(), Pattern(div, piece(), Pattern(maximum), symbol="factor"), symbol="clipped_*", role=Role.RESULT
)
"""g × c / max(length, c): (g, c)."""
squared_temperature = Pattern(mul, Pattern(mul), piece(mean), symbol="scaled")
"""T² × mean soft loss: (the mean,)."""
soft_losses = Pattern(negate, Pattern(sum_, Pattern(mul, Pattern(exp, piece(), symbol="q"), piece())))
"""−Σ q ln p: (ln q, ln p)."""
balanced = Pattern(mul, ANY, piece(sum_, Pattern(mul, piece(symbol="share"), piece(symbol="mean_p"))), symbol="balance")
"""experts × Σ share × mean p: (the sum, share, mean p)."""
unit = Pattern(div, piece(), Pattern(maximum, piece(symbol="length")), symbol="unit")
sharpened = Pattern(mul, piece(symbol="scale"), piece(symbol="cosine"), symbol="logits")
both_ways = Pattern(
    div, Pattern(add, piece(mean, symbol="mean_loss"), Pattern(mean, symbol="mean_loss")), symbol="loss"
)
margin = Pattern(sub, piece(), piece(), symbol="margin")
pair_losses = Pattern(negate, Pattern(None, piece(symbol="preference")), role=Role.LOSSES)
log_ratio = Pattern(sub, piece(), piece(), symbol="log_ratio")
reward = Pattern(mul, ANY, piece(symbol="log_ratio"), symbol="reward")
ratio = Pattern(exp, Pattern(sub, piece(), piece(), symbol="moved"), symbol="ratio")
gain = Pattern(where, ANY, piece(symbol="gain_clipped"), piece(symbol="gain_plain"), symbol="gain")
advantage = Pattern(div, Pattern(sub, piece(), ANY, symbol="deviation"), piece(), symbol="advantage")
"""(r − mean) / (σ + ε): (r, σ + ε)."""
advantage_of_group = Pattern(div, piece(sub, symbol="deviation"), symbol="advantage")
distance = itself(Pattern(sub, Pattern(sub, Pattern(exp), piece(symbol="back")), symbol="kl"))
counted = Pattern(mul, piece(), piece(symbol="words"), symbol="counted")


def of_its_own_length(g: Node, c: Node) -> Node:
    """Return a gradient that is clipped by the length of its own table."""
    return g * (c / maximum(sqrt((g * g).sum(1).sum(0)), c))


ADAPTED = (
    mistake(
        "adapter-not-scaled",
        "You left out α / r: what A and B add is multiplied by it before it is added.",
        (adapter, lambda product: product),
    ),
    mistake(
        "frozen-weight-left-out",
        "You gave what A and B add alone; it is added to what the frozen weight W gives.",
        (adapted, lambda change: change),
    ),
    mistake(
        "kept-not-scaled-up",
        "You left the kept numbers as they are; each is divided by 1 − p, so that the mean stays.",
        (scaled_up, lambda left, p: left),
    ),
    mistake(
        "scaled-by-the-dropped-share",
        "You divided by p; the kept numbers are divided by 1 − p, the share that is kept.",
        (scaled_up, lambda left, p: left / p),
    ),
    mistake(
        "kept-and-dropped-swapped",
        "You kept the numbers that are dropped: 1 in the mask stays, and 0 becomes 0.",
        (left, lambda x, mask: x * (1 - mask)),
    ),
    mistake(
        "length-without-its-root",
        "You stopped at the sum of the squares; the length of the gradients is its square root.",
        (length, lambda squares: bare(squares)),
    ),
    mistake(
        "each-clipped-by-itself",
        "You clipped each table by its own length; all gradients together have one length and one factor.",
        (clipped_gradient, of_its_own_length),
    ),
)

COMPARED = (
    mistake(
        "temperature-not-squared-back",
        "You left out T²: without it the soft loss hardly counts at a high temperature.",
        (squared_temperature, lambda soft: bare(soft)),
    ),
    mistake(
        "teacher-and-student-swapped",
        "You swapped teacher and student: the teacher's probabilities weigh the student's logarithms.",
        (soft_losses, lambda log_q, log_p: -(exp(log_p) * log_q).sum(1)),
    ),
    mistake(
        "experts-not-counted",
        "You left out the number of experts, with which the sum of the products is multiplied.",
        (balanced, lambda total, share, p: bare(total)),
    ),
    mistake(
        "probabilities-squared",
        "You took the mean probability twice; it is multiplied by the share of the words that an expert gets.",
        (balanced, lambda total, share, p: int(p.shape[1]) * (p * p).sum(1)),
    ),
    mistake(
        "rows-as-long-as-they-are",
        "You compared the rows as they are; each is first divided by its length, so that only its direction counts.",
        (unit, lambda row, length: row),
    ),
    mistake(
        "scale-left-out",
        "You left out the scale e^t: without it no softmax of numbers from −1 to 1 is ever sure.",
        (sharpened, lambda scale, cosine: cosine),
    ),
    mistake(
        "one-way-only",
        "You stopped at one way; the loss is the mean of both, from pictures to texts and back.",
        (both_ways, lambda loss: bare(loss)),
    ),
)

PREFERRED = (
    mistake(
        "rejected-less-chosen",
        "You took the rejected answer less the chosen one; the margin is chosen less rejected.",
        (margin, lambda chosen, rejected: rejected - chosen),
    ),
    mistake(
        "preference-for-the-loss",
        "You gave 1 − p; the loss of a pair is minus the logarithm of p.",
        (pair_losses, lambda p: 1 - p),
    ),
    mistake(
        "reference-left-out",
        "You left out the reference: its log-probability is taken from that of the policy.",
        (log_ratio, lambda policy, reference: policy),
    ),
    mistake(
        "reference-divided",
        "You divided by the reference's logarithm; a ratio of probabilities is a difference of their logarithms.",
        (log_ratio, lambda policy, reference: policy / reference),
        (ratio, lambda new, old: new / old),
    ),
    mistake(
        "beta-left-out",
        "You left out β, with which each log-ratio is multiplied to make a reward.",
        (reward, lambda log_ratio: log_ratio),
    ),
    mistake(
        "gain-not-clipped",
        "You took the ratio as it is; where the clipped one gains less, that one counts.",
        (gain, lambda clipped, plain: plain),
    ),
    mistake(
        "larger-gain",
        "You took the larger of the two gains; the smaller one counts, so that no step is worth too much.",
        (gain, lambda clipped, plain: where(greater(plain, clipped), plain, clipped)),
    ),
    mistake(
        "reward-for-the-advantage",
        "You divided the reward itself; the mean of the group is taken away first.",
        (advantage, lambda r, spread: r / spread),
    ),
    mistake(
        "advantage-not-divided",
        "You stopped at the difference from the mean; it is divided by the standard deviation of the group.",
        (advantage_of_group, lambda deviation: deviation),
    ),
    mistake(
        "difference-for-the-distance",
        "You took the difference of the logarithms; the distance is e^x − x − 1, which is never below 0.",
        (distance, lambda kl, back: -back),
    ),
    mistake(
        "words-after-the-end",
        "You counted words after an answer's end; what stands there gains nothing.",
        (counted, lambda gains, words: gains),
    ),
)
