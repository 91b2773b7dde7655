"""Changes an XML part where it stands: every byte that is not changed stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MOST_BYTES = 20_000_000
"""Of a part that is changed: it is held whole."""
_TAG_END = re.compile(rb"""[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")
_NAME = re.compile(rb"<([^\s/>]+)")


@dataclass(frozen=True)
class Element:
    """Where an element stands in its part. name: namespace and local name, with a blank between.

    start, inner: of its first tag, and where that ends. close, end: of its last tag; in an empty element that is the
    first. depth: 0 for the root.
    """

    name: str
    attributes: dict[str, str]
    depth: int
    start: int
    inner: int
    close: int = 0
    end: int = 0

    @property
    def empty(self) -> bool:
        return self.close == self.start

    @property
    def local(self) -> str:
        return self.name.rpartition(" ")[2]


@dataclass
class Part:
    """A part in UTF-8, and the changes to be made to it."""

    data: bytes
    _changes: list[tuple[int, int, bytes]] = field(default_factory=list)

    def elements(self) -> list[Element]:
        """Every element, in the order in which they begin. ValueError for XML that is none, or in another encoding."""
        if len(self.data) > MOST_BYTES:
            raise ValueError(f"a part of more than {MOST_BYTES:,} bytes")
        return list(self._elements())

    def _elements(self) -> Iterator[Element]:
        parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        found: list[Element] = []
        open_: list[int] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            at = parser.CurrentByteIndex
            match = _TAG_END.match(self.data, at)
            assert match is not None
            open_.append(len(found))
            found.append(Element(name, attributes, len(open_) - 1, at, match.end()))

        def end(name: str) -> None:
            n = open_.pop()
            element = found[n]
            empty = self.data[element.inner - 2 : element.inner] == b"/>"
            close = element.start if empty else parser.CurrentByteIndex
            match = _TAG_END.match(self.data, close)
            assert match is not None
            found[n] = Element(
                name, element.attributes, element.depth, element.start, element.inner, close, match.end()
            )

        parser.StartElementHandler, parser.EndElementHandler = start, end
        try:
            parser.Parse(self.data, True)
        except expat.ExpatError as reason:
            raise ValueError(str(reason)) from None
        yield from found

    def tag(self, element: Element) -> bytes:
        """The element's name as it is written, with its prefix."""
        match = _NAME.match(self.data, element.start)
        assert match is not None
        return match[1]

    def prefixed(self, element: Element, local: str) -> bytes:
        """The name of another element of the same namespace, as it is written beside this one."""
        prefix = self.tag(element).rpartition(b":")[0]
        return (prefix + b":" if prefix else b"") + local.encode()

    def raw(self, element: Element) -> bytes:
        return self.data[element.start : element.end]

    def change(self, start: int, end: int, new: bytes) -> None:
        self._changes.append((start, end, new))

    def remove(self, element: Element) -> None:
        self.change(element.start, element.end, b"")

    def append(self, element: Element, inner: bytes) -> None:
        """Put more at the end of what is in an element."""
        if element.empty:
            self.change(element.inner - 2, element.inner, b">" + inner + b"</" + self.tag(element) + b">")
        else:
            self.change(element.close, element.close, inner)

    def set(self, element: Element, **attributes: str | None) -> None:
        """Give an element attributes, in place of what they were; None takes one away."""
        old = self.data[element.start : element.inner]
        self.change(element.start, element.inner, with_attributes(old, **attributes))

    def changed(self) -> bytes:
        """The part with every change made. Those at one place stand in the order in which they were asked for."""
        pieces, at = [], 0
        for start, end, new in sorted(self._changes, key=lambda change: change[:2]):
            if start < at:
                raise ValueError("two changes at one place")
            pieces += [self.data[at:start], new]
            at = end
        return b"".join([*pieces, self.data[at:]])


def with_attributes(tag: bytes, **attributes: str | None) -> bytes:
    """A first tag with other attributes. Their values are ours, and need no escape."""
    for name, value in attributes.items():
        tag = re.sub(rb"""\s+%s\s*=\s*("[^"]*"|'[^']*')""" % re.escape(name.encode()), b"", tag, count=1)
        if value is not None:
            match = _NAME.match(tag)
            assert match is not None
            tag = b'%s %s="%s"%s' % (tag[: match.end()], name.encode(), value.encode(), tag[match.end() :])
    return tag
