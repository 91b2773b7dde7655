"""Linear layers, heads that are added up, and paths around a layer."""

from __future__ import annotations

from sympy import Expr

from byhand.derivations.derivation import at_most, derivation, equals, start
from byhand.derivations.example import table_example
from byhand.derivations.functions import Unknown, cell, d, delta, dot, table, transposed
from byhand.derivations.terms import (
    Definition,
    Op,
    Term,
    Variable,
    Where,
    defined,
    number,
    places,
    product,
    size,
    total,
)
from byhand.derivations.topic_page import Page, means
from byhand.notation.tree import Maths, Name

T, n, m = size("T", 1, 2), size("n", 2, 3), size("m", 1, 2)
(t,) = places("t", T)
i, k = places("i k", n)
j, r = places("j r", m)
x, W, b, G = Variable("x"), Variable("W"), Variable("b"), Variable("G")

y = Definition("y", lambda row, column: total(k, x[row, k] * W[k, column]) + b[column])
loss = defined("L", total(t, total(j, G[t, j] * y[t, j])))
whole_x = table("x", T, n, lambda row, column: x[row, column])
whole_W = table("W", n, m, lambda row, column: W[row, column])
whole_G = table("G", T, m, lambda row, column: G[row, column])


def linear() -> Page:
    """T rows of n numbers, a weight with n rows and m columns, a bias of m numbers."""
    return (
        "A linear layer makes each column of its output as a weighted sum of the input's columns, plus a bias: "
        "y = x · W + b, one row for each word.",
        means(y[t, j]),
        "Let G be the gradient that comes back to y, so that to the first order the loss is",
        means(loss),
        derivation(
            "The gradient of x",
            "Backward, the weights are crossed the other way: ∂L / ∂x = G · Wᵀ.",
            start(d(loss, x[t, i])),
            equals(total(j, G[t, j] * d(y[t, j], x[t, i])), "chain rule; only row t of y has x_ti"),
            equals(total(j, G[t, j] * W[i, j]), "of the sum in y_tj, only the term k = i has x_ti"),
            equals(cell(dot(whole_G, transposed(whole_W)), t, i), "row t of G times row i of W"),
        ),
        derivation(
            "The gradient of W",
            "Each weight: what went in, times what comes back, added up over all words: ∂L / ∂W = xᵀ · G.",
            start(d(loss, W[i, j])),
            equals(total(t, G[t, j] * d(y[t, j], W[i, j])), "chain rule; every row of y has W_ij, in column j"),
            equals(total(t, x[t, i] * G[t, j]), "of the sum in y_tj, only the term k = i has W_ij"),
            equals(cell(dot(transposed(whole_x), whole_G), i, j), "a sum over rows of both: x turned over"),
        ),
        derivation(
            "The gradient of b",
            "The same bias is added to every word, so all words speak: the sum of each column of G.",
            start(d(loss, b[j])),
            equals(total(t, G[t, j] * d(y[t, j], b[j])), "chain rule"),
            equals(total(t, G[t, j]), "the bias counts once"),
        ),
        "In numbers: one word x = (1, 2), and G = (3, −1): the gradient of W is each input times each column of G.",
        table_example("∂L / ∂W", x[1, i] * G[1, j], i, j, {n: 2, m: 2, x: [[1, 2]], G: [[3, -1]]}, "gradient"),
    )


H, d_k, d_model = size("H", 1, 2, 3), size("d_k", 1, 2), size("d", 2)
h, u = places("h u", H)
(c,) = places("c", d_k)
(s,) = places("r", H * d_k)
rows = size("T", 2)
place, row = places("i t", rows)
(out,) = places("j", d_model)
(e,) = places("e", d_k)
Z, W_O = Variable("Z"), Variable("W")


class _Joined(Op):
    """Column r of the heads side by side: head 1's columns, then head 2's."""

    def show(self, args: tuple[Term, ...]) -> Maths:
        return Name("C", tuple(a.shown for a in args))

    def value(self, args: tuple[Term, ...], where: Where) -> Expr:
        row, at = (int(a.at(where)) for a in args)
        width = int(d_k.at(where))
        return Z[(at - 1) // width + 1, row, (at - 1) % width + 1].at(where)


def multi_head() -> Page:
    """H heads with d_k columns each; Z_hic is row i and column c of what head h gives."""
    joined = Term(_Joined(), (place, s))
    block = Definition("W_O", lambda head, row, column: W_O[(head - 1) * d_k + row, column])
    heads = [_head(a) for a in (1, 2)]
    weights = [_block(a) for a in (1, 2)]
    return (
        "Several heads attend side by side. Their results are written next to each other, in one wide table C, and "
        "multiplied by W_O. Column (h − 1) d_k + c of C is column c of head h.",
        derivation(
            "The heads' results add up",
            "Each head has its own rows of W_O, and adds its own part to every column of the output.",
            start(total(s, joined * W_O[s, out]), "row i of C times column j of W_O"),
            equals(
                total(h, total(c, Z[h, place, c] * W_O[(h - 1) * d_k + c, out])),
                "count the columns head by head: r = (h − 1) d_k + c",
            ),
            equals(total(h, total(c, Z[h, place, c] * block[h, c, out])), "W_O cut into blocks of d_k rows"),
        ),
        "As tables: concat(Z_1, …, Z_H) · W_O = Z_1 · W_1 + … + Z_H · W_H, where W_h is the block of head h.",
        derivation(
            "Two heads, as tables",
            "The same for two heads: no head reads what another writes; only the sum mixes them.",
            start(
                total(c, cell(heads[0], 1, c) * cell(weights[0], c, 1))
                + total(c, cell(heads[1], 1, c) * cell(weights[1], c, 1))
            ),
            equals(cell(dot(heads[0], weights[0]), 1, 1) + cell(dot(heads[1], weights[1]), 1, 1), "products of tables"),
            equals(cell(dot(heads[0], weights[0]) + dot(heads[1], weights[1]), 1, 1), "tables are added cell by cell"),
        ),
        derivation(
            "So heads learn apart",
            "What comes back to head h's result passes its own block of W_O alone. G is the gradient of the output.",
            start(d(_output(block), Z[h, place, c])),
            equals(total(out, G[place, out] * block[h, c, out]), "only head h's term has Z_hic"),
        ),
    )


def _head(a: int) -> Term:
    return table(f"Z_{a}", 2, d_k, lambda i, j: Z[a, i, j])


def _block(a: int) -> Term:
    return table(f"W_{a}", d_k, 2, lambda i, j: W_O[(a - 1) * d_k + i, j])


def _output(block: Definition) -> Term:
    added = total(u, total(e, Z[u, row, e] * block[u, e, out]))
    return defined("L", total(row, total(out, G[row, out] * added)))


def residual() -> Page:
    """A layer f with n inputs and outputs, and a path around it."""
    f = Unknown("f", Variable("x"), n)
    X, g = Variable("x"), Variable("g")
    a_i, a_j, a_k = places("i j k", n)
    out_ = Definition("y", lambda at: X[at] + f[at])
    plain = defined("L", total(a_k, g[a_k] * out_[a_k]))
    identity = table("I", n, n, lambda p, q: delta(p, q))
    first = table("J_1", n, n, lambda p, q: Variable("J")[1, p, q])
    second = table("J_2", n, n, lambda p, q: Variable("J")[2, p, q])
    N = size("N", 1, 2, 3, 4)
    (layer,) = places("l", N)
    small = number("a", "positive")
    return (
        "With a path around a layer, its output is added to what went in: y = x + f(x), whatever f is.",
        derivation(
            "The Jacobian is the identity plus that of the layer",
            "The layer only adds to a path that is open anyway.",
            start(d(out_[a_i], X[a_j])),
            equals(d(X[a_i], X[a_j]) + d(f[a_i], X[a_j]), "a sum's derivative"),
            equals(delta(a_i, a_j) + d(f[a_i], X[a_j]), "∂x_i / ∂x_j is 1 if i = j, else 0"),
        ),
        derivation(
            "The gradient passes unchanged, and more is added",
            "Let g be the gradient that comes back to y. However small the layer's part is, g itself arrives.",
            start(d(plain, X[a_j])),
            equals(total(a_k, g[a_k] * (delta(a_k, a_j) + d(f[a_k], X[a_j]))), "chain rule, with the Jacobian"),
            equals(g[a_j] + total(a_k, g[a_k] * d(f[a_k], X[a_j])), "of δ_kj only k = j is left"),
        ),
        "Layers one after the other multiply their Jacobians. Without paths around, J_2 · J_1 is all there is.",
        derivation(
            "Two layers: every path counts",
            "Around both, through one, through the other, through both.",
            start(dot(identity + second, identity + first)),
            equals(
                dot(identity, identity) + dot(identity, first) + dot(second, identity) + dot(second, first),
                "multiply out; the order of the factors stays",
            ),
            equals(identity + first + second + dot(second, first), "I changes nothing"),
        ),
        "So N layers have 2^N paths. Where each layer alone passes on a small part a of a gradient:",
        derivation(
            "Without paths around, the gradient dies",
            "At a = 1/10, ten layers leave 10⁻¹⁰ of it.",
            start(product(layer, small)),
            equals(small**N, "N factors that are the same"),
        ),
        derivation(
            "With them, it is at least what came",
            "The power of 1 + a: at a = 1/10, ten layers make it about 2.6 times as large.",
            start(product(layer, 1 + small)),
            equals((1 + small) ** N, "N factors that are the same"),
        ),
        derivation(
            "Every layer adds to it",
            "Never less than 1 + N a, by Bernoulli's inequality.",
            start(1 + N * small),
            at_most((1 + small) ** N, "the first two terms of the power multiplied out; the others are positive"),
        ),
    )
