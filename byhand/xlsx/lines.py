"""Lines with arrow heads over the cells of a sheet, which stay with their cells when columns or rows change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import quoteattr

EMUS = 9525
"""The units of a drawing in a pixel."""
WIDTH = 9525
"""Of a line, in the same units: 0.75 points."""


@dataclass(frozen=True)
class Point:
    """A place on a sheet: pixels to the right of a column's left edge, and below a row's upper edge.

    They are never more than a cell has in any program: programs measure columns a little apart.
    """

    column: int
    row: int
    right: int = 0
    down: int = 0

    @property
    def across(self) -> tuple[int, int]:
        """What orders points from left to right."""
        return self.column, self.right

    @property
    def deep(self) -> tuple[int, int]:
        """What orders points from top to bottom."""
        return self.row, self.down


@dataclass(frozen=True)
class Line:
    """A line through points, each above, below or beside the one before. head: whether it ends in an arrow head.

    name: what people who do not see it are read.
    """

    points: tuple[Point, ...]
    colour: str
    name: str = ""
    dashed: bool = False
    head: bool = True


def lines_xml(lines: Iterable[Line], number: int) -> Iterator[str]:
    """Yield the XML of each straight piece of lines. number: of the first of them among what the sheet draws."""
    for line in lines:
        last = len(line.points) - 2
        for n, (a, b) in enumerate(pairwise(line.points)):
            yield _piece_xml(line, a, b, line.head and n == last, number)
            number += 1


def _piece_xml(line: Line, start: Point, end: Point, head: bool, number: int) -> str:
    forward = (start.deep, start.across) <= (end.deep, end.across)
    first, second = (start, end) if forward else (end, start)
    dash = '<a:prstDash val="sysDash"/>' if line.dashed else ""
    arrow = f'<a:{"tailEnd" if forward else "headEnd"} type="triangle" w="med" len="med"/>' if head else ""
    return (
        f"<xdr:twoCellAnchor><xdr:from>{_place(first)}</xdr:from><xdr:to>{_place(second)}</xdr:to>"
        f'<xdr:cxnSp macro=""><xdr:nvCxnSpPr><xdr:cNvPr id="{number}" name={quoteattr(line.name)}/><xdr:cNvCxnSpPr/>'
        '</xdr:nvCxnSpPr><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></a:xfrm>'
        '<a:prstGeom prst="straightConnector1"><a:avLst/></a:prstGeom>'
        f'<a:ln w="{WIDTH}"><a:solidFill><a:srgbClr val="{line.colour[1:]}"/></a:solidFill>{dash}{arrow}</a:ln>'
        "</xdr:spPr></xdr:cxnSp><xdr:clientData/></xdr:twoCellAnchor>"
    )


def _place(point: Point) -> str:
    return (
        f"<xdr:col>{point.column}</xdr:col><xdr:colOff>{point.right * EMUS}</xdr:colOff>"
        f"<xdr:row>{point.row}</xdr:row><xdr:rowOff>{point.down * EMUS}</xdr:rowOff>"
    )
