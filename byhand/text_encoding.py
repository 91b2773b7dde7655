"""The text in a file of bytes: in the encoding that it states, in UTF-8, or in the one that a library guesses."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.errors import ByhandError, quoted

LIKELY = {
    "cp1252": "Western European (Windows-1252)",
    "gb18030": "Chinese (GBK)",
    "big5": "Chinese (Big5)",
    "cp932": "Japanese (Shift-JIS)",
    "cp949": "Korean (EUC-KR)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1250": "Central European (Windows-1250)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "euc_jp": "Japanese (EUC-JP)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "mac_roman": "Western European (Mac)",
    "cp850": "Western European (DOS)",
    "koi8_r": "Cyrillic (KOI8-R)",
}
"""The encodings in which spreadsheet programs save, the likeliest first, with the words for people."""
SHOWN = 40
"""The longest piece of a text that a sentence shows."""


@dataclass(frozen=True)
class DecodedText:
    """A text. guess: what it was taken for, in words, if the file does not say it; else an empty text."""

    text: str
    guess: str = ""

    @property
    def example(self) -> str:
        """The first line with a letter beyond ASCII, by which a person sees whether the guess is right."""
        line = next((line for line in self.text.splitlines() if not line.isascii()), "").strip()
        return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def decode(data: bytes, encoding: str = "") -> DecodedText:
    """Return the text of a file. encoding: its name, if a person gives it.

    Raises ByhandError for an unknown encoding, and for bytes that are no text in the one that was given.
    """
    if encoding:
        return DecodedText(_decode_as(data, encoding))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return DecodedText(data.decode("utf-16", errors="replace"))
    sides = [data[start:200:2].count(0) for start in (0, 1)]
    if len(data) % 2 == 0 and max(sides) > len(data[:200]) / 4 and min(sides) == 0:
        return DecodedText(data.decode("utf-16-be" if sides[0] else "utf-16-le", errors="replace"))
    try:
        return DecodedText(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        name, text = _guess(data)
        return DecodedText(text, LIKELY[name])


def _decode_as(data: bytes, encoding: str) -> str:
    name = "utf-8-sig" if encoding.strip().casefold().replace("_", "-") in ("utf-8", "utf8") else encoding.strip()
    try:
        text = data.decode(name)
        return text if isinstance(text, str) else _decode_as(data, "")
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise ByhandError(
                f"The file is no text in the encoding {quoted(encoding)}: give another with --encoding."
            ) from None
        raise ByhandError(
            f"There is no encoding {quoted(encoding)}: give one such as utf-8, gbk, big5, shift_jis, cp1251 or cp1252."
        ) from None


def _guess(data: bytes) -> tuple[str, str]:
    """Return the name of the likeliest encoding, and the text: few odd letters first, then the library's order."""
    guesses = list(_candidates(data[:200_000], data))
    if not guesses:
        return "cp1252", data.decode("cp1252", errors="replace")
    text = min(guesses)[-1]
    return next(name for _, _, name, same in guesses if same == text), text


def _candidates(start: bytes, data: bytes) -> Iterator[tuple[float, int, str, str]]:
    """Yield each encoding that fits: the share of odd letters, its place, its name, and the text."""
    from charset_normalizer import from_bytes  # half of its time is its import, and most files are UTF-8

    order = list(LIKELY)
    fitting = {match.encoding for match in from_bytes(start, cp_isolation=order)}
    for name in order:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        odd = _share_of_odd_letters(text, name) + order.index(name) / 100
        yield odd if name in fitting else odd + 0.2, order.index(name), name, text


def _share_of_odd_letters(text: str, name: str) -> float:
    """Return the share of the letters beyond ASCII that a list of names would hardly have in this encoding.

    Less than 0 for a text with many of the letters that stand in most lists of names.
    """
    foreign, odd, run, before = 0, 0.0, 0, " "
    usual = USUAL.get(name, "")
    for letter in text:
        run = 0 if letter.isascii() else run + 1
        if run:
            foreign += 1
            small_first = letter.islower() and not before.isalpha()
            turned = letter.isupper() and before.islower()
            no_letter = letter not in IN_NAMES and unicodedata.category(letter) not in ("Lu", "Ll", "Lo", "Lm")
            odd += 1.0 if no_letter or turned or (run > 2 and name in LATIN) else 0.5 if small_first else 0.0
            odd += _rarity(letter, name) - (0.5 if letter in usual else 0.0)
        odd += name in EAST_ASIAN and letter.isalpha() and before.isalpha() and letter.isascii() != before.isascii()
        before = letter
    return odd / foreign if foreign else 0.0


EAST_ASIAN = ("gb18030", "big5", "cp932", "cp949", "euc_jp")
"""Encodings of languages that write no Latin letters within a name."""
IN_NAMES = "’‘“”–—·\u3000\xa0"
"""Signs that are no letters and stand in lists of names."""
LATIN = ("cp1252", "cp1250", "cp1254", "mac_roman", "cp850")
"""Encodings of languages in which letters beyond ASCII stand one by one among others."""
CHINESE = (
    "张王李刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢学号姓名"
)
JAPANESE = "田中山木川村本藤佐高橋渡小林加伊吉井松清水斎池石原野島岡谷上下子美太郎一二三氏名学籍番号ーン"
KOREAN = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민지수영학번름"
USUAL = {"gb18030": CHINESE, "cp932": JAPANESE, "euc_jp": JAPANESE, "cp949": KOREAN}
"""Letters that most lists of names have, by which encodings are told apart that hold each other's bytes."""


def _rarity(letter: str, name: str) -> float:
    """Return how odd a sign is in this encoding, from 0 to 1: a rare Chinese sign, half a kana, no Hangul."""
    if name == "gb18030":
        start = _bytes_of(letter, "gb2312")[:1]
        return 1.0 if not start else 0.3 if start >= b"\xd8" else 0.0
    if name == "cp949":
        return 0.0 if len(_bytes_of(letter, "euc_kr")) == 2 and "\uac00" <= letter <= "\ud7a3" else 1.0
    if name in ("cp932", "euc_jp"):
        usual = "\u3040" <= letter <= "\u30ff" or b"\x88\x9f" <= _bytes_of(letter, "cp932") <= b"\x9f\xff"
        return 0.0 if usual else 1.0
    if name == "big5":
        return 0.0 if b"\xa4\x40" <= _bytes_of(letter, "big5") <= b"\xc6\x7e" else 0.6
    return 0.0


def _bytes_of(letter: str, encoding: str) -> bytes:
    try:
        return letter.encode(encoding)
    except UnicodeEncodeError:
        return b""
