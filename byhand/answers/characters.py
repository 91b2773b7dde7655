"""The characters of an answer: those that cannot be seen, and those that stand for a character of the keyboard."""

from __future__ import annotations

import html
import re
import unicodedata

from byhand.answers.limits import LONGEST, Unreadable

_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u2060\u2061\u3164\ufeff\uffa0" + "".join(
    chr(code)
    for first, last in (
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202A),
        (0x202C, 0x202D),
        (0x2065, 0x2066),
        (0x2068, 0x206F),
        (0xFE00, 0xFE0F),
        (0xFFF9, 0xFFFB),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)
"""Characters that a screen does not show: Unicode's Default_Ignorable_Code_Point but for those with a meaning."""
INVISIBLE = re.compile(f"[{_UNSEEN}]")
_ENDS = f"{_UNSEEN} \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
_ENDS += "".join(map(chr, range(0x2000, 0x200B)))
"""All that is left out at the ends of an answer: what str.isspace knows, and what is not seen."""
_RIGHT_TO_LEFT = "\u202b\u2067"
"""Characters that make numbers that stand apart change their places on the screen."""
_MEANT = str.maketrans({"\u2062": "*", "\u2063": ",", "\u2064": " "})
"""The invisible times, separator and plus of MathML; the last stands in mixed numbers."""
_BREAKS = str.maketrans(dict.fromkeys("\x0b\x0c\x85\u2028\u2029", "\n"))

_SIGNS = {
    "-": "−–—‐‑‒﹣－",
    "*": "×·⋅∙•∗✕＊",
    "/": "÷⁄∕／",
    "~": "≈∼≃≅～",
    "|": "∣｜",
    "+": "＋",
    ".": "．٫",
    ",": "，、،",
    ";": "；؛",
    ":": "：",
    "(": "（",
    ")": "）",
    "[": "［【",
    "]": "］】",
    "{": "｛",
    "}": "｝",
    "%": "％٪",
    "^": "＾",
    "=": "＝",
    "!": "！",
    "?": "？",
    "'": "’ʼ٬",
    "<": "⟨〈＜",
    ">": "⟩〉＞",
    "e": "ℯ",
    "\u0305": "\u0304\u0307",
}
_TRANSLATED = str.maketrans({sign: plain for plain, signs in _SIGNS.items() for sign in signs})

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

QUOTES = {
    "'": "'",
    '"': '"',
    "‘": "’",
    "“": "”",
    "„": "“”",
    "‚": "‘’",
    "«": "»",
    "»": "«",
    "‹": "›",
    "`": "`'´",
    "´": "´",
    "’": "’",
    "”": "”",
    "「": "」",
    "『": "』",
    "＂": "＂",
    "＇": "＇",
    "′": "′",
}
"""An opening quotation mark, and those that may close it."""
_QUOTED_NUMBER = re.compile(
    r"""(?<![\w'"])(?P<mark>["'])\s*(?P<number>[-+]?[\d.][\d.,eE+/%-]{0,40})\s*(?P=mark)(?![\w'"])""", re.ASCII
)

_NARROW = re.compile(r"(?<![\d.,'])([1-9]\d{0,2})((?:[\u00a0\u2009\u202f]\d{3})+)(?!\d)", re.ASCII)
_GRAVE = re.compile(r"(?<=\d)[‘´`′＇](?=\d{3}(?!\d))", re.ASCII)
_RAISED_POINT = re.compile(r"(?<![\d.,])0[·⋅∙•]\d", re.ASCII)
_REPEATED = re.compile(r"(\d\.)\((\d{1,30})\)", re.ASCII)
_FIRST_AND_LAST = re.compile(r"(\d)\u0305(\d{1,30})(\d)\u0305(?![\d\u0305])", re.ASCII)
_EMPHASIS = re.compile(r"(\*{1,3})([^\s*](?:.*[^\s*])?)\1")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,10}|#\d{2,6}|#[xX][0-9A-Fa-f]{2,5});")
_MARKUP = {"sup": ("^(", ")"), "sub": ("_{", "}"), "b": ("", ""), "i": ("", ""), "em": ("", ""), "strong": ("", "")}
_TAG = re.compile(r"<(?P<close>/?)(?P<name>sup|sub|b|i|em|strong|br)\s{0,3}/?>", re.IGNORECASE)


def strip_invisible(text: str) -> str:
    """Return an answer without blanks and invisible characters at its ends."""
    return text.strip() if text.isascii() else text.strip(_ENDS)


def without_invisible(text: str) -> str:
    """Return a text without the characters that a screen does not show."""
    return text if text.isascii() else INVISIBLE.sub("", text)


def clean_answer(text: str) -> str:
    """Return an answer in ASCII, except for letters and signs without an ASCII form. Raises Unreadable."""
    text = strip_invisible(text)
    if len(text) > LONGEST:
        raise Unreadable("it is longer than {most} characters", most=LONGEST)
    if ";" in text or "<" in text:
        text = _without_markup(text)
    if "\\" in text:
        text = text.replace("~", " ")  # LaTeX's blank; ≈ is another character
    text = without_quotes(text)
    if text[:1] == "*" and (match := _EMPHASIS.fullmatch(text)):
        text = match[2]
    if not text.isascii():
        text = _in_ascii(text)
    if not text.isprintable():
        text = _lines(text)
    if "(" in text:
        text = _REPEATED.sub(lambda m: m[1] + "".join(f"{digit}\u0305" for digit in m[2]), text)
    return _unended(text)


def _in_ascii(text: str) -> str:
    text = _left_to_right(without_invisible(text)).translate(_MEANT)
    text = _NARROW.sub(lambda m: m[1] + re.sub(r"\D", "'", m[2]), text)
    text = _GRAVE.sub("'", text)
    if _RAISED_POINT.search(text):
        raise Unreadable("0· may be a decimal or a product: write 0. or 0*")
    text = unicodedata.normalize("NFC", text.translate(_BREAKS)).translate(_TRANSLATED)
    if text.endswith("。"):
        text = text[:-1]
    text = "".join(c if c.isascii() else _plain(c) for c in text)
    return _FIRST_AND_LAST.sub(lambda m: "".join(f"{digit}\u0305" for digit in "".join(m.groups())), text)


def _left_to_right(text: str) -> str:
    """Return the text without the marks of writing from right to left, if they change no place. Raises Unreadable."""
    if not any(mark in text for mark in _RIGHT_TO_LEFT):
        return text
    inner = text.translate(dict.fromkeys(map(ord, _RIGHT_TO_LEFT)))
    if re.search(r"[\s,;+*=]|\d-", inner):
        raise Unreadable("it holds a mark of writing from right to left, so its numbers may change places")
    return inner


def _without_markup(text: str) -> str:
    """Return the text with the characters that HTML's names and tags stand for."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    return _TAG.sub(_untagged, text)


def _untagged(match: re.Match[str]) -> str:
    name = match["name"].lower()
    return "\n" if name == "br" else _MARKUP[name][bool(match["close"])]


def without_quotes(text: str) -> str:
    """Return a number without the quotation marks or the apostrophe around it, also in a list."""
    if text[:1] in QUOTES and len(text) > 1:
        inner = text[1:].lstrip()
        if len(inner) > 1 and inner[-1] in QUOTES[text[0]]:
            inner = inner[:-1].rstrip()
        elif text[0] not in "'’‘`":
            return text
        if re.match(r"[-−–+]?[\d.√\\(\[{$]", inner) and (
            text[0] not in inner or re.fullmatch(r"[-−–+]?\d{1,3}(?:'\d{3})+(?:\.\d+)?", inner)
        ):
            return inner
    if '"' in text or "'" in text:
        return _QUOTED_NUMBER.sub(lambda m: m["number"], text)
    return text


def _plain(c: str) -> str:
    if c in _KNOWN:
        return c
    if (digit := unicodedata.decimal(c, None)) is not None:
        return str(digit)
    if unicodedata.category(c) == "Zs":
        return " "
    if unicodedata.category(c) == "No" and "\N{FRACTION SLASH}" in unicodedata.normalize("NFKC", c):
        return c
    raise Unreadable("it holds {character}, which is not read here", character=character_name(c))


def character_name(c: str) -> str:
    """Return a character's code and name, so that a sentence need not hold a control character."""
    return f"the character U+{ord(c):04X} ({unicodedata.name(c, 'without a name').lower()})"


def _lines(text: str) -> str:
    """Return the text with uniform line ends. Raises Unreadable for a control character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
    for c in text:
        if c not in "\n\t\u0305" and unicodedata.category(c).startswith("C"):
            raise Unreadable("it holds {character}, which is not read here", character=character_name(c))
    return text


def _unended(text: str) -> str:
    """Return the text without the full stop of a sentence."""
    if text.endswith(".") and not text.endswith("..") and len(text) > 1 and (text[-2].isalnum() or text[-2] in ")]}%$"):
        return text[:-1]
    return text
