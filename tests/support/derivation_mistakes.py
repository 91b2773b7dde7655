"""Plants mistakes in a line of a derivation: a sign flipped, a factor 2, a term or factor dropped, another place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import sympy

from byhand.derivations.derivation import About, AtMost, Derivation, Equal, Line, Relation, Tends, instances
from byhand.derivations.functions import Derivative
from byhand.derivations.terms import PLUS, TIMES, Definition, Letter, Term, Variable, term
from support.derivation_values import number as at

Mistake = tuple[str, Line, Line]
"""What was done, and two lines of which the second does not follow from the first."""


def mistakes(before: Line, after: Line, most: int = 3) -> Iterator[Mistake]:
    """Mistakes planted in the second of two lines, at most so many of a kind, that make it wrong."""
    relation = after.relation
    match relation:
        case AtMost():
            yield "sides exchanged", Line(after.term, ""), Line(before.term, "", relation)
            yield "bound lowered", before, Line(after.term - 3, "", relation)
            yield "called equal", before, Line(after.term, "")
        case About():
            for what, within in (("bound a tenth", relation.within / 10), ("bound tenfold", relation.within * 10)):
                yield what, before, Line(after.term, "", About(within, relation.of, relation.low, relation.high))
            yield "called equal", before, Line(after.term, "")
            yield from _in_term(before, after, relation, most)
        case Tends():
            yield "called equal", before, Line(after.term, "")
            yield from _in_term(before, after, relation, most)
        case Equal():
            yield from _in_term(before, after, relation, most)
        case _:
            raise AssertionError(f"no mistake is known for {relation}")


def _in_term(before: Line, after: Line, relation: Relation, most: int) -> Iterator[Mistake]:
    planted: Counter[str] = Counter()
    for what, wrong in changed(after.term):
        if planted[what] < most and differs(after.term, wrong):
            planted[what] += 1
            yield what, before, Line(wrong, "", relation)


def changed(right: Term) -> Iterator[tuple[str, Term]]:
    """The term with one change, at the top or inside."""
    if not isinstance(right.at(next(instances(right.letters))), sympy.MatrixBase):
        yield "one more", right + 1
        yield "one less", right - 1
    yield "sign flipped", -right
    yield "factor 2", 2 * right
    letters = [Term(a) for a in right.letters if a.upto]
    for part, put in spots(right):
        for what, other in _changed_here(part, letters):
            yield what, put(other)


def _changed_here(part: Term, places: list[Term]) -> Iterator[tuple[str, Term]]:
    if part.op in (PLUS, TIMES):
        for n in range(len(part.args)):
            yield "dropped", Term(part.op, part.args[:n] + part.args[n + 1 :])
    if isinstance(part.op, Variable | Definition):
        for n, at in enumerate(part.args):
            others = [a for a in (*places, term(1)) if isinstance(at.op, Letter) and a.op is not at.op]
            for other in others:
                yield "another place", Term(part.op, (*part.args[:n], other, *part.args[n + 1 :]))


def spots(whole: Term) -> Iterator[tuple[Term, Callable[[Term], Term]]]:
    """Each part of a term, with what puts another in its place; the letter of a derivative is let be."""
    yield whole, lambda other: other
    inside = whole.args[:1] if isinstance(whole.op, Derivative) else whole.args
    for n, arg in enumerate(inside):
        for part, put in spots(arg):
            yield part, lambda other, n=n, put=put: Term(whole.op, (*whole.args[:n], put(other), *whole.args[n + 1 :]))


def differs(right: Term, wrong: Term) -> bool:
    """Whether a change matters at all, on the instances that are checked."""
    for where in instances(right.letters | wrong.letters):
        try:
            a, b = right.at(where), wrong.at(where)
        except (IndexError, TypeError):
            return False
        if getattr(a, "shape", ()) != getattr(b, "shape", ()):
            return True
        if any(_far(x, y) for x, y in zip(_cells(a), _cells(b), strict=True)):
            return True
    return False


def _cells(x: sympy.Expr) -> list[sympy.Expr]:
    return list(x) if isinstance(x, sympy.MatrixBase) else [x]


def _far(x: sympy.Expr, y: sympy.Expr) -> bool:
    if x == y:
        return False
    a, b = (complex(number(side)) for side in (x, y))
    return not abs(a - b) <= 1e-9 * (1 + abs(a))


def number(x: sympy.Expr) -> sympy.Expr:
    """At a number for each letter; unknown functions and their derivatives are letters too."""
    unknown = [*x.atoms(sympy.Derivative), *x.atoms(sympy.core.function.AppliedUndef)]
    for f in unknown:
        x = x.xreplace({f: sympy.Symbol(str(f), positive=True)})
    return sympy.N(x.xreplace({letter: sympy.Float(at(letter), 30) for letter in x.free_symbols}), 20)


def pairs(derivation: Derivation) -> Iterator[tuple[int, Line, Line]]:
    for n in range(1, len(derivation.lines)):
        yield n + 1, derivation.lines[n - 1], derivation.lines[n]
