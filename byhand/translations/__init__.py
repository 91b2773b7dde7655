"""What a student or a class reads, in the language of the set: an English sentence in, the catalogue's sentence out.

The catalogues are gettext files beside this one, one for each language: `de.po`, `zh.po`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from byhand.errors import ByhandError, nearest, quoted

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch", "zh": "简体中文"}
"""The languages that are complete, each with its own name for itself."""

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language_of(text: str) -> str:
    """Return the code of a language that may be written as de_AT or zh-Hans too. ByhandError for an unknown one."""
    code = text.strip().replace("_", "-").partition("-")[0].casefold()
    if code not in LANGUAGES:
        raise ByhandError(f"There is no language {quoted(text)}; {nearest(text, LANGUAGES)}.")
    return code


def language() -> str:
    """Return the code of the language that is written now."""
    return _language.get()


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Write what follows in a language, a code of LANGUAGES."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def _(text: str) -> str:
    """Return an English text in the language that is written now. Fill in its {names} afterwards, with format."""
    code = _language.get()
    return text if code == ENGLISH or not text else catalogue(code).gettext(text)


def counted(one: str, many: str, n: float) -> str:
    """Return the text for one or for many things, in the language that is written now. n: how many."""
    code = _language.get()
    if code == ENGLISH:
        return one if n == 1 else many
    return catalogue(code).ngettext(one, many, 1 if n == 1 else 2)


def decimal_mark() -> str:
    """Return what stands between the whole part and the decimals of a number: a point, or a comma in German."""
    return _decimal_mark(_language.get())


def localized(number: str) -> str:
    """Return the text of a number with the decimal mark of the language that is written now: 0.5, 0,5 in German."""
    return number if _language.get() == ENGLISH else number.replace(".", decimal_mark())


@cache
def _decimal_mark(code: str) -> str:
    if code == ENGLISH:
        return "."
    from babel.numbers import get_decimal_symbol  # half of Babel's time is its import

    return get_decimal_symbol(code)


@cache
def catalogue(code: str) -> NullTranslations:
    """Return the catalogue of a language, compiled from its .po file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (Path(__file__).parent / f"{code}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)
