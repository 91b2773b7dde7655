"""Softmax: shift invariance, derivative, temperature, and the sigmoid as its case of two."""

from __future__ import annotations

import sympy

from byhand.explain.derivation import derivation, equals, start, tends
from byhand.explain.functions import cases, d, delta, exp, largest_share
from byhand.explain.terms import Definition, number, places, size, total, Variable

n = size("n")
i, j, k = places("i j k", n)
x = Variable("x")
p = Definition("p", lambda a: exp(x[a]) / total(k, exp(x[k])))
