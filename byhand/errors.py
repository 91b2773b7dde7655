"""The error that users see, and how its sentences name what was meant."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches
from reprlib import Repr

MOST_WORDS = 40
"""A vocabulary of at most this size is listed in full where a word is unknown."""

ALIKE = 0.55
"""How like a mistyped word a known one is at least (0 nothing in common, 1 the same), to be called near."""
LESS_LIKE = 0.15
"""How much less like a mistyped word than the nearest known one another may be."""


class ByhandError(Exception):
    """The user's input is wrong. The message is one sentence with the fix in it; the command line exits with 2."""


class DiskFull(ByhandError):
    """A disk has no room or fails, which says nothing of what was being read."""


class TooLarge(ByhandError):
    """What a spreadsheet does not bear: too many cells, too wide a table, too long a formula."""


def nearest(word: str, known: Iterable[str], cutoff: float = ALIKE) -> str:
    """Return the known words most like a mistyped one, or a list of what there is, to end a sentence with."""
    known = list(known)
    close = near(word, known, cutoff)
    if close:
        *most, last = close
        return f"the nearest are {', '.join(most)} and {last}" if most else f"the nearest is {last}"
    more = f" and {len(known) - 20:,} more" if len(known) > 20 else ""
    return f"there are: {', '.join(known[:20])}{more}"


def nearest_listed(word: str, known: Iterable[str], command: str) -> str:
    """Return the known words most like a mistyped one, and the command that lists all, to end a sentence with."""
    known = list(known)
    lists_all = f"`{command}` lists all"
    return f"; {nearest(word, known)} ({lists_all})" if near(word, known) else f": {lists_all}"


def nearest_word(word: str, vocabulary: Sequence[str]) -> str:
    """Return the words most like an unknown one, and the whole vocabulary if it is small, to end a sentence with."""
    if len(vocabulary) > MOST_WORDS:
        return nearest(word, vocabulary)
    close = f"{nearest(word, vocabulary)}; " if near(word, vocabulary) else ""
    return f"{close}the words are {', '.join(vocabulary)}"


def near(word: str, known: Iterable[str], cutoff: float = ALIKE) -> list[str]:
    """Return up to three known words most like this one, the nearest first, ignoring case.

    Those that are much less like it than the nearest are left out, so that gtp2 is not taken for grpo.
    """
    folded = {name.casefold(): name for name in reversed(list(known))}
    matcher = SequenceMatcher(b=word.casefold())

    def likeness(name: str) -> float:
        matcher.set_seq1(name)
        return matcher.ratio()

    close = get_close_matches(word.casefold(), folded, n=3, cutoff=cutoff)
    return [folded[name] for name in close if likeness(name) >= likeness(close[0]) - LESS_LIKE]


class _Short(Repr):
    """Shortens a value, also a whole number of so many digits that Python does not write it."""

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:
            return f"a number of {x.bit_length():,} bits"


LONGEST = 400
"""The most letters of a value in a sentence; tables in tables are longer, however short each is."""
_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def quoted(value: object) -> str:
    """Return a value of the user's for a message: on one line, and shortened if it is long."""
    text = _SHORT.repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
