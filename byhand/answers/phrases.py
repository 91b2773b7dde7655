"""The words around an answer, which are left out: about 0.12, 0.12 (rounded), 12 points, p = 0.12."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from byhand.answers.characters import GREEK, without_quotes
from byhand.answers.grammar import FUNCTIONS
from byhand.answers.limits import Unreadable

_BEFORE_NUMBER = r"(?=\s*[-+]?\s*[\d.(\[{√|\\=~])"
_ABOUT = re.compile(
    r"(?:about|around|roughly|approx(?:\.|imately)?|circa|ca\.?|c\.|environ|env\.|etwa|ungefähr|ungef\.|rund|zirka|"
    r"aprox(?:\.|imadamente)?|cerca de|circa di|ongeveer|exactly|equals?(?: to)?|约为?|大约|大概|是|等于)\s*"
    + _BEFORE_NUMBER,
    re.IGNORECASE,
)
_IS = re.compile(
    r"(?:[A-Za-z][\w ']{0,40}? (?:is|equals)|it's|so|therefore|thus|hence)\s*[:,]?\s+"
    rf"(?:{_ABOUT.pattern}|{_BEFORE_NUMBER})",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"(?:(?:答案|结果|等于|大约|大概|约等于|约为|约|是|为)+)[:：,，]?\s*(?=[-−+]?[\d.√（(［\[])")
_DIGITS = (
    r"(?:rounded |correct |given |gerundet |arrondi )?(?:to |auf |à )?\d{1,2}[ -]?(?:d\.? ?p\.?|s\.? ?f\.?|s\.? ?d\.?|"
    r"(?:decimal )?places?|decimals?|dec\.?|sig(?:nificant|\.)? ?(?:figures?|digits?|figs?\.?)|"
    r"Nachkommastellen?|Stellen?|décimales?|decimales|位小数)"
)
_ROUNDED = (
    r"(?:rounded(?: off| up| down)?|approx(?:\.|imately)?|about|gerundet|arrondi|redondeado|arrotondato|afgerond|"
    r"四舍五入|约|or so|exact(?:ly)?)"
)
_AFTER = re.compile(
    rf"(?<=[\w.)\]}}%])\s*,?\s*(?:\(\s*(?:{_DIGITS}|{_ROUNDED}|to\s+{_DIGITS})\s*\)|\s(?:{_DIGITS}|{_ROUNDED}))$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?<=[\d)\]}⁰¹²³⁴⁵⁶⁷⁸⁹])\s*(?:points?|pts?|marks?|tokens?|words?|letters?|characters?|heads?|layers?|neurons?|"
    r"param(?:eter)?s?|weights?|dim(?:ension)?s?|rows?|columns?|cells?|entr(?:y|ies)|elements?|numbers?|steps?|"
    r"multiplications?|additions?|operations?|Punkte?|Wörter|分)$",
    re.IGNORECASE,
)
"""What is counted: words that change no number. Units such as bits, and words such as thousand, do change it."""
_PERCENT = re.compile(r"(?<=[\d.) ])\s*(?:percent|per cent|pct\.?|prozent|pour cent|por ciento)$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()\[\]{},;]*\d[^()\[\]{},;]*[A-Za-z.]\)")
"""Words in brackets with a number, as \\boxed{28 percent} leaves."""
_AND = re.compile(r"(?<=\d) and (?=\d{1,9}/\d{1,9}$)")

_WRAPPER = re.compile(r"^(?:c|array|asarray|tensor|[mM]atrix|Size|constant|mat|vec|list|tuple)\s*\((.*)\)$", re.DOTALL)
_LIBRARY = re.compile(r"(?<![\w.])(?:np|numpy|math|torch|jnp|tf|sp|sympy)\.(?:(log)(?=\()|(?=[A-Za-z]))")
_FLOAT = re.compile(r"""float\(\s*(["'])\s*([-+]?inf(?:inity)?)\s*\1\s*\)""", re.IGNORECASE)
_SCALAR = re.compile(r"(?:float|int|float32|float64|int32|int64)\(([-+\d.eE]{1,40})\)")
_KEYWORDS = re.compile(r",\s*(?:dtype|device|requires_grad|grad_fn)\s*=\s*[\w.'<>: ]{1,40}")
_DATE = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/-])\d{1,2}\2\d{1,2}", re.ASCII)
_LOST_POWER = re.compile(r"\s*([-+−–]?[\d.,]{1,20})\s?[xX×⋅·]\s?10 ?([-+−–]\d{1,2})\s*", re.ASCII)
"""A power of ten whose exponent is no longer raised, as copying from a page leaves it: 1.5x10-3."""
_LABEL = re.compile(
    r"^(?P<label>[A-Za-z{greek}][\w {greek}]{{0,30}}?(?:_\{{[\w, ]{{1,20}}\}})?"
    r"(?:\([\w, |]{{1,20}}\)|\[[\w, ]{{1,12}}\])?'{{0,2}})"
    r"\s*(?P<sign>:=|=(?!=)|:|~)\s*(?=\S)".format(greek="".join(GREEK)),
    re.ASCII,
)


def check_power(text: str) -> None:
    """Raise Unreadable for 1.5×10-3, which may be 1.5×10⁻³."""
    if match := _LOST_POWER.fullmatch(text):
        raise Unreadable(
            "it may be {number}*10^({power}) or a sum: write the one that is meant", number=match[1], power=match[2]
        )


def from_program(text: str) -> bool:
    """Return whether an answer is written in a programming language."""
    return "." in text and _LIBRARY.search(text) is not None


def without_code_notation(text: str) -> str:
    """Return the text without the notation of programming languages: np.exp, float("inf"). Raises Unreadable."""
    if text.startswith("Err:"):
        raise Unreadable("it is a spreadsheet's error, not a number")
    if _DATE.fullmatch(text):
        raise Unreadable("it looks like a date")
    if "." in text:
        text = _LIBRARY.sub(lambda m: "ln" if m[1] else "", text)
    if "float" in text or "int" in text:
        text = _FLOAT.sub(r"\2", text) if text.startswith("float") else text
        text = _SCALAR.sub(r"\1", text)
    return text


def without_phrases(text: str, words: Sequence[str], symbolic: bool) -> str:
    """Return the text without the words before and after a number. words: those that the question allows.

    symbolic: whether letters of the question may stand there instead.
    """
    text = without_words(text, words) if words else text
    if not text.isascii() and (match := _CHINESE.match(text)):
        text = text[match.end() :]
    if _IN_BRACKETS.fullmatch(text):
        text = text[1:-1].strip()
    if text[:1].isalpha():
        for pattern in (_IS, _ABOUT):
            if match := pattern.match(text):
                text = text[match.end() :].lstrip()
    if not (text[-1:].isalpha() or text[-1:] in (")", ".")):
        return _AND.sub(" ", text) if " and " in text else text
    if match := _AFTER.search(text, max(0, len(text) - 60)):
        text = text[: match.start()].rstrip()
    text = _PERCENT.sub("%", text)
    if not symbolic and (match := _COUNTED.search(text, max(0, len(text) - 30))):
        text = text[: match.start()].rstrip()
    return without_quotes(text)


def without_words(text: str, words: Sequence[str]) -> str:
    """Return the text without words that the question allows, at its ends."""
    before, after = _patterns(tuple(words))
    return before.sub("", after.sub("", text)).strip() or text


@lru_cache(maxsize=256)
def _patterns(words: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    any_word = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    before = rf"^\s*(?:(?:{any_word})(?![A-Za-z])[\s:]*)+"
    after = rf"(?:[\s,]*(?:(?<![A-Za-z])|(?<=\d))(?:{any_word})\.?)+\s*$"
    return re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE)


def without_label(text: str, variables: frozenset[str]) -> tuple[str, str]:
    """Return the text without `x =` and `≈`, and the label that is left out. Raises Unreadable for `x == 1`."""
    label = ""
    match = _LABEL.match(text) if text[:1].isalpha() else None
    if match and match["label"] not in variables and not (match["sign"] in "=~" and _is_call(match["label"])):
        label, text = f"{match['label'].strip()} {match['sign'].strip()}", text[match.end() :]
        if label.endswith("=") and text.startswith("="):
            raise Unreadable("it is an equation: give one side only")
    if text.startswith("~") and len(text) > 1:
        text = text[1:].lstrip()
    return text, label


def _is_call(label: str) -> bool:
    """Whether a label is a function with its number, as in `ln 2 = 0.693`, so that it is a side of its own."""
    name = re.match(r"[A-Za-z]+", label)
    return name is not None and (name[0] in FUNCTIONS or name[0] == "log") and name[0] != label.strip()


def without_constructor(text: str) -> str:
    """Return the list or table inside `tensor(...)` and its like."""
    if text[:1].isalpha() and (match := _WRAPPER.match(text)):
        return _KEYWORDS.sub("", match[1]).strip()
    return text
