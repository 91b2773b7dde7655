"""What a learning system makes of typed answers: a mark and the sentences that come with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from itertools import zip_longest
from re import sub
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from byhand.errors import ByhandError


@dataclass(frozen=True)
class Marked:
    """mark: of all that there is, 0 to 1. feedback: the sentences, in the order of the fields, none twice."""

    mark: float
    feedback: tuple[str, ...] = ()


def parsed(data: bytes, what: str) -> Element:
    """A file's root element. ByhandError where it is no XML, or XML that would harm."""
    try:
        root: Element = fromstring(data)
    except (ParseError, DefusedXmlException, ValueError) as reason:
        raise ByhandError(f"{what} cannot be read: {reason}; export it again.") from None
    return root


def summed(fields: Iterable[tuple[float, float, str]]) -> Marked:
    """Fields as weight, mark and sentence -> the mark of all of them together."""
    listed = list(fields)
    total = sum(weight for weight, _, _ in listed)
    mark = sum(weight * mark for weight, mark, _ in listed) / total if total else 0.0
    return Marked(min(max(mark, 0.0), 1.0), tuple(dict.fromkeys(text for _, _, text in listed if text)))


def paired(fields: Iterable[object], typed: Iterable[str], what: str) -> list[tuple[object, str]]:
    """Each field with what is typed in it; fields that are left out are blank. ByhandError for more than there are."""
    pairs = list(zip_longest(fields, typed))
    if any(field is None for field, _ in pairs):
        raise ByhandError(f"{what} has {sum(f is not None for f, _ in pairs)} fields, not {len(pairs)}: give one each.")
    return [(field, text or "") for field, text in pairs]


def plain(html: str) -> str:
    """The text that a reader of the HTML sees."""
    return unescape(sub("<[^>]*>", "", html)).strip()
