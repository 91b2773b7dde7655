"""Learning from preferences and rewards: direct preference optimisation, and advantages within a group."""

from __future__ import annotations

from byhand.derivations.derivation import at_most, derivation, equals, start
from byhand.derivations.functions import d, exp, ln, root, sigmoid
from byhand.derivations.terms import Definition, Variable, defined, number, one, places, size, total, zero
from byhand.derivations.topic_page import Page, means

n = size("n", 2, 3)
i, j, k = places("i j k", n)
r, q, z = Variable("r"), Variable("q", "positive"), Variable("z")
beta = number("β", "positive")
w, l, v, u = (number(name) for name in ("a", "b", "c", "d"))  # noqa: E741  the paper's letter

Z = defined("Z", total(k, q[k] * exp(r[k] / beta)))
best = Definition("π", lambda at: q[at] * exp(r[at] / beta) / Z)
p = Definition("p", lambda at: exp(z[at]) / total(k, exp(z[k])))
margin = defined("m", beta * (w - v - (l - u)))


def dpo() -> Page:
    """n answers with rewards r and probabilities q under the reference; p of any policy."""
    return (
        "A policy p is to earn rewards r, but every step away from a reference q costs: the objective is the mean "
        "reward less β times the distance of p from q (their KL divergence). With",
        means(Z),
        means(best[i]),
        "which adds up to 1, the objective says what the best policy is:",
        derivation(
            "The objective is a distance from π",
            "β ln Z is the same for every policy; a KL divergence is smallest, 0, where both are the same: at p = π.",
            start(total(i, p[i] * r[i]) - beta * total(i, p[i] * ln(p[i] / q[i]))),
            equals(-(beta * total(i, p[i] * (ln(p[i] / q[i]) - r[i] / beta))), "one sum, with −β in front"),
            equals(-(beta * total(i, p[i] * ln(p[i] / (q[i] * exp(r[i] / beta))))), "a − b = a − ln e^b"),
            equals(beta * ln(Z) - beta * total(i, p[i] * ln(p[i] / best[i])), "Z times over Z; p adds up to 1"),
        ),
        derivation(
            "The reward, from the best policy",
            "Turned round: a policy is the best one for some reward, which it shows by its own probabilities.",
            start(beta * ln(best[i] / q[i]) + beta * ln(Z)),
            equals(beta * ln(exp(r[i] / beta) / Z) + beta * ln(Z), "put in what π is; q cancels"),
            equals(r[i], "ln (a / b) = ln a − ln b; ln Z cancels"),
        ),
        "Bradley and Terry: answer i is better than answer j with probability sigmoid(r_i − r_j). So Z, a sum over all "
        "answers that nobody could compute, is not needed:",
        derivation(
            "Z cancels in a comparison",
            "What is left are four probabilities: of both answers, under the policy and under the reference.",
            start(sigmoid(r[i] - r[j])),
            equals(
                sigmoid(beta * ln(best[i] / q[i]) + beta * ln(Z) - (beta * ln(best[j] / q[j]) + beta * ln(Z))),
                "each reward, from the best policy",
            ),
            equals(sigmoid(beta * (ln(best[i] / q[i]) - ln(best[j] / q[j]))), "β ln Z cancels"),
        ),
        "For a pair, let a and b be the log-probabilities of the chosen and the rejected answer under the policy, and "
        "c and d those under the reference:",
        means(margin),
        derivation(
            "The gradient for the chosen answer",
            "A pair that is already told apart moves little; one that is the wrong way round moves by nearly β.",
            start(d(-ln(sigmoid(margin)), w)),
            equals(-(beta * (1 - sigmoid(margin))), "the derivative of ln sigmoid(m) is 1 − sigmoid(m); of m by a, β"),
            equals(beta * (sigmoid(margin) - 1), "p − 1, β times: for the rejected answer its opposite"),
        ),
    )


mean = defined("μ", total(k, r[k]) / n)
sigma = defined("σ", root(total(k, (r[k] - mean) ** 2) / n))
A = Definition("A", lambda at: (r[at] - mean) / sigma)
s = number("s", "positive")
shift, x = number("b"), number("x")
y = Variable("y")
reference = Definition("q", lambda at: exp(y[at]) / total(k, exp(y[k])))
advantage, old = number("A"), number("o")


def grpo() -> Page:
    """n answers to one prompt, with rewards r."""
    return (
        "GRPO needs no model of how good a prompt's answers are on average: it draws n of them and takes their mean.",
        means(mean),
        means(sigma),
        means(A[i]),
        derivation(
            "The advantages of a group add up to 0",
            "What is better than the others' mean is made likelier, at the cost of what is worse.",
            start(total(i, A[i])),
            equals((total(i, r[i]) - n * mean) / sigma, "σ is the same for all; n times μ"),
            equals(zero, "n μ is the sum of the rewards"),
        ),
        derivation(
            "Their mean square is 1",
            "So a step is as long for easy prompts as for hard ones; Dr. GRPO leaves the division out for this reason.",
            start(total(i, A[i] ** 2) / n),
            equals(total(i, (r[i] - mean) ** 2) / n / sigma**2, "σ is the same for all"),
            equals(one, "σ² is this mean of squares"),
        ),
        derivation(
            "Other units of reward change nothing",
            "Rewards s r + b, with s above 0: μ becomes s μ + b, and σ becomes s σ.",
            start((s * r[i] + shift - (s * mean + shift)) / (s * sigma)),
            equals(s * (r[i] - mean) / (s * sigma), "b cancels"),
            equals(A[i], "s cancels"),
        ),
        "The ratio of a word's probability now to that when it was drawn is e^(x − o), of the two log-probabilities. "
        "Where it is not clipped:",
        derivation(
            "The gradient of a gain",
            "At first the ratio is 1, and the gradient is the advantage itself: the policy gradient (Williams 1992).",
            start(d(exp(x - old) * advantage, x)),
            equals(exp(x - old) * advantage, "e^x is its own derivative"),
        ),
        "Where it is clipped, the gain is (1 ± ε) A, in which x no longer is: the gradient is 0. The distance from the "
        "reference is estimated by e^t − t − 1, with t = ln (q / p):",
        derivation(
            "Its mean is the KL divergence",
            "Over the words as the policy p draws them; q is the reference.",
            start(total(i, p[i] * (reference[i] / p[i] - ln(reference[i] / p[i]) - 1))),
            equals(total(i, reference[i]) - total(i, p[i] * ln(reference[i] / p[i])) - total(i, p[i]), "multiply out"),
            equals(-total(i, p[i] * ln(reference[i] / p[i])), "p and q add up to 1 each"),
            equals(total(i, p[i] * ln(p[i] / reference[i])), "−ln (a / b) = ln (b / a)"),
        ),
        derivation(
            "It is never below 0",
            "Unlike −t alone, which has the same mean: so it varies less.",
            start(zero),
            at_most(exp(x) - x - 1, "e^x lies above its tangent at 0, which is x + 1"),
        ),
    )
