"""A topic's page: words, definitions, derivations and an example, and the document that they make."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import cast

from byhand.derivations.derivation import MEASURED, MOST, About, Derivation
from byhand.derivations.proof import DIGITS, POINTS
from byhand.derivations.terms import Definition, Term
from byhand.derivations.topics import Topic, find_topic
from byhand.documents.document import Block, Document, Formula, Heading, Line, Paragraph, Steps
from byhand.notation.tree import Chain

Page = tuple[str | Derivation | Block, ...]
"""Sentences, derivations, and blocks of a document as they are."""


@cache
def page_of(topic: Topic) -> Page:
    """Return the topic's page; it is built, and every line of it checked, when it is first asked for."""
    module = import_module(f"byhand.derivations.topics.{topic.file}")
    return cast(Callable[[], Page], getattr(module, topic.function))()


def prove(name: str) -> Document:
    """Return the page of the topic of that name, each line proved. ByhandError if there is no such topic."""
    topic = find_topic(name)
    blocks: list[Block] = []
    for part in page_of(topic):
        match part:
            case str():
                blocks.append(Paragraph((part,)))
            case Derivation():
                blocks.extend(_derived(part))
            case _:
                blocks.append(part)
    return Document(topic.name, topic.summary, (*blocks, Paragraph((f"Source: {topic.source}.",), quiet=True)))


def _derived(derivation: Derivation) -> list[Block]:
    lines = [Line(a.relation.sign if n else "", a.term.shown, a.reason) for n, a in enumerate(derivation.lines)]
    return [
        Heading(derivation.title),
        Paragraph((derivation.claim,)),
        Steps(tuple(lines)),
        Paragraph((how_checked(derivation),), quiet=True),
    ]


def how_checked(derivation: Derivation) -> str:
    """Return a sentence that says how the lines of a derivation were checked."""
    tried = {a for line in derivation.lines for a in line.term.letters if not a.upto}
    sizes = "; ".join(f"{a.name} = {', '.join(map(str, a.sizes))}" for a in sorted(tried, key=lambda a: a.name))
    placed = any(a.upto for line in derivation.lines for a in line.term.letters)
    relations = [line.relation for line in derivation.lines]
    measured = [n for n, way in enumerate(derivation.checks, start=1) if way == MEASURED]
    nearly = [n for n in measured if isinstance(relations[n], About)]
    drawn = [n for n in measured if n not in nearly]
    instances = (f" for {sizes}" if sizes else "") + (f", at up to {MOST} places of each size" if placed else "")
    clauses = [] if nearly and len(relations) == 2 else [f"Checked by SymPy{instances}"]
    if drawn:
        clauses.append(f"{_lines(drawn)} by numbers to {DIGITS} digits at {POINTS} points each")
    clauses += [f"{_lines([n])} measured at {_about(derivation, n).steps + 1:,} numbers" for n in nearly]
    sentence = "; ".join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _lines(numbers: list[int]) -> str:
    """Return the numbers of some lines in words, counted from 1."""
    return f"line{'s' if len(numbers) > 1 else ''} {', '.join(str(n + 1) for n in numbers)}"


def _about(derivation: Derivation, n: int) -> About:
    relation = derivation.lines[n].relation
    assert isinstance(relation, About)
    return relation


def means(letters: Term) -> Formula:
    """Return what a defined letter stands for, as a formula: p_i = e^x_i / Σ_j e^x_j."""
    assert isinstance(letters.op, Definition)
    return Formula(Chain((letters.shown, letters.op.body(*letters.args).shown), ("=",)))
