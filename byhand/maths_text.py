"""A formula as plain text, as the captions of a workbook show it: softmax(Q · Kᵀ / √d_k)."""

from __future__ import annotations

from collections.abc import Iterator

from byhand.maths import (
    Call,
    Cases,
    Chain,
    Grid,
    Maths,
    Name,
    Negative,
    Number,
    Over,
    Part,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Transposed,
    Words,
)

LOOSE, SUM, PRODUCT, POWER, ATOM = range(5)
BINDS: dict[type[Maths], int] = {
    Chain: LOOSE,
    Cases: LOOSE,
    Sum: SUM,
    Negative: SUM,
    Product: PRODUCT,
    Quotient: PRODUCT,
    Over: PRODUCT,
    Power: POWER,
    Root: POWER,
}
"""How tightly a kind of formula holds together; any other needs no brackets."""

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def binds(maths: Maths) -> int:
    if isinstance(maths, Number) and maths.digits.startswith("-"):
        return SUM
    return BINDS.get(type(maths), ATOM)


def text(maths: Maths) -> str:
    """The formula on one line."""
    match maths:
        case Number(digits):
            return digits.replace("-", "−")
        case Name(letters, below):
            return letters + _subscripts(below)
        case Words(words):
            return words
        case Sum():
            return _sum(maths)
        case Negative(of):
            return f"−{_in(of, PRODUCT)}"
        case Product(factors, sign):
            between = f" {sign} " if sign else " "
            return between.join(_factor(f, n, len(factors), sign) for n, f in enumerate(factors))
        case Quotient(top, bottom):
            least = PRODUCT if isinstance(bottom, Over) else POWER
            return f"{_factor(top, 0, 2, '/')} / {_in(bottom, least)}"
        case Power(base, exponent):
            return _in(base, ATOM) + _exponent(exponent)
        case Root(of):
            return f"√{_in(of, ATOM)}"
        case Call(name, arguments):
            return f"{name}({', '.join(_in(a, SUM) for a in arguments)})"
        case Transposed(of):
            return f"{_in(of, ATOM)}ᵀ"
        case Part(of, places):
            return f"{_in(of, ATOM)}[{', '.join(map(text, places))}]"
        case Over(sign, body, below, above):
            return f"{sign}{_limits(below, above)} {_in(body, PRODUCT if isinstance(body, Over) else POWER)}"
        case Grid(rows):
            return f"[{'; '.join('  '.join(map(text, row)) for row in rows)}]"
        case Cases(cases):
            return ", ".join(_case(value, when) for value, when in cases)
        case Chain(sides, signs):
            return _chain(sides, signs)
    raise TypeError(f"no text for {maths!r}")


def _in(maths: Maths, least: int) -> str:
    """A piece of a larger formula, in brackets unless it holds together at least so tightly."""
    return text(maths) if binds(maths) >= least else f"({text(maths)})"


def _terms(maths: Maths) -> Iterator[Maths]:
    if isinstance(maths, Sum):
        for term in maths.terms:
            yield from _terms(term)
    else:
        yield maths


def _sum(maths: Sum) -> str:
    first, *others = _terms(maths)
    written = _in(first, SUM)
    for term in others:
        written += f" − {_in(term.of, PRODUCT)}" if isinstance(term, Negative) else f" + {_in(term, PRODUCT)}"
    return written


def _factor(maths: Maths, n: int, count: int, sign: str) -> str:
    """Brackets also where a table product stands among other factors, and where a Σ would reach too far."""
    in_matrix = sign == "·"
    is_matrix = isinstance(maths, Product) and maths.sign == "·"
    is_product = isinstance(maths, Product | Quotient)
    mixed = is_product and in_matrix != is_matrix and (in_matrix or is_matrix) and (in_matrix or n > 0)
    reaches = isinstance(maths, Over) and n < count - 1
    return f"({text(maths)})" if mixed or reaches else _in(maths, PRODUCT)


def _exponent(maths: Maths) -> str:
    if isinstance(maths, Number) and maths.digits.isdigit():
        return maths.digits.translate(RAISED)
    return f"^{_in(maths, ATOM)}"


def _subscripts(below: tuple[Maths, ...]) -> str:
    if not below:
        return ""
    if all(isinstance(b, Number) and len(b.digits) == 1 for b in below):
        return "".join(map(text, below)).translate(LOWERED)
    return f"[{', '.join(map(text, below))}]"


def _limits(below: Maths | None, above: Maths | None) -> str:
    under = f"_{_in(below, ATOM)}" if below else ""
    return under + (f"^{_in(above, ATOM)}" if above else "")


def _case(value: Maths, when: Maths) -> str:
    if when == Words("otherwise"):
        return f"else {_in(value, SUM)}"
    return f"{_in(value, SUM)} where {_in(when, SUM) if isinstance(when, Cases) else text(when)}"


def _chain(sides: tuple[Maths, ...], signs: tuple[str, ...]) -> str:
    written = _in(sides[0], SUM)
    for sign, side in zip(signs, sides[1:], strict=True):
        between = f"{sign} " if sign in (",", ";") else f" {sign} " if sign else " "
        written += between + _in(side, SUM)
    return written
