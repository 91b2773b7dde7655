"""What the names in an answer mean: functions, constants, and the letters of the question."""

from __future__ import annotations

from fractions import Fraction

from byhand.answers.tokens import GREEK, Token, Unreadable
from byhand.answers.tree import Apply, Number, Symbol, Tree
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
"""As they are typed: what they are called in the tree."""
_WHOLE = {*FUNCTIONS, "log", "pi"}
MANY = {"max", "min"}
BASES = {"natural": "e", "base10": "10", "base2": "2"}

_FOR_BOTH = {"lg": "log10(...) or log2(...)", "ld": "log2(...)", "lb": "log2(...)", "LOG": "log10(...) or ln(...)"}


def function(name: str, log: str) -> tuple[str, ...] | None:
    """The operation that a name calls, with what it fixes: ("log", "10"); None where it calls none."""
    if name in FUNCTIONS:
        return (FUNCTIONS[name],)
    if name == "log":
        return ("log", BASES[log])
    base = name.removeprefix("log_")
    if base != name and (base == "e" or (base.isdigit() and 2 <= int(base[:6]) <= 10_000)):
        return ("log", base)
    if name in _FOR_BOTH:
        raise Unreadable(f"{name} means different things in different places: write {_FOR_BOTH[name]}")
    lowered = name.lower()
    return function(lowered, log) if lowered != name and (lowered == "log" or lowered in FUNCTIONS) else None


def called(operation: tuple[str, ...], args: list[Tree], name: str) -> Tree:
    """The operation on its arguments. Raises Unreadable where their number does not fit."""
    op = operation[0]
    if op == "log":
        if len(args) != 1:
            raise Unreadable(f"{name} takes one number: write log2(...), log10(...) or ln(...)")
        return logarithm(args[0], operation[1])
    if len(args) != 1 and not (op in MANY and args):
        raise Unreadable(f"{name} takes {'some numbers' if op in MANY else 'one number'}, not {len(args)}")
    return Apply(op, tuple(args))


def logarithm(of: Tree, base: str) -> Tree:
    if base == "e":
        return Apply("ln", (of,))
    return Apply("log", (of, Number(Fraction(int(base)))))


def looked_up(name: str, variables: frozenset[str], free: bool) -> Tree:
    """The symbol, or the product of letters, that a name is. free: a letter that the key lacks is a symbol too."""
    if name in variables or name in ("e", "pi"):
        return Symbol(name)
    if name in ("Pi", "PI"):
        return Symbol("pi")
    stem, _, below = name.partition("_")
    if stem in variables and below.isdigit():
        raise Unreadable(f"it is not clear what {quoted(stem + below)} is: write {stem}*{below} or {stem}^{below}")
    if free and len(name.partition("_")[0]) == 1:
        return Symbol(name)
    raise Unreadable(_unknown(name, variables))


def apart(tokens: list[Token], variables: frozenset[str]) -> list[Token]:
    """With `qk` as q and k, and `pln` as p and ln, where each letter is one of the question's."""
    if not variables:
        return list(tokens)
    found: list[Token] = []
    for token in tokens:
        parts = _parts(token.text, variables) if token.kind == "name" else None
        blanks = [token.blank] + [False] * 12
        split = [Token("name", part, blank) for part, blank in zip(parts or [], blanks, strict=False)]
        found.extend(split or [token])
    return found


def _parts(name: str, variables: frozenset[str]) -> list[str] | None:
    """The letters, and the function after them, that a name is made of; None where it is one name."""
    plain = name.isascii() and name.isalpha() and 2 <= len(name) <= 12 and name not in GREEK.values()
    if not plain or name in variables or name in _WHOLE:
        return None
    for cut in range(1, len(name) + 1):
        if name[cut - 1] not in variables and name[cut - 1] != "e":
            return None
        if name[cut:] in _WHOLE or cut == len(name):
            return [*name[:cut], *([name[cut:]] if name[cut:] else [])]
    return None


def _unknown(name: str, variables: frozenset[str]) -> str:
    shown = quoted(name)
    if name.lower() in ("inf", "infinity", "oo"):
        return "infinity is no number here"
    if name == "E":
        return "E is not known here: write e for the base of natural logarithms"
    known = sorted(variables) or None
    if known:
        return f"{shown} is not a name of this question ({nearest(name, known)})"
    if name.lower() in ("nan", "n", "na", "idk", "none", "null", "true", "false") or len(name) == 1:
        return f"{shown} is no number"
    return f"{shown} is not a number, nor a function that is read here"
