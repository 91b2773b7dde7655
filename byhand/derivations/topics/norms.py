"""Layer norm and RMS norm: forward, gradient in closed form, and what they do not notice."""

from __future__ import annotations

from byhand.derivations.derivation import Derivation, derivation, equals, start
from byhand.derivations.example import example
from byhand.derivations.functions import d, delta, mean, root
from byhand.derivations.terms import Definition, Term, Variable, defined, number, places, size, total, zero
from byhand.derivations.topic_page import Page, means

n = size("n")
i, j, k = places("i j k", n)
x, g, gain, bias = Variable("x"), Variable("g"), Variable("γ"), Variable("β")
e, c, a = number("ε", "positive"), number("c"), number("a", "positive")

mu = defined("μ", mean(k, x[k]))
sigma = defined("σ", root(mean(k, (x[k] - mu) ** 2) + e))
hat = Definition("x̂", lambda at: (x[at] - mu) / sigma)
y = Definition("y", lambda at: gain[at] * hat[at] + bias[at])
upstream = defined("L", total(j, g[j] * hat[j]))
outputs = defined("L", total(j, g[j] * (gain[j] * hat[j] + bias[j])))

rms = defined("r", root(mean(k, x[k] ** 2) + e))
scaled = Definition("x̂", lambda at: x[at] / rms)
upstream_rms = defined("L", total(j, g[j] * scaled[j]))


def layer_norm() -> Page:
    """A row x of n numbers; g is the gradient that comes back to x̂."""
    return (
        "Layer norm takes the mean off a row, divides by the standard deviation, and gives columns a gain and a bias.",
        means(mu),
        means(sigma),
        means(hat[i]),
        means(y[i]),
        derivation(
            "The normed row has mean 0",
            "Whatever the row was.",
            start(mean(i, hat[i])),
            equals(total(i, x[i] - mu) / (n * sigma), "σ is the same in every term"),
            equals((total(i, x[i]) - n * mu) / (n * sigma), "μ is taken off n times"),
            equals(zero, "n μ is the sum"),
        ),
        derivation(
            "Its variance is 1, but for ε",
            "ε keeps the root away from 0; where the variance is large against it, the result is 1.",
            start(mean(i, hat[i] ** 2)),
            equals(mean(i, (x[i] - mu) ** 2) / sigma**2, "σ is the same in every term"),
            equals((sigma**2 - e) / sigma**2, "the variance is σ² without ε"),
            equals(1 - e / sigma**2, "divide each term"),
        ),
        *_layer_norm_invariance(),
        "Now backward. Three small derivatives first: of the mean, of the deviation, of the normed row.",
        *_layer_norm_derivatives(),
        "Let g_j be ∂L / ∂x̂_j, what comes back to the normed row. To the first order L is then the sum:",
        means(upstream),
        _layer_norm_gradient(),
        derivation(
            "The gradient adds up to 0",
            "Forward a shift changes nothing, so backward nothing pushes the row as a whole.",
            start(total(i, g[i] - mean(j, g[j]) - hat[i] * mean(j, g[j] * hat[j]))),
            equals(
                total(i, g[i]) - n * mean(j, g[j]) - total(i, hat[i]) * mean(j, g[j] * hat[j]),
                "each sum by itself",
            ),
            equals(total(i, g[i]) - total(j, g[j]), "n means are the sum, and the normed row adds up to 0"),
            equals(zero, "the same sum twice"),
        ),
        *_gain_and_bias(hat, outputs),
        "In numbers, with ε = 0: the row 1, 2, 6 has mean 3 and variance 14/3.",
        example("The row, centred and normed", [x[i], x[i] - mu, hat[i]], {x: (1, 2, 6), e: 0}, i),
    )


def _layer_norm_invariance() -> Page:
    shifted = mean(k, x[k] + c)
    stretched = mean(k, a * x[k])
    return (
        derivation(
            "A shift changes nothing",
            "The same number c added to every column of the row is taken off with the mean.",
            start(
                (x[i] + c - shifted) / root(mean(k, (x[k] + c - shifted) ** 2) + e),
                "layer norm of the shifted row",
            ),
            equals(
                (x[i] + c - (mu + c)) / root(mean(k, (x[k] + c - (mu + c)) ** 2) + e),
                "the mean of x + c is μ + c",
            ),
            equals((x[i] - mu) / root(mean(k, (x[k] - mu) ** 2) + e), "c cancels in every difference"),
            equals(hat[i], "the normed row as it was"),
        ),
        derivation(
            "A scale changes nothing, but for ε",
            "A row that is a times as long gives the same, with an ε that counts for less by a².",
            start(
                (a * x[i] - stretched) / root(mean(k, (a * x[k] - stretched) ** 2) + e),
                "layer norm of the row times a, a > 0",
            ),
            equals(a * (x[i] - mu) / root(a**2 * mean(k, (x[k] - mu) ** 2) + e), "the mean of a x is a μ: take a out"),
            equals(
                a * (x[i] - mu) / (a * root(mean(k, (x[k] - mu) ** 2) + e / a**2)),
                "a² out of the root is a, as a > 0",
            ),
            equals((x[i] - mu) / root(mean(k, (x[k] - mu) ** 2) + e / a**2), "cancel a: with ε = 0 it is gone"),
        ),
    )


def _layer_norm_derivatives() -> Page:
    variance = mean(k, (x[k] - mu) ** 2)
    return (
        derivation(
            "How the mean answers to a column",
            "Each column counts for one part in n.",
            start(d(mu, x[i])),
            equals(mean(k, delta(k, i)), "∂x_k / ∂x_i is 1 if k = i, else 0"),
            equals(1 / n, "δ_ki is 1 once"),
        ),
        derivation(
            "How the deviation answers",
            "A column above the mean widens the row, one below narrows it.",
            start(d(sigma, x[i])),
            equals(d(variance, x[i]) / (2 * sigma), "the derivative of √u is u′ / (2 √u)"),
            equals(
                mean(k, 2 * (x[k] - mu) * (delta(k, i) - 1 / n)) / (2 * sigma),
                "chain rule in each term, with ∂μ / ∂x_i = 1 / n",
            ),
            equals((x[i] - mu) / (n * sigma), "of δ_ki only k = i is left; the differences from the mean add up to 0"),
            equals(hat[i] / n, "by the definition of x̂"),
        ),
        derivation(
            "How the normed row answers",
            "Column j answers to column i directly, through the mean, and through the deviation.",
            start(d(hat[j], x[i])),
            equals(
                ((delta(i, j) - d(mu, x[i])) * sigma - (x[j] - mu) * d(sigma, x[i])) / sigma**2,
                "quotient rule",
            ),
            equals((delta(i, j) - d(mu, x[i]) - hat[j] * d(sigma, x[i])) / sigma, "divide by σ; (x_j − μ) / σ is x̂_j"),
            equals((delta(i, j) - 1 / n - hat[i] * hat[j] / n) / sigma, "put in the two derivatives from above"),
        ),
    )


def _layer_norm_gradient() -> Derivation:
    return derivation(
        "The gradient in closed form",
        "What comes back, without its mean, and without its part along x̂: both norms are undone.",
        start(d(upstream, x[i])),
        equals(total(j, g[j] * d(hat[j], x[i])), "chain rule"),
        equals(
            total(j, g[j] * ((delta(i, j) - 1 / n - hat[i] * hat[j] / n) / sigma)),
            "the derivative of the normed row, from above",
        ),
        equals(
            1 / sigma * (g[i] - mean(j, g[j]) - hat[i] * mean(j, g[j] * hat[j])),
            "take 1 / σ out; each sum by itself, and of δ_ij only j = i is left",
        ),
    )


def _gain_and_bias(normed: Definition, loss: Term) -> Page:
    return (
        "With gain and bias, L depends on them through y. Now g_j is ∂L / ∂y_j, and ∂L / ∂x̂_j is g_j γ_j:",
        means(loss),
        derivation(
            "The gradient of the gain",
            "Over several tokens, the sum of this over all of them.",
            start(d(loss, gain[i])),
            equals(total(j, g[j] * delta(i, j) * normed[j]), "only column i has the gain γ_i"),
            equals(g[i] * normed[i], "j = i is left"),
        ),
        derivation(
            "The gradient of the bias",
            "Over several tokens, the sum of this over all of them.",
            start(d(loss, bias[i])),
            equals(total(j, g[j] * delta(i, j)), "only column i has the bias β_i"),
            equals(g[i], "j = i is left"),
        ),
    )


def rms_norm() -> Page:
    """A row x of n numbers; g is the gradient that comes back to x̂."""
    r2 = mean(k, x[k] ** 2)
    gained = defined("L", total(j, g[j] * (gain[j] * scaled[j])))
    return (
        "RMS norm divides a row by its root mean square. It takes no mean off, and so saves half of layer norm's work.",
        means(rms),
        means(scaled[i]),
        derivation(
            "The normed row has mean square 1, but for ε",
            "Where the row is large against ε, exactly 1.",
            start(mean(i, scaled[i] ** 2)),
            equals(mean(i, x[i] ** 2) / rms**2, "r is the same in every term"),
            equals((rms**2 - e) / rms**2, "the mean square is r² without ε"),
            equals(1 - e / rms**2, "divide each term"),
        ),
        derivation(
            "A scale changes nothing, but for ε",
            "A row that is a times as long gives the same, with an ε that counts for less by a².",
            start(a * x[i] / root(mean(k, (a * x[k]) ** 2) + e), "RMS norm of the row times a, a > 0"),
            equals(a * x[i] / (a * root(r2 + e / a**2)), "a² out of the root is a, as a > 0"),
            equals(x[i] / root(r2 + e / a**2), "cancel a: with ε = 0 it is gone"),
        ),
        derivation(
            "A shift does change it",
            "The mean square of the shifted row has grown by 2 c μ + c²: this is what layer norm takes care of.",
            start(mean(k, (x[k] + c) ** 2), "the mean square of the shifted row"),
            equals(mean(k, x[k] ** 2) + 2 * c * mean(k, x[k]) + c**2, "multiply out; each mean by itself"),
            equals(r2 + 2 * c * mu + c**2, "μ is the mean of the row"),
        ),
        "Backward, as for layer norm. First the root mean square, then the normed row.",
        *_rms_derivatives(r2),
        "Let g_j be ∂L / ∂x̂_j, what comes back to the normed row. To the first order L is then the sum:",
        means(upstream_rms),
        derivation(
            "The gradient in closed form",
            "What comes back, without its part along x̂.",
            start(d(upstream_rms, x[i])),
            equals(total(j, g[j] * d(scaled[j], x[i])), "chain rule"),
            equals(total(j, g[j] * ((delta(i, j) - scaled[i] * scaled[j] / n) / rms)), "from above"),
            equals(
                1 / rms * (g[i] - scaled[i] * mean(j, g[j] * scaled[j])),
                "take 1 / r out; of δ_ij only j = i is left",
            ),
        ),
        "With a gain, y_j = γ_j x̂_j. Now g_j is ∂L / ∂y_j, and ∂L / ∂x̂_j is g_j γ_j:",
        means(gained),
        derivation(
            "The gradient of the gain",
            "Over several tokens, the sum of this over all of them.",
            start(d(gained, gain[i])),
            equals(g[i] * scaled[i], "only column i has the gain γ_i"),
        ),
        "In numbers, with ε = 0: the row 1, 2, 2 has mean square 3.",
        example("The row and its norm", [x[i], scaled[i]], {x: (1, 2, 2), e: 0}, i),
    )


def _rms_derivatives(square: Term) -> Page:
    return (
        derivation(
            "How the root mean square answers",
            "Each column counts by its own size.",
            start(d(rms, x[i])),
            equals(d(square, x[i]) / (2 * rms), "the derivative of √u is u′ / (2 √u)"),
            equals(2 * x[i] / n / (2 * rms), "only the term k = i depends on x_i"),
            equals(scaled[i] / n, "cancel 2; x_i / r is x̂_i"),
        ),
        derivation(
            "How the normed row answers",
            "Column j answers to column i directly, and through r.",
            start(d(scaled[j], x[i])),
            equals((delta(i, j) * rms - x[j] * d(rms, x[i])) / rms**2, "quotient rule"),
            equals((delta(i, j) - scaled[i] * scaled[j] / n) / rms, "divide by r, with ∂r / ∂x_i = x̂_i / n"),
        ),
    )
