"""Tokens of an answer: numbers, names and signs. `Comma` says what a comma between digits means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from byhand.answers.characters import GREEK, SUBSCRIPTS, SUPERSCRIPTS, character_name
from byhand.answers.limits import HIGHEST_POWER, MOST_DIGITS, MOST_TOKENS, Unreadable


class Comma(Enum):
    """The meaning of a comma between digits: of 0,88 two entries, or (DECIMAL) the number 0.88."""

    SEPARATES = "a comma between entries"
    THOUSANDS = "thousands comma"
    DECIMAL = "decimal comma"


@dataclass(frozen=True, slots=True)
class Token:
    """A token. kind: number, name, power (superscripts), sign, line, cell, end. blank: whether a blank precedes it.

    shown: a name as it was typed, where that differs from its text.
    """

    kind: str
    text: str
    blank: bool
    value: Fraction | None = None
    places: int | None = None
    open: bool = False
    shown: str = ""


_EXPONENT = r"(?:[eE][+-]?\d+)?"
_POINT = r"(?:\d+(?:\.\d*)?|\.\d+)"
_GROUPS = r"[1-9]\d{0,2}(?:'\d{3})+(?![\d'])(?:\.\d+)?"
_BLANKS = r"[1-9]\d{0,2}(?: \d{3})+(?! ?[\d/])(?:\.\d+)?"
_NUMBER = {
    Comma.SEPARATES: rf"(?:{_GROUPS}|{_POINT}){_EXPONENT}",
    Comma.THOUSANDS: r"(?:[1-9]\d{0,2}(?:,\d{3})+(?![\d,])(?:\.\d+)?|[1-9]\d?(?:,\d\d)+,\d{3}(?![\d,])(?:\.\d+)?|"
    rf"{_GROUPS}|{_POINT}){_EXPONENT}",
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
            raise Unreadable("it holds {character}, which is not read here", character=character_name(rest[0]))
        count += 1
        if count > MOST_TOKENS:
            raise Unreadable("it has more than {most} numbers, names and signs", most=MOST_TOKENS)
        token = _token(match, comma)
        if token.kind == "number" and before == "number" and not token.blank:
            raise Unreadable("{number} is no number: it has two decimal signs", number=_shown(text, place))
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
        name, shown = _name(match), match[0].strip()
        return Token("name", name, blank, shown=shown if name != shown else "")
    if kind == "power":
        return Token("power", unicodedata.normalize("NFKC", match["power"]).replace("−", "-"), blank)
    if kind == "vulgar":
        over, _, under = unicodedata.normalize("NFKC", match["vulgar"]).partition("\N{FRACTION SLASH}")
        return Token("vulgar", match["vulgar"], blank, Fraction(int(over), int(under)))
    if kind == "repeating":
        return Token("number", match["repeating"], blank, _repeating(match["repeating"]))
    if kind == "error":
        raise Unreadable("{error} is a spreadsheet's error, not a number", error=match["error"])
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
        raise Unreadable("a number has more than {most} digits", most=MOST_DIGITS)
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
