"""Tokens of an answer: numbers, names and signs. `Comma` says what a comma between digits means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

LONGEST = 2_000
"""The longest answer, in characters."""
MOST_TOKENS = 500
DEEPEST = 64
"""The deepest nesting of brackets and powers."""
MOST_DIGITS = 60
"""The most digits of one number."""
HIGHEST_POWER = 10_000
"""The largest exponent of a power, of e and of ten."""
LARGEST_FACTORIAL = 170
MOST_BITS = 40_000
"""The largest numerator and denominator of a fraction; a larger number is a real of finite precision."""
FARTHEST = 400_000
"""The largest binary exponent of an intermediate result."""


class Unreadable(Exception):
    """An answer that cannot be read. The message is the reason: a clause without its full stop."""


INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff"
"""Invisible characters that copying from a page leaves at the ends."""

_SIGNS = {
    "-": "−–—‐‑‒﹣－",
    "*": "×·⋅∙•∗✕＊",
    "/": "÷⁄∕／",
    "~": "≈∼≃≅～",
    "|": "∣｜",
    "+": "＋",
    ".": "．٫",
    ",": "，",
    ";": "；",
    "(": "（",
    ")": "）",
    "[": "［",
    "]": "］",
    "%": "％٪",
    "^": "＾",
    "'": "’ʼ",
    "<": "⟨〈",
    ">": "⟩〉",
    "e": "ℯ",
    "\u0305": "\u0304\u0307",
}
_TRANSLATED = str.maketrans({sign: plain for plain, signs in _SIGNS.items() for sign in signs})
TIMES = "×✕"
"""Signs that may stand between the sides of a table: 2×3."""

GREEK = {
    letter: "lambda" if name == "LAMDA" else name.lower()
    for name in "ALPHA BETA GAMMA DELTA EPSILON ZETA ETA THETA IOTA KAPPA LAMDA MU NU XI OMICRON PI RHO SIGMA TAU "
    "UPSILON PHI CHI PSI OMEGA".split()
    for letter in unicodedata.lookup(f"GREEK SMALL LETTER {name}")
} | {
    unicodedata.lookup(f"GREEK CAPITAL LETTER {name}"): name.capitalize().replace("Lamda", "Lambda")
    for name in "GAMMA DELTA THETA LAMDA XI PI SIGMA PHI PSI OMEGA".split()
}
GREEK |= {"ϵ": "epsilon", "ϕ": "phi", "ϑ": "theta", "µ": "mu", "ϱ": "rho", "ς": "sigma"}

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣʸᵀ"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼ"
_KNOWN = frozenset("".join(GREEK) + SUPERSCRIPTS + SUBSCRIPTS + "√∛∜∞‰\u0305…")

_NARROW = re.compile(r"(?<![\d.,'])([1-9]\d{0,2})((?:[\u00a0\u2009\u202f]\d{3})+)(?!\d)", re.ASCII)
_RAISED_POINT = re.compile(r"(?<![\d.,])0[·⋅∙•]\d", re.ASCII)
_REPEATED = re.compile(r"(\d\.)\((\d{1,30})\)", re.ASCII)


def strip_invisible(text: str) -> str:
    """Return an answer without blanks and invisible characters at its ends."""
    return text.strip().strip(INVISIBLE).strip()


def clean_answer(text: str) -> str:
    """Return an answer in ASCII, except for letters and signs without an ASCII form. Raises Unreadable."""
    text = strip_invisible(text)
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST:,} characters")
    if not text.isascii():
        text = _NARROW.sub(lambda m: m[1] + re.sub(r"\D", "'", m[2]), text)
        if _RAISED_POINT.search(text):
            raise Unreadable("0· may be a decimal or a product: write 0. or 0*")
        text = unicodedata.normalize("NFC", text).translate(_TRANSLATED)
        text = "".join(c if c.isascii() else _plain(c) for c in text)
    if not text.isprintable():
        text = _lines(text)
    if "(" in text:
        text = _REPEATED.sub(lambda m: m[1] + "".join(f"{digit}\u0305" for digit in m[2]), text)
    return _unended(text)


def _plain(c: str) -> str:
    if c in _KNOWN:
        return c
    if (digit := unicodedata.decimal(c, None)) is not None:
        return str(digit)
    if unicodedata.category(c) == "Zs":
        return " "
    if unicodedata.category(c) == "No" and "\N{FRACTION SLASH}" in unicodedata.normalize("NFKC", c):
        return c
    raise Unreadable(f"it holds {character_name(c)}, which is not read here")


def character_name(c: str) -> str:
    """Return a character's code and name, so that a sentence need not hold a control character."""
    return f"the character U+{ord(c):04X} ({unicodedata.name(c, 'without a name').lower()})"


def _lines(text: str) -> str:
    """Return the text with uniform line ends. Raises Unreadable for a control character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for c in text:
        if c not in "\n\t\u0305" and unicodedata.category(c).startswith("C"):
            raise Unreadable(f"it holds {character_name(c)}, which is not read here")
    return text


def _unended(text: str) -> str:
    """Return the text without the full stop of a sentence."""
    if text.endswith(".") and not text.endswith("..") and len(text) > 1 and (text[-2].isalnum() or text[-2] in ")]}%"):
        return text[:-1]
    return text


class Comma(Enum):
    """The meaning of a comma between digits: of 0,88 two entries, or (DECIMAL) the number 0.88."""

    SEPARATES = "a comma between entries"
    THOUSANDS = "thousands comma"
    DECIMAL = "decimal comma"


@dataclass(frozen=True, slots=True)
class Token:
    """A token. kind: number, name, power (superscripts), sign, line, cell, end. blank: whether a blank precedes it."""

    kind: str
    text: str
    blank: bool
    value: Fraction | None = None
    places: int | None = None
    open: bool = False


_EXPONENT = r"(?:[eE][+-]?\d+)?"
_POINT = r"(?:\d+(?:\.\d*)?|\.\d+)"
_GROUPS = r"[1-9]\d{0,2}(?:'\d{3})+(?![\d'])(?:\.\d+)?"
_BLANKS = r"[1-9]\d{0,2}(?: \d{3})+(?! ?[\d/])(?:\.\d+)?"
_NUMBER = {
    Comma.SEPARATES: rf"(?:{_GROUPS}|{_POINT}){_EXPONENT}",
    Comma.THOUSANDS: rf"(?:[1-9]\d{{0,2}}(?:,\d{{3}})+(?![\d,])(?:\.\d+)?|{_GROUPS}|{_POINT}){_EXPONENT}",
    Comma.DECIMAL: r"(?:[1-9]\d{0,2}(?:['.]\d{3})+(?![\d.'])(?:,\d+)?|\d*,\d+(?!,\d)|"
    rf"{_POINT}){_EXPONENT}",
}
_REST = (
    r"|(?P<name>[A-Za-z]+|[{greek}])(?P<digits>\d*)(?P<sub>_(?:[A-Za-z0-9]+|\{{[A-Za-z0-9, ]+\}})|[{below}]+)?"
    r"|(?P<power>[{above}]+)|(?P<vulgar>[¼-¾⅐-⅞↉])|(?P<command>\\[A-Za-z]+)|(?P<error>\#(?:DIV/0|N/A|REF|NAME|NUM|VALUE|NULL)[!?]?)"
    r"|(?P<sign>\*\*|:=|[-+*/^()\[\]{{}}|!%,;=~<>√∛∜∞‰:\"'?_&@#$\\.…`])"
).format(greek="".join(GREEK), below=SUBSCRIPTS, above=SUPERSCRIPTS)


def _pattern(comma: Comma, blanks: bool) -> re.Pattern[str]:
    grouped = _BLANKS.replace(r"\.", "[.,]") if comma is Comma.DECIMAL else _BLANKS
    number = rf"{grouped}{_EXPONENT}|{_NUMBER[comma]}" if blanks else _NUMBER[comma]
    return re.compile(
        r"(?P<blank>[ ]*)(?:(?P<gap>[\n\t])|(?P<repeating>\d*\.\d*\d\u0305(?:\d\u0305?)*)"
        rf"|(?P<number>{number}){_REST})",
        re.ASCII,
    )


_PATTERNS = {(comma, blanks): _pattern(comma, blanks) for comma in Comma for blanks in (False, True)}


def tokens(text: str, comma: Comma, blanks: bool) -> list[Token]:
    """Return the tokens of an answer. blanks: whether `12 288` is one number. Raises Unreadable."""
    words = list(_scan(text, _PATTERNS[comma, blanks], comma))
    words.append(Token("end", "", True))
    return words


def _scan(text: str, pattern: re.Pattern[str], comma: Comma) -> Iterator[Token]:
    place, count = 0, 0
    before = ""
    while place < len(text):
        match = pattern.match(text, place)
        if match is None:
            rest = text[place:].lstrip(" ")
            if not rest:
                return
            raise Unreadable(f"it holds {character_name(rest[0])}, which is not read here")
        count += 1
        if count > MOST_TOKENS:
            raise Unreadable(f"it has more than {MOST_TOKENS} numbers, names and signs")
        token = _token(match, comma)
        if token.kind == "number" and before == "number" and not token.blank:
            raise Unreadable(f"{_shown(text, place)} is no number: it has two decimal signs")
        before = token.kind
        place = match.end()
        yield token


def _token(match: re.Match[str], comma: Comma) -> Token:
    kind, blank = match.lastgroup, bool(match["blank"])
    if match["number"]:
        return _number(match["number"], blank, comma)
    if kind == "gap":
        return Token("line" if match["gap"] == "\n" else "cell", match["gap"], True)
    if match["name"]:
        return Token("name", _name(match), blank)
    if kind == "power":
        return Token("power", unicodedata.normalize("NFKC", match["power"]).replace("−", "-"), blank)
    if kind == "vulgar":
        over, _, under = unicodedata.normalize("NFKC", match["vulgar"]).partition("\N{FRACTION SLASH}")
        return Token("vulgar", match["vulgar"], blank, Fraction(int(over), int(under)))
    if kind == "repeating":
        return Token("number", match["repeating"], blank, _repeating(match["repeating"]))
    if kind == "error":
        raise Unreadable(f"{match['error']} is a spreadsheet's error, not a number")
    return Token("sign", "^" if match[0].strip(" ") == "**" else match[0].strip(" "), blank)


def _name(match: re.Match[str]) -> str:
    """Return a name with its subscript in one form: d_k, d_{k} and dₖ; x1 and x_1."""
    name = GREEK.get(match["name"], match["name"])
    name = "lambda" if name == "lamda" else name
    below = unicodedata.normalize("NFKC", match["sub"] or "").lstrip("_").strip("{}").replace(" ", "")
    return name + "".join(f"_{part}" for part in (match["digits"], below) if part)


def _number(text: str, blank: bool, comma: Comma) -> Token:
    body, _, exponent = text.lower().partition("e")
    body = body.replace(" ", "").replace("'", "")
    if comma is Comma.DECIMAL:
        body = _with_point(body)
    elif "," in body:
        body = body.replace(",", "")
    if sum(map(str.isdigit, body)) > MOST_DIGITS:
        raise Unreadable(f"a number has more than {MOST_DIGITS} digits")
    power = exponent.lstrip("+-").lstrip("0")
    if len(power) > 5 or int(power or 0) > HIGHEST_POWER:
        raise Unreadable("a power of ten is too large")
    whole, _, decimals = body.partition(".")
    value = Fraction(int(whole + decimals or "0"), 10 ** len(decimals))
    if exponent:
        tens = int(exponent)
        value = value * 10**tens if tens >= 0 else value / 10**-tens
        return Token("number", text, blank, value, max(0, len(decimals) - tens))
    return Token("number", text, blank, value, len(decimals))


def _with_point(body: str) -> str:
    """Return a number with a decimal comma or points between thousands as one with a decimal point."""
    if "," in body or re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+", body):
        return body.replace(".", "").replace(",", ".")
    return body


def _repeating(text: str) -> Fraction:
    """Return the value of 0.16̅, whose digits under a bar repeat for ever."""
    whole, _, decimals = text.partition(".")
    if len(text) > 2 * MOST_DIGITS or not decimals.endswith("\u0305"):
        raise Unreadable("the repeated digits are not the last ones")
    fixed = decimals[: decimals.index("\u0305") - 1]
    period = decimals[len(fixed) :].replace("\u0305", "")
    value = Fraction(int(whole + fixed or "0")) + Fraction(int(period), 10 ** len(period) - 1)
    return value * Fraction(1, 10 ** len(fixed))


def _shown(text: str, place: int) -> str:
    """Return the word around a place in the text, for a sentence."""
    start = max(text.rfind(sign, 0, place) for sign in " \n\t,;([{") + 1
    end = min((text.find(sign, place) for sign in " \n\t,;)]}" if sign in text[place:]), default=len(text))
    return text[start:end][:30]
