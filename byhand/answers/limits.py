"""The bounds of an answer, and the error for an answer that cannot be read."""

from byhand.translations import _

LONGEST = 2_000
"""The longest answer, in characters."""
MOST_TOKENS = 500
DEEPEST = 64
"""The deepest nesting of brackets and powers."""
MOST_DIGITS = 60
"""The most digits of one number."""
HIGHEST_POWER = 10_000
"""The largest exponent of a power, of e and of ten."""
LARGEST_FACTORIAL = 170
MOST_BITS = 40_000
"""The largest numerator and denominator of a fraction; a larger number is a real of finite precision."""
FARTHEST = 400_000
"""The largest binary exponent of an intermediate result."""


class Unreadable(Exception):
    """An answer that cannot be read. The message is the reason: a clause without its full stop.

    The reason is an entry of the catalogues, written in the language of now with the fields filled in. sign: the sign
    or name in the answer that the reason names, as it was read; empty if it names none.
    """

    def __init__(self, reason: str, sign: str = "", /, **fields: object) -> None:
        super().__init__(filled_in(reason, fields))
        self.sign = sign


def filled_in(reason: str, fields: dict[str, object]) -> str:
    """Return a reason in the language of now, with its fields, if it has any, filled in."""
    text = _(reason)
    return text.format(**fields) if fields else text
