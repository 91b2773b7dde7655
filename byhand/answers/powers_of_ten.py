"""Whether 2e+1 is 2*e + 1 or 20: a letter inside an expression, a power of ten where a number stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from byhand.answers.limits import Unreadable
from byhand.answers.tokens import Token

_POWER = re.compile(r"(?P<number>[\d.,' ]*\d\.?)(?P<letter>[eE])(?P<sign>[+-]?)(?P<exponent>\d{1,12})", re.ASCII)


class Source(Enum):
    """Where an answer was written: in LaTeX, e is a letter; in a program, e after digits is a power of ten."""

    LATEX = "LaTeX"
    PROGRAM = "a program"
    KEYBOARD = "a keyboard"


class E(Enum):
    """The meaning of the letter e between two numbers."""

    LETTER = "letter"
    POWER = "power of ten"
    EITHER = "not clear"


@dataclass(frozen=True)
class Evidence:
    """What an answer tells about the letter e after a number. letter: whether e stands elsewhere, as a number.

    own: the letters e and E if the question has them as names. other: whether the less likely meaning is asked for.
    """

    source: Source
    letter: bool
    own: AbstractSet[str]
    other: bool = False


def evidence_of(words: Sequence[Token], source: Source, variables: AbstractSet[str], other: bool) -> Evidence:
    """Return what the words of a whole answer tell about the letter e."""
    letter = any(
        word.kind == "name" and word.text == "e" and not _follows_number(words, place)
        for place, word in enumerate(words)
    )
    letter = letter or any(m["sign"] == "+" and _only_letter(word, m) for word in words if (m := _match(word)))
    return Evidence(source, letter, variables & {"e", "E"}, other)


def _follows_number(words: Sequence[Token], place: int) -> bool:
    return place > 0 and words[place - 1].kind == "number"


def _only_letter(word: Token, match: re.Match[str]) -> bool:
    """Whether 2e+1 is a form that no program prints: whole number, small e, one digit."""
    return (
        match["number"].isdigit() and match["letter"] == "e" and len(match["exponent"]) == 1 and match["number"] != "1"
    )


def _match(word: Token) -> re.Match[str] | None:
    return _POWER.fullmatch(word.text) if word.kind == "number" and ("e" in word.text or "E" in word.text) else None


def clarified(words: list[Token], evidence: Evidence) -> tuple[list[Token], str]:
    """Return the words of one entry with each e made clear, and the two meanings of one that may also have another.

    Raises Unreadable where both meanings are likely.
    """
    clear: list[Token] = []
    doubt = ""
    alone = _alone(words)
    for place, word in enumerate(words):
        match = _match(word)
        if match is None:
            check_blank(words, place, evidence)
            clear.append(word)
            continue
        meaning, sure = _meaning(match, evidence, alone)
        if meaning is E.EITHER:
            raise Unreadable(both_meanings(match))
        if not sure and evidence.other:
            meaning = E.LETTER if meaning is E.POWER else E.POWER
        doubt = doubt if sure else both_meanings(match)
        clear.extend([word] if meaning is E.POWER else _as_letter(word, match))
    return clear, doubt


def _alone(words: Sequence[Token]) -> bool:
    """Whether a number is all that there is, but for its sign, a percent sign and round brackets."""
    left = [word for word in words if word.text not in ("(", ")") and word.kind != "end"]
    while left and left[0].kind == "sign" and left[0].text in "-+":
        left = left[1:]
    while left and left[-1].kind == "sign" and left[-1].text in "%‰":
        left = left[:-1]
    return len(left) == 1


def _meaning(match: re.Match[str], evidence: Evidence, alone: bool) -> tuple[E, bool]:
    """Return the meaning of e, and whether it is sure."""
    letter, sign, exponent = match["letter"], match["sign"], match["exponent"]
    if letter in evidence.own:
        return (E.LETTER, True) if sign else (E.EITHER, False)
    if letter == "E" or evidence.source is Source.PROGRAM:
        return E.POWER, True
    if not sign:
        return (E.EITHER, False) if evidence.letter and len(exponent) == 1 and not alone else (E.POWER, True)
    if (len(exponent) > 1 and exponent[0] == "0") or match["number"] == "1":
        return E.POWER, True
    if "." in match["number"] or "," in match["number"]:
        if evidence.letter and not alone:
            return E.EITHER, False
        return (E.POWER, True) if sign == "-" or alone else (E.EITHER, False)
    if evidence.source is Source.LATEX:
        return E.LETTER, False
    if alone:
        return E.POWER, False
    if len(exponent) > 1:
        return E.EITHER, False
    return (E.LETTER, False) if sign == "+" or evidence.letter else (E.EITHER, False)


def _as_letter(word: Token, match: re.Match[str]) -> list[Token]:
    """Return 2e+1 as its number, its letter, its sign and its other number."""
    digits = re.sub(r"[ ']", "", match["number"]).replace(",", ".")
    whole, _, decimals = digits.partition(".")
    number = Fraction(int(whole + decimals or "0"), 10 ** len(decimals))
    sign = [Token("sign", match["sign"], False)] if match["sign"] else []
    return [
        Token("number", match["number"], word.blank, number, len(decimals)),
        Token("name", match["letter"], False),
        *sign,
        Token("number", match["exponent"], False, Fraction(int(match["exponent"])), 0),
    ]


def check_blank(words: Sequence[Token], place: int, evidence: Evidence) -> None:
    """Raise Unreadable for `5 e-3`, which a person may read as 0.005 or as 5*e - 3."""
    before, word = (words[place - 1] if place else None), words[place]
    if word.kind != "name" or not word.blank or word.text not in ("e", "E") or not before or before.kind != "number":
        return
    sign, digits = [*words[place + 1 : place + 3], word, word][:2]
    if (
        sign.text not in ("-", "+")
        or sign.blank
        or digits.kind != "number"
        or digits.blank
        or not digits.text.isdigit()
    ):
        return
    if evidence.letter or evidence.source is Source.LATEX or word.text in evidence.own:
        return
    if sign.text == "+" and word.text == "e" and sum(w.text == "(" for w in words[1:place]):
        return
    power = f"{before.text}{word.text}{sign.text}{digits.text}"
    typed = f"{before.text} {word.text}{sign.text}{digits.text}"
    letter = f"{before.text}*e {sign.text} {digits.text}"
    raise Unreadable(
        "{typed} is not clear: write {power}, or {letter}"
        if word.text == "e"
        else "{typed} is not clear: write {power}",
        typed=typed,
        power=power,
        letter=letter,
    )


def both_meanings(match: re.Match[str]) -> str:
    """Return the reason why 5e-3 is not read inside an expression."""
    number, sign, exponent = match["number"], match["sign"], match["exponent"]
    letter = f"{number}*{match['letter']} {sign} {exponent}" if sign else f"{number}*{match['letter']}^{exponent}"
    power = f"({sign}{exponent})" if sign == "-" else exponent
    return f"{match[0]} may be {letter} or {number}*10^{power}: write the one that is meant"
