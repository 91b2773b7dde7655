"""The filled cells of a workbook that nobody sees: hidden rows and columns, letters in the colour of their background.

What only a conditional format, a shape or merged cells cover is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from byhand.xlsx.cells import Cell, Hidden, Value, number

SMALLEST = 3.0
"""The size of letters, in points, below which they are not read."""
LEAST_CONTRAST = 1.2
"""The contrast of letters and background, as WCAG 2 defines it (from 1 to 21), below which letters are not seen."""
THEME = "FFFFFF 000000 E7E6E6 44546A 4472C4 ED7D31 A5A5A5 FFC000 5B9BD5 70AD47 0563C1 954F72".split()
"""The colours of Office's usual theme, by number."""
PALETTE = (
    "000000 FFFFFF FF0000 00FF00 0000FF FFFF00 FF00FF 00FFFF 800000 008000 000080 808000 800080 008080 "
    "C0C0C0 808080 9999FF 993366 FFFFCC CCFFFF 660066 FF8080 0066CC CCCCFF 000080 FF00FF FFFF00 00FFFF "
    "800080 800000 008080 0000FF 00CCFF CCFFFF CCFFCC FFFF99 99CCFF FF99CC CC99FF FFCC99 3366FF 33CCCC "
    "99CC00 FFCC00 FF9900 FF6600 666699 969696 003366 339966 003300 333300 993300 993366 333399 333333 "
).split()
"""The colours by number, from 8 on (ECMA-376, 18.8.27); 0 to 7 are the same as 8 to 15."""
BLACK, WHITE = "000000", "FFFFFF"
COLOUR_ATTRIBUTES = ("rgb", "theme", "indexed", "tint")


@dataclass
class Looks:
    """What a part with styles says of letters, backgrounds and number formats, in its order."""

    formats: dict[str, str] = field(default_factory=dict)
    fonts: list[dict[str, str]] = field(default_factory=list)
    fills: list[dict[str, str]] = field(default_factory=list)
    styles: list[tuple[str, str, str]] = field(default_factory=list)
    """The numbers of the number format, of the font and of the fill."""

    _unseen: dict[str, tuple[str, str]] = field(default_factory=dict)

    def unseen(self, style: str) -> tuple[str, str]:
        """Return why a text and a number in a style are not seen, as `why` does; each style is looked at once."""
        if not (style.isdigit() and int(style[:9]) < len(self.styles)):
            return "", ""
        if style not in self._unseen:
            self._unseen[style] = self.why(style, of_number=False), self.why(style, of_number=True)
        return self._unseen[style]

    def why(self, style: str, of_number: bool) -> str:
        """Return why a number (or a text) in a style is not seen; an empty text if it is."""
        try:
            code, font_number, fill_number = self.styles[int(style)]
            font, fill = self.fonts[int(font_number)], self.fills[int(fill_number)]
        except (ValueError, IndexError):
            return ""
        if number(font.get("size"), 11.0) < SMALLEST:
            return f"in letters of {font['size'][:5]} points"
        shown = self.formats.get(code, "General")
        letters = colour_in_format(shown) or colour(font)
        if contrast(letters, background(fill)) < LEAST_CONTRAST:
            return "in the colour of its background"
        if hides(shown, of_number):
            return "with a number format that shows nothing"
        return ""


def unseen_cells(
    styles: Mapping[Cell, str],
    values: Mapping[Cell, Value],
    hidden_sheets: frozenset[str],
    hidden: Hidden,
    looks: Looks,
) -> dict[Cell, str]:
    """Return the filled cells that are not seen, and why. styles: the style of each filled cell."""
    unseen = {style: looks.unseen(style) for style in set(styles.values())}
    if not (hidden_sheets or hidden.rows or hidden.columns or any(map(any, unseen.values()))):
        return {}
    found = {}
    for cell, style in styles.items():
        why = "on a hidden sheet" if cell[0] in hidden_sheets else hidden.why(cell)
        why = why or unseen[style][not isinstance(values.get(cell), str)]
        if why:
            found[cell] = why
    return found


def colour(attributes: Mapping[str, str], missing: str = BLACK) -> str:
    """Return a colour as six digits. attributes: rgb, theme, indexed and tint, as a file gives them."""
    found = missing
    if "rgb" in attributes:
        found = attributes["rgb"][-6:]
    elif "theme" in attributes:
        found = _listed(THEME, attributes["theme"], missing)
    elif "indexed" in attributes:
        found = (
            WHITE
            if attributes["indexed"] == "65"
            else _listed([*PALETTE[:8], *PALETTE], attributes["indexed"], missing)
        )
    if not re.fullmatch("[0-9A-Fa-f]{6}", found):
        return missing
    tint = max(-1.0, min(1.0, number(attributes.get("tint"), 0.0)))
    parts = [int(found[n : n + 2], 16) for n in (0, 2, 4)]
    return "".join(f"{round(p + (255 - p) * tint if tint > 0 else p * (1 + tint)):02X}" for p in parts)


def _listed(colours: Iterable[str], place: str, missing: str) -> str:
    known = [*colours]
    return known[int(place)] if place.isdigit() and int(place) < len(known) else missing


def background(fill: Mapping[str, str]) -> str:
    return colour(fill, WHITE) if fill.get("pattern", "none") == "solid" else WHITE


@lru_cache(1000)
def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 (the same) to 21 (black on white); WCAG 2, relative luminance."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(digits: str) -> float:
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


_TEXTS = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')


@lru_cache(1000)
def hides(code: str, of_number: bool) -> bool:
    """Return whether a number format, such as ;;; or "yes", does not show the number (or the text) of its cell."""
    sections = _TEXTS.sub("", code[:500]).split(";")
    if of_number:
        return not any(re.search("[0#?@]|general|standard|[dmyhse]", part, re.IGNORECASE) for part in sections[:3])
    return len(sections) > 3 and "@" not in sections[3] and "general" not in sections[3].lower()


_COLOURS = {"white": WHITE, "black": BLACK}


def colour_in_format(code: str) -> str:
    """Return the colour that a number format names, if it is white or black."""
    match = re.search(r"\[(white|black)\]", code[:500], re.IGNORECASE)
    return _COLOURS[match[1].lower()] if match else ""
