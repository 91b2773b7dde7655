"""GPT-2's way to write bytes as letters, so that byte-level BPE has 256 letters and no unknown one.

Source: Radford et al. (2019), section 2.2, and the released encoder: a byte that prints as a letter stands for itself,
the other 68 take the letters from U+0100 on. A space is therefore Ġ, a line's end Ċ.
"""

from __future__ import annotations

from itertools import count

PRINTED = (*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1))


def _letters() -> dict[int, str]:
    others = count(256)
    return {byte: chr(byte) if byte in PRINTED else chr(next(others)) for byte in range(256)}


LETTER_OF_BYTE = _letters()
BYTE_OF_LETTER = {letter: byte for byte, letter in LETTER_OF_BYTE.items()}


def letters_of(text: str) -> str:
    """Return the bytes of a text in UTF-8, each as one letter. A lone surrogate counts as U+FFFD."""
    return "".join(LETTER_OF_BYTE[byte] for byte in text.encode("utf-8", errors="replace"))


def text_of(pieces: list[str]) -> str:
    """Return the text of such pieces; bytes that are no UTF-8 become U+FFFD.

    As in the tokenizers library, a piece with a letter that stands for no byte counts as it is written.
    """
    data = bytearray()
    for piece in pieces:
        if all(letter in BYTE_OF_LETTER for letter in piece):
            data += bytes(BYTE_OF_LETTER[letter] for letter in piece)
        else:
            data += piece.encode("utf-8", errors="replace")
    return data.decode("utf-8", errors="replace")
