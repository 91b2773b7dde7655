"""What all printers share: which parts of a formula need brackets, and where a long one may be broken."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from byhand.notation.names import in_print, word_below
from byhand.notation.tree import (
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
from byhand.translations import _, decimal_mark, localized

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
"""How tightly each kind of formula binds; any other needs no brackets."""

OTHERWISE = Words("otherwise")
GAP = " "
"""Stands in a Piece for the sign of a chain that has none: a space."""

Piece = tuple[str, str]
"""The sign before a part of a formula (+, −, ×, =, GAP; nothing before the first), and the part as it is written."""


def binds(maths: Maths) -> int:
    if isinstance(maths, Number) and maths.digits.startswith("-"):
        return SUM
    return BINDS.get(type(maths), ATOM)


class Printer(ABC):
    """A notation: called with a formula, it returns its text. A subclass says how each kind of formula is written."""

    flat = False
    """Whether all stands on one line, so that fractions, roots, exponents and limits need brackets too."""

    def __call__(self, maths: Maths) -> str:
        """Return the formula in this notation. TypeError for what is not a formula."""
        return self._write(maths if self.flat else in_print(maths))

    def _write(self, maths: Maths) -> str:
        match maths:
            case Number(digits):
                return self.number(localized(digits))
            case Name(letters, below, bold):
                if letters[1:] and letters[0] == "∂" and not self.flat:
                    return self.row([("", self.name(Name("∂"))), ("", self._write(Name(letters[1:], below, bold)))])
                return self.name(maths if self.flat else word_below(maths))
            case Words(words):
                return self.words(words.replace(words.strip(), _(words.strip())))
            case Sum() | Product() | Chain():
                return self.row(self.pieces(maths))
            case Negative(of):
                return self.negative(self.within(of, PRODUCT))
            case Quotient(top, bottom):
                return self.quotient(self._top(top), self._bottom(bottom))
            case Power(base, exponent):
                raised = isinstance(base, Transposed)
                return self.power(self.bracketed(self._write(base)) if raised else self.within(base, ATOM), exponent)
            case Root(of):
                return self.root(self._boxed(of))
            case Call(name, arguments):
                return self.call(name, [self.within(a, SUM) for a in arguments])
            case Transposed(of):
                return self.transposed(self.within(of, ATOM))
            case Part(of, places):
                return self.part(self.within(of, ATOM), [self._write(p) for p in places])
            case Over(sign, body, below, above):
                limits = (self._boxed(limit) if limit else "" for limit in (below, above))
                return self.over(sign, self._body(body), *limits)
            case Grid(rows):
                return self.grid([[self._write(cell) for cell in row] for row in rows])
            case Cases(cases):
                return self.cases([(self.within(value, SUM), self._when(when)) for value, when in cases])
        raise TypeError(f"no text for {maths!r}")

    def within(self, maths: Maths, least: int) -> str:
        """Return a part of a larger formula, in brackets unless it binds at least so tightly."""
        return self._write(maths) if binds(maths) >= least else self.bracketed(self._write(maths))

    def pieces(self, maths: Maths) -> list[Piece]:
        """Return the parts of a chain, sum or product, each with the sign before it: a line may be broken there."""
        match maths:
            case Sum():
                return list(self._terms(maths))
            case Product(factors, sign):
                return list(self._factors(factors, sign))
            case Chain(sides, signs):
                return [p for side, sign in zip(sides, ("", *signs), strict=True) for p in self._side(side, sign)]
        return [("", self._write(maths))]

    def _side(self, side: Maths, sign: str) -> list[Piece]:
        if isinstance(side, Cases) and not self.flat:
            return [(sign or GAP, self._write(side))]
        if binds(side) < SUM:
            return [(sign or GAP, self.bracketed(self._write(side)))]
        (_, first), *others = self.pieces(side)
        return [(sign or GAP, first), *others]

    def _terms(self, maths: Sum) -> Iterator[Piece]:
        first, *others = _flattened(maths)
        yield "", self.within(first, SUM)
        for term in others:
            yield (
                ("−", self.within(term.of, PRODUCT))
                if isinstance(term, Negative)
                else (
                    "+",
                    self.within(term, PRODUCT),
                )
            )

    def _factors(self, factors: Sequence[Maths], sign: str) -> Iterator[Piece]:
        for n, factor in enumerate(factors):
            between = sign or ("·" if _starts_with_digit(factor) else "")
            yield between if n else "", self._factor(factor, n, len(factors), sign)

    def _factor(self, maths: Maths, n: int, count: int, sign: str) -> str:
        """Return a factor; also in brackets: a table product among others, and where Σ or / would reach too far."""
        is_product = isinstance(maths, Product) or (self.flat and isinstance(maths, Quotient))
        if sign == "·":
            mixed = is_product and not _is_matrix_product(maths)
        else:
            mixed = n > 0 and self._starts_with_matrix_product(maths)
        reaches = n < count - 1 and self._is_open(maths, sign)
        return self.bracketed(self._write(maths)) if mixed or reaches else self.within(maths, PRODUCT)

    def _starts_with_matrix_product(self, maths: Maths) -> bool:
        if isinstance(maths, Quotient) and self.flat:
            return self._starts_with_matrix_product(maths.top)
        if isinstance(maths, Product):
            return _is_matrix_product(maths) or self._starts_with_matrix_product(maths.factors[0])
        return False

    def _is_open(self, maths: Maths, sign: str) -> bool:
        """Return whether what follows would seem to belong to its last part."""
        if isinstance(maths, Product):
            return self._is_open(maths.factors[-1], sign)
        if isinstance(maths, Quotient) and self.flat:
            return not sign or self._is_open(maths.bottom, sign)
        return isinstance(maths, Over)

    def _top(self, maths: Maths) -> str:
        return self._factor(maths, 0, 2, "/") if self.flat else self._write(maths)

    def _bottom(self, maths: Maths) -> str:
        return self._boxed(maths, PRODUCT if isinstance(maths, Over) else POWER)

    def _boxed(self, maths: Maths, least: int = ATOM) -> str:
        return self.within(maths, least) if self.flat else self._write(maths)

    def _body(self, maths: Maths) -> str:
        return self.within(maths, POWER if self.flat and not isinstance(maths, Over) else PRODUCT)

    def _when(self, when: Maths) -> str:
        if when == OTHERWISE:
            return self.otherwise()
        return self.condition(self.within(when, SUM) if isinstance(when, Cases) else self._write(when))

    @abstractmethod
    def number(self, digits: str) -> str: ...

    @abstractmethod
    def name(self, name: Name) -> str: ...

    @abstractmethod
    def words(self, words: str) -> str: ...

    @abstractmethod
    def bracketed(self, inside: str) -> str: ...

    @abstractmethod
    def row(self, pieces: Sequence[Piece]) -> str: ...

    @abstractmethod
    def negative(self, of: str) -> str: ...

    @abstractmethod
    def quotient(self, top: str, bottom: str) -> str: ...

    @abstractmethod
    def power(self, base: str, exponent: Maths) -> str: ...

    @abstractmethod
    def root(self, of: str) -> str: ...

    @abstractmethod
    def call(self, name: str, arguments: list[str]) -> str: ...

    @abstractmethod
    def transposed(self, of: str) -> str: ...

    @abstractmethod
    def part(self, of: str, places: list[str]) -> str: ...

    @abstractmethod
    def over(self, sign: str, body: str, below: str, above: str) -> str: ...

    @abstractmethod
    def grid(self, rows: list[list[str]]) -> str: ...

    @abstractmethod
    def cases(self, cases: list[tuple[str, str]]) -> str: ...

    @abstractmethod
    def condition(self, condition: str) -> str: ...

    @abstractmethod
    def otherwise(self) -> str: ...


def _is_matrix_product(maths: Maths) -> bool:
    return isinstance(maths, Product) and maths.sign == "·"


def _flattened(maths: Maths) -> Iterator[Maths]:
    if isinstance(maths, Sum):
        for term in maths.terms:
            yield from _flattened(term)
    else:
        yield maths


def _starts_with_digit(maths: Maths) -> bool:
    match maths:
        case Number(digits):
            return digits[:1].isdigit()
        case Power(first, _) | Quotient(first, _) | Product((first, *_), _):
            return _starts_with_digit(first)
    return False


class Accent(NamedTuple):
    """A mark above a letter in each notation; in MathML it is a sign of its own."""

    latex: str
    mathml: str
    typst: str


ACCENTS = {
    "\u0302": Accent("hat", "^", "hat"),
    "\u0304": Accent("bar", "¯", "macron"),
    "\u0303": Accent("tilde", "~", "tilde"),
    "\u0307": Accent("dot", "˙", "dot"),
    "\u20d7": Accent("vec", "→", "arrow"),
}
"""Combining marks that a name may end with: x̂, x̄, x̃."""


def comma() -> str:
    """Return what stands between two numbers: a semicolon where the decimal mark is a comma."""
    return ", " if decimal_mark() != "," else "; "


def commas(below: tuple[Maths, ...]) -> str:
    """Return what stands between subscripts: nothing in x_ij, commas where one is more than a letter."""
    return "" if all(map(_is_short, below)) else ", "


def _is_short(maths: Maths) -> bool:
    text = maths.letters if isinstance(maths, Name) and not maths.below else ""
    return len(maths.digits if isinstance(maths, Number) else text) == 1
