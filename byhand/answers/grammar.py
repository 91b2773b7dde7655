"""The grammar of typed mathematics: powers bind first and to the right, and products need no sign."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from byhand.answers.characters import GREEK
from byhand.answers.limits import DEEPEST, Unreadable
from byhand.answers.tokens import Token
from byhand.answers.tree import Apply, Infinite, Number, Symbol, Tree
from byhand.errors import nearest, quoted

_SAME = {
    "exp sqrt cbrt abs floor sign sigmoid relu softplus erf factorial": "",
    "sin cos tan sec csc cot asin acos atan sinh cosh tanh sech csch coth asinh acosh atanh": "",
    "max min": "",
}
FUNCTIONS: dict[str, str] = {name: name for names in _SAME for name in names.split()} | {
    "ln": "ln",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arsinh": "asinh",
    "arcosh": "acosh",
    "artanh": "atanh",
    "arctanh": "atanh",
    "ceil": "ceiling",
    "ceiling": "ceiling",
    "sgn": "sign",
    "logistic": "sigmoid",
    "silu": "silu",
    "swish": "silu",
    "cosec": "csc",
}
"""Names as they are typed, and the names of their operations in the tree."""
_WHOLE = {*FUNCTIONS, "log", "pi"}
MANY = {"max", "min"}
BASES = {"natural": "e", "base10": "10", "base2": "2"}

MISPLACED = {
    "=": "it is an equation: give one side only",
    ":": "a colon may be a ratio or a division: write / for a division",
    ")": "a bracket ) is closed that was never opened",
    "]": "a bracket ] is closed that was never opened",
    "}": "a bracket } is closed that was never opened",
    "_": "digits may not be grouped by _",
    "\\": "a backslash is no division sign: write /",
    ".": "it has a point where none belongs",
    ",": "it has a comma where none belongs",
    ";": "it has a semicolon where none belongs",
    "…": "the digits go on: write a fraction",
    "?": "it has a question mark",
}
"""Why a sign is not understood where it stands."""

_FOR_BOTH = {"lg": "log10(...) or log2(...)", "ld": "log2(...)", "lb": "log2(...)", "LOG": "log10(...) or ln(...)"}


def operation_of(name: str, log: str) -> tuple[str, ...] | None:
    """Return the operation of a function name and its fixed arguments: ("log", "10"); None for another name."""
    if name in FUNCTIONS:
        return (FUNCTIONS[name],)
    if name == "log":
        return ("log", BASES[log])
    base = name.removeprefix("log_")
    if base != name and (base == "e" or (base.isdigit() and 2 <= int(base[:6]) <= 10_000)):
        return ("log", base)
    if name in _FOR_BOTH:
        raise Unreadable(
            "{name} means different things in different places: write {clear}", name=name, clear=_FOR_BOTH[name]
        )
    lowered = name.lower()
    return operation_of(lowered, log) if lowered != name and (lowered == "log" or lowered in FUNCTIONS) else None


def apply_function(operation: tuple[str, ...], args: list[Tree], name: str) -> Tree:
    """Apply an operation to its arguments. Raises Unreadable for a wrong number of arguments."""
    op = operation[0]
    if op == "log":
        if len(args) != 1:
            raise Unreadable("{name} takes one number: write log2(...), log10(...) or ln(...)", name=name)
        return logarithm(args[0], operation[1])
    if len(args) != 1 and not (op in MANY and args):
        raise Unreadable(
            "{name} takes some numbers, not {count}" if op in MANY else "{name} takes one number, not {count}",
            name=name,
            count=len(args),
        )
    return Apply(op, tuple(args))


def logarithm(of: Tree, base: str) -> Tree:
    if base == "e":
        return Apply("ln", (of,))
    return Apply("log", (of, Number(Fraction(int(base)))))


def symbol_of(name: str, variables: frozenset[str], free: bool, shown: str = "") -> Tree:
    """Return the symbol of a name. free: whether letters that the key lacks are symbols too. Raises Unreadable.

    shown: the name as it was typed, if that differs.
    """
    if name in variables or name in ("e", "pi"):
        return Symbol(name)
    if name in ("Pi", "PI"):
        return Symbol("pi")
    stem, _, below = name.partition("_")
    if stem in variables and below.isdigit():
        typed = shown or name
        raise Unreadable(
            "it is not clear what {name} is: write {stem}*{below} or {stem}^{below}",
            typed,
            name=quoted(typed),
            stem=stem,
            below=below,
        )
    if free and len(name.partition("_")[0]) == 1:
        return Symbol(name)
    raise _unknown(name, shown or name, variables)


def split_letters(tokens: list[Token], variables: frozenset[str]) -> list[Token]:
    """Split `qk` into q and k, and `pln` into p and ln, if every letter is one of the question's."""
    if not variables:
        return list(tokens)
    split_tokens: list[Token] = []
    for token in tokens:
        parts = _parts(token.text, variables) if token.kind == "name" else None
        blanks = [token.blank] + [False] * 12
        split = [Token("name", part, blank) for part, blank in zip(parts or [], blanks, strict=False)]
        split_tokens.extend(split or [token])
    return split_tokens


def _parts(name: str, variables: frozenset[str]) -> list[str] | None:
    """Return the letters of a name and the function after them; None if it is a single name."""
    plain = name.isascii() and name.isalpha() and 2 <= len(name) <= 12 and name not in GREEK.values()
    if not plain or name in variables or name in _WHOLE:
        return None
    for cut in range(1, len(name) + 1):
        if name[cut - 1] not in variables and name[cut - 1] != "e":
            return None
        if name[cut:] in _WHOLE or cut == len(name):
            return [*name[:cut], *([name[cut:]] if name[cut:] else [])]
    return None


def _unknown(name: str, typed: str, variables: frozenset[str]) -> Unreadable:
    shown = quoted(typed)
    if name.lower() in ("inf", "infinity", "oo"):
        return Unreadable("infinity is no number here", typed)
    if name == "E":
        return Unreadable("E is not known here: write e for the base of natural logarithms", typed)
    known = sorted(variables) or None
    if known:
        near = nearest(name, known)
        return Unreadable("{name} is not a name of this question ({near})", typed, name=shown, near=near)
    if name.lower() in ("nan", "n", "na", "idk", "none", "null", "true", "false") or len(name) == 1:
        return Unreadable("{name} is no number", typed, name=shown)
    return Unreadable("{name} is not a number, nor a function that is read here", typed, name=shown)


CLOSING: dict[str, str] = {"(": ")", "[": "]", "{": "}"}


class Cursor:
    """A position in a list of tokens, of which the last is `end`."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    @property
    def after(self) -> Token:
        return self.tokens[min(self.place + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Return the next token and move past it."""
        token = self.tokens[self.place]
        if token.kind != "end":
            self.place += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these signs."""
        return self.tokens[self.place].kind == "sign" and self.tokens[self.place].text in texts

    def accept(self, *texts: str) -> str:
        """Return the next sign and move past it if it is one of these; else return an empty text."""
        return self.take().text if self.sees(*texts) else ""

    def close(self, opening: str) -> None:
        """Move past the closing bracket. Raises Unreadable if it is not next."""
        if not self.accept(CLOSING.get(opening, opening)):
            if self.next.kind == "end":
                raise Unreadable("the bracket {opening} is never closed", opening, opening=opening)
            raise self.refusal()

    def deeper(self) -> None:
        """Count a level of nesting. Raises Unreadable if there are too many."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("brackets or powers are nested more than {most} deep", most=DEEPEST)

    def refusal(self) -> Unreadable:
        """Return the error that says why the next token does not fit."""
        token = self.next
        if token.kind == "end":
            return Unreadable("it is not finished")
        if token.kind in ("line", "cell"):
            return Unreadable("a line ends, or a cell, where it should go on")
        typed = token.shown or token.text
        if token.text in MISPLACED:
            return Unreadable(MISPLACED[token.text], token.text)
        return Unreadable("{name} is not understood there", typed, name=quoted(typed))


_RADIX = re.compile(r"[xXbBoO](?:_[0-9]|[A-Fa-f])")
_ROOTS = {"√": "sqrt", "∛": "cbrt"}


@dataclass(frozen=True)
class Meaning:
    """The meaning of names and notations in an item. free: whether letters that the key lacks are symbols too."""

    variables: frozenset[str] = frozenset()
    free: bool = False
    log: str = "natural"
    infinity: bool = False
    mixed: bool = True


class Grammar(Cursor):
    """Parses one expression from its tokens."""

    def __init__(self, tokens: list[Token], meaning: Meaning) -> None:
        super().__init__(split_letters(tokens, meaning.variables))
        self.meaning = meaning
        self.bars = 0

    def whole(self) -> Tree:
        """Parse the whole expression. Raises Unreadable."""
        tree = self.infinite() or self.sum()
        if self.next.kind != "end":
            raise self.refusal()
        return tree

    def infinite(self) -> Tree | None:
        """Parse infinity, alone or with a sign; None for another expression. Raises Unreadable if not allowed."""
        rest = [t.text.lower() for t in self.tokens if t.kind != "end"]
        sign = -1 if rest[:1] == ["-"] else 1
        if rest[:1] in (["-"], ["+"]):
            rest = rest[1:]
        if rest not in (["inf"], ["infinity"], ["∞"], ["oo"]):
            return None
        if not self.meaning.infinity:
            raise Unreadable("infinity is no number here")
        self.place = len(self.tokens) - 1
        return Infinite(sign)

    def sum(self) -> Tree:
        """Parse a sum of signed terms."""
        self.deeper()
        tree = self.signed()
        while sign := self.accept("+", "-"):
            tree = Apply(sign, (tree, self.signed()))
        self.depth -= 1
        return tree

    def signed(self) -> Tree:
        """Parse a product with an optional sign."""
        sign = self.accept("-", "+")
        if sign and self.sees("-", "+"):
            raise Unreadable("two signs follow one another")
        tree = self.product()
        return Apply("neg", (tree,)) if sign == "-" else tree

    def product(self) -> Tree:
        """Parse factors, with or without a sign between them."""
        tree = self.power()
        while True:
            if sign := self.accept("*", "/"):
                tree = Apply(sign, (tree, self.factor()))
            elif self.juxtaposed():
                tree = Apply("*", (tree, self.power()))
            else:
                return tree

    def factor(self) -> Tree:
        """Parse a factor after a sign of a product."""
        if self.accept("-"):
            return Apply("neg", (self.power(),))
        return self.power()

    def juxtaposed(self) -> bool:
        """Whether a factor follows without a sign. Raises Unreadable if it is a number: `x 2` is ambiguous."""
        token = self.next
        if token.kind in ("number", "vulgar"):
            raise Unreadable("two numbers, or a name and a number, stand side by side without a sign")
        if token.kind == "name":
            return True
        if token.text == "|":
            return self.bars == 0
        return token.kind == "sign" and token.text in ("(", "[", "{", "√", "∛", "∜", "\\frac", "\\sqrt", "∞")

    def power(self) -> Tree:
        """Parse a power; powers associate to the right."""
        tree = self.postfix()
        if self.next.kind == "power":
            return Apply("^", (tree, self.superscript()))
        if not self.accept("^"):
            return tree
        if self.next.text == "T" and "T" not in self.meaning.variables:
            raise Unreadable("a transpose is not read here: write a product")
        self.deeper()
        sign = self.accept("-", "+")
        exponent = self.power()
        self.depth -= 1
        return Apply("^", (tree, Apply("neg", (exponent,)) if sign == "-" else exponent))

    def superscript(self) -> Tree:
        """Parse an exponent in superscript characters."""
        text = self.take().text
        digits = text.lstrip("+-")
        if digits.isdigit() and len(digits) <= 5 and len(text) - len(digits) <= 1:
            return Number(Fraction(int(text)))
        if len(text) == 1 and text.isalpha() and text != "T":
            return symbol_of(text, self.meaning.variables, self.meaning.free)
        raise Unreadable("the raised {name} is not understood: write ^(...)", name=quoted(text))

    def postfix(self) -> Tree:
        """Parse an operand with the signs that follow it: ! and %."""
        tree = self.primary()
        while sign := self.accept("!", "%", "‰"):
            if sign == "!" and self.sees("!", "="):
                raise Unreadable("two signs ! follow one another")
            if sign == "%" and self.next.kind in ("number", "name"):
                raise Unreadable("% before a number is not understood")
            tree = Apply({"!": "factorial", "%": "percent", "‰": "permille"}[sign], (tree,))
        return tree

    def primary(self) -> Tree:
        """Parse a number, a name, a group, a root or a fraction."""
        token = self.next
        if token.kind == "number":
            return self.number()
        if token.kind == "vulgar":
            self.take()
            return Number(_value(token))
        if token.kind == "name":
            return self.named(self.take())
        if opening := self.accept("(", "[", "{"):
            tree = self.sum()
            self.close(opening)
            if opening == "[" and isinstance(tree, Number):
                raise Unreadable("a list in brackets [ ] stands where a number should", "[")
            return tree
        if self.accept("|"):
            return self.bar()
        if self.sees("√", "∛", "∜", "\\sqrt"):
            return self.root()
        if self.accept("\\frac"):
            return Apply("/", (self.group(), self.group()))
        if token.text.startswith("\\") and len(token.text) > 1:
            raise Unreadable("the command {name} is not read", name=quoted(token.text[1:]))
        raise self.refusal()

    def number(self) -> Tree:
        """Parse a number, which may be mixed (1 3/7) or open (0.333...)."""
        token = self.take()
        if self.next.text in {"e", "E"} - self.meaning.variables and not self.next.blank and self.unfinished():
            raise Unreadable(
                "{name} is not finished: write 2*e, or 2e3 for 2000", name=quoted(token.text + self.next.text)
            )
        if token.text == "0" and self.next.kind == "name" and not self.next.blank and _RADIX.match(self.next.text):
            raise Unreadable("numbers are written with the digits 0 to 9, in tens")
        if self.next.kind == "name" and self.next.text in ("x", "X", "x_10", "X_10"):
            self.times()
        if token.places and self.sees("(") and not self.next.blank and self.after.text.isdigit():
            raise Unreadable(
                "{sign}(...) may be a product or repeated digits: write a sign, or a fraction", sign=token.text
            )
        open_end = bool(self.accept("…") or self.dots())
        if open_end and (token.places or 0) < 2:
            raise Unreadable("the digits go on: write more of them, or a fraction")
        mixed = self.mixed(token)
        return mixed or Number(_value(token), token.places, open_end)

    def unfinished(self) -> bool:
        """Whether the whole answer is a number, an e and perhaps a sign: 2e, -2e+."""
        rest = [word.text for word in self.tokens[self.place + 1 :] if word.kind != "end"]
        return self.place <= 2 and rest in ([], ["+"], ["-"])

    def dots(self) -> bool:
        """Whether three points follow, which say that the digits go on; move past them."""
        three = self.tokens[self.place : self.place + 3]
        found = len(three) == 3 and all(t.kind == "sign" and t.text == "." for t in three)
        self.place += 3 if found else 0
        return found

    def times(self) -> None:
        """Make a times sign of an x before a power of ten: 1.2 x 10^4, 1x10^-3."""
        x, ten, power = (self.tokens[self.place : self.place + 3] + [self.tokens[-1]] * 3)[:3]
        if x.text[0] in self.meaning.variables or x.text in self.meaning.variables:
            return
        tens = [Token("number", "10", False, Fraction(10), 0)] if x.text.endswith("_10") else []
        raised = ten if tens else power
        if (tens or ten.text == "10") and (raised.text == "^" or raised.kind == "power"):
            self.tokens[self.place : self.place + 1] = [Token("sign", "*", x.blank), *tens]

    def mixed(self, token: Token) -> Tree | None:
        """Parse a mixed number, 1 3/7 or 1½; None for another number."""
        whole = token.text.isdigit()
        if self.next.kind == "vulgar" and whole:
            part = _value(self.take())
        elif whole and self.next.text == "\\frac" and (latex := self.latex_part()):
            part = latex
        elif whole and self.next.kind == "number" and self.next.blank and self.next.text.isdigit():
            over, sign, under, end = (self.tokens[self.place : self.place + 4] + [self.tokens[-1]] * 4)[:4]
            if sign.text != "/" or not under.text.isdigit() or end.text in ("^", "!", "/") or end.kind == "power":
                return None
            if not 0 < _value(over) < _value(under):
                return None
            part = _value(over) / _value(under)
            self.place += 3
        else:
            return None
        if not self.meaning.mixed:
            raise Unreadable("mixed numbers are not read in this item: write one fraction")
        return Apply("mixed", (Number(_value(token)), Number(part)))

    def latex_part(self) -> Fraction | None:
        """Move past the fraction of a mixed number in LaTeX and return it; None for another fraction."""
        words = (self.tokens[self.place : self.place + 8] + [self.tokens[-1]] * 8)[:8]
        texts = [word.text for word in words]
        over, under = words[2], words[5]
        if [texts[n] for n in (1, 3, 4, 6)] != ["{", "}", "{", "}"] or not (texts[2] + texts[5]).isdigit():
            return None
        if not 0 < _value(over) < _value(under):
            return None
        if words[7].text in ("^", "!", "/", "%") or words[7].kind == "power":
            raise Unreadable("it is not clear whether a number before a fraction is a factor: write a sign")
        self.place += 7
        return _value(over) / _value(under)

    def bar(self) -> Tree:
        """Parse an absolute value."""
        self.bars += 1
        tree = self.sum()
        if not self.accept("|"):
            raise Unreadable("a bar | is never closed") if self.next.kind == "end" else self.refusal()
        self.bars -= 1
        return Apply("abs", (tree,))

    def root(self) -> Tree:
        """Parse a root of the number or group after its sign."""
        sign = self.take().text
        if sign == "\\sqrt":
            degree: Tree | None = None
            if self.accept("["):
                degree = self.sum()
                self.close("[")
            of = self.group()
            return Apply("root", (of, degree)) if degree else Apply("sqrt", (of,))
        bare = not self.sees("(", "{", "[", "|")
        self.deeper()
        of = self.postfix()
        self.depth -= 1
        if bare and (self.sees("^") or self.next.kind == "power" or (self.next.kind == "name" and not self.next.blank)):
            raise Unreadable("it is not clear how far the root goes: write brackets")
        return Apply(_ROOTS[sign], (of,)) if sign in _ROOTS else Apply("root", (of, Number(Fraction(4))))

    def group(self) -> Tree:
        """Parse the argument of a LaTeX command: in braces, or one number or name."""
        if self.accept("{"):
            tree = self.sum()
            self.close("{")
            return tree
        if self.next.kind in ("number", "name") and len(self.next.text) == 1:
            return self.primary()
        raise Unreadable("a LaTeX command lacks its braces {...}")

    def named(self, token: Token) -> Tree:
        """Parse a variable, a constant or a function call."""
        name = token.text
        meaning = self.meaning
        if name in meaning.variables:
            return Symbol(name)
        if name == "sigma" and self.sees("("):
            name = "sigmoid"
        if operation := operation_of(name, meaning.log):
            return self.call(operation, name)
        stem, _, digits = name.partition("_")
        if stem in ("ln", "sqrt") and digits.isdigit() and not self.sees("("):
            return Apply(stem, (Number(Fraction(int(digits))),))
        if self.sees("(") and name not in ("e", "pi"):
            typed = token.shown or token.text
            raise Unreadable("{name} is not a function that is read here", typed, name=quoted(typed))
        return symbol_of(name, meaning.variables, meaning.free, token.shown)

    def call(self, operation: tuple[str, ...], name: str) -> Tree:
        """Parse a function's arguments, with or without brackets."""
        exponent = self.function_exponent(name)
        if opening := self.accept("(", "[", "{"):
            self.deeper()
            args = [self.sum()]
            separator = self.next.text if self.sees(",", ";") else ""
            while separator and self.accept(separator):
                args.append(self.sum())
            self.close(opening)
            self.depth -= 1
        else:
            args = [self.bare(name)]
        tree = apply_function(operation, args, name)
        return Apply("^", (tree, exponent)) if exponent else tree

    def function_exponent(self, name: str) -> Tree | None:
        """Parse the exponent of sin^2(x). Raises Unreadable for -1, which may also mean the inverse function."""
        if self.next.kind == "power":
            exponent = self.superscript()
        elif self.accept("^"):
            braces = self.accept("{", "(")
            if self.next.kind != "number":
                raise Unreadable("the power of {name} is not clear: write ({name}(...))^(...)", name=name)
            exponent = Number(_value(self.take()))
            if braces:
                self.close(braces)
        else:
            return None
        if not isinstance(exponent, Number) or exponent.value <= 0:
            raise Unreadable("the power of {name} is not clear: write ({name}(...))^(...)", name=name)
        return exponent

    def bare(self, name: str) -> Tree:
        """Parse an argument without brackets: `ln 2`, `sin 2x`."""
        if self.next.kind not in ("number", "name", "vulgar") and not self.sees("√", "|", "\\frac", "\\sqrt"):
            raise Unreadable("{name} lacks its number: write {name}(...)", name=name)
        self.deeper()
        tree = self.power()
        while self.next.kind == "name" and not self.next.blank and not self.calls(self.next):
            tree = Apply("*", (tree, self.power()))
        if self.next.kind == "name" and not self.calls(self.next):
            raise Unreadable("it is not clear how far {name} goes: write {name}(...)", name=name)
        self.depth -= 1
        return tree

    def calls(self, token: Token) -> bool:
        """Whether a token is the name of a function."""
        return token.text not in self.meaning.variables and operation_of(token.text, self.meaning.log) is not None


def _value(token: Token) -> Fraction:
    assert token.value is not None
    return token.value
