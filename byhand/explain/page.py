"""A topic's page: words, definitions, derivations and an example, and the document that they make."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from byhand.explain.derivation import Derivation
from byhand.explain.document import Block, Document, Formula, Heading, Line, Paragraph, Steps
from byhand.explain.relations import MEASURED, About
from byhand.explain.terms import Definition, Term
from byhand.explain.topics import Topic, find_topic
from byhand.maths import Chain

Page = tuple[str | Derivation | Block, ...]
"""Sentences, derivations, and blocks of a document as they are."""


def page_of(topic: Topic) -> Page:
    """Built, and with that checked, now."""
    module = import_module(f"byhand.explain.topics.{topic.file}")
    return cast(Callable[[], Page], getattr(module, topic.function))()


def derive(name: str) -> Document:
    """The page of the topic of that name as a document. ByhandError if there is none."""
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
    return Document(topic.name, topic.summary, (*blocks, Paragraph((f"Source: {topic.source}.",))))


def _derived(derivation: Derivation) -> list[Block]:
    lines = [Line(a.relation.sign if n else "", a.term.shown, a.reason) for n, a in enumerate(derivation.lines)]
    return [
        Heading(derivation.title),
        Paragraph((derivation.claim,)),
        Steps(tuple(lines)),
        Paragraph((checked(derivation),)),
    ]


def checked(derivation: Derivation) -> str:
    """How its lines were found to hold, in a sentence."""
    tried = {a for line in derivation.lines for a in line.term.letters if not a.upto}
    sizes = "; ".join(f"{a.name} = {', '.join(map(str, a.sizes))}" for a in sorted(tried, key=lambda a: a.name))
    measured = [
        str(n)
        for n, way in enumerate(derivation.ways, start=2)
        if way == MEASURED and not isinstance(derivation.lines[n - 1].relation, About)
    ]
    sentence = f"Checked by SymPy{f' for {sizes}' if sizes else ''}"
    if measured:
        sentence += f"; line{'s' if len(measured) > 1 else ''} {', '.join(measured)} by numbers to 50 digits"
    return sentence + "."


def means(letters: Term) -> Formula:
    """What a defined letter stands for: p_i = e^x_i / Σ_j e^x_j."""
    assert isinstance(letters.op, Definition)
    return Formula(Chain((letters.shown, letters.op.body(*letters.args).shown), ("=",)))
