"""The one error that a user ever sees: a sentence that says what is wrong and how to mend it."""

from collections.abc import Iterable
from difflib import get_close_matches


class ByhandError(Exception):
    """Bad input. The message is one sentence with the fix in it; the command line exits with 2."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?` for a mistyped word, or the list of what there is."""
    known = list(known)
    close = get_close_matches(word, known, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"there are: {shown}"
