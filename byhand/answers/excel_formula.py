"""The grammar of Excel formulas, in which a sign binds before a power and powers associate to the left."""

from __future__ import annotations

import re
from fractions import Fraction

from byhand.answers.grammar import Cursor, logarithm
from byhand.answers.limits import Unreadable
from byhand.answers.tokens import Token
from byhand.answers.tree import Apply, Number, Symbol, Tree
from byhand.errors import quoted

_ONE = {
    name.upper(): name
    for name in "exp ln sqrt abs sign erf sin cos tan sec csc cot asin acos atan "
    "sinh cosh tanh asinh acosh atanh".split()
} | {"INT": "floor", "FACT": "factorial"}
_TWO = {"POWER": "^", "MOD": "mod", "QUOTIENT": "quotient"}
_ROUND = {"ROUND": "round", "ROUNDUP": "roundup", "ROUNDDOWN": "rounddown", "TRUNC": "rounddown"}
_ALL = {"SUM": "sum", "PRODUCT": "product", "MIN": "min", "MAX": "max", "AVERAGE": "average", "SUMSQ": "sumsq"}
READ = sorted([*_ONE, *_TWO, *_ROUND, *_ALL, "LOG", "LOG10", "PI"])
_CELL = re.compile(r"[A-Za-z]{1,3}_?[0-9]{1,7}")


class ExcelGrammar(Cursor):
    """Parses a formula from its tokens, without the leading =."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)

    def whole(self) -> Tree:
        """Parse the whole formula. Raises Unreadable."""
        tree = self.sum()
        if self.next.kind != "end":
            raise self.refusal()
        return tree

    def rows(self) -> tuple[tuple[Tree, ...], ...]:
        """Parse the whole formula: one expression, or the rows of an array such as {1,2;3,4}. Raises Unreadable."""
        if not self.accept("{"):
            return ((self.whole(),),)
        rows: list[list[Tree]] = [[]]
        while True:
            rows[-1].append(self.signed())
            sign = self.accept(",", ";", "\\", "}")
            if sign == "}":
                break
            if not sign:
                raise self.refusal()
            if sign == ";":
                rows.append([])
        if self.next.kind != "end":
            raise Unreadable("an array in a formula is read only where it stands alone")
        if len({len(row) for row in rows}) > 1:
            raise Unreadable("its rows are not equally long")
        return tuple(map(tuple, rows))

    def sum(self) -> Tree:
        """Parse a sum of products."""
        self.deeper()
        tree = self.product()
        while sign := self.accept("+", "-"):
            tree = Apply(sign, (tree, self.product()))
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        """Parse a product of powers."""
        tree = self.power()
        while sign := self.accept("*", "/"):
            tree = Apply(sign, (tree, self.power()))
        return tree

    def power(self) -> Tree:
        """Parse powers, from left to right."""
        tree = self.signed()
        while self.accept("^"):
            tree = Apply("^", (tree, self.signed()))
        return tree

    def signed(self) -> Tree:
        """Parse an operand with its signs and percent signs."""
        minus = False
        while sign := self.accept("-", "+"):
            minus ^= sign == "-"
        tree = self.primary()
        while self.accept("%"):
            tree = Apply("percent", (tree,))
        return Apply("neg", (tree,)) if minus else tree

    def primary(self) -> Tree:
        """Parse a number, a function or a bracketed expression."""
        token = self.next
        if token.kind == "number" and token.value is not None:
            self.take()
            return Number(token.value, token.places)
        if token.kind == "name":
            return self.called()
        if self.accept("("):
            tree = self.sum()
            self.close("(")
            return tree
        if token.text in ("$", "'") or (token.text == "#" and token.kind == "sign"):
            raise Unreadable("a formula that reads other cells is not an answer here")
        if token.text in ("{", '"', "@"):
            raise Unreadable("{sign} is not read in a formula here", sign=token.text)
        raise self.refusal()

    def called(self) -> Tree:
        """Parse a function call. Raises Unreadable for a reference to a cell and for an unsupported function."""
        name = self.take().text.upper().replace("_", "")
        if not self.accept("("):
            if _CELL.fullmatch(name) or self.sees("!", ":", "$"):
                raise Unreadable("{name} is another cell: give the numbers themselves", name=quoted(name))
            raise Unreadable("{name} is not known in a formula", name=quoted(name))
        if name not in READ:
            raise Unreadable(
                "the function {name} is not read; these are: {names}", name=quoted(name), names=", ".join(READ)
            )
        self.deeper()
        args = [] if self.sees(")") else [self.sum()]
        separator = self.next.text if self.sees(",", ";") else ""
        while separator and self.accept(separator):
            args.append(self.sum())
        self.close("(")
        self.depth -= 1
        return applied(name, args)


def applied(name: str, args: list[Tree]) -> Tree:
    """Return the operation of an Excel function. Raises Unreadable for a wrong number of arguments."""
    count = len(args)
    if name == "PI" and not args:
        return Symbol("pi")
    if name in _ONE and count == 1:
        return Apply(_ONE[name], (args[0],))
    if name == "LOG10" and count == 1:
        return logarithm(args[0], "10")
    if name == "LOG" and count in (1, 2):
        return Apply("log", (args[0], args[1] if count == 2 else Number(Fraction(10))))
    if name in _TWO and count == 2:
        return Apply(_TWO[name], tuple(args))
    if name in _ROUND and (count == 2 or (name == "TRUNC" and count == 1)):
        return Apply(_ROUND[name], (args[0], args[1] if count == 2 else Number(Fraction(0))))
    if name in _ALL and args:
        return Apply(_ALL[name], tuple(args))
    raise Unreadable(
        "{name} does not take 1 argument" if count == 1 else "{name} does not take {count} arguments",
        name=name,
        count=count,
    )
