"""Changes an XML part where it stands: every byte that is not changed stays as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

MOST_BYTES = 20_000_000
"""Of a part that is changed: it is held whole."""
_TAG_END = re.compile(rb"""[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")
_NAME = re.compile(rb"<([^\s/>]+)")


@dataclass(slots=True, eq=False)
class Element:
    """Where an element stands in its part's data. local: its name without the namespace. depth: 0 for the root.

    start: of its first tag. last: of its last tag, or anywhere in the first where there is no other.
    """

    data: bytes
    name: str
    local: str
    attributes: dict[str, str]
    depth: int
    start: int
    last: int = 0

    @property
    def inner(self) -> int:
        """Where its first tag ends."""
        return _tag_end(self.data, self.start)

    @property
    def empty(self) -> bool:
        return self.data.endswith(b"/>", self.start, self.inner)

    @property
    def close(self) -> int:
        """Where its last tag begins; in an empty element that is the first."""
        return self.start if self.empty else self.last

    @property
    def end(self) -> int:
        return _tag_end(self.data, self.close)


def _tag_end(data: bytes, start: int) -> int:
    match = _TAG_END.match(data, start)
    assert match is not None
    return match.end()


@dataclass
class Part:
    """A part in UTF-8, and the changes to be made to it."""

    data: bytes
    _changes: list[tuple[int, int, bytes]] = field(default_factory=list)
    _elements: list[Element] = field(default_factory=list)

    def elements(self) -> list[Element]:
        """Every element, in the order in which they begin. ValueError for XML that is none, or in another encoding."""
        if len(self.data) > MOST_BYTES:
            raise ValueError(f"a part of more than {MOST_BYTES:,} bytes")
        if not self._elements:
            self._elements = self._parsed()
        return self._elements

    def _parsed(self) -> list[Element]:
        parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        data, found, unclosed = self.data, list[Element](), list[Element]()
        locals_: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            local = locals_.get(name) or locals_.setdefault(name, name.rpartition(" ")[2])
            element = Element(data, name, local, attributes, len(unclosed), parser.CurrentByteIndex)
            unclosed.append(element)
            found.append(element)

        def end(name: str) -> None:
            unclosed.pop().last = parser.CurrentByteIndex

        parser.StartElementHandler, parser.EndElementHandler = start, end
        try:
            parser.Parse(data, True)
        except expat.ExpatError as reason:
            raise ValueError(str(reason)) from None
        return found

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
