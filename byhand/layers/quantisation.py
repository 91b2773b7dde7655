"""Numbers in few bits: int8 with a scale and a zero point, int4 in groups, MXFP4 with a shared exponent."""

from __future__ import annotations

from byhand.core.graph import Dim, Node, scope
from byhand.core.labels import Labels
from byhand.core.ops import beside, greater, int_, log, maximum, power, stretch, where

TIE = 1e-9
"""How near to the middle between two whole numbers is the middle, since a spreadsheet's last digit is not sure."""
INT8 = "Jacob et al. 2018, eq. 1"
INT4 = "Dettmers and Zettlemoyer 2023, section 2"
MX = "Rouhani et al. 2023, section 6.3"
LARGEST_FP4, LARGEST_EXPONENT = 6, 2
"""The largest number of FP4 (E2M1), and the largest exponent of its numbers."""
LEAST_EXPONENT = -127
"""Of a shared exponent, which is stored in 8 bits (E8M0)."""


def to_even(x: Node) -> Node:
    """Return each number rounded to the nearest whole one, and from the middle to the even one, as computers do."""
    up = int_(x + 0.5 + TIE).named("up")
    return where(greater(up - x + TIE, 0.5), 2 * int_(up / 2), up).named("rounded")


def size_of(x: Node) -> Node:
    """Return each number without its sign."""
    return maximum(x, -x).named("size")


def blocks(width: int, size: int, name: str) -> tuple[list[tuple[int, int]], Dim]:
    """Return the first column of each block and the one after its last, and a dimension with their names."""
    spans = [(start, min(start + size, width)) for start in range(0, width, size)]
    return spans, Dim(len(spans), Labels(f"{name}s", tuple(f"{name} {n + 1}" for n in range(len(spans)))))


def largest_of(x: Node, spans: list[tuple[int, int]], of: Dim) -> Node:
    """Return the largest size in each block of a row. (m, n) -> (m, blocks)"""
    each = beside(*(x.columns(*span).max(1) for span in spans)) if len(spans) > 1 else x.max(1)
    return stretch(each, rows=x.shape[0], columns=of).named("largest")


def spread(x: Node, spans: list[tuple[int, int]]) -> Node:
    """Return each block's number for all columns of the block. (m, blocks) -> (m, n), or (m, 1) for a single block"""
    if len(spans) == 1:
        return x
    each = (x.columns(n, n + 1) for n in range(len(spans)))
    parts = [
        stretch(one, rows=one.shape[0], columns=stop - start) for one, (start, stop) in zip(each, spans, strict=True)
    ]
    return beside(*parts)


def int8(w: Node) -> Node:
    """Return what int8 makes of each row: scale × (q − zero point), q from −128 to 127. (m, n) -> (m, n)"""
    with scope("", "range", equation="from the least to the most, with 0 between", source=INT8):
        low = (-maximum((-w).max(1), 0)).named("low")
        high = maximum(w.max(1), 0).named("high")
        gap = (high - low).named("range")
        scale = (where(gap, gap, 1) / 255).named("scale")
    with scope("zero", "zero point", equation="−128 − round(low / scale)", source=INT8):
        zero = (-128 - to_even((low / scale).named("steps"))).named("point")
    with scope("", "round", equation="q = round(w / scale) + zero point", source=INT8, below=True):
        q = maximum(to_even((w / scale).named("steps")) + zero, -128)
        q = (-maximum(-q, -127)).named("q")
    with scope("", "restore", equation="scale × (q − zero point)", source=INT8, below=True):
        return (scale * (q - zero)).named("restored")


def int4(w: Node, group: int) -> Node:
    """Return what int4 makes of each group of a row: scale × q, q from −7 to 7. (m, n) -> (m, n)"""
    spans, of = blocks(int(w.shape[1]), group, "group")
    with scope("", "group scales", equation="the largest size / 7", source=INT4):
        largest = largest_of(size_of(w), spans, of)
        scale = (where(largest, largest, 1) / 7).named("scale")
    with scope("", "round", equation="q = round(w / scale)", source=INT4, below=True):
        q = to_even((w / spread(scale, spans)).named("steps"))
    with scope("", "restore", equation="scale × q", source=INT4, below=True):
        return (spread(scale, spans) * q).named("restored")


def floor_of_log2(x: Node) -> Node:
    """Return the n with 2^n ≤ x < 2^(n + 1). A logarithm's last digit is not sure, so both ends are tried."""
    near = int_(log(x) / log(2)).named("near")
    return (near + 1 - greater(power(2, near + 1), x) - greater(power(2, near), x)).named("exponent")


def mxfp4(w: Node, block: int) -> Node:
    """Return what MXFP4 makes of each block: a power of 2 × ± one of 0, ½, 1, 1½, 2, 3, 4, 6. (m, n) -> (m, n)"""
    spans, of = blocks(int(w.shape[1]), block, "block")
    with scope("", "exponent", equation="⌊log₂ of the largest size⌋ − 2", source=MX):
        size = size_of(w)
        largest = largest_of(size, spans, of)
        exponent = floor_of_log2(where(largest, largest, 1))
        shared = power(2, maximum(exponent - LARGEST_EXPONENT, LEAST_EXPONENT)).named("scale")
    with scope("", "round", equation="steps of ½ below 2, 1 below 4, then 2", source=MX, below=True):
        scaled = (size / spread(shared, spans)).named("scaled")
        step = where(greater(2, scaled), 0.5, where(greater(4, scaled), 1, 2)).named("step")
        nearest = step * to_even((scaled / step).named("steps"))
        held = (-maximum(-nearest, -LARGEST_FP4)).named("held")
        element = where(greater(0, w), -held, held).named("element")
    with scope("", "restore", equation="scale × element", source=MX, below=True):
        return (spread(shared, spans) * element).named("restored")
