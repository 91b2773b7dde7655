"""Scaled dot-product attention in components, and its gradients."""

from __future__ import annotations

import sympy
from sympy import Expr

from byhand.derivations.derivation import Derivation, derivation, equals, start
from byhand.derivations.example import table_example
from byhand.derivations.functions import cell, d, delta, dot, exp, root, table, transposed
from byhand.derivations.terms import Definition, Plain, Term, Variable, defined, places, size, total
from byhand.derivations.topic_page import Page, means
from byhand.notation.tree import Call

T, d_k = size("T", 2, 3), size("d_k", 1, 2)
i, j, k = places("i j k", T)
(a,) = places("a", d_k)
c, r = places("c r", d_k)
Q, K, V, G = Variable("Q"), Variable("K"), Variable("V"), Variable("G")

whole_Q = table("Q", T, d_k, lambda s, t: Q[s, t])
whole_K = table("K", T, d_k, lambda s, t: K[s, t])
whole_V = table("V", T, d_k, lambda s, t: V[s, t])
whole_G = table("G", T, d_k, lambda s, t: G[s, t])


def _softmax(x: Expr) -> Expr:
    """Of each row."""
    powers = x.applyfunc(sympy.exp)
    return sympy.ImmutableMatrix(*x.shape, lambda s, t: powers[s, t] / sum(powers[s, :]))


SOFTMAX = Plain(lambda x: Call("softmax", (x,)), _softmax)

score = Definition("S", lambda s, t: total(a, Q[s, a] * K[t, a]) / root(d_k))
weight = Definition("A", lambda s, t: exp(score[s, t]) / total(k, exp(score[s, k])))
result = Definition("Z", lambda s, t: total(j, weight[s, j] * V[j, t]))


def attention() -> Page:
    """T words, with queries, keys and values of d_k components."""
    return (
        "Each word asks with a query, is found by its key, and gives its value. The result of a word is a mean of all "
        "values, weighted by how well their keys fit its query. As tables: Z = softmax(Q · Kᵀ / √d_k) · V.",
        _forward(),
        means(score[i, j]),
        means(weight[i, j]),
        means(result[i, c]),
        "Backward, one step after the other. Let G be the gradient that comes back to Z, so that to first order the "
        "loss is L = Σ G_ic Z_ic. At each step, the letters of the step before stand for numbers of their own.",
        _values(),
        _weights(),
        _scores(),
        *_queries_and_keys(),
        _all_at_once(),
        "In numbers: two words, d_k = 1; the queries are 1 and 0, the keys 0 and ln 2, the values 3 and 6.",
        table_example("Weights A", weight[i, j], i, j, NUMBERS, "attention"),
        table_example("The weights' Jacobian, for the scores of word 1", _jacobian(), i, j, NUMBERS),
    )


NUMBERS = {T: 2, d_k: 1, Q: [[1], [0]], K: [[0], [sympy.log(2)]], V: [[3], [6]]}


def _jacobian() -> Term:
    return weight[1, i] * (delta(i, j) - weight[1, j])


def _forward() -> Derivation:
    kernel = total(a, Q[i, a] * K[j, a]) / root(d_k)
    others = total(a, Q[i, a] * K[k, a]) / root(d_k)
    scores = dot(whole_Q, transposed(whole_K)) / root(d_k)
    return derivation(
        "In components",
        "What the formula over tables says about row i and column c.",
        start(cell(dot(Term(SOFTMAX, (scores,)), whole_V), i, c)),
        equals(total(j, cell(Term(SOFTMAX, (scores,)), i, j) * V[j, c]), "the product of tables: row i times column c"),
        equals(
            total(j, exp(cell(scores, i, j)) / total(k, exp(cell(scores, i, k))) * V[j, c]),
            "softmax of row i",
        ),
        equals(
            total(j, exp(kernel) / total(k, exp(others)) * V[j, c]),
            "column j of Kᵀ is row j of K: a score is the dot product of a query and a key, over √d_k",
        ),
        equals(total(j, weight[i, j] * V[j, c]), "the weight of word j for word i"),
    )


def _values() -> Derivation:
    A = Variable("A")
    whole_A = table("A", T, T, lambda s, t: A[s, t])
    Z = Definition("Z", lambda s, t: total(j, A[s, j] * V[j, t]))
    loss = defined("L", total(i, total(c, G[i, c] * Z[i, c])))
    return derivation(
        "The gradient of V",
        "Each value gets back what it gave, by the same weights: ∂L / ∂V = Aᵀ · G.",
        start(d(loss, V[j, c])),
        equals(total(i, G[i, c] * d(Z[i, c], V[j, c])), "only column c of Z has V_jc"),
        equals(total(i, A[i, j] * G[i, c]), "of the sum in Z_ic, only word j's term has V_jc"),
        equals(cell(dot(transposed(whole_A), whole_G), j, c), "a sum over rows of both: a product with A turned over"),
    )


def _weights() -> Derivation:
    A = Variable("A")
    Z = Definition("Z", lambda s, t: total(k, A[s, k] * V[k, t]))
    loss = defined("L", total(i, total(c, G[i, c] * Z[i, c])))
    return derivation(
        "The gradient of the weights, called D",
        "How well what comes back fits each value: D = ∂L / ∂A = G · Vᵀ.",
        start(d(loss, A[i, j])),
        equals(total(c, G[i, c] * d(Z[i, c], A[i, j])), "only row i of Z has A_ij"),
        equals(total(c, G[i, c] * V[j, c]), "of the sum in Z_ic, only the term k = j has A_ij"),
        equals(cell(dot(whole_G, transposed(whole_V)), i, j), "row i of G times row j of V"),
    )


def _scores() -> Derivation:
    S, D = Variable("S"), Variable("D")
    A = Definition("A", lambda s, t: exp(S[s, t]) / total(k, exp(S[s, k])))
    loss = defined("L", total(i, total(k, D[i, k] * A[i, k])))
    return derivation(
        "The gradient of the scores, called E",
        "Through the softmax's Jacobian (byhand derive softmax), row by row: what comes back, less its weighted mean.",
        start(d(loss, S[i, j])),
        equals(total(k, D[i, k] * d(A[i, k], S[i, j])), "only row i of A has S_ij"),
        equals(total(k, D[i, k] * (A[i, k] * (delta(k, j) - A[i, j]))), "the Jacobian of the softmax"),
        equals(D[i, j] * A[i, j] - A[i, j] * total(k, D[i, k] * A[i, k]), "of δ_kj only k = j is left"),
        equals(A[i, j] * (D[i, j] - total(k, D[i, k] * A[i, k])), "take A_ij out"),
    )


def _queries_and_keys() -> tuple[Derivation, ...]:
    E = Variable("E")
    whole_E = table("E", T, T, lambda s, t: E[s, t])
    loss = defined("L", total(i, total(j, E[i, j] * score[i, j])))
    return (
        derivation(
            "The gradient of Q",
            "Each query is pulled toward the keys that should count for more: ∂L / ∂Q = E · K / √d_k.",
            start(d(loss, Q[i, a])),
            equals(total(j, E[i, j] * d(score[i, j], Q[i, a])), "only row i of the scores has Q_ia"),
            equals(total(j, E[i, j] * (K[j, a] / root(d_k))), "a score is a dot product, over √d_k"),
            equals(total(j, E[i, j] * K[j, a]) / root(d_k), "√d_k is the same in every term"),
            equals(cell(dot(whole_E, whole_K), i, a) / root(d_k), "row i of E times column a of K"),
        ),
        derivation(
            "The gradient of K",
            "Each key is pulled toward the queries that should find it: ∂L / ∂K = Eᵀ · Q / √d_k.",
            start(d(loss, K[j, a])),
            equals(total(i, E[i, j] * d(score[i, j], K[j, a])), "only column j of the scores has K_ja"),
            equals(total(i, E[i, j] * (Q[i, a] / root(d_k))), "a score is a dot product, over √d_k"),
            equals(total(i, E[i, j] * Q[i, a]) / root(d_k), "√d_k is the same in every term"),
            equals(cell(dot(transposed(whole_E), whole_Q), j, a) / root(d_k), "a sum over rows of both: E turned over"),
        ),
    )


def _all_at_once() -> Derivation:
    loss = defined("L", total(i, total(c, G[i, c] * result[i, c])))
    back = Definition("D", lambda s, t: total(r, G[s, r] * V[t, r]))
    E = Definition("E", lambda s, t: weight[s, t] * (back[s, t] - total(k, back[s, k] * weight[s, k])))
    return derivation(
        "All steps together",
        "With A, D and E as they were found, from the loss to the queries at once.",
        start(d(loss, Q[i, a])),
        equals(total(j, E[i, j] * K[j, a]) / root(d_k), "the three steps, one put into the other"),
    )
