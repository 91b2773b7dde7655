"""The one error that a user ever sees: a sentence that says what is wrong and how to mend it."""

from collections.abc import Iterable
from difflib import get_close_matches
from reprlib import Repr


class ByhandError(Exception):
    """Bad input. The message is one sentence with the fix in it; the command line exits with 2."""


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """What a mistyped word may have been meant to be, or the list of what there is, to end a sentence with."""
    known = list(known)
    close = near(word, known, cutoff)
    if close:
        *most, last = close
        return f"the nearest are {', '.join(most)} and {last}" if most else f"the nearest is {last}"
    more = f" and {len(known) - 20:,} more" if len(known) > 20 else ""
    return f"there are: {', '.join(known[:20])}{more}"


def near(word: str, known: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """Up to three of the known words that are much like it, the nearest first; large and small letters are alike."""
    folded = {name.casefold(): name for name in reversed(list(known))}
    return [folded[name] for name in get_close_matches(word.casefold(), folded, n=3, cutoff=cutoff)]


_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def quoted(value: object) -> str:
    """What the user has given, as a sentence shows it: on one line, and cut where it is long."""
    return _SHORT.repr(value)
