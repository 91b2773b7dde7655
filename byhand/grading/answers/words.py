"""Answers that are words: the same text, whatever quotes and blanks stand around it."""

from __future__ import annotations

import unicodedata

from byhand.errors import quoted
from byhand.grading.answers.bounds import LONGEST
from byhand.grading.answers.letters import called, stripped

_QUOTES = {"'": "'", '"': '"', "‘": "’", "“": "”", "„": "“", "‚": "‘", "«": "»", "`": "`", "’": "’", "”": "”"}
_ALIKE = str.maketrans(
    "абвгдеёзикмнорстухіјѕԁһԛԝАВЕЗКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρυικ",
    "a6vrdee3ukmhopctyxijsdhqwABE3KMHOPCTYXIJSABEZHIKMNOPTYXoavpuik",
)


def judged_words(student: str, key: str, casefold: bool) -> tuple[bool, str, str, str]:
    """Whether it is the key; how it was read (nothing for a blank); the mistake's name; the sentence."""
    found, wanted = bare(student), bare(key)
    if not found:
        return False, "", "", ""
    how = quoted(found[:LONGEST])
    if len(found) > LONGEST:
        return False, how, "", "That is longer than any answer."
    if found.endswith(".") and not wanted.endswith("."):
        found = found[:-1].rstrip()
    if _folded(found, casefold) == _folded(wanted, casefold):
        return True, how, "", "It is right."
    strange = next((c for c in found if not c.isascii() and c not in wanted), None)
    if strange and _folded(_look(found), True) == _folded(_look(wanted), True):
        return False, how, "look-alike", f"It looks the same, but has {called(strange)}."
    if _folded(found, True) == _folded(wanted, True):
        return False, how, "case", "Small and capital letters are told apart here."
    return False, how, "", "That is not the answer."


def bare(text: str) -> str:
    """Without outer blanks and quotes, with one blank for many."""
    text = " ".join(unicodedata.normalize("NFC", stripped(text)).split())
    if len(text) >= 2 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def _folded(text: str, casefold: bool) -> str:
    return text.casefold() if casefold else text


def _look(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_ALIKE)
