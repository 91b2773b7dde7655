"""Numbers, words and sentences as literals of a program: whatever they hold, they stay text and numbers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

import numpy as np

from byhand.core.graph import Array

WIDTH = 82
"""The longest line of a comment, and of a docstring."""
LONGEST = 98
"""The longest string of a literal, with its indent: its quotes make it a line of 100 columns."""

DIVISORS = (2, 4, 5, 8, 10, 16, 20, 100)


def number(x: float) -> str:
    """Return the shortest text that is read as the same number."""
    if float(x).is_integer() and abs(x) < 1e15:
        return str(int(x))
    return repr(float(x)).replace("e+", "e").replace("e-0", "e-")


def table(numbers: Array, indent: int = 4) -> str:
    """Return a table as an expression: its rows, ended by semicolons, and what they are divided by if that is shorter.

    One string, or several below each other; indent: how far these are from the left.
    """

    def text(divisor: int) -> str:
        *rows, last = (" ".join(number(x * divisor) for x in row) for row in numbers.tolist())
        last += f" /{divisor}" if divisor > 1 else ""
        return f"table({strings([*rows, last], '; ', indent)})"

    fitting = [d for d in DIVISORS if (np.rint(numbers * d) / d == numbers).all() and np.abs(numbers * d).max() < 1000]
    return min((text(divisor) for divisor in [1, *fitting]), key=len)


def strings(parts: Sequence[str], between: str, indent: int = 4) -> str:
    """Return joined texts as a string literal; where that is too long, as several that follow each other.

    A literal ends between two parts, and within one only where it is too long by itself.
    """
    lines, line, longest = [], "", LONGEST - indent
    for n, part in enumerate(parts):
        text = part if n == len(parts) - 1 else f"{part}{between}"
        if line and len(line + text.rstrip()) > longest:
            lines.append(line)
            line = ""
        *whole, last = textwrap.wrap(line + text, longest, break_long_words=False, drop_whitespace=False)
        lines += whole
        line = last
    return "\n".join(repr(text) for text in [*lines, line])


def words(name: str, vocabulary: Sequence[str]) -> str:
    """Return the lines that make a list of words; a long one is a text, cut at its blanks, if no word has some."""
    listed = f"{name} = [{', '.join(repr(word) for word in vocabulary)}]"
    plain = all(word and word.isprintable() and word.split() == [word] for word in vocabulary)
    if not plain or len(listed) <= LONGEST:
        return listed
    return f"{name} = ({strings(vocabulary, ' ', indent=len(name) + 3)})\n{name} = {name}.split()"


def sentence(text: str) -> str:
    """Return a text that may stand in a comment or in a docstring: on one line, without quotes that would end it."""
    line = " ".join(text.split()).replace("\\", "/").replace('"""', "'''")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode().replace("\\", "/") for c in line)


def comment(text: str) -> str:
    """Return a text as a comment, on as many lines as it needs; a source at its end stays in one piece."""
    held = re.sub(r"\([^()]+\d{4}[^()]*\)$", lambda source: source[0].replace(" ", "\0"), sentence(text))
    return "\n".join(f"# {line}" for line in textwrap.wrap(held, WIDTH)).replace("\0", " ")


def docstring(*paragraphs: str) -> str:
    """Return texts as a docstring, each a paragraph."""
    text = "\n\n".join(textwrap.fill(sentence(paragraph), WIDTH) for paragraph in paragraphs)
    end = "\n" if "\n" in text else " " if text.endswith('"') else ""
    return f'"""{text}{end}"""'
