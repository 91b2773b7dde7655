"""An answer that begins with = : Excel's grammar, in which a sign binds before a power, and powers bind to the left."""

from __future__ import annotations

import re
from fractions import Fraction

from byhand.answers.grammar import Cursor, logarithm
from byhand.answers.tokens import Token, Unreadable
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
    """One formula, from its tokens without the = at the front."""

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)

    def whole(self) -> Tree:
        """All of it. Raises Unreadable."""
        tree = self.sum()
        if self.next.kind != "end":
            raise self.refusal()
        return tree

    def sum(self) -> Tree:
        """A sum of products."""
        self.deeper()
        tree = self.product()
        while sign := self.taken("+", "-"):
            tree = Apply(sign, (tree, self.product()))
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        """Factors, each with its powers."""
        tree = self.power()
        while sign := self.taken("*", "/"):
            tree = Apply(sign, (tree, self.power()))
        return tree

    def power(self) -> Tree:
        """Powers, from the left."""
        tree = self.signed()
        while self.taken("^"):
            tree = Apply("^", (tree, self.signed()))
        return tree

    def signed(self) -> Tree:
        """A number with its signs and percent signs."""
        minus = False
        while sign := self.taken("-", "+"):
            minus ^= sign == "-"
        tree = self.primary()
        while self.taken("%"):
            tree = Apply("percent", (tree,))
        return Apply("neg", (tree,)) if minus else tree

    def primary(self) -> Tree:
        """A number, a function, or what is in brackets."""
        token = self.next
        if token.kind == "number" and token.value is not None:
            self.take()
            return Number(token.value, token.places)
        if token.kind == "name":
            return self.called()
        if self.taken("("):
            tree = self.sum()
            self.close("(")
            return tree
        if token.text in ("$", "'") or (token.text == "#" and token.kind == "sign"):
            raise Unreadable("a formula that reads other cells is not an answer here")
        if token.text in ("{", '"', "@"):
            raise Unreadable(f"{token.text} is not read in a formula here")
        raise self.refusal()

    def called(self) -> Tree:
        """A function with its arguments. Raises Unreadable for another cell, and for a function that is not read."""
        name = self.take().text.upper().replace("_", "")
        if not self.taken("("):
            if _CELL.fullmatch(name) or self.sees("!", ":", "$"):
                raise Unreadable(f"{quoted(name)} is another cell: give the numbers themselves")
            raise Unreadable(f"{quoted(name)} is not known in a formula")
        if name not in READ:
            raise Unreadable(f"the function {quoted(name)} is not read; these are: {', '.join(READ)}")
        self.deeper()
        args = [] if self.sees(")") else [self.sum()]
        separator = self.next.text if self.sees(",", ";") else ""
        while separator and self.taken(separator):
            args.append(self.sum())
        self.close("(")
        self.depth -= 1
        return applied(name, args)


def applied(name: str, args: list[Tree]) -> Tree:
    """Return the operation that an Excel function is. Raises Unreadable where the number of arguments does not fit."""
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
    raise Unreadable(f"{name} does not take {count} argument{'' if count == 1 else 's'}")
